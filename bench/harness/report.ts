import Table from "cli-table3";
import { paramsText } from "./workload.js";
import { median, ratioSpread, spread } from "./statistics.js";
import type { Environment } from "./environment.js";
import type { LatencyUs } from "./latency.js";
import type { Outcome, RunRecord, Unmeasured } from "./runner.js";
import type { Metric, Params, RatioRule, Workload } from "./workload.js";

/** The values of one run, in the JSON. */
export interface RunValues {
  readonly opsPerSecond: number;
  readonly serviceTimeUs: LatencyUs;
  readonly clientCpuUsPerOp: number;
  readonly errors: number;
  readonly overlaps?: number;
  readonly tokenDisorders?: number;
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
  readonly runs: readonly RunValues[];
}

/** Median, smallest and largest of the quotients of runs made right after one another. */
export interface Ratio {
  readonly name: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
}

/** What `--json` writes. `schema` grows when a reader of the old form would misread the new one. */
export interface Report {
  readonly schema: 1;
  readonly environment: Environment;
  readonly results: readonly Result[];
  readonly ratios: readonly Ratio[];
}

const sameParams = (a: Params, b: Params): boolean => paramsText(a) === paramsText(b);

const metricOf = (run: RunValues, metric: Metric): number =>
  metric === "opsPerSecond" || metric === "clientCpuUsPerOp" ? run[metric] : run.serviceTimeUs[metric];

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
    runs: records.map(
      ({ opsPerSecond, serviceTimeUs, clientCpuUsPerOp, errors, overlaps, tokenDisorders }) => ({
        opsPerSecond,
        serviceTimeUs,
        clientCpuUsPerOp,
        errors,
        ...(overlaps === undefined ? {} : { overlaps }),
        ...(tokenDisorders === undefined ? {} : { tokenDisorders }),
      }),
    ),
  };
};

/** One result per workload, parameters and system, in the order in which the workload lists them. */
export const collectResults = (workloads: readonly Workload[], records: readonly RunRecord[]): Result[] =>
  workloads.flatMap((workload) =>
    workload.params.flatMap((params) =>
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

const ratioOf = (rule: RatioRule, workload: string, results: readonly Result[]): Ratio | undefined => {
  const runsOf = (system: string): number[] =>
    (
      results.find(
        (result) =>
          result.workload === workload && result.system === system && sameParams(result.params, rule.params),
      )?.runs ?? []
    ).map((run) => metricOf(run, rule.metric));
  const quotient = ratioSpread(runsOf(rule.system), runsOf(rule.against));
  return quotient === undefined ? undefined : { name: rule.name, ...quotient };
};

/** Those of the workloads' ratios that this outcome can tell. */
export const collectRatios = (workloads: readonly Workload[], results: readonly Result[]): Ratio[] =>
  workloads.flatMap((workload) =>
    workload.ratios.flatMap((rule) => ratioOf(rule, workload.name, results) ?? []),
  );

export const makeReport = (
  workloads: readonly Workload[],
  outcome: Outcome,
  environment: Environment,
): Report => {
  const results = collectResults(workloads, outcome.records);
  return { schema: 1, environment, results, ratios: collectRatios(workloads, results) };
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

/** What a rate and a latency are of, per workload. */
const wording = (workload: Workload): { rate: string; latency: string } =>
  workload.agentCount > 1
    ? { rate: "hand-overs/s", latency: "release call to next owner, µs" }
    : { rate: "ops/s", latency: "service time, µs" };

/** The bar of one ratio in words, and whether it was reached. */
export const judge = (rule: RatioRule, ratio: Ratio): string => {
  const [sign, bar] = "atLeast" in rule.bar ? [">=", rule.bar.atLeast] : ["<=", rule.bar.atMost];
  const reached = sign === ">=" ? ratio.value >= bar : ratio.value <= bar;
  return `${rule.name}: bar ${sign} ${bar}x, measured ${number(ratio.value)}x (${number(ratio.min)} to ${number(ratio.max)}), ${reached ? "ok" : "BELOW"}`;
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
    const { rate, latency } = wording(workload);
    const runCount = Math.max(...results.map((result) => result.runs.length));
    lines.push(`${workload.name}: ${workload.about}`);
    lines.push(`Medians of ${runCount} runs (max: of all); p50 to max: ${latency}`);
    const head = [
      "",
      "system",
      rate,
      "min",
      "max",
      "p50",
      "p90",
      "p99",
      "p99.9",
      "max",
      "client CPU µs/op",
      "errors",
    ];
    const table = makeTable(isTerminal, head);
    for (const result of results) {
      const rates = spread(result.runs.map((run) => run.opsPerSecond));
      const { p50, p90, p99, p999, max } = result.serviceTimeUs;
      const values = [rates.value, rates.min, rates.max, p50, p90, p99, p999, max, result.clientCpuUsPerOp];
      table.push([
        paramsText(result.params),
        result.system,
        ...[...values, result.errors].map((value) => number(value)),
      ]);
    }
    lines.push(table.toString().replaceAll(/ +$/gm, ""), "");
  }
  const e = report.environment;
  lines.push(
    `${e.cpuModel}, ${e.coreCount} cores, load before ${number(e.loadAverage)}; Node ${e.nodeVersion}; etcdwire ${e.packageVersion} (${e.gitCommit})`,
    e.etcdVersion === undefined
      ? "no etcd in this run"
      : `etcd ${e.etcdVersion}, ${e.memberCount} member${e.memberCount === 1 ? "" : "s"}, data on ${e.dataFileSystem}`,
    `${e.date}; closed loop: the next operation starts when one ends, so queueing is hidden. See bench/README.md.`,
  );
  for (const { workload, system, reason } of unmeasured)
    lines.push(`NOT MEASURED: ${workload} ${system}: ${reason}`);
  for (const workload of workloads) {
    for (const rule of workload.ratios) {
      const ratio = report.ratios.find((candidate) => candidate.name === rule.name);
      if (ratio !== undefined) lines.push(judge(rule, ratio));
    }
  }
  return `${lines.join("\n")}\n`;
};

/** What is wrong with the outcome, one line each: broken mutual exclusion, tokens out of order. */
export const violations = (records: readonly RunRecord[]): string[] =>
  records.flatMap(({ workload, system, params, overlaps = 0, tokenDisorders = 0 }) =>
    overlaps + tokenDisorders === 0
      ? []
      : [
          `${workload} ${system} ${paramsText(params)}: ${overlaps} overlapping holders, ${tokenDisorders} tokens out of order`,
        ],
  );
