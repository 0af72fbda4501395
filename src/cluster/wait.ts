import type { Runtime } from "../connection/runtime.js";
import { AbortError, ArgumentError, StatusError } from "../errors.js";
import type { EtcdError } from "../errors.js";
import { TIMEOUT_MAX_MS } from "../options.js";
import { offAbort, onAbort } from "../rpc/abort-listeners.js";

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
   * first. What `promise` does afterwards is ignored, a rejection too. Keeps the process alive: somebody waits.
   */
  for<T>(promise: Promise<T>, onDeadline: () => EtcdError): Promise<T> {
    return new Promise((resolve, reject) => {
      const end = this.#whenOver(this.remainingMs, (aborted) => reject(aborted ?? onDeadline()));
      // Also if the signal has fired already: a shared promise that nobody looks at would end the process.
      promise.then(
        (value) => {
          end();
          resolve(value);
        },
        (error: unknown) => {
          end();
          reject(error);
        },
      );
    });
  }

  /**
   * Sleeps, ended early by the signal (AbortError), by the deadline and by `wake` (both without an error).
   *
   * @param onStart is given `wake`, for an owner that may close meanwhile, and returns what to do at the end
   */
  async sleep(ms: number, onStart?: (wake: () => void) => () => void): Promise<void> {
    this.throwIfAborted(false);
    await new Promise<void>((resolve, reject) => {
      const end = this.#whenOver(Math.min(ms, this.remainingMs), (aborted) => {
        onEnd?.();
        if (aborted === undefined) resolve();
        else reject(aborted);
      });
      const onEnd = onStart?.(() => {
        end();
        onEnd?.();
        resolve();
      });
    });
  }

  /** Calls `over` once: with the abort, or after `ms` without one. The function returned calls it off. */
  #whenOver(ms: number, over: (aborted: AbortError | undefined) => void): () => void {
    const { signal } = this;
    if (signal?.aborted === true) {
      over(new AbortError(signal.reason, false));
      return () => {};
    }
    const abort = (): void => {
      end();
      over(new AbortError(signal?.reason, false));
    };
    const timer = this.#runtime.setTimer(
      () => {
        end();
        over(undefined);
      },
      Math.min(TIMEOUT_MAX_MS, Math.max(0, ms)),
      true,
    );
    const end = (): void => {
      this.#runtime.clearTimer(timer);
      if (signal !== undefined) offAbort(signal, abort);
    };
    if (signal !== undefined) onAbort(signal, abort);
    return end;
  }
}

/** Where there is no better reason to give than the clock. */
export const deadlineError = (): EtcdError =>
  new StatusError("ETCD_DEADLINE_EXCEEDED", "the call's deadline passed before it could be sent", {
    mayHaveApplied: false,
    grpcCode: 4,
    attempts: 0,
  });

/** A value in a message, so that 5, "5" and 5n differ. */
export const shown = (value: unknown): string =>
  typeof value === "string"
    ? JSON.stringify(value)
    : typeof value === "bigint"
      ? `${value}n`
      : typeof value === "object" && value !== null
        ? "an object"
        : typeof value === "function"
          ? "a function"
          : String(value);

/** A timeout as callers may give it: above 0; Infinity is not one, since every call ends. */
export const requireTimeout = (timeoutMs: number, name = "timeoutMs"): number => {
  if (typeof timeoutMs !== "number" || !(timeoutMs > 0) || timeoutMs > TIMEOUT_MAX_MS) {
    throw new ArgumentError(
      `${name} is ${shown(timeoutMs)}: not a number of milliseconds above 0 and up to ${TIMEOUT_MAX_MS}`,
    );
  }
  return timeoutMs;
};

/** A misspelt option would silently do nothing; better to say so. */
export const requireKnown = (options: object, known: readonly string[], what: string): void => {
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) {
      throw new ArgumentError(`unknown option ${what}${name}; known are ${known.join(", ")}`);
    }
  }
};
