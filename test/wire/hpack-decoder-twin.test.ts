import fc from "fast-check";
import { expect, test } from "vitest";
import { HpackDecoder } from "../../src/wire/hpack-decoder.js";
import { http2CodeName } from "../../src/wire/layout.js";
import { WireError } from "../../src/wire/wire-error.js";
import { PlainHpackDecoder } from "../support/plain-hpack-decoder.js";
import type { PlainField } from "../support/plain-hpack-decoder.js";
import { plainHuffmanEncode } from "../support/plain-huffman.js";

const integer = (flags: number, prefixBits: number, value: number): number[] => {
  const mask = 2 ** prefixBits - 1;
  if (value < mask) return [flags | value];
  const bytes = [flags | mask];
  let rest = value - mask;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return [...bytes, rest];
};

const string = (text: string, huffman: boolean): number[] => {
  const bytes = huffman ? plainHuffmanEncode(text) : Buffer.from(text, "latin1");
  return [...integer(huffman ? 0x80 : 0, 7, bytes.length), ...bytes];
};

const latin1 = fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes).toString("latin1"));
const name = fc.oneof(
  fc.constantFrom(":status", "grpc-status", "grpc-message", "content-type", "x-a", "Upgrade", "upgrade", ""),
  latin1,
);
const value = fc.oneof(
  fc.constantFrom("200", "0", "14", "1234567", "application/grpc", "", "a\nb", "v".repeat(120)),
  latin1,
);
/** The bytes of one field, for a dynamic table with so many entries. */
type Part = (entryCount: number) => number[];

/** An index that exists, from 1; in the `wild` case any. */
const index = fc.oneof(
  { weight: 8, arbitrary: fc.nat(1 << 20).map((at) => (count: number) => 1 + (at % (61 + count))) },
  { weight: 4, arbitrary: fc.nat(5).map((at) => (count: number) => (at < count ? 62 + at : 8)) },
);
const wildIndex = fc.nat(300).map((at) => () => at);

const indexed = (of: fc.Arbitrary<(count: number) => number>): fc.Arbitrary<Part> =>
  of.map((at) => (count) => integer(0x80, 7, at(count)));
const part: fc.Arbitrary<Part> = fc.oneof(
  { weight: 60, arbitrary: indexed(index) },
  {
    weight: 40,
    arbitrary: fc
      .tuple(
        fc.constantFrom([0x40, 6] as const, [0, 4] as const, [0x10, 4] as const),
        fc.option(index),
        name,
        value,
        fc.boolean(),
      )
      .map(([[flags, bits], nameIndex, text, content, huffman]) => (count: number) => [
        ...integer(flags, bits, nameIndex === null ? 0 : nameIndex(count)),
        ...(nameIndex === null ? string(text, huffman) : []),
        ...string(content, huffman),
      ]),
  },
  { weight: 1, arbitrary: indexed(wildIndex) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 3 }).map((bytes) => () => [...bytes]) },
);
/** Mostly right, so that a run of blocks goes on for long enough to fill the table and to wrap it. */
const block = fc
  .tuple(
    fc.oneof(
      { weight: 9, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.constantFrom(0, 100, 500, 4_096).map((bytes) => integer(0x20, 5, bytes)) },
    ),
    fc.array(part, { maxLength: 8 }),
  )
  .map(
    ([resize, parts]) =>
      (entryCount: number) =>
        Uint8Array.from([...resize, ...parts.flatMap((each) => each(resize.length > 0 ? 0 : entryCount))]),
  );

/** Fields until the block's end or the first error, which ends the decoder. */
const outcome = (decode: (onField: (field: PlainField) => void) => void) => {
  const fields: PlainField[] = [];
  try {
    decode((field) => fields.push({ ...field }));
  } catch (error) {
    return {
      fields,
      error: error instanceof WireError ? http2CodeName(error.code) : (error as Error).message,
    };
  }
  return { fields, error: undefined };
};

test("prepared fields and the ring decode what a list of strings does, over many blocks", () => {
  let good = 0;
  fc.assert(
    fc.property(
      fc.array(block, { maxLength: 60, size: "max" }),
      fc.constantFrom(1_000, 16_384),
      (blocks, listMaxBytes) => {
        const decoder = new HpackDecoder({ tableMaxBytes: 4_096, listMaxBytes });
        const plain = new PlainHpackDecoder(4_096, listMaxBytes);
        for (const make of blocks) {
          const bytes = make(plain.entryCount);
          // Among other bytes, as in the read buffer.
          const buffer = Buffer.concat([Buffer.from([0xff, 0x80]), bytes, Buffer.from([0x80, 0xff])]);
          const expected = outcome((onField) => plain.decode(bytes, onField));
          expect(outcome((onField) => decoder.decode(buffer, 2, 2 + bytes.length, { onField }))).toEqual(
            expected,
          );
          if (expected.error !== undefined) return;
          if (expected.fields.length > 0) good++;
        }
      },
    ),
    { numRuns: 200 },
  );
  // The generator must not drift to where every first block is broken.
  expect(good).toBeGreaterThan(200);
});
