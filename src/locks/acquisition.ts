import { decideRetry } from "../cluster/retry-policy.js";
import { EtcdError, LockLostError } from "../errors.js";
import type { TxnResult } from "../txn/result.js";
import { removeKey, removeLateKey } from "./key-removal.js";
import { keyText } from "./name-watch.js";
import type { LockPlace } from "./lock-place.js";
import type { NameWatchUser } from "./name-watch.js";

/** What is known about the store at one revision: whose keys are ahead of ours. */
interface Snapshot {
  readonly revision: number;
  readonly ahead: Set<string>;
}

/**
 * One try to get one lock.
 *
 * `acquire` puts our key and tells at revision S who is ahead. If the watch covers everything after S, deletions
 * alone say when the last one ahead is gone, and then the lock is ours with no read in between: our own key was
 * alive at S, and its deletion would have come through the same ordered watch. If the watch began after S, one
 * `look` takes a new snapshot that it does cover.
 *
 * Keys are ordered by create revision, never by name: the same session may come back under its old key. A
 * deletion at or before S is of an incarnation that the snapshot no longer shows.
 */
export class Acquisition implements NameWatchUser {
  readonly #place: LockPlace;
  readonly #keyText: string;
  #token = 0;
  /** The token of a key that an earlier acquire left behind, while it is being removed. */
  #leftOver = 0;
  #snapshot: Snapshot | undefined;
  /** Deletions reported while no snapshot was there to apply them to. */
  #early: { key: string; revision: number }[] = [];
  #looking = false;
  /** Held or given up: what the watch reports no longer decides anything. */
  #ended = false;
  /** Our key was deleted after the lock was got, when nobody else listened yet. */
  #lost = false;
  #resolve!: (token: number) => void;
  #reject!: (error: unknown) => void;
  readonly #done: Promise<number>;
  /** The acquire transaction, settled either way; what clean-up must wait for. */
  #asked: Promise<unknown> = Promise.resolve();
  #outcomeUnknown = false;
  #contended = false;
  #repeated = false;

  constructor(place: LockPlace) {
    this.#place = place;
    this.#keyText = keyText(Buffer.from(place.key));
    this.#done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /**
   * Resolves with the token once the lock is held. When it rejects, for whatever reason, `cleanUp` is due.
   *
   * @param signal ends the wait with its reason
   */
  run(signal: AbortSignal | undefined): Promise<number> {
    const { session, watch } = this.#place;
    watch.use(this);
    // A signal that fired already would never be heard: it may have, between the caller's turn and now.
    const fired = [signal, session.signal].find((each) => each?.aborted === true);
    if (fired !== undefined) {
      this.#fail(fired.reason);
      return this.#done;
    }
    const onAbort = (): void => {
      this.#fail(signal?.reason);
    };
    const onSessionEnd = (): void => {
      this.#fail(session.signal.reason);
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    session.signal.addEventListener("abort", onSessionEnd, { once: true });
    this.#asked = this.#ask();
    return this.#done.finally(() => {
      signal?.removeEventListener("abort", onAbort);
      session.signal.removeEventListener("abort", onSessionEnd);
      this.#ended = true;
    });
  }

  /** @throws LockLostError if our key was deleted since `run` resolved; for the moment before the lock listens itself */
  assertStanding(): void {
    if (this.#lost) throw placeLost("was deleted");
  }

  /**
   * Takes our key out of the line after a failed `run`: tries until it is gone, or the session has ended and takes
   * it along.
   *
   * @param onTried called once, after the first try: whoever uses the key next is told from us by its value
   */
  async cleanUp(onTried: () => void): Promise<void> {
    const { session, plans, key, value, watch } = this.#place;
    watch.leave(this);
    await this.#asked;
    const token = this.#token || this.#leftOver;
    if (token > 0) await removeKey(session, () => plans.release.run({ key, token }), onTried);
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

  async #ask(): Promise<void> {
    const { plans, prefix, key, value, session } = this.#place;
    const onRepeat = (): void => {
      this.#repeated = true;
    };
    try {
      for (;;) {
        const result = await plans.acquire.run({ prefix, key, value, lease: session.leaseId }, { onRepeat });
        if (result.succeeded) {
          this.#token = result.revision;
          this.#finish();
          return;
        }
        const leftOver = this.#readPlace(result);
        if (leftOver === undefined) return;
        // An earlier release did not get through. Holding under its token would give two holders one token.
        this.#leftOver = leftOver;
        await plans.release.run({ key, token: leftOver });
        this.#leftOver = 0;
        if (this.#isOver()) return;
      }
    } catch (error) {
      this.#outcomeUnknown = error instanceof EtcdError && error.mayHaveApplied;
      this.#fail(error);
    }
  }

  /** The else-branch of `acquire`. Returns the token of a key that an earlier acquire left behind, if that is so. */
  #readPlace(result: TxnResult): number | undefined {
    const [mine, line] = result.responses;
    if (mine?.kind !== "txn" || line?.kind !== "get") throw unexpected("acquire");
    let token = result.revision;
    if (!mine.result.succeeded) {
      const own = mine.result.responses[0];
      const kv = own?.kind === "get" ? own.kvs[0] : undefined;
      if (kv === undefined) throw unexpected("acquire");
      if (kv.value.string() !== this.#place.value) return kv.createRevision;
      token = kv.createRevision;
    }
    this.#token = token;
    this.#takeSnapshot(
      result.revision,
      line.kvs.filter((kv) => kv.createRevision < token).map((kv) => keyText(kv.key)),
    );
    return undefined;
  }

  #takeSnapshot(revision: number, aheadKeys: readonly string[]): void {
    if (this.#ended) return;
    this.#snapshot = { revision, ahead: new Set(aheadKeys) };
    this.#contended ||= aheadKeys.length > 0;
    const early = this.#early;
    this.#early = [];
    for (const deleted of early) this.onDeleted(deleted.key, deleted.revision);
    this.onBatchEnd();
    if (this.#isOver()) return;
    const { watch } = this.#place;
    watch.start();
    // Infinity while it is not watching yet: `onWatching` comes then.
    if (watch.watchingFrom !== Infinity) this.onWatching(watch.watchingFrom);
  }

  /** NameWatchUser. */
  onWatching(revision: number): void {
    if (this.#snapshot === undefined || this.#ended || revision <= this.#snapshot.revision) return;
    // What was deleted between the snapshot and the watch's start was not seen.
    void this.#look();
  }

  /** NameWatchUser. */
  onDeleted(key: string, revision: number): void {
    if (this.#ended) {
      if (key === this.#keyText && revision > this.#token) this.#lost = true;
      return;
    }
    if (this.#snapshot === undefined || this.#looking) {
      this.#early.push({ key, revision });
      return;
    }
    if (revision <= this.#snapshot.revision) return;
    if (key === this.#keyText) this.#fail(placeLost("was deleted"));
    else this.#snapshot.ahead.delete(key);
  }

  /** NameWatchUser. */
  onBatchEnd(): void {
    if (this.#snapshot?.ahead.size === 0 && !this.#looking) this.#finish();
  }

  /** NameWatchUser. */
  onBroken(error: EtcdError): void {
    if (this.#ended) return;
    const { watch, session } = this.#place;
    const history = {
      repeatedAtOnce: true,
      authenticatedAgain: false,
      hasCredentials: session.client.parts.pool.hasCredentials,
      hasUntriedEndpoint: false,
    };
    const { action } = decideRetry("repeatable", error, history);
    if (action === "retry" || error.code === "ETCD_COMPACTED") watch.startLater();
    else this.#fail(error);
  }

  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    const { plans, prefix, key } = this.#place;
    try {
      const result = await plans.look.run({ prefix, key, before: this.#token - 1 });
      this.#looking = false;
      const [own, line] = result.responses;
      if (own?.kind !== "get" || line?.kind !== "get") throw unexpected("look");
      if (own.kvs[0]?.createRevision !== this.#token) {
        throw placeLost("is gone");
      }
      this.#takeSnapshot(
        result.revision,
        line.kvs.map((kv) => keyText(kv.key)),
      );
    } catch (error) {
      this.#looking = false;
      this.#fail(error);
    }
  }

  /** Asked after something that may have ended it. */
  #isOver(): boolean {
    return this.#ended;
  }

  #finish(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#resolve(this.#token);
  }

  #fail(error: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#reject(error);
  }
}

const placeLost = (how: string): LockLostError =>
  new LockLostError(
    "ETCD_SESSION_EXPIRED",
    `our place in the line for the lock ${how}: its lease has ended, or somebody deleted it`,
    { mayHaveApplied: false },
  );

const unexpected = (plan: string): Error =>
  new Error(`etcdwire: the reply to the lock's "${plan}" has another shape than its plan`);
