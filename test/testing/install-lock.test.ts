import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { afterEach, beforeEach, expect, test } from "vitest";

import { withInstallLock } from "../../src/testing/install-lock.js";

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "etcdwire-test-"));
  path = join(folder, "install.lock");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test("one holder at a time; the others are told that they wait", async () => {
  let inside = 0;
  let waits = 0;
  const work = async (): Promise<void> => {
    expect(++inside).toBe(1);
    await sleep(20);
    inside--;
  };
  await Promise.all([1, 2, 3].map(() => withInstallLock(path, () => waits++, work)));
  expect(waits).toBe(2);
  expect(await readdir(folder)).toEqual([]);
});

test("a failure of the work is passed on and lets go of the lock", async () => {
  await expect(
    withInstallLock(
      path,
      () => {},
      () => Promise.reject(new Error("no")),
    ),
  ).rejects.toThrow("no");
  expect(await readdir(folder)).toEqual([]);
});

test("the lock of a process that is dead is taken over at once", async () => {
  const { pid } = spawnSync("true");
  await writeFile(path, JSON.stringify({ host: hostname(), pid, id: "dead" }));
  expect(
    await withInstallLock(
      path,
      () => {},
      () => Promise.resolve("done"),
    ),
  ).toBe("done");
});

test("a lock of another machine, or one half written, is taken over when nobody touched it for a minute", async () => {
  const longAgo = new Date(Date.now() - 61_000);
  for (const content of [JSON.stringify({ host: "elsewhere", pid: 1, id: "x" }), "{"]) {
    await writeFile(path, content);
    await utimes(path, longAgo, longAgo);
    expect(
      await withInstallLock(
        path,
        () => {},
        () => Promise.resolve("done"),
      ),
    ).toBe("done");
  }
});

test("a living process's lock is waited for", async () => {
  await writeFile(path, JSON.stringify({ host: hostname(), pid: process.pid, id: "alive" }));
  let isDone = false;
  const waiting = withInstallLock(
    path,
    () => {},
    () => Promise.resolve((isDone = true)),
  );
  await sleep(50);
  expect(isDone).toBe(false);
  await rm(path);
  await waiting;
});
