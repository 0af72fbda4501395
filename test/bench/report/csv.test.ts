import { describe, expect, test } from "vitest";
import { toCsv } from "../../../bench/report/csv.js";
import { sampleReport } from "./sample.js";

/** A reader of RFC 4180: records end with CRLF; quoted fields may hold commas, line ends and doubled quotes. */
const parse = (text: string): string[][] => {
  const records: string[][] = [];
  let record: string[] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/y;
  while (field.lastIndex < text.length) {
    const [, quoted, plain, end] = field.exec(text)!;
    record.push(quoted?.replaceAll('""', '"') ?? plain!);
    if (end === "\r\n") {
      records.push(record);
      record = [];
    }
  }
  return records;
};

describe("the CSV of a report", () => {
  test("has one line for each run, with as many fields as its head", () => {
    const [head, ...lines] = parse(toCsv(sampleReport));
    expect(lines).toHaveLength(sampleReport.results.reduce((sum, { runs }) => sum + runs.length, 0));
    for (const line of lines) expect(line).toHaveLength(head!.length);
    expect(new Set(head).size).toBe(head!.length);
    const first = Object.fromEntries(head!.map((name, i) => [name, lines[0]![i]]));
    const run = sampleReport.results[0]!.runs[0]!;
    expect(first).toMatchObject({
      workload: "acquire",
      system: "etcdwire",
      params: "c=1",
      run: "1",
      ops_per_second: String(run.opsPerSecond),
      service_p99_us: String(run.serviceTimeUs.p99),
      response_p99_us: "",
      bottleneck: "client",
    });
    const last = Object.fromEntries(head!.map((name, i) => [name, lines.at(-1)![i]]));
    expect(last).toMatchObject({
      params: "open rate=500/s poisson",
      arrivals: "2010",
      late: "7",
      dropped: "3",
    });
  });

  test("has a head that programs may rely on", () => {
    expect(parse(toCsv(sampleReport))[0]!.slice(0, 13)).toEqual([
      ...["workload", "system", "params", "run", "ops_per_second", "operations", "elapsed_ms", "errors"],
      ...["service_p50_us", "service_p90_us", "service_p99_us", "service_p999_us", "service_max_us"],
    ]);
  });

  test("quotes what has commas, quotes and line ends in it", () => {
    const system = 'a "b", c\r\nd';
    const [first] = sampleReport.results;
    const lines = parse(toCsv({ ...sampleReport, results: [{ ...first!, system }] }));
    expect(lines[1]![1]).toBe(system);
  });

  test("leaves fields empty whose numbers are none", () => {
    const [first] = sampleReport.results;
    const runs = [{ ...first!.runs[0]!, opsPerSecond: NaN, clientCpuUsPerOp: Infinity }];
    const [head, line] = parse(toCsv({ ...sampleReport, results: [{ ...first!, runs }] }));
    expect(line![head!.indexOf("ops_per_second")]).toBe("");
    expect(line![head!.indexOf("client_cpu_us_per_op")]).toBe("");
  });
});
