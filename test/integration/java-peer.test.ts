import { afterAll, beforeAll, expect, test, type TestContext } from "vitest";
import { totalCount } from "../../bench/harness/latency-counts.js";
import { checkLockHistory } from "../../bench/harness/lock-history.js";
import { contendingPeer, loopingPeer } from "../../bench/harness/program-peer.js";
import { monotonicUs, PeerMissingError } from "../../bench/harness/workload.js";
import type { RunRequest, SystemFactory, System } from "../../bench/harness/workload.js";
import { startNullServer } from "../../bench/null-server.js";
import { javaPeer, warmedUp } from "../../bench/peers/java-peer.js";
import { EtcdCluster } from "../../src/testing/index.js";

// jetcd as a peer of the bench, on a real etcd and on the null server, after the time that a JVM needs.

let cluster: EtcdCluster;
beforeAll(async () => {
  cluster = await EtcdCluster.start();
  // Ahead of the tests, whose time it would take. What goes wrong, each of them hears.
  await javaPeer.need(() => {}).catch(() => {});
}, 600_000);
afterAll(() => cluster.close());

const requestOf = (params: RunRequest["params"]): RunRequest => ({
  params,
  warmupMs: 50,
  durationMs: 150,
  share: 1,
  runId: `test-${Math.random()}`,
  startAtUs: 0,
  agentIndex: 0,
  agentCount: 1,
  load: { seed: 1, intervalMs: 1_000 },
});

/** Skips where there is no JDK, no Maven or no way to the libraries, and says why. */
const open = async (
  context: TestContext,
  factory: SystemFactory,
  endpoints: readonly string[],
): Promise<System> => {
  try {
    await javaPeer.need(() => {});
  } catch (error) {
    if (error instanceof PeerMissingError) context.skip(error.message);
    throw error;
  }
  return warmedUp(factory)({ endpoints });
};

const runOnce = async (system: System, params: RunRequest["params"]) => {
  const request = requestOf(params);
  await system.prepare!(request);
  const measured = await system.run({ ...request, startAtUs: monotonicUs() + 20_000 });
  await system.close();
  return measured;
};

test("jetcd takes locks and releases them", async (context) => {
  const factory: SystemFactory = async (target) =>
    loopingPeer(await javaPeer.open(target), 60, ({ runId }) => ({
      work: "acquire",
      names: [runId],
      concurrency: 4,
    }));
  const measured = await runOnce(await open(context, factory, cluster.endpoints), {});
  expect(measured).toMatchObject({ errorCount: 0, errorText: undefined, inFlightMax: 4 });
  expect(measured.operationCount).toBeGreaterThan(0);
  expect(measured.totalCount).toBeGreaterThanOrEqual(measured.operationCount);
  expect(totalCount(measured.serviceTimes!)).toBe(measured.operationCount);
  expect(measured.cpuUs).toBeGreaterThan(0);
}, 60_000);

test("jetcd contends for a lock with two clients, one at a time and in order", async (context) => {
  const factory: SystemFactory = async (target) => contendingPeer(await javaPeer.open(target), 60);
  const params = { contenders: 2, processes: 1, holdMs: 1 };
  const { holds, errorCount } = await runOnce(await open(context, factory, cluster.endpoints), params);
  expect(errorCount).toBe(0);
  expect(holds!.length).toBeGreaterThan(2);
  expect(checkLockHistory(holds!)).toMatchObject({ overlapCount: 0, tokenDisorderCount: 0 });
}, 60_000);

test("jetcd calls the null server", async (context) => {
  const server = await startNullServer();
  const factory: SystemFactory = async (target) =>
    loopingPeer(await javaPeer.open(target), 0, () => ({ work: "limit", names: [], concurrency: 16 }));
  const measured = await runOnce(await open(context, factory, [`127.0.0.1:${server.port}`]), {});
  await server.close();
  expect(measured).toMatchObject({ errorCount: 0, errorText: undefined });
  expect(measured.operationCount).toBeGreaterThan(0);
}, 60_000);

test("jetcd has no try, and says so", async (context) => {
  const factory: SystemFactory = async (target) =>
    loopingPeer(await javaPeer.open(target), 60, ({ runId }) => ({
      work: "try",
      names: [runId],
      concurrency: 1,
    }));
  const system = await open(context, factory, cluster.endpoints);
  await expect(system.prepare!(requestOf({}))).rejects.toThrow('no way to do "try"');
  await system.close();
}, 60_000);
