/**
 * What `--json` writes, version 2: everything that the table, the CSV, the page and the pictures show, and what
 * `compare` reads. All times that are not in another unit by their name are microseconds.
 */
import type { Environment } from "./environment.js";
import type { LatencyUs } from "./latency.js";
import type { Spread } from "./statistics.js";
import type { Bar, Figures, Params, WatchCounts, Workload } from "./workload.js";
import type { FaultOutcome } from "./write-history.js";

/** Grows when a reader of the old form would misread the new one. */
export const REPORT_SCHEMA = 2;

export interface Report {
  readonly schema: typeof REPORT_SCHEMA;
  readonly environment: Environment;
  readonly configuration: Configuration;
  /** What the workloads of `results` are. */
  readonly workloads?: readonly WorkloadText[];
  readonly results: readonly Result[];
  readonly ratios: readonly Ratio[];
  readonly values: readonly Value[];
  /** Systems that have no result, and why. */
  readonly unmeasured: readonly Unmeasured[];
  /** Broken promises of a system, one line each; any of them makes the exit status 3. */
  readonly violations: readonly string[];
}

/** What was asked for: two reports compare if these are the same. */
export interface Configuration {
  readonly workloads: readonly string[];
  /** Undefined: all. */
  readonly systems?: readonly string[];
  /** Only settings with these words; undefined: all. */
  readonly rows?: readonly string[];
  readonly runCount: number;
  /** Of one run; undefined: each workload's own. */
  readonly durationMs?: number;
  readonly warmupMs?: number;
  /** Operations of one run, where it ends by count. */
  readonly operationCount?: number;
  /** Of arrival times and of whatever else is drawn. */
  readonly seed: number;
  readonly maxInFlight?: number;
  readonly latencyLimitMs?: number;
  /** Of the time series. */
  readonly intervalMs: number;
  /** A cluster of the bench's own, or one that was named. */
  readonly cluster: "private" | "external";
  /** It was over too soon for its numbers to mean anything. */
  readonly smoke?: boolean;
  /** Ctrl-C ended it: rows may have fewer runs than `runCount`. */
  readonly interrupted?: boolean;
}

/** A workload in words. */
export interface WorkloadText extends Pick<Workload, "name" | "about" | "shows" | "figures"> {
  /** Whether a row's mode is closed loop where its parameters do not say otherwise: then queueing is hidden. */
  readonly isClosedLoop: boolean;
}

/** One row: medians of the runs, except `max`, which is the largest, and `errors`, which is the sum. */
export interface Result {
  readonly workload: string;
  readonly system: string;
  readonly params: Params;
  readonly opsPerSecond: number;
  readonly serviceTimeUs: LatencyUs;
  /** Of open loops. */
  readonly responseTimeUs?: LatencyUs;
  readonly clientCpuUsPerOp: number;
  readonly errors: number;
  readonly bytesPerOp?: number;
  readonly bulkMiBPerSecond?: number;
  readonly runs: readonly RunValues[];
}

/** One run of one system at one setting. */
export interface RunValues {
  readonly opsPerSecond: number;
  /** From the real start of an operation to its end. */
  readonly serviceTimeUs: LatencyUs;
  /** HdrHistogram V2, compressed, base64, in nanoseconds: `serviceTimeUs` is made of it. */
  readonly serviceHdr?: string;
  /** From the moment at which the arrival schedule wanted the operation to start, to its end. Of open loops. */
  readonly responseTimeUs?: LatencyUs;
  readonly responseHdr?: string;
  readonly schedule?: ScheduleOutcome;
  readonly clientCpuUsPerOp: number;
  readonly errors: number;
  readonly operationCount?: number;
  readonly elapsedMs?: number;
  /** Operations of the run that took longer than `latencyLimitMs`. */
  readonly overLimitCount?: number;
  readonly series?: readonly SeriesPoint[];
  readonly diagnosis?: Diagnosis;
  readonly overlaps?: number;
  readonly tokenDisorders?: number;
  /** Of workloads that count bytes on the JavaScript heap; their service times are all 0. */
  readonly bytesPerOp?: number;
  readonly collections?: number;
  /** Of workloads with a load in the background. */
  readonly bulkMiBPerSecond?: number;
  /** Numbers that few workloads have. */
  readonly figures?: Figures;
  /** Of workloads that watch. */
  readonly watch?: WatchCounts;
  /** Of workloads in which the leader fails. */
  readonly faults?: FaultOutcome;
  readonly lease?: LeaseOutcome;
}

/** How an open loop kept to its schedule, in the measured window. */
export interface ScheduleOutcome {
  readonly arrivals: number;
  /** From the moment an operation was due to the moment it was started. */
  readonly lagUs: LatencyUs;
  /** Started more than a millisecond after they were due. */
  readonly lateCount: number;
  /** Never started: due past the latency limit already, or waiting still for `maxInFlight` when the run ended. */
  readonly droppedCount: number;
  /**
   * Part of the window in which the client processes only looked at the clock for the next arrival, because Node's timers
   * are too coarse. It takes a core's time from whoever else is on the machine, and is in no number of the client's CPU.
   */
  readonly spinShare?: number;
}

/** One interval of a run. */
export interface SeriesPoint {
  /** Its start, since the window's. */
  readonly atMs: number;
  readonly operations: number;
  readonly errors: number;
  /** Response times of an open loop, service times of a closed one, of operations that ended in it; 0 when none did. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Which side was busy in a run. */
export interface Diagnosis {
  /** The largest of the client processes'; undefined where they do not tell (no JavaScript). */
  readonly eventLoopDelayP99Ms?: number;
  /** Garbage collection of all client processes. */
  readonly gcMs?: number;
  /** CPU that one client process used, of one core: the busiest one's. */
  readonly clientCpuShare: number;
  /** CPU of all members, in cores; undefined where their metrics were not reachable. */
  readonly serverCpuCores?: number;
  /** Write-ahead log's fsync, by the members' own histograms: the worst member's. */
  readonly fsyncP99Us?: number;
  readonly inFlightMax?: number;
  readonly bottleneck: "client" | "server" | "storage" | "machine" | "waiting" | "unknown";
  /** Why, in a few words. */
  readonly reason: string;
}

/** What a number had to reach, and what is to be known about it. */
interface Judged extends Spread {
  readonly name: string;
  /** Left out where the number is for reading only. */
  readonly bar?: Bar;
  readonly isReached?: boolean;
  readonly about?: string;
}

/** Median, smallest and largest of the quotients of runs made right after one another. */
export type Ratio = Judged;

/** A number that is no quotient: a row's own, or how far it is above another's. */
export interface Value extends Judged {
  readonly unit: string;
}

/** Of one lease. */
export interface LeaseOutcome {
  /** 0 or 1. */
  readonly lost: number;
  readonly why?: string;
}

/** A system that could not be measured, and why. */
export interface Unmeasured {
  readonly workload: string;
  readonly system: string;
  readonly reason: string;
  /** It needs something that this machine cannot have: no failure of anybody's. */
  readonly isMissing?: boolean;
}
