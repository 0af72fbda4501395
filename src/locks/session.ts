import { setMaxListeners } from "node:events";
import type { CallerOptions } from "../client/calls.js";
import { KeptLease } from "../client/lease/kept-lease.js";
import type { Namespace } from "../client/namespace.js";
import { ArgumentError, ConnectionError, EtcdError, LockLostError } from "../errors.js";
import { DEFAULT_SESSION_TTL_SECONDS } from "../options.js";
import { lockEvents } from "../tracing.js";

export interface SessionOptions extends CallerOptions {
  /**
   * How long the session's locks outlive this process, in whole seconds. Default: 60, as in etcd's Go client.
   * The server raises small ones to 1.5 election timeouts (2 s by default); `session.ttlSeconds` is what it gave.
   */
  ttlSeconds?: number | undefined;
}

/**
 * A lease and its renewals: what locks live on. Many locks may share one session. While it is open it keeps the
 * process alive; `close()` ends it and frees its locks at once, `orphan()` leaves them to another process, which takes
 * them over with `Session.resume`.
 *
 * It never claims to be alive past the moment where that can be proved: the send time of the last answered
 * renewal, plus the TTL, minus a margin, on this machine's monotonic clock.
 */
export class Session {
  /** Where the session's locks are: all of the store, or a namespace. */
  readonly client: Namespace;
  /** The lease's id, chosen by us. */
  readonly leaseId: bigint;
  /** @internal The same, hexadecimal, as Go's `concurrency` has it in its keys. */
  readonly leaseHex: string;
  /** Tells this session from others of the same lease: of the process that had it before, or has it still. */
  readonly #valuePrefix: string;
  readonly #lease: KeptLease;
  readonly #controller = new AbortController();
  /** Not listeners of the signal: taking one of ten thousand away would look at all of them. */
  readonly #dependents = new Set<() => void>();
  #endReason: LockLostError | undefined;
  #orphaned = false;
  #closing: Promise<void> | undefined;
  #valueCount = 0;

  /** @param ended what the lease's end means, for messages */
  private constructor(client: Namespace, lease: KeptLease, ended = "the session ended") {
    this.client = client;
    this.leaseId = lease.id;
    this.leaseHex = lease.id.toString(16);
    const tag = newTag(() => client.parts.pool.runtime.random());
    this.#valuePrefix = `${BigInt.asUintN(64, lease.id).toString(16)}-${tag}-`;
    this.#lease = lease;
    // Whoever works under the session listens; Node would take more than ten for a leak.
    setMaxListeners(0, this.#controller.signal);
    lease.signal.addEventListener("abort", () => {
      const reason = lease.signal.reason as EtcdError;
      this.#end(`${ended}: ${reason.message}`, reason);
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
    requireClient(client);
    const call = client.parts.calls.options(options, ["ttlSeconds"]);
    const grant = await client.parts.renewals.grant(options.ttlSeconds ?? DEFAULT_SESSION_TTL_SECONDS, call);
    if (client.closed) {
      throw new ConnectionError("ETCD_CLOSED", "the client was closed", { mayHaveApplied: true });
    }
    return new Session(client, new KeptLease(client.parts, grant));
  }

  /**
   * Takes over a session, or any lease, of which only the id is known: of a process that orphaned it, or that has stopped
   * while the lease goes on. One renewal proves that it is alive, and is what `remainingMs` counts from; `ttlSeconds` is
   * what the lease was granted with. A lease that has ended cannot be taken over.
   *
   * The keys of its locks stay what they were, but this session holds none of these locks: each has to be acquired again.
   * For etcd all sessions of one lease are one holder. While the former owner goes on, or where two take over the same
   * lease, they do not exclude one another: whoever acquires a lock last takes it from the other, whose `lock.signal`
   * aborts soon after, and whose `lock.guard()` fails and whose token is outdated at once. And when one of them closes, the
   * keys of both are gone.
   *
   * @param client as for `create`; the namespace, if any, in which the session's locks are
   * @param leaseId `session.leaseId` of the former session, or what its `orphan()` returned
   * @throws ArgumentError for an id that cannot be
   * @throws EtcdError ETCD_LEASE_NOT_FOUND if the lease has ended; otherwise why no renewal was answered in time
   */
  static async resume(client: Namespace, leaseId: bigint, options: CallerOptions = {}): Promise<Session> {
    requireClient(client);
    client.parts.calls.options(options);
    if (typeof leaseId !== "bigint") throw new ArgumentError("leaseId must be a bigint");
    return new Session(client, await client.lease.keepAlive(leaseId, options));
  }

  /** @internal Of a lease that is kept already, for one lock: the user knows of no session. */
  static overLeaseOf(lockName: string, client: Namespace, lease: KeptLease): Session {
    return new Session(client, lease, `the lease of lock "${lockName}" ended`);
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
    return this.#endReason === undefined ? this.#lease.remainingMs : 0;
  }

  /** @internal Why it has ended; undefined while it has not. */
  get endReason(): LockLostError | undefined {
    return this.#endReason;
  }

  /**
   * @internal Calls `callback` when the session ends: after `signal` has aborted, in the order of these calls. What one
   * throws comes out as an uncaught exception, and the others are called all the same. Costs the same however many there
   * are.
   * @returns takes it back
   */
  onEnd(callback: () => void): () => void {
    this.#dependents.add(callback);
    return () => {
      this.#dependents.delete(callback);
    };
  }

  /** @internal A value for a key: no other key has it, of this session or another, in this process or another. */
  uniqueValue(): string {
    return this.#valuePrefix + String(++this.#valueCount);
  }

  /** @throws LockLostError ETCD_SESSION_EXPIRED unless the lease is provably alive at this moment */
  assertAlive(): void {
    if (this.remainingMs <= 0) throw this.#endReason!;
  }

  /**
   * Leaves the lease and the keys of its locks as they are, for whoever takes them over (`Session.resume`) before the TTL,
   * counted from the last renewal, is over; then etcd ends them. Here the session ends at once: its locks may not be relied
   * on any more, acquires that wait fail, and it does not keep the process alive. `close()` does nothing from then on.
   * Idempotent.
   *
   * @returns the lease's id
   * @throws LockLostError ETCD_SESSION_EXPIRED if the session has ended otherwise before: there is nothing to take over
   */
  orphan(): bigint {
    if (this.#orphaned) return this.leaseId;
    this.assertAlive();
    this.#orphaned = true;
    this.#closing = Promise.resolve();
    this.#end("the session was orphaned", undefined);
    this.#lease.orphan();
    return this.leaseId;
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
    if (this.#endReason !== undefined) return;
    const error = new LockLostError("ETCD_SESSION_EXPIRED", why, { mayHaveApplied: false, cause });
    this.#endReason = error;
    if (lockEvents.hasSubscribers) {
      lockEvents.publish({ type: "sessionEnded", leaseId: this.leaseId, error });
    }
    this.#controller.abort(error);
    const dependents = [...this.#dependents];
    this.#dependents.clear();
    for (const callback of dependents) {
      try {
        callback();
      } catch (thrown) {
        this.client.parts.pool.runtime.defer(() => {
          throw thrown;
        });
      }
    }
  }
}

/** From JavaScript anything can arrive. */
const requireClient = (client: Partial<Namespace> | undefined): void => {
  if (client?.parts === undefined)
    throw new ArgumentError("a session is made for a Client, or a namespace of one");
};

/** Of 52 random bits. */
const newTag = (random: () => number): string => Math.floor(random() * 2 ** 52).toString(36);
