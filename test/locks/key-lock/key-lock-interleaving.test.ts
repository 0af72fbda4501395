import fc from "fast-check";
import { expect, test } from "vitest";
import { EtcdError } from "../../../src/errors.js";
import { KeyLock } from "../../../src/locks/key-lock/key-lock.js";
import type { Lock } from "../../../src/locks/lock.js";
import { Session } from "../../../src/locks/session.js";
import { LATE_APPLY_MS } from "../../../src/options.js";
import { Storm, actionsOf, arriveLate, oneOf } from "../any-order.js";
import type { Attempt } from "../any-order.js";
import { settle } from "../fake-etcd.js";
import { StepwiseClient } from "../stepwise-client.js";

const action = actionsOf({
  step: 12,
  watch: 8,
  settle: 6,
  round: 10,
  lock: 3,
  tryLock: 3,
  release: 3,
  abort: 2,
  lose: 3,
  late: 3,
  breakWatch: 1,
  time: 2,
  closeSession: 1,
  delete: 1,
});

const KEY = "space/k";

/** Two clients, one of them a namespace, and five ways to want one key. */
class World extends Storm {
  override readonly clients = [new StepwiseClient(this.etcd), new StepwiseClient(this.etcd, "space/")];
  readonly sessions: Session[] = [];
  readonly keyLocks: KeyLock[] = [];
  /** Locks that were got and not given back. */
  readonly locks = new Set<Lock>();
  /** Those of them whose key nobody else has deleted: they must be held, and nobody beside them. */
  readonly believed = new Set<Lock>();
  readonly tokens = new Set<number>();
  lastToken = 0;
  #nowMs = 0;
  /** Of the copies that may still come. */
  readonly #lostAtMs = new WeakMap<() => void, number>();

  async start(): Promise<void> {
    const [whole, space] = this.clients as [StepwiseClient, StepwiseClient];
    for (const client of this.clients) {
      const opening = Session.create(client.real, { ttlSeconds: 1_000_000 });
      for (const step of this.etcd.steps) {
        step.go();
        step.go();
      }
      this.sessions.push(await opening);
    }
    const ttlSeconds = 1_000_000;
    this.keyLocks.push(
      new KeyLock(whole.real, KEY, { ttlSeconds, value: "own" }),
      new KeyLock(space.real, "k", { ttlSeconds, renew: false, maxHoldMs: 3_000 }),
      // Two with one lease and one value: nothing tells their keys apart but when they came to be.
      new KeyLock(this.sessions[0]!, KEY, { value: "same" }),
      new KeyLock(this.sessions[0]!, KEY, { value: "same", maxHoldMs: 5_000 }),
      new KeyLock(this.sessions[1]!, "k"),
    );
  }

  acquire(pick: number, waits: boolean): void {
    const keyLock = this.keyLocks[pick % this.keyLocks.length]!;
    const attempt: Attempt = { controller: new AbortController(), ended: false };
    const { signal } = attempt.controller;
    this.attempts.push(attempt);
    const acquiring = waits
      ? keyLock.lock({ signal })
      : keyLock.tryLock({ signal }).then(({ lock, holder }) => {
          expect((lock === undefined) !== (holder === undefined)).toBe(true);
          return lock;
        });
    void acquiring
      .then(
        (lock) => {
          if (lock !== undefined) this.onLock(lock);
        },
        (error: unknown) => {
          if (!(error instanceof EtcdError)) throw error;
        },
      )
      .catch((error: unknown) => {
        this.failure ??= error;
      })
      .finally(() => {
        attempt.ended = true;
      });
  }

  onLock(lock: Lock): void {
    expect(this.tokens).not.toContain(lock.token);
    this.tokens.add(lock.token);
    this.locks.add(lock);
    // Its key may have been deleted, or its session closed, since the reply was sent.
    if (!lock.isHeld || this.etcd.keys.get(KEY)?.createRevision !== lock.token) return;
    expect(lock.token).toBeGreaterThan(this.lastToken);
    this.lastToken = lock.token;
    expect(this.believed.size).toBe(0);
    this.believed.add(lock);
    lock.signal.addEventListener("abort", () => {
      this.believed.delete(lock);
    });
  }

  /** Whatever is done late, by whomever: a lock that is held keeps its key. */
  check(): void {
    for (const lock of this.believed) {
      expect(lock.isHeld).toBe(true);
      expect(this.etcd.keys.get(KEY)?.createRevision).toBe(lock.token);
      const [guard] = lock.guard();
      expect(guard).toMatchObject({ target: "createRevision", operand: lock.token });
    }
    expect(this.believed.size).toBeLessThan(2);
  }

  /** For both clients, and more of it. */
  override pass(pick: number): void {
    this.advance(pick * 3);
  }

  async do(kind: string, pick: number): Promise<void> {
    if (!(await this.blow(kind, pick))) await this.want(kind, pick);
    for (const client of this.clients) client.runtime.endTick();
    this.check();
  }

  /** What happens to this recipe only. */
  async want(kind: string, pick: number): Promise<void> {
    if (kind === "round") await this.round();
    else if (kind === "lock") this.acquire(pick, true);
    else if (kind === "tryLock") this.acquire(pick, false);
    else if (kind === "release") this.release(oneOf(this.locks, pick));
    else if (kind === "delete") {
      if (pick % 3 !== 0) return;
      this.believed.clear();
      this.etcd.delete(KEY);
    } else if (pick % 4 === 0) void oneOf(this.sessions, pick)?.close();
  }

  release(lock: Lock | undefined): void {
    if (lock === undefined) return;
    this.locks.delete(lock);
    this.believed.delete(lock);
    // It may not be answered; that goes on in the background then.
    lock.release().catch((error: unknown) => {
      if (!(error instanceof EtcdError)) this.failure ??= error;
    });
  }

  /** Whatever is under way comes a step further. */
  async round(): Promise<void> {
    await settle();
    for (const step of [...this.etcd.steps]) step.go();
    for (const client of this.clients)
      for (const watch of client.parts.watches.opened) if (!watch.isIdle) watch.step();
  }

  advance(ms: number): void {
    this.#nowMs += ms;
    // What etcd may do late it does within LATE_APPLY_MS, or never.
    for (const late of this.etcd.late) {
      const lostAtMs = this.#lostAtMs.get(late) ?? this.#nowMs - ms;
      this.#lostAtMs.set(late, lostAtMs);
      if (this.#nowMs - lostAtMs >= LATE_APPLY_MS) arriveLate(this.etcd, late);
    }
    for (const { runtime } of this.clients) runtime.advance(ms);
  }

  /** Nobody wants anything any more, and everything that is under way comes to its end. */
  override async finish(): Promise<void> {
    for (const { controller } of this.attempts) controller.abort();
    let quiet = 0;
    for (let round = 0; round < 400 && quiet < 25; round++) {
      for (const lock of [...this.locks]) this.release(lock);
      for (const arrive of [...this.etcd.late]) arriveLate(this.etcd, arrive);
      await this.round();
      if (round % 5 === 4) this.advance(LATE_APPLY_MS);
      quiet = this.etcd.steps.size === 0 && this.attempts.every(({ ended }) => ended) ? quiet + 1 : 0;
    }
  }
}

test("in any order of replies, events, losses and aborts: one holder, growing tokens, and neither a key nor a lease left", async () => {
  let grantCount = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 50, maxLength: 200, size: "max" }), async (actions) => {
      const world = new World();
      await world.start();
      for (let i = 0; i < 5; i++) world.acquire(i, true);
      for (const { kind, pick } of actions) await world.do(kind, pick);
      await world.finish();
      expect(world.failure).toBeUndefined();
      expect(world.attempts.filter(({ ended }) => !ended).length).toBe(0);
      expect([...world.etcd.keys.keys()]).toEqual([]);
      const open = world.sessions.filter(({ signal }) => !signal.aborted).map(({ leaseId }) => leaseId);
      const unknown = world.clients.flatMap(({ unknownLeases }) => [...unknownLeases]);
      expect([...world.etcd.leases].filter((id) => !unknown.includes(id)).sort()).toEqual(open.sort());
      await Promise.all(world.keyLocks.map((keyLock) => keyLock.settled()));
      for (const client of world.clients) {
        expect(client.parts.watches.opened.size).toBe(0);
        expect(client.runtime.uncaught).toEqual([]);
      }
      grantCount += world.tokens.size;
    }),
    { numRuns: 80 },
  );
  // Else nothing was shown.
  expect(grantCount).toBeGreaterThan(200);
}, 60_000);
