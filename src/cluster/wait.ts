import type { Runtime } from "../connection/runtime.js";
import { AbortError, StatusError } from "../errors.js";
import type { EtcdError } from "../errors.js";

/** Resolves after `ms`. Keeps the process alive: somebody waits. */
export const delay = (runtime: Runtime, ms: number): Promise<void> =>
  new Promise((resolve) => {
    runtime.setTimer(resolve, ms, true);
  });

/** How long one call may wait in all: its deadline and its caller's signal. */
export class Wait {
  readonly #runtime: Runtime;
  readonly deadlineMs: number;
  readonly signal: AbortSignal | undefined;

  constructor(runtime: Runtime, timeoutMs: number, signal: AbortSignal | undefined) {
    this.#runtime = runtime;
    this.deadlineMs = runtime.now() + timeoutMs;
    this.signal = signal;
  }

  get remainingMs(): number {
    return this.deadlineMs - this.#runtime.now();
  }

  throwIfAborted(mayHaveApplied: boolean): void {
    if (this.signal?.aborted === true) throw new AbortError(this.signal.reason, mayHaveApplied);
  }

  /**
   * `promise`, or an AbortError when the signal fires, or `onDeadline()`'s error when time is up, whichever is
   * first. What `promise` does afterwards is ignored.
   */
  for<T>(promise: Promise<T>, onDeadline: () => EtcdError): Promise<T> {
    return new Promise((resolve, reject) => {
      const { signal } = this;
      const onAbort = (): void => {
        done();
        reject(new AbortError(signal?.reason, false));
      };
      const timer = this.#runtime.setTimer(
        () => {
          done();
          reject(onDeadline());
        },
        Math.min(2 ** 31 - 1, Math.max(0, this.remainingMs)),
        true,
      );
      const done = (): void => {
        this.#runtime.clearTimer(timer);
        signal?.removeEventListener("abort", onAbort);
      };
      if (signal?.aborted === true) {
        onAbort();
        return;
      }
      signal?.addEventListener("abort", onAbort, { once: true });
      promise.then(
        (value) => {
          done();
          resolve(value);
        },
        (error: unknown) => {
          done();
          reject(error);
        },
      );
    });
  }

  /** Sleeps, ended early by the signal (AbortError) and by the deadline (without an error). */
  async sleep(ms: number): Promise<void> {
    this.throwIfAborted(false);
    await this.for(delay(this.#runtime, Math.min(ms, this.remainingMs)), deadlineError).catch(
      (error: unknown) => {
        if (error instanceof AbortError) throw error;
      },
    );
  }
}

/** Where there is no better reason to give than the clock. */
export const deadlineError = (): EtcdError =>
  new StatusError("ETCD_DEADLINE_EXCEEDED", "the call's deadline passed before it could be sent", {
    mayHaveApplied: false,
    grpcCode: 4,
    attempts: 0,
  });
