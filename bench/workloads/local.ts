import type { Lock, Mutex } from "../../src/index.js";
import { promiseOperation, runClosedLoop } from "../harness/closed-loop.js";
import { watchLocalLine } from "../harness/local-line.js";
import { usedBytes } from "../harness/memory.js";
import type { Measurement, RatioRule, RunRequest, SystemFactory, Workload } from "../harness/workload.js";

const TTL_SECONDS = 60;

/** All of them want the lock again as soon as they have released it: while one holds, `waiters` wait. */
const takeTurns = async (mutex: Mutex, freshTokens: boolean, request: RunRequest): Promise<Measurement> => {
  const line = watchLocalLine(freshTokens);
  const measured = await runClosedLoop(
    promiseOperation(async () => {
      const caller = line.asks();
      const lock = await mutex.lock();
      line.acquired(caller, lock.token);
      line.releases();
      await lock.release();
    }),
    { ...request, concurrency: (request.params.waiters ?? 1) + 1 },
  );
  return { ...measured, figures: { outOfOrder: line.outOfOrderCount } };
};

/** Lets `count` callers wait behind a holder, tells what each of them takes, and lets them go. */
const waitIdly = async (mutex: Mutex, count: number): Promise<number> => {
  const ahead = await mutex.lock();
  const waits: Promise<Lock>[] = new Array<Promise<Lock>>(count);
  const beforeBytes = usedBytes();
  for (let waiter = 0; waiter < count; waiter++) waits[waiter] = mutex.lock();
  // What of them goes on after the call's own tick.
  await new Promise((resolve) => setImmediate(resolve));
  const bytesPerWaiter = (usedBytes() - beforeBytes) / count;
  await ahead.release();
  for (const wait of waits) await (await wait).release();
  return bytesPerWaiter;
};

const open =
  (localHandover: "fresh-token" | "shared-token"): SystemFactory =>
  async (target) => {
    const { Mutex, Session } = await import("../../src/index.js");
    const { openClient } = await import("../peers/etcdwire.js");
    const client = openClient(target);
    const session = await Session.create(client, { ttlSeconds: TTL_SECONDS });
    return {
      run: async (request) => {
        const { waiters = 1, load } = request.params;
        const mutex = new Mutex(session, `bench/local/${request.runId}`, { localHandover });
        if (load !== "idle") return takeTurns(mutex, localHandover === "fresh-token", request);
        // The first time compiles and grows, and is not counted.
        await waitIdly(mutex, Math.min(waiters, 1_000));
        return {
          operationCount: 0,
          elapsedMs: 0,
          latenciesUs: new Float32Array(0),
          cpuUs: 0,
          errorCount: 0,
          figures: { bytesPerWaiter: await waitIdly(mutex, waiters) },
        };
      },
      close: async () => {
        await session.close();
        await client.close();
      },
    };
  };

const IDLE = { waiters: 10_000, load: "idle" } as const;
const busy = [1, 100, 10_000].map((waiters) => ({ waiters }));

/** One name, many callers of one session. */
export const local: Workload = {
  name: "local",
  about: "callers in one process that want one lock of one session, in turns",
  onRequest: true,
  server: "etcd",
  agentCount: 1,
  nodeOptions: ["--expose-gc"],
  isolatesRows: true,
  shows: "calls",
  countsRequests: true,
  figures: ["requestsPerOp", "bytesPerWaiter", "outOfOrder"],
  zeroFigures: ["outOfOrder"],
  seconds: 1.5,
  warmupSeconds: 0.25,
  params: [...busy, IDLE],
  smokeParams: [{ waiters: 100 }, { ...IDLE, waiters: 200 }],
  systems: { "fresh-token": open("fresh-token"), "shared-token": open("shared-token") },
  ratios: busy.map((params): RatioRule => ({
    name: `local waiters=${params.waiters} acquisitions/s: shared-token / fresh-token`,
    metric: "opsPerSecond",
    system: "shared-token",
    against: "fresh-token",
    params,
  })),
  values: ["fresh-token", "shared-token"].map((system) => ({
    name: `local waiters=10000 memory per waiter: ${system}`,
    metric: "bytesPerWaiter" as const,
    system,
    params: IDLE,
    unit: "bytes",
    bar: { atMost: 1_024 },
  })),
};
