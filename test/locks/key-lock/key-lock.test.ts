import { expect, test } from "vitest";
import { AbortError, LockLostError } from "../../../src/errors.js";
import { KeyLock } from "../../../src/locks/key-lock/key-lock.js";
import type { KeyLockOptions, KeyLockTry } from "../../../src/locks/key-lock/key-lock.js";
import type { Lock } from "../../../src/locks/lock.js";
import { Session } from "../../../src/locks/session.js";
import { HELD_KEY_WATCH_MS, LATE_APPLY_MS } from "../../../src/options.js";
import { FakeEtcd, run, settle } from "../fake-etcd.js";
import type { Step } from "../fake-etcd.js";
import { StepwiseClient } from "../stepwise-client.js";

const KEY = "k";
const TTL_SECONDS = 30;
/** 30 s less 1 % and 20 ms. */
const PROVABLE_MS = 29_680;

const LOOK = '["then"]';
const ACQUIRE = '["if","then","else"]';
const RELEASE = '["if","then"]';

const join = (etcd: FakeEtcd, options: KeyLockOptions = {}) => {
  const client = new StepwiseClient(etcd);
  client.ttlSeconds = TTL_SECONDS;
  return { client, keyLock: new KeyLock(client.real, KEY, { ttlSeconds: TTL_SECONDS, ...options }) };
};

const joinSession = async (etcd: FakeEtcd, options: KeyLockOptions = {}) => {
  const client = new StepwiseClient(etcd);
  client.ttlSeconds = TTL_SECONDS;
  const opening = Session.create(client.real, { ttlSeconds: TTL_SECONDS });
  await run(client);
  const session = await opening;
  return { client, session, keyLock: new KeyLock(session, KEY, options) };
};

/** What comes of `work` when everything that can happen has happened. */
const after = async <T>(work: Promise<T>, ...clients: StepwiseClient[]): Promise<T> => {
  work.catch(() => {});
  await run(...clients);
  return work;
};

/** The lock, which somebody has now. */
const held = async (keyLock: KeyLock, client: StepwiseClient): Promise<Lock> =>
  (await after(keyLock.tryLock(), client)).lock!;

test("with a lease of its own: a look, a grant, a transaction; and one revoke gives all of it back", async () => {
  const etcd = new FakeEtcd();
  const { client, keyLock } = join(etcd, { value: "worker 7" });
  const trying = keyLock.tryLock();
  expect(await run(client)).toEqual([LOOK, "grant", ACQUIRE]);
  const { lock, holder } = await trying;
  expect(holder).toBeUndefined();
  const entry = etcd.keys.get(KEY)!;
  expect(entry).toMatchObject({ value: "worker 7", createRevision: lock!.token });
  expect([...etcd.leases]).toEqual([entry.lease]);
  expect(lock!.isHeld).toBe(true);
  expect(lock!.guard()).toMatchObject([
    { target: "createRevision", operator: "=", key: KEY, operand: lock!.token },
  ]);
  const releasing = lock!.release();
  expect(await run(client)).toEqual(["revoke"]);
  await releasing;
  expect(etcd.keys.size + etcd.leases.size).toBe(0);
  expect(lock!.signal.reason).toMatchObject({ code: "ETCD_LOCK_LOST" });
  expect(client.runtime.timerCount).toBe(0);
});

test("a try that finds it taken is one read, with a session one transaction, and says who has it", async () => {
  const etcd = new FakeEtcd();
  const holder = join(etcd, { value: "A" });
  const lock = await held(holder.keyLock, holder.client);
  const { revision } = etcd;
  const others = [join(etcd), await joinSession(etcd)];
  const leases = [...etcd.leases];
  for (const [i, { client, keyLock }] of others.entries()) {
    for (let n = 0; n < 3; n++) {
      const trying = keyLock.tryLock();
      expect(await run(client)).toEqual([i === 0 ? LOOK : ACQUIRE]);
      const found: KeyLockTry = await trying;
      expect(found.lock).toBeUndefined();
      expect(found.holder!.value.string()).toBe("A");
      expect(found.holder).toMatchObject({ createRevision: lock.token, lease: leases[0] });
      expect(found.holder!.key.string()).toBe(KEY);
    }
  }
  // Nothing is left behind, and nothing was written.
  expect([...etcd.leases]).toEqual(leases);
  expect(etcd.revision).toBe(revision);
});

test("one that loses the race after its look revokes the lease that it has got for that", async () => {
  const etcd = new FakeEtcd();
  const first = join(etcd);
  const second = join(etcd);
  const tries = [first.keyLock.tryLock(), second.keyLock.tryLock()];
  await run(first.client, second.client);
  const results = await Promise.all(tries);
  expect(results.filter(({ lock }) => lock !== undefined)).toHaveLength(1);
  expect([...etcd.leases]).toEqual([etcd.keys.get(KEY)!.lease]);
});

test("with a session the key has its lease, and the release deletes the key alone", async () => {
  const etcd = new FakeEtcd();
  const { client, session, keyLock } = await joinSession(etcd);
  const trying = keyLock.tryLock({ value: "mine" });
  expect(await run(client)).toEqual([ACQUIRE]);
  const lock = (await trying).lock!;
  expect(etcd.keys.get(KEY)).toMatchObject({ value: "mine", lease: session.leaseId });
  const releasing = lock.release();
  expect(await run(client)).toEqual([RELEASE]);
  await releasing;
  expect(etcd.keys.size).toBe(0);
  expect([...etcd.leases]).toEqual([session.leaseId]);
  const again = await held(keyLock, client);
  expect(again.token).toBeGreaterThan(lock.token);
  const closing = session.close();
  await run(client);
  await closing;
  expect(again.signal.reason).toBe(session.signal.reason);
  await expect(keyLock.tryLock()).rejects.toMatchObject({ code: "ETCD_SESSION_EXPIRED" });
});

test("whoever waits tries once when it comes, and once for each time that the key goes", async () => {
  const etcd = new FakeEtcd();
  const holder = join(etcd);
  let lock = await held(holder.keyLock, holder.client);
  const waiter = await joinSession(etcd);
  const waits = Array.from({ length: 5 }, () => new KeyLock(waiter.session, KEY).lock());
  const locks: Lock[] = [];
  for (const wait of waits) void wait.then((got) => locks.push(got));
  // One try each when they come. None when the watch, which they share, has begun: nothing has happened since the tries.
  expect(await run(waiter.client)).toEqual(Array.from({ length: 5 }, () => ACQUIRE));
  expect(waiter.client.parts.watches.opened.size).toBe(1);
  for (let left = 5; left > 0; left--) {
    void lock.release();
    const sent = await run(holder.client, waiter.client);
    expect(sent.filter((what) => what === ACQUIRE)).toHaveLength(left);
    expect(locks).toHaveLength(6 - left);
    expect(locks.at(-1)!.token).toBeGreaterThan(lock.token);
    lock = locks.at(-1)!;
  }
});

test("whoever waits with a lease of its own has it by then: one transaction when the key goes", async () => {
  const etcd = new FakeEtcd();
  const holder = join(etcd);
  const lock = await held(holder.keyLock, holder.client);
  const waiter = join(etcd);
  const waiting = waiter.keyLock.lock();
  expect(await run(waiter.client)).toEqual([LOOK, "grant"]);
  void lock.release();
  expect((await run(holder.client, waiter.client)).filter((what) => what !== "revoke")).toEqual([ACQUIRE]);
  expect((await waiting).isHeld).toBe(true);
});

test("a wait goes on when its watch breaks, and when its lease is lost meanwhile", async () => {
  const etcd = new FakeEtcd();
  const holder = join(etcd);
  const lock = await held(holder.keyLock, holder.client);
  const waiter = join(etcd);
  const waiting = waiter.keyLock.lock();
  await run(waiter.client);
  for (const watch of waiter.client.parts.watches.opened) watch.break();
  const own = [...etcd.leases].find((lease) => lease !== etcd.keys.get(KEY)!.lease)!;
  etcd.expire(own);
  // Gone while nobody watched.
  void lock.release();
  await run(holder.client, waiter.client);
  waiter.client.runtime.advance(1_000);
  await run(waiter.client);
  const got = await waiting;
  expect(got.isHeld).toBe(true);
  expect(etcd.keys.get(KEY)!.lease).not.toBe(own);
});

test.each(["own lease", "session"])(
  "an abort at every step leaves neither key nor lease, or comes too late: %s",
  async (kind) => {
    let tooLateCount = 0;
    for (const isTaken of [false, true]) {
      for (let stepCount = 0; stepCount < 14; stepCount++) {
        const etcd = new FakeEtcd();
        const holder = join(etcd);
        const lock = isTaken ? await held(holder.keyLock, holder.client) : undefined;
        const { client, keyLock } = kind === "session" ? await joinSession(etcd) : join(etcd);
        const leases = [...etcd.leases];
        const controller = new AbortController();
        const locking = keyLock.lock({ signal: controller.signal }).then(
          (got) => got,
          (error: unknown) => error,
        );
        for (let i = 0; i < stepCount; i++) {
          await settle();
          if (i === 8) void lock?.release();
          for (const step of [...etcd.steps]) step.go();
          for (const watch of client.parts.watches.opened) watch.step();
        }
        controller.abort(new Error("enough"));
        const outcome = await after(locking, client, holder.client);
        if (outcome instanceof AbortError) expect(outcome.cause).toMatchObject({ message: "enough" });
        else {
          tooLateCount++;
          void (outcome as Lock).release();
        }
        if (stepCount < 9) void lock?.release();
        await run(client, holder.client);
        await keyLock.settled();
        expect([...etcd.keys], `after ${stepCount} steps`).toEqual([]);
        expect([...etcd.leases].filter((lease) => !leases.includes(lease))).toEqual([]);
        client.runtime.advance(LATE_APPLY_MS);
        expect(client.parts.watches.opened.size).toBe(0);
      }
    }
    expect(tooLateCount).toBeGreaterThan(0);
  },
);

test("an acquire whose answer was lost knows its own key again, or takes it away", async () => {
  for (const kind of ["own lease", "session"]) {
    for (const loseCount of [1, 2]) {
      const etcd = new FakeEtcd();
      const { client, keyLock } = kind === "session" ? await joinSession(etcd, { value: "v" }) : join(etcd);
      const trying = keyLock.tryLock();
      trying.catch(() => {});
      // The acquire reaches the store, and its answer does not reach us.
      let acquire: Step | undefined;
      while (acquire === undefined) {
        await settle();
        acquire = [...etcd.steps].find(({ what }) => what === ACQUIRE);
        if (acquire === undefined) for (const step of [...etcd.steps]) step.go();
      }
      acquire.go();
      expect(etcd.keys.size).toBe(1);
      acquire.lose();
      if (loseCount === 2) for (const step of etcd.steps) step.lose();
      await run(client);
      if (loseCount === 1) {
        const { lock } = await trying;
        expect(lock!.token).toBe(etcd.keys.get(KEY)!.createRevision);
        await after(lock!.release(), client);
      } else await expect(trying).rejects.toMatchObject({ code: "ETCD_CONNECTION_LOST" });
      await keyLock.settled();
      expect(etcd.keys.size).toBe(0);
      // The copy that was lost on its way there comes now.
      for (const arrive of etcd.late) arrive();
      client.runtime.advance(LATE_APPLY_MS);
      await run(client);
      expect(etcd.keys.size).toBe(0);
    }
  }
});

test("a key of the session that no lock of it stands for is left over, and makes way", async () => {
  const etcd = new FakeEtcd();
  const former = await joinSession(etcd);
  const lock = await held(former.keyLock, former.client);
  const client = new StepwiseClient(etcd);
  client.ttlSeconds = TTL_SECONDS;
  const session = await after(Session.resume(client.real, former.session.leaseId), client);
  const taken = await held(new KeyLock(session, KEY), client);
  expect(taken.token).toBeGreaterThan(lock.token);
  // The former holder hears of it, and what it writes under its guard fails already.
  former.client.runtime.advance(2 * HELD_KEY_WATCH_MS);
  await run(former.client);
  expect(lock.isHeld).toBe(false);
  expect(taken.isHeld).toBe(true);
  // Giving back what it has lost does not take the key from the new one.
  await after(lock.release(), former.client);
  expect(etcd.keys.get(KEY)!.createRevision).toBe(taken.token);
});

test("callers that share a session exclude one another, also those with one value", async () => {
  const etcd = new FakeEtcd();
  const { client, session } = await joinSession(etcd);
  const tries = Array.from({ length: 20 }, () => new KeyLock(session, KEY, { value: "same" }).tryLock());
  const results = await after(Promise.all(tries), client);
  const locks = results.flatMap(({ lock }) => (lock === undefined ? [] : [lock]));
  expect(locks).toHaveLength(1);
  for (const { holder } of results)
    if (holder !== undefined) expect(holder.createRevision).toBe(locks[0]!.token);
  await after(locks[0]!.release(), client);
  expect(etcd.keys.size).toBe(0);
});

test("an old reply that shows the key of another lock of the session, given back since, is not taken for one's own", async () => {
  const etcd = new FakeEtcd();
  const { client, session, keyLock } = await joinSession(etcd, { value: "same" });
  const lock = await held(keyLock, client);
  const trying = new KeyLock(session, KEY, { value: "same" }).tryLock();
  await settle();
  for (const step of [...etcd.steps]) step.lose();
  // Sent again, it finds the key of the lock; the answer is on its way while that is released.
  const [again] = [...etcd.steps];
  again!.go();
  const releasing = lock.release();
  await settle();
  for (const step of [...etcd.steps]) {
    if (step === again) continue;
    step.go();
    step.go();
  }
  await releasing;
  again!.go();
  const { lock: next } = await after(trying, client);
  expect(next!.token).toBeGreaterThan(lock.token);
  expect(etcd.keys.get(KEY)!.createRevision).toBe(next!.token);
});

test("maxHoldMs ends it for good, gives it back, and is found by a check whose timer is late", async () => {
  for (const make of [join, joinSession]) {
    const etcd = new FakeEtcd();
    const { client, keyLock } = await make(etcd, { maxHoldMs: 5_000 });
    for (const isLate of [false, true]) {
      const lock = await held(keyLock, client);
      client.runtime.advance(4_999);
      lock.assertHeld();
      if (isLate) client.runtime.nowMs += 1;
      else client.runtime.advance(1);
      expect(lock.isHeld).toBe(false);
      expect(() => {
        lock.assertHeld();
      }).toThrow("maxHoldMs");
      expect(lock.signal.reason).toBeInstanceOf(LockLostError);
      await run(client);
      expect(etcd.keys.size).toBe(0);
      await lock.release();
    }
    await expect(
      after(
        keyLock.withLock(() => {
          client.runtime.advance(5_000);
        }),
        client,
      ),
    ).rejects.toThrow("maxHoldMs");
  }
});

test("renew: false ends the lock with its TTL; true keeps it", async () => {
  for (const renew of [false, true]) {
    const etcd = new FakeEtcd();
    const { client, keyLock } = join(etcd, { renew });
    const lock = await held(keyLock, client);
    for (let ms = 0; ms < PROVABLE_MS - 1; ms += 5_000) {
      client.runtime.advance(Math.min(5_000, PROVABLE_MS - 1 - ms));
      await run(client);
    }
    lock.assertHeld();
    client.runtime.advance(1);
    expect(lock.isHeld).toBe(renew);
    if (renew) continue;
    expect(lock.signal.reason).toMatchObject({
      code: "ETCD_SESSION_EXPIRED",
      message: expect.stringMatching(
        /^the lease of lock "k" ended: lease 0x[0-9a-f]+ was not to be renewed, and its \d+ s are over$/,
      ) as string,
    });
    // What is over is taken away, if etcd has not done so yet.
    await run(client);
    expect(etcd.keys.size + etcd.leases.size).toBe(0);
  }
});

test("renew: false leaves the whole TTL to a lock that was waited for", async () => {
  const etcd = new FakeEtcd();
  const holder = join(etcd);
  const lock = await held(holder.keyLock, holder.client);
  const { client, keyLock } = join(etcd, { renew: false });
  const waiting = keyLock.lock();
  await run(client);
  // Its lease is kept alive while it waits.
  for (let n = 0; n < 20; n++) {
    client.runtime.advance(4_900);
    await run(client);
  }
  void lock.release();
  await run(holder.client, client);
  const got = await waiting;
  client.runtime.advance(PROVABLE_MS - 1);
  expect(got.isHeld).toBe(true);
  client.runtime.advance(1);
  expect(got.isHeld).toBe(false);
});

test("a key that somebody deletes is a lock that is lost, and its lease is revoked", async () => {
  const etcd = new FakeEtcd();
  const { client, keyLock } = join(etcd);
  const lock = await held(keyLock, client);
  client.runtime.advance(2 * HELD_KEY_WATCH_MS);
  await run(client);
  lock.assertHeld();
  etcd.delete(KEY);
  await run(client);
  expect(lock.signal.reason).toMatchObject({ code: "ETCD_LOCK_LOST" });
  expect(etcd.leases.size).toBe(0);
  await lock.release();
});

test("a release that etcd does not confirm says so, and goes on in the background", async () => {
  for (const make of [join, joinSession]) {
    const etcd = new FakeEtcd();
    const { client, keyLock } = await make(etcd);
    const lock = await held(keyLock, client);
    const releasing = lock.release();
    await settle();
    for (let n = 0; n < 2; n++) for (const step of [...etcd.steps]) step.lose();
    await expect(releasing).rejects.toMatchObject({ code: "ETCD_CONNECTION_LOST" });
    expect(lock.isHeld).toBe(false);
    await settle();
    for (const step of [...etcd.steps]) step.lose();
    await settle();
    client.runtime.advance(5_000);
    await run(client);
    expect(etcd.keys.size).toBe(0);
  }
});

test("a watch that begins after somebody has let go is followed by another try", async () => {
  const etcd = new FakeEtcd();
  const holder = join(etcd);
  const lock = await held(holder.keyLock, holder.client);
  const { client, keyLock } = await joinSession(etcd);
  const waiting = keyLock.lock();
  await settle();
  for (let n = 0; n < 2; n++) for (const step of [...etcd.steps]) step.go();
  await settle();
  // It has seen the key; its watch is on the way there.
  expect(client.parts.watches.opened.size).toBe(1);
  await after(lock.release(), holder.client);
  expect(await run(client)).toEqual([ACQUIRE]);
  expect((await waiting).isHeld).toBe(true);
});

test("a time limit ends a wait and a try", async () => {
  const etcd = new FakeEtcd();
  const holder = join(etcd);
  await held(holder.keyLock, holder.client);
  const { client, keyLock } = join(etcd);
  const waiting = keyLock.lock({ timeoutMs: 700 });
  waiting.catch(() => {});
  await run(client);
  client.runtime.advance(700);
  await expect(waiting).rejects.toMatchObject({ code: "ETCD_DEADLINE_EXCEEDED" });
  const trying = keyLock.tryLock({ timeoutMs: 300 });
  trying.catch(() => {});
  await settle();
  client.runtime.advance(300);
  await expect(trying).rejects.toMatchObject({ code: "ETCD_DEADLINE_EXCEEDED" });
  await run(client);
  await keyLock.settled();
  expect(etcd.leases.size).toBe(1);
});

test("what cannot work is refused, by a rejection where a promise is given", async () => {
  const etcd = new FakeEtcd();
  const { client, session, keyLock } = await joinSession(etcd);
  const make = (owner: unknown, key: unknown, options?: unknown) => () =>
    new KeyLock(owner as never, key as never, options as never);
  const invalid = { code: "ETCD_INVALID_ARGUMENT" };
  for (const wrong of [
    make({}, "k"),
    make(undefined, "k"),
    make(client, ""),
    make(client, 5),
    make(client, "k".repeat(200_000)),
    make(client, "k", null),
    make(client, "k", { ttl: 5 }),
    make(client, "k", { ttlSeconds: 0 }),
    make(client, "k", { ttlSeconds: 1.5 }),
    make(client, "k", { renew: "no" }),
    make(client, "k", { maxHoldMs: 0 }),
    make(client, "k", { maxHoldMs: Infinity }),
    make(client, "k", { value: 7 }),
    make(session, "k", { ttlSeconds: 5 }),
    make(session, "k", { renew: true }),
  ])
    expect(wrong).toThrow(expect.objectContaining(invalid));
  for (const wrong of [{ timeout: 5 }, { timeoutMs: -1 }, { value: {} }, { signal: {} }, null]) {
    await expect(keyLock.tryLock(wrong as never)).rejects.toMatchObject(invalid);
    await expect(keyLock.lock(wrong as never)).rejects.toMatchObject(invalid);
    await expect(keyLock.withLock(() => 5, wrong as never)).rejects.toMatchObject(invalid);
  }
  await expect(keyLock.lock({ signal: AbortSignal.abort() })).rejects.toBeInstanceOf(AbortError);
  expect(etcd.steps.size).toBe(0);
});
