import type { Runtime, Timer } from "../../connection/runtime.js";
import { AbortError, StatusError } from "../../errors.js";
import { offAbort, onAbort } from "../../rpc/abort-listeners.js";
import type { Lock } from "../lock.js";

/** How a caller wants the lock; of its `Mutex`. */
export interface LineTerms {
  readonly owner: string | undefined;
  /** It may get the token of the holder before it, in this process. */
  readonly sharesToken: boolean;
  readonly localHandoverMaxCount: number;
}

/** What callers wait in. */
export interface WaitingLine {
  readonly name: string;
  readonly runtime: Runtime;
  /** `waiter` waits no more, because of `error`. */
  leave(waiter: LocalWaiter, error: unknown): void;
}

/**
 * A caller that waits for a lock. One object and one promise each, and nothing more unless it has a signal or a time limit:
 * ten thousand may wait for one name.
 */
export class LocalWaiter {
  /** Those before and behind it; of the line that it waits in. */
  previous: LocalWaiter | undefined;
  next: LocalWaiter | undefined;
  isWaiting = true;
  readonly terms: LineTerms;
  readonly enteredAtMs: number;
  /** The name was in use in this process when it came. */
  readonly cameLater: boolean;
  readonly #line: WaitingLine;
  readonly #resolve: (lock: Lock) => void;
  readonly #reject: (error: unknown) => void;
  /** Of the signal; undefined without one. */
  #stopListeningToSignal: (() => void) | undefined;
  #timer: Timer;

  constructor(
    line: WaitingLine,
    terms: LineTerms,
    cameLater: boolean,
    resolve: (lock: Lock) => void,
    reject: (error: unknown) => void,
  ) {
    this.terms = terms;
    this.enteredAtMs = line.runtime.now();
    this.cameLater = cameLater;
    this.#line = line;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Give up when `signal` fires, or `timeoutMs` are over. */
  limit(signal: AbortSignal | undefined, timeoutMs: number | undefined): void {
    if (signal !== undefined) {
      const onAborted = (): void => {
        this.#line.leave(this, new AbortError(signal.reason, false));
      };
      onAbort(signal, onAborted);
      this.#stopListeningToSignal = () => {
        offAbort(signal, onAborted);
      };
    }
    if (timeoutMs === undefined) return;
    this.#timer = this.#line.runtime.setTimer(
      () => {
        this.#timer = undefined;
        this.#line.leave(this, this.#timeUp(timeoutMs));
      },
      timeoutMs,
      true,
    );
  }

  got(lock: Lock): void {
    this.#stopListening();
    this.#resolve(lock);
  }

  failed(error: unknown): void {
    this.#stopListening();
    this.#reject(error);
  }

  #stopListening(): void {
    this.#stopListeningToSignal?.();
    this.#stopListeningToSignal = undefined;
    if (this.#timer !== undefined) this.#line.runtime.clearTimer(this.#timer);
    this.#timer = undefined;
  }

  #timeUp(timeoutMs: number): StatusError {
    return new StatusError(
      "ETCD_DEADLINE_EXCEEDED",
      `lock "${this.#line.name}" was not free within ${timeoutMs} ms`,
      { mayHaveApplied: false, grpcCode: 4 },
    );
  }
}
