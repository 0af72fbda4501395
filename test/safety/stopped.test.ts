import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EtcdCluster } from "../../src/testing/index.js";
import { optionsFor } from "../support/real-cluster.js";
import { violationsOf } from "./claims.js";
import { claimsOf, Contender } from "./contender-process.js";
import { mutants } from "./mutants.js";
import type { Edit } from "./mutants.js";
import { isFull, quota } from "./quota.js";

const TTL_SECONDS = 2;
const LOCK = { do: "lock", timeoutMs: 30_000 } as const;

/** One store outside of etcd that refuses tokens below the largest that it has seen, and one that looks at none. */
class Stores {
  /** Writes of former holders: what the checking store refused and took, and what the other one took. */
  staleRefused = 0;
  staleTaken = 0;
  staleUnchecked = 0;
  #highest = 0;

  write(token: number, isStale: boolean): void {
    const isRefused = token < this.#highest;
    this.#highest = Math.max(this.#highest, token);
    if (!isStale) return;
    this.staleUnchecked++;
    if (isRefused) this.staleRefused++;
    else this.staleTaken++;
  }
}

let cluster: EtcdCluster;
let nameCount = 0;
beforeAll(async () => {
  cluster = await EtcdCluster.start();
});
afterAll(() => cluster.close());

interface Verdict {
  /** What must never be. */
  readonly violations: string[];
  readonly stores: Stores;
}

/**
 * Two who take turns; each time the holder stands still past its lease, the other one gets the lock, and the first one goes
 * on as if nothing had happened: it writes, and only then is asked whether it held the lock.
 *
 * @param stand makes it stand still, and tells whether it believed that it held the lock when it went on
 */
const turns = async (
  recipe: "mutex" | "key",
  roundCount: number,
  edits: readonly Edit[],
  stand: (holder: Contender, round: number, overtaken: Promise<unknown>) => Promise<boolean>,
): Promise<Verdict> => {
  const name = `stopped/${nameCount++}`;
  const stores = new Stores();
  const violations: string[] = [];
  const open = (who: string): Promise<Contender> =>
    Contender.start({ who, client: optionsFor(cluster), ttlSeconds: TTL_SECONDS, recipe }, edits);
  const [a, b] = await Promise.all([open("a"), open("b")]);
  try {
    for (let round = 0; round < roundCount; round++) {
      const [holder, next] = round % 2 === 0 ? [a, b] : [b, a];
      const former = (await holder.ask({ ...LOCK, name })).token!;
      const overtaking = next.ask({ ...LOCK, name }).then(({ token }) => {
        stores.write(token!, false);
      });
      const believed = await stand(holder, round, overtaking);
      await overtaking;
      stores.write(former, true);
      if (believed) violations.push(`${name}: held with token ${former}, after it was lost`);
      await Promise.all([holder.tryAsk({ do: "release" }), next.ask({ do: "release" })]);
    }
    violations.push(...violationsOf(await claimsOf([a, b])));
  } finally {
    a.kill();
    b.kill();
  }
  return { violations, stores };
};

/** From its TTL and 1 s to three times its TTL, the longer the later the round; and until somebody else has the lock. */
const stopped =
  (roundCount: number) =>
  async (holder: Contender, round: number, overtaken: Promise<unknown>): Promise<boolean> => {
    holder.signal("SIGSTOP");
    const share = round / Math.max(1, roundCount - 1);
    await Promise.all([overtaken, sleep((TTL_SECONDS + 1 + (2 * TTL_SECONDS - 1) * share) * 1_000)]);
    // In its pipe when it goes on: the first thing that it sees.
    const asked = holder.ask({ do: "check" });
    holder.signal("SIGCONT");
    const { held } = await asked;
    return held!;
  };

/** Its event loop runs nothing for so long; as long for each. */
const blocked = async (holder: Contender): Promise<boolean> => {
  const { held } = await holder.ask({ do: "block", ms: (TTL_SECONDS + 1.5) * 1_000 });
  const later = await holder.ask({ do: "check" });
  return held! || later.held!;
};

const inPairs = async (
  pairCount: number,
  roundCount: number,
  edits: readonly Edit[],
  stand: typeof blocked | ReturnType<typeof stopped>,
): Promise<Verdict[]> =>
  Promise.all(
    Array.from({ length: pairCount }, (_, i) =>
      turns(i % 2 === 0 ? "mutex" : "key", roundCount, edits, stand),
    ),
  );

/** Few of them do little but wait, so they wait at the same time. */
const together = isFull ? test : test.concurrent;

const PAIR_COUNT = quota(10, 2);
const ROUND_COUNT = quota(5, 1);

together(
  `${PAIR_COUNT * ROUND_COUNT} holders stopped past their TTL inside their critical sections: none believes that it holds the lock, and a store that checks tokens takes no write of theirs`,
  async () => {
    const verdicts = await inPairs(PAIR_COUNT, ROUND_COUNT, [], stopped(ROUND_COUNT));
    for (const { violations, stores } of verdicts) {
      expect(violations).toEqual([]);
      expect(stores.staleTaken).toBe(0);
      expect(stores.staleRefused).toBe(ROUND_COUNT);
      // Else nothing was stale, and the above says nothing.
      expect(stores.staleUnchecked).toBe(ROUND_COUNT);
    }
  },
  180_000,
);

together(
  `${PAIR_COUNT * ROUND_COUNT} holders whose event loops are blocked past their TTL: none believes afterwards that it holds the lock`,
  async () => {
    const verdicts = await inPairs(PAIR_COUNT, ROUND_COUNT, [], blocked);
    expect(verdicts.flatMap(({ violations }) => violations)).toEqual([]);
  },
  180_000,
);

// What a mutant does wrong must be seen, not each time: a run is one of chance.
describe.runIf(isFull)("mutants", { retry: 2 }, () => {
  test("no deadline check at use is caught by stopped holders", async () => {
    const verdicts = await inPairs(4, 1, mutants.noDeadlineCheckAtUse, stopped(1));
    const violations = verdicts.flatMap((verdict) => verdict.violations);
    expect(violations).toContainEqual(expect.stringContaining("after it was lost"));
    expect(violations).toContainEqual(expect.stringContaining("both held it"));
  }, 60_000);

  test("no deadline check at use is caught by blocked event loops", async () => {
    const verdicts = await inPairs(4, 1, mutants.noDeadlineCheckAtUse, blocked);
    const violations = verdicts.flatMap((verdict) => verdict.violations);
    expect(violations).toContainEqual(expect.stringContaining("after it was lost"));
  }, 60_000);
});
