import fc from "fast-check";
import { expect, test } from "vitest";
import { AbortError } from "../../../src/errors.js";
import { HELD_KEY_WATCH_MS, NEAR_WAITERS_COUNT } from "../../../src/options.js";
import { prefixWatch } from "../../../src/locks/line/deletion-watch.js";
import { HeldKey } from "../../../src/locks/line/held-key.js";
import { LineWait } from "../../../src/locks/line/line-wait.js";
import type { Lock } from "../../../src/locks/lock.js";
import { Mutex } from "../../../src/locks/mutex/mutex.js";
import { Session } from "../../../src/locks/session.js";
import { FakeClient, FakeEtcd, run, settle } from "../fake-etcd.js";

interface Member {
  readonly client: FakeClient;
  readonly key: string;
  readonly controller: AbortController;
  readonly locked: Promise<Lock>;
}

/** `count` processes that want one lock; the first one has it. */
const line = async (count: number) => {
  const etcd = new FakeEtcd();
  const clients: FakeClient[] = [];
  const members: Member[] = [];
  for (let i = 0; i < count; i++) {
    const client = new FakeClient(etcd);
    clients.push(client);
    const session = await Session.create(client.real, { ttlSeconds: 1_000_000 });
    const controller = new AbortController();
    const locked = new Mutex(session, "a").lock({ signal: controller.signal });
    locked.catch(() => {});
    members.push({ client, key: `a/${session.leaseId.toString(16)}`, controller, locked });
    await run(...clients);
  }
  return { etcd, clients, members };
};

/** Each gets the lock in turn and releases it. */
const handOver = async (etcd: FakeEtcd, clients: FakeClient[], members: readonly Member[]): Promise<void> => {
  let token = 0;
  for (const { locked, key } of members) {
    const lock = await locked;
    expect(lock.token).toBeGreaterThan(token);
    expect(etcd.holder("a/")).toBe(key);
    token = lock.token;
    void lock.release();
    await run(...clients);
  }
  expect(etcd.keys.size).toBe(0);
};

/** Time passes, so that what broke is opened again. */
const mend = async (clients: FakeClient[]): Promise<void> => {
  for (let i = 0; i < 3; i++) {
    await run(...clients);
    for (const client of clients) client.runtime.advance(500);
  }
  await run(...clients);
};

test("lines of any length hand over in order; near waiters read nothing, far ones once", async () => {
  for (const count of [3, NEAR_WAITERS_COUNT + 1, NEAR_WAITERS_COUNT + 2, 30]) {
    const { etcd, clients, members } = await line(count);
    await handOver(etcd, clients, members);
    const looks = clients.map((client) => client.looks);
    // When the key ahead that is watched is gone.
    expect(
      looks.every((each, i) => each <= (i <= NEAR_WAITERS_COUNT + 1 ? 0 : 1)),
      looks.join(),
    ).toBe(true);
  }
});

test("a hand-over in a long line is an event for few", async () => {
  const heard = new Map<number, number>();
  for (const count of [12, 40]) {
    const { etcd, clients, members } = await line(count);
    void (await members[0]!.locked).release();
    [...etcd.steps][0]!.go();
    const watches = clients.flatMap((client) => [...client.parts.watches.opened]);
    heard.set(count, watches.filter(({ messages }) => messages.length > 0).length);
    await run(...clients);
    expect((await members[1]!.locked).isHeld).toBe(true);
  }
  expect(heard.get(40)).toBe(heard.get(12));
  expect(heard.get(40)).toBeLessThanOrEqual(NEAR_WAITERS_COUNT + 3);
});

test("those behind a waiter that gives up, or several that do so at once, still get their turn", async () => {
  for (const leavers of [[1], [5], [12], [3, 4, 5, 6, 7, 8, 9, 10, 11, 12], [1, 12, 13, 20, 28]]) {
    const { etcd, clients, members } = await line(30);
    for (const i of leavers) members[i]!.controller.abort();
    await run(...clients);
    for (const i of leavers) await expect(members[i]!.locked).rejects.toBeInstanceOf(AbortError);
    await handOver(
      etcd,
      clients,
      members.filter((_, i) => !leavers.includes(i)),
    );
  }
});

test("a watch that breaks at any moment of a wait costs a read, not a turn", async () => {
  for (let at = 0; at < 8; at++) {
    const { etcd, clients, members } = await line(14);
    void (await members[0]!.locked).release();
    for (let i = 0; i < at; i++) {
      [...etcd.steps][0]?.go();
      for (const client of clients) for (const watch of client.parts.watches.opened) watch.step();
      await settle();
    }
    for (const client of clients) for (const watch of client.parts.watches.opened) watch.break();
    await mend(clients);
    await handOver(etcd, clients, members.slice(1));
  }
});

test(
  "in any order of replies, events and breaks, everybody in a long line gets a turn",
  { timeout: 60_000 },
  async () => {
    const count = NEAR_WAITERS_COUNT + 5;
    await fc.assert(
      fc.asyncProperty(fc.infiniteStream(fc.nat(10_000)), fc.boolean(), async (random, breaks) => {
        const pick = <T>(from: readonly T[]): T | undefined =>
          from[(random.next().value as number) % Math.max(1, from.length)];
        const etcd = new FakeEtcd();
        // Some have a client in common, and so its watches.
        const clients = Array.from({ length: 9 }, () => new FakeClient(etcd));
        let turnCount = 0;
        for (let i = 0; i < count; i++) {
          const created = Session.create(clients[i % 9]!.real, { ttlSeconds: 1_000_000 });
          await run(...clients);
          const session = await created;
          void new Mutex(session, "a").lock().then((lock) => {
            turnCount++;
            return lock.release();
          });
        }
        let idleCount = 0;
        for (let steps = 0; turnCount < count; steps++) {
          await settle();
          const opened = clients.flatMap((client) => [...client.parts.watches.opened]);
          const watches = opened.filter(({ isIdle }) => !isIdle);
          const step = pick([...etcd.steps]);
          if (step === undefined && watches.length === 0) {
            // Nothing is under way: only timers can bring it on.
            expect(++idleCount, `${turnCount} of ${count} had their turn`).toBeLessThan(200);
            for (const client of clients) client.runtime.advance(100);
          } else if (breaks && steps % 40 === 39) pick(opened)?.break();
          else if (watches.length === 0 || (step !== undefined && (random.next().value as number) % 2 === 0))
            step?.go();
          else pick(watches)?.step();
        }
      }),
      { numRuns: 60 },
    );
  },
);

test("a key that is deleted far back ends its wait and nobody else's, with or without a watch at that moment", async () => {
  for (const broken of [false, true]) {
    const { etcd, clients, members } = await line(20);
    const lost = members[15]!;
    if (broken) for (const watch of lost.client.parts.watches.opened) watch.break();
    etcd.delete(lost.key);
    await mend(clients);
    await expect(lost.locked).rejects.toMatchObject({ code: "ETCD_SESSION_EXPIRED" });
    await handOver(
      etcd,
      clients,
      members.filter((each) => each !== lost),
    );
  }
});

test("the key ahead that is watched goes while a look is under way whose answer still shows it", async () => {
  const etcd = new FakeEtcd();
  const client = new FakeClient(etcd);
  const session = await Session.create(client.real, { ttlSeconds: 1_000_000 });
  const put = (key: string): void => {
    const revision = ++etcd.revision;
    etcd.keys.set(key, { value: "", lease: 0n, createRevision: revision, modRevision: revision });
  };
  const ahead = Array.from({ length: NEAR_WAITERS_COUNT + 5 }, (_, i) => `a/${i}`);
  for (const key of [...ahead, "a/me"]) put(key);
  const go = async (): Promise<void> => {
    [...etcd.steps][0]!.go();
    await settle();
  };
  // Somebody else's interest in the line, which ends.
  const others = { onWatching: () => {}, onDeleted: () => {}, onBatchEnd: () => {}, onFailed: () => {} };
  const whole = prefixWatch(client.real, "a/");
  whole.add(others);
  whole.start();
  const wait = new LineWait({ life: session, prefix: "a/", key: "a/me" });
  const turn = wait.run(etcd.revision);
  const [watch] = client.parts.watches.opened;
  watch!.step();
  watch!.step();
  await go();
  await go();
  // Far back now, and asked for another look since the line's watch began; it is answered, and the answer is on its way.
  whole.remove(others, false);
  await go();
  const target = ahead[ahead.length - NEAR_WAITERS_COUNT - 1]!;
  const far = [...client.parts.watches.opened];
  expect(far.map(({ key }) => key)).toEqual(["a/me", target]);
  for (const each of [...far, ...far]) each.step();
  const [, check] = [...etcd.steps];
  check!.go();
  check!.go();
  await settle();
  etcd.delete(target);
  far[1]!.step();
  await go();
  await run(client);
  for (const key of ahead) if (key !== target) etcd.delete(key);
  await run(client);
  expect(await Promise.race([turn, settle().then(() => "asleep")])).toBe(etcd.revision);
  wait.close();
});

/** A key that is held, and how often its holder was told that it is gone. */
const hold = async () => {
  const etcd = new FakeEtcd();
  const client = new FakeClient(etcd);
  const session = await Session.create(client.real, { ttlSeconds: 1_000_000 });
  const put = (): void => {
    etcd.revision++;
    const revision = etcd.revision;
    etcd.keys.set("k", {
      value: "",
      lease: session.leaseId,
      createRevision: revision,
      modRevision: revision,
    });
  };
  put();
  const told = { count: 0 };
  const held = new HeldKey({
    life: session,
    key: "k",
    createRevision: etcd.revision,
    onDeleted: () => {
      told.count++;
    },
  });
  return { etcd, client, held, told, put };
};

test("a held key that is deleted before it is watched, or put anew by somebody, is found out when the watch begins", async () => {
  for (const anew of [false, true]) {
    const { etcd, client, told, put } = await hold();
    etcd.delete("k");
    if (anew) put();
    await run(client);
    expect(told.count).toBe(0);
    client.runtime.advance(2 * HELD_KEY_WATCH_MS);
    await run(client);
    expect(told.count).toBe(1);
  }
});

test("a held key that is deleted while it is watched, or while its watch is broken, is found out once", async () => {
  for (const broken of [false, true]) {
    const { etcd, client, told } = await hold();
    client.runtime.advance(2 * HELD_KEY_WATCH_MS);
    await run(client);
    expect(told.count).toBe(0);
    if (broken) for (const watch of client.parts.watches.opened) watch.break();
    etcd.delete("k");
    await mend([client]);
    expect(told.count).toBe(1);
  }
});

test("a key that is not held any more is not watched, and nobody is told of its deletion", async () => {
  const { etcd, client, told, held } = await hold();
  client.runtime.advance(2 * HELD_KEY_WATCH_MS);
  await run(client);
  held.close();
  held.close();
  etcd.delete("k");
  await run(client);
  expect(told.count).toBe(0);
  client.runtime.advance(10 * HELD_KEY_WATCH_MS);
  expect(client.parts.watches.opened.size).toBe(0);
});
