import { expect, test } from "vitest";
import { LockLostError } from "../../src/errors.js";
import { Mutex } from "../../src/locks/mutex.js";
import { Session } from "../../src/locks/session.js";
import { FakeClient, FakeEtcd, lostConnection, settle } from "./fake-etcd.js";

const TTL_SECONDS = 30;
/** 30 s less 1 % and 20 ms. */
const PROVABLE_MS = 29_680;

const open = async (): Promise<{ client: FakeClient; session: Session }> => {
  const client = new FakeClient(new FakeEtcd());
  return { client, session: await Session.create(client.real, { ttlSeconds: TTL_SECONDS }) };
};

test("what is no client gets no session, and what is no session no mutex", async () => {
  const invalid = { code: "ETCD_INVALID_ARGUMENT" };
  await expect(Session.create({} as never)).rejects.toMatchObject(invalid);
  await expect(Session.create(undefined as never)).rejects.toMatchObject(invalid);
  const { client, session } = await open();
  expect(() => new Mutex(client.real as never, "a")).toThrow("Session.create(client)");
  await expect(new Mutex(session, "a").lock({ signal: {} as never })).rejects.toMatchObject(invalid);
  await expect(session.close({ timeout: 5 } as never)).rejects.toMatchObject(invalid);
  expect(session.signal.aborted).toBe(false);
});

test("a session has a form in JSON", async () => {
  const { session } = await open();
  expect(JSON.parse(JSON.stringify({ session }))).toEqual({
    session: { leaseId: String(session.leaseId), ttlSeconds: TTL_SECONDS },
  });
});

test("a session that nothing renews ends at its provable end, and not before", async () => {
  const { client, session } = await open();
  client.runtime.advance(PROVABLE_MS - 1);
  session.assertAlive();
  expect(session.remainingMs).toBe(1);
  client.runtime.advance(1);
  expect(session.signal.reason).toMatchObject({ code: "ETCD_SESSION_EXPIRED" });
  expect(() => {
    session.assertAlive();
  }).toThrow(LockLostError);
});

test("a check finds the end even when the process was held up and no timer has run", async () => {
  const { client, session } = await open();
  client.runtime.nowMs += PROVABLE_MS;
  expect(session.signal.aborted).toBe(false);
  expect(session.remainingMs).toBe(0);
  expect(session.signal.aborted).toBe(true);
});

test("a renewal counts from when it was sent, whenever it is answered", async () => {
  const { client, session } = await open();
  client.runtime.advance(10_000);
  const sentAtMs = client.runtime.now();
  client.runtime.advance(5_000);
  client.renewals[0]!.resolve({ ttlSeconds: TTL_SECONDS, sentAtMs, raftTerm: 1 });
  await settle();
  expect(session.remainingMs).toBe(PROVABLE_MS - 5_000);
  // The next one is due a third of the TTL after that, or up to a tenth of this time earlier.
  client.runtime.advance(3_999);
  expect(client.renewals.length).toBe(1);
  client.runtime.advance(1_001);
  expect(client.renewals.length).toBe(2);
});

test("a failed renewal is repeated soon, and goes on until the provable end", async () => {
  const { client, session } = await open();
  client.runtime.advance(10_000);
  for (let i = 0; !session.signal.aborted; i++) {
    client.renewals[i]?.reject(lostConnection());
    await settle();
    client.runtime.advance(75);
  }
  expect(client.renewals.length).toBeGreaterThan(200);
  expect(client.runtime.timerCount).toBe(0);
});

test("a lease that the server says is gone ends the session at once", async () => {
  const { client, session } = await open();
  client.runtime.advance(10_000);
  client.renewals[0]!.resolve({ ttlSeconds: 0, sentAtMs: client.runtime.now(), raftTerm: 1 });
  await settle();
  expect(session.signal.reason).toMatchObject({ code: "ETCD_SESSION_EXPIRED" });
  expect(client.runtime.timerCount).toBe(0);
});

test("an answer after the provable end does not bring the session back", async () => {
  const { client, session } = await open();
  client.runtime.advance(10_000);
  const sentAtMs = client.runtime.now();
  client.runtime.nowMs += 60_000;
  client.renewals[0]!.resolve({ ttlSeconds: 1_000, sentAtMs, raftTerm: 1 });
  await settle();
  expect(session.signal.aborted).toBe(true);
});

test("closing the session, or its client, ends it at once and leaves no timer", async () => {
  for (const how of ["session", "client"] as const) {
    const { client, session } = await open();
    if (how === "session") await session.close();
    else client.closeClient();
    expect(session.signal.reason).toBeInstanceOf(LockLostError);
    expect(session.remainingMs).toBe(0);
    await session.close();
    expect(client.runtime.timerCount).toBe(0);
  }
});
