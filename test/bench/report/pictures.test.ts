import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { RunValues } from "../../../bench/harness/report-schema.js";
import { curvesOf, scalingsOf } from "../../../bench/report/curves.js";
import { escapeHtml, toHtml } from "../../../bench/report/html.js";
import { logTicks, toSvgs } from "../../../bench/report/svg.js";
import { sampleReport } from "./sample.js";

const [first, ...others] = sampleReport.results;

/** Names that want to be markup. */
const evilText = fc
  .array(
    fc.oneof(
      fc.constantFrom("</script>", "<img onerror=x src=x>", '"', "'", "&", "<!--", "]]>", "</title>", "`"),
      fc.string({ maxLength: 5 }),
    ),
    { maxLength: 6 },
  )
  .map((parts) => parts.join(""));

describe("curves", () => {
  test("go no further than there are operations to tell", () => {
    const [curve] = curvesOf(first!);
    const xs = curve!.points.map(({ x }) => x);
    // Three runs of 2,000.
    expect(Math.max(...xs)).toBeLessThanOrEqual(6_000);
    for (const x of [2, 10, 100, 1_000]) expect(xs).toContain(x);
    const times = curve!.points.map(({ us }) => us);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    const p50 = curve!.points.find(({ x }) => x === 2)!.us;
    expect(Math.abs(p50 / first!.serviceTimeUs.p50 - 1)).toBeLessThan(0.05);
  });

  test("have the summary's four points where a run has no histogram", () => {
    const runs = first!.runs.map(
      (run) =>
        Object.fromEntries(
          Object.entries(run).filter(([name]) => name !== "serviceHdr"),
        ) as unknown as RunValues,
    );
    expect(curvesOf({ ...first!, runs })[0]!.points).toEqual([
      { x: 2, us: first!.serviceTimeUs.p50 },
      { x: 10, us: first!.serviceTimeUs.p90 },
      { x: 100, us: first!.serviceTimeUs.p99 },
      { x: 1_000, us: first!.serviceTimeUs.p999 },
    ]);
  });

  test("of throughput are of rows that differ in concurrency only", () => {
    expect(scalingsOf(sampleReport, "txn")).toEqual([]);
    const [scaling, ...more] = scalingsOf(sampleReport, "acquire");
    expect(more).toEqual([]);
    expect(scaling!.concurrencies).toEqual([1, 16, 64]);
    expect(scaling!.systems.map(({ system }) => system)).toEqual(["etcdwire", "grpc-js", "go"]);
  });
});

describe("the page", () => {
  test("names no other place, and allows only its own two scripts", () => {
    const html = toHtml(sampleReport);
    expect(html).not.toMatch(/(?:src|href)="(?!data:)/);
    expect(html).toMatch(/default-src 'none'; script-src 'sha256-[^']+' 'sha256-[^']+'; style-src/);
    expect(html.match(/<script/g)).toHaveLength(3);
  });

  test("never lets text of a report become markup", () => {
    const shape = (html: string): string => html.replaceAll(/>[^<]*/g, ">").replaceAll(/"[^"]*"/g, "");
    const withText = (text: string): string =>
      shape(
        toHtml({
          ...sampleReport,
          environment: { ...sampleReport.environment, cpuModel: text, os: text },
          results: [{ ...first!, system: text }],
          violations: [text],
          unmeasured: [{ workload: text, system: text, reason: text }],
          ratios: [{ ...sampleReport.ratios[0]!, name: text, about: text }],
        }),
      );
    const harmless = withText("harmless");
    fc.assert(
      fc.property(evilText, (text) => withText(text) === harmless),
      { numRuns: 60 },
    );
  });

  test("escapes what HTML gives a meaning", () => {
    expect(escapeHtml(`<a b="c" d='e'>&`)).toBe("&#60;a b=&#34;c&#34; d=&#39;e&#39;&#62;&#38;");
  });

  test("says what is hidden, missed, broken and missing", () => {
    const html = toHtml({ ...sampleReport, configuration: { ...sampleReport.configuration, smoke: true } });
    expect(html.match(/queueing is hidden/g)).toHaveLength(1);
    expect(html).toContain("<td>not judged</td>");
    expect(html).not.toContain("BELOW");
    expect(toHtml(sampleReport)).toContain('<td class="missed">BELOW</td>');
    expect(html).toContain("acquire etcd3 c=1: 2 overlapping holders");
    expect(html).toContain("acquire java: no mvn on this machine");
    expect(html).toContain("A smoke run");
  });

  test.each(["bytes", "events", "proclamations", "faults", "handovers"] as const)(
    "has a table of %s, too",
    (shows) => {
      const workloads = [{ name: "acquire", about: "", shows, isClosedLoop: false }];
      const html = toHtml({ ...sampleReport, workloads, results: [first!] });
      const cells = html.slice(html.indexOf('id="rows-0"')).split("</table>")[0]!;
      expect(cells.match(/<td/g)!.length).toBe(cells.match(/<th /g)!.length);
      expect(cells).not.toMatch(/NaN|undefined/);
    },
  );

  test("is there for a report without results", () => {
    expect(toHtml({ ...sampleReport, results: [], ratios: [], values: [] })).toContain("<main>");
    expect(toSvgs({ ...sampleReport, results: [] }).size).toBe(0);
  });
});

describe("pictures", () => {
  const svgs = toSvgs(sampleReport);

  test("are one of each workload's throughput and one of each setting's latency", () => {
    expect([...svgs.keys()]).toEqual([
      "acquire-throughput.svg",
      "acquire-c-1-latency.svg",
      "acquire-c-16-latency.svg",
      "acquire-c-64-latency.svg",
      "txn-throughput.svg",
      "txn-open-rate-500-s-poisson-latency.svg",
    ]);
  });

  test("are the same bytes every time", () => {
    expect([...toSvgs(sampleReport)]).toEqual([...svgs]);
  });

  test("say in words what they show, and have both schemes", () => {
    for (const svg of svgs.values()) {
      expect(svg).toMatch(/role="img" aria-labelledby="title description"/);
      expect(svg).toMatch(/<title id="title">[^<]+<\/title>\n<desc id="description">[^<]+<\/desc>/);
      expect(svg).toContain("@media(prefers-color-scheme:dark)");
      expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    }
    expect(svgs.get("acquire-throughput.svg")).toContain(">26,390 (25,598 to 26,918)</text>");
  });

  test("escape names", () => {
    const evil = { ...sampleReport, results: [{ ...first!, system: "<script>&" }, ...others] };
    for (const svg of toSvgs(evil).values()) expect(svg).not.toContain("<script>");
  });

  test("have marks at 1, 2 and 5, around all values", () => {
    expect(logTicks(120, 900)).toEqual([100, 200, 500, 1_000]);
    expect(logTicks(0.03, 0.03)).toEqual([0.02, 0.05]);
    expect(logTicks(100, 1_000)).toEqual([100, 200, 500, 1_000]);
    fc.assert(
      fc.property(
        fc.double({ min: 1e-2, max: 1e7, noNaN: true }),
        fc.double({ min: 1, max: 1e5, noNaN: true }),
        (low, factor) => {
          const ticks = logTicks(low, low * factor);
          expect(ticks[0]!).toBeLessThanOrEqual(low);
          expect(ticks.at(-1)!).toBeGreaterThanOrEqual(low * factor);
          expect(ticks.length).toBeGreaterThan(1);
        },
      ),
    );
  });
});
