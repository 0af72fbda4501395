/** Which side of a run was busy: what a number means depends on it. A pure function of what both sides have counted. */
import type { Diagnosis } from "./report-schema.js";
import type { Measurement } from "./workload.js";

/** What the members have counted between the start and the end of a run, warm-up included. */
export interface ServerLoad {
  /** CPU of all members, in cores. */
  readonly cpuCores: number;
  /** Of the member with the slowest: undefined where nothing was written. */
  readonly fsyncP99Us?: number;
  readonly fsyncMeanUs?: number;
}

/** What is known of one run. */
export interface RunFacts {
  readonly parts: readonly Measurement[];
  /** Undefined where the members' metrics cannot be read, or there are none. */
  readonly server: ServerLoad | undefined;
  /** Median service time, to which an fsync is compared. */
  readonly p50Us: number;
  readonly holdMs: number | undefined;
  readonly coreCount: number;
  /** Of all cores, whoever used them. */
  readonly machineBusyShare: number;
  /** Whether the members take their CPU time from the clients' machine. */
  readonly sharesMachine: boolean;
}

/** Of one core: a client process has one thread for JavaScript, and from here on calls wait for it. */
const CLIENT_BUSY_SHARE = 0.85;
/** Of all cores: the rest is what the scheduler loses between processes. */
const MACHINE_BUSY_SHARE = 0.9;
/** Of the median service time. Two commits in a row are two fsyncs, so a store that waits for its disk shows half. */
const FSYNC_SHARE = 0.3;

/** Two digits: these are not known to more. */
const number = (value: number): string => String(Number(value.toPrecision(2)));
const percent = (share: number): string => `${Math.round(share * 100)} %`;

const maximum = (values: readonly number[]): number | undefined =>
  values.length === 0 ? undefined : Math.max(...values);

/** Of agents that measured something: others only kept a lock, or wrote beside them. */
const isClient = ({ elapsedMs, cpuUs }: Measurement): boolean => elapsedMs > 0 && cpuUs > 0;

/** Undefined for a run without a window, which bytes and the like are counted in. */
export const diagnose = (facts: RunFacts): Diagnosis | undefined => {
  const { server } = facts;
  const clients = facts.parts.filter(isClient);
  if (clients.length === 0) return undefined;
  const shares = clients.map(({ cpuUs, elapsedMs }) => cpuUs / (elapsedMs * 1e3));
  const clientCpuShare = Math.max(...shares);
  const delays = clients.flatMap(({ eventLoopDelayP99Ms }) => eventLoopDelayP99Ms ?? []);
  const gcs = clients.flatMap(({ gcMs }) => gcMs ?? []);
  const eventLoopDelayP99Ms = maximum(delays);
  const gcMs = gcs.length === 0 ? undefined : gcs.reduce((sum, ms) => sum + ms, 0);
  const inFlights = clients.flatMap(({ inFlightMax }) => inFlightMax ?? []);
  const verdict = judge(
    facts,
    clientCpuShare,
    shares.reduce((sum, share) => sum + share, 0),
  );
  return {
    ...(eventLoopDelayP99Ms === undefined ? {} : { eventLoopDelayP99Ms }),
    ...(gcMs === undefined ? {} : { gcMs }),
    clientCpuShare,
    ...(server === undefined ? {} : { serverCpuCores: server.cpuCores }),
    ...(server?.fsyncP99Us === undefined ? {} : { fsyncP99Us: server.fsyncP99Us }),
    ...(inFlights.length === 0 ? {} : { inFlightMax: inFlights.reduce((sum, count) => sum + count, 0) }),
    ...verdict,
  };
};

/**
 * The order is that of certainty: a machine without a core to spare slows all of them, whoever of them is at its own limit;
 * a client with its one thread full waits for nobody else; then the disk; and what is left is time in which nobody works.
 */
const judge = (
  { server, p50Us, holdMs, coreCount, machineBusyShare, sharesMachine }: RunFacts,
  clientCpuShare: number,
  clientCores: number,
): Pick<Diagnosis, "bottleneck" | "reason"> => {
  const limit = MACHINE_BUSY_SHARE * coreCount;
  const client = `busiest client ${percent(clientCpuShare)} of a core`;
  const serverHere = sharesMachine ? server?.cpuCores : undefined;
  if (serverHere !== undefined && serverHere >= limit)
    return { bottleneck: "server", reason: `etcd uses ${number(serverHere)} of ${coreCount} cores` };
  // One busy client alone is no busy machine, where that is the only core.
  const isFull = machineBusyShare >= MACHINE_BUSY_SHARE || clientCores + (serverHere ?? 0) >= limit;
  if (isFull && (coreCount > 1 || clientCpuShare < CLIENT_BUSY_SHARE)) {
    const etcd = serverHere === undefined ? "" : `, etcd ${number(serverHere)}`;
    // A null server's process is one of them.
    const others = machineBusyShare * coreCount - clientCores - (serverHere ?? 0);
    const rest = others > 1 - MACHINE_BUSY_SHARE ? `, other processes ${number(others)}` : "";
    return {
      bottleneck: "machine",
      reason: `all ${coreCount} cores are busy: clients ${number(clientCores)}${etcd}${rest}`,
    };
  }
  if (clientCpuShare >= CLIENT_BUSY_SHARE) return { bottleneck: "client", reason: client };
  const { fsyncMeanUs } = server ?? {};
  if (fsyncMeanUs !== undefined && p50Us > 0 && fsyncMeanUs >= FSYNC_SHARE * p50Us)
    return {
      bottleneck: "storage",
      reason: `an fsync takes ${number(fsyncMeanUs)} of ${number(p50Us)} µs`,
    };
  if (server === undefined)
    return { bottleneck: "unknown", reason: `${client}; the server's side is not known` };
  const busy = `${client}, etcd ${number(server.cpuCores)} cores`;
  if (!sharesMachine) return { bottleneck: "unknown", reason: `${busy}; how many it has is not known` };
  return holdMs !== undefined && holdMs > 0
    ? { bottleneck: "waiting", reason: `locks are held for ${holdMs} ms: ${busy}` }
    : { bottleneck: "waiting", reason: `round trips, with nobody busy: ${busy}` };
};
