import { describe, expect, test } from "vitest";
import { chosenWorkloads, configurationOf, loadOf } from "../../bench/command/measure.js";
import { parseOptions } from "../../bench/command/options.js";
import type { BenchOptions } from "../../bench/command/options.js";
import { whyNotOn } from "../../bench/command/cluster.js";
import { planRuns } from "../../bench/harness/plan.js";
import { paramsText } from "../../bench/harness/workload.js";
import type { Workload } from "../../bench/harness/workload.js";
import { workloads } from "../../bench/workloads/index.js";
import { UsageError } from "../../src/cli/exit-codes.js";

const neverOpened = (): never => {
  throw new Error("nothing is measured here");
};

const base: Workload = {
  name: "calls",
  about: "",
  server: "etcd",
  shows: "calls",
  agentCount: 1,
  seconds: 1,
  warmupSeconds: 0.5,
  knobs: ["mode", "concurrency", "keys"],
  params: [1, 64].flatMap((concurrency) =>
    (["get", "put"] as const).map((call) => ({ concurrency, keys: 10, call })),
  ),
  systems: { here: neverOpened, elsewhere: neverOpened },
  ownLoops: ["elsewhere"],
  ratios: [],
};
const contended: Workload = {
  ...base,
  name: "contended",
  knobs: ["contenders", "holdMs"],
  params: [
    { contenders: 2, holdMs: 0, members: 1 },
    { contenders: 8, holdMs: 0, members: 3 },
  ],
  headlineParams: [{ contenders: 2, holdMs: 0, members: 1 }],
  moreParams: [{ contenders: 128, holdMs: 100, members: 3 }],
  smokeParams: [{ contenders: 4, holdMs: 1, members: 1 }],
};
const ALL = [base, contended];

const parse = (commandLine: string): BenchOptions =>
  parseOptions(
    commandLine.split(" ").filter((word) => word !== ""),
    {},
    {
      workloadNames: ["calls", "contended"],
      systemNames: ["here", "elsewhere"],
      bareNames: ["calls"],
      programName: "bench",
      helpText: "",
    },
  );

/** What would be run once, in words. */
const rows = (commandLine: string): string[] => {
  const options = parse(commandLine);
  return chosenWorkloads(options, ALL).flatMap((workload) =>
    planRuns(workload, { ...options, runCount: 1 }).map(
      ({ system, params }) => `${system} ${paramsText(params)}`,
    ),
  );
};

describe("rows of the command line", () => {
  test("are the workload's own where it says nothing", () => {
    expect(rows("calls --systems here")).toEqual([
      "here c=1 keys=10 get",
      "here c=1 keys=10 put",
      "here c=64 keys=10 get",
      "here c=64 keys=10 put",
    ]);
  });

  test("are all combinations of what it says, over what no option turns", () => {
    expect(rows("calls --systems here --concurrency 2,3 --keys 5")).toEqual([
      "here c=2 keys=5 get",
      "here c=3 keys=5 get",
      "here c=2 keys=5 put",
      "here c=3 keys=5 put",
    ]);
    // What was not turned is as in the first row.
    expect(rows("calls --systems here --keys 5")).toEqual(["here c=1 keys=5 get", "here c=1 keys=5 put"]);
  });

  test("of an open loop have rates, arrivals and no concurrency", () => {
    expect(rows("calls --systems here --mode open --rate 50,100 --rows get")).toEqual([
      "here open rate=50/s poisson keys=10 get",
      "here open rate=100/s poisson keys=10 get",
    ]);
    expect(rows("calls --systems here --mode open --rate 50 --arrival uniform --rows put")).toEqual([
      "here open rate=50/s uniform keys=10 put",
    ]);
    expect(rows("calls --systems here --mode closed --rows get")).toEqual(["here c=1 keys=10 get"]);
  });

  test("of systems with a loop of their own are closed and end by the clock", () => {
    expect(rows("calls --rows get --concurrency 2")).toEqual([
      "here c=2 keys=10 get",
      "elsewhere c=2 keys=10 get",
    ]);
    expect(rows("calls --rows get --mode open --rate 5")).toEqual(["here open rate=5/s poisson keys=10 get"]);
    expect(rows("calls --rows get --concurrency 2 --count 9")).toEqual(["here c=2 keys=10 get"]);
  });

  test("have the members that were asked for", () => {
    expect(rows("contended --systems here --hold 1ms")).toEqual(["here contenders=2 hold=1ms members=1"]);
    expect(rows("contended --systems here --hold 1ms --members 3")).toEqual([
      "here contenders=2 hold=1ms members=3",
    ]);
    expect(rows("contended --systems here --members 3")).toEqual(["here contenders=8 hold=0ms members=3"]);
  });

  test("on a cluster that is there have its members, each row once", () => {
    expect(rows("contended --systems here --endpoints a:1")).toEqual([
      "here contenders=2 hold=0ms",
      "here contenders=8 hold=0ms",
    ]);
    expect(rows("contended --systems here --endpoints a:1 --rows contenders=128")).toEqual([
      "here contenders=128 hold=100ms",
    ]);
  });

  test("of a smoke run are what was asked for too", () => {
    expect(rows("contended --systems here --smoke")).toEqual(["here contenders=4 hold=1ms members=1"]);
    expect(rows("contended --systems here --smoke --hold 5ms")).toEqual([
      "here contenders=2 hold=5ms members=1",
    ]);
  });

  test.each([
    ["contended --concurrency 3", /contended has no --concurrency; those that have: calls/],
    ["calls contended --hold 3ms", /calls has no --hold; those that have: contended/],
    ["calls --ttl 5s", /calls has no --ttl; no workload has/],
    ["contended --count 5", /contended has no --count; those that have: calls/],
    ["contended --latency-limit 5ms", /contended has no --latency-limit; those that have: calls/],
    ["calls --rows c=7", /no row is left/],
    ["calls --systems elsewhere --mode open --rate 5", /no row is left/],
  ])("%s is refused", (commandLine, message) => {
    expect(() => rows(commandLine)).toThrow(UsageError);
    expect(() => rows(commandLine)).toThrow(message);
  });
});

describe("what runs and reports are told", () => {
  test("is what was given, and nothing for what was not", () => {
    const bare = parse("calls");
    expect(loadOf(bare)).toEqual({ seed: 1, intervalMs: 1_000 });
    expect(configurationOf(bare, false)).toEqual({
      workloads: ["calls"],
      runCount: 5,
      seed: 1,
      intervalMs: 1_000,
      cluster: "private",
    });
    const full = parse(
      "calls --mode open --rate 5 --max-in-flight 9 --latency-limit 5ms --count 7 --seed 3 --interval 50ms --warmup 1s --systems here --runs 2",
    );
    expect(loadOf(full)).toEqual({
      seed: 3,
      intervalMs: 50,
      operationCount: 7,
      maxInFlight: 9,
      latencyLimitMs: 5,
    });
    expect(configurationOf(full, true)).toEqual({
      ...loadOf(full),
      workloads: ["calls"],
      systems: ["here"],
      runCount: 2,
      warmupMs: 1_000,
      cluster: "private",
      interrupted: true,
    });
    expect(configurationOf(parse("calls --endpoints a:1 --smoke --duration 2s"), false)).toMatchObject({
      cluster: "external",
      smoke: true,
      durationMs: 2_000,
    });
  });
});

describe("the workloads there are", () => {
  test("run on a cluster of somebody else's unless they need one for themselves", () => {
    const possible = workloads.filter((workload) => whyNotOn(workload, { memberCount: 1 }) === undefined);
    const names = possible.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(["client-limit", "acquire", "handover", "trylock", "txn"]));
    for (const name of ["failover", "fairness", "kv", "leader"]) expect(names).not.toContain(name);
    const three = workloads.filter((workload) => whyNotOn(workload, { memberCount: 3 }) === undefined);
    expect(three.map(({ name }) => name)).toContain("leader");
  });

  test("that take an open loop take one in every combination that their options allow", () => {
    for (const workload of workloads.filter(({ knobs }) => knobs?.includes("mode") === true)) {
      const options = parseOptions(
        [workload.name, "--mode", "open", "--rate", "10"],
        {},
        {
          workloadNames: workloads.map(({ name }) => name),
          systemNames: [],
          bareNames: [],
          programName: "bench",
          helpText: "",
        },
      );
      const [made] = chosenWorkloads(options, workloads);
      const planned = planRuns(made!, { runCount: 1 });
      expect(planned.length).toBeGreaterThan(0);
      for (const { params, system } of planned) {
        expect(params).toMatchObject({ mode: "open", rate: 10, arrival: "poisson" });
        expect(params.concurrency).toBeUndefined();
        expect(workload.ownLoops ?? []).not.toContain(system);
      }
    }
  });
});
