import { EtcdCluster } from "../../src/testing/index.js";
import type { EtcdEnvironment } from "./environment.js";
import type { Target } from "./workload.js";

/**
 * A private etcd of its own for one workload, data in memory where there is room. The environment says what it is.
 * Finding or building the binary can take minutes the first time, which `log` reports.
 */
export const openEtcd = async (
  memberCount: 1 | 3,
  log: (line: string) => void,
): Promise<{ readonly target: Target; readonly environment: EtcdEnvironment; close(): Promise<void> }> => {
  const cluster = await EtcdCluster.start({ members: memberCount, log });
  // The leader first: systems that use one endpoint get the one that costs no hop between members.
  const leader = (await cluster.leader()).endpoint;
  const followers = cluster.endpoints.filter((endpoint) => endpoint !== leader);
  return {
    target: { endpoints: [leader, ...followers] },
    environment: {
      etcdVersion: cluster.version,
      memberCount,
      dataFileSystem: cluster.dataFileSystem,
    },
    close: () => cluster.close(),
  };
};
