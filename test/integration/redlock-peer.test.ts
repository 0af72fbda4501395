import { existsSync } from "node:fs";
import { createConnection } from "node:net";
import { Redis } from "ioredis";
import { expect, test, type TestContext } from "vitest";
import { contendingSystem } from "../../bench/harness/contention.js";
import { checkLockHistory } from "../../bench/harness/lock-history.js";
import { monotonicUs, PeerMissingError } from "../../bench/harness/workload.js";
import type { Provision, RunRequest, Target } from "../../bench/harness/workload.js";
import { startRedis } from "../../bench/peers/redis-server.js";
import { openRedlockContender, openRedlockTryer } from "../../bench/peers/redlock.js";

// redlock on a Redis that the bench starts: a fraction of a second each.

/** Skips where Redis is not installed, and says so. */
const start = async (context: TestContext): Promise<Provision & { target: Target }> => {
  try {
    const redis = await startRedis();
    return { target: { endpoints: [], ...redis.target }, close: () => redis.close() };
  } catch (error) {
    if (error instanceof PeerMissingError) context.skip(error.message);
    throw error;
  }
};

const portOf = ({ redisEndpoint }: Target): number => Number(redisEndpoint!.split(":")[1]);

/** What its configuration says, by its own word. */
const settingOf = async (target: Target, name: string): Promise<string | undefined> => {
  const client = new Redis({ host: "127.0.0.1", port: portOf(target) });
  const [, value] = await client.config("GET", name);
  client.disconnect();
  return value;
};

const isReached = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createConnection(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });

test("the bench's Redis keeps nothing, is alone with its port and is gone with its folder when closed", async (context) => {
  const [one, other] = [await start(context), await start(context)];
  expect(portOf(one.target)).not.toBe(portOf(other.target));
  const folder = await settingOf(one.target, "dir");
  expect(folder).toContain("etcdwire-redis-");
  expect(await settingOf(one.target, "save")).toBe("");
  expect(await settingOf(one.target, "appendonly")).toBe("no");
  expect(await settingOf(one.target, "bind")).toBe("127.0.0.1");
  await one.close();
  expect(existsSync(folder!)).toBe(false);
  expect(await isReached(portOf(one.target))).toBe(false);
  expect(await isReached(portOf(other.target))).toBe(true);
  await other.close();
});

test("a Redis that is not installed is missing", async () => {
  await expect(startRedis({ PATH: "" })).rejects.toThrow(PeerMissingError);
});

test("redlock's contenders have a lock one at a time, and its holds have no tokens", async (context) => {
  const redis = await start(context);
  const system = contendingSystem(() => openRedlockContender(redis.target));
  const request: RunRequest = {
    params: { contenders: 3, processes: 1, holdMs: 2 },
    warmupMs: 0,
    durationMs: 1_000,
    share: 1,
    runId: "test",
    startAtUs: 0,
    agentIndex: 0,
    agentCount: 1,
    load: { seed: 1, intervalMs: 1_000 },
  };
  await system.prepare!(request);
  const { holds, errorCount } = await system.run({ ...request, startAtUs: monotonicUs() });
  await system.close();
  await redis.close();
  expect(errorCount).toBe(0);
  expect(new Set(holds!.map(({ token }) => token))).toEqual(new Set([undefined]));
  expect(new Set(holds!.map(({ holder }) => holder)).size).toBe(3);
  const { overlapCount, handoversUs } = checkLockHistory(holds!);
  expect(overlapCount).toBe(0);
  // Who lets go is back long before the others ask again.
  expect(handoversUs.length).toBeGreaterThanOrEqual(2);
  expect(handoversUs.length).toBeLessThan(holds!.length / 2);
});

test("redlock's try is told that a lock is taken, and refuses to be given one", async (context) => {
  const redis = await start(context);
  const holder = await openRedlockContender(redis.target);
  const tryer = await openRedlockTryer(redis.target);
  const lock = await holder.acquire("a");
  await tryer.tryTaken("a");
  await lock.release();
  await expect(tryer.tryTaken("a")).rejects.toThrow("was given to us");
  // It gave it back.
  await (await holder.acquire("a")).release();
  await Promise.all([holder.close(), tryer.close()]);
  await redis.close();
});
