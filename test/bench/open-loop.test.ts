import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { runClosedLoop } from "../../bench/harness/closed-loop.js";
import type { Operation } from "../../bench/harness/closed-loop.js";
import { drive } from "../../bench/harness/drive.js";
import { summaryOf, totalCount } from "../../bench/harness/latency-counts.js";
import { runOpenLoop } from "../../bench/harness/open-loop.js";
import type { OpenLoop } from "../../bench/harness/open-loop.js";
import type { LoadSettings, Measurement, Params, RunRequest } from "../../bench/harness/workload.js";
import { FakeLoadClock } from "./fake-load-clock.js";

type Settings = Partial<Omit<OpenLoop, "load">> & { readonly load?: Partial<LoadSettings> };

/** A second at 1,000 operations per second, after a tenth of a second of warm-up, unless a test says otherwise. */
const run = (
  clock: FakeLoadClock,
  operation: Operation,
  { load, ...settings }: Settings = {},
): Promise<Measurement> =>
  clock.until(
    runOpenLoop(
      operation,
      {
        rate: 1_000,
        arrival: "uniform",
        startAtUs: clock.nowUs() + 30_000,
        warmupMs: 100,
        durationMs: 1_000,
        agentIndex: 0,
        agentCount: 1,
        load: { seed: 1, intervalMs: 100, ...load },
        ...settings,
      },
      clock,
    ),
  );

/** A server that takes `serviceUs` for each, side by side, and answers nothing from one moment to another. */
const server =
  (clock: FakeLoadClock, serviceUs: number, stall = { fromUs: Infinity, untilUs: Infinity }): Operation =>
  (_slot, done) => {
    const nowUs = clock.nowUs();
    const isStalled = nowUs >= stall.fromUs && nowUs < stall.untilUs;
    clock.afterUs(isStalled ? stall.untilUs - nowUs : serviceUs, done);
  };

describe("open loop", () => {
  test("starts what is due when it is due, and measures from the start and from when it was due", async () => {
    const clock = new FakeLoadClock();
    const measured = await run(clock, server(clock, 300));
    expect(measured).toMatchObject({
      arrivals: 1_000,
      operationCount: 1_000,
      totalCount: 1_100,
      lateCount: 0,
      droppedCount: 0,
      errorCount: 0,
      inFlightMax: 1,
    });
    expect(measured.elapsedMs).toBeCloseTo(1_000, -1);
    expect(summaryOf(measured.serviceTimes!).p99).toBeCloseTo(300, -1);
    // An empty turn of the event loop is five microseconds here.
    expect(summaryOf(measured.lags!).max).toBeLessThan(10);
    expect(summaryOf(measured.responseTimes!).max).toBeLessThan(320);
    expect(measured.series!.map(({ operations }) => operations)).toEqual(new Array(10).fill(100));
  });

  test("starts as many in the window as its rate says, whatever becomes of them", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("uniform", "poisson"),
        fc.integer({ min: 1, max: 20_000 }),
        fc.integer({ min: 0, max: 50_000 }),
        async (arrival, rate, serviceUs) => {
          const clock = new FakeLoadClock();
          const measured = await run(clock, server(clock, serviceUs), { arrival, rate, durationMs: 200 });
          const { arrivals = 0, operationCount, responseTimes, serviceTimes, lags } = measured;
          // Five standard deviations of a Poisson count.
          expect(Math.abs(arrivals - rate / 5)).toBeLessThanOrEqual(
            arrival === "uniform" ? 1 : 5 * Math.sqrt(rate / 5) + 1,
          );
          expect(operationCount).toBe(arrivals);
          for (const times of [responseTimes, serviceTimes, lags]) expect(totalCount(times!)).toBe(arrivals);
        },
      ),
      { numRuns: 25 },
    );
  });

  test("all agents together keep the rate, each with its own arrivals", async () => {
    for (const arrival of ["uniform", "poisson"] as const) {
      const counts: number[] = [];
      for (const agentIndex of [0, 1, 2]) {
        const clock = new FakeLoadClock();
        const { arrivals } = await run(clock, server(clock, 100), { arrival, agentIndex, agentCount: 3 });
        counts.push(arrivals!);
      }
      expect(Math.abs(counts.reduce((sum, count) => sum + count, 0) - 1_000)).toBeLessThan(
        arrival === "uniform" ? 1.5 : 160,
      );
    }
  });

  test("a server that stands still for 200 ms shows in response times, and not in a closed loop's p99", async () => {
    const clock = new FakeLoadClock();
    const fromUs = clock.nowUs() + 500_000;
    const stall = { fromUs, untilUs: fromUs + 200_000 };
    const open = await run(clock, server(clock, 1_000, stall));
    const response = summaryOf(open.responseTimes!);
    // A fifth of all arrivals wait, for 100 ms in the middle.
    expect(response.p90).toBeGreaterThan(90_000);
    expect(response.p99).toBeGreaterThan(180_000);
    expect(response.p50).toBeLessThan(1_100);
    expect(open.inFlightMax).toBeGreaterThanOrEqual(200);

    const closedClock = new FakeLoadClock();
    const closedFromUs = closedClock.nowUs() + 500_000;
    const closed = await closedClock.until(
      runClosedLoop(
        server(closedClock, 1_000, { fromUs: closedFromUs, untilUs: closedFromUs + 200_000 }),
        { concurrency: 1, warmupMs: 100, durationMs: 1_000 },
        closedClock,
      ),
    );
    expect(summaryOf(closed.serviceTimes!).p99).toBeLessThan(1_100);
  });

  test("a stall of this process itself is told as lag, and is in response times, not in service times", async () => {
    const clock = new FakeLoadClock();
    let count = 0;
    const measured = await run(clock, (_slot, done) => {
      // Once, for a tenth of a second.
      if (++count === 500) clock.spend(100_000);
      clock.afterUs(200, done);
    });
    const { lateCount = 0 } = measured;
    expect(lateCount).toBeGreaterThan(95);
    expect(lateCount).toBeLessThan(102);
    expect(summaryOf(measured.lags!).max).toBeGreaterThan(98_000);
    expect(summaryOf(measured.responseTimes!).p99).toBeGreaterThan(85_000);
    expect(summaryOf(measured.serviceTimes!).p99).toBeLessThan(1_000);
    expect(measured.operationCount).toBe(1_000);
  });

  test("with so many under way as it may have, an arrival waits and its response time runs", async () => {
    const clock = new FakeLoadClock();
    // Two at a time, 4 ms each: half of the rate.
    const measured = await run(clock, server(clock, 4_000), { load: { maxInFlight: 2 } });
    expect(measured.inFlightMax).toBe(2);
    expect(summaryOf(measured.serviceTimes!).max).toBeLessThan(4_100);
    expect(summaryOf(measured.responseTimes!).p99).toBeGreaterThan(400_000);
    // What waits still as the window ends is dropped, and counted.
    expect(measured.arrivals).toBe(1_000);
    expect(measured.droppedCount! + measured.operationCount).toBe(1_000);
    expect(Math.abs(measured.droppedCount! - 550)).toBeLessThan(10);
    expect(measured.lateCount).toBe(measured.operationCount);
  });

  test("what is past the latency limit before it could start is dropped, and what ends past it is counted", async () => {
    const clock = new FakeLoadClock();
    const measured = await run(clock, server(clock, 4_000), { load: { maxInFlight: 2, latencyLimitMs: 20 } });
    expect(summaryOf(measured.lags!).max).toBeLessThanOrEqual(20_020);
    expect(measured.droppedCount).toBeGreaterThan(450);
    expect(measured.droppedCount! + measured.operationCount).toBe(1_000);
    // In the steady state all of them have waited for almost the limit.
    expect(measured.overLimitCount).toBeGreaterThan(measured.operationCount * 0.9);
    const quick = new FakeLoadClock();
    expect(await run(quick, server(quick, 4_000), { load: { latencyLimitMs: 20 } })).toMatchObject({
      droppedCount: 0,
      overLimitCount: 0,
      operationCount: 1_000,
    });
  });

  test("counts those that end after the window, and takes until they have", async () => {
    const clock = new FakeLoadClock();
    const measured = await run(clock, server(clock, 700_000));
    expect(measured).toMatchObject({ operationCount: 1_000, arrivals: 1_000, errorCount: 0 });
    expect(measured.elapsedMs).toBeCloseTo(1_700, -1);
    expect(summaryOf(measured.responseTimes!).p50).toBeGreaterThan(699_000);
    // The first of them ends in the seventh tenth of a second, the last in the seventeenth.
    const series = measured.series!.map(({ operations }) => operations);
    expect(series.slice(0, 6)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(series.reduce((sum, operations) => sum + operations, 0)).toBe(1_000);
  });

  test("what never ends is an error, ten seconds after the window, and what ends later still is nobody's", async () => {
    const clock = new FakeLoadClock();
    const late: (() => void)[] = [];
    const measured = await run(clock, (slot, done) => {
      if (slot === 0) late.push(done);
      else clock.afterUs(100, done);
    });
    expect(measured).toMatchObject({ arrivals: 1_000, errorCount: 0, operationCount: 1_000 });
    const stuck = new FakeLoadClock();
    let count = 0;
    const failed = await run(stuck, (_slot, done) => {
      if (++count === 600) late.push(done);
      else stuck.afterUs(100, done);
    });
    expect(failed).toMatchObject({ arrivals: 1_000, errorCount: 1, operationCount: 999 });
    expect(failed.errorText).toContain("still under way 10 s after");
    for (const done of late) done();
  });

  test("errors have no latency, and their slots serve again", async () => {
    const clock = new FakeLoadClock();
    let count = 0;
    const slots = new Set<number>();
    const measured = await run(clock, (slot, done) => {
      slots.add(slot);
      const isBad = ++count % 4 === 0;
      clock.afterUs(100, () => {
        if (isBad) done(new Error("no"));
        else done();
      });
    });
    expect(measured).toMatchObject({ errorText: "no", operationCount: 750, errorCount: 275 });
    expect(totalCount(measured.responseTimes!)).toBe(750);
    expect([...slots]).toEqual([0]);
  });

  test("ends with the last of a number of operations, however long the window would be", async () => {
    const clock = new FakeLoadClock();
    const measured = await run(clock, server(clock, 2_000), {
      durationMs: 600_000,
      agentIndex: 1,
      agentCount: 2,
      load: { operationCount: 501 },
    });
    expect(measured).toMatchObject({ arrivals: 250, operationCount: 250, droppedCount: 0 });
    expect(measured.elapsedMs).toBeCloseTo(501, -1);
  });

  test("takes operations that end before they return, and a rate above what there is time for", async () => {
    const clock = new FakeLoadClock();
    let turnsBefore = 0;
    let longestTurn = 0;
    let startsInTurn = 0;
    const measured = await run(
      clock,
      (_slot, done) => {
        startsInTurn = clock.turnCount === turnsBefore ? startsInTurn + 1 : 1;
        turnsBefore = clock.turnCount;
        longestTurn = Math.max(longestTurn, startsInTurn);
        clock.spend(20);
        done();
      },
      { rate: 100_000, durationMs: 100, warmupMs: 0 },
    );
    // There is time for half of it. The rest is late, and not left out: nothing but this process kept it waiting.
    expect(measured).toMatchObject({ arrivals: 10_000, operationCount: 10_000, droppedCount: 0 });
    expect(summaryOf(measured.responseTimes!).max).toBeGreaterThan(90_000);
    // And the event loop got its turns.
    expect(longestTurn).toBeLessThan(6_000);
  });

  test("sleeps for what timers can do and looks at the clock for the rest, which it tells", async () => {
    const clock = new FakeLoadClock();
    const slow = await run(clock, server(clock, 100), { rate: 100 });
    // 10 ms apart: some one and a half of each are waited for in turns of the event loop.
    expect(slow.spinUs! / 1e6).toBeLessThan(0.25);
    expect(slow.spinUs! / 1e6).toBeGreaterThan(0.05);
    const fast = await run(clock, server(clock, 100), { rate: 2_000 });
    expect(fast.spinUs! / 1e6).toBeGreaterThan(0.7);
    expect(fast.cpuUs).toBeGreaterThanOrEqual(0);
  });

  test("takes no more memory for a million operations than for some", async () => {
    const clock = new FakeLoadClock();
    const beforeBytes = process.memoryUsage().arrayBuffers;
    const measured = await run(
      clock,
      (_slot, done) => {
        clock.spend(1);
        done();
      },
      { rate: 100_000, durationMs: 5_000 },
    );
    expect(measured.operationCount).toBe(500_000);
    expect(measured.inFlightMax).toBe(1);
    expect(process.memoryUsage().arrayBuffers - beforeBytes).toBeLessThan(2 ** 23);
  });
});

describe("a run's load", () => {
  const request = (clock: FakeLoadClock, params: Params): RunRequest => ({
    params,
    warmupMs: 0,
    durationMs: 100,
    share: 1,
    runId: "test",
    startAtUs: clock.nowUs(),
    agentIndex: 0,
    agentCount: 1,
    load: { seed: 1, intervalMs: 1_000 },
  });

  test("is a closed or an open loop, as its parameters say", async () => {
    const clock = new FakeLoadClock();
    const closed = await clock.until(drive(server(clock, 1_000), request(clock, { concurrency: 3 }), clock));
    expect(closed).toMatchObject({ inFlightMax: 3, operationCount: 300 });
    expect(closed.responseTimes).toBeUndefined();
    const open = await clock.until(
      drive(server(clock, 1_000), request(clock, { mode: "open", rate: 500 }), clock),
    );
    expect(open).toMatchObject({ arrivals: 50, operationCount: 50, inFlightMax: 1 });
    expect(() => drive(server(clock, 1), request(clock, { mode: "open" }), clock)).toThrow("needs a rate");
  });
});
