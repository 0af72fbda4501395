import { paramsText } from "../harness/workload.js";
import { colourIndex, DARK_COLOURS, dashOf, LIGHT_COLOURS } from "./colours.js";
import { curvesOf, settingsIn, systemsIn, wordsOf, workloadsIn } from "./curves.js";
import { escapeHtml } from "./html.js";
import { number } from "./table.js";
import type { Report, Result } from "../harness/report-schema.js";
import type { Curve, Setting } from "./curves.js";

/** As wide as a README on GitHub shows pictures. */
const WIDTH = 760;
const MARGIN = 16;
const LINE_HEIGHT = 20;
/** Of a 13 px sans-serif, on the wide side: text is never measured here. */
const CHARACTER_WIDTH = 7.2;
const TITLE_BOTTOM = 52;

/** One digit behind the point is a tenth of a pixel, and the same bytes every time. */
const px = (value: number): string => String(Number(value.toFixed(1)));

/** The picture brings its own background, so it is legible on any page; light or dark as the reader's system is. */
const styleOf = (): string => {
  const scheme = (
    colours: readonly string[],
    [text, soft, page, rule]: readonly [string, string, string, string],
  ): string =>
    [
      `.page{fill:${page};stroke:${rule}}.text{fill:${text}}.soft{fill:${soft}}.rule{stroke:${rule}}.whisker{stroke:${text}}`,
      ...colours.map((colour, i) => `.bar${i}{fill:${colour}}.line${i}{stroke:${colour}}`),
    ].join("");
  return `<style>text{font:13px system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif}.title{font-size:15px;font-weight:600}.line{fill:none;stroke-width:2.2;stroke-linejoin:round}${scheme(LIGHT_COLOURS, ["#1b1f24", "#57606a", "#ffffff", "#d0d7de"])}@media(prefers-color-scheme:dark){${scheme(DARK_COLOURS, ["#e6edf3", "#9aa5b1", "#0d1117", "#39424e"])}}</style>`;
};

const text = (x: number, y: number, content: string, className = "text", anchor = "start"): string =>
  `<text x="${px(x)}" y="${px(y)}" class="${className}"${anchor === "start" ? "" : ` text-anchor="${anchor}"`}>${escapeHtml(content)}</text>`;

const picture = (
  height: number,
  title: string,
  subtitle: string,
  description: string,
  marks: readonly string[],
  name = title,
): string => `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${px(height)}" width="${WIDTH}" height="${px(height)}" role="img" aria-labelledby="title description">
<title id="title">${escapeHtml(name)}</title>
<desc id="description">${escapeHtml(description)}</desc>
${styleOf()}
<rect class="page" x="0.5" y="0.5" width="${WIDTH - 1}" height="${px(height - 1)}" rx="8"/>
${text(MARGIN, 28, title, "text title")}
${text(MARGIN, 46, subtitle, "soft")}
${marks.join("\n")}
</svg>
`;

const lengthOf = (texts: readonly string[]): number =>
  Math.max(...texts.map((each) => each.length)) * CHARACTER_WIDTH;

const throughputText = ({ runs, opsPerSecond }: Result): string => {
  const rates = runs.map((run) => run.opsPerSecond);
  return `${number(opsPerSecond)} (${number(Math.min(...rates))} to ${number(Math.max(...rates))})`;
};

/** A bar for each system, at each setting on a scale of its own, with a line from the slowest run to the fastest. */
const throughputPicture = (report: Report, workload: string): string | undefined => {
  const systems = systemsIn(report);
  const settings = settingsIn(report, workload)
    .map((setting) => ({
      ...setting,
      results: setting.results.filter(({ opsPerSecond }) => opsPerSecond > 0),
    }))
    .filter(({ results }) => results.length > 0);
  if (settings.length === 0) return undefined;
  const all = settings.flatMap(({ results }) => results);
  const left = MARGIN + lengthOf(all.map(({ system }) => system)) + 8;
  const right = WIDTH - MARGIN - lengthOf(all.map(throughputText)) - 12;
  const marks: string[] = [];
  let y = TITLE_BOTTOM + 12;
  for (const { text: name, results } of settings) {
    if (name !== "") marks.push(text(MARGIN, y + 13, name, "text title"));
    if (name !== "") y += 24;
    const largest = Math.max(...results.flatMap(({ runs }) => runs.map((run) => run.opsPerSecond)));
    const xOf = (rate: number): number => left + ((right - left) * rate) / largest;
    for (const result of results) {
      const rates = result.runs.map((run) => run.opsPerSecond);
      const colour = colourIndex(systems.indexOf(result.system));
      const middle = y + 8;
      marks.push(
        text(left - 8, y + 13, result.system, "text", "end"),
        `<rect class="bar${colour}" x="${px(left)}" y="${px(y)}" width="${px(Math.max(1, xOf(result.opsPerSecond) - left))}" height="16" rx="2"/>`,
        `<path class="whisker" d="M${px(xOf(Math.min(...rates)))} ${px(middle)}H${px(xOf(Math.max(...rates)))}"/>`,
        text(right + 10, y + 13, throughputText(result)),
      );
      y += 24;
    }
    y += 12;
  }
  const { rate } = wordsOf(report, workload);
  return picture(
    y + 4,
    `${workload}: ${rate}`,
    "longer is better; median of the runs (slowest to fastest)",
    settings
      .map(
        (setting) =>
          `${setting.text}: ${setting.results.map((result) => `${result.system} ${throughputText(result)}`).join(", ")}`,
      )
      .join("; "),
    marks,
  );
};

/** 1, 2, 5, 10, ... from the largest that is not above `low` to the smallest that is not below `high`. */
export const logTicks = (low: number, high: number): number[] => {
  const ticks: number[] = [];
  // One lower: logarithms are rounded.
  for (let power = Math.floor(Math.log10(low)) - 1; ; power++) {
    for (const digit of [1, 2, 5]) {
      const tick = Number(`${digit}e${power}`);
      const next = Number(digit === 1 ? `2e${power}` : digit === 2 ? `5e${power}` : `1e${power + 1}`);
      if (next > low) ticks.push(tick);
      if (ticks.length > 1 && tick >= high) return ticks;
    }
  }
};

const timeText = (us: number): string =>
  us >= 1e6 ? `${number(us / 1e6)} s` : us >= 1e3 ? `${number(us / 1e3)} ms` : `${number(us)} µs`;

const percentileText = (x: number): string => `p${Number((100 * (1 - 1 / x)).toPrecision(8))}`;

const PLOT_HEIGHT = 280;

/** Latency by percentile of all systems at one setting; both axes are logarithms, of time and of what is above it. */
const latencyPicture = (report: Report, workload: string, setting: Setting): string | undefined => {
  const systems = systemsIn(report);
  const curves = setting.results.flatMap(curvesOf).filter(({ points }) => points.length > 1);
  if (curves.length === 0) return undefined;
  const hasResponse = curves.some(({ kind }) => kind === "response");
  const labelOf = ({ system, kind }: Curve): string => (hasResponse ? `${system}, ${kind}` : system);
  const points = curves.flatMap((curve) => curve.points.filter(({ x }) => x >= 2));
  const times = points.map(({ us }) => us);
  const yTicks = logTicks(Math.min(...times), Math.max(...times));
  const yLow = Math.log10(yTicks[0]!);
  const yHigh = Math.log10(yTicks.at(-1)!);
  const xHigh = Math.log10(Math.max(100, ...points.map(({ x }) => x)));
  const left = MARGIN + 56;
  const right = WIDTH - MARGIN - lengthOf(curves.map(labelOf)) - 52;
  const top = TITLE_BOTTOM + 12;
  const bottom = top + PLOT_HEIGHT;
  const xOf = (x: number): number =>
    left + ((right - left) * (Math.log10(x) - Math.log10(2))) / (xHigh - Math.log10(2));
  const yOf = (us: number): number => bottom - ((bottom - top) * (Math.log10(us) - yLow)) / (yHigh - yLow);
  const marks = yTicks.flatMap((tick) => [
    `<path class="rule" d="M${px(left)} ${px(yOf(tick))}H${px(right)}"/>`,
    text(left - 8, yOf(tick) + 4, timeText(tick), "soft", "end"),
  ]);
  for (const tick of [2, 10, 100, 1e3, 1e4, 1e5, 1e6].filter((x) => Math.log10(x) <= xHigh + 1e-9)) {
    marks.push(
      `<path class="rule" d="M${px(xOf(tick))} ${px(top)}V${px(bottom)}"/>`,
      text(xOf(tick), bottom + 18, percentileText(tick), "soft", "middle"),
    );
  }
  // The report's first system is drawn last, above the others.
  for (const [at, curve] of [...curves.entries()].toReversed()) {
    const place = systems.indexOf(curve.system);
    const dash = hasResponse ? (curve.kind === "service" ? [3, 4] : []) : dashOf(place);
    const line = `class="line line${colourIndex(place)}"${dash.length === 0 ? "" : ` stroke-dasharray="${dash.join(" ")}"`}`;
    const path = curve.points
      .filter(({ x }) => x >= 2)
      .map(({ x, us }, index) => `${index === 0 ? "M" : "L"}${px(xOf(x))} ${px(yOf(us))}`)
      .join("");
    const y = top + 10 + at * LINE_HEIGHT;
    marks.push(
      `<path ${line} d="${path}"/>`,
      `<path ${line} d="M${px(right + 14)} ${px(y)}h24"/>`,
      text(right + 44, y + 4, labelOf(curve)),
    );
  }
  const { time } = wordsOf(report, workload);
  return picture(
    Math.max(bottom, top + curves.length * LINE_HEIGHT) + 34,
    `${workload}: ${hasResponse ? "service and response time" : time} by percentile`,
    `${setting.text === "" ? "" : `${setting.text}; `}lower is better; all runs together`,
    setting.results
      .map(
        ({ system, serviceTimeUs }) =>
          `${system}: median ${timeText(serviceTimeUs.p50)}, p99 ${timeText(serviceTimeUs.p99)}`,
      )
      .join("; "),
    marks,
    `${workload}${setting.text === "" ? "" : ` ${setting.text}`}: ${time} by percentile`,
  );
};

/** Of a setting, for a file's name: `contenders-2-hold-0ms`. */
const slug = (words: string): string =>
  words
    .toLowerCase()
    .replaceAll(/[^a-z0-9.]+/g, "-")
    .replaceAll(/^-|-$/g, "");

/** What `--svg` writes, by file name: latency by percentile of each setting, and each workload's throughput. */
export const toSvgs = (report: Report): Map<string, string> => {
  const files = new Map<string, string>();
  const add = (name: string, svg: string | undefined): void => {
    if (svg !== undefined) files.set(`${name}.svg`, svg);
  };
  for (const workload of workloadsIn(report)) {
    add(`${slug(workload)}-throughput`, throughputPicture(report, workload));
    for (const setting of settingsIn(report, workload)) {
      const name = [workload, paramsText(setting.params), "latency"].map(slug).filter((part) => part !== "");
      add(name.join("-"), latencyPicture(report, workload, setting));
    }
  }
  return files;
};
