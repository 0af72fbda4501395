import { inspect } from "node:util";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  DeleteRangeResponse,
  KeyValue,
  PutResponse,
  RangeResponse,
  ResponseOp,
  TxnRequest,
  TxnResponse,
} from "../../src/messages/generated.js";
import { compileTxn } from "../../src/txn/plan.js";
import { keptResult, txnResult } from "../../src/txn/result.js";
import { compare, op, param } from "../../src/txn/shape.js";
import type { TxnShape } from "../../src/txn/shape.js";
import { TxnView } from "../../src/txn/view.js";
import { ProtobufError } from "../../src/wire/protobuf.js";
import { anyParameters, anyPrefix, anyReply, anyShape, hex, requestOf, withPrefix } from "./arbitraries.js";

test("a plan in a namespace writes what the generated codec writes with the prefix before every key", () => {
  fc.assert(
    fc.property(
      anyShape,
      fc.array(anyParameters, { minLength: 1, maxLength: 3 }),
      anyPrefix,
      (shape, runs, prefix) => {
        const plan = compileTxn(shape, prefix);
        for (const parameters of runs) {
          const out = Buffer.alloc(plan.measure(parameters) + 8, 0xee);
          expect(plan.write(out, 4)).toBe(out.length - 4);
          expect(out.subarray(4, -4).toString("hex")).toBe(
            Buffer.from(requestOf(shape, parameters, prefix).serialize()).toString("hex"),
          );
          expect([...out.subarray(0, 4), ...out.subarray(-4)]).toEqual(Array(8).fill(0xee));
        }
      },
    ),
    { numRuns: 1000 },
  );
});

test("a view in a namespace says what a view without one says of the same reply without the prefix", () => {
  const view = new TxnView();
  const plain = new TxnView();
  const kept: { result: unknown; expected: unknown }[] = [];
  fc.assert(
    fc.property(anyReply, anyPrefix, (reply, prefix) => {
      const bytes = reply.serialize();
      plain.reset(bytes, 0, bytes.length);
      const prefixed = Buffer.from(withPrefix(reply, prefix).serialize());
      const framed = Buffer.concat([Buffer.alloc(7, 0xff), prefixed, Buffer.alloc(3, 0xff)]);
      view.reset(framed, 7, 7 + prefixed.length, prefix);
      const expected = txnResult(plain);
      expect(txnResult(view)).toEqual(expected);
      kept.push({ result: keptResult(view, framed, 7, 7 + prefixed.length, prefix), expected });
      view.invalidate();
      framed.fill(0xff);
    }),
    { numRuns: 500 },
  );
  // Results of all namespaces, decoded late and by one view.
  for (const { result, expected } of kept)
    expect(inspect(result, { depth: 9 })).toBe(inspect(expected, { depth: 9 }));
});

const PREFIX = Buffer.from("app/");
const kv = (key: string): KeyValue => new KeyValue({ key: Buffer.from(key), value: Buffer.from("v") });

test("a cursor in a namespace tells where the key lies without the prefix, and compares it so", () => {
  const range = new RangeResponse({ kvs: [kv("app/a"), kv("app/")] });
  const bytes = new TxnResponse({ responses: [new ResponseOp({ response_range: range })] }).serialize();
  const view = new TxnView();
  view.reset(bytes, 0, bytes.length, PREFIX);
  const key = view.response(0).kv(0);
  expect(Buffer.from(key.bytes.subarray(key.keyStart, key.keyStart + key.keyLength)).toString()).toBe("a");
  expect([key.keyString(), key.key().string(), key.valueString()]).toEqual(["a", "a", "v"]);
  expect([key.keyEquals("a"), key.keyEquals("app/a"), key.keyEquals(Buffer.from("a"))]).toEqual([
    true,
    false,
    true,
  ]);
  // Whoever put the prefix itself did not do so through the namespace; in its ranges it is all the same.
  expect(view.response(0).kv(1).keyString()).toBe("");
  // A view that served a namespace serves no namespace after it.
  view.reset(bytes, 0, bytes.length);
  expect(view.response(0).kv(0).keyString()).toBe("app/a");
});

test("a reply with a key that does not begin with the prefix is broken, wherever the key stands", () => {
  const view = new TxnView();
  for (const key of ["", "a", "app", "aqp/a", "App/a", "b/app/"]) {
    const alien = [kv("app/a"), kv(key)];
    const responses = [
      new ResponseOp({ response_range: new RangeResponse({ kvs: alien }) }),
      new ResponseOp({ response_put: new PutResponse({ prev_kv: kv(key) }) }),
      new ResponseOp({ response_delete_range: new DeleteRangeResponse({ prev_kvs: alien }) }),
      new ResponseOp({
        response_txn: new TxnResponse({
          responses: [new ResponseOp({ response_range: new RangeResponse({ kvs: alien }) })],
        }),
      }),
    ];
    for (const response of responses) {
      const bytes = new TxnResponse({ responses: [response] }).serialize();
      expect(() => {
        view.reset(bytes, 0, bytes.length, PREFIX);
      }).toThrow(ProtobufError);
      view.reset(bytes, 0, bytes.length);
      expect(view.responseCount).toBe(1);
    }
  }
});

/** What the only get of a shape asks for, as text. */
const range = (shape: TxnShape, parameters = {}, prefix: Uint8Array = PREFIX): string[] => {
  const plan = compileTxn(shape, prefix);
  const out = new Uint8Array(plan.measure(parameters));
  plan.write(out, 0);
  const { key, range_end } = TxnRequest.deserialize(out).success[0]!.request_range!;
  return [key, range_end].map((bytes) => Buffer.from(bytes).toString("latin1"));
};

test.each([
  ["one key", op.get("a"), op.get(param.key("key")), { key: "a" }, ["app/a", ""]],
  [
    "all keys",
    op.get("", { prefix: true }),
    op.get(param.key("key"), { prefix: true }),
    { key: "" },
    ["app/", "app0"],
  ],
  [
    "all keys from the first",
    op.get("", { fromKey: true }),
    op.get(param.key("key"), { fromKey: true }),
    { key: "" },
    ["app/", "app0"],
  ],
  [
    "a key and all behind it",
    op.get("k", { fromKey: true }),
    op.get(param.key("key"), { fromKey: true }),
    { key: "k" },
    ["app/k", "app0"],
  ],
  [
    "a prefix",
    op.get("k/", { prefix: true }),
    op.get(param.key("key"), { prefix: true }),
    { key: "k/" },
    ["app/k/", "app/k0"],
  ],
  [
    "a prefix of 0xff",
    op.get(hex("ffff"), { prefix: true }),
    op.get(param.key("key"), { prefix: true }),
    { key: hex("ffff") },
    ["app/\xff\xff", "app0"],
  ],
  [
    "a range",
    op.get("a", { rangeEnd: "b" }),
    op.get("a", { rangeEnd: param.key("end") }),
    { end: "b" },
    ["app/a", "app/b"],
  ],
  [
    "a range without an end",
    op.get("a", { rangeEnd: "\0" }),
    op.get("a", { rangeEnd: param.key("end") }),
    { end: "\0" },
    ["app/a", "app0"],
  ],
  [
    "a range without an end, in bytes",
    op.get("a", { rangeEnd: hex("00") }),
    op.get("a", { rangeEnd: param.key("end") }),
    { end: hex("00") },
    ["app/a", "app0"],
  ],
  [
    "a range that ends behind a zero",
    op.get("a", { rangeEnd: "\0\0" }),
    op.get("a", { rangeEnd: param.key("end") }),
    { end: "\0\0" },
    ["app/a", "app/\0\0"],
  ],
])(
  "in a namespace %s is asked for alike by constant and parameter",
  (_what, constant, parameter, parameters, expected) => {
    expect(range({ then: [constant] })).toEqual(expected);
    expect(range({ then: [parameter] }, parameters)).toEqual(expected);
  },
);

test("a namespace of 0xff ends with all keys", () => {
  const all = [op.get("", { prefix: true }), op.get("", { fromKey: true }), op.get("", { rangeEnd: "\0" })];
  for (const get of all) expect(range({ then: [get] }, {}, hex("ffff"))).toEqual(["\xff\xff", "\0"]);
});

test("an empty key or range end is as wrong in a namespace as without one", () => {
  for (const operation of [op.get(""), op.put("", "v"), op.del(""), op.get("a", { rangeEnd: "" })])
    expect(() => compileTxn({ then: [operation] }, PREFIX)).toThrow(/must not be empty/);
  expect(() => compileTxn({ if: [compare.version("", "=", 0)] }, PREFIX)).toThrow(/must not be empty/);
  const plans = [op.get(param.key("key")), op.get("a", { rangeEnd: param.key("key") })];
  for (const operation of plans)
    expect(() => compileTxn({ then: [operation] }, PREFIX).measure({ key: "" })).toThrow(/must not be empty/);
});
