import { setTimeout as sleep } from "node:timers/promises";
import type { Client, Session } from "../../src/index.js";
import { promiseOperation, runClosedLoop } from "../harness/closed-loop.js";
import type { Operation } from "../harness/closed-loop.js";
import { monotonicUs } from "../harness/workload.js";
import type {
  Measurement,
  Params,
  RatioRule,
  RunRequest,
  SystemFactory,
  Target,
  Workload,
} from "../harness/workload.js";

const TTL_SECONDS = 60;

/** A client with the small calls that are timed, each made when it is first asked for. */
interface SmallCalls {
  readonly client: Client;
  operation(call: Params["call"], runId: string): Operation;
  close(): Promise<void>;
}

const openSmallCalls = async (endpoint: string, server: "etcd" | "null"): Promise<SmallCalls> => {
  const { Session } = await import("../../src/index.js");
  const { compareAndGet, putKey, lockAndRelease } = await import("../peers/etcdwire.js");
  const { BULK_MESSAGE_MAX_BYTES, putBulkValues } = await import("../peers/etcdwire-bulk.js");
  const { openLeaseCalls } = await import("../peers/etcdwire-lease.js");
  const { Client } = await import("../../src/index.js");
  const client = new Client({ endpoints: endpoint, limits: { messageMaxBytes: BULK_MESSAGE_MAX_BYTES } });
  await client.leader();
  const txn = compareAndGet(client);
  if (server === "null") return { client, operation: () => txn, close: () => client.close() };

  await putKey(client);
  await putBulkValues(client);
  const session: Session = await Session.create(client, { ttlSeconds: TTL_SECONDS });
  const leases = await openLeaseCalls(client, TTL_SECONDS);
  return {
    client,
    operation: (call, runId) => {
      switch (call) {
        case "lease":
          return leases.timeToLive;
        case "keepalive":
          return leases.keepAlive;
        case "lock": {
          let count = 0;
          return promiseOperation(() => lockAndRelease(session, `bench/fairness/${runId}/${count++}`));
        }
        default:
          return txn;
      }
    },
    close: async () => {
      leases.close();
      await session.close();
      await client.close();
    },
  };
};

/** The part of the moved bytes that belongs to the measured window. */
const inWindow = (bytes: number, { warmupMs, durationMs }: RunRequest): number =>
  (bytes * durationMs) / (warmupMs + durationMs);

const withoutCalls = (request: RunRequest): Measurement => ({
  operationCount: 0,
  elapsedMs: request.durationMs,
  latenciesUs: new Float32Array(0),
  cpuUs: 0,
  errorCount: 0,
});

/**
 * Agent 0 makes the small calls, one at a time. The bulk is moved by the same client, or by agent 1's, which has
 * connections and a process of its own.
 */
const open =
  (bulkBy: "same" | "separate"): SystemFactory =>
  async (target) => {
    const { startBulk } = await import("../peers/etcdwire-bulk.js");
    const opened = {
      etcd: await openSmallCalls(endpointOf(target, "etcd"), "etcd"),
      null: await openSmallCalls(endpointOf(target, "null"), "null"),
    };
    const run = async (request: RunRequest): Promise<Measurement> => {
      const { server = "etcd", call, bulk: kind = "none" } = request.params;
      const movesBulk = kind !== "none" && (bulkBy === "same") === (request.agentIndex === 0);
      if (request.agentIndex > 0 && !movesBulk) return withoutCalls(request);
      const calls = opened[server];
      const bulk = movesBulk ? startBulk(calls.client, kind, server) : undefined;
      let measurement = withoutCalls(request);
      if (request.agentIndex === 0) {
        measurement = await runClosedLoop(calls.operation(call, request.runId), {
          ...request,
          concurrency: 1,
        });
      } else {
        await sleep(
          Math.max(0, (request.startAtUs - monotonicUs()) / 1e3) + request.warmupMs + request.durationMs,
        );
      }
      return bulk === undefined
        ? measurement
        : { ...measurement, bulkBytes: inWindow(await bulk.stop(), request) };
    };
    return {
      run,
      close: async () => {
        await Promise.all([opened.etcd.close(), opened.null.close()]);
      },
    };
  };

const endpointOf = (target: Target, server: "etcd" | "null"): string => {
  const endpoint = server === "etcd" ? target.endpoints[0] : target.nullEndpoint;
  if (endpoint === undefined) throw new Error(`fairness has no ${server} to call`);
  return endpoint;
};

const CALLS = [
  { server: "etcd", call: "txn" },
  { server: "etcd", call: "lease" },
  { server: "etcd", call: "keepalive" },
  { server: "etcd", call: "lock" },
  { server: "null", call: "txn" },
] as const;
const BULKS = ["put", "range"] as const;

const ratios = CALLS.flatMap(({ server, call }) =>
  BULKS.flatMap((bulk): RatioRule[] => {
    const params = { server, call, bulk };
    const rule = {
      metric: "p99",
      params,
      againstParams: { server, call, bulk: "none" },
    } as const;
    return [
      {
        ...rule,
        name: `fairness ${server} ${call} p99: bulk=${bulk} / none, one client`,
        system: "one-client",
        against: "one-client",
        bar: { atMost: 3 },
      },
      {
        ...rule,
        name: `fairness ${server} ${call} p99: bulk=${bulk} / none, two clients`,
        system: "two-clients",
        against: "two-clients",
        about: "the server's and the machine's share",
      },
    ];
  }),
);

/** What small calls wait for bulk on the same client. */
export const fairness: Workload = {
  name: "fairness",
  about: "p99 of small calls while the same client moves bulk: puts of 1.5 MiB, ranges of 64 MiB",
  onRequest: true,
  server: "etcd-and-null",
  shows: "calls",
  agentCount: 2,
  seconds: 1,
  warmupSeconds: 0.25,
  params: CALLS.flatMap((call) => (["none", ...BULKS] as const).map((bulk) => ({ ...call, bulk }))),
  systems: { "one-client": open("same"), "two-clients": open("separate") },
  ratios,
};
