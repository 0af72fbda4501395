import hdr from "hdr-histogram-js";
import { describe, expect, test } from "vitest";
import { toHdrLog } from "../../../bench/report/hdr-log.js";
import { sampleReport } from "./sample.js";

describe("the HDR log of a report", () => {
  const log = toHdrLog(sampleReport);

  test("is read by HdrHistogram's own reader, run by run", () => {
    const reader = new hdr.HistogramLogReader(log, 64);
    const expected = sampleReport.results.flatMap(({ runs }) =>
      runs.flatMap(({ serviceTimeUs, responseTimeUs }) => [serviceTimeUs, responseTimeUs ?? []].flat()),
    );
    for (const times of expected) {
      const histogram = reader.nextIntervalHistogram()!;
      expect(histogram.totalCount).toBe(2_000);
      expect(histogram.getValueAtPercentile(50) / 1e3).toBe(times.p50);
      expect(histogram.getValueAtPercentile(99) / 1e3).toBe(times.p99);
    }
    expect(reader.nextIntervalHistogram()).toBeNull();
    expect(reader.startTimeSec).toBe(Date.parse(sampleReport.environment.date) / 1e3);
  });

  test("tags each row, and an open loop's response times", () => {
    expect(hdr.listTags(log)).toEqual([
      ...[1, 16, 64].flatMap((c) => ["etcdwire", "grpc-js", "go"].map((name) => `acquire/${name}/c=${c}`)),
      ...["etcdwire", "etcd3"].flatMap((name) => [
        `txn/${name}/open;rate=500/s;poisson`,
        `txn/${name}/open;rate=500/s;poisson/response`,
      ]),
    ]);
  });

  test("lays a row's runs end to end, and has the largest value in milliseconds", () => {
    const lines = log.split("\n").filter((line) => line.startsWith("Tag=acquire/etcdwire/c=1,"));
    expect(lines.map((line) => line.split(",").slice(1, 3))).toEqual([
      ["0.000", "4.000"],
      ["4.000", "4.000"],
      ["8.000", "4.000"],
    ]);
    const { max } = sampleReport.results[0]!.runs[0]!.serviceTimeUs;
    expect(Number(lines[0]!.split(",")[3])).toBeCloseTo(max / 1e3, 3);
  });
});
