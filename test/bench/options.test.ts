import { describe, expect, test } from "vitest";
import { HelpAsked, parseOptions } from "../../bench/command/options.js";
import type { BenchOptions, Offer } from "../../bench/command/options.js";
import { openProgress } from "../../bench/harness/progress.js";
import { planRuns } from "../../bench/harness/plan.js";
import { UsageError } from "../../src/cli/exit-codes.js";
import { paramsText } from "../../bench/harness/workload.js";
import { workloads } from "../../bench/workloads/index.js";

const OFFER: Offer = {
  workloadNames: ["client-limit", "acquire", "alloc"],
  systemNames: ["etcdwire", "grpc-js"],
  bareNames: ["client-limit", "acquire"],
  programName: "bench",
  helpText: "",
};

const parse = (...commandLine: string[]): BenchOptions => parseOptions(commandLine, {}, OFFER);

describe("bench options", () => {
  test("a bare command line is the usual workloads, five runs, one private cluster", () => {
    expect(parse()).toEqual({
      workloads: ["client-limit", "acquire"],
      headline: true,
      systems: undefined,
      rows: undefined,
      knobs: {},
      runCount: 5,
      durationMs: undefined,
      warmupMs: undefined,
      operationCount: undefined,
      seed: 1,
      intervalMs: 1_000,
      maxInFlight: undefined,
      latencyLimitMs: undefined,
      memberCount: undefined,
      cluster: undefined,
      force: false,
      outputs: {},
      failIf: [],
      smoke: false,
      list: false,
    });
  });

  const effects: [commandLine: string, effect: object][] = [
    ["alloc acquire alloc", { workloads: ["alloc", "acquire"], headline: false }],
    ["--mode closed", { knobs: { mode: "closed" } }],
    ["--mode open --rate 100,2.5", { knobs: { mode: "open", rates: [100, 2.5] } }],
    ["--mode=open --rate=1 --arrival uniform", { knobs: { arrival: "uniform" } }],
    ["--mode open --rate 1 --max-in-flight 64", { maxInFlight: 64 }],
    // An overloaded open loop is not to take all memory.
    ["--mode open --rate 1", { maxInFlight: 10_000 }],
    ["--mode closed", { maxInFlight: undefined }],
    ["--concurrency 1,16,64,16", { knobs: { concurrency: [1, 16, 64] } }],
    ["--contenders 2,128", { knobs: { contenders: [2, 128] } }],
    ["--processes 4", { knobs: { processes: [4] } }],
    ["--keys 1000", { knobs: { keys: [1_000] } }],
    ["--hold 0,1.5ms,1s", { knobs: { holdMs: [0, 2, 1_000] } }],
    ["--ttl 10s,1m", { knobs: { ttlSeconds: [10, 60] } }],
    ["--value-size 16,4KiB,1MiB", { knobs: { valueBytes: [16, 4_096, 1_048_576] } }],
    ["--duration 500ms", { durationMs: 500 }],
    ["--count 1000", { operationCount: 1_000 }],
    ["--warmup 0", { warmupMs: 0 }],
    ["--runs 7", { runCount: 7 }],
    ["--seed 0", { seed: 0 }],
    ["--latency-limit 50ms", { latencyLimitMs: 50 }],
    ["--interval 100ms", { intervalMs: 100 }],
    ["--systems grpc-js,etcdwire", { systems: ["grpc-js", "etcdwire"] }],
    ["--rows c=1,c=2", { rows: ["c=1", "c=2"] }],
    ["--members 3", { memberCount: 3 }],
    ["--json out.json", { outputs: { json: "out.json" } }],
    ["--json -", { outputs: { json: "-" } }],
    ["--csv out.csv", { outputs: { csv: "out.csv" } }],
    ["--hdr out.hlog", { outputs: { hdr: "out.hlog" } }],
    ["--html out.html", { outputs: { html: "out.html" } }],
    ["--svg pictures", { outputs: { svgFolder: "pictures" } }],
    ["--fail-if p99>50ms --fail-if errors>0", { failIf: ["p99>50ms", "errors>0"] }],
    ["--smoke", { smoke: true, runCount: 1, durationMs: 100, workloads: OFFER.workloadNames }],
    ["--smoke --runs 2 --duration 1s", { smoke: true, runCount: 2, durationMs: 1_000 }],
    ["--smoke acquire", { workloads: ["acquire"] }],
    ["--smoke --count 5", { operationCount: 5, durationMs: undefined }],
    ["--list", { list: true }],
    ["--endpoints a:1,b:2", { cluster: { endpoints: ["a:1", "b:2"], tls: undefined, auth: undefined } }],
    ["--endpoints a:1 --cacert ca", { cluster: { tls: { caFile: "ca" } } }],
    ["--endpoints a:1 --cert c --key k", { cluster: { tls: { certFile: "c", keyFile: "k" } } }],
    ["--endpoints a:1 --insecure-skip-tls-verify", { cluster: { tls: { insecureSkipVerify: true } } }],
    ["--endpoints a:1 --insecure-transport=false", { cluster: { tls: {} } }],
    ["--endpoints a:1 --user me:word", { cluster: { auth: { user: "me", password: "word" } } }],
    ["--endpoints a:1 --user me --password word", { cluster: { auth: { user: "me", password: "word" } } }],
    ["--endpoints a:1 --dial-timeout 1s", { cluster: { dialTimeoutMs: 1_000 } }],
    ["--endpoints a:1 --command-timeout 1s", { cluster: { commandTimeoutMs: 1_000 } }],
    ["--endpoints a:1 --force", { force: true }],
  ];
  test.each(effects)("%s", (commandLine, effect) => {
    expect(parse(...commandLine.split(" "))).toMatchObject(effect);
  });

  test("no option is without a test of its effect", () => {
    const help = ((): string => {
      try {
        parse("--help");
      } catch (error) {
        if (error instanceof HelpAsked) return error.message;
      }
      throw new Error("no help");
    })();
    const offered = [...help.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)].map(([, option]) => option!);
    const tested = effects.flatMap(([commandLine]) => commandLine.match(/--[\w-]+/g) ?? []);
    expect(offered.length).toBeGreaterThan(30);
    expect(offered.filter((option) => option !== "--help" && !tested.includes(option))).toEqual([]);
  });

  test("a word with spaces is one setting", () => {
    expect(parse("--rows", "c=1, fault=kill elections=short").rows).toEqual([
      "c=1",
      "fault=kill elections=short",
    ]);
  });

  test.each([
    ["--wat", /--wat/],
    ["nothing", /client-limit, acquire, alloc/],
    ["--systems etcdwire,nobody", /no system "nobody"; there are: etcdwire, grpc-js/],
    ["--runs 0", /--runs is "0"/],
    ["--runs 1.5", /whole number/],
    ["--duration 5", /such as 5s/],
    ["--duration 0", /no time/],
    ["--duration 1s --count 5", /one of them/],
    ["--ttl 1500ms", /whole seconds/],
    ["--value-size 1GB", /4KiB/],
    ["--concurrency 1,,2", /--concurrency is ""/],
    ["--mode sideways", /closed, open/],
    ["--mode open", /wants a --rate/],
    ["--rate 100", /--rate is for --mode open/],
    ["--mode closed --rate 100", /--rate is for --mode open/],
    ["--arrival poisson", /--arrival is for --mode open/],
    ["--max-in-flight 5", /--max-in-flight is for --mode open/],
    ["--mode open --rate 5 --concurrency 3", /--max-in-flight/],
    ["--seed -1", /--seed/],
    ["--members 2", /1, 3/],
    ["--json", /--json/],
    ["--cacert ca.pem", /--cacert is for a cluster that --endpoints names/],
    ["--user me:word", /--user is for a cluster/],
    ["--force", /--force is for a cluster/],
    ["--endpoints a:1 --members 3", /--members is for private clusters/],
    ["--endpoints a:1 --cert c", /--cert and --key/],
  ])("refuses %s", (commandLine, message) => {
    expect(() => parse(...commandLine.split(" "))).toThrow(UsageError);
    expect(() => parse(...commandLine.split(" "))).toThrow(message);
  });

  test("variables say how to reach a cluster, and never which", () => {
    const environment = { ETCDCTL_ENDPOINTS: "production:2379", ETCDCTL_USER: "me:word" };
    expect(parseOptions([], environment, OFFER).cluster).toBeUndefined();
    expect(parseOptions(["--endpoints", "here:1"], environment, OFFER).cluster).toMatchObject({
      endpoints: ["here:1"],
      auth: { user: "me", password: "word" },
    });
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
  const record = (isTTY: boolean) => {
    let nowMs = 0;
    let text = "";
    const stream = { isTTY, write: (part: string) => ((text += part), true) };
    const progress = openProgress(stream, () => nowMs);
    return {
      progress,
      text: () => text,
      at: (ms: number) => {
        nowMs = ms;
      },
    };
  };

  test("overwrites one line on a terminal and says how long it will take", () => {
    const { progress, text, at } = record(true);
    at(10_000);
    progress.show("acquire run 1/5", 10, 40);
    expect(text()).toBe("\r\x1b[K[10/40] acquire run 1/5, about 30 s left");
  });

  test("writes a line every few seconds elsewhere", () => {
    const { progress, text, at } = record(false);
    for (let done = 1; done <= 10; done++) {
      at(done * 2_000);
      progress.show("run", done, 10);
    }
    expect(
      text()
        .split("\n")
        .filter((line) => line !== ""),
    ).toHaveLength(4);
  });

  test("says nothing of what is over within two seconds", () => {
    for (const isTTY of [true, false]) {
      const { progress, text, at } = record(isTTY);
      progress.show("starting", 0, 2);
      at(1_000);
      progress.show("run", 1, 2);
      at(1_900);
      progress.show("run", 2, 2);
      progress.end();
      expect(text()).toBe("");
    }
  });
});
