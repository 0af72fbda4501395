import { setMaxListeners } from "node:events";
import { describe, expect, test } from "vitest";
import type { Agent } from "../../bench/harness/agent.js";
import type { Environment } from "../../bench/harness/environment.js";
import type { Configuration } from "../../bench/harness/report-schema.js";
import { runWorkloads } from "../../bench/harness/runner.js";
import type { Outcome, Surroundings } from "../../bench/harness/runner.js";
import type { Measurement, RunRequest, Witness, Workload, Write } from "../../bench/harness/workload.js";
import { makeReport, violations } from "../../bench/report/collect.js";
import { renderTable } from "../../bench/report/table.js";

const neverOpened = (): never => {
  throw new Error("the runner opens systems through its surroundings");
};

const KILL = { fault: "kill", elections: "short" } as const;
const FREEZE = { fault: "freeze", elections: "short" } as const;

const workload: Workload = {
  name: "failing",
  about: "a workload for tests",
  server: "failing-etcd",
  shows: "faults",
  agentCount: 1,
  seconds: 1,
  warmupSeconds: 0,
  params: [KILL, FREEZE],
  systems: { ours: neverOpened, theirs: neverOpened },
  promiseless: ["theirs"],
  ratios: [],
  values: [
    { name: "time", metric: "recoveryMs", system: "ours", params: KILL, unit: "ms", bar: { atMost: 400 } },
    {
      name: "unknown",
      metric: "unknownPercent",
      system: "ours",
      params: KILL,
      unit: "%",
      over: "mean",
      bar: { atMost: 5 },
    },
    {
      name: "leases",
      metric: "leasesLost",
      system: "ours",
      params: FREEZE,
      unit: "leases",
      over: "sum",
      bar: { atMost: 0 },
    },
  ],
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
  workloads: ["failing"],
  runCount: 3,
  seed: 1,
  intervalMs: 1_000,
  cluster: "private",
};

const measured: Measurement = {
  operationCount: 0,
  elapsedMs: 0,
  latenciesUs: new Float32Array(0),
  cpuUs: 0,
  errorCount: 0,
};

/** Ten writes in the window, of which so many ended unknown, the last acknowledged after 300 ms. */
const writes = (unknownCount: number): Write[] =>
  Array.from({ length: 10 }, (_, number) => ({
    startedUs: 1_000 + number,
    endedUs: 300_000 + number,
    outcome: number < unknownCount ? "unknown" : "acknowledged",
  }));

const witness: Witness = {
  signalledUs: 900,
  goneUs: 950,
  versions: new Map(Array.from({ length: 10 }, (_, number) => [number, 1])),
  leaseIsAlive: true,
};

const noAbort = new AbortController().signal;
setMaxListeners(0, noAbort);

/** Runs the workload; what happens to the servers and what the agents say is up to the test. */
const run = async (
  measure: (request: RunRequest, system: string) => Promise<Measurement>,
  witnessed: (request: RunRequest) => Promise<Witness> = () => Promise.resolve(witness),
  runCount = 1,
): Promise<Outcome & { readonly steps: string[] }> => {
  const outcome: Outcome = { records: [], unmeasured: [] };
  const steps: string[] = [];
  const surroundings: Surroundings = {
    openTarget: () =>
      Promise.resolve({
        target: { endpoints: [] },
        close: () => Promise.resolve(),
        attendRun: ({ system }) =>
          Promise.resolve({
            target: { endpoints: [`of ${system}`] },
            attend: async (request, agentsEnded) => {
              await agentsEnded.catch(() => {});
              steps.push(`${system} brought back`);
              return witnessed(request);
            },
          }),
      }),
    openAgent: (_workload, system): Promise<Agent> =>
      Promise.resolve({
        prepare: ({ target }) => {
          steps.push(`${system} finds ${String(target?.endpoints)}`);
          return Promise.resolve();
        },
        run: (request) => {
          steps.push(`${system} runs`);
          return measure(request, system);
        },
        close: () => Promise.resolve(),
      }),
    onProgress: () => {},
    coreCount: 2,
    readMachineTimes: () => ({ busyMs: 0, idleMs: 0 }),
  };
  const load = { seed: 1, intervalMs: 1_000 };
  await runWorkloads([workload], { runCount, load }, surroundings, outcome, noAbort);
  return { ...outcome, steps };
};

const measureBoth = ({ params }: RunRequest): Promise<Measurement> =>
  Promise.resolve({
    ...measured,
    ...(params.fault === "freeze" ? { leaseLoss: "" } : { writes: writes(0) }),
  });

const textOf = (outcome: Outcome): string =>
  renderTable(makeReport([workload], outcome, environment, configuration), [workload], false);

describe("runs with a failing leader", () => {
  test("go to the servers of each run, which are brought back before the next one", async () => {
    const { steps } = await run(measureBoth);
    const each = ["ours", "theirs"].flatMap((system) => [
      `${system} finds of ${system}`,
      `${system} runs`,
      `${system} brought back`,
    ]);
    expect(steps).toEqual([...each, ...each]);
  });

  test("bring the servers back also when the agent fails, and go on with the other system", async () => {
    const outcome = await run((request, system) =>
      system === "ours" ? Promise.reject(new Error("agent process ended: SIGSEGV")) : measureBoth(request),
    );
    expect(outcome.steps).toContain("ours brought back");
    expect(outcome.unmeasured).toMatchObject([{ system: "ours", reason: "agent process ended: SIGSEGV" }]);
    expect(outcome.records.map(({ system }) => system)).toEqual(["theirs", "theirs"]);
  });

  test("judge what the agent says by what is in the store", async () => {
    const outcome = await run(measureBoth, () =>
      Promise.resolve({ ...witness, versions: new Map([[0, 2]]), leaseIsAlive: false }),
    );
    expect(outcome.records).toMatchObject([
      { system: "ours", faults: { lost: 9, repeated: 1 } },
      { system: "theirs", faults: { lost: 9, repeated: 1 } },
      { system: "ours", lease: { lost: 1, why: "its key is gone from etcd" } },
      { system: "theirs", lease: { lost: 1 } },
    ]);
  });

  test("take a lease for lost when its holder does, though etcd still has it", async () => {
    const { records } = await run(() => Promise.resolve({ ...measured, leaseLoss: "could not be renewed" }));
    expect(records[0]).toMatchObject({ lease: { lost: 1, why: "could not be renewed" } });
  });
});

describe("the report of a failing leader", () => {
  test("reaches its bars with a clean history", async () => {
    const outcome = await run(measureBoth);
    const text = textOf(outcome);
    expect(text).toContain("time: bar <= 400 ms, measured 299 ms (299 to 299), ok");
    expect(text).toContain("unknown: bar <= 5 %, measured 0 % (0 to 0), ok");
    expect(text).toContain("leases: bar <= 0 leases, measured 0 leases (0 to 0), ok");
    expect(violations(outcome.records, [workload])).toEqual([]);
  });

  test("counts one bad run of three where a median would not show it", async () => {
    let runCount = 0;
    const outcome = await run(
      async (request, system) => {
        const isBad = system === "ours" && ++runCount > 4;
        const { leaseLoss, ...rest } = await measureBoth(request);
        if (leaseLoss !== undefined) return { ...rest, leaseLoss: isBad ? "lost" : "" };
        return { ...rest, writes: writes(isBad ? 3 : 0) };
      },
      undefined,
      3,
    );
    const text = textOf(outcome);
    expect(text).toContain("unknown: bar <= 5 %, measured 10 % (0 to 30), BELOW");
    expect(text).toContain("leases: bar <= 0 leases, measured 1 leases (0 to 1), BELOW");
  });

  test("an outage without an end misses its bar, and does not break the table or the JSON", async () => {
    const outcome = await run(async (request) => {
      const measurement = await measureBoth(request);
      return measurement.writes === undefined ? measurement : { ...measurement, writes: writes(10) };
    });
    expect(textOf(outcome)).toContain("time: bar <= 400 ms, measured - ms (- to -), BELOW");
    const json = JSON.stringify(makeReport([workload], outcome, environment, configuration));
    expect(JSON.parse(json)).toMatchObject({
      results: [{ runs: [{ faults: { recoveryMs: null } }] }, {}, {}, {}],
    });
  });
});

describe("violations", () => {
  test("are writes that were lost, repeated, or applied against the client's word: of systems that promise better", async () => {
    const outcome = await run(
      async (request) => {
        const measurement = await measureBoth(request);
        if (measurement.writes === undefined) return measurement;
        const [first, ...others] = measurement.writes;
        return { ...measurement, writes: [{ ...first!, outcome: "refused" }, ...others] };
      },
      () =>
        Promise.resolve({
          ...witness,
          versions: new Map([
            [0, 1],
            [1, 2],
          ]),
        }),
    );
    expect(violations(outcome.records, [workload])).toEqual([
      "failing ours fault=kill elections=short: 8 acknowledged writes lost, 1 writes applied more than once, 1 writes applied that were said not to be",
    ]);
    expect(violations(outcome.records, [{ name: "failing" }])).toHaveLength(2);
  });

  test("are events that a watcher missed or saw twice", async () => {
    const outcome = await run(() =>
      Promise.resolve({ ...measured, watch: { lostEvents: 2, repeatedEvents: 1 } }),
    );
    expect(violations(outcome.records, [workload])).toEqual([
      "failing ours fault=kill elections=short: 2 events lost, 1 events repeated",
      "failing ours fault=freeze elections=short: 2 events lost, 1 events repeated",
    ]);
  });
});
