import { createHash } from "node:crypto";
import { paramsText } from "../harness/workload.js";
import { pageAssets } from "./assets.js";
import { colourIndex, DARK_COLOURS, dashOf, LIGHT_COLOURS } from "./colours.js";
import { curvesOf, scalingsOf, seriesOf, settingsIn, systemsIn, wordsOf, workloadsIn } from "./curves.js";
import { barText, bottleneckOf, columnsOf, loopNote, number } from "./table.js";
import type { Ratio, Report, Result, RunValues, SeriesPoint, Value } from "../harness/report-schema.js";
import type { Setting } from "./curves.js";

/** What page.mjs draws; `values` has one entry for each of `x`. */
interface PageChart {
  readonly kind: "percentiles" | "scaling" | "rate" | "times";
  readonly yLabel: string;
  readonly x: readonly number[];
  readonly lines: readonly {
    readonly label: string;
    readonly colour: number;
    readonly dash: readonly number[];
    readonly values: readonly (number | null)[];
  }[];
}

/** Text that the page's author has not written: any character of it may be one of HTML's own. */
export const escapeHtml = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** For a script element of data: nothing in it may end the element. */
const toScriptJson = (value: unknown): string => JSON.stringify(value).replaceAll("<", "\\u003c");

/** Lines over the union of their x values. */
const chart = (
  kind: PageChart["kind"],
  yLabel: string,
  lines: readonly {
    readonly label: string;
    readonly place: number;
    readonly isDashed?: boolean;
    readonly points: readonly (readonly [x: number, y: number])[];
  }[],
): PageChart => {
  const x = [...new Set(lines.flatMap(({ points }) => points.map(([at]) => at)))].toSorted((a, b) => a - b);
  return {
    kind,
    yLabel,
    x,
    lines: lines.map(({ label, place, isDashed, points }) => {
      const values = new Map(points);
      return {
        label,
        colour: colourIndex(place),
        dash: isDashed === undefined ? dashOf(place) : isDashed ? [3, 4] : [],
        values: x.map((at) => values.get(at) ?? null),
      };
    }),
  };
};

const chartsOfSetting = (
  report: Report,
  workload: string,
  { results }: Setting,
): Partial<Record<"percentiles" | "rate" | "times", PageChart>> => {
  const systems = systemsIn(report);
  const place = (system: string): number => systems.indexOf(system);
  const curves = results.flatMap(curvesOf);
  const isOpen = curves.some(({ kind }) => kind === "response");
  const series = results.flatMap((result) => {
    const points = seriesOf(result);
    return points.length < 2 ? [] : [{ system: result.system, points }];
  });
  const overTime = (
    kind: "rate" | "times",
    yLabel: string,
    y: (point: SeriesPoint, index: number, all: readonly SeriesPoint[]) => number,
  ): PageChart =>
    chart(
      kind,
      yLabel,
      series.map(({ system, points }) => ({
        label: system,
        place: place(system),
        points: points.map((point, index) => [point.atMs / 1e3, y(point, index, points)] as const),
      })),
    );
  return {
    ...(curves.length === 0
      ? {}
      : {
          percentiles: chart(
            "percentiles",
            wordsOf(report, workload).time,
            curves.map(({ system, kind, points }) => ({
              label: isOpen ? `${system}, ${kind} time` : system,
              place: place(system),
              ...(isOpen ? { isDashed: kind === "service" } : {}),
              points: points.map(({ x, us }) => [x, us] as const),
            })),
          ),
        }),
    ...(series.length === 0
      ? {}
      : {
          rate: overTime("rate", wordsOf(report, workload).rate, ({ operations }, index, all) => {
            const lengthMs =
              index + 1 < all.length
                ? all[index + 1]!.atMs - all[index]!.atMs
                : all[index]!.atMs - all[index - 1]!.atMs;
            return (operations * 1e3) / lengthMs;
          }),
          times: overTime("times", "p99", ({ p99 }) => p99),
        }),
  };
};

const chartOfScaling = (report: Report, workload: string, index: number): PageChart => {
  const systems = systemsIn(report);
  const { concurrencies, systems: own } = scalingsOf(report, workload)[index]!;
  return chart(
    "scaling",
    wordsOf(report, workload).rate,
    own.map(({ system, opsPerSecond }) => ({
      label: system,
      place: systems.indexOf(system),
      points: concurrencies.flatMap((concurrency, at) => {
        const value = opsPerSecond[at];
        return value === undefined ? [] : [[concurrency, value] as const];
      }),
    })),
  );
};

/** A cell's text is for reading; its exact value is beside it, for sorting and for whoever checks the page. */
const numberCell = (value: number): string =>
  `<td class="number" data-value="${Number.isFinite(value) ? value : ""}">${number(value)}</td>`;
const textCell = (text: string): string => `<td>${escapeHtml(text)}</td>`;

/** Wide tables scroll by themselves, by keyboard too, and the page does not. */
const table = (id: string, caption: string, head: readonly string[], rows: readonly string[]): string =>
  `<div class="scroll" role="region" tabindex="0" aria-labelledby="${id}-caption">
<table id="${id}"><caption id="${id}-caption">${escapeHtml(caption)}</caption>
<thead><tr>${head.map((text) => `<th scope="col">${escapeHtml(text)}</th>`).join("")}</tr></thead>
<tbody>
${rows.map((cells) => `<tr>${cells}</tr>`).join("\n")}
</tbody></table></div>`;

const rowTable = (report: Report, workload: string, index: number): string => {
  const results = report.results.filter((result) => result.workload === workload);
  const text = report.workloads?.find(({ name }) => name === workload);
  const columns = columnsOf(text ?? { shows: "calls" }, results);
  const runCount = Math.max(...results.map(({ runs }) => runs.length));
  return `<p>${escapeHtml(columns.about)}.</p>${table(
    `rows-${index}`,
    `Medians of ${runCount} runs (max: of all)`,
    ["setting", "system", ...columns.head, "bottleneck"],
    results.map(
      (result) =>
        textCell(paramsText(result.params)) +
        textCell(result.system) +
        columns.cells(result).map(numberCell).join("") +
        textCell(bottleneckOf(result) ?? "-"),
    ),
  )}`;
};

type RunColumn = readonly [head: string, value: (run: RunValues) => number | undefined];

const RUN_COLUMNS: readonly RunColumn[] = [
  ["ops/s", (run) => run.opsPerSecond],
  ["p50, µs", (run) => run.serviceTimeUs.p50],
  ["p90", (run) => run.serviceTimeUs.p90],
  ["p99", (run) => run.serviceTimeUs.p99],
  ["p99.9", (run) => run.serviceTimeUs.p999],
  ["max", (run) => run.serviceTimeUs.max],
  ["response p50, µs", (run) => run.responseTimeUs?.p50],
  ["response p99", (run) => run.responseTimeUs?.p99],
  ["response max", (run) => run.responseTimeUs?.max],
  ["late", ({ schedule }) => schedule?.lateCount],
  ["dropped", ({ schedule }) => schedule?.droppedCount],
  ["lag p99, µs", ({ schedule }) => schedule?.lagUs.p99],
  ["over limit", (run) => run.overLimitCount],
  ["bytes/op", (run) => run.bytesPerOp],
  ["recovery, ms", ({ faults }) => faults?.recoveryMs],
  ["client CPU µs/op", (run) => run.clientCpuUsPerOp],
  ["client CPU, cores", ({ diagnosis }) => diagnosis?.clientCpuShare],
  ["server CPU, cores", ({ diagnosis }) => diagnosis?.serverCpuCores],
  ["event loop p99, ms", ({ diagnosis }) => diagnosis?.eventLoopDelayP99Ms],
  ["GC, ms", ({ diagnosis }) => diagnosis?.gcMs],
  ["fsync p99, µs", ({ diagnosis }) => diagnosis?.fsyncP99Us],
  ["in flight, most", ({ diagnosis }) => diagnosis?.inFlightMax],
  ["overlaps", (run) => run.overlaps],
  ["token disorders", (run) => run.tokenDisorders],
  ["errors", (run) => run.errors],
];

/** Every run; of the columns, those that any of the workload's runs fills. */
const runTable = (results: readonly Result[], index: number): string => {
  const runs = results.flatMap((result) => result.runs.map((run, number) => ({ result, run, number })));
  const columns = RUN_COLUMNS.filter(([, value]) => runs.some(({ run }) => value(run) !== undefined));
  return table(
    `runs-${index}`,
    "Every run",
    ["setting", "system", "run", ...columns.map(([head]) => head), "bottleneck"],
    runs.map(
      ({ result, run, number }) =>
        textCell(paramsText(result.params)) +
        textCell(result.system) +
        numberCell(number + 1) +
        columns.map(([, value]) => numberCell(value(run) ?? NaN)).join("") +
        textCell(run.diagnosis === undefined ? "-" : `${run.diagnosis.bottleneck}: ${run.diagnosis.reason}`),
    ),
  );
};

const figure = (caption: string, kind: string, attributes = ""): string =>
  `<figure${attributes}><figcaption>${escapeHtml(caption)}</figcaption><div class="chart" role="img" aria-label="${escapeHtml(caption)}; its numbers are in the tables below" data-chart="${kind}"></div></figure>`;

const workloadSection = (report: Report, workload: string, index: number): string => {
  const text = report.workloads?.find(({ name }) => name === workload);
  const words = wordsOf(report, workload);
  const settings = settingsIn(report, workload);
  const charts = settings.map((setting) => chartsOfSetting(report, workload, setting));
  const results = report.results.filter((result) => result.workload === workload);
  const note = loopNote(report, workload);
  const has = (kind: "percentiles" | "rate"): boolean => charts.some((each) => each[kind] !== undefined);
  const options = settings.map(
    (setting, at) => `<option value="${at}">${escapeHtml(setting.text || "all")}</option>`,
  );
  const select =
    settings.length < 2
      ? `<p>Setting: ${escapeHtml(settings[0]?.text ?? "")}</p>`
      : `<p><label>Setting of the pictures <select>${options.join("")}</select></label></p>`;
  const figures = [
    has("percentiles") ? figure(`Latency by percentile: ${words.time}`, "percentiles") : [],
    has("rate") ? figure(`${words.rate} over the middle run, s`, "rate") : [],
    has("rate") ? figure("p99 over the middle run, s", "times") : [],
  ].flat();
  const scalings = scalingsOf(report, workload).map((scaling, at) =>
    figure(
      `Throughput against concurrency: ${words.rate}${scaling.text === "" ? "" : `, ${scaling.text}`}`,
      "scaling",
      ` data-scaling="${at}"`,
    ),
  );
  return `<section data-workload="${index}" aria-labelledby="workload-${index}">
<h2 id="workload-${index}">${escapeHtml(workload)}</h2>
<p>${escapeHtml(text?.about ?? "")}${note === undefined ? "" : ` <strong>${escapeHtml(note)}</strong>`}</p>
${figures.length + scalings.length === 0 ? "" : `${figures.length === 0 ? "" : select}<div class="charts">${[...figures, ...scalings].join("\n")}</div>`}
${rowTable(report, workload, index)}
<details><summary>Every run</summary>
${runTable(results, index)}
</details>
</section>`;
};

const judgedRow = (judged: Ratio | Value, isSmoke: boolean): string => {
  const unit = "unit" in judged ? ` ${judged.unit}` : "x";
  const verdict =
    judged.bar === undefined
      ? "<td>-</td>"
      : isSmoke
        ? "<td>not judged</td>"
        : judged.isReached === true
          ? '<td class="reached">ok</td>'
          : '<td class="missed">BELOW</td>';
  return (
    textCell(judged.name) +
    [judged.value, judged.min, judged.max].map(numberCell).join("") +
    textCell(unit.trim()) +
    textCell(judged.bar === undefined ? "-" : barText(judged.bar, unit)) +
    verdict +
    textCell(judged.about ?? "")
  );
};

const fieldText = (value: unknown): string => {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map(fieldText).join(", ");
  return typeof value === "object" && value !== null
    ? Object.entries(value)
        .map(([name, own]) => `${name} ${fieldText(own)}`)
        .join(", ")
    : JSON.stringify(value);
};

/** Names and values of an object's own fields, for people. */
const fieldRows = (fields: object): string[] =>
  Object.entries(fields).flatMap(([name, value]: [string, unknown]) =>
    value === undefined
      ? []
      : textCell(name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)) +
        textCell(fieldText(value)),
  );

const list = (className: string, heading: string, lines: readonly string[]): string =>
  lines.length === 0
    ? ""
    : `<section class="${className}"><h2>${heading}</h2><ul>${[...new Set(lines)].map((line) => `<li>${escapeHtml(line)}</li>`).join("")}</ul></section>`;

const cssColours = (colours: readonly string[]): string =>
  colours.map((colour, i) => `--line-${i}: ${colour};`).join(" ");

const hashOf = (script: string): string => `'sha256-${createHash("sha256").update(script).digest("base64")}'`;

/**
 * What `--html` writes: one page with all of a report, that needs no network and no other file. Its own two scripts are
 * the only ones that a browser runs, by their hashes: text of a report could not run if it did get into the markup.
 */
export const toHtml = (report: Report): string => {
  const assets = pageAssets();
  const workloads = workloadsIn(report);
  const pictures = workloads.map((workload) => ({
    settings: settingsIn(report, workload).map((setting) => chartsOfSetting(report, workload, setting)),
    scalings: scalingsOf(report, workload).map((_, at) => chartOfScaling(report, workload, at)),
  }));
  const { environment, configuration } = report;
  const judged = [...report.ratios, ...report.values];
  const warnings = [
    configuration.smoke === true ? "A smoke run: too short for its numbers to mean anything." : [],
    configuration.interrupted === true ? "Interrupted: rows may have fewer runs than were asked for." : [],
  ].flat();
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(assets.uplotScript)} ${hashOf(assets.pageScript)}`,
    "style-src 'unsafe-inline'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>etcdwire bench: ${escapeHtml(workloads.join(", "))}</title>
<style>${assets.uplotStyle}</style>
<style>
:root { ${cssColours(LIGHT_COLOURS)} }
@media (prefers-color-scheme: dark) { :root { ${cssColours(DARK_COLOURS)} } }
${assets.pageStyle}</style>
</head>
<body>
<header>
<h1>etcdwire bench</h1>
<p>${escapeHtml(environment.date)}; ${escapeHtml(environment.cpuModel)}, ${environment.coreCount} cores; Node ${escapeHtml(environment.nodeVersion)}; etcd ${escapeHtml(environment.etcdVersion ?? "not used")}</p>
</header>
<main>
${list("violations", "Violations", report.violations)}
${list("warnings", "To be known", warnings)}
<noscript><p>The pictures need JavaScript; the tables have all numbers.</p></noscript>
${workloads.map((workload, index) => workloadSection(report, workload, index)).join("\n")}
${
  judged.length === 0
    ? ""
    : `<section aria-labelledby="ratios-heading"><h2 id="ratios-heading">Ratios and bars</h2>
${table(
  "ratios",
  "Medians of runs made right after one another, and what they had to reach",
  ["name", "median", "min", "max", "unit", "bar", "reached", "about"],
  judged.map((each) => judgedRow(each, configuration.smoke === true)),
)}</section>`
}
${list(
  "unmeasured",
  "Not measured",
  report.unmeasured.map(({ workload, system, reason }) => `${workload} ${system}: ${reason}`),
)}
<section aria-labelledby="environment-heading"><h2 id="environment-heading">Environment and configuration</h2>
${table("environment", "The machine, the versions and the servers", ["name", "value"], fieldRows(environment))}
${table("configuration", "What was asked for", ["name", "value"], fieldRows(configuration))}
<p>What each number excludes, and which comparisons are unfair, and to whom: bench/README.md.</p></section>
</main>
<script type="application/json" id="pictures">${toScriptJson(pictures)}</script>
<script>${assets.uplotScript}</script>
<script type="module">${assets.pageScript}</script>
</body>
</html>
`;
};
