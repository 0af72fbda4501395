import { setTimeout as sleep } from "node:timers/promises";
import { randomStream } from "../harness/arrivals.js";
import { promiseOperation } from "../harness/closed-loop.js";
import type { Contender } from "../harness/contention.js";
import { concurrencyShare, drive } from "../harness/drive.js";
import { loopingPeer } from "../harness/program-peer.js";
import { monotonicUs, plainEndpoints } from "../harness/workload.js";
import type { Hold, Measurement, RunRequest, SystemFactory, Target, Workload } from "../harness/workload.js";
import type { BuiltPeer } from "../peers/built-peer.js";
import { goPeer } from "../peers/go-peer.js";
import { javaPeer, warmedUp } from "../peers/java-peer.js";
import { needRedis } from "../peers/need-redis.js";
import { rustPeer } from "../peers/rust-peer.js";
import { onlyAloneIfPolling } from "./client-limit.js";

/** Locks must outlive a run; renewals are part of what a lock costs, so they stay on. */
const TTL_SECONDS = 60;

/** What locks names, and waits for those that are taken if it is one of `WAITING`. */
type Locker = Pick<Contender, "acquire" | "close">;

/** Names are drawn from a stream of their own, apart from that of the arrival times. */
const NAMES_STREAM = 1_000;

/**
 * Acquires and releases. Without `keys`, each name is one that no other operation in flight, and none before it, has used:
 * nothing is cached for it on either side. With `keys`, all operations of all processes want so many names, each drawn
 * anew; then their holds are kept, for mutual exclusion to be looked at.
 */
const takeLocks = async (locker: Locker, request: RunRequest): Promise<Measurement> => {
  const { params, runId, agentIndex, load } = request;
  const { keys, holdMs = 0 } = params;
  const prefix = `bench/acquire/${runId}`;
  const random = randomStream(load.seed, NAMES_STREAM + agentIndex);
  const holds: Hold[] = [];
  let count = 0;
  const lockNewName = async (): Promise<void> => {
    const lock = await locker.acquire(`${prefix}/${agentIndex}/${count++}`);
    if (holdMs > 0) await sleep(holdMs);
    await lock.release();
  };
  const lockOneOf = async (nameCount: number): Promise<void> => {
    const name = Math.floor(random() * nameCount);
    const lock = await locker.acquire(`${prefix}/of/${name}`);
    const acquiredUs = monotonicUs();
    if (holdMs > 0) await sleep(holdMs);
    holds.push({ name, token: lock.token, acquiredUs, releasedUs: monotonicUs() });
    await lock.release();
  };
  const operation = promiseOperation(keys === undefined ? lockNewName : () => lockOneOf(keys));
  const measured = await drive(operation, request);
  return keys === undefined ? measured : { ...measured, holds };
};

/** Its session has the TTL that a row asks for, and is kept from run to run as long as that stays. */
export const lockingSystem =
  (openLocker: (target: Target, ttlSeconds: number) => Promise<Locker>): SystemFactory =>
  (target) => {
    let locker: Locker | undefined;
    let openedTtlSeconds = 0;
    return Promise.resolve({
      prepare: async ({ params: { ttlSeconds = TTL_SECONDS } }) => {
        if (ttlSeconds === openedTtlSeconds) return;
        await locker?.close();
        locker = await openLocker(target, ttlSeconds);
        openedTtlSeconds = ttlSeconds;
      },
      run: (request) => takeLocks(locker!, request),
      close: async () => {
        await locker?.close();
      },
    });
  };

const openEtcdwire = (polls: boolean): SystemFactory =>
  lockingSystem(async (target, ttlSeconds) => {
    const { openMutexContender } = await import("../peers/etcdwire.js");
    return openMutexContender(target, ttlSeconds, polls);
  });

const openGrpcJs = lockingSystem(async (target, ttlSeconds) => {
  const { openTxnLock } = await import("../peers/grpc-js-lock.js");
  return openTxnLock(plainEndpoints(target, "grpc-js")[0]!, ttlSeconds);
});

const openEtcd3 = lockingSystem(async (target, ttlSeconds) => {
  const { openEtcd3Locker } = await import("../peers/etcd3-lock.js");
  return openEtcd3Locker(target, ttlSeconds);
});

/** On a Redis, not on the etcd. Its locks have a TTL each and no session. */
const openRedlock = lockingSystem(async (target) => {
  const { openRedlockContender } = await import("../peers/redlock.js");
  return openRedlockContender(target);
});

const openPeer =
  (peer: BuiltPeer): SystemFactory =>
  async (target) =>
    loopingPeer(await peer.open(target), TTL_SECONDS, ({ params, runId, agentIndex }) => ({
      work: "acquire",
      names: [`bench/acquire/${runId}/${agentIndex}`],
      concurrency: concurrencyShare({ params, agentIndex }),
    }));

/** Systems whose locks wait for one that is taken: the others give up, so they have no rows with `keys`. */
const WAITING = ["etcdwire", "etcdwire-poll", "redlock"];
/** Programs in other languages: they lock and release, under a lease of a minute. */
const OWN_LOOPS = ["go", "rust", "java"];

/** What one uncontended lock costs; with `keys`, what locks cost that others want too. */
export const acquire: Workload = {
  name: "acquire",
  about: "acquire and release of names that nobody else wants, session ready before the clock starts",
  server: "etcd",
  agentCount: ({ processes = 1 }) => processes,
  knobs: ["mode", "concurrency", "processes", "keys", "holdMs", "ttlSeconds"],
  shows: "calls",
  seconds: 0.9,
  warmupSeconds: 0.25,
  params: [1, 16, 64].map((concurrency) => ({ concurrency })),
  systems: {
    etcdwire: openEtcdwire(false),
    "etcdwire-poll": openEtcdwire(true),
    "grpc-js": openGrpcJs,
    etcd3: openEtcd3,
    go: openPeer(goPeer),
    rust: openPeer(rustPeer),
    java: warmedUp(openPeer(javaPeer)),
    redlock: openRedlock,
  },
  needs: { go: goPeer.need, rust: rustPeer.need, java: javaPeer.need, redlock: needRedis },
  ownLoops: OWN_LOOPS,
  hasRow: (system, params) =>
    onlyAloneIfPolling(system, params) &&
    (params.keys === undefined || WAITING.includes(system)) &&
    ((params.holdMs ?? params.ttlSeconds) === undefined || !OWN_LOOPS.includes(system)),
  isHeadline: (system, { concurrency }) => concurrency === 1 || ![...OWN_LOOPS, "redlock"].includes(system),
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
