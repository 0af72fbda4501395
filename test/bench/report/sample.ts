import { countLatencies, encodeHdr, summaryOf } from "../../../bench/harness/latency-counts.js";
import { REPORT_SCHEMA } from "../../../bench/harness/report-schema.js";
import type { LatencyUs } from "../../../bench/harness/latency.js";
import type { Report, Result, RunValues, SeriesPoint } from "../../../bench/harness/report-schema.js";
import type { Params } from "../../../bench/harness/workload.js";

/** Latencies around `middleUs` with a long tail, the same every time. */
export const latencies = (middleUs: number, count = 2_000): number[] =>
  Array.from({ length: count }, (_, i) => middleUs * (0.7 + 0.06 / (1.0004 - i / count) ** 0.8));

const series = (opsPerSecond: number, p99: number): SeriesPoint[] =>
  Array.from({ length: 8 }, (_, i) => ({
    atMs: i * 500,
    operations: Math.round((opsPerSecond / 2) * (1 + 0.05 * Math.sin(i))),
    errors: 0,
    p50: p99 / 3,
    p99: p99 * (1 + 0.2 * Math.cos(i * 2)),
    max: p99 * 2,
  }));

/** One run whose operations take around `middleUs`. */
export const sampleRun = (middleUs: number, opsPerSecond: number, params: Params): RunValues => {
  const service = countLatencies(latencies(middleUs));
  const response = countLatencies(latencies(middleUs * 2));
  return {
    opsPerSecond,
    serviceTimeUs: summaryOf(service),
    serviceHdr: encodeHdr(service),
    ...(params.mode === "open"
      ? {
          responseTimeUs: summaryOf(response),
          responseHdr: encodeHdr(response),
          schedule: {
            arrivals: 2_010,
            lagUs: summaryOf(countLatencies(latencies(middleUs / 10))),
            lateCount: 7,
            droppedCount: 3,
          },
        }
      : {}),
    clientCpuUsPerOp: middleUs / 10,
    errors: 0,
    operationCount: 2_000,
    elapsedMs: 4_000,
    series: series(opsPerSecond, summaryOf(service).p99),
    diagnosis: {
      eventLoopDelayP99Ms: 1.5,
      gcMs: 12,
      clientCpuShare: 0.9,
      serverCpuCores: 0.8,
      inFlightMax: params.concurrency ?? 1,
      bottleneck: "client",
      reason: "one client process uses 90 % of a core",
    },
  };
};

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

export const sampleResult = (
  workload: string,
  system: string,
  params: Params,
  middleUs: number,
  opsPerSecond: number,
): Result => {
  const runs = [1, 1.02, 0.97].map((factor) => sampleRun(middleUs / factor, opsPerSecond * factor, params));
  const summary = (times: (run: RunValues) => LatencyUs | undefined): LatencyUs => {
    const all = runs.flatMap((run) => times(run) ?? []);
    const middle = (name: keyof LatencyUs): number => median(all.map((each) => each[name]));
    return {
      p50: middle("p50"),
      p90: middle("p90"),
      p99: middle("p99"),
      p999: middle("p999"),
      max: Math.max(...all.map(({ max }) => max)),
    };
  };
  return {
    workload,
    system,
    params,
    opsPerSecond: median(runs.map((run) => run.opsPerSecond)),
    serviceTimeUs: summary((run) => run.serviceTimeUs),
    ...(params.mode === "open" ? { responseTimeUs: summary((run) => run.responseTimeUs) } : {}),
    clientCpuUsPerOp: median(runs.map((run) => run.clientCpuUsPerOp)),
    errors: 0,
    runs,
  };
};

const acquireRows = [1, 16, 64].flatMap((concurrency) => [
  sampleResult("acquire", "etcdwire", { concurrency }, 180 + concurrency * 20, 5_000 * concurrency ** 0.4),
  sampleResult("acquire", "grpc-js", { concurrency }, 420 + concurrency * 60, 1_900 * concurrency ** 0.3),
  sampleResult("acquire", "go", { concurrency }, 200 + concurrency * 18, 4_800 * concurrency ** 0.42),
]);

/** A closed and an open loop, a bar that was reached and one that was not, a violation, and a system that is not there. */
export const sampleReport: Report = {
  schema: REPORT_SCHEMA,
  environment: {
    cpuModel: "test CPU",
    coreCount: 2,
    memoryBytes: 8 * 2 ** 30,
    os: "test OS",
    nodeVersion: "v20.0.0",
    packageVersion: "0.1.0",
    gitCommit: "abc",
    etcdVersion: "3.6.0",
    memberCount: 1,
    dataFileSystem: "ext4",
    loadAverage: 0.5,
    date: "2026-01-01T00:00:00.000Z",
  },
  configuration: { workloads: ["acquire", "txn"], runCount: 3, seed: 1, intervalMs: 500, cluster: "private" },
  workloads: [
    { name: "acquire", about: "one lock that nobody else wants", shows: "calls", isClosedLoop: true },
    { name: "txn", about: "one transaction", shows: "calls", isClosedLoop: true },
  ],
  results: [
    ...acquireRows,
    sampleResult("txn", "etcdwire", { mode: "open", rate: 500, arrival: "poisson" }, 300, 500),
    sampleResult("txn", "etcd3", { mode: "open", rate: 500, arrival: "poisson" }, 900, 499),
  ],
  ratios: [
    {
      name: "acquire c=64 ops/s: etcdwire / grpc-js",
      value: 3.9,
      min: 3.7,
      max: 4.2,
      bar: { atLeast: 3 },
      isReached: true,
    },
    {
      name: "acquire c=1 p50: etcdwire / go",
      value: 1.2,
      min: 1.1,
      max: 1.3,
      bar: { atMost: 1 },
      isReached: false,
    },
  ],
  values: [{ name: "acquire client CPU", unit: "µs", value: 12, min: 11, max: 13 }],
  unmeasured: [{ workload: "acquire", system: "java", reason: "no mvn on this machine", isMissing: true }],
  violations: ["acquire etcd3 c=1: 2 overlapping holders"],
};
