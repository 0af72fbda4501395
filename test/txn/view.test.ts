import { inspect } from "node:util";
import fc from "fast-check";
import { expect, test } from "vitest";

import { ArgumentError } from "../../src/errors.js";
import {
  DeleteRangeResponse,
  KeyValue as KeyValueMessage,
  PutResponse,
  RangeResponse,
  ResponseHeader,
  ResponseOp,
  TxnResponse,
} from "../../src/messages/generated.js";
import { Bytes } from "../../src/txn/bytes.js";
import { keptResult, txnResult } from "../../src/txn/result.js";
import { StoredKeyValue } from "../../src/txn/key-value.js";
import type { KeyValue, OperationResult, TxnResult } from "../../src/txn/result.js";
import { TxnView } from "../../src/txn/view.js";
import { ProtobufError } from "../../src/wire/protobuf.js";
import { anyReply, hex } from "./arbitraries.js";

const viewOf = (bytes: Uint8Array): TxnView => {
  const view = new TxnView();
  view.reset(bytes, 0, bytes.length);
  return view;
};

/** A message by the generated codec as the result that it means. */
function expectedResult(reply: TxnResponse): TxnResult {
  const keyValue = (kv: KeyValueMessage): KeyValue =>
    new StoredKeyValue(
      Bytes.copyOf(kv.key),
      Bytes.copyOf(kv.value),
      Number(kv.create_revision),
      Number(kv.mod_revision),
      Number(kv.version),
      BigInt(kv.lease),
    );
  const operation = (response: ResponseOp): OperationResult => {
    if (response.response_range !== undefined) {
      const { kvs, count, more } = response.response_range;
      return { kind: "get", kvs: kvs.map(keyValue), count: Number(count), more };
    }
    if (response.response_put !== undefined) {
      const previous = response.response_put.prev_kv;
      return { kind: "put", previous: previous === undefined ? undefined : keyValue(previous) };
    }
    if (response.response_delete_range !== undefined) {
      const { deleted, prev_kvs } = response.response_delete_range;
      return { kind: "delete", deleted: Number(deleted), previous: prev_kvs.map(keyValue) };
    }
    return { kind: "txn", result: expectedResult(response.response_txn!) };
  };
  return {
    succeeded: reply.succeeded,
    revision: Number(reply.header?.revision ?? 0),
    raftTerm: Number(reply.header?.raft_term ?? 0),
    responses: reply.responses.map(operation),
  };
}

test("a view of any reply says what the generated codec says, at any place in a buffer and after any other reply", () => {
  const view = new TxnView();
  const kept: { result: TxnResult; expected: TxnResult }[] = [];
  fc.assert(
    fc.property(anyReply, fc.nat(20), (reply, offset) => {
      const bytes = Buffer.from(reply.serialize());
      const framed = Buffer.concat([Buffer.alloc(offset, 0xff), bytes, Buffer.alloc(3, 0xff)]);
      view.reset(framed, offset, offset + bytes.length);
      const expected = expectedResult(TxnResponse.deserialize(bytes));
      expect(txnResult(view)).toEqual(expected);
      kept.push({ result: keptResult(view, framed, offset, offset + bytes.length), expected });
      const header = reply.header ?? new ResponseHeader();
      expect([view.clusterId, view.memberId, view.leaderId].map(String)).toEqual([
        header.cluster_id,
        header.member_id,
        header.leader_id,
      ]);
      view.invalidate();
      framed.fill(0xff);
    }),
    { numRuns: 500 },
  );
  // Results that were kept say the same, whenever they are asked, and their replies' memory is gone by then.
  for (const { result, expected } of kept) {
    const { succeeded, revision, raftTerm } = result;
    expect({ succeeded, revision, raftTerm, responses: result.responses }).toEqual(expected);
    expect(result.responses).toBe(result.responses);
    expect(inspect(result, { depth: 9 })).toBe(inspect(expected, { depth: 9 }));
  }
});

/** Copies bytes to memory that ends with them, so that a read behind the end is a read of nothing. */
const exactly = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes);

test("a reply cut off anywhere is refused or read, but never read beyond its end", () => {
  fc.assert(
    fc.property(anyReply, (reply) => {
      const bytes = reply.serialize();
      const alone = new TxnView();
      const followed = new TxnView();
      for (let cut = 0; cut <= bytes.length; cut += 1 + Math.floor(bytes.length / 200)) {
        // The same bytes, with nothing behind them and with the rest of the reply behind them.
        expect(outcome(alone, exactly(bytes.subarray(0, cut)), cut)).toEqual(outcome(followed, bytes, cut));
      }
    }),
    { numRuns: 100 },
  );
});

test("a reply with broken bytes is refused as ProtobufError, or read within its bounds", () => {
  const view = new TxnView();
  fc.assert(
    fc.property(
      anyReply,
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      (reply, changes) => {
        const bytes = exactly(reply.serialize());
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
        const result = outcome(view, bytes, bytes.length);
        if (typeof result !== "string") checkBounds(result, bytes.length);
      },
    ),
    { numRuns: 2000 },
  );
});

test("any bytes at all are refused as ProtobufError, or read within their bounds", () => {
  const view = new TxnView();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      outcome(view, bytes, bytes.length);
    }),
    { numRuns: 2000 },
  );
});

/** The result, or the text of the only error there may be. */
function outcome(view: TxnView, bytes: Uint8Array, end: number): TxnResult | string {
  try {
    view.reset(bytes, 0, end);
  } catch (error) {
    if (!(error instanceof ProtobufError)) throw error;
    expect(() => view.succeeded).toThrow(ArgumentError);
    return error.message;
  }
  return txnResult(view);
}

function checkBounds(result: TxnResult, length: number): void {
  for (const response of result.responses) {
    if (response.kind === "txn") checkBounds(response.result, length);
    if (response.kind !== "get") continue;
    for (const kv of response.kvs) expect(kv.key.length + kv.value.length).toBeLessThanOrEqual(length);
  }
}

/** Hex of a length-delimited field under 128 bytes. */
const field = (tag: string, ...contents: string[]): string => {
  const content = contents.join("");
  return tag + Buffer.of(hex(content).length).toString("hex") + content;
};

// a/b, 5, 7, 2, vv, lease 2^63 - 1
const kvHex = "0a03 612f62 1005 1807 2002 2a02 7676 30 ffffffffffffffff7f";
const oneKey = hex(field("1a", field("0a", field("12", kvHex), "2001")));

test("a cursor tells where key and value lie, copies and compares them", () => {
  const view = viewOf(oneKey);
  const response = view.response(0);
  expect([response.kind, response.count, response.more, response.kvCount]).toEqual(["get", 1, false, 1]);
  const kv = response.kv(0);
  expect([kv.createRevision, kv.modRevision, kv.version]).toEqual([5, 7, 2]);
  expect([kv.lease, kv.leaseHigh, kv.leaseLow]).toEqual([2n ** 63n - 1n, 0x7fff_ffff, -1]);
  expect(kv.bytes.subarray(kv.keyStart, kv.keyStart + kv.keyLength).toString()).toBe("a/b");
  expect(kv.bytes.subarray(kv.valueStart, kv.valueStart + kv.valueLength).toString()).toBe("vv");
  expect(kv.key()).toEqual(Bytes.copyOf(Buffer.from("a/b")));
  expect([kv.key().string(), kv.value().string(), kv.keyString(), kv.valueString()]).toEqual([
    "a/b",
    "vv",
    "a/b",
    "vv",
  ]);
  expect([kv.keyEquals("a/b"), kv.keyEquals("a/c"), kv.keyEquals("a/"), kv.keyEquals("a/bb")]).toEqual([
    true,
    false,
    false,
    false,
  ]);
  expect([kv.keyEquals(Buffer.from("a/b")), kv.valueEquals("vv"), kv.valueEquals(Buffer.from("v"))]).toEqual([
    true,
    true,
    false,
  ]);
});

test("what was had from a view throws once the callback is over, and a copy stays", () => {
  const nested = new ResponseOp({ response_txn: new TxnResponse({ succeeded: true }) });
  const range = new ResponseOp({
    response_range: new RangeResponse({ kvs: [new KeyValueMessage({ key: Buffer.from("k") })] }),
  });
  const view = viewOf(new TxnResponse({ responses: [nested, range] }).serialize());
  const inner = view.txn(0);
  const response = view.response(1);
  const kv = response.kv(0);
  const copy = kv.key();
  view.invalidate();
  const reads = [
    () => view.succeeded,
    () => view.revision,
    () => view.raftTerm,
    () => view.memberId,
    () => view.memberIdLow,
    () => view.responseCount,
    () => view.response(0),
    () => view.txn(0),
    () => inner.succeeded,
    () => response.kind,
    () => response.count,
    () => response.more,
    () => response.deleted,
    () => response.kvCount,
    () => response.kv(0),
    () => response.txn,
    () => kv.createRevision,
    () => kv.lease,
    () => kv.bytes,
    () => kv.keyStart,
    () => kv.key(),
    () => kv.keyEquals("k"),
  ];
  for (const read of reads) expect(read).toThrow(/only be read during its callback/);
  expect(copy.string()).toBe("k");
  expect(() => new TxnView().succeeded).toThrow(ArgumentError);
});

test("an index beyond the reply, or a read of another kind, is an error", () => {
  const view = viewOf(
    new TxnResponse({
      responses: [new ResponseOp({ response_delete_range: new DeleteRangeResponse({ deleted: "3" }) })],
    }).serialize(),
  );
  const response = view.response(0);
  expect([response.kind, response.deleted, response.count, response.more]).toEqual(["delete", 3, 0, false]);
  for (const index of [-1, 1, NaN, 0.5 + 1]) expect(() => view.response(index)).toThrow(ArgumentError);
  expect(() => response.kv(0)).toThrow(ArgumentError);
  expect(() => view.txn(0)).toThrow(/is a delete, not a txn/);
});

test("fields come in any order, the last of one counts, and unknown ones are skipped", () => {
  const unknown = { varint: "f80101", fixed64: "510102030405060708", bytes: "520100", fixed32: "7d01020304" };
  const kv = field(
    "12",
    field("2a", "76"),
    unknown.fixed32,
    "1005",
    field("0a", "78"),
    field("0a", "6b"),
    "1009",
  );
  const get = field("0a", "2001", unknown.fixed64, kv, unknown.bytes, "2003");
  const header = (revision: string): string => field("0a", unknown.varint, "18", revision);
  const view = viewOf(
    hex([field("1a", get), "1000", "1001", header("05"), header("06"), unknown.varint].join("")),
  );
  expect(view.succeeded).toBe(true);
  expect(view.revision).toBe(6);
  expect(view.response(0).count).toBe(3);
  expect(view.response(0).kv(0).createRevision).toBe(9);
  expect(view.response(0).kv(0).keyString()).toBe("k");
});

test("of a oneof the last member counts, and nothing of the first is left", () => {
  const view = viewOf(hex(field("1a", field("0a", field("12", kvHex)), field("12", field("0a", "")))));
  expect(view.response(0).kind).toBe("put");
  expect(view.response(0).kvCount).toBe(0);
});

test("a response to nothing, and a revision that a number cannot carry, are errors", () => {
  const view = new TxnView();
  const reset = (bytes: Uint8Array) => () => view.reset(bytes, 0, bytes.length);
  expect(reset(hex("1a00"))).toThrow(ProtobufError);
  for (const header of [
    { revision: "9007199254740992" },
    { raft_term: "9007199254740992" },
    { raft_term: "18446744073709551615" },
  ])
    expect(reset(new TxnResponse({ header: new ResponseHeader(header) }).serialize())).toThrow(/2\^53/);
  expect(
    reset(new TxnResponse({ header: new ResponseHeader({ revision: "9007199254740991" }) }).serialize()),
  ).not.toThrow();
});

test("replies nest sixteen deep and hold 128 responses a list", () => {
  const nested = (depth: number): TxnResponse =>
    new TxnResponse(depth === 1 ? {} : { responses: [new ResponseOp({ response_txn: nested(depth - 1) })] });
  expect(() => viewOf(nested(16).serialize())).not.toThrow();
  expect(() => viewOf(nested(17).serialize())).toThrow(/nested over 16 deep/);
  const wide = (count: number) => hex("1a021200".repeat(count));
  expect(viewOf(wide(128)).responseCount).toBe(128);
  expect(() => viewOf(wide(129))).toThrow(/over 128 responses/);
});

test("a reply of ten thousand keys is read, and a small one after it", () => {
  const kvs = Array.from(
    { length: 10_000 },
    (_, i) => new KeyValueMessage({ key: Buffer.from(`k${i}`), create_revision: String(i) }),
  );
  const reply = new TxnResponse({
    responses: [new ResponseOp({ response_range: new RangeResponse({ kvs }) })],
  }).serialize();
  const view = viewOf(reply);
  for (const i of [0, 15, 16, 5000, 9999]) {
    const kv = view.response(0).kv(i);
    expect([kv.keyString(), kv.createRevision]).toEqual([`k${i}`, i]);
  }
  view.invalidate();
  view.reset(oneKey, 0, oneKey.length);
  expect(view.response(0).kv(0).keyString()).toBe("a/b");
});

test("a result can be written as JSON: keys and values as base64, leases as decimal text", () => {
  const kv = new KeyValueMessage({
    key: Buffer.from("k"),
    value: Buffer.from([0xff, 0]),
    create_revision: "7",
    mod_revision: "8",
    version: "2",
    lease: "-1",
  });
  const reply = new TxnResponse({
    header: new ResponseHeader({ revision: "9", raft_term: "3" }),
    succeeded: true,
    responses: [
      new ResponseOp({ response_range: new RangeResponse({ kvs: [kv], count: "1" }) }),
      new ResponseOp({ response_put: new PutResponse({ prev_kv: kv }) }),
    ],
  });
  const bytes = Buffer.from(reply.serialize());
  const view = new TxnView();
  view.reset(bytes, 0, bytes.length);
  const expected = { key: "aw==", value: "/wA=", createRevision: 7, modRevision: 8, version: 2, lease: "-1" };
  expect(JSON.stringify(view)).toBe(JSON.stringify(keptResult(view, bytes, 0, bytes.length)));
  expect(JSON.parse(JSON.stringify(view.response(0).kv(0)))).toEqual(expected);
  expect(JSON.parse(JSON.stringify(keptResult(view, bytes, 0, bytes.length)))).toEqual({
    succeeded: true,
    revision: 9,
    raftTerm: 3,
    responses: [
      { kind: "get", kvs: [expected], count: 1, more: false },
      { kind: "put", previous: expected },
    ],
  });
});

test("a view in a log is short, moves no cursor, and is harmless when its callback is over", () => {
  const kv = (key: string) =>
    new KeyValueMessage({ key: Buffer.from(key), value: Buffer.from("v"), lease: "5" });
  const get = new ResponseOp({ response_range: new RangeResponse({ kvs: [kv("a"), kv("b")], count: "2" }) });
  const inner = new TxnResponse({ succeeded: false, responses: [get] });
  const reply = new TxnResponse({
    header: new ResponseHeader({ revision: "9", raft_term: "3" }),
    succeeded: true,
    responses: [
      get,
      new ResponseOp({ response_delete_range: new DeleteRangeResponse({ deleted: "4" }) }),
      new ResponseOp({ response_txn: inner }),
    ],
  });
  const bytes = Buffer.from(reply.serialize());
  const view = new TxnView();
  // More responses than the last reply's are kept for the next, and are not shown.
  view.reset(bytes, 0, bytes.length);
  const first = view.response(0).kv(0);
  const shown = inspect(view, { depth: 10 });
  expect(shown).toBe(inspect({ ...txnResult(view) }, { depth: 10 }));
  expect(shown).toContain("Bytes 'b'");
  expect(shown).not.toMatch(/scope|reader|places|Array/);
  view.response(0).kv(0);
  expect(inspect(view.response(0))).toContain("count: 2");
  expect(inspect(first)).toMatch(/^KeyValue \{\s+key: Bytes 'a'/);
  expect(first.keyString()).toBe("a");

  const small = Buffer.from(new TxnResponse({ succeeded: true }).serialize());
  view.reset(small, 0, small.length);
  expect(inspect(view)).toBe("{ succeeded: true, revision: 0, raftTerm: 0, responses: [] }");

  view.invalidate();
  for (const part of [view, first]) {
    expect(inspect(part)).toBe("[its callback is over]");
    expect(JSON.stringify(part)).toBe('"[its callback is over]"');
  }
});
