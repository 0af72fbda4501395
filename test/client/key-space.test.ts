import fc from "fast-check";
import { expect, test } from "vitest";
import { KeySpace } from "../../src/client/key-space.js";
import type { KeyRangeOptions } from "../../src/client/key-space.js";
import { ArgumentError } from "../../src/errors.js";
import { TxnRequest } from "../../src/messages/generated.js";
import { compileTxn } from "../../src/txn/plan.js";
import { op, param } from "../../src/txn/shape.js";
import type { TxnShape } from "../../src/txn/shape.js";

/** Few letters, those that matter among them, so that keys are often each other's beginning or neighbour. */
const bytes = (minLength: number, maxLength: number): fc.Arbitrary<Buffer> =>
  fc
    .array(fc.constantFrom(0x00, 0x01, 0x61, 0xfe, 0xff), { minLength, maxLength })
    .map((all) => Buffer.from(all));

const anyRange: fc.Arbitrary<{ key: Buffer; options: KeyRangeOptions }> = fc.oneof(
  fc.record({ key: bytes(1, 3), options: fc.constant({}) }),
  fc.record({ key: bytes(0, 3), options: fc.constantFrom({ prefix: true }, { fromKey: true }) }),
  fc.record({ key: bytes(0, 3), options: fc.record({ rangeEnd: bytes(1, 3) }) }),
);

const beginsWith = (key: Buffer, prefix: Uint8Array): boolean =>
  key.subarray(0, prefix.length).equals(prefix) && key.length >= prefix.length;
const isBefore = (a: Buffer, b: Buffer): boolean => Buffer.compare(a, b) < 0;

/** What a user means who knows nothing of a store around the namespace. */
const isMeant = (key: Buffer, range: { key: Buffer; options: KeyRangeOptions }): boolean => {
  const { prefix, fromKey, rangeEnd } = range.options;
  if (prefix === true) return beginsWith(key, range.key);
  if (fromKey === true) return !isBefore(key, range.key);
  if (rangeEnd === undefined) return key.equals(range.key);
  const end = rangeEnd as Buffer;
  return !isBefore(key, range.key) && (end.equals(Buffer.of(0)) || isBefore(key, end));
};

/** What etcd does with a request (rpc.proto, RangeRequest). */
const isFound = (key: Buffer, start: Buffer, end: Buffer): boolean => {
  if (end.length === 0) return key.equals(start);
  return !isBefore(key, start) && (end.equals(Buffer.of(0)) || isBefore(key, end));
};

test("a text that has no form in UTF-8 is refused wherever it stands, and none becomes another one", () => {
  const space = new KeySpace();
  const half = "a\ud800b";
  for (const refused of [
    () => space.key(half),
    () => space.range(half, { prefix: true }),
    () => space.range("a", { rangeEnd: half }),
    () => space.under(half),
  ]) {
    expect(refused).toThrow(ArgumentError);
    expect(refused).toThrow("half a surrogate pair");
  }
  expect(space.key("\u{1f511}\ufffd")).toEqual(Buffer.from("\u{1f511}\ufffd"));
});

const requestOf = (shape: TxnShape, parameters: object, prefix: Uint8Array) => {
  const plan = compileTxn(shape, prefix);
  const out = new Uint8Array(plan.measure(parameters as Record<string, Buffer>));
  plan.write(out, 0);
  return TxnRequest.deserialize(out).success[0]!.request_range!;
};

test("a range in a namespace finds what a filter finds that knows nothing of the keys around it, in all ways to ask", () => {
  let foundCount = 0;
  fc.assert(
    fc.property(
      fc.array(bytes(1, 3), { maxLength: 3 }),
      fc.array(bytes(1, 7), { maxLength: 40 }),
      anyRange,
      (prefixes, randomKeys, range) => {
        const prefix = Buffer.concat(prefixes);
        const space = prefixes.reduce((outer, one) => outer.under(one), new KeySpace());
        // Half of the keys are in the namespace.
        const store = randomKeys.map((key, i) => (i % 2 === 0 ? key : Buffer.concat([prefix, key])));
        const meant = store
          .filter((key) => beginsWith(key, prefix))
          .map((key) => key.subarray(prefix.length))
          .filter((key) => isMeant(key, range));

        const { key, options } = range;
        const asked = space.range(key, options);
        const constant = requestOf({ then: [op.get(key, options)] }, {}, space.prefix);
        const parametric = requestOf(
          {
            then: [
              op.get(param.key("key"), {
                ...options,
                ...(options.rangeEnd === undefined ? {} : { rangeEnd: param.key("end") }),
              }),
            ],
          },
          { key, end: options.rangeEnd },
          space.prefix,
        );
        const wire = [
          [asked.key, asked.rangeEnd],
          [constant.key, constant.range_end],
          [parametric.key, parametric.range_end],
        ].map((both) => both.map((each) => Buffer.from(each)));
        expect(wire[1]).toEqual(wire[0]);
        expect(wire[2]).toEqual(wire[0]);
        const found = store.filter((each) => isFound(each, wire[0]![0]!, wire[0]![1]!));
        // None outside of the namespace, and all of those that are meant.
        expect(found.filter((each) => !space.holds(each))).toEqual([]);
        expect(found.map((each) => Buffer.from(space.strip(each)))).toEqual(meant);
        foundCount += found.length;
      },
    ),
    { numRuns: 2000 },
  );
  expect(foundCount).toBeGreaterThan(0);
});

test("one key in a namespace is the prefix and the key, and comes back without it", () => {
  fc.assert(
    fc.property(fc.array(bytes(1, 3), { maxLength: 3 }), bytes(1, 5), (prefixes, key) => {
      const space = prefixes.reduce((outer, one) => outer.under(one), new KeySpace());
      const full = space.key(key);
      expect(Buffer.from(full)).toEqual(Buffer.concat([...prefixes, key]));
      expect(space.holds(full)).toBe(true);
      expect(Buffer.from(space.strip(full))).toEqual(key);
    }),
  );
});

test("a namespace keeps its prefix, whatever becomes of the bytes it was made with", () => {
  const prefix = Buffer.from("app/");
  const space = new KeySpace().under(prefix);
  prefix.fill(0);
  expect(Buffer.from(space.key("k")).toString()).toBe("app/k");
  expect(Buffer.from(space.under("sub/").key("k")).toString()).toBe("app/sub/k");
});

test("what cannot be meant is refused", () => {
  const space = new KeySpace().under("app/");
  const wrong = [
    () => space.under(""),
    () => space.under(new Uint8Array(0)),
    () => space.under(undefined as never),
    () => space.key(""),
    () => space.range(""),
    () => space.range("a", { rangeEnd: "" }),
    () => space.range("a", { rangeEnd: "b", prefix: true }),
    () => space.range("a", { prefix: true, fromKey: true }),
    () => space.range("a", { prefix: 1 as never }),
    () => space.range(7 as never),
  ];
  for (const call of wrong) expect(call).toThrow(ArgumentError);
});
