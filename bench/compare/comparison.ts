import type { Report, Result } from "../harness/report-schema.js";
import { paramsText } from "../harness/workload.js";
import type { Params } from "../harness/workload.js";
import { reportDifferences } from "./differences.js";
import type { Difference } from "./differences.js";
import { jointPermutationTest, leastP, ratioInterval } from "./evidence.js";
import type { RatioInterval, Samples } from "./evidence.js";
import { runMetrics } from "./run-metrics.js";
import type { RunMetric } from "./run-metrics.js";

export type Verdict = "better" | "worse" | "no evidence";

/** One number of one row in both reports. */
export interface MetricComparison extends RatioInterval {
  readonly metric: string;
  /** Of the runs, as in the reports: medians, and the sum of errors. */
  readonly a: number;
  readonly b: number;
  /** Corrected for all numbers of the comparison; undefined where no test could be made. */
  readonly p?: number;
  readonly verdict: Verdict;
  /** Why there can be no evidence. */
  readonly why?: string;
}

export interface RowComparison {
  readonly workload: string;
  readonly system: string;
  readonly params: Params;
  readonly runCountOfA: number;
  readonly runCountOfB: number;
  /** Worse if any of its numbers is; better if any is and none is worse. */
  readonly verdict: Verdict;
  readonly metrics: readonly MetricComparison[];
}

/** What may differ between two reports, and who reads a comparison wants to know. */
export type Side = Pick<
  Report["environment"],
  "packageVersion" | "libraryVersions" | "gitCommit" | "date" | "loadAverage"
>;

/** What `compare --json` writes. B is the new one: a ratio of 1.2 is 20 % more in B. */
export interface Comparison {
  readonly schema: typeof COMPARISON_SCHEMA;
  readonly a: Side;
  readonly b: Side;
  readonly alpha: number;
  /** In what the machines or the configurations differ. */
  readonly differences: readonly Difference[];
  readonly rows: readonly RowComparison[];
  /** Rows that the other report does not have. */
  readonly onlyInA: readonly string[];
  readonly onlyInB: readonly string[];
  /** Rows of clients that are not ours, and have become better or worse all the same: then the machine has changed. */
  readonly changedPeers: readonly string[];
  /** Why it is one, in a line each: any of them makes the exit status 1. */
  readonly regressions: readonly string[];
}

/** Grows when a reader of the old form would misread the new one. */
export const COMPARISON_SCHEMA = 1;

/** How often chance alone may make any of a comparison's verdicts: in one comparison of twenty. */
export const ALPHA = 0.05;

/** Systems whose code is not this package's. */
const PEERS: ReadonlySet<string> = new Set([
  ...["grpc-js", "etcd3", "server-lock", "server-election", "go", "rust", "java", "redlock", "node"],
]);

/** One `--max-regress`: how much worse a number may be. */
export interface RegressLimit {
  readonly metric: RunMetric;
  /** 0.1 is 10 %. */
  readonly share: number;
}

export interface ComparisonOptions {
  /** Default: `ALPHA`. */
  readonly alpha?: number;
  /** Undefined or empty: whatever is worse at all is a regression. */
  readonly limits?: readonly RegressLimit[];
}

/** `acquire etcdwire c=64`. */
const rowText = ({ workload, system, params }: Pick<Result, "workload" | "system" | "params">): string =>
  [workload, system, paramsText(params)].filter((word) => word !== "").join(" ");

/** One number of one row, before it is known what it says. */
interface Question {
  readonly row: number;
  readonly metric: RunMetric;
  readonly samples: Samples;
  p?: number;
  why?: string;
}

const valuesOf = ({ runs }: Result, metric: RunMetric): number[] =>
  runs.flatMap((run) => metric.of(run) ?? []);

const questionsOf = (pairs: readonly (readonly [Result, Result])[]): Question[] =>
  pairs.flatMap(([a, b], row) =>
    runMetrics
      .filter(({ isCompared }) => isCompared)
      .map((metric) => ({ row, metric, samples: { a: valuesOf(a, metric), b: valuesOf(b, metric) } }))
      // What neither side has, or what says nothing, as errors of which there are none.
      .filter(({ samples: { a: ofA, b: ofB } }) => ofA.length > 0 && ofB.length > 0)
      .filter(
        ({ metric, samples }) => metric.unit !== "count" || [...samples.a, ...samples.b].some((v) => v > 0),
      ),
  );

/** Tests those that have as many runs as one another together, since the runs are dealt out round by round. */
const answer = (questions: readonly Question[], alpha: number): void => {
  const groups = new Map<string, Question[]>();
  for (const question of questions) {
    const { a, b } = question.samples;
    if (![...a, ...b].every(Number.isFinite)) {
      question.why = "a run has no number";
      continue;
    }
    const least = leastP(a.length, b.length);
    if (least > alpha) {
      question.why = `${a.length} and ${b.length} runs: p cannot be below ${Number(least.toPrecision(2))}`;
      continue;
    }
    const key = `${a.length} ${b.length}`;
    groups.set(key, [...(groups.get(key) ?? []), question]);
  }
  for (const group of groups.values()) {
    const ps = jointPermutationTest(group.map(({ samples }) => samples));
    // Bonferroni's correction over the groups, of which there is nearly always one.
    group.forEach((question, at) => (question.p = Math.min(1, ps[at]! * groups.size)));
  }
};

/** The test says that there is a difference; the interval, which way it goes. */
const verdictOf = (
  { better }: RunMetric,
  { low, high }: RatioInterval,
  p: number,
  alpha: number,
): Verdict => {
  if (p > alpha || (low <= 1 && high >= 1) || Number.isNaN(low)) return "no evidence";
  return low > 1 === (better === "higher") ? "better" : "worse";
};

const conclude = ({ metric, samples, p, why }: Question, alpha: number): MetricComparison => {
  const interval = ratioInterval(samples);
  return {
    metric: metric.name,
    a: metric.overall(samples.a),
    b: metric.overall(samples.b),
    ...interval,
    ...(p === undefined ? {} : { p }),
    verdict: p === undefined ? "no evidence" : verdictOf(metric, interval, p, alpha),
    ...(why === undefined ? {} : { why }),
  };
};

const percent = (share: number): string => `${Number((share * 100).toPrecision(3))} %`;

/** How much worse B is: 0.1 is 10 %, of times and of rates. */
const worseBy = ({ better }: RunMetric, ratio: number): number =>
  better === "lower" ? ratio - 1 : 1 - ratio;

const regressionsOf = (rows: readonly RowComparison[], limits: readonly RegressLimit[]): string[] =>
  rows.flatMap((row) =>
    row.metrics.flatMap(({ metric: name, verdict, ratio }) => {
      const limit = limits.find(({ metric }) => metric.name === name);
      if (verdict !== "worse" || (limits.length > 0 && limit === undefined)) return [];
      const metric = runMetrics.find((each) => each.name === name)!;
      const share = worseBy(metric, ratio);
      if (limit !== undefined && share <= limit.share) return [];
      const over = limit === undefined ? "" : `, over ${percent(limit.share)}`;
      return [
        `${rowText(row)}: ${name} is ${Number.isFinite(share) ? `${percent(share)} ` : ""}worse${over}`,
      ];
    }),
  );

const sideOf = ({
  environment: { packageVersion, libraryVersions = {}, gitCommit, date, loadAverage },
}: Report): Side => ({ packageVersion, libraryVersions, gitCommit, date, loadAverage });

/** Compares two reports whatever they are of: who calls it looks at `differences` first. */
export const compareReports = (
  a: Report,
  b: Report,
  { alpha = ALPHA, limits = [] }: ComparisonOptions = {},
): Comparison => {
  const rowsOfB = new Map(b.results.map((result) => [rowText(result), result]));
  const rowsOfA = new Set(a.results.map(rowText));
  const pairs = a.results.flatMap((result) => {
    const other = rowsOfB.get(rowText(result));
    return other === undefined ? [] : [[result, other] as const];
  });
  const questions = questionsOf(pairs);
  answer(questions, alpha);
  const rows = pairs.map(([ofA, ofB], row): RowComparison => {
    const metrics = questions.filter((each) => each.row === row).map((each) => conclude(each, alpha));
    const has = (verdict: Verdict): boolean => metrics.some((each) => each.verdict === verdict);
    const { workload, system, params } = ofA;
    return {
      ...{ workload, system, params, metrics },
      runCountOfA: ofA.runs.length,
      runCountOfB: ofB.runs.length,
      verdict: has("worse") ? "worse" : has("better") ? "better" : "no evidence",
    };
  });
  return {
    schema: COMPARISON_SCHEMA,
    a: sideOf(a),
    b: sideOf(b),
    alpha,
    differences: reportDifferences(a, b),
    rows,
    onlyInA: [...rowsOfA].filter((row) => !rowsOfB.has(row)),
    onlyInB: [...rowsOfB.keys()].filter((row) => !rowsOfA.has(row)),
    changedPeers: rows.flatMap((row) =>
      PEERS.has(row.system) && row.verdict !== "no evidence" ? `${rowText(row)}: ${row.verdict}` : [],
    ),
    regressions: [...b.violations.map((line) => `broken promise: ${line}`), ...regressionsOf(rows, limits)],
  };
};
