import { afterAll, beforeAll, describe, expect, test, type TestContext } from "vitest";
import { checkLockHistory } from "../../bench/harness/lock-history.js";
import { percentileUs, totalCount } from "../../bench/harness/latency-counts.js";
import { contendingPeer, loopingPeer, measureLoop } from "../../bench/harness/program-peer.js";
import type { ProgramPeer } from "../../bench/harness/program-peer.js";
import { monotonicUs, PeerMissingError } from "../../bench/harness/workload.js";
import type { RunRequest, Target } from "../../bench/harness/workload.js";
import { startNullServer } from "../../bench/null-server.js";
import { goPeer } from "../../bench/peers/go-peer.js";
import { rustPeer } from "../../bench/peers/rust-peer.js";
import { Client, Mutex, Session } from "../../src/index.js";
import { EtcdCluster } from "../../src/testing/index.js";
import { optionsFor } from "../support/real-cluster.js";

// The bench's peers in other languages on a real etcd, and on the null server: a fraction of a second each.

const peers = [
  { name: "go", ...goPeer, tries: true },
  { name: "rust", ...rustPeer, tries: false },
];

let cluster: EtcdCluster;
beforeAll(async () => {
  cluster = await EtcdCluster.start();
  // Ahead of the tests, whose time it would take. What goes wrong, each of them hears.
  for (const { need } of peers) await need(() => {}).catch(() => {});
}, 600_000);
afterAll(() => cluster.close());

const requestOf = (params: RunRequest["params"]): RunRequest => ({
  params,
  warmupMs: 50,
  durationMs: 250,
  share: 1,
  runId: `test-${Math.random()}`,
  startAtUs: monotonicUs() + 20_000,
  agentIndex: 0,
  agentCount: 1,
  load: { seed: 1, intervalMs: 1_000 },
});

describe.each(peers)("the bench's peer of $name", ({ need, open, tries }) => {
  /** Skips where its compiler, or what it needs to compile, is not there, and says why. */
  const start = async (context: TestContext, target: Target): Promise<ProgramPeer> => {
    try {
      await need(() => {});
    } catch (error) {
      if (error instanceof PeerMissingError) context.skip(error.message);
      throw error;
    }
    return open(target);
  };

  test("takes locks and releases them", async (context) => {
    const peer = await start(context, { endpoints: cluster.endpoints });
    const system = loopingPeer(peer, 60, ({ runId }) => ({
      work: "acquire",
      names: [runId],
      concurrency: 4,
    }));
    const request = requestOf({ concurrency: 4 });
    await system.prepare!(request);
    const measured = await system.run({ ...request, startAtUs: monotonicUs() + 20_000 });
    await system.close();
    expect(measured).toMatchObject({ errorCount: 0, elapsedMs: 250, inFlightMax: 4 });
    expect(measured.operationCount).toBeGreaterThan(4);
    expect(measured.totalCount).toBeGreaterThanOrEqual(measured.operationCount);
    expect(totalCount(measured.serviceTimes!)).toBe(measured.operationCount);
    expect(percentileUs(measured.serviceTimes!, 50)).toBeGreaterThan(20);
    expect(percentileUs(measured.serviceTimes!, 100)).toBeLessThan(300_000);
    expect(measured.cpuUs).toBeGreaterThan(0);
  });

  test("contends for one with two clients, one at a time and in order", async (context) => {
    const peer = await start(context, { endpoints: cluster.endpoints });
    const system = contendingPeer(peer, 60);
    const request = requestOf({ contenders: 2, processes: 1, holdMs: 1 });
    await system.prepare!(request);
    const { holds, errorCount } = await system.run({ ...request, startAtUs: monotonicUs() + 20_000 });
    await system.close();
    expect(errorCount).toBe(0);
    expect(holds!.length).toBeGreaterThan(2);
    expect(checkLockHistory(holds!)).toMatchObject({ overlapCount: 0, tokenDisorderCount: 0 });
  });

  test("is told that locks are taken", async (context) => {
    if (!tries) context.skip("there is no try in etcd's lock service");
    const peer = await start(context, { endpoints: cluster.endpoints });
    const client = new Client(optionsFor(cluster));
    const session = await Session.create(client, { ttlSeconds: 60 });
    const request = requestOf({});
    const names = ["a", "b"].map((name) => `${request.runId}/${name}`);
    for (const name of names) await new Mutex(session, name).lock();
    await peer.ask({ type: "prepare", clients: 1, ttlSeconds: 60 });
    const started = { ...request, startAtUs: monotonicUs() + 20_000 };
    const measured = await measureLoop(peer, { work: "try", names, concurrency: 2 }, started);
    await session.close();
    await client.close();
    expect(measured.errorCount).toBe(0);
    expect(measured.operationCount).toBeGreaterThan(2);
    // Nobody holds it now.
    const free = await measureLoop(
      peer,
      { work: "try", names: [`${request.runId}/c`], concurrency: 1 },
      { ...request, startAtUs: monotonicUs() + 20_000 },
    );
    await peer.close();
    expect(free.errorText).toContain("was given to us");
  });

  test("calls the null server", async (context) => {
    const server = await startNullServer();
    const peer = await start(context, { endpoints: [`127.0.0.1:${server.port}`] });
    const system = loopingPeer(peer, 0, () => ({ work: "limit", names: [], concurrency: 16 }));
    const request = requestOf({ concurrency: 16 });
    await system.prepare!(request);
    const measured = await system.run({ ...request, startAtUs: monotonicUs() + 20_000 });
    await system.close();
    await server.close();
    expect(measured).toMatchObject({ errorCount: 0 });
    expect(measured.operationCount).toBeGreaterThan(100);
  });
});
