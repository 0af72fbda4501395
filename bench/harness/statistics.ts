/** Middle value; the mean of the two in the middle when there is an even number. NaN of nothing. */
export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};

export const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** NaN of nothing. */
export const mean = (values: readonly number[]): number => sum(values) / values.length;

/** What runs of the same thing spread over. */
export interface Spread {
  readonly value: number;
  readonly min: number;
  readonly max: number;
}

export const spread = (values: readonly number[]): Spread => ({
  value: median(values),
  min: Math.min(...values),
  max: Math.max(...values),
});

/**
 * The quotient of two systems, run by run: run 3 of one is divided by run 3 of the other, which ran within seconds
 * of it, so whatever slows the machine down for a while hits both sides of one quotient.
 */
export const ratioSpread = (values: readonly number[], against: readonly number[]): Spread | undefined => {
  const quotients = values
    .slice(0, against.length)
    .map((value, run) => value / against[run]!)
    .filter((quotient) => Number.isFinite(quotient));
  return quotients.length === 0 ? undefined : spread(quotients);
};

/** The same for differences. Undefined when there is no run, or one without a number. */
export const differenceSpread = (values: readonly number[], minus: readonly number[]): Spread | undefined => {
  const differences = values.slice(0, minus.length).map((value, run) => value - minus[run]!);
  return differences.length === 0 || differences.some(Number.isNaN) ? undefined : spread(differences);
};
