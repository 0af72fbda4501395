/** Whether two samples of runs differ, and by how much: a joint permutation test and a bootstrap interval. */
import { randomStream } from "../harness/arrivals.js";
import { mean, median, sum } from "../harness/statistics.js";

/** The runs of one number in both reports. */
export interface Samples {
  readonly a: readonly number[];
  readonly b: readonly number[];
}

/** Ratio of the medians, B to A, and the interval that holds it with a confidence of 95 %. */
export interface RatioInterval {
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
}

/** Above that many ways to split the runs, a sample of them is drawn. 10 runs on both sides have 184,756. */
const SPLITS_ALL_MAX_COUNT = 200_000;
/** Their p are exact to some 0.002 at 0.05. */
const SPLITS_DRAWN_COUNT = 10_000;
/** The ends of an interval are then within a few thousandths of what more would give. */
const RESAMPLE_COUNT = 2_000;
/** What rounding may take from a split that explains just as much as the one that was observed. */
const ROUNDING = 1 - 1e-9;

/** Ways to choose `count` of `total`. */
export const binomial = (total: number, count: number): number => {
  let ways = 1;
  for (let i = 1; i <= count; i++) ways = (ways * (total - count + i)) / i;
  return Math.round(ways);
};

/**
 * The least p that a two-sided test of so many runs can give, however far they lie apart. With equally many, a split and
 * its mirror image lie as far apart as one another.
 */
export const leastP = (countOfA: number, countOfB: number): number =>
  (countOfA === countOfB ? 2 : 1) / binomial(countOfA + countOfB, countOfA);

/** Hands each way to choose `count` of 0 to `total` - 1 to `visit`, in one array that it changes. */
const eachSplit = (total: number, count: number, visit: (chosen: Uint32Array) => void): void => {
  const chosen = Uint32Array.from({ length: count }, (_, index) => index);
  for (;;) {
    visit(chosen);
    let at = count - 1;
    while (at >= 0 && chosen[at] === total - count + at) at--;
    if (at < 0) return;
    chosen[at]!++;
    for (let next = at + 1; next < count; next++) chosen[next] = chosen[next - 1]! + 1;
  }
};

const drawSplits = (
  total: number,
  count: number,
  random: () => number,
  visit: (chosen: Uint32Array) => void,
): void => {
  const all = Uint32Array.from({ length: total }, (_, index) => index);
  for (let drawn = 0; drawn < SPLITS_DRAWN_COUNT; drawn++) {
    // Fisher and Yates, as far as it is looked at.
    for (let at = 0; at < count; at++) {
      const other = at + Math.floor(random() * (total - at));
      [all[at], all[other]] = [all[other]!, all[at]!];
    }
    visit(all.subarray(0, count));
  }
};

/**
 * Runs of both sides around 0, and what they vary by. Times and rates vary by a factor, so it is their logarithms that
 * are compared; counts that may be 0 as they are.
 */
const pooled = ({ a, b }: Samples): { readonly values: Float64Array; readonly variation: number } => {
  const all = [...a, ...b];
  const scaled = all.every((value) => value > 0) ? all.map(Math.log) : all;
  const middle = mean(scaled);
  const values = Float64Array.from(scaled, (value) => value - middle);
  const variation = sum([...values].map((value) => value * value));
  // Equal values whose mean is rounded do not vary.
  return { values, variation: all.every((value) => value === all[0]) ? 0 : variation };
};

/**
 * For each of the `rows`, which all have as many runs in `a` and as many in `b`: the probability that the runs of any of
 * them would lie as far apart as this row's, if nothing but chance had put them into two reports.
 *
 * How far apart is the share of a row's variation that goes when each side is measured from its own mean, which orders
 * splits as Student's t does and is the same scale for all rows. Round by round (run number i of all rows is one round)
 * the runs are dealt out to the two sides in every possible way, and a row's p is the share of ways in which the largest
 * of all rows' numbers reaches its own. So the p are corrected already for being many (Westfall and Young's single-step
 * maxT): whatever the number of rows, chance gives one of them a p of 0.05 or less in one comparison of 20 at most. A
 * correction of single rows' p, as Bonferroni's or Holm's, could never find anything with 5 runs, whose least p is 0.008,
 * in more than 6 rows.
 */
export const jointPermutationTest = (rows: readonly Samples[], seed = 1): number[] => {
  if (rows.length === 0) return [];
  const countOfA = rows[0]!.a.length;
  const total = countOfA + rows[0]!.b.length;
  const pools = rows.map(pooled).filter(({ variation }) => variation > 0);
  // The mean of all is 0, so that of one side is that of the other too.
  const factor = total / (countOfA * (total - countOfA));
  const explained = ({ values, variation }: (typeof pools)[number], chosen: Uint32Array): number => {
    let sumOfA = 0;
    for (let at = 0; at < chosen.length; at++) sumOfA += values[chosen[at]!]!;
    return (sumOfA * sumOfA * factor) / variation;
  };
  const asMeasured = Uint32Array.from({ length: countOfA }, (_, index) => index);
  const observed = pools.map((pool) => explained(pool, asMeasured));
  const reachedCounts = observed.map(() => 0);
  let splitCount = 0;
  const visit = (chosen: Uint32Array): void => {
    splitCount++;
    let largest = 0;
    for (const pool of pools) largest = Math.max(largest, explained(pool, chosen));
    for (let row = 0; row < observed.length; row++)
      if (largest >= observed[row]! * ROUNDING) reachedCounts[row]!++;
  };
  if (binomial(total, countOfA) <= SPLITS_ALL_MAX_COUNT) eachSplit(total, countOfA, visit);
  else {
    // The one that was measured is one of them: no p is 0.
    visit(asMeasured);
    drawSplits(total, countOfA, randomStream(seed, 0), visit);
  }
  let next = 0;
  return rows.map((row) => (pooled(row).variation === 0 ? 1 : reachedCounts[next++]! / splitCount));
};

/** The percentile bootstrap: medians of as many runs, drawn again and again from those that there are. */
export const ratioInterval = ({ a, b }: Samples, seed = 1): RatioInterval => {
  const random = randomStream(seed, 0);
  const medianOfRedrawn = (values: readonly number[], drawn: Float64Array): number => {
    for (let at = 0; at < drawn.length; at++) drawn[at] = values[Math.floor(random() * values.length)]!;
    drawn.sort();
    return (drawn[(drawn.length - 1) >> 1]! + drawn[drawn.length >> 1]!) / 2;
  };
  const drawnOfA = new Float64Array(a.length);
  const drawnOfB = new Float64Array(b.length);
  // 0 errors by 0 errors is no ratio.
  const ratios = Float64Array.from(
    { length: RESAMPLE_COUNT },
    () => medianOfRedrawn(b, drawnOfB) / medianOfRedrawn(a, drawnOfA),
  )
    .filter((ratio) => !Number.isNaN(ratio))
    .sort();
  const at = (share: number): number => ratios[Math.round(share * (ratios.length - 1))] ?? NaN;
  return { ratio: median(b) / median(a), low: at(0.025), high: at(0.975) };
};
