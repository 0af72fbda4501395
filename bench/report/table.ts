import Table from "cli-table3";
import { median, spread, sum } from "../harness/statistics.js";
import { figureHeads, paramsText } from "../harness/workload.js";
import { isReached, metricOf, percent } from "./collect.js";
import type { Report, Result, RunValues } from "../harness/report-schema.js";
import type { Spread } from "../harness/statistics.js";
import type { Bar, Metric, RatioRule, ValueRule, Workload } from "../harness/workload.js";
import type { FaultOutcome } from "../harness/write-history.js";

/** Three digits, which is what the histogram keeps and more than runs agree on. */
export const number = (value: number): string => {
  if (!Number.isFinite(value)) return "-";
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString("en-US");
  return value === 0 ? "0" : String(Number(value.toPrecision(3)));
};

/** With as many digits as it takes to stand on its side of the bar: 1.0012 is above 1.001, and 1 is not. */
export const numberBeside = (value: number, bar: Bar): string => {
  for (let digitCount = 3; digitCount <= 15; digitCount++) {
    const rounded = Number(value.toPrecision(digitCount));
    if (isReached(bar, rounded) === isReached(bar, value))
      return digitCount === 3
        ? number(value)
        : rounded.toLocaleString("en-US", { maximumFractionDigits: 12 });
  }
  return String(value);
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

/** See no-color.org. */
const hasColour = (): boolean => (process.env["NO_COLOR"] ?? "") === "";

const makeTable = (isTerminal: boolean, head: string[]): InstanceType<typeof Table> =>
  new Table({
    head,
    style: {
      head: isTerminal && hasColour() ? ["bold"] : [],
      border: [],
      compact: true,
      "padding-left": isTerminal ? 1 : 0,
    },
    colAligns: head.map((_, column) => (column < 2 ? "left" : "right")),
    ...(isTerminal ? {} : { chars: { ...PLAIN_CHARS, middle: " " } }),
  });

/** `>= 30x` */
export const barText = (bar: Bar, unit: string): string =>
  "atLeast" in bar ? `>= ${bar.atLeast}${unit}` : `<= ${bar.atMost}${unit}`;

/** The bar of one rule in words, and whether it was reached, which a smoke run has not the time to find out. */
export const judge = (
  rule: RatioRule | ValueRule,
  { value, min, max }: Spread,
  { isSmoke = false }: { isSmoke?: boolean } = {},
): string => {
  const unit = "unit" in rule ? ` ${rule.unit}` : "x";
  const { bar } = rule;
  const shown = bar === undefined ? number(value) : numberBeside(value, bar);
  const measured = `measured ${shown}${unit} (${number(min)} to ${number(max)})`;
  const about = rule.about === undefined ? "" : `; ${rule.about}`;
  if (bar === undefined) return `${rule.name}: ${measured}${about}`;
  const verdict = isSmoke ? "not judged" : isReached(bar, value) ? "ok" : "BELOW";
  return `${rule.name}: bar ${barText(bar, unit)}, ${measured}, ${verdict}${about}`;
};

/** What the columns of a workload's table are, behind its parameters and its system. */
export const columnsOf = (
  { shows, figures = [] }: Pick<Workload, "shows" | "figures">,
  results: readonly Result[],
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
      proclamations: ["events/s", "from the call of proclaim to what an observer hears, µs"],
      calls: ["ops/s", "service time, µs"],
    } as const
  )[shows];
  const isEvents = shows === "events" || shows === "proclamations";
  const hasBulk = results.some(({ bulkMiBPerSecond }) => bulkMiBPerSecond !== undefined);
  const isOpen = results.some(({ responseTimeUs }) => responseTimeUs !== undefined);
  const hasLimit = results.some(({ runs }) => runs.some((run) => run.overLimitCount !== undefined));
  return {
    about: `p50 to max: ${latency}${isOpen ? "; response: the same from when the schedule wanted the operation to start; late: started more than 1 ms after that; dropped: never started; lag: from then to the start, µs" : ""}`,
    head: [
      ...[rate, "min", "max", "p50", "p90", "p99", "p99.9", "max"],
      ...(isOpen ? OPEN_HEADS : []),
      ...(hasLimit ? ["over limit"] : []),
      `client CPU µs/${isEvents ? "event" : "op"}`,
      ...(hasBulk ? ["bulk MiB/s"] : []),
      ...(shows === "events" ? ["bytes/watcher"] : []),
      ...(isEvents ? ["lost", "repeated"] : []),
      ...figures.map((figure) => figureHeads[figure]),
      "errors",
    ],
    cells: (result) => {
      const { p50, p90, p99, p999, max } = result.serviceTimeUs;
      return [
        ...spreadOf(result, "opsPerSecond"),
        ...[p50, p90, p99, p999, max],
        ...(isOpen ? openCells(result) : []),
        ...(hasLimit ? [total(result.runs, (run) => run.overLimitCount)] : []),
        result.clientCpuUsPerOp,
        ...(hasBulk ? [result.bulkMiBPerSecond ?? 0] : []),
        ...(shows === "events" ? [median(result.runs.map((run) => metricOf(run, "bytesPerWatcher")))] : []),
        ...(isEvents
          ? [
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

const OPEN_HEADS = ["response p50", "p99", "p99.9", "max", "late", "dropped", "lag p99"];

/** "-" in the rows of closed loops. */
const openCells = ({ runs, responseTimeUs }: Result): number[] => [
  responseTimeUs?.p50 ?? NaN,
  responseTimeUs?.p99 ?? NaN,
  responseTimeUs?.p999 ?? NaN,
  responseTimeUs?.max ?? NaN,
  total(runs, ({ schedule }) => schedule?.lateCount),
  total(runs, ({ schedule }) => schedule?.droppedCount),
  median(runs.flatMap(({ schedule }) => schedule?.lagUs.p99 ?? [])),
];

const rowText = ({ system, params }: Result): string => `${system} ${paramsText(params)}`.trim();

/** Which side was busy, of each row what most of its runs say, with one row's reason for each. */
const diagnosisLine = (results: readonly Result[]): string | undefined => {
  const rows = new Map<string, Result[]>();
  for (const result of results) {
    const found = bottleneckOf(result);
    if (found !== undefined) rows.set(found, [...(rows.get(found) ?? []), result]);
  }
  if (rows.size === 0) return undefined;
  const parts = [...rows].map(([bottleneck, [first, ...others]]) => {
    const reason = first!.runs.find(({ diagnosis }) => diagnosis?.bottleneck === bottleneck)?.diagnosis
      ?.reason;
    const more = others.length === 0 ? "" : ` and ${others.length} more`;
    return `${bottleneck} (${rowText(first!)}${more}: ${reason ?? "-"})`;
  });
  return `Bottleneck: ${parts.join("; ")}`;
};

/** Of a row: what most of its runs say; undefined when none says anything. */
export const bottleneckOf = ({ runs }: Result): string | undefined => {
  const counts = new Map<string, number>();
  for (const { diagnosis } of runs) {
    if (diagnosis !== undefined)
      counts.set(diagnosis.bottleneck, (counts.get(diagnosis.bottleneck) ?? 0) + 1);
  }
  return [...counts].toSorted(([, a], [, b]) => b - a)[0]?.[0];
};

/** What hides in the numbers of rows that are closed loops; undefined where none is. */
export const loopNote = (report: Report, workload: string): string | undefined => {
  const text = report.workloads?.find(({ name }) => name === workload);
  if (text?.isClosedLoop !== true) return undefined;
  const rows = report.results.filter((result) => result.workload === workload);
  const closedCount = rows.filter(({ params }) => params.mode !== "open").length;
  if (closedCount === 0) return undefined;
  return closedCount === rows.length
    ? "Closed loop: queueing is hidden."
    : 'Rows without "open" are closed loops: queueing is hidden in them.';
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

/** Without these no number means anything: machine, versions, where the data is. */
export const environmentLines = ({ environment: e }: Report): string[] => [
  `${e.cpuModel}, ${e.coreCount} cores, ${number(e.memoryBytes / 2 ** 30)} GiB, ${e.os}, load before ${number(e.loadAverage)}; Node ${e.nodeVersion}; etcdwire ${e.packageVersion} (${e.gitCommit})`,
  e.etcdVersion === undefined
    ? "no etcd in this run"
    : `etcd ${e.etcdVersion}, ${e.memberCount ?? "1 or 3"} member${e.memberCount === 1 ? "" : "s"}${e.etcdIsHere === false ? " on other machines" : ""}, data on ${e.dataFileSystem ?? "a file system that is not to be seen from here"}`,
  ...(e.libraryVersions === undefined
    ? []
    : [
        Object.entries(e.libraryVersions)
          .map(([name, version]) => `${name} ${version}`)
          .join(", "),
      ]),
  `${e.date}; what each number excludes: bench/README.md.`,
];

/** The tables and the bars, for people; without colours when `NO_COLOR` is set. */
export const renderTable = (report: Report, workloads: readonly Workload[], isTerminal: boolean): string => {
  const lines: string[] = [];
  for (const workload of workloads) {
    const results = report.results.filter((result) => result.workload === workload.name);
    if (results.length === 0) continue;
    const columns = columnsOf(workload, results);
    const runCount = Math.max(...results.map((result) => result.runs.length));
    lines.push(`${workload.name}: ${workload.about}`);
    lines.push(`Medians of ${runCount} runs (max: of all); ${columns.about}`);
    const note = loopNote(report, workload.name);
    if (note !== undefined) lines.push(note);
    const table = makeTable(isTerminal, ["", "system", ...columns.head]);
    for (const result of results) {
      table.push([
        paramsText(result.params),
        result.system,
        ...columns.cells(result).map((value) => number(value)),
      ]);
    }
    lines.push(table.toString().replaceAll(/ +$/gm, ""));
    lines.push(...[diagnosisLine(results) ?? [], ""].flat());
  }
  lines.push(...environmentLines(report));
  const reasons = report.unmeasured.map(
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
      if (measured !== undefined)
        lines.push(judge(rule, measured, { isSmoke: report.configuration.smoke === true }));
    }
  }
  return `${lines.join("\n")}\n`;
};
