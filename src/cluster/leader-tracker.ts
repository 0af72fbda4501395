import type { Connection } from "../connection/connection.js";
import type { Runtime } from "../connection/runtime.js";
import { ConnectionError, EtcdError, StatusError } from "../errors.js";
import { LEADER_PROBE_MS, STATUS_TIMEOUT_MS } from "../options.js";
import type { Endpoint } from "./endpoint.js";
import type { Wait } from "./wait.js";
import { delay } from "./wait.js";

/** What a member says about itself and its leader (`Maintenance.Status`). */
export interface MemberStatus {
  readonly clusterId: bigint;
  readonly memberId: bigint;
  /** 0n: it knows none. */
  readonly leaderId: bigint;
  readonly raftTerm: number;
  readonly isLearner: boolean;
}

/** One `Status` call; handed in from above, because this layer knows no messages. */
export type StatusProbe = (connection: Connection, timeoutMs: number) => Promise<MemberStatus>;

/** Ask the first endpoint alone for this long before the others are connected too. */
const FIRST_PROBE_MS = 250;

/**
 * A member that keeps naming a leader which we cannot reach is right after this time: a follower gives up a
 * dead leader within 2 s and elects another within 2.7 s (measured, default timings).
 */
const UNREACHABLE_LEADER_MS = 3_500;

/** Errors that waiting does not mend; with nothing else in sight the caller should hear of them at once. */
const isMisconfigured = (error: EtcdError | undefined): boolean =>
  error !== undefined &&
  (error.code === "ETCD_TLS" || error.code === "ETCD_NOT_ETCD" || error.code === "ETCD_CLUSTER_MISMATCH");

/**
 * Knows which endpoint leads, by asking the members. While nobody knows, callers wait here instead of sending
 * writes to followers, where they would hang for 7 s (etcd-facts.md §0.5).
 */
export class LeaderTracker {
  readonly #endpoints: readonly Endpoint[];
  readonly #probe: StatusProbe;
  readonly #runtime: Runtime;
  readonly #onLeader: (leader: Endpoint | undefined) => void;
  #leader: Endpoint | undefined;
  #term = 0;
  #clusterId: bigint | undefined;
  #search: Promise<Endpoint> | undefined;
  /** Callers inside `find`; the search goes on for as long as there are any. */
  #waiterCount = 0;
  #closed = false;
  /** Who was last named as leader without being reachable, and since when. */
  #named = { leaderId: 0n, term: 0, sinceMs: 0 };

  constructor(
    endpoints: readonly Endpoint[],
    probe: StatusProbe,
    runtime: Runtime,
    onLeader: (leader: Endpoint | undefined) => void,
  ) {
    this.#endpoints = endpoints;
    this.#probe = probe;
    this.#runtime = runtime;
    this.#onLeader = onLeader;
  }

  /** Where writes go; undefined while nobody knows. */
  get leader(): Endpoint | undefined {
    return this.#leader;
  }

  /** The highest raft term seen in any reply. */
  get term(): number {
    return this.#term;
  }

  /** A reply carried this raft term. A higher one means a new leader: ask who. */
  noteTerm(term: number): void {
    if (term <= this.#term) return;
    this.#term = term;
    const leader = this.#leader;
    if (leader === undefined || this.#closed) return;
    this.#ask(leader).then(
      (status) => {
        if (this.#leader === leader && status.leaderId !== status.memberId) this.lose(leader);
      },
      () => {
        this.lose(leader);
      },
    );
  }

  /** `endpoint` cannot be what we thought: it is gone, or says that it knows no leader. */
  lose(endpoint: Endpoint): void {
    if (this.#leader !== endpoint) return;
    this.#setLeader(undefined);
  }

  /** The leader's endpoint, waiting for an election if need be. */
  async find(wait: Wait): Promise<Endpoint> {
    if (this.#leader !== undefined) return this.#leader;
    this.#waiterCount++;
    try {
      this.#search ??= this.#searchLeader().finally(() => {
        this.#search = undefined;
      });
      return await wait.for(this.#search, () => this.#whyNone());
    } finally {
      this.#waiterCount--;
    }
  }

  close(): void {
    this.#closed = true;
  }

  async #searchLeader(): Promise<Endpoint> {
    // A random start, so that many clients do not all open their first connection to the same member.
    const start = Math.floor(this.#runtime.random() * this.#endpoints.length);
    const first = this.#endpoints[start]!;
    let asked: readonly Endpoint[] = [first];
    for (let round = 0; ; round++) {
      const leader = await this.#probeRound(asked, round === 0 && this.#endpoints.length > 1);
      if (this.#leader !== undefined) return this.#leader;
      if (leader !== undefined) {
        this.#setLeader(leader);
        return leader;
      }
      if (this.#closed) throw this.#whyNone();
      if (asked.length === this.#endpoints.length) {
        if (this.#endpoints.every((endpoint) => isMisconfigured(endpoint.lastError))) throw this.#whyNone();
        // Nobody waits any more: the next caller starts a new search.
        if (this.#waiterCount === 0) throw this.#whyNone();
        await delay(this.#runtime, LEADER_PROBE_MS);
      }
      asked = this.#endpoints;
    }
  }

  /**
   * Asks all of `endpoints` at once; done with the first that says that it leads itself, so that a frozen member
   * costs nothing while another one knows.
   */
  #probeRound(endpoints: readonly Endpoint[], impatient: boolean): Promise<Endpoint | undefined> {
    return new Promise((resolve) => {
      let open = endpoints.length;
      const answers: { endpoint: Endpoint; status: MemberStatus }[] = [];
      const finish = (): void => {
        if (--open === 0) resolve(this.#viaFollower(endpoints, answers));
      };
      for (const endpoint of endpoints) {
        this.#ask(endpoint).then(
          (status) => {
            answers.push({ endpoint, status });
            if (status.leaderId !== 0n && status.leaderId === status.memberId) resolve(endpoint);
            finish();
          },
          (error: unknown) => {
            if (error instanceof EtcdError) endpoint.lastError = error;
            finish();
          },
        );
      }
      if (impatient) void delay(this.#runtime, FIRST_PROBE_MS).then(() => resolve(undefined));
    });
  }

  async #ask(endpoint: Endpoint): Promise<MemberStatus> {
    const connection = endpoint.connection("calls");
    if (connection === undefined) throw endpoint.lastError ?? this.#whyNone();
    const status = await this.#probe(connection, STATUS_TIMEOUT_MS);
    this.#clusterId ??= status.clusterId;
    if (status.clusterId !== this.#clusterId) {
      throw new StatusError(
        "ETCD_CLUSTER_MISMATCH",
        `${endpoint.address.text} belongs to cluster ${status.clusterId.toString(16)}, not ${this.#clusterId.toString(16)} as the others do`,
        { mayHaveApplied: false, endpoint: endpoint.address.text },
      );
    }
    endpoint.memberId = status.memberId;
    endpoint.lastError = undefined;
    this.#term = Math.max(this.#term, status.raftTerm);
    return status;
  }

  /**
   * Nobody said "I lead". Where the leader is none of our endpoints, or cannot be reached from here, a follower
   * passes calls on; but not while the leader that it names may be one that has just died.
   */
  #viaFollower(
    endpoints: readonly Endpoint[],
    answers: readonly { endpoint: Endpoint; status: MemberStatus }[],
  ): Endpoint | undefined {
    if (endpoints.length !== this.#endpoints.length) return undefined;
    const candidates = answers
      .filter(({ status }) => status.leaderId !== 0n && !status.isLearner)
      .sort((a, b) => b.status.raftTerm - a.status.raftTerm);
    const best = candidates[0];
    if (best === undefined) return undefined;
    // Our endpoint, which answered and does not lead: an election is under way.
    if (answers.some(({ status }) => status.memberId === best.status.leaderId)) return undefined;
    if (answers.length === this.#endpoints.length) return best.endpoint;
    const { leaderId, raftTerm: term } = best.status;
    const nowMs = this.#runtime.now();
    if (this.#named.leaderId !== leaderId || this.#named.term !== term) {
      this.#named = { leaderId, term, sinceMs: nowMs };
    }
    return nowMs - this.#named.sinceMs >= UNREACHABLE_LEADER_MS ? best.endpoint : undefined;
  }

  #setLeader(leader: Endpoint | undefined): void {
    this.#leader = leader;
    this.#onLeader(leader);
  }

  /** One error for "no leader was found", out of what each endpoint last said. */
  #whyNone(): EtcdError {
    const failed = this.#endpoints.filter((endpoint) => endpoint.lastError !== undefined);
    const first = failed[0]?.lastError;
    if (first === undefined || failed.length < this.#endpoints.length) {
      return new StatusError("ETCD_NO_LEADER", "no member of the cluster knows a leader", {
        mayHaveApplied: false,
        grpcCode: 14,
        cause: first,
      });
    }
    if (failed.length === 1) return retold(first, first.message);
    return retold(
      first,
      `no endpoint can be used: ${failed.map((endpoint) => endpoint.lastError!.message).join("; ")}`,
    );
  }
}

/** A fresh error, because several callers may get it and each notes its own attempts in it. */
const retold = (error: EtcdError, message: string): EtcdError => {
  const details = { mayHaveApplied: false, endpoint: error.endpoint, grpcCode: error.grpcCode, cause: error };
  return error instanceof StatusError
    ? new StatusError(error.code, message, details)
    : new ConnectionError(error.code, message, details);
};
