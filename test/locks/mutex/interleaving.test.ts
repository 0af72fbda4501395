import fc from "fast-check";
import { expect, test } from "vitest";
import { EtcdError } from "../../../src/errors.js";
import { LATE_APPLY_MS, NEAR_WAITERS_COUNT } from "../../../src/options.js";
import type { Lock } from "../../../src/locks/lock.js";
import { Mutex } from "../../../src/locks/mutex/mutex.js";
import type { MutexOptions } from "../../../src/locks/mutex/mutex.js";
import { Session } from "../../../src/locks/session.js";
import { Storm, STORM, actionsOf, oneOf } from "../any-order.js";
import type { Attempt } from "../any-order.js";
import { settle } from "../fake-etcd.js";

const action = actionsOf({ ...STORM, lock: 6, tryLock: 2, abort: 3, deleteKey: 1, closeSession: 1 });

const NAME = "space/a";

/** The sessions take these in turn. */
const OPTIONS: readonly (MutexOptions & { localHandoverMaxCount: number })[] = [
  { localHandoverMaxCount: 16 },
  { localHandoverMaxCount: 0 },
  { localHandoverMaxCount: 1 },
  { localHandoverMaxCount: 2, localHandover: "shared-token" },
];

interface Contender {
  readonly session: Session;
  readonly mutex: Mutex;
  readonly options: MutexOptions & { localHandoverMaxCount: number };
}

interface Grant {
  readonly contender: Contender;
  readonly token: number;
  /** As etcd has it. */
  readonly key: string;
  readonly createRevision: number;
  readonly value: string;
  /** The store's, when it was granted. */
  readonly revision: number;
}

/**
 * Two clients with some sessions each, one of them a namespace, and locks of one name in etcd: whatever order things
 * happen in.
 */
class World extends Storm {
  readonly contenders: Contender[] = [];
  /** Who believes that it holds the lock, which etcd has not ended behind its back. */
  readonly holders = new Set<Grant>();
  readonly grants: Grant[] = [];
  /** Keys that somebody has deleted who has no right to, by key and create revision. */
  readonly deletedByOthers = new Set<string>();
  /** How often the lock was passed on behind one key while another one waited, by both. */
  readonly overtaken = new Map<string, number>();

  async start(sessionsPerClient: number): Promise<void> {
    for (let i = 0; i < sessionsPerClient; i++) {
      for (const client of this.clients) {
        const session = await Session.create(client.real, { ttlSeconds: 1_000_000 });
        const options = OPTIONS[this.contenders.length % OPTIONS.length]!;
        const mutex = new Mutex(session, NAME.slice(client.prefix.length), options);
        this.contenders.push({ session, mutex, options });
      }
    }
  }

  lock(pick: number): void {
    const contender = this.contenders[pick % this.contenders.length]!;
    this.#attempt((signal) =>
      contender.mutex.withLock((lock) => this.#work(contender, lock, pick), { signal }),
    );
  }

  tryLock(pick: number): void {
    const contender = this.contenders[pick % this.contenders.length]!;
    this.#attempt(async (signal) => {
      const { lock, holder } = await contender.mutex.tryLock({ signal });
      if (lock === undefined) {
        expect(holder.key).not.toBe("");
        return;
      }
      await this.#work(contender, lock, pick);
      await lock.release();
    });
  }

  #attempt(run: (signal: AbortSignal) => Promise<void>): void {
    const attempt: Attempt = { controller: new AbortController(), ended: false };
    this.attempts.push(attempt);
    run(attempt.controller.signal).then(
      () => {
        attempt.ended = true;
      },
      (error: unknown) => {
        if (error instanceof EtcdError) attempt.ended = true;
        else this.failure ??= error;
      },
    );
  }

  async #work(contender: Contender, lock: Lock, pick: number): Promise<void> {
    const { etcd } = this;
    const key = Buffer.from(contender.session.client.space.key(lock.key)).toString();
    const [createRevision, value] = lock.guard().map(({ operand }) => operand) as [number, string];
    // It is gone and the news is on its way: the guard fails, and the token is outdated.
    const isStale = this.deletedByOthers.has(`${key} ${createRevision}`);
    // Its session was closed a moment ago: nobody believes in it any more.
    if (!isStale && lock.isHeld) {
      const grant: Grant = {
        contender,
        token: lock.token,
        key,
        createRevision,
        value,
        revision: etcd.revision,
      };
      this.#check(grant);
      this.grants.push(grant);
      this.holders.add(grant);
      const stop = (): void => {
        this.holders.delete(grant);
      };
      lock.signal.addEventListener("abort", stop);
      for (let i = 0; i < pick % 4; i++) await settle();
      stop();
    }
  }

  #check(grant: Grant): void {
    const { etcd, grants } = this;
    const { contender, token, key, createRevision, value } = grant;
    const isTrue = (other: Grant): boolean => {
      const entry = etcd.keys.get(other.key);
      return entry?.createRevision === other.createRevision && entry.value === other.value;
    };
    // Nobody else holds the lock at the moment of the grant, in etcd's eyes either.
    expect([...this.holders]).toEqual([]);
    expect(etcd.holder(`${NAME}/`)).toBe(key);
    expect(isTrue(grant)).toBe(true);
    expect(token).toBeGreaterThanOrEqual(createRevision);
    // A token is larger than all before it, or it is the one of the caller before in the same session.
    const previous = grants.at(-1);
    const isShared = previous?.value === value && contender.options.localHandover === "shared-token";
    for (const other of grants) {
      if (isShared && other.value === value) expect(token).toBe(other.token);
      else {
        expect(token).toBeGreaterThan(other.token);
        expect(isTrue(other)).toBe(false);
      }
    }
    if (previous?.key !== key || previous.createRevision !== createRevision) return;
    for (const [waiting, entry] of etcd.keys) {
      if (entry.createRevision <= createRevision || entry.createRevision > previous.revision) continue;
      const id = `${waiting} ${entry.createRevision} ${createRevision}`;
      const count = (this.overtaken.get(id) ?? 0) + 1;
      this.overtaken.set(id, count);
      expect(count).toBeLessThanOrEqual(contender.options.localHandoverMaxCount);
    }
  }

  async do(kind: string, pick: number): Promise<void> {
    if (await this.blow(kind, pick)) return;
    if (kind === "lock") this.lock(pick);
    else if (kind === "tryLock") this.tryLock(pick);
    else if (kind === "deleteKey") this.deleteKey(oneOf(this.etcd.keys.keys(), pick));
    else if (pick % 4 === 0) void oneOf(this.contenders, pick)?.session.close();
  }

  deleteKey(key: string | undefined): void {
    if (key === undefined) return;
    this.deletedByOthers.add(`${key} ${this.etcd.keys.get(key)!.createRevision}`);
    this.etcd.delete(key);
    for (const grant of this.holders) if (grant.key === key) this.holders.delete(grant);
  }
}

const check = async (
  world: World,
  sessionsPerClient: number,
  actions: readonly { kind: string; pick: number }[],
): Promise<void> => {
  await world.start(sessionsPerClient);
  for (let i = 0; i < 2 * sessionsPerClient; i++) world.lock(i);
  for (const { kind, pick } of actions) await world.do(kind, pick);
  await world.finish(2_000, 45);
  expect(world.failure).toBeUndefined();
  expect(world.attempts.filter(({ ended }) => !ended).length).toBe(0);
  expect([...world.etcd.keys.keys()]).toEqual([]);
  for (const { mutex, session } of world.contenders) {
    await mutex.settled();
    await session.close();
  }
  for (const client of world.clients) {
    expect(client.parts.watches.opened.size).toBe(0);
    expect(client.runtime.uncaught).toEqual([]);
    client.runtime.advance(LATE_APPLY_MS);
    expect(client.runtime.timerCount).toBe(0);
  }
};

test("in any order of replies, events, losses, aborts, deletions and closes: one holder, growing tokens, bounded overtaking, an end for all, no key left", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 20, maxLength: 200 }), async (actions) => {
      await check(new World(), 2, actions);
    }),
    { numRuns: Number(process.env["RUNS"] ?? 100) },
  );
}, 600_000);

test("the same in lines so long that those behind watch one key ahead of them", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 50, maxLength: 400 }), async (actions) => {
      await check(new World(), NEAR_WAITERS_COUNT, actions);
    }),
    { numRuns: Number(process.env["RUNS"] ?? 15) },
  );
}, 600_000);
