import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { compareReports } from "../../bench/compare/comparison.js";
import type { Verdict } from "../../bench/compare/comparison.js";
import { comparisonText } from "../../bench/compare/comparison-text.js";
import { parseMaxRegress, runCompare } from "../../bench/compare/run-compare.js";
import { UsageError } from "../../src/cli/exit-codes.js";
import type { Report, Result, RunValues } from "../../bench/harness/report-schema.js";
import { randomStream } from "../../bench/harness/arrivals.js";
import { median } from "../../bench/harness/statistics.js";

interface RunNumbers {
  readonly ops?: number;
  readonly p99?: number;
  readonly errors?: number;
  /** Of an open loop. */
  readonly responseP99?: number;
}

const times = (p99: number): RunValues["serviceTimeUs"] => ({
  p50: p99 / 2,
  p90: p99 * 0.9,
  p99,
  p999: p99 * 2,
  max: p99 * 3,
});

const makeRun = ({ ops = 1_000, p99 = 100, errors = 0, responseP99 }: RunNumbers): RunValues => ({
  opsPerSecond: ops,
  serviceTimeUs: times(p99),
  ...(responseP99 === undefined ? {} : { responseTimeUs: times(responseP99) }),
  clientCpuUsPerOp: 5,
  errors,
});

const makeRow = (runs: readonly RunNumbers[], row: Partial<Result> = {}): Result => {
  const made = runs.map(makeRun);
  return {
    workload: "acquire",
    system: "etcdwire",
    params: { concurrency: 64 },
    opsPerSecond: median(made.map((run) => run.opsPerSecond)),
    serviceTimeUs: made[0]!.serviceTimeUs,
    clientCpuUsPerOp: 5,
    errors: 0,
    runs: made,
    ...row,
  };
};

const environment: Report["environment"] = {
  cpuModel: "test CPU",
  coreCount: 2,
  memoryBytes: 8 * 2 ** 30,
  os: "Linux 6.1.0 x86_64",
  nodeVersion: "v20.0.0",
  packageVersion: "0.1.0",
  gitCommit: "abc",
  etcdVersion: "3.4.23",
  memberCount: 1,
  dataFileSystem: "tmpfs",
  loadAverage: 0.5,
  date: "2026-01-01T00:00:00.000Z",
};

const makeReport = (results: readonly Result[], changes: Partial<Report> = {}): Report => ({
  schema: 2,
  environment,
  configuration: {
    workloads: ["acquire"],
    runCount: 5,
    seed: 1,
    intervalMs: 1_000,
    cluster: "private",
  },
  results,
  ratios: [],
  values: [],
  unmeasured: [],
  violations: [],
  ...changes,
});

/** Five runs whose p99 are some percent around `middle`, the same ones for the same seed. */
const around = (middle: number, seed: number, noise = 0.05): RunNumbers[] => {
  const random = randomStream(seed, 0);
  return Array.from({ length: 5 }, () => ({ p99: middle * (1 + noise * (2 * random() - 1)) }));
};

const verdicts = (a: readonly RunNumbers[], b: readonly RunNumbers[]): Record<string, Verdict> =>
  Object.fromEntries(
    compareReports(makeReport([makeRow(a)]), makeReport([makeRow(b)])).rows[0]!.metrics.map(
      ({ metric, verdict }) => [metric, verdict],
    ),
  );

describe("comparing two reports", () => {
  test("says worse of a longer time, better of a shorter one, and the other way round of a rate", () => {
    expect(verdicts(around(100, 1), around(120, 2))).toEqual({
      "ops/s": "no evidence",
      p50: "worse",
      p99: "worse",
      cpu: "no evidence",
    });
    expect(verdicts(around(120, 1), around(100, 2))["p99"]).toBe("better");
    const slow = [100, 101, 102, 103, 104].map((ops) => ({ ops }));
    const fast = [150, 151, 152, 153, 154].map((ops) => ({ ops }));
    expect(verdicts(slow, fast)["ops/s"]).toBe("better");
    expect(verdicts(fast, slow)["ops/s"]).toBe("worse");
  });

  test("has no evidence of what is as large as the noise, nor of ties", () => {
    expect(verdicts(around(100, 1, 0.4), around(120, 2, 0.4))["p99"]).toBe("no evidence");
    expect(verdicts(around(100, 1), around(100, 1))["p99"]).toBe("no evidence");
  });

  test("reports of equal builds have no verdict in 19 of 20 comparisons", () => {
    let found = 0;
    for (let seed = 0; seed < 100; seed++) {
      const report = (number: number): Report =>
        makeReport(
          [1, 16, 64].map((concurrency, row) =>
            makeRow(around(100, 1 + seed * 10 + number * 3 + row, 0.3), { params: { concurrency } }),
          ),
        );
      const { rows } = compareReports(report(0), report(1));
      if (rows.some(({ verdict }) => verdict !== "no evidence")) found++;
    }
    // 5 of 100, and what chance adds to it once in a hundred times; the seeds are always the same.
    expect(found).toBeLessThanOrEqual(11);
  });

  test("finds a fifth more in one row of twelve and leaves the others alone", () => {
    const report = (changed: number): Report =>
      makeReport(
        Array.from({ length: 12 }, (_, row) =>
          makeRow(around(row === 7 ? changed : 100, 100 + row + changed), { params: { concurrency: row } }),
        ),
      );
    const { rows } = compareReports(report(100), report(125));
    expect(rows.map(({ verdict }) => verdict)).toEqual(
      rows.map((_, row) => (row === 7 ? "worse" : "no evidence")),
    );
  });

  test.each([1, 3])("says that %i runs are too few, whatever they are", (count) => {
    const runs = (p99: number): RunNumbers[] => Array.from({ length: count }, () => ({ p99 }));
    const { rows } = compareReports(makeReport([makeRow(runs(1))]), makeReport([makeRow(runs(1_000))]));
    const p99 = rows[0]!.metrics.find(({ metric }) => metric === "p99")!;
    expect(p99.verdict).toBe("no evidence");
    expect(p99.ratio).toBe(1_000);
    expect(p99.p).toBeUndefined();
    expect(p99.why).toBe(`${count} and ${count} runs: p cannot be below ${count === 1 ? "1" : "0.1"}`);
  });

  test("compares what callers waited for: response times of an open loop", () => {
    const open = (responseP99: number) =>
      [1, 2, 3, 4, 5].map((n) => ({ p99: 10, responseP99: responseP99 + n }));
    expect(verdicts(open(100), open(200))["p99"]).toBe("worse");
  });

  test("says worse when errors come where there were none, and nothing of them where there are none", () => {
    const bad = [3, 5, 4, 6, 2].map((errors) => ({ errors }));
    expect(verdicts(around(100, 1), bad)["errors"]).toBe("worse");
    expect(verdicts(around(100, 1), around(100, 2))["errors"]).toBeUndefined();
  });

  test("has no verdict where a run has no number: it never recovered", () => {
    const row = (recoveryMs: number | null): Result => {
      const made = makeRow(around(100, 1));
      const faults = { recoveryMs } as RunValues["faults"];
      return { ...made, runs: made.runs.map((run) => ({ ...run, faults: faults! })) };
    };
    const { rows } = compareReports(makeReport([row(1_000)]), makeReport([row(null)]));
    expect(rows[0]!.metrics.find(({ metric }) => metric === "recovery")).toMatchObject({
      verdict: "no evidence",
      why: "a run has no number",
      b: Infinity,
    });
  });

  test("lists the rows that only one has", () => {
    const one = makeRow(around(100, 1), { params: { concurrency: 1 } });
    const other = makeRow(around(100, 1), { system: "grpc-js" });
    const both = makeRow(around(100, 1));
    const { rows, onlyInA, onlyInB } = compareReports(makeReport([one, both]), makeReport([both, other]));
    expect(rows).toHaveLength(1);
    expect(onlyInA).toEqual(["acquire etcdwire c=1"]);
    expect(onlyInB).toEqual(["acquire grpc-js c=64"]);
  });

  test("a limit forgives what is within it, and numbers that it does not name", () => {
    const compare = (...limits: string[]): readonly string[] =>
      compareReports(makeReport([makeRow(around(100, 1))]), makeReport([makeRow(around(120, 2))]), {
        limits: limits.map(parseMaxRegress),
      }).regressions;
    expect(compare()).toHaveLength(2);
    expect(compare("p99=10%")).toEqual([
      expect.stringMatching(/^acquire etcdwire c=64: p99 is \d+\.?\d* % worse, over 10 %$/),
    ]);
    expect(compare("p99=50%")).toEqual([]);
    expect(compare("ops/s=0%")).toEqual([]);
    expect(compare("p50=1%", "p99=1%")).toHaveLength(2);
  });

  test("a rate that fell from 100 to 80 is 20 % worse", () => {
    const rate = (ops: number) => makeReport([makeRow([1, 2, 3, 4, 5].map((n) => ({ ops: ops + n / 100 })))]);
    const regressions = (limit: string) =>
      compareReports(rate(100), rate(80), { limits: [parseMaxRegress(limit)] }).regressions;
    expect(regressions("rate=19%")).toEqual(["acquire etcdwire c=64: ops/s is 20 % worse, over 19 %"]);
    expect(regressions("rate=21%")).toEqual([]);
  });

  test("says that the machine has changed when other clients have, whose code is not ours", () => {
    const report = (p99: number, seed: number): Report =>
      makeReport(["etcdwire", "grpc-js"].map((system) => makeRow(around(p99, seed), { system })));
    const comparison = compareReports(report(100, 1), report(120, 2));
    expect(comparison.changedPeers).toEqual(["acquire grpc-js c=64: worse"]);
    expect(comparisonText(comparison)).toContain("The machine has changed too");
    expect(compareReports(report(100, 1), report(100, 2)).changedPeers).toEqual([]);
  });

  test("names libraries whose versions are not the same, and does not refuse them", () => {
    const report = (libraryVersions: Record<string, string>): Report =>
      makeReport([makeRow(around(100, 1))], { environment: { ...environment, libraryVersions } });
    const comparison = compareReports(
      report({ etcd3: "1.1.2", "@grpc/grpc-js": "1.14.7" }),
      report({ etcd3: "1.1.2", "@grpc/grpc-js": "1.15.0", redlock: "5.0.0" }),
    );
    expect(comparison.differences).toEqual([]);
    expect(comparisonText(comparison)).toContain(
      'Other versions of libraries:\n  @grpc/grpc-js: "1.14.7" in A, "1.15.0" in B\n  redlock: none in A, "5.0.0" in B\n',
    );
  });

  test("a promise that the new one breaks is a regression, whatever the limits", () => {
    const same = makeRow(around(100, 1));
    const broken = makeReport([same], { violations: ["acquire etcdwire: 1 overlapping holders"] });
    expect(
      compareReports(makeReport([same]), broken, { limits: [parseMaxRegress("p99=10%")] }).regressions,
    ).toEqual(["broken promise: acquire etcdwire: 1 overlapping holders"]);
  });

  test("the table tells each number of each row, with its interval and verdict", () => {
    const text = comparisonText(
      compareReports(makeReport([makeRow(around(100, 1))]), makeReport([makeRow(around(120, 2))])),
    );
    expect(text).toMatch(
      /^A: etcdwire 0\.1\.0 \(abc\), 2026-01-01T00:00:00\.000Z, load before 0\.50\nB: .*\n\nacquire\n/,
    );
    expect(text).toMatch(
      /c=64 +etcdwire +ops\/s +1,000 \/s +1,000 \/s +1\.000 +1\.000 to 1\.000 +1\.000 +no evidence/,
    );
    expect(text).toMatch(/p99 +[\d.]+ µs +[\d.]+ µs +1\.\d{3} +1\.\d{3} to 1\.\d{3} +0\.\d{3} +worse/);
    expect(text).toContain("1 rows: 0 better, 1 worse, 0 without evidence.");
    expect(text).toContain("REGRESSIONS:\n  acquire etcdwire c=64: p50");
  });
});

describe("the compare command", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "bench-compare-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  let fileCount = 0;
  const write = (content: unknown): string => {
    const file = path.join(folder, `${fileCount++}.json`);
    writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
    return file;
  };
  const run = (
    a: unknown,
    b: unknown,
    options: Omit<Parameters<typeof runCompare>[0], "fileA" | "fileB"> = {},
  ): { status: number; stdout: string; stderr: string } => {
    let stdout = "";
    let stderr = "";
    const status = runCompare(
      { fileA: write(a), fileB: write(b), ...options },
      { stdout: (text) => (stdout += text), stderr: (text) => (stderr += text) },
    );
    return { status, stdout, stderr };
  };
  const good = makeReport([makeRow(around(100, 1))]);
  const slow = makeReport([makeRow(around(120, 2))]);

  test("exits 0 without evidence, 1 when something is worse, and 0 when it is better", () => {
    expect(run(good, good)).toMatchObject({ status: 0, stderr: "" });
    expect(run(good, slow).status).toBe(1);
    expect(run(slow, good).status).toBe(0);
    expect(run(good, slow, { maxRegress: ["p99=10%"] }).status).toBe(1);
    expect(run(good, slow, { maxRegress: ["p99=50%"] }).status).toBe(0);
  });

  test("refuses another machine, another etcd and another length, and names them; not another commit", () => {
    const other: Report = {
      ...good,
      environment: {
        ...environment,
        cpuModel: "another CPU",
        nodeVersion: "v22.1.0",
        etcdVersion: "3.5.0",
        dataFileSystem: undefined,
        gitCommit: "def",
        packageVersion: "2.0.0",
        loadAverage: 3,
        date: "2027-01-01T00:00:00.000Z",
      },
      configuration: { ...good.configuration, runCount: 9, durationMs: 2_000, workloads: ["acquire", "kv"] },
    };
    const { status, stdout, stderr } = run(good, other);
    expect(status).toBe(2);
    expect(stdout).toBe("");
    expect(stderr.split("\n")).toEqual([
      "Not comparable; --force compares them all the same:",
      '  cpuModel: "test CPU" in A, "another CPU" in B',
      '  etcdVersion: "3.4.23" in A, "3.5.0" in B',
      '  dataFileSystem: "tmpfs" in A, none in B',
      "  nodeMajor: 20 in A, 22 in B",
      "  runCount: 5 in A, 9 in B",
      "  durationMs: none in A, 2000 in B",
      "",
    ]);
    const forced = run(good, other, { force: true });
    expect(forced.status).toBe(0);
    expect(forced.stderr).toContain("They differ all the same:");
    expect(forced.stdout).toContain("1 rows");
  });

  test("takes another patch of Node, an interrupted report, and a field that says nothing", () => {
    const other = {
      ...good,
      environment: { ...environment, nodeVersion: "v20.9.9" },
      configuration: { ...good.configuration, interrupted: true, latencyLimitMs: undefined },
    };
    expect(run(good, other).status).toBe(0);
  });

  test("refuses smoke runs, even two of them", () => {
    const smoke = { ...good, configuration: { ...good.configuration, smoke: true } };
    expect(run(smoke, smoke)).toMatchObject({ status: 2 });
    expect(run(smoke, smoke).stderr).toContain("smoke: true in A, true in B");
  });

  test("refuses what is no report, and says which file and why", () => {
    expect(run("{", good).stderr).toMatch(/\.json: no JSON: /);
    expect(run("null", good).stderr).toMatch(/no report of the bench/);
    expect(run({ ...good, schema: 1 }, good).stderr).toMatch(
      /a report of schema 1, where this compare reads 2/,
    );
    expect(run(good, { schema: 2, environment }).stderr).toMatch(/no whole report/);
    expect(run(good, { ...good, results: [{}] }).stderr).toMatch(/no whole report/);
    expect(run(good, { ...good, results: [] }).stderr).toMatch(/no row that both have/);
    for (const bad of ["{", "null", { ...good, schema: 3 }, { ...good, results: [] }])
      expect(run(good, bad).status).toBe(2);
    let stderr = "";
    const missing = { fileA: path.join(folder, "missing.json"), fileB: write(good) };
    expect(runCompare(missing, { stdout: () => {}, stderr: (text) => (stderr += text) })).toBe(2);
    expect(stderr).toContain("ENOENT");
  });

  test("writes JSON to a file beside the table, or to standard output instead of it", () => {
    const jsonFile = path.join(folder, "comparison.json");
    const beside = run(good, slow, { jsonFile });
    expect(beside.stdout).toContain("REGRESSIONS");
    const fromFile: unknown = JSON.parse(readFileSync(jsonFile, "utf8"));
    expect(fromFile).toMatchObject({ schema: 1, alpha: 0.05, rows: [{ verdict: "worse" }] });
    expect(JSON.parse(run(good, slow, { jsonFile: "-" }).stdout)).toEqual(fromFile);
  });

  test.each(["p99", "p99=10", "p99>10%", "p98=10%", "p99=-1%", "dropped=1%"])(
    "does not take --max-regress %s",
    (text) => {
      expect(() => parseMaxRegress(text)).toThrow(UsageError);
    },
  );
});
