import { paramsText } from "../harness/workload.js";
import type { Comparison, MetricComparison, RowComparison, Side } from "./comparison.js";
import type { Difference } from "./differences.js";
import { metricText } from "./metric-text.js";
import { metricNamed } from "./run-metrics.js";

const HEAD = ["", "system", "", "A", "B", "B / A", "95 % interval", "p", "verdict"] as const;
/** Words stand left, numbers right. */
const WORD_COLUMNS: ReadonlySet<number> = new Set([0, 1, 2, HEAD.length - 1]);

const number = (value: number, digits: number): string =>
  Number.isFinite(value) ? value.toFixed(digits) : "-";

const cellsOf = (row: RowComparison, metric: MetricComparison, isFirst: boolean): string[] => {
  const { metric: name, a, b, ratio, low, high, p, verdict, why } = metric;
  const unit = metricNamed(name)!;
  return [
    isFirst ? paramsText(row.params) : "",
    isFirst ? row.system : "",
    name,
    metricText(unit, a),
    metricText(unit, b),
    number(ratio, 3),
    `${number(low, 3)} to ${number(high, 3)}`,
    p === undefined ? "-" : number(p, 3),
    why === undefined ? verdict : `${verdict} (${why})`,
  ];
};

const alignColumns = (lines: readonly (readonly string[])[]): string[] => {
  const widths = HEAD.map((_, column) => Math.max(...lines.map((cells) => cells[column]!.length)));
  return lines.map((cells) =>
    cells
      .map((cell, column) =>
        WORD_COLUMNS.has(column) ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!),
      )
      .join("  ")
      .trimEnd(),
  );
};

export const differenceText = ({ field, a, b }: Difference): string => {
  const text = (value: unknown): string => (value === undefined ? "none" : JSON.stringify(value));
  return `${field}: ${text(a)} in A, ${text(b)} in B`;
};

const sideText = ({ packageVersion, gitCommit, date, loadAverage }: Side): string =>
  `etcdwire ${packageVersion} (${gitCommit}), ${date}, load before ${number(loadAverage, 2)}`;

/** Of libraries that are not the same in both. */
const libraryTexts = ({
  a: { libraryVersions: ofA = {} },
  b: { libraryVersions: ofB = {} },
}: Comparison): string[] =>
  [...new Set([...Object.keys(ofA), ...Object.keys(ofB)])]
    .filter((library) => ofA[library] !== ofB[library])
    .map((library) => differenceText({ field: library, a: ofA[library], b: ofB[library] }));

const list = (head: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : [head, ...lines.map((line) => `  ${line}`)];

/** The tables and what follows from them, for people. */
export const comparisonText = (comparison: Comparison): string => {
  const { a, b, rows, onlyInA, onlyInB, changedPeers, regressions, alpha } = comparison;
  const lines = [`A: ${sideText(a)}`, `B: ${sideText(b)}`, ""];
  for (const workload of new Set(rows.map((row) => row.workload))) {
    const own = rows.filter((row) => row.workload === workload);
    const cells = own.flatMap((row) => row.metrics.map((metric, at) => cellsOf(row, metric, at === 0)));
    lines.push(workload, ...alignColumns([HEAD, ...cells]), "");
  }
  const count = (verdict: string): number => rows.filter((row) => row.verdict === verdict).length;
  lines.push(
    `${rows.length} rows: ${count("better")} better, ${count("worse")} worse, ${count("no evidence")} without evidence.`,
    `A and B: medians of the runs. p: permutation test of the runs, corrected for all lines; evidence is p <= ${alpha} and an interval that leaves out 1.`,
    ...list("Other versions of libraries:", libraryTexts(comparison)),
    ...list("Only in A:", onlyInA),
    ...list("Only in B:", onlyInB),
    ...list("The machine has changed too, since these are other clients than ours:", changedPeers),
    ...list("REGRESSIONS:", regressions),
  );
  return `${lines.join("\n")}\n`;
};
