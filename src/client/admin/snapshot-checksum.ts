import { createHash } from "node:crypto";

/** SHA-256, which etcd puts behind the database (`Snapshot` in api/v3rpc/maintenance.go). */
const CHECKSUM_BYTES = 32;
/**
 * A database is a whole number of pages, and no page is smaller than a disk's sector: so etcd tells a snapshot with a
 * checksum from one without (`hasChecksum` in etcdutl's snapshot/v3_snapshot.go).
 */
const SECTOR_BYTES = 512;

const NO_BYTES = new Uint8Array(0);

/** Checks a snapshot while it passes by, in pieces of any size. */
export class SnapshotChecksum {
  readonly #hash = createHash("sha256");
  /** The last bytes so far, up to 32: the checksum, if nothing follows. */
  #tail: Uint8Array = NO_BYTES;
  #byteCount = 0;

  /** Bytes so far, the checksum's included. */
  get byteCount(): number {
    return this.#byteCount;
  }

  add(bytes: Uint8Array): void {
    this.#byteCount += bytes.length;
    if (bytes.length >= CHECKSUM_BYTES) {
      this.#hash.update(this.#tail);
      this.#hash.update(bytes.subarray(0, bytes.length - CHECKSUM_BYTES));
      this.#tail = new Uint8Array(bytes.subarray(bytes.length - CHECKSUM_BYTES));
      return;
    }
    const joined = Buffer.concat([this.#tail, bytes]);
    const hashed = Math.max(0, joined.length - CHECKSUM_BYTES);
    this.#hash.update(joined.subarray(0, hashed));
    this.#tail = new Uint8Array(joined.subarray(hashed));
  }

  /** What is wrong with the whole of it; undefined if nothing is. To be asked once, at the end. */
  problem(): string | undefined {
    if (this.#byteCount <= CHECKSUM_BYTES || this.#byteCount % SECTOR_BYTES !== CHECKSUM_BYTES) {
      return `${this.#byteCount} bytes are not a database with its checksum`;
    }
    const sent = Buffer.from(this.#tail).toString("hex");
    const own = this.#hash.digest("hex");
    return sent === own ? undefined : `its SHA-256 is ${own}, and the server sent ${sent}`;
  }
}
