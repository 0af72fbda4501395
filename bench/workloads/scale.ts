import { subscribe } from "node:diagnostics_channel";
import type { Client, LeaseEvent, Lock, Session } from "../../src/index.js";
import { promiseOperation, runClosedLoop } from "../harness/closed-loop.js";
import { contendingSystem } from "../harness/contention.js";
import { usedBytes } from "../harness/memory.js";
import { untilQuiet } from "../harness/server-counters.js";
import type { RunSetup, SystemFactory, Target, Workload } from "../harness/workload.js";

/** Renewed every other second, so that a bench of some seconds sees some renewals. */
const TTL_SECONDS = 6;
/** Of contenders: no lease is renewed while events and CPU are counted. */
const LONG_TTL_SECONDS = 3_600;
/** Acquires in flight while the locks are taken that are held later. */
const ACQUIRES_AT_ONCE = 64;
const PREFIX = "bench/scale";

/** One client with one session, whose renewals are counted. */
const openCounted = async (
  target: Target,
): Promise<{ client: Client; session: Session; renewalsPerSecond: () => number }> => {
  const { Session } = await import("../../src/index.js");
  const { openClient } = await import("../peers/etcdwire.js");
  const client = openClient(target);
  const session = await Session.create(client, { ttlSeconds: TTL_SECONDS });
  const sinceMs = performance.now();
  let renewalCount = 0;
  subscribe("etcdwire:lease", (event) => {
    const { type, leaseId } = event as LeaseEvent;
    if (type === "renewed" && leaseId === session.leaseId) renewalCount++;
  });
  return {
    client,
    session,
    renewalsPerSecond: () => (renewalCount * 1e3) / (performance.now() - sinceMs),
  };
};

/** `count` times `work`, `ACQUIRES_AT_ONCE` at a time. */
const inBatches = async <T>(count: number, work: (number: number) => Promise<T>): Promise<T[]> => {
  const results: T[] = [];
  while (results.length < count) {
    const batch = Array.from({ length: Math.min(ACQUIRES_AT_ONCE, count - results.length) }, (_, i) =>
      work(results.length + i),
    );
    results.push(...(await Promise.all(batch)));
  }
  return results;
};

/** Acquires of new names beside all that the client holds and waits for, if `isLoaded`; else of a client that has nothing. */
const open =
  (isLoaded: boolean): SystemFactory =>
  async (target) => {
    const { Mutex, Session } = await import("../../src/index.js");
    const { openClient } = await import("../peers/etcdwire.js");
    const { client, session, renewalsPerSecond } = await openCounted(target);
    // Holds what is waited for. In the same process, because it does nothing.
    const keeper = openClient(target);
    let closeKeeper = (): Promise<void> => keeper.close();
    let held: readonly Lock[] = [];
    let memory: { readonly bytesPerLock: number; readonly bytesPerWaiter: number } | undefined;

    const load = async ({ params: { locks = 0, waiters = 0 } }: RunSetup): Promise<void> => {
      const keeping = await Session.create(keeper, { ttlSeconds: LONG_TTL_SECONDS });
      closeKeeper = async () => {
        await keeping.close();
        await keeper.close();
      };
      const taken = (number: number): string => `${PREFIX}/taken/${number}`;
      await inBatches(waiters, (number) => new Mutex(keeping, taken(number)).lock());
      const emptyBytes = usedBytes();
      held = await inBatches(locks, (number) => new Mutex(session, `${PREFIX}/held/${number}`).lock());
      const heldBytes = usedBytes();
      for (let number = 0; number < waiters; number++) {
        // They wait until the session ends.
        new Mutex(session, taken(number)).lock().catch(() => {});
      }
      await untilQuiet(target);
      memory = {
        bytesPerLock: (heldBytes - emptyBytes) / locks,
        bytesPerWaiter: (usedBytes() - heldBytes) / waiters,
      };
    };

    return {
      prepare: async (setup) => {
        if (isLoaded && memory === undefined) await load(setup);
      },
      run: async (request) => {
        let count = 0;
        const measured = await runClosedLoop(
          promiseOperation(async () => {
            const lock = await new Mutex(session, `${PREFIX}/new/${request.runId}/${count++}`).lock();
            await lock.release();
          }),
          { ...request, concurrency: 1 },
        );
        // All of them are provably held to the end, or the row is not what it says.
        for (const lock of held) lock.assertHeld();
        return { ...measured, figures: { ...memory, renewalsPerSecond: renewalsPerSecond() } };
      },
      close: async () => {
        await session.close();
        await client.close();
        await closeKeeper();
      },
    };
  };

/** Sessions that share one client in each process: a thousand of them are a line of keys, and no crowd of connections. */
const openContenders: SystemFactory = async (target) => {
  const { openClient, openSessionContender } = await import("../peers/etcdwire.js");
  const client = openClient(target);
  const system = contendingSystem(() => openSessionContender(client, LONG_TTL_SECONDS));
  return {
    ...system,
    close: async () => {
      await system.close();
      await client.close();
    },
  };
};

const MANY = { locks: 10_000, waiters: 1_000 } as const;
/** One holds and the others wait: 10 and 1,000. */
const FEW_REMOTE = { contenders: 11, processes: 4 } as const;
const MANY_REMOTE = { contenders: 1_001, processes: 4 } as const;

/** What many locks cost, and many that wait for one. */
export const scale: Workload = {
  name: "scale",
  about:
    "a client that holds and waits for many locks beside one that has none; a line of 1,000 for one name",
  onRequest: true,
  server: "etcd",
  agentCount: ({ processes = 1 }) => processes,
  nodeOptions: ["--expose-gc"],
  isolatesRows: true,
  shows: "calls",
  countsRequests: true,
  figures: ["requestsPerOp", "eventsPerOp", "bytesPerLock", "bytesPerWaiter", "renewalsPerSecond"],
  seconds: 2,
  // For a thousand contenders to be in the line.
  warmupSeconds: 8,
  warmupMinSeconds: 0.3,
  params: [MANY, FEW_REMOTE, MANY_REMOTE],
  smokeParams: [
    { locks: 300, waiters: 100 },
    { contenders: 41, processes: 2 },
  ],
  // The loaded one first: it loads before its first run, and the empty client then meets the same store.
  systems: { loaded: open(true), empty: open(false), line: openContenders },
  hasRow: (system, { locks }) => (system === "line") === (locks === undefined),
  ratios: [
    {
      name: "scale acquire and release p50: loaded / empty",
      metric: "p50",
      system: "loaded",
      against: "empty",
      params: MANY,
      bar: { atMost: 1.5 },
    },
    {
      name: "scale renewals/s: loaded / empty",
      metric: "renewalsPerSecond",
      system: "loaded",
      against: "empty",
      params: MANY,
      about: "one session, one lease: the number of its locks is to make no difference",
    },
    {
      name: "scale client CPU per hand-over: 1,000 waiters / 10",
      metric: "clientCpuUsPerOp",
      system: "line",
      params: MANY_REMOTE,
      against: "line",
      againstParams: FEW_REMOTE,
      bar: { atMost: 2 },
    },
    {
      name: "scale watch events per hand-over: 1,000 waiters / 10",
      metric: "eventsPerOp",
      system: "line",
      params: MANY_REMOTE,
      against: "line",
      againstParams: FEW_REMOTE,
      bar: { atMost: 2 },
    },
  ],
  values: [
    {
      name: "scale memory per held lock",
      metric: "bytesPerLock",
      system: "loaded",
      params: MANY,
      unit: "bytes",
    },
    {
      name: "scale memory per waiter on a name of its own",
      metric: "bytesPerWaiter",
      system: "loaded",
      params: MANY,
      unit: "bytes",
    },
  ],
};
