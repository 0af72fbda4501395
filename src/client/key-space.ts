import { isUint8Array } from "node:util/types";
import { ArgumentError, ProtocolError } from "../errors.js";
import { Bytes } from "../txn/bytes.js";
import { HALF_A_PAIR } from "../txn/plan-writer.js";
import { prefixEnd } from "../txn/plan.js";
import type { BytesInput } from "../txn/shape.js";

/** Makes a call concern a range of keys; at most one of the three. Without any, it concerns one key. */
export interface KeyRangeOptions {
  /** The first key that is not in the range. */
  rangeEnd?: BytesInput | undefined;
  /** All keys that begin with `key`; with an empty key, all there are. */
  prefix?: boolean | undefined;
  /** `key` and all keys behind it. */
  fromKey?: boolean | undefined;
}

export const KEY_RANGE_OPTIONS = ["rangeEnd", "prefix", "fromKey"] as const;

/** Keys as they are on the wire. */
export interface KeyRange {
  readonly key: Uint8Array;
  /** Empty for the one key. */
  readonly rangeEnd: Uint8Array;
}

const NO_BYTES = new Uint8Array(0);
/** As a key: the first of all, since none is empty. As a range end: no end (rpc.proto, RangeRequest). */
const ZERO = Uint8Array.of(0);

/** A string stands for its UTF-8 bytes. @throws ArgumentError for one with half a surrogate pair, which has none */
export const toBytes = (input: unknown, name: string): Uint8Array => {
  if (typeof input === "string") {
    const bytes = Buffer.from(input, "utf8");
    // ASCII, which most of it is, is known by its length.
    if (bytes.length !== input.length && !input.isWellFormed())
      throw new ArgumentError(`${name} ${HALF_A_PAIR}`);
    return bytes;
  }
  // Not `instanceof`: bytes from another realm, such as a test runner's, are bytes too.
  if (isUint8Array(input)) return input;
  throw new ArgumentError(`${name} must be a string or a Uint8Array`);
};

const join = (first: Uint8Array, second: Uint8Array): Uint8Array => {
  if (first.length === 0) return second;
  const joined = new Uint8Array(first.length + second.length);
  joined.set(first);
  joined.set(second, first.length);
  return joined;
};

/**
 * Where a client's keys are: all of the store, or what is under a prefix, which its users neither write nor see. The
 * one place that knows the difference; everything else asks it for keys and ranges, and shows it the keys that come
 * back.
 */
export class KeySpace {
  readonly prefix: Uint8Array;
  /** The first key behind the space; "no end" for all of the store. */
  readonly #end: Uint8Array;

  constructor(prefix: Uint8Array = NO_BYTES) {
    this.prefix = prefix;
    this.#end = prefix.length === 0 ? ZERO : prefixEnd(prefix);
  }

  /** The space of keys that begin with `prefix` in this one. */
  under(prefix: BytesInput): KeySpace {
    const bytes = toBytes(prefix, "prefix");
    if (bytes.length === 0) throw new ArgumentError("a namespace's prefix must not be empty");
    // Its caller may change it.
    return new KeySpace(join(this.prefix, new Uint8Array(bytes)));
  }

  /** One key. @throws ArgumentError if it is empty, which no key is */
  key(input: BytesInput, name = "key"): Uint8Array {
    const bytes = toBytes(input, name);
    if (bytes.length === 0) throw new ArgumentError(`${name} must not be empty`);
    return join(this.prefix, bytes);
  }

  /** One key or a range of them, never beyond this space. */
  range(key: BytesInput, { rangeEnd, prefix, fromKey }: KeyRangeOptions = {}): KeyRange {
    if (Number(rangeEnd !== undefined) + Number(prefix === true) + Number(fromKey === true) > 1) {
      throw new ArgumentError("at most one of rangeEnd, prefix and fromKey can be given");
    }
    for (const [name, value] of Object.entries({ prefix, fromKey })) {
      if (value !== undefined && typeof value !== "boolean")
        throw new ArgumentError(`${name} must be true or false`);
    }
    const isRange = rangeEnd !== undefined || prefix === true || fromKey === true;
    if (!isRange) return { key: this.key(key), rangeEnd: NO_BYTES };
    const bytes = toBytes(key, "key");
    const start = join(this.prefix, bytes);
    // The empty key is before all others, but on the wire it would mean that no key was given.
    const first = start.length === 0 ? ZERO : start;
    if (prefix === true) return { key: first, rangeEnd: bytes.length === 0 ? this.#end : prefixEnd(start) };
    if (fromKey === true) return { key: first, rangeEnd: this.#end };
    const end = toBytes(rangeEnd, "rangeEnd");
    if (end.length === 0) throw new ArgumentError("rangeEnd must not be empty");
    // Go's clients write "no end" as a zero byte, and so do people.
    if (end.length === 1 && end[0] === 0) return { key: first, rangeEnd: this.#end };
    return { key: first, rangeEnd: join(this.prefix, end) };
  }

  /** Does a key of the store belong here? */
  holds(key: Uint8Array): boolean {
    if (key.length < this.prefix.length) return false;
    for (let i = 0; i < this.prefix.length; i++) if (key[i] !== this.prefix[i]) return false;
    return true;
  }

  /**
   * A key of the store as this space's users know it: a copy.
   *
   * @throws ProtocolError for one from elsewhere, which no server sends that was asked for these
   */
  strip(key: Uint8Array): Bytes {
    if (!this.holds(key)) {
      throw new ProtocolError("ETCD_PROTOCOL", "the reply holds a key from outside of the namespace", {
        mayHaveApplied: true,
      });
    }
    return Bytes.copyOf(key, this.prefix.length);
  }
}
