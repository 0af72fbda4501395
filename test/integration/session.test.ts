import { once } from "node:events";
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFinished, test } from "vitest";
import { Client, KeyLock, Session } from "../../src/index.js";
import type { Lock } from "../../src/index.js";
import { EtcdCluster } from "../../src/testing/index.js";
import { optionsFor } from "../support/real-cluster.js";
import { forgetFirstTry } from "../support/second-try.js";
import { spawnSource } from "../support/source-process.js";

let cluster: EtcdCluster;
let client: Client;
beforeAll(async () => {
  // Leases of 1 s are possible with short elections only: the server's least is 1.5 election timeouts.
  cluster = await EtcdCluster.start({ shortElections: true });
});
afterAll(() => cluster.close());
beforeEach((context) => {
  client = new Client(optionsFor(cluster));
  return forgetFirstTry(context, client);
});
afterEach(() => client.close());

const lostOf = async ({ signal }: { signal: AbortSignal }): Promise<unknown> => {
  if (!signal.aborted) await once(signal, "abort");
  return signal.reason;
};

test("a process orphans its session and ends; another takes it over with its key", async () => {
  const child = spawnSource("test/support/orphan-process.ts", [JSON.stringify(optionsFor(cluster))]);
  let output = "";
  let errors = "";
  child.stdout.on("data", (bytes: Buffer) => (output += String(bytes)));
  child.stderr.on("data", (bytes: Buffer) => (errors += String(bytes)));
  const [exitCode] = (await once(child, "close")) as [number];
  expect({ exitCode, errors }).toEqual({ exitCode: 0, errors: "" });
  const former = JSON.parse(output) as { leaseId: string; token: number; isHeld: boolean };
  expect(former.isHeld).toBe(false);
  const session = await Session.resume(client, BigInt(former.leaseId));
  expect(session.ttlSeconds).toBe(10);
  expect(session.remainingMs).toBeGreaterThan(0);
  // The key of the former process stands still: others see it.
  const others = new KeyLock(client, "handed/over");
  expect((await others.tryLock()).holder!.value.string()).toBe("former");
  const { lock } = await new KeyLock(session, "handed/over", { value: "latter" }).tryLock();
  expect(lock!.token).toBeGreaterThan(former.token);
  lock!.assertHeld();
  expect((await others.tryLock()).holder!.value.string()).toBe("latter");
  await session.close();
  expect((await client.kv.get("handed/over")).count).toBe(0);
  await expect(Session.resume(client, BigInt(former.leaseId))).rejects.toMatchObject({
    code: "ETCD_LEASE_NOT_FOUND",
  });
});

test("an orphaned session that nobody takes over is ended by etcd, with its keys", async () => {
  const session = await Session.create(client, { ttlSeconds: 1 });
  const waiter = new KeyLock(client, "forsaken");
  await new KeyLock(session, "forsaken").lock();
  const waiting = waiter.lock();
  session.orphan();
  const lock = await waiting;
  expect((await client.lease.timeToLive(session.leaseId)).ttlSeconds).toBe(-1);
  await lock.release();
});

test("a lease that is revoked behind its back ends a session with all its locks, each once", async () => {
  const session = await Session.create(client, { ttlSeconds: 2 });
  const locks: Lock[] = [];
  for (let i = 0; i < 300; i++) locks.push(await new KeyLock(session, `many/${i}`).lock());
  const lost: number[] = [];
  for (const [i, lock] of locks.entries()) lock.signal.addEventListener("abort", () => lost.push(i));
  await client.lease.revoke(session.leaseId);
  expect(await lostOf(session)).toMatchObject({ code: "ETCD_SESSION_EXPIRED" });
  await lostOf(locks.at(-1)!);
  expect(lost.sort((a, b) => a - b)).toEqual(locks.map((_, i) => i));
  expect(locks.some(({ isHeld }) => isHeld)).toBe(false);
  for (const lock of locks) await lock.release();
});

test("a process that stood still for longer than the TTL does not believe in its locks, from its first look on", async () => {
  const session = await Session.create(client, { ttlSeconds: 1 });
  const lock = await new KeyLock(session, "stalled").lock();
  const own = await new KeyLock(client, "stalled/own", { ttlSeconds: 1 }).lock();
  lock.assertHeld();
  own.assertHeld();
  // Nothing runs here meanwhile: no timer, no renewal.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_100);
  expect([session.remainingMs, lock.isHeld, own.isHeld]).toEqual([0, false, false]);
  for (const each of [lock, own]) {
    expect(() => {
      each.assertHeld();
    }).toThrow(expect.objectContaining({ code: "ETCD_SESSION_EXPIRED" }));
  }
  expect(lock.signal.aborted).toBe(true);
  await session.close();
  await own.release();
});

test("a session and its locks outlive a leader that stands still for longer than the TTL", async () => {
  const three = await EtcdCluster.start({ members: 3, shortElections: true });
  onTestFinished(() => three.close());
  const user = new Client(optionsFor(three));
  const session = await Session.create(user, { ttlSeconds: 2 });
  const lock = await new KeyLock(session, "k").lock();
  const outliveTheTtl = async (): Promise<void> => {
    const untilMs = performance.now() + 2_500;
    while (performance.now() < untilMs) {
      lock.assertHeld();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect((await user.kv.get("k")).kvs[0]?.createRevision).toBe(lock.token);
  };
  const frozen = await three.leader();
  await frozen.pause();
  await outliveTheTtl();
  await lock.release();
  expect((await user.kv.get("k")).count).toBe(0);
  await session.close();
  // Not resumed: etcd's old leader may revoke leases then that the new one has renewed.
  await frozen.kill();
  await user.close();
});
