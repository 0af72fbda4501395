import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LatencyHistogram } from "../../bench/harness/latency.js";
import { median, ratioSpread } from "../../bench/harness/statistics.js";

describe("latency histogram", () => {
  test("tells the percentiles of a uniform distribution to three digits", () => {
    const histogram = new LatencyHistogram();
    // 1 to 100,000 µs, each once, in an order that is not theirs.
    for (let i = 0; i < 100_000; i++) histogram.record(((i * 7_919) % 100_000) + 1);
    const { p50, p90, p99, p999, max } = histogram.summary();
    for (const [measured, expected] of [
      [p50, 50_000],
      [p90, 90_000],
      [p99, 99_000],
      [p999, 99_900],
      [max, 100_000],
    ] as const) {
      expect(Math.abs(measured - expected) / expected).toBeLessThan(0.001);
    }
  });

  test("tells a latency of some microseconds apart from one a hundredth longer", () => {
    const histogram = new LatencyHistogram();
    histogram.recordAll([20, 20, 20, 20.2]);
    expect(histogram.summary().p50).toBeCloseTo(20, 1);
    expect(histogram.summary().max).toBeCloseTo(20.2, 1);
  });

  test("does not let one slow call in a hundred show in p90, and shows it in p999", () => {
    const histogram = new LatencyHistogram();
    histogram.recordAll(Array.from({ length: 1_000 }, (_, i) => (i % 100 === 0 ? 100_000 : 100)));
    expect(histogram.summary().p90).toBeCloseTo(100, 0);
    expect(histogram.summary().p999).toBeGreaterThan(99_000);
  });

  test("is all zero when nothing was recorded, and takes what is too long for it as the longest", () => {
    expect(new LatencyHistogram().summary()).toEqual({ p50: 0, p90: 0, p99: 0, p999: 0, max: 0 });
    const histogram = new LatencyHistogram();
    histogram.record(1e12);
    expect(histogram.summary().max).toBeGreaterThan(59e6);
  });
});

describe("statistics", () => {
  test("a median is the middle value, or the mean of the two in the middle", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(median([])).toBeNaN();
  });

  test("a ratio is the median of quotients of runs with the same number", () => {
    // Both systems were ten times slower in the second run: that must not spread the ratio.
    expect(ratioSpread([400, 40, 800], [10, 1, 10])).toEqual({ value: 40, min: 40, max: 80 });
  });

  test("a ratio leaves out runs that only one side has, and quotients that mean nothing", () => {
    expect(ratioSpread([10, 20, 30], [10, 10])).toEqual({ value: 1.5, min: 1, max: 2 });
    expect(ratioSpread([10, 20], [0, 10])).toEqual({ value: 2, min: 2, max: 2 });
    expect(ratioSpread([], [1])).toBeUndefined();
  });

  test("a median lies between the smallest and the largest value", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), { minLength: 1 }), (values) => {
        const middle = median(values);
        expect(middle).toBeGreaterThanOrEqual(Math.min(...values));
        expect(middle).toBeLessThanOrEqual(Math.max(...values));
      }),
    );
  });
});
