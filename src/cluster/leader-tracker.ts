import type { Connection } from "../connection/connection.js";
import type { Runtime, Timer } from "../connection/runtime.js";
import { ConnectionError, EtcdError, StatusError, unsentBecause } from "../errors.js";
import { STATUS_TIMEOUT_MS } from "../options.js";
import { leaderEvents } from "../tracing.js";
import type { Endpoint } from "./endpoint.js";
import { LeaderSearch } from "./leader-search.js";
import type { MemberStatus, NamedLeader } from "./leader-search.js";
import { Wait } from "./wait.js";

export type { MemberStatus } from "./leader-search.js";

/** How often a client whose leader is out of reach tries it again. */
const RELAY_CHECK_MS = 10_000;

/** One `Status` call; handed in from above, because this layer knows no messages. */
export type StatusProbe = (connection: Connection, timeoutMs: number) => Promise<MemberStatus>;

/**
 * Knows which endpoint leads, by asking the members. While nobody knows, callers wait here instead of sending
 * writes to followers, where they would hang for 7 s (etcd-facts.md §0.5).
 */
export class LeaderTracker {
  readonly #endpoints: () => readonly Endpoint[];
  readonly #probe: StatusProbe;
  readonly #runtime: Runtime;
  readonly #onLeader: (leader: Endpoint | undefined) => void;
  #leader: Endpoint | undefined;
  /** Since when no leader is known, for those who trace it. */
  #lostAtMs: number;
  #term = 0;
  #clusterId: bigint | undefined;
  #search: LeaderSearch | undefined;
  /** One `Status` under way per endpoint is enough, however many searches come and go. */
  readonly #asking = new Map<Endpoint, Promise<MemberStatus>>();
  /** Set while calls go through a follower. */
  #relayTimer: Timer;
  #closed = false;
  readonly #named: NamedLeader = { leaderId: 0n, term: 0, sinceMs: 0, seenMs: 0 };

  constructor(
    endpoints: () => readonly Endpoint[],
    probe: StatusProbe,
    runtime: Runtime,
    onLeader: (leader: Endpoint | undefined) => void,
  ) {
    this.#endpoints = endpoints;
    this.#probe = probe;
    this.#runtime = runtime;
    this.#onLeader = onLeader;
    this.#lostAtMs = runtime.now();
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
    this.ask(leader).then(
      (status) => {
        // The answer may have been under way before the term rose.
        if (status.leaderId !== status.memberId || status.raftTerm < term) this.lose(leader);
      },
      () => {
        this.lose(leader);
      },
    );
  }

  /**
   * To be told the cluster of every reply; 0n says nothing. The first one is the cluster's that this client is of.
   *
   * @throws StatusError ETCD_CLUSTER_MISMATCH; the reply came after the request was taken
   */
  checkCluster(clusterId: bigint, endpoint: string): void {
    if (clusterId === 0n) return;
    this.#clusterId ??= clusterId;
    if (clusterId === this.#clusterId) return;
    throw new StatusError(
      "ETCD_CLUSTER_MISMATCH",
      `${endpoint} belongs to cluster ${clusterId.toString(16)}, and this client began with ${this.#clusterId.toString(16)}: give it the endpoints of one cluster, and make a new client for a new cluster`,
      { mayHaveApplied: true, endpoint },
    );
  }

  /**
   * `endpoint` says nothing any more. Until it has answered a `Status`, or another leads, callers wait: what is sent to
   * a frozen leader ends as an unknown outcome at its deadline.
   */
  doubt(endpoint: Endpoint): void {
    if (this.#leader !== endpoint || this.#closed) return;
    this.#setLeader(undefined);
    this.#search ??= this.#startSearch(endpoint);
    void this.#lookInto(endpoint);
  }

  /**
   * Also while nobody waits: the next call finds the answer, and calls that wait at the silent member can only go on
   * elsewhere once there is one.
   */
  async #lookInto(endpoint: Endpoint): Promise<void> {
    let beganMs: number;
    do {
      beganMs = this.#runtime.now();
      try {
        await this.find(new Wait(this.#runtime, STATUS_TIMEOUT_MS, undefined));
        return;
      } catch {
        // At once: there is nothing to be found. Half the time, because timers may be early by a little.
      }
      // Ours is the last call there, perhaps, and asking for its own sake would only keep the process alive.
      await this.#asking.get(endpoint)?.catch(() => {});
    } while (
      endpoint.isSilent &&
      endpoint.callCount > 0 &&
      this.#runtime.now() - beganMs >= STATUS_TIMEOUT_MS / 2
    );
  }

  /** There are other endpoints than before. */
  replaceEndpoints(): void {
    const leader = this.#leader;
    const endpoints = this.#endpoints();
    if (leader !== undefined && !endpoints.includes(leader)) this.lose(leader);
    this.#search?.replaceEndpoints(endpoints);
  }

  /** `endpoint` cannot be what we thought: it is gone, or says that it knows no leader. */
  lose(endpoint: Endpoint): void {
    if (this.#leader !== endpoint) return;
    this.#setLeader(undefined);
  }

  /**
   * The leader's endpoint, waiting for an election if need be.
   *
   * @throws EtcdError of the caller's own: at the deadline with what stands in the way of each endpoint, before
   *   that only for what waiting does not mend
   */
  async find(wait: Wait): Promise<Endpoint> {
    if (this.#closed) throw closedError();
    if (this.#leader !== undefined) return this.#leader;
    const search = (this.#search ??= this.#startSearch());
    search.waiterCount++;
    try {
      return await wait.for(search.outcome, () => search.whyNone());
    } catch (error) {
      // The search has one error for all who wait, and each caller notes its own tries in it.
      throw error instanceof EtcdError && error.code !== "ETCD_ABORTED" ? unsentBecause(error) : error;
    } finally {
      if (--search.waiterCount === 0) {
        search.abandon();
        if (this.#search === search) this.#search = undefined;
      }
    }
  }

  close(): void {
    this.#closed = true;
    this.#runtime.clearTimer(this.#relayTimer);
    this.#search?.fail(closedError());
  }

  #startSearch(doubted?: Endpoint): LeaderSearch {
    if (leaderEvents.hasSubscribers) leaderEvents.publish({ type: "search" });
    const search: LeaderSearch = new LeaderSearch({
      endpoints: this.#endpoints(),
      doubted,
      runtime: this.#runtime,
      named: this.#named,
      ask: (endpoint) => this.ask(endpoint),
      onEnd: (leader, isFollower) => {
        // At once, so that nobody joins a search that is over.
        if (this.#search === search) this.#search = undefined;
        if (leader === undefined || this.#leader !== undefined || this.#closed) return;
        this.#setLeader(leader);
        if (isFollower && this.#endpoints().length > 1) this.#lookForBetter(leader);
      },
    });
    return search;
  }

  /**
   * Calls go through `follower`, because the leader was out of reach. Now and then the others are asked whether it is
   * still so; meanwhile the follower does.
   */
  #lookForBetter(follower: Endpoint): void {
    this.#relayTimer = this.#runtime.setTimer(() => {
      if (this.#leader !== follower) return;
      for (const endpoint of this.#endpoints()) {
        if (endpoint === follower) continue;
        this.ask(endpoint).then(
          ({ leaderId, memberId, raftTerm }) => {
            const leads = leaderId !== 0n && leaderId === memberId && raftTerm >= this.#term;
            if (leads && this.#leader === follower && !this.#closed) this.#setLeader(endpoint);
          },
          () => {},
        );
      }
      this.#lookForBetter(follower);
    }, RELAY_CHECK_MS);
  }

  /** One `Status` of `endpoint`'s; what it says about the cluster is remembered. */
  ask(endpoint: Endpoint): Promise<MemberStatus> {
    let asking = this.#asking.get(endpoint);
    if (asking === undefined) {
      asking = this.#askNow(endpoint).finally(() => {
        this.#asking.delete(endpoint);
      });
      this.#asking.set(endpoint, asking);
    }
    return asking;
  }

  async #askNow(endpoint: Endpoint): Promise<MemberStatus> {
    const { text } = endpoint.address;
    const connection = endpoint.connection("calls");
    if (connection === undefined) {
      throw (
        endpoint.lastError ??
        new ConnectionError("ETCD_UNREACHABLE", `${text} is not connected`, {
          mayHaveApplied: false,
          endpoint: text,
        })
      );
    }
    let status: MemberStatus;
    try {
      status = await this.#probe(connection, STATUS_TIMEOUT_MS);
      this.checkCluster(status.clusterId, text);
    } catch (error) {
      if (error instanceof EtcdError) endpoint.lastError = error;
      throw error;
    }
    endpoint.memberId = status.memberId;
    endpoint.serverVersion = status.serverVersion;
    endpoint.lastError = undefined;
    this.#term = Math.max(this.#term, status.raftTerm);
    return status;
  }

  #setLeader(leader: Endpoint | undefined): void {
    this.#runtime.clearTimer(this.#relayTimer);
    this.#relayTimer = undefined;
    const nowMs = this.#runtime.now();
    if (leaderEvents.hasSubscribers) {
      const { address, memberId } = (leader ?? this.#leader)!;
      const known = { endpoint: address.text, memberId, term: this.#term };
      if (leader === undefined) leaderEvents.publish({ type: "lost", ...known });
      else leaderEvents.publish({ type: "found", ...known, withoutLeaderMs: nowMs - this.#lostAtMs });
    }
    if (leader === undefined) this.#lostAtMs = nowMs;
    this.#leader = leader;
    if (leader !== undefined) this.#named.leaderId = 0n;
    this.#onLeader(leader);
  }
}

const closedError = (): EtcdError =>
  new ConnectionError("ETCD_CLOSED", "the client was closed", { mayHaveApplied: false, attempts: 0 });
