import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arrivalTimes, randomStream, seedOfRun } from "../../bench/harness/arrivals.js";
import type { ArrivalPlan } from "../../bench/harness/arrivals.js";

const plan = (changes: Partial<ArrivalPlan> = {}): ArrivalPlan => ({
  rate: 1_000,
  arrival: "poisson",
  seed: 1,
  agentIndex: 0,
  agentCount: 1,
  ...changes,
});

const take = (count: number, changes: Partial<ArrivalPlan>): number[] => {
  const next = arrivalTimes(plan(changes));
  return Array.from({ length: count }, () => next());
};

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

const variance = (values: readonly number[]): number => {
  const middle = mean(values);
  return mean(values.map((value) => (value - middle) ** 2));
};

const distances = (times: readonly number[]): number[] => times.slice(1).map((time, i) => time - times[i]!);

describe("arrival times", () => {
  test("uniform ones are 1/rate apart, those of all agents put together, for however long", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100_000 }),
        fc.integer({ min: 1, max: 8 }),
        (rate, agentCount) => {
          const all = Array.from({ length: agentCount }, (_, agentIndex) =>
            take(50, { arrival: "uniform", rate, agentIndex, agentCount }),
          )
            .flat()
            .sort((a, b) => a - b);
          all.forEach((time, number) => expect(time).toBeCloseTo((number * 1e6) / rate, 6));
        },
      ),
    );
    expect(take(1_000_001, { arrival: "uniform", rate: 3_000 })[1_000_000]).toBe((1_000_000 * 1e6) / 3_000);
  });

  test("Poisson's distances have the mean and the spread of independent users", () => {
    const apart = distances(take(200_000, { rate: 1_000 }));
    // Of so many, the mean is known to 0.2 % and the variance to 0.6 %; a seed is a seed, so this passes or fails for good.
    expect(mean(apart) / 1_000).toBeCloseTo(1, 2);
    expect(variance(apart) / 1_000 ** 2).toBeCloseTo(1, 1);
    expect(apart.filter((us) => us > 1_000).length / apart.length).toBeCloseTo(Math.exp(-1), 2);
    expect(apart.every((us) => us >= 0)).toBe(true);
  });

  test("in equal times, Poisson's agents together have counts whose variance is their mean", () => {
    const all = [0, 1, 2].flatMap((agentIndex) => take(20_000, { rate: 3_000, agentIndex, agentCount: 3 }));
    const counts = new Array<number>(1_900).fill(0);
    for (const us of all) {
      const slice = Math.floor(us / 10_000);
      if (slice < counts.length) counts[slice]!++;
    }
    expect(mean(counts) / 30).toBeCloseTo(1, 1);
    expect(variance(counts) / mean(counts)).toBeCloseTo(1, 0);
  });

  test("the same seed gives the same times; another seed, and another agent, others", () => {
    expect(take(100, { seed: 7 })).toEqual(take(100, { seed: 7 }));
    expect(take(100, { seed: 7 })).not.toEqual(take(100, { seed: 8 }));
    const [first, second] = [0, 1].map((agentIndex) => take(100, { seed: 7, agentIndex, agentCount: 2 }));
    expect(first).not.toEqual(second);
    // Nor is an agent's stream its neighbour's of the next seed.
    expect(take(100, { seed: 7, agentIndex: 1 })).not.toEqual(take(100, { seed: 8, agentIndex: 0 }));
  });

  test("each run has others, which are no other run's of a neighbouring seed", () => {
    const seeds = [1, 2, 3].flatMap((seed) => [0, 1, 2, 3, 4].map((run) => seedOfRun(seed, run)));
    expect(seeds.every((seed) => Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32)).toBe(true);
    const firsts = seeds.map((seed) => take(1, { seed })[0]);
    expect(new Set(firsts).size).toBe(seeds.length);
    expect(seedOfRun(1, 0)).toBe(seedOfRun(1, 0));
  });

  test("random numbers are spread evenly, and those of neighbouring seeds have nothing in common", () => {
    const streams = [1, 2, 3, 4].flatMap((seed) => [0, 1].map((stream) => randomStream(seed, stream)));
    const samples = streams.map((next) => Array.from({ length: 20_000 }, () => next()));
    for (const sample of samples) {
      expect(mean(sample)).toBeCloseTo(0.5, 1);
      expect(variance(sample)).toBeCloseTo(1 / 12, 2);
    }
    const pairs = samples
      .slice(1)
      .map((sample, i) => mean(sample.map((value, at) => value * samples[i]![at]!)));
    for (const product of pairs) expect(product).toBeCloseTo(0.25, 1);
  });
});
