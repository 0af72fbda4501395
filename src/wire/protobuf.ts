/**
 * Protobuf's wire format, as far as etcd uses it: varints, length-delimited fields, and skipping of the rest.
 * https://protobuf.dev/programming-guides/encoding/ is "the encoding guide" below.
 *
 * A 64-bit integer is a `number` where it must be exact and small (revisions), or two signed 32-bit halves where
 * all 64 bits count (lease ids): a bigint costs an allocation, two small integers cost none.
 *
 * Numbers in comments are from `npm run micro`, Node 20.20. Varints by shifts: 38 ns for five of them; by bigints
 * 520. Integers in halves: 360 ns and 32 bytes for a reply of two keys; by bigints 600 ns and 470 bytes.
 */

/** The bytes are not a protobuf message, or hold an integer that a `number` cannot carry exactly. */
export class ProtobufError extends Error {
  override name = "ProtobufError";
}

/** The encoding guide, "Message Structure". Groups (3 and 4) left the language before etcd began. */
export const WireType = { VARINT: 0, FIXED64: 1, LENGTH_DELIMITED: 2, FIXED32: 5 } as const;

/** What precedes a field's content: its number and its wire type in one varint. */
export const fieldTag = (fieldNumber: number, wireType: number): number =>
  ((fieldNumber << 3) | wireType) >>> 0;

/** Smallest and largest int64. */
export const INT64_MIN = -(2n ** 63n);
export const INT64_MAX = 2n ** 63n - 1n;

const TWO_32 = 2 ** 32;
/**
 * 2^53 = 2^21 * 2^32: an int64 is safe if its upper half is within this. That lets -(2^53) pass, which JavaScript
 * does not call safe, but it is exact, and no other int64 in these bounds rounds to it.
 */
const SAFE_HIGH = 2 ** 21;

// ---- Writing --------------------------------------------------------------------------------------------------

/** Length of `value`, an unsigned safe integer, as a varint: 1 to 8. */
export function varintBytes(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x20_0000) return 3;
  if (value < 0x1000_0000) return 4;
  if (value < 2 ** 35) return 5;
  if (value < 2 ** 42) return 6;
  return value < 2 ** 49 ? 7 : 8;
}

/** Writes `value`, an unsigned safe integer; returns the position behind it. */
export function writeVarint(out: Uint8Array, at: number, value: number): number {
  // Bit operators cut to 32 bits, so whatever is above goes by division.
  while (value > 0x7fff_ffff) {
    out[at++] = (value & 0x7f) | 0x80;
    value = Math.floor(value / 0x80);
  }
  while (value > 0x7f) {
    out[at++] = (value & 0x7f) | 0x80;
    value >>>= 7;
  }
  out[at++] = value;
  return at;
}

/** Length of the 64-bit integer `high:low` as a varint: 1 to 10, and 10 whenever it is negative. */
export function varint64Bytes(high: number, low: number): number {
  const bits = high === 0 ? 32 - Math.clz32(low) : 64 - Math.clz32(high);
  // ceil(bits / 7), and 1 for no bits, without a division: 9/64 is just above 1/7, and exact enough up to 64.
  return (bits * 9 + 64) >> 6;
}

/** Writes the 64-bit integer `high:low` (two's complement); returns the position behind it. */
export function writeVarint64(out: Uint8Array, at: number, high: number, low: number): number {
  while (high !== 0) {
    out[at++] = (low & 0x7f) | 0x80;
    low = (low >>> 7) | (high << 25);
    high >>>= 7;
  }
  while (low >>> 0 > 0x7f) {
    out[at++] = (low & 0x7f) | 0x80;
    low >>>= 7;
  }
  out[at++] = low;
  return at;
}

// BigInt.asUintN and >> make new bigints; a typed array takes one apart without (test/txn/allocation.test.ts;
// micro "halves by typed array": 640 ns an acquire with its lease against 750, and nothing against 104 bytes).
const bigScratch = new BigInt64Array(1);
const bigHalves = new Int32Array(bigScratch.buffer);
/** Which half is the low one depends on the machine: s390x is big-endian, and Node runs there. */
const LOW_HALF = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 0 : 1;
const HIGH_HALF = 1 - LOW_HALF;

/** The lower 32 bits of an int64, signed. */
export function int64Low(value: bigint): number {
  bigScratch[0] = value;
  return bigHalves[LOW_HALF]!;
}

/** The upper 32 bits of an int64, signed. */
export function int64High(value: bigint): number {
  bigScratch[0] = value;
  return bigHalves[HIGH_HALF]!;
}

/** The int64 with these halves. Allocates. */
export function int64FromHalves(high: number, low: number): bigint {
  bigHalves[HIGH_HALF] = high;
  bigHalves[LOW_HALF] = low;
  return bigScratch[0]!;
}

/** The uint64 with these halves. Allocates. */
export const uint64FromHalves = (high: number, low: number): bigint =>
  BigInt.asUintN(64, int64FromHalves(high, low));

/** Length of an int64 as a varint: 1 to 10. */
export const int64Bytes = (value: bigint): number => varint64Bytes(int64High(value), int64Low(value));

/** Writes an int64 as a varint; returns the position behind it. */
export const writeInt64 = (out: Uint8Array, at: number, value: bigint): number =>
  writeVarint64(out, at, int64High(value), int64Low(value));

// ---- Text -----------------------------------------------------------------------------------------------------

const isHighSurrogate = (unit: number): boolean => (unit & 0xfc00) === 0xd800;
const isLowSurrogate = (unit: number): boolean => (unit & 0xfc00) === 0xdc00;
const REPLACEMENT = 0xfffd;

/**
 * Length of `text` in UTF-8. A lone surrogate counts as U+FFFD, as for TextEncoder. Equal to `text.length` only
 * if all of it is ASCII.
 */
export function utf8Bytes(text: string): number {
  const length = text.length;
  let bytes = length;
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    if (unit < 0x800) {
      bytes += 1;
    } else {
      // Three bytes for one unit, or four for the two units of a pair: two more than units either way.
      bytes += 2;
      if (isHighSurrogate(unit) && isLowSurrogate(text.charCodeAt(i + 1))) i++;
    }
  }
  return bytes;
}

/**
 * Writes `text` as UTF-8, a lone surrogate as U+FFFD; returns the position behind it. Micro "writeUtf8": 650 ns
 * for an acquire with its three texts, 765 by Buffer.write.
 */
export function writeUtf8(out: Uint8Array, at: number, text: string): number {
  const length = text.length;
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) {
      out[at++] = unit;
    } else if (unit < 0x800) {
      out[at++] = 0xc0 | (unit >> 6);
      out[at++] = 0x80 | (unit & 0x3f);
    } else {
      // charCodeAt past the end is NaN, which is no surrogate.
      const next = isHighSurrogate(unit) ? text.charCodeAt(i + 1) : 0;
      if (isLowSurrogate(next)) {
        const point = 0x1_0000 + ((unit & 0x3ff) << 10) + (next & 0x3ff);
        out[at++] = 0xf0 | (point >> 18);
        out[at++] = 0x80 | ((point >> 12) & 0x3f);
        out[at++] = 0x80 | ((point >> 6) & 0x3f);
        out[at++] = 0x80 | (point & 0x3f);
        i++;
      } else {
        const point = (unit & 0xf800) === 0xd800 ? REPLACEMENT : unit;
        out[at++] = 0xe0 | (point >> 12);
        out[at++] = 0x80 | ((point >> 6) & 0x3f);
        out[at++] = 0x80 | (point & 0x3f);
      }
    }
  }
  return at;
}

/** The text of `length` bytes from `start`; what is not UTF-8 becomes U+FFFD. */
export const readUtf8 = (bytes: Uint8Array, start: number, length: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + start, length).toString("utf8");

/**
 * Are the `length` bytes from `start` exactly the UTF-8 form of `text`? Allocates only if `text` is not ASCII:
 * micro "utf8Equals", 390 ns for a reply with one key compared, 700 ns and 150 bytes more where a string is made
 * for it.
 */
export function utf8Equals(bytes: Uint8Array, start: number, length: number, text: string): boolean {
  if (length < text.length) return false;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x80) return bytesEqual(bytes, start, length, Buffer.from(text, "utf8"));
    if (unit !== bytes[start + i]) return false;
  }
  return length === text.length;
}

/** Are the `length` bytes from `start` the same as `other`? */
export function bytesEqual(bytes: Uint8Array, start: number, length: number, other: Uint8Array): boolean {
  if (length !== other.length) return false;
  for (let i = 0; i < length; i++) if (bytes[start + i] !== other[i]) return false;
  return true;
}

// ---- Reading --------------------------------------------------------------------------------------------------

const EMPTY = new Uint8Array(0);

const numberScratch = new Float64Array(1);

/**
 * Reads one message, or one of its parts, from `bytes` where it lies. One reader is used again and again: it holds
 * the place, so that no function has to return two things. Every method throws `ProtobufError` rather than read at
 * or behind `end`.
 */
export class ProtoReader {
  bytes: Uint8Array = EMPTY;
  at = 0;
  end = 0;
  /** The halves of the integer that `varint64` read last, both signed. */
  high = 0;
  low = 0;

  reset(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
  }

  /** The next field: its number times eight plus its wire type. */
  tag(): number {
    const tag = this.uint32();
    if (tag < 8) throw new ProtobufError("field number 0");
    return tag;
  }

  /** A varint of at most 32 bits. */
  uint32(): number {
    // Tags and lengths are nearly always one byte (micro "one-byte uint32": 365 ns for a reply of two keys, 460
    // without).
    if (this.at < this.end) {
      const byte = this.bytes[this.at]!;
      if (byte < 0x80) {
        this.at++;
        return byte;
      }
    }
    this.varint64();
    if (this.high !== 0) throw new ProtobufError("integer over 32 bits");
    return this.low >>> 0;
  }

  /** A bool: any varint but 0 is true. */
  bool(): boolean {
    this.varint64();
    return (this.low | this.high) !== 0;
  }

  /** An int64 that a `number` carries exactly. */
  safeInteger(): number {
    this.safeIntegerInto(numberScratch, 0);
    return numberScratch[0]!;
  }

  /**
   * The same into `into[index]`. A number above 2^31 that is returned costs 16 bytes unless V8 inlines the call,
   * and revisions get there in days; one that is stored costs none.
   */
  safeIntegerInto(into: Float64Array, index: number): void {
    this.varint64();
    const high = this.high;
    if (high >= SAFE_HIGH || high < -SAFE_HIGH) throw new ProtobufError("integer beyond 2^53 - 1");
    into[index] = high * TWO_32 + (this.low >>> 0);
  }

  /** An int64. Allocates; hot paths take `varint64` and the halves. */
  int64(): bigint {
    this.varint64();
    return int64FromHalves(this.high, this.low);
  }

  /** A uint64. Allocates; hot paths take `varint64` and the halves. */
  uint64(): bigint {
    this.varint64();
    return uint64FromHalves(this.high, this.low);
  }

  /** Any varint into `high` and `low`. */
  varint64(): void {
    const bytes = this.bytes;
    const end = this.end;
    let at = this.at;
    let low = 0;
    let high = 0;
    for (let shift = 0; ; shift += 7) {
      if (at >= end) throw new ProtobufError("varint is cut off");
      const byte = bytes[at++]!;
      if (shift < 28) {
        low |= (byte & 0x7f) << shift;
      } else if (shift === 28) {
        // The fifth byte lies on the border: four bits below, three above.
        low |= byte << 28;
        high = (byte & 0x7f) >> 4;
      } else {
        // The tenth byte has one bit to give; the others fall off the top, as in other parsers.
        high |= (byte & 0x7f) << (shift - 32);
      }
      if (byte < 0x80) break;
      if (shift === 63) throw new ProtobufError("varint over 10 bytes");
    }
    this.at = at;
    this.low = low;
    this.high = high;
  }

  /** The length of a length-delimited field, all of which is within `end`; `at` is then its first byte. */
  lengthDelimited(): number {
    const length = this.uint32();
    if (length > this.end - this.at) throw new ProtobufError("field runs past the end of its message");
    return length;
  }

  /** Enters a submessage: narrows `end` to it and returns the outer end, which `leave` takes back. */
  enter(): number {
    const length = this.lengthDelimited();
    const outerEnd = this.end;
    this.end = this.at + length;
    return outerEnd;
  }

  leave(outerEnd: number): void {
    this.at = this.end;
    this.end = outerEnd;
  }

  /** Steps over a field that nobody asked for. */
  skip(tag: number): void {
    switch (tag & 7) {
      case WireType.VARINT:
        this.varint64();
        return;
      case WireType.FIXED64:
        this.advance(8);
        return;
      case WireType.LENGTH_DELIMITED:
        this.advance(this.lengthDelimited());
        return;
      case WireType.FIXED32:
        this.advance(4);
        return;
      default:
        throw new ProtobufError(`wire type ${tag & 7}`);
    }
  }

  private advance(bytes: number): void {
    if (bytes > this.end - this.at) throw new ProtobufError("field runs past the end of its message");
    this.at += bytes;
  }
}
