import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ArgumentError, Client, EtcdError, compare, op } from "../../src/index.js";
import { EtcdCluster } from "../../src/testing/index.js";
import { optionsFor } from "../support/real-cluster.js";
import { violationsOf } from "./claims.js";
import { claimsOf, Contender } from "./contender-process.js";
import { mutants } from "./mutants.js";
import type { Edit } from "./mutants.js";
import { isFull, quota } from "./quota.js";

const CONTENDER_COUNT = 4;
const SESSION_COUNT = 2;
/** One that all want all the time, and one that is free now and then. */
const HOT = "killed/hot";
const NAMES = [HOT, HOT, HOT, "killed/cool"];

let cluster: EtcdCluster;
beforeAll(async () => {
  cluster = await EtcdCluster.start({ members: 3, shortElections: true });
});
afterAll(() => cluster.close());

interface Verdict {
  readonly violations: string[];
  readonly killedCount: number;
  readonly deletedCount: number;
}

/**
 * Somebody with `etcdctl del` in hand, who takes the keys of waiting contenders out of the line, never the holder's.
 * @returns how many so far, and ends it
 */
const meddle = (client: Client): (() => Promise<number>) => {
  let stopped = false;
  let deletedCount = 0;
  const once = async (): Promise<void> => {
    const { kvs } = await client.kv.get(`${HOT}/`, {
      prefix: true,
      sort: { target: "createRevision", order: "ascend" },
    });
    const [holder, ...waiting] = kvs;
    const victim = waiting[Math.floor(Math.random() * waiting.length)];
    if (holder === undefined || victim === undefined) return;
    const { succeeded } = await client.kv
      .if(
        // Still waiting: else it would be the holder's by now.
        compare.createRevision(holder.key, "=", holder.createRevision),
        compare.createRevision(victim.key, "=", victim.createRevision),
      )
      .then(op.del(victim.key))
      .commit();
    if (succeeded) deletedCount++;
  };
  const loop = (async () => {
    while (!stopped) {
      // What a killed leader leaves unanswered is not of interest here.
      await once().catch((error: unknown) => {
        if (!(error instanceof EtcdError) || error instanceof ArgumentError) throw error;
      });
      await sleep(20);
    }
  })();
  return async () => {
    stopped = true;
    await loop;
    return deletedCount;
  };
};

/** Locks are got, by anybody, `count` times from now on; false after `timeoutMs`. */
const progress = async (
  contenders: readonly Contender[],
  count: number,
  timeoutMs: number,
): Promise<boolean> => {
  const endMs = performance.now() + timeoutMs;
  const sum = async (): Promise<number> => {
    const met = await Promise.all(contenders.map((contender) => contender.ask({ do: "met" })));
    return met.reduce((all, { acquired }) => all + acquired!, 0);
  };
  const before = await sum();
  while ((await sum()) < before + count) {
    if (performance.now() > endMs) return false;
    await sleep(20);
  }
  return true;
};

/** Locks that are got after each death, and before the next one. */
const PROGRESS_COUNT = 20;

const contention = async (
  killCount: number,
  edits: readonly Edit[] = [],
  timeoutMs = 30_000,
): Promise<Verdict> => {
  const client = new Client(optionsFor(cluster));
  const contenders = await Promise.all(
    Array.from({ length: CONTENDER_COUNT }, (_, i) =>
      Contender.start(
        { who: `contender ${i}`, client: optionsFor(cluster), ttlSeconds: 3, recipe: "mutex" },
        edits,
      ),
    ),
  );
  try {
    const contend = { do: "contend", names: NAMES, sessionCount: SESSION_COUNT, timeoutMs } as const;
    await Promise.all(contenders.map((contender) => contender.ask(contend)));
    const stopMeddling = meddle(client);
    const violations: string[] = [];
    const mustGoOn = async (when: string): Promise<void> => {
      if (!(await progress(contenders, PROGRESS_COUNT, timeoutMs))) violations.push(`no progress ${when}`);
    };
    await mustGoOn("before the first death");
    let killedCount = 0;
    while (violations.length === 0 && killedCount < killCount) {
      const leader = await cluster.leader();
      await leader.kill();
      killedCount++;
      await cluster.leader();
      await mustGoOn(`after death ${killedCount}`);
      await leader.restart();
      await mustGoOn(`with member ${killedCount} back`);
    }
    const deletedCount = await stopMeddling();
    const met = await Promise.all(contenders.map((contender) => contender.ask({ do: "stop" })));
    const claims = await claimsOf(contenders);
    violations.push(...violationsOf(claims));
    const stuckCount = met.reduce((sum, { stuck }) => sum + stuck!, 0);
    if (stuckCount > 0) violations.push(`${stuckCount} acquires got stuck`);
    return { violations, killedCount, deletedCount };
  } finally {
    for (const contender of contenders) contender.kill();
    await client.close();
  }
};

const KILL_COUNT = quota(50, 3);

test(`${KILL_COUNT} leaders killed under contention, and waiting keys deleted: claims never overlap, tokens grow, nobody is stuck`, async () => {
  const { violations, killedCount, deletedCount } = await contention(KILL_COUNT);
  expect(violations).toEqual([]);
  expect(killedCount).toBe(KILL_COUNT);
  expect(deletedCount).toBeGreaterThan(KILL_COUNT);
}, 300_000);

// What a mutant does wrong must be seen, not each time: a run is one of chance.
describe.runIf(isFull)("mutants", { retry: 2 }, () => {
  test("a claim without a look after one's own key is caught", async () => {
    const { violations } = await contention(2, mutants.claimWithoutOwnKeyCheck);
    expect(violations).toContainEqual(expect.stringContaining("both held it"));
  }, 120_000);

  test("a predecessor compared by name is caught", async () => {
    const { violations } = await contention(5, mutants.predecessorByName, 8_000);
    expect(violations).toContainEqual(expect.stringContaining("got stuck"));
  }, 120_000);
});
