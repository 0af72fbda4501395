import { describe, expect, test } from "vitest";
import { parseOptions, UsageError } from "../../bench/harness/options.js";
import { openProgress } from "../../bench/harness/progress.js";
import { planRuns } from "../../bench/harness/plan.js";
import { paramsText } from "../../bench/harness/workload.js";
import { workloads } from "../../bench/workloads/index.js";

const parse = (...commandLine: string[]) =>
  parseOptions(commandLine, ["client-limit", "acquire"], ["etcdwire", "grpc-js"]);

describe("bench options", () => {
  test("a bare command line is every workload, five runs, one member", () => {
    expect(parse()).toEqual({
      workloads: ["client-limit", "acquire"],
      systems: undefined,
      rows: undefined,
      runCount: 5,
      seconds: undefined,
      jsonFile: undefined,
      memberCount: undefined,
      smoke: false,
      headline: true,
      help: false,
    });
  });

  test("takes what it documents", () => {
    const commandLine =
      "acquire --runs 7 --seconds 0.5 --systems grpc-js,etcdwire --members 3 --json out.json";
    expect(parse(...commandLine.split(" "))).toMatchObject({
      workloads: ["acquire"],
      systems: ["grpc-js", "etcdwire"],
      runCount: 7,
      seconds: 0.5,
      jsonFile: "out.json",
      memberCount: 3,
    });
    expect(parse("--rows", "c=1, fault=kill elections=short").rows).toEqual([
      "c=1",
      "fault=kill elections=short",
    ]);
  });

  test("a smoke run is short, and can be made longer", () => {
    expect(parse("--smoke")).toMatchObject({ runCount: 1, smoke: true });
    expect(parse("--smoke", "--runs", "2")).toMatchObject({ runCount: 2 });
  });

  test("workloads that are not for every run are run when they are named, and in a smoke run", () => {
    const names = (...commandLine: string[]): readonly string[] =>
      parseOptions(commandLine, ["client-limit", "alloc"], ["etcdwire"], ["client-limit"]).workloads;
    expect(names()).toEqual(["client-limit"]);
    expect(names("alloc")).toEqual(["alloc"]);
    expect(parse("acquire").headline).toBe(false);
    expect(names("--smoke")).toEqual(["client-limit", "alloc"]);
    expect(names("--smoke", "client-limit")).toEqual(["client-limit"]);
  });

  test.each([
    ["--wat"],
    ["nothing"],
    ["--systems", "etcdwire,nobody"],
    ["--runs", "0"],
    ["--runs", "1.5"],
    ["--seconds", "-1"],
    ["--seconds", "soon"],
    ["--members", "2"],
    ["--json"],
  ])("refuses %s %s", (...commandLine) => {
    expect(() => parse(...commandLine)).toThrow(UsageError);
  });

  test("a name that it does not know is answered with those that it does", () => {
    expect(() => parse("nothing")).toThrow(/client-limit, acquire/);
  });
});

describe("workloads", () => {
  test("every rule names rows that its workload runs, and two different ones where it compares", () => {
    for (const workload of workloads) {
      const everyRow = (workload.moreParams ?? []).map(paramsText);
      for (const params of workload.headlineParams ?? []) expect(workload.params).toContainEqual(params);
      // What is only run on request has no rule of its own.
      for (const { params } of workload.ratios) {
        if (everyRow.includes(paramsText(params))) expect(workload.params).toContainEqual(params);
      }
      const rows = planRuns(workload, { runCount: 1 }).map(({ system, params }) => ({ system, params }));
      for (const { system, params, against, againstParams = params } of workload.ratios) {
        expect(rows).toContainEqual({ system, params });
        expect(rows).toContainEqual({ system: against, params: againstParams });
        expect({ system, params }).not.toEqual({ system: against, params: againstParams });
      }
      for (const { system, params, above = system } of workload.values ?? []) {
        expect(rows).toContainEqual({ system, params });
        expect(rows).toContainEqual({ system: above, params });
      }
    }
    const names = workloads.flatMap(({ ratios, values = [] }) =>
      [...ratios, ...values].map(({ name }) => name),
    );
    expect(new Set(names).size).toBe(names.length);
  });

  test("every setting can be told from the others of its workload by what the table says", () => {
    for (const { params, smokeParams = [] } of workloads) {
      for (const settings of [params, smokeParams]) {
        expect(new Set(settings.map(paramsText)).size).toBe(settings.length);
      }
    }
  });

  test("none of the long ones is run unless it is named", () => {
    const bare = workloads.filter(({ onRequest }) => onRequest !== true).map(({ name }) => name);
    expect(bare).toEqual(["client-limit", "acquire", "handover"]);
  });
});

describe("progress", () => {
  test("overwrites one line on a terminal and says how long it will take", () => {
    let text = "";
    let nowMs = 0;
    const progress = openProgress(
      { isTTY: true, write: (part: string) => ((text += part), true) },
      () => nowMs,
    );
    nowMs = 10_000;
    progress.show("acquire run 1/5", 10, 40);
    expect(text).toBe("\r\x1b[K[10/40] acquire run 1/5, about 30 s left");
  });

  test("writes a line every few seconds elsewhere", () => {
    let text = "";
    let nowMs = 0;
    const progress = openProgress({ write: (part: string) => ((text += part), true) }, () => nowMs);
    for (let done = 1; done <= 10; done++) {
      nowMs += 1_000;
      progress.show("run", done, 10);
    }
    expect(text.split("\n").filter((line) => line !== "")).toHaveLength(3);
  });
});
