import { figureHeads, paramsText } from "../harness/workload.js";
import type { LatencyUs } from "../harness/latency.js";
import type { Report, Result, RunValues } from "../harness/report-schema.js";
import type { Figure } from "../harness/workload.js";
import type { FaultOutcome } from "../harness/write-history.js";

type Cell = string | number | undefined;
type Column = readonly [head: string, cell: (run: RunValues, result: Result, runIndex: number) => Cell];

const PERCENTILES = ["p50", "p90", "p99", "p999", "max"] as const satisfies readonly (keyof LatencyUs)[];

const latencyColumns = (name: string, times: (run: RunValues) => LatencyUs | undefined): Column[] =>
  PERCENTILES.map((percentile) => [`${name}_${percentile}_us`, (run) => times(run)?.[percentile]]);

const snakeCase = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const FAULTS = [
  "started",
  "acknowledged",
  "refused",
  "unknown",
  "lost",
  "repeated",
  "refusedApplied",
  "recoveryMs",
] as const satisfies readonly (keyof FaultOutcome)[];

/** New ones go to the end: programs know these by their place, too. */
const columns: readonly Column[] = [
  ["workload", (_, { workload }) => workload],
  ["system", (_, { system }) => system],
  ["params", (_, { params }) => paramsText(params)],
  ["run", (_run, _result, runIndex) => runIndex + 1],
  ["ops_per_second", (run) => run.opsPerSecond],
  ["operations", (run) => run.operationCount],
  ["elapsed_ms", (run) => run.elapsedMs],
  ["errors", (run) => run.errors],
  ...latencyColumns("service", (run) => run.serviceTimeUs),
  ...latencyColumns("response", (run) => run.responseTimeUs),
  ["arrivals", ({ schedule }) => schedule?.arrivals],
  ["late", ({ schedule }) => schedule?.lateCount],
  ["dropped", ({ schedule }) => schedule?.droppedCount],
  ["lag_p99_us", ({ schedule }) => schedule?.lagUs.p99],
  ["over_limit", (run) => run.overLimitCount],
  ["client_cpu_us_per_op", (run) => run.clientCpuUsPerOp],
  ["overlaps", (run) => run.overlaps],
  ["token_disorders", (run) => run.tokenDisorders],
  ["bottleneck", ({ diagnosis }) => diagnosis?.bottleneck],
  ["event_loop_delay_p99_ms", ({ diagnosis }) => diagnosis?.eventLoopDelayP99Ms],
  ["gc_ms", ({ diagnosis }) => diagnosis?.gcMs],
  ["client_cpu_share", ({ diagnosis }) => diagnosis?.clientCpuShare],
  ["server_cpu_cores", ({ diagnosis }) => diagnosis?.serverCpuCores],
  ["fsync_p99_us", ({ diagnosis }) => diagnosis?.fsyncP99Us],
  ["in_flight_max", ({ diagnosis }) => diagnosis?.inFlightMax],
  ["bytes_per_op", (run) => run.bytesPerOp],
  ["collections", (run) => run.collections],
  ["bulk_mib_per_second", (run) => run.bulkMiBPerSecond],
  ["lost_events", ({ watch }) => watch?.lostEvents],
  ["repeated_events", ({ watch }) => watch?.repeatedEvents],
  ["bytes_per_watcher", ({ watch }) => watch?.bytesPerWatcher],
  ...FAULTS.map((name): Column => [`writes_${snakeCase(name)}`, ({ faults }) => faults?.[name]]),
  ["lease_lost", ({ lease }) => lease?.lost],
  ...Object.keys(figureHeads).map((name): Column => [
    snakeCase(name),
    ({ figures }) => figures?.[name as Figure],
  ]),
];

/** Empty where a run has no such number. */
const cellText = (cell: Cell): string => {
  if (cell === undefined) return "";
  if (typeof cell === "number") return Number.isFinite(cell) ? String(cell) : "";
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
};

/** What `--csv` writes: a head, then one line for each run, as RFC 4180 has it; all workloads have the same columns. */
export const toCsv = (report: Report): string => {
  const lines = report.results.flatMap((result) =>
    result.runs.map((run, runIndex) => columns.map(([, cell]) => cellText(cell(run, result, runIndex)))),
  );
  return [columns.map(([head]) => head), ...lines].map((cells) => `${cells.join(",")}\r\n`).join("");
};
