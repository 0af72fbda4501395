import { promiseOperation } from "../harness/closed-loop.js";
import { concurrencyShare, drive, nothingMeasured } from "../harness/drive.js";
import { measureLoop } from "../harness/program-peer.js";
import { PeerMissingError } from "../harness/workload.js";
import { untilQuiet } from "../harness/server-counters.js";
import type { Contender } from "../harness/contention.js";
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
/** The last agent of a run holds the locks; the others try. */
const isHolder = ({ agentIndex, agentCount }: RunSetup | RunRequest): boolean =>
  agentIndex === agentCount - 1;
/** Of an open loop, whose tries share them when more are under way. */
const OPEN_LOOP_NAME_COUNT = 64;

/**
 * One name for each try that the process has in flight which has most: all systems' sessions have one key per name. Other
 * processes try the same ones.
 */
const namesOf = ({ params, runId }: RunSetup | RunRequest): string[] =>
  Array.from(
    { length: params.mode === "open" ? OPEN_LOOP_NAME_COUNT : concurrencyShare({ params, agentIndex: 0 }) },
    (_, slot) => `bench/trylock/${runId}/${slot}`,
  );

/** What tries, with one client and one session. */
interface Tryer {
  readonly prepare?: (setup: RunSetup) => Promise<unknown>;
  readonly run: (names: readonly string[], request: RunRequest) => Promise<Measurement>;
  readonly close: () => Promise<void>;
}

const openEtcdwireHolder = async (target: Target): Promise<Contender> => {
  const { openMutexContender } = await import("../peers/etcdwire.js");
  return openMutexContender(target, TTL_SECONDS);
};

/** The holder is etcdwire in another process, for all systems on etcd: they exclude one another. */
const open =
  (openTryer: (target: Target) => Promise<Tryer>, openHolder = openEtcdwireHolder): SystemFactory =>
  (target) => {
    let holder: Contender | undefined;
    let tryer: Tryer | undefined;
    let releases: (() => Promise<void>)[] = [];
    const releaseAll = async (): Promise<void> => {
      await Promise.all(releases.map((release) => release()));
      releases = [];
    };
    return Promise.resolve({
      prepare: async (setup) => {
        // Those of the run before, in which it may have been this agent's turn to hold.
        await releaseAll();
        if (isHolder(setup)) {
          const opened = (holder ??= await openHolder(target));
          const locks = await Promise.all(namesOf(setup).map((name) => opened.acquire(name)));
          releases = locks.map((lock) => () => lock.release());
        } else {
          tryer ??= await openTryer(target);
          await tryer.prepare?.(setup);
        }
        // A holder watches its key from some time after the acquire on, which is not to be counted as a try's request.
        await untilQuiet(target);
      },
      run: async (request) => (isHolder(request) ? nothingMeasured : tryer!.run(namesOf(request), request)),
      close: async () => {
        await releaseAll();
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

const openEtcdwire = open(async (target) => {
  const { openTryer } = await import("../peers/etcdwire.js");
  const tryer = await openTryer(target, TTL_SECONDS);
  return { run: triesOf((name) => tryer.tryTaken(name)), close: tryer.close };
});

const openRedlock = notOnEtcd(
  open(
    async (target) => {
      const { openRedlockTryer } = await import("../peers/redlock.js");
      const tryer = await openRedlockTryer(target);
      return { run: triesOf(tryer.tryTaken), close: tryer.close };
    },
    async (target) => {
      const { openRedlockContender } = await import("../peers/redlock.js");
      return openRedlockContender(target);
    },
  ),
);

const openPeer = (built: BuiltPeer): SystemFactory =>
  open(async (target) => {
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
    go: openPeer(goPeer),
    rust: openPeer(rustPeer),
    java: openPeer(javaPeer),
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
