import { backoffMs } from "./backoff.js";

/** So many failures in a row are no accident: the endpoint rests. */
const FAILURES_TO_REST = 3;
/** A trial that nobody reported on (its caller gave up) does not keep the endpoint away for longer. */
const TRIAL_MS = 1_000;

/**
 * Keeps calls that have a choice away from an endpoint that fails them: a member that refuses everything at once has
 * few calls under way, and would draw all of them by being the least loaded. After each rest, which grow with jitter
 * to a second, one call at a time tries again.
 */
export class CircuitBreaker {
  readonly #random: () => number;
  #failureCount = 0;
  #restsUntilMs = -Infinity;
  #trialUntilMs = -Infinity;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Whether a call with a choice should go elsewhere. */
  isResting(nowMs: number): boolean {
    return (
      this.#failureCount >= FAILURES_TO_REST && (nowMs < this.#restsUntilMs || nowMs < this.#trialUntilMs)
    );
  }

  /** A call is sent there. After a rest it is the trial: others wait for its outcome. */
  onCall(nowMs: number): void {
    if (this.#failureCount >= FAILURES_TO_REST) this.#trialUntilMs = nowMs + TRIAL_MS;
  }

  onSuccess(): void {
    this.#failureCount = 0;
    this.#trialUntilMs = -Infinity;
  }

  onFailure(nowMs: number): void {
    this.#failureCount++;
    this.#trialUntilMs = -Infinity;
    if (this.#failureCount < FAILURES_TO_REST) return;
    this.#restsUntilMs = nowMs + backoffMs(this.#failureCount, this.#random);
  }
}
