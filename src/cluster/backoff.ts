/** How long waits between tries grow. */
export interface BackoffBounds {
  /** Upper end of the first wait. */
  readonly baseMs: number;
  /** Upper end of every later wait. */
  readonly capMs: number;
}

/**
 * 10 ms: a restarted process has its port back within tens of milliseconds (measured: a member serves again
 * after 65 ms), so the first tries may be close together. 1 s: about one election at etcd's default settings;
 * a longer wait would outlast the outage that it waits for.
 */
export const DEFAULT_BACKOFF: BackoffBounds = { baseMs: 10, capMs: 1_000 };

/**
 * Exponential backoff with full jitter: anything from 0 to the current upper end, so that the clients which
 * one dead member threw off do not come back together.
 *
 * @param failureCount failures so far, 1 or more
 * @param random 0 (included) to 1 (excluded), as `Math.random`
 * @returns whole milliseconds
 */
export function backoffMs(
  failureCount: number,
  random: () => number,
  bounds: BackoffBounds = DEFAULT_BACKOFF,
): number {
  const ceilingMs = Math.min(bounds.capMs, bounds.baseMs * 2 ** (failureCount - 1));
  return Math.ceil(ceilingMs * random());
}

/** How many retries one client may spend. All counts are of calls. */
export interface RetryBudgetBounds {
  /** One retry is earned by this many calls. */
  readonly callsPerRetry: number;
  /** Retries that are earned by time alone. */
  readonly retriesPerSecond: number;
  /** Most retries that can be saved up; also what a new client starts with. */
  readonly savedRetryMax: number;
}

/**
 * 5 calls: in a long outage retries add at most a fifth to the load, the share that Finagle's and Linkerd's
 * budgets settled on. 100 a second: a hundred callers that wait at the one-second cap lose nothing while no
 * call succeeds. 1,000: when a member dies, each of a thousand calls in flight on it moves over once.
 */
export const DEFAULT_RETRY_BUDGET: RetryBudgetBounds = {
  callsPerRetry: 5,
  retriesPerSecond: 100,
  savedRetryMax: 1_000,
};

/**
 * A token bucket that keeps retries to a share of the calls, so that a struggling cluster is not buried under
 * repeats of what it could not do the first time. One per client.
 */
export class RetryBudget {
  // Credit is counted in calls, a retry costs `callsPerRetry` of it: whole numbers stay out of the heap, and
  // `onCall` is on the path that may not allocate.
  readonly #creditMax: number;
  readonly #bounds: RetryBudgetBounds;
  readonly #nowMs: () => number;
  #credit: number;
  #refilledAtMs: number;

  /** @param nowMs a monotonic clock */
  constructor(nowMs: () => number, bounds: RetryBudgetBounds = DEFAULT_RETRY_BUDGET) {
    this.#nowMs = nowMs;
    this.#bounds = bounds;
    this.#creditMax = bounds.savedRetryMax * bounds.callsPerRetry;
    this.#credit = this.#creditMax;
    this.#refilledAtMs = nowMs();
  }

  /** To be told of every call once, and not of its retries. */
  onCall(): void {
    if (this.#credit < this.#creditMax) this.#credit++;
  }

  /** Takes one retry from the budget; false if there is none, and then the call fails with the error it has. */
  tryRetry(): boolean {
    this.#refill();
    if (this.#credit < this.#bounds.callsPerRetry) return false;
    this.#credit -= this.#bounds.callsPerRetry;
    return true;
  }

  #refill(): void {
    const perMs = (this.#bounds.retriesPerSecond * this.#bounds.callsPerRetry) / 1_000;
    const earned = Math.floor((this.#nowMs() - this.#refilledAtMs) * perMs);
    if (earned <= 0) return;
    this.#credit = Math.min(this.#creditMax, this.#credit + earned);
    // Only the time that was paid out is gone; the rest counts towards the next unit.
    this.#refilledAtMs += earned / perMs;
  }
}
