import { Connection } from "../connection/connection.js";
import type { ConnectionListener } from "../connection/connection.js";
import type { Runtime, Timer } from "../connection/runtime.js";
import { TlsFiles } from "../connection/tls-files.js";
import type { EtcdError } from "../errors.js";
import { PING_INTERVAL_MAX_MS, REPLACEMENT_RETRY_MS, SPARE_RETRY_MS, TIMEOUT_MAX_MS } from "../options.js";
import type { ConnectionLimits, TlsOptions } from "../options.js";
import { Http2Code } from "../wire/layout.js";
import type { Address } from "./address.js";
import { backoffMs } from "./backoff.js";
import { CircuitBreaker } from "./circuit-breaker.js";

/**
 * `calls` carries unary calls, `streams` watches and renewals: a bulk answer on one must not hold up a renewal
 * on the other (etcd-io/etcd#15402). While a large message is under way on the connection for calls, another one
 * takes its place: a lock must not wait for somebody's 64 MiB either.
 */
export type ConnectionKind = "calls" | "streams";

const KINDS: readonly ConnectionKind[] = ["calls", "streams"];

export interface EndpointOptions {
  address: Address;
  tls: TlsOptions | TlsFiles | undefined;
  limits: Readonly<ConnectionLimits>;
  userAgent: string;
}

/** What the pool is told; `endpoint` is where it happened. */
export interface EndpointListener {
  onOpen(endpoint: Endpoint, kind: ConnectionKind): void;
  onUnusable(endpoint: Endpoint, kind: ConnectionKind): void;
  /** Calls wait there, and nothing is read: it may be frozen. */
  onSilence(endpoint: Endpoint): void;
}

/** A connection that lived this long was a good one: the next may be made at once. */
const STABLE_MS = 1_000;

/** One member's address, its connections, and what is known about it. */
export class Endpoint {
  readonly address: Address;
  /** From its `Status`; undefined until it has answered one. */
  memberId: bigint | undefined;
  /** From its `Status`; forgotten with the connection for calls, because the next server there may be another one. */
  serverVersion: string | undefined;
  /** Why the last connection could not be made or ended; undefined while all is well. */
  lastError: EtcdError | undefined;
  /** Of the calls that had a choice. */
  readonly breaker: CircuitBreaker;
  readonly #options: EndpointOptions;
  readonly #runtime: Runtime;
  readonly #listener: EndpointListener;
  readonly #connections: { calls: Connection | undefined; streams: Connection | undefined } = {
    calls: undefined,
    streams: undefined,
  };
  /** The second connection for calls, made when bulk first asks for it. */
  #spare: Connection | undefined;
  #spareRetryAtMs = -Infinity;
  /** Connections that take an old one's place as soon as they are open, and which one that is. */
  readonly #replacements = new Map<Connection, Connection>();
  /** When open connections are too old. */
  readonly #ageTimers = new Map<Connection, Timer>();
  /** Connections that only finish their calls. */
  readonly #draining = new Set<Connection>();
  /** Of connections made from now on. */
  #pingIntervalMs: number;
  #failureCount = 0;
  #retryAtMs = -Infinity;
  #token = "";
  #closed = false;

  constructor(options: EndpointOptions, runtime: Runtime, listener: EndpointListener) {
    this.address = options.address;
    this.#options = options;
    this.#pingIntervalMs = options.limits.pingIntervalMs;
    this.#runtime = runtime;
    this.#listener = listener;
    this.breaker = new CircuitBreaker(() => runtime.random());
  }

  /** When a new connection may be tried; in the past when at once. */
  get retryAtMs(): number {
    return this.#retryAtMs;
  }

  /** Calls under way and waiting, over all connections. */
  get callCount(): number {
    const { calls, streams } = this.#connections;
    let count = (calls?.callCount ?? 0) + (streams?.callCount ?? 0) + (this.#spare?.callCount ?? 0);
    for (const connection of this.#draining) count += connection.callCount;
    return count;
  }

  /** The connection if it is open now. */
  opened(kind: ConnectionKind): Connection | undefined {
    const connection = this.#connections[kind];
    return connection?.state === "open" ? connection : undefined;
  }

  /** Calls wait there, and nothing has been read since the pool was told. */
  get isSilent(): boolean {
    return this.#connections.calls?.isSilent === true;
  }

  /** The connection for calls was begun and has neither opened nor failed. */
  get isConnecting(): boolean {
    return this.#connections.calls?.state === "connecting";
  }

  /**
   * A connection that takes calls, made if need be; undefined while this endpoint is put aside after a failure,
   * and after `close()`.
   */
  connection(kind: ConnectionKind): Connection | undefined {
    const existing = this.#connections[kind];
    if (existing !== undefined) {
      // One that is just ending tells its calls first and us last; what those calls start must not land on it.
      return existing.state === "open" || existing.state === "connecting" ? existing : undefined;
    }
    if (this.#closed || this.#runtime.now() < this.#retryAtMs) return undefined;
    const connection = this.#connect(kind);
    this.#connections[kind] = connection;
    return connection;
  }

  #connect(kind: ConnectionKind): Connection {
    const { address, tls, limits, userAgent } = this.#options;
    let openedAtMs = Infinity;
    /** Its place is free; false when it had none any more. */
    const leave = (connection: Connection): boolean => {
      if (this.#spare === connection) {
        this.#spare = undefined;
        this.#spareRetryAtMs = this.#runtime.now() + SPARE_RETRY_MS;
      }
      if (this.#connections[kind] !== connection) return false;
      this.#connections[kind] = undefined;
      return true;
    };
    const listener: ConnectionListener = {
      onOpen: (connection) => {
        openedAtMs = this.#runtime.now();
        this.#watchAge(kind, connection);
        const old = this.#replacements.get(connection);
        if (old !== undefined) {
          this.#replace(kind, old, connection);
          return;
        }
        if (connection === this.#spare) {
          this.#makeWay();
          return;
        }
        this.lastError = undefined;
        this.#listener.onOpen(this, kind);
      },
      onSilence: (connection) => {
        if (connection === this.#connections.calls) this.#listener.onSilence(this);
      },
      onBulk: (connection) => {
        if (connection === this.#connections.calls) this.#makeWay();
      },
      onDraining: (connection, http2Code) => {
        // `too_many_pings`, from a server or proxy that allows fewer than etcd does. What gRPC clients do is double
        // the interval and never halve it (gRFC A8).
        if (http2Code === Http2Code.ENHANCE_YOUR_CALM) {
          this.#pingIntervalMs = Math.min(2 * this.#pingIntervalMs, PING_INTERVAL_MAX_MS);
        }
        this.#draining.add(connection);
        this.#forgetAge(connection);
        if (!leave(connection)) return;
        if (kind === "calls") this.serverVersion = undefined;
        this.#putAside(openedAtMs);
        this.#listener.onUnusable(this, kind);
      },
      onClose: (connection, error) => {
        this.#draining.delete(connection);
        this.#forgetAge(connection);
        const old = this.#replacements.get(connection);
        if (old !== undefined) {
          // No failure of the endpoint, which still has the old one.
          this.#replacements.delete(connection);
          this.#watchAge(kind, old, REPLACEMENT_RETRY_MS);
        }
        if (!leave(connection)) return;
        if (kind === "calls") this.serverVersion = undefined;
        this.lastError = error;
        this.#putAside(openedAtMs);
        this.#listener.onUnusable(this, kind);
      },
    };
    const files = tls instanceof TlsFiles ? tls.current(address.text) : undefined;
    const current = tls instanceof TlsFiles ? files?.options : tls;
    const connection = new Connection(
      {
        kind,
        target: {
          endpoint: address.text,
          host: address.host,
          port: address.port,
          path: address.path,
          serverName: address.serverName,
          tls: address.tls === true ? (current ?? {}) : current,
          tlsProblem: files?.problem,
        },
        authority: address.authority,
        userAgent,
        limits: {
          ...limits,
          pingIntervalMs: this.#pingIntervalMs,
          busyPollMs: kind === "calls" ? limits.busyPollMs : 0,
          // A watch is silent by nature.
          silenceMs: kind === "calls" ? limits.silenceMs : 0,
        },
      },
      this.#runtime,
      listener,
    );
    connection.setToken(this.#token);
    return connection;
  }

  /** From when it is open, or from when its replacement failed; an old connection's place is taken by a new one. */
  #watchAge(kind: ConnectionKind, connection: Connection, retryMs = Infinity): void {
    const { connectionMaxAgeMs } = this.#options.limits;
    if (connectionMaxAgeMs === 0 || this.#closed || connection.state !== "open") return;
    // Spread, because all of a client's connections, and all clients of a restarted server, began at once.
    const ageMs = Math.min(retryMs, connectionMaxAgeMs) * (0.9 + 0.2 * this.#runtime.random());
    const onOld = (): void => {
      this.#ageTimers.delete(connection);
      if (connection === this.#spare) {
        // Made anew when bulk asks for it.
        this.#spare = undefined;
        connection.drain();
      } else if (connection === this.#connections[kind]) {
        this.#replacements.set(this.#connect(kind), connection);
      }
    };
    this.#ageTimers.set(connection, this.#runtime.setTimer(onOld, Math.min(ageMs, TIMEOUT_MAX_MS)));
  }

  #forgetAge(connection: Connection): void {
    const timer = this.#ageTimers.get(connection);
    if (timer === undefined) return;
    this.#runtime.clearTimer(timer);
    this.#ageTimers.delete(connection);
  }

  /** The replacement of an old connection is open. Nothing is lost: the old one ends when its last call has. */
  #replace(kind: ConnectionKind, old: Connection, replacement: Connection): void {
    this.#replacements.delete(replacement);
    const current = this.#connections[kind];
    if (current === old || current === undefined) this.#connections[kind] = replacement;
    // They have changed places for bulk meanwhile.
    else if (this.#spare === old) this.#spare = replacement;
    else {
      // It has broken, and another is there.
      replacement.drain();
      return;
    }
    this.lastError = undefined;
    // Before the pool is told, whose listeners move what they have on a connection that drains.
    old.drain();
    if (this.#connections[kind] === replacement) this.#listener.onOpen(this, kind);
  }

  /** Bulk is under way on the connection for calls: new calls go to the spare one, if that has none. */
  #makeWay(): void {
    const { calls } = this.#connections;
    if (this.#closed || !calls?.carriesBulk) return;
    if (this.#spare === undefined && this.#runtime.now() >= this.#spareRetryAtMs) {
      this.#spare = this.#connect("calls");
    }
    if (this.#spare?.state !== "open" || this.#spare.carriesBulk) return;
    this.#connections.calls = this.#spare;
    this.#spare = calls;
    this.#listener.onOpen(this, "calls");
  }

  /** The token of this endpoint's later requests. */
  setToken(token: string): void {
    this.#token = token;
    for (const kind of KINDS) this.#connections[kind]?.setToken(token);
    this.#spare?.setToken(token);
    for (const connection of this.#replacements.keys()) connection.setToken(token);
  }

  /** Ends all connections now because nobody answers there: its calls fail with `error`'s reason. New ones are made later. */
  abandon(error: EtcdError): void {
    for (const kind of KINDS) this.#connections[kind]?.abandon(error);
    this.#spare?.abandon(error);
    for (const connection of this.#draining) connection.abandon(error);
  }

  /** Makes no new connections; those that there are end with their calls. Watches and renewals move elsewhere. */
  retire(): void {
    this.#closed = true;
    for (const kind of KINDS) this.#connections[kind]?.drain();
    this.#spare?.drain();
    for (const connection of this.#replacements.keys()) connection.close();
  }

  /** Ends all connections now, and makes no new ones. */
  close(): void {
    this.#closed = true;
    for (const kind of KINDS) this.#connections[kind]?.close();
    this.#spare?.close();
    for (const connection of [...this.#replacements.keys(), ...this.#draining]) connection.close();
  }

  /**
   * A server that takes connections and ends them at once would be reconnected to in a tight loop, so only a
   * connection that lasted counts as a success.
   */
  #putAside(openedAtMs: number): void {
    const nowMs = this.#runtime.now();
    if (nowMs - openedAtMs >= STABLE_MS) this.#failureCount = 0;
    this.#failureCount++;
    this.#retryAtMs = nowMs + backoffMs(this.#failureCount, () => this.#runtime.random());
  }
}
