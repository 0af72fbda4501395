import Table from "cli-table3";
import { figureHeads, paramsText, settingsOf } from "./workload.js";
import { differenceSpread, mean, median, ratioSpread, spread, sum } from "./statistics.js";
import type { Spread } from "./statistics.js";
import type { Environment } from "./environment.js";
import type { LatencyUs } from "./latency.js";
import type { LeaseOutcome, Outcome, RunRecord, Unmeasured } from "./runner.js";
import type {
  Bar,
  Figures,
  Metric,
  Params,
  RatioRule,
  ValueRule,
  WatchCounts,
  Workload,
} from "./workload.js";
import type { FaultOutcome } from "./write-history.js";

/** The values of one run, in the JSON. */
export interface RunValues {
  readonly opsPerSecond: number;
  readonly serviceTimeUs: LatencyUs;
  readonly clientCpuUsPerOp: number;
  readonly errors: number;
  readonly overlaps?: number;
  readonly tokenDisorders?: number;
  /** Of workloads that count bytes on the JavaScript heap; their service times are all 0. */
  readonly bytesPerOp?: number;
  readonly collections?: number;
  readonly operationCount?: number;
  /** Of workloads with a load in the background. */
  readonly bulkMiBPerSecond?: number;
  /** Numbers that few workloads have. */
  readonly figures?: Figures;
  /** Of workloads that watch. */
  readonly watch?: WatchCounts;
  /** Of workloads in which the leader fails. */
  readonly faults?: FaultOutcome;
  readonly lease?: LeaseOutcome;
}

/** One row: medians of the runs, except `max`, which is the largest, and `errors`, which is the sum. */
export interface Result {
  readonly workload: string;
  readonly system: string;
  readonly params: Params;
  readonly opsPerSecond: number;
  readonly serviceTimeUs: LatencyUs;
  readonly clientCpuUsPerOp: number;
  readonly errors: number;
  readonly bytesPerOp?: number;
  readonly bulkMiBPerSecond?: number;
  readonly runs: readonly RunValues[];
}

/** Median, smallest and largest of the quotients of runs made right after one another. */
export interface Ratio {
  readonly name: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
}

/** A number that is no quotient: a row's own, or how far it is above another's. */
export interface Value extends Spread {
  readonly name: string;
  readonly unit: string;
}

/** What `--json` writes. `schema` grows when a reader of the old form would misread the new one. */
export interface Report {
  readonly schema: 1;
  readonly environment: Environment;
  readonly results: readonly Result[];
  readonly ratios: readonly Ratio[];
  readonly values: readonly Value[];
}

const sameParams = (a: Params, b: Params): boolean => paramsText(a) === paramsText(b);

/** NaN, which is shown as "-", where there is nothing to take a part of. */
const percent = (part = 0, whole = 0): number => (whole === 0 ? NaN : (100 * part) / whole);

const metricOf = (run: RunValues, metric: Metric): number => {
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

const toResult = (records: readonly RunRecord[]): Result => {
  const { workload, system, params } = records[0]!;
  const middle = (value: (record: RunRecord) => number): number => median(records.map(value));
  return {
    workload,
    system,
    params,
    opsPerSecond: middle((record) => record.opsPerSecond),
    serviceTimeUs: {
      p50: middle((record) => record.serviceTimeUs.p50),
      p90: middle((record) => record.serviceTimeUs.p90),
      p99: middle((record) => record.serviceTimeUs.p99),
      p999: middle((record) => record.serviceTimeUs.p999),
      max: Math.max(...records.map((record) => record.serviceTimeUs.max)),
    },
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

/** One result per workload, parameters and system, in the order in which the workload lists them. */
export const collectResults = (workloads: readonly Workload[], records: readonly RunRecord[]): Result[] =>
  workloads.flatMap((workload) =>
    settingsOf(workload).flatMap((params) =>
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

/** Those of the workloads' ratios that this outcome can tell. */
export const collectRatios = (workloads: readonly Workload[], results: readonly Result[]): Ratio[] =>
  workloads.flatMap(({ name: workload, ratios }) =>
    ratios.flatMap(({ name, metric, system, params, against, againstParams = params }) => {
      const quotient = ratioSpread(
        runsOf(results, workload, system, params, metric),
        runsOf(results, workload, against, againstParams, metric),
      );
      return quotient === undefined ? [] : { name, ...quotient };
    }),
  );

/** Those of the workloads' values that this outcome can tell. */
export const collectValues = (workloads: readonly Workload[], results: readonly Result[]): Value[] =>
  workloads.flatMap(({ name: workload, values = [] }) =>
    values.flatMap(({ name, metric, system, params, above, unit, over }) => {
      const own = runsOf(results, workload, system, params, metric);
      const value = differenceSpread(
        own,
        above === undefined ? own.map(() => 0) : runsOf(results, workload, above, params, metric),
      );
      if (value === undefined) return [];
      const overall = over === undefined ? {} : { value: over === "sum" ? sum(own) : mean(own) };
      return { name, unit, ...value, ...overall };
    }),
  );

export const makeReport = (
  workloads: readonly Workload[],
  outcome: Outcome,
  environment: Environment,
): Report => {
  const results = collectResults(workloads, outcome.records);
  return {
    schema: 1,
    environment,
    results,
    ratios: collectRatios(workloads, results),
    values: collectValues(workloads, results),
  };
};

/** Three digits, which is what the histogram keeps and more than runs agree on. */
const number = (value: number): string => {
  if (!Number.isFinite(value)) return "-";
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString("en-US");
  return value === 0 ? "0" : String(Number(value.toPrecision(3)));
};

/** Columns of spaces instead of lines, for files and pipes. */
const PLAIN_CHARS = Object.fromEntries(
  [
    ["top", "top-mid", "top-left", "top-right", "bottom", "bottom-mid", "bottom-left", "bottom-right"],
    ["left", "left-mid", "mid", "mid-mid", "right", "right-mid"],
  ]
    .flat()
    .map((name) => [name, ""]),
);

const makeTable = (isTerminal: boolean, head: string[]): InstanceType<typeof Table> =>
  new Table({
    head,
    style: {
      head: isTerminal ? ["bold"] : [],
      border: [],
      compact: true,
      "padding-left": isTerminal ? 1 : 0,
    },
    colAligns: head.map((_, column) => (column < 2 ? "left" : "right")),
    ...(isTerminal ? {} : { chars: { ...PLAIN_CHARS, middle: " " } }),
  });

const barText = (bar: Bar, unit: string): string =>
  "atLeast" in bar ? `>= ${bar.atLeast}${unit}` : `<= ${bar.atMost}${unit}`;

const isReached = (bar: Bar, value: number): boolean =>
  "atLeast" in bar ? value >= bar.atLeast : value <= bar.atMost;

/** The bar of one rule in words, and whether it was reached. */
export const judge = (rule: RatioRule | ValueRule, { value, min, max }: Spread): string => {
  const unit = "unit" in rule ? ` ${rule.unit}` : "x";
  const measured = `measured ${number(value)}${unit} (${number(min)} to ${number(max)})`;
  const about = rule.about === undefined ? "" : `; ${rule.about}`;
  if (rule.bar === undefined) return `${rule.name}: ${measured}${about}`;
  return `${rule.name}: bar ${barText(rule.bar, unit)}, ${measured}, ${isReached(rule.bar, value) ? "ok" : "BELOW"}${about}`;
};

/** What the columns of a workload's table are, behind its parameters and its system. */
const columnsOf = (
  { shows, figures = [] }: Workload,
  hasBulk: boolean,
): { readonly about: string; readonly head: string[]; cells(result: Result): number[] } => {
  const spreadOf = (result: Result, metric: Metric): number[] => {
    const { value, min, max } = spread(result.runs.map((run) => metricOf(run, metric)));
    return [value, min, max];
  };
  if (shows === "bytes") {
    return {
      about:
        "bytes: allocated on the JavaScript heap per operation; collections: garbage collections in all runs",
      head: ["bytes/op", "min", "max", "operations", "collections", "client CPU µs/op", "errors"],
      cells: (result) => [
        ...spreadOf(result, "bytesPerOp"),
        median(result.runs.map(({ operationCount = 0 }) => operationCount)),
        result.runs.reduce((sum, { collections = 0 }) => sum + collections, 0),
        result.clientCpuUsPerOp,
        result.errors,
      ],
    };
  }
  if (shows === "faults") return faultColumns;
  const [rate, latency] = (
    {
      handovers: ["hand-overs/s", "release call to next owner, µs"],
      events: ["events/s", "from the call of put to the event, µs"],
      calls: ["ops/s", "service time, µs"],
    } as const
  )[shows];
  const isEvents = shows === "events";
  return {
    about: `p50 to max: ${latency}`,
    head: [
      ...[rate, "min", "max", "p50", "p90", "p99", "p99.9", "max"],
      `client CPU µs/${isEvents ? "event" : "op"}`,
      ...(hasBulk ? ["bulk MiB/s"] : []),
      ...(isEvents ? ["bytes/watcher", "lost", "repeated"] : []),
      ...figures.map((figure) => figureHeads[figure]),
      "errors",
    ],
    cells: (result) => {
      const { p50, p90, p99, p999, max } = result.serviceTimeUs;
      return [
        ...spreadOf(result, "opsPerSecond"),
        ...[p50, p90, p99, p999, max, result.clientCpuUsPerOp],
        ...(hasBulk ? [result.bulkMiBPerSecond ?? 0] : []),
        ...(isEvents
          ? [
              median(result.runs.map((run) => metricOf(run, "bytesPerWatcher"))),
              sum(result.runs.map(({ watch }) => watch?.lostEvents ?? 0)),
              sum(result.runs.map(({ watch }) => watch?.repeatedEvents ?? 0)),
            ]
          : []),
        ...figures.map((figure) => spreadOf(result, figure)[0]!),
        result.errors,
      ];
    },
  };
};

/** A count of all runs together; "-" where the row's runs do not count such things. */
const total = (runs: readonly RunValues[], value: (run: RunValues) => number | undefined): number => {
  const values = runs.flatMap((run) => value(run) ?? []);
  return values.length === 0 ? NaN : sum(values);
};

const faultColumns = {
  about:
    "to next ack: signal to first acknowledged write started after it; unknown %: of the writes between the two",
  head: [
    ...["runs", "to next ack, p50 ms", "min", "max", "writes", "acknowledged", "refused", "unknown"],
    ...["unknown %", "of 5 s %", "lost", "repeated", "refused, yet applied", "leases lost"],
  ],
  cells: ({ runs }: Result): number[] => {
    const { value, min, max } = spread(runs.map((run) => metricOf(run, "recoveryMs")));
    const count = (name: Exclude<keyof FaultOutcome, "reasons">): number =>
      total(runs, ({ faults }) => faults?.[name]);
    return [
      ...[runs.length, value, min, max],
      ...[count("started"), count("acknowledged"), count("refused"), count("unknown")],
      percent(count("windowUnknown"), count("windowStarted")),
      percent(count("afterUnknown"), count("afterStarted")),
      ...[count("lost"), count("repeated"), count("refusedApplied")],
      total(runs, ({ lease }) => lease?.lost),
    ];
  },
};

/** The tables and the bars, for people. */
export const renderReport = (
  report: Report,
  workloads: readonly Workload[],
  unmeasured: readonly Unmeasured[],
  isTerminal: boolean,
): string => {
  const lines: string[] = [];
  for (const workload of workloads) {
    const results = report.results.filter((result) => result.workload === workload.name);
    if (results.length === 0) continue;
    const columns = columnsOf(
      workload,
      results.some(({ bulkMiBPerSecond }) => bulkMiBPerSecond !== undefined),
    );
    const runCount = Math.max(...results.map((result) => result.runs.length));
    lines.push(`${workload.name}: ${workload.about}`);
    lines.push(`Medians of ${runCount} runs (max: of all); ${columns.about}`);
    const table = makeTable(isTerminal, ["", "system", ...columns.head]);
    for (const result of results) {
      table.push([
        paramsText(result.params),
        result.system,
        ...columns.cells(result).map((value) => number(value)),
      ]);
    }
    lines.push(table.toString().replaceAll(/ +$/gm, ""), "");
  }
  const e = report.environment;
  lines.push(
    `${e.cpuModel}, ${e.coreCount} cores, load before ${number(e.loadAverage)}; Node ${e.nodeVersion}; etcdwire ${e.packageVersion} (${e.gitCommit})`,
    e.etcdVersion === undefined
      ? "no etcd in this run"
      : `etcd ${e.etcdVersion}, ${e.memberCount ?? "1 or 3"} member${e.memberCount === 1 ? "" : "s"}, data on ${e.dataFileSystem}`,
    `${e.date}; closed loop, unless a workload says otherwise: the next operation starts when one ends, so queueing is hidden. See bench/README.md.`,
  );
  const reasons = unmeasured.map(
    ({ workload, system, reason }) => `NOT MEASURED: ${workload} ${system}: ${reason}`,
  );
  // Once, also where a workload has several clusters.
  lines.push(...new Set(reasons));
  const spreads = new Map<string, Spread>(
    [...report.ratios, ...report.values].map((each) => [each.name, each]),
  );
  for (const { ratios, values = [] } of workloads) {
    for (const rule of [...ratios, ...values]) {
      const measured = spreads.get(rule.name);
      if (measured !== undefined) lines.push(judge(rule, measured));
    }
  }
  return `${lines.join("\n")}\n`;
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
