import { requireContent, requireLease } from "../../client/kv/kv-options.js";
import { toBytes } from "../../client/key-space.js";
import type { Namespace } from "../../client/namespace.js";
import type { Wait } from "../../cluster/wait.js";
import { ArgumentError } from "../../errors.js";
import { Bytes } from "../../txn/bytes.js";
import type { KeyValue } from "../../txn/key-value.js";
import { OPERATIONS_MAX_COUNT, op } from "../../txn/shape.js";
import type { BytesInput } from "../../txn/shape.js";

/** What `txn.put` takes besides key and value. */
export interface StmPutOptions {
  /** The lease that the key dies with; 0n, the default, is none. */
  readonly lease?: bigint | undefined;
}

/**
 * One attempt of `stm`'s function at what it does. Reads go to etcd, writes are kept until the function returns.
 *
 * Reads that are asked for in one go, as by `Promise.all`, go out as one.
 */
export interface StmTxn {
  /** 1 for the first one. */
  readonly attempt: number;
  /** The key's value: what this attempt has put, or what is stored; undefined if there is no such key, or it was deleted. */
  get(key: BytesInput): Promise<Bytes | undefined>;
  /** The values of several keys, in their order, read in one go. */
  getMany(keys: Iterable<BytesInput>): Promise<(Bytes | undefined)[]>;
  /** The key as it is stored, with its revisions and lease, whatever this attempt has put; undefined if there is none. */
  stored(key: BytesInput): Promise<KeyValue | undefined>;
  /** The revision at which the stored key was last put; 0 if there is none. As `Rev` of Go's STM. */
  revision(key: BytesInput): Promise<number>;
  /**
   * Will put the key when the function has returned.
   *
   * @throws ArgumentError at once
   */
  put(key: BytesInput, value: BytesInput, options?: StmPutOptions): void;
  /**
   * Will delete the key when the function has returned; one that is not there is no error.
   *
   * @throws ArgumentError at once
   */
  delete(key: BytesInput): void;
}

/** A key as it was at one revision of the store. */
export interface StmRead {
  readonly key: Uint8Array;
  readonly kv: KeyValue | undefined;
  readonly revision: number;
}

/** What is to become of a key. */
export interface StmWrite {
  readonly key: Uint8Array;
  /** Undefined to delete it. */
  readonly value: Bytes | undefined;
  readonly lease: bigint;
}

/** The latest state of keys, by `idOf`. */
export type StmReads = ReadonlyMap<string, StmRead>;

/** Bytes as a key of a Map. */
export const idOf = (key: Uint8Array): string =>
  Buffer.from(key.buffer, key.byteOffset, key.length).toString("latin1");

/** Reads that wait for the end of the tick, to go out together. */
interface Batch {
  readonly keys: Map<string, Uint8Array>;
  readonly done: Promise<void>;
}

/** What an attempt knows: what it has read, and what it wants to write. */
export class StmAttempt implements StmTxn {
  readonly attempt: number;
  /** What the function has seen, and so rests on. */
  readonly reads = new Map<string, StmRead>();
  readonly writes = new Map<string, StmWrite>();
  readonly #client: Namespace;
  readonly #wait: Wait;
  /** All reads are of one revision: `#base`. */
  readonly #readsOneRevision: boolean;
  readonly #prefetched: StmReads;
  /** 0 until the first read has said it, or where every read has its own. */
  #base = 0;
  /** The first read, which says the revision of all others. */
  #opening: Promise<void> | undefined;
  #batch: Batch | undefined;
  readonly #pending = new Map<string, Promise<void>>();
  #failure: Error | undefined;
  #isOver = false;

  /** @param prefetched all of one revision, which is then the attempt's own */
  constructor(
    client: Namespace,
    wait: Wait,
    attempt: number,
    readsOneRevision: boolean,
    prefetched: StmReads,
  ) {
    this.#client = client;
    this.#wait = wait;
    this.attempt = attempt;
    this.#readsOneRevision = readsOneRevision;
    this.#prefetched = prefetched;
    const [first] = prefetched.values();
    if (readsOneRevision && first !== undefined) this.#base = first.revision;
  }

  /** The revision that all reads are of; 0 if nothing was read, or each read has its own. */
  get base(): number {
    return this.#base;
  }

  /** The first error that a read had: whatever the function made of it, it does not know what it asked for. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** When all reads have ended, which they do with the time for all of it. */
  async readsEnded(): Promise<void> {
    await Promise.allSettled(this.#pending.values());
  }

  /** The function is done, or was given up: what it still asks for is refused. */
  end(): void {
    this.#isOver = true;
  }

  async get(key: BytesInput): Promise<Bytes | undefined> {
    const [value] = await this.getMany([key]);
    return value;
  }

  async getMany(keys: Iterable<BytesInput>): Promise<(Bytes | undefined)[]> {
    this.#assertOpen();
    // It could be read as a list of keys of one character.
    if (typeof keys === "string") throw new ArgumentError("keys must be a list");
    const all = Array.from(keys, requireKey);
    // As of now: a put that comes while the reads are under way is behind them.
    const written = all.map((key) => this.writes.get(idOf(key)));
    const read = await this.#read(all.filter((_, i) => written[i] === undefined));
    let next = 0;
    // Copies: what a caller does to its bytes must not change what another get gives.
    return written.map((write) => {
      const value = write === undefined ? read[next++]?.value : write.value;
      return value === undefined ? undefined : Bytes.copyOf(value);
    });
  }

  async stored(key: BytesInput): Promise<KeyValue | undefined> {
    this.#assertOpen();
    const [kv] = await this.#read([requireKey(key)]);
    return kv;
  }

  async revision(key: BytesInput): Promise<number> {
    return (await this.stored(key))?.modRevision ?? 0;
  }

  put(key: BytesInput, value: BytesInput, options: StmPutOptions = {}): void {
    this.#assertOpen();
    const bytes = Bytes.copyOf(toBytes(requireContent(value, "value"), "value"));
    this.#write(requireKey(key), bytes, requireLease(options.lease, "lease"));
  }

  delete(key: BytesInput): void {
    this.#assertOpen();
    this.#write(requireKey(key), undefined, 0n);
  }

  #write(key: Uint8Array, value: Bytes | undefined, lease: bigint): void {
    this.writes.set(idOf(key), { key, value, lease });
  }

  #assertOpen(): void {
    if (this.#isOver)
      throw new ArgumentError(
        "this attempt of the transaction is over: use the one that the function is given",
      );
  }

  async #read(keys: readonly Uint8Array[]): Promise<(KeyValue | undefined)[]> {
    const ids = keys.map(idOf);
    const waits = new Set<Promise<void>>();
    for (const [i, id] of ids.entries()) {
      if (this.reads.has(id)) continue;
      const prefetched = this.#prefetched.get(id);
      if (prefetched === undefined) waits.add(this.#pending.get(id) ?? this.#join(id, keys[i]!));
      else this.reads.set(id, prefetched);
    }
    await Promise.all(waits);
    return ids.map((id) => this.reads.get(id)!.kv);
  }

  #join(id: string, key: Uint8Array): Promise<void> {
    if (this.#batch === undefined) {
      const batch = new Map<string, Uint8Array>();
      // Behind all that the function does before it waits for something.
      const done = Promise.resolve().then(() => this.#send([...batch.values()]));
      this.#batch = { keys: batch, done };
    }
    const { keys, done } = this.#batch;
    keys.set(id, key);
    this.#pending.set(id, done);
    return done;
  }

  async #send(keys: readonly Uint8Array[]): Promise<void> {
    this.#batch = undefined;
    try {
      for (let at = 0; at < keys.length; at += OPERATIONS_MAX_COUNT) {
        const some = keys.slice(at, at + OPERATIONS_MAX_COUNT);
        if (!this.#readsOneRevision || this.#base > 0) await this.#fetch(some);
        else if (this.#opening === undefined) await (this.#opening = this.#fetch(some));
        else {
          await this.#opening;
          await this.#fetch(some);
        }
      }
    } catch (error) {
      this.#failure ??= error as Error;
      throw error;
    }
  }

  async #fetch(keys: readonly Uint8Array[]): Promise<void> {
    const revision = this.#base;
    const { responses, revision: storeRevision } = await this.#client.kv.txn(
      { then: keys.map((key) => op.get(key, { revision })) },
      callOptions(this.#wait),
    );
    const reads = readsOf(keys, responses, revision || storeRevision);
    if (this.#readsOneRevision) this.#base ||= storeRevision;
    for (const [id, read] of reads) this.reads.set(id, read);
  }
}

/** The answers to gets of `keys`, at one revision. */
export const readsOf = (
  keys: readonly Uint8Array[],
  responses: readonly { readonly kind: string; readonly kvs?: readonly KeyValue[] }[],
  revision: number,
): Map<string, StmRead> =>
  new Map(keys.map((key, i) => [idOf(key), { key, kv: responses[i]?.kvs?.[0], revision }]));

/** What is left of the time for all of it. A call that starts too late ends at once, with the error of that. */
export const callOptions = (
  wait: Wait,
): { readonly timeoutMs: number; readonly signal: AbortSignal | undefined } => ({
  timeoutMs: Math.max(1, wait.remainingMs),
  signal: wait.signal,
});

/** A key of our own, that its caller may change. */
const requireKey = (key: BytesInput): Uint8Array => {
  const bytes = Uint8Array.from(toBytes(key, "key"));
  if (bytes.length === 0) throw new ArgumentError("key must not be empty");
  return bytes;
};
