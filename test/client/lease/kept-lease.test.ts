import { expect, test } from "vitest";
import type { ClientParts } from "../../../src/client/client-parts.js";
import { KeptLease } from "../../../src/client/lease/kept-lease.js";
import type { LeaseRenewed } from "../../../src/client/lease/kept-lease.js";
import type { LeaseRenewal } from "../../../src/client/lease/renewals.js";
import { AbortError, ConnectionError, StatusError } from "../../../src/errors.js";
import type { EtcdError } from "../../../src/errors.js";
import { ManualRuntime } from "../../support/memory-socket.js";

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const TTL_SECONDS = 30;
/** 30 s less 1 % and 20 ms. */
const PROVABLE_MS = 29_680;

/** What a kept lease uses of a client; renewals and revokes are answered by the test. */
class FakeParts {
  readonly runtime = new ManualRuntime();
  readonly pool = { runtime: this.runtime };
  readonly calls = { options: (options: object) => ({ timeoutMs: 1_000, ...options }) };
  readonly asked: {
    id: bigint;
    patienceMs: number;
    deadlineMs: number;
    resolve: (renewal: LeaseRenewal) => void;
    reject: (error: EtcdError) => void;
  }[] = [];
  abortedCount = 0;
  readonly revoked: bigint[] = [];
  revokeError: EtcdError | undefined;
  readonly holders = new Set<() => void>();
  readonly renewals = {
    hold: (onClose: () => void) => {
      this.holders.add(onClose);
      return () => this.holders.delete(onClose);
    },
    renew: (id: bigint, patienceMs: number, deadlineMs: number, signal: AbortSignal) =>
      new Promise<LeaseRenewal>((resolve, reject) => {
        this.asked.push({ id, patienceMs, deadlineMs, resolve, reject });
        signal.addEventListener("abort", () => {
          this.abortedCount++;
          reject(new AbortError(signal.reason, true));
        });
      }),
    revoke: (id: bigint) => {
      this.revoked.push(id);
      return this.revokeError === undefined ? Promise.resolve() : Promise.reject(this.revokeError);
    },
  };

  keep(ttlSeconds = TTL_SECONDS): KeptLease {
    const grant = { id: 7n, ttlSeconds, sentAtMs: this.runtime.now(), raftTerm: 1 };
    return new KeptLease(this as unknown as ClientParts, grant);
  }

  /** Lets the next renewal come due and answers it. */
  async renew(ttlSeconds = TTL_SECONDS): Promise<void> {
    const count = this.asked.length;
    while (this.asked.length === count) this.runtime.advance(10);
    this.asked.at(-1)!.resolve({ ttlSeconds, sentAtMs: this.runtime.now(), raftTerm: 1 });
    await settle();
  }
}

test("a renewal may take a sixth of the TTL and at most a second at one member, and in all until the provable end", () => {
  for (const [ttlSeconds, patienceMs] of [
    [3, 500],
    [30, 1_000],
  ] as const) {
    const parts = new FakeParts();
    parts.keep(ttlSeconds);
    const startMs = parts.runtime.now();
    parts.runtime.advance((ttlSeconds * 1_000) / 3);
    expect(parts.asked).toMatchObject([{ id: 7n, patienceMs, deadlineMs: startMs + ttlSeconds * 990 - 20 }]);
  }
});

test("time that the machine was suspended counts, although the monotonic clock stood still", async () => {
  const parts = new FakeParts();
  const { runtime } = parts;
  let sleptMs = 0;
  runtime.epochMs = () => 1_700_000_000_000 + runtime.nowMs + sleptMs;
  const lease = parts.keep();
  // A calendar that is set back says nothing.
  sleptMs -= 5_000;
  expect(lease.remainingMs).toBe(PROVABLE_MS);
  sleptMs += 15_000;
  expect(lease.remainingMs).toBe(PROVABLE_MS - 15_000);
  expect(lease.remainingMs).toBe(PROVABLE_MS - 15_000);
  await parts.renew();
  expect(lease.remainingMs).toBe(PROVABLE_MS);
  sleptMs += 30_000;
  expect(lease.remainingMs).toBe(0);
  expect(lease.signal.reason).toMatchObject({
    code: "ETCD_SESSION_EXPIRED",
    message: expect.stringMatching(/^lease 0x[0-9a-f]+ was not renewed within \d+ s$/) as string,
  });
});

test("a TTL not much longer than an election is renewed more often, so that most of it is left when the leader dies", () => {
  const parts = new FakeParts();
  parts.keep(5);
  parts.runtime.advance(5_000 / 6);
  expect(parts.asked).toHaveLength(1);
});

test("leases that were granted in one moment are not renewed in one", () => {
  const parts = new FakeParts();
  for (let i = 0; i < 1_000; i++) parts.keep();
  const perMoment = new Map<number, number>();
  for (let passedMs = 0; passedMs < 10_000; passedMs += 10) {
    const before = parts.asked.length;
    parts.runtime.advance(10);
    perMoment.set(passedMs, parts.asked.length - before);
  }
  expect(parts.asked).toHaveLength(1_000);
  expect(Math.max(...perMoment.values())).toBeLessThan(50);
});

test("its renewals can be read as they are answered; a slow reader gets the latest", async () => {
  const parts = new FakeParts();
  const lease = parts.keep();
  await parts.renew();
  const renewals = lease.renewals();
  const first = renewals.next();
  await parts.renew(40);
  expect(await first).toEqual({ done: false, value: { ttlSeconds: 40, durationMs: 0 } });
  expect(lease.ttlSeconds).toBe(40);
  await parts.renew(50);
  await parts.renew(60);
  expect((await renewals.next()).value).toMatchObject({ ttlSeconds: 60 });
  const last = renewals.next();
  lease.stop();
  expect(await last).toEqual({ done: true, value: undefined });
});

test("reading the renewals of a lost lease throws why it was lost", async () => {
  const parts = new FakeParts();
  const lease = parts.keep();
  const read = async (): Promise<LeaseRenewed[]> => {
    const seen = [];
    for await (const renewed of lease.renewals()) seen.push(renewed);
    return seen;
  };
  const reading = expect(read()).rejects.toMatchObject({ code: "ETCD_LEASE_NOT_FOUND" });
  await settle();
  await parts.renew(0);
  await reading;
  expect(lease.signal.reason).toMatchObject({ code: "ETCD_LEASE_NOT_FOUND" });
  expect(() => {
    lease.assertAlive();
  }).toThrow("gone");
  await expect(read()).rejects.toMatchObject({ code: "ETCD_LEASE_NOT_FOUND" });
});

test("a stopped lease is renewed no more, and ends at its provable end", async () => {
  const parts = new FakeParts();
  const lease = parts.keep();
  lease.stop();
  lease.stop();
  expect(parts.holders.size).toBe(0);
  parts.runtime.advance(PROVABLE_MS - 1);
  expect(lease.remainingMs).toBe(1);
  lease.assertAlive();
  parts.runtime.advance(1);
  expect(lease.signal.reason).toMatchObject({
    code: "ETCD_SESSION_EXPIRED",
    message: expect.stringContaining("was not to be renewed") as string,
  });
  expect(parts.asked).toEqual([]);
  expect(parts.runtime.timerCount).toBe(0);
  await settle();
});

test("an answer that was under way when it was stopped still counts, and starts nothing", async () => {
  const parts = new FakeParts();
  const lease = parts.keep();
  parts.runtime.advance(10_000);
  lease.stop();
  parts.asked[0]!.resolve({ ttlSeconds: TTL_SECONDS, sentAtMs: parts.runtime.now(), raftTerm: 1 });
  await settle();
  expect(lease.remainingMs).toBe(PROVABLE_MS);
  parts.runtime.advance(PROVABLE_MS);
  expect(parts.asked).toHaveLength(1);
  expect(lease.signal.aborted).toBe(true);
  expect(parts.runtime.timerCount).toBe(0);
});

test("a revoke ends it at once; one that failed may be tried again", async () => {
  const parts = new FakeParts();
  const lease = parts.keep();
  parts.revokeError = new ConnectionError("ETCD_UNREACHABLE", "no", { mayHaveApplied: false });
  await expect(lease.revoke()).rejects.toMatchObject({ code: "ETCD_UNREACHABLE" });
  expect(lease.signal.reason).toMatchObject({ code: "ETCD_CLOSED" });
  expect(lease.remainingMs).toBe(0);
  await lease[Symbol.asyncDispose]();
  parts.revokeError = undefined;
  await lease.revoke();
  await lease.revoke();
  expect(parts.revoked).toEqual([7n, 7n, 7n]);
  expect(parts.runtime.timerCount).toBe(0);
  // Its owner's end is no loss.
  expect(await lease.renewals().next()).toEqual({ done: true, value: undefined });
});

test("an orphaned lease is left as it is: not renewed, not revoked, and nothing here waits for it", async () => {
  const parts = new FakeParts();
  const lease = parts.keep();
  parts.runtime.advance(10_000);
  expect(parts.asked).toHaveLength(1);
  lease.orphan();
  lease.orphan();
  expect(lease.signal.reason).toMatchObject({ code: "ETCD_CLOSED" });
  expect(lease.remainingMs).toBe(0);
  // The renewal that was under way as well: whoever waits for one keeps the process alive.
  expect(parts.abortedCount).toBe(1);
  expect(parts.holders.size).toBe(0);
  expect(parts.runtime.timerCount).toBe(0);
  await lease[Symbol.asyncDispose]();
  parts.runtime.advance(PROVABLE_MS);
  await settle();
  expect(parts.revoked).toEqual([]);
  expect(parts.asked).toHaveLength(1);
  expect(parts.runtime.timerCount).toBe(0);
});

test("the client's end ends it, and leaves no timer", () => {
  const parts = new FakeParts();
  const lease = parts.keep();
  for (const onClose of [...parts.holders]) onClose();
  expect(lease.signal.reason).toMatchObject({ code: "ETCD_CLOSED" });
  expect(parts.holders.size).toBe(0);
  expect(parts.runtime.timerCount).toBe(0);
});

test("what the server refuses is not asked for every 50 ms", async () => {
  const parts = new FakeParts();
  parts.keep();
  parts.runtime.advance(10_000);
  parts.asked[0]!.reject(new StatusError("ETCD_PERMISSION_DENIED", "no", { mayHaveApplied: false }));
  await settle();
  parts.runtime.advance(499);
  expect(parts.asked).toHaveLength(1);
  parts.runtime.advance(1_001);
  expect(parts.asked).toHaveLength(2);
});

test("a lease with a TTL beyond what timers hold is renewed when the timer's time is up", async () => {
  const parts = new FakeParts();
  const lease = parts.keep(9_000_000_000);
  parts.runtime.advance(2 ** 31);
  expect(parts.asked).toHaveLength(1);
  expect(lease.remainingMs).toBeGreaterThan(8e12);
  lease.stop();
  await settle();
});
