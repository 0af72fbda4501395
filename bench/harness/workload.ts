/** The words of the harness: what is measured, of whom, and what comes out. */

/** One row of a workload's table is one system at one set of parameters. */
export interface Params {
  /** Operations in flight. */
  readonly concurrency?: number;
  /** Clients that want the same lock. */
  readonly contenders?: number;
  /** How long a holder keeps the lock. */
  readonly holdMs?: number;
  /** Which server the calls go to, where a workload has both. */
  readonly server?: "etcd" | "null";
  /** The small call that is timed. */
  readonly call?: "txn" | "lease" | "keepalive" | "lock";
  /** What moves in the background. */
  readonly bulk?: "none" | "put" | "range";
}

/** `c=64` or `contenders=2 hold=10ms` or `etcd txn bulk=put`: for people and for progress lines. */
export const paramsText = (params: Params): string =>
  [
    params.concurrency === undefined ? [] : [`c=${params.concurrency}`],
    params.contenders === undefined ? [] : [`contenders=${params.contenders}`],
    params.holdMs === undefined ? [] : [`hold=${params.holdMs}ms`],
    params.server ?? [],
    params.call ?? [],
    params.bulk === undefined ? [] : [`bulk=${params.bulk}`],
  ]
    .flat()
    .join(" ");

/** Where a workload's server is. Sent to the agent processes, so it is plain data. */
export interface Target {
  /** `host:port` of each member. */
  readonly endpoints: readonly string[];
  /** `host:port` of a null server, where a workload has it beside an etcd. */
  readonly nullEndpoint?: string;
  /** The authority to trust, as PEM text, where the server speaks TLS. */
  readonly ca?: string;
}

/** How one run goes. Sent to the agent processes. */
export interface RunRequest {
  readonly params: Params;
  readonly warmupMs: number;
  readonly durationMs: number;
  /** The length of this run as a part of the workload's own: for those that count operations and not seconds. */
  readonly share: number;
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
  /** On the JavaScript heap, by all operations of the window. */
  readonly allocatedBytes?: number;
  /** Garbage collections in the window. */
  readonly collections?: number;
  /** Moved in the background during the window. */
  readonly bulkBytes?: number;
}

/** A system under measurement, set up and warm, inside an agent process. */
export interface System {
  run(request: RunRequest): Promise<Measurement>;
  close(): Promise<void>;
}

export type SystemFactory = (target: Target) => Promise<System>;

/** One value of a result that rules are made of. */
export type Metric =
  "opsPerSecond" | "p50" | "p90" | "p99" | "clientCpuUsPerOp" | "bytesPerOp" | "collections";

export type Bar = { readonly atLeast: number } | { readonly atMost: number };

interface Rule {
  readonly name: string;
  readonly metric: Metric;
  readonly system: string;
  readonly params: Params;
  /** Left out where the number is for reading only; `about` says why then. */
  readonly bar?: Bar;
  readonly about?: string;
}

/** A comparison of two rows, by default of two systems at the same parameters, and what it has to reach. */
export interface RatioRule extends Rule {
  readonly against: string;
  readonly againstParams?: Params;
}

/** A value by itself, or what it is above another row's, and what it has to reach. */
export interface ValueRule extends Rule {
  readonly unit: string;
  readonly above?: string;
}

export interface Workload {
  readonly name: string;
  /** One line for `--help`. */
  readonly about: string;
  /** Left out of a run that names no workload. */
  readonly onRequest?: boolean;
  readonly server: "null" | "null-tls" | "etcd" | "etcd-and-null";
  /** Agent processes per system. */
  readonly agentCount: number;
  /** Whether a system has other processes for each of its settings: what one leaves behind is not counted in another. */
  readonly isolatesRows?: boolean;
  /** Node's own options for the agent processes. */
  readonly nodeOptions?: readonly string[];
  /** Length of one run unless `--seconds` says otherwise. */
  readonly seconds: number;
  readonly warmupSeconds: number;
  readonly params: readonly Params[];
  readonly systems: Readonly<Record<string, SystemFactory>>;
  /** Whether a system is run at a setting; all are at all when there is no such function. */
  readonly hasRow?: (system: string, params: Params) => boolean;
  readonly ratios: readonly RatioRule[];
  readonly values?: readonly ValueRule[];
  /** What its table shows: calls and their service times, locks passed on, or bytes per operation. */
  readonly shows: "calls" | "handovers" | "bytes";
}

/**
 * Microseconds on CLOCK_MONOTONIC, which all processes of one machine read alike. As a double it is exact to the
 * nanosecond for the first 104 days of uptime, and to two after that.
 */
export const monotonicUs = (): number => Number(process.hrtime.bigint()) / 1e3;
