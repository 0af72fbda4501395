import type { Endpoint } from "../../cluster/endpoint.js";
import type { CallOptions, Pool } from "../../cluster/pool.js";
import { decideRetry } from "../../cluster/retry-policy.js";
import { shown } from "../../cluster/wait.js";
import type { Timer } from "../../connection/runtime.js";
import { AbortError, ArgumentError, ConnectionError, EtcdError, StatusError } from "../../errors.js";
import { LEASE_TTL_MAX_SECONDS, RENEWAL_RETRY_MS, RENEWAL_TIMEOUT_MAX_MS } from "../../options.js";
import { LeaseGrantRequest, LeaseRevokeRequest } from "../../messages/generated.js";
import { int64Text, toSafeInteger } from "../../messages/numbers.js";
import { offAbort, onAbort } from "../../rpc/abort-listeners.js";
import { callUnary } from "../../rpc/unary-call.js";
import { leaseEvents } from "../../tracing.js";
import { headerOf } from "../define-method.js";
import { LEASE_GRANT, LEASE_REVOKE } from "../method-table.js";
import { RenewalLane } from "./renewal-lane.js";
import type { LeaseRenewal, RenewalLaneEvents } from "./renewal-lane.js";
import { calendarOffsetMs, sleptSinceMs } from "./suspension.js";

export type { LeaseRenewal } from "./renewal-lane.js";

/** A lease that was granted. */
export interface Grant extends LeaseRenewal {
  readonly id: bigint;
  /** The store's revision when it was granted. */
  readonly revision: number;
}

/** A random positive id of 62 bits, so that a grant can be repeated without making two leases. */
const newLeaseId = (random: () => number): bigint =>
  (BigInt(Math.floor(random() * 2 ** 31)) << 32n) | BigInt(Math.floor(random() * 2 ** 32)) | 1n;

/** @throws ArgumentError for a TTL that no lease can have */
export const requireTtl = (ttlSeconds: number): void => {
  if (!Number.isInteger(ttlSeconds) || ttlSeconds <= 0 || ttlSeconds > LEASE_TTL_MAX_SECONDS) {
    throw new ArgumentError(
      `ttlSeconds is ${shown(ttlSeconds)}: not a whole number from 1 to ${LEASE_TTL_MAX_SECONDS}, as etcd's leases count`,
    );
  }
};

/** A renewal that somebody waits for. */
interface PendingRenewal {
  readonly id: bigint;
  /** After this time without an answer it goes to the other members as well. */
  patienceMs: number;
  /** Nobody wants the answer after this point in time. */
  deadlineMs: number;
  /** Since when it waits for those that it was sent to. */
  waitingSinceMs: number;
  readonly waiters: Set<Waiter>;
}

interface Waiter {
  readonly resolve: (renewal: LeaseRenewal) => void;
  readonly reject: (error: EtcdError) => void;
  /** To be called with either. */
  readonly settled: () => void;
}

/** How long a renewal may stay unanswered before others are asked: early enough to ask three times before the end. */
export const renewalPatienceMs = (ttlSeconds: number): number =>
  Math.min((ttlSeconds * 1_000) / 6, RENEWAL_TIMEOUT_MAX_MS);

/**
 * Grants, and renewals that do not wait for a frozen member.
 *
 * All leases of a client share one keepalive stream to the leader (a *lane*). When a renewal is not answered in time, or
 * the lane breaks, all renewals under way go to every member at once, each of which passes them on to whom it takes for
 * the leader; and once another leader is known, to that one on a stream of its own, because a follower that passed a
 * renewal on to a dead leader hangs on it for 7 s, whoever is elected meanwhile. The lane that answers first is kept.
 */
export class Renewals {
  readonly #pool: Pool;
  readonly #pending = new Map<bigint, PendingRenewal>();
  readonly #lanes = new Map<Endpoint, RenewalLane>();
  /** Answers well, as far as is known. While there is none, and renewals are under way, all lanes are tried. */
  #home: RenewalLane | undefined;
  #troubled = false;
  #searching = false;
  /** Looks after renewals that were not answered. */
  #timer: Timer;
  #timerAtMs = Infinity;
  /** Endpoints whose lane failed just now, until they are tried again. */
  readonly #resting = new Map<Endpoint, Timer>();
  #leader: Endpoint | undefined;
  #lastError: EtcdError | undefined;
  #closed = false;
  readonly #holders = new Set<() => void>();
  readonly #events: RenewalLaneEvents = {
    onOpen: (lane) => {
      this.#sendAll(lane);
    },
    onAnswer: (lane, id, renewal) => {
      this.#onAnswer(lane, id, renewal);
    },
    onDraining: (lane) => {
      this.#drop(lane);
    },
    onEnd: (lane, error) => {
      this.#onLaneEnd(lane, error);
    },
  };

  constructor(pool: Pool) {
    this.#pool = pool;
    pool.changeListeners.add(() => {
      this.#onPoolChange();
    });
  }

  /**
   * Grants a lease.
   *
   * @param ttlSeconds whole seconds from 1; the server raises small ones to 1.5 election timeouts
   * @param id by default a random one
   * @throws EtcdError ETCD_LEASE_EXISTS if `id` was given and is in use
   */
  async grant(ttlSeconds: number, options: CallOptions, id?: bigint): Promise<Grant> {
    requireTtl(ttlSeconds);
    const leaseId = id ?? newLeaseId(() => this.#pool.runtime.random());
    const request = new LeaseGrantRequest({
      TTL: int64Text(ttlSeconds, "ttlSeconds"),
      ID: int64Text(leaseId, "id"),
    });
    const message = LEASE_GRANT.encode(request);
    const deadlineMs = this.#pool.runtime.now() + options.timeoutMs;
    // Of the try at hand: a lease that this try is said to have made cannot be older.
    let sentAtMs = 0;
    let offsetMs = 0;
    let endpoint = "";
    try {
      const traced = { ...options, path: LEASE_GRANT.head.path };
      const bytes = await this.#pool.call(LEASE_GRANT.policy, "leader", traced, (connection, timeoutMs) => {
        sentAtMs = this.#pool.runtime.now();
        offsetMs = calendarOffsetMs(this.#pool.runtime);
        ({ endpoint } = connection);
        return callUnary(connection, LEASE_GRANT.head, message, timeoutMs, options.signal);
      });
      sentAtMs -= sleptSinceMs(this.#pool.runtime, offsetMs);
      const reply = LEASE_GRANT.decode(bytes);
      const header = headerOf(reply);
      if (header !== undefined) this.#pool.noteHeader(header, endpoint);
      const ttl = toSafeInteger(reply.TTL, "TTL");
      const { raftTerm = 0, revision = 0 } = header ?? {};
      if (leaseEvents.hasSubscribers) leaseEvents.publish({ type: "granted", leaseId, ttlSeconds: ttl });
      return { id: leaseId, ttlSeconds: ttl, sentAtMs, raftTerm, revision };
    } catch (error) {
      // An earlier try of ours was applied and its reply lost: the lease is there, and may have run for a while.
      if (!(error instanceof EtcdError) || error.code !== "ETCD_LEASE_EXISTS" || id !== undefined)
        throw error;
      const patienceMs = renewalPatienceMs(ttlSeconds);
      const renewal = await this.renew(leaseId, patienceMs, deadlineMs, options.signal);
      if (renewal.ttlSeconds > 0) return { id: leaseId, ...renewal, revision: this.#pool.revision };
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
      if (!(error instanceof EtcdError) || error.code !== "ETCD_LEASE_NOT_FOUND") throw error;
    }
    if (leaseEvents.hasSubscribers) leaseEvents.publish({ type: "revoked", leaseId: id });
  }

  /**
   * One renewal, one answer. Those of the same lease that are under way at the same time share it.
   *
   * @param patienceMs how long one member may take, before the others are asked as well
   * @param deadlineMs the point in time, on the runtime's clock, until which it is tried
   * @throws EtcdError why there was no answer: ETCD_DEADLINE_EXCEEDED, or what stood in the way last; before the
   *   deadline, what trying again does not mend, ETCD_PERMISSION_DENIED for one
   */
  renew(id: bigint, patienceMs: number, deadlineMs: number, signal?: AbortSignal): Promise<LeaseRenewal> {
    return new Promise((resolve, reject) => {
      if (this.#closed) {
        reject(closedError());
        return;
      }
      if (signal?.aborted === true) {
        reject(new AbortError(signal.reason, false));
        return;
      }
      let pending = this.#pending.get(id);
      if (pending === undefined) {
        pending = {
          id,
          patienceMs,
          deadlineMs,
          waitingSinceMs: this.#pool.runtime.now(),
          waiters: new Set(),
        };
        this.#pending.set(id, pending);
      }
      const { waiters } = pending;
      const onAborted = (): void => {
        waiters.delete(waiter);
        if (waiters.size === 0) this.#take(id);
        reject(new AbortError(signal?.reason, true));
        this.#closeIfIdle();
      };
      if (signal !== undefined) onAbort(signal, onAborted);
      const waiter: Waiter = {
        resolve,
        reject,
        settled: () => {
          if (signal !== undefined) offAbort(signal, onAborted);
        },
      };
      waiters.add(waiter);
      pending.patienceMs = Math.min(pending.patienceMs, patienceMs);
      pending.deadlineMs = Math.max(pending.deadlineMs, deadlineMs);
      if (this.#home !== undefined) this.#home.send(id);
      else if (!this.#troubled) this.#findHome(patienceMs);
      else if (this.#lanes.size === 0) this.#tryAll();
      else for (const lane of this.#lanes.values()) lane.send(id);
      this.#arm(Math.min(pending.waitingSinceMs + pending.patienceMs, pending.deadlineMs));
    });
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
    this.#closed = true;
    for (const { id } of [...this.#pending.values()]) this.#reject(id, closedError());
    for (const onClose of [...this.#holders]) onClose();
    this.#closeIfIdle();
  }

  #closeIfIdle(): void {
    if (this.#holders.size === 0 && this.#pending.size === 0) this.#closeLanes();
  }

  #closeLanes(): void {
    for (const lane of this.#lanes.values()) lane.close();
    this.#lanes.clear();
    this.#home = undefined;
    this.#endTrouble();
  }

  #endTrouble(): void {
    this.#troubled = false;
    this.#lastError = undefined;
    for (const timer of this.#resting.values()) this.#pool.runtime.clearTimer(timer);
    this.#resting.clear();
  }

  /** The leader answers without a hop. */
  #findHome(patienceMs: number): void {
    if (this.#lanes.size > 0 || this.#searching) return;
    const { leader } = this.#pool;
    if (leader !== undefined) this.#open(leader, patienceMs);
    else this.#search(patienceMs);
  }

  /** Keeps the pool searching; what it finds, `#onPoolChange` hears of as well. */
  #search(patienceMs: number): void {
    if (this.#searching) return;
    this.#searching = true;
    this.#pool.findLeader({ timeoutMs: patienceMs }).then(
      (leader) => {
        this.#searching = false;
        if (this.#pending.size > 0 && !this.#lanes.has(leader)) this.#open(leader, patienceMs);
      },
      (error: unknown) => {
        this.#searching = false;
        if (error instanceof EtcdError) this.#lastError ??= error;
      },
    );
  }

  #open(endpoint: Endpoint, patienceMs: number): void {
    const lane = new RenewalLane(this.#pool, endpoint, patienceMs, this.#events);
    this.#lanes.set(endpoint, lane);
    if (!this.#troubled) this.#home ??= lane;
  }

  /** Those that end first go first. */
  #sendAll(lane: RenewalLane): void {
    const pending = [...this.#pending.values()].sort((a, b) => a.deadlineMs - b.deadlineMs);
    for (const { id } of pending) lane.send(id);
  }

  #onAnswer(lane: RenewalLane, id: bigint, renewal: LeaseRenewal): void {
    const waiters = this.#take(id);
    if (this.#troubled && (!lane.slow || this.#pending.size === 0)) this.#settleOn(lane);
    for (const { resolve } of waiters) resolve(renewal);
    this.#closeIfIdle();
  }

  /** Nobody waits for it any more. */
  #take(id: bigint): Iterable<Waiter> {
    const waiters = this.#pending.get(id)?.waiters ?? [];
    this.#pending.delete(id);
    if (this.#pending.size === 0) this.#disarm();
    for (const { settled } of waiters) settled();
    return waiters;
  }

  /** This member answers, and all renewals under way have been sent to it. The leader is better, if it does too. */
  #settleOn(lane: RenewalLane): void {
    const { leader } = this.#pool;
    const leading = leader === undefined ? undefined : this.#lanes.get(leader);
    const home = leading?.hasAnswered === true && !leading.slow ? leading : lane;
    for (const other of this.#lanes.values()) if (other !== home) other.close();
    this.#lanes.clear();
    this.#lanes.set(home.endpoint, home);
    home.slow = false;
    this.#home = home;
    this.#endTrouble();
  }

  #drop(lane: RenewalLane): void {
    if (this.#lanes.get(lane.endpoint) === lane) this.#lanes.delete(lane.endpoint);
    if (this.#home === lane) this.#home = undefined;
  }

  #onLaneEnd(lane: RenewalLane, error: EtcdError): void {
    this.#drop(lane);
    this.#pool.noteError(error);
    this.#traceFailures(lane, error);
    // Requests of a stream are served in their order: the oldest one is what the server refuses to do. The others are
    // innocent.
    if (!isWorthAnotherTry(error)) for (const id of first(lane.unanswered)) this.#reject(id, error);
    if (this.#pending.size === 0) return;
    this.#lastError = error;
    const { runtime } = this.#pool;
    const { endpoint } = lane;
    if (!this.#resting.has(endpoint)) {
      const restMs = isWorthAnotherTry(error) ? RENEWAL_RETRY_MS : this.#patienceMs();
      const timer = runtime.setTimer(
        () => {
          this.#resting.delete(endpoint);
          if (this.#pending.size > 0 && this.#troubled) this.#tryAll();
        },
        restMs * (0.5 + runtime.random()),
        true,
      );
      this.#resting.set(endpoint, timer);
    }
    if (!this.#troubled) this.#askAround();
  }

  /** Renewals stay unanswered: everybody is asked. */
  #askAround(): void {
    const { runtime } = this.#pool;
    const nowMs = runtime.now();
    const patienceMs = this.#patienceMs();
    this.#troubled = true;
    this.#home = undefined;
    for (const pending of this.#pending.values()) pending.waitingSinceMs = nowMs;
    for (const lane of [...this.#lanes.values()]) {
      // Half, because a lane of the last round took a moment to open.
      if (lane.isSilent(patienceMs / 2)) {
        this.#drop(lane);
        lane.close();
        this.#traceFailures(lane, silentError(lane.endpoint));
        // It may have stopped: if it leads, the others know first who follows.
        this.#pool.onSilence(lane.endpoint);
      } else if (lane.isOverdue(patienceMs / 2)) lane.slow = true;
    }
    this.#tryAll();
    this.#arm(nowMs + patienceMs);
  }

  #tryAll(): void {
    const patienceMs = this.#patienceMs();
    for (const endpoint of this.#pool.endpoints) {
      if (!this.#lanes.has(endpoint) && !this.#resting.has(endpoint)) this.#open(endpoint, patienceMs);
    }
    if (this.#pool.leader === undefined) this.#search(patienceMs);
  }

  #patienceMs(): number {
    let patienceMs = RENEWAL_TIMEOUT_MAX_MS;
    for (const pending of this.#pending.values()) patienceMs = Math.min(patienceMs, pending.patienceMs);
    return patienceMs;
  }

  /** Another leader is what renewals wait for that hang in a follower which passed them on to the last one. */
  #onPoolChange(): void {
    const { leader } = this.#pool;
    if (leader === this.#leader) return;
    this.#leader = leader;
    if (leader === undefined || !this.#troubled || this.#pending.size === 0) return;
    this.#lanes.get(leader)?.close();
    this.#open(leader, this.#patienceMs());
  }

  #arm(atMs: number): void {
    if (this.#timerAtMs <= atMs) return;
    const { runtime } = this.#pool;
    this.#disarm();
    this.#timerAtMs = atMs;
    const onTimer = (): void => {
      this.#timer = undefined;
      this.#timerAtMs = Infinity;
      // After a stall of this process, timers run before the answers that have come meanwhile are read.
      runtime.yieldToInput(() => {
        this.#check();
      });
    };
    // Somebody waits.
    this.#timer = runtime.setTimer(onTimer, Math.max(0, Math.ceil(atMs - runtime.now())), true);
  }

  #disarm(): void {
    if (this.#timer !== undefined) this.#pool.runtime.clearTimer(this.#timer);
    this.#timer = undefined;
    this.#timerAtMs = Infinity;
  }

  #check(): void {
    const nowMs = this.#pool.runtime.now();
    let nextMs = Infinity;
    let isOverdue = false;
    for (const { id, patienceMs, deadlineMs, waitingSinceMs } of [...this.#pending.values()]) {
      if (deadlineMs <= nowMs) this.#reject(id, this.#lastError ?? silentError(undefined));
      else if (waitingSinceMs + patienceMs <= nowMs) isOverdue = true;
      else nextMs = Math.min(nextMs, waitingSinceMs + patienceMs, deadlineMs);
    }
    if (this.#pending.size === 0) this.#closeIfIdle();
    else if (isOverdue) this.#askAround();
    else this.#arm(nextMs);
  }

  #reject(id: bigint, error: EtcdError): void {
    const waiters = this.#take(id);
    // The next one starts afresh, at the leader.
    if (this.#pending.size === 0 && this.#troubled) this.#closeLanes();
    for (const { reject } of waiters) reject(error);
  }

  #traceFailures(lane: RenewalLane, error: EtcdError): void {
    if (!leaseEvents.hasSubscribers) return;
    for (const leaseId of lane.unanswered) leaseEvents.publish({ type: "renewalFailed", leaseId, error });
  }
}

const silentError = (endpoint: Endpoint | undefined): EtcdError =>
  new StatusError("ETCD_DEADLINE_EXCEEDED", "no renewal was answered in time", {
    mayHaveApplied: true,
    grpcCode: 4,
    endpoint: endpoint?.address.text,
  });

const closedError = (): EtcdError =>
  new ConnectionError("ETCD_CLOSED", "the client was closed", { mayHaveApplied: false, attempts: 0 });

/** For a renewal, which changes nothing that repeating it would not. */
export const isWorthAnotherTry = (error: EtcdError): boolean =>
  error.code === "ETCD_DEADLINE_EXCEEDED" ||
  decideRetry("repeatable", error, {
    repeatedAtOnce: false,
    authenticatedAgain: false,
    hasCredentials: true,
    hasUntriedEndpoint: true,
  }).action === "retry";

const first = <T>(values: Iterable<T>): T[] => {
  for (const value of values) return [value];
  return [];
};
