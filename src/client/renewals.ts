import type { CallOptions, Pool, Route } from "../cluster/pool.js";
import { Wait } from "../cluster/wait.js";
import type { Endpoint } from "../cluster/endpoint.js";
import type { Connection } from "../connection/connection.js";
import { ArgumentError, ConnectionError, EtcdError, StatusError } from "../errors.js";
import { LEASE_TTL_MAX_SECONDS, RENEWAL_TIMEOUT_MAX_MS } from "../options.js";
import {
  LeaseGrantRequest,
  LeaseKeepAliveRequest,
  LeaseKeepAliveResponse,
  LeaseRevokeRequest,
  LeaseTimeToLiveRequest,
} from "../messages/generated.js";
import { int64Text, toBigInt, toSafeInteger } from "../messages/numbers.js";
import { StreamCall } from "../rpc/stream-call.js";
import { callUnary } from "../rpc/unary-call.js";
import { LEASE_GRANT, LEASE_KEEP_ALIVE_HEAD, LEASE_REVOKE, LEASE_TIME_TO_LIVE } from "./method-table.js";
import { decodeWith } from "./define-method.js";

/** One answered renewal or grant. */
export interface LeaseRenewal {
  /** What the server granted, which may be more than was asked for. 0 or less: the lease is gone. */
  readonly ttlSeconds: number;
  /** When the request that was answered left us, on the runtime's clock: the lease lives at least `ttlSeconds` from here. */
  readonly sentAtMs: number;
  readonly raftTerm: number;
}

export interface LeaseTimeToLive {
  /** Seconds left; -1: there is no such lease. */
  readonly ttlSeconds: number;
  readonly grantedTtlSeconds: number;
}

const decodeKeepAlive = decodeWith(LeaseKeepAliveResponse);

/** A random positive id of 62 bits, so that a grant can be repeated without making two leases. */
const newLeaseId = (random: () => number): bigint =>
  (BigInt(Math.floor(random() * 2 ** 31)) << 32n) | BigInt(Math.floor(random() * 2 ** 32)) | 1n;

const requireTtl = (ttlSeconds: number): void => {
  if (!Number.isInteger(ttlSeconds) || ttlSeconds <= 0 || ttlSeconds > LEASE_TTL_MAX_SECONDS) {
    throw new ArgumentError(
      `ttlSeconds is ${ttlSeconds}: not a whole number from 1 to ${LEASE_TTL_MAX_SECONDS}, as etcd's leases count`,
    );
  }
};

/** Leases: grant, revoke, and renewals that do not wait for a frozen member. */
export class Renewals {
  readonly #pool: Pool;
  #stream: RenewalStream | undefined;
  #opening: Promise<RenewalStream> | undefined;
  /** Where renewals failed or stayed silent since the last that was answered: the next is sent elsewhere. */
  readonly #failed = new Set<Endpoint>();
  readonly #holders = new Set<() => void>();

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /**
   * Grants a lease.
   *
   * @param ttlSeconds whole seconds from 1; the server raises small ones to 1.5 election timeouts
   * @param id by default a random one
   * @throws EtcdError ETCD_LEASE_EXISTS if `id` was given and is in use
   */
  async grant(ttlSeconds: number, options: CallOptions, id?: bigint): Promise<LeaseRenewal & { id: bigint }> {
    requireTtl(ttlSeconds);
    const leaseId = id ?? newLeaseId(() => this.#pool.runtime.random());
    const request = new LeaseGrantRequest({
      TTL: int64Text(ttlSeconds, "ttlSeconds"),
      ID: int64Text(leaseId, "id"),
    });
    const message = LEASE_GRANT.encode(request);
    // Of the try at hand: a lease that this try is said to have made cannot be older.
    let sentAtMs = 0;
    try {
      const bytes = await this.#pool.call(LEASE_GRANT.policy, "leader", options, (connection, timeoutMs) => {
        sentAtMs = this.#pool.runtime.now();
        return callUnary(connection, LEASE_GRANT.head, message, timeoutMs, options.signal);
      });
      const reply = LEASE_GRANT.decode(bytes);
      const raftTerm = toSafeInteger(reply.header?.raft_term ?? "0", "raft_term");
      this.#pool.noteTerm(raftTerm);
      return { id: leaseId, ttlSeconds: toSafeInteger(reply.TTL, "TTL"), sentAtMs, raftTerm };
    } catch (error) {
      // An earlier try of ours was applied and its reply lost: the lease is there, and may have run for a while.
      if (!(error instanceof EtcdError) || error.code !== "ETCD_LEASE_EXISTS" || id !== undefined)
        throw error;
      const renewal = await this.renew(leaseId, Math.min(options.timeoutMs, RENEWAL_TIMEOUT_MAX_MS));
      if (renewal.ttlSeconds > 0) return { id: leaseId, ...renewal };
      throw new StatusError("ETCD_LEASE_NOT_FOUND", "the lease ended before its grant was answered", {
        mayHaveApplied: true,
        grpcCode: 5,
        cause: error,
      });
    }
  }

  /** Ends a lease and deletes its keys. A lease that is already gone is fine. */
  async revoke(id: bigint, options: CallOptions): Promise<void> {
    const request = new LeaseRevokeRequest({ ID: int64Text(id, "id") });
    try {
      await this.#pool.unary(LEASE_REVOKE, request, "leader", options);
    } catch (error) {
      if (error instanceof EtcdError && error.code === "ETCD_LEASE_NOT_FOUND") return;
      throw error;
    }
  }

  async timeToLive(id: bigint, options: CallOptions): Promise<LeaseTimeToLive> {
    const request = new LeaseTimeToLiveRequest({ ID: int64Text(id, "id") });
    const reply = await this.#pool.unary(LEASE_TIME_TO_LIVE, request, "leader", options);
    return {
      ttlSeconds: toSafeInteger(reply.TTL, "TTL"),
      grantedTtlSeconds: toSafeInteger(reply.grantedTTL, "grantedTTL"),
    };
  }

  /**
   * One renewal, one answer. After `timeoutMs` without one, the stream is given up and the next renewal goes to
   * another endpoint: a keepalive behind a frozen leader blocks for 7 s and takes the lease with it
   * (etcd-facts.md §0.7).
   */
  async renew(id: bigint, timeoutMs: number): Promise<LeaseRenewal> {
    const wait = new Wait(this.#pool.runtime, timeoutMs, undefined);
    try {
      const stream = this.#stream ?? (await wait.for(this.#openStream(timeoutMs), silent));
      return await stream.renew(id, wait);
    } finally {
      this.#closeIfIdle();
    }
  }

  /**
   * Says that somebody renews leases here. Without anybody the stream is closed, which would otherwise keep the
   * process alive.
   *
   * @param onClose called when the client is closed
   * @returns to be called when done
   */
  hold(onClose: () => void): () => void {
    this.#holders.add(onClose);
    return () => {
      this.#holders.delete(onClose);
      this.#closeIfIdle();
    };
  }

  close(): void {
    this.#stream?.cancel();
    for (const onClose of [...this.#holders]) onClose();
  }

  #closeIfIdle(): void {
    if (this.#holders.size > 0 || this.#stream === undefined) return;
    this.#stream.cancel();
    // Nobody failed.
    this.#failed.clear();
  }

  #openStream(timeoutMs: number): Promise<RenewalStream> {
    this.#opening ??= this.#connect(timeoutMs).finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #connect(timeoutMs: number): Promise<RenewalStream> {
    const wait = new Wait(this.#pool.runtime, timeoutMs, undefined);
    const connection = await this.#pool.acquire(this.#route(), "streams", wait);
    const endpoint = this.#pool.endpoints.find(({ address }) => address.text === connection.endpoint)!;
    const stream = new RenewalStream(this.#pool, connection, {
      onAnswer: () => {
        this.#failed.clear();
      },
      onEnd: (ended) => {
        if (this.#stream === ended) this.#stream = undefined;
        this.#failed.add(endpoint);
      },
    });
    if (!stream.ended) this.#stream = stream;
    return stream;
  }

  /**
   * The leader answers without a hop. Once it has failed us, the others in turn, who forward to whoever leads:
   * after an election they know that before we do.
   */
  #route(): Route {
    const { leader, endpoints, runtime } = this.#pool;
    if (endpoints.every((endpoint) => this.#failed.has(endpoint))) this.#failed.clear();
    if (this.#failed.size === 0 || (leader !== undefined && !this.#failed.has(leader))) return "leader";
    const nowMs = runtime.now();
    const others = endpoints.filter((endpoint) => !this.#failed.has(endpoint));
    return (
      others.find((endpoint) => endpoint.opened("calls") !== undefined && endpoint.retryAtMs <= nowMs) ??
      others[0]!
    );
  }
}

const silent = (): EtcdError =>
  new StatusError("ETCD_DEADLINE_EXCEEDED", "no renewal was answered in time", {
    mayHaveApplied: true,
    grpcCode: 4,
  });

interface Renewal {
  readonly sentAtMs: number;
  readonly resolve: (renewal: LeaseRenewal) => void;
  readonly reject: (error: EtcdError) => void;
}

interface RenewalStreamEvents {
  /** A member that knows the present leader has answered. */
  onAnswer(): void;
  onEnd(stream: RenewalStream): void;
}

/** One keepalive stream with the renewals under way on it, by lease. */
class RenewalStream {
  readonly #pool: Pool;
  readonly #call: StreamCall;
  readonly #renewals = new Map<bigint, Renewal[]>();
  readonly #events: RenewalStreamEvents;

  constructor(pool: Pool, connection: Connection, events: RenewalStreamEvents) {
    this.#pool = pool;
    this.#events = events;
    this.#call = new StreamCall(connection, LEASE_KEEP_ALIVE_HEAD, {
      onMessage: (bytes, start, end) => {
        this.#onMessage(bytes.subarray(start, end));
      },
      onEnd: (error) => {
        this.#finish(error);
      },
    });
  }

  get ended(): boolean {
    return this.#call.ended;
  }

  async renew(id: bigint, wait: Wait): Promise<LeaseRenewal> {
    const answer = new Promise<LeaseRenewal>((resolve, reject) => {
      if (this.#call.ended) {
        reject(
          new ConnectionError("ETCD_CONNECTION_LOST", "the renewal stream ended", { mayHaveApplied: false }),
        );
        return;
      }
      const renewal = { sentAtMs: this.#pool.runtime.now(), resolve, reject };
      const queue = this.#renewals.get(id);
      if (queue === undefined) this.#renewals.set(id, [renewal]);
      else queue.push(renewal);
      this.#call.send(new LeaseKeepAliveRequest({ ID: id.toString() }).serializeBinary());
    });
    try {
      return await wait.for(answer, silent);
    } catch (error) {
      // Whoever waits behind a silent member waits in vain, so all move on together.
      this.cancel();
      throw error;
    }
  }

  cancel(): void {
    this.#call.cancel();
  }

  #onMessage(bytes: Uint8Array): void {
    try {
      this.#take(decodeKeepAlive(bytes));
    } catch (error) {
      // A reply that cannot be read, or holds a number that cannot be.
      if (!(error instanceof EtcdError)) throw error;
      this.cancel();
    }
  }

  #take(reply: LeaseKeepAliveResponse): void {
    const raftTerm = toSafeInteger(reply.header?.raft_term ?? "0", "raft_term");
    const ttlSeconds = toSafeInteger(reply.TTL, "TTL");
    const id = toBigInt(reply.ID);
    // Answers come in the order of the requests, so the first that waits for this lease is meant.
    const queue = this.#renewals.get(id);
    const renewal = queue?.shift();
    if (queue?.length === 0) this.#renewals.delete(id);
    // A member that answers for an older term may be a leader that was replaced: its word about a lease is void.
    const stale = raftTerm < this.#pool.term;
    this.#pool.noteTerm(raftTerm);
    if (renewal === undefined) return;
    if (stale) {
      renewal.reject(
        new StatusError("ETCD_NOT_PRIMARY_LESSOR", `${this.#call.endpoint} answered for an older raft term`, {
          mayHaveApplied: true,
          endpoint: this.#call.endpoint,
        }),
      );
      return;
    }
    this.#events.onAnswer();
    renewal.resolve({ ttlSeconds, sentAtMs: renewal.sentAtMs, raftTerm });
  }

  #finish(error: EtcdError): void {
    this.#pool.noteError(error);
    this.#events.onEnd(this);
    const waiting = [...this.#renewals.values()].flat();
    this.#renewals.clear();
    for (const { reject } of waiting) reject(error);
  }
}
