import { contendingSystem } from "../harness/contention.js";
import type { Contender } from "../harness/contention.js";
import { writeForeign } from "../harness/foreign-writes.js";
import { contendingPeer } from "../harness/program-peer.js";
import { plainEndpoints } from "../harness/workload.js";
import type { Params, RatioRule, System, SystemFactory, Target, Workload } from "../harness/workload.js";
import type { BuiltPeer } from "../peers/built-peer.js";
import { goPeer } from "../peers/go-peer.js";
import { javaPeer, warmedUp } from "../peers/java-peer.js";
import { needRedis, notOnEtcd } from "../peers/need-redis.js";
import { rustPeer } from "../peers/rust-peer.js";

/** Longer than any bench: no lease is renewed while hand-overs are counted, whoever's it is. */
const TTL_SECONDS = 3_600;

interface Setting {
  readonly contenders: 2 | 8 | 32 | 128;
  readonly processes: 1 | 2 | 4;
  readonly holdMs: 0 | 1 | 10 | 100;
  readonly members: 1 | 3;
  readonly foreignWrites: 0 | 1_000;
}

/** Where the bars are: two contenders, each a process, on one member that has nothing else to do. */
const BASE: Setting = { contenders: 2, processes: 2, holdMs: 0, members: 1, foreignWrites: 0 };
const at = (changes: Partial<Setting>): Setting => ({ ...BASE, ...changes });

const grid: readonly Setting[] = ([1, 3] as const).flatMap((members) =>
  ([0, 1_000] as const).flatMap((foreignWrites) =>
    ([2, 8, 32, 128] as const).flatMap((contenders) =>
      ([1, 2, 4] as const).flatMap((processes) =>
        ([0, 1, 10, 100] as const).map((holdMs) => ({
          contenders,
          processes,
          holdMs,
          members,
          foreignWrites,
        })),
      ),
    ),
  ),
);

/** The last agent of a row with foreign writes makes them, in whichever system's process: with etcdwire for all. */
const open =
  (openContention: (target: Target) => Promise<System>): SystemFactory =>
  async (target) => {
    const system = await openContention(target);
    let closeWriter: (() => Promise<void>) | undefined;
    let put: ((key: string, value: string) => Promise<unknown>) | undefined;
    const isWriter = ({ agentIndex, params }: { agentIndex: number; params: Params }): boolean =>
      agentIndex === params.processes;
    return {
      prepare: async (setup) => {
        await system.prepare?.(setup);
        if (!isWriter(setup) || put !== undefined) return;
        const { openClient } = await import("../peers/etcdwire.js");
        const client = openClient(target);
        put = (key, value) => client.kv.put(key, value);
        closeWriter = () => client.close();
      },
      run: (request) => (isWriter(request) ? writeForeign({ put: put! }, request) : system.run(request)),
      close: async () => {
        await system.close();
        await closeWriter?.();
      },
    };
  };

const contending = (openContender: (target: Target) => Promise<Contender>): SystemFactory =>
  open((target) => Promise.resolve(contendingSystem(() => openContender(target))));

const openEtcdwire = contending(async (target) => {
  const { openMutexContender } = await import("../peers/etcdwire.js");
  return openMutexContender(target, TTL_SECONDS);
});

const openServerLock = contending(async (target) => {
  const { openServerLockContender } = await import("../peers/server-lock.js");
  return openServerLockContender(plainEndpoints(target, "server-lock")[0]!, TTL_SECONDS);
});

const openPeer = (peer: BuiltPeer): SystemFactory =>
  open(async (target) => contendingPeer(await peer.open(target), TTL_SECONDS));

const openRedlock = notOnEtcd(
  contending(async (target) => {
    const { openRedlockContender } = await import("../peers/redlock.js");
    return openRedlockContender(target);
  }),
);

const openLimit = (options: { readonly rejoins: boolean }): SystemFactory =>
  open(async (target) => {
    const { LimitSide } = await import("../peers/etcdwire-limit.js");
    return new LimitSide(target, options);
  });

const barsAt = (params: Setting): RatioRule[] => {
  const where = `members=${params.members} writes=${params.foreignWrites}/s`;
  const base = `handover contenders=2 processes=2 hold=0ms ${where}`;
  const rule = { system: "etcdwire", params } as const;
  return [
    { ...rule, name: `${base} p50: etcdwire / limit`, metric: "p50", against: "limit", ...limitBar(params) },
    {
      ...rule,
      name: `${base} p50: etcdwire / limit-rejoin`,
      metric: "p50",
      against: "limit-rejoin",
      about: "as many commits as a lock's hand-over has",
    },
    {
      ...rule,
      name: `${base} rate: etcdwire / go`,
      metric: "opsPerSecond",
      against: "go",
      bar: { atLeast: params.foreignWrites === 0 ? 30 : 15 },
    },
  ];
};

const limitBar = ({ foreignWrites }: Setting): Pick<RatioRule, "bar" | "about"> =>
  foreignWrites === 0 ? { bar: { atMost: 1.5 } } : { about: "the bar is that of the idle store" };

const serverLockRule = (holdMs: 0 | 10, atLeast: number): RatioRule => ({
  name: `handover contenders=2 hold=${holdMs}ms rate: etcdwire / server-lock`,
  metric: "opsPerSecond",
  system: "etcdwire",
  against: "server-lock",
  params: at({ holdMs }),
  bar: { atLeast },
});

/** How long a lock lies idle between two owners. */
export const handover: Workload = {
  name: "handover",
  about:
    "contenders for one name, each its own client and session; from the call of release to the next owner",
  server: "etcd",
  knobs: ["contenders", "processes", "holdMs"],
  agentCount: ({ processes = 1, foreignWrites = 0 }) => processes + (foreignWrites > 0 ? 1 : 0),
  shows: "handovers",
  countsRequests: true,
  figures: ["requestsPerOp", "eventsPerOp", "foreignWritesPerSecond"],
  seconds: 1.3,
  warmupSeconds: 0.25,
  headlineParams: [BASE, at({ holdMs: 10 })],
  params: [
    BASE,
    ...([2, 8, 32, 128] as const).map((contenders) => at({ contenders, processes: 1 })),
    ...([8, 32, 128] as const).map((contenders) => at({ contenders, processes: 4 })),
    ...([1, 10, 100] as const).map((holdMs) => at({ holdMs })),
    at({ foreignWrites: 1_000 }),
    at({ contenders: 8, processes: 4, foreignWrites: 1_000 }),
    at({ members: 3 }),
    at({ contenders: 8, processes: 4, members: 3 }),
    at({ members: 3, foreignWrites: 1_000 }),
  ],
  // Rust's and Java's locks are the server's, as "server-lock" is.
  isHeadline: (system, { holdMs }) =>
    system !== "limit-rejoin" &&
    system !== "rust" &&
    system !== "java" &&
    (holdMs === 0 || (system !== "go" && system !== "redlock")),
  moreParams: grid,
  smokeParams: [
    at({ foreignWrites: 1_000 }),
    at({ contenders: 8, processes: 4, holdMs: 1 }),
    at({ contenders: 8, processes: 1, members: 3 }),
  ],
  systems: {
    etcdwire: openEtcdwire,
    "server-lock": openServerLock,
    go: openPeer(goPeer),
    rust: openPeer(rustPeer),
    java: warmedUp(openPeer(javaPeer)),
    redlock: openRedlock,
    limit: openLimit({ rejoins: false }),
    "limit-rejoin": openLimit({ rejoins: true }),
  },
  needs: { go: goPeer.need, rust: rustPeer.need, java: javaPeer.need, redlock: needRedis },
  hasRow: (system, { contenders, processes, holdMs, members, foreignWrites }) => {
    if (system.startsWith("limit")) return contenders === 2 && processes === 2 && holdMs === 0;
    // One Redis, and nobody else's writes.
    if (system === "redlock") return members === 1 && foreignWrites === 0;
    return true;
  },
  ratios: [
    serverLockRule(0, 10),
    serverLockRule(10, 4),
    ...barsAt(BASE),
    ...barsAt(at({ foreignWrites: 1_000 })),
    ...barsAt(at({ members: 3 })),
    ...barsAt(at({ members: 3, foreignWrites: 1_000 })),
  ],
};
