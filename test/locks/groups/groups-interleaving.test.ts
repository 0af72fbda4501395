import fc from "fast-check";
import { expect, test } from "vitest";
import { ArgumentError, EtcdError } from "../../../src/errors.js";
import { MultiLock } from "../../../src/locks/groups/multi-lock.js";
import { RwLock } from "../../../src/locks/groups/rw-lock.js";
import { Semaphore } from "../../../src/locks/groups/semaphore.js";
import type { Lock } from "../../../src/locks/lock.js";
import { Mutex } from "../../../src/locks/mutex/mutex.js";
import { Session } from "../../../src/locks/session.js";
import { Storm, STORM, actionsOf, oneOf } from "../any-order.js";
import { FakeClient, FakeEtcd, settle } from "../fake-etcd.js";

const action = actionsOf({ ...STORM, begin: 6, abort: 3, closeSession: 1, deleteKey: 1 });

/** Who believes to hold something, and would be believed by etcd. */
interface Holder {
  readonly lock: Lock;
  /** The keys that it holds, and when they were put. */
  readonly keys: readonly string[];
  readonly createRevision: number;
  readonly what: string;
}

/** One recipe, used by several sessions. */
interface Recipe {
  /** Begins one use; rejects as the recipe does, or resolves when it is over. */
  begin(pick: number, signal: AbortSignal): Promise<unknown>;
  settled(): Promise<void>;
}

/** Two clients, one of them a namespace, with two sessions each: whatever order things happen in. */
class World extends Storm {
  readonly sessions: Session[] = [];
  readonly recipes: Recipe[] = [];
  readonly holders = new Set<Holder>();

  async start(recipeOf: (session: Session, prefix: string, world: World) => Recipe): Promise<void> {
    for (const client of this.clients) {
      for (let i = 0; i < 2; i++) {
        const session = await Session.create(client.real, { ttlSeconds: 1_000_000 });
        this.sessions.push(session);
        // The names are those of the namespace, whose prefix the other client has to write itself.
        this.recipes.push(recipeOf(session, client.prefix === "" ? "space/" : "", this));
      }
    }
  }

  /** A holder for a few turns of the loop; `check` is called when it begins. */
  async hold(lock: Lock, what: string, turns: number, check: (holder: Holder) => void): Promise<void> {
    // Its session was closed, or its key deleted, a moment ago: nobody believes in it any more.
    if (!lock.isHeld) return;
    const prefix = Buffer.from(lock.client.space.prefix).toString();
    // A mutex has two conditions on its key.
    const keys = [...new Set(lock.guard().map(({ key }) => prefix + (key as string)))];
    const createRevision = Number(lock.guard()[0]!.operand);
    const holder: Holder = { lock, keys, createRevision, what };
    // Whose key was deleted behind its back, without hearing of it yet, is none: its token is refused.
    const isReal = keys.every((key) => this.etcd.keys.get(key)?.createRevision === createRevision);
    if (!isReal) return;
    for (const other of this.holders)
      if (!other.keys.every((key) => this.etcd.keys.get(key)?.createRevision === other.createRevision))
        this.holders.delete(other);
    check(holder);
    this.holders.add(holder);
    const stop = (): void => {
      this.holders.delete(holder);
    };
    lock.signal.addEventListener("abort", stop);
    for (let i = 0; i < turns; i++) await settle();
    stop();
  }

  begin(pick: number): void {
    const attempt = { controller: new AbortController(), ended: false };
    this.attempts.push(attempt);
    const end = (error?: unknown): void => {
      if (error === undefined || error instanceof EtcdError) attempt.ended = true;
      else this.failure ??= error;
    };
    const { length } = this.recipes;
    oneOf(this.recipes, pick)!
      .begin(Math.floor(pick / length), attempt.controller.signal)
      .then(() => {
        end();
      }, end);
  }

  async do(kind: string, pick: number): Promise<void> {
    if (await this.blow(kind, pick)) return;
    if (kind === "begin") this.begin(pick);
    else if (kind === "deleteKey") {
      const key = oneOf(
        [...this.etcd.keys.keys()].filter((each) => !each.endsWith(".permits")),
        pick,
      );
      if (key !== undefined) this.etcd.delete(key);
    } else if (pick % 4 === 0) void oneOf(this.sessions, pick)?.close();
  }
}

const inAnyOrder = (
  recipeOf: (session: Session, prefix: string, world: World) => Recipe,
  { numRuns = Number(process.env["RUNS"] ?? 60), keeps = [] as string[] } = {},
): Promise<void> =>
  fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 20, maxLength: 150 }), async (actions) => {
      const world = new World();
      await world.start(recipeOf);
      for (let i = 0; i < 6; i++) world.begin(i * 3);
      for (const { kind, pick } of actions) await world.do(kind, pick);
      await world.finish(800, 60);
      expect(world.failure).toBeUndefined();
      expect(world.attempts.filter(({ ended }) => !ended).length).toBe(0);
      expect([...world.etcd.keys.keys()].filter((key) => !keeps.includes(key))).toEqual([]);
      for (const recipe of world.recipes) await recipe.settled();
      for (const client of world.clients) {
        expect(client.parts.watches.opened.size).toBe(0);
        expect(client.runtime.uncaught).toEqual([]);
      }
    }),
    { numRuns },
  );

test("a read-write lock, in any order of events: no writer beside anybody, order kept, tokens grow, all end, nothing is left", async () => {
  const lastTokens = new WeakMap<World, { writer: number; any: number }>();
  await inAnyOrder((session, prefix, world) => {
    const rwLock = new RwLock(session, `${prefix}a`);
    const tokens = lastTokens.get(world) ?? { writer: 0, any: 0 };
    lastTokens.set(world, tokens);
    const check = (holder: Holder): void => {
      const { token } = holder.lock;
      const isWriter = holder.what === "write";
      for (const other of world.holders) expect([holder.what, other.what]).toEqual(["read", "read"]);
      expect(token).toBeGreaterThan(isWriter ? tokens.any : tokens.writer);
      expect(token).toBeGreaterThanOrEqual(holder.createRevision);
      tokens.any = Math.max(tokens.any, token);
      if (isWriter) tokens.writer = token;
      // Nobody was overtaken: who asked before is gone, or reads as well.
      for (const [key, { createRevision }] of world.etcd.keys)
        if (createRevision < holder.createRevision)
          expect([isWriter, key.startsWith("space/a/read/")]).toEqual([false, true]);
    };
    return {
      begin: async (pick, signal) => {
        const kind = pick % 3 === 0 ? "write" : "read";
        if (pick % 5 === 4) {
          const { lock } = await (kind === "write"
            ? rwLock.tryWriteLock({ signal })
            : rwLock.tryReadLock({ signal }));
          if (lock === undefined) return;
          await world.hold(lock, kind, pick % 4, check);
          await lock.release();
          return;
        }
        const work = (lock: Lock): Promise<void> => world.hold(lock, kind, pick % 4, check);
        await (kind === "write"
          ? rwLock.withWriteLock(work, { signal })
          : rwLock.withReadLock(work, { signal }));
      },
      settled: () => rwLock.settled(),
    };
  });
}, 60_000);

test("a semaphore, in any order of events: never more holders than there were permits, all end, nothing is left", async () => {
  await inAnyOrder(
    (session, prefix, world) => {
      const semaphore = new Semaphore(session, `${prefix}s`, { permits: 2 });
      const check = (holder: Holder): void => {
        const held = [holder, ...world.holders].reduce((sum, { keys }) => sum + keys.length, 0);
        // The largest number that anybody ever sets.
        expect(held).toBeLessThanOrEqual(3);
        expect(holder.lock.token).toBe(holder.createRevision);
      };
      return {
        begin: async (pick, signal) => {
          if (pick % 7 === 6) {
            await semaphore.resize(1 + (pick % 3), { signal });
            return;
          }
          const count = pick % 3 === 2 ? 2 : 1;
          if (pick % 5 === 4) {
            const { lock } = await semaphore.tryAcquire({ signal, count });
            if (lock === undefined) return;
            await world.hold(lock, "permit", pick % 4, check);
            await lock.release();
            return;
          }
          await semaphore.withPermit((lock) => world.hold(lock, "permit", pick % 4, check), {
            signal,
            count,
          });
        },
        settled: () => semaphore.settled(),
      };
    },
    { keeps: ["space/s.permits"] },
  );
}, 60_000);

test("several names at once and mutexes, in any order of events: one holder for each name, growing tokens, no deadlock, nothing is left", async () => {
  const lastTokens = new WeakMap<World, Map<string, number>>();
  await inAnyOrder((session, prefix, world) => {
    const names = ["a", "b", "c"].map((name) => prefix + name);
    const multis = [
      [0, 1],
      [1, 0],
      [1, 2],
      [2, 0],
      [0, 1, 2],
    ].map(
      (indexes) =>
        new MultiLock(
          session,
          indexes.map((index) => names[index]!),
        ),
    );
    const mutexes = names.map((name) => new Mutex(session, name));
    const tokens = lastTokens.get(world) ?? new Map<string, number>();
    lastTokens.set(world, tokens);
    const check = (holder: Holder): void => {
      for (const key of holder.keys) {
        const line = key.slice(0, key.lastIndexOf("/"));
        for (const other of world.holders)
          expect(other.keys.filter((each) => each.startsWith(`${line}/`))).toEqual([]);
        expect(world.etcd.holder(`${line}/`)).toBe(key);
        expect(holder.lock.token).toBeGreaterThan(tokens.get(line) ?? 0);
        tokens.set(line, holder.lock.token);
      }
    };
    return {
      begin: async (pick, signal) => {
        const work = (lock: Lock): Promise<void> => world.hold(lock, "names", pick % 4, check);
        if (pick % 4 === 3) {
          const { lock } = await oneOf(multis, pick)!.tryLock({ signal });
          if (lock === undefined) return;
          await work(lock);
          await lock.release();
        } else if (pick % 4 === 2) await oneOf(mutexes, pick)!.withLock(work, { signal });
        else await oneOf(multis, pick)!.withLock(work, { signal });
      },
      settled: async () => {
        for (const multi of multis) await multi.settled();
        for (const mutex of mutexes) await mutex.settled();
      },
    };
  });
}, 60_000);

test("an acquire of which a key is deleted before it is sent again gives up its other keys", async () => {
  for (const count of [2, 3]) {
    const etcd = new FakeEtcd();
    const client = new FakeClient(etcd);
    const session = await Session.create(client.real);
    // Somebody is there: the keys stand behind.
    const other = await Session.create(new FakeClient(etcd).real);
    const ahead = new Mutex(other, "b").lock();
    ahead.catch(() => {});
    await settle();
    [...etcd.steps][0]!.go();
    const multi = new MultiLock(session, ["a", "b", "c"].slice(0, count));
    const waiting = multi.lock();
    waiting.catch(() => {});
    await settle();
    const step = [...etcd.steps].find((each) => each.client === client)!;
    step.go();
    const mine = [...etcd.keys.keys()].filter((key) => key.includes(`/${session.leaseId.toString(16)}-`));
    expect(mine).toHaveLength(count);
    etcd.delete(mine[0]!);
    step.lose();
    for (let i = 0; i < 10; i++) {
      await settle();
      for (const each of [...etcd.steps]) each.go();
    }
    await expect(waiting).rejects.toMatchObject({ code: "ETCD_SESSION_EXPIRED" });
    await multi.settled();
    expect(mine.filter((key) => etcd.keys.has(key))).toEqual([]);
  }
});

test("what cannot work is refused before anything is sent", async () => {
  const etcd = new FakeEtcd();
  const session = await Session.create(new FakeClient(etcd).real);
  const refused = (make: () => unknown): void => {
    expect(make).toThrow(ArgumentError);
  };
  refused(() => new RwLock(session, ""));
  refused(() => new RwLock(undefined as unknown as Session, "a"));
  refused(() => new RwLock(session, "a", { own: "me" } as object));
  refused(() => new RwLock(session, "a", { owner: "x".repeat(2_000) }));
  refused(() => new Semaphore(session, "a", { permits: 0 }));
  refused(() => new Semaphore(session, "a", { permits: 1.5 }));
  refused(() => new MultiLock(session, []));
  refused(() => new MultiLock(session, "ab" as unknown as string[]));
  refused(() => new MultiLock(session, ["a", "b", "a"]));
  refused(() => new MultiLock(session, ["a/b", "a-b", "a"]));
  refused(
    () =>
      new MultiLock(
        session,
        Array.from({ length: 64 }, (_, index) => String(index)),
      ),
  );
  refused(() => new MultiLock(session, ["x".repeat(100_000), "y".repeat(100_000)]));
  const semaphore = new Semaphore(session, "a", { permits: 2 });
  for (const count of [0, 64, 1.5])
    await expect(semaphore.acquire({ count })).rejects.toBeInstanceOf(ArgumentError);
  await expect(semaphore.resize(0)).rejects.toBeInstanceOf(ArgumentError);
  await expect(new RwLock(session, "a").readLock({ timeout: 1 } as object)).rejects.toBeInstanceOf(
    ArgumentError,
  );
  expect(etcd.steps.size).toBe(0);
});
