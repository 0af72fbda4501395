import type { Namespace } from "../../client/namespace.js";
import type { Timer } from "../../connection/runtime.js";
import { LockLostError } from "../../errors.js";
import type { LockLife } from "../lock.js";

/** Another life, cut short after a fixed time. */
export class HoldLimit implements LockLife {
  readonly #life: LockLife;
  readonly #name: string;
  readonly #maxHoldMs: number;
  readonly #endsAtMs: number;
  readonly #callbacks = new Set<() => void>();
  #timer: Timer;
  #endReason: LockLostError | undefined;

  constructor(life: LockLife, name: string, maxHoldMs: number) {
    this.#life = life;
    this.#name = name;
    this.#maxHoldMs = maxHoldMs;
    this.#endsAtMs = life.client.parts.pool.runtime.now() + maxHoldMs;
    this.#arm();
  }

  get client(): Namespace {
    return this.#life.client;
  }

  /** LockLife. The check itself finds out, so a blocked event loop whose timers are late is no excuse. */
  get remainingMs(): number {
    if (this.#endReason !== undefined) return 0;
    const remainingMs = Math.min(this.#ownRemainingMs, this.#life.remainingMs);
    if (this.#ownRemainingMs <= 0) this.#end();
    return Math.max(0, remainingMs);
  }

  /** LockLife. */
  get endReason(): LockLostError | undefined {
    return this.#endReason ?? this.#life.endReason;
  }

  /** LockLife. */
  onEnd(callback: () => void): () => void {
    const stopListening = this.#life.onEnd(callback);
    this.#callbacks.add(callback);
    return () => {
      stopListening();
      this.#callbacks.delete(callback);
    };
  }

  /** What it limited is over. */
  close(): void {
    this.client.parts.pool.runtime.clearTimer(this.#timer);
  }

  get #ownRemainingMs(): number {
    return this.#endsAtMs - this.client.parts.pool.runtime.now();
  }

  #arm(): void {
    const { runtime } = this.client.parts.pool;
    this.#timer = runtime.setTimer(
      () => {
        // Timers may come a little early.
        if (this.#ownRemainingMs > 0) this.#arm();
        else this.#end();
      },
      Math.max(0, this.#ownRemainingMs),
    );
  }

  #end(): void {
    this.#endReason = new LockLostError(
      "ETCD_LOCK_LOST",
      `lock "${this.#name}" was held for maxHoldMs, ${this.#maxHoldMs} ms`,
      { mayHaveApplied: false },
    );
    for (const callback of [...this.#callbacks]) callback();
  }
}
