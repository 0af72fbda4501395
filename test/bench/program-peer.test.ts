import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { countLatencies, encodeHdr } from "../../bench/harness/latency-counts.js";
import {
  contendingPeer,
  holdsOf,
  loopingPeer,
  measureLoop,
  ProgramPeer,
} from "../../bench/harness/program-peer.js";
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
        : request.type === "run" ? { type: "measured", cpuUs: 5, errorCount: 0, totalCount: 2, operationCount: 0,
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
      concurrency: 1,
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

  test("has one client do one thing in a loop, and its latencies come in a histogram", async () => {
    const serviceHdr = encodeHdr(countLatencies([100, 200, 70e6]));
    const looping = programOf(
      "looping",
      `(request) => request.type === "run"
        ? { type: "measured", cpuUs: 5, errorCount: 1, errorText: JSON.stringify(request), totalCount: 9,
            operationCount: 3, serviceHdr: "${serviceHdr}" }
        : request.type === "prepare" && (request.clients !== 1 || request.ttlSeconds !== 60)
          ? { type: "failed", reason: "not what was asked" } : { type: "ready", clockUs: now() }`,
    );
    const work = { work: "acquire", names: ["a/7"], concurrency: 4 } as const;
    const system = loopingPeer(await ProgramPeer.open(looping, []), 60, ({ runId }) => ({
      ...work,
      names: [`a/${runId}`],
    }));
    await system.prepare!(request);
    const measured = await system.run(request);
    await expect(system.run({ ...request, params: { mode: "open" } })).rejects.toThrow("closed loops only");
    await system.close();
    expect(JSON.parse(measured.errorText!)).toMatchObject({ ...work, windowStartUs: 11_000 });
    expect(measured).toMatchObject({ operationCount: 3, elapsedMs: 100, totalCount: 9, errorCount: 1 });
    // Nothing is longer than a minute.
    expect(measured.serviceTimes).toEqual(countLatencies([100, 200, 60e6]));
  });

  test("that did not time what it did is not believed, unless it did nothing", async () => {
    const counting = programOf(
      "counting",
      `({ type, names }) => type === "run"
        ? { type: "measured", cpuUs: 5, errorCount: 0, totalCount: 9, operationCount: names.length }
        : { type: "ready", clockUs: now() }`,
    );
    const peer = await ProgramPeer.open(counting, []);
    const work = { work: "try", concurrency: 1 } as const;
    await expect(measureLoop(peer, { ...work, names: ["a"] }, request)).rejects.toThrow(
      "did 1 operations and timed 0",
    );
    expect(await measureLoop(peer, { ...work, names: [] }, request)).toMatchObject({ operationCount: 0 });
    await peer.close();
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
      concurrency: 1,
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
