import fc from "fast-check";
import { permutationTest } from "simple-statistics";
import { describe, expect, test } from "vitest";
import { binomial, jointPermutationTest, leastP, ratioInterval } from "../../bench/compare/evidence.js";
import type { Samples } from "../../bench/compare/evidence.js";
import { randomStream } from "../../bench/harness/arrivals.js";

/** Runs around `middle` that vary by a normal share of it (Box and Muller). */
const drawRuns = (random: () => number, count: number, middle: number, noise: number): number[] =>
  Array.from(
    { length: count },
    () =>
      middle * Math.exp(noise * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())),
  );

const drawRows = (random: () => number, { rowCount = 1, runCount = 5, shift = 1, noise = 0.05 }): Samples[] =>
  Array.from({ length: rowCount }, () => ({
    a: drawRuns(random, runCount, 100, noise),
    b: drawRuns(random, runCount, 100 * shift, noise),
  }));

const SIMULATION_COUNT = 400;

/** In how many of so many comparisons some row has a p of at most 0.05. */
const foundCount = (draw: (random: () => number) => Samples[]): number => {
  const random = randomStream(42, 0);
  let found = 0;
  for (let simulation = 0; simulation < SIMULATION_COUNT; simulation++)
    if (Math.min(...jointPermutationTest(draw(random))) <= 0.05) found++;
  return found;
};

describe("permutation test", () => {
  test.each([1, 4, 64])("finds nothing in 19 of 20 comparisons of equal builds, with %i rows", (rowCount) => {
    const found = foundCount((random) => drawRows(random, { rowCount, noise: 0.2 }));
    // 0.05 of 400 is 20; 32 is what chance exceeds once in some 200 times, and the seed is always the same.
    expect(found).toBeLessThanOrEqual(32);
  });

  test("finds nothing in rows that are slow and fast together, round by round", () => {
    const found = foundCount((random) => {
      const rounds = drawRuns(random, 10, 1, 0.5);
      return drawRows(random, { rowCount: 16 }).map(({ a, b }) => ({
        a: a.map((value, round) => value * rounds[round]!),
        b: b.map((value, round) => value * rounds[5 + round]!),
      }));
    });
    expect(found).toBeLessThanOrEqual(32);
  });

  /** In how many of a hundred comparisons the one row is found that has changed. */
  const foundPercent = (rowCount: number, shift: number): number =>
    (foundCount((random) => [
      ...drawRows(random, { rowCount: rowCount - 1 }),
      ...drawRows(random, { shift }),
    ]) *
      100) /
    SIMULATION_COUNT;

  test("finds a fifth more in noise of a twentieth with 5 runs", () => {
    expect(foundPercent(1, 1.2)).toBeGreaterThan(95);
    expect(foundPercent(16, 1.2)).toBeGreaterThan(80);
  });

  test("seldom finds what is as large as the noise", () => {
    expect(foundPercent(1, 1.05)).toBeLessThan(35);
    expect(foundPercent(16, 1.05)).toBeLessThan(15);
  });

  test("gives the least p to samples that lie apart, whichever of them is the larger", () => {
    const low = [1, 2, 3, 4, 5];
    const high = [10, 11, 12, 13, 14];
    expect(jointPermutationTest([{ a: low, b: high }])).toEqual([2 / 252]);
    expect(jointPermutationTest([{ a: high, b: low }])).toEqual([2 / 252]);
    expect(leastP(5, 5)).toBe(2 / 252);
  });

  test("gives 1 to ties", () => {
    expect(jointPermutationTest([{ a: [7, 7, 7, 7], b: [7, 7, 7, 7] }])).toEqual([1]);
    // 0.1 has no exact mean.
    expect(jointPermutationTest([{ a: [0.1, 0.1, 0.1], b: [0.1, 0.1, 0.1] }])).toEqual([1]);
    expect(jointPermutationTest([{ a: [1, 2, 1, 2], b: [2, 1, 2, 1] }])).toEqual([1]);
  });

  test("takes counts of which some are 0 as they are", () => {
    expect(jointPermutationTest([{ a: [0, 0, 0, 0, 0], b: [3, 5, 4, 6, 2] }])).toEqual([2 / 252]);
  });

  test("is that of simple-statistics for one row, which draws its splits by chance", () => {
    const a = [102, 99, 104, 97, 101];
    const b = [103, 108, 101, 106, 105];
    const [p] = jointPermutationTest([{ a: a.map(Math.exp), b: b.map(Math.exp) }]);
    expect(p).toBeCloseTo(permutationTest(a, b, "two_side", 20_000, randomStream(3, 0)), 1);
  });

  test("draws splits where there are too many, the same ones each time, and never says 0", () => {
    const random = randomStream(5, 0);
    const rows = drawRows(random, { rowCount: 2, runCount: 30, shift: 1.2 });
    const ps = jointPermutationTest(rows);
    expect(jointPermutationTest(rows)).toEqual(ps);
    for (const p of ps) {
      expect(p).toBeGreaterThan(0);
      expect(p).toBeLessThan(0.01);
    }
    const [same] = jointPermutationTest(drawRows(randomStream(6, 0), { runCount: 30 }));
    expect(same).toBeGreaterThan(0.05);
  });

  test("knows what the least p is: 4 runs on both sides are needed for 0.05", () => {
    expect(binomial(10, 5)).toBe(252);
    expect(binomial(20, 10)).toBe(184_756);
    expect(leastP(1, 1)).toBe(1);
    expect(leastP(3, 3)).toBe(0.1);
    expect(leastP(4, 4)).toBeLessThan(0.05);
    expect(leastP(3, 4)).toBeLessThan(0.05);
  });

  test("does not change with the order of the runs, nor with the rows' units", () => {
    const values = fc.array(fc.double({ min: 1, max: 1e6, noNaN: true }), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(values, values, (a, b) => {
        const [p] = jointPermutationTest([{ a, b }]);
        const [turned] = jointPermutationTest([{ a: a.toReversed(), b: b.toSorted() }]);
        const [scaled] = jointPermutationTest([{ a: a.map((v) => v * 1e3), b: b.map((v) => v * 1e3) }]);
        expect(turned).toBeCloseTo(p!, 9);
        // Logarithms of values that are nearly equal are rounded, and with them ties among the splits.
        expect(Math.abs(scaled! - p!)).toBeLessThan(0.15);
      }),
      { numRuns: 50 },
    );
  });
});

describe("bootstrap interval", () => {
  test("is around the ratio of the medians, the same each time, and narrow where runs agree", () => {
    const samples = { a: [100, 101, 99, 100, 102], b: [120, 121, 119, 122, 120] };
    const interval = ratioInterval(samples);
    expect(interval).toEqual(ratioInterval(samples));
    expect(interval.ratio).toBe(1.2);
    expect(interval.low).toBeGreaterThan(1.15);
    expect(interval.high).toBeLessThan(1.25);
  });

  test("holds the true ratio in most simulations", () => {
    const random = randomStream(11, 0);
    let held = 0;
    for (let simulation = 0; simulation < 200; simulation++) {
      const { low, high } = ratioInterval(drawRows(random, { shift: 1.3, noise: 0.1, runCount: 10 })[0]!);
      if (low <= 1.3 && high >= 1.3) held++;
    }
    // The percentile bootstrap of few runs is somewhat too narrow; the verdict does not rest on it alone.
    expect(held).toBeGreaterThan(180);
  });

  test("has no number where there is none", () => {
    expect(ratioInterval({ a: [0, 0], b: [0, 0] })).toEqual({ ratio: NaN, low: NaN, high: NaN });
    expect(ratioInterval({ a: [0, 0], b: [1, 2] }).low).toBe(Infinity);
    expect(ratioInterval({ a: [5], b: [10] })).toEqual({ ratio: 2, low: 2, high: 2 });
  });
});
