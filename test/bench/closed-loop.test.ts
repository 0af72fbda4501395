import { describe, expect, test } from "vitest";
import { promiseOperation, runClosedLoop, shareOf } from "../../bench/harness/closed-loop.js";
import { contend } from "../../bench/harness/contention.js";
import type { Contender } from "../../bench/harness/contention.js";
import { summaryOf, totalCount } from "../../bench/harness/latency-counts.js";
import { checkLockHistory } from "../../bench/harness/lock-history.js";
import { monotonicUs } from "../../bench/harness/workload.js";
import type { LoadSettings, RunRequest } from "../../bench/harness/workload.js";
import { FakeLoadClock } from "./fake-load-clock.js";

const load = (settings: Partial<LoadSettings> = {}): LoadSettings => ({
  seed: 1,
  intervalMs: 1_000,
  ...settings,
});

describe("closed loop", () => {
  test("keeps exactly as many operations in flight as it was told, one per slot", async () => {
    const open = new Set<number>();
    let mostOpen = 0;
    const measured = await runClosedLoop(
      (slot, done) => {
        expect(open.has(slot)).toBe(false);
        open.add(slot);
        mostOpen = Math.max(mostOpen, open.size);
        setImmediate(() => {
          open.delete(slot);
          done();
        });
      },
      { concurrency: 7, warmupMs: 5, durationMs: 30 },
    );
    expect(mostOpen).toBe(7);
    expect(measured.inFlightMax).toBe(7);
    expect(open.size).toBe(0);
    expect(totalCount(measured.serviceTimes!)).toBe(measured.operationCount);
    expect(measured.operationCount).toBeGreaterThan(0);
    expect(measured.elapsedMs).toBeGreaterThanOrEqual(30);
    expect(measured.cpuUs).toBeGreaterThan(0);
    expect(measured.eventLoopDelayP99Ms).toBeGreaterThanOrEqual(0);
  });

  test("tells of the collections in its window and of no others", async () => {
    const junk: object[] = [];
    const measure = (objectsPerOperation: number): ReturnType<typeof runClosedLoop> =>
      runClosedLoop(
        (_slot, done) => {
          junk.length = 0;
          for (let i = 0; i < objectsPerOperation; i++) junk.push({ i });
          setImmediate(done);
        },
        { concurrency: 1, warmupMs: 0, durationMs: 200 },
      );
    expect((await measure(20_000)).gcMs).toBeGreaterThan(0);
    const { gcMs, elapsedMs } = await measure(0);
    expect(gcMs).toBeLessThan(elapsedMs);
  });

  describe("on a clock of its own", () => {
    test("measures an operation from its start to its end, and counts those of the window only", async () => {
      const clock = new FakeLoadClock();
      const startUs = clock.nowUs();
      const measured = await clock.until(
        runClosedLoop(
          // Slow for the first 60 ms only.
          (_slot, done) => clock.afterUs(clock.nowUs() - startUs < 60_000 ? 30_000 : 2_000, done),
          { concurrency: 1, warmupMs: 100, durationMs: 50 },
          clock,
        ),
      );
      expect(summaryOf(measured.serviceTimes!).max).toBeCloseTo(2_000, -1);
      // The first one after the warm-up opens the window; the last that counts closes it.
      expect(measured).toMatchObject({ operationCount: 25, elapsedMs: 50, totalCount: 2 + 20 + 25 });
    });

    test("ends with the last of a number of operations, of which each agent has its share", async () => {
      const clock = new FakeLoadClock();
      const measured = await clock.until(
        runClosedLoop(
          (_slot, done) => clock.afterUs(1_000, done),
          {
            concurrency: 4,
            warmupMs: 10,
            durationMs: 600_000,
            load: load({ operationCount: 1_001 }),
            agentIndex: 0,
            agentCount: 2,
          },
          clock,
        ),
      );
      expect(measured.operationCount).toBe(501);
      expect(measured.elapsedMs).toBeCloseTo(501 / 4, -1);
      expect([0, 1, 2].map((agentIndex) => shareOf(1_000, agentIndex, 3))).toEqual([334, 333, 333]);
      expect(shareOf(undefined, 1, 3)).toBe(Infinity);
    });

    test("shows a server that stands still as one slow operation: queueing is hidden", async () => {
      const clock = new FakeLoadClock();
      const stallUs = clock.nowUs() + 500_000;
      const measured = await clock.until(
        runClosedLoop(
          (_slot, done) => {
            const nowUs = clock.nowUs();
            const stalls = nowUs >= stallUs && nowUs < stallUs + 200_000;
            clock.afterUs(stalls ? stallUs + 200_000 - nowUs : 1_000, done);
          },
          { concurrency: 1, warmupMs: 0, durationMs: 1_000, load: load({ intervalMs: 100 }) },
          clock,
        ),
      );
      const { p50, p99, max } = summaryOf(measured.serviceTimes!);
      expect({ p50, p99 }).toEqual({ p50: p99, p99: p50 });
      expect(p99).toBeCloseTo(1_000, -1);
      expect(max).toBeCloseTo(200_000, -3);
      // And it shows in the time series as what it is.
      expect(measured.series!.map(({ atMs }) => atMs)).toEqual([
        0, 100, 200, 300, 400, 500, 600, 700, 800, 900,
      ]);
      expect(measured.series![2]!.operations).toBe(100);
      expect(measured.series![5]).toMatchObject({ operations: 0, errors: 0 });
    });

    test("counts what takes longer than the limit, and errors where they happen", async () => {
      const clock = new FakeLoadClock();
      let count = 0;
      const measured = await clock.until(
        runClosedLoop(
          (_slot, done) => {
            const number = ++count;
            clock.afterUs(number % 10 === 0 ? 6_000 : 1_000, () => {
              if (number % 10 === 5) done(new Error(`call ${number}`));
              else done();
            });
          },
          {
            concurrency: 1,
            warmupMs: 0,
            durationMs: 1_500,
            load: load({ latencyLimitMs: 5, intervalMs: 500 }),
          },
          clock,
        ),
      );
      expect(measured.overLimitCount).toBe(100);
      expect(measured.errorText).toBe("call 5");
      expect(measured.errorCount).toBeGreaterThanOrEqual(98);
      expect(measured.series!.map(({ errors }) => errors)).toEqual([34, 33, 33]);
    });

    test("takes no more memory for ten million operations than for one", async () => {
      const clock = new FakeLoadClock();
      const beforeBytes = process.memoryUsage().arrayBuffers;
      const measured = await clock.until(
        runClosedLoop(
          (_slot, done) => {
            clock.spend(1);
            done();
          },
          { concurrency: 1, warmupMs: 0, durationMs: 10_000 },
          clock,
        ),
      );
      expect(measured.operationCount).toBe(10_000_000);
      expect(process.memoryUsage().arrayBuffers - beforeBytes).toBeLessThan(2 ** 22);
    });
  });

  test("takes operations that end before they return, without growing the stack", async () => {
    const { operationCount } = await runClosedLoop((_slot, done) => done(), {
      concurrency: 3,
      warmupMs: 1,
      durationMs: 250,
    });
    expect(operationCount).toBeGreaterThan(10_000);
  });

  test("counts errors, keeps the first one's text and no latency of them", async () => {
    let callCount = 0;
    const measured = await runClosedLoop(
      promiseOperation(async () => {
        await new Promise((resolve) => setImmediate(resolve));
        if (++callCount % 2 === 0) throw new Error(`call ${callCount}`);
      }),
      { concurrency: 1, warmupMs: 0, durationMs: 20 },
    );
    expect(measured.errorText).toBe("call 2");
    expect(measured.errorCount).toBeGreaterThan(0);
    expect(Math.abs(measured.errorCount - measured.operationCount)).toBeLessThanOrEqual(3);
  });
});

describe("contention", () => {
  const request = (holdMs: number): RunRequest => ({
    params: { contenders: 3, holdMs },
    warmupMs: 20,
    durationMs: 100,
    share: 1,
    runId: "test",
    startAtUs: monotonicUs() + 5_000,
    agentIndex: 0,
    agentCount: 1,
    load: { seed: 1, intervalMs: 1_000 },
  });

  /** Three contenders for a lock in this process, which can be told to let a second holder in. */
  const contenders = (isBroken: boolean): Contender[] => {
    let token = 0;
    let tail: Promise<void> = Promise.resolve();
    return Array.from({ length: 3 }, () => ({
      acquire: async () => {
        const ahead = tail;
        let release = (): void => {};
        tail = new Promise((resolve) => (release = resolve));
        await (isBroken ? new Promise((resolve) => setImmediate(resolve)) : ahead);
        return {
          token: ++token,
          release: () => {
            release();
            return Promise.resolve();
          },
        };
      },
      close: () => Promise.resolve(),
    }));
  };

  test("finds a sound lock sound", async () => {
    const measured = await contend(contenders(false), request(1));
    expect(checkLockHistory(measured.holds!)).toMatchObject({ overlapCount: 0, tokenDisorderCount: 0 });
    expect(measured.operationCount).toBeGreaterThan(10);
    expect(measured.holds!.length).toBeGreaterThan(measured.operationCount);
    expect(measured.errorCount).toBe(0);
  });

  test("catches a lock that lets two holders in", async () => {
    const measured = await contend(contenders(true), request(2));
    expect(checkLockHistory(measured.holds!).overlapCount).toBeGreaterThan(0);
  });
});
