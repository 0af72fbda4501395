import { setMaxListeners } from "node:events";
import type { CallerOptions } from "../../client/calls.js";
import { keyText } from "../../client/watch/watch-reply.js";
import { EtcdError } from "../../errors.js";
import { LATE_APPLY_MS } from "../../options.js";
import { offAbort, onAbort } from "../../rpc/abort-listeners.js";
import { compare } from "../../txn/shape.js";
import type { GetResponse } from "../../txn/typed-result.js";
import { HeldKey } from "../line/held-key.js";
import { removeKey } from "../line/key-removal.js";
import { LineWait } from "../line/line-wait.js";
import type { LineSnapshot } from "../line/line-wait.js";
import { placeLost } from "../line/place-lost.js";
import { Lock } from "../lock.js";
import type { Session } from "../session.js";
import { unlessEnded } from "../unless-ended.js";

/** One of an entry's keys, and the line that it stands in. */
export interface EntryLine {
  /** All keys under it are the line. */
  readonly prefix: string;
  /**
   * Ours, below `prefix`. Nobody ever had it or will have it, but this entry: made of `session.uniqueValue()`, it begins
   * with the lease's id, as in Go. So one that is there was put by us, and may be deleted by its name.
   */
  readonly key: string;
  /** Whether a key ahead stands in our way. Default: each does. */
  readonly blocks?: (key: string) => boolean;
}

/** What the transaction that put an entry's keys tells. */
export interface Entered {
  /** Of all its keys. */
  readonly createRevision: number;
  /** Of each line, as far as the answer showed it; undefined for one of which nothing can be told. */
  readonly snapshots: readonly (LineSnapshot | undefined)[];
}

/** The store's part of an entry. What it sends must do nothing more when it is sent twice. */
export interface EntryCalls {
  /** Deletes the entry's keys. Unconditional: the keys are nobody else's. */
  remove(options?: CallerOptions): Promise<unknown>;
  /** One `get` for each key, at one revision. */
  read(): Promise<{ readonly responses: readonly unknown[] }>;
}

/** An entry whose turn has come in all its lines. */
export interface Admitted {
  readonly createRevision: number;
  /** The store's revision when the last of its turns began. */
  readonly turnRevision: number;
}

/**
 * One try to get one lock, with one key or several that one transaction puts: how it gets into its lines, waits in all of
 * them at once, is a lock, or is cleaned up. For recipes where each acquire has keys of its own.
 */
export class LineEntry {
  readonly #session: Session;
  readonly #lines: readonly EntryLine[];
  readonly #calls: EntryCalls;
  readonly #waits: readonly LineWait[];
  /** Ends the waits. */
  readonly #ends = new AbortController();
  #heldKeys: readonly HeldKey[] = [];
  #lock: Lock | undefined;
  #keyDeleted = false;
  #createRevision = 0;
  #allowedCount = 0;
  /** The transaction that puts the keys, settled either way; what clean-up must wait for. */
  #asked: Promise<unknown> = Promise.resolve();
  #outcomeUnknown = false;
  #repeated = false;
  #contended = false;

  constructor(session: Session, lines: readonly EntryLine[], calls: EntryCalls) {
    this.#session = session;
    this.#lines = lines;
    this.#calls = calls;
    // One listener for each line.
    setMaxListeners(0, this.#ends.signal);
    this.#waits = lines.map((line) => new LineWait({ life: session, ...line }));
  }

  /**
   * Gets into the lines and waits until few enough are ahead in each. When it rejects, or resolves with undefined,
   * `cleanUp` is due; else `lockOf`.
   *
   * @param enter puts the keys and tells how that went, or that it did not want to: then so does this. `onRepeat` is to be
   *   called when it is sent again
   * @param signal ends the wait with its reason
   * @throws LockLostError when a key is deleted, or the session ends; EtcdError when etcd cannot be asked or watched
   */
  async run(
    enter: (onRepeat: () => void) => Promise<Entered | undefined>,
    signal: AbortSignal | undefined,
  ): Promise<Admitted | undefined> {
    const session = this.#session;
    const ends = this.#ends;
    signal?.throwIfAborted();
    if (session.endReason !== undefined) throw session.endReason;
    const onAborted = (): void => {
      ends.abort(signal?.reason);
    };
    if (signal !== undefined) onAbort(signal, onAborted);
    try {
      const asked = this.#enter(enter);
      this.#asked = asked.catch(() => {});
      const entered = await unlessEnded(asked, session, ends.signal);
      if (entered === undefined) return undefined;
      const turnRevision = Math.max(...(await this.#turns(entered)));
      const { createRevision } = entered;
      this.#holdKeys(createRevision);
      // Each watch is in order, and no two are: one of our keys may have been deleted before our turn came elsewhere, and
      // we hear of it later. Read after all turns, they prove that our tokens are below what any successor's will be.
      if (this.#waits.length > 1 && this.#contended)
        await unlessEnded(this.#requireKeys(), session, ends.signal);
      session.assertAlive();
      for (const wait of this.#waits) wait.assertStanding(createRevision);
      if (this.#keyDeleted) throw placeLost("is gone", false);
      return { createRevision, turnRevision };
    } finally {
      if (signal !== undefined) offAbort(signal, onAborted);
      // Waits that go on when another has failed.
      ends.abort(undefined);
      for (const wait of this.#waits) wait.close();
    }
  }

  /** So many may be ahead in each line. Default: none; it may change during the wait. */
  set allowedCount(count: number) {
    this.#allowedCount = count;
    for (const wait of this.#waits) wait.allowedCount = count;
  }

  /** Ends the wait with this error. */
  fail(error: unknown): void {
    this.#ends.abort(error);
  }

  /** Somebody else was ahead when we stood in line. */
  get contended(): boolean {
    return this.#contended;
  }

  /** The lock that an admitted entry is. Once, and in the turn of the event loop in which `run` resolved. */
  lockOf(name: string, token: number): Lock {
    const createRevision = this.#createRevision;
    this.#lock = new Lock({
      life: this.#session,
      name,
      key: this.#lines[0]!.key,
      token,
      guard: this.#lines.map(({ key }) => compare.createRevision(key, "=", createRevision)),
      onEnd: () => {
        this.#releaseKeys();
      },
      giveUp: (options) => this.#giveUp(options),
    });
    if (this.#keyDeleted) this.#lock.loseKey();
    return this.#lock;
  }

  /** Takes the keys out of the lines after a `run` that was not admitted: tries until they are gone, or the session is. */
  async cleanUp(): Promise<void> {
    this.#releaseKeys();
    await this.#asked;
    if (this.#createRevision > 0 || this.#outcomeUnknown)
      await removeKey(this.#session, () => this.#calls.remove());
    if (this.#outcomeUnknown || this.#repeated) this.#removeLateKeys();
  }

  async #enter(enter: (onRepeat: () => void) => Promise<Entered | undefined>): Promise<Entered | undefined> {
    try {
      const entered = await enter(() => {
        this.#repeated = true;
      });
      this.#createRevision = entered?.createRevision ?? 0;
      return entered;
    } catch (error) {
      this.#outcomeUnknown = !(error instanceof EtcdError) || error.mayHaveApplied;
      throw error;
    }
  }

  #turns({ createRevision, snapshots }: Entered): Promise<number[]> {
    this.#contended = this.#lines.some(({ blocks }, index) => {
      const snapshot = snapshots[index];
      if (snapshot?.isWhole !== true) return true;
      const { ahead } = snapshot;
      return (blocks === undefined ? ahead : ahead.filter(blocks)).length > this.#allowedCount;
    });
    const { signal } = this.#ends;
    return Promise.all(this.#waits.map((wait, index) => wait.run(createRevision, snapshots[index], signal)));
  }

  #holdKeys(createRevision: number): void {
    this.#heldKeys = this.#lines.map(
      ({ prefix, key }) =>
        new HeldKey({
          life: this.#session,
          prefix,
          key,
          createRevision,
          onDeleted: () => {
            this.#keyDeleted = true;
            this.#lock?.loseKey();
          },
        }),
    );
  }

  #releaseKeys(): void {
    for (const heldKey of this.#heldKeys) heldKey.close();
  }

  async #requireKeys(): Promise<void> {
    const { responses } = await this.#calls.read();
    for (const response of responses as readonly GetResponse[])
      if (response.kvs[0]?.createRevision !== this.#createRevision) throw placeLost("is gone", false);
  }

  async #giveUp(options: CallerOptions): Promise<void> {
    try {
      // With the lease gone the keys are gone, or going without our help.
      if (this.#session.endReason === undefined) await this.#calls.remove(options);
    } catch (error) {
      void removeKey(this.#session, () => this.#calls.remove());
      throw error;
    } finally {
      if (this.#repeated) this.#removeLateKeys();
    }
  }

  /** A copy of the transaction that etcd does only now puts the keys again. Looked after when none can come any more. */
  #removeLateKeys(): void {
    this.#session.client.parts.pool.runtime.setTimer(() => {
      void removeKey(this.#session, () => this.#calls.remove());
    }, LATE_APPLY_MS);
  }
}

/** Nobody is ahead, as the transaction found that put a key at this revision. */
export const freeLine = (revision: number): LineSnapshot => ({ revision, ahead: [], isWhole: true });

/**
 * What a reply shows of a line.
 *
 * @param line keys of it, the newest first
 * @param createRevision of our own key
 * @param ownCount how many of our keys are in the line
 * @returns undefined if those behind us hide who is ahead
 */
export const lineSnapshot = (
  line: GetResponse,
  revision: number,
  createRevision: number,
  ownCount = 1,
): LineSnapshot | undefined => {
  const ahead = line.kvs.filter((kv) => kv.createRevision < createRevision).map((kv) => keyText(kv.key));
  if (line.more && ahead.length < line.kvs.length - ownCount) return undefined;
  return { revision, ahead, isWhole: !line.more };
};
