/** The numbers of a run that two reports are compared by, and that `--fail-if` asks for. */
import type { LatencyUs } from "../harness/latency.js";
import type { RunValues } from "../harness/report-schema.js";
import { median, sum } from "../harness/statistics.js";

/** What a number counts, and so what it may be written in. */
export type Unit = "perSecond" | "us" | "bytes" | "count";

export interface RunMetric {
  /** As in `--max-regress` and `--fail-if`. */
  readonly name: string;
  readonly otherNames?: readonly string[];
  readonly unit: Unit;
  readonly better: "higher" | "lower";
  /** Whether `compare` looks at it: the others say much the same, or vary too much to say anything in some runs. */
  readonly isCompared: boolean;
  /** Undefined where a run does not have it. */
  of(run: RunValues): number | undefined;
  /** What becomes of the runs' values in one number. */
  overall(values: readonly number[]): number;
  /** What a share of it, in percent, is a share of. Undefined: it has none. */
  total?(run: RunValues): number | undefined;
}

/**
 * What whoever asked had to wait: of an open loop from when the operation was due, of a closed one from when it was sent.
 * Some workloads have no latencies: all are 0.
 */
const latency = (name: keyof LatencyUs, isCompared: boolean): RunMetric => ({
  name,
  unit: "us",
  better: "lower",
  isCompared,
  of: (run) => (run.responseTimeUs ?? run.serviceTimeUs)[name] || undefined,
  overall: name === "max" ? (values) => Math.max(...values) : median,
});

/** Of the window; the rate tells it where a report does not. */
const operationsOf = ({ operationCount, opsPerSecond, elapsedMs }: RunValues): number | undefined =>
  operationCount ?? (elapsedMs === undefined ? undefined : (opsPerSecond * elapsedMs) / 1e3);

export const runMetrics: readonly RunMetric[] = [
  {
    name: "ops/s",
    otherNames: ["ops", "rate"],
    unit: "perSecond",
    better: "higher",
    isCompared: true,
    of: (run) => run.opsPerSecond,
    overall: median,
  },
  latency("p50", true),
  latency("p90", false),
  latency("p99", true),
  latency("p999", false),
  latency("max", false),
  {
    name: "cpu",
    unit: "us",
    better: "lower",
    isCompared: true,
    of: (run) => run.clientCpuUsPerOp || undefined,
    overall: median,
  },
  {
    name: "bytes/op",
    otherNames: ["bytes"],
    unit: "bytes",
    better: "lower",
    isCompared: true,
    of: (run) => run.bytesPerOp,
    overall: median,
  },
  {
    name: "recovery",
    unit: "us",
    better: "lower",
    isCompared: true,
    // JSON has no Infinity, which is "never".
    of: ({ faults }) =>
      faults === undefined ? undefined : ((faults.recoveryMs as number | null) ?? Infinity) * 1e3,
    overall: median,
  },
  {
    name: "errors",
    unit: "count",
    better: "lower",
    isCompared: true,
    of: (run) => run.errors,
    overall: sum,
    total: (run) => {
      const operations = operationsOf(run);
      return operations === undefined ? undefined : operations + run.errors;
    },
  },
  {
    name: "dropped",
    unit: "count",
    better: "lower",
    isCompared: false,
    of: ({ schedule }) => schedule?.droppedCount,
    overall: sum,
    total: ({ schedule }) => schedule?.arrivals,
  },
  {
    name: "late",
    unit: "count",
    better: "lower",
    isCompared: false,
    of: ({ schedule }) => schedule?.lateCount,
    overall: sum,
    total: ({ schedule }) => schedule?.arrivals,
  },
];

export const metricNamed = (name: string): RunMetric | undefined =>
  runMetrics.find((metric) => metric.name === name || metric.otherNames?.includes(name) === true);

/** For messages about a name that is none. */
export const metricNames = (metrics: readonly RunMetric[] = runMetrics): string =>
  metrics.map(({ name }) => name).join(", ");
