import { describe, expect, test } from "vitest";
import { compareReports } from "../../bench/compare/comparison.js";
import type { Verdict } from "../../bench/compare/comparison.js";
import type { Agent } from "../../bench/harness/agent.js";
import { runClosedLoop } from "../../bench/harness/closed-loop.js";
import type { Operation } from "../../bench/harness/closed-loop.js";
import { readEnvironment } from "../../bench/harness/environment.js";
import type { Report } from "../../bench/harness/report-schema.js";
import { runWorkloads } from "../../bench/harness/runner.js";
import type { Outcome } from "../../bench/harness/runner.js";
import type { System, SystemFactory, Target, Workload } from "../../bench/harness/workload.js";
import { startNullServer } from "../../bench/null-server.js";
import { compareAndGet, openClient } from "../../bench/peers/etcdwire.js";
import { makeReport } from "../../bench/report/collect.js";

/** What is slower in one of the systems. */
const burn = (us: number): void => {
  const endMs = performance.now() + us / 1e3;
  while (performance.now() < endMs);
};

const clientOf =
  (slow: (operation: Operation) => Operation = (operation) => operation): SystemFactory =>
  (target): Promise<System> => {
    const client = openClient(target);
    const operation = slow(compareAndGet(client));
    return Promise.resolve({
      run: (request) =>
        runClosedLoop(operation, { ...request, concurrency: request.params.concurrency ?? 1 }),
      close: () => client.close(),
    });
  };

/** `client-limit`, by two builds that are the same, and one that takes two milliseconds more for each call: more than a busy machine takes. */
const workload: Workload = {
  name: "client-limit",
  about: "one Txn against a null server in the same process",
  server: "null",
  shows: "calls",
  agentCount: 1,
  seconds: 0.06,
  warmupSeconds: 0.02,
  params: [{ concurrency: 1 }, { concurrency: 16 }],
  systems: {
    before: clientOf(),
    after: clientOf(),
    slower: clientOf((operation) => (slot, done) => {
      burn(2_000);
      operation(slot, done);
    }),
  },
  ratios: [],
};

/** Here, where agents are not processes of their own. */
const openAgent = async (_workload: Workload, name: string, target: Target): Promise<Agent> => {
  const system = await workload.systems[name]!(target);
  return {
    prepare: () => Promise.resolve(),
    run: (request) => system.run(request),
    close: () => system.close(),
  };
};

/**
 * 3,432 ways to deal 14 runs out to two reports: at this level no more than 3 of them make a verdict out of nothing, which
 * is one test run of 1,100. The runs of all systems take turns, so that whatever else the machine does is in all of them.
 */
const RUN_COUNT = 7;
const ALPHA = 0.001;

describe("the harness", () => {
  test("has no evidence of a difference between two runs of one build, and has it of a slower one", async () => {
    const outcome: Outcome = { records: [], unmeasured: [] };
    await runWorkloads(
      [workload],
      { runCount: RUN_COUNT, load: { seed: 1, intervalMs: 1_000 } },
      {
        coreCount: 1,
        readMachineTimes: () => ({ busyMs: 0, idleMs: 1 }),
        openTarget: async () => {
          const server = await startNullServer();
          return {
            target: { endpoints: [`127.0.0.1:${server.port}`] },
            close: async () => {
              await server.close();
            },
          };
        },
        openAgent,
        onProgress: () => {},
      },
      outcome,
      new AbortController().signal,
    );
    expect(outcome.unmeasured).toEqual([]);
    const environment = readEnvironment();
    /** A report that has nothing but one of the systems, under the name of all. */
    const reportOf = (system: string): Report => {
      const report = makeReport([workload], outcome, environment, {
        workloads: [workload.name],
        runCount: RUN_COUNT,
        seed: 1,
        intervalMs: 1_000,
        cluster: "private",
      });
      const results = report.results.filter((result) => result.system === system);
      return { ...report, results: results.map((result) => ({ ...result, system: "etcdwire" })) };
    };
    const verdicts = (a: string, b: string): Verdict[] => {
      const { differences, rows } = compareReports(reportOf(a), reportOf(b), { alpha: ALPHA });
      expect(differences).toEqual([]);
      return rows.map(({ verdict }) => verdict);
    };
    expect(verdicts("before", "after")).toEqual(["no evidence", "no evidence"]);
    expect(verdicts("before", "slower")).toEqual(["worse", "worse"]);
    expect(verdicts("slower", "after")).toEqual(["better", "better"]);
  });
});
