import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import {
  ArgumentError,
  Client,
  LockLostError,
  MultiLock,
  Mutex,
  RwLock,
  Semaphore,
  Session,
} from "../../src/index.js";
import type { Lock } from "../../src/index.js";
import { EtcdCluster } from "../../src/testing/index.js";
import { optionsFor } from "../support/real-cluster.js";
import { forgetFirstTry } from "../support/second-try.js";

let cluster: EtcdCluster;
/** One for each of two processes, as it were. */
let clients: Client[];
let sessions: Session[];

beforeAll(async () => {
  cluster = await EtcdCluster.start({ members: 3, shortElections: true });
}, 60_000);
afterAll(() => cluster.close());
beforeEach(async (context) => {
  clients = [new Client(optionsFor(cluster)), new Client(optionsFor(cluster))];
  await forgetFirstTry(context, clients[0]!);
  sessions = await Promise.all(clients.map((client) => Session.create(client, { ttlSeconds: 20 })));
});
afterEach(async () => {
  await Promise.all(sessions.map((session) => session.close()));
  await Promise.all(clients.map((client) => client.close()));
});

/** The keys under a prefix, oldest first. */
const line = async (prefix: string): Promise<string[]> => {
  const { responses } = await clients[0]!.kv.txn({
    then: [
      {
        op: "get",
        key: prefix,
        options: { prefix: true, sort: { target: "createRevision", order: "ascend" } },
      },
    ],
  });
  const [got] = responses;
  return got!.kvs.map(({ key }) => key.string());
};
const lineLength = async (prefix: string, length: number): Promise<void> => {
  while ((await line(prefix)).length !== length) await sleep(5);
};
const aborted = (lock: Lock): Promise<void> =>
  new Promise((resolve) => {
    if (lock.signal.aborted) resolve();
    else
      lock.signal.addEventListener("abort", () => {
        resolve();
      });
  });

test("readers share, a writer waits for them, a later reader waits for the writer, and tokens follow", async () => {
  const [here, there] = sessions.map((session) => new RwLock(session, "rw", { owner: "somebody" }));
  const readers = await Promise.all([here!.readLock(), here!.readLock(), there!.readLock()]);
  for (const { key } of readers) expect(key).toMatch(/^rw\/read\/[0-9a-f]+-/);
  const writing = there!.writeLock();
  await lineLength("rw/", 4);
  const reading = here!.readLock();
  await lineLength("rw/", 5);
  const refused = await here!.tryReadLock();
  expect(refused.holder).toMatchObject({ owner: "somebody", isOurs: false });
  expect(refused.holder?.key).toMatch(/^rw\/write\//);
  expect(await line("rw/")).toHaveLength(5);
  for (const reader of readers) await reader.release();
  const writer = await writing;
  for (const reader of readers) expect(writer.token).toBeGreaterThan(reader.token);
  expect((await here!.tryWriteLock()).lock).toBeUndefined();
  await writer.release();
  const reader = await reading;
  expect(reader.token).toBeGreaterThan(writer.token);
  expect((await there!.tryReadLock()).lock?.isHeld).toBe(true);
});

test("a mutex on a read-write lock's name counts as a writer", async () => {
  const mutex = new Mutex(sessions[0]!, "mixed", { localHandoverMaxCount: 0 });
  const rwLock = new RwLock(sessions[1]!, "mixed");
  const held = await mutex.lock();
  expect((await rwLock.tryReadLock()).holder?.key).toBe(held.key);
  const reading = rwLock.readLock();
  await lineLength("mixed/", 2);
  const locking = mutex.lock();
  await held.release();
  const reader = await reading;
  await reader.release();
  const again = await locking;
  expect(again.token).toBeGreaterThan(reader.token);
});

test("a semaphore lets in as many as etcd says, whoever said it, and all hear of a change", async () => {
  const here = new Semaphore(sessions[0]!, "sem", { permits: 2 });
  const there = new Semaphore(sessions[1]!, "sem", { permits: 7 });
  expect(await there.permits()).toBe(7);
  const first = await here.acquire();
  expect(await there.permits()).toBe(2);
  const second = await there.tryAcquire();
  expect(second.lock?.token).toBeGreaterThan(first.token);
  const before = await clients[0]!.kv.get("nothing");
  expect((await here.tryAcquire()).holder?.key).toBe(first.key);
  expect((await clients[0]!.kv.get("nothing")).revision).toBe(before.revision);
  const third = here.acquire();
  await lineLength("sem/", 3);
  const fourth = there.acquire();
  await lineLength("sem/", 4);
  await there.resize(3);
  await third;
  expect(await line("sem/")).toHaveLength(4);
  await here.resize(1);
  await first.release();
  await second.lock?.release();
  const controller = new AbortController();
  const last = here.acquire({ signal: controller.signal });
  await lineLength("sem/", 3);
  await (await third).release();
  const { token } = await fourth;
  controller.abort();
  await expect(last).rejects.toMatchObject({ code: "ETCD_ABORTED" });
  await here.settled();
  expect(await line("sem/")).toEqual([(await fourth).key]);
  expect(token).toBeGreaterThan(first.token);
});

test("several permits at once are waited for in order, and not passed by one that wants fewer", async () => {
  const semaphore = new Semaphore(sessions[0]!, "many", { permits: 3 });
  const one = await semaphore.acquire();
  const three = semaphore.acquire({ count: 3 });
  await lineLength("many/", 4);
  const later = semaphore.acquire();
  await lineLength("many/", 5);
  await expect(semaphore.acquire({ count: 4 })).rejects.toBeInstanceOf(ArgumentError);
  await semaphore.settled();
  await one.release();
  const got = await three;
  expect(got.guard()).toHaveLength(3);
  await clients[1]!.kv.delete(got.guard()[2]!.key as string);
  await aborted(got);
  await expect(got.txn({ then: [] })).rejects.toBeInstanceOf(LockLostError);
  await got.release();
  await (await later).release();
  expect(await line("many/")).toEqual([]);
});

test("names in any order, taken together and one by one, in two processes, end without a deadlock while the leader dies", async () => {
  const names = ["m1", "m2", "m3"];
  const last = new Map<string, number>();
  const holders = new Map<string, Lock>();
  const work = async (lock: Lock, held: readonly string[]): Promise<void> => {
    for (const name of held) {
      expect(holders.has(name)).toBe(false);
      expect(lock.token).toBeGreaterThan(last.get(name) ?? 0);
      holders.set(name, lock);
      last.set(name, lock.token);
    }
    await sleep(1);
    for (const name of held) holders.delete(name);
  };
  const loops = sessions.flatMap((session) => [
    ...[
      [0, 1],
      [1, 0],
      [2, 0, 1],
    ].map((indexes) => {
      const wanted = indexes.map((index) => names[index]!);
      const multi = new MultiLock(session, wanted);
      return () => multi.withLock((lock) => work(lock, wanted));
    }),
    ...names.map((name) => {
      const mutex = new Mutex(session, name);
      return () => mutex.withLock((lock) => work(lock, [name]));
    }),
  ]);
  const running = Promise.all(
    loops.map(async (once) => {
      for (let i = 0; i < 6; i++) await once();
    }),
  );
  const leader = await cluster.leader();
  await leader.kill();
  await leader.restart();
  await running;
  for (const name of names) expect(await line(`${name}/`)).toEqual([]);
});

test("a lock of several names is free in one transaction, refused without a write, and lost with any of its keys", async () => {
  const multi = new MultiLock(sessions[0]!, ["x", "y"]);
  const held = await multi.lock();
  expect(multi.name).toBe("x, y");
  expect(await line("y/")).toEqual([held.key.replace("x/", "y/")]);
  const other = new MultiLock(sessions[1]!, ["z", "y", "x"]);
  const before = await clients[0]!.kv.get("nothing");
  expect((await other.tryLock()).holder?.key).toBe(held.key.replace("x/", "y/"));
  expect((await clients[0]!.kv.get("nothing")).revision).toBe(before.revision);
  const waiting = other.lock();
  await lineLength("z/", 1);
  // What it has under the free name, it keeps.
  expect((await new Mutex(sessions[0]!, "z").tryLock()).holder?.isOurs).toBe(false);
  await clients[1]!.kv.delete(held.key.replace("x/", "y/"));
  await aborted(held);
  expect(() => {
    held.assertHeld();
  }).toThrow(LockLostError);
  await held.release();
  const next = await waiting;
  expect(next.token).toBeGreaterThan(held.token);
  await next.txn({ then: [{ op: "put", key: "under-guard", value: "1", options: {} }] });
});

test("when the lease is revoked under a holder its locks are lost, and those who wait get them", async () => {
  const [here, there] = sessions as [Session, Session];
  const held = await Promise.all([
    new RwLock(here, "r1").writeLock(),
    new Semaphore(here, "r2", { permits: 1 }).acquire(),
    new MultiLock(here, ["r3", "r4"]).lock(),
  ]);
  const waiting = Promise.all([
    new RwLock(there, "r1").readLock(),
    new Semaphore(there, "r2", { permits: 1 }).acquire(),
    new MultiLock(there, ["r4", "r3"]).lock(),
  ]);
  await lineLength("r1/", 2);
  await lineLength("r2/", 2);
  await lineLength("r4/", 2);
  const waitingHere = new RwLock(here, "r1").readLock();
  waitingHere.catch(() => {});
  await lineLength("r1/", 3);
  await clients[1]!.lease.revoke(here.leaseId);
  for (const lock of await waiting) expect(lock.isHeld).toBe(true);
  await expect(waitingHere).rejects.toMatchObject({ code: "ETCD_SESSION_EXPIRED" });
  for (const lock of held) {
    await aborted(lock);
    await lock.release();
  }
});

test("as many names as there may be, and a try that has to wait for too long", async () => {
  const names = Array.from({ length: 63 }, (_, index) => `wide${index}`);
  const multi = new MultiLock(sessions[0]!, names);
  const held = await multi.lock();
  const waiting = new MultiLock(sessions[1]!, [...names].reverse()).lock();
  await lineLength("wide62/", 2);
  await expect(new MultiLock(sessions[1]!, names).lock({ timeoutMs: 30 })).rejects.toMatchObject({
    code: "ETCD_DEADLINE_EXCEEDED",
  });
  await held.release();
  await (await waiting).release();
});
