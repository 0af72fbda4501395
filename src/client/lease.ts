import { randomBytes } from "node:crypto";
import type { CallOptions, Pool } from "../cluster/pool.js";
import { Wait } from "../cluster/wait.js";
import type { Endpoint } from "../cluster/endpoint.js";
import { ArgumentError, ConnectionError, EtcdError, StatusError } from "../errors.js";
import { LEASE_TTL_MAX_SECONDS } from "../options.js";
import {
  LeaseGrantRequest,
  LeaseKeepAliveRequest,
  LeaseKeepAliveResponse,
  LeaseRevokeRequest,
  LeaseTimeToLiveRequest,
} from "../messages/generated.js";
import { int64Text, toBigInt, toSafeInteger } from "../messages/numbers.js";
import { StreamCall } from "../rpc/stream-call.js";
import {
  LEASE_GRANT,
  LEASE_KEEP_ALIVE_HEAD,
  LEASE_REVOKE,
  LEASE_TIME_TO_LIVE,
  decodeWith,
} from "./method-table.js";

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

/** A random positive id, so that a grant can be repeated without making two leases. */
export const newLeaseId = (): bigint => (randomBytes(8).readBigUInt64BE() >> 1n) | 1n;

const requireTtl = (ttlSeconds: number): void => {
  if (!Number.isInteger(ttlSeconds) || ttlSeconds <= 0 || ttlSeconds > LEASE_TTL_MAX_SECONDS) {
    throw new ArgumentError(
      `ttlSeconds is ${ttlSeconds}: not a whole number from 1 to ${LEASE_TTL_MAX_SECONDS}, as etcd's leases count`,
    );
  }
};

/** Leases: grant, revoke, and renewals that do not wait for a frozen member. */
export class Leases {
  readonly #pool: Pool;
  #stream: RenewalStream | undefined;
  #opening: Promise<RenewalStream> | undefined;
  /** Where the last renewal stream failed or stayed silent; the next is opened elsewhere. */
  #avoid: Endpoint | undefined;

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
    const leaseId = id ?? newLeaseId();
    // From the call's start, not from the answered try's: earlier is the safe side.
    const sentAtMs = this.#pool.runtime.now();
    const request = new LeaseGrantRequest({
      TTL: int64Text(ttlSeconds, "ttlSeconds"),
      ID: int64Text(leaseId, "id"),
    });
    try {
      const reply = await this.#pool.unary(LEASE_GRANT, request, "leader", options);
      const raftTerm = toSafeInteger(reply.header?.raft_term ?? "0", "raft_term");
      return { id: leaseId, ttlSeconds: toSafeInteger(reply.TTL, "TTL"), sentAtMs, raftTerm };
    } catch (error) {
      // An earlier try of ours was applied and its reply lost: the lease is there.
      if (!(error instanceof EtcdError) || error.code !== "ETCD_LEASE_EXISTS" || id !== undefined)
        throw error;
      const lease = await this.timeToLive(leaseId, options);
      return { id: leaseId, ttlSeconds: lease.grantedTtlSeconds, sentAtMs, raftTerm: this.#pool.term };
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
    const stream = this.#stream ?? (await wait.for(this.#openStream(timeoutMs), silent));
    return stream.renew(id, wait);
  }

  close(): void {
    this.#stream?.cancel();
  }

  #openStream(timeoutMs: number): Promise<RenewalStream> {
    this.#opening ??= this.#connect(timeoutMs).finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #connect(timeoutMs: number): Promise<RenewalStream> {
    const wait = new Wait(this.#pool.runtime, timeoutMs, undefined);
    const avoid = this.#avoid;
    // The leader answers without a hop. After it failed us once, any other member: it forwards to whoever leads.
    const route = avoid === undefined || this.#pool.endpoints.length === 1 ? "leader" : this.#other(avoid);
    const connection = await this.#pool.acquire(route, "streams", wait, avoid);
    this.#avoid = undefined;
    const endpoint = this.#pool.endpoints.find(({ address }) => address.text === connection.endpoint);
    const stream = new RenewalStream(
      this.#pool,
      (events) => new StreamCall(connection, LEASE_KEEP_ALIVE_HEAD, events),
      (ended) => {
        if (this.#stream === ended) this.#stream = undefined;
        this.#avoid = endpoint;
      },
    );
    if (!stream.ended) this.#stream = stream;
    return stream;
  }

  #other(avoid: Endpoint): Endpoint {
    const { leader, endpoints, runtime } = this.#pool;
    if (leader !== undefined && leader !== avoid) return leader;
    const nowMs = runtime.now();
    const others = endpoints.filter((endpoint) => endpoint !== avoid);
    return others.find((endpoint) => endpoint.opened("calls") && endpoint.retryAtMs <= nowMs) ?? others[0]!;
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

/** One keepalive stream with the renewals under way on it, by lease. */
class RenewalStream {
  readonly #pool: Pool;
  readonly #call: StreamCall;
  readonly #renewals = new Map<bigint, Renewal[]>();
  readonly #onEnd: (stream: RenewalStream) => void;

  constructor(
    pool: Pool,
    open: (events: ConstructorParameters<typeof StreamCall>[2]) => StreamCall,
    onEnd: (stream: RenewalStream) => void,
  ) {
    this.#pool = pool;
    this.#onEnd = onEnd;
    this.#call = open({
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
    let reply: LeaseKeepAliveResponse;
    try {
      reply = decodeKeepAlive(bytes);
    } catch {
      this.cancel();
      return;
    }
    const raftTerm = toSafeInteger(reply.header?.raft_term ?? "0", "raft_term");
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
    renewal.resolve({ ttlSeconds: toSafeInteger(reply.TTL, "TTL"), sentAtMs: renewal.sentAtMs, raftTerm });
  }

  #finish(error: EtcdError): void {
    this.#onEnd(this);
    const waiting = [...this.#renewals.values()].flat();
    this.#renewals.clear();
    for (const { reject } of waiting) reject(error);
  }
}
