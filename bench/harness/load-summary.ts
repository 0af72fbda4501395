import { countLatencies, encodeHdr, mergeCounts, summaryOf, totalCount } from "./latency-counts.js";
import { checkLockHistory } from "./lock-history.js";
import type { Hold, LatencyCounts, Measurement, SeriesCounts } from "./workload.js";
import type { RunValues, ScheduleOutcome, SeriesPoint } from "./report-schema.js";

/** What a run's operations took and how they came, of all its agents together. */
export type LoadSummary = Pick<
  RunValues,
  | "opsPerSecond"
  | "serviceTimeUs"
  | "serviceHdr"
  | "responseTimeUs"
  | "responseHdr"
  | "schedule"
  | "operationCount"
  | "elapsedMs"
  | "overLimitCount"
  | "series"
  | "overlaps"
  | "tokenDisorders"
>;

type CountName = "operationCount" | "arrivals" | "lateCount" | "droppedCount" | "overLimitCount";
type TimesName = "responseTimes" | "lags";

const sumOf = (parts: readonly Measurement[], name: CountName): number =>
  parts.reduce((sum, part) => sum + (part[name] ?? 0), 0);

const timesOf = (parts: readonly Measurement[], name: TimesName): LatencyCounts =>
  mergeCounts(parts.flatMap((part) => part[name] ?? []));

/**
 * The holds of all agents, name by name: of those with a window, what lies between them are the latencies. Tokens are left
 * out where there are none at all: "no disorder" is not to be said of them.
 */
const checkHolds = (
  parts: readonly Measurement[],
):
  | (Pick<RunValues, "overlaps" | "tokenDisorders"> & {
      readonly handovers: LatencyCounts;
      /** Where a holder is known from the next one, and not every acquire is a hand-over. */
      readonly handoverCount?: number;
    })
  | undefined => {
  if (!parts.some(({ holds }) => holds !== undefined)) return undefined;
  const holds = parts.flatMap((part) => part.holds ?? []);
  const byName = new Map<number | undefined, Hold[]>();
  for (const hold of holds) {
    const ofName = byName.get(hold.name);
    if (ofName === undefined) byName.set(hold.name, [hold]);
    else ofName.push(hold);
  }
  const histories = [...byName.values()].map((ofName) =>
    checkLockHistory(ofName, parts[0]?.windowStartUs, parts[0]?.windowEndUs),
  );
  const handovers = mergeCounts(histories.map(({ handoversUs }) => countLatencies(handoversUs)));
  const hasTokens = holds.some(({ token }) => token !== undefined);
  return {
    handovers,
    ...(holds.some(({ holder }) => holder !== undefined) ? { handoverCount: totalCount(handovers) } : {}),
    overlaps: histories.reduce((sum, { overlapCount }) => sum + overlapCount, 0),
    ...(hasTokens
      ? { tokenDisorders: histories.reduce((sum, { tokenDisorderCount }) => sum + tokenDisorderCount, 0) }
      : {}),
  };
};

/** Intervals of the same number lie on each other: all agents have the same lengths, and windows that begin together. */
const mergeSeries = (series: readonly (readonly SeriesCounts[])[]): SeriesPoint[] => {
  const longest = series.reduce((most, own) => (own.length > most.length ? own : most), []);
  return longest.map(({ atMs }, interval) => {
    const same = series.flatMap((own) => own[interval] ?? []);
    const { p50, p99, max } = summaryOf(mergeCounts(same.map(({ times }) => times)));
    return {
      atMs,
      operations: same.reduce((sum, { operations }) => sum + operations, 0),
      errors: same.reduce((sum, { errors }) => sum + errors, 0),
      p50,
      p99,
      max,
    };
  });
};

/** The time that a run's processes spent looking at the clock for the next arrival, as a part of the window. */
const spinShareOf = (parts: readonly Measurement[]): number => {
  const elapsedMs = parts.reduce((sum, part) => sum + part.elapsedMs, 0);
  const spinUs = parts.reduce((sum, part) => sum + (part.spinUs ?? 0), 0);
  return elapsedMs === 0 ? 0 : spinUs / 1e3 / elapsedMs;
};

const scheduleOf = (parts: readonly Measurement[]): ScheduleOutcome => ({
  arrivals: sumOf(parts, "arrivals"),
  lagUs: summaryOf(timesOf(parts, "lags")),
  lateCount: sumOf(parts, "lateCount"),
  droppedCount: sumOf(parts, "droppedCount"),
  spinShare: spinShareOf(parts),
});

/** Puts together what the agents of one run have counted. */
export const summarizeLoad = (parts: readonly Measurement[]): LoadSummary => {
  const { handovers, handoverCount, ...lockHistory } = checkHolds(parts) ?? {};
  const elapsedMs = Math.max(0, ...parts.map((part) => part.elapsedMs));
  const counted = parts.flatMap((part) => part.serviceTimes ?? []);
  const service =
    counted.length === 0 && handovers !== undefined
      ? handovers
      : mergeCounts([...counted, ...parts.map(({ latenciesUs }) => countLatencies(latenciesUs))]);
  const isOpen = parts.some(({ responseTimes }) => responseTimes !== undefined);
  const response = timesOf(parts, "responseTimes");
  const series = parts.flatMap((part) => (part.series === undefined ? [] : [part.series]));
  return {
    opsPerSecond:
      handoverCount !== undefined && elapsedMs > 0
        ? (handoverCount * 1e3) / elapsedMs
        : // Agents of one run share one window, so the rates add up.
          parts.reduce(
            (sum, part) => sum + (part.elapsedMs > 0 ? (part.operationCount * 1e3) / part.elapsedMs : 0),
            0,
          ),
    operationCount: handoverCount ?? sumOf(parts, "operationCount"),
    elapsedMs,
    serviceTimeUs: summaryOf(service),
    ...(totalCount(service) === 0 ? {} : { serviceHdr: encodeHdr(service) }),
    ...(isOpen
      ? {
          responseTimeUs: summaryOf(response),
          responseHdr: encodeHdr(response),
          schedule: scheduleOf(parts),
        }
      : {}),
    ...(parts.some(({ overLimitCount }) => overLimitCount !== undefined)
      ? { overLimitCount: sumOf(parts, "overLimitCount") }
      : {}),
    ...(series.length === 0 ? {} : { series: mergeSeries(series) }),
    ...lockHistory,
  };
};
