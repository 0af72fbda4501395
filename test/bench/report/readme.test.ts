import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { toJson } from "../../../bench/report/json.js";
import { readmeRegion, REGION_BEGIN, REGION_END, replaceRegion } from "../../../bench/report/readme.js";
import { toSvgs } from "../../../bench/report/svg.js";
import { sampleReport } from "./sample.js";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

describe("the region of README.md", () => {
  const region = readmeRegion(sampleReport, toSvgs(sampleReport), "results");

  test("has every row, the best of each setting in bold", () => {
    for (const { system, params } of sampleReport.results)
      if (params.concurrency !== undefined)
        expect(region).toContain(`| c=${params.concurrency} | ${system} |`);
    expect(region).toContain("| c=1 | etcdwire | **5,000** |");
    expect(region).toContain("| c=64 | etcdwire | 26,390 |");
    expect(region).toContain("| c=64 | go | **27,532** |");
  });

  test("names what a peer does better", () => {
    const [, better] = region.split("Better than etcdwire:\n\n");
    expect(better).toMatch(/^- acquire c=16: go \(/m);
    expect(better).toContain("- acquire c=64: go (ops/s 27,532 against 26,390; p50 ");
    expect(better).not.toContain("grpc-js");
    const ours = sampleReport.results.filter(({ system }) => system !== "go");
    expect(readmeRegion({ ...sampleReport, results: ours }, new Map(), "results")).toContain(
      "No other client was better than etcdwire in any of these columns.",
    );
  });

  test("shows pictures, each with a title for those who do not see it", () => {
    expect(region).toContain("![acquire: ops/s](results/acquire-throughput.svg)");
    expect(region).toContain("![acquire c=16: service time by percentile](results/acquire-c-16-latency.svg)");
  });

  test("says machine, versions and command, and what was not measured", () => {
    expect(region).toContain(
      "`npm run bench -- acquire txn --runs 3` at commit abc on test CPU with 2 cores",
    );
    expect(region).toContain("Node 20.0.0, etcd 3.6.0 with 1 member and its data on ext4");
    expect(region).toContain("- acquire java: no mvn on this machine");
  });

  test("replaces the one that is there, and wants exactly one", () => {
    const readme = `a\n${REGION_BEGIN}\nold\n${REGION_END}\nb\n`;
    expect(replaceRegion(readme, "new")).toBe(`a\n${REGION_BEGIN}\n\nnew\n\n${REGION_END}\nb\n`);
    expect(() => replaceRegion("a", "new")).toThrow("no single region");
    expect(() => replaceRegion(readme + readme, "new")).toThrow("no single region");
  });
});

describe("npm run readme", () => {
  let folder: string;

  const run = (...parameters: string[]): { status: number | null; output: string } => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [
        ...["--import", "./test/support/register-typescript.mjs", "scripts/readme.ts"],
        ...["--root", folder, ...parameters],
      ],
      { cwd: ROOT, encoding: "utf8" },
    );
    return { status, output: stdout + stderr };
  };

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "etcdwire-readme-"));
    mkdirSync(path.join(folder, "bench/results"), { recursive: true });
    const regions = `<!-- codes:begin: written by \`npm run readme\` from src/errors.ts -->\n<!-- codes:end -->\n\n${REGION_BEGIN}\n${REGION_END}`;
    writeFileSync(path.join(folder, "README.md"), `# Title\n\n${regions}\n\nText.\n`);
    writeFileSync(path.join(folder, "bench/results/headline.json"), toJson(sampleReport));
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test("writes table and pictures; readme:check fails as long as anything differs", () => {
    const stale = path.join(folder, "bench/results/old.svg");
    writeFileSync(stale, "<svg/>");
    const before = run("--check");
    expect(before.status).toBe(1);
    expect(before.output).toContain("README.md differs");
    expect(before.output).toContain("bench/results/acquire-throughput.svg differs");
    expect(before.output).toContain("bench/results/old.svg is of no result any more");

    expect(run().status).toBe(0);
    expect(readdirSync(path.join(folder, "bench/results"))).toEqual([
      ...["acquire-c-1-latency.svg", "acquire-c-16-latency.svg", "acquire-c-64-latency.svg"],
      ...["acquire-throughput.svg", "headline.json"],
      ...["txn-open-rate-500-s-poisson-latency.svg", "txn-throughput.svg"],
    ]);
    expect(run("--check")).toEqual({ status: 0, output: "" });

    const readme = path.join(folder, "README.md");
    const written = readFileSync(readme, "utf8");
    expect(written).toMatch(
      /^\| `ETCD_REFUSED` +\| The server refused the call before processing it: repeat it\. +\|$/m,
    );
    for (const [word, wrong] of [
      ["26,390", "36,390"],
      ["repeat it.", "give up."],
    ] as const) {
      writeFileSync(readme, written.replace(word, wrong));
      const after = run("--check");
      expect(after.status).toBe(1);
      expect(after.output).toContain("README.md differs");
    }
  }, 60_000);

  test("of this repository are what its headline.json says", () => {
    cpSync(path.join(ROOT, "README.md"), path.join(folder, "README.md"));
    cpSync(path.join(ROOT, "bench/results"), path.join(folder, "bench/results"), { recursive: true });
    expect(run("--check")).toEqual({ status: 0, output: "" });
  }, 60_000);
});
