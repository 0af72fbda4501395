import type { HpackDecoderLimits } from "../../../src/wire/hpack-decoder.js";
import { staticTable } from "../../../src/wire/hpack-static-table.js";
import { huffmanEncode, huffmanEncodedBytes } from "../../../src/wire/huffman.js";

/**
 * Each symbol's code as a text of bits. The table is read off the encoder, which is checked against `node:http2` and
 * RFC 7541 Appendix C: eight times one symbol fill as many bytes as its code has bits.
 */
const huffmanCodes: ReadonlyMap<string, number> = new Map(
  Array.from({ length: 256 }, (_, symbol) => {
    const text = String.fromCharCode(symbol).repeat(8);
    const bytes = new Uint8Array(huffmanEncodedBytes(text));
    huffmanEncode(bytes, 0, text);
    return [bitsOf(bytes).slice(0, bytes.length), symbol];
  }),
);
const HUFFMAN_CODE_MAX_BITS = 30;

function bitsOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(2).padStart(8, "0")).join("");
}

/** The two ways in which a block can be refused. */
export type Refusal = "COMPRESSION_ERROR" | "ENHANCE_YOUR_CALM";

class Refused extends Error {
  constructor(readonly refusal: Refusal) {
    super(refusal);
  }
}

const wrong = (): Refused => new Refused("COMPRESSION_ERROR");

/** RFC 7541 as it is written: a table that is a list, integers by division, Huffman bit by bit. */
export class PlainHpackDecoder {
  /** §2.3.3: the newest entry comes first. */
  #table: [name: string, value: string][] = [];
  #tableMaxBytes: number;
  #updateIsDue: boolean;

  constructor(private readonly limits: HpackDecoderLimits) {
    this.#tableMaxBytes = Math.min(4_096, limits.tableMaxBytes);
    this.#updateIsDue = limits.tableMaxBytes < 4_096;
  }

  /** The fields, as `[name, value]`; those before the place where a block is refused are in `fields` too. */
  decode(block: Uint8Array, fields: (readonly [string, string])[]): Refusal | undefined {
    const left = [...block];
    try {
      this.#readUpdates(left);
      let listBytes = 0;
      while (left.length > 0) {
        const field = this.#readField(left);
        listBytes += field[0].length + field[1].length + 32;
        if (listBytes > this.limits.listMaxBytes) throw new Refused("ENHANCE_YOUR_CALM");
        fields.push(field);
      }
      return undefined;
    } catch (error) {
      if (error instanceof Refused) return error.refusal;
      throw error;
    }
  }

  /** §4.2 and §6.3: only at the start of a block, never over what we allowed. */
  #readUpdates(left: number[]): void {
    while (left.length > 0 && left[0]! >> 5 === 1) {
      const size = readInteger(left, 5);
      if (size > this.limits.tableMaxBytes) throw wrong();
      this.#tableMaxBytes = size;
      this.#updateIsDue = false;
      this.#evict(size);
    }
    if (this.#updateIsDue) throw wrong();
  }

  #readField(left: number[]): readonly [string, string] {
    const first = left[0]!;
    if (first >> 7 === 1) return this.#at(readInteger(left, 7)); // §6.1
    if (first >> 6 === 1) {
      const field = this.#readLiteral(left, 6); // §6.2.1
      this.#evict(this.#tableMaxBytes - sizeOf(field));
      if (sizeOf(field) <= this.#tableMaxBytes) this.#table.unshift(field);
      return field;
    }
    if (first >> 5 === 1) throw wrong();
    return this.#readLiteral(left, 4); // §6.2.2, §6.2.3
  }

  #readLiteral(left: number[], prefixBits: number): [string, string] {
    const index = readInteger(left, prefixBits);
    const name = index === 0 ? readString(left) : this.#at(index)[0];
    return [name, readString(left)];
  }

  #at(index: number): readonly [string, string] {
    const entry = [...staticTable, ...this.#table][index - 1];
    if (entry === undefined) throw wrong();
    return entry;
  }

  /** §4.3, §4.4. */
  #evict(toBytes: number): void {
    let bytes = this.#table.reduce((sum, entry) => sum + sizeOf(entry), 0);
    while (this.#table.length > 0 && bytes > toBytes) bytes -= sizeOf(this.#table.pop()!);
  }
}

const sizeOf = ([name, value]: readonly [string, string]): number => name.length + value.length + 32;

/** §5.1. Five continuation bytes are the most that we take. */
const readInteger = (left: number[], prefixBits: number): number => {
  const full = 2 ** prefixBits - 1;
  let value = left.shift()! % 2 ** prefixBits;
  if (value < full) return value;
  for (let count = 0; count < 5; count++) {
    const byte = left.shift();
    if (byte === undefined) throw wrong();
    value += (byte % 128) * 128 ** count;
    if (byte < 128) return value;
  }
  throw wrong();
};

/** §5.2. */
const readString = (left: number[]): string => {
  if (left.length === 0) throw wrong();
  const isHuffman = left[0]! >= 128;
  const length = readInteger(left, 7);
  if (length > left.length) throw wrong();
  const bytes = left.splice(0, length);
  return isHuffman ? huffmanText(Uint8Array.from(bytes)) : Buffer.from(bytes).toString("latin1");
};

const huffmanText = (bytes: Uint8Array): string => {
  let text = "";
  let code = "";
  for (const bit of bitsOf(bytes)) {
    code += bit;
    const symbol = huffmanCodes.get(code);
    if (symbol !== undefined) {
      text += String.fromCharCode(symbol);
      code = "";
    } else if (code.length === HUFFMAN_CODE_MAX_BITS) throw wrong(); // EOS
  }
  if (code.length > 7 || code.includes("0")) throw wrong();
  return text;
};
