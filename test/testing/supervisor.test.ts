import { existsSync } from "node:fs";
import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { Supervisor } from "../../src/testing/supervisor.js";

let directory: string;
let supervisor: Supervisor;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "etcdwire-test-"));
  supervisor = new Supervisor(directory);
});
afterEach(() => supervisor.close());

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};
const start = (script: string) => supervisor.start("/bin/sh", ["-c", script], join(directory, "log"));

test("a process's exit code, signal and output are told", async () => {
  expect(await (await start("echo out; echo err >&2; exit 7")).exited).toEqual({ code: 7, signal: null });
  expect(await readFile(join(directory, "log"), "utf8")).toBe("out\nerr\n");
  const sleeper = await start("exec sleep 100");
  expect(sleeper.exitReason).toBeUndefined();
  sleeper.signal("SIGTERM");
  expect(await sleeper.exited).toEqual({ code: null, signal: "SIGTERM" });
  expect(sleeper.exitReason).toEqual({ code: null, signal: "SIGTERM" });
  expect(isAlive(sleeper.pid)).toBe(false);
});

test("close() kills running and stopped processes and removes the folder", async () => {
  const running = await start("trap '' TERM INT HUP; echo ready; while :; do sleep 0.05; done");
  const stopped = await start("exec sleep 100");
  stopped.signal("SIGSTOP");
  await supervisor.close();
  expect(isAlive(running.pid)).toBe(false);
  expect(isAlive(stopped.pid)).toBe(false);
  expect(existsSync(directory)).toBe(false);
  await supervisor.close();
});

test("a program that cannot be started is an error, and the supervisor goes on", async () => {
  await expect(supervisor.start(join(directory, "absent"), [], join(directory, "log"))).rejects.toThrow(
    "ENOENT",
  );
  expect(await (await start("exit 0")).exited).toEqual({ code: 0, signal: null });
});

test("after close() nothing can be started", async () => {
  await supervisor.close();
  await expect(start("exit 0")).rejects.toThrow("closed");
});

test("SIGTERM to the supervisor ends everything as close() does", async () => {
  const running = await start("exec sleep 100");
  process.kill(supervisor.pid!, "SIGTERM");
  await running.exited;
  await supervisor.close();
  expect(isAlive(running.pid)).toBe(false);
  expect(existsSync(directory)).toBe(false);
});
