import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Client, EtcdError, Mutex, Session, op, param } from "../../src/index.js";
import { EtcdCluster } from "../../src/testing/index.js";
import type { EtcdMember } from "../../src/testing/index.js";
import { LateLoop } from "../support/late-loop.js";
import { optionsFor } from "../support/real-cluster.js";

/** One round restarts all three members, one after the other, each way. `npm run test:restarts` has more. */
const ROUND_COUNT = process.env["ETCDWIRE_LONG"] === "1" ? 10 : 1;
const TIMEOUT_MS = 8_000;
/** Shorter than an election: these calls do run into their deadline. */
const HASTY_MS = 100;
/** What a call may take beyond its deadline, this process's own delay taken off. */
const OVERSHOOT_MAX_MS = 50;
const WRITER_COUNT = 4;
const TTL_SECONDS = 5;
/** Load before the first restart and after the last one. */
const QUIET_MS = 300;

const late = new LateLoop();
const unhandled: unknown[] = [];
const note = (error: unknown): void => {
  unhandled.push(error);
};

beforeAll(() => {
  process.on("unhandledRejection", note);
  process.on("uncaughtException", note);
});

afterAll(async () => {
  await sleep(50);
  late.stop();
  process.off("unhandledRejection", note);
  process.off("uncaughtException", note);
  expect(unhandled).toEqual([]);
});

const ways: Readonly<Record<string, (member: EtcdMember) => Promise<void>>> = {
  SIGTERM: (member) => member.restart(),
  SIGKILL: async (member) => {
    await member.kill();
    await member.restart();
  },
};

/** Everything that a program does with one client, over and over, until it is told to stop. */
class Load {
  readonly acknowledged: string[] = [];
  /** Failed, and provably not applied. */
  readonly refused: string[] = [];
  readonly unknown: string[] = [];
  readonly repeated: string[] = [];
  /** Failed calls of those that may not fail, by what they are. */
  readonly failures: string[] = [];
  readonly counts = { read: 0, serializable: 0, repeatable: 0, hasty: 0 };
  overshootMs = -Infinity;
  #stopped = false;
  #nextKey = 0;
  readonly #loops: Promise<void>[];

  constructor(readonly client: Client) {
    this.#loops = [
      ...Array.from({ length: WRITER_COUNT }, () => this.#loop(() => this.#write())),
      ...Array.from({ length: 2 }, () => this.#loop(() => this.#read())),
      ...Array.from({ length: 2 }, () => this.#loop(() => this.#readAnywhere())),
      ...Array.from({ length: 2 }, () => this.#loop(() => this.#repeatable())),
      this.#loop(() => this.#hasty()),
    ];
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#loops);
  }

  async #loop(call: () => Promise<void>): Promise<void> {
    while (!this.#stopped) {
      await call();
      await sleep(2);
    }
  }

  /** The call's error, if it has one. */
  async #time(
    timeoutMs: number,
    call: (timeoutMs: number) => Promise<unknown>,
  ): Promise<EtcdError | undefined> {
    const startMs = performance.now();
    try {
      await call(timeoutMs);
      return undefined;
    } catch (error) {
      if (error instanceof EtcdError) return error;
      throw error;
    } finally {
      this.overshootMs = Math.max(this.overshootMs, late.overshootMs(startMs, timeoutMs));
    }
  }

  async #write(): Promise<void> {
    const key = `write/${this.#nextKey++}`;
    const error = await this.#time(TIMEOUT_MS, (timeoutMs) => this.client.kv.put(key, "v", { timeoutMs }));
    if (error === undefined) this.acknowledged.push(key);
    else (error.mayHaveApplied ? this.unknown : this.refused).push(key);
  }

  /** What was acknowledged before is found, whoever leads. */
  async #read(): Promise<void> {
    const key = this.acknowledged.at(-1);
    if (key === undefined) return;
    const error = await this.#time(TIMEOUT_MS, async (timeoutMs) => {
      const { kv } = await this.client.kv.get(key, { timeoutMs });
      if (kv === undefined) this.failures.push(`${key} was acknowledged and is not found`);
    });
    this.#note("read", error);
  }

  async #readAnywhere(): Promise<void> {
    const error = await this.#time(TIMEOUT_MS, (timeoutMs) =>
      this.client.kv.get("write/0", { timeoutMs, serializable: true }),
    );
    this.#note("serializable", error);
  }

  async #repeatable(): Promise<void> {
    const put = this.client.prepare({ then: [op.put(param.key("key"), "v")] }, { repeatable: true });
    const key = `repeatable/${this.#nextKey++}`;
    const error = await this.#time(TIMEOUT_MS, (timeoutMs) => put.run({ key }, { timeoutMs }));
    if (error === undefined) this.repeated.push(key);
    this.#note("repeatable", error);
  }

  /** May fail; its deadline is what this is about. */
  async #hasty(): Promise<void> {
    const error = await this.#time(HASTY_MS, (timeoutMs) => this.client.kv.get("write/0", { timeoutMs }));
    this.counts.hasty++;
    if (error?.mayHaveApplied === true) this.failures.push(`a read may have applied: ${error.message}`);
  }

  #note(kind: "read" | "serializable" | "repeatable", error: EtcdError | undefined): void {
    this.counts[kind]++;
    if (error !== undefined) this.failures.push(`${kind}: ${error.code} ${error.message}`);
  }
}

const versionsUnder = async (client: Client, prefix: string): Promise<Map<string, number>> => {
  const { kvs } = await client.kv.get(prefix, { prefix: true });
  return new Map(kvs.map(({ key, version }) => [key.string(), version]));
};

describe.concurrent.each([{ tls: false }, { tls: true }])("under load, TLS $tls", ({ tls }) => {
  test(
    "a rolling restart of all members, by SIGTERM and by SIGKILL, costs no read, no repeatable call, no event, no lock and no acknowledged write",
    async () => {
      const cluster = await EtcdCluster.start({ members: 3, shortElections: true, tls });
      const client = new Client(optionsFor(cluster));
      try {
        const session = await Session.create(client, { ttlSeconds: TTL_SECONDS });
        const lock = await new Mutex(session, "restarts").lock();
        const watcher = client.watch("write/", { prefix: true });
        await watcher.ready;
        const seen: string[] = [];
        const watching = (async () => {
          for await (const { events } of watcher) {
            for (const { kv } of events) seen.push(kv.key.string());
            if (seen.includes("write/end")) return;
          }
        })();
        const load = new Load(client);
        await sleep(QUIET_MS);
        let restartCount = 0;
        for (let round = 0; round < ROUND_COUNT; round++) {
          for (const restart of Object.values(ways)) {
            for (const member of cluster.members) {
              const before = load.acknowledged.length;
              await restart(member);
              restartCount++;
              // The next one only once this one's loss was dealt with.
              while (load.acknowledged.length < before + WRITER_COUNT) await sleep(5);
            }
          }
        }
        await sleep(QUIET_MS);
        await load.stop();
        await client.kv.put("write/end", "v", { timeoutMs: TIMEOUT_MS });
        await watching;

        expect(load.failures).toEqual([]);
        expect(load.overshootMs).toBeLessThan(OVERSHOOT_MAX_MS);
        for (const count of Object.values(load.counts)) expect(count).toBeGreaterThan(restartCount);

        const stored = await versionsUnder(client, "write/");
        stored.delete("write/end");
        expect(load.acknowledged.filter((key) => !stored.has(key))).toEqual([]);
        // What was not taken was sent again while it had time, and there was enough of that.
        expect(load.refused).toEqual([]);
        // Under way when a member ended: one for each writer at most.
        expect(load.unknown.length).toBeLessThanOrEqual(restartCount * WRITER_COUNT);
        expect([...stored.values()].filter((version) => version !== 1)).toEqual([]);
        const repeatables = await versionsUnder(client, "repeatable/");
        expect(load.repeated.filter((key) => !repeatables.has(key))).toEqual([]);

        expect(seen.slice(0, -1).sort()).toEqual([...stored.keys()].sort());
        session.assertAlive();
        lock.assertHeld();
        expect((await client.kv.get(lock.key)).kv).toMatchObject({ createRevision: lock.token });
        await session.close();
      } finally {
        await client.close();
        await cluster.close();
      }
    },
    60_000 * ROUND_COUNT,
  );
});
