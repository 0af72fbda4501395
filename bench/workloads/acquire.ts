import { promiseOperation, runClosedLoop } from "../harness/closed-loop.js";
import type { Operation } from "../harness/closed-loop.js";
import { loopingPeer } from "../harness/program-peer.js";
import type { ProgramPeer } from "../harness/program-peer.js";
import type { System, SystemFactory, Target, Workload } from "../harness/workload.js";
import { needGo, openGoPeer } from "../peers/go-peer.js";
import { onlyAloneIfPolling } from "./client-limit.js";

/** Locks must outlive a run; renewals are part of what a lock costs, so they stay on. */
const TTL_SECONDS = 60;

/**
 * A system of this workload. `acquireAndRelease` gets a name that no other operation in flight, and none before it,
 * has used: nothing is cached for it on either side.
 */
const system = (acquireAndRelease: (name: string) => Promise<void>, close: () => Promise<void>): System => ({
  run: (request) => {
    let operationCount = 0;
    const operation: Operation = promiseOperation(() =>
      acquireAndRelease(`bench/acquire/${request.runId}/${operationCount++}`),
    );
    return runClosedLoop(operation, { ...request, concurrency: request.params.concurrency ?? 1 });
  },
  close,
});

const open =
  (polls: boolean): SystemFactory =>
  async (target) => {
    const { openMutexContender } = await import("../peers/etcdwire.js");
    const contender = await openMutexContender(target, TTL_SECONDS, polls);
    return system(
      async (name) => {
        const lock = await contender.acquire(name);
        await lock.release();
      },
      () => contender.close(),
    );
  };

const openGrpcJs: SystemFactory = async (target) => {
  const { openTxnLock } = await import("../peers/grpc-js-lock.js");
  const lock = await openTxnLock(target.endpoints[0]!, TTL_SECONDS);
  return system(lock.acquireAndRelease, lock.close);
};

const openEtcd3: SystemFactory = async (target) => {
  const { Etcd3 } = await import("etcd3");
  const client = new Etcd3({ hosts: [...target.endpoints] });
  // Connect before the clock starts.
  await client.get("bench/acquire").string();
  return system(
    async (name) => {
      const lock = client.lock(name).ttl(TTL_SECONDS);
      await lock.acquire();
      await lock.release();
    },
    () => {
      client.close();
      return Promise.resolve();
    },
  );
};

const openPeer =
  (openProgram: (target: Target) => Promise<ProgramPeer>): SystemFactory =>
  async (target) =>
    loopingPeer(await openProgram(target), TTL_SECONDS, ({ params, runId }) => ({
      work: "acquire",
      names: [`bench/acquire/${runId}`],
      concurrency: params.concurrency ?? 1,
    }));

/** What one uncontended lock costs. */
export const acquire: Workload = {
  name: "acquire",
  about: "acquire and release of names that nobody else wants, session ready before the clock starts",
  server: "etcd",
  agentCount: 1,
  shows: "calls",
  seconds: 0.9,
  warmupSeconds: 0.25,
  params: [1, 16, 64].map((concurrency) => ({ concurrency })),
  systems: {
    etcdwire: open(false),
    "etcdwire-poll": open(true),
    "grpc-js": openGrpcJs,
    etcd3: openEtcd3,
    go: openPeer(openGoPeer),
  },
  needs: { go: needGo },
  hasRow: onlyAloneIfPolling,
  ratios: [
    {
      name: "acquire c=1 p50: etcdwire-poll / etcdwire",
      metric: "p50",
      system: "etcdwire-poll",
      against: "etcdwire",
      params: { concurrency: 1 },
    },
    {
      name: "acquire c=1 p50: etcdwire / grpc-js",
      metric: "p50",
      system: "etcdwire",
      against: "grpc-js",
      params: { concurrency: 1 },
      bar: { atMost: 0.65 },
    },
    {
      name: "acquire c=1 p50: etcdwire / etcd3",
      metric: "p50",
      system: "etcdwire",
      against: "etcd3",
      params: { concurrency: 1 },
      bar: { atMost: 0.5 },
    },
    {
      name: "acquire c=64 ops/s: etcdwire / grpc-js",
      metric: "opsPerSecond",
      system: "etcdwire",
      against: "grpc-js",
      params: { concurrency: 64 },
      bar: { atLeast: 1.8 },
    },
  ],
};
