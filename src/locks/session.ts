import { setMaxListeners } from "node:events";
import type { CallerOptions, Client } from "../client/client.js";
import { requireTimeout } from "../client/client-options.js";
import type { LeaseRenewal } from "../client/renewals.js";
import type { Runtime, Timer } from "../connection/runtime.js";
import { ConnectionError, EtcdError, LockLostError } from "../errors.js";
import {
  DEFAULT_SESSION_TTL_SECONDS,
  RENEWAL_RETRY_MS,
  RENEWAL_TIMEOUT_MAX_MS,
  SESSION_MARGIN,
} from "../options.js";
import { lockEvents } from "../tracing.js";
import { LockQueue } from "./lock-queue.js";

export interface SessionOptions extends CallerOptions {
  /**
   * How long the session's locks outlive this process, in whole seconds. Default: 60, as in etcd's Go client.
   * The server raises small ones to 1.5 election timeouts (2 s by default); `session.ttlSeconds` is what it gave.
   */
  ttlSeconds?: number;
}

/**
 * A lease and its renewals: what locks live on. Many locks may share one session. While it is open it keeps the
 * process alive; `close()` ends it and frees its locks at once.
 *
 * It never claims to be alive past the moment where that can be proved: the send time of the last answered
 * renewal, plus the TTL, minus a margin, on this machine's monotonic clock.
 */
export class Session {
  readonly client: Client;
  /** The lease's id, chosen by us. */
  readonly leaseId: bigint;
  readonly #runtime: Runtime;
  readonly #controller = new AbortController();
  #ttlSeconds: number;
  #deadlineMs: number;
  #renewTimer: Timer;
  #expiryTimer: Timer;
  #closing: Promise<void> | undefined;
  readonly #stopHolding: () => void;
  /** @internal Callers of this process, by lock name, in order. */
  readonly queue = new LockQueue();

  private constructor(client: Client, leaseId: bigint, grant: LeaseRenewal) {
    this.client = client;
    this.leaseId = leaseId;
    this.#runtime = client.parts.pool.runtime;
    // Every lock of the session listens; Node would take more than ten for a leak.
    setMaxListeners(0, this.#controller.signal);
    // Nobody would renew it any more. Said at once, so that no timer of ours holds the process.
    this.#stopHolding = client.parts.renewals.hold(() => {
      this.#expire("its client was closed");
    });
    this.#ttlSeconds = grant.ttlSeconds;
    this.#deadlineMs = this.#provableEnd(grant);
    this.#armExpiry();
    this.#scheduleRenewal(grant.sentAtMs);
    if (lockEvents.hasSubscribers) {
      lockEvents.publish({ type: "sessionOpened", leaseId, ttlSeconds: this.#ttlSeconds });
    }
  }

  /**
   * Grants a lease and starts to renew it.
   *
   * @throws ArgumentError for a TTL that is not a whole number of seconds from 1
   * @throws EtcdError when no lease could be had in time
   */
  static async create(client: Client, options: SessionOptions = {}): Promise<Session> {
    const call = client.parts.calls.options(options, ["ttlSeconds"]);
    const grant = await client.parts.renewals.grant(options.ttlSeconds ?? DEFAULT_SESSION_TTL_SECONDS, call);
    if (client.closed) {
      throw new ConnectionError("ETCD_CLOSED", "the client was closed", { mayHaveApplied: true });
    }
    return new Session(client, grant.id, grant);
  }

  /** What the server granted, in seconds. */
  get ttlSeconds(): number {
    return this.#ttlSeconds;
  }

  /** Aborts when the session ends, however it ends; the reason is a LockLostError that says why. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** How much longer the lease provably lives, in milliseconds; 0 when that cannot be proved, or it was closed. */
  get remainingMs(): number {
    if (this.signal.aborted) return 0;
    const remainingMs = this.#deadlineMs - this.#runtime.now();
    if (remainingMs > 0) return remainingMs;
    // The check itself finds out, so a blocked event loop whose timers are late is no excuse.
    this.#expire(`its lease was not renewed within ${this.#ttlSeconds} s`);
    return 0;
  }

  /** @throws LockLostError ETCD_SESSION_EXPIRED unless the lease is provably alive at this moment */
  assertAlive(): void {
    if (this.remainingMs <= 0) throw this.signal.reason;
  }

  /**
   * Revokes the lease, which deletes the keys of its locks. Resolves also when the cluster cannot be reached: the
   * lease then ends by itself after its TTL. Idempotent.
   */
  close(options: { timeoutMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#close(
      options.timeoutMs === undefined ? this.client.timeoutMs : requireTimeout(options.timeoutMs),
    );
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(timeoutMs: number): Promise<void> {
    this.#end(new LockLostError("ETCD_SESSION_EXPIRED", "the session was closed", { mayHaveApplied: false }));
    try {
      await this.client.parts.renewals.revoke(this.leaseId, { timeoutMs });
    } catch (error) {
      if (!(error instanceof EtcdError)) throw error;
    }
  }

  #provableEnd({ ttlSeconds, sentAtMs }: LeaseRenewal): number {
    const ttlMs = ttlSeconds * 1_000;
    return sentAtMs + ttlMs - ttlMs * SESSION_MARGIN.share - SESSION_MARGIN.fixedMs;
  }

  #scheduleRenewal(
    sentAtMs: number,
    delayMs = sentAtMs + (this.#ttlSeconds * 1_000) / 3 - this.#runtime.now(),
  ): void {
    if (this.signal.aborted) return;
    this.#renewTimer = this.#runtime.setTimer(() => void this.#renew(), Math.max(0, delayMs), true);
  }

  async #renew(): Promise<void> {
    const timeoutMs = Math.min((this.#ttlSeconds * 1_000) / 6, RENEWAL_TIMEOUT_MAX_MS);
    try {
      const renewal = await this.client.parts.renewals.renew(this.leaseId, timeoutMs);
      this.#onRenewal(renewal);
    } catch (error) {
      if (!(error instanceof EtcdError)) throw error;
      if (this.remainingMs > 0) this.#scheduleRenewal(0, RENEWAL_RETRY_MS * (0.5 + this.#runtime.random()));
    }
  }

  #onRenewal(renewal: LeaseRenewal): void {
    if (this.signal.aborted) return;
    if (renewal.ttlSeconds <= 0) {
      this.#expire("the server says that its lease is gone");
      return;
    }
    this.#ttlSeconds = renewal.ttlSeconds;
    // Checked before it is moved: an answer that comes after the provable end does not bring locks back that
    // may have been seen as lost.
    if (this.remainingMs <= 0) return;
    const end = this.#provableEnd(renewal);
    if (end > this.#deadlineMs) this.#deadlineMs = end;
    this.#armExpiry();
    this.#scheduleRenewal(renewal.sentAtMs);
  }

  #armExpiry(): void {
    if (this.#expiryTimer !== undefined) this.#runtime.clearTimer(this.#expiryTimer);
    const delayMs = Math.min(2 ** 31 - 1, Math.max(0, this.#deadlineMs - this.#runtime.now()));
    this.#expiryTimer = this.#runtime.setTimer(() => {
      // Reading it expires the session if its time is up; a long TTL needs more than one timer.
      if (this.remainingMs > 0) this.#armExpiry();
    }, delayMs);
  }

  #expire(why: string): void {
    this.#end(
      new LockLostError("ETCD_SESSION_EXPIRED", `the session ended: ${why}`, { mayHaveApplied: false }),
    );
  }

  #end(reason: LockLostError): void {
    if (this.signal.aborted) return;
    for (const timer of [this.#renewTimer, this.#expiryTimer]) {
      if (timer !== undefined) this.#runtime.clearTimer(timer);
    }
    if (lockEvents.hasSubscribers) {
      lockEvents.publish({ type: "sessionEnded", leaseId: this.leaseId, error: reason });
    }
    this.#controller.abort(reason);
    this.#stopHolding();
  }
}
