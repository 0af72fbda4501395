import type { Operation } from "../harness/closed-loop.js";
import { concurrencyShare, drive } from "../harness/drive.js";
import { loopingPeer } from "../harness/program-peer.js";
import type { Bar, Params, RatioRule, System, SystemFactory, Workload } from "../harness/workload.js";
import type { BuiltPeer } from "../peers/built-peer.js";
import { goPeer } from "../peers/go-peer.js";
import { javaPeer, warmedUp } from "../peers/java-peer.js";
import { rustPeer } from "../peers/rust-peer.js";

/** A system of this workload: how it makes one call, and how it is closed. */
const system = (operation: Operation, close: () => Promise<void> | void): System => ({
  run: (request) => drive(operation, request),
  close: async () => {
    await close();
  },
});

const openGrpcJs: SystemFactory = async (target) => {
  const { openKv, submitCompareAndGet } = await import("../peers/grpc-js.js");
  const kv = openKv(target);
  return system(
    (_slot, done) => submitCompareAndGet(kv, done),
    () => kv.close(),
  );
};

const open =
  (polls: boolean): SystemFactory =>
  async (target) => {
    const { compareAndGet, openClient } = await import("../peers/etcdwire.js");
    const client = openClient(target, polls);
    await client.leader();
    return system(compareAndGet(client), () => client.close());
  };
const openEtcdwire = open(false);

/** The stock generated client of `grpc-js`, on etcdwire's channel. */
const openEtcdwireStub: SystemFactory = async (target) => {
  const { openClient } = await import("../peers/etcdwire.js");
  const { openKv, submitCompareAndGet } = await import("../peers/grpc-js.js");
  const client = openClient(target);
  const kv = openKv(target, { channelOverride: client.channel() });
  return system(
    (_slot, done) => submitCompareAndGet(kv, done),
    async () => {
      kv.close();
      await client.close();
    },
  );
};

/** Without a lease, which that server has not. */
const openPeer =
  (peer: BuiltPeer): SystemFactory =>
  async (target) =>
    loopingPeer(await peer.open(target), 0, (setup) => ({
      work: "limit",
      names: [],
      concurrency: concurrencyShare(setup),
    }));

/** In other languages, and in settings that most people ask about. */
const PEERS = ["go", "rust", "java"];

/** Polling is for the lone call: with more in flight the process does not sleep anyway. */
export const onlyAloneIfPolling = (name: string, { concurrency }: Params): boolean =>
  name !== "etcdwire-poll" || concurrency === 1;

const calls = {
  server: "null",
  shows: "calls",
  agentCount: ({ processes = 1 }: Params) => processes,
  knobs: ["mode", "concurrency", "processes"],
  seconds: 0.8,
  warmupSeconds: 0.25,
  params: [1, 16, 64, 256].map((concurrency) => ({ concurrency })),
  systems: {
    etcdwire: openEtcdwire,
    "etcdwire-poll": open(true),
    "etcdwire-stub": openEtcdwireStub,
    "grpc-js": openGrpcJs,
  },
  hasRow: onlyAloneIfPolling,
} as const satisfies Partial<Workload>;

/** What the client itself can do when the server costs nothing. */
export const clientLimit: Workload = {
  ...calls,
  name: "client-limit",
  about: "one Txn (1 compare, 1 get) against a null gRPC server in its own process",
  systems: {
    ...calls.systems,
    go: openPeer(goPeer),
    rust: openPeer(rustPeer),
    java: warmedUp(openPeer(javaPeer)),
  },
  needs: { go: goPeer.need, rust: rustPeer.need, java: javaPeer.need },
  ownLoops: PEERS,
  hasRow: (name, setting) =>
    PEERS.includes(name)
      ? setting.concurrency === 1 || setting.concurrency === 64
      : onlyAloneIfPolling(name, setting),
  isHeadline: (name, { concurrency }) =>
    name === "etcdwire" || concurrency === 64 || (concurrency === 1 && !PEERS.includes(name)),
  ratios: [
    {
      name: "client-limit c=64 calls/s: etcdwire / grpc-js",
      metric: "opsPerSecond",
      system: "etcdwire",
      against: "grpc-js",
      params: { concurrency: 64 },
      bar: { atLeast: 40 },
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
    {
      name: "client-limit c=1 p50: etcdwire-poll / grpc-js",
      metric: "p50",
      system: "etcdwire-poll",
      against: "grpc-js",
      params: { concurrency: 1 },
    },
    {
      name: "client-limit calls/s: etcdwire c=256 / c=64",
      metric: "opsPerSecond",
      system: "etcdwire",
      params: { concurrency: 256 },
      against: "etcdwire",
      againstParams: { concurrency: 64 },
      bar: { atLeast: 1 },
    },
  ],
  values: [
    {
      name: "client-limit c=64 client CPU per call: etcdwire",
      metric: "clientCpuUsPerOp",
      system: "etcdwire",
      params: { concurrency: 64 },
      unit: "µs",
      bar: { atMost: 2.5 },
    },
  ],
};

/** The same over TLS 1.3. */
export const tls: Workload = {
  ...calls,
  name: "tls",
  about: "client-limit over TLS 1.3",
  onRequest: true,
  server: "null-tls",
  ratios: [
    {
      name: "tls c=64 calls/s: etcdwire / grpc-js",
      metric: "opsPerSecond",
      system: "etcdwire",
      against: "grpc-js",
      params: { concurrency: 64 },
    },
    {
      name: "tls c=1 p50: etcdwire / grpc-js",
      metric: "p50",
      system: "etcdwire",
      against: "grpc-js",
      params: { concurrency: 1 },
    },
  ],
};

const inFlightRatio = (concurrency: number, bar?: Bar, about?: string): RatioRule => ({
  name: `in-flight client CPU per call: c=${concurrency} / c=64`,
  metric: "clientCpuUsPerOp",
  system: "etcdwire",
  params: { concurrency },
  against: "etcdwire",
  againstParams: { concurrency: 64 },
  ...(bar === undefined ? {} : { bar }),
  ...(about === undefined ? {} : { about }),
});

/** What a call costs when many are open: a table or a queue that is searched would show here. */
export const inFlight: Workload = {
  ...calls,
  name: "in-flight",
  about: "client-limit of etcdwire alone, from 1 to 10,000 calls in flight",
  onRequest: true,
  params: [1, 4, 16, 64, 256, 1_024, 4_096, 10_000].map((concurrency) => ({ concurrency })),
  systems: { etcdwire: openEtcdwire },
  ratios: [
    inFlightRatio(1, undefined, "each call pays a write and a read of its own"),
    inFlightRatio(1_024),
    inFlightRatio(10_000, { atMost: 1.5 }),
  ],
};
