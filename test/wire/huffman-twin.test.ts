import fc from "fast-check";
import { expect, test } from "vitest";
import {
  huffmanDecode,
  huffmanDecodedMaxBytes,
  huffmanEncode,
  huffmanEncodedBytes,
} from "../../src/wire/huffman.js";
import { bitText, packBits } from "../support/huffman-code.js";
import { plainHuffmanDecode, plainHuffmanEncode } from "../support/plain-huffman.js";

const decode = (bytes: Uint8Array): string | undefined => {
  const out = Buffer.alloc(huffmanDecodedMaxBytes(bytes.length));
  const length = huffmanDecode(bytes, 0, bytes.length, out);
  return length < 0 ? undefined : out.toString("latin1", 0, length);
};

/** Whole codes, EOS among them, and then some bits: what random bytes alone seldom are. */
const codes = fc
  .tuple(
    fc.array(fc.nat(256), { maxLength: 20 }),
    fc.constantFrom("", "1", "111", "1111111", "11111111", "0"),
  )
  .map(([symbols, rest]) => packBits(symbols.map(bitText).join("") + rest));
const anyBytes = fc.oneof(fc.uint8Array({ maxLength: 40 }), codes);

test("four bits at a time decode what bit by bit does, and refuse the same", () => {
  fc.assert(
    fc.property(anyBytes, (bytes) => {
      expect(decode(bytes)).toBe(plainHuffmanDecode(bytes));
    }),
    { numRuns: 3_000 },
  );
});

test("the encoder writes the codes one behind the other", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      const text = Buffer.from(bytes).toString("latin1");
      const out = Buffer.alloc(huffmanEncodedBytes(text));
      expect(huffmanEncode(out, 0, text)).toBe(out.length);
      expect(out).toEqual(plainHuffmanEncode(text));
    }),
  );
});
