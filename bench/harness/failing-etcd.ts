import { setTimeout as sleep } from "node:timers/promises";
import { EtcdCluster } from "../../src/testing/index.js";
import type { EtcdMember } from "../../src/testing/index.js";
import { leaderSeenBy, readVersions } from "../peers/grpc-js-store.js";
import type { EtcdEnvironment } from "./environment.js";
import { FREEZE_MS, leaseKey, writePrefix } from "./failover-scene.js";
import type { PlannedRun } from "./plan.js";
import { monotonicUs } from "./workload.js";
import type { Params, RunRequest, Target, Witness } from "./workload.js";

const HEALTHY_TIMEOUT_MS = 30_000;
const HEALTHY_POLL_MS = 50;
/** For requests that a frozen member still has in its sockets when it is let go: what they do, they do now. */
const SETTLE_MS = 300;

/** One run's servers, and what happens to them. */
export interface Attendant {
  readonly target: Target;
  /**
   * Lets the leader fail at the end of the run's warm-up, brings it back when the agents have ended, waits until all members
   * follow one leader, and reads what is in the store.
   */
  attend(request: RunRequest, agentsEnded: Promise<unknown>): Promise<Witness>;
}

/** Clusters of three for one workload, each started when it is first asked for. */
export interface FailingEtcd {
  readonly target: Target;
  attendRun(planned: PlannedRun): Promise<Attendant>;
  close(): Promise<void>;
}

const waitUntilHealthy = async ({ endpoints }: EtcdCluster, closing: AbortSignal): Promise<void> => {
  const endMs = performance.now() + HEALTHY_TIMEOUT_MS;
  for (;;) {
    const leaders = await Promise.all(
      endpoints.map((endpoint) => leaderSeenBy(endpoint).catch((error: unknown) => error)),
    );
    const [first] = leaders;
    if (typeof first === "string" && first !== "0" && leaders.every((leader) => leader === first)) return;
    if (performance.now() > endMs) {
      throw new Error(
        `the members do not follow one leader after ${HEALTHY_TIMEOUT_MS} ms: ${leaders.join(", ")}`,
      );
    }
    await sleep(HEALTHY_POLL_MS, undefined, { signal: closing });
  }
};

const strike = (leader: EtcdMember, fault: Params["fault"]): Promise<void> =>
  fault === "kill" ? leader.kill() : leader.pause();

const bringBack = async (leader: EtcdMember): Promise<void> => {
  if (leader.state === "paused") leader.resume();
  else if (leader.state === "stopped") await leader.restart();
};

const makeAttendant = async (
  cluster: EtcdCluster,
  fault: Params["fault"],
  closing: AbortSignal,
): Promise<Attendant> => {
  await waitUntilHealthy(cluster, closing);
  const leader = await cluster.leader();
  const followers = cluster.endpoints.filter((endpoint) => endpoint !== leader.endpoint);
  return {
    target: { endpoints: [leader.endpoint, ...followers] },
    attend: async ({ startAtUs, warmupMs, runId, share }, agentsEnded) => {
      // Whatever becomes of them: the members are brought back in any case.
      const ended = agentsEnded.catch(() => {});
      try {
        await sleep((startAtUs - monotonicUs()) / 1e3 + warmupMs, undefined, { signal: closing });
        const signalledUs = monotonicUs();
        await strike(leader, fault);
        const goneUs = monotonicUs();
        if (fault === "freeze") {
          await sleep(FREEZE_MS * Math.min(1, share), undefined, { signal: closing });
          await bringBack(leader);
        }
        await ended;
        closing.throwIfAborted();
        await bringBack(leader);
        await waitUntilHealthy(cluster, closing);
        await sleep(SETTLE_MS);
        const back = (await cluster.leader()).endpoint;
        const versions = await readVersions(back, writePrefix(runId));
        const leases = await readVersions(back, leaseKey(runId));
        return { signalledUs, goneUs, versions, leaseIsAlive: leases.size > 0 };
      } finally {
        if (!closing.aborted) await bringBack(leader);
      }
    },
  };
};

export const openFailingEtcd = ({
  log,
  onEnvironment,
}: {
  readonly log: (line: string) => void;
  readonly onEnvironment: (environment: EtcdEnvironment) => void;
}): FailingEtcd => {
  const closing = new AbortController();
  const clusters = new Map<Params["elections"], Promise<EtcdCluster>>();
  const start = async (elections: Params["elections"]): Promise<EtcdCluster> => {
    const cluster = await EtcdCluster.start({ members: 3, shortElections: elections === "short", log });
    onEnvironment({
      etcdVersion: cluster.version,
      memberCount: 3,
      dataFileSystem: cluster.dataFileSystem,
      etcdIsHere: true,
    });
    return cluster;
  };
  return {
    // Each run has its own.
    target: { endpoints: [] },
    attendRun: async ({ params: { elections, fault } }) => {
      const cluster = clusters.get(elections) ?? start(elections);
      clusters.set(elections, cluster);
      return makeAttendant(await cluster, fault, closing.signal);
    },
    close: async () => {
      closing.abort();
      await Promise.all([...clusters.values()].map(async (cluster) => (await cluster).close()));
    },
  };
};
