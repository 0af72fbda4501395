import { describe, expect, test } from "vitest";
import { countLatencies, decodeHdr, mergeCounts, summaryOf } from "../../bench/harness/latency-counts.js";
import { LoadMeter, seriesIntervalMs } from "../../bench/harness/load-meter.js";
import { summarizeLoad } from "../../bench/harness/load-summary.js";
import type { Hold, Measurement, SeriesCounts } from "../../bench/harness/workload.js";

const part = (changes: Partial<Measurement> = {}): Measurement => ({
  operationCount: 0,
  elapsedMs: 1_000,
  latenciesUs: new Float32Array(0),
  cpuUs: 0,
  errorCount: 0,
  ...changes,
});

const interval = (atMs: number, latenciesUs: number[], errors = 0): SeriesCounts => ({
  atMs,
  operations: latenciesUs.length,
  errors,
  times: countLatencies(latenciesUs),
});

const hold = (name: number, token: number, acquiredUs: number, releasedUs: number): Hold => ({
  name,
  token,
  acquiredUs,
  releasedUs,
});

describe("a run's load, of all its agents", () => {
  test("has the percentiles of all latencies together, not of any agent's", () => {
    const [quick, slow] = [new Array<number>(90).fill(100), new Array<number>(10).fill(9_000)];
    const summary = summarizeLoad([
      part({ operationCount: 90, serviceTimes: countLatencies(quick) }),
      part({ operationCount: 10, elapsedMs: 2_000, serviceTimes: countLatencies(slow) }),
    ]);
    const all = countLatencies([...quick, ...slow]);
    expect(summary.serviceTimeUs).toEqual(summaryOf(all));
    expect(decodeHdr(summary.serviceHdr!)).toEqual(all);
    expect(summary).toMatchObject({ operationCount: 100, opsPerSecond: 90 + 5, elapsedMs: 2_000 });
    expect(summary).not.toHaveProperty("responseTimeUs");
    expect(summary).not.toHaveProperty("schedule");
    expect(summary).not.toHaveProperty("overLimitCount");
  });

  test("adds up what open loops have counted, and tells how much of their time was spinning", () => {
    const agent = (lagUs: number): Measurement =>
      part({
        operationCount: 2,
        serviceTimes: countLatencies([100, 100]),
        responseTimes: countLatencies([100 + lagUs, 100 + lagUs]),
        lags: countLatencies([lagUs, lagUs]),
        arrivals: 5,
        lateCount: 1,
        droppedCount: 3,
        overLimitCount: 1,
        spinUs: 250_000,
      });
    const summary = summarizeLoad([agent(0), agent(2_000)]);
    expect(summary.schedule).toMatchObject({ arrivals: 10, lateCount: 2, droppedCount: 6, spinShare: 0.25 });
    expect(summary.schedule!.lagUs.max).toBeCloseTo(2_000, -1);
    expect(summary.responseTimeUs!.max).toBeCloseTo(2_100, -1);
    expect(decodeHdr(summary.responseHdr!)).toEqual(countLatencies([100, 100, 2_100, 2_100]));
    expect(summary.overLimitCount).toBe(2);
  });

  test("lays the intervals of all agents on each other", () => {
    const { series } = summarizeLoad([
      part({ series: [interval(0, [100, 200]), interval(100, [300], 1)] }),
      part({ series: [interval(0, [400], 2), interval(100, []), interval(200, [500])] }),
    ]);
    expect(series!.map(({ atMs, operations, errors }) => [atMs, operations, errors])).toEqual([
      [0, 3, 2],
      [100, 1, 1],
      [200, 1, 0],
    ]);
    expect(series![0]!.max).toBeCloseTo(400, 0);
    expect(series![2]!.p50).toBeCloseTo(500, 0);
  });

  test("checks mutual exclusion name by name, and over all agents", () => {
    const sound = summarizeLoad([
      part({ holds: [hold(0, 1, 0, 100), hold(1, 2, 50, 150)], serviceTimes: countLatencies([7]) }),
      part({ holds: [hold(0, 3, 110, 200), hold(1, 4, 160, 170)] }),
    ]);
    expect(sound).toMatchObject({ overlaps: 0, tokenDisorders: 0 });
    // Service times that were counted come before those between holds.
    expect(sound.serviceTimeUs.max).toBeCloseTo(7, 1);
    const broken = summarizeLoad([
      part({ holds: [hold(0, 1, 0, 100), hold(1, 2, 50, 150)] }),
      part({ holds: [hold(0, 3, 99, 200), hold(1, 2, 160, 170)] }),
    ]);
    expect(broken).toMatchObject({ overlaps: 1, tokenDisorders: 1 });
  });

  test("takes samples where an agent has kept them, beside counts of others", () => {
    const { serviceTimeUs } = summarizeLoad([
      part({ latenciesUs: Float32Array.of(10, 20) }),
      part({ serviceTimes: countLatencies([30, 40]) }),
    ]);
    expect(serviceTimeUs).toEqual(summaryOf(mergeCounts([countLatencies([10, 20, 30, 40])])));
  });
});

describe("the time series", () => {
  test("has longer intervals in a run of many, the same for all agents", () => {
    expect(seriesIntervalMs(1_000, 60_000)).toBe(1_000);
    expect(seriesIntervalMs(100, 600_000)).toBe(100);
    expect(seriesIntervalMs(100, 24 * 3_600_000)).toBe(8_700);
  });

  test("has an interval for each time in which nothing ended, and none after the last", async () => {
    const meter = new LoadMeter({ seed: 1, intervalMs: 10 }, 100);
    meter.open(0);
    meter.ended(5_000, 50);
    meter.failed(35_000, new Error("no"));
    meter.ended(40_000, 60);
    meter.close(60_000);
    const { series, errorText } = await meter.measurement();
    expect(series.map(({ atMs, operations, errors }) => [atMs, operations, errors])).toEqual([
      [0, 1, 0],
      [10, 0, 0],
      [20, 0, 0],
      [30, 1, 1],
      [40, 0, 0],
    ]);
    expect(errorText).toBe("no");
  });
});
