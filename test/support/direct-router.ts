import { Connection } from "../../src/connection/connection.js";
import { RequestHead } from "../../src/connection/request-head.js";
import { nodeRuntime } from "../../src/connection/runtime.js";
import type { EtcdError } from "../../src/errors.js";
import { DEFAULT_CONNECTION_LIMITS } from "../../src/options.js";
import type { ConnectionLimits } from "../../src/options.js";
import type { CallKind, ChannelMethod, ChannelRouter } from "../../src/rpc/grpc-channel.js";

/** One server, no leader, no waiting: makes a connection when there is none. */
export class DirectRouter implements ChannelRouter {
  state: ChannelRouter["state"] = "idle";
  released = false;
  readonly errors: EtcdError[] = [];
  readonly #connections: Partial<Record<CallKind, Connection>> = {};
  readonly #listeners = new Set<() => void>();

  constructor(
    readonly target: string,
    readonly limits: Partial<ConnectionLimits> = {},
  ) {}

  opened(kind: CallKind): Connection | undefined {
    const connection = this.#connections[kind];
    return connection?.state === "open" ? connection : undefined;
  }

  acquire(kind: CallKind): Promise<Connection> {
    const known = this.#connections[kind];
    if (known?.state === "open" || known?.state === "connecting") return Promise.resolve(known);
    const [host = "", port = ""] = this.target.split(":");
    const connection = new Connection(
      {
        target: {
          endpoint: this.target,
          host,
          port: Number(port),
          path: undefined,
          serverName: host,
          tls: undefined,
        },
        authority: this.target,
        userAgent: "test",
        limits: { ...DEFAULT_CONNECTION_LIMITS, ...this.limits },
      },
      nodeRuntime,
      {
        onOpen: () => this.#change("ready"),
        onDraining: () => {},
        onClose: () => this.#change("failed"),
      },
    );
    this.#connections[kind] = connection;
    this.#change("connecting");
    return Promise.resolve(connection);
  }

  noteError(error: EtcdError): void {
    this.errors.push(error);
  }

  connect(): void {
    if (this.state !== "ready") void this.acquire("calls");
  }

  onStateChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  release(): void {
    this.released = true;
    this.#connections.calls?.close();
    this.#connections.streams?.close();
  }

  #change(state: ChannelRouter["state"]): void {
    this.state = state;
    for (const listener of this.#listeners) listener();
  }
}

const methods = new Map<string, ChannelMethod>();

/** The test server's methods: Range is unary, all others are streams. */
export const methodOf = (path: string): ChannelMethod => {
  const known = methods.get(path);
  if (known !== undefined) return known;
  const isUnary = path.startsWith("/etcdserverpb.KV/");
  const method: ChannelMethod = {
    head: new RequestHead(path, [["hasleader", "true"]]),
    kind: isUnary ? "calls" : "streams",
    timeoutMs: isUnary ? 5_000 : Infinity,
  };
  methods.set(path, method);
  return method;
};
