import type { Random } from "./random.js";

/** Bytes at which parsers change their minds: signs, masks, HPACK prefixes, varint ends. */
const BYTES = [
  0x00, 0x01, 0x02, 0x1f, 0x20, 0x3f, 0x40, 0x7e, 0x7f, 0x80, 0x81, 0xbe, 0xbf, 0xc0, 0xfe, 0xff,
];
/** Numbers of 16 to 32 bits at which lengths, windows and sizes change theirs. */
const WORDS = [
  0, 1, 5, 6, 8, 9, 0xff, 0x100, 4096, 4097, 16_383, 16_384, 16_385, 65_535, 65_536, 0xff_ffff, 0x7fff_fffe,
  0x7fff_ffff, 0x8000_0000, 0xffff_ffff,
];

/** Changes bytes in one buffer that is used for input after input. */
export class ByteMutator {
  readonly #bytes: Uint8Array;
  #length = 0;

  /** What would grow over `maxBytes` is cut. */
  constructor(maxBytes: number) {
    this.#bytes = new Uint8Array(maxBytes);
  }

  get length(): number {
    return this.#length;
  }

  clear(): this {
    this.#length = 0;
    return this;
  }

  append(bytes: Uint8Array): this {
    const room = this.#bytes.length - this.#length;
    this.#bytes.set(bytes.length <= room ? bytes : bytes.subarray(0, room), this.#length);
    this.#length += Math.min(room, bytes.length);
    return this;
  }

  appendByte(byte: number): this {
    if (this.#length < this.#bytes.length) this.#bytes[this.#length++] = byte;
    return this;
  }

  /** A copy of what there is. */
  take(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  /** One change somewhere at or behind `from`. `other` is where foreign bytes come from. */
  mutate(random: Random, from: number, other: Uint8Array): void {
    const bytes = this.#bytes;
    const size = this.#length - from;
    if (size <= 0) {
      this.#insert(from, other, 0, Math.min(other.length, random.between(1, 16)));
      return;
    }
    const at = from + random.below(size);
    switch (random.below(11)) {
      case 0:
      case 1:
      case 2:
        bytes[at]! ^= 1 << random.below(8);
        return;
      case 3:
        bytes[at] = random.uint32();
        return;
      case 4:
        bytes[at] = random.pick(BYTES);
        return;
      case 5:
        bytes[at]! += random.oneIn(2) ? 1 : -1;
        return;
      case 6: {
        const width = random.between(2, 4);
        const word = random.pick(WORDS);
        for (let i = 0; i < width && at + i < this.#length; i++)
          bytes[at + i] = word >>> (8 * (width - 1 - i));
        return;
      }
      case 7: {
        const end = Math.min(this.#length, at + random.between(1, random.oneIn(4) ? size : 8));
        bytes.copyWithin(at, end, this.#length);
        this.#length -= end - at;
        return;
      }
      case 8: {
        const length = Math.min(this.#length - at, random.between(1, 24));
        this.#insert(at + length, bytes.slice(at, at + length), 0, length);
        return;
      }
      case 9: {
        const start = random.below(other.length);
        this.#insert(at, other, start, Math.min(other.length - start, random.between(1, 24)));
        return;
      }
      default:
        this.#length = at;
    }
  }

  #insert(at: number, source: Uint8Array, start: number, count: number): void {
    const length = Math.min(count, this.#bytes.length - this.#length);
    this.#bytes.copyWithin(at + length, at, this.#length);
    this.#bytes.set(source.subarray(start, start + length), at);
    this.#length += length;
  }
}
