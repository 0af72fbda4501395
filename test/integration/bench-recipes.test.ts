import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { totalCount } from "../../bench/harness/latency-counts.js";
import { checkLockHistory } from "../../bench/harness/lock-history.js";
import { monotonicUs, paramsText } from "../../bench/harness/workload.js";
import type { Measurement, Params, RunRequest, Target, Workload } from "../../bench/harness/workload.js";
import { openTxnLock } from "../../bench/peers/grpc-js-lock.js";
import { openCandidate } from "../../bench/peers/server-election.js";
import { openServerLockContender } from "../../bench/peers/server-lock.js";
import { election, observe } from "../../bench/workloads/election.js";
import { txn } from "../../bench/workloads/txn.js";
import { Client } from "../../src/index.js";
import { EtcdCluster } from "../../src/testing/index.js";

// The bench's Txns and elections, of all systems, on a real etcd: a fraction of a second each, all agents in this process.

let cluster: EtcdCluster;
beforeAll(async () => {
  cluster = await EtcdCluster.start();
});
afterAll(() => cluster.close());

let runCount = 0;

/** Runs, as the bench makes them: of one system, at one set of parameters after the other. */
const runAll = async (
  { systems }: Workload,
  system: string,
  settings: readonly Params[],
  agentCount = 1,
  warmupMs = 50,
): Promise<readonly (readonly Measurement[])[]> => {
  const target: Target = { endpoints: cluster.endpoints };
  const agents = await Promise.all(Array.from({ length: agentCount }, () => systems[system]!(target)));
  const runs: Measurement[][] = [];
  try {
    for (const params of settings) {
      const setup = {
        ...{ params, warmupMs, durationMs: 250, share: 1, agentCount },
        runId: `test-${runCount++}`,
        load: { seed: 1, intervalMs: 1_000 },
      };
      await Promise.all(agents.map(async (agent, agentIndex) => agent.prepare?.({ ...setup, agentIndex })));
      const request: Omit<RunRequest, "agentIndex"> = { ...setup, startAtUs: monotonicUs() + 20_000 };
      runs.push(await Promise.all(agents.map((agent, agentIndex) => agent.run({ ...request, agentIndex }))));
    }
    return runs;
  } finally {
    await Promise.all(agents.map((agent) => agent.close()));
  }
};

const run = async (
  workload: Workload,
  system: string,
  params: Params,
  agentCount?: number,
  warmupMs?: number,
): Promise<readonly Measurement[]> => (await runAll(workload, system, [params], agentCount, warmupMs))[0]!;

const rows: readonly Params[] = [
  { mix: "read", concurrency: 4, valueBytes: 256 },
  { mix: "cas", concurrency: 4, valueBytes: 16 },
  { mix: "rmw", concurrency: 4, valueBytes: 256 },
  { mix: "multi", concurrency: 4, valueBytes: 16 },
  { mix: "cas", concurrency: 4, keys: 1, valueBytes: 16 },
  { mix: "cas", mode: "open", rate: 100, valueBytes: 65_536 },
];

describe.each(Object.keys(txn.systems))("txn by %s", (system) => {
  test.each(rows.map((params) => [paramsText(params), params] as const))(
    "loses and repeats nothing: %s",
    async (_, params) => {
      const [measurement] = await run(txn, system, params);
      expect(measurement).toMatchObject({
        errorCount: 0,
        figures: { lostWrites: 0, repeatedWrites: 0 },
      });
      expect(measurement!.operationCount).toBeGreaterThan(0);
    },
  );
});

test("txn leaves no key behind", async () => {
  await run(txn, "etcdwire", { mix: "multi", concurrency: 4, valueBytes: 16, processes: 2 }, 2);
  const client = new Client({ endpoints: cluster.endpoints });
  expect((await client.kv.get("bench/txn/", { prefix: true, countOnly: true })).count).toBe(0);
  await client.close();
});

describe.each(Object.keys(election.systems))("elections by %s", (system) => {
  test("have one leader at a time, each with a higher token than the one before", async () => {
    const parts = await run(election, system, { contenders: 3, processes: 2, holdMs: 1 }, 2);
    const holds = parts.flatMap((part) => part.holds ?? []);
    expect(parts.map(({ errorCount }) => errorCount)).toEqual([0, 0]);
    expect(holds.length).toBeGreaterThan(2);
    expect(checkLockHistory(holds)).toMatchObject({ overlapCount: 0, tokenDisorderCount: 0 });
  });

  test("tell all observers what the leader says, in order, and to the end", async () => {
    // An observer that begins among proclamations may wait for etcd's timer of 100 ms first.
    const [, heard] = await run(observe, system, { watchers: 3 }, 2, 400);
    expect(heard!.watch).toEqual({ lostEvents: 0, repeatedEvents: 0 });
    // How many came in the window is the machine's to say.
    expect(totalCount(heard!.serviceTimes!)).toBe(heard!.operationCount);
  });
});

test.each(Object.keys(observe.systems))(
  "many observers by %s who end together leave its client to the next ones",
  async (system) => {
    const runs = await runAll(observe, system, [{ watchers: 100 }, { watchers: 1 }, { watchers: 1 }], 2, 400);
    for (const [, heard] of runs) expect(heard!.watch).toEqual({ lostEvents: 0, repeatedEvents: 0 });
  },
);

test("observers of etcd's Election service who end together leave it to those who come later", async () => {
  await run(observe, "server-election", { watchers: 100 }, 2, 400);
  // What hangs in etcd hangs once its last watcher is gone.
  await sleep(1_000);
  const [, heard] = await run(observe, "server-election", { watchers: 1 }, 2, 400);
  expect(heard!.watch).toEqual({ lostEvents: 0, repeatedEvents: 0 });
});

/** The shortest that etcd grants with its own election timeout. */
const SHORT_TTL_SECONDS = 2;

test("grpc-js, server-lock and server-election keep what they hold for longer than its TTL, and leave no lease behind", async () => {
  const client = new Client({ endpoints: cluster.endpoints });
  // Those of etcd's own sessions run out meanwhile: it makes one for each Observe.
  const before = new Set(await client.lease.list());
  const leaseCount = async (): Promise<number> =>
    (await client.lease.list()).filter((lease) => !before.has(lease)).length;
  const openers = {
    "grpc-js": openTxnLock,
    "server-lock": openServerLockContender,
    "server-election": openCandidate,
  };
  const held = await Promise.all(
    Object.entries(openers).map(async ([name, open]) => {
      const prefix = `bench/kept/${name}`;
      const contender = await open(cluster.endpoints[0]!, SHORT_TTL_SECONDS);
      await contender.acquire(prefix);
      return { prefix, contender };
    }),
  );
  const keyCounts = (): Promise<number[]> =>
    Promise.all(
      held.map(async ({ prefix }) => (await client.kv.get(prefix, { prefix: true, countOnly: true })).count),
    );
  expect(await leaseCount()).toBe(3);
  // etcd looks for leases that have run out twice a second.
  await sleep(1.5 * SHORT_TTL_SECONDS * 1e3);
  expect(await keyCounts()).toEqual([1, 1, 1]);
  for (const { contender } of held) await contender.close();
  expect(await keyCounts()).toEqual([0, 0, 0]);
  expect(await leaseCount()).toBe(0);
  await client.close();
});
