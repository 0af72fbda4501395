import fc from "fast-check";
import { expect, test } from "vitest";
import { EtcdError } from "../../../src/errors.js";
import type { Leadership } from "../../../src/locks/election/election-leadership.js";
import { Election } from "../../../src/locks/election/election.js";
import { Session } from "../../../src/locks/session.js";
import { Storm, STORM, actionsOf, oneOf } from "../any-order.js";
import type { Attempt } from "../any-order.js";

const action = actionsOf({ ...STORM, campaign: 5, abort: 3, deleteKey: 1, closeSession: 1 });

const NAME = "space/a";

/** Two clients, one of them a namespace, with two sessions each, in one election: whatever order things happen in. */
class World extends Storm {
  readonly elections: { session: Session; election: Election; prefix: string }[] = [];
  /** Who believes that it leads. */
  readonly leaders = new Set<Leadership>();
  lastToken = 0;
  grantCount = 0;
  proclaimCount = 0;

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
    if (await this.blow(kind, pick)) return;
    if (kind === "campaign") this.campaign(pick);
    else if (kind === "deleteKey") this.deleteKey(oneOf(this.etcd.keys.keys(), pick));
    else if (pick % 4 === 0) void oneOf(this.elections, pick)?.session.close();
  }

  /** By somebody from outside: its owner is not told before the event comes, and believes in it until then. */
  deleteKey(key: string | undefined): void {
    if (key === undefined) return;
    for (const leadership of this.leaders) if (key.endsWith(leadership.key)) this.leaders.delete(leadership);
    this.etcd.delete(key);
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
      await world.finish(600, 45);
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
