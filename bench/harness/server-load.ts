/** What the members say about themselves under `/metrics`: CPU, and how long their disk takes. */
import { readMetrics } from "./metrics.js";
import { monotonicUs } from "./workload.js";
import type { ServerLoad } from "./diagnosis.js";
import type { Target } from "./workload.js";

/** One member at one moment. */
export interface MemberCounts {
  readonly cpuSeconds: number;
  readonly fsync: HistogramCounts;
}

/** A Prometheus histogram: cumulative counts by upper bound, in seconds. */
export interface HistogramCounts {
  readonly buckets: ReadonlyMap<number, number>;
  readonly sum: number;
  readonly count: number;
}

/** All members at one moment. */
export interface ServerCounts {
  readonly atUs: number;
  readonly members: readonly MemberCounts[];
}

const FSYNC = "etcd_disk_wal_fsync_duration_seconds";

/** etcd 3.4 to 3.7 call them the same. */
export const parseMemberCounts = (metrics: string): MemberCounts => {
  let cpuSeconds: number | undefined;
  let sum = 0;
  let count = 0;
  const buckets = new Map<number, number>();
  for (const line of metrics.split("\n")) {
    const value = (): number => Number(line.slice(line.lastIndexOf(" ")));
    if (line.startsWith("process_cpu_seconds_total ")) cpuSeconds = value();
    else if (line.startsWith(`${FSYNC}_sum `)) sum = value();
    else if (line.startsWith(`${FSYNC}_count `)) count = value();
    else if (line.startsWith(`${FSYNC}_bucket{le="`)) {
      const bound = line.slice(`${FSYNC}_bucket{le="`.length, line.indexOf('"}'));
      buckets.set(bound === "+Inf" ? Infinity : Number(bound), value());
    }
  }
  if (cpuSeconds === undefined) throw new Error("these are not the metrics of an etcd");
  return { cpuSeconds, fsync: { buckets, sum, count } };
};

/** What came between two moments. */
const difference = (before: HistogramCounts, after: HistogramCounts): HistogramCounts => ({
  buckets: new Map([...after.buckets].map(([bound, n]) => [bound, n - (before.buckets.get(bound) ?? 0)])),
  sum: after.sum - before.sum,
  count: after.count - before.count,
});

/**
 * As Prometheus's `histogram_quantile` has it: linear within the bucket, and of what is above the last bound that bound.
 * Undefined of nothing.
 */
export const quantileOf = ({ buckets, count }: HistogramCounts, quantile: number): number | undefined => {
  if (count === 0) return undefined;
  const rank = quantile * count;
  let lowerBound = 0;
  let lowerCount = 0;
  for (const [bound, cumulative] of [...buckets].sort(([a], [b]) => a - b)) {
    if (cumulative >= rank) {
      if (bound === Infinity) return lowerBound;
      return lowerBound + ((bound - lowerBound) * (rank - lowerCount)) / (cumulative - lowerCount);
    }
    lowerBound = bound;
    lowerCount = cumulative;
  }
  return lowerBound;
};

/** Undefined when a member was started anew in between: it counts from 0. */
export const serverLoadBetween = (before: ServerCounts, after: ServerCounts): ServerLoad | undefined => {
  const seconds = (after.atUs - before.atUs) / 1e6;
  const members = after.members.map((member, index) => ({
    cpuSeconds: member.cpuSeconds - before.members[index]!.cpuSeconds,
    fsync: difference(before.members[index]!.fsync, member.fsync),
  }));
  if (!(seconds > 0) || members.some(({ cpuSeconds }) => cpuSeconds < 0)) return undefined;
  const cpuCores = members.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0) / seconds;
  const writers = members.filter(({ fsync }) => fsync.count > 0);
  if (writers.length === 0) return { cpuCores };
  return {
    cpuCores,
    fsyncP99Us: 1e6 * Math.max(...writers.map(({ fsync }) => quantileOf(fsync, 0.99)!)),
    fsyncMeanUs: 1e6 * Math.max(...writers.map(({ fsync }) => fsync.sum / fsync.count)),
  };
};

/** Undefined when one of the members does not tell: its share is not known then. */
export const readServerCounts = async (target: Target): Promise<ServerCounts | undefined> => {
  try {
    const atUs = monotonicUs();
    const texts = await Promise.all(target.endpoints.map((endpoint) => readMetrics(target, endpoint)));
    return { atUs, members: texts.map(parseMemberCounts) };
  } catch {
    return undefined;
  }
};
