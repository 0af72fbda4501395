import { LockLostError } from "../errors.js";
import { lockEvents } from "../tracing.js";
import { removeKey, removeLateKey } from "./key-removal.js";
import { keyText } from "./name-watch.js";
import type { LockPlace } from "./lock-place.js";
import type { Turn } from "./lock-queue.js";

/**
 * A lock that was acquired. It is held until `release()`, or until the moment after which that can no longer be
 * proved; `signal` aborts by then.
 *
 * etcd can say who holds a lock, and cannot stop a process that was held up from acting on a lock that it has
 * lost meanwhile. Where the protected thing is outside etcd, send `token` along and refuse lower ones there.
 */
export class Lock {
  /** The lock's name, as its namespace knows it. */
  readonly name: string;
  /** The key that stands for this holder: `name/` + hex lease id. Without the namespace's prefix, which it has in etcd. */
  readonly key: string;
  /**
   * The fencing token: the create revision of `key`. Of all holders that a name ever had, a later one has a
   * larger token.
   */
  readonly token: number;
  readonly #place: LockPlace;
  readonly #turn: Turn;
  readonly #mayComeAgain: boolean;
  readonly #keyText: string;
  readonly #controller = new AbortController();
  readonly #onSessionEnd: () => void;
  readonly #acquiredAtMs: number;
  #lostReason: LockLostError | undefined;
  #releasing: Promise<void> | undefined;

  /**
   * @internal Made by `Mutex`.
   * @param mayComeAgain another copy of its acquire may be on its way
   */
  constructor(name: string, token: number, place: LockPlace, turn: Turn, mayComeAgain: boolean) {
    this.name = name;
    this.key = place.key;
    this.token = token;
    this.#place = place;
    this.#turn = turn;
    this.#mayComeAgain = mayComeAgain;
    this.#keyText = keyText(Buffer.from(place.key));
    const { signal, client } = place.session;
    this.#acquiredAtMs = client.parts.pool.runtime.now();
    this.#onSessionEnd = () => {
      this.#lose(signal.reason as LockLostError);
    };
    signal.addEventListener("abort", this.#onSessionEnd, { once: true });
    place.watch.use(this);
    if (signal.aborted) this.#onSessionEnd();
  }

  /** Aborts when the lock is released or lost. The reason is a LockLostError in both cases. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether the lock is provably held at this moment. */
  get isHeld(): boolean {
    return !this.signal.aborted && this.#place.session.remainingMs > 0;
  }

  /** @internal Why it was lost, if that happened before a release. */
  get lostReason(): LockLostError | undefined {
    // Reading whether it is held finds out.
    return this.isHeld ? undefined : this.#lostReason;
  }

  /** @throws LockLostError unless the lock is provably held at this moment */
  assertHeld(): void {
    if (!this.isHeld) throw this.signal.reason;
  }

  /**
   * Gives the lock up. Deletes this holder's key and no other, so it is safe to repeat. A lock that was lost
   * before releases without an error. Idempotent.
   *
   * @throws EtcdError when the cluster could not be told in time. Telling it goes on in the background then, for as
   *   long as the session lives, and the session's end does the same
   */
  release(): Promise<void> {
    this.#releasing ??= this.#release();
    return this.#releasing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }

  /** @internal NameWatchUser: the watch of a contended name also sees our own key. */
  onDeleted(key: string, revision: number): void {
    if (key !== this.#keyText || revision <= this.token) return;
    this.#lose(
      new LockLostError("ETCD_LOCK_LOST", `the key of lock "${this.name}" was deleted`, {
        mayHaveApplied: false,
      }),
    );
  }

  /** @internal NameWatchUser. */
  onWatching(): void {}
  /** @internal NameWatchUser. */
  onBatchEnd(): void {}
  /** @internal NameWatchUser. */
  onBroken(): void {}

  async #release(): Promise<void> {
    const { session, plans, key } = this.#place;
    const sessionAlive = !session.signal.aborted;
    if (lockEvents.hasSubscribers && !this.signal.aborted)
      lockEvents.publish({ type: "released", ...this.#history() });
    const deleteKey = (): Promise<unknown> => plans.release.run({ key, token: this.token });
    this.#end(
      new LockLostError("ETCD_LOCK_LOST", `lock "${this.name}" was released`, { mayHaveApplied: false }),
    );
    try {
      // With the lease gone the key is gone, or going without our help.
      if (sessionAlive) await deleteKey();
    } catch (error) {
      void removeKey(session, deleteKey);
      throw error;
    } finally {
      if (this.#mayComeAgain) removeLateKey(this.#place);
      this.#turn.leave();
    }
  }

  #lose(reason: LockLostError): void {
    if (!this.signal.aborted) {
      this.#lostReason = reason;
      if (lockEvents.hasSubscribers) lockEvents.publish({ type: "lost", ...this.#history(), error: reason });
    }
    this.#end(reason);
  }

  #history(): { name: string; token: number; heldMs: number } {
    const { runtime } = this.#place.session.client.parts.pool;
    return { name: this.name, token: this.token, heldMs: runtime.now() - this.#acquiredAtMs };
  }

  #end(reason: LockLostError): void {
    this.#place.session.signal.removeEventListener("abort", this.#onSessionEnd);
    // Here and not in `release`, which the owner of a lost lock may never call.
    this.#place.watch.leave(this);
    if (!this.signal.aborted) this.#controller.abort(reason);
  }
}
