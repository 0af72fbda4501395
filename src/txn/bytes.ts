import { isUtf8 } from "node:buffer";
import { inspect } from "node:util";
import type { InspectOptions } from "node:util";

import { readUtf8 } from "../wire/protobuf.js";

/**
 * A key or value from etcd: a `Uint8Array` of its own memory that can say itself as text. A subclass rather than a
 * Buffer, whose `slice` shares memory and whose small instances sit in a common pool, and rather than a wrapper,
 * so that it goes wherever a `Uint8Array` goes. `subarray` and `slice` give `Bytes` again.
 */
export class Bytes extends Uint8Array {
  /** A copy of the `length` bytes from `start`. */
  static copyOf(bytes: Uint8Array, start = 0, length = bytes.length - start): Bytes {
    const copy = new Bytes(length);
    copy.set(bytes.subarray(start, start + length));
    return copy;
  }

  /** The bytes as UTF-8 text; what is not UTF-8 becomes U+FFFD. */
  string(): string {
    return readUtf8(this, 0, this.length);
  }

  /** The same as `string()`, as a Buffer does it and a plain Uint8Array does not: `${value}` is the text. */
  override toString(): string {
    return this.string();
  }

  /** Base64, as `etcdctl -w json` writes keys and values. */
  toJSON(): string {
    return Buffer.from(this.buffer, this.byteOffset, this.length).toString("base64");
  }

  /** What `console.log` shows: the text, or the bytes if they are none. */
  [inspect.custom](_depth: number, options: InspectOptions): string {
    const bytes = Buffer.from(this.buffer, this.byteOffset, this.length);
    return isUtf8(bytes)
      ? `Bytes ${inspect(this.string(), options)}`
      : inspect(bytes, options).replace("<Buffer", "<Bytes");
  }
}
