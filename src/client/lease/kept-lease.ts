import { setMaxListeners } from "node:events";
import type { Runtime, Timer } from "../../connection/runtime.js";
import { EtcdError } from "../../errors.js";
import {
  RENEWAL_JITTER,
  RENEWAL_RETRY_MS,
  SESSION_MARGIN,
  SHORT_LEASE_SECONDS,
  TIMEOUT_MAX_MS,
} from "../../options.js";
import { leaseEvents } from "../../tracing.js";
import type { CallerOptions, Calls } from "../calls.js";
import type { ClientParts } from "../client-parts.js";
import { isWorthAnotherTry, renewalPatienceMs } from "./renewals.js";
import type { LeaseRenewal, Renewals } from "./renewals.js";
import { calendarOffsetMs, sleptSinceMs } from "./suspension.js";

/** One renewal that was answered. */
export interface LeaseRenewed {
  /** What the server gave, in seconds, from when the renewal was sent. */
  readonly ttlSeconds: number;
  /** Milliseconds from sending it to its answer. */
  readonly durationMs: number;
}

/**
 * A lease that is kept alive: renewed after a third of its TTL (a sixth, if that is 5 s or less), and elsewhere when a
 * member does not answer, until `stop()`, `revoke()` or the end of the client. Any number of them share one stream. While it is kept it keeps the
 * process alive.
 *
 * It never claims to be alive past the moment where that can be proved: the send time of the last answered
 * renewal, plus the TTL, minus a margin, on this machine's monotonic clock, less what the machine was suspended.
 *
 * A lease that is renewed in time can still be lost, in one case: a leader that was stopped for longer than the TTL (its
 * machine, process or disk stood still) may revoke the leases that it takes for expired when it goes on, although another
 * one has renewed them meanwhile (etcd-io/etcd#15247; up to 3.7.1 at least). A TTL above the longest stop that is to be
 * expected avoids that.
 */
export class KeptLease {
  readonly id: bigint;
  readonly #calls: Calls;
  readonly #renewals: Renewals;
  readonly #runtime: Runtime;
  readonly #controller = new AbortController();
  #ttlSeconds: number;
  #deadlineMs: number;
  /** Between the calendar and the monotonic clock, when they were compared last. */
  #calendarOffsetMs: number;
  #renewTimer: Timer;
  #expiryTimer: Timer;
  /** Nothing is renewed any more. */
  #stopped = false;
  #orphaned = false;
  #revoking: Promise<void> | undefined;
  #latest: LeaseRenewed | undefined;
  /** Wakes those who wait for the next renewal, or the end. */
  readonly #listeners = new Set<() => void>();
  readonly #release: () => void;

  /** @internal */
  constructor({ calls, renewals, pool }: ClientParts, grant: LeaseRenewal & { id: bigint }) {
    this.id = grant.id;
    this.#calls = calls;
    this.#renewals = renewals;
    this.#runtime = pool.runtime;
    // Whoever works under the lease listens; Node would take more than ten for a leak.
    setMaxListeners(0, this.#controller.signal);
    // Nobody would renew it any more. Said at once, so that no timer of ours holds the process.
    this.#release = renewals.hold(() => {
      this.#end("ETCD_CLOSED", "the client was closed");
    });
    this.#ttlSeconds = grant.ttlSeconds;
    this.#deadlineMs = provableEndMs(grant);
    this.#calendarOffsetMs = calendarOffsetMs(this.#runtime);
    this.#armExpiry();
    this.#renewLater(grant.sentAtMs);
  }

  /** What the server granted, in seconds. */
  get ttlSeconds(): number {
    return this.#ttlSeconds;
  }

  /**
   * Aborts when the lease is gone or can no longer be proved alive. The reason is an EtcdError: ETCD_LEASE_NOT_FOUND
   * when the server says that it is gone; ETCD_SESSION_EXPIRED when no renewal was answered in time; ETCD_CLOSED when it
   * was revoked or orphaned here, or its client closed.
   */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** How much longer the lease provably lives, in milliseconds; 0 when that cannot be proved, or it has ended. */
  get remainingMs(): number {
    if (this.signal.aborted) return 0;
    this.#deadlineMs -= this.#sleptMs();
    const remainingMs = this.#deadlineMs - this.#runtime.now();
    if (remainingMs > 0) return remainingMs;
    // The check itself finds out, so a blocked event loop whose timers are late is no excuse.
    const ttl = `${this.#ttlSeconds} s`;
    const why = this.#stopped
      ? `was not to be renewed, and its ${ttl} are over`
      : `was not renewed within ${ttl}`;
    this.#end("ETCD_SESSION_EXPIRED", `${this.#name} ${why}`);
    return 0;
  }

  /** @throws EtcdError the signal's reason, unless the lease is provably alive at this moment */
  assertAlive(): void {
    if (this.remainingMs <= 0) throw this.signal.reason;
  }

  /**
   * The renewals from now on, as they are answered. A slow reader gets the latest one and not those before it. Ends when
   * renewing was stopped here, and throws the signal's reason when the lease was lost.
   */
  async *renewals(): AsyncGenerator<LeaseRenewed, void, undefined> {
    let seen = this.#latest;
    for (;;) {
      const latest = this.#latest;
      if (latest !== undefined && latest !== seen) {
        seen = latest;
        yield latest;
      } else if (this.#stopped) {
        if (this.signal.aborted && (this.signal.reason as EtcdError).code !== "ETCD_CLOSED")
          throw this.signal.reason;
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.#listeners.add(resolve);
        });
      }
    }
  }

  /**
   * Renews it no more: it ends by itself after its TTL, and `signal` aborts when it can no longer be proved alive. Does
   * not keep the process alive. Idempotent.
   */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    if (this.#renewTimer !== undefined) this.#runtime.clearTimer(this.#renewTimer);
    this.#release();
    this.#tell();
  }

  /**
   * Leaves the lease to whoever renews it next, here or in another process: it is renewed no more, and `signal` aborts at
   * once, since nobody here may go on working under it. Unless it is renewed elsewhere, it ends by itself after its TTL.
   * Idempotent.
   */
  orphan(): void {
    this.#orphaned = true;
    this.#end("ETCD_CLOSED", `${this.#name} was orphaned`);
  }

  /**
   * Ends the lease at the server, which deletes its keys; `signal` aborts at once. A lease that is gone already is fine.
   * Idempotent.
   *
   * @throws EtcdError when the server did not confirm it in time; the lease then ends by itself after its TTL
   */
  revoke(options: CallerOptions = {}): Promise<void> {
    this.#revoking ??= this.#revoke(options).catch((error: unknown) => {
      // It may be tried again.
      this.#revoking = undefined;
      throw error;
    });
    return this.#revoking;
  }

  /** Revokes it, unless it was orphaned. Where the cluster cannot be reached, the lease ends by itself after its TTL. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#orphaned) return;
    try {
      await this.revoke();
    } catch (error) {
      if (!(error instanceof EtcdError)) throw error;
    }
  }

  async #revoke(options: CallerOptions): Promise<void> {
    const call = this.#calls.options(options);
    this.#end("ETCD_CLOSED", `${this.#name} was revoked`);
    await this.#renewals.revoke(this.id, call);
  }

  #renewLater(sentAtMs: number): void {
    const renewalCount = this.#ttlSeconds <= SHORT_LEASE_SECONDS ? 6 : 3;
    // Spread, so that leases which were granted or renewed in one moment are not renewed in one for ever.
    const share = (1 - RENEWAL_JITTER * this.#runtime.random()) / renewalCount;
    this.#renewAfter(sentAtMs + this.#ttlSeconds * 1_000 * share - this.#runtime.now());
  }

  #renewAfter(delayMs: number): void {
    if (this.#stopped) return;
    const timerMs = Math.min(TIMEOUT_MAX_MS, Math.max(0, delayMs));
    this.#renewTimer = this.#runtime.setTimer(() => void this.#renew(), timerMs, true);
  }

  async #renew(): Promise<void> {
    this.#renewTimer = undefined;
    const patienceMs = renewalPatienceMs(this.#ttlSeconds);
    try {
      // The signal: nobody wants the answer after the end, and what waits for it would hold the process.
      this.#onRenewal(
        await this.#renewals.renew(this.id, patienceMs, this.#deadlineMs, this.#controller.signal),
      );
    } catch (error) {
      if (!(error instanceof EtcdError)) throw error;
      const retryMs = isWorthAnotherTry(error) ? RENEWAL_RETRY_MS : patienceMs;
      if (this.remainingMs > 0) this.#renewAfter(retryMs * (0.5 + this.#runtime.random()));
    }
  }

  #onRenewal(renewal: LeaseRenewal): void {
    if (this.signal.aborted) return;
    if (renewal.ttlSeconds <= 0) {
      this.#end("ETCD_LEASE_NOT_FOUND", `${this.#name} is gone, as the server says`);
      return;
    }
    // Checked before it is moved: an answer that comes after the provable end does not bring locks back that
    // may have been seen as lost.
    if (this.remainingMs <= 0) return;
    this.#ttlSeconds = renewal.ttlSeconds;
    // An expiry timer that comes early looks again.
    this.#deadlineMs = Math.max(this.#deadlineMs, provableEndMs(renewal));
    this.#latest = {
      ttlSeconds: renewal.ttlSeconds,
      durationMs: this.#runtime.now() - renewal.sentAtMs,
    };
    this.#tell();
    this.#renewLater(renewal.sentAtMs);
  }

  /** For how long the machine was suspended since this was last asked, in milliseconds. */
  #sleptMs(): number {
    const sleptMs = sleptSinceMs(this.#runtime, this.#calendarOffsetMs);
    this.#calendarOffsetMs = calendarOffsetMs(this.#runtime);
    return sleptMs;
  }

  #armExpiry(): void {
    const delayMs = Math.min(TIMEOUT_MAX_MS, Math.max(0, this.#deadlineMs - this.#runtime.now()));
    this.#expiryTimer = this.#runtime.setTimer(() => {
      // Reading it ends the lease if its time is up.
      if (this.remainingMs > 0) this.#armExpiry();
    }, delayMs);
  }

  #end(code: EtcdError["code"], why: string): void {
    if (this.signal.aborted) return;
    if (this.#expiryTimer !== undefined) this.#runtime.clearTimer(this.#expiryTimer);
    const error = new EtcdError(code, why, { mayHaveApplied: false });
    if (code !== "ETCD_CLOSED" && leaseEvents.hasSubscribers) {
      leaseEvents.publish({ type: "lost", leaseId: this.id, error });
    }
    this.#controller.abort(error);
    this.stop();
    this.#tell();
  }

  /** What `JSON.stringify` makes of it. */
  toJSON(): { id: string; ttlSeconds: number } {
    return { id: this.id.toString(), ttlSeconds: this.#ttlSeconds };
  }

  /** As etcdctl writes it. */
  get #name(): string {
    return `lease 0x${BigInt.asUintN(64, this.id).toString(16)}`;
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
    this.#listeners.clear();
  }
}

/** The margin is for clocks that run at different rates. */
const provableEndMs = ({ ttlSeconds, sentAtMs }: LeaseRenewal): number => {
  const ttlMs = ttlSeconds * 1_000;
  return sentAtMs + ttlMs - ttlMs * SESSION_MARGIN.share - SESSION_MARGIN.fixedMs;
};
