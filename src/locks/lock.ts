import type { CallerOptions } from "../client/calls.js";
import type { KvTxnOptions, WithoutParameters } from "../client/kv/txn-builder.js";
import type { Namespace } from "../client/namespace.js";
import { LockLostError } from "../errors.js";
import { lockEvents } from "../tracing.js";
import { op } from "../txn/shape.js";
import type { Compare, TxnShape } from "../txn/shape.js";
import type { TxnResultOf } from "../txn/typed-result.js";

/** What a lock lives on: a session, or a lease of its own. */
export interface LockLife {
  /** Where its keys are: all of the store, or a namespace. */
  readonly client: Namespace;
  /** How much longer it can be proved to live, in milliseconds; finding out that it cannot ends it. */
  readonly remainingMs: number;
  /** Why it has ended; undefined while it has not. */
  readonly endReason: LockLostError | undefined;
  /** Calls `callback`, which must not throw, at its end; returns what takes that back. */
  onEnd(callback: () => void): () => void;
}

/** What a recipe makes a lock of. */
export interface LockParts {
  readonly life: LockLife;
  readonly name: string;
  readonly key: string;
  readonly token: number;
  /** Hold for as long as this holder, and nobody else, has the lock. */
  readonly guard: readonly Compare[];
  /**
   * Gives it up at the server; called once. After `wasLost` the key may be gone, or belong to nobody who wants it.
   * What it throws, `release` throws.
   */
  readonly giveUp: (options: CallerOptions, wasLost: boolean) => Promise<void>;
  /** The lock is released or lost: whatever watches its key may stop. Called once, before `giveUp`. */
  readonly onEnd?: (wasLost: boolean) => void;
}

/**
 * A lock that was acquired. It is held until `release()`, or until the moment after which that can no longer be
 * proved; `signal` aborts by then.
 *
 * etcd can say who holds a lock, and cannot stop a process that was held up from acting on a lock that it has
 * lost meanwhile. Writes to etcd go through `txn`, or have `guard()` among their conditions: those apply only while the
 * lock is held. Where the protected thing is outside etcd, send `token` along and refuse lower ones there.
 */
export class Lock {
  /** The lock's name, as its namespace knows it. */
  readonly name: string;
  /** The key that stands for this holder. Without the namespace's prefix, which it has in etcd. */
  readonly key: string;
  /**
   * The fencing token: the store's revision when this holder's turn began. Of all holders that a name ever had, a later
   * one has a larger token.
   */
  readonly token: number;
  readonly #parts: LockParts;
  readonly #stopListening: () => void;
  readonly #acquiredAtMs: number;
  /** Made when somebody asks for the signal. */
  #controller: AbortController | undefined;
  #ended = false;
  /** Why it was lost; of a release, made when somebody asks: the stack of an error costs 20 us. */
  #endReason: LockLostError | undefined;
  #wasLost = false;
  #releasing: Promise<void> | undefined;

  /** @internal Made by the recipes. */
  constructor(parts: LockParts) {
    const { life } = parts;
    this.name = parts.name;
    this.key = parts.key;
    this.token = parts.token;
    this.#parts = parts;
    this.#acquiredAtMs = life.client.parts.pool.runtime.now();
    this.#stopListening = life.onEnd(() => {
      this.lose(life.endReason!);
    });
    if (life.endReason !== undefined) this.lose(life.endReason);
  }

  /** Aborts when the lock is released or lost. The reason is a LockLostError in both cases. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#ended) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** Whether the lock is provably held at this moment. */
  get isHeld(): boolean {
    // Reading what remains finds out, and tells us.
    return !this.#ended && this.#parts.life.remainingMs > 0;
  }

  /** @internal How much longer it is provably held, in milliseconds. */
  get remainingMs(): number {
    return this.#ended ? 0 : this.#parts.life.remainingMs;
  }

  /** @internal Where its key, and its guard's keys, are. */
  get client(): Namespace {
    return this.#parts.life.client;
  }

  /** @internal Why it was lost, if that happened before a release. */
  get lostReason(): LockLostError | undefined {
    return this.isHeld || !this.#wasLost ? undefined : this.#endReason;
  }

  /** @throws LockLostError unless the lock is provably held at this moment */
  assertHeld(): void {
    // In a listener of the session's signal its end is known, and we have not heard of it yet.
    if (!this.isHeld) throw this.#ended ? this.#reason : this.#parts.life.endReason!;
  }

  /**
   * Conditions that hold for as long as this holder has the lock, to be put among those of a transaction of the client or
   * namespace that the lock's session was made for. Where they fail the lock is lost.
   */
  guard(): readonly Compare[] {
    return this.#parts.guard;
  }

  /**
   * Runs a transaction that is done only if this lock is held when etcd does it: `shape` as `kv.txn` takes it, and its
   * result. `shape` is nested in the guard, so etcd's bounds leave it a list entry less for each of the guard's, and one
   * level.
   *
   * @throws LockLostError if the lock was not held any more: nothing was done; ArgumentError and EtcdError as `kv.txn`
   */
  async txn<const Shape extends TxnShape>(
    shape: Shape & WithoutParameters<Shape>,
    options?: KvTxnOptions,
  ): Promise<TxnResultOf<Shape>> {
    this.assertHeld();
    const guarded = { if: this.#parts.guard, then: [op.txn(shape)] };
    const { succeeded, responses, revision, raftTerm } = await this.#parts.life.client.kv.txn(
      guarded,
      options,
    );
    if (!succeeded) {
      this.lose(lostError(this.name, "is held by somebody else, or by nobody"));
      throw this.#reason;
    }
    const [inner] = responses;
    if (inner?.kind !== "txn")
      throw new Error("etcdwire: a guarded transaction was answered without its result");
    // A nested result has no header of its own.
    return { ...inner.result, revision, raftTerm };
  }

  /**
   * Gives the lock up. Deletes this holder's key and no other, so it is safe to repeat. A lock that was lost
   * before releases without an error. Idempotent.
   *
   * @param options of the call that tells etcd; those of the first call count
   * @throws EtcdError when the cluster could not be told in time. Telling it goes on in the background then, for as
   *   long as the session lives, and the session's end does the same
   */
  release(options: CallerOptions = {}): Promise<void> {
    if (this.#releasing !== undefined) return this.#releasing;
    try {
      this.#parts.life.client.parts.calls.options(options);
    } catch (error) {
      return Promise.reject(error);
    }
    this.#releasing = this.#release(options);
    return this.#releasing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }

  /** What `JSON.stringify` makes of it. */
  toJSON(): { name: string; key: string; token: number } {
    return { name: this.name, key: this.key, token: this.token };
  }

  /** @internal It is not held any more, and was not released. */
  lose(reason: LockLostError): void {
    if (this.#ended) return;
    this.#wasLost = true;
    if (lockEvents.hasSubscribers) lockEvents.publish({ type: "lost", ...this.#history(), error: reason });
    this.#endReason = reason;
    this.#end();
  }

  /** @internal */
  loseKey(): void {
    this.lose(lostError(this.name, "is lost: its key was deleted"));
  }

  async #release(options: CallerOptions): Promise<void> {
    if (!this.#ended) {
      if (lockEvents.hasSubscribers) lockEvents.publish({ type: "released", ...this.#history() });
      this.#end();
    }
    await this.#parts.giveUp(options, this.#wasLost);
  }

  /** Of a lock that has ended. */
  get #reason(): LockLostError {
    return (this.#endReason ??= lostError(this.name, "was released"));
  }

  #end(): void {
    this.#ended = true;
    this.#stopListening();
    this.#parts.onEnd?.(this.#wasLost);
    this.#controller?.abort(this.#reason);
  }

  #history(): { name: string; token: number; heldMs: number } {
    const { runtime } = this.#parts.life.client.parts.pool;
    return { name: this.name, token: this.token, heldMs: runtime.now() - this.#acquiredAtMs };
  }
}

const lostError = (name: string, what: string): LockLostError =>
  new LockLostError("ETCD_LOCK_LOST", `lock "${name}" ${what}`, { mayHaveApplied: false });
