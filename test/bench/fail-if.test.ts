import { describe, expect, test } from "vitest";
import { evaluateFailIf, parseFailIf } from "../../bench/compare/fail-if.js";
import { UsageError } from "../../src/cli/exit-codes.js";
import type { Result, RunValues } from "../../bench/harness/report-schema.js";

const makeRun = (changes: Partial<RunValues> = {}): RunValues => ({
  opsPerSecond: 1_000,
  elapsedMs: 1_000,
  serviceTimeUs: { p50: 500, p90: 900, p99: 1_000, p999: 4_000, max: 5_000 },
  clientCpuUsPerOp: 12,
  errors: 0,
  ...changes,
});

const makeRow = (runs: readonly RunValues[], changes: Partial<Result> = {}): Result => ({
  workload: "acquire",
  system: "etcdwire",
  params: { concurrency: 64 },
  opsPerSecond: 1_000,
  serviceTimeUs: runs[0]!.serviceTimeUs,
  clientCpuUsPerOp: 12,
  errors: 0,
  runs,
  ...changes,
});

const evaluate = (results: readonly Result[], ...rules: string[]): string[] =>
  evaluateFailIf({ results }, rules.map(parseFailIf));

const row = makeRow([makeRun(), makeRun(), makeRun()]);

describe("--fail-if", () => {
  test.each([
    ["p99>999us", true],
    ["p99>999µs", true],
    ["p99>0.9ms", true],
    ["p99 > 1ms", false],
    ["p99>=1ms", true],
    ["p50<1s", true],
    ["p50<=0.5ms", true],
    ["p50<.5ms", false],
    ["p90>1ms", false],
    ["p999>3ms", true],
    ["max>5ms", false],
    ["max>=5e3us", true],
    ["ops/s<1001", true],
    ["ops<1000/s", false],
    ["rate<2000/s", true],
    ["cpu>10us", true],
    ["errors>0", false],
    ["errors>=0%", true],
  ])("%s is %s of a row with a p99 of 1 ms and 1,000 operations a second", (text, isTrue) => {
    expect(evaluate([row], text)).toHaveLength(isTrue ? 1 : 0);
  });

  test("says which row it was, and what its number is", () => {
    expect(evaluate([row], "p99>50us")).toEqual(['--fail-if "p99>50us": acquire etcdwire c=64 has p99 1 ms']);
    expect(evaluate([row], "ops<5000", "cpu<1ms")).toEqual([
      '--fail-if "ops<5000": acquire etcdwire c=64 has ops/s 1,000 /s',
      '--fail-if "cpu<1ms": acquire etcdwire c=64 has cpu 12 µs',
    ]);
  });

  test("takes medians of the runs, but the largest maximum and all errors", () => {
    const slow = makeRun({
      serviceTimeUs: { p50: 9e3, p90: 9e3, p99: 9e3, p999: 9e3, max: 9e3 },
      errors: 10,
    });
    const one = makeRow([makeRun(), slow, makeRun()]);
    expect(evaluate([one], "p99>1ms")).toEqual([]);
    expect(evaluate([one], "max>8ms")).toHaveLength(1);
    expect(evaluate([one], "errors>9")).toHaveLength(1);
    // 10 of 3,010.
    expect(evaluate([one], "errors>0.33%")).toEqual([
      '--fail-if "errors>0.33%": acquire etcdwire c=64 has errors 0.332 %',
    ]);
    expect(evaluate([one], "errors>0.34%")).toEqual([]);
  });

  test("looks at response times, late and dropped operations where there is a schedule", () => {
    const times = { p50: 2e6, p90: 2e6, p99: 2e6, p999: 2e6, max: 2e6 };
    const schedule = { arrivals: 200, lagUs: times, lateCount: 20, droppedCount: 2, spinShare: 0 };
    const open = makeRow([makeRun({ responseTimeUs: times, schedule })]);
    expect(evaluate([open], "p50>=2s", "late>9%", "late>19", "dropped>=1%", "dropped>1")).toHaveLength(5);
    expect(evaluate([open], "late>10%", "dropped>2", "dropped>1%")).toEqual([]);
  });

  test("is for the rows that are named before the colon", () => {
    const rows = [
      row,
      makeRow([makeRun()], { system: "grpc-js" }),
      makeRow([makeRun()], { params: { concurrency: 1 } }),
      makeRow([makeRun()], { workload: "txn", params: { mix: "cas", concurrency: 64 } }),
    ];
    expect(evaluate(rows, "p99>1us")).toHaveLength(4);
    expect(evaluate(rows, "acquire: p99>1us")).toHaveLength(3);
    expect(evaluate(rows, "acquire/etcdwire: p99>1us")).toHaveLength(2);
    expect(evaluate(rows, "acquire/etcdwire c=64: p99>1us")).toHaveLength(1);
    expect(evaluate(rows, "/grpc-js: p99>1us")).toHaveLength(1);
    expect(evaluate(rows, "c=64: p99>1us")).toHaveLength(3);
    expect(evaluate(rows, "txn cas c=64: p99>1us")).toHaveLength(1);
  });

  test("fails as well when no row has what it asks for: such a guard guards nothing", () => {
    expect(evaluate([row], "acquier: p99>1s")).toEqual(['--fail-if "acquier: p99>1s": no row has it']);
    expect(evaluate([row], "dropped>0")).toEqual(['--fail-if "dropped>0": no row has it']);
    expect(evaluate([], "p99>1s")).toHaveLength(1);
  });

  test.each([
    ["", "it is no condition"],
    ["p99", "it is no condition"],
    ["p99=5ms", "it is no condition"],
    ["p99>", "it is no condition"],
    ["p98>5ms", 'there is no "p98"; there are: ops/s, p50'],
    ["p99>5", "p99 is a time"],
    ["p99>5minutes", "p99 is a time"],
    ["p99>fast", '"fast" is no number'],
    ["p99>5%", "p99 has no percentage"],
    ["errors>5ms", 'errors is not measured in "ms"'],
    ["ops>-5", '"-5" is no number'],
  ])("does not take %j", (text, reason) => {
    expect(() => parseFailIf(text)).toThrow(UsageError);
    expect(() => parseFailIf(text)).toThrow(reason);
  });
});
