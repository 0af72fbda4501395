/** A cluster that is there already, and that others may use: what the bench leaves on it is what it found. */
import { readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import type { Client } from "../../src/index.js";
import { clientOptionsOf } from "../../src/cli/global-flags.js";
import type { Settings } from "../../src/cli/global-flags.js";
import { readServerCounts } from "../harness/server-load.js";
import type { ServerCounts } from "../harness/server-load.js";
import type { EtcdEnvironment } from "../harness/environment.js";
import type { Target, Workload } from "../harness/workload.js";

/** All keys that workloads write on a cluster of somebody else's are under it. */
export const BENCH_PREFIX = "bench/";

/** Keys that are deleted by one request; etcd's `--max-txn-ops` is 128. */
const DELETES_AT_ONCE = 100;

export interface ExternalCluster {
  readonly target: Target;
  readonly environment: EtcdEnvironment;
  readonly memberCount: number;
  readonly isHere: boolean;
  readCounts(): Promise<ServerCounts | undefined>;
  /** Deletes the keys that have come under `bench/`, and revokes the leases that they had. */
  close(): Promise<void>;
}

/** The cluster is not as the bench needs it; nothing was written. */
export class ClusterError extends Error {
  override name = "ClusterError";
}

const withoutScheme = (endpoint: string): string => endpoint.replace(/^\w+:\/\//, "").replace(/\/$/, "");

const hostOf = (endpoint: string): string =>
  endpoint.slice(0, endpoint.lastIndexOf(":")).replace(/[[\]]/g, "");

/** Whether the address is this machine's own. Names other than localhost are not looked up: then nobody knows. */
export const isThisMachine = (endpoint: string): boolean => {
  const host = hostOf(withoutScheme(endpoint));
  const own = Object.values(networkInterfaces()).flatMap((addresses = []) =>
    addresses.map(({ address }) => address),
  );
  return host === "localhost" || own.includes(host) || host.startsWith("127.");
};

/** What agents are told, as plain data: they are other processes. */
export const targetOf = (settings: Settings): Target => {
  const { tls, auth } = settings;
  const read = (file: string | undefined): string | undefined =>
    file === undefined ? undefined : readFileSync(file, "utf8");
  const [ca, cert, key] = [read(tls?.caFile), read(tls?.certFile), read(tls?.keyFile)];
  return {
    endpoints: settings.endpoints.map(withoutScheme),
    ...(tls === undefined ? {} : { isTls: true }),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
    ...(tls?.insecureSkipVerify === true ? { insecureSkipVerify: true } : {}),
    ...(auth === undefined ? {} : { auth }),
  };
};

/** Why a workload is not for such a cluster; undefined when it is. */
export const whyNotOn = (
  { server, memberCount, onAnyCluster }: Workload,
  cluster: Pick<ExternalCluster, "memberCount">,
): string | undefined => {
  if (server === "null" || server === "null-tls") return undefined;
  if (!(onAnyCluster ?? server === "etcd"))
    return "it needs a private cluster, whose members it stops or which it has for itself";
  if (memberCount !== undefined && memberCount !== cluster.memberCount)
    return `it needs ${memberCount} members, and this cluster has ${cluster.memberCount}`;
  return undefined;
};

/**
 * @throws ClusterError when there are keys under `bench/` and `force` is not given, or no member answers; whatever the
 *   client throws
 */
export const openExternalCluster = async (settings: Settings, force: boolean): Promise<ExternalCluster> => {
  const { Client } = await import("../../src/index.js");
  const client = new Client(clientOptionsOf(settings));
  try {
    const found = await client.kv.get(BENCH_PREFIX, { prefix: true, countOnly: true });
    if (found.count > 0 && !force) {
      throw new ClusterError(
        `there are ${found.count} keys under ${BENCH_PREFIX} on this cluster: of another bench, perhaps. ` +
          "--force begins all the same, and leaves them alone",
      );
    }
    return await describe(client, settings, found.count === 0 ? 0 : found.revision);
  } catch (error) {
    await client.close();
    throw error;
  }
};

const describe = async (
  client: Client,
  settings: Settings,
  sinceRevision: number,
): Promise<ExternalCluster> => {
  const statuses = (await client.maintenance.statuses()).flatMap(({ status }) => status ?? []);
  const leader = statuses.find(({ isLeader }) => isLeader);
  const target = targetOf(settings);
  // The leader first: systems that use one endpoint get the one that costs no hop between members.
  const first = leader === undefined ? undefined : withoutScheme(leader.endpoint);
  const endpoints =
    first !== undefined && target.endpoints.includes(first)
      ? [first, ...target.endpoints.filter((endpoint) => endpoint !== first)]
      : target.endpoints;
  const memberCount = (await client.cluster.list()).length;
  const isHere = target.endpoints.every(isThisMachine);
  const ordered: Target = { ...target, endpoints };
  const versions = [...new Set(statuses.map(({ serverVersion }) => serverVersion))].sort();
  return {
    target: ordered,
    memberCount,
    isHere,
    environment: {
      ...(versions.length === 0 ? {} : { etcdVersion: versions.join(", ") }),
      memberCount,
      etcdIsHere: isHere,
    },
    readCounts: () => readServerCounts(ordered),
    close: async () => {
      try {
        await cleanUp(client, sinceRevision);
      } finally {
        await client.close();
      }
    },
  };
};

/** Deletes what was created under `bench/` after `sinceRevision`; 0: all that is there. */
const cleanUp = async (client: Client, sinceRevision: number): Promise<void> => {
  const leases = new Set<bigint>();
  let keys: Uint8Array[] = [];
  const deleteKeys = async (): Promise<void> => {
    const { op } = await import("../../src/index.js");
    await client.kv.txn({ then: keys.map((key) => op.del(key)) }, { repeatable: true });
    keys = [];
  };
  const range = {
    keysOnly: true,
    prefix: true,
    ...(sinceRevision === 0 ? {} : { minCreateRevision: sinceRevision + 1 }),
  };
  for await (const { key, lease } of client.kv.scan(BENCH_PREFIX, range)) {
    if (lease !== 0n) leases.add(lease);
    keys.push(key);
    if (keys.length === DELETES_AT_ONCE) await deleteKeys();
  }
  if (keys.length > 0) await deleteKeys();
  // They had keys of ours; an agent that ended well has revoked its own.
  for (const lease of leases) await client.lease.revoke(lease).catch(() => {});
};
