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

  /** Base64, as `etcdctl -w json` writes keys and values. */
  toJSON(): string {
    return Buffer.from(this.buffer, this.byteOffset, this.length).toString("base64");
  }
}
