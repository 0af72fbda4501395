/**
 * Run by allocation.test.ts in a process of its own, as plain JavaScript. With the argument `bytes` it prints the bytes
 * that each loop leaves on the heap per operation, with `collections` how many garbage collections ten million writes
 * and reads cause, as JSON.
 */
import { PerformanceObserver } from "node:perf_hooks";
import { setImmediate as turn } from "node:timers/promises";
import { compileTxn } from "../../src/txn/plan.js";
import { compare, op, param } from "../../src/txn/shape.js";
import { TxnView } from "../../src/txn/view.js";
import { fieldTag, writeInt64, writeVarint } from "../../src/wire/protobuf.js";

const OPERATION_COUNT = 1_000_000;
const WARM_UP_COUNT = 300_000;
/** Compiling a loop leaves garbage of its own, once; a loop that allocates does so every time. */
const ROUND_MAX_COUNT = 3;
/** A round that leaves less than this per operation needs no other one. */
const NOTHING_BYTES = 0.1;

const wanted = process.argv[2];
const report: Record<string, number> = {};
/** What the loops compute goes here, so that none of it can be left out. */
let sink = 0;

/**
 * Two functions, as in a client, where the connection sets the view and a callback of the user's reads it: in one,
 * V8 may run out of what it grants to inlining, and what is then returned above 2^31 is boxed.
 */
function measure(name: string, first: (i: number) => number, second: () => number): void {
  if (wanted !== "bytes") return;
  const loop = (count: number): void => {
    for (let i = 0; i < count; i++) sink = (sink + first(i) + second()) | 0;
  };
  loop(WARM_UP_COUNT);
  loop(WARM_UP_COUNT);
  let least = Infinity;
  for (let round = 0; round < ROUND_MAX_COUNT && least > NOTHING_BYTES * OPERATION_COUNT; round++) {
    globalThis.gc!();
    const before = process.memoryUsage().heapUsed;
    loop(OPERATION_COUNT);
    least = Math.min(least, process.memoryUsage().heapUsed - before);
  }
  report[name] = least / OPERATION_COUNT;
}

// The transactions: one compare and one get, and the acquire of a lock.
const put = op.put(param.key("me"), param.value("value"), { lease: param.lease("lease") });
const read = compileTxn({
  if: [compare.createRevision(param.key("key"), "=", 0)],
  then: [op.get(param.key("key"))],
});
const acquireShape = {
  if: [compare.createRevision(param.key("prefix"), "=", 0, { prefix: true })],
  then: [put],
  else: [
    op.txn({ if: [compare.createRevision(param.key("me"), "=", 0)], then: [put] }),
    op.get(param.key("prefix"), { prefix: true, keysOnly: true, limit: 2 }),
  ],
} as const;
const acquire = compileTxn(acquireShape);
/** What all of the keys below begin with, so that the replies fit it too. */
const NAMESPACE = Buffer.from("/locks/");
const acquireInNamespace = compileTxn(acquireShape, NAMESPACE);

const names = ["/locks/alpha/", "/locks/bravo/", "/locks/längs/", "/locks/\u{1f512}/"];
const lockOf = <T>(form: (text: string) => T) =>
  names.map((name, i) => ({
    prefix: form(name),
    me: form(`${name}694d9123456789a${i}`),
    value: form("host-1"),
    lease: 0x694d_9123_4567_89a0n + BigInt(i),
  }));
const texts = lockOf((text) => text);
const buffers = lockOf((text) => Buffer.from(text));
const keys = texts.map(({ me }) => ({ key: me }));
const bufferKeys = buffers.map(({ me }) => ({ key: me }));
const out = Buffer.alloc(1024);

measure(
  "write a read, keys as text",
  (i) => read.measure(keys[i & 3]!),
  () => read.write(out, 9),
);
measure(
  "write a read, keys as bytes",
  (i) => read.measure(bufferKeys[i & 3]!),
  () => read.write(out, 9),
);
measure(
  "write an acquire, keys as text",
  (i) => acquire.measure(texts[i & 3]!),
  () => acquire.write(out, 9),
);
measure(
  "write an acquire, keys as bytes",
  (i) => acquire.measure(buffers[i & 3]!),
  () => acquire.write(out, 9),
);
measure(
  "write an acquire in a namespace, keys as text",
  (i) => acquireInNamespace.measure(texts[i & 3]!),
  () => acquireInNamespace.write(out, 9),
);
measure(
  "write an acquire in a namespace, keys as bytes",
  (i) => acquireInNamespace.measure(buffers[i & 3]!),
  () => acquireInNamespace.write(out, 9),
);

// The replies, with revisions above 2^31, where V8 has no unboxed form for a number that a call returns.
const scratch = Buffer.alloc(20);
const varint = (field: number, value: number | bigint): Buffer => {
  const at = writeVarint(scratch, 0, fieldTag(field, 0));
  return Buffer.from(scratch.subarray(0, writeInt64(scratch, at, BigInt.asIntN(64, BigInt(value)))));
};
const message = (field: number, ...parts: Uint8Array[]): Buffer => {
  const content = Buffer.concat(parts);
  const at = writeVarint(scratch, 0, fieldTag(field, 2));
  return Buffer.concat([scratch.subarray(0, writeVarint(scratch, at, content.length)), content]);
};
const REVISION = 99_123_456_789;
const ownHeader = message(1, varint(3, REVISION));
const header = message(
  1,
  varint(1, 0xcdf8_1819_4e3a_8c32n),
  varint(2, 0x8e9e_05c5_2164_694dn),
  varint(3, REVISION + 9),
  varint(4, 7),
);
const keyValue = (i: number): Buffer =>
  message(
    2,
    message(1, Buffer.from(texts[i & 3]!.me)),
    varint(2, REVISION + i),
    varint(3, REVISION + i + 1),
    varint(4, 3),
    message(5, Buffer.from("value")),
    varint(6, texts[i & 3]!.lease),
  );
const found = names.map((_, i) =>
  Buffer.concat([header, varint(2, 1), message(3, message(1, ownHeader, keyValue(i), varint(4, 1)))]),
);
const nested = message(3, message(4, message(1), varint(2, 1), message(3, message(2, ownHeader))));
const taken = names.map((_, i) =>
  Buffer.concat([header, nested, message(3, message(1, keyValue(i), keyValue(i + 1), varint(4, 2)))]),
);
const view = new TxnView();

const show = (bytes: Buffer): number => {
  view.reset(bytes, 0, bytes.length);
  return bytes.length;
};
const showInNamespace = (bytes: Buffer): number => {
  view.reset(bytes, 0, bytes.length, NAMESPACE);
  return bytes.length;
};

measure(
  "view a read",
  (i) => show(found[i & 3]!),
  () => {
    const kv = view.response(0).kv(0);
    let result = view.succeeded && kv.modRevision < view.revision ? kv.leaseLow : view.memberIdLow;
    if (kv.keyEquals(buffers[1]!.me)) result++;
    view.invalidate();
    return result;
  },
);
measure(
  "view an acquire of a taken lock",
  (i) => show(taken[i & 3]!),
  () => {
    let result = view.txn(0).responseCount;
    const ahead = view.response(1);
    for (let k = 0; k < ahead.kvCount; k++) if (ahead.kv(k).createRevision < view.revision) result++;
    view.invalidate();
    return result;
  },
);
measure(
  "view an acquire of a taken lock in a namespace",
  (i) => showInNamespace(taken[i & 3]!),
  () => {
    let result = view.txn(0).responseCount;
    const ahead = view.response(1);
    for (let k = 0; k < ahead.kvCount; k++) if (ahead.kv(k).keyEquals(buffers[1]!.me)) result++;
    view.invalidate();
    return result;
  },
);

// A heap of Node's own choice, in which whatever is left behind is collected sooner or later.
const starts: number[] = [];
const observer = new PerformanceObserver((list) => {
  for (const { startTime } of list.getEntries()) starts.push(startTime);
});
const collectionsOf = async (work: () => void): Promise<number> => {
  starts.length = 0;
  observer.observe({ entryTypes: ["gc"] });
  const startMs = performance.now();
  work();
  const endMs = performance.now();
  // Entries are handed out in a later turn.
  await turn();
  await turn();
  observer.disconnect();
  // What V8 collects in an idle moment afterwards is not the work's doing.
  return starts.filter((ms) => ms >= startMs && ms <= endMs).length;
};

const PAIR_COUNT = 10_000_000;
const writeAndRead = (count: number): void => {
  for (let i = 0; i < count; i++) {
    sink = (sink + read.measure(bufferKeys[i & 3]!) + read.write(out, 9) + show(found[i & 3]!)) | 0;
    if (view.succeeded && view.response(0).kv(0).modRevision < view.revision) sink++;
    view.invalidate();
  }
};
if (wanted === "bytes") console.log(JSON.stringify(report));
else {
  // Work that leaves garbage does so every time; what compiling left behind is seen once.
  let ofPairs = Infinity;
  for (let round = 0; round < 3 && ofPairs > 0; round++) {
    writeAndRead(WARM_UP_COUNT);
    globalThis.gc!();
    ofPairs = await collectionsOf(() => {
      writeAndRead(PAIR_COUNT);
    });
  }
  // The same counting, of a loop that leaves 40 bytes behind each time: it must be able to see a collection.
  let litter: unknown;
  const ofLitter = await collectionsOf(() => {
    for (let i = 0; i < OPERATION_COUNT; i++) litter = { i, sink };
  });
  console.log(JSON.stringify({ ofPairs, ofLitter, litter: typeof litter }));
}
