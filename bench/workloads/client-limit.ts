import { runClosedLoop } from "../harness/closed-loop.js";
import type { Operation } from "../harness/closed-loop.js";
import type { System, SystemFactory, Workload } from "../harness/workload.js";

/** A system of this workload: how it makes one call, and how it is closed. */
const system = (operation: Operation, close: () => Promise<void> | void): System => ({
  run: (request) => runClosedLoop(operation, { ...request, concurrency: request.params.concurrency ?? 1 }),
  close: async () => {
    await close();
  },
});

const openGrpcJs: SystemFactory = async (target) => {
  const { openKv, submitCompareAndGet } = await import("../peers/grpc-js.js");
  const kv = openKv(target.endpoints[0]!);
  return system(
    (_slot, done) => submitCompareAndGet(kv, done),
    () => kv.close(),
  );
};

const openEtcdwire: SystemFactory = async (target) => {
  const { compareAndGet, openClient } = await import("../peers/etcdwire.js");
  const client = openClient(target.endpoints);
  await client.leader();
  return system(compareAndGet(client), () => client.close());
};

/** The stock generated client of `grpc-js`, on etcdwire's channel. */
const openEtcdwireStub: SystemFactory = async (target) => {
  const { openClient } = await import("../peers/etcdwire.js");
  const { openKv, submitCompareAndGet } = await import("../peers/grpc-js.js");
  const client = openClient(target.endpoints);
  const kv = openKv(target.endpoints[0]!, { channelOverride: client.channel() });
  return system(
    (_slot, done) => submitCompareAndGet(kv, done),
    async () => {
      kv.close();
      await client.close();
    },
  );
};

/** What the client itself can do when the server costs nothing. */
export const clientLimit: Workload = {
  name: "client-limit",
  about: "one Txn (1 compare, 1 get) against a null gRPC server in its own process",
  server: "null",
  agentCount: 1,
  shows: "calls",
  seconds: 0.8,
  warmupSeconds: 0.25,
  params: [1, 16, 64, 256].map((concurrency) => ({ concurrency })),
  systems: { etcdwire: openEtcdwire, "etcdwire-stub": openEtcdwireStub, "grpc-js": openGrpcJs },
  ratios: [
    {
      name: "client-limit c=64 calls/s: etcdwire / grpc-js",
      metric: "opsPerSecond",
      system: "etcdwire",
      against: "grpc-js",
      params: { concurrency: 64 },
      bar: { atLeast: 30 },
    },
    {
      name: "client-limit c=64 calls/s: etcdwire-stub / grpc-js",
      metric: "opsPerSecond",
      system: "etcdwire-stub",
      against: "grpc-js",
      params: { concurrency: 64 },
      bar: { atLeast: 7 },
    },
    {
      name: "client-limit c=1 p50: etcdwire / grpc-js",
      metric: "p50",
      system: "etcdwire",
      against: "grpc-js",
      params: { concurrency: 1 },
      bar: { atMost: 0.2 },
    },
  ],
};
