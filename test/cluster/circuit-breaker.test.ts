import { expect, test } from "vitest";
import { CircuitBreaker } from "../../src/cluster/circuit-breaker.js";

/** Upper ends of the waits, which jitter makes shorter. */
const make = () => new CircuitBreaker(() => 0.999);

const fail = (breaker: CircuitBreaker, count: number, nowMs: number): void => {
  for (let i = 0; i < count; i++) breaker.onFailure(nowMs);
};

test("an endpoint rests after three failures in a row, not after three among successes", () => {
  const breaker = make();
  fail(breaker, 2, 0);
  breaker.onSuccess();
  fail(breaker, 2, 0);
  expect(breaker.isResting(0)).toBe(false);
  fail(breaker, 1, 0);
  expect(breaker.isResting(0)).toBe(true);
});

test("rests double up to a second", () => {
  const breaker = make();
  let nowMs = 0;
  const rests: number[] = [];
  for (let i = 0; i < 12; i++) {
    breaker.onFailure(nowMs);
    const startMs = nowMs;
    while (breaker.isResting(nowMs)) nowMs++;
    rests.push(nowMs - startMs);
  }
  expect(rests).toEqual([0, 0, 40, 80, 160, 320, 640, 999, 999, 999, 999, 999]);
});

test("after a rest one call tries, the others go on elsewhere until its outcome is known", () => {
  const breaker = make();
  fail(breaker, 3, 0);
  expect(breaker.isResting(40)).toBe(false);
  breaker.onCall(40);
  expect(breaker.isResting(40)).toBe(true);
  breaker.onSuccess();
  expect(breaker.isResting(40)).toBe(false);
});

test("a trial whose caller gave up does not keep the endpoint away for ever", () => {
  const breaker = make();
  fail(breaker, 3, 0);
  breaker.onCall(40);
  expect(breaker.isResting(1_039)).toBe(true);
  expect(breaker.isResting(1_040)).toBe(false);
});

test("jitter spreads the ends of rests over the whole of their length", () => {
  const ends = new Set<number>();
  for (let i = 0; i < 100; i++) {
    const breaker = new CircuitBreaker(() => i / 100);
    fail(breaker, 3, 0);
    let nowMs = 0;
    while (breaker.isResting(nowMs)) nowMs++;
    ends.add(nowMs);
  }
  expect(ends.size).toBeGreaterThan(30);
});
