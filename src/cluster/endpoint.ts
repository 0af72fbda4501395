import { Connection } from "../connection/connection.js";
import type { ConnectionListener } from "../connection/connection.js";
import type { Runtime } from "../connection/runtime.js";
import { ConnectionError } from "../errors.js";
import type { EtcdError } from "../errors.js";
import { PING_INTERVAL_MAX_MS, SPARE_RETRY_MS } from "../options.js";
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
  tls: TlsOptions | undefined;
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

  /** Calls under way and waiting, over both connections. */
  get callCount(): number {
    const { calls, streams } = this.#connections;
    return (calls?.callCount ?? 0) + (streams?.callCount ?? 0) + (this.#spare?.callCount ?? 0);
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
        if (!leave(connection)) return;
        if (kind === "calls") this.serverVersion = undefined;
        this.#putAside(openedAtMs);
        this.#listener.onUnusable(this, kind);
      },
      onClose: (connection, error) => {
        this.#draining.delete(connection);
        if (!leave(connection)) return;
        if (kind === "calls") this.serverVersion = undefined;
        this.lastError = error;
        this.#putAside(openedAtMs);
        this.#listener.onUnusable(this, kind);
      },
    };
    const connection = new Connection(
      {
        target: {
          endpoint: address.text,
          host: address.host,
          port: address.port,
          path: address.path,
          serverName: address.serverName,
          tls: tls !== undefined || address.tls === true ? (tls ?? {}) : undefined,
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
  }

  /** Ends all connections now because nobody answers there: its calls fail with `error`'s reason. New ones are made later. */
  abandon(error: EtcdError): void {
    for (const kind of KINDS) this.#connections[kind]?.abandon(error);
    this.#spare?.abandon(error);
    for (const connection of this.#draining) connection.abandon(error);
  }

  /**
   * Makes no new connections, and ends those for calls once their calls have ended. Watches and renewals have no end of
   * their own: they are cut off, and go on elsewhere.
   */
  retire(): void {
    this.#closed = true;
    this.#connections.calls?.drain();
    this.#spare?.drain();
    const { text } = this.address;
    this.#connections.streams?.abandon(
      new ConnectionError("ETCD_CONNECTION_LOST", `${text} is none of the endpoints any more`, {
        mayHaveApplied: true,
        endpoint: text,
      }),
    );
  }

  /** Ends all connections now, and makes no new ones. */
  close(): void {
    this.#closed = true;
    for (const kind of KINDS) this.#connections[kind]?.close();
    this.#spare?.close();
    for (const connection of this.#draining) connection.close();
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
