import { differenceSpread, mean, median, ratioSpread, sum } from "../harness/statistics.js";
import { REPORT_SCHEMA } from "../harness/report-schema.js";
import { distinctSettings, figureHeads, paramsText, settingsOf } from "../harness/workload.js";
import type { Environment } from "../harness/environment.js";
import type { LatencyUs } from "../harness/latency.js";
import type {
  Configuration,
  Ratio,
  Report,
  Result,
  RunValues,
  Value,
  WorkloadText,
} from "../harness/report-schema.js";
import type { Outcome, RunRecord } from "../harness/runner.js";
import type { Spread } from "../harness/statistics.js";
import type { Bar, Metric, Params, RatioRule, ValueRule, Workload } from "../harness/workload.js";

const sameParams = (a: Params, b: Params): boolean => paramsText(a) === paramsText(b);

/** NaN, which is shown as "-", where there is nothing to take a part of. */
export const percent = (part = 0, whole = 0): number => (whole === 0 ? NaN : (100 * part) / whole);

/** One number of one run; NaN where the run has none. */
export const metricOf = (run: RunValues, metric: Metric): number => {
  switch (metric) {
    case "opsPerSecond":
      return run.opsPerSecond;
    case "clientCpuUsPerOp":
      // Of nothing there is no cost, and a bar must not be reached by it.
      return run.clientCpuUsPerOp === 0 ? NaN : run.clientCpuUsPerOp;
    case "bytesPerOp":
    case "collections":
      return run[metric] ?? NaN;
    case "bytesPerWatcher":
      return run.watch?.bytesPerWatcher ?? NaN;
    case "recoveryMs":
      return run.faults?.recoveryMs ?? NaN;
    case "unknownPercent":
      return percent(run.faults?.windowUnknown, run.faults?.windowStarted);
    case "leasesLost":
      return run.lease?.lost ?? NaN;
    case "p50":
    case "p90":
    case "p99":
      return run.serviceTimeUs[metric];
    default:
      return run.figures?.[metric] ?? NaN;
  }
};

/** Medians of the percentiles; the largest of all. */
export const middleLatency = (times: readonly LatencyUs[]): LatencyUs => {
  const middle = (name: keyof LatencyUs): number => median(times.map((time) => time[name]));
  return {
    p50: middle("p50"),
    p90: middle("p90"),
    p99: middle("p99"),
    p999: middle("p999"),
    max: Math.max(...times.map(({ max }) => max)),
  };
};

const toResult = (records: readonly RunRecord[]): Result => {
  const { workload, system, params } = records[0]!;
  const middle = (value: (record: RunRecord) => number): number => median(records.map(value));
  const responseTimes = records.flatMap((record) => record.responseTimeUs ?? []);
  return {
    workload,
    system,
    params,
    opsPerSecond: middle((record) => record.opsPerSecond),
    serviceTimeUs: middleLatency(records.map((record) => record.serviceTimeUs)),
    ...(responseTimes.length === 0 ? {} : { responseTimeUs: middleLatency(responseTimes) }),
    clientCpuUsPerOp: middle((record) => record.clientCpuUsPerOp),
    errors: records.reduce((sum, record) => sum + record.errors, 0),
    ...middleOf("bytesPerOp", records),
    ...middleOf("bulkMiBPerSecond", records),
    runs: records.map(valuesOf),
  };
};

const ROW_OF_RECORD = new Set(["workload", "system", "params", "errorText"]);

/** What a run's record has besides its row and its error. */
const valuesOf = (record: RunRecord): RunValues =>
  Object.fromEntries(
    Object.entries(record).filter(([name]) => !ROW_OF_RECORD.has(name)),
  ) as unknown as RunValues;

/** The median of a value that not every workload has. */
const middleOf = <Name extends "bytesPerOp" | "bulkMiBPerSecond">(
  name: Name,
  records: readonly RunRecord[],
): Partial<Record<Name, number>> => {
  const values = records.flatMap((record) => record[name] ?? []);
  return values.length === 0 ? {} : ({ [name]: median(values) } as Record<Name, number>);
};

/**
 * One result per workload, parameters and system, in the order in which the workload lists them; settings that only the
 * command line knew come last, in the order in which they were run.
 */
export const collectResults = (workloads: readonly Workload[], records: readonly RunRecord[]): Result[] =>
  workloads.flatMap((workload) =>
    distinctSettings([
      ...settingsOf(workload),
      ...records.flatMap((record) => (record.workload === workload.name ? record.params : [])),
    ]).flatMap((params) =>
      Object.keys(workload.systems).flatMap((system) => {
        const own = records.filter(
          (record) =>
            record.workload === workload.name &&
            record.system === system &&
            sameParams(record.params, params),
        );
        return own.length === 0 ? [] : [toResult(own)];
      }),
    ),
  );

const runsOf = (
  results: readonly Result[],
  workload: string,
  system: string,
  params: Params,
  metric: Metric,
): number[] =>
  (
    results.find(
      (result) =>
        result.workload === workload && result.system === system && sameParams(result.params, params),
    )?.runs ?? []
  ).map((run) => metricOf(run, metric));

export const isReached = (bar: Bar, value: number): boolean =>
  "atLeast" in bar ? value >= bar.atLeast : value <= bar.atMost;

/** What a report says of a rule besides its number. */
const judgement = (
  { bar, about }: RatioRule | ValueRule,
  { value }: Spread,
): Pick<Ratio, "bar" | "isReached" | "about"> => ({
  ...(bar === undefined ? {} : { bar, isReached: isReached(bar, value) }),
  ...(about === undefined ? {} : { about }),
});

/** Those of the workloads' ratios that this outcome can tell. */
export const collectRatios = (workloads: readonly Workload[], results: readonly Result[]): Ratio[] =>
  workloads.flatMap(({ name: workload, ratios }) =>
    ratios.flatMap((rule) => {
      const { name, metric, system, params, against, againstParams = params } = rule;
      const quotient = ratioSpread(
        runsOf(results, workload, system, params, metric),
        runsOf(results, workload, against, againstParams, metric),
      );
      return quotient === undefined ? [] : { name, ...quotient, ...judgement(rule, quotient) };
    }),
  );

/** Those of the workloads' values that this outcome can tell. */
export const collectValues = (workloads: readonly Workload[], results: readonly Result[]): Value[] =>
  workloads.flatMap(({ name: workload, values = [] }) =>
    values.flatMap((rule) => {
      const { name, metric, system, params, above, unit, over } = rule;
      const own = runsOf(results, workload, system, params, metric);
      const value = differenceSpread(
        own,
        above === undefined ? own.map(() => 0) : runsOf(results, workload, above, params, metric),
      );
      if (value === undefined) return [];
      const overall = over === undefined ? {} : { value: over === "sum" ? sum(own) : mean(own) };
      const measured = { ...value, ...overall };
      return { name, unit, ...measured, ...judgement(rule, measured) };
    }),
  );

const textOf = ({ name, about, shows, figures }: Workload): WorkloadText => ({
  name,
  about,
  shows,
  ...(figures === undefined ? {} : { figures }),
  isClosedLoop: shows === "calls" || shows === "handovers",
});

/** All that there is to show of an outcome, interrupted ones included. */
export const makeReport = (
  workloads: readonly Workload[],
  outcome: Outcome,
  environment: Environment,
  configuration: Configuration,
): Report => {
  const results = collectResults(workloads, outcome.records);
  return {
    schema: REPORT_SCHEMA,
    environment,
    configuration,
    workloads: workloads.filter(({ name }) => results.some(({ workload }) => workload === name)).map(textOf),
    results,
    ratios: collectRatios(workloads, results),
    values: collectValues(workloads, results),
    unmeasured: outcome.unmeasured,
    violations: violations(outcome.records, workloads),
  };
};

/**
 * What is wrong with the outcome, one line each: broken mutual exclusion, tokens out of order; of systems that promise
 * otherwise, writes and events that were lost or came twice.
 */
export const violations = (
  records: readonly RunRecord[],
  workloads: readonly Pick<Workload, "name" | "promiseless" | "zeroFigures">[] = [],
): string[] =>
  records.flatMap((record) => {
    const { workload, system, params, overlaps = 0, tokenDisorders = 0, faults, watch, figures } = record;
    const { promiseless, zeroFigures = [] } = workloads.find(({ name }) => name === workload) ?? {};
    const promises = promiseless?.includes(system) !== true;
    const found = [
      [overlaps, "overlapping holders"],
      [tokenDisorders, "tokens out of order"],
      ...(promises
        ? ([
            [faults?.lost, "acknowledged writes lost"],
            [faults?.repeated, "writes applied more than once"],
            [faults?.refusedApplied, "writes applied that were said not to be"],
            [watch?.lostEvents, "events lost"],
            [watch?.repeatedEvents, "events repeated"],
            ...zeroFigures.map((figure) => [figures?.[figure], figureHeads[figure]] as const),
          ] as const)
        : []),
    ] as const;
    const wrong = found.flatMap(([count = 0, what]) => (count === 0 ? [] : `${count} ${what}`));
    return wrong.length === 0 ? [] : `${workload} ${system} ${paramsText(params)}: ${wrong.join(", ")}`;
  });
