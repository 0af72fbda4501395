import { FieldKind, HpackDecoder } from "../../../src/wire/hpack-decoder.js";
import type { HeaderField, HpackDecoderLimits } from "../../../src/wire/hpack-decoder.js";
import { HpackEncoder, fieldMaxBytes } from "../../../src/wire/hpack-encoder.js";
import { decodePercent } from "../../../src/wire/grpc-message.js";
import { http2CodeName } from "../../../src/wire/layout.js";
import { WireError } from "../../../src/wire/wire-error.js";
import { ByteMutator } from "../byte-mutator.js";
import { headerBlocks } from "../corpus.js";
import { PlainHpackDecoder } from "../judges/plain-hpack-decoder.js";
import type { Random } from "../random.js";
import { Finding } from "../target.js";
import type { FuzzTarget } from "../target.js";

/** The first byte chooses the limits; then blocks, each with its length in two bytes. */
const CONTROL_BYTES = 1;
const LENGTH_BYTES = 2;
const BLOCK_MAX_BYTES = 2_048;
const BLOCKS_MAX_COUNT = 5;

const LIMITS: readonly HpackDecoderLimits[] = [
  { tableMaxBytes: 4_096, listMaxBytes: 16_384 },
  { tableMaxBytes: 4_096, listMaxBytes: 400 },
  { tableMaxBytes: 0, listMaxBytes: 16_384 },
  { tableMaxBytes: 100, listMaxBytes: 16_384 },
];

/** What of a decoder the test looks into: RFC 7541 §4.1 bounds the table by what it says of itself. */
interface Insides {
  readonly ring: readonly (HeaderField | undefined)[];
  readonly entryCount: number;
  readonly tableBytes: number;
  readonly tableMaxBytes: number;
  readonly scratch: Uint8Array;
}

export type MakeHpackDecoder = (limits: HpackDecoderLimits) => HpackDecoder;

const NAMES = [
  ":status",
  "grpc-status",
  "grpc-message",
  "content-type",
  "x",
  "date",
  "Upper",
  "grpc-trace-bin",
];
/** What `grpc-message` is made of: escapes whole, cut, of no hex, of bytes that are no UTF-8. */
const MESSAGE_PARTS = ["%", "%2", "%zz", "%25", "%e2%82%ac", "%E2", "%00", "%ff", "text", " ", "\xe9"];
const MODES = ["index", "literal", "never"] as const;

/** A block by our own encoder, which indexes, and writes Huffman where that is shorter. */
const madeBlock = (random: Random, encoder: HpackEncoder): Uint8Array => {
  if (random.oneIn(8)) encoder.setPeerTableMaxBytes(random.pick([0, 64, 100, 4_096]));
  const out = new Uint8Array(BLOCK_MAX_BYTES);
  let at = encoder.beginBlock(out, 0);
  for (let count = random.between(1, 4); count > 0; count--) {
    const name = random.pick(NAMES);
    let value = "";
    for (let length = random.oneIn(20) ? 300 : random.below(12); length > 0; length--)
      value += String.fromCharCode(random.oneIn(8) ? random.below(256) : random.between(32, 126));
    if (name === "grpc-message")
      value = Array.from({ length: random.below(5) }, () => random.pick(MESSAGE_PARTS)).join("");
    if (at + fieldMaxBytes(name, value) > out.length) break;
    at = encoder.encodeField(out, at, name, value, random.pick(MODES));
  }
  return out.subarray(0, at);
};

/** The HPACK decoder beside a plain one: the same fields, or the same refusal after the same fields. */
export const hpackTarget = (
  makeDecoder: MakeHpackDecoder = (limits) => new HpackDecoder(limits),
): FuzzTarget => {
  const mutator = new ByteMutator(BLOCK_MAX_BYTES * 2);
  let recorded: Uint8Array[][] | undefined;

  return {
    name: "hpack",
    generate(random) {
      recorded ??= headerBlocks();
      const blocks: Uint8Array[] = [];
      if (random.oneIn(4)) {
        const encoder = new HpackEncoder();
        for (let count = random.between(1, BLOCKS_MAX_COUNT); count > 0; count--)
          blocks.push(madeBlock(random, encoder));
      } else {
        const session = random.pick(recorded);
        const start = random.oneIn(2) ? 0 : random.below(session.length);
        blocks.push(...session.slice(start, start + random.between(1, BLOCKS_MAX_COUNT)));
        if (random.oneIn(4)) blocks.push(random.pick(random.pick(recorded)));
        if (random.oneIn(8)) blocks.push(blocks[0]!);
      }
      const parts: Uint8Array[] = [Uint8Array.of(random.oneIn(4) ? random.between(0, 255) : 0)];
      for (const block of blocks) {
        mutator.clear().append(block);
        if (random.oneIn(2)) {
          const other = random.pick(random.pick(recorded));
          for (let count = random.between(1, 3); count > 0; count--) mutator.mutate(random, 0, other);
        }
        const bytes = mutator.take().subarray(0, BLOCK_MAX_BYTES);
        parts.push(Uint8Array.of(bytes.length >> 8, bytes.length), bytes);
      }
      return Uint8Array.from(Buffer.concat(parts));
    },
    run(input) {
      const limits = LIMITS[(input[0] ?? 0) % LIMITS.length]!;
      const decoder = makeDecoder(limits);
      const plain = new PlainHpackDecoder(limits);
      for (const piece of blocksOf(input)) {
        const block = piece.subarray(LENGTH_BYTES);
        const fields: HeaderField[] = [];
        let refusal: string | undefined;
        try {
          decoder.decode(block, 0, block.length, { onField: (field) => fields.push(field) });
        } catch (error) {
          if (!(error instanceof WireError)) throw error;
          refusal = http2CodeName(error.code);
        }
        const expected: (readonly [string, string])[] = [];
        const expectedRefusal = plain.decode(block, expected);
        if (refusal !== expectedRefusal)
          throw new Finding(`refused with ${refusal}, by the RFC read plainly with ${expectedRefusal}`);
        checkFields(fields, expected);
        checkBounds(decoder, limits, block.length);
        if (refusal !== undefined) return;
      }
    },
    split: (input) => [input.subarray(0, CONTROL_BYTES), ...blocksOf(input)],
  };
};

/** The blocks, with their lengths. One that says it is longer than what is left has what is left. */
const blocksOf = (input: Uint8Array): Uint8Array[] => {
  const pieces: Uint8Array[] = [];
  for (let at = CONTROL_BYTES; at + LENGTH_BYTES <= input.length;) {
    const end = Math.min(input.length, at + LENGTH_BYTES + ((input[at]! << 8) | input[at + 1]!));
    pieces.push(input.subarray(at, end));
    at = end;
  }
  return pieces;
};

/** gRPC's percent-encoding: an escape is a byte, everything else is itself, and the whole is UTF-8. */
const decodePercentPlain = (value: string): string =>
  value.includes("%")
    ? Buffer.concat(
        (value.match(/%[0-9a-f]{2}|[^]/gi) ?? []).map((part) =>
          part.length === 3 ? Buffer.from(part.slice(1), "hex") : Buffer.from(part, "utf8"),
        ),
      ).toString("utf8")
    : value;

const checkFields = (
  fields: readonly HeaderField[],
  expected: readonly (readonly [string, string])[],
): void => {
  if (fields.length !== expected.length)
    throw new Finding(`${fields.length} fields, by the RFC read plainly ${expected.length}`);
  for (const [index, { name, value, sizeBytes, kind, numericValue }] of fields.entries()) {
    const [expectedName, expectedValue] = expected[index]!;
    if (name !== expectedName || value !== expectedValue)
      throw new Finding(`"${name}: ${value}", by the RFC read plainly "${expectedName}: ${expectedValue}"`);
    if (sizeBytes !== name.length + value.length + 32)
      throw new Finding(`"${name}: ${value}" counts as ${sizeBytes} bytes`);
    const isNumber = /^\d{1,6}$/.test(value) && (kind === FieldKind.STATUS || kind === FieldKind.GRPC_STATUS);
    if (numericValue !== (isNumber ? Number(value) : -1))
      throw new Finding(`"${name}: ${value}" is the number ${numericValue}`);
    // Never an error, whatever field it is.
    if (decodePercent(value) !== decodePercentPlain(value))
      throw new Finding(`"${value}" means "${decodePercent(value)}"`);
    // RFC 9113 §8.2.1, said in another way than the decoder says it.
    const isToken = name !== "" && name.split("").every((character) => /[!-9;-@[-~]/.test(character));
    const isClean = !["\0", "\r", "\n"].some((character) => value.includes(character));
    if (kind !== FieldKind.MALFORMED && !(isClean && (isToken || name === ":status")))
      throw new Finding(`"${name}: ${value}" is not called malformed`);
  }
};

const checkBounds = (decoder: HpackDecoder, limits: HpackDecoderLimits, blockBytes: number): void => {
  const { ring, entryCount, tableBytes, tableMaxBytes, scratch } = decoder as unknown as Insides;
  if (tableBytes > tableMaxBytes || tableMaxBytes > limits.tableMaxBytes)
    throw new Finding(`a table of ${tableBytes} bytes, where ${tableMaxBytes} are allowed`);
  const kept = ring.filter((entry) => entry !== undefined);
  if (kept.length !== entryCount) throw new Finding(`${kept.length} entries kept, ${entryCount} live`);
  if (kept.reduce((sum, entry) => sum + entry.sizeBytes, 0) !== tableBytes)
    throw new Finding(`the table's bytes are not ${tableBytes}`);
  if (scratch.length > Math.max(256, 4 * BLOCK_MAX_BYTES))
    throw new Finding(`${blockBytes} bytes, scratch of ${scratch.length}`);
};
