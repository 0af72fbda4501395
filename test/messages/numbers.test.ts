import fc from "fast-check";
import { expect, test } from "vitest";
import { EtcdError } from "../../src/errors.js";
import { int64Text, toBigInt, toSafeInteger, uint64Text } from "../../src/messages/numbers.js";

test("what a bigint says, the text says, and back", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
      expect(toBigInt(int64Text(value, "lease"))).toBe(value);
    }),
  );
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (value) => {
      expect(toBigInt(uint64Text(value, "memberId"))).toBe(value);
    }),
  );
});

test("what a safe integer says, the text says, and back", () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), (value) => {
      expect(toSafeInteger(int64Text(value, "revision"), "revision")).toBe(value === 0 ? 0 : value);
    }),
  );
  expect(int64Text(-0, "revision")).toBe("0");
});

test.each([
  "9007199254740992",
  "-9007199254740992",
  "9007199254740993",
  "9223372036854775807",
  "-9223372036854775808",
])("%s is refused as a number rather than rounded", (text) => {
  const error = thrown(() => toSafeInteger(text, "header.revision"));
  expect(error.code).toBe("ETCD_PROTOCOL");
  expect(error.mayHaveApplied).toBe(true);
  expect(error.message).toContain("header.revision");
  expect(error.message).toContain(text);
});

test("the largest safe integers are taken", () => {
  expect(toSafeInteger("9007199254740991", "count")).toBe(Number.MAX_SAFE_INTEGER);
  expect(toSafeInteger("-9007199254740991", "count")).toBe(Number.MIN_SAFE_INTEGER);
});

test.each([
  ["2^63 as int64", () => int64Text(2n ** 63n, "lease")],
  ["below -2^63 as int64", () => int64Text(-(2n ** 63n) - 1n, "lease")],
  ["2^64 as uint64", () => uint64Text(2n ** 64n, "lease")],
  ["-1 as uint64", () => uint64Text(-1n, "lease")],
  ["a negative number as uint64", () => uint64Text(-1, "lease")],
  ["a fraction", () => int64Text(1.5, "lease")],
  ["NaN", () => int64Text(NaN, "lease")],
  ["infinity", () => uint64Text(Infinity, "lease")],
  ["2^53 as a number", () => int64Text(2 ** 53, "lease")],
])("%s is refused before it is sent", (_, convert) => {
  const error = thrown(convert);
  expect(error.code).toBe("ETCD_INVALID_ARGUMENT");
  expect(error.mayHaveApplied).toBe(false);
  expect(error.message).toContain("lease");
});

function thrown(action: () => unknown): EtcdError {
  try {
    action();
  } catch (error) {
    if (error instanceof EtcdError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
