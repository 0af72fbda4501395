import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { emptySchema, readContract, readProto } from "./schema.js";
import type { Field } from "./schema.js";

const contract = readContract(readFileSync(new URL("contract.txt", import.meta.url), "utf8"));
const protos = new URL("../../protos/", import.meta.url);
const written = emptySchema();
const options: { field: Field; options: string }[] = [];
for (const name of readdirSync(protos)) {
  readProto(readFileSync(new URL(name, protos), "utf8"), written, (field, text) =>
    options.push({ field, options: text }),
  );
}

test("the contract that protos/ are held against is whole", () => {
  expect(contract.messages.size).toBe(117);
  expect(contract.enums.size).toBe(10);
  expect(contract.services.size).toBe(8);
});

test("protos/ hold the messages of the contract and no others", () => {
  expect([...written.messages.keys()].sort()).toEqual([...contract.messages.keys()].sort());
});

test.each([...contract.messages])(
  "%s has the contract's fields, with their numbers and types",
  (name, fields) => {
    expect(written.messages.get(name)).toEqual(fields);
  },
);

test("protos/ hold the enums of the contract, value by value", () => {
  expect(sorted(written.enums)).toEqual(sorted(contract.enums));
});

test("protos/ hold the methods of the contract, with their directions", () => {
  expect(sorted(written.services)).toEqual(sorted(contract.services));
});

test("every 64-bit field is a string in JavaScript, and nothing else has an option", () => {
  expect(options.length).toBeGreaterThan(200);
  for (const { field, options: text } of options) {
    expect({ field, text }).toEqual({ field, text: /^u?int64$/.test(field.type) ? "jstype=JS_STRING" : "" });
  }
});

function sorted<T>(map: Map<string, T>): [string, T][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}
