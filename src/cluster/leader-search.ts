import type { Runtime, Timer } from "../connection/runtime.js";
import { ConnectionError, EtcdError, StatusError, unsentBecause } from "../errors.js";
import { LEADER_PROBE_MS } from "../options.js";
import type { Endpoint } from "./endpoint.js";
import { isTokenError } from "./retry-policy.js";

/** What a member says about itself and its leader (`Maintenance.Status`). */
export interface MemberStatus {
  readonly clusterId: bigint;
  readonly memberId: bigint;
  /** 0n: it knows none. */
  readonly leaderId: bigint;
  readonly raftTerm: number;
  readonly isLearner: boolean;
  /** "3.6.14"; empty where it does not say. */
  readonly serverVersion: string;
}

/** Ask the first endpoint alone for this long before the others are connected too. */
const FIRST_PROBE_MS = 250;

/** How long a leader that fell silent is asked alone: most only wait for their disk, and answer at once. */
const DOUBTED_PROBE_MS = 25;

/**
 * A member that keeps naming a leader which we cannot reach is right after this time: a follower gives up a
 * dead leader within 2 s and elects another within 2.7 s (measured, default timings).
 */
const UNREACHABLE_LEADER_MS = 3_500;

/** Errors that waiting does not mend; with nothing else in sight the caller should hear of them at once. */
const isMisconfigured = (error: EtcdError): boolean =>
  error.code === "ETCD_TLS" || error.code === "ETCD_NOT_ETCD" || error.code === "ETCD_UNIMPLEMENTED";

/** Errors of one member that end the search for all: a wrong cluster's member, and a token that has to be fetched anew. */
const endsSearch = (error: EtcdError): boolean =>
  error.code === "ETCD_CLUSTER_MISMATCH" || isTokenError(error);

/** A leader that a follower names and we do not reach; outlives one search, because callers' deadlines are short. */
export interface NamedLeader {
  leaderId: bigint;
  term: number;
  sinceMs: number;
  seenMs: number;
}

export interface LeaderSearchOptions {
  readonly endpoints: readonly Endpoint[];
  readonly runtime: Runtime;
  readonly named: NamedLeader;
  /** To be asked first, and the others soon: it was the leader, and may still be. */
  readonly doubted?: Endpoint | undefined;
  ask(endpoint: Endpoint): Promise<MemberStatus>;
  /** Once, also when nobody waits any more. `isFollower`: it passes calls on to a leader that is not reached. */
  onEnd(leader: Endpoint | undefined, isFollower: boolean): void;
}

/**
 * One search for the leader. Every member is asked again 20 to 40 ms after it answered, each at its own pace: a frozen
 * one, whose answer takes a second not to come, must not hide a leader that was elected meanwhile.
 */
export class LeaderSearch {
  readonly outcome: Promise<Endpoint>;
  /** Callers that wait for the outcome. */
  waiterCount = 0;
  readonly #options: LeaderSearchOptions;
  #endpoints: readonly Endpoint[];
  /** Those whose turn to be asked has come. */
  readonly #asked = new Set<Endpoint>();
  readonly #heard = new Map<Endpoint, MemberStatus | EtcdError>();
  readonly #timers = new Set<Timer>();
  #asksAll = false;
  #over = false;
  #abandoned = false;
  #resolve!: (leader: Endpoint) => void;
  #reject!: (error: EtcdError) => void;

  constructor(options: LeaderSearchOptions) {
    this.#options = options;
    this.outcome = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    const { endpoints, runtime, doubted } = options;
    this.#endpoints = endpoints;
    // A random start, so that many clients do not all open their first connection to the same member.
    const first = doubted ?? endpoints[Math.floor(runtime.random() * endpoints.length)]!;
    this.#poll(first);
    if (endpoints.length === 1) this.#asksAll = true;
    else this.#later(doubted === undefined ? FIRST_PROBE_MS : DOUBTED_PROBE_MS, () => this.#askAll());
  }

  /**
   * Other endpoints than at the start: what those say that are gone is nobody's business any more, and all others are
   * asked. Callers may go on joining one search for as long as there is no leader.
   */
  replaceEndpoints(endpoints: readonly Endpoint[]): void {
    this.#endpoints = endpoints;
    for (const endpoint of this.#heard.keys())
      if (!endpoints.includes(endpoint)) this.#heard.delete(endpoint);
    if (this.#over || this.#abandoned) return;
    this.#asksAll = false;
    this.#askAll();
  }

  /** Nobody waits any more: nobody is asked any more, but an answer under way still counts. */
  abandon(): void {
    this.#abandoned = true;
    this.#clearTimers();
  }

  fail(error: EtcdError): void {
    if (this.#over) return;
    this.#end(undefined);
    this.#reject(error);
  }

  /** One error for "no leader was found", out of what each endpoint said last. */
  whyNone(): EtcdError {
    const asked = this.#endpoints.filter(
      (endpoint) => this.#asksAll || this.#heard.has(endpoint) || endpoint.isConnecting,
    );
    const reasons = asked.map((endpoint) => this.#reason(endpoint));
    // The search has just begun, on a connection that is open: whoever gives up now has heard of nothing wrong.
    if (asked.length === 0)
      reasons.push(`${[...this.#asked][0]!.address.text} was asked, and has not answered yet`);
    const errors = reasons.filter((reason) => reason instanceof EtcdError);
    if (errors.length === 0 || errors.length < reasons.length) {
      const texts = reasons.map((reason) => (typeof reason === "string" ? reason : reason.message));
      return new StatusError("ETCD_NO_LEADER", `no leader is known: ${texts.join("; ")}`, {
        mayHaveApplied: false,
        grpcCode: 14,
        endpoint: asked.length === 1 ? asked[0]!.address.text : undefined,
        cause: errors[0],
      });
    }
    const first = errors[0]!;
    if (errors.length === 1) return unsentBecause(first);
    return unsentBecause(
      first,
      `no endpoint can be used: ${errors.map(({ message }) => message).join("; ")}`,
    );
  }

  /** Why `endpoint` did not lead to a leader. */
  #reason(endpoint: Endpoint): string | EtcdError {
    const { text } = endpoint.address;
    const heard = this.#heard.get(endpoint);
    if (heard !== undefined && !(heard instanceof EtcdError)) {
      if (heard.leaderId === 0n) return `${text} knows none`;
      return heard.isLearner
        ? `${text} is a learner`
        : `${text} follows member ${heard.leaderId.toString(16)}, which was not reached`;
    }
    if (heard !== undefined && heard.code !== "ETCD_DEADLINE_EXCEEDED") return explained(endpoint, heard);
    const details = { mayHaveApplied: false, endpoint: text, cause: heard };
    if (endpoint.opened("calls") === undefined) {
      return new ConnectionError(
        "ETCD_UNREACHABLE",
        `${text} could not be connected to: the host does not answer, or what listens there says nothing; is it etcd's client port?`,
        details,
      );
    }
    return new StatusError(
      "ETCD_DEADLINE_EXCEEDED",
      `${text} took the connection and does not answer: is that process stopped, or overloaded?`,
      { ...details, grpcCode: 4 },
    );
  }

  #poll(endpoint: Endpoint): void {
    this.#asked.add(endpoint);
    this.#options.ask(endpoint).then(
      (status) => {
        this.#consider(endpoint, status);
      },
      (error: unknown) => {
        const { text } = endpoint.address;
        const failure =
          error instanceof EtcdError
            ? error
            : new StatusError("ETCD_UNKNOWN", `asking ${text} failed: ${String(error)}`, {
                mayHaveApplied: false,
                endpoint: text,
                cause: error,
              });
        this.#consider(endpoint, failure);
      },
    );
  }

  #consider(endpoint: Endpoint, heard: MemberStatus | EtcdError): void {
    if (!this.#endpoints.includes(endpoint)) {
      this.#asked.delete(endpoint);
      return;
    }
    this.#heard.set(endpoint, heard);
    if (this.#over) return;
    if (heard instanceof EtcdError) {
      if (endsSearch(heard) || this.#isHopeless()) {
        this.fail(endsSearch(heard) ? explained(endpoint, heard) : this.whyNone());
        return;
      }
    } else {
      const leads = this.#leads(heard);
      const leader = leads ? endpoint : this.#viaFollower();
      if (leader !== undefined) {
        this.#end(leader, !leads);
        this.#resolve(leader);
        return;
      }
    }
    if (this.#abandoned) return;
    this.#askAll();
    const { runtime } = this.#options;
    // Spread, so that a thousand clients of a dead leader do not ask in step.
    this.#later(LEADER_PROBE_MS.min + LEADER_PROBE_MS.spread * runtime.random(), () => this.#poll(endpoint));
  }

  #askAll(): void {
    if (this.#asksAll) return;
    this.#asksAll = true;
    for (const endpoint of this.#endpoints) if (!this.#asked.has(endpoint)) this.#poll(endpoint);
  }

  /**
   * Nothing here can be etcd. What was a member once is down for now: a server, or a proxy in front of it, that ends may
   * hang up in the middle of a handshake, or answer with a page of its own.
   */
  #isHopeless(): boolean {
    return this.#endpoints.every((endpoint) => {
      const heard = this.#heard.get(endpoint);
      return heard instanceof EtcdError && isMisconfigured(heard) && endpoint.memberId === undefined;
    });
  }

  get #statuses(): MemberStatus[] {
    return [...this.#heard.values()].filter((heard): heard is MemberStatus => !(heard instanceof EtcdError));
  }

  /** It says so, and no member follows another in a later term: one that was paused leads in its own eyes only. */
  #leads(status: MemberStatus): boolean {
    return (
      status.leaderId !== 0n &&
      status.leaderId === status.memberId &&
      !this.#statuses.some(({ leaderId, raftTerm }) => leaderId !== 0n && raftTerm > status.raftTerm)
    );
  }

  /**
   * Nobody said "I lead". Where the leader is none of our endpoints, or cannot be reached from here, a follower
   * passes calls on; but not while the leader that it names may be one that has just died.
   */
  #viaFollower(): Endpoint | undefined {
    if (!this.#asksAll) return undefined;
    const { runtime, named } = this.#options;
    let best: { endpoint: Endpoint; status: MemberStatus } | undefined;
    for (const [endpoint, status] of this.#heard) {
      if (status instanceof EtcdError || status.leaderId === 0n || status.isLearner) continue;
      if (best === undefined || status.raftTerm > best.status.raftTerm) best = { endpoint, status };
    }
    if (best === undefined) return undefined;
    const { leaderId, raftTerm: term } = best.status;
    const statuses = this.#statuses;
    // Our endpoint, which answered and does not lead: an election is under way.
    if (statuses.some(({ memberId }) => memberId === leaderId)) return undefined;
    if (statuses.length === this.#endpoints.length) return best.endpoint;
    const nowMs = runtime.now();
    const isSame = named.leaderId === leaderId && named.term === term;
    if (!isSame || nowMs - named.seenMs > UNREACHABLE_LEADER_MS)
      Object.assign(named, { leaderId, term, sinceMs: nowMs });
    named.seenMs = nowMs;
    return nowMs - named.sinceMs >= UNREACHABLE_LEADER_MS ? best.endpoint : undefined;
  }

  /** While others wait for the search, which keeps the process alive. */
  #later(ms: number, callback: () => void): void {
    const timer: Timer = this.#options.runtime.setTimer(() => {
      this.#timers.delete(timer);
      callback();
    }, ms);
    this.#timers.add(timer);
  }

  #clearTimers(): void {
    for (const timer of this.#timers) this.#options.runtime.clearTimer(timer);
    this.#timers.clear();
  }

  #end(leader: Endpoint | undefined, isFollower = false): void {
    this.#over = true;
    this.#clearTimers();
    this.#options.onEnd(leader, isFollower);
  }
}

/** Where the texts are the server's own, they name neither the endpoint nor what to do. */
const explained = (endpoint: Endpoint, error: EtcdError): EtcdError => {
  const { text } = endpoint.address;
  if (error.code === "ETCD_UNIMPLEMENTED") {
    return unsentBecause(error, `${text} speaks gRPC and knows no Status call: is it etcd's client port?`);
  }
  if (error.code === "ETCD_TOKEN_MISSING") {
    return unsentBecause(
      error,
      `${text} has authentication on: pass { auth: { user, password } } to the client`,
    );
  }
  return error.message.includes(text) ? error : unsentBecause(error, `${text}: ${error.message}`);
};
