/** The words of the harness: what is measured, of whom, and what comes out. */

/** One row of a workload's table is one system at one set of parameters. */
export interface Params {
  /** Operations in flight. */
  readonly concurrency?: number;
  /** Clients that want the same lock. */
  readonly contenders?: number;
  /** How long a holder keeps the lock. */
  readonly holdMs?: number;
}

/** `c=64` or `contenders=2 hold=10ms`: for people and for progress lines. */
export const paramsText = (params: Params): string =>
  [
    params.concurrency === undefined ? [] : [`c=${params.concurrency}`],
    params.contenders === undefined ? [] : [`contenders=${params.contenders}`],
    params.holdMs === undefined ? [] : [`hold=${params.holdMs}ms`],
  ]
    .flat()
    .join(" ");

/** Where a workload's server is. Sent to the agent processes, so it is plain data. */
export interface Target {
  /** `host:port` of each member. */
  readonly endpoints: readonly string[];
}

/** How one run goes. Sent to the agent processes. */
export interface RunRequest {
  readonly params: Params;
  readonly warmupMs: number;
  readonly durationMs: number;
  /** Different for every run, so that names of one run never meet those of another. */
  readonly runId: string;
  /** When all agents of the run begin, on `monotonicUs()`: they are separate processes. */
  readonly startAtUs: number;
  /** This agent's number and how many there are. */
  readonly agentIndex: number;
  readonly agentCount: number;
}

/** One holder's time with a lock, on the clock that all processes of a machine share. */
export interface Hold {
  readonly token: number;
  /** When the acquire call returned. */
  readonly acquiredUs: number;
  /** When the release call was made: from here on the holder claims nothing. */
  readonly releasedUs: number;
}

/** What one agent saw in one run. Sent back from the agent process. */
export interface Measurement {
  /** Completed without error inside the measured window. */
  readonly operationCount: number;
  /** The measured window, warm-up left out. */
  readonly elapsedMs: number;
  /** One per completed operation; empty where the latency is computed from `holds`. */
  readonly latenciesUs: Float32Array;
  /** CPU time of the agent's process in the window, user and system. */
  readonly cpuUs: number;
  readonly errorCount: number;
  /** The first error, for people. */
  readonly errorText?: string | undefined;
  /** All of them, warm-up included: mutual exclusion has no warm-up. */
  readonly holds?: readonly Hold[];
  /** `holds` acquired before this are warm-up. */
  readonly windowStartUs?: number;
  readonly windowEndUs?: number;
}

/** A system under measurement, set up and warm, inside an agent process. */
export interface System {
  run(request: RunRequest): Promise<Measurement>;
  close(): Promise<void>;
}

export type SystemFactory = (target: Target) => Promise<System>;

/** One value of a result that ratios are made of. */
export type Metric = "opsPerSecond" | "p50" | "p90" | "p99" | "clientCpuUsPerOp";

/** A comparison of two systems at the same parameters, and what it has to reach. */
export interface RatioRule {
  readonly name: string;
  readonly metric: Metric;
  readonly system: string;
  readonly against: string;
  readonly params: Params;
  readonly bar: { readonly atLeast: number } | { readonly atMost: number };
}

export interface Workload {
  readonly name: string;
  /** One line for `--help`. */
  readonly about: string;
  readonly server: "null" | "etcd";
  /** Agent processes per system. */
  readonly agentCount: number;
  /** Length of one run unless `--seconds` says otherwise. */
  readonly seconds: number;
  readonly warmupSeconds: number;
  readonly params: readonly Params[];
  readonly systems: Readonly<Record<string, SystemFactory>>;
  readonly ratios: readonly RatioRule[];
}

/**
 * Microseconds on CLOCK_MONOTONIC, which all processes of one machine read alike. As a double it is exact to the
 * nanosecond for the first 104 days of uptime, and to two after that.
 */
export const monotonicUs = (): number => Number(process.hrtime.bigint()) / 1e3;
