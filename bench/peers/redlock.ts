/**
 * redlock, the usual way to locks on Redis from Node, with one Redis: `startRedis`. It has no queue: who finds a lock
 * taken asks again after a while. It has no session: each lock has its own time to live. It has no fencing tokens.
 */
import { Redis } from "ioredis";
import Redlock, { ExecutionError, ResourceLockedError } from "redlock";
import type { Lock } from "redlock";
import type { Contender } from "../harness/contention.js";
import type { Target } from "../harness/workload.js";

/** Longer than any run: nothing is extended while locks are counted. */
const LOCK_DURATION_MS = 600_000;

interface RedisLocks {
  acquire(name: string): Promise<Lock>;
  readonly close: () => Promise<void>;
}

/** With redlock's own settings besides: 200 ms between two tries, give or take 100. */
const openLocks = async ({ redisEndpoint }: Target, retryCount: number): Promise<RedisLocks> => {
  if (redisEndpoint === undefined) throw new Error("redlock was given no Redis");
  const [host, port] = redisEndpoint.split(":");
  const client = new Redis({ host: host!, port: Number(port), lazyConnect: true });
  // Each call tells of its own.
  client.on("error", () => {});
  await client.connect();
  const redlock = new Redlock([client], { retryCount });
  return {
    acquire: (name) => redlock.acquire([name], LOCK_DURATION_MS),
    close: () => redlock.quit(),
  };
};

/** Waits for as long as it takes, as the contenders of the other systems do; redlock's own default is ten more tries. */
export const openRedlockContender = async (target: Target): Promise<Contender> => {
  const locks = await openLocks(target, -1);
  return {
    acquire: async (name) => {
      const lock = await locks.acquire(name);
      return {
        release: async () => {
          await lock.release();
        },
      };
    },
    close: locks.close,
  };
};

/** Whether a try failed because somebody else has the lock. All failures are one error; its votes say why. */
const isTaken = async (error: unknown): Promise<boolean> => {
  if (!(error instanceof ExecutionError)) return false;
  const votes = await Promise.all(error.attempts);
  return votes.every(({ votesAgainst }) =>
    [...votesAgainst.values()].every((reason) => reason instanceof ResourceLockedError),
  );
};

/** What tries locks that somebody else holds. */
export interface RedlockTryer {
  /** Resolves when the try failed as it should. */
  readonly tryTaken: (name: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** One try and no more, for which redlock's documentation has `retryCount` 0. */
export const openRedlockTryer = async (target: Target): Promise<RedlockTryer> => {
  const locks = await openLocks(target, 0);
  return {
    tryTaken: async (name) => {
      let lock: Lock;
      try {
        lock = await locks.acquire(name);
      } catch (error) {
        if (await isTaken(error)) return;
        throw error;
      }
      await lock.release();
      throw new Error("a lock that somebody else holds was given to us");
    },
    close: locks.close,
  };
};
