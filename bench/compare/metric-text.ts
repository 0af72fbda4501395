import type { RunMetric } from "./run-metrics.js";

/** Three digits, which is what the histograms keep and more than runs agree on. */
const threeDigits = (value: number): string =>
  Math.abs(value) >= 1_000 ? Math.round(value).toLocaleString("en-US") : String(Number(value.toPrecision(3)));

/** For people: `1.53 ms`, `12,345 /s`. */
export const metricText = ({ unit }: Pick<RunMetric, "unit">, value: number): string => {
  if (Number.isNaN(value)) return "-";
  switch (unit) {
    case "us":
      if (value >= 1e6) return `${threeDigits(value / 1e6)} s`;
      return value >= 1e3 ? `${threeDigits(value / 1e3)} ms` : `${threeDigits(value)} µs`;
    case "perSecond":
      return `${threeDigits(value)} /s`;
    case "bytes":
      return `${threeDigits(value)} B`;
    case "count":
      return threeDigits(value);
  }
};
