import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { contendingPeer, holdsOf, measureTries, ProgramPeer } from "../../bench/harness/program-peer.js";
import type { RunRequest } from "../../bench/harness/workload.js";

const folder = mkdtempSync(path.join(tmpdir(), "etcdwire-peer-"));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A program that answers each request by what `answer` makes of it. */
const programOf = (name: string, answer: string): string => {
  const file = path.join(folder, name);
  writeFileSync(
    file,
    `#!${process.execPath}
const now = () => Number(process.hrtime.bigint()) / 1e3;
const answer = ${answer};
require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const request = JSON.parse(line);
  console.log(JSON.stringify(answer(request)));
  if (request.type === "close") process.exit(0);
});
`,
  );
  chmodSync(file, 0o755);
  return file;
};

const request: RunRequest = {
  params: { contenders: 5, processes: 2, holdMs: 1 },
  warmupMs: 10,
  durationMs: 100,
  share: 1,
  runId: "7",
  startAtUs: 1_000,
  agentIndex: 1,
  agentCount: 2,
  load: { seed: 1, intervalMs: 1_000 },
};

describe("a peer in another language", () => {
  test("is asked for its share of the contenders and for one run, and its holds are laid into the window", async () => {
    const echo = programOf(
      "echo",
      `(request) => request.type === "open" ? { type: "ready", clockUs: now() }
        : request.type === "run" ? { type: "measured", cpuUs: 5, errorCount: 0, totalCount: 2,
            errorText: JSON.stringify(request), holds: [1, 10_000, 12_000, 2, 13_000, 14_000] }
        : { type: "ready" }`,
    );
    const system = contendingPeer(await ProgramPeer.open(echo, ["127.0.0.1:1"]), 60);
    await system.prepare!(request);
    const measured = await system.run(request);
    await system.close();
    expect(JSON.parse(measured.errorText!)).toEqual({
      type: "run",
      work: "contend",
      names: ["bench/handover/7"],
      holdUs: 1_000,
      startAtUs: 1_000,
      windowStartUs: 11_000,
      windowEndUs: 111_000,
    });
    expect(measured).toMatchObject({ operationCount: 1, totalCount: 2, cpuUs: 5, elapsedMs: 100 });
    expect(measured.holds).toEqual([
      { token: 1, acquiredUs: 10_000, releasedUs: 12_000 },
      { token: 2, acquiredUs: 13_000, releasedUs: 14_000 },
    ]);
  });

  test("tells the durations of its tries", async () => {
    const trying = programOf(
      "trying",
      `(request) => request.type === "run"
        ? { type: "measured", cpuUs: 5, errorCount: 1, errorText: "no", totalCount: 9, latenciesUs: [100, 200] }
        : { type: "ready", clockUs: now() }`,
    );
    const peer = await ProgramPeer.open(trying, []);
    const measured = await measureTries(peer, ["a"], request);
    await peer.close();
    expect(measured).toMatchObject({ operationCount: 2, totalCount: 9, errorCount: 1, errorText: "no" });
    expect([...measured.latenciesUs]).toEqual([100, 200]);
  });

  test("is refused when its clock is not the one that all processes share", async () => {
    const epoch = programOf("epoch", `() => ({ type: "ready", clockUs: Date.now() * 1e3 })`);
    await expect(ProgramPeer.open(epoch, [])).rejects.toThrow("is not CLOCK_MONOTONIC");
    const silent = programOf("silent", `() => ({ type: "ready" })`);
    await expect(ProgramPeer.open(silent, [])).rejects.toThrow("is not CLOCK_MONOTONIC");
  });

  test("fails with its own reason, and when it ends or cannot be started", async () => {
    const failing = programOf(
      "failing",
      `({ type }) => type === "prepare" ? { type: "failed", reason: "no etcd there" }
        : type === "run" ? process.exit(3) : { type: "ready", clockUs: now() }`,
    );
    const peer = await ProgramPeer.open(failing, []);
    const run = {
      work: "try",
      names: [],
      holdUs: 0,
      startAtUs: 0,
      windowStartUs: 0,
      windowEndUs: 0,
    } as const;
    await expect(peer.ask({ type: "prepare", clients: 1, ttlSeconds: 1 })).rejects.toThrow("no etcd there");
    await expect(peer.measure({ type: "run", ...run })).rejects.toThrow("has ended");
    await peer.close();
    await expect(ProgramPeer.open(path.join(folder, "none"), [])).rejects.toThrow("has ended");
  });
});

test("holds come as three numbers each", () => {
  expect(holdsOf([])).toEqual([]);
  expect(holdsOf([3, 1, 2])).toEqual([{ token: 3, acquiredUs: 1, releasedUs: 2 }]);
});
