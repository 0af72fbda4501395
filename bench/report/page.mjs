// Runs in the page that `--html` writes (html.ts): draws the pictures and lets tables be sorted.

const workloads = JSON.parse(document.getElementById("pictures").textContent);
const HEIGHT_PX = 280;

const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Three digits, as in the tables. */
const number = (value) =>
  Math.abs(value) >= 1000 ? Math.round(value).toLocaleString("en-US") : String(Number(value.toPrecision(3)));

const time = (us) =>
  us >= 1e6 ? `${number(us / 1e6)} s` : us >= 1e3 ? `${number(us / 1e3)} ms` : `${number(us)} µs`;

/** 1 / (1 - percentile) -> percentile: 1000 -> 99.9 */
const percentile = (x) => String(Number((100 * (1 - 1 / x)).toPrecision(8)));

/** Where an axis of percentiles has its marks. */
const PERCENTILES = [2, 10, 100, 1e3, 1e4, 1e5, 1e6];

const axis = (more) => ({
  stroke: style("--soft"),
  grid: { stroke: style("--rule"), width: 1 },
  ticks: { stroke: style("--rule"), width: 1 },
  ...more,
});

/** Zero up to a little above the largest. */
const fromZero = (_, min, max) => [0, (max || 1) * 1.08];

const kinds = {
  percentiles: {
    x: { time: false, distr: 3, range: (_, min, max) => [Math.min(min, 1.25) || 1.25, Math.max(max, 10)] },
    y: { distr: 3 },
    xAxis: {
      splits: (plot) => PERCENTILES.filter((x) => x >= plot.scales.x.min && x <= plot.scales.x.max),
      filter: (_, splits) => splits,
      values: (_, splits) => splits.map((x) => `p${percentile(x)}`),
      space: 40,
    },
    xValue: (x) => (x === null ? "-" : `p${percentile(x)}`),
    yValue: time,
  },
  scaling: {
    x: { time: false, distr: 3, log: 2 },
    y: { range: fromZero },
    xAxis: { values: (_, splits) => splits.map((x) => (x === null ? "" : `c=${x}`)) },
    xValue: (x) => (x === null ? "-" : `c=${x}`),
    yValue: number,
    hasPoints: true,
  },
  rate: {
    x: { time: false },
    y: { range: fromZero },
    xAxis: {},
    xValue: (x) => (x === null ? "-" : `${number(x)} s`),
    yValue: number,
  },
  times: {
    x: { time: false },
    y: { range: fromZero },
    xAxis: {},
    xValue: (x) => (x === null ? "-" : `${number(x)} s`),
    yValue: time,
  },
};

/** What is drawn, by its element. */
const plots = new Map();

const draw = (element, chart) => {
  plots.get(element)?.destroy();
  plots.delete(element);
  element.closest("figure").hidden = chart === undefined;
  if (chart === undefined) return;
  const kind = kinds[chart.kind];
  const options = {
    width: Math.max(element.clientWidth, 200),
    height: HEIGHT_PX,
    scales: { x: kind.x, y: kind.y },
    axes: [
      axis(kind.xAxis),
      axis({ size: 70, values: (_, splits) => splits.map((y) => (y === null ? "" : kind.yValue(y))) }),
    ],
    series: [
      { label: chart.kind === "percentiles" ? "percentile" : "at", value: (_, x) => kind.xValue(x ?? null) },
      ...chart.lines.map(({ label, colour, dash }) => ({
        label,
        stroke: style(`--line-${colour}`),
        width: 2,
        dash,
        spanGaps: true,
        points: { show: kind.hasPoints === true || chart.x.length < 12, size: 6 },
        value: (_, y) => (y === null || y === undefined ? "-" : kind.yValue(y)),
      })),
    ],
    // One hand on the page scrolls it.
    cursor: { drag: { x: false, y: false } },
  };
  plots.set(element, new uPlot(options, [chart.x, ...chart.lines.map(({ values }) => values)], element));
};

const drawSection = (section) => {
  const { settings, scalings } = workloads[Number(section.dataset.workload)];
  const setting = settings[Number(section.querySelector("select")?.value ?? 0)];
  for (const element of section.querySelectorAll(".chart")) {
    const { scaling } = element.closest("figure").dataset;
    draw(element, scaling === undefined ? setting[element.dataset.chart] : scalings[Number(scaling)]);
  }
};

const sections = [...document.querySelectorAll("section[data-workload]")];
const drawAll = () => sections.forEach(drawSection);
for (const section of sections)
  section.querySelector("select")?.addEventListener("change", () => drawSection(section));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
new ResizeObserver(() => {
  for (const [element, plot] of plots) {
    const width = Math.max(element.clientWidth, 200);
    if (width !== plot.width) plot.setSize({ width, height: HEIGHT_PX });
  }
}).observe(document.body);
drawAll();

const sortRows = (table, column, isAscending) => {
  const valueOf = (row) => {
    const cell = row.cells[column];
    if (cell.dataset.value === undefined) return cell.textContent;
    // Rows without a number are last either way.
    return cell.dataset.value === "" ? (isAscending ? Infinity : -Infinity) : Number(cell.dataset.value);
  };
  const compare = (a, b) =>
    typeof a === "number" && typeof b === "number"
      ? a === b
        ? 0
        : a - b
      : String(a).localeCompare(String(b), "en", { numeric: true });
  const rows = [...table.tBodies[0].rows].sort(
    (a, b) => compare(valueOf(a), valueOf(b)) * (isAscending ? 1 : -1),
  );
  table.tBodies[0].append(...rows);
};

for (const table of document.querySelectorAll(".scroll table")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    if (table.tBodies[0].rows[0]?.cells[column]?.classList.contains("number")) head.classList.add("number");
    const button = document.createElement("button");
    button.textContent = head.textContent;
    button.type = "button";
    button.title = "Sort";
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const isAscending = head.getAttribute("aria-sort") !== "ascending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", isAscending ? "ascending" : "descending");
      sortRows(table, column, isAscending);
    });
  });
}
