import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, test } from "vitest";
import { EtcdCluster } from "../../src/testing/index.js";
import { optionsFor } from "../support/real-cluster.js";
import { spawnAskedSource } from "../support/source-process.js";

/** Pairs of holders at a time, and how often one of each is stopped inside its critical section. */
const PAIR_COUNT = 10;
const ROUND_COUNT = 5;

let cluster: EtcdCluster;
beforeAll(async () => {
  cluster = await EtcdCluster.start();
});
afterAll(() => cluster.close());

/** A process that locks and writes when it is told to, and may be stopped in between. */
class Holder {
  readonly #child;
  readonly #lines: AsyncIterator<string>;

  constructor(name: string) {
    this.#child = spawnAskedSource("test/support/stopped-holder.ts", [
      JSON.stringify(optionsFor(cluster)),
      name,
    ]);
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
    this.#child.stderr.resume();
  }

  tell(line: string): void {
    this.#child.stdin.write(`${line}\n`);
  }

  /** What is left of its next line behind `word`. */
  async says(word: string): Promise<string[]> {
    const line = (await this.#lines.next()) as IteratorResult<string, undefined>;
    const [first, ...rest] = line.done === true ? ["the end"] : line.value.split(" ");
    expect(first).toBe(word);
    return rest;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }
}

/** One store outside of etcd that refuses tokens below the largest that it has seen, and one that looks at none. */
class Stores {
  accepted = 0;
  refused = 0;
  /** Writes of former holders that the checking store took, and those that the other one took. */
  staleTaken = 0;
  staleUnchecked = 0;
  #highest = 0;

  write(token: number, isStale: boolean): void {
    if (isStale) this.staleUnchecked++;
    if (token < this.#highest) {
      this.refused++;
      return;
    }
    this.#highest = token;
    this.accepted++;
    if (isStale) this.staleTaken++;
  }
}

test("a holder that stands still past its lease writes nothing into a store that checks tokens, and is told so", async () => {
  const pair = async (number: number): Promise<Stores> => {
    const stores = new Stores();
    const holders = [new Holder(`safety/${number}`), new Holder(`safety/${number}`)] as const;
    try {
      for (const holder of holders) await holder.says("ready");
      for (let round = 0; round < ROUND_COUNT; round++) {
        const stopped = holders[round % 2]!;
        const next = holders[1 - (round % 2)]!;
        stopped.tell("lock");
        const [former] = await stopped.says("checked");
        stopped.signal("SIGSTOP");
        // Until the lease of the stopped one has ended.
        next.tell("lock");
        const [token] = await next.says("checked");
        expect(Number(token)).toBeGreaterThan(Number(former));
        next.tell("write");
        expect(await next.says("write")).toEqual([token, "held"]);
        stores.write(Number(token), false);
        stopped.tell("write");
        stopped.signal("SIGCONT");
        const [late, word] = await stopped.says("write");
        expect(late).toBe(former);
        expect(word).toBe("lost");
        stores.write(Number(late), true);
        await next.says("done");
        await stopped.says("done");
      }
    } finally {
      for (const holder of holders) holder.signal("SIGKILL");
    }
    return stores;
  };
  const all = await Promise.all(Array.from({ length: PAIR_COUNT }, (_, number) => pair(number)));
  for (const stores of all) {
    expect(stores.staleTaken).toBe(0);
    expect(stores.refused).toBe(ROUND_COUNT);
    // Else nothing was stale, and the above says nothing.
    expect(stores.staleUnchecked).toBe(ROUND_COUNT);
  }
}, 180_000);
