import { once } from "node:events";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { AbortError, Client, KeyLock, LockLostError, Session, op } from "../../src/index.js";
import type { Lock } from "../../src/index.js";
import { EtcdCluster } from "../../src/testing/index.js";
import { optionsFor } from "../support/real-cluster.js";
import { forgetFirstTry } from "../support/second-try.js";

describe.each([{ tls: false }, { tls: true }])("locks of one key on a real etcd, tls: $tls", ({ tls }) => {
  /** What TLS does not change is tried without it only, but in long runs (`ETCDWIRE_LONG=1 npm run test:integration`). */
  const plainTest = test.skipIf(tls && process.env["ETCDWIRE_LONG"] !== "1");
  let cluster: EtcdCluster;
  let client: Client;
  beforeAll(async () => {
    cluster = await EtcdCluster.start({ tls, shortElections: true });
  });
  afterAll(() => cluster.close());
  beforeEach((context) => {
    client = new Client(optionsFor(cluster));
    return forgetFirstTry(context, client);
  });
  afterEach(() => client.close());

  const lostOf = async ({ signal }: Lock): Promise<unknown> => {
    if (!signal.aborted) await once(signal, "abort");
    return signal.reason;
  };

  test("it looks like the lock that people write by hand, and leaves neither key nor lease", async () => {
    const keyLock = new KeyLock(client, "plain", { ttlSeconds: 5, value: "worker 7" });
    const { lock } = await keyLock.tryLock();
    const { kvs } = await client.kv.get("plain");
    expect(kvs).toHaveLength(1);
    expect(kvs[0]).toMatchObject({ createRevision: lock!.token, modRevision: lock!.token, version: 1 });
    expect(kvs[0]!.value.string()).toBe("worker 7");
    expect(await client.lease.list()).toEqual([kvs[0]!.lease]);
    // By hand, as others do it.
    const byHand = await client.kv.txn({
      if: [{ target: "createRevision", operator: "=", key: "plain", operand: 0, options: {} }],
      then: [op.put("plain", "by hand")],
      else: [op.get("plain")],
    });
    expect(byHand.succeeded).toBe(false);
    const done = await lock!.txn({ then: [op.put("plain/result", "done")] });
    expect(done.succeeded).toBe(true);
    const again = await new KeyLock(client, "plain").tryLock();
    expect(again.holder).toMatchObject({ lease: kvs[0]!.lease, createRevision: lock!.token });
    await lock!.release();
    await expect(lock!.txn({ then: [op.put("plain/result", "late")] })).rejects.toBeInstanceOf(LockLostError);
    expect((await client.kv.get("plain")).count).toBe(0);
    expect(await client.lease.list()).toEqual([]);
  });

  test("a dozen contenders, with leases of their own and in sessions, have it one at a time, with growing tokens", async () => {
    const clients = Array.from({ length: 4 }, () => new Client(optionsFor(cluster)));
    const sessions = await Promise.all(clients.map((each) => Session.create(each, { ttlSeconds: 5 })));
    const owners = [...clients, ...clients, ...sessions];
    let inside = 0;
    const tokens: number[] = [];
    await Promise.all(
      owners.map(async (owner) => {
        const keyLock = new KeyLock(owner, "contended");
        for (let n = 0; n < 5; n++) {
          await keyLock.withLock(async (lock) => {
            expect(++inside).toBe(1);
            tokens.push(lock.token);
            await new Promise((resolve) => setImmediate(resolve));
            inside--;
          });
        }
        await keyLock.settled();
      }),
    );
    expect(tokens).toHaveLength(60);
    expect(tokens).toEqual([...tokens].sort((a, b) => a - b));
    expect(new Set(tokens).size).toBe(60);
    for (const session of sessions) await session.close();
    expect((await client.kv.get("contended")).count).toBe(0);
    expect(await client.lease.list()).toEqual([]);
    for (const each of clients) await each.close();
  });

  test("aborts at any moment leave neither keys nor leases", async () => {
    const session = await Session.create(client, { ttlSeconds: 5 });
    const keyLocks = [
      new KeyLock(client, "aborted"),
      new KeyLock(client, "aborted", { renew: false }),
      new KeyLock(session, "aborted", { value: "same" }),
    ];
    let abortedCount = 0;
    const work = async (keyLock: KeyLock, n: number): Promise<void> => {
      const controller = new AbortController();
      const locking = keyLock.lock({ signal: controller.signal });
      locking.catch(() => {});
      for (let i = 0; i < n % 7; i++) await new Promise((resolve) => setImmediate(resolve));
      controller.abort();
      try {
        await (await locking).release();
      } catch (error) {
        expect(error).toBeInstanceOf(AbortError);
        abortedCount++;
      }
    };
    for (let n = 0; n < 40; n++) await Promise.all(keyLocks.map((keyLock, i) => work(keyLock, n + i)));
    for (const keyLock of keyLocks) await keyLock.settled();
    expect(abortedCount).toBeGreaterThan(0);
    expect((await client.kv.get("aborted")).count).toBe(0);
    expect(await client.lease.list()).toEqual([session.leaseId]);
    await session.close();
  });

  plainTest(
    "the watchdog keeps it past its TTL; without it the lock says when it is over, and makes way",
    async () => {
      const kept = await new KeyLock(client, "kept", { ttlSeconds: 1 }).lock();
      const unkept = await new KeyLock(client, "unkept", { ttlSeconds: 1, renew: false }).lock();
      expect(await lostOf(unkept)).toMatchObject({ code: "ETCD_SESSION_EXPIRED" });
      expect(unkept.isHeld).toBe(false);
      // Free for the next one, at once.
      await (await new KeyLock(client, "unkept").lock()).release();
      kept.assertHeld();
      await kept.release();
    },
  );

  plainTest(
    "whose lease is revoked, or key deleted, behind its back loses it; and so does whoever is at its limit",
    async () => {
      const next = new KeyLock(client, "lost", { maxHoldMs: 300 });
      const revoked = await new KeyLock(client, "lost", { ttlSeconds: 2 }).lock();
      const waiting = next.lock();
      await client.lease.revoke((await client.kv.get("lost")).kvs[0]!.lease);
      const limited = await waiting;
      expect(await lostOf(revoked)).toBeInstanceOf(LockLostError);
      expect(await lostOf(limited)).toMatchObject({ code: "ETCD_LOCK_LOST" });
      const deleted = await new KeyLock(client, "lost").lock();
      const lost = lostOf(deleted);
      await client.kv.delete("lost");
      expect(await lost).toMatchObject({ code: "ETCD_LOCK_LOST" });
      // Lost, and nobody releases it: its lease goes all the same.
      while ((await client.lease.list()).length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    },
  );
});

test("it outlives the death of the leader, held and waited for", async () => {
  const cluster = await EtcdCluster.start({ members: 3, shortElections: true });
  onTestFinished(() => cluster.close());
  const clients = [new Client(optionsFor(cluster)), new Client(optionsFor(cluster))] as const;
  const held = await new KeyLock(clients[0], "k", { ttlSeconds: 3 }).lock();
  const waiting = new KeyLock(clients[1], "k", { ttlSeconds: 3 }).lock();
  const leader = await cluster.leader();
  await leader.kill();
  await clients[0].kv.get("k");
  held.assertHeld();
  await held.release();
  const next = await waiting;
  expect(next.token).toBeGreaterThan(held.token);
  await next.release();
  expect(await clients[0].lease.list()).toEqual([]);
  for (const client of clients) await client.close();
});
