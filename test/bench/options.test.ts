import { describe, expect, test } from "vitest";
import { parseOptions, UsageError } from "../../bench/harness/options.js";
import { openProgress } from "../../bench/harness/progress.js";
import { systemNames, workloads } from "../../bench/workloads/index.js";

const parse = (...commandLine: string[]) =>
  parseOptions(commandLine, ["client-limit", "acquire"], ["etcdwire", "grpc-js"]);

describe("bench options", () => {
  test("a bare command line is every workload, five runs, one member", () => {
    expect(parse()).toEqual({
      workloads: ["client-limit", "acquire"],
      systems: undefined,
      runCount: 5,
      seconds: undefined,
      jsonFile: undefined,
      memberCount: 1,
      smoke: false,
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
  });

  test("a smoke run is short, and can be made longer", () => {
    expect(parse("--smoke")).toMatchObject({ runCount: 1, smoke: true });
    expect(parse("--smoke", "--runs", "2")).toMatchObject({ runCount: 2 });
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
  test("every ratio names a setting that its workload runs and a metric of two of its systems", () => {
    for (const { params, ratios } of workloads) {
      for (const rule of ratios) {
        expect(params).toContainEqual(rule.params);
        expect(rule.system).not.toBe(rule.against);
        expect(systemNames).toContain(rule.against);
      }
    }
    const names = workloads.flatMap(({ ratios }) => ratios.map(({ name }) => name));
    expect(new Set(names).size).toBe(names.length);
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
