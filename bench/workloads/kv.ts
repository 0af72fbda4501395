import type { KvCalls } from "../harness/clients.js";
import { drive } from "../harness/drive.js";
import type { Params, RatioRule, System, SystemFactory, Target, Workload } from "../harness/workload.js";

const SERVERS = ["etcd", "null"] as const;

const open =
  (openCalls: (target: Target) => Promise<KvCalls>): SystemFactory =>
  async (target): Promise<System> => {
    const opened = {
      etcd: await openCalls({ endpoints: target.endpoints }),
      null: await openCalls({ endpoints: [target.nullEndpoint!] }),
    };
    await opened.etcd.prepare();
    return {
      run: (request) => {
        const { server = "etcd", call } = request.params;
        return drive(opened[server][call as "get" | "put" | "delete" | "txn"], request);
      },
      close: async () => {
        await Promise.all([opened.etcd.close(), opened.null.close()]);
      },
    };
  };

const params = SERVERS.flatMap((server) =>
  [1, 64].flatMap((concurrency) =>
    (["get", "put", "delete", "txn"] as const).map((call) => ({ concurrency, server, call })),
  ),
);

const cpuRatio = (setting: Params, against: string): RatioRule => ({
  name: `kv c=${setting.concurrency} ${setting.server} ${setting.call} client CPU per call: ${against} / etcdwire`,
  metric: "clientCpuUsPerOp",
  system: against,
  against: "etcdwire",
  params: setting,
  ...(against === "etcd3" && setting.server === "etcd" ? { bar: { atLeast: 3 } } : {}),
});

/** The plain calls, as a program makes them that has no need for prepared transactions. */
export const kv: Workload = {
  name: "kv",
  about: "get, put, delete and Txn through the facade, on etcd and on a null server",
  onRequest: true,
  server: "etcd-and-null",
  agentCount: ({ processes = 1 }) => processes,
  knobs: ["mode", "concurrency", "processes"],
  shows: "calls",
  seconds: 0.6,
  warmupSeconds: 0.25,
  params,
  smokeParams: params.filter(({ concurrency }) => concurrency === 64),
  systems: {
    etcdwire: open(async (target) => (await import("../peers/etcdwire-kv.js")).openKvCalls(target)),
    "grpc-js": open(async (target) => (await import("../peers/grpc-js-kv.js")).openKvCalls(target)),
    etcd3: open(async (target) => (await import("../peers/etcd3-kv.js")).openKvCalls(target)),
  },
  ratios: params.flatMap((setting) => [cpuRatio(setting, "etcd3"), cpuRatio(setting, "grpc-js")]),
};
