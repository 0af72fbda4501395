import { readFileSync, writeFileSync } from "node:fs";
import { UsageError } from "../../src/cli/exit-codes.js";
import { REPORT_SCHEMA } from "../harness/report-schema.js";
import type { Report, Result } from "../harness/report-schema.js";
import { compareReports } from "./comparison.js";
import type { RegressLimit } from "./comparison.js";
import { comparisonText, differenceText } from "./comparison-text.js";
import { reportDifferences } from "./differences.js";
import { metricNamed, metricNames, runMetrics } from "./run-metrics.js";

/** There is evidence that B is worse. */
export const EXIT_REGRESSION = 1;
/** There is no report to compare, or the two are of different things. */
export const EXIT_NOT_COMPARABLE = 2;

/** What the command line of `compare` says. */
export interface CompareOptions {
  /** Of the old one, and of the new one. */
  readonly fileA: string;
  readonly fileB: string;
  /** Each as `p99=10%`. */
  readonly maxRegress?: readonly string[];
  /** Compares also what differs in machine or configuration. */
  readonly force?: boolean;
  /** Where the comparison goes as JSON; "-" is standard output, instead of the table. */
  readonly jsonFile?: string | undefined;
}

export interface CompareOutput {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
}

/** Throws `UsageError`. */
export const parseMaxRegress = (text: string): RegressLimit => {
  const [, name = "", percent = ""] = /^\s*([^=\s]+)\s*=\s*(\d+(?:\.\d+)?)\s*%\s*$/.exec(text) ?? [];
  if (name === "") throw new UsageError(`--max-regress is written as p99=10%, not "${text}"`);
  const metric = metricNamed(name);
  if (metric?.isCompared !== true) {
    const compared = metricNames(runMetrics.filter(({ isCompared }) => isCompared));
    throw new UsageError(`--max-regress: there is no "${name}" to compare; there are: ${compared}`);
  }
  return { metric, share: Number(percent) / 100 };
};

/** A report that cannot be read, for its reader. */
class NoReportError extends Error {
  override name = "NoReportError";
}

const readReport = (file: string): Report => {
  const fail = (reason: string): never => {
    throw new NoReportError(`${file}: ${reason}`);
  };
  let text = "";
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    fail((error as Error).message);
  }
  let report: Partial<Report> | null = null;
  try {
    report = JSON.parse(text) as Partial<Report> | null;
  } catch (error) {
    fail(`no JSON: ${(error as Error).message}`);
  }
  const schema: unknown = report?.schema;
  if (typeof schema !== "number") fail("no report of the bench: it has no schema");
  if (schema !== REPORT_SCHEMA)
    fail(`a report of schema ${String(schema)}, where this compare reads ${REPORT_SCHEMA}`);
  const { environment, configuration, results } = report!;
  const isWhole =
    environment !== undefined &&
    configuration !== undefined &&
    Array.isArray(results) &&
    (results as readonly Partial<Result>[]).every(({ runs }) => Array.isArray(runs));
  if (!isWhole) fail("no whole report: its environment, configuration, results or their runs are missing");
  return { violations: [], ...report } as Report;
};

/**
 * Compares two reports and says what there is evidence for.
 *
 * @returns the exit status: 0, 1 when something is worse, 2 when the two cannot be compared
 * @throws UsageError for a `--max-regress` that makes no sense
 */
export const runCompare = (options: CompareOptions, { stdout, stderr }: CompareOutput): number => {
  const { fileA, fileB, maxRegress = [], force = false, jsonFile } = options;
  const limits = maxRegress.map(parseMaxRegress);
  let a: Report;
  let b: Report;
  try {
    a = readReport(fileA);
    b = readReport(fileB);
  } catch (error) {
    if (!(error instanceof NoReportError)) throw error;
    stderr(`${error.message}\n`);
    return EXIT_NOT_COMPARABLE;
  }
  const differences = reportDifferences(a, b).map(differenceText);
  if (differences.length > 0) {
    const what = force ? "They differ all the same:" : "Not comparable; --force compares them all the same:";
    stderr(`${what}\n${differences.map((line) => `  ${line}\n`).join("")}`);
    if (!force) return EXIT_NOT_COMPARABLE;
  }
  const comparison = compareReports(a, b, { limits });
  if (comparison.rows.length === 0) {
    stderr("Not comparable: there is no row that both have.\n");
    return EXIT_NOT_COMPARABLE;
  }
  const json = `${JSON.stringify(comparison, null, 2)}\n`;
  if (jsonFile !== undefined && jsonFile !== "-") writeFileSync(jsonFile, json);
  stdout(jsonFile === "-" ? json : comparisonText(comparison));
  return comparison.regressions.length > 0 ? EXIT_REGRESSION : 0;
};
