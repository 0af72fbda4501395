import type { Client, Session } from "../../src/index.js";
import { promiseOperation } from "../harness/closed-loop.js";
import { drive } from "../harness/drive.js";
import type { Params, RatioRule, RunRequest, SystemFactory, Target, Workload } from "../harness/workload.js";

const TTL_SECONDS = 60;

interface Connected {
  readonly client: Client;
  readonly session: Session;
}

/** Clients whose operations are made in turns. */
const open =
  (endpointsOfEach: (target: Target) => readonly (readonly string[])[]): SystemFactory =>
  async (target) => {
    const { Session } = await import("../../src/index.js");
    const { lockAndRelease, openClient } = await import("../peers/etcdwire.js");
    const clients = await Promise.all(
      endpointsOfEach(target).map(async (endpoints): Promise<Connected> => {
        const client = openClient({ ...target, endpoints });
        return { client, session: await Session.create(client, { ttlSeconds: TTL_SECONDS }) };
      }),
    );
    return {
      run: (request: RunRequest) => {
        let count = 0;
        const operation = (): Promise<unknown> => {
          const { client, session } = clients[count % clients.length]!;
          const key = `bench/leader/${request.runId}/${request.agentIndex}/${count++}`;
          return request.params.call === "lock"
            ? lockAndRelease(session, key)
            : client.kv.put(key, "sixteen bytes ok");
        };
        return drive(promiseOperation(operation), request);
      },
      close: async () => {
        await Promise.all(clients.map(({ session }) => session.close()));
        await Promise.all(clients.map(({ client }) => client.close()));
      },
    };
  };

const CALLS = ["lock", "put"] as const;
const params = CALLS.flatMap((call) => [1, 8].map((concurrency) => ({ concurrency, call })));

const ratio = (against: string, setting: Params, isBar: boolean): RatioRule => ({
  name: `leader c=${setting.concurrency} ${setting.call} p50: leader / ${against}`,
  metric: "p50",
  system: "leader",
  against,
  params: setting,
  ...(isBar ? { bar: { atMost: 0.7 } } : {}),
});

/** What it is worth to know who leads. */
export const leader: Workload = {
  name: "leader",
  about:
    "locks and puts on 3 members through the leader, through a follower, and through each member in turn",
  onRequest: true,
  server: "etcd",
  memberCount: 3,
  agentCount: ({ processes = 1 }) => processes,
  knobs: ["mode", "concurrency", "processes"],
  shows: "calls",
  seconds: 1,
  warmupSeconds: 0.25,
  params,
  systems: {
    // The leader comes first among a target's endpoints.
    leader: open(({ endpoints }) => [endpoints]),
    follower: open(({ endpoints }) => [endpoints.slice(-1)]),
    "round-robin": open(({ endpoints }) => endpoints.map((endpoint) => [endpoint])),
  },
  ratios: params.flatMap((setting) => [
    ratio("round-robin", setting, setting.concurrency === 1),
    ratio("follower", setting, false),
  ]),
};
