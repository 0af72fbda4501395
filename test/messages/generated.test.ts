import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, expectTypeOf, test } from "vitest";
import * as messages from "../../src/messages/generated.js";
import { Compare, KeyValue, RangeResponse, WatchCreateRequest } from "../../src/messages/generated.js";
import type { ResponseHeader } from "../../src/messages/generated.js";
import { encodePlain } from "./plain-codec.js";
import type { PlainObject } from "./plain-codec.js";
import { enumOf, messageOf, readContract } from "./schema.js";
import type { Field } from "./schema.js";

interface Message {
  serialize(): Uint8Array;
  toObject(): PlainObject;
}
interface MessageClass {
  fromObject(data: PlainObject): Message;
  deserialize(bytes: Uint8Array): Message;
}

const contract = readContract(readFileSync(new URL("contract.txt", import.meta.url), "utf8"));
const exported = messages as unknown as Record<string, MessageClass | undefined>;

/** Enough for a transaction in a transaction; below it submessages are present and empty. */
const DEPTH_MAX = 4;

const INT64 = ["9223372036854775807", "-9223372036854775808", "-1", "9007199254740993"];
const UINT64 = ["18446744073709551615", "9223372036854775808", "9007199254740993", "1"];

/** Objects of a message: with every field set and no value a default, or with any fields and any values. */
function objects(message: string, every: boolean, depth = 0): fc.Arbitrary<PlainObject> {
  if (depth > DEPTH_MAX) return fc.constant({});
  const fields = contract.messages.get(message)!;
  const alone = fields.filter((field) => field.oneof === undefined);
  const choices = fields.filter((field) => field.oneof !== undefined);
  const record = (list: readonly Field[]): fc.Arbitrary<PlainObject> =>
    fc.record(
      Object.fromEntries(list.map((field) => [field.name, values(message, field, every, depth)])),
      every ? {} : { requiredKeys: [] },
    );
  if (choices.length === 0) return record(alone);
  return fc
    .tuple(record(alone), fc.oneof(...choices.map((field) => record([field]))))
    .map(([some, one]) => ({ ...some, ...one }));
}

function values(message: string, field: Field, every: boolean, depth: number): fc.Arbitrary<unknown> {
  const one = single(message, field, every, depth);
  return field.repeated ? fc.array(one, { minLength: every ? 1 : 0, maxLength: 3 }) : one;
}

function single(message: string, field: Field, every: boolean, depth: number): fc.Arbitrary<unknown> {
  const least = every ? 1 : 0;
  const numbers = enumOf(contract, message, field.type);
  if (numbers !== undefined)
    return fc.constantFrom(...[...numbers.keys()].filter((number) => number >= least));
  const submessage = messageOf(contract, message, field.type);
  if (submessage !== undefined) return objects(submessage, every, depth + 1);
  switch (field.type) {
    case "string":
      return fc.string({ unit: "binary", minLength: least, maxLength: 40 });
    case "bytes":
      return fc.uint8Array({ minLength: least, maxLength: 200 });
    case "bool":
      return every ? fc.constant(true) : fc.boolean();
    case "uint32":
      return fc.integer({ min: least, max: 0xffff_ffff });
    case "int64":
      return fc.oneof(
        fc.constantFrom(...INT64),
        fc.bigInt({ min: BigInt(least), max: 2n ** 63n - 1n }).map(String),
      );
    case "uint64":
      return fc.oneof(
        fc.constantFrom(...UINT64),
        fc.bigInt({ min: BigInt(least), max: 2n ** 64n - 1n }).map(String),
      );
    default:
      throw new Error(`the contract has a type that this test does not know: ${field.type}`);
  }
}

function classOf(message: string): MessageClass {
  return exported[message.slice(message.indexOf(".") + 1)]!;
}

describe.each([...contract.messages.keys()])("%s", (message) => {
  const Class = classOf(message);

  test("comes back as it was, with every field set", () => {
    fc.assert(
      fc.property(objects(message, true), (data) => {
        const bytes = Class.fromObject(data).serialize();
        expect(Class.deserialize(bytes).toObject()).toMatchObject(data);
        expect(Buffer.from(bytes)).toEqual(Buffer.from(encodePlain(contract, message, data)));
      }),
      { numRuns: 10 },
    );
  });

  test("comes back as it was, with any fields set", () => {
    fc.assert(
      fc.property(objects(message, false), (data) => {
        const bytes = Class.fromObject(data).serialize();
        const again = Class.deserialize(bytes);
        expect(again.toObject()).toMatchObject(data);
        expect(Buffer.from(again.serialize())).toEqual(Buffer.from(bytes));
        expect(Buffer.from(Class.fromObject(again.toObject()).serialize())).toEqual(Buffer.from(bytes));
        expect(Buffer.from(bytes)).toEqual(Buffer.from(encodePlain(contract, message, data)));
      }),
      { numRuns: 20 },
    );
  });

  test("skips fields of a later version, whatever their type", () => {
    fc.assert(
      fc.property(objects(message, true), (data) => {
        const bytes = Class.fromObject(data).serialize();
        // Field 2000: varint, 64-bit, bytes, 32-bit.
        const unknown = Buffer.from(
          "807d01" + "817d0102030405060708" + "827d03616263" + "857d01020304",
          "hex",
        );
        const longer = Buffer.concat([unknown, bytes, unknown]);
        expect(Class.deserialize(longer).toObject()).toEqual(Class.deserialize(bytes).toObject());
      }),
      { numRuns: 5 },
    );
  });
});

const wideFields = [...contract.messages].flatMap(([message, fields]) =>
  fields
    .filter((field) => /^u?int64$/.test(field.type))
    .map((field) => ({ message, field: field.name, extremes: field.type === "int64" ? INT64 : UINT64 })),
);

test.each(wideFields)("$message.$field keeps its 64 bits", ({ message, field, extremes }) => {
  const Class = classOf(message);
  for (const text of extremes) {
    const bytes = Class.fromObject({ [field]: text }).serialize();
    expect(Class.deserialize(bytes).toObject()[field]).toBe(text);
  }
});

test("an empty message reads zero, empty and undefined", () => {
  const response = RangeResponse.deserialize(new Uint8Array(0));
  expect(response.header).toBeUndefined();
  expect(response.count).toBe("0");
  expect(response.more).toBe(false);
  expect(response.kvs).toEqual([]);
  expect(new KeyValue().value).toEqual(new Uint8Array(0));
  expectTypeOf(response.header).toEqualTypeOf<ResponseHeader | undefined>();
});

test("setting a submessage to undefined removes it", () => {
  const response = new RangeResponse({ header: new messages.ResponseHeader({ revision: "7" }) });
  expect(response.header?.revision).toBe("7");
  response.header = undefined;
  expect(response.has_header).toBe(false);
  expect(response.serialize()).toHaveLength(0);
});

test("a oneof holds the member set last, and a zero in it is sent", () => {
  const compare = new Compare({ key: Buffer.from("k"), create_revision: "0" });
  expect(Buffer.from(compare.serialize()).toString("hex")).toBe("1a016b2800");
  expect(compare.target_union).toBe("create_revision");
  expect(compare.toObject()).not.toHaveProperty("lease");
  compare.value = new Uint8Array(0);
  expect(compare.has_create_revision).toBe(false);
  expect(Buffer.from(compare.serialize()).toString("hex")).toBe("1a016b3a00");
});

test.each([
  ["packed", "2a020001", [0, 1]],
  ["unpacked", "28002801", [0, 1]],
  ["packed, in two pieces", "2a01012a0100", [1, 0]],
  ["packed and unpacked", "2a010128002801", [1, 0, 1]],
  ["absent", "", []],
])("watch filters that come %s are read", (_, hex, filters) => {
  expect(WatchCreateRequest.deserialize(Buffer.from(hex, "hex")).filters).toEqual(filters);
});

test("watch filters are sent packed", () => {
  const { NOPUT, NODELETE } = WatchCreateRequest.FilterType;
  const bytes = new WatchCreateRequest({ filters: [NOPUT, NODELETE] }).serialize();
  expect(Buffer.from(bytes).toString("hex")).toBe("2a020001");
});

test("every enum is there under its message's name, with the contract's values", () => {
  for (const [name, wanted] of contract.enums) {
    const path = name.split(".").slice(1);
    const found = path.reduce<unknown>((scope, part) => (scope as Record<string, unknown>)[part], messages);
    for (const [number, value] of wanted) {
      expect((found as Record<string, unknown>)[value], `${name}.${value}`).toBe(number);
    }
  }
});

test.each([
  ["a length beyond the end", "0a05 61"],
  ["a varint that does not end", "20 ff"],
  ["a varint of eleven bytes", "20 8080808080808080808001"],
  ["field number 0", "00 00"],
])("%s is an error, not half a message", (_, hex) => {
  const bytes = Buffer.from(hex.replaceAll(" ", ""), "hex");
  expect(() => RangeResponse.deserialize(bytes)).toThrow();
});
