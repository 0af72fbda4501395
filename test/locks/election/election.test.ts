import { expect, test } from "vitest";
import { AbortError, LockLostError } from "../../../src/errors.js";
import type { Leadership } from "../../../src/locks/election/election-leadership.js";
import { Election } from "../../../src/locks/election/election.js";
import { Session } from "../../../src/locks/session.js";
import { HELD_KEY_WATCH_MS, LATE_APPLY_MS, WARM_WATCH_MS } from "../../../src/options.js";
import { FakeClient, FakeEtcd, lostConnection, run, settle } from "../fake-etcd.js";

const NAME = "a";

interface Candidate {
  readonly client: FakeClient;
  readonly session: Session;
  readonly election: Election;
  readonly key: string;
}

/** One client and session on `etcd`. */
const join = async (etcd: FakeEtcd, client = new FakeClient(etcd)): Promise<Candidate> => {
  const session = await Session.create(client.real, { ttlSeconds: 60 });
  const key = `${NAME}/${session.leaseId.toString(16)}`;
  return { client, session, election: new Election(session, NAME), key };
};

/** What has become of a promise so far. */
const follow = <T>(promise: Promise<T>): { value?: T; error?: unknown } => {
  const outcome: { value?: T; error?: unknown } = {};
  promise.then(
    (value) => (outcome.value = value),
    (error: unknown) => (outcome.error = error),
  );
  return outcome;
};

const lead = async ({ client, election }: Candidate, value = "v"): Promise<Leadership> => {
  const campaign = election.campaign(value);
  await run(client);
  return campaign;
};

test("who stands alone leads by one request: key, value, token and guard are those of Go's layout", async () => {
  const etcd = new FakeEtcd();
  const one = await join(etcd);
  const campaign = one.election.campaign("hello");
  await settle();
  expect(etcd.steps.size).toBe(1);
  await run(one.client);
  const leadership = await campaign;
  const entry = etcd.keys.get(one.key)!;
  expect(entry).toMatchObject({ value: "hello", lease: one.session.leaseId });
  expect(leadership).toMatchObject({
    name: NAME,
    key: one.key,
    token: entry.createRevision,
    createRevision: entry.createRevision,
    isHeld: true,
  });
  expect(leadership.value.string()).toBe("hello");
  expect(leadership.guard()).toEqual([
    expect.objectContaining({ target: "createRevision", key: one.key, operand: entry.createRevision }),
  ]);
  expect(one.client.looks).toBe(0);
  const reason = leadership.signal;
  const resigned = leadership.resign();
  expect(reason.aborted).toBe(true);
  await run(one.client);
  await resigned;
  await leadership.resign();
  expect(etcd.keys.size).toBe(0);
});

test("candidates lead in the order in which they stood, on the event of the resignation, with growing tokens", async () => {
  const etcd = new FakeEtcd();
  const all = [await join(etcd), await join(etcd), await join(etcd)];
  const clients = all.map(({ client }) => client);
  const outcomes: { value?: Leadership }[] = [];
  for (const [i, { election }] of all.entries()) {
    outcomes.push(follow(election.campaign(`value ${i}`)));
    await run(...clients);
  }
  let lastToken = 0;
  for (const [i, outcome] of outcomes.entries()) {
    expect(outcomes.map(({ value }) => value !== undefined)).toEqual(outcomes.map((_, k) => k <= i));
    const leadership = outcome.value!;
    expect(leadership.token).toBeGreaterThan(lastToken);
    lastToken = leadership.token;
    const current = follow(all[2]!.election.leader());
    await run(...clients);
    expect(current.value).toMatchObject({ key: all[i]!.key, createRevision: leadership.createRevision });
    expect(current.value!.value.string()).toBe(`value ${i}`);
    const resigned = leadership.resign();
    await run(...clients);
    await resigned;
  }
  const nobody = all[0]!.election.leader();
  await run(...clients);
  expect(await nobody).toBeUndefined();
});

test("a session campaigns once at a time, whichever object does it; afterwards again", async () => {
  const etcd = new FakeEtcd();
  const one = await join(etcd);
  const leadership = await lead(one);
  const again = new Election(one.session, NAME);
  for (const second of [again.campaign("w"), again.resume(), one.election.campaign("w")]) {
    await expect(second).rejects.toMatchObject({ code: "ETCD_LOCK_REENTERED", mayHaveApplied: false });
  }
  // Another name is another election.
  const other = new Election(one.session, "b").campaign("w");
  await run(one.client);
  await other;
  const resigned = leadership.resign();
  await run(one.client);
  await resigned;
  const next = again.campaign("w");
  await run(one.client);
  expect((await next).token).toBeGreaterThan(leadership.token);
});

test("an abort at every step of a campaign leaves no key and no watch behind, or grants it; the next campaign waits for that", async () => {
  for (let stepCount = 0; stepCount < 12; stepCount++) {
    const etcd = new FakeEtcd();
    const leader = await join(etcd);
    const waiter = await join(etcd);
    const clients = [leader.client, waiter.client];
    const leadership = await lead(leader);
    const controller = new AbortController();
    const outcome = follow(waiter.election.campaign("w", { signal: controller.signal }));
    await settle();
    for (let i = 0; i < stepCount; i++) {
      [...etcd.steps][0]?.go();
      await settle();
      for (const watch of waiter.client.parts.watches.opened) watch.step();
    }
    controller.abort("enough");
    await settle();
    expect(outcome.error).toBeInstanceOf(AbortError);
    expect((outcome.error as AbortError).cause).toBe("enough");
    const next = follow(waiter.election.campaign("x"));
    await run(...clients);
    await waiter.election.settled();
    expect(next).toEqual({});
    expect([...etcd.keys].map(([key, { value }]) => [key, value])).toEqual([
      [leader.key, "v"],
      [waiter.key, "x"],
    ]);
    void leadership.resign();
    await run(...clients);
    expect(next.value?.isHeld).toBe(true);
    void next.value?.resign();
    await run(...clients);
    for (const client of clients) client.runtime.advance(Math.max(WARM_WATCH_MS, LATE_APPLY_MS));
    await run(...clients);
    for (const client of clients) expect(client.parts.watches.opened.size).toBe(0);
    expect([...etcd.keys.keys()]).toEqual([]);
  }
});

test("an abort or a timeout before anything was sent sends nothing", async () => {
  const etcd = new FakeEtcd();
  const one = await join(etcd);
  await expect(one.election.campaign("v", { signal: AbortSignal.abort() })).rejects.toThrow(AbortError);
  expect(etcd.steps.size).toBe(0);
  const leader = await join(etcd);
  await lead(leader);
  const outcome = follow(one.election.campaign("v", { timeoutMs: 500 }));
  await run(one.client, leader.client);
  one.client.runtime.advance(500);
  await run(one.client, leader.client);
  expect(outcome.error).toMatchObject({ code: "ETCD_DEADLINE_EXCEEDED", mayHaveApplied: false });
  expect([...etcd.keys.keys()]).toEqual([leader.key]);
});

test("what cannot work is said before anything is sent", async () => {
  const etcd = new FakeEtcd();
  const one = await join(etcd);
  for (const name of ["", "x".repeat(200_000), undefined])
    expect(() => new Election(one.session, name!)).toThrow(/name/);
  expect(() => new Election(one.client.real as unknown as Session, "a")).toThrow(/Session/);
  const { election } = one;
  await expect(election.campaign(undefined as unknown as string)).rejects.toThrow(/value/);
  await expect(election.campaign("v", { timeout: 1 } as object)).rejects.toThrow(/unknown option timeout/);
  await expect(election.leader({ timeout: 1 } as object)).rejects.toThrow(/unknown option timeout/);
  await expect(election.resume({ timeout: 1 } as object)).rejects.toThrow(/unknown option timeout/);
  expect(() => election.observe({ timeout: 1 } as object)).toThrow(/unknown option timeout/);
  expect(etcd.steps.size).toBe(0);
  const leadership = await lead(one);
  await expect(leadership.proclaim(5 as unknown as string)).rejects.toThrow(/value/);
  await expect(leadership.proclaim("v", { timeout: 1 } as object)).rejects.toThrow(/unknown option timeout/);
  await one.session.close();
  await expect(election.campaign("v")).rejects.toMatchObject({ code: "ETCD_SESSION_EXPIRED" });
});

test("a campaign whose answer was lost finds its own key, and leads once", async () => {
  const etcd = new FakeEtcd();
  const one = await join(etcd);
  const campaign = follow(one.election.campaign("v"));
  await settle();
  const [step] = [...etcd.steps];
  step!.go(); // It is done …
  const { createRevision } = etcd.keys.get(one.key)!;
  step!.lose(); // … and nobody hears of it.
  await run(one.client);
  expect(campaign.value).toMatchObject({ createRevision });
  expect(campaign.value!.token).toBeGreaterThan(createRevision);
  void campaign.value!.resign();
  await run(one.client);
  expect(etcd.keys.size).toBe(0);
});

test("a copy of a campaign that is done late, after it was resigned, is removed; under a later campaign it is taken over", async () => {
  const etcd = new FakeEtcd();
  const one = await join(etcd);
  const campaign = follow(one.election.campaign("v"));
  await settle();
  [...etcd.steps][0]!.lose(); // It waits somewhere; the repeat gets through.
  await run(one.client);
  void campaign.value!.resign();
  await run(one.client);
  expect(etcd.keys.size).toBe(0);
  const [late] = [...etcd.late];
  late!();
  expect(etcd.keys.size).toBe(1);
  one.client.runtime.advance(LATE_APPLY_MS);
  await run(one.client);
  expect(etcd.keys.size).toBe(0);

  const second = follow(one.election.campaign("v"));
  await settle();
  [...etcd.steps][0]!.lose();
  await run(one.client);
  void second.value!.resign();
  await run(one.client);
  [...etcd.late].at(-1)!();
  const third = follow(one.election.campaign("w"));
  await run(one.client);
  expect(third.value!.token).toBeGreaterThan(third.value!.createRevision);
  one.client.runtime.advance(LATE_APPLY_MS);
  await run(one.client);
  // The one that looks after late copies has seen that the key has an owner.
  expect(third.value!.isHeld).toBe(true);
  expect(etcd.keys.get(one.key)?.value).toBe("w");
});

test("a campaign of which nothing was heard is cleaned up by what is found there", async () => {
  const etcd = new FakeEtcd();
  const one = await join(etcd);
  const campaign = follow(one.election.campaign("v"));
  await settle();
  [...etcd.steps][0]!.go();
  [...etcd.steps][0]!.lose();
  await settle();
  [...etcd.steps][0]!.lose(); // The repeat too.
  await settle();
  expect(campaign.error).toMatchObject({ code: "ETCD_CONNECTION_LOST" });
  expect(etcd.keys.has(one.key)).toBe(true);
  const settled = follow(one.election.settled().then(() => true));
  await run(one.client);
  expect(settled.value).toBe(true);
  expect(etcd.keys.size).toBe(0);
});

test("the deletion of the leader's key ends the leadership at once, and the session may stand again", async () => {
  const etcd = new FakeEtcd();
  const one = await join(etcd);
  const leadership = await lead(one);
  one.client.runtime.advance(2 * HELD_KEY_WATCH_MS);
  await run(one.client);
  expect(leadership.isHeld).toBe(true);
  etcd.delete(one.key);
  await run(one.client);
  expect(leadership.signal.reason).toMatchObject({ code: "ETCD_LOCK_LOST" });
  await expect(leadership.proclaim("w")).rejects.toThrow(LockLostError);
  const next = await lead(one, "w");
  // The lost one, resigned late, does not touch the key of its successor.
  const resigned = leadership.resign();
  await run(one.client);
  await resigned;
  expect(next.isHeld).toBe(true);
  expect(etcd.keys.get(one.key)?.value).toBe("w");
});

test("a candidate whose key is deleted, or whose session ends, hears of it", async () => {
  for (const end of ["delete", "close"] as const) {
    const etcd = new FakeEtcd();
    const leader = await join(etcd);
    const waiter = await join(etcd);
    await lead(leader);
    const outcome = follow(waiter.election.campaign("w"));
    await run(leader.client, waiter.client);
    expect(outcome).toEqual({});
    if (end === "delete") etcd.delete(waiter.key);
    else void waiter.session.close();
    await run(leader.client, waiter.client);
    expect(outcome.error).toMatchObject({ code: "ETCD_SESSION_EXPIRED" });
  }
});

test("a proclamation is a guarded put that keeps the place in the line; one of a former leader changes nothing", async () => {
  const etcd = new FakeEtcd();
  const one = await join(etcd);
  const leadership = await lead(one);
  const { createRevision } = leadership;
  const done = leadership.proclaim("w");
  await run(one.client);
  expect(await done).toEqual({ revision: etcd.revision });
  expect(etcd.keys.get(one.key)).toMatchObject({ value: "w", createRevision, modRevision: etcd.revision });
  expect(leadership.value.string()).toBe("w");
  // The key goes and comes back before anybody hears of it.
  etcd.delete(one.key);
  etcd.txn(
    { then: [{ op: "put", key: one.key, value: "x", shape: {}, options: { lease: one.session.leaseId } }] },
    {},
    "",
  );
  const late = follow(leadership.proclaim("y"));
  await run(one.client);
  expect(late.error).toMatchObject({ code: "ETCD_LOCK_LOST" });
  expect(leadership.isHeld).toBe(false);
  expect(etcd.keys.get(one.key)?.value).toBe("x");
});

test("a proclamation whose answer was lost is not repeated over a later one, and does not come back late", async () => {
  const etcd = new FakeEtcd();
  const one = await join(etcd);
  const leadership = await lead(one);
  const first = follow(leadership.proclaim("first"));
  const second = follow(leadership.proclaim("second"));
  await settle();
  expect(etcd.steps.size).toBe(1); // One after another.
  [...etcd.steps][0]!.lose(); // Under way still …
  await settle();
  [...etcd.steps][0]!.lose(); // … and its repeat too.
  await run(one.client);
  expect(first.error).toMatchObject({ code: "ETCD_CONNECTION_LOST", mayHaveApplied: true });
  expect(second.error).toBeUndefined();
  expect(etcd.keys.get(one.key)?.value).toBe("second");
  for (const arrive of etcd.late) arrive();
  expect(etcd.keys.get(one.key)?.value).toBe("second");

  // Done, and only its answer is lost: the repeat sees that, and the next builds on it.
  const third = follow(leadership.proclaim("third"));
  await settle();
  [...etcd.steps][0]!.go();
  [...etcd.steps][0]!.lose();
  const { revision } = etcd;
  await run(one.client);
  expect(third.value).toEqual({ revision });
  expect(etcd.revision).toBe(revision);
});

test("a proclamation may be given up while an earlier one is under way", async () => {
  const etcd = new FakeEtcd();
  const one = await join(etcd);
  const leadership = await lead(one);
  const first = follow(leadership.proclaim("first"));
  const controller = new AbortController();
  const second = follow(leadership.proclaim("second", { signal: controller.signal }));
  const third = follow(leadership.proclaim("third"));
  await settle();
  controller.abort();
  await settle();
  expect(second.error).toBeInstanceOf(AbortError);
  await run(one.client);
  expect(first.value).toBeDefined();
  expect(third.value).toBeDefined();
  expect(etcd.keys.get(one.key)?.value).toBe("third");
});

test("resume takes the leadership over that the lease has, with a token of its own, and nothing else", async () => {
  const etcd = new FakeEtcd();
  const one = await join(etcd);
  const none = one.election.resume();
  await run(one.client);
  expect(await none).toBeUndefined();
  const put = (key: string, lease: bigint): void => {
    etcd.txn({ then: [{ op: "put", key, value: "old", shape: {}, options: { lease } }] }, {}, "");
  };
  const ahead = await join(etcd);
  put(ahead.key, ahead.session.leaseId);
  put(one.key, one.session.leaseId); // By a process that had this lease before.
  const candidate = one.election.resume();
  await run(one.client);
  expect(await candidate).toBeUndefined();
  expect(etcd.keys.has(one.key)).toBe(true);
  etcd.delete(ahead.key);
  const resumed = follow(one.election.resume());
  await run(one.client);
  const leadership = resumed.value!;
  expect(leadership.value.string()).toBe("old");
  expect(leadership.createRevision).toBe(etcd.keys.get(one.key)!.createRevision);
  expect(leadership.token).toBe(etcd.revision);
  await expect(one.election.resume()).rejects.toMatchObject({ code: "ETCD_LOCK_REENTERED" });
  void leadership.proclaim("new");
  await run(one.client);
  expect(etcd.keys.get(one.key)?.value).toBe("new");
  void leadership.resign();
  await run(one.client);
  expect(etcd.keys.size).toBe(0);
});

test("a campaign takes a key over that the lease has already: the place stays, the proposal is the new one", async () => {
  const etcd = new FakeEtcd();
  const one = await join(etcd);
  const lease = one.session.leaseId;
  etcd.txn({ then: [{ op: "put", key: one.key, value: "old", shape: {}, options: { lease } }] }, {}, "");
  const { createRevision } = etcd.keys.get(one.key)!;
  const leadership = await lead(one, "new");
  expect(leadership.createRevision).toBe(createRevision);
  expect(leadership.token).toBeGreaterThan(createRevision);
  expect(etcd.keys.get(one.key)).toMatchObject({ value: "new", createRevision });
});

test("withLeadership resigns whatever its work does, and tells of a loss", async () => {
  const etcd = new FakeEtcd();
  const one = await join(etcd);
  const work = one.election.withLeadership(({ value }) => value.string(), "v");
  await run(one.client);
  expect(await work).toBe("v");
  expect(etcd.keys.size).toBe(0);
  const failing = follow(one.election.withLeadership(() => Promise.reject(new Error("own")), "v"));
  await run(one.client);
  expect(failing.error).toEqual(new Error("own"));
  expect(etcd.keys.size).toBe(0);
  const losing = follow(
    one.election.withLeadership(() => {
      void one.session.close();
    }, "v"),
  );
  await run(one.client);
  expect(losing.error).toBeInstanceOf(LockLostError);
});

test("a resignation that cannot be told goes on in the background, and the next campaign waits for it", async () => {
  const etcd = new FakeEtcd();
  const one = await join(etcd);
  const leadership = await lead(one);
  const resigned = follow(leadership.resign());
  await settle();
  [...etcd.steps][0]!.lose();
  await settle();
  [...etcd.steps][0]!.lose();
  await settle();
  expect(resigned.error).toMatchObject({ code: lostConnection().code });
  const next = follow(one.election.campaign("w"));
  await settle();
  expect(etcd.steps.size).toBe(1); // The background's.
  expect(etcd.keys.get(one.key)?.value).toBe("v");
  await run(one.client);
  expect(next.value!.token).toBeGreaterThan(leadership.token);
  expect(etcd.keys.get(one.key)?.value).toBe("w");
});
