/** `etcdwire bench` as users run it, on a cluster that is theirs. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Report } from "../../bench/harness/report-schema.js";
import { toJson } from "../../bench/report/json.js";
import { Client } from "../../src/index.js";
import { EtcdCluster } from "../../src/testing/index.js";
import { sampleReport } from "../bench/report/sample.js";
import { BuiltCli } from "../support/built-cli.js";

let cli: BuiltCli;
let cluster: EtcdCluster;
let client: Client;
let folder: string;
let flags: string[];

beforeAll(async () => {
  cli = new BuiltCli();
  folder = mkdtempSync(join(tmpdir(), "etcdwire-bench-"));
  cluster = await EtcdCluster.start({ tls: "mutual", auth: true });
  const { caFile, certFile, keyFile, ca, cert, key } = cluster.tls!;
  const { user, password } = cluster.auth!;
  flags = [
    ...[
      "--endpoints",
      cluster.endpoints.join(","),
      "--cacert",
      caFile,
      "--cert",
      certFile!,
      "--key",
      keyFile!,
    ],
    ...["--user", `${user}:${password}`],
  ];
  client = new Client({
    endpoints: cluster.endpoints,
    tls: { ca, cert: cert!, key: key! },
    auth: { user, password },
  });
});
afterAll(async () => {
  await client.close();
  await cluster.close();
  cli.remove();
  rmSync(folder, { recursive: true, force: true });
});

const bench = (...words: string[]) => cli.run(["bench", ...words]);
const readReport = (file: string): Report => JSON.parse(readFileSync(file, "utf8")) as Report;
const keyCount = async (): Promise<number> =>
  (await client.kv.get("", { fromKey: true, countOnly: true })).count;

const SHORT = ["--runs", "1", "--duration", "200ms", "--warmup", "50ms"];

describe("on a cluster with TLS, client certificates and users", () => {
  test("measures an open loop, says what it found, and leaves nothing behind", async () => {
    const json = join(folder, "open.json");
    const { code, stdout, stderr } = await bench(
      ...["acquire", ...flags, ...SHORT, "--mode", "open", "--rate", "100,200", "--seed", "7"],
      ...["--systems", "etcdwire,etcd3,grpc-js", "--interval", "100ms", "--json", json],
    );
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout.toString()).toMatch(
      /NOT MEASURED: acquire grpc-js: grpc-js is measured on clusters without TLS/,
    );
    const { configuration, environment, results, unmeasured } = readReport(json);
    expect(configuration).toMatchObject({
      cluster: "external",
      workloads: ["acquire"],
      runCount: 1,
      durationMs: 200,
      warmupMs: 50,
      seed: 7,
      intervalMs: 100,
    });
    expect(environment).toMatchObject({ etcdVersion: cluster.version, memberCount: 1, etcdIsHere: true });
    expect(environment.dataFileSystem).toBeUndefined();
    expect(results.map(({ system, params }) => ({ system, params }))).toEqual(
      [100, 200].flatMap((rate) =>
        ["etcdwire", "etcd3"].map((system) => ({
          system,
          params: { mode: "open", rate, arrival: "poisson" },
        })),
      ),
    );
    for (const { errors, runs } of results) {
      expect(errors).toBe(0);
      expect(runs[0]).toMatchObject({
        schedule: { droppedCount: 0 },
        diagnosis: { serverCpuCores: expect.anything() as unknown },
      });
      expect(runs[0]!.responseHdr).toMatch(/^[\w+/]+=*$/);
    }
    expect(unmeasured.map(({ system }) => system)).toContain("grpc-js");
    expect(await keyCount()).toBe(0);
    expect(await client.lease.list()).toEqual([]);
  });

  test("begins only where nobody has keys of its own, unless it is told to, and leaves those alone", async () => {
    await client.kv.put("bench/mine", "x");
    const words = ["acquire", ...flags, ...SHORT, "--concurrency", "2", "--systems", "etcdwire"];
    expect(await bench(...words)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^Error: there are 1 keys under bench\//) as unknown,
    });
    expect(await bench(...words, "--force")).toMatchObject({ code: 0 });
    expect(await keyCount()).toBe(1);
    await client.kv.delete("bench/mine");
  });

  test("takes what is in the environment but for the endpoints, and flags before its name", async () => {
    const { caFile, certFile, keyFile } = cluster.tls!;
    const { user, password } = cluster.auth!;
    const words = [
      "acquire",
      ...SHORT,
      "--count",
      "20",
      "--concurrency",
      "1",
      "--systems",
      "etcdwire",
      "--json",
      "-",
    ];
    const result = await cli.run(
      [
        "--endpoints",
        cluster.endpoints[0]!,
        "bench",
        ...words.filter((word) => !["--duration", "200ms"].includes(word)),
      ],
      {
        env: {
          ETCDCTL_ENDPOINTS: "nowhere:1",
          ETCDCTL_CACERT: caFile,
          ETCDCTL_CERT: certFile!,
          ETCDCTL_KEY: keyFile!,
          ETCDCTL_USER: `${user}:${password}`,
        },
      },
    );
    expect(result).toMatchObject({ code: 0 });
    const report = JSON.parse(result.stdout.toString()) as Report;
    expect(report.results[0]!.runs[0]!.operationCount).toBe(20);
  });

  test("lists workloads that are not for a cluster of somebody else's", async () => {
    const { code, stdout } = await bench(
      "failover",
      "leader",
      ...flags,
      "--runs",
      "1",
      "--systems",
      "etcdwire,leader",
    );
    expect(code).toBe(0);
    expect(stdout.toString()).toMatch(/NOT MEASURED: failover etcdwire: it needs a private cluster/);
    expect(stdout.toString()).toMatch(
      /NOT MEASURED: leader leader: it needs 3 members, and this cluster has 1/,
    );
  });

  test("says in one line that a cluster does not answer, and measures nothing", async () => {
    const { code, stdout, stderr } = await bench(
      "acquire",
      "--endpoints",
      "127.0.0.1:1",
      "--command-timeout",
      "200ms",
    );
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^Error: .*127\.0\.0\.1:1.*\n$/);
  });
});

describe("exit status", () => {
  test("of a condition that is true is 99, and of a wrong command line 64 before anything is started", async () => {
    const words = ["client-limit", ...SHORT, "--concurrency", "1", "--systems", "etcdwire"];
    const failed = await bench(...words, "--fail-if", "p99>1us");
    expect(failed).toMatchObject({
      code: 99,
      stderr: expect.stringMatching(/--fail-if "p99>1us"/) as unknown,
    });
    expect(await bench(...words, "--keys", "5")).toMatchObject({
      code: 64,
      stderr: expect.stringMatching(/client-limit has no --keys; those that have: .*acquire/) as unknown,
    });
  });

  test("of two reports compared is 0, 1 when something is worse, and 2 when they are not of the same thing", async () => {
    const write = (name: string, changes: Partial<Report>): string => {
      const file = join(folder, name);
      writeFileSync(file, toJson({ ...sampleReport, violations: [], ...changes }));
      return file;
    };
    const before = write("before.json", {});
    const broken = write("broken.json", { violations: ["txn etcdwire: 1 lost"] });
    const moved = write("moved.json", { environment: { ...sampleReport.environment, coreCount: 64 } });
    expect(await bench("compare", before, before)).toMatchObject({ code: 0 });
    expect(await bench("compare", before, broken)).toMatchObject({ code: 1 });
    expect(await bench("compare", before, moved)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("coreCount") as unknown,
    });
    expect(await bench("compare", before)).toMatchObject({ code: 64 });
  });

  test("after Ctrl-C is 130, with what was measured until then", async () => {
    const json = join(folder, "interrupted.json");
    const child = cli.spawn([
      ...[
        "bench",
        "client-limit",
        "--runs",
        "50",
        "--duration",
        "100ms",
        "--systems",
        "etcdwire",
        "--json",
        json,
      ],
    ]);
    child.stdout!.resume();
    let progress = "";
    const code = await new Promise((resolve) => {
      child.once("close", resolve);
      child.stderr!.setEncoding("utf8").on("data", (text: string) => {
        progress += text;
        if (/^\[\d+\/\d+\]/m.test(progress)) child.kill("SIGINT");
      });
    });
    expect(code).toBe(130);
    const { configuration, results } = readReport(json);
    expect(configuration.interrupted).toBe(true);
    expect(results.length).toBeGreaterThan(0);
  });
});
