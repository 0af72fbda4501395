import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DEFAULT_BACKOFF, RetryBudget, backoffMs } from "../../src/cluster/backoff.js";

const ALMOST_ONE = 1 - 2 ** -53;

describe("backoff", () => {
  test("doubles its upper end from 10 ms to 1 s", () => {
    const ceilings = [1, 2, 3, 4, 5, 6, 7, 8, 9, 1_000_000].map((count) =>
      backoffMs(count, () => ALMOST_ONE),
    );
    expect(ceilings).toEqual([10, 20, 40, 80, 160, 320, 640, 1_000, 1_000, 1_000]);
  });

  test("spreads each wait over everything below the upper end", () => {
    expect([0, 0.25, 0.5, 0.75].map((value) => backoffMs(4, () => value))).toEqual([0, 20, 40, 60]);
  });

  test("takes other bounds", () => {
    expect(backoffMs(3, () => 0.5, { baseMs: 100, capMs: 300 })).toBe(150);
  });

  test("is a whole number of milliseconds within its bounds, always", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5_000 }),
        fc.double({ min: 0, max: ALMOST_ONE, noNaN: true }),
        (n, r) => {
          const wait = backoffMs(n, () => r);
          expect(Number.isInteger(wait)).toBe(true);
          expect(wait).toBeGreaterThanOrEqual(0);
          expect(wait).toBeLessThanOrEqual(DEFAULT_BACKOFF.capMs);
        },
      ),
    );
  });
});

describe("the retry budget", () => {
  const bounds = { callsPerRetry: 5, retriesPerSecond: 10, savedRetryMax: 3 };

  /** Retries that the budget grants one after another. */
  const drain = (budget: RetryBudget): number => {
    let granted = 0;
    while (budget.tryRetry()) granted++;
    return granted;
  };

  test("starts full and then is empty", () => {
    const budget = new RetryBudget(() => 0, bounds);
    expect(drain(budget)).toBe(3);
    expect(budget.tryRetry()).toBe(false);
  });

  test("earns one retry with every five calls", () => {
    const budget = new RetryBudget(() => 0, bounds);
    drain(budget);
    for (let call = 0; call < 4; call++) budget.onCall();
    expect(budget.tryRetry()).toBe(false);
    budget.onCall();
    expect(drain(budget)).toBe(1);
  });

  test("saves up no more than it may", () => {
    let nowMs = 0;
    const budget = new RetryBudget(() => nowMs, bounds);
    for (let call = 0; call < 1_000; call++) budget.onCall();
    nowMs = 1_000_000;
    expect(drain(budget)).toBe(3);
  });

  test("earns retries by time, and loses none of it to frequent asking", () => {
    let nowMs = 0;
    const budget = new RetryBudget(() => nowMs, bounds);
    drain(budget);
    let granted = 0;
    for (nowMs = 1; nowMs <= 2_000; nowMs++) if (budget.tryRetry()) granted++;
    // Ten a second for two seconds; the last one may be a rounding away.
    expect(granted).toBeGreaterThanOrEqual(19);
    expect(granted).toBeLessThanOrEqual(20);
  });

  test("is not confused by a clock that stands still or steps back", () => {
    let nowMs = 100;
    const budget = new RetryBudget(() => nowMs, bounds);
    drain(budget);
    nowMs = 50;
    expect(budget.tryRetry()).toBe(false);
  });

  test("holds retries to a fifth of the calls, whatever the order", () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 500 }), (steps) => {
        const budget = new RetryBudget(() => 0, bounds);
        let calls = 0;
        let retries = 0;
        for (const isCall of steps) {
          if (isCall) {
            calls++;
            budget.onCall();
          } else if (budget.tryRetry()) retries++;
        }
        expect(retries).toBeLessThanOrEqual(3 + calls / 5);
      }),
    );
  });
});
