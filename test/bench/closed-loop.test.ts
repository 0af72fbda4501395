import { describe, expect, test } from "vitest";
import { promiseOperation, runClosedLoop } from "../../bench/harness/closed-loop.js";
import { contend } from "../../bench/harness/contention.js";
import type { Contender } from "../../bench/harness/contention.js";
import { checkLockHistory } from "../../bench/harness/lock-history.js";
import { monotonicUs } from "../../bench/harness/workload.js";
import type { RunRequest } from "../../bench/harness/workload.js";

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
    expect(open.size).toBe(0);
    expect(measured.latenciesUs).toHaveLength(measured.operationCount);
    expect(measured.operationCount).toBeGreaterThan(0);
    expect(measured.elapsedMs).toBeGreaterThanOrEqual(30);
    expect(measured.cpuUs).toBeGreaterThan(0);
  });

  test("measures an operation from its start to its end", async () => {
    const { latenciesUs } = await runClosedLoop((_slot, done) => setTimeout(done, 20), {
      concurrency: 2,
      warmupMs: 0,
      durationMs: 150,
    });
    expect(Math.min(...latenciesUs)).toBeGreaterThan(19_000);
    expect(latenciesUs.length).toBeGreaterThan(1);
  });

  test("leaves the warm-up out", async () => {
    const startedMs = performance.now();
    const { latenciesUs } = await runClosedLoop(
      // Slow for the first 60 ms only.
      (_slot, done) => setTimeout(done, performance.now() - startedMs < 60 ? 30 : 1),
      { concurrency: 1, warmupMs: 100, durationMs: 50 },
    );
    expect(Math.min(...latenciesUs)).toBeLessThan(20_000);
    expect(latenciesUs.filter((us) => us > 29_000).length).toBeLessThan(latenciesUs.length / 2);
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
