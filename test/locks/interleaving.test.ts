import fc from "fast-check";
import { expect, test } from "vitest";
import { EtcdError } from "../../src/errors.js";
import { LATE_APPLY_MS, WARM_WATCH_MS } from "../../src/options.js";
import { Mutex } from "../../src/locks/mutex.js";
import { Session } from "../../src/locks/session.js";
import { FakeClient, FakeEtcd, settle } from "./fake-etcd.js";

/** What may happen next; `pick` chooses among the candidates that are there at that moment. */
const action = fc.record({
  kind: fc.oneof(
    { weight: 10, arbitrary: fc.constant("step" as const) },
    { weight: 10, arbitrary: fc.constant("watch" as const) },
    { weight: 6, arbitrary: fc.constant("settle" as const) },
    { weight: 5, arbitrary: fc.constant("lock" as const) },
    { weight: 3, arbitrary: fc.constant("abort" as const) },
    { weight: 2, arbitrary: fc.constant("lose" as const) },
    { weight: 2, arbitrary: fc.constant("late" as const) },
    { weight: 2, arbitrary: fc.constant("breakWatch" as const) },
    { weight: 2, arbitrary: fc.constant("time" as const) },
    { weight: 1, arbitrary: fc.constant("closeSession" as const) },
  ),
  pick: fc.nat(1_000),
});

const oneOf = <T>(all: Iterable<T>, pick: number): T | undefined => {
  const list = [...all];
  return list[pick % Math.max(1, list.length)];
};

const NAME = "space/a";

interface Attempt {
  readonly controller: AbortController;
  ended: boolean;
}

/**
 * Two clients with two sessions each, one of them a namespace, and locks of one name in etcd: whatever order things
 * happen in.
 */
class World {
  readonly etcd = new FakeEtcd();
  readonly clients = [new FakeClient(this.etcd), new FakeClient(this.etcd, "space/")];
  readonly mutexes: { session: Session; mutex: Mutex }[] = [];
  readonly attempts: Attempt[] = [];
  /** Who believes that it holds the lock, which etcd has not ended behind its back. */
  readonly holders = new Set<number>();
  lastToken = 0;
  #grants = 0;

  async start(): Promise<void> {
    for (const client of this.clients) {
      for (let i = 0; i < 2; i++) {
        const session = await Session.create(client.real, { ttlSeconds: 1_000_000 });
        this.mutexes.push({ session, mutex: new Mutex(session, NAME.slice(client.prefix.length)) });
      }
    }
  }

  lock(pick: number): void {
    const { session, mutex } = this.mutexes[pick % this.mutexes.length]!;
    const prefix = Buffer.from(session.client.space.prefix).toString();
    const attempt: Attempt = { controller: new AbortController(), ended: false };
    this.attempts.push(attempt);
    void mutex
      .withLock(
        async (lock) => {
          // A token is larger than all before it, and nobody else holds the lock at the moment of the grant.
          expect(lock.token).toBeGreaterThan(this.lastToken);
          this.lastToken = lock.token;
          // Its session was closed a moment ago: nobody believes in it any more.
          if (!lock.isHeld) return;
          const grant = ++this.#grants;
          expect([...this.holders]).toEqual([]);
          expect(this.etcd.holder(`${NAME}/`)).toBe(prefix + lock.key);
          const { createRevision, value } = this.etcd.keys.get(prefix + lock.key)!;
          expect(lock.guard().map(({ operand }) => operand)).toEqual([createRevision, value]);
          expect(lock.token).toBeGreaterThanOrEqual(createRevision);
          this.holders.add(grant);
          const stop = (): void => {
            this.holders.delete(grant);
          };
          lock.signal.addEventListener("abort", stop);
          for (let i = 0; i < pick % 4; i++) await settle();
          stop();
        },
        { signal: attempt.controller.signal },
      )
      .then(
        () => {
          attempt.ended = true;
        },
        (error: unknown) => {
          if (error instanceof EtcdError) attempt.ended = true;
          else this.failure ??= error;
        },
      );
  }
  failure: unknown;

  async do(kind: string, pick: number): Promise<void> {
    const { etcd } = this;
    const watches = this.clients.flatMap((client) => [...client.parts.watches.opened]);
    if (kind === "step") oneOf(etcd.steps, pick)?.go();
    else if (kind === "watch") {
      oneOf(
        watches.filter((watch) => !watch.isIdle),
        pick,
      )?.step();
    } else if (kind === "settle") await settle();
    else if (kind === "lock") this.lock(pick);
    else if (kind === "abort") oneOf(this.attempts, pick)?.controller.abort();
    else if (kind === "lose") oneOf(etcd.steps, pick)?.lose();
    else if (kind === "late") this.late(oneOf(etcd.late, pick));
    else if (kind === "breakWatch") oneOf(watches, pick)?.break();
    else if (kind === "time") this.clients[pick % 2]!.runtime.advance(pick);
    else if (pick % 4 === 0) void oneOf(this.mutexes, pick)?.session.close();
  }

  late(arrive: (() => void) | undefined): void {
    if (arrive !== undefined && this.etcd.late.delete(arrive)) arrive();
  }

  /** Everything that is under way comes to its end. */
  async finish(): Promise<void> {
    // Once all have ended, what is done later in the background, and watches that are kept warm, still take time.
    let quiet = 0;
    for (let round = 0; round < 600 && quiet < 45; round++) {
      await settle();
      for (const arrive of [...this.etcd.late]) this.late(arrive);
      for (const step of [...this.etcd.steps]) step.go();
      for (const client of this.clients) {
        for (const watch of client.parts.watches.opened) if (!watch.isIdle) watch.step();
        if (round % 10 === 9) client.runtime.advance(Math.max(LATE_APPLY_MS, WARM_WATCH_MS));
      }
      quiet = this.etcd.steps.size === 0 && this.attempts.every(({ ended }) => ended) ? quiet + 1 : 0;
    }
  }
}

test("in any order of replies, events, losses, aborts and closes: one holder, growing tokens, an end for all, no key left", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 20, maxLength: 150 }), async (actions) => {
      const world = new World();
      await world.start();
      for (let i = 0; i < 4; i++) world.lock(i);
      for (const { kind, pick } of actions) await world.do(kind, pick);
      await world.finish();
      expect(world.failure).toBeUndefined();
      expect(world.attempts.filter(({ ended }) => !ended).length).toBe(0);
      expect([...world.etcd.keys.keys()]).toEqual([]);
      for (const { mutex } of world.mutexes) await mutex.settled();
      for (const client of world.clients) {
        expect(client.parts.watches.opened.size).toBe(0);
        expect(client.runtime.uncaught).toEqual([]);
      }
    }),
    { numRuns: 300 },
  );
}, 60_000);
