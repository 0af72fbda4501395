import type { Endpoint } from "../../cluster/endpoint.js";
import type { Pool } from "../../cluster/pool.js";
import { Wait } from "../../cluster/wait.js";
import { EtcdError, StatusError } from "../../errors.js";
import { LeaseKeepAliveRequest, LeaseKeepAliveResponse } from "../../messages/generated.js";
import { toBigInt, toSafeInteger } from "../../messages/numbers.js";
import { StreamCall } from "../../rpc/stream-call.js";
import { leaseEvents } from "../../tracing.js";
import { decodeWith, headerOf } from "../define-method.js";
import { LEASE_KEEP_ALIVE_HEAD } from "../method-table.js";
import { calendarOffsetMs, sleptSinceMs } from "./suspension.js";

/** One answered renewal or grant. */
export interface LeaseRenewal {
  /** What the server granted, which may be more than was asked for. 0 or less: the lease is gone. */
  readonly ttlSeconds: number;
  /**
   * When the request that was answered left us, on the runtime's clock: the lease lives at least `ttlSeconds` from here.
   * Time that the machine was suspended since is taken off.
   */
  readonly sentAtMs: number;
  readonly raftTerm: number;
}

/** What a lane tells its owner. */
export interface RenewalLaneEvents {
  /** Requests can be sent now. */
  onOpen(lane: RenewalLane): void;
  /** A member that knows the present term has answered. */
  onAnswer(lane: RenewalLane, id: bigint, renewal: LeaseRenewal): void;
  /** No new requests here: its connection will end. Answers under way still come. */
  onDraining(lane: RenewalLane): void;
  /** Once, last, unless its owner closed it. */
  onEnd(lane: RenewalLane, error: EtcdError): void;
}

const decodeKeepAlive = decodeWith(LeaseKeepAliveResponse);

/**
 * One keepalive stream to one member, from the moment that it is wanted. A member serves the requests of a stream
 * strictly one after the other, so whoever is behind one that hangs waits as well (etcd-facts.md §0.7).
 */
export class RenewalLane {
  readonly endpoint: Endpoint;
  /** Something stands unanswered here for too long, although other answers come: it is not to be relied on. */
  slow = false;
  /** At least one good answer came. */
  hasAnswered = false;
  readonly #pool: Pool;
  readonly #events: RenewalLaneEvents;
  /** When the request under way for a lease was sent, in the order of sending, and by the calendar. */
  readonly #sent = new Map<bigint, { readonly atMs: number; readonly calendarOffsetMs: number }>();
  #call: StreamCall | undefined;
  /** Since when an answer is owed and none came. */
  #waitingSinceMs = 0;
  #draining = false;
  #ended = false;

  /** @param timeoutMs how long the connection may take */
  constructor(pool: Pool, endpoint: Endpoint, timeoutMs: number, events: RenewalLaneEvents) {
    this.#pool = pool;
    this.endpoint = endpoint;
    this.#events = events;
    void this.#open(timeoutMs);
  }

  /** Renews a lease, unless it is being renewed here already; nothing happens before `onOpen` and after the end. */
  send(id: bigint): void {
    if (this.#call === undefined || this.#ended || this.#sent.has(id)) return;
    const nowMs = this.#pool.runtime.now();
    if (this.#sent.size === 0) this.#waitingSinceMs = nowMs;
    this.#sent.set(id, { atMs: nowMs, calendarOffsetMs: calendarOffsetMs(this.#pool.runtime) });
    this.#call.send(new LeaseKeepAliveRequest({ ID: id.toString() }).serializeBinary());
  }

  /** The leases whose renewals are not answered yet, oldest first. */
  get unanswered(): IterableIterator<bigint> {
    return this.#sent.keys();
  }

  /** Answers are owed, and for this long none came. */
  isSilent(forMs: number): boolean {
    return this.#sent.size > 0 && this.#pool.runtime.now() - this.#waitingSinceMs >= forMs;
  }

  /** One answer is owed for this long, whatever else was answered. */
  isOverdue(forMs: number): boolean {
    for (const { atMs } of this.#sent.values()) return this.#pool.runtime.now() - atMs >= forMs;
    return false;
  }

  /** Ends it without a word. */
  close(): void {
    this.#ended = true;
    this.#call?.cancel();
  }

  async #open(timeoutMs: number): Promise<void> {
    const pool = this.#pool;
    try {
      const wait = new Wait(pool.runtime, timeoutMs, undefined);
      const connection = await pool.acquire(this.endpoint, "streams", wait);
      if (this.#ended) return;
      this.#call = new StreamCall(connection, LEASE_KEEP_ALIVE_HEAD, {
        onMessage: (bytes, start, end) => {
          this.#onMessage(bytes.subarray(start, end));
        },
        onEnd: (error) => {
          this.#fail(error);
        },
        onDraining: () => {
          this.#draining = true;
          this.#events.onDraining(this);
          this.#closeIfDrained();
        },
      });
    } catch (error) {
      if (!(error instanceof EtcdError)) throw error;
      this.#fail(error);
      return;
    }
    this.#events.onOpen(this);
  }

  #onMessage(bytes: Uint8Array): void {
    try {
      this.#take(decodeKeepAlive(bytes));
    } catch (error) {
      // A reply that cannot be read, holds a number that cannot be, or is another cluster's.
      if (!(error instanceof EtcdError)) throw error;
      this.#fail(error);
    }
  }

  #take(reply: LeaseKeepAliveResponse): void {
    const header = headerOf(reply);
    const raftTerm = header?.raftTerm ?? 0;
    const ttlSeconds = toSafeInteger(reply.TTL, "TTL");
    const id = toBigInt(reply.ID);
    const endpoint = this.endpoint.address.text;
    // A member that answers for an older term may be a leader that was replaced: its word about a lease is void.
    const isStale = raftTerm < this.#pool.term;
    if (header !== undefined) this.#pool.noteHeader(header, endpoint);
    if (isStale) {
      throw new StatusError("ETCD_NOT_PRIMARY_LESSOR", `${endpoint} answered for an older raft term`, {
        mayHaveApplied: true,
        endpoint,
      });
    }
    const sent = this.#sent.get(id);
    if (sent === undefined) return;
    this.#sent.delete(id);
    const { runtime } = this.#pool;
    const nowMs = runtime.now();
    const sentAtMs = sent.atMs - sleptSinceMs(runtime, sent.calendarOffsetMs);
    this.#waitingSinceMs = nowMs;
    this.hasAnswered = true;
    if (ttlSeconds > 0 && leaseEvents.hasSubscribers) {
      leaseEvents.publish({
        type: "renewed",
        leaseId: id,
        ttlSeconds,
        endpoint,
        durationMs: nowMs - sentAtMs,
      });
    }
    this.#events.onAnswer(this, id, { ttlSeconds, sentAtMs, raftTerm });
    this.#closeIfDrained();
  }

  #closeIfDrained(): void {
    if (this.#draining && this.#sent.size === 0) this.close();
  }

  #fail(error: EtcdError): void {
    if (this.#ended) return;
    this.close();
    this.#events.onEnd(this, error);
  }
}
