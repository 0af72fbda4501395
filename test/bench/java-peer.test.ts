import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { PeerMissingError } from "../../bench/harness/workload.js";
import type { RunRequest, System } from "../../bench/harness/workload.js";
import { buildJavaPeer, warmedUp } from "../../bench/peers/java-peer.js";

// The building, with programs in place of a JDK and Maven that say what those say.

let root: string;
let tools: string;
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), "etcdwire-java-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const tool = async (name: string, script: string): Promise<void> => {
  const file = path.join(tools, name);
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
};

beforeEach(async () => {
  tools = await mkdtemp(path.join(root, "tools-"));
  await tool("java", "exit 1");
  await tool("javac", "echo javac 21.0.2");
  // Without a priority: "-n", "10", and what is to be run.
  await tool("nice", 'shift 2; exec "$@"');
  await tool("mkdir", 'exec /bin/mkdir "$@"');
});

const build = (lines: string[] = []) =>
  buildJavaPeer((line) => lines.push(line), {
    PATH: tools,
    ETCD_CACHE_DIR: path.join(tools, "cache"),
  });

test("a machine without a JDK or Maven is told apart, by what is missing", async () => {
  await expect(build()).rejects.toThrow(new PeerMissingError("no `mvn` on PATH"));
  await rm(path.join(tools, "javac"));
  await expect(build()).rejects.toThrow(new PeerMissingError("no `javac` on PATH"));
});

test("an old JDK is no JDK", async () => {
  await tool("mvn", "exit 1");
  for (const old of ["javac 11.0.24", "javac 1.8.0_402"]) {
    await tool("javac", `echo ${old}`);
    await expect(build()).rejects.toThrow(new PeerMissingError(`${old} is older than 17`));
  }
});

const failingMaven = (log: string): Promise<void> =>
  tool("mvn", `while [ "$1" != -l ]; do shift; done\necho '${log}' > "$2"\nexit 1`);

test("libraries that cannot be had are missing, and a mistake in the program is an error", async () => {
  await failingMaven(
    "[ERROR] Failed to execute goal: Could not resolve dependencies: Could not transfer artifact io.etcd\n[ERROR] -> [Help 1]",
  );
  const missing = build();
  await expect(missing).rejects.toThrow(PeerMissingError);
  await expect(missing).rejects.toThrow("cannot be had: Failed to execute goal: Could not resolve");
  await failingMaven("[ERROR] COMPILATION ERROR :\n[ERROR] -> [Help 1]");
  const broken = build();
  await expect(broken).rejects.not.toThrow(PeerMissingError);
  await expect(broken).rejects.toThrow("mvn package of java-peer failed: COMPILATION ERROR");
});

test("it is built once, and started with all that the build has left", async () => {
  await tool("mvn", `mkdir target && echo jar > target/peer.jar && echo "$PWD" >> ${root}/builds`);
  const lines: string[] = [];
  const { program, words } = await build(lines);
  expect(program).toBe(path.join(tools, "java"));
  expect(words?.[0]).toBe("-cp");
  expect(path.basename(words![1]!)).toBe("*");
  expect(await readdir(path.dirname(words![1]!))).toEqual(["peer.jar"]);
  expect(lines).toHaveLength(1);
  expect(await build(lines)).toEqual({ program, words });
  expect(lines).toHaveLength(1);
  expect((await readFile(path.join(root, "builds"), "utf8")).trim().split("\n")).toHaveLength(1);
});

test("a system is warmed up once, on names of its own, before its first run", async () => {
  const calls: string[] = [];
  const system: System = {
    prepare: ({ runId }) => {
      calls.push(`prepare ${runId}`);
      return Promise.resolve();
    },
    run: ({ runId, durationMs, warmupMs, params }) => {
      calls.push(`run ${runId} ${warmupMs}+${durationMs} ms hold=${params.holdMs}`);
      return Promise.resolve({
        operationCount: 0,
        elapsedMs: 0,
        latenciesUs: new Float32Array(0),
        cpuUs: 0,
        errorCount: 0,
      });
    },
    close: () => Promise.resolve(),
  };
  const warmed = await warmedUp(() => Promise.resolve(system))({ endpoints: [] });
  const request: RunRequest = {
    params: { holdMs: 100 },
    warmupMs: 250,
    durationMs: 50,
    share: 1,
    runId: "1",
    startAtUs: 0,
    agentIndex: 0,
    agentCount: 1,
    load: { seed: 1, intervalMs: 1_000 },
  };
  await warmed.prepare!(request);
  await warmed.run(request);
  await warmed.prepare!({ ...request, runId: "2", durationMs: 5_000 });
  expect(calls).toEqual([
    "prepare 1",
    "run 1-warm-up 0+500 ms hold=0",
    "run 1 250+50 ms hold=100",
    "prepare 2",
  ]);
});
