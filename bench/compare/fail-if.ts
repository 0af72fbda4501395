import { UsageError } from "../../src/cli/exit-codes.js";
import type { Report, Result } from "../harness/report-schema.js";
import { sum } from "../harness/statistics.js";
import { paramsText } from "../harness/workload.js";
import { metricNamed, metricNames } from "./run-metrics.js";
import type { RunMetric } from "./run-metrics.js";
import { metricText } from "./metric-text.js";

/** One `--fail-if`. */
export interface FailIf {
  /** As it was written. */
  readonly text: string;
  readonly metric: RunMetric;
  readonly over: boolean;
  readonly orEqual: boolean;
  /** In the metric's own unit, or percent. */
  readonly bound: number;
  readonly isPercent: boolean;
  /** Rows that it is for; what is left out selects all. */
  readonly workload?: string;
  readonly system?: string;
  readonly words: readonly string[];
}

const US_PER = new Map([
  ["us", 1],
  ["µs", 1],
  ["ms", 1e3],
  ["s", 1e6],
]);

const NUMBER = /^(\d+(?:\.\d+)?|\.\d+)(?:e\d+)?/;

/** What `50ms`, `1000/s`, `0.1%` or `3` is in the metric's own unit. Throws `UsageError`. */
const parseBound = (text: string, metric: RunMetric): { bound: number; isPercent: boolean } => {
  const digits = NUMBER.exec(text)?.[0];
  if (digits === undefined) throw new UsageError(`"${text}" is no number`);
  const value = Number(digits);
  const unit = text.slice(digits.length).trim();
  if (unit === "%") {
    if (metric.total === undefined)
      throw new UsageError(`${metric.name} has no percentage; errors, dropped and late do`);
    return { bound: value, isPercent: true };
  }
  if (metric.unit === "us") {
    const factor = US_PER.get(unit);
    if (factor === undefined)
      throw new UsageError(`${metric.name} is a time: "${text}" wants a unit, us, ms or s`);
    return { bound: value * factor, isPercent: false };
  }
  if (unit !== "" && !(metric.unit === "perSecond" && unit === "/s"))
    throw new UsageError(`${metric.name} is not measured in "${unit}"`);
  return { bound: value, isPercent: false };
};

const RULE = /^(?:(?<rows>[^:<>]+):)?\s*(?<name>[^\s:<>=]+)\s*(?<sign>[<>]=?)\s*(?<bound>\S.*)$/;

/**
 * Reads `p99>50ms`, or for some rows only `acquire/etcdwire c=64: p99>50ms`: a workload, a system of it, and words that
 * the row's setting has, each of which may be left out. Throws `UsageError` for anything else.
 */
export const parseFailIf = (text: string): FailIf => {
  try {
    const groups = RULE.exec(text.trim())?.groups;
    if (groups === undefined) throw new UsageError("it is no condition");
    const { rows = "", name, sign, bound } = groups as Record<string, string>;
    const metric = metricNamed(name!);
    if (metric === undefined) throw new UsageError(`there is no "${name}"; there are: ${metricNames()}`);
    const words = rows.split(/\s+/).filter((word) => word !== "");
    // Settings have an equals sign or follow the first word: `txn/etcdwire cas c=64`.
    const [workload, system] = words[0]?.includes("=") === false ? words.shift()!.split("/") : [];
    return {
      text,
      metric,
      over: sign!.startsWith(">"),
      orEqual: sign!.endsWith("="),
      ...parseBound(bound!.trim(), metric),
      ...(workload === undefined || workload === "" ? {} : { workload }),
      ...(system === undefined ? {} : { system }),
      words,
    };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(
      `--fail-if "${text}": ${error.message}. It is written as "p99>50ms" or "acquire/etcdwire c=64: errors>0.1%"`,
    );
  }
};

const isFor = ({ workload, system, words }: FailIf, result: Result): boolean =>
  (workload === undefined || workload === result.workload) &&
  (system === undefined || system === result.system) &&
  words.every((word) => paramsText(result.params).split(" ").includes(word));

/** Of all runs of a row. Undefined where they do not have it. */
const valueOf = ({ metric, isPercent }: FailIf, { runs }: Result): number | undefined => {
  const values = runs.flatMap((run) => metric.of(run) ?? []);
  if (values.length === 0) return undefined;
  if (!isPercent) return metric.overall(values);
  const totals = runs.flatMap((run) => metric.total?.(run) ?? []);
  const total = sum(totals);
  if (totals.length < runs.length || total === 0) return undefined;
  return (sum(values) * 100) / total;
};

/**
 * One line for each row of which a rule is true, by the medians of its runs (`max` by the largest; errors, dropped and
 * late by their sum), and for each rule that no row of the report can answer: one that is never true is no guard. Empty
 * when all is well.
 */
export const evaluateFailIf = ({ results }: Pick<Report, "results">, rules: readonly FailIf[]): string[] =>
  rules.flatMap((rule) => {
    const { text, metric, over, orEqual, bound, isPercent } = rule;
    const answers = results.flatMap((result) => {
      const value = isFor(rule, result) ? valueOf(rule, result) : undefined;
      return value === undefined ? [] : [{ result, value }];
    });
    if (answers.length === 0) return [`--fail-if "${text}": no row has it`];
    return answers
      .filter(({ value }) => (over ? value > bound : value < bound) || (orEqual && value === bound))
      .map(({ result: { workload, system, params }, value }) => {
        const valueText = isPercent ? `${Number(value.toPrecision(3))} %` : metricText(metric, value);
        return `--fail-if "${text}": ${[workload, system, paramsText(params)].filter((word) => word !== "").join(" ")} has ${metric.name} ${valueText}`;
      });
  });
