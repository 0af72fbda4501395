import type { Connection } from "../connection/connection.js";
import type { Runtime } from "../connection/runtime.js";
import { ConnectionError, EtcdError, StatusError, unsentBecause } from "../errors.js";
import type { ErrorCode } from "../errors.js";
import type { ConnectionLimits, TlsOptions } from "../options.js";
import type { TlsFiles } from "../connection/tls-files.js";
import type { Feature, Method, ReplyHeader } from "../rpc/method.js";
import { callUnary } from "../rpc/unary-call.js";
import { traceRpc, tracesRpc } from "../tracing.js";
import type { Address } from "./address.js";
import { AnyMember } from "./any-member.js";
import type { AnyMemberHost } from "./any-member.js";
import { DEFAULT_BACKOFF, DEFAULT_RETRY_BUDGET, RetryBudget } from "./backoff.js";
import type { BackoffBounds, RetryBudgetBounds } from "./backoff.js";
import { Endpoint } from "./endpoint.js";
import type { ConnectionKind, EndpointListener } from "./endpoint.js";
import { LeaderTracker } from "./leader-tracker.js";
import type { StatusProbe } from "./leader-tracker.js";
import { isTokenError } from "./retry-policy.js";
import type { CallOptions, Route } from "./call-options.js";
import { runCall } from "./retrying-call.js";
import type { Attempt, CallHost } from "./retrying-call.js";
import type { MethodPolicy } from "./retry-policy.js";
import { isSince, unsupportedError } from "./server-version.js";
import { TokenSource } from "./token-source.js";
import type { Authenticate } from "./token-source.js";
import { Wait, deadlineError } from "./wait.js";

/** An endpoint to be. */
export interface NewEndpoint {
  readonly address: Address;
  /** Whose it is said to be; its own `Status` has the last word. */
  readonly memberId?: bigint | undefined;
}

export interface PoolOptions {
  addresses: readonly Address[];
  tls: TlsOptions | TlsFiles | undefined;
  limits: Readonly<ConnectionLimits>;
  userAgent: string;
  /** Where a token comes from when the client has credentials: one Authenticate call. */
  authenticate: Authenticate | undefined;
  probe: StatusProbe;
  /** The longest wait between two tries of a call. Default: 1 s. */
  maxRetryDelayMs?: number | undefined;
  /** How many retries the client may spend. */
  retryBudget?: Partial<RetryBudgetBounds> | undefined;
}

/**
 * After one of these from the leader's endpoint, later calls ask first who leads: that costs one `Status` where it
 * was a false alarm.
 */
const DOUBTS_LEADER: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  // A frozen leader keeps its connections, and a call's time may be shorter than `silenceMs`.
  "ETCD_DEADLINE_EXCEEDED",
  "ETCD_NO_LEADER",
  "ETCD_LEADER_CHANGED",
  "ETCD_REQUEST_TIMED_OUT",
  "ETCD_SERVER_STOPPED",
  "ETCD_LEARNER",
  "ETCD_NOT_LEADER",
  "ETCD_NOT_PRIMARY_LESSOR",
  // A server that answers Status and cuts off or garbles every call must not keep them: another member may lead.
  "ETCD_REFUSED",
  "ETCD_STREAM_RESET",
  "ETCD_PROTOCOL",
  "ETCD_STALE_READ",
]);

export type { CallOptions, Route };

/** All endpoints of one cluster: picks a connection for each call and repeats what may be repeated. */
export class Pool implements EndpointListener, CallHost, AnyMemberHost {
  /** Never empty; another array after each change. */
  endpoints: readonly Endpoint[];
  readonly runtime: Runtime;
  /**
   * The leader's open connection for calls, ready with a token: the hot path's whole routing. Micro "hot connection"
   * (Node 20): 0.5 ns, where `acquire` takes 186 ns and 1,225 bytes.
   */
  hot: Connection | undefined;
  /** The highest revision seen in any reply. */
  revision = 0;
  /** Called after anything that may change what calls find: connections, the leader, the token. */
  readonly changeListeners = new Set<() => void>();
  /** No endpoints of ours any more, with calls under way. */
  #retired: readonly Endpoint[] = [];
  readonly #tracker: LeaderTracker;
  readonly #budget: RetryBudget;
  readonly backoff: BackoffBounds;
  readonly #options: PoolOptions;
  readonly #tokens: TokenSource;
  readonly #anyMember = new AnyMember(this);
  /** The cluster id of the last reply, which was checked. */
  #clusterText = "";
  #closed = false;
  /** Wakes the calls that wait between tries. */
  readonly #sleepers = new Set<() => void>();

  constructor(options: PoolOptions, runtime: Runtime) {
    this.runtime = runtime;
    this.#options = options;
    this.#tokens = new TokenSource({
      authenticate: options.authenticate,
      endpoints: () => this.endpoints,
      lastError: () => this.#lastError(undefined),
      onChange: () => {
        this.#updateHot();
      },
    });
    this.endpoints = options.addresses.map((address) => this.#makeEndpoint({ address }));
    this.#tracker = new LeaderTracker(
      () => this.endpoints,
      options.probe,
      runtime,
      (leader) => {
        this.#onLeader(leader);
      },
    );
    this.#budget = new RetryBudget(() => runtime.now(), { ...DEFAULT_RETRY_BUDGET, ...options.retryBudget });
    const { maxRetryDelayMs: capMs = DEFAULT_BACKOFF.capMs } = options;
    this.backoff = { baseMs: Math.min(DEFAULT_BACKOFF.baseMs, capMs), capMs };
  }

  /** The leader's endpoint, if one is known now. */
  get leader(): Endpoint | undefined {
    return this.#tracker.leader;
  }

  /** The highest raft term seen in any reply. */
  get term(): number {
    return this.#tracker.term;
  }

  /** To be told the raft term of every reply; a number comparison unless it rises. */
  noteTerm(term: number): void {
    if (term > this.#tracker.term) this.#tracker.noteTerm(term);
  }

  /** Whether there is a user and password to get a token with. */
  get hasCredentials(): boolean {
    return this.#tokens.hasCredentials;
  }

  /** To be told of every failed call and stream, so that later ones go elsewhere, or with another token. */
  noteError(error: EtcdError): void {
    if (this.hasCredentials && isTokenError(error)) this.#tokens.drop();
    const { leader } = this.#tracker;
    if (leader === undefined || leader.address.text !== error.endpoint) return;
    if (DOUBTS_LEADER.has(error.code)) this.#tracker.lose(leader);
  }

  /** The endpoint that errors and connections call so; undefined once it was replaced. */
  endpointOf(text: string | undefined): Endpoint | undefined {
    return this.endpoints.find(({ address }) => address.text === text);
  }

  /** Asks the member at `endpoint` who it is, and remembers it there. */
  async identify(endpoint: Endpoint): Promise<void> {
    await this.#tracker.ask(endpoint);
  }

  /**
   * Goes on with the endpoints in `kept` and new ones for `added`. The others finish their calls; their watches and
   * renewals go on elsewhere.
   */
  replaceEndpoints(kept: readonly Endpoint[], added: readonly NewEndpoint[]): void {
    const gone = this.endpoints.filter((endpoint) => !kept.includes(endpoint));
    if (gone.length === 0 && added.length === 0) return;
    const endpoints = [...kept, ...added.map((one) => this.#makeEndpoint(one))];
    if (endpoints.length === 0) throw new TypeError("a pool without endpoints");
    this.endpoints = endpoints;
    this.#tracker.replaceEndpoints();
    for (const endpoint of gone) endpoint.retire();
    this.#retired = [...this.#retired, ...gone].filter((endpoint) => endpoint.callCount > 0);
    this.#updateHot();
  }

  #makeEndpoint({ address, memberId }: NewEndpoint): Endpoint {
    const { tls, limits, userAgent } = this.#options;
    const endpoint = new Endpoint({ address, tls, limits, userAgent }, this.runtime, this);
    endpoint.setToken(this.#tokens.token ?? "");
    endpoint.memberId = memberId;
    return endpoint;
  }

  /** Waits until the leader is known and returns its endpoint. */
  findLeader(options: CallOptions): Promise<Endpoint> {
    return this.#findLeader(new Wait(this.runtime, options.timeoutMs, options.signal));
  }

  /** A unary call by method descriptor, repeated as its policy allows. */
  unary<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    route: Route,
    options: CallOptions,
  ): Promise<Response> {
    const message = method.encode(request);
    const { path } = method.head;
    return this.call(method.policy, route, { ...options, path }, async (connection, remainingMs) => {
      const timeoutMs = options.answerTimeoutMs ?? remainingMs;
      if (method.feature !== undefined) {
        await this.requireFeature(connection.endpoint, method.feature, {
          ...options,
          timeoutMs: remainingMs,
        });
      }
      const floor = { revision: this.revision, term: this.term };
      let bytes: Uint8Array;
      try {
        bytes = await callUnary(connection, method.head, message, timeoutMs, options.signal);
      } catch (error) {
        throw method.feature === undefined ? error : this.#explainUnimplemented(error, method.feature);
      }
      const response = method.decode(bytes);
      const header = method.header(response);
      if (header !== undefined) {
        this.#checkHeader(header, connection.endpoint, method.isLinearizable ? floor : undefined);
      }
      return response;
    });
  }

  /**
   * Fails unless the server at `endpoint` is known to have `feature`; asks it for its version where that is not known.
   *
   * @throws StatusError ETCD_UNSUPPORTED that names both versions; or why the server could not be asked. Nothing was
   *   sent for the caller.
   */
  async requireFeature(text: string, feature: Feature, options: CallOptions): Promise<void> {
    const endpoint = this.endpointOf(text);
    let version = endpoint?.serverVersion;
    if (version === undefined && endpoint !== undefined) {
      const wait = new Wait(this.runtime, options.timeoutMs, options.signal);
      try {
        ({ serverVersion: version } = await wait.for(this.#tracker.ask(endpoint), deadlineError));
      } catch (error) {
        throw error instanceof EtcdError && error.code !== "ETCD_ABORTED" ? unsentBecause(error) : error;
      }
    }
    if (!isSince(version ?? "", feature.since)) throw unsupportedError(text, version ?? "", feature);
  }

  /** A server that does not know a method, although its version should: a fork of etcd, or something in front of it. */
  #explainUnimplemented(error: unknown, feature: Feature): unknown {
    if (!(error instanceof EtcdError) || error.code !== "ETCD_UNIMPLEMENTED") return error;
    const endpoint = this.endpointOf(error.endpoint);
    const { attempts } = error;
    return unsupportedError(error.endpoint ?? "the server", endpoint?.serverVersion ?? "", feature, attempts);
  }

  /**
   * What every reply proves about the cluster. A linearizable answer may not be behind one that was complete before
   * it was asked for: a leader that was paused may not know yet that it leads no more (etcd-facts.md §7, §9).
   */
  #checkHeader(
    { clusterId, revision, raftTerm }: ReplyHeader,
    endpoint: string,
    floor: { revision: number; term: number } | undefined,
  ): void {
    if (clusterId !== this.#clusterText) {
      this.#tracker.checkCluster(BigInt(clusterId), endpoint);
      this.#clusterText = clusterId;
    }
    if (floor !== undefined && (revision < floor.revision || raftTerm < floor.term)) {
      throw staleRead(endpoint, revision, raftTerm, floor.revision, floor.term);
    }
    this.noteRevision(revision);
    this.noteTerm(raftTerm);
  }

  /**
   * To be told the header of every message on a stream, and of what else does not go through `unary`.
   *
   * @param floor what the answer to a linearizable read may not be behind
   * @throws StatusError ETCD_CLUSTER_MISMATCH, ETCD_STALE_READ
   */
  noteHeader(header: ReplyHeader, endpoint: string, floor?: { revision: number; term: number }): void {
    this.#checkHeader(header, endpoint, floor);
  }

  /** To be told the revision of every reply. */
  noteRevision(revision: number): void {
    if (revision > this.revision) this.revision = revision;
  }

  /** To be told of every call that succeeded without `call`'s help: it earns its share of a retry too. */
  noteCall(): void {
    this.#budget.onCall();
  }

  /**
   * Runs `attempt` on a connection for `route`, again and again for as long as the retry policy, the budget, the
   * deadline and the signal allow.
   *
   * @param firstError the outcome of a first try that was made elsewhere (the hot path)
   * @throws the last try's error, with all tries counted and `mayHaveApplied` answering for all of them; at the
   *   deadline, if the last try was not sent any more, the reason why not
   */
  call<T>(
    policy: MethodPolicy,
    route: Route,
    options: CallOptions,
    attempt: Attempt<T>,
    firstError?: EtcdError,
  ): Promise<T> {
    this.#budget.onCall();
    const call = { policy, route, options, attempt, firstError };
    const { path, timeoutMs } = options;
    if (path === undefined || !tracesRpc()) return runCall(this, call);
    return traceRpc(
      path,
      timeoutMs,
      () => this.runtime.now(),
      (traced) => runCall(this, call, traced),
    );
  }

  /** CallHost. */
  takeRetry(): boolean {
    return this.#budget.tryRetry();
  }

  /**
   * A connection that takes calls now (it may still be connecting, and holds calls until it is open).
   *
   * @param avoid an endpoint that just failed; used all the same if there is no other
   */
  async acquire(route: Route, kind: ConnectionKind, wait: Wait, avoid?: Endpoint): Promise<Connection> {
    for (;;) {
      this.#throwIfClosed();
      if (!this.#tokens.isReady) await this.#tokens.ready(wait);
      const endpoint =
        route === "leader"
          ? await this.#findLeader(wait)
          : route === "any"
            ? (this.#anyMember.pick(avoid) ?? (await this.#openAny(wait, avoid)))
            : route;
      const connection = endpoint?.connection(kind);
      if (connection !== undefined) return connection;
      if (typeof route === "object" && !this.endpoints.includes(route)) throw retired(route);
      // The leader's port is closed for now: it may be coming back, or another leader is being elected.
      if (route === "leader" && endpoint !== undefined && kind === "calls") this.#tracker.lose(endpoint);
      if (wait.remainingMs <= 0) throw this.#lastError(endpoint) ?? deadlineError();
      const retryAtMs = endpoint?.retryAtMs ?? Math.min(...this.endpoints.map((one) => one.retryAtMs));
      await this.sleep(wait, Math.max(1, retryAtMs - this.runtime.now()));
    }
  }

  /** The leader, asked for with a token where one is needed: from 3.6 on, `Status` wants one too. */
  async #findLeader(wait: Wait): Promise<Endpoint> {
    for (let round = 0; ; round++) {
      this.#throwIfClosed();
      if (!this.#tokens.isReady) await this.#tokens.ready(wait);
      const { token } = this.#tokens;
      try {
        return await this.#tracker.find(wait);
      } catch (error) {
        // The token died with the member that we used it on. A second one that is refused is no accident.
        if (!(error instanceof EtcdError) || !isTokenError(error) || !this.hasCredentials || round > 0)
          throw error;
        if (this.#tokens.token === token) this.#tokens.drop();
      }
    }
  }

  async #openAny(wait: Wait, avoid: Endpoint | undefined): Promise<Endpoint | undefined> {
    try {
      return await this.#anyMember.open(wait, avoid);
    } catch (error) {
      throw error instanceof EtcdError && error.code !== "ETCD_ABORTED" ? unsentBecause(error) : error;
    }
  }

  /** AnyMemberHost. Until `close()` at most. */
  sleepUntilChange(wait: Wait, ms: number): Promise<void> {
    return this.#sleepAmong(this.changeListeners, wait, ms);
  }

  /** Until `close()` at most. */
  sleep(wait: Wait, ms: number): Promise<void> {
    return this.#sleepAmong(this.#sleepers, wait, ms);
  }

  #sleepAmong(sleepers: Set<() => void>, wait: Wait, ms: number): Promise<void> {
    if (this.#closed) return Promise.resolve();
    return wait.sleep(ms, (wake) => {
      sleepers.add(wake);
      return () => sleepers.delete(wake);
    });
  }

  /** EndpointListener. */
  onOpen(): void {
    this.#updateHot();
  }

  /** EndpointListener. */
  onUnusable(endpoint: Endpoint, kind: ConnectionKind): void {
    // Losing the leader's connection is the first sign of its death, a second before its followers notice.
    if (kind === "calls") this.#tracker.lose(endpoint);
    this.#updateHot();
  }

  /** EndpointListener. */
  onSilence(endpoint: Endpoint): void {
    if (this.#tracker.leader === endpoint) this.#tracker.doubt(endpoint);
    else void this.#examine(endpoint);
  }

  /** Not the leader: what waits there are reads and streams, which go on elsewhere if this member does not answer. */
  async #examine(endpoint: Endpoint): Promise<void> {
    try {
      await this.#tracker.ask(endpoint);
    } catch {
      // The leader may only be slow, and its writes with it; its silence is the tracker's business.
      if (endpoint.isSilent && this.#tracker.leader !== undefined && this.#tracker.leader !== endpoint) {
        this.#abandon(endpoint, "does not answer");
      }
    }
  }

  /** Somebody else leads: what was sent to one that fell silent will not be answered in time to be of use. */
  #onLeader(leader: Endpoint | undefined): void {
    if (leader !== undefined) {
      for (const endpoint of this.endpoints) {
        if (endpoint !== leader && endpoint.isSilent) {
          this.#abandon(endpoint, `fell silent, and ${leader.address.text} leads now`);
        }
      }
    }
    this.#updateHot();
  }

  #abandon(endpoint: Endpoint, why: string): void {
    const { text } = endpoint.address;
    endpoint.abandon(
      new ConnectionError("ETCD_CONNECTION_LOST", `${text} ${why}`, { mayHaveApplied: true, endpoint: text }),
    );
  }

  /** Ends every connection and every call. Idempotent. */
  close(): void {
    this.#closed = true;
    this.#tracker.close();
    for (const endpoint of [...this.endpoints, ...this.#retired]) endpoint.close();
    for (const wake of this.#sleepers) wake();
    this.#updateHot();
  }

  #throwIfClosed(): void {
    if (!this.#closed) return;
    throw new ConnectionError("ETCD_CLOSED", "the client was closed", { mayHaveApplied: false, attempts: 0 });
  }

  #updateHot(): void {
    const ready = !this.#closed && this.#tokens.isReady;
    this.hot = ready ? this.#tracker.leader?.opened("calls") : undefined;
    for (const listener of this.changeListeners) listener();
  }

  /** A copy, because each caller notes its own tries in it. */
  #lastError(endpoint: Endpoint | undefined): EtcdError | undefined {
    const error = endpoint?.lastError ?? this.endpoints.find((one) => one.lastError !== undefined)?.lastError;
    return error === undefined ? undefined : unsentBecause(error);
  }
}

const retired = ({ address }: Endpoint): EtcdError =>
  new ConnectionError("ETCD_CLOSED", `${address.text} is none of this client's endpoints any more`, {
    mayHaveApplied: false,
    endpoint: address.text,
    attempts: 0,
  });

/** A linearizable read was answered with a state older than one that was seen before it was asked for. */
export const staleRead = (
  endpoint: string,
  revision: number,
  raftTerm: number,
  floorRevision: number,
  floorTerm: number,
): EtcdError =>
  new StatusError(
    "ETCD_STALE_READ",
    `${endpoint} answered as of revision ${revision}, term ${raftTerm}; ${floorRevision}, ${floorTerm} were seen before`,
    { mayHaveApplied: false, endpoint, attempts: 1 },
  );
