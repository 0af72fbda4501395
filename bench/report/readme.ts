import { settingsIn, wordsOf, workloadsIn } from "./curves.js";
import { number } from "./table.js";
import type { Configuration, Report, Result } from "../harness/report-schema.js";

/** What is between these lines of README.md is written by `npm run readme`. */
export const REGION_BEGIN =
  "<!-- bench:begin: written by `npm run readme` from bench/results/headline.json -->";
export const REGION_END = "<!-- bench:end -->";

/** Whom the others are compared with. */
const OURS = "etcdwire";
/** A difference below it is none: runs differ by more. */
const BETTER_FACTOR = 1.02;

interface Column {
  readonly head: string;
  readonly unit: string;
  readonly isMoreBetter?: boolean;
  value(result: Result): number;
}

const columnsFor = (rate: string): readonly Column[] => [
  { head: rate, unit: "", isMoreBetter: true, value: ({ opsPerSecond }) => opsPerSecond },
  { head: "p50, µs", unit: " µs", value: ({ serviceTimeUs }) => serviceTimeUs.p50 },
  { head: "p99, µs", unit: " µs", value: ({ serviceTimeUs }) => serviceTimeUs.p99 },
  { head: "client CPU, µs/op", unit: " µs", value: ({ clientCpuUsPerOp }) => clientCpuUsPerOp },
];

/** Above 1 when `value` is the better one; NaN, which is no comparison's truth, where one of the two is not known. */
const advantage = ({ isMoreBetter }: Column, value: number, against: number): number =>
  value > 0 && against > 0 ? (isMoreBetter === true ? value / against : against / value) : NaN;

/** Text that a cell of a Markdown table can hold. */
const cell = (text: string): string =>
  text.replaceAll(/[\r\n]+/g, " ").replaceAll(/[\\|*_<>`[\]]/g, (character) => `\\${character}`);

/** Numbers in bold are the best of their setting. */
const tableOf = (report: Report, workload: string): string[] => {
  const columns = columnsFor(wordsOf(report, workload).rate);
  const rows = settingsIn(report, workload).flatMap(({ text, results }) =>
    results.map((result) => {
      const cells = columns.map((column) => {
        const value = column.value(result);
        const isBest =
          results.length > 1 &&
          value > 0 &&
          results.every((other) => !(advantage(column, column.value(other), value) > 1));
        return isBest ? `**${number(value)}**` : value > 0 ? number(value) : "-";
      });
      return [cell(text), cell(result.system), ...cells];
    }),
  );
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [
    line(["setting", "system", ...columns.map(({ head }) => head)]),
    line(["---", "---", ...columns.map(() => "---:")]),
    ...rows.map(line),
  ];
};

/** Where etcdwire is not the best. */
const betterPeers = (report: Report, workload: string): string[] =>
  settingsIn(report, workload).flatMap(({ text, results }) => {
    const ours = results.find(({ system }) => system === OURS);
    if (ours === undefined) return [];
    const found = results.flatMap((result) => {
      if (result.system === OURS || result.system.startsWith(`${OURS}-`)) return [];
      const values = columnsFor(wordsOf(report, workload).rate).flatMap((column) => {
        const value = column.value(result);
        const own = column.value(ours);
        return advantage(column, value, own) >= BETTER_FACTOR
          ? `${column.head.replace(/, µs.*/, "")} ${number(value)}${column.unit} against ${number(own)}${column.unit}`
          : [];
      });
      return values.length === 0 ? [] : `${cell(result.system)} (${values.join("; ")})`;
    });
    return found.length === 0 ? [] : `- ${cell(`${workload} ${text}`.trim())}: ${found.join(", ")}`;
  });

/** With which such a report is made. */
const commandOf = ({ workloads, systems, rows, runCount, durationMs }: Configuration): string =>
  [
    "npm run bench --",
    ...workloads,
    systems === undefined ? [] : `--systems ${systems.join(",")}`,
    rows === undefined ? [] : `--rows "${rows.join(",")}"`,
    `--runs ${runCount}`,
    durationMs === undefined ? [] : `--duration ${durationMs}ms`,
  ]
    .flat()
    .join(" ");

const librariesOf = (versions: Readonly<Record<string, string>> = {}): string => {
  const texts = Object.entries(versions).map(([name, version]) => `${cell(name)} ${cell(version)}`);
  return texts.length === 0 ? "" : `Beside etcdwire: ${texts.join(", ")}. `;
};

const introduction = ({ environment: e, configuration }: Report): string => {
  const etcd =
    e.etcdVersion === undefined
      ? ""
      : `, etcd ${e.etcdVersion} with ${e.memberCount ?? "1 or 3"} member${e.memberCount === 1 ? "" : "s"} and its data on ${e.dataFileSystem ?? "a disk elsewhere"}`;
  return `Medians of ${configuration.runCount} interleaved runs of \`${commandOf(configuration)}\` at commit ${e.gitCommit} on ${cell(e.cpuModel)} with ${e.coreCount} cores (${number(e.memoryBytes / 2 ** 30)} GiB, ${cell(e.os)}), Node ${e.nodeVersion.replace(/^v/, "")}${etcd}${e.etcdIsHere === false ? "" : ", everything on the same machine"}. ${librariesOf(e.libraryVersions)}Read ratios, not absolute numbers; [bench/README.md](bench/README.md) says what each number excludes and which comparisons are unfair, and to whom. Bold is the best of a setting.`;
};

/** For those who do not see a picture, its own title. */
const pictureLinks = (
  workload: string,
  kind: "throughput" | "latency",
  pictures: ReadonlyMap<string, string>,
  folder: string,
): string[] =>
  [...pictures]
    .filter(([name]) => name.startsWith(`${workload}-`) && name.endsWith(`-${kind}.svg`))
    .map(([name, svg]) => {
      const [, title = name] = /<title[^>]*>([^<]*)/.exec(svg) ?? [];
      return `![${cell(title)}](${folder}/${name})`;
    });

/** What README.md says of a report, in Markdown: all its rows, what peers do better, what was not measured, pictures by file name. */
export const readmeRegion = (
  report: Report,
  pictures: ReadonlyMap<string, string>,
  folder: string,
): string => {
  const { configuration } = report;
  const better = workloadsIn(report).flatMap((workload) => betterPeers(report, workload));
  const unmeasured = new Set(
    report.unmeasured.map(({ workload, system, reason }) => cell(`${workload} ${system}: ${reason}`)),
  );
  return [
    introduction(report),
    ...(configuration.smoke === true
      ? ["", "**A smoke run: too short for its numbers to mean anything.**"]
      : []),
    ...workloadsIn(report).flatMap((workload) => {
      const about = report.workloads?.find(({ name }) => name === workload)?.about;
      return [
        "",
        `**\`${workload}\`**${about === undefined ? "" : `: ${cell(about)}`}; latency: ${wordsOf(report, workload).time}.`,
        "",
        ...tableOf(report, workload),
        "",
        ...pictureLinks(workload, "throughput", pictures, folder),
      ];
    }),
    "",
    ...(better.length === 0
      ? ["No other client was better than etcdwire in any of these columns."]
      : ["Better than etcdwire:", "", ...better]),
    ...(unmeasured.size === 0
      ? []
      : ["", "Not measured:", "", ...[...unmeasured].map((line) => `- ${line}`)]),
    "",
    "<details><summary>Latency by percentile</summary>",
    "",
    ...workloadsIn(report).flatMap((workload) => pictureLinks(workload, "latency", pictures, folder)),
    "",
    "</details>",
  ].join("\n");
};

/** Throws when README.md has not exactly one such region. */
export const replaceRegion = (readme: string, region: string): string => {
  const [before, rest, ...more] = readme.split(REGION_BEGIN);
  const [old, after, ...others] = (rest ?? "").split(REGION_END);
  if (rest === undefined || after === undefined || old === undefined || more.length + others.length > 0)
    throw new Error(`no single region between "${REGION_BEGIN}" and "${REGION_END}"`);
  return `${before}${REGION_BEGIN}\n\n${region}\n\n${REGION_END}${after}`;
};
