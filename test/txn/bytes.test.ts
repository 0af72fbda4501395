import { inspect } from "node:util";
import { expect, test } from "vitest";
import { Bytes } from "../../src/txn/bytes.js";

const text = Bytes.copyOf(Buffer.from("größe\n"));
const noText = Bytes.copyOf(Uint8Array.of(0xff, 0x00));

test("bytes are their text wherever JavaScript makes a string of them", () => {
  // eslint-disable-next-line @typescript-eslint/restrict-template-expressions -- it is what is tested
  expect(`${text}`).toBe("größe\n");
  expect(String(text.subarray(0, 2))).toBe("gr");
  expect(text.toString()).toBe(text.string());
});

test("console.log shows bytes as text, and those that are none in hex", () => {
  expect(inspect(text)).toBe("Bytes 'größe\\n'");
  expect(inspect({ key: text })).toBe("{ key: Bytes 'größe\\n' }");
  expect(inspect(noText)).toBe("<Bytes ff 00>");
});

test("JSON has bytes as base64", () => {
  expect(JSON.stringify([text, noText])).toBe('["Z3LDtsOfZQo=","/wA="]');
});
