import { expect, test } from "vitest";
import { Leases } from "../../src/client/lease/leases.js";
import type { ClientParts } from "../../src/client/client-parts.js";
import { LockLostError } from "../../src/errors.js";
import type { Lock } from "../../src/locks/lock.js";
import { Mutex } from "../../src/locks/mutex/mutex.js";
import { Session } from "../../src/locks/session.js";
import { FakeClient, FakeEtcd, lostConnection, settle } from "./fake-etcd.js";

const TTL_SECONDS = 30;
/** 30 s less 1 % and 20 ms. */
const PROVABLE_MS = 29_680;

const open = async (): Promise<{ client: FakeClient; session: Session }> => {
  const client = new FakeClient(new FakeEtcd());
  return { client, session: await Session.create(client.real, { ttlSeconds: TTL_SECONDS }) };
};

test("what is no client gets no session, and what is no session no mutex", async () => {
  const invalid = { code: "ETCD_INVALID_ARGUMENT" };
  await expect(Session.create({} as never)).rejects.toMatchObject(invalid);
  await expect(Session.create(undefined as never)).rejects.toMatchObject(invalid);
  const { client, session } = await open();
  expect(() => new Mutex(client.real as never, "a")).toThrow("Session.create(client)");
  await expect(new Mutex(session, "a").lock({ signal: {} as never })).rejects.toMatchObject(invalid);
  await expect(session.close({ timeout: 5 } as never)).rejects.toMatchObject(invalid);
  expect(session.signal.aborted).toBe(false);
});

test("a session has a form in JSON", async () => {
  const { session } = await open();
  expect(JSON.parse(JSON.stringify({ session }))).toEqual({
    session: { leaseId: String(session.leaseId), ttlSeconds: TTL_SECONDS },
  });
});

test("a session that nothing renews ends at its provable end, and not before", async () => {
  const { client, session } = await open();
  client.runtime.advance(PROVABLE_MS - 1);
  session.assertAlive();
  expect(session.remainingMs).toBe(1);
  client.runtime.advance(1);
  expect(session.signal.reason).toMatchObject({ code: "ETCD_SESSION_EXPIRED" });
  expect(() => {
    session.assertAlive();
  }).toThrow(LockLostError);
});

test("a check finds the end even when the process was held up and no timer has run", async () => {
  const { client, session } = await open();
  client.runtime.nowMs += PROVABLE_MS;
  expect(session.signal.aborted).toBe(false);
  expect(session.remainingMs).toBe(0);
  expect(session.signal.aborted).toBe(true);
});

test("a renewal counts from when it was sent, whenever it is answered", async () => {
  const { client, session } = await open();
  client.runtime.advance(10_000);
  const sentAtMs = client.runtime.now();
  client.runtime.advance(5_000);
  client.renewals[0]!.resolve({ ttlSeconds: TTL_SECONDS, sentAtMs, raftTerm: 1 });
  await settle();
  expect(session.remainingMs).toBe(PROVABLE_MS - 5_000);
  // The next one is due a third of the TTL after that, or up to a tenth of this time earlier.
  client.runtime.advance(3_999);
  expect(client.renewals.length).toBe(1);
  client.runtime.advance(1_001);
  expect(client.renewals.length).toBe(2);
});

test("a failed renewal is repeated soon, and goes on until the provable end", async () => {
  const { client, session } = await open();
  client.runtime.advance(10_000);
  for (let i = 0; !session.signal.aborted; i++) {
    client.renewals[i]?.reject(lostConnection());
    await settle();
    client.runtime.advance(75);
  }
  expect(client.renewals.length).toBeGreaterThan(200);
  expect(client.runtime.timerCount).toBe(0);
});

test("a lease that the server says is gone ends the session at once", async () => {
  const { client, session } = await open();
  client.runtime.advance(10_000);
  client.renewals[0]!.resolve({ ttlSeconds: 0, sentAtMs: client.runtime.now(), raftTerm: 1 });
  await settle();
  expect(session.signal.reason).toMatchObject({ code: "ETCD_SESSION_EXPIRED" });
  expect(client.runtime.timerCount).toBe(0);
});

test("an answer after the provable end does not bring the session back", async () => {
  const { client, session } = await open();
  client.runtime.advance(10_000);
  const sentAtMs = client.runtime.now();
  client.runtime.nowMs += 60_000;
  client.renewals[0]!.resolve({ ttlSeconds: 1_000, sentAtMs, raftTerm: 1 });
  await settle();
  expect(session.signal.aborted).toBe(true);
});

test("closing the session, or its client, ends it at once and leaves no timer", async () => {
  for (const how of ["session", "client"] as const) {
    const { client, session } = await open();
    if (how === "session") await session.close();
    else client.closeClient();
    expect(session.signal.reason).toBeInstanceOf(LockLostError);
    expect(session.remainingMs).toBe(0);
    await session.close();
    expect(client.runtime.timerCount).toBe(0);
  }
});

test("a machine that was suspended finds the end of the session at the next check, although its clock stood still", async () => {
  const { client, session } = await open();
  let sleptMs = 0;
  const { runtime } = client;
  runtime.epochMs = () => 1_700_000_000_000 + runtime.nowMs + sleptMs;
  sleptMs = PROVABLE_MS - 1;
  session.assertAlive();
  sleptMs += 100;
  expect(() => {
    session.assertAlive();
  }).toThrow(LockLostError);
  expect(session.signal.aborted).toBe(true);
});

test("the end of a session tells all of ten thousand dependents once, in order, whatever one of them throws", async () => {
  const { client, session } = await open();
  const told: number[] = [];
  const stops = Array.from({ length: 10_000 }, (_, i) =>
    session.onEnd(() => {
      expect(session.signal.aborted).toBe(true);
      told.push(i);
      if (i === 5_000) throw new Error("mine");
    }),
  );
  for (let i = 0; i < 10_000; i += 3) stops[i]!();
  await session.close();
  client.runtime.endTick();
  expect(told).toEqual(Array.from({ length: 10_000 }, (_, i) => i).filter((i) => i % 3 !== 0));
  expect(client.runtime.uncaught).toEqual([new Error("mine")]);
  await session.close();
  expect(told).toHaveLength(6_666);
});

test("the end of a session ends each of its locks, in the order in which they were got", async () => {
  const etcd = new FakeEtcd();
  const client = new FakeClient(etcd);
  const session = await Session.create(client.real, { ttlSeconds: TTL_SECONDS });
  const locks: Lock[] = [];
  const lost: string[] = [];
  for (const name of ["a", "b", "c"]) {
    const locking = new Mutex(session, name).lock();
    while (etcd.steps.size === 0) await settle();
    while (etcd.steps.size > 0) for (const step of etcd.steps) step.go();
    const lock = await locking;
    lock.signal.addEventListener("abort", () => lost.push(name));
    locks.push(lock);
  }
  // Whoever listens to the session's own signal hears of it first, and must not see a lock that is held still.
  const seen: unknown[] = [];
  session.signal.addEventListener("abort", () => {
    for (const lock of locks) {
      seen.push(lock.isHeld);
      try {
        lock.assertHeld();
      } catch (error) {
        seen.push(error);
      }
    }
  });
  client.runtime.advance(PROVABLE_MS);
  expect(lost).toEqual(["a", "b", "c"]);
  const { reason } = session.signal as { reason: unknown };
  expect(seen).toEqual([false, reason, false, reason, false, reason]);
});

/** A client that has leases of its own making, which `resume` asks. */
class ResumingClient extends FakeClient {
  get lease(): Leases {
    return new Leases(this.parts as unknown as ClientParts, this.space);
  }
}

test("an orphaned session ends here and now, and its lease and keys stay", async () => {
  const { client, session } = await open();
  const { etcd } = client;
  const locking = new Mutex(session, "a").lock();
  while (etcd.steps.size === 0) await settle();
  while (etcd.steps.size > 0) for (const step of etcd.steps) step.go();
  const lock = await locking;
  client.runtime.advance(10_000);
  expect(client.renewals).toHaveLength(1);
  expect(session.orphan()).toBe(session.leaseId);
  expect(session.orphan()).toBe(session.leaseId);
  expect(session.signal.reason).toBeInstanceOf(LockLostError);
  expect(session.remainingMs).toBe(0);
  expect(lock.isHeld).toBe(false);
  expect(lock.signal.aborted).toBe(true);
  await session.close();
  await lock.release();
  await session[Symbol.asyncDispose]();
  client.renewals[0]!.resolve({ ttlSeconds: TTL_SECONDS, sentAtMs: client.runtime.now(), raftTerm: 1 });
  await settle();
  client.runtime.advance(60_000);
  expect(client.renewals).toHaveLength(1);
  expect(client.runtime.timerCount).toBe(0);
  expect(etcd.leases).toContain(session.leaseId);
  expect([...etcd.keys.keys()]).toEqual([lock.key]);
});

test("there is nothing to orphan in a session that has ended", async () => {
  for (const how of ["closed", "expired"] as const) {
    const { client, session } = await open();
    if (how === "closed") await session.close();
    else client.runtime.advance(PROVABLE_MS);
    expect(() => session.orphan()).toThrow(LockLostError);
  }
});

test("a session is resumed with one renewal, which says its TTL and from when it counts", async () => {
  const client = new ResumingClient(new FakeEtcd());
  const resuming = Session.resume(client.real, 77n, { timeoutMs: 5_000 });
  const sentAtMs = client.runtime.now();
  client.runtime.nowMs += 2_000;
  client.renewals[0]!.resolve({ ttlSeconds: TTL_SECONDS, sentAtMs, raftTerm: 1 });
  const session = await resuming;
  expect(session.leaseId).toBe(77n);
  expect(session.ttlSeconds).toBe(TTL_SECONDS);
  expect(session.remainingMs).toBe(PROVABLE_MS - 2_000);
  expect(client.renewals).toHaveLength(1);
  // It goes on renewing from there.
  client.runtime.advance(8_000);
  expect(client.renewals).toHaveLength(2);
  const again = Session.resume(client.real, 77n);
  client.renewals[2]!.resolve({ ttlSeconds: TTL_SECONDS, sentAtMs, raftTerm: 1 });
  // Two of one lease are told apart by the values of their keys.
  expect((await again).uniqueValue()).not.toBe(session.uniqueValue());
});

test("a lease that has ended is not resumed, nor is what cannot be one", async () => {
  const client = new ResumingClient(new FakeEtcd());
  const resuming = Session.resume(client.real, 77n);
  client.renewals[0]!.resolve({ ttlSeconds: 0, sentAtMs: client.runtime.now(), raftTerm: 1 });
  await expect(resuming).rejects.toMatchObject({ code: "ETCD_LEASE_NOT_FOUND" });
  const invalid = { code: "ETCD_INVALID_ARGUMENT" };
  await expect(Session.resume(client.real, 0n)).rejects.toMatchObject(invalid);
  await expect(Session.resume(client.real, 7 as never)).rejects.toMatchObject(invalid);
  await expect(Session.resume(client.real, undefined as never)).rejects.toMatchObject(invalid);
  await expect(Session.resume(undefined as never, 7n)).rejects.toMatchObject(invalid);
  await expect(Session.resume(client.real, 7n, { ttlSeconds: 5 } as never)).rejects.toMatchObject(invalid);
  expect(client.renewals).toHaveLength(1);
  expect(client.runtime.timerCount).toBe(0);
});
