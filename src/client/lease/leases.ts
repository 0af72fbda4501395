import { ArgumentError, ConnectionError, EtcdError, StatusError } from "../../errors.js";
import { RENEWAL_TIMEOUT_MAX_MS, RENEWAL_TIMEOUT_MIN_MS } from "../../options.js";
import {
  LeaseLeasesRequest,
  LeaseLeasesResponse,
  LeaseRevokeRequest,
  LeaseTimeToLiveRequest,
} from "../../messages/generated.js";
import { toBigInt, toSafeInteger } from "../../messages/numbers.js";
import { leaderHead } from "../../rpc/method.js";
import type { Method } from "../../rpc/method.js";
import { leaseEvents } from "../../tracing.js";
import type { Bytes } from "../../txn/bytes.js";
import { withJson } from "../../txn/json.js";
import type { CallerOptions } from "../calls.js";
import type { ClientParts } from "../client-parts.js";
import { defineMethod, headerOf } from "../define-method.js";
import type { KeySpace } from "../key-space.js";
import { KeptLease } from "./kept-lease.js";
import { LEASE_REVOKE, LEASE_TIME_TO_LIVE } from "../method-table.js";
import type { LeaseRenewal } from "./renewals.js";

/** A lease that was granted. */
export interface GrantedLease {
  readonly id: bigint;
  /** What the server granted, which may be more than was asked for: never less than 1.5 election timeouts. */
  readonly ttlSeconds: number;
  /** The store's revision at that time; a grant does not move it. */
  readonly revision: number;
}

export interface RevokedLease {
  /** The store's revision after it, which deleted the lease's keys. */
  readonly revision: number;
}

/** One answered renewal. */
export interface RenewedLease {
  readonly id: bigint;
  /** How long the lease lives, in seconds, from when the renewal was sent. */
  readonly ttlSeconds: number;
}

export interface LeaseTimeToLive {
  readonly id: bigint;
  /** Whole seconds left; -1: there is no such lease. */
  readonly ttlSeconds: number;
  /** What it was granted with, in seconds; 0 if there is no such lease. */
  readonly grantedTtlSeconds: number;
  /** Its keys, if they were asked for; of a namespace, those in it. */
  readonly keys: Bytes[];
  readonly revision: number;
}

export interface LeaseGrantOptions extends CallerOptions {
  /** Default: a random one. Not 0. */
  id?: bigint | undefined;
}

export interface LeaseTimeToLiveOptions extends CallerOptions {
  /** Ask for the lease's keys as well. Default: false. */
  keys?: boolean | undefined;
}

const LEASE_LEASES: Method<LeaseLeasesRequest, LeaseLeasesResponse> = defineMethod(
  leaderHead("/etcdserverpb.Lease/LeaseLeases"),
  "read",
  LeaseLeasesResponse,
);

const LEASE_ID_MAX = 2n ** 63n - 1n;

/** From JavaScript anything can arrive. */
const requireId = (id: unknown): bigint => {
  if (typeof id !== "bigint" || id === 0n || id > LEASE_ID_MAX || id < -LEASE_ID_MAX - 1n) {
    throw new ArgumentError(`a lease's id is a bigint of 64 bits, and not 0: ${String(id)}`);
  }
  return id;
};

const notFound = (id: bigint): EtcdError =>
  new StatusError(
    "ETCD_LEASE_NOT_FOUND",
    `there is no lease 0x${BigInt.asUintN(64, id).toString(16)} (any more)`,
    {
      mayHaveApplied: false,
      grpcCode: 5,
      attempts: 1,
    },
  );

/**
 * Leases: keys that are put under one live as long as it does. A lease is renewed by whoever knows its id, and ends when
 * nobody does so for its TTL.
 */
export class Leases {
  readonly #parts: ClientParts;
  readonly #space: KeySpace;

  /** @internal */
  constructor(parts: ClientParts, space: KeySpace) {
    this.#parts = parts;
    this.#space = space;
  }

  /**
   * Grants a lease. It is repeated when its outcome is unknown: the id is chosen here, so that makes no second lease.
   *
   * @param ttlSeconds whole seconds from 1; the server raises small ones to 1.5 election timeouts, 2 s by default
   * @throws ArgumentError for a TTL or id that cannot be
   * @throws EtcdError ETCD_LEASE_EXISTS if an `id` was given and is in use; if `mayHaveApplied`, perhaps by this grant
   */
  async grant(ttlSeconds: number, options: LeaseGrantOptions = {}): Promise<GrantedLease> {
    const call = this.#parts.calls.options(options, ["id"]);
    const id = options.id === undefined ? undefined : requireId(options.id);
    const grant = await this.#parts.renewals.grant(ttlSeconds, call, id);
    return withJson({ id: grant.id, ttlSeconds: grant.ttlSeconds, revision: grant.revision });
  }

  /**
   * Ends a lease and deletes its keys, all in one revision. Repeated when its outcome is unknown.
   *
   * @throws EtcdError ETCD_LEASE_NOT_FOUND if there was no such lease; not if an earlier try of this call may have ended it
   */
  async revoke(id: bigint, options: CallerOptions = {}): Promise<RevokedLease> {
    const { calls, pool } = this.#parts;
    const call = calls.options(options);
    const request = new LeaseRevokeRequest({ ID: requireId(id).toString() });
    let revision: number;
    try {
      revision = headerOf(await calls.unary(LEASE_REVOKE, request, call))?.revision ?? 0;
    } catch (error) {
      if (!(error instanceof EtcdError) || error.code !== "ETCD_LEASE_NOT_FOUND" || !error.mayHaveApplied)
        throw error;
      ({ revision } = pool);
    }
    if (leaseEvents.hasSubscribers) leaseEvents.publish({ type: "revoked", leaseId: id });
    return { revision };
  }

  /** How long a lease has left, and what its keys are. A lease that does not exist is no error: its `ttlSeconds` is -1. */
  async timeToLive(id: bigint, options: LeaseTimeToLiveOptions = {}): Promise<LeaseTimeToLive> {
    const { calls } = this.#parts;
    const call = calls.options(options, ["keys"]);
    const { keys = false } = options;
    if (typeof keys !== "boolean") throw new ArgumentError("keys must be true or false");
    const request = new LeaseTimeToLiveRequest({ ID: requireId(id).toString(), keys });
    const reply = await calls.unary(LEASE_TIME_TO_LIVE, request, call);
    return withJson({
      id,
      ttlSeconds: toSafeInteger(reply.TTL, "TTL"),
      grantedTtlSeconds: toSafeInteger(reply.grantedTTL, "grantedTTL"),
      keys: reply.keys.filter((key) => this.#space.holds(key)).map((key) => this.#space.strip(key)),
      revision: headerOf(reply)?.revision ?? 0,
    });
  }

  /** The ids of all leases of the cluster, whoever granted them. */
  async list(options: CallerOptions = {}): Promise<bigint[]> {
    const { calls } = this.#parts;
    const reply = await calls.unary(LEASE_LEASES, new LeaseLeasesRequest(), calls.options(options));
    return reply.leases.map(({ ID }) => toBigInt(ID));
  }

  /**
   * Renews a lease once: it has its whole TTL again. Tried on one member after the other until one answers.
   *
   * @throws EtcdError ETCD_LEASE_NOT_FOUND if the lease has ended
   */
  async keepAliveOnce(id: bigint, options: CallerOptions = {}): Promise<RenewedLease> {
    const { ttlSeconds } = await this.#renew(requireId(id), options);
    return withJson({ id, ttlSeconds });
  }

  /**
   * Grants a lease, or takes one that exists, and keeps it alive.
   *
   * @param lease a number: the TTL in whole seconds of a new lease; a bigint: the id of one that exists, renewed at once
   * @param options `id`: of the new lease
   * @throws EtcdError ETCD_LEASE_NOT_FOUND if the lease has ended; otherwise as `grant`
   */
  async keepAlive(lease: number | bigint, options: LeaseGrantOptions = {}): Promise<KeptLease> {
    const parts = this.#parts;
    const call = parts.calls.options(options, ["id"]);
    let kept: LeaseRenewal & { readonly id: bigint };
    if (typeof lease === "bigint") {
      if (options.id !== undefined) throw new ArgumentError("the id is given already");
      kept = { ...(await this.#renew(requireId(lease), options)), id: lease };
    } else {
      const id = options.id === undefined ? undefined : requireId(options.id);
      kept = await parts.renewals.grant(lease, call, id);
    }
    // Nobody would renew it.
    if (parts.closed) {
      throw new ConnectionError("ETCD_CLOSED", "the client was closed", { mayHaveApplied: true });
    }
    return new KeptLease(parts, kept);
  }

  async #renew(id: bigint, options: CallerOptions): Promise<LeaseRenewal> {
    const { calls, renewals, pool } = this.#parts;
    const { timeoutMs, signal } = calls.options(options);
    // The TTL is not known. A caller in a hurry must not bring everybody's stream into doubt.
    const patienceMs = Math.min(RENEWAL_TIMEOUT_MAX_MS, Math.max(RENEWAL_TIMEOUT_MIN_MS, timeoutMs / 3));
    const renewal = await renewals.renew(id, patienceMs, pool.runtime.now() + timeoutMs, signal);
    if (renewal.ttlSeconds <= 0) throw notFound(id);
    return renewal;
  }
}
