import fc from "fast-check";
import { expect, test } from "vitest";
import { EtcdError } from "../../src/errors.js";
import { Election } from "../../src/locks/election.js";
import type { Leadership } from "../../src/locks/election-leadership.js";
import { Session } from "../../src/locks/session.js";
import { LATE_APPLY_MS, WARM_WATCH_MS } from "../../src/options.js";
import { FakeClient, FakeEtcd, settle } from "./fake-etcd.js";

/** What may happen next; `pick` chooses among the candidates that are there at that moment. */
const action = fc.record({
  kind: fc.oneof(
    { weight: 10, arbitrary: fc.constant("step" as const) },
    { weight: 10, arbitrary: fc.constant("watch" as const) },
    { weight: 6, arbitrary: fc.constant("settle" as const) },
    { weight: 5, arbitrary: fc.constant("campaign" as const) },
    { weight: 3, arbitrary: fc.constant("abort" as const) },
    { weight: 2, arbitrary: fc.constant("lose" as const) },
    { weight: 2, arbitrary: fc.constant("late" as const) },
    { weight: 2, arbitrary: fc.constant("breakWatch" as const) },
    { weight: 2, arbitrary: fc.constant("time" as const) },
    { weight: 1, arbitrary: fc.constant("deleteKey" as const) },
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

/** Two clients, one of them a namespace, with two sessions each, in one election: whatever order things happen in. */
class World {
  readonly etcd = new FakeEtcd();
  readonly clients = [new FakeClient(this.etcd), new FakeClient(this.etcd, "space/")];
  readonly elections: { session: Session; election: Election; prefix: string }[] = [];
  readonly attempts: Attempt[] = [];
  /** Who believes that it leads. */
  readonly leaders = new Set<Leadership>();
  lastToken = 0;
  grantCount = 0;
  proclaimCount = 0;
  failure: unknown;

  async start(): Promise<void> {
    for (const client of this.clients) {
      for (let i = 0; i < 2; i++) {
        const session = await Session.create(client.real, { ttlSeconds: 1_000_000 });
        const election = new Election(session, NAME.slice(client.prefix.length));
        this.elections.push({ session, election, prefix: client.prefix });
      }
    }
  }

  campaign(pick: number): void {
    const { election, prefix } = this.elections[pick % this.elections.length]!;
    const attempt: Attempt = { controller: new AbortController(), ended: false };
    const proposal = `proposal ${this.attempts.push(attempt)}`;
    const work = (leadership: Leadership): Promise<void> => this.lead(leadership, prefix, proposal, pick);
    election.withLeadership(work, proposal, { signal: attempt.controller.signal }).then(
      () => {
        attempt.ended = true;
      },
      (error: unknown) => {
        attempt.ended = true;
        if (!(error instanceof EtcdError)) this.failure ??= error;
      },
    );
  }

  async lead(leadership: Leadership, prefix: string, proposal: string, pick: number): Promise<void> {
    const { token, createRevision } = leadership;
    const key = prefix + leadership.key;
    expect(token).toBeGreaterThanOrEqual(createRevision);
    // Its session was closed, or its key deleted, a moment ago: somebody else may have led since then.
    if (!leadership.isHeld || this.etcd.keys.get(key)?.createRevision !== createRevision) return;
    // A token is larger than all before it, and nobody else leads at the moment of the grant.
    expect(token).toBeGreaterThan(this.lastToken);
    this.lastToken = token;
    this.grantCount++;
    expect(this.leaders.size).toBe(0);
    expect(this.etcd.holder(`${NAME}/`)).toBe(key);
    expect(this.etcd.keys.get(key)).toMatchObject({ createRevision, value: proposal });
    this.leaders.add(leadership);
    const stop = (): void => {
      this.leaders.delete(leadership);
    };
    leadership.signal.addEventListener("abort", stop);
    try {
      for (let i = 0; i < pick % 4; i++) {
        const proclaimed = `${proposal}, ${i}`;
        // One whose outcome is unknown may be done or not; what comes later stands.
        const done = await leadership.proclaim(proclaimed).catch((error: unknown) => {
          if (!(error instanceof EtcdError) || error.code === "ETCD_LOCK_LOST") throw error;
        });
        if (done === undefined) continue;
        this.proclaimCount++;
        const entry = this.etcd.keys.get(key);
        if (entry?.createRevision === createRevision) expect(entry.value).toBe(proclaimed);
        expect(leadership.value.string()).toBe(proclaimed);
      }
    } finally {
      stop();
    }
  }

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
    else if (kind === "campaign") this.campaign(pick);
    else if (kind === "abort") oneOf(this.attempts, pick)?.controller.abort();
    else if (kind === "lose") oneOf(etcd.steps, pick)?.lose();
    else if (kind === "late") this.late(oneOf(etcd.late, pick));
    else if (kind === "breakWatch") oneOf(watches, pick)?.break();
    else if (kind === "time") this.clients[pick % 2]!.runtime.advance(pick);
    else if (kind === "deleteKey") this.deleteKey(oneOf(etcd.keys.keys(), pick));
    else if (pick % 4 === 0) void oneOf(this.elections, pick)?.session.close();
  }

  /** By somebody from outside: its owner is not told before the event comes, and believes in it until then. */
  deleteKey(key: string | undefined): void {
    if (key === undefined) return;
    for (const leadership of this.leaders) if (key.endsWith(leadership.key)) this.leaders.delete(leadership);
    this.etcd.delete(key);
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

test("in any order of replies, events, losses, aborts, deletions and closes: one leader, growing tokens, its own proposal, no key left", async () => {
  let grantCount = 0;
  let proclaimCount = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 20, maxLength: 150 }), async (actions) => {
      const world = new World();
      await world.start();
      for (let i = 0; i < 4; i++) world.campaign(i);
      for (const { kind, pick } of actions) await world.do(kind, pick);
      await world.finish();
      expect(world.failure).toBeUndefined();
      expect(world.attempts.filter(({ ended }) => !ended).length).toBe(0);
      expect([...world.etcd.keys.keys()]).toEqual([]);
      for (const { election } of world.elections) await election.settled();
      for (const client of world.clients) {
        expect(client.parts.watches.opened.size).toBe(0);
        expect(client.runtime.uncaught).toEqual([]);
      }
      grantCount += world.grantCount;
      proclaimCount += world.proclaimCount;
    }),
    { numRuns: 200 },
  );
  // Else this shows nothing.
  expect(grantCount).toBeGreaterThan(200);
  expect(proclaimCount).toBeGreaterThan(100);
}, 60_000);
