/** The words of the harness: what is measured, of whom, and what comes out. */

/** Members of an etcd that the bench starts. */
export type MemberCount = 1 | 3;

/** One row of a workload's table is one system at one set of parameters. */
export interface Params {
  /** Operations start when a schedule says so, whatever became of others. Left out: closed loop. */
  readonly mode?: "open";
  /** Of an open loop: operations per second, of all agents together. */
  readonly rate?: number;
  /** Of an open loop: one after the other at equal distances, or as independent users come. */
  readonly arrival?: "uniform" | "poisson";
  /** Names or keys that operations are spread over. */
  readonly keys?: number;
  /** Of leases. */
  readonly ttlSeconds?: number;
  /** Of the values that are written. */
  readonly valueBytes?: number;
  /** What a Txn is made of, of those that the workload `txn` has. */
  readonly mix?: string;
  /** Operations in flight. */
  readonly concurrency?: number;
  /** Clients that want the same lock. */
  readonly contenders?: number;
  /** Processes that the contenders are spread over. */
  readonly processes?: number;
  /** How long a holder keeps the lock. */
  readonly holdMs?: number;
  /** Members of the row's own etcd, whatever the command line says. */
  readonly members?: MemberCount;
  /** Puts per second that a process of its own makes meanwhile, to keys that have nothing to do with the locks. */
  readonly foreignWrites?: number;
  /** Locks that the client holds meanwhile. */
  readonly locks?: number;
  /** Acquires that wait. */
  readonly waiters?: number;
  /** Which server the calls go to, where a workload has both. */
  readonly server?: "etcd" | "null";
  /** The call that is timed. */
  readonly call?: "txn" | "lease" | "keepalive" | "lock" | "get" | "put" | "delete";
  /** What moves in the background. */
  readonly bulk?: "none" | "put" | "range";
  /** Open on one client. */
  readonly watchers?: number;
  /** What is written while they watch: nothing, one key every few milliseconds, or all that etcd takes. */
  readonly load?: "idle" | "paced" | "full";
  /** What happens to the leader: SIGKILL; SIGSTOP until the run is over; SIGSTOP for nine seconds. */
  readonly fault?: "kill" | "stop" | "freeze";
  /** etcd's election timeout and heartbeat: 1000 and 100 ms, or 200 and 20. */
  readonly elections?: "default" | "short";
}

/** `c=64` or `contenders=2 hold=10ms` or `etcd txn bulk=put`: for people, for progress lines and for `--rows`. */
export const paramsText = (params: Params): string =>
  [
    params.mode === undefined ? [] : [params.mode],
    params.rate === undefined ? [] : [`rate=${params.rate}/s`],
    params.arrival === undefined ? [] : [params.arrival],
    params.concurrency === undefined ? [] : [`c=${params.concurrency}`],
    params.keys === undefined ? [] : [`keys=${params.keys}`],
    params.ttlSeconds === undefined ? [] : [`ttl=${params.ttlSeconds}s`],
    params.mix ?? [],
    params.valueBytes === undefined ? [] : [`value=${params.valueBytes}B`],
    params.contenders === undefined ? [] : [`contenders=${params.contenders}`],
    params.processes === undefined ? [] : [`processes=${params.processes}`],
    params.holdMs === undefined ? [] : [`hold=${params.holdMs}ms`],
    params.members === undefined ? [] : [`members=${params.members}`],
    params.foreignWrites === undefined ? [] : [`writes=${params.foreignWrites}/s`],
    params.locks === undefined ? [] : [`locks=${params.locks}`],
    params.waiters === undefined ? [] : [`waiters=${params.waiters}`],
    params.server ?? [],
    params.call ?? [],
    params.bulk === undefined ? [] : [`bulk=${params.bulk}`],
    params.watchers === undefined ? [] : [`watchers=${params.watchers}`],
    params.load === undefined ? [] : [`load=${params.load}`],
    params.fault === undefined ? [] : [`fault=${params.fault}`],
    params.elections === undefined ? [] : [`elections=${params.elections}`],
  ]
    .flat()
    .join(" ");

/** Where a workload's server is. Sent to the agent processes, so it is plain data. */
export interface Target {
  /** `host:port` of each member. */
  readonly endpoints: readonly string[];
  /** `host:port` of a null server, where a workload has it beside an etcd. */
  readonly nullEndpoint?: string;
  /** `host:port` of the Redis that a system has instead of an etcd. */
  readonly redisEndpoint?: string;
  /** The server speaks TLS; that there is a `ca` says so too. */
  readonly isTls?: boolean;
  /** The authority to trust, as PEM text; without it, those that Node knows. */
  readonly ca?: string;
  /** The client's certificate and its key, as PEM text, where the server wants one. */
  readonly cert?: string;
  readonly key?: string;
  readonly insecureSkipVerify?: boolean;
  readonly auth?: { readonly user: string; readonly password: string };
}

export const isTls = ({ isTls, ca }: Target): boolean => isTls === true || ca !== undefined;

/** For peers here that have no way to a user with a password: they are listed, and no failure. */
export const requireNoUser = ({ auth }: Target, system: string): void => {
  if (auth !== undefined)
    throw new PeerMissingError(`${system} is measured on clusters without users and passwords only`);
};

/** The same for peers that have no way to TLS either. */
export const plainEndpoints = (target: Target, system: string): readonly string[] => {
  if (isTls(target)) throw new PeerMissingError(`${system} is measured on clusters without TLS only`);
  requireNoUser(target, system);
  return target.endpoints;
};

/** What a command line may change about a workload; each is a parameter of its rows. */
export type Knob =
  "mode" | "concurrency" | "contenders" | "processes" | "keys" | "holdMs" | "ttlSeconds" | "valueBytes";

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
  /** This agent's number and how many there are in this run. */
  readonly agentIndex: number;
  readonly agentCount: number;
  /** Where this run's servers are, if they are others than the workload's. */
  readonly target?: Target;
  readonly load: LoadSettings;
}

/** How the operations of a run are made, whatever they are. */
export interface LoadSettings {
  /** Of arrival times and of whatever else a run draws. */
  readonly seed: number;
  /** Of the time series. */
  readonly intervalMs: number;
  /** Operations of the measured window, of all agents together, after which a run ends before its time. */
  readonly operationCount?: number;
  /** Of one agent in an open loop: an arrival that finds so many under way waits for one of them to end. */
  readonly maxInFlight?: number;
  /** Operations that take longer are counted; those of an open loop that are past it before they could start, dropped. */
  readonly latencyLimitMs?: number;
}

/** One holder's time with a lock, on the clock that all processes of a machine share. */
export interface Hold {
  /** Whose it was, by a number: who gets the lock again itself has not handed it over. Left out where nobody can tell. */
  readonly holder?: number;
  /** The lock's number, where a run has several. */
  readonly name?: number;
  /** For fencing. Left out where a system's locks have none. */
  readonly token?: number | undefined;
  /** When the acquire call returned. */
  readonly acquiredUs: number;
  /** When the release call was made: from here on the holder claims nothing. */
  readonly releasedUs: number;
}

/** One write of an open loop, on the clock that all processes of a machine share. */
export interface Write {
  readonly startedUs: number;
  readonly endedUs: number;
  /** As the client told its caller: it is in the store; it is not and never will be; nobody knows. */
  readonly outcome: "acknowledged" | "refused" | "unknown";
  /** In a word, unless it was acknowledged. */
  readonly reason?: string;
}

/** What one client's watchers were sent, from the first to the last event of a run. */
export interface WatchCounts {
  /** Versions of a key that its watcher never saw. */
  readonly lostEvents: number;
  /** Versions that it saw twice, or after a later one. */
  readonly repeatedEvents: number;
  /** Heap and external memory that so many idle watchers take, each. */
  readonly bytesPerWatcher?: number;
}

/** What came of the writes that were to disturb. */
export interface ForeignWrites {
  /** All that were asked for, warm-up included. */
  readonly count: number;
  /** Acknowledged in the window. */
  readonly perSecond: number;
}

/** Numbers that few workloads have, by name, and what their columns are called. */
export const figureHeads = {
  requestsPerOp: "requests/op",
  eventsPerOp: "events/op",
  revisionsPerOp: "revisions/op",
  foreignWritesPerSecond: "foreign writes/s",
  outOfOrder: "out of order",
  bytesPerLock: "bytes/lock",
  bytesPerWaiter: "bytes/waiter",
  renewalsPerSecond: "renewals/s",
  lostWrites: "lost",
  repeatedWrites: "repeated",
} as const;

export type Figure = keyof typeof figureHeads;
export type Figures = Readonly<Partial<Record<Figure, number>>>;

/** What the servers of a workload have counted since they were started, all members together. */
export interface ServerCounters {
  /** Messages that clients sent: unary calls, watches created and cancelled, renewals. */
  readonly requests: number;
  /** Events sent to watchers, each watcher's counted. */
  readonly events: number;
  /** The store's revision, no sum. */
  readonly revision: number;
}

/**
 * Latencies counted in the buckets of an HDR histogram of nanoseconds, three digits, up to a minute: only those buckets
 * that have any, as pairs of arrays. Counts of several agents add up.
 */
export interface LatencyCounts {
  readonly buckets: Uint32Array;
  readonly counts: Float64Array;
}

/** One interval of one agent. */
export interface SeriesCounts {
  readonly atMs: number;
  readonly operations: number;
  readonly errors: number;
  /** Response times of an open loop, service times of a closed one, of operations that ended in it. */
  readonly times: LatencyCounts;
}

/** What one agent saw in one run. Sent back from the agent process. */
export interface Measurement {
  /** Completed without error inside the measured window. */
  readonly operationCount: number;
  /** The measured window, warm-up left out. */
  readonly elapsedMs: number;
  /** One per completed operation; empty where the latency is computed from `holds`, or counted in `serviceTimes`. */
  readonly latenciesUs: Float32Array;
  /** Instead of `latenciesUs`, where there may be millions. */
  readonly serviceTimes?: LatencyCounts;
  /** Of open loops: from when an operation was due. */
  readonly responseTimes?: LatencyCounts;
  /** Of open loops: from when an operation was due to its start. */
  readonly lags?: LatencyCounts;
  readonly arrivals?: number;
  readonly lateCount?: number;
  readonly droppedCount?: number;
  /** Longer than `latencyLimitMs`. */
  readonly overLimitCount?: number;
  readonly inFlightMax?: number;
  /** Of open loops: time in which the event loop only looked at the clock for the next arrival. Not in `cpuUs`. */
  readonly spinUs?: number;
  /** Of this agent alone, interval by interval. */
  readonly series?: readonly SeriesCounts[];
  /** Of the agent's process in the window. */
  readonly eventLoopDelayP99Ms?: number;
  readonly gcMs?: number;
  /** CPU time of the agent's process in the window, user and system. */
  readonly cpuUs: number;
  readonly errorCount: number;
  /** The first error, for people. */
  readonly errorText?: string | undefined;
  /** All operations of the run, warm-up, failures and those after the window included: what the server's counters saw. */
  readonly totalCount?: number;
  /** Numbers that few workloads have. */
  readonly figures?: Figures;
  /** Of the agent that makes `foreignWrites`. */
  readonly foreignWrites?: ForeignWrites;
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
  /** All of an open loop, in the order in which they were started: number i wrote key i. */
  readonly writes?: readonly Write[];
  /** Why the lease that the agent held is lost, by its client's word; empty when it is not. */
  readonly leaseLoss?: string;
  readonly watch?: WatchCounts;
}

/** What the bench's own process did to the servers in a run, and what it found in the store afterwards. */
export interface Witness {
  /** Before the signal was sent. */
  readonly signalledUs: number;
  /** After the process was seen to be gone, or frozen: what is answered from then on, another member has answered. */
  readonly goneUs: number;
  /** Of each written key, by the write's number: its `version`. */
  readonly versions: ReadonlyMap<number, number>;
  /** Whether the key of the agent's lease is there. */
  readonly leaseIsAlive: boolean;
}

/** What is known of a run before its moment comes. */
export type RunSetup = Omit<RunRequest, "startAtUs">;

/** A system under measurement, set up and warm, inside an agent process. */
export interface System {
  /** Makes ready what a run needs that was not there before. Takes as long as it takes. */
  prepare?(setup: RunSetup): Promise<void>;
  run(request: RunRequest): Promise<Measurement>;
  close(): Promise<void>;
}

export type SystemFactory = (target: Target) => Promise<System>;

/** A server that one system alone is measured against: started before its agents are opened, closed after them. */
export interface Provision {
  /** What its agents are told besides the workload's own. */
  readonly target: Partial<Target>;
  close(): Promise<void>;
}

// eslint-disable-next-line @typescript-eslint/no-invalid-void-type -- a program that is built, as most needs are, gives nothing
export type Need = (log: (line: string) => void) => Promise<Provision | void>;

/** One value of a result that rules are made of. */
export type Metric =
  | "opsPerSecond"
  | "p50"
  | "p90"
  | "p99"
  | "clientCpuUsPerOp"
  | "bytesPerOp"
  | "collections"
  | "bytesPerWatcher"
  | "recoveryMs"
  | "unknownPercent"
  | "leasesLost"
  | Figure;

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
  /** What becomes of the runs' values, where one bad run is not to be outvoted: their mean or sum. Default: median. */
  readonly over?: "mean" | "sum";
}

export interface Workload {
  readonly name: string;
  /** One line for `--help`. */
  readonly about: string;
  /** Left out of a run that names no workload. */
  readonly onRequest?: boolean;
  readonly server: "null" | "null-tls" | "etcd" | "etcd-and-null" | "failing-etcd";
  /** Members of its etcd, whatever the command line says. */
  readonly memberCount?: MemberCount;
  /** Agent processes per system; a row of a system uses the first of them. */
  readonly agentCount: number | ((params: Params, system: string) => number);
  /**
   * What a system needs that is not part of the package: found or built in the bench's own process before its agents are
   * opened, however long that takes. `PeerMissingError` says that this machine cannot have it.
   */
  readonly needs?: Readonly<Record<string, Need>>;
  /** Whether a system has other processes for each of its settings: what one leaves behind is not counted in another. */
  readonly isolatesRows?: boolean;
  /** Node's own options for the agent processes. */
  readonly nodeOptions?: readonly string[];
  /** Length of one run unless `--duration` says otherwise. */
  readonly seconds: number;
  readonly warmupSeconds: number;
  /** What a short run's warm-up, which is shorter too, may not go below. Default: 0. */
  readonly warmupMinSeconds?: number;
  readonly params: readonly Params[];
  /** Those of `params` that a run has which names no workload; all when left out. */
  readonly headlineParams?: readonly Params[];
  /** Which systems such a run has at a setting, of those that `hasRow` has; all when there is no such function. */
  readonly isHeadline?: (system: string, params: Params) => boolean;
  /** Settings besides `params` that are run when `--rows` asks for them. */
  readonly moreParams?: readonly Params[];
  /** What the command line may set: rows are then made of all combinations of what it says. Others refuse it. */
  readonly knobs?: readonly Knob[];
  /** Systems with a loop of their own: closed, and ended by the clock. They have no rows of open loops, nor by count. */
  readonly ownLoops?: readonly string[];
  /** Whether it can run on a cluster that others use: not if it needs to stop members, or a null server. Default: true for "etcd". */
  readonly onAnyCluster?: boolean;
  readonly systems: Readonly<Record<string, SystemFactory>>;
  /** What a smoke run has time for, of `params` or others; all of `params` when left out. */
  readonly smokeParams?: readonly Params[];
  /** Whether a system is run at a setting; all are at all when there is no such function. */
  readonly hasRow?: (system: string, params: Params) => boolean;
  /** How many runs a row gets for each run that was asked for; 1 when there is no such function. */
  readonly repeats?: (system: string, params: Params) => number;
  /** Whether the server's counters are read before and after each run: `requestsPerOp`, `eventsPerOp`, `revisionsPerOp`. */
  readonly countsRequests?: boolean;
  /** Figures that have a column. */
  readonly figures?: readonly Figure[];
  /** Figures that are a violation unless they are 0. */
  readonly zeroFigures?: readonly Figure[];
  /** Systems whose lost and repeated writes are for reading and no violation, because they do not promise otherwise. */
  readonly promiseless?: readonly string[];
  readonly ratios: readonly RatioRule[];
  readonly values?: readonly ValueRule[];
  /**
   * What its table shows: calls and their service times, locks passed on, bytes per operation, events of puts or what a
   * leader proclaims and their delivery, or what became of writes and leases while a member failed.
   */
  readonly shows: "calls" | "handovers" | "bytes" | "events" | "proclamations" | "faults";
}

/** Settings, each once, in the order of their first. */
export const distinctSettings = (settings: readonly Params[]): Params[] => [
  ...new Map(settings.map((setting) => [paramsText(setting), setting])).values(),
];

/** All settings that a workload is ever run at. */
export const settingsOf = ({
  params,
  moreParams = [],
  smokeParams = [],
}: Pick<Workload, "params" | "moreParams" | "smokeParams">): Params[] =>
  distinctSettings([...params, ...moreParams, ...smokeParams]);

export const agentCountOf = ({ agentCount }: Workload, params: Params, system: string): number =>
  typeof agentCount === "number" ? agentCount : agentCount(params, system);

/** Of a workload's `needs`: this machine has no way to it. A system that lacks it is listed, and no failure. */
export class PeerMissingError extends Error {
  override name = "PeerMissingError";
}

/** Node's words for a package that nobody has installed; `etcd3` and the like are not dependencies of ours. */
const MISSING_PACKAGE = /^Cannot find package '([^']+)'/;

/** The same error, or, where it is that a system's package is not installed, that the system is missing. */
export const missingIfNotInstalled = (error: unknown): unknown => {
  const [, name] = (error instanceof Error ? MISSING_PACKAGE.exec(error.message) : null) ?? [];
  return name === undefined ? error : new PeerMissingError(`the package ${name} is not installed`);
};

/**
 * Microseconds on CLOCK_MONOTONIC, which all processes of one machine read alike. As a double it is exact to the
 * nanosecond for the first 104 days of uptime, and to two after that.
 */
export const monotonicUs = (): number => Number(process.hrtime.bigint()) / 1e3;
