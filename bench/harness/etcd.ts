import { EtcdCluster } from "../../src/testing/index.js";
import { BULK_MIB } from "../null-replies.js";
import type { EtcdEnvironment } from "./environment.js";
import { openNullServer } from "./null-server-child.js";
import { readServerCounters } from "./server-counters.js";
import { readServerCounts } from "./server-load.js";
import type { ServerCounts } from "./server-load.js";
import type { ServerCounters, Target } from "./workload.js";

/** What a workload on an etcd is measured against. */
export interface EtcdTarget {
  readonly target: Target;
  readonly environment: EtcdEnvironment;
  /** What its members have counted so far. */
  readCounters(): Promise<ServerCounters>;
  /** What they use of this machine. */
  readCounts(): Promise<ServerCounts | undefined>;
  close(): Promise<void>;
}

/** Room for what the bulk of a long bench leaves until it is compacted; etcd's default is 2 GiB. */
const QUOTA_BYTES = 8 * 2 ** 30;

/**
 * A private etcd of its own for one workload, data in memory where there is room. The environment says what it is.
 * Finding or building the binary can take minutes the first time, which `log` reports.
 */
export const openEtcd = async (memberCount: 1 | 3, log: (line: string) => void): Promise<EtcdTarget> => {
  const cluster = await EtcdCluster.start({
    members: memberCount,
    extraArguments: [`--quota-backend-bytes=${QUOTA_BYTES}`],
    log,
  });
  // The leader first: systems that use one endpoint get the one that costs no hop between members.
  const leader = (await cluster.leader()).endpoint;
  const followers = cluster.endpoints.filter((endpoint) => endpoint !== leader);
  const target: Target = { endpoints: [leader, ...followers] };
  return {
    target,
    environment: {
      etcdVersion: cluster.version,
      memberCount,
      dataFileSystem: cluster.dataFileSystem,
      etcdIsHere: true,
    },
    readCounters: () => readServerCounters(target),
    readCounts: () => readServerCounts(target),
    close: () => cluster.close(),
  };
};

/** The same with a null server beside it, which has the same bulk to give. */
export const openEtcdAndNullServer = async (
  memberCount: 1 | 3,
  log: (line: string) => void,
): Promise<EtcdTarget> => {
  const nullServer = await openNullServer({ bulkReplyMiB: BULK_MIB });
  try {
    const etcd = await openEtcd(memberCount, log);
    return {
      target: { ...etcd.target, nullEndpoint: nullServer.target.endpoints[0]! },
      environment: etcd.environment,
      readCounters: () => etcd.readCounters(),
      readCounts: () => etcd.readCounts(),
      close: async () => {
        await Promise.all([etcd.close(), nullServer.close()]);
      },
    };
  } catch (error) {
    await nullServer.close();
    throw error;
  }
};
