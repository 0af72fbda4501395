import { runInNewContext } from "node:vm";

import fc from "fast-check";
import { expect, test } from "vitest";

import { ArgumentError } from "../../src/errors.js";
import { compileTxn, prefixEnd } from "../../src/txn/plan.js";
import type { TxnParameters } from "../../src/txn/plan.js";
import { compare, op, param } from "../../src/txn/shape.js";
import type { TxnShape } from "../../src/txn/shape.js";
import { anyParameters, anyShape, hex, requestOf } from "./arbitraries.js";

function encode(shape: TxnShape, parameters: TxnParameters = {}): Buffer {
  const plan = compileTxn(shape);
  const length = plan.measure(parameters);
  const out = Buffer.alloc(length + 8, 0xee);
  expect(plan.write(out, 4)).toBe(length + 4);
  // Nothing is written beside the place that was measured.
  expect(out.subarray(0, 4)).toEqual(hex("eeeeeeee"));
  expect(out.subarray(length + 4)).toEqual(hex("eeeeeeee"));
  return out.subarray(4, length + 4);
}

test("a plan writes what the generated codec writes", () => {
  fc.assert(
    fc.property(anyShape, anyParameters, (shape, parameters) => {
      expect(encode(shape, parameters).toString("hex")).toBe(
        Buffer.from(requestOf(shape, parameters).serialize()).toString("hex"),
      );
    }),
    { numRuns: 1000 },
  );
});

test("a plan is as good the second time, whatever the parameters were before", () => {
  fc.assert(
    fc.property(anyShape, fc.array(anyParameters, { minLength: 2, maxLength: 4 }), (shape, runs) => {
      const plan = compileTxn(shape);
      for (const parameters of runs) {
        const out = new Uint8Array(plan.measure(parameters));
        expect(plan.write(out, 0)).toBe(out.length);
        expect(Buffer.from(out).equals(requestOf(shape, parameters).serialize())).toBe(true);
      }
    }),
  );
});

test("a transaction is these bytes", () => {
  const shape = {
    if: [compare.createRevision(param.key("key"), "=", 0)],
    then: [op.put(param.key("key"), param.value("value"))],
    else: [op.get(param.key("key"))],
  };
  expect(encode(shape, { key: "k", value: "vv" })).toEqual(
    hex("0a07 1001 1a016b 2800" + "1209 1207 0a016b 12027676" + "1a05 0a03 0a016b"),
  );
});

test("a message whose length passes 127 bytes gets a longer length, in all messages around it", () => {
  const shape = { then: [op.txn({ else: [op.put("k", param.value("value"))] })] };
  for (let length = 100; length < 140; length++) {
    const parameters = { value: "x".repeat(length) };
    expect(encode(shape, parameters).equals(requestOf(shape, parameters).serialize())).toBe(true);
  }
});

test("a prefix ends behind the last key that begins with it", () => {
  const ends: [Uint8Array | string, string][] = [
    ["a/", "6130"],
    [hex("61ff"), "62"],
    [hex("ffff"), "00"],
    ["", "00"],
    ["\u00ff", "c3c0"],
  ];
  for (const [prefix, end] of ends) {
    expect(prefixEnd(prefix)).toEqual(new Uint8Array(hex(end)));
    const given = encode({ then: [op.get(prefix, { prefix: true })] });
    expect(encode({ then: [op.get(param.key("p"), { prefix: true })] }, { p: prefix })).toEqual(given);
    expect(given.subarray(-end.length / 2)).toEqual(hex(end));
  }
});

test("a Uint8Array of another realm is one", () => {
  const key = runInNewContext("Uint8Array.of(107)") as Uint8Array;
  expect(encode({ then: [op.get(param.key("key"))] }, { key })).toEqual(encode({ then: [op.get("k")] }));
  expect(encode({ then: [op.get(key)] })).toEqual(encode({ then: [op.get("k")] }));
});

test("a wrong parameter is named", () => {
  const plan = compileTxn({
    if: [compare.lease(param.key("key"), "=", param.lease("lease"))],
    then: [op.get(param.key("key"), { revision: param.revision("revision") })],
  });
  const right = { key: "k", lease: 1n, revision: 1 };
  const wrong: [object, RegExp][] = [
    [{ key: undefined }, /"key" is missing: it takes a string or a Uint8Array/],
    [{ key: 7 }, /"key" takes a string or a Uint8Array, not number/],
    [{ key: null }, /"key" takes .*, not null/],
    [{ key: [1] }, /"key" takes .*, not object/],
    [{ key: "" }, /"key" is a key and must not be empty/],
    [{ key: new Uint8Array(0) }, /must not be empty/],
    [{ key: "a\ud800" }, /"key" has half a surrogate pair/],
    [{ key: "\udc00\ud800" }, /half a surrogate pair/],
    [{ lease: 7 }, /"lease" takes a bigint, not number/],
    [{ lease: 2n ** 63n }, /"lease" is 9223372036854775808: a lease id is an int64/],
    [{ lease: -(2n ** 63n) - 1n }, /int64/],
    [{ revision: 1n }, /"revision" takes a number, not bigint/],
    [{ revision: -1 }, /"revision" is -1/],
    [{ revision: 0.5 }, /"revision" is 0.5/],
    [{ revision: 2 ** 53 }, /2\^53/],
    [{ revision: NaN }, /NaN/],
  ];
  expect(() => plan.measure(right)).not.toThrow();
  for (const [change, message] of wrong) {
    const measure = (): number => plan.measure({ ...right, ...change });
    expect(measure).toThrow(ArgumentError);
    expect(measure).toThrow(message);
  }
  expect(() => plan.measure(right)).not.toThrow();
});

test("a misspelt parameter is one that is missing; what the shape does not name is ignored", () => {
  const plan = compileTxn({ then: [op.put(param.key("key"), "v")] });
  const given = { key: "k", other: 1 };
  expect(plan.measure(given)).toBe(plan.measure({ key: "k" }));
  expect(() => plan.measure({ kye: "k" } as unknown as { key: string })).toThrow('"key" is missing');
});

test("a text in a shape must have a form in UTF-8, and none becomes another one", () => {
  expect(() => compileTxn({ then: [op.put("k", "\ud800")] })).toThrow(
    /^then\[0\]\.value has half a surrogate pair/,
  );
  expect(encode({ then: [op.put(param.key("key"), "\u{1f512}")] }, { key: "\u{1f511}\ufffd" })).toEqual(
    encode({ then: [op.put("\u{1f511}\ufffd", Buffer.from("\u{1f512}"))] }),
  );
});

test("a parameter may be an empty key only where a range starts", () => {
  expect(encode({ then: [op.get(param.key("p"), { prefix: true })] }, { p: "" })).toEqual(
    hex("1208 0a06 0a0100 120100"),
  );
  expect(encode({ then: [op.del(param.key("p"), { fromKey: true })] }, { p: "" })).toEqual(
    hex("1208 1a06 0a0100 120100"),
  );
  const both = compileTxn({ then: [op.get(param.key("p"), { prefix: true }), op.get(param.key("p"))] });
  expect(() => both.measure({ p: "" })).toThrow(/must not be empty/);
  const end = compileTxn({ then: [op.get("a", { rangeEnd: param.key("end") })] });
  expect(() => end.measure({ end: "" })).toThrow(/must not be empty/);
});

test("parameters of a gigabyte are refused before lengths overflow", () => {
  const plan = compileTxn({ then: Array.from({ length: 5 }, () => op.put("k", param.value("value"))) });
  const value = new Uint8Array(2 ** 28);
  expect(() => plan.measure({ value })).toThrow(/over 1 GiB/);
});

/** As from JavaScript, where no types hold. */
const untyped = (shape: unknown): TxnShape => shape as TxnShape;

test("a wrong shape is refused when it is compiled, and the place is named", () => {
  const key = param.key("key");
  const get = op.get("k");
  const wrong: [unknown, RegExp][] = [
    [undefined, /the transaction must be an object/],
    [{ iff: [] }, /unknown option iff; known are if, then, else/],
    [{ then: get }, /must hold arrays/],
    [{ then: [{}] }, /then\[0\] is not an operation/],
    [{ then: [null] }, /then\[0\] must be an object/],
    [{ then: [op.get("")] }, /then\[0\]\.key must not be empty/],
    [{ if: [compare.version("", "=", 0)] }, /if\[0\]\.key must not be empty/],
    [{ then: [op.put("k", "v"), op.del("")] }, /then\[1\]\.key must not be empty/],
    [{ else: [op.txn({ then: [op.get("")] })] }, /else\[0\]\.txn\.then\[0\]\.key must not be empty/],
    [{ then: [op.get("k", { rangeEnd: "" })] }, /then\[0\]\.rangeEnd must not be empty/],
    [
      { then: [op.get("k", { rangeEnd: "l", prefix: true })] },
      /more than one of rangeEnd, prefix and fromKey/,
    ],
    [{ then: [{ op: "get", key: "k", options: { prefx: true } }] }, /unknown option prefx/],
    [{ then: [{ op: "delete", key: "k", options: { prefix: 1 } }] }, /prefix must be true or false/],
    [{ then: [op.get("k", { limit: -1 })] }, /limit must be an integer/],
    [{ then: [op.get("k", { revision: 1.5 })] }, /revision must be an integer/],
    [
      { then: [{ op: "get", key: "k", options: { sort: { target: "key", order: "up" } } }] },
      /sort\.order must be one of ascend, descend; not up/,
    ],
    [{ then: [{ op: "get", key: 5, options: {} }] }, /key must be a string, a Uint8Array or a parameter/],
    [{ then: [op.put("k", undefined)] }, /then\[0\]\.value must be a string/],
    [{ then: [op.put("k", "v", { ignoreValue: true })] }, /both a value and ignoreValue/],
    [{ then: [op.put("k", "v", { lease: 1n, ignoreLease: true })] }, /both a lease and ignoreLease/],
    [{ then: [op.put("k", "v", { lease: 2n ** 63n })] }, /lease must be a bigint within 64 bits/],
    [
      { if: [{ ...compare.version("k", "=", 0), operator: "==" }] },
      /operator must be one of =, >, <, !=; not ==/,
    ],
    [{ if: [{ ...compare.version("k", "=", 0), target: "toString" }] }, /target must be one of/],
    [{ if: [compare.version("k", "=", 2 ** 53)] }, /if\[0\]\.operand must be an integer/],
    [{ then: [op.get(param.key(""))] }, /parameter without a name/],
    [
      { then: [op.get(key), op.get("k", { limit: { ...key, kind: "integer" } })] },
      /"key" stands for bytes in one place and integer in another/,
    ],
    [
      { then: [{ op: "get", key: param.lease("l"), options: {} }] },
      /takes bytes, and parameter "l" is not of that kind/,
    ],
  ];
  for (const [shape, message] of wrong) {
    expect(() => compileTxn(untyped(shape))).toThrow(ArgumentError);
    expect(() => compileTxn(untyped(shape))).toThrow(message);
  }
});

test("a list holds 128 entries, and a nested one what the lists around it leave", () => {
  const gets = (count: number) => Array.from({ length: count }, () => op.get("k"));
  expect(() => compileTxn({ else: gets(128) })).not.toThrow();
  expect(() => compileTxn({ else: gets(129) })).toThrow(/a list of 129: at most 128/);
  expect(() => compileTxn({ then: [op.txn({ then: gets(127) })] })).not.toThrow();
  expect(() => compileTxn({ then: [op.txn({ then: gets(128) })] })).toThrow(
    /then\[0\]\.txn has a list of 128/,
  );
});

test("transactions nest sixteen deep", () => {
  const nested = (depth: number): TxnShape => ({ then: depth === 1 ? [] : [op.txn(nested(depth - 1))] });
  expect(() => compileTxn(nested(16))).not.toThrow();
  expect(() => compileTxn(nested(17))).toThrow(/nested more than 16 deep/);
});
