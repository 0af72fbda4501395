import { decodeHdr, mergeCounts, percentileUs, totalCount } from "../harness/latency-counts.js";
import { distinctSettings, paramsText } from "../harness/workload.js";
import type { LatencyUs } from "../harness/latency.js";
import type { Report, Result, SeriesPoint } from "../harness/report-schema.js";
import type { LatencyCounts, Params } from "../harness/workload.js";

/** One line of a picture. */
export interface Curve {
  readonly system: string;
  readonly kind: "service" | "response";
  /** `x` is 1 / (1 - percentile): 2 at the median, 100 at p99, so that each further nine is as wide as the one before. */
  readonly points: readonly { readonly x: number; readonly us: number }[];
}

/** Of a picture's x axis, for each nine. */
const POINTS_PER_DECADE = 20;
/** p99.9999 */
const X_MAX = 1e6;

/** The values of `x` at which curves have points: 1, 2 and all powers of ten are among them. */
const grid = (): number[] => {
  const values = Array.from({ length: 6 * POINTS_PER_DECADE + 1 }, (_, i) =>
    Number((10 ** (i / POINTS_PER_DECADE)).toPrecision(6)),
  );
  return [...values, 2].toSorted((a, b) => a - b);
};

const GRID = grid();

/** Of all runs together, where each has its histogram. */
const mergedCounts = (encoded: readonly (string | undefined)[]): LatencyCounts | undefined => {
  const known = encoded.filter((hdr) => hdr !== undefined);
  return known.length === 0 || known.length < encoded.length ? undefined : mergeCounts(known.map(decodeHdr));
};

/** No further than there are operations to tell: of 1,000, p99.9 is the slowest. */
const pointsOf = (counts: LatencyCounts): Curve["points"] => {
  const total = totalCount(counts);
  return GRID.filter((x) => x <= Math.min(total, X_MAX)).map((x) => ({
    x,
    us: percentileUs(counts, 100 * (1 - 1 / x)),
  }));
};

/** What a row that has no histograms knows. */
const pointsOfSummary = ({ p50, p90, p99, p999 }: LatencyUs): Curve["points"] => [
  { x: 2, us: p50 },
  { x: 10, us: p90 },
  { x: 100, us: p99 },
  { x: 1_000, us: p999 },
];

/** Latency by percentile of one row: service times, and of open loops response times. */
export const curvesOf = ({ system, runs, serviceTimeUs, responseTimeUs }: Result): Curve[] => {
  const curve = (
    kind: Curve["kind"],
    summary: LatencyUs | undefined,
    encoded: readonly (string | undefined)[],
  ): Curve[] => {
    if (summary === undefined || !(summary.max > 0)) return [];
    const counts = mergedCounts(encoded);
    const points = counts === undefined ? pointsOfSummary(summary) : pointsOf(counts);
    return [{ system, kind, points: points.filter(({ us }) => us > 0) }];
  };
  return [
    ...curve(
      "service",
      serviceTimeUs,
      runs.map(({ serviceHdr }) => serviceHdr),
    ),
    ...curve(
      "response",
      responseTimeUs,
      runs.map(({ responseHdr }) => responseHdr),
    ),
  ];
};

/** A workload's rows at one of its settings. */
export interface Setting {
  readonly params: Params;
  readonly text: string;
  readonly results: readonly Result[];
}

/** In the report's order. */
export const settingsIn = (report: Report, workload: string): Setting[] => {
  const own = report.results.filter((result) => result.workload === workload);
  return distinctSettings(own.map(({ params }) => params)).map((params) => ({
    params,
    text: paramsText(params),
    results: own.filter((result) => paramsText(result.params) === paramsText(params)),
  }));
};

/** Workloads that have results, in the report's order. */
export const workloadsIn = (report: Report): string[] => [
  ...new Set(report.results.map(({ workload }) => workload)),
];

/** All systems that have results, in the report's order: a system's place is its colour in all pictures. */
export const systemsIn = (report: Report): string[] => [
  ...new Set(report.results.map(({ system }) => system)),
];

/** What a workload's operations are called, and its times. */
export const wordsOf = (
  report: Report,
  workload: string,
): { readonly rate: string; readonly time: string } => {
  switch (report.workloads?.find(({ name }) => name === workload)?.shows) {
    case "handovers":
      return { rate: "hand-overs/s", time: "release call to next owner" };
    case "events":
      return { rate: "events/s", time: "call of put to the event" };
    case "proclamations":
      return { rate: "events/s", time: "call of proclaim to what an observer hears" };
    default:
      return { rate: "ops/s", time: "service time" };
  }
};

/** Throughput by concurrency, of rows that differ in nothing else. */
export interface Scaling {
  /** The other parameters. */
  readonly text: string;
  readonly concurrencies: readonly number[];
  /** One value for each concurrency; undefined where the system has no such row. */
  readonly systems: readonly {
    readonly system: string;
    readonly opsPerSecond: readonly (number | undefined)[];
  }[];
}

/** All but the concurrency. */
const withoutConcurrency = (params: Params): Params =>
  Object.fromEntries(Object.entries(params).filter(([name]) => name !== "concurrency"));

/** Groups with at least two concurrencies. */
export const scalingsOf = (report: Report, workload: string): Scaling[] => {
  const groups = new Map<string, Result[]>();
  for (const result of report.results) {
    if (result.workload !== workload || result.params.concurrency === undefined) continue;
    const text = paramsText(withoutConcurrency(result.params));
    groups.set(text, [...(groups.get(text) ?? []), result]);
  }
  return [...groups].flatMap(([text, results]) => {
    const concurrencies = [...new Set(results.map(({ params }) => params.concurrency!))].toSorted(
      (a, b) => a - b,
    );
    if (concurrencies.length < 2) return [];
    const systems = [...new Set(results.map(({ system }) => system))].map((system) => ({
      system,
      opsPerSecond: concurrencies.map(
        (concurrency) =>
          results.find((result) => result.system === system && result.params.concurrency === concurrency)
            ?.opsPerSecond,
      ),
    }));
    return { text, concurrencies, systems };
  });
};

/** The intervals of a row's middle run by throughput, of those that have any. */
export const seriesOf = ({ runs }: Result): readonly SeriesPoint[] => {
  const ordered = runs
    .filter(({ series }) => series !== undefined && series.length > 0)
    .toSorted((a, b) => a.opsPerSecond - b.opsPerSecond);
  return ordered[(ordered.length - 1) >> 1]?.series ?? [];
};
