import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Client, Mutex, Session, compare, op, param } from "../../src/index.js";
import type { KeyValue, OperationResult, TxnView } from "../../src/index.js";
import { EtcdCluster } from "../../src/testing/index.js";
import { needEtcdctl } from "../support/etcdctl.js";
import { etcdctlFlags, optionsFor } from "../support/real-cluster.js";
import { forgetFirstTry } from "../support/second-try.js";

const names = (kvs: readonly KeyValue[]): string[] => kvs.map(({ key }) => key.string());

describe("a namespace on a real etcd", () => {
  let cluster: EtcdCluster;
  let client: Client;
  beforeAll(async () => {
    cluster = await EtcdCluster.start({ shortElections: true });
    client = new Client(optionsFor(cluster));
  });
  beforeEach((context) => forgetFirstTry(context, client));
  afterAll(async () => {
    await client.close();
    await cluster.close();
  });

  /** All keys under a prefix, with it. */
  const stored = async (prefix: string): Promise<string[]> =>
    names((await client.kv.get(prefix, { prefix: true })).kvs);

  test("reads, writes and deletes what is under its prefix, and nothing around it", async () => {
    const space = client.namespace("kv/b/");
    for (const key of ["kv/a/x", "kv/b", "kv/b.", "kv/b0", "kv/c/x"]) await client.kv.put(key, "outside");
    const around = await stored("kv/");
    for (const key of ["x", "y/1", "y/2", "z"]) await space.kv.put(key, key);
    expect(await stored("kv/b/")).toEqual(["kv/b/x", "kv/b/y/1", "kv/b/y/2", "kv/b/z"]);
    expect((await space.kv.get("x")).kv).toMatchObject({ version: 1, lease: 0n });
    const all = ["x", "y/1", "y/2", "z"];
    expect(names((await space.kv.get("", { prefix: true })).kvs)).toEqual(all);
    expect(names((await space.kv.get("", { fromKey: true })).kvs)).toEqual(all);
    expect(names((await space.kv.get("", { rangeEnd: "\0" })).kvs)).toEqual(all);
    expect(names((await space.kv.get("y/", { prefix: true })).kvs)).toEqual(["y/1", "y/2"]);
    expect(names((await space.kv.get("y/2", { fromKey: true })).kvs)).toEqual(["y/2", "z"]);
    expect(names((await space.kv.get("a", { rangeEnd: "y/2" })).kvs)).toEqual(["x", "y/1"]);
    const scanned: string[] = [];
    for await (const { key } of space.kv.scan("", { prefix: true, pageSize: 2 })) scanned.push(key.string());
    expect(scanned).toEqual(all);
    expect((await space.kv.put("x", "new", { prevKv: true })).previous?.key.string()).toBe("x");
    expect(names((await space.kv.delete("y/", { prefix: true, prevKv: true })).previous)).toEqual([
      "y/1",
      "y/2",
    ]);
    expect((await space.kv.delete("", { fromKey: true })).deleted).toBe(2);
    expect(await stored("kv/")).toEqual(around);
  });

  test("nests, takes bytes, and may end with all keys", async () => {
    const inner = client.namespace("nest/").namespace(Uint8Array.of(0xff)).namespace("in/");
    await inner.kv.put("k", "v");
    const outer = await client.namespace("nest/").kv.get("", { prefix: true });
    expect(outer.kvs.map(({ key }) => Buffer.from(key).toString("latin1"))).toEqual(["\xffin/k"]);
    await client.kv.delete("nest/", { prefix: true });

    const last = client.namespace(Uint8Array.of(0xff, 0xff));
    await client.kv.put(Uint8Array.of(0xff, 0xfe), "before");
    await last.kv.put("k", "v");
    await last.kv.put(Uint8Array.of(0xff), "v");
    expect((await last.kv.get("", { prefix: true })).kvs.map(({ key }) => [...key])).toEqual([
      [0x6b],
      [0xff],
    ]);
    expect((await last.kv.get(Uint8Array.of(0xff), { prefix: true })).count).toBe(1);
    expect(
      (await last.prepare({ then: [op.del(param.key("from"), { fromKey: true })] }).run({ from: "" }))
        .responses,
    ).toMatchObject([{ deleted: 2 }]);
    expect((await client.kv.delete(Uint8Array.of(0xff), { prefix: true })).deleted).toBe(1);
  });

  test("prepares transactions: compares, operations and nested ones under its prefix, replies without it", async () => {
    const space = client.namespace("txn/in/");
    await client.kv.put("txn/in0", "behind it");
    const txn = space.prepare({
      if: [
        compare.createRevision(param.key("key"), "=", 0),
        compare.createRevision("", "=", 0, { prefix: true }),
        compare.version("", "=", 0, { rangeEnd: param.key("end") }),
      ],
      then: [
        op.put(param.key("key"), param.value("value")),
        op.txn({
          if: [compare.createRevision(param.key("key"), "=", 0)],
          then: [op.get(param.key("key"))],
        }),
      ],
      else: [
        op.put(param.key("key"), "second", { prevKv: true }),
        op.get("", { fromKey: true, sort: { target: "key", order: "descend" } }),
        op.del("l", { rangeEnd: param.key("end"), prevKv: true }),
      ],
    });
    const parameters = { key: "k", value: "first", end: "\0" };
    const made = await txn.run(parameters);
    expect(made.succeeded).toBe(true);
    expect(await stored("txn/")).toEqual(["txn/in/k", "txn/in0"]);
    const nested = made.responses[1] as Extract<OperationResult, { kind: "txn" }>;
    expect(nested.result.succeeded).toBe(true);
    expect(names((nested.result.responses[0] as Extract<OperationResult, { kind: "get" }>).kvs)).toEqual([
      "k",
    ]);

    await space.kv.put("m", "v");
    const read = (view: TxnView): unknown => {
      const [replaced, found, deleted] = [0, 1, 2].map((i) => view.response(i));
      expect(replaced!.kv(0).keyEquals("k")).toBe(true);
      return [
        view.succeeded,
        replaced!.kv(0).valueString(),
        found!.kv(0).keyString(),
        deleted!.deleted,
        deleted!.kv(0).keyString(),
      ];
    };
    const seen = await new Promise<unknown>((resolve, reject) => {
      txn.submit(parameters, (error, view) => {
        if (error !== undefined) reject(error);
        else resolve(read(view!));
      });
    });
    expect(seen).toEqual([false, "first", "m", 1, "m"]);
    expect(await stored("txn/")).toEqual(["txn/in/k", "txn/in0"]);

    const { succeeded, responses } = await space.kv
      .if(compare.value("k", "=", "second"))
      .then(op.put("k", "v"), op.get("", { prefix: true }))
      .commit();
    expect(succeeded).toBe(true);
    expect(names(responses[1]!.kvs)).toEqual(["k"]);
    expect(await stored("txn/in/")).toEqual(["txn/in/k"]);
  });

  test("watches what is under its prefix, and names it without", async () => {
    const space = client.namespace("watch/in/");
    await space.kv.put("old", "1");
    const watcher = space.watch("", { prefix: true, prevKv: true });
    await watcher.ready;
    await client.kv.put("watch/in", "outside");
    await client.kv.put("watch/in0", "outside");
    await client.kv.put("watch/in/new", "2");
    await space.kv.delete("old");
    const events: unknown[] = [];
    for await (const { type, kv, previous } of watcher.events()) {
      events.push([type, kv.key.string(), previous?.key.string()]);
      if (events.length === 2) break;
    }
    expect(events).toEqual([
      ["put", "new", undefined],
      ["delete", "old", "old"],
    ]);
  });

  test("shows of a lease the keys that are its own", async () => {
    const space = client.namespace("lease/in/");
    const { id } = await space.lease.grant(60);
    await space.kv.put("k", "v", { lease: id });
    await client.kv.put("lease/outside", "v", { lease: id });
    const { keys } = await space.lease.timeToLive(id, { keys: true });
    expect(keys.map((key) => key.string())).toEqual(["k"]);
    expect((await client.lease.timeToLive(id, { keys: true })).keys).toHaveLength(2);
    await space.lease.revoke(id);
    expect(await stored("lease/")).toEqual([]);
  });

  test("a lock in it and a lock of the full name exclude one another, whoever comes first", async () => {
    const space = client.namespace("locks/").namespace("in/");
    const inside = await Session.create(space, { ttlSeconds: 30 });
    const outside = await Session.create(client, { ttlSeconds: 30 });
    const lineIs = async (length: number): Promise<void> => {
      while ((await stored("locks/in/jobs/")).length !== length) await sleep(5);
    };
    const here = new Mutex(inside, "jobs");
    const there = new Mutex(outside, "locks/in/jobs");
    let token = 0;
    for (const [first, second] of [
      [here, there],
      [there, here],
    ] as const) {
      const held = await first.lock();
      const next = second.lock();
      await lineIs(2);
      expect(await Promise.race([next, sleep(100, "waiting")])).toBe("waiting");
      await held.release();
      const lock = await next;
      expect(lock.token).toBeGreaterThan(held.token);
      expect(held.token).toBeGreaterThan(token);
      token = lock.token;
      await lock.release();
    }
    const lock = await here.lock();
    expect(lock.key).toBe(`jobs/${inside.leaseId.toString(16)}`);
    expect(await stored("locks/")).toEqual([`locks/in/${lock.key}`]);
    // Lost when somebody deletes its key, whom a waiter's watch tells of.
    const waiting = there.lock();
    await lineIs(2);
    const lost = once(lock.signal, "abort");
    const waited = here.settled();
    await client.kv.delete(`locks/in/${lock.key}`);
    await (await waiting).release();
    await lock.release();
    await Promise.all([lost, waited]);
    // Another namespace has another lock of that name.
    const elsewhere = await Session.create(client.namespace("locks/other/"), { ttlSeconds: 30 });
    const both = await Promise.all([here.lock(), new Mutex(elsewhere, "jobs").lock()]);
    expect(await stored("locks/")).toEqual(
      both.map(({ key }, i) => `locks/${i === 0 ? "in" : "other"}/${key}`),
    );
    await Promise.all([inside.close(), outside.close(), elsewhere.close()]);
    expect(await stored("locks/")).toEqual([]);
  });

  test("etcdctl's lock of the full name and a lock in it exclude one another", async (context) => {
    const etcdctl = await needEtcdctl(context, cluster);
    const session = await Session.create(client.namespace("ctl/"), { ttlSeconds: 30 });
    const mutex = new Mutex(session, "lock");
    const held = await mutex.lock();
    const ctl = spawn(etcdctl, [...etcdctlFlags(cluster), "lock", "ctl/lock"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    try {
      const theirs = once(createInterface({ input: ctl.stdout }), "line");
      while ((await stored("ctl/lock/")).length !== 2) await sleep(5);
      await held.release();
      expect(await stored("ctl/lock/")).toEqual([(await theirs)[0]]);
      const again = mutex.lock();
      while ((await stored("ctl/lock/")).length !== 2) await sleep(5);
      ctl.kill("SIGINT");
      expect((await again).token).toBeGreaterThan(held.token);
    } finally {
      ctl.kill("SIGKILL");
      await session.close();
    }
  });
});
