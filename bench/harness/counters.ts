/** The load of `txn`: keys whose values are numbers, which Txns read and increment, and whether every increment counts once. */
import { promiseOperation } from "./closed-loop.js";
import type { Operation } from "./closed-loop.js";

/** What is in a key. */
export interface Stored {
  readonly modRevision: number;
  readonly value: Uint8Array;
}

/** One key of a Txn that writes, and what its `mod_revision` has to be for that. */
export interface GuardedPut {
  readonly key: string;
  readonly modRevision: number;
  readonly value: Buffer;
}

/** What a client must be able to do to be measured by `txn`; each peer makes one of it. */
export interface TxnClient {
  /** A plain get of one key that is there. */
  get(key: string): Promise<Stored>;
  /** One Txn: if the key is there, get it. Rejects when it is not. */
  getIfThere(key: string): Promise<Stored>;
  /** One Txn: puts all, or none when one compare fails. The store's revision, or undefined of none. */
  putGuarded(puts: readonly GuardedPut[]): Promise<number | undefined>;
  close(): Promise<void>;
}

/** How often a key was written after its first put, by its version, and the number that it has at the end. */
export interface FinalCounter {
  readonly writeCount: number;
  readonly value: number;
}

/** What the clients were told of one key. */
export interface CounterClaims {
  /** Increments that are said to be done. */
  readonly acknowledged: number;
  /** Increments that ended with an error, so that nobody knows. */
  readonly unknown: number;
}

/** Decimal digits at a value's beginning; the rest of it is filler. */
const DIGITS = 16;

export const VALUE_MIN_BYTES = DIGITS;

export const writeCounter = (value: number, bytes: number): Buffer => {
  const buffer = Buffer.alloc(bytes, "v");
  buffer.write(String(value).padStart(DIGITS, "0"), "latin1");
  return buffer;
};

/** NaN of a value that is no counter's. */
export const readCounter = (value: Uint8Array): number =>
  Number(Buffer.from(value.buffer, value.byteOffset, Math.min(DIGITS, value.length)).toString("latin1"));

/**
 * Lays what clients were told beside what the store has at the end, key by key. Lost: acknowledged, and not in the number,
 * be it because it was never written, or written over by somebody who had not seen it. Repeated: written more often than
 * anybody was told, or may have without being told.
 */
export const judgeCounters = (
  claims: ReadonlyMap<string, CounterClaims>,
  finals: ReadonlyMap<string, FinalCounter>,
): { readonly lostWrites: number; readonly repeatedWrites: number } => {
  let lostWrites = 0;
  let repeatedWrites = 0;
  for (const [key, { acknowledged, unknown }] of claims) {
    const { writeCount, value } = finals.get(key) ?? { writeCount: 0, value: 0 };
    lostWrites += Math.max(0, acknowledged - value);
    repeatedWrites += Math.max(0, writeCount - acknowledged - unknown);
  }
  return { lostWrites, repeatedWrites };
};

/** Of `Params.mix`. */
export type TxnMix = "read" | "cas" | "rmw" | "multi";

/** Keys of one Txn of `mix=multi`: each has a compare and a put. */
export const MULTI_KEY_COUNT = 10;

/** Keys that are always written together, and what is known of them. */
interface Counter {
  readonly keys: readonly string[];
  modRevision: number;
  value: number;
  acknowledged: number;
  unknown: number;
}

/** The counters of one run of one agent. */
export class Counters {
  readonly #client: TxnClient;
  readonly #counters: Counter[];
  readonly #valueBytes: number;
  readonly #mix: TxnMix;

  /** @param prefix of their keys, which no other run and no other agent has */
  constructor(
    client: TxnClient,
    prefix: string,
    { count, valueBytes, mix }: { count: number; valueBytes: number; mix: TxnMix },
  ) {
    this.#client = client;
    this.#valueBytes = valueBytes;
    this.#mix = mix;
    const keyCount = mix === "multi" ? MULTI_KEY_COUNT : 1;
    this.#counters = Array.from({ length: count }, (_, counter) => ({
      keys: Array.from({ length: keyCount }, (__, key) => `${prefix}${counter * keyCount + key}`),
      modRevision: 0,
      value: 0,
      acknowledged: 0,
      unknown: 0,
    }));
  }

  /** Puts all of them, at 0, and learns their revisions. */
  async prepare(): Promise<void> {
    const zero = writeCounter(0, this.#valueBytes);
    await Promise.all(
      this.#counters.map(async (counter) => {
        // In one Txn, so that the keys of one counter have one revision.
        const revision = await this.#client.putGuarded(
          counter.keys.map((key) => ({ key, modRevision: 0, value: zero })),
        );
        if (revision === undefined) throw new Error(`${counter.keys[0]} is there before its run`);
        counter.modRevision = revision;
      }),
    );
  }

  /** A slot has a counter of its own as long as there are as many. */
  get operation(): Operation {
    const work = {
      read: (counter: Counter) => this.#read(counter),
      cas: (counter: Counter) => this.#increment(counter),
      rmw: (counter: Counter) => this.#readAndIncrement(counter),
      multi: (counter: Counter) => this.#increment(counter),
    }[this.#mix];
    return promiseOperation((slot) => work(this.#counters[slot % this.#counters.length]!));
  }

  /** Of all keys. */
  get claims(): ReadonlyMap<string, CounterClaims> {
    return new Map(this.#counters.flatMap((counter) => counter.keys.map((key) => [key, counter] as const)));
  }

  async #read({ keys }: Counter): Promise<void> {
    const { value } = await this.#client.getIfThere(keys[0]!);
    if (value.length !== this.#valueBytes || readCounter(value) !== 0)
      throw new Error("the value is not the one that was put");
  }

  async #readAndIncrement(counter: Counter): Promise<void> {
    do await this.#refresh(counter);
    while (!(await this.#tryIncrement(counter)));
  }

  /** With the revision that it has seen last, and another look when that is past. */
  async #increment(counter: Counter): Promise<void> {
    while (!(await this.#tryIncrement(counter))) await this.#refresh(counter);
  }

  async #tryIncrement(counter: Counter): Promise<boolean> {
    const { keys, modRevision } = counter;
    // What others of this agent's slots learn meanwhile is not what this Txn is guarded by.
    const next = counter.value + 1;
    const value = writeCounter(next, this.#valueBytes);
    let revision: number | undefined;
    try {
      revision = await this.#client.putGuarded(keys.map((key) => ({ key, modRevision, value })));
    } catch (error) {
      counter.unknown++;
      throw error;
    }
    if (revision === undefined) return false;
    counter.acknowledged++;
    this.#learn(counter, revision, next);
    return true;
  }

  async #refresh(counter: Counter): Promise<void> {
    const { modRevision, value } = await this.#client.get(counter.keys[0]!);
    this.#learn(counter, modRevision, readCounter(value));
  }

  /** Replies may overtake one another. */
  #learn(counter: Counter, modRevision: number, value: number): void {
    if (modRevision <= counter.modRevision) return;
    counter.modRevision = modRevision;
    counter.value = value;
  }
}
