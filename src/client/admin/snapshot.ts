import { open, rename, rm } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import type { CallOptions, Pool, Route } from "../../cluster/pool.js";
import { ArgumentError, EtcdError, StatusError } from "../../errors.js";
import { SnapshotRequest, SnapshotResponse } from "../../messages/generated.js";
import { toSafeInteger } from "../../messages/numbers.js";
import { SNAPSHOT_HEAD } from "./admin-methods.js";
import { decodeWith } from "../define-method.js";
import { IterationEnd, leavable } from "../iteration.js";
import { SnapshotChecksum } from "./snapshot-checksum.js";
import { StreamReader } from "../stream-reader.js";

/** How far a snapshot is. */
export interface SnapshotProgress {
  /** Received so far. */
  readonly bytes: number;
  /** Still to come, without the checksum's 32. */
  readonly remainingBytes: number;
}

/** A snapshot that is in its file, whole and right. */
export interface SavedSnapshot {
  readonly path: string;
  /** The file's size, with the checksum's 32. */
  readonly bytes: number;
  /** The endpoint that it came from. */
  readonly endpoint: string;
  /** The version of etcd that can read it: "3.6.0". Undefined from servers before 3.6. */
  readonly storageVersion: string | undefined;
}

const decodeSnapshot = decodeWith(SnapshotResponse);

/** @param endpoint where it comes from; undefined while nothing has come */
const broken = (message: string, endpoint: string | undefined, cause?: unknown): EtcdError =>
  new StatusError("ETCD_SNAPSHOT_BROKEN", message, {
    mayHaveApplied: false,
    endpoint,
    attempts: endpoint === undefined ? 0 : 1,
    cause,
  });

/**
 * A member's database as it is when the first piece is asked for, in pieces and followed by its checksum: the file that
 * `etcdutl snapshot restore` takes. To be iterated once. The iteration goes at its consumer's pace, fails with
 * ETCD_SNAPSHOT_BROKEN if at the end the checksum does not match, and ends the stream at the server when it is left.
 */
export class Snapshot implements AsyncIterable<Uint8Array> {
  readonly #pool: Pool;
  readonly #route: () => Promise<Route>;
  readonly #options: CallOptions;
  readonly #checksum = new SnapshotChecksum();
  #remainingBytes = 0;
  #storageVersion: string | undefined;
  #endpoint: string | undefined;
  #reader: StreamReader | undefined;
  readonly #end: IterationEnd;
  #started = false;

  /** @internal */
  constructor(pool: Pool, route: () => Promise<Route>, options: CallOptions) {
    this.#pool = pool;
    this.#route = route;
    this.#options = options;
    this.#end = new IterationEnd(options.signal);
  }

  /** Received so far. */
  get bytes(): number {
    return this.#checksum.byteCount;
  }

  /** Still to come, without the checksum's 32; 0 until the first piece is there. */
  get remainingBytes(): number {
    return this.#remainingBytes;
  }

  /** The version of etcd that can read it; undefined until the first piece is there, and from servers before 3.6. */
  get storageVersion(): string | undefined {
    return this.#storageVersion;
  }

  /** Where it comes from; undefined until the first piece is there. */
  get endpoint(): string | undefined {
    return this.#endpoint;
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array, undefined> {
    return leavable(this.#pieces(), this.#end);
  }

  async *#pieces(): AsyncGenerator<Uint8Array, undefined> {
    if (this.#started) throw new ArgumentError("a snapshot can be read once: ask for another");
    this.#started = true;
    this.#end.begin();
    try {
      for (let piece = await this.#open(); piece !== undefined; piece = await this.#next()) yield piece;
    } catch (error) {
      if (this.#end.hasLeft) return undefined;
      throw error;
    } finally {
      this.#end.release();
      this.#reader?.cancel();
    }
    const problem = this.#checksum.problem();
    if (problem !== undefined) throw broken(`the snapshot is broken: ${problem}`, this.#endpoint);
    return undefined;
  }

  /** Opens the stream, again and again as a read may be, until it brings its first message. */
  async #open(): Promise<Uint8Array | undefined> {
    const { timeoutMs, answerTimeoutMs } = this.#options;
    const { signal } = this.#end;
    const { runtime } = this.#pool;
    const startMs = runtime.now();
    const request = new SnapshotRequest().serializeBinary();
    const route = await this.#route();
    const options = { timeoutMs, signal, kind: "streams" } as const;
    const message = await this.#pool.call("read", route, options, async (connection) => {
      this.#reader = new StreamReader(connection, SNAPSHOT_HEAD, request, runtime, {
        timeoutMs: answerTimeoutMs ?? Math.max(1, startMs + timeoutMs - runtime.now()),
        signal,
      });
      return this.#reader.next();
    });
    this.#endpoint = this.#reader!.endpoint;
    return this.#take(message);
  }

  async #next(): Promise<Uint8Array | undefined> {
    try {
      return this.#take(await this.#reader!.next());
    } catch (error) {
      if (error instanceof EtcdError) this.#pool.noteError(error);
      throw error;
    }
  }

  #take(message: Uint8Array | undefined): Uint8Array | undefined {
    if (message === undefined) return undefined;
    const { blob, remaining_bytes, version } = decodeSnapshot(message);
    this.#remainingBytes = toSafeInteger(remaining_bytes, "remaining_bytes");
    if (version !== "") this.#storageVersion = version;
    this.#checksum.add(blob);
    return blob;
  }
}

/**
 * Writes a snapshot to `path`.part, checks it, makes sure that it is on the disk, and only then gives it its name.
 * Whatever goes wrong leaves what was at `path` before as it was, and no partial file.
 */
export const saveSnapshot = async (
  snapshot: Snapshot,
  path: string,
  onProgress: ((progress: SnapshotProgress) => void) | undefined,
): Promise<SavedSnapshot> => {
  const partPath = `${path}.part`;
  const cannotWrite = (cause: unknown): EtcdError =>
    broken(
      `the snapshot cannot be written to ${path}: ${(cause as Error).message}`,
      snapshot.endpoint,
      cause,
    );
  const fromDisk = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (cause) {
      throw cannotWrite(cause);
    }
  };
  // Readable by its owner only: it holds all keys, and the hashes of all passwords.
  const file = await fromDisk(open(partPath, "w", 0o600));
  let closed = false;
  try {
    for await (const piece of snapshot) {
      await fromDisk(writeAll(file, piece));
      onProgress?.({ bytes: snapshot.bytes, remainingBytes: snapshot.remainingBytes });
    }
    await fromDisk(file.sync());
    closed = true;
    await fromDisk(file.close());
    await fromDisk(rename(partPath, path));
    await syncFolder(dirname(path));
    const { bytes, endpoint, storageVersion } = snapshot;
    return { path, bytes, endpoint: endpoint!, storageVersion };
  } catch (error) {
    if (!closed) await file.close().catch(() => {});
    await rm(partPath, { force: true }).catch(() => {});
    throw error;
  }
};

const writeAll = async (file: FileHandle, bytes: Uint8Array): Promise<void> => {
  for (let at = 0; at < bytes.length;) {
    at += (await file.write(bytes, at, bytes.length - at)).bytesWritten;
  }
};

/** The new name too must outlive a power cut. Some systems cannot, or need not, sync a folder: no reason to fail. */
const syncFolder = async (path: string): Promise<void> => {
  try {
    const folder = await open(path, "r");
    await folder.sync().finally(() => folder.close());
  } catch {
    // The data is on the disk in any case.
  }
};
