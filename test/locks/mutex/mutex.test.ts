import { expect, test } from "vitest";
import { AbortError, LockLostError } from "../../../src/errors.js";
import { LATE_APPLY_MS, WARM_WATCH_MS } from "../../../src/options.js";
import type { Lock } from "../../../src/locks/lock.js";
import { Mutex } from "../../../src/locks/mutex/mutex.js";
import { Session } from "../../../src/locks/session.js";
import { FakeClient, FakeEtcd, lostConnection, run, settle } from "../fake-etcd.js";

const PREFIX = "a/";

const keyOf = (session: Session): string => `${PREFIX}${session.leaseId.toString(16)}`;

/** One client and session on `etcd`. */
const join = async (etcd: FakeEtcd): Promise<{ client: FakeClient; session: Session; mutex: Mutex }> => {
  const client = new FakeClient(etcd);
  const session = await Session.create(client.real, { ttlSeconds: 60 });
  return { client, session, mutex: new Mutex(session, "a") };
};

/** A holder and one who waits in line behind it, with a watch. */
const contend = async (etcd: FakeEtcd) => {
  const holder = await join(etcd);
  const waiter = await join(etcd);
  const clients = [holder.client, waiter.client];
  const held = holder.mutex.lock();
  await run(...clients);
  const lock = await held;
  const controller = new AbortController();
  const waiting = waiter.mutex.lock({ signal: controller.signal });
  waiting.catch(() => {});
  await run(...clients);
  return { holder, waiter, clients, lock, waiting, controller };
};

const outcome = (promise: Promise<Lock>): Promise<unknown> =>
  promise.then(
    () => "held",
    (error: unknown) => error,
  );

test("an abort in the same tick as the call is heard, while it waits for its turn too", async () => {
  const etcd = new FakeEtcd();
  const { client, mutex, session } = await join(etcd);
  const first = new AbortController();
  const second = new AbortController();
  const locks = [mutex.lock({ signal: first.signal }), mutex.lock({ signal: second.signal })].map(outcome);
  first.abort();
  second.abort();
  for (const lock of locks) expect(await lock).toBeInstanceOf(AbortError);
  await run(client);
  await mutex.settled();
  expect(etcd.keys.size).toBe(0);
  const later = mutex.lock();
  await run(client);
  expect((await later).key).toBe(keyOf(session));
});

test("an abort at every step of an acquire leaves no key and no watch behind, or grants the lock", async () => {
  for (let stepCount = 0; stepCount < 12; stepCount++) {
    const etcd = new FakeEtcd();
    const holder = await join(etcd);
    const waiter = await join(etcd);
    const clients = [holder.client, waiter.client];
    const held = holder.mutex.lock();
    await run(...clients);
    const lock = await held;
    const controller = new AbortController();
    const result = outcome(waiter.mutex.lock({ signal: controller.signal }));
    await settle();
    for (let i = 0; i < stepCount; i++) {
      if (i === 6) void lock.release();
      [...etcd.steps][0]?.go();
      for (const watch of waiter.client.parts.watches.opened) watch.step();
      if (i % 2 === 0) await settle();
    }
    controller.abort(new Error("enough"));
    await run(...clients);
    const ended = await result;
    if (ended === "held") continue;
    expect(ended).toBeInstanceOf(AbortError);
    await waiter.mutex.settled();
    expect(etcd.keys.has(keyOf(waiter.session)), `after ${stepCount} steps`).toBe(false);
    waiter.client.runtime.advance(WARM_WATCH_MS);
    expect(waiter.client.parts.watches.opened.size).toBe(0);
  }
});

test("a waiter whose watch began before its predecessor left takes the lock without another read", async () => {
  const etcd = new FakeEtcd();
  const { waiter, clients, lock, waiting } = await contend(etcd);
  void lock.release();
  await run(...clients);
  const first = await waiting;
  expect(first.token).toBeGreaterThan(lock.token);
  // The watch is still warm: no look at all.
  const other = await join(etcd);
  void first.release();
  await run(...clients);
  const taken = other.mutex.lock();
  await run(...clients, other.client);
  const again = waiter.mutex.lock();
  await run(...clients, other.client);
  void (await taken).release();
  await run(...clients, other.client);
  expect((await again).token).toBeGreaterThan((await taken).token);
  expect(waiter.client.looks).toBe(0);
});

test("one look closes the gap when the watch began after its predecessor had left", async () => {
  const etcd = new FakeEtcd();
  const holder = await join(etcd);
  const waiter = await join(etcd);
  const clients = [holder.client, waiter.client];
  const held = holder.mutex.lock();
  await run(...clients);
  const waiting = waiter.mutex.lock();
  await settle();
  const [step] = etcd.steps;
  step!.go();
  step!.go();
  await settle();
  // The waiter has its reply and has asked for a watch; now the lock is released, unseen.
  etcd.delete((await held).key);
  await run(...clients);
  expect((await waiting).token).toBeGreaterThan((await held).token);
  expect(waiter.client.looks).toBe(1);
});

test("a deletion that a warm watch reports before the acquire's own reply counts", async () => {
  const etcd = new FakeEtcd();
  const { holder, waiter, clients, lock, waiting } = await contend(etcd);
  void lock.release();
  await run(...clients);
  await Promise.all([(await waiting).release(), run(...clients)]);
  const held = holder.mutex.lock();
  await run(...clients);
  const again = waiter.mutex.lock();
  await settle();
  const [step] = etcd.steps;
  step!.go();
  etcd.delete((await held).key);
  for (const watch of waiter.client.parts.watches.opened) while (!watch.isIdle) watch.step();
  step!.go();
  expect((await again).token).toBeGreaterThan((await held).token);
  expect(waiter.client.looks).toBe(0);
});

test("a watch that breaks while its predecessor leaves is opened again, and the wait ends", async () => {
  const etcd = new FakeEtcd();
  const { waiter, clients, lock, waiting } = await contend(etcd);
  for (const watch of waiter.client.parts.watches.opened) watch.break();
  void lock.release();
  await run(...clients);
  for (let i = 0; i < 3; i++) {
    for (const watch of waiter.client.parts.watches.opened) watch.break();
    waiter.client.runtime.advance(1_000);
    await settle();
  }
  await run(...clients);
  expect((await waiting).token).toBeGreaterThan(lock.token);
});

test("a key of ours that somebody deletes while we wait ends the wait", async () => {
  const etcd = new FakeEtcd();
  const { waiter, clients, waiting } = await contend(etcd);
  etcd.delete(keyOf(waiter.session));
  await run(...clients);
  expect(await outcome(waiting)).toMatchObject({ code: "ETCD_SESSION_EXPIRED" });
});

test("a key that is deleted in the very read that granted the lock does not go unnoticed", async () => {
  const etcd = new FakeEtcd();
  const { waiter, clients, lock, waiting } = await contend(etcd);
  void lock.release();
  [...etcd.steps][0]!.go();
  etcd.delete(keyOf(waiter.session));
  // Both messages in one chunk: no promise reaction runs between them.
  for (const watch of waiter.client.parts.watches.opened) {
    watch.step();
    watch.step();
  }
  await run(...clients);
  expect(await outcome(waiting)).toBeInstanceOf(LockLostError);
});

test("a late copy of a given-up acquire's clean-up cannot delete the key of the lock that came after it", async () => {
  const etcd = new FakeEtcd();
  const { client, mutex, session } = await join(etcd);
  const failed = outcome(mutex.lock());
  await settle();
  // The acquire and its repeat are lost before they arrive.
  [...etcd.steps][0]!.lose();
  [...etcd.steps][0]!.lose();
  await failed;
  await settle();
  // The clean-up is lost once and its repeat gets through; the lost one arrives when the lock is held again.
  [...etcd.steps][0]!.lose();
  const abandon = [...etcd.late].at(-1)!;
  const next = mutex.lock();
  await run(client);
  const lock = await next;
  abandon();
  expect(etcd.keys.has(keyOf(session))).toBe(true);
  client.runtime.advance(LATE_APPLY_MS);
  await run(client);
  expect(etcd.keys.get(keyOf(session))?.createRevision).toBe(lock.token);
  lock.assertHeld();
});

test("an acquire that etcd does after it was given up is cleaned away", async () => {
  const etcd = new FakeEtcd();
  const { client, mutex, session } = await join(etcd);
  const failed = outcome(mutex.lock());
  await settle();
  [...etcd.steps][0]!.lose();
  [...etcd.steps][0]!.lose();
  expect(await failed).toMatchObject({ code: "ETCD_CONNECTION_LOST", mayHaveApplied: true });
  await run(client);
  await mutex.settled();
  [...etcd.late][0]!();
  expect(etcd.keys.has(keyOf(session))).toBe(true);
  client.runtime.advance(LATE_APPLY_MS);
  await run(client);
  expect(etcd.keys.has(keyOf(session))).toBe(false);
});

test("a release that fails says so, and goes on until the key is gone", async () => {
  const etcd = new FakeEtcd();
  const { client, mutex } = await join(etcd);
  const held = mutex.lock();
  await run(client);
  const lock = await held;
  const released = lock.release();
  [...etcd.steps][0]!.lose();
  [...etcd.steps][0]!.lose();
  await expect(released).rejects.toMatchObject({ code: "ETCD_CONNECTION_LOST" });
  expect(etcd.keys.size).toBe(1);
  client.runtime.advance(1_000);
  await run(client);
  expect(etcd.keys.size).toBe(0);
});

test("a key that an earlier acquire left behind is removed first: its token is not used twice", async () => {
  const etcd = new FakeEtcd();
  const { client, mutex } = await join(etcd);
  const held = mutex.lock();
  await run(client);
  const first = await held;
  const released = outcome(first.release() as unknown as Promise<Lock>);
  [...etcd.steps][0]!.lose();
  [...etcd.steps][0]!.lose();
  await released;
  const again = mutex.lock();
  await run(client);
  const second = await again;
  expect(second.token).toBeGreaterThan(first.token);
  // What is still under way for the first one does not touch the second.
  client.runtime.advance(10_000);
  for (const late of etcd.late) late();
  await run(client);
  expect(etcd.keys.get(second.key)?.createRevision).toBe(second.token);
});

test("callers of one session take turns in order, and one that gives up is passed over", async () => {
  const etcd = new FakeEtcd();
  const { client, session, mutex } = await join(etcd);
  const order: number[] = [];
  const controller = new AbortController();
  const all = [0, 1, 2, 3, 4].map((i) =>
    (i % 2 === 0 ? mutex : new Mutex(session, "a"))
      .withLock(
        () => {
          order.push(i);
          if (i === 0) controller.abort();
        },
        i === 3 ? { signal: controller.signal } : {},
      )
      .catch((error: unknown) => error),
  );
  await run(client);
  const results = await Promise.all(all);
  expect(order).toEqual([0, 1, 2, 4]);
  expect(results[3]).toBeInstanceOf(AbortError);
  expect(etcd.keys.size).toBe(0);
});

test("a time limit ends a wait with its own error, and the abort of a caller with another", async () => {
  const etcd = new FakeEtcd();
  const { waiter, clients } = await contend(etcd);
  const local = outcome(waiter.mutex.lock({ timeoutMs: 500, signal: new AbortController().signal }));
  await settle();
  waiter.client.runtime.advance(500);
  expect(await local).toMatchObject({ code: "ETCD_DEADLINE_EXCEEDED", mayHaveApplied: false });
  await run(...clients);
  expect(etcd.keys.size).toBe(2);
});

test("the end of a session ends its waiter, its local queue and the lock it holds, and lets go of the watch", async () => {
  for (const how of ["close", "client", "expiry"] as const) {
    const etcd = new FakeEtcd();
    const { holder, waiter, clients, lock, waiting } = await contend(etcd);
    const queued = outcome(waiter.mutex.lock());
    await settle();
    for (const { client, session } of [holder, waiter]) {
      if (how === "close") void session.close();
      else if (how === "client") client.closeClient();
      else client.runtime.stall(61_000);
    }
    await run(...clients);
    expect(await outcome(waiting)).toMatchObject({ name: "LockLostError", code: "ETCD_SESSION_EXPIRED" });
    expect(await queued).toMatchObject({ code: "ETCD_SESSION_EXPIRED" });
    expect(lock.signal.aborted).toBe(true);
    expect(() => {
      lock.assertHeld();
    }).toThrow(LockLostError);
    await lock.release();
    await waiter.mutex.settled();
    await run(...clients);
    for (const { client } of [holder, waiter]) {
      client.runtime.advance(WARM_WATCH_MS);
      await settle();
      expect(client.parts.watches.opened.size, how).toBe(0);
      client.runtime.advance(60_000);
      expect(client.runtime.timerCount, how).toBe(0);
    }
  }
});

test("withLock releases when its work throws, and reports a lock that was lost in the middle", async () => {
  const etcd = new FakeEtcd();
  const { client, session, mutex } = await join(etcd);
  const thrown = mutex.withLock(() => Promise.reject(new Error("work"))).catch((error: unknown) => error);
  await run(client);
  expect(await thrown).toMatchObject({ message: "work" });
  expect(etcd.keys.size).toBe(0);
  const lost = mutex
    .withLock((lock) => {
      void session.close();
      expect(lock.signal.aborted).toBe(true);
    })
    .catch((error: unknown) => error);
  await run(client);
  expect(await lost).toMatchObject({ name: "LockLostError" });
});

test("a watch that is refused for good ends the wait with the reason", async () => {
  const etcd = new FakeEtcd();
  const { waiter, clients, waiting } = await contend(etcd);
  const refusal = Object.assign(lostConnection(), { code: "ETCD_PERMISSION_DENIED" });
  for (const watch of waiter.client.parts.watches.opened) watch.break(refusal);
  await run(...clients);
  expect(await outcome(waiting)).toBe(refusal);
  expect(etcd.keys.size).toBe(1);
});
