import { describe, expect, test } from "vitest";
import { contend, contendingSystem, contenderShare } from "../../bench/harness/contention.js";
import type { Contender } from "../../bench/harness/contention.js";
import { checkLockHistory } from "../../bench/harness/lock-history.js";
import { writeForeign } from "../../bench/harness/foreign-writes.js";
import { monotonicUs } from "../../bench/harness/workload.js";
import type { Params, RunRequest } from "../../bench/harness/workload.js";

const requestFor = (params: Params, changes: Partial<RunRequest> = {}): RunRequest => ({
  params,
  warmupMs: 0,
  durationMs: 30,
  share: 1,
  runId: "test",
  startAtUs: monotonicUs(),
  agentIndex: 0,
  agentCount: 1,
  load: { seed: 1, intervalMs: 1_000 },
  ...changes,
});

/** A lock of this process, whose waiters come in the order in which they asked. */
const localLock = (): { open: () => Promise<Contender>; openCount: () => number } => {
  let last = Promise.resolve();
  let token = 0;
  let openCount = 0;
  const acquire: Contender["acquire"] = async () => {
    const ahead = last;
    let release = (): void => {};
    last = new Promise((resolve) => (release = resolve));
    await ahead;
    return {
      token: ++token,
      release: async () => {
        release();
        // A contender that asks again is behind those that wait.
        await new Promise((resolve) => setImmediate(resolve));
      },
    };
  };
  return {
    openCount: () => openCount,
    open: () => {
      openCount++;
      const close = (): Promise<void> => {
        openCount--;
        return Promise.resolve();
      };
      return Promise.resolve({ acquire, close });
    },
  };
};

describe("contenders", () => {
  test.each([
    [2, 1, [2]],
    [2, 2, [1, 1]],
    [2, 4, [1, 1, 0, 0]],
    [11, 4, [3, 3, 3, 2]],
    [128, 4, [32, 32, 32, 32]],
  ])("%i of them in %i processes are dealt out as %j", (contenders, processes, shares) => {
    const params = { contenders, processes };
    const dealt = shares.map((_, agentIndex) => contenderShare({ params, agentIndex }));
    expect(dealt).toEqual(shares);
    expect(contenderShare({ params, agentIndex: processes })).toBe(0);
  });

  test("are as many as a run asks for, opened and closed from run to run", async () => {
    const { open, openCount } = localLock();
    const system = contendingSystem(open);
    const counts: number[] = [];
    for (const contenders of [40, 2, 8]) {
      await system.prepare!(requestFor({ contenders, processes: 1 }));
      counts.push(openCount());
    }
    await system.close();
    expect([...counts, openCount()]).toEqual([40, 2, 8, 0]);
  });

  test("leave an empty queue behind, and hold no lock for its time once the window is over", async () => {
    const { open } = localLock();
    const ahead = await (await open()).acquire("test");
    const contenders = await Promise.all(Array.from({ length: 20 }, open));
    const request = requestFor({ holdMs: 3_600_000 });
    const measuring = contend(contenders, request);
    // All of them wait when the window ends.
    await new Promise((resolve) => setTimeout(resolve, 60));
    await ahead.release();
    const { holds, errorCount, operationCount } = await measuring;
    expect({ errorCount, operationCount, count: holds!.length }).toEqual({
      errorCount: 0,
      operationCount: 0,
      count: 20,
    });
    expect(checkLockHistory(holds!)).toMatchObject({ overlapCount: 0, tokenDisorderCount: 0 });
  });

  test("tell the error of a lock that cannot be had, and go on", async () => {
    let count = 0;
    const { open } = localLock();
    const inner = await open();
    const failing: Contender = {
      ...inner,
      acquire: (name) => (++count === 1 ? Promise.reject(new Error("no leader")) : inner.acquire(name)),
    };
    const measured = await contend([failing], requestFor({ holdMs: 0 }, { durationMs: 200 }));
    expect(measured).toMatchObject({ errorCount: 1, errorText: "no leader" });
    expect(measured.totalCount).toBeGreaterThan(0);
    expect(measured.totalCount).toBe(measured.holds!.length);
  });
});

describe("foreign writes", () => {
  test("are as many as asked for, also when timers are late, and those in the window make the rate", async () => {
    const keys: string[] = [];
    const measured = await writeForeign(
      { put: (key) => Promise.resolve(keys.push(key)) },
      requestFor({ foreignWrites: 1_000 }, { warmupMs: 50, durationMs: 50 }),
    );
    const { count, perSecond } = measured.foreignWrites!;
    expect(count).toBe(keys.length);
    // The last of them may be due in the millisecond in which the window ends.
    expect(count).toBeGreaterThan(0);
    expect(count).toBeLessThanOrEqual(101);
    expect(perSecond).toBeLessThanOrEqual((count * 1e3) / 50);
    expect(new Set(keys).size).toBe(count);
  });

  test("do not pile up at a server that does not answer, and errors are told", async () => {
    let openCount = 0;
    let fail = (): void => {};
    const failed = new Promise((_, reject) => {
      fail = () => {
        reject(new Error("no leader"));
      };
    });
    const measuring = writeForeign(
      {
        put: () => {
          openCount++;
          return failed;
        },
      },
      // Ten seconds late: ten million are due at once.
      requestFor({ foreignWrites: 1_000_000 }, { startAtUs: monotonicUs() - 10e6, durationMs: 10_020 }),
    );
    setTimeout(fail, 40);
    const measured = await measuring;
    expect(measured.errorCount).toBe(openCount);
    expect(measured.errorText).toContain("no leader");
    expect(openCount).toBe(1_000);
    expect(measured.foreignWrites!.perSecond).toBe(0);
  });
});
