import { EtcdError } from "../errors.js";
import type { TxnResult } from "../txn/result.js";
import { keyText } from "./deletion-watch.js";
import { removeKey, removeLateKey } from "./key-removal.js";
import { LineWait } from "./line-wait.js";
import type { LineSnapshot } from "./line-wait.js";
import type { LockPlace } from "./lock-place.js";

/** A place at the head of the line. */
export interface Acquired {
  /** Of our key. */
  readonly createRevision: number;
  /** The store's revision when our turn began: grows from holder to holder. */
  readonly token: number;
}

/**
 * One try to get one lock: `acquire` puts our key, and where others are ahead a `LineWait` says when they are gone.
 *
 * Free, the token is the revision of our put. Else it is that of the deletion which brought our turn: our key is older than
 * the last holders' tokens, where those passed the lock on within their process.
 */
export class Acquisition {
  readonly #place: LockPlace;
  readonly #wait: LineWait;
  #createRevision = 0;
  /** The create revision of a key that an earlier acquire left behind, while it is being removed. */
  #leftOver = 0;
  /** The acquire transaction, settled either way; what clean-up must wait for. */
  #asked: Promise<unknown> = Promise.resolve();
  #outcomeUnknown = false;
  #contended = false;
  #repeated = false;
  #givenUp = false;

  constructor(place: LockPlace) {
    this.#place = place;
    const { session, prefix, key } = place;
    this.#wait = new LineWait({ life: session, prefix, key });
  }

  /**
   * Resolves once the lock is held. When it rejects, for whatever reason, `cleanUp` is due; else `close`, when others hear of
   * what becomes of the key.
   *
   * @param signal ends the wait with its reason
   */
  async run(signal: AbortSignal | undefined): Promise<Acquired> {
    const { session } = this.#place;
    signal?.throwIfAborted();
    if (session.endReason !== undefined) throw session.endReason;
    const asked = this.#ask();
    this.#asked = asked.catch(() => {});
    const seen = await unlessEnded(asked, session, signal);
    if (typeof seen === "number") return { createRevision: this.#createRevision, token: seen };
    const token = await this.#wait.run(this.#createRevision, seen, signal);
    return { createRevision: this.#createRevision, token };
  }

  /** @throws LockLostError if our key was deleted since `run` resolved; for the moment before others listen */
  assertStanding(): void {
    this.#wait.assertStanding();
  }

  /** Nobody needs to hear of the line any more. Idempotent. */
  close(): void {
    this.#wait.close();
  }

  /**
   * Takes our key out of the line after a failed `run`: tries until it is gone, or the session has ended and takes
   * it along.
   *
   * @param onTried called once, after the first try: whoever uses the key next is told from us by its value
   */
  async cleanUp(onTried: () => void): Promise<void> {
    const { session, plans, key, value } = this.#place;
    this.#givenUp = true;
    this.close();
    await this.#asked;
    const createRevision = this.#createRevision || this.#leftOver;
    if (createRevision > 0)
      await removeKey(session, () => plans.release.run({ key, createRevision }), onTried);
    else if (this.#outcomeUnknown) await removeKey(session, () => plans.abandon.run({ key, value }), onTried);
    else onTried();
    if (this.#outcomeUnknown || this.#repeated) removeLateKey(this.#place);
  }

  /** Somebody else was ahead when we stood in line. */
  get contended(): boolean {
    return this.#contended;
  }

  /** Whether the acquire was sent more than once, so that a copy of it may still be on its way. */
  get repeated(): boolean {
    return this.#repeated;
  }

  /** Puts our key. The token if the lock was free; else what is known of the line. */
  async #ask(): Promise<number | LineSnapshot | undefined> {
    const { plans, prefix, key, value, session } = this.#place;
    const onRepeat = (): void => {
      this.#repeated = true;
    };
    try {
      for (;;) {
        const result = await plans.acquire.run({ prefix, key, value, lease: session.leaseId }, { onRepeat });
        if (result.succeeded) return (this.#createRevision = result.revision);
        const leftOver = this.#readPlace(result);
        if (leftOver === undefined) return this.#snapshot(result);
        // An earlier release did not get through. It would hold the place in the line of a caller that is gone.
        this.#leftOver = leftOver;
        await plans.release.run({ key, createRevision: leftOver });
        this.#leftOver = 0;
        // Nobody hears what comes of it any more.
        if (this.#givenUp) return undefined;
      }
    } catch (error) {
      this.#outcomeUnknown = error instanceof EtcdError && error.mayHaveApplied;
      throw error;
    }
  }

  /** Returns the create revision of a key that an earlier acquire left behind, if that is so. */
  #readPlace(result: TxnResult): number | undefined {
    const [mine] = result.responses;
    if (mine?.kind !== "txn") throw unexpected();
    if (mine.result.succeeded) this.#createRevision = result.revision;
    else {
      const own = mine.result.responses[0];
      const kv = own?.kind === "get" ? own.kvs[0] : undefined;
      if (kv === undefined) throw unexpected();
      if (kv.value.string() !== this.#place.value) return kv.createRevision;
      this.#createRevision = kv.createRevision;
    }
    return undefined;
  }

  /** What the acquire saw of the line; undefined if not enough of it. */
  #snapshot(result: TxnResult): LineSnapshot | undefined {
    const line = result.responses[1];
    if (line?.kind !== "get") throw unexpected();
    const ahead = line.kvs
      .filter((kv) => kv.createRevision < this.#createRevision)
      .map((kv) => keyText(kv.key));
    this.#contended = ahead.length > 0 || line.more;
    // Others have come behind a key that was there before this try, and hide those ahead.
    if (line.more && ahead.length < line.kvs.length - 1) return undefined;
    return { revision: result.revision, ahead, isWhole: !line.more };
  }
}

/** Waits for `asked`, which goes on in any case, until `signal` fires or the session ends. */
const unlessEnded = <T>(
  asked: Promise<T>,
  session: LockPlace["session"],
  signal: AbortSignal | undefined,
): Promise<T> =>
  new Promise((resolve, reject) => {
    const onAbort = (): void => {
      reject(signal?.reason as Error);
    };
    const stopListening = session.onEnd(() => {
      reject(session.endReason!);
    });
    signal?.addEventListener("abort", onAbort, { once: true });
    asked
      .finally(() => {
        stopListening();
        signal?.removeEventListener("abort", onAbort);
      })
      .then(resolve, reject);
  });

const unexpected = (): Error =>
  new Error("etcdwire: the reply to a lock's acquire has another shape than its plan");
