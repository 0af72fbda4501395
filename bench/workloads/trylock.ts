import { setTimeout as sleep } from "node:timers/promises";
import { HELD_KEY_WATCH_MS } from "../../src/options.js";
import { promiseOperation } from "../harness/closed-loop.js";
import { concurrencyShare, drive, nothingMeasured } from "../harness/drive.js";
import { measureLoop } from "../harness/program-peer.js";
import { PeerMissingError } from "../harness/workload.js";
import { untilQuiet } from "../harness/server-counters.js";
import type {
  Measurement,
  RunRequest,
  RunSetup,
  SystemFactory,
  Target,
  Workload,
} from "../harness/workload.js";
import type { BuiltPeer } from "../peers/built-peer.js";
import { goPeer } from "../peers/go-peer.js";
import { javaPeer } from "../peers/java-peer.js";
import { needRedis, notOnEtcd } from "../peers/need-redis.js";
import { rustPeer } from "../peers/rust-peer.js";

/** Longer than any bench: no lease is renewed while requests are counted. */
const TTL_SECONDS = 3_600;
/** The first agent of a run holds the locks, the same one in all runs; the others try. */
const isHolder = ({ agentIndex }: RunSetup | RunRequest): boolean => agentIndex === 0;
/** A run as those see it who try. */
const ofTryers = (request: RunRequest): RunRequest => ({
  ...request,
  agentIndex: request.agentIndex - 1,
  agentCount: request.agentCount - 1,
});
/** Of an open loop, whose tries share them when more are under way. */
const OPEN_LOOP_NAME_COUNT = 64;

/**
 * One name for each try that the process has in flight which has most: all systems' sessions have one key per name. Other
 * processes try the same ones. They are the same in all runs of a system, whose agents have the bench as their parent.
 */
const namesOf = (system: string, { params }: RunSetup | RunRequest): string[] =>
  Array.from(
    { length: params.mode === "open" ? OPEN_LOOP_NAME_COUNT : concurrencyShare({ params, agentIndex: 0 }) },
    (_, slot) => `bench/trylock/${process.ppid}/${system}/${slot}`,
  );

/** What tries, with one client and one session. */
interface Tryer {
  readonly prepare?: (setup: RunSetup) => Promise<unknown>;
  readonly run: (names: readonly string[], request: RunRequest) => Promise<Measurement>;
  readonly close: () => Promise<void>;
}

/** What holds the locks that others try. */
interface Holder {
  /** Resolves when these are held, and nothing more is asked of the server for that. */
  hold(names: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/**
 * Etcdwire watches the key of a lock that it has held for a while. That is not to be counted as a request of a try: so it
 * keeps its locks from run to run, and new ones are old enough before a run begins.
 */
const openEtcdwireHolder = async (target: Target): Promise<Holder> => {
  const { openMutexContender } = await import("../peers/etcdwire.js");
  const contender = await openMutexContender(target, TTL_SECONDS);
  const held = new Set<string>();
  return {
    hold: async (names) => {
      const missing = names.filter((name) => !held.has(name));
      if (missing.length === 0) return;
      await Promise.all(missing.map((name) => contender.acquire(name)));
      for (const name of missing) held.add(name);
      await sleep(2 * HELD_KEY_WATCH_MS);
    },
    // They end with its session.
    close: () => contender.close(),
  };
};

/** Its locks have a time to live each, which no run is to outlast. */
const openRedlockHolder = async (target: Target): Promise<Holder> => {
  const { openRedlockContender } = await import("../peers/redlock.js");
  const contender = await openRedlockContender(target);
  let releases: (() => Promise<void>)[] = [];
  const releaseAll = async (): Promise<void> => {
    await Promise.all(releases.map((release) => release()));
    releases = [];
  };
  return {
    hold: async (names) => {
      await releaseAll();
      const locks = await Promise.all(names.map((name) => contender.acquire(name)));
      releases = locks.map((lock) => () => lock.release());
    },
    close: async () => {
      await releaseAll();
      await contender.close();
    },
  };
};

/** The holder is etcdwire in another process, for all systems on etcd: they exclude one another. */
const open =
  (
    system: string,
    openTryer: (target: Target) => Promise<Tryer>,
    openHolder = openEtcdwireHolder,
  ): SystemFactory =>
  (target) => {
    let holder: Holder | undefined;
    let tryer: Tryer | undefined;
    return Promise.resolve({
      prepare: async (setup) => {
        if (isHolder(setup)) {
          holder ??= await openHolder(target);
          await holder.hold(namesOf(system, setup));
        } else {
          tryer ??= await openTryer(target);
          await tryer.prepare?.(setup);
        }
        await untilQuiet(target);
      },
      run: async (request) =>
        isHolder(request) ? nothingMeasured : tryer!.run(namesOf(system, request), ofTryers(request)),
      close: async () => {
        await holder?.close();
        await tryer?.close();
      },
    });
  };

const triesOf =
  (tryTaken: (name: string) => Promise<unknown>): Tryer["run"] =>
  (names, request) =>
    drive(
      promiseOperation((slot) => tryTaken(names[slot % names.length]!)),
      request,
    );

const openEtcdwire = open("etcdwire", async (target) => {
  const { openTryer } = await import("../peers/etcdwire.js");
  const tryer = await openTryer(target, TTL_SECONDS);
  return { run: triesOf((name) => tryer.tryTaken(name)), close: tryer.close };
});

const openRedlock = notOnEtcd(
  open(
    "redlock",
    async (target) => {
      const { openRedlockTryer } = await import("../peers/redlock.js");
      const tryer = await openRedlockTryer(target);
      return { run: triesOf(tryer.tryTaken), close: tryer.close };
    },
    openRedlockHolder,
  ),
);

const openPeer = (system: string, built: BuiltPeer): SystemFactory =>
  open(system, async (target) => {
    const peer = await built.open(target);
    return {
      prepare: () => peer.ask({ type: "prepare", clients: 1, ttlSeconds: TTL_SECONDS }),
      run: (names, request) => measureLoop(peer, { work: "try", names, concurrency: names.length }, request),
      close: () => peer.close(),
    };
  });

const params = [1, 64].map((concurrency) => ({ concurrency }));

/** What it costs to learn that a lock is taken. */
export const trylock: Workload = {
  name: "trylock",
  about: "tries on locks that another process holds: all of them fail, and are told so",
  onRequest: true,
  server: "etcd",
  agentCount: ({ processes = 1 }) => processes + 1,
  knobs: ["mode", "concurrency", "processes"],
  shows: "calls",
  countsRequests: true,
  figures: ["requestsPerOp", "revisionsPerOp"],
  zeroFigures: ["revisionsPerOp"],
  seconds: 1,
  warmupSeconds: 0.25,
  params,
  systems: {
    etcdwire: openEtcdwire,
    go: openPeer("go", goPeer),
    rust: openPeer("rust", rustPeer),
    java: openPeer("java", javaPeer),
    redlock: openRedlock,
  },
  needs: {
    go: goPeer.need,
    rust: () =>
      Promise.reject(new PeerMissingError("etcd's lock service, which is what etcd-client has, has no try")),
    java: () =>
      Promise.reject(new PeerMissingError("etcd's lock service, which is what jetcd has, has no try")),
    redlock: needRedis,
  },
  ownLoops: ["go"],
  // Its try puts its key, and deletes it again.
  promiseless: ["go"],
  ratios: params.map((setting) => ({
    name: `trylock c=${setting.concurrency} tries/s: etcdwire / go`,
    metric: "opsPerSecond" as const,
    system: "etcdwire",
    against: "go",
    params: setting,
    bar: { atLeast: 1.8 },
  })),
  values: params.map((setting) => ({
    name: `trylock c=${setting.concurrency} requests per failing try: etcdwire`,
    metric: "requestsPerOp" as const,
    system: "etcdwire",
    params: setting,
    unit: "requests",
    // One each; what a client may ask besides, once in a while, is within the thousandth.
    bar: { atMost: 1.001 },
  })),
};
