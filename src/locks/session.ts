import { setMaxListeners } from "node:events";
import type { CallerOptions } from "../client/calls.js";
import { KeptLease } from "../client/lease/kept-lease.js";
import type { Namespace } from "../client/namespace.js";
import { ArgumentError, ConnectionError, EtcdError, LockLostError } from "../errors.js";
import { DEFAULT_SESSION_TTL_SECONDS } from "../options.js";
import { lockEvents } from "../tracing.js";
import { LockQueue } from "./lock-queue.js";
import type { LockLife } from "./lock.js";

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
export class Session implements LockLife {
  /** Where the session's locks are: all of the store, or a namespace. */
  readonly client: Namespace;
  /** The lease's id, chosen by us. */
  readonly leaseId: bigint;
  readonly #lease: KeptLease;
  readonly #controller = new AbortController();
  /** Not listeners of the signal: taking one of ten thousand away would look at all of them. */
  readonly #dependents = new Set<() => void>();
  #closing: Promise<void> | undefined;
  /** @internal Callers of this process, by lock name, in order. */
  readonly queue = new LockQueue();

  private constructor(client: Namespace, lease: KeptLease) {
    this.client = client;
    this.leaseId = lease.id;
    this.#lease = lease;
    // Whoever works under the session listens; Node would take more than ten for a leak.
    setMaxListeners(0, this.#controller.signal);
    lease.signal.addEventListener("abort", () => {
      const reason = lease.signal.reason as EtcdError;
      this.#end(`the session ended: ${reason.message}`, reason);
    });
    if (lockEvents.hasSubscribers) {
      const { leaseId, ttlSeconds } = this;
      lockEvents.publish({ type: "sessionOpened", leaseId, ttlSeconds });
    }
  }

  /**
   * Grants a lease and starts to renew it.
   *
   * @param client a client, or a namespace of one: locks have its prefix then
   * @throws ArgumentError for a TTL that is not a whole number of seconds from 1
   * @throws EtcdError when no lease could be had in time
   */
  static async create(client: Namespace, options: SessionOptions = {}): Promise<Session> {
    if ((client as Partial<Namespace> | undefined)?.parts === undefined)
      throw new ArgumentError("a session is made for a Client, or a namespace of one");
    const call = client.parts.calls.options(options, ["ttlSeconds"]);
    const grant = await client.parts.renewals.grant(options.ttlSeconds ?? DEFAULT_SESSION_TTL_SECONDS, call);
    if (client.closed) {
      throw new ConnectionError("ETCD_CLOSED", "the client was closed", { mayHaveApplied: true });
    }
    return new Session(client, new KeptLease(client.parts, grant));
  }

  /** What the server granted, in seconds. */
  get ttlSeconds(): number {
    return this.#lease.ttlSeconds;
  }

  /** Aborts when the session ends, however it ends; the reason is a LockLostError that says why. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** How much longer the lease provably lives, in milliseconds; 0 when that cannot be proved, or it was closed. */
  get remainingMs(): number {
    // Reading it there finds out, and tells us.
    return this.#lease.remainingMs;
  }

  /** @internal Why it has ended; undefined while it has not. */
  get endReason(): LockLostError | undefined {
    return this.signal.aborted ? (this.signal.reason as LockLostError) : undefined;
  }

  /**
   * @internal Calls `callback`, which must not throw, when the session ends: after `signal` has aborted, in the order of
   * these calls. Costs the same however many there are.
   * @returns takes it back
   */
  onEnd(callback: () => void): () => void {
    this.#dependents.add(callback);
    return () => {
      this.#dependents.delete(callback);
    };
  }

  /** @throws LockLostError ETCD_SESSION_EXPIRED unless the lease is provably alive at this moment */
  assertAlive(): void {
    if (this.remainingMs <= 0) throw this.signal.reason;
  }

  /**
   * Revokes the lease, which deletes the keys of its locks. Resolves also when the cluster cannot be reached, or
   * `signal` fires: the lease then ends by itself after its TTL. Idempotent.
   */
  async close(options: CallerOptions = {}): Promise<void> {
    const checked = this.client.parts.calls.options(options);
    this.#closing ??= this.#close(checked);
    await this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** What `JSON.stringify` makes of it. */
  toJSON(): { leaseId: string; ttlSeconds: number } {
    return { leaseId: String(this.leaseId), ttlSeconds: this.ttlSeconds };
  }

  async #close(options: CallerOptions): Promise<void> {
    this.#end("the session was closed", undefined);
    try {
      await this.#lease.revoke(options);
    } catch (error) {
      if (!(error instanceof EtcdError)) throw error;
    }
  }

  #end(why: string, cause: EtcdError | undefined): void {
    if (this.signal.aborted) return;
    const error = new LockLostError("ETCD_SESSION_EXPIRED", why, { mayHaveApplied: false, cause });
    if (lockEvents.hasSubscribers) {
      lockEvents.publish({ type: "sessionEnded", leaseId: this.leaseId, error });
    }
    this.#controller.abort(error);
    const dependents = [...this.#dependents];
    this.#dependents.clear();
    for (const callback of dependents) callback();
  }
}
