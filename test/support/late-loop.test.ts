import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { LateLoop } from "./late-loop.js";

const block = (ms: number): void => {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs);
};

test("time in which the loop was blocked is taken off, and time in which it turned is not", async () => {
  const loop = new LateLoop();
  try {
    const startMs = performance.now();
    await sleep(60);
    const turnedMs = performance.now() - startMs - loop.stalledMs(startMs, performance.now());
    // Less on a machine that did not let us run, and most of it where it did.
    expect(turnedMs).toBeGreaterThan(10);
    block(50);
    // Asking again and again within one stretch changes nothing.
    loop.stalledMs(startMs, performance.now());
    block(50);
    // A deadline 100 ms ago, all of which was spent in block(): no overshoot to speak of.
    expect(loop.overshootMs(performance.now() - 100, 0)).toBeLessThan(20);
  } finally {
    loop.stop();
  }
});

test("a call that settled before its deadline has no overshoot", () => {
  const loop = new LateLoop();
  try {
    expect(loop.overshootMs(performance.now(), 1_000)).toBeLessThan(0);
  } finally {
    loop.stop();
  }
});
