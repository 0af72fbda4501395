import { expect, test } from "vitest";
import { AbortError, ArgumentError } from "../../../src/errors.js";
import { LATE_APPLY_MS, LOCAL_HANDOVER_MAX, LOCK_OWNER_MAX_BYTES } from "../../../src/options.js";
import type { Lock } from "../../../src/locks/lock.js";
import { Mutex } from "../../../src/locks/mutex/mutex.js";
import type { MutexOptions } from "../../../src/locks/mutex/mutex.js";
import { Session } from "../../../src/locks/session.js";
import { FakeClient, FakeEtcd, run, settle } from "../fake-etcd.js";

const join = async (etcd: FakeEtcd): Promise<{ client: FakeClient; session: Session }> => {
  const client = new FakeClient(etcd);
  return { client, session: await Session.create(client.real, { ttlSeconds: 60 }) };
};

const outcome = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "done",
    (error: unknown) => error,
  );

/** A holder and `count` callers behind it, all of one session. */
const queue = async (count: number, options: MutexOptions = {}) => {
  const etcd = new FakeEtcd();
  const { client, session } = await join(etcd);
  const mutex = new Mutex(session, "a", options);
  const held = mutex.lock();
  await run(client);
  const lock = await held;
  const controllers = Array.from({ length: count }, () => new AbortController());
  const waiting = controllers.map(({ signal }) => mutex.lock({ signal }));
  for (const each of waiting) each.catch(() => {});
  return { etcd, client, session, mutex, lock, waiting, controllers };
};

const guardHolds = (etcd: FakeEtcd, lock: Lock): boolean => {
  const entry = etcd.keys.get(lock.key);
  return lock
    .guard()
    .every(({ target, operand }) => (target === "value" ? entry?.value : entry?.createRevision) === operand);
};

test("a release passes the lock on to the next caller here by one request, with a token and a guard of its own", async () => {
  const { etcd, client, lock, waiting } = await queue(2);
  expect(await run(client)).toHaveLength(0);
  void lock.release();
  expect(lock.isHeld).toBe(false);
  expect(await run(client)).toHaveLength(1);
  const next = await waiting[0]!;
  expect(next.token).toBe(etcd.revision);
  expect(next.token).toBeGreaterThan(lock.token);
  expect(guardHolds(etcd, next)).toBe(true);
  expect(guardHolds(etcd, lock)).toBe(false);
  void next.release();
  await run(client);
  const last = await waiting[1]!;
  void last.release();
  await run(client);
  expect(etcd.keys.size).toBe(0);
});

test("a hand-over of which no answer came back once is recognised by its value when it is repeated", async () => {
  const { etcd, client, lock, waiting } = await queue(1);
  const released = lock.release();
  const [step] = etcd.steps;
  step!.go();
  const { revision } = etcd;
  step!.lose();
  await run(client);
  await released;
  expect((await waiting[0]!).token).toBe(revision);
  expect(etcd.revision).toBe(revision);
});

test("with a shared token the lock passes on without a request, and all of them have one token and one guard", async () => {
  const { etcd, client, lock, waiting } = await queue(3, { localHandover: "shared-token" });
  await lock.release();
  const next = await waiting[0]!;
  expect(next.token).toBe(lock.token);
  expect(next.guard()).toEqual(lock.guard());
  expect(lock.isHeld).toBe(false);
  next.assertHeld();
  await next.release();
  await (await waiting[1]!).release();
  expect(etcd.steps.size).toBe(0);
  void (await waiting[2]!).release();
  expect(await run(client)).toHaveLength(1);
  expect(etcd.keys.size).toBe(0);
});

test("after so many hand-overs here the lock goes to whoever waits elsewhere, and the callers here stand in line again", async () => {
  for (const localHandover of ["fresh-token", "shared-token"] as const) {
    const { etcd, client, session, lock, waiting } = await queue(4, {
      localHandoverMaxCount: 2,
      localHandover,
    });
    const other = await join(etcd);
    const clients = [client, other.client];
    const remote = new Mutex(other.session, "a").lock();
    await run(...clients);
    let holder = lock;
    for (const next of waiting.slice(0, 2)) {
      void holder.release();
      await run(...clients);
      holder = await next;
    }
    void holder.release();
    // The hand-over that finds others behind, and the acquire with which those here stand in line.
    expect(await run(...clients)).toHaveLength(2);
    const theirs = await remote;
    expect(etcd.holder("a/")).toBe(theirs.key);
    expect(theirs.token).toBeGreaterThan(holder.token);
    void theirs.release();
    await run(...clients);
    const third = await waiting[2]!;
    expect(third.token).toBeGreaterThan(theirs.token);
    // Nobody else waits now: the lock passes on for ever, and the count begins again each time.
    void third.release();
    await run(...clients);
    expect(guardHolds(etcd, await waiting[3]!)).toBe(true);
    expect(third.key).toBe(`a/${session.leaseId.toString(16)}`);
  }
});

test("a bound of 0 passes the lock on while nobody else waits, and to nobody past others", async () => {
  const { etcd, client, lock, waiting } = await queue(2, { localHandoverMaxCount: 0 });
  void lock.release();
  expect(await run(client)).toHaveLength(1);
  const next = await waiting[0]!;
  const other = await join(etcd);
  const remote = new Mutex(other.session, "a").lock();
  await run(client, other.client);
  void next.release();
  await run(client, other.client);
  expect(etcd.holder("a/")).toBe((await remote).key);
  expect(await Promise.race([outcome(waiting[1]!), settle()])).toBe(undefined);
});

test("a lock that has been here for long goes to whoever waits elsewhere, however few had it", async () => {
  const { etcd, client, lock } = await queue(1);
  const other = await join(etcd);
  const remote = new Mutex(other.session, "a").lock();
  await run(client, other.client);
  client.runtime.advance(LOCAL_HANDOVER_MAX.ms);
  void lock.release();
  await run(client, other.client);
  expect(etcd.holder("a/")).toBe((await remote).key);
});

test("a conditional hand-over whose answer was lost is recognised, whether it passed the lock on or gave it up", async () => {
  for (const isContended of [false, true]) {
    const { etcd, client, lock, waiting } = await queue(1, { localHandoverMaxCount: 0 });
    const other = await join(etcd);
    const clients = [client, other.client];
    const remote = isContended ? new Mutex(other.session, "a").lock() : undefined;
    await run(...clients);
    const released = lock.release();
    const [step] = etcd.steps;
    step!.go();
    step!.lose();
    await run(...clients);
    await released;
    if (remote !== undefined) void (await remote).release();
    await run(...clients);
    const next = await waiting[0]!;
    expect(next.token).toBeGreaterThan(lock.token);
    expect(guardHolds(etcd, next)).toBe(true);
  }
});

test("a caller that gives up during the hand-over is passed over; the last one leaves no key", async () => {
  const { etcd, client, lock, waiting, controllers, mutex } = await queue(2);
  const released = lock.release();
  controllers[0]!.abort();
  await run(client);
  await released;
  expect(await outcome(waiting[0]!)).toBeInstanceOf(AbortError);
  const next = await waiting[1]!;
  expect(guardHolds(etcd, next)).toBe(true);
  const last = new AbortController();
  const gone = outcome(mutex.lock({ signal: last.signal }));
  void next.release();
  last.abort();
  await run(client);
  expect(await gone).toBeInstanceOf(AbortError);
  expect(etcd.keys.size).toBe(0);
});

test("when a hand-over gets no answer the release says so, and the next caller acquires anew", async () => {
  for (const applied of [false, true]) {
    const { etcd, client, lock, waiting } = await queue(1);
    const released = outcome(lock.release());
    if (applied) [...etcd.steps][0]!.go();
    [...etcd.steps][0]!.lose();
    [...etcd.steps][0]!.lose();
    expect(await released).toMatchObject({ code: "ETCD_CONNECTION_LOST" });
    await run(client);
    const next = await waiting[0]!;
    expect(next.token).toBeGreaterThan(lock.token);
    // Nothing that comes late takes it away.
    for (const arrive of [...etcd.late]) arrive();
    client.runtime.advance(LATE_APPLY_MS);
    await run(client);
    expect(guardHolds(etcd, next)).toBe(true);
    next.assertHeld();
  }
});

test("a copy of the acquire that etcd does after the lock was released is cleaned away, also after hand-overs", async () => {
  const etcd = new FakeEtcd();
  const { client, session } = await join(etcd);
  const mutex = new Mutex(session, "a");
  const all = [mutex.withLock(() => {}), mutex.withLock(() => {})];
  // The first copy is held up on its way, and its repeat takes the lock.
  [...etcd.steps][0]!.lose();
  await run(client);
  await Promise.all(all);
  expect(etcd.keys.size).toBe(0);
  [...etcd.late][0]!();
  expect(etcd.keys.size).toBe(1);
  client.runtime.advance(LATE_APPLY_MS);
  await run(client);
  expect(etcd.keys.size).toBe(0);
});

test("a key that somebody deletes loses the lock, and those who wait here do not wait for the loser's release", async () => {
  const { etcd, client, lock, waiting } = await queue(1);
  const other = await join(etcd);
  const remote = new Mutex(other.session, "a").lock();
  const clients = [client, other.client];
  await run(...clients);
  // Held for a while: the key is watched.
  client.runtime.advance(2_000);
  await run(...clients);
  etcd.delete(lock.key);
  await run(...clients);
  expect(lock.signal.reason).toMatchObject({ code: "ETCD_LOCK_LOST" });
  void (await remote).release();
  await run(...clients);
  const next = await waiting[0]!;
  next.assertHeld();
  await lock.release();
  expect(etcd.steps.size).toBe(0);
  expect(guardHolds(etcd, next)).toBe(true);
});

test("a key that is deleted right after it was passed on is not taken for held", async () => {
  const { etcd, client, lock, waiting } = await queue(1);
  client.runtime.advance(2_000);
  await run(client);
  void lock.release();
  const [step] = etcd.steps;
  step!.go();
  etcd.delete(lock.key);
  for (const watch of client.parts.watches.opened) watch.step();
  step!.go();
  await run(client);
  const next = await waiting[0]!;
  next.assertHeld();
  expect(guardHolds(etcd, next)).toBe(true);
});

test("whoever begins to wait keeps the place in etcd's line when the first one here gives up", async () => {
  const etcd = new FakeEtcd();
  const [a, b] = [await join(etcd), await join(etcd)];
  const clients = [a.client, b.client];
  const held = new Mutex(a.session, "a").lock();
  await run(...clients);
  const mutex = new Mutex(b.session, "a");
  const controller = new AbortController();
  const first = outcome(mutex.lock({ signal: controller.signal }));
  const second = mutex.lock();
  await run(...clients);
  const { createRevision } = etcd.keys.get(`a/${b.session.leaseId.toString(16)}`)!;
  controller.abort();
  expect(await first).toBeInstanceOf(AbortError);
  expect(await run(...clients)).toHaveLength(0);
  void (await held).release();
  await run(...clients);
  expect((await second).guard()[0]!.operand).toBe(createRevision);
});

test("ten thousand callers wait for one name, and get the lock in order", async () => {
  const { etcd, client, lock, waiting } = await queue(10_000, {
    localHandover: "shared-token",
    localHandoverMaxCount: 1_000,
  });
  const order: number[] = [];
  const all = waiting.map(async (each, i) => {
    const held = await each;
    order.push(i);
    await held.release();
  });
  void lock.release();
  await run(client);
  await Promise.all(all);
  expect(order.every((i, at) => i === at)).toBe(true);
  expect(order).toHaveLength(10_000);
  expect(etcd.keys.size).toBe(0);
});

test("tryLock takes a free lock, and says who has one that is taken without writing anything", async () => {
  const etcd = new FakeEtcd();
  const [a, b] = [await join(etcd), await join(etcd)];
  const clients = [a.client, b.client];
  const mine = new Mutex(a.session, "a", { owner: "host 1, pid 2" });
  const trying = mine.tryLock();
  expect(await run(...clients)).toHaveLength(1);
  const { lock } = await trying;
  lock!.assertHeld();
  expect(guardHolds(etcd, lock!)).toBe(true);
  const { revision } = etcd;
  const theirs = new Mutex(b.session, "a").tryLock();
  expect(await run(...clients)).toHaveLength(1);
  const holder = { key: lock!.key, createRevision: lock!.token, owner: "host 1, pid 2" };
  expect(await theirs).toEqual({ lock: undefined, holder: { ...holder, isOurs: false } });
  // In this process it is known without a question.
  const again = mine.tryLock();
  expect(await run(...clients)).toHaveLength(0);
  expect(await again).toEqual({ lock: undefined, holder: { ...holder, isOurs: true } });
  expect(etcd.revision).toBe(revision);
  void lock!.release();
  await run(...clients);
  expect(etcd.keys.size).toBe(0);
});

test("tryLock recognises its own key when its answer was lost, and removes one that was left behind", async () => {
  const etcd = new FakeEtcd();
  const { client, session } = await join(etcd);
  const mutex = new Mutex(session, "a");
  const first = mutex.tryLock();
  [...etcd.steps][0]!.go();
  [...etcd.steps][0]!.lose();
  await run(client);
  const { lock } = await first;
  expect(lock!.token).toBe(etcd.revision);
  const released = outcome(lock!.release());
  [...etcd.steps][0]!.lose();
  [...etcd.steps][0]!.lose();
  await released;
  const second = mutex.tryLock();
  await run(client);
  expect((await second).lock!.token).toBeGreaterThan(lock!.token);
});

test("a tryLock that fails without an answer, or is aborted, leaves no key, and those behind it get the lock", async () => {
  const etcd = new FakeEtcd();
  const { client, session } = await join(etcd);
  const mutex = new Mutex(session, "a");
  const failed = outcome(mutex.tryLock());
  const behind = mutex.lock();
  // While others wait the holder is whoever is first at etcd: nobody yet.
  const busy = mutex.tryLock();
  const [sent, read] = [...etcd.steps];
  read!.go();
  read!.go();
  expect(await busy).toMatchObject({ holder: { createRevision: 0, isOurs: true } });
  sent!.go();
  sent!.lose();
  [...etcd.steps][0]!.lose();
  expect(await failed).toMatchObject({ code: "ETCD_CONNECTION_LOST", mayHaveApplied: true });
  await run(client);
  const lock = await behind;
  expect(guardHolds(etcd, lock)).toBe(true);
  for (const arrive of [...etcd.late]) arrive();
  client.runtime.advance(LATE_APPLY_MS);
  await run(client);
  expect(guardHolds(etcd, lock)).toBe(true);
  void lock.release();
  await run(client);
  await mutex.settled();
  expect(etcd.keys.size).toBe(0);
  const aborted = AbortSignal.abort(new Error("no"));
  expect(await outcome(mutex.tryLock({ signal: aborted }))).toBeInstanceOf(AbortError);
});

test("a holder that another program made has no owner", async () => {
  const etcd = new FakeEtcd();
  const { client, session } = await join(etcd);
  etcd.keys.set("a/7f", { value: "", lease: 1n, createRevision: 1, modRevision: 1 });
  const trying = new Mutex(session, "a").tryLock();
  await run(client);
  expect((await trying).holder).toEqual({ key: "a/7f", createRevision: 1, owner: undefined, isOurs: false });
});

test("code inside of withLock that asks for the lock again is told, and other code waits", async () => {
  const etcd = new FakeEtcd();
  const { client, session } = await join(etcd);
  const mutex = new Mutex(session, "a");
  const inside: unknown[] = [];
  const outer = mutex.withLock(async () => {
    const same = new Mutex(session, "a");
    inside.push(
      await outcome(mutex.lock()),
      await outcome(same.tryLock()),
      await outcome(same.withLock(() => {})),
    );
    await new Mutex(session, "b").withLock(() => {});
  });
  const later = mutex.withLock(() => {});
  await run(client);
  await Promise.all([outer, later]);
  for (const error of inside)
    expect(error).toMatchObject({ code: "ETCD_LOCK_REENTERED", mayHaveApplied: false, attempts: 0 });
});

test("a reentrant mutex gives the lock once more, and the outermost release gives it up", async () => {
  const etcd = new FakeEtcd();
  const { client, session } = await join(etcd);
  const mutex = new Mutex(session, "a", { reentrant: true });
  let left: Lock | undefined;
  const done = mutex.withLock(async (outer) => {
    const inner = await mutex.lock();
    expect(inner.token).toBe(outer.token);
    expect(inner.guard()).toEqual(outer.guard());
    await mutex.withLock((third) => {
      third.assertHeld();
    });
    expect((await mutex.tryLock()).lock!.isHeld).toBe(true);
    await inner.release();
    expect(inner.isHeld).toBe(false);
    outer.assertHeld();
    expect(guardHolds(etcd, outer)).toBe(true);
    left = await mutex.lock();
  });
  await run(client);
  await done;
  expect(left!.isHeld).toBe(false);
  expect(etcd.keys.size).toBe(0);
});

test("after the lock was lost, or released, the same task may ask for it again", async () => {
  const etcd = new FakeEtcd();
  const { client, session } = await join(etcd);
  const mutex = new Mutex(session, "a");
  const done = mutex
    .withLock(async (lock) => {
      await lock.release();
      await (await mutex.lock()).release();
    })
    .then(() => "done");
  await run(client);
  expect(await done).toBe("done");
});

test("a session that was taken over adopts the lock of its former owner, with a new token", async () => {
  const etcd = new FakeEtcd();
  const { client, session } = await join(etcd);
  const held = new Mutex(session, "a").lock();
  await run(client);
  const before = await held;
  session.orphan();
  const heir = new FakeClient(etcd);
  // The test's own random numbers are the same in each process.
  heir.runtime.random();
  // As `Session.resume` does: another session of the same lease.
  const { leaseId: id, ttlSeconds } = session;
  heir.leases.grant = () => Promise.resolve({ id, ttlSeconds, sentAtMs: heir.runtime.now(), raftTerm: 1 });
  const mutex = new Mutex(await Session.create(heir.real), "a");
  const adopted = mutex.resume();
  await run(heir);
  const lock = (await adopted)!;
  expect(lock.token).toBeGreaterThan(before.token);
  expect(guardHolds(etcd, lock)).toBe(true);
  expect(guardHolds(etcd, before)).toBe(false);
  expect(await mutex.resume()).toBe(undefined);
});

test("options that cannot work are refused", async () => {
  const { session, client } = await join(new FakeEtcd());
  const bad: unknown[] = [
    { localHandover: "none" },
    { localHandoverMaxCount: -1 },
    { localHandoverMaxCount: 0.5 },
    { owner: 7 },
    { owner: "x".repeat(LOCK_OWNER_MAX_BYTES + 1) },
    { reentrant: 1 },
    { ttl: 1 },
  ];
  for (const options of bad)
    expect(() => new Mutex(session, "a", options as MutexOptions)).toThrow(ArgumentError);
  const mutex = new Mutex(session, "a");
  expect(await outcome(mutex.lock({ wait: 1 } as object))).toBeInstanceOf(ArgumentError);
  expect(await outcome(mutex.tryLock({ timeoutMs: -1 }))).toBeInstanceOf(ArgumentError);
  expect(client.etcd.steps.size).toBe(0);
});
