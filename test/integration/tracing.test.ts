import diagnostics_channel from "node:diagnostics_channel";
import { inspect } from "node:util";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { Client, Mutex, Session, op, param } from "../../src/index.js";
import type { RpcEvent, TracingEvents } from "../../src/index.js";
import { KVClient, RangeRequest, credentials } from "../../src/raw.js";
import { EtcdCluster } from "../../src/testing/index.js";
import { optionsFor } from "../support/real-cluster.js";

let cluster: EtcdCluster;
beforeAll(async () => {
  cluster = await EtcdCluster.start({ shortElections: true, auth: true });
});
afterAll(() => cluster.close());

const SECRET = "a value that nobody may read in a log";

type PlainEvents = Omit<TracingEvents, "etcdwire:rpc">;

/** Everything that is told on all channels while `scenario` runs. */
const record = async (scenario: () => Promise<void>) => {
  const plain: { [Name in keyof PlainEvents]: PlainEvents[Name][] } = {
    "etcdwire:connection": [],
    "etcdwire:leader": [],
    "etcdwire:watch": [],
    "etcdwire:lease": [],
    "etcdwire:lock": [],
  };
  const rpcs: RpcEvent[] = [];
  const unended = new Set<RpcEvent>();
  const ignore = (): void => {};
  const rpcListeners = {
    start: (event: RpcEvent): void => void unended.add(event),
    asyncEnd: (event: RpcEvent): void => {
      unended.delete(event);
      rpcs.push(event);
    },
    end: ignore,
    asyncStart: ignore,
    error: ignore,
  };
  const rpc = diagnostics_channel.tracingChannel<unknown, RpcEvent>("etcdwire:rpc");
  rpc.subscribe(rpcListeners);
  const listeners = Object.entries(plain).map(([name, events]) => {
    const listener = (event: unknown): void => void (events as unknown[]).push(event);
    diagnostics_channel.subscribe(name, listener);
    return { name, listener };
  });
  try {
    await scenario();
  } finally {
    rpc.unsubscribe(rpcListeners);
    for (const { name, listener } of listeners) diagnostics_channel.unsubscribe(name, listener);
  }
  const types = (name: keyof PlainEvents): string[] => plain[name].map(({ type }) => type);
  return { ...plain, types, rpcs, unended };
};

test("a program that uses everything is told of on every channel, and no secret is", async () => {
  const told = await record(async () => {
    const client = new Client(optionsFor(cluster));
    const watcher = client.watch("traced/key");
    await watcher.ready;
    await client.kv.put("traced/key", SECRET);
    await client.kv.get("traced/key");
    // A prepared transaction, both ways.
    const put = client.prepare({ then: [op.put("traced/key", param.value("value"))] });
    await put.run({ value: SECRET });
    await new Promise<void>((resolve, reject) => {
      put.submit({ value: SECRET }, (error) => {
        if (error === undefined) resolve();
        else reject(error);
      });
    });
    await expect(client.kv.compact(1_000_000)).rejects.toThrow();
    // A generated stub.
    const stub = new KVClient("etcd", credentials.createInsecure(), { channelOverride: client.channel() });
    await new Promise((resolve) => stub.Range(new RangeRequest({ key: Buffer.from("traced/key") }), resolve));
    // A lock, and one that waits for it.
    const [first, second] = [await Session.create(client), await Session.create(client, { ttlSeconds: 2 })];
    const held = await new Mutex(first, "traced/lock").lock();
    const waits = new Mutex(second, "traced/lock").lock();
    await expect(new Mutex(second, "traced/lock").lock({ timeoutMs: 50 })).rejects.toThrow();
    await held.release();
    const lock = await waits;
    const kept = await client.lease.keepAlive(2);
    await kept.revoke();
    await second.close();
    expect(lock.isHeld).toBe(false);
    await first.close();
    await watcher.close();
    await client.close();
  });

  expect(new Set(told.types("etcdwire:connection"))).toContain("closed");
  const [connecting] = told["etcdwire:connection"];
  expect(connecting).toMatchObject({ type: "connecting", endpoint: cluster.endpoints[0], kind: "calls" });
  const opened = told["etcdwire:connection"].filter((event) => event.type === "open");
  expect(new Set(opened.map((event) => event.kind))).toEqual(new Set(["calls", "streams"]));
  expect(told.types("etcdwire:leader").slice(0, 2)).toEqual(["search", "found"]);
  const found = told["etcdwire:leader"].find((event) => event.type === "found")!;
  expect(found).toMatchObject({ endpoint: cluster.endpoints[0] });
  expect(found.withoutLeaderMs).toBeGreaterThan(0);
  expect(told.types("etcdwire:watch")).toEqual(expect.arrayContaining(["created", "ended"]));
  expect(told.types("etcdwire:lease")).toEqual(expect.arrayContaining(["granted", "revoked"]));
  expect(told.types("etcdwire:lock")).toEqual([
    "sessionOpened",
    "sessionOpened",
    "acquired",
    "notAcquired",
    "released",
    "acquired",
    "sessionEnded",
    "lost",
    "sessionEnded",
  ]);
  const acquired = told["etcdwire:lock"].filter((event) => event.type === "acquired");
  expect(acquired.map(({ contended }) => contended)).toEqual([false, true]);
  expect(acquired[1]!.token).toBeGreaterThan(acquired[0]!.token);

  const paths = new Map<string, number>();
  for (const { path } of told.rpcs) paths.set(path, (paths.get(path) ?? 0) + 1);
  for (const [path, leastCount] of [
    ["/etcdserverpb.KV/Put", 1],
    ["/etcdserverpb.KV/Range", 2],
    ["/etcdserverpb.KV/Compact", 1],
    // Two of ours, two acquires, one release at least.
    ["/etcdserverpb.KV/Txn", 5],
    ["/etcdserverpb.Lease/LeaseGrant", 3],
    ["/etcdserverpb.Watch/Watch", 1],
  ] as const) {
    expect([path, paths.get(path) ?? 0]).toEqual([path, expect.any(Number)]);
    expect(paths.get(path) ?? 0).toBeGreaterThanOrEqual(leastCount);
  }
  // Each that began has ended, and says where it was answered.
  expect([...told.unended].map(({ path }) => path)).toEqual([]);
  const failed = told.rpcs.filter(({ error }) => error !== undefined);
  expect(failed.map(({ path }) => path)).toEqual(["/etcdserverpb.KV/Compact"]);
  for (const { endpoint, attempts, durationMs, error } of told.rpcs) {
    if (error !== undefined) continue;
    expect({ endpoint, attempts }).toEqual({ endpoint: cluster.endpoints[0], attempts: 1 });
    expect(durationMs).toBeGreaterThanOrEqual(0);
  }
  const everything = inspect(told, {
    depth: 20,
    maxArrayLength: null,
    maxStringLength: null,
    showHidden: true,
  });
  expect(everything).toContain("traced/lock");
  expect(everything).not.toContain(SECRET);
  expect(everything).not.toContain(Buffer.from(SECRET).toString("hex").slice(0, 20));
  expect(everything).not.toContain(cluster.auth!.password);
});

test("a subscriber that throws harms nobody", async () => {
  const uncaught = vi.fn();
  const listeners = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  process.on("uncaughtException", uncaught);
  const listener = (): never => {
    throw new Error("subscriber");
  };
  const names = [
    "etcdwire:connection",
    "etcdwire:leader",
    "tracing:etcdwire:rpc:start",
    "tracing:etcdwire:rpc:asyncEnd",
  ];
  for (const name of names) diagnostics_channel.subscribe(name, listener);
  const client = new Client(optionsFor(cluster));
  try {
    await client.kv.put("traced/thrown", "x");
    const { kvs } = await client.kv.get("traced/thrown");
    expect(kvs.map(({ value }) => value.string())).toEqual(["x"]);
    await vi.waitUntil(() => uncaught.mock.calls.length > 4);
  } finally {
    for (const name of names) diagnostics_channel.unsubscribe(name, listener);
    await client.close();
    // Node reports what a subscriber throws in a later tick.
    await new Promise(setImmediate);
    process.removeAllListeners("uncaughtException");
    for (const each of listeners) process.on("uncaughtException", each);
  }
});
