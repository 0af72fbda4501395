import fc from "fast-check";
import { expect, test } from "vitest";
import {
  huffmanDecode,
  huffmanDecodedMaxBytes,
  huffmanEncode,
  huffmanEncodedBytes,
} from "../../src/wire/huffman.js";
import { EOS, appendixB, bitText, packBits } from "../support/huffman-code.js";

const encode = (text: string): Buffer => {
  const out = Buffer.alloc(huffmanEncodedBytes(text) + 1, 0xee);
  const end = huffmanEncode(out, 0, text);
  expect(end).toBe(out.length - 1);
  expect(out[end]).toBe(0xee);
  return out.subarray(0, end);
};

const decode = (bytes: Uint8Array): string | undefined => {
  const room = huffmanDecodedMaxBytes(bytes.length);
  const out = Buffer.alloc(room + 1, 0xee);
  const length = huffmanDecode(bytes, 0, bytes.length, out);
  expect(length).toBeLessThanOrEqual(room);
  expect(out[room]).toBe(0xee);
  return length < 0 ? undefined : out.toString("latin1", 0, length);
};

test("every symbol has the code of RFC 7541 Appendix B, and the code is complete", () => {
  expect(appendixB).toHaveLength(257);
  expect(appendixB.reduce((sum, { bits }) => sum + 2 ** -bits, 0)).toBe(1);
  for (let symbol = 0; symbol < EOS; symbol++) {
    const text = String.fromCharCode(symbol);
    expect(encode(text)).toEqual(packBits(bitText(symbol)));
    expect(decode(packBits(bitText(symbol)))).toBe(text);
  }
});

test("every pair of symbols is encoded and decoded as the concatenation of its codes", () => {
  for (let first = 0; first < EOS; first++) {
    for (let second = 0; second < EOS; second += 1 + (first % 7)) {
      const text = String.fromCharCode(first, second);
      const bytes = packBits(bitText(first) + bitText(second));
      if (!encode(text).equals(bytes) || decode(bytes) !== text)
        throw new Error(`symbols ${first} ${second}`);
    }
  }
});

test("any text of bytes comes back", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const text = Buffer.from(bytes).toString("latin1");
      expect(decode(encode(text))).toBe(text);
    }),
  );
});

test("what decodes at all encodes to the same bytes: there is one way to write a text", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
      const text = decode(bytes);
      if (text !== undefined) expect(encode(text)).toEqual(Buffer.from(bytes));
    }),
    { numRuns: 3000 },
  );
});

test("a padding of 8 bits or more is refused, whatever comes before it", () => {
  for (let symbol = 0; symbol < EOS; symbol++) {
    const bytes = packBits(bitText(symbol));
    for (let more = 1; more <= 4; more++) {
      expect(decode(Buffer.concat([bytes, Buffer.alloc(more, 0xff)]))).toBeUndefined();
    }
  }
  expect(decode(Buffer.of(0xff))).toBeUndefined();
});

test("a padding with a zero in it is refused", () => {
  for (let symbol = 0; symbol < EOS; symbol++) {
    const code = bitText(symbol);
    const paddingBits = (8 - (code.length % 8)) % 8;
    for (let zero = 0; zero < paddingBits; zero++) {
      const padding = "1".repeat(zero) + "0" + "1".repeat(paddingBits - zero - 1);
      // A padding of 5 bits or more that spells a symbol is that symbol.
      const expected = decode(packBits(code + padding));
      if (expected !== undefined) expect(expected).toHaveLength(2);
      if (paddingBits < 5) expect(expected).toBeUndefined();
    }
  }
});

test("EOS is refused at the start, in the middle and at the end", () => {
  expect(decode(packBits(bitText(EOS)))).toBeUndefined();
  expect(decode(packBits(bitText(97) + bitText(EOS) + bitText(97)))).toBeUndefined();
  expect(decode(packBits(bitText(97) + bitText(EOS)))).toBeUndefined();
});

test("no bytes are the empty text", () => {
  expect(decode(Buffer.alloc(0))).toBe("");
  expect(encode("")).toEqual(Buffer.alloc(0));
});

test("a character that is no byte is refused, not cut down to another one", () => {
  expect(() => huffmanEncodedBytes("a\u0100")).toThrow(
    new RangeError("a header field holds bytes, not U+0100"),
  );
});
