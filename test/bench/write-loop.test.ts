import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { writeOpenLoop } from "../../bench/harness/write-loop.js";
import type { WriteEnd } from "../../bench/harness/write-loop.js";
import { monotonicUs } from "../../bench/harness/workload.js";

/** A hundred milliseconds: 20 writes. */
const request = () => ({ startAtUs: monotonicUs(), warmupMs: 25, durationMs: 75 });
const WRITE_COUNT = 20;

describe("writes while the leader fails", () => {
  test("starts a write every 5 ms even if none of them ends, and numbers them in this order", async () => {
    const numbers: number[] = [];
    let endAll!: (end: WriteEnd) => void;
    const end = new Promise<WriteEnd>((resolve) => (endAll = resolve));
    const run = request();
    const writes = writeOpenLoop((number) => {
      numbers.push(number);
      if (number === WRITE_COUNT + 5) endAll({ outcome: "unknown" });
      if (number === WRITE_COUNT + 10) return Promise.resolve({ outcome: "acknowledged" });
      return end;
    }, run);
    const all = await writes;
    expect(numbers).toEqual(numbers.map((_, i) => i));
    expect(all).toHaveLength(numbers.length);
    // By the clock, each at its time or later; Node's timers may be early by a millisecond, and are counted in whole ones.
    all.forEach(({ startedUs, endedUs }, number) => {
      expect(startedUs).toBeGreaterThanOrEqual(run.startAtUs + number * 5_000 - 2_000);
      expect(endedUs).toBeGreaterThanOrEqual(startedUs);
    });
  });

  test("goes on past the window until a write that was started there is acknowledged", async () => {
    const writes = await writeOpenLoop(
      (number) =>
        Promise.resolve({ outcome: number >= WRITE_COUNT + 10 ? "acknowledged" : "refused" } as const),
      request(),
    );
    expect(writes.length).toBeGreaterThan(WRITE_COUNT + 10);
    expect(writes.filter(({ outcome }) => outcome === "acknowledged").length).toBeGreaterThan(0);
  });

  test("a write that throws is one of which nobody knows", async () => {
    const writes = await writeOpenLoop(
      (number) =>
        number === 3
          ? Promise.reject(new Error("no word about it"))
          : Promise.resolve({ outcome: "acknowledged" } as const),
      request(),
    );
    expect(writes[3]).toMatchObject({ outcome: "unknown", reason: "Error: no word about it" });
    expect(writes[4]).toMatchObject({ outcome: "acknowledged" });
  });

  describe("with no end of the outage", () => {
    beforeEach(() => {
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "hrtime"] });
    });
    afterEach(() => {
      vi.useRealTimers();
    });

    test("gives up ten seconds after the window", async () => {
      const run = request();
      const writes = writeOpenLoop(() => Promise.resolve({ outcome: "refused" }), run);
      await vi.advanceTimersByTimeAsync(11_000);
      expect(await writes).toHaveLength((100 + 10_000) / 5);
    });
  });
});
