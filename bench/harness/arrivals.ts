import type { Params } from "./workload.js";

/** Numbers in [0, 1), evenly spread: the same ones for the same seed and stream, in every process. */
export const randomStream = (seed: number, stream: number): (() => number) => {
  // sfc32 by Chris Doty-Humphrey (PractRand): small, fast, and passes what tests of randomness there are.
  let a = seed | 0;
  let b = stream | 0;
  let c = Math.floor(seed / 2 ** 32) | 0;
  let counter = 1;
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  // Until neighbouring seeds have nothing in common.
  for (let i = 0; i < 16; i++) next();
  return next;
};

/**
 * What one run draws from, made of the seed of all: runs of a row have nothing in common, so that they are samples of more
 * than one schedule, and the systems of one run have the same.
 *
 * @param run 0-based
 */
export const seedOfRun = (seed: number, run: number): number =>
  Math.floor(randomStream(seed, run)() * 2 ** 32);

export interface ArrivalPlan {
  /** Per second, of all agents together. */
  readonly rate: number;
  readonly arrival: NonNullable<Params["arrival"]>;
  readonly seed: number;
  readonly agentIndex: number;
  readonly agentCount: number;
}

/**
 * When this agent's operations are due, one after the other, in microseconds from the run's start.
 *
 * Uniform: all agents together make one operation each 1/rate, in turns. Poisson: each agent draws the distances from its
 * own stream, at its share of the rate; streams of independent arrivals put together are one of their sum. The same plan
 * gives the same times, so two systems get the same bursts.
 */
export const arrivalTimes = ({
  rate,
  arrival,
  seed,
  agentIndex,
  agentCount,
}: ArrivalPlan): (() => number) => {
  const distanceUs = 1e6 / rate;
  if (arrival === "uniform") {
    // Multiplied and not added up: after a million of them, still at its place.
    let number = agentIndex - agentCount;
    return () => (number += agentCount) * distanceUs;
  }
  const random = randomStream(seed, agentIndex);
  const meanUs = distanceUs * agentCount;
  let atUs = 0;
  return () => (atUs -= Math.log(1 - random()) * meanUs);
};
