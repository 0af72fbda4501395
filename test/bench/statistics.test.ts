import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { median, ratioSpread } from "../../bench/harness/statistics.js";

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
