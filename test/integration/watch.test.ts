import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { Client, CompactedError, EtcdError } from "../../src/index.js";
import type { WatchBatch, WatchEvent, Watcher } from "../../src/index.js";
import { EtcdCluster } from "../../src/testing/index.js";
import { findEtcd } from "../../src/testing/etcd-binary.js";
import { optionsFor } from "../support/real-cluster.js";

const clients: Client[] = [];
const unhandled: unknown[] = [];
const note = (error: unknown): void => {
  unhandled.push(error);
};

const connect = (
  cluster: EtcdCluster,
  more: Partial<ConstructorParameters<typeof Client>[0]> = {},
): Client => {
  const client = new Client({ ...optionsFor(cluster), ...more });
  clients.push(client);
  return client;
};

beforeAll(() => {
  process.on("unhandledRejection", note);
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  expect(unhandled.splice(0)).toEqual([]);
});
afterAll(() => {
  process.off("unhandledRejection", note);
});

const textOf = ({ type, kv }: WatchEvent): string =>
  `${kv.modRevision} ${type} ${kv.key.string()}${type === "put" ? ` ${kv.value.string()}` : ""}`;

/** Everything that a watcher delivers, until an event's key is `last`. */
const readUntil = async (watcher: Watcher, last: string, pauseMs = 0): Promise<WatchBatch[]> => {
  const batches: WatchBatch[] = [];
  for await (const batch of watcher) {
    batches.push(batch);
    if (batch.events.some(({ kv }) => kv.key.string() === last)) break;
    if (pauseMs > 0) await sleep(pauseMs);
  }
  return batches;
};

const textsOf = (batches: readonly WatchBatch[]): string[] =>
  batches.flatMap(({ events }) => events).map(textOf);

/** Puts that are repeated until one is acknowledged: some may be applied twice. */
const putSurely = async (client: Client, key: string, value: string): Promise<void> => {
  for (;;) {
    try {
      await client.kv.put(key, value, { timeoutMs: 2_000 });
      return;
    } catch (error) {
      if (!(error instanceof EtcdError)) throw error;
    }
  }
};

/** The store's own account of what happened under `prefix` from a revision on: read when nothing fails any more. */
const historyOf = async (
  client: Client,
  prefix: string,
  startRevision: number,
  last: string,
): Promise<string[]> => textsOf(await readUntil(client.watch(prefix, { prefix: true, startRevision }), last));

describe("three members", () => {
  let cluster: EtcdCluster;
  beforeAll(async () => {
    cluster = await EtcdCluster.start({ members: 3, shortElections: true });
  });
  afterAll(() => cluster.close());

  test("every event comes once and in order while the leader is killed and the next one frozen", async () => {
    const client = connect(cluster);
    const writer = connect(cluster);
    const names = ["shared", "second", "own", "pieces", "slow"];
    const watchers = [
      client.watch("failover/", { prefix: true }),
      client.watch("failover/", { prefix: true, prevKv: true }),
      client.watch("failover/", { prefix: true, stream: "own" }),
      client.watch("failover/", { prefix: true, fragment: true }),
      client.watch("failover/", { prefix: true, bufferMaxEvents: 5 }),
    ];
    const first = Math.min(...(await Promise.all(watchers.map(({ ready }) => ready)))) + 1;
    const reading = watchers.map((watcher, i) =>
      readUntil(watcher, "failover/last", names[i] === "slow" ? 5 : 0),
    );
    let stop = false;
    let count = 0;
    const writing = Promise.all(
      [0, 1, 2, 3].map(async (lane) => {
        while (!stop) {
          await putSurely(writer, `failover/${lane}`, `${count++}`);
          await sleep(1);
        }
      }),
    );
    const faults = async (): Promise<void> => {
      await sleep(200);
      const killed = await cluster.leader();
      await killed.kill();
      await sleep(700);
      await killed.restart();
      const frozen = await cluster.leader();
      await frozen.pause();
      await sleep(1_500);
      frozen.resume();
      await sleep(200);
      // A member that the stream is on now, whichever that is.
      for (const member of cluster.members) {
        await member.kill();
        await member.restart();
      }
    };
    await faults();
    stop = true;
    await writing;
    await putSurely(writer, "failover/last", "");
    const delivered = await Promise.all(reading);
    const history = await historyOf(connect(cluster), "failover/", first, "failover/last");
    expect(history.length).toBeGreaterThanOrEqual(count);
    for (const [i, batches] of delivered.entries()) expect(textsOf(batches), names[i]).toEqual(history);
    // What was there before each put is what the put before it wrote.
    const values = new Map<string, string>();
    for (const { kv, previous } of delivered[1]!.flatMap(({ events }) => events)) {
      const key = kv.key.string();
      expect(previous?.value.string()).toBe(values.get(key));
      values.set(key, kv.value.string());
    }
  });

  test("a watch behind the compaction ends with the revision from which on there is history", async () => {
    const client = connect(cluster);
    const { revision } = await client.kv.put("compacted", "a");
    for (const value of "bcd") await client.kv.put("compacted", value);
    await client.kv.compact(revision + 2, { physical: true });
    const iteration = client.watch("compacted", { startRevision: revision })[Symbol.asyncIterator]();
    const error: unknown = await iteration.next().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(CompactedError);
    expect(error).toMatchObject({ code: "ETCD_COMPACTED", compactRevision: revision + 2 });
    const { compactRevision } = error as CompactedError;
    const rest = client.watch("compacted", { startRevision: compactRevision });
    const batches: WatchBatch[] = [];
    for await (const batch of rest) {
      batches.push(batch);
      if (batch.nextRevision > revision + 3) break;
    }
    expect(textsOf(batches)).toEqual([`${revision + 2} put compacted c`, `${revision + 3} put compacted d`]);
  });

  test.each([true, false])("12 puts of 300 KB are caught up with; in pieces: %s", async (fragment) => {
    const client = connect(cluster);
    const prefix = `large${fragment}/`;
    const value = Buffer.alloc(300 * 1024, "x");
    const { revision } = await client.kv.put(`${prefix}a`, value);
    for (const key of "bcdefghijkl") await client.kv.put(prefix + key, value);
    const batches = await readUntil(
      client.watch(prefix, { prefix: true, startRevision: revision, fragment }),
      `${prefix}l`,
    );
    const events = batches.flatMap((batch) => batch.events);
    expect(events.map(({ kv }) => kv.key.string()).join("")).toBe(
      Array.from("abcdefghijkl", (key) => prefix + key).join(""),
    );
    expect(events.every(({ kv }) => Buffer.compare(kv.value, value) === 0)).toBe(true);
    expect(batches.at(-1)!.nextRevision).toBe(revision + 12);
  });

  test("what is too large for the client as one message comes in pieces", async () => {
    const client = connect(cluster, { limits: { messageMaxBytes: 3 * 1024 * 1024 } });
    const value = Buffer.alloc(300 * 1024, "x");
    const { revision } = await client.kv.put("huge/a", value);
    for (const key of "bcdefghijkl") await client.kv.put(`huge/${key}`, value);
    const batches = await readUntil(
      client.watch("huge/", { prefix: true, startRevision: revision }),
      "huge/l",
    );
    expect(batches.flatMap(({ events }) => events)).toHaveLength(12);
    const whole = client.watch("huge/", { prefix: true, startRevision: revision, fragment: false });
    const iterator = whole[Symbol.asyncIterator]();
    await expect(iterator.next()).rejects.toMatchObject({ code: "ETCD_MESSAGE_TOO_LARGE" });
  });

  test("the events of one transaction come together, however large they are", async () => {
    const client = connect(cluster);
    const watcher = client.watch("txn/", { prefix: true, prevKv: true, fragment: true });
    await watcher.ready;
    const keys = ["txn/a", "txn/b", "txn/c", "txn/d"];
    const value = Buffer.alloc(1024 * 1024, "x");
    for (const key of keys) await client.kv.put(key, value);
    // With 4 MB of previous values: three pieces.
    await client.kv.delete("txn/", { prefix: true });
    let batch: WatchBatch | undefined;
    for await (batch of watcher) if (batch.events.some(({ type }) => type === "delete")) break;
    expect(batch!.events.map(({ kv, previous }) => [kv.key.string(), previous?.value.length])).toEqual(
      keys.map((key) => [key, value.length]),
    );
    expect(new Set(batch!.events.map(({ kv }) => kv.modRevision)).size).toBe(1);
  });

  test("a slow consumer gets everything, and no other watch waits for it", async () => {
    const client = connect(cluster);
    const slow = client.watch("slow/", { prefix: true, bufferMaxEvents: 50 });
    const fast = client.watch("slow/", { prefix: true });
    await Promise.all([slow.ready, fast.ready]);
    const reading = readUntil(fast, "slow/last");
    const puts = Array.from({ length: 3_000 }, (_, i) => client.kv.put(`slow/${i}`, ""));
    await Promise.all(puts);
    await client.kv.put("slow/last", "");
    const expected = textsOf(await reading);
    expect(expected).toHaveLength(3_001);
    expect(textsOf(await readUntil(slow, "slow/last"))).toEqual(expected);
  });

  test("a thousand watchers of one client share a stream, and each hears of its own key", async () => {
    const client = connect(cluster);
    const watchers = Array.from({ length: 1_000 }, (_, i) => client.watch(`many/${i}`));
    await Promise.all(watchers.map(({ ready }) => ready));
    const reading = watchers.map((watcher, i) => readUntil(watcher, `many/${i}`));
    await Promise.all(watchers.map((_, i) => client.kv.put(`many/${i}`, `${i}`)));
    const delivered = await Promise.all(reading);
    expect(delivered.map((batches) => textsOf(batches).map((text) => text.replace(/^\d+ /, "")))).toEqual(
      watchers.map((_, i) => [`put many/${i} ${i}`]),
    );
  });

  test("reading first and watching from behind the read leaves no gap", async () => {
    const client = connect(cluster);
    await client.kv.put("gap", "0");
    const { revision } = await client.kv.get("gap");
    await client.kv.put("gap", "1");
    const iterator = client.watch("gap", { startRevision: revision + 1 })[Symbol.asyncIterator]();
    const { value } = await iterator.next();
    expect(textsOf([value!])).toEqual([`${revision + 1} put gap 1`]);
    await iterator.return!();
  });

  test("progress can be asked for where the answer does not overtake events", async () => {
    const client = connect(cluster);
    const watcher = client.watch("progress/", { prefix: true, stream: "own" });
    await watcher.ready;
    const { revision } = await client.kv.put("elsewhere", "");
    const asked = watcher.requestProgress();
    if (/^3\.4\.(1?\d|2[0-4])$/.test(cluster.version)) {
      await expect(asked).rejects.toMatchObject({ code: "ETCD_UNSUPPORTED" });
      return;
    }
    expect(await asked).toBeGreaterThanOrEqual(revision);
    for await (const batch of watcher) {
      expect(batch.events).toEqual([]);
      expect(batch.revision).toBeGreaterThanOrEqual(revision);
      break;
    }
  });

  test("what the server will not watch ends the watch with its reason", async () => {
    const client = connect(cluster);
    const iterator = client.watch("b", { rangeEnd: "a" })[Symbol.asyncIterator]();
    await expect(iterator.next()).rejects.toMatchObject({ code: "ETCD_BAD_REQUEST" });
  });

  test("a namespace watches under its prefix", async () => {
    const client = connect(cluster).namespace("ns/");
    const watcher = client.watch("", { prefix: true });
    await watcher.ready;
    await client.kv.put("a", "1");
    await client.kv.delete("a");
    const seen: string[] = [];
    for await (const { type, kv } of watcher.events()) {
      seen.push(`${type} ${kv.key.string()}`);
      if (type === "delete") break;
    }
    expect(seen).toEqual(["put a", "delete a"]);
  });
});

describe("one member with TLS and auth, that reports progress every 100 ms", () => {
  let cluster: EtcdCluster;
  beforeAll(async () => {
    const { version } = await findEtcd({});
    const flag = /^3\.[45]\./.test(version)
      ? "--experimental-watch-progress-notify-interval"
      : "--watch-progress-notify-interval";
    cluster = await EtcdCluster.start({ tls: true, auth: true, extraArguments: [`${flag}=100ms`] });
  });
  afterAll(() => cluster.close());

  test("a watch on which nothing happens says how far it has come, to those who want to know", async () => {
    const client = connect(cluster);
    const quiet = client.watch("quiet");
    const watcher = client.watch("quiet", { progressNotify: true });
    await Promise.all([watcher.ready, quiet.ready]);
    const { revision } = await client.kv.put("elsewhere", "");
    for await (const batch of watcher) {
      expect(batch.events).toEqual([]);
      expect(batch.nextRevision).toBe(batch.revision + 1);
      if (batch.revision >= revision) break;
    }
    await client.kv.put("quiet", "1");
    const batches = await readUntil(quiet, "quiet");
    expect(batches.map(({ events }) => events.length)).toEqual([1]);
  });

  test("a key that may not be read cannot be watched", async () => {
    const root = connect(cluster);
    await root.auth.roleAdd("reader");
    await root.auth.roleGrantPermission("reader", { type: "read", key: "open/", prefix: true });
    await root.auth.userAdd("eve", { password: "secret" });
    await root.auth.userGrantRole("eve", "reader");
    const client = connect(cluster, { auth: { user: "eve", password: "secret" } });
    const allowed = client.watch("open/", { prefix: true });
    expect(await allowed.ready).toBeGreaterThan(0);
    const iterator = client.watch("closed/", { prefix: true })[Symbol.asyncIterator]();
    await expect(iterator.next()).rejects.toMatchObject({ code: "ETCD_PERMISSION_DENIED", grpcCode: 7 });
    const { revision } = await root.kv.put("open/a", "1");
    expect(textsOf(await readUntil(allowed, "open/a"))).toEqual([`${revision} put open/a 1`]);
  });

  test("a watch outlives the server's restart, which forgets all tokens", async () => {
    const client = connect(cluster);
    const watcher = client.watch("restart/", { prefix: true });
    await watcher.ready;
    await client.kv.put("restart/a", "1");
    await cluster.members[0]!.kill();
    await cluster.members[0]!.restart();
    await putSurely(connect(cluster), "restart/b", "2");
    const keys = new Set(
      (await readUntil(watcher, "restart/b"))
        .flatMap(({ events }) => events)
        .map(({ kv }) => kv.key.string()),
    );
    expect([...keys]).toEqual(["restart/a", "restart/b"]);
  });
});
