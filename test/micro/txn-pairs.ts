import type * as PlanModule from "../../src/txn/plan.js";
import type * as ShapeModule from "../../src/txn/shape.js";
import type * as ViewModule from "../../src/txn/view.js";
import {
  Compare,
  KeyValue,
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
  RequestOp,
  ResponseHeader,
  ResponseOp,
  TxnRequest,
  TxnResponse,
} from "../../src/messages/generated.js";
import type { PairMaker, Run } from "./measure.js";
import { asIs, Variant } from "./variant.js";

const WRITER = "src/txn/plan-writer.ts";
const PROTOBUF = "src/wire/protobuf.ts";
const VIEW = "src/txn/view.ts";

/** Parameters of lock acquires: four, so that no text is looked at twice in a row. */
const names = ["/locks/alpha/", "/locks/bravo/", "/locks/charlie/", "/locks/delta/"];
const parametersOf = <T>(form: (text: string) => T) =>
  names.map((name, i) => ({
    prefix: form(name),
    me: form(`${name}694d9123456789a${i}`),
    value: form("host-1"),
    lease: 0x694d_9123_4567_89a0n + BigInt(i),
  }));
const texts = parametersOf((text) => text);
const buffers = parametersOf((text) => Buffer.from(text));

/** Measures and writes the acquire of a lock, the longest transaction of the hot path. */
const acquire = async (variant: Variant, form: "text" | "bytes"): Promise<Run> => {
  const { compileTxn } = await variant.load<typeof PlanModule>("src/txn/plan.ts");
  const { compare, op, param } = await variant.load<typeof ShapeModule>("src/txn/shape.ts");
  const put = op.put(param.key("me"), param.value("value"), { lease: param.lease("lease") });
  const plan = compileTxn({
    if: [compare.createRevision(param.key("prefix"), "=", 0, { prefix: true })],
    then: [put],
    else: [
      op.txn({ if: [compare.createRevision(param.key("me"), "=", 0)], then: [put] }),
      op.get(param.key("prefix"), { prefix: true, keysOnly: true, limit: 2 }),
    ],
  });
  const parameters = form === "text" ? texts : buffers;
  const out = Buffer.alloc(1024);
  return (count) => {
    let bytes = 0;
    for (let i = 0; i < count; i++) {
      plan.measure(parameters[i & 3]!);
      bytes += plan.write(out, 9);
    }
    return bytes;
  };
};

const put = ({ me, value, lease }: (typeof texts)[number]): RequestOp =>
  new RequestOp({
    request_put: new PutRequest({ key: Buffer.from(me), value: Buffer.from(value), lease: String(lease) }),
  });
const vacant = (key: string, rangeEnd?: string): Compare =>
  new Compare({
    result: Compare.CompareResult.EQUAL,
    target: Compare.CompareTarget.CREATE,
    key: Buffer.from(key),
    create_revision: "0",
    ...(rangeEnd === undefined ? {} : { range_end: Buffer.from(rangeEnd) }),
  });

/** The same transaction through the generated codec. */
const generatedAcquire: Run = (count) => {
  let bytes = 0;
  for (let i = 0; i < count; i++) {
    const parameters = texts[i & 3]!;
    const { prefix, me } = parameters;
    const end = `${prefix.slice(0, -1)}0`;
    const request = new TxnRequest({
      compare: [vacant(prefix, end)],
      success: [put(parameters)],
      failure: [
        new RequestOp({ request_txn: new TxnRequest({ compare: [vacant(me)], success: [put(parameters)] }) }),
        new RequestOp({
          request_range: new RangeRequest({
            key: Buffer.from(prefix),
            range_end: Buffer.from(end),
            limit: "2",
            keys_only: true,
          }),
        }),
      ],
    });
    bytes += request.serialize().length;
  }
  return bytes;
};

const REVISION = 99_123_456_789;
const header = new ResponseHeader({
  cluster_id: "14841639068965178418",
  member_id: "10276657743932975437",
  revision: String(REVISION + 9),
  raft_term: "7",
});
/** The answer to an acquire of a lock that two hold or wait for. */
const answers = texts.map(({ me, lease }) =>
  Buffer.from(
    new TxnResponse({
      header,
      responses: [
        new ResponseOp({
          response_txn: new TxnResponse({
            header: new ResponseHeader({}),
            succeeded: true,
            responses: [
              new ResponseOp({
                response_put: new PutResponse({ header: new ResponseHeader({ revision: String(REVISION) }) }),
              }),
            ],
          }),
        }),
        new ResponseOp({
          response_range: new RangeResponse({
            kvs: [0, 1].map(
              (more) =>
                new KeyValue({
                  key: Buffer.from(me),
                  create_revision: String(REVISION + more),
                  mod_revision: String(REVISION + more),
                  version: "1",
                  lease: String(lease),
                }),
            ),
            count: "2",
          }),
        }),
      ],
    }).serialize(),
  ),
);

const viewAnswer = async (variant: Variant): Promise<Run> => {
  const { TxnView } = await variant.load<typeof ViewModule>(VIEW);
  const view = new TxnView();
  return (count) => {
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const bytes = answers[i & 3]!;
      view.reset(bytes, 0, bytes.length);
      const ahead = view.response(1);
      for (let k = 0; k < ahead.kvCount; k++) if (ahead.kv(k).createRevision < view.revision) sum++;
      if (ahead.kv(0).keyEquals(texts[0]!.me)) sum++;
      view.invalidate();
    }
    return sum;
  };
};

const generatedAnswer: Run = (count) => {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const response = TxnResponse.deserialize(answers[i & 3]!);
    const ahead = response.responses[1]!.response_range!;
    const revision = Number(response.header!.revision);
    for (const kv of ahead.kvs) if (Number(kv.create_revision) < revision) sum++;
    if (Buffer.from(ahead.kvs[0]!.key).toString() === texts[0]!.me) sum++;
  }
  return sum;
};

const withEdits =
  (path: string, ...edits: [string, string][]) =>
  (): Variant =>
    new Variant({ [path]: edits });

interface Ablation {
  title: string;
  unit: string;
  run: (variant: Variant) => Promise<Run>;
  plain: () => Variant;
}
const ablation = ({ title, unit, run, plain }: Ablation): PairMaker => ({
  title,
  unit,
  trick: () => run(asIs()),
  plain: () => run(plain()),
});

const asText = (variant: Variant): Promise<Run> => acquire(variant, "text");
const asBytes = (variant: Variant): Promise<Run> => acquire(variant, "bytes");

export const txnPairs: readonly PairMaker[] = [
  {
    title: "plan-writer: flat plan, not the generated codec",
    unit: "acquire",
    trick: () => asText(asIs()),
    plain: () => Promise.resolve(generatedAcquire),
  },
  {
    title: "view: reply where it lies, not the generated codec",
    unit: "reply of 2 keys",
    trick: () => viewAnswer(asIs()),
    plain: () => Promise.resolve(generatedAnswer),
  },
  ablation({
    title: "plan-writer: a text's second place copied from its first",
    unit: "acquire",
    run: asText,
    plain: withEdits(WRITER, ["} else if (this.contentAt[p]! < 0) {", "} else if (true) {"]),
  }),
  ablation({
    title: "plan-writer: loop up to 16 bytes, not set for all",
    unit: "acquire, bytes",
    run: asBytes,
    plain: withEdits(WRITER, ["const LOOP_MAX_BYTES = 16;", "const LOOP_MAX_BYTES = 0;"]),
  }),
  ablation({
    title: "plan-writer: set above 16 bytes, not a loop for all",
    unit: "acquire, bytes",
    run: asBytes,
    plain: withEdits(WRITER, ["const LOOP_MAX_BYTES = 16;", "const LOOP_MAX_BYTES = 1e9;"]),
  }),
  ablation({
    title: "plan-writer: set above 16 bytes, not a loop for all, text",
    unit: "acquire, text",
    run: asText,
    plain: withEdits(WRITER, ["const LOOP_MAX_BYTES = 16;", "const LOOP_MAX_BYTES = 1e9;"]),
  }),
  ablation({
    title: "protobuf: writeUtf8 by loop, not Buffer.write",
    unit: "acquire, text",
    run: asText,
    plain: withEdits(PROTOBUF, [
      "export function writeUtf8(out: Uint8Array, at: number, text: string): number {\n",
      "export function writeUtf8(out: Uint8Array, at: number, text: string): number {\n  return at + (out as Buffer).write(text, at);\n",
    ]),
  }),
  ablation({
    title: "protobuf: utf8Bytes by loop, not Buffer.byteLength",
    unit: "acquire, text",
    run: asText,
    plain: withEdits(PROTOBUF, [
      "export function utf8Bytes(text: string): number {\n",
      "export function utf8Bytes(text: string): number {\n  return Buffer.byteLength(text);\n",
    ]),
  }),
  ablation({
    title: "protobuf: bigint's halves by typed array, not asIntN",
    unit: "acquire, text",
    run: asText,
    plain: withEdits(
      PROTOBUF,
      [
        "  bigScratch[0] = value;\n  return bigHalves[LOW_HALF]!;",
        "  return Number(BigInt.asIntN(32, value));",
      ],
      [
        "  bigScratch[0] = value;\n  return bigHalves[HIGH_HALF]!;",
        "  return Number(BigInt.asIntN(32, value >> 32n));",
      ],
    ),
  }),
  ablation({
    title: "protobuf: varint64Bytes by clz32, not by bigint",
    unit: "acquire, text",
    run: asText,
    plain: withEdits(PROTOBUF, [
      "  return (bits * 9 + 64) >> 6;",
      "  return Math.max(1, Math.ceil(bits / 7));",
    ]),
  }),
  ablation({
    title: "protobuf: one-byte uint32 before the general case",
    unit: "reply of 2 keys",
    run: viewAnswer,
    plain: withEdits(PROTOBUF, [
      "    if (this.at < this.end) {\n      const byte",
      "    if (this.at < 0) {\n      const byte",
    ]),
  }),
  ablation({
    title: "protobuf: integers in halves, not as bigints",
    unit: "reply of 2 keys",
    run: viewAnswer,
    plain: withEdits(PROTOBUF, [
      "    into[index] = high * TWO_32 + (this.low >>> 0);",
      "    into[index] = Number(int64FromHalves(high, this.low));",
    ]),
  }),
  ablation({
    title: "protobuf: utf8Equals by loop, not a string made",
    unit: "reply of 2 keys",
    run: viewAnswer,
    plain: withEdits(PROTOBUF, [
      "  if (length < text.length) return false;\n",
      "  return readUtf8(bytes, start, length) === text;\n",
    ]),
  }),
  ablation({
    title: "view: a row's zeros by loop, not fill",
    unit: "reply of 2 keys",
    run: viewAnswer,
    plain: withEdits(
      VIEW,
      [
        "    for (let i = place; i < place + PLACE_COLUMNS; i++) places[i] = 0;",
        "    places.fill(0, place, place + PLACE_COLUMNS);",
      ],
      [
        "    for (let i = number; i < number + NUMBER_COLUMNS; i++) numbers[i] = 0;",
        "    numbers.fill(0, number, number + NUMBER_COLUMNS);",
      ],
    ),
  }),
];
