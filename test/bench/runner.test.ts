import { setMaxListeners } from "node:events";
import { describe, expect, test } from "vitest";
import type { Agent } from "../../bench/harness/agent.js";
import { seedOfRun } from "../../bench/harness/arrivals.js";
import type { Environment } from "../../bench/harness/environment.js";
import { planRuns } from "../../bench/harness/plan.js";
import type { RunSelection } from "../../bench/harness/plan.js";
import type { Configuration } from "../../bench/harness/report-schema.js";
import { runWorkloads } from "../../bench/harness/runner.js";
import type { Outcome, Surroundings } from "../../bench/harness/runner.js";
import { paramsText, PeerMissingError } from "../../bench/harness/workload.js";
import type {
  Measurement,
  Params,
  RunRequest,
  RunSetup,
  ServerCounters,
  Target,
  ValueRule,
  Workload,
} from "../../bench/harness/workload.js";
import { makeReport, violations } from "../../bench/report/collect.js";
import { judge, renderTable } from "../../bench/report/table.js";

const neverOpened = (): never => {
  throw new Error("the runner opens systems through its surroundings");
};

const workload: Workload = {
  name: "sample",
  about: "a workload for tests",
  server: "null",
  shows: "calls",
  agentCount: 1,
  seconds: 1,
  warmupSeconds: 0.5,
  params: [{ concurrency: 1 }, { concurrency: 64 }],
  systems: { fast: neverOpened, slow: neverOpened, other: neverOpened },
  ratios: [
    {
      name: "sample c=64 ops/s: fast / slow",
      metric: "opsPerSecond",
      system: "fast",
      against: "slow",
      params: { concurrency: 64 },
      bar: { atLeast: 30 },
    },
    {
      name: "sample c=1 p50: fast / slow",
      metric: "p50",
      system: "fast",
      against: "slow",
      params: { concurrency: 1 },
      bar: { atMost: 0.2 },
    },
  ],
};

const contended: Workload = {
  ...workload,
  name: "contended",
  shows: "handovers",
  agentCount: 2,
  params: [{ contenders: 2, holdMs: 0 }],
  ratios: [],
};

const environment: Environment = {
  cpuModel: "test CPU",
  coreCount: 2,
  memoryBytes: 2 ** 33,
  os: "Linux 6.1.0 x86_64",
  nodeVersion: "v20.0.0",
  packageVersion: "0.1.0",
  gitCommit: "abc",
  loadAverage: 0.5,
  date: "2026-01-01T00:00:00.000Z",
};

const configuration: Configuration = {
  workloads: ["sample"],
  runCount: 3,
  seed: 1,
  intervalMs: 1_000,
  cluster: "private",
};

/** What `fast` and `slow` measure: 40 times the rate, a quarter of the time. */
const measure = (system: string): Measurement => {
  const speed = system === "fast" ? 40 : 1;
  return {
    operationCount: 100 * speed,
    elapsedMs: 1_000,
    latenciesUs: new Float32Array(100 * speed).fill(system === "fast" ? 25 : 100),
    cpuUs: 1_000 * speed,
    errorCount: 0,
  };
};

interface Recorder {
  readonly surroundings: Surroundings;
  readonly calls: { system: string; request: RunRequest }[];
  readonly prepared: { system: string; setup: RunSetup }[];
  readonly openedSystems: string[];
  /** What servers were opened, by how many members the workload wants. */
  readonly openedTargets: (number | undefined)[];
  openCount(): number;
}

const record = (
  run: (system: string, request: RunRequest) => Promise<Measurement> = (system) =>
    Promise.resolve(measure(system)),
  openFails: readonly string[] = [],
  counters: ServerCounters[] = [],
): Recorder => {
  const calls: { system: string; request: RunRequest }[] = [];
  const prepared: { system: string; setup: RunSetup }[] = [];
  const openedTargets: (number | undefined)[] = [];
  const openedSystems: string[] = [];
  let openCount = 0;
  return {
    calls,
    prepared,
    openedSystems,
    openedTargets,
    openCount: () => openCount,
    surroundings: {
      openTarget: ({ memberCount }) => {
        openCount++;
        openedTargets.push(memberCount);
        return Promise.resolve({
          target: { endpoints: ["127.0.0.1:1"] },
          readCounters: () => Promise.resolve(counters.shift()!),
          close: () => {
            openCount--;
            return Promise.resolve();
          },
        });
      },
      openAgent: (_workload, system): Promise<Agent> => {
        if (openFails.includes(system)) return Promise.reject(new Error("it is not installed"));
        openCount++;
        openedSystems.push(system);
        return Promise.resolve({
          prepare: (setup) => {
            prepared.push({ system, setup });
            return Promise.resolve();
          },
          run: (request) => {
            calls.push({ system, request });
            return run(system, request);
          },
          close: () => {
            openCount--;
            return Promise.resolve();
          },
        });
      },
      onProgress: () => {},
      coreCount: 2,
      readMachineTimes: () => ({ busyMs: 0, idleMs: 0 }),
    },
  };
};

const settings = { runCount: 3, systems: undefined, load: { seed: 1, intervalMs: 1_000 } };
const noAbort = new AbortController().signal;
// Every run of the runner listens to it, and it never fires.
setMaxListeners(0, noAbort);

describe("plan", () => {
  test("runs all systems at one setting right after one another, and begins each round with another one", () => {
    const order = planRuns(workload, { runCount: 3 }).map(
      ({ system, params, run }) => `${run} c=${params.concurrency} ${system}`,
    );
    expect(order).toEqual([
      "0 c=1 fast",
      "0 c=1 slow",
      "0 c=1 other",
      "0 c=64 fast",
      "0 c=64 slow",
      "0 c=64 other",
      "1 c=1 slow",
      "1 c=1 other",
      "1 c=1 fast",
      "1 c=64 slow",
      "1 c=64 other",
      "1 c=64 fast",
      "2 c=1 other",
      "2 c=1 fast",
      "2 c=1 slow",
      "2 c=64 other",
      "2 c=64 fast",
      "2 c=64 slow",
    ]);
  });

  test("leaves out systems that were not asked for, and is empty for a workload without any of them", () => {
    expect(
      new Set(planRuns(workload, { runCount: 5, systems: ["slow", "etcd3"] }).map(({ system }) => system)),
    ).toEqual(new Set(["slow"]));
    expect(planRuns(workload, { runCount: 5, systems: ["etcd3"] })).toEqual([]);
  });

  const order = (selection: Partial<RunSelection>, changes: Partial<Workload> = {}): string[] =>
    planRuns({ ...workload, ...changes }, { runCount: 1, ...selection }).map(
      ({ system, params, run }) => `${run} ${paramsText(params)} ${system}`,
    );

  test("leaves out settings that lack one of the words asked for, and takes no word for a part of another", () => {
    const settings = {
      params: [{ concurrency: 1, call: "put" }, { concurrency: 16, call: "put" }, { concurrency: 1 }],
    } as const;
    expect(order({ rows: ["c=1 put"], systems: ["fast"] }, settings)).toEqual(["0 c=1 put fast"]);
    expect(order({ rows: ["c=16", "c=1"], systems: ["fast"] }, settings)).toHaveLength(3);
    expect(order({ rows: ["c=6"] }, settings)).toEqual([]);
  });

  test("has rows besides the usual ones, each once, for those who ask, and fewer when no workload is named", () => {
    const changes: Partial<Workload> = {
      params: [{ contenders: 2 }, { contenders: 8 }],
      moreParams: [{ contenders: 2 }, { contenders: 128 }],
      headlineParams: [{ contenders: 2 }],
    };
    const settingsFor = (selection: Partial<RunSelection>): (number | undefined)[] =>
      planRuns({ ...workload, ...changes }, { runCount: 1, systems: ["fast"], ...selection }).map(
        ({ params }) => params.contenders,
      );
    expect(settingsFor({})).toEqual([2, 8]);
    expect(settingsFor({ headline: true })).toEqual([2]);
    expect(settingsFor({ rows: ["contenders=128", "contenders=2"] })).toEqual([2, 128]);
  });

  test("may have some systems at some settings only when no workload is named", () => {
    const changes: Partial<Workload> = {
      isHeadline: (system, { concurrency }) => system === "fast" || concurrency === 1,
    };
    const systems = ["fast", "slow"];
    expect(order({ headline: true, systems }, changes)).toEqual(["0 c=1 fast", "0 c=1 slow", "0 c=64 fast"]);
    for (const selection of [{}, { headline: true, smoke: true }, { headline: true, rows: ["c=1", "c=64"] }])
      expect(order({ ...selection, systems }, changes)).toHaveLength(4);
  });

  test("leaves out settings with another number of members than the one asked for", () => {
    const changes: Partial<Workload> = { params: [{ members: 1 }, { members: 3 }, { concurrency: 1 }] };
    expect(order({ memberCount: 3, systems: ["fast"] }, changes)).toEqual(["0 members=3 fast", "0 c=1 fast"]);
  });

  test("gives a row as many runs in a round as it wants, in turns with the others", () => {
    const changes: Partial<Workload> = {
      params: [{ concurrency: 1 }],
      repeats: (system) => (system === "fast" ? 3 : 1),
    };
    expect(order({ runCount: 2, systems: ["fast", "slow"] }, changes)).toEqual([
      ...["0 c=1 fast", "0 c=1 slow", "0 c=1 fast", "0 c=1 fast"],
      ...["1 c=1 slow", "1 c=1 fast", "1 c=1 fast", "1 c=1 fast"],
    ]);
  });

  test("in a smoke run has each of the workload's settings for it once", () => {
    const changes: Partial<Workload> = { smokeParams: [{ concurrency: 7 }], repeats: () => 3 };
    expect(order({ smoke: true, systems: ["fast"] }, changes)).toEqual(["0 c=7 fast"]);
    expect(order({ smoke: true, systems: ["fast"] })).toEqual(["0 c=1 fast", "0 c=64 fast"]);
  });
});

describe("runner", () => {
  test("runs the plan in its order and closes everything", async () => {
    const recorder = record();
    const outcome: Outcome = { records: [], unmeasured: [] };
    await runWorkloads([workload], settings, recorder.surroundings, outcome, noAbort);
    expect(recorder.calls.map(({ system }) => system)).toEqual(
      planRuns(workload, { runCount: 3 }).map(({ system }) => system),
    );
    expect(recorder.calls[0]!.request).toMatchObject({ warmupMs: 500, durationMs: 1_000 });
    expect(new Set(recorder.calls.map(({ request }) => request.runId)).size).toBe(18);
    expect(recorder.openCount()).toBe(0);
  });

  test("hands on how a run's load is made, and gives one that ends by count time enough", async () => {
    const recorder = record();
    const load = { seed: 7, intervalMs: 50, maxInFlight: 9, latencyLimitMs: 5 };
    await runWorkloads(
      [workload],
      { ...settings, load, warmupMs: 20 },
      recorder.surroundings,
      { records: [], unmeasured: [] },
      noAbort,
    );
    expect(recorder.calls[0]!.request).toMatchObject({
      load: { ...load, seed: seedOfRun(7, 0) },
      warmupMs: 20,
      durationMs: 1_000,
      share: 1,
    });
    const counted = record();
    await runWorkloads(
      [workload],
      { ...settings, load: { ...load, operationCount: 10 } },
      counted.surroundings,
      { records: [], unmeasured: [] },
      noAbort,
    );
    expect(counted.calls[0]!.request).toMatchObject({
      load: { operationCount: 10 },
      warmupMs: 500,
      durationMs: 600_000,
      share: 1,
    });
  });

  test("draws anew in each run, for all systems alike, and the same again with the same seed", async () => {
    const seedsOf = async (seed: number): Promise<number[]> => {
      const { calls, surroundings } = record();
      const load = { seed, intervalMs: 1_000 };
      const outcome: Outcome = { records: [], unmeasured: [] };
      await runWorkloads([workload], { ...settings, load }, surroundings, outcome, noAbort);
      return calls.map(({ request }) => request.load.seed);
    };
    const seeds = await seedsOf(1);
    // Three systems at two settings, then the next run.
    expect(seeds).toEqual([0, 1, 2].flatMap((run) => new Array<number>(6).fill(seedOfRun(1, run))));
    expect(new Set(seeds).size).toBe(3);
    expect(await seedsOf(1)).toEqual(seeds);
    expect((await seedsOf(2)).filter((seed) => seeds.includes(seed))).toEqual([]);
  });

  test("says which side was busy, and lists a system whose package nobody has installed as missing", async () => {
    const { surroundings } = record();
    const outcome: Outcome = { records: [], unmeasured: [] };
    await runWorkloads(
      [workload],
      settings,
      {
        ...surroundings,
        openAgent: (opened, system, target) =>
          system === "other"
            ? Promise.reject(new Error("Cannot find package 'other' imported from /somewhere"))
            : surroundings.openAgent(opened, system, target),
      },
      outcome,
      noAbort,
    );
    expect(outcome.unmeasured).toEqual([
      { workload: "sample", system: "other", reason: "the package other is not installed", isMissing: true },
    ]);
    expect(outcome.records[0]!.diagnosis).toMatchObject({ bottleneck: "unknown", clientCpuShare: 0.04 });
  });

  test("shortens the warm-up with the run", async () => {
    const recorder = record();
    await runWorkloads(
      [workload],
      { ...settings, durationMs: 100 },
      recorder.surroundings,
      { records: [], unmeasured: [] },
      noAbort,
    );
    expect(recorder.calls[0]!.request).toMatchObject({ warmupMs: 50, durationMs: 100 });
    const slowToStart = record();
    await runWorkloads(
      [{ ...workload, warmupMinSeconds: 0.4 }],
      { ...settings, durationMs: 100 },
      slowToStart.surroundings,
      { records: [], unmeasured: [] },
      noAbort,
    );
    expect(slowToStart.calls[0]!.request).toMatchObject({ warmupMs: 400, durationMs: 100 });
  });

  test("names a system that cannot be opened, with the reason, and measures the others", async () => {
    const recorder = record(undefined, ["other"]);
    const outcome: Outcome = { records: [], unmeasured: [] };
    await runWorkloads([workload], settings, recorder.surroundings, outcome, noAbort);
    expect(outcome.unmeasured).toEqual([
      { workload: "sample", system: "other", reason: "it is not installed" },
    ]);
    expect(outcome.records).toHaveLength(12);
    expect(recorder.openCount()).toBe(0);
    const text = renderTable(makeReport([workload], outcome, environment, configuration), [workload], false);
    expect(text).toContain("NOT MEASURED: sample other: it is not installed");
  });

  test("keeps the runs of a system that fails in the middle, and says why it ended", async () => {
    let slowRuns = 0;
    const recorder = record((system) =>
      system === "slow" && ++slowRuns > 2
        ? Promise.reject(new Error("agent process ended: SIGSEGV"))
        : Promise.resolve(measure(system)),
    );
    const outcome: Outcome = { records: [], unmeasured: [] };
    await runWorkloads([workload], settings, recorder.surroundings, outcome, noAbort);
    expect(outcome.records.filter(({ system }) => system === "slow")).toHaveLength(2);
    expect(outcome.records.filter(({ system }) => system === "fast")).toHaveLength(6);
    expect(outcome.unmeasured[0]?.reason).toContain("SIGSEGV");
  });

  test("ends at once when it is aborted in a run, with the finished runs kept and everything closed", async () => {
    const abort = new AbortController();
    const recorder = record((system) => {
      if (recorder.calls.length < 5) return Promise.resolve(measure(system));
      abort.abort();
      return new Promise(() => {});
    });
    const outcome: Outcome = { records: [], unmeasured: [] };
    await runWorkloads([workload, contended], settings, recorder.surroundings, outcome, abort.signal);
    expect(outcome.records).toHaveLength(4);
    expect(recorder.calls).toHaveLength(5);
    expect(recorder.openCount()).toBe(0);
  });

  test("adds the agents of one run together, starts them at one moment and checks their holds as one history", async () => {
    const overlapping = record((_system, { agentIndex }) =>
      Promise.resolve({
        ...measure("slow"),
        latenciesUs: new Float32Array(0),
        operationCount: 2,
        // The second agent acquires 5 µs before the first one releases, once.
        holds:
          agentIndex === 0
            ? [
                { token: 1, acquiredUs: 0, releasedUs: 100 },
                { token: 3, acquiredUs: 300, releasedUs: 400 },
              ]
            : [
                { token: 2, acquiredUs: 95, releasedUs: 200 },
                { token: 4, acquiredUs: 450, releasedUs: 500 },
              ],
        windowStartUs: 0,
        windowEndUs: 1_000,
      }),
    );
    const outcome: Outcome = { records: [], unmeasured: [] };
    await runWorkloads(
      [contended],
      { ...settings, runCount: 1, systems: ["slow"] },
      overlapping.surroundings,
      outcome,
      noAbort,
    );
    const [first, second] = overlapping.calls.map(({ request }) => request);
    expect([first!.agentIndex, second!.agentIndex, first!.agentCount]).toEqual([0, 1, 2]);
    expect(first!.startAtUs).toBe(second!.startAtUs);
    expect(outcome.records).toMatchObject([{ opsPerSecond: 4, overlaps: 1, tokenDisorders: 0 }]);
    // From 200 to 300 and from 400 to 450; the overlap is no hand-over.
    expect(outcome.records[0]!.serviceTimeUs.max).toBeCloseTo(100, 0);
    expect(outcome.records[0]!.serviceTimeUs.p50).toBeCloseTo(50, 0);
    expect(violations(outcome.records)).toEqual([
      "contended slow contenders=2 hold=0ms: 1 overlapping holders",
    ]);
  });
});

describe("agents of a row", () => {
  const varied: Workload = {
    ...workload,
    agentCount: ({ processes = 1 }, system) => (system === "slow" ? 1 : processes),
    params: [{ processes: 1 }, { processes: 4 }, { processes: 2 }],
    systems: { fast: neverOpened, slow: neverOpened },
    ratios: [],
  };

  test("are as many as it asks for, the first of those that the system's largest row needs", async () => {
    const recorder = record();
    await runWorkloads(
      [varied],
      { ...settings, runCount: 1 },
      recorder.surroundings,
      { records: [], unmeasured: [] },
      noAbort,
    );
    expect(recorder.openedSystems).toEqual([...new Array<string>(4).fill("fast"), "slow"]);
    const runs = recorder.calls.map(
      ({ system, request: { params, agentIndex, agentCount } }) =>
        `${system} ${paramsText(params)} ${agentIndex}/${agentCount}`,
    );
    expect(runs).toEqual([
      ...["fast processes=1 0/1", "slow processes=1 0/1"],
      ...["0/4", "1/4", "2/4", "3/4"].map((agent) => `fast processes=4 ${agent}`),
      ...["slow processes=4 0/1", "fast processes=2 0/2", "fast processes=2 1/2", "slow processes=2 0/1"],
    ]);
  });

  test("are made ready before each run", async () => {
    const recorder = record();
    await runWorkloads(
      [varied],
      { ...settings, runCount: 1, systems: ["fast"] },
      recorder.surroundings,
      { records: [], unmeasured: [] },
      noAbort,
    );
    expect(recorder.prepared.map(({ setup: { params, agentIndex } }) => [params, agentIndex])).toEqual(
      recorder.calls.map(({ request: { params, agentIndex } }) => [params, agentIndex]),
    );
  });

  test("have servers with the members that the row asks for, one cluster after the other", async () => {
    const members: Workload = {
      ...workload,
      params: [{ members: 1 }, { members: 3 }, { concurrency: 1, members: 1 }],
      ratios: [],
    };
    const recorder = record();
    await runWorkloads(
      [members, workload],
      { ...settings, runCount: 2, systems: ["fast"] },
      recorder.surroundings,
      { records: [], unmeasured: [] },
      noAbort,
    );
    expect(recorder.openedTargets).toEqual([1, 3, undefined]);
    expect(recorder.calls.slice(0, 6).map(({ request }) => paramsText(request.params))).toEqual([
      ...["members=1", "c=1 members=1", "members=1", "c=1 members=1"],
      ...["members=3", "members=3"],
    ]);
    expect(recorder.openCount()).toBe(0);
  });
});

describe("what a system needs besides the package", () => {
  const needing = (needs: Workload["needs"]): Workload => ({ ...workload, ratios: [], needs: needs! });
  const runWith = async (needs: Workload["needs"]): Promise<{ outcome: Outcome; recorder: Recorder }> => {
    const recorder = record();
    const outcome: Outcome = { records: [], unmeasured: [] };
    await runWorkloads([needing(needs)], settings, recorder.surroundings, outcome, noAbort);
    return { outcome, recorder };
  };

  test("is there before its agents are opened", async () => {
    const openedBefore: string[][] = [];
    const recorder = record();
    await runWorkloads(
      [
        needing({
          slow: () => {
            openedBefore.push([...recorder.openedSystems]);
            return Promise.resolve();
          },
        }),
      ],
      settings,
      recorder.surroundings,
      { records: [], unmeasured: [] },
      noAbort,
    );
    expect(openedBefore).toEqual([["fast"]]);
  });

  test("may be a server of its own: its agents alone are told, and it is closed after them", async () => {
    const recorder = record();
    const targets: Record<string, Target> = {};
    let openCountAtClose: number | undefined;
    await runWorkloads(
      [
        needing({
          slow: () =>
            Promise.resolve({
              target: { redisEndpoint: "127.0.0.1:2" },
              close: () => {
                openCountAtClose = recorder.openCount();
                return Promise.resolve();
              },
            }),
        }),
      ],
      settings,
      {
        ...recorder.surroundings,
        openAgent: (workload, system, target) => {
          targets[system] = target;
          return recorder.surroundings.openAgent(workload, system, target);
        },
      },
      { records: [], unmeasured: [] },
      noAbort,
    );
    expect(targets).toEqual({
      fast: { endpoints: ["127.0.0.1:1"] },
      other: { endpoints: ["127.0.0.1:1"] },
      slow: { endpoints: ["127.0.0.1:1"], redisEndpoint: "127.0.0.1:2" },
    });
    expect(openCountAtClose).toBe(0);
  });

  test("is listed with the reason when this machine cannot have it, and told from what has failed", async () => {
    const missing = await runWith({ slow: () => Promise.reject(new PeerMissingError("no `go` on PATH")) });
    expect(missing.outcome.unmeasured).toEqual([
      { workload: "sample", system: "slow", reason: "no `go` on PATH", isMissing: true },
    ]);
    expect(missing.outcome.records.map(({ system }) => system)).not.toContain("slow");
    expect(missing.recorder.openedSystems).toEqual(["fast", "other"]);
    const failed = await runWith({ slow: () => Promise.reject(new Error("go build failed")) });
    expect(failed.outcome.unmeasured).toEqual([
      { workload: "sample", system: "slow", reason: "go build failed" },
    ]);
  });
});

describe("the servers' counters", () => {
  const counting: Workload = {
    ...contended,
    countsRequests: true,
    figures: ["requestsPerOp", "eventsPerOp", "foreignWritesPerSecond"],
    zeroFigures: ["revisionsPerOp"],
  };
  const counted = async (parts: readonly Partial<Measurement>[]): Promise<Outcome> => {
    const recorder = record(
      (_system, { agentIndex }) => Promise.resolve({ ...measure("slow"), ...parts[agentIndex] }),
      [],
      [
        { requests: 1_000, events: 50, revision: 10 },
        { requests: 1_500, events: 350, revision: 130 },
      ],
    );
    const outcome: Outcome = { records: [], unmeasured: [] };
    const selection = { ...settings, runCount: 1, systems: ["slow"] };
    await runWorkloads([counting], selection, recorder.surroundings, outcome, noAbort);
    return outcome;
  };

  test("are told for each operation, those outside of the window included, without what others wrote", async () => {
    const outcome = await counted([
      { totalCount: 200 },
      { operationCount: 0, totalCount: 0, foreignWrites: { count: 100, perSecond: 99 } },
    ]);
    expect(outcome.records[0]!.figures).toEqual({
      requestsPerOp: 2,
      eventsPerOp: 1.5,
      revisionsPerOp: 0.1,
      foreignWritesPerSecond: 99,
    });
    const text = renderTable(makeReport([counting], outcome, environment, configuration), [counting], false);
    expect(text).toMatch(/requests\/op +events\/op +foreign writes\/s +errors$/m);
    expect(text).toMatch(/ 2 +1.5 +99 +0$/m);
  });

  test("are a violation where they must be 0, unless the system does not promise that", async () => {
    const outcome = await counted([{ totalCount: 200 }, { totalCount: 0 }]);
    expect(violations(outcome.records, [counting])).toEqual([
      "contended slow contenders=2 hold=0ms: 0.6 revisions/op",
    ]);
    expect(violations(outcome.records, [{ ...counting, promiseless: ["slow"] }])).toEqual([]);
  });
});

describe("rows", () => {
  const sparse: Workload = {
    ...workload,
    ratios: [],
    hasRow: (system, { concurrency }) => system === "fast" || concurrency === 64,
  };

  test("are those that a workload has, and no others", async () => {
    expect(
      planRuns(sparse, { runCount: 1 }).map(({ system, params }) => `${system} ${params.concurrency}`),
    ).toEqual(["fast 1", "fast 64", "slow 64", "other 64"]);
    const recorder = record();
    await runWorkloads([sparse], settings, recorder.surroundings, { records: [], unmeasured: [] }, noAbort);
    expect(recorder.openedSystems).toEqual(["fast", "slow", "other"]);
  });

  test("have processes of their own where a workload isolates them, and fail by themselves", async () => {
    let runs = 0;
    const recorder = record((system) =>
      system === "fast" && ++runs === 2
        ? Promise.reject(new Error("out of memory"))
        : Promise.resolve(measure(system)),
    );
    const outcome: Outcome = { records: [], unmeasured: [] };
    await runWorkloads(
      [{ ...sparse, isolatesRows: true }],
      settings,
      recorder.surroundings,
      outcome,
      noAbort,
    );
    expect(recorder.openedSystems).toEqual(["fast", "fast", "slow", "other"]);
    expect(outcome.unmeasured).toEqual([
      { workload: "sample", system: "fast c=64", reason: "out of memory" },
    ]);
    expect(outcome.records.filter(({ system }) => system === "fast")).toHaveLength(3);
    expect(recorder.openCount()).toBe(0);
  });
});

describe("report", () => {
  const measured = async (): Promise<Outcome> => {
    const outcome: Outcome = { records: [], unmeasured: [] };
    await runWorkloads([workload], settings, record().surroundings, outcome, noAbort);
    return outcome;
  };

  test("has the schema that readers of its JSON count on", async () => {
    const report = makeReport([workload], await measured(), environment, configuration);
    const parsed = JSON.parse(JSON.stringify(report)) as typeof report;
    expect(Object.keys(parsed)).toEqual([
      "schema",
      "environment",
      "configuration",
      "workloads",
      "results",
      "ratios",
      "values",
      "unmeasured",
      "violations",
    ]);
    expect(parsed.schema).toBe(2);
    expect(parsed.results).toHaveLength(6);
    for (const result of parsed.results) {
      expect(Object.keys(result)).toEqual([
        "workload",
        "system",
        "params",
        "opsPerSecond",
        "serviceTimeUs",
        "clientCpuUsPerOp",
        "errors",
        "runs",
      ]);
      expect(Object.keys(result.serviceTimeUs)).toEqual(["p50", "p90", "p99", "p999", "max"]);
      expect(result.runs).toHaveLength(3);
    }
    expect(
      parsed.results.map(({ params, system }) => [(params satisfies Params).concurrency, system]),
    ).toEqual([1, 64].flatMap((c) => ["fast", "slow", "other"].map((system) => [c, system])));
    expect(parsed.ratios).toMatchObject([
      { name: "sample c=64 ops/s: fast / slow", value: 40, min: 40, max: 40, isReached: true },
      {
        name: "sample c=1 p50: fast / slow",
        value: expect.closeTo(0.25, 3) as number,
        min: expect.closeTo(0.25, 3) as number,
        max: expect.closeTo(0.25, 3) as number,
      },
    ]);
    expect(parsed.results[0]).toMatchObject({ opsPerSecond: 4_000, clientCpuUsPerOp: 10, errors: 0 });
  });

  test("says for each bar what was measured and whether that is enough", async () => {
    const report = makeReport([workload], await measured(), environment, configuration);
    expect(workload.ratios.map((rule, i) => judge(rule, report.ratios[i]!))).toEqual([
      "sample c=64 ops/s: fast / slow: bar >= 30x, measured 40x (40 to 40), ok",
      "sample c=1 p50: fast / slow: bar <= 0.2x, measured 0.25x (0.25 to 0.25), BELOW",
    ]);
  });

  test("shows a number on the side of the bar where it is, and judges nothing that a smoke run measured", () => {
    const rule = { name: "requests", bar: { atMost: 1.001 }, unit: "requests" } as ValueRule;
    const spread = { value: 1.00123456, min: 1, max: 1.2 };
    expect(judge(rule, spread)).toBe(
      "requests: bar <= 1.001 requests, measured 1.0012 requests (1 to 1.2), BELOW",
    );
    expect(judge(rule, { ...spread, value: 1.0009 })).toContain("measured 1 requests (1 to 1.2), ok");
    expect(judge(rule, spread, { isSmoke: true })).toContain("(1 to 1.2), not judged");
  });

  test("compares two settings of one system, and says of a value alone or above another's what it is", async () => {
    const own: Workload = {
      ...workload,
      ratios: [
        {
          name: "own",
          metric: "opsPerSecond",
          system: "fast",
          params: { concurrency: 64 },
          against: "fast",
          againstParams: { concurrency: 1 },
          bar: { atLeast: 1 },
        },
        {
          name: "for reading",
          metric: "p50",
          system: "fast",
          params: { concurrency: 1 },
          against: "slow",
          about: "no bar",
        },
      ],
      values: [
        {
          name: "CPU",
          metric: "clientCpuUsPerOp",
          system: "fast",
          params: { concurrency: 64 },
          unit: "µs",
          bar: { atMost: 2.5 },
        },
        {
          name: "above",
          metric: "opsPerSecond",
          system: "fast",
          above: "slow",
          params: { concurrency: 64 },
          unit: "ops/s",
        },
      ],
    };
    const report = makeReport([own], await measured(), environment, configuration);
    expect(report.ratios[0]).toEqual({
      name: "own",
      value: 1,
      min: 1,
      max: 1,
      bar: { atLeast: 1 },
      isReached: true,
    });
    expect(report.values).toMatchObject([
      { name: "CPU", unit: "µs", value: 10, min: 10, max: 10, isReached: false },
      { name: "above", unit: "ops/s", value: 3_900, min: 3_900, max: 3_900 },
    ]);
    const lines = renderTable(report, [own], false).split("\n");
    expect(lines).toContain("own: bar >= 1x, measured 1x (1 to 1), ok");
    expect(lines).toContain("for reading: measured 0.25x (0.25 to 0.25); no bar");
    expect(lines).toContain("CPU: bar <= 2.5 µs, measured 10 µs (10 to 10), BELOW");
    expect(lines).toContain("above: measured 3,900 ops/s (3,900 to 3,900)");
  });

  test("shows bytes per operation where they were counted, and keeps them in the JSON", async () => {
    const counting: Workload = { ...workload, shows: "bytes", ratios: [] };
    const outcome: Outcome = { records: [], unmeasured: [] };
    const recorder = record((system) =>
      Promise.resolve({
        ...measure(system),
        allocatedBytes: system === "fast" ? 200 : 1_000,
        collections: 1,
      }),
    );
    await runWorkloads([counting], settings, recorder.surroundings, outcome, noAbort);
    const report = makeReport([counting], outcome, environment, configuration);
    expect(report.results[0]).toMatchObject({ system: "fast", bytesPerOp: 0.05 });
    expect(report.results[0]!.runs[0]).toMatchObject({
      bytesPerOp: 0.05,
      collections: 1,
      operationCount: 4_000,
    });
    const text = renderTable(report, [counting], false);
    expect(text).toMatch(/^ +system +bytes\/op +min +max +operations +collections /m);
    expect(text).toMatch(/^c=1 +slow +10 +10 +10 +100 +3 /m);
  });

  test("shows what moved in the background beside the calls that were timed", async () => {
    const bulky: Workload = { ...workload, ratios: [] };
    const outcome: Outcome = { records: [], unmeasured: [] };
    const recorder = record((system) => Promise.resolve({ ...measure(system), bulkBytes: 3 * 2 ** 20 }));
    await runWorkloads([bulky], settings, recorder.surroundings, outcome, noAbort);
    const report = makeReport([bulky], outcome, environment, configuration);
    expect(report.results[0]!.bulkMiBPerSecond).toBe(3);
    expect(renderTable(report, [bulky], false)).toMatch(/bulk MiB\/s +errors$/m);
  });

  test("leaves a ratio out when one of its sides was not measured", async () => {
    const outcome = await measured();
    const half = { ...outcome, records: outcome.records.filter(({ system }) => system !== "slow") };
    expect(makeReport([workload], half, environment, configuration).ratios).toEqual([]);
  });

  test("is plain text without escape codes or box lines when it does not go to a terminal", async () => {
    const text = renderTable(
      makeReport([workload], await measured(), environment, configuration),
      [workload],
      false,
    );
    expect(text).toMatch(/^c=64 +fast +4,000 /m);
    // eslint-disable-next-line no-control-regex -- that is what is looked for
    expect(text).not.toMatch(/[\u001b│─]/);
  });
});
