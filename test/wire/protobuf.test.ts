import fc from "fast-check";
import { expect, test } from "vitest";

import {
  INT64_MAX,
  INT64_MIN,
  ProtobufError,
  ProtoReader,
  bytesEqual,
  int64Bytes,
  int64FromHalves,
  int64High,
  int64Low,
  readUtf8,
  uint64FromHalves,
  utf8Bytes,
  utf8Equals,
  varintBytes,
  writeInt64,
  writeUtf8,
  writeVarint,
} from "../../src/wire/protobuf.js";
import { hex } from "../txn/arbitraries.js";

/** The encoding guide, written down in bigints. */
function referenceVarint(value: bigint): number[] {
  const bytes: number[] = [];
  for (value = BigInt.asUintN(64, value); value > 0x7fn; value >>= 7n)
    bytes.push(Number(value & 0x7fn) | 0x80);
  return [...bytes, Number(value)];
}

const readerOf = (bytes: ArrayLike<number>): ProtoReader => {
  const reader = new ProtoReader();
  // Surrounded by bytes that would be read as part of a number, if they were read.
  const framed = Uint8Array.from([0xff, 0xff, ...Array.from(bytes), 0xff, 0xff]);
  reader.reset(framed, 2, framed.length - 2);
  return reader;
};

/** Every length of varint and every border between lengths. */
const edges = Array.from({ length: 64 }, (_, bits) => 2n ** BigInt(bits)).flatMap((value) => [
  value - 1n,
  value,
]);
const safe = fc.oneof(
  fc.maxSafeNat(),
  fc.nat(300),
  fc.constantFrom(...edges.filter((value) => value < 2n ** 53n).map(Number)),
);
const int64 = fc.oneof(
  fc.bigInt({ min: INT64_MIN, max: INT64_MAX }),
  fc.constantFrom(...edges.map((value) => BigInt.asIntN(64, value)), -1n, INT64_MIN, INT64_MAX),
);
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.array(fc.nat(0xffff)).map((units) => String.fromCharCode(...units)),
);

test("a safe integer is written as the shortest varint, and measured right", () => {
  fc.assert(
    fc.property(safe, (value) => {
      const out = new Uint8Array(12);
      const end = writeVarint(out, 1, value);
      expect([...out.subarray(1, end)]).toEqual(referenceVarint(BigInt(value)));
      expect(varintBytes(value)).toBe(end - 1);
      expect(readerOf(out.subarray(1, end)).safeInteger()).toBe(value);
    }),
  );
});

test("an int64 is written in two's complement, and measured right", () => {
  fc.assert(
    fc.property(int64, (value) => {
      const out = new Uint8Array(12);
      const end = writeInt64(out, 1, value);
      expect([...out.subarray(1, end)]).toEqual(referenceVarint(value));
      expect(int64Bytes(value)).toBe(end - 1);
      expect(readerOf(out.subarray(1, end)).int64()).toBe(value);
      expect(readerOf(out.subarray(1, end)).uint64()).toBe(BigInt.asUintN(64, value));
      expect(int64FromHalves(int64High(value), int64Low(value))).toBe(value);
      expect(uint64FromHalves(int64High(value), int64Low(value))).toBe(BigInt.asUintN(64, value));
    }),
  );
});

test("an integer that a number cannot carry exactly is an error, not a rounding", () => {
  const bytesOf = (value: bigint): ProtoReader => readerOf(referenceVarint(value));
  expect(bytesOf(2n ** 53n - 1n).safeInteger()).toBe(Number.MAX_SAFE_INTEGER);
  expect(bytesOf(-(2n ** 53n - 1n)).safeInteger()).toBe(Number.MIN_SAFE_INTEGER);
  for (const value of [2n ** 53n, -(2n ** 53n) - 1n, 2n ** 63n - 1n, -(2n ** 63n)])
    expect(() => bytesOf(value).safeInteger()).toThrow(ProtobufError);
  expect(bytesOf(-1n).safeInteger()).toBe(-1);
});

test("a varint of eleven bytes, or one that is cut off, is an error at any cut", () => {
  expect(() => readerOf(Array<number>(11).fill(0x80)).varint64()).toThrow(/over 10 bytes/);
  const long = referenceVarint(-1n);
  for (let cut = 0; cut < long.length; cut++)
    expect(() => readerOf(long.slice(0, cut)).varint64()).toThrow(/cut off/);
});

test("a varint may be longer than it needs to be", () => {
  expect(readerOf(hex("8180 8000")).uint32()).toBe(1);
  expect(readerOf(hex("80 80 80 80 80 80 80 80 80 00")).bool()).toBe(false);
  expect(readerOf(hex("80 80 80 80 80 80 80 80 80 01")).bool()).toBe(true);
});

test("field number 0, groups, unknown wire types and tags over 32 bits are errors", () => {
  expect(() => readerOf(hex("00")).tag()).toThrow(/field number 0/);
  expect(() => readerOf(hex("07")).tag()).toThrow(/field number 0/);
  expect(() => readerOf(hex("8080808010")).tag()).toThrow(/32 bits/);
  for (const wireType of [3, 4, 6, 7]) {
    const reader = readerOf([8 | wireType, 0]);
    expect(() => reader.skip(reader.tag())).toThrow(/wire type/);
  }
});

test("skip steps over every kind of field, and never over the end", () => {
  for (const field of ["08 9601", "09 0102030405060708", "0a 03 010203", "0d 01020304"].map(hex)) {
    const reader = readerOf(field);
    reader.skip(reader.tag());
    expect(reader.at).toBe(reader.end);
    for (let cut = 1; cut < field.length; cut++) {
      const short = readerOf(field.subarray(0, cut));
      const tag = short.tag();
      expect(() => short.skip(tag)).toThrow(ProtobufError);
    }
  }
});

test("a submessage bounds what is read in it, and must fit the message around it", () => {
  const reader = readerOf(hex("02 0a05 10"));
  const outerEnd = reader.enter();
  expect(reader.tag()).toBe(0x0a);
  expect(() => reader.lengthDelimited()).toThrow(/past the end/);
  reader.leave(outerEnd);
  expect(reader.tag()).toBe(0x10);
  expect(() => readerOf(hex("04 010203")).enter()).toThrow(/past the end/);
  expect(() => readerOf(hex("ffffffff0f")).enter()).toThrow(/past the end/);
});

test("text is written as TextEncoder writes it, lone surrogates included", () => {
  const encoder = new TextEncoder();
  fc.assert(
    fc.property(text, (value) => {
      const expected = encoder.encode(value);
      expect(utf8Bytes(value)).toBe(expected.length);
      const out = new Uint8Array(expected.length + 2);
      expect(writeUtf8(out, 1, value)).toBe(expected.length + 1);
      expect([...out]).toEqual([0, ...expected, 0]);
      expect(utf8Equals(out, 1, expected.length, value)).toBe(true);
      expect(readUtf8(out, 1, expected.length)).toBe(Buffer.from(expected).toString());
    }),
  );
});

test("two texts compare equal only if their bytes are", () => {
  fc.assert(
    fc.property(text, text, (one, other) => {
      const bytes = Buffer.from(one);
      const otherBytes = Buffer.from(other);
      const equal = bytes.equals(otherBytes);
      expect(utf8Equals(bytes, 0, bytes.length, other)).toBe(equal);
      expect(bytesEqual(bytes, 0, bytes.length, otherBytes)).toBe(equal);
      expect(utf8Equals(bytes, 0, bytes.length, `${one}x`)).toBe(false);
    }),
  );
});

test("bytes that are not UTF-8 do not equal the text that they would decode to", () => {
  expect(utf8Equals(hex("ff"), 0, 1, "\ufffd")).toBe(false);
});
