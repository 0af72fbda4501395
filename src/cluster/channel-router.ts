import type { Connection } from "../connection/connection.js";
import { RequestHead } from "../connection/request-head.js";
import { EtcdError } from "../errors.js";
import { CHANNEL_CONNECT_TIMEOUT_MS, DEFAULT_TIMEOUT_MS, TRANSPARENT_RETRY_MAX_MS } from "../options.js";
import { GrpcChannel } from "../rpc/grpc-channel.js";
import type { CallKind, ChannelMethod, ChannelRouter } from "../rpc/grpc-channel.js";
import { leaderHead, memberHead } from "../rpc/method.js";
import type { Pool } from "./pool.js";
import { Wait } from "./wait.js";

/** etcd's methods that are not unary. */
const STREAM_PATHS: ReadonlySet<string> = new Set([
  "/etcdserverpb.KV/RangeStream",
  "/etcdserverpb.Lease/LeaseKeepAlive",
  "/etcdserverpb.Maintenance/Snapshot",
  "/etcdserverpb.Watch/Watch",
  "/v3electionpb.Election/Observe",
]);

/** Unary methods that answer when something else has happened, or when a whole database was copied. */
const PATIENT_PATHS: ReadonlySet<string> = new Set([
  "/etcdserverpb.Maintenance/Defragment",
  "/v3electionpb.Election/Campaign",
  "/v3lockpb.Lock/Lock",
]);

/** For all channels, since each head takes a place on every connection. */
const heads = new Map<string, RequestHead>();

const headOf = (path: string): RequestHead => {
  let head = heads.get(path);
  if (head === undefined) {
    if (path === "/etcdserverpb.Auth/Authenticate") head = new RequestHead(path, [], false);
    else if (path === "/etcdserverpb.Maintenance/Status") head = memberHead(path);
    // Other services on etcd's port, as grpc.health.v1 is, know nothing of leaders.
    else head = /^\/(etcdserverpb|v3lockpb|v3electionpb)\./.test(path) ? leaderHead(path) : memberHead(path);
    heads.set(path, head);
  }
  return head;
};

/** How the channel sends one method. A service that is not etcd's may stream, so all of its methods count as streams. */
const describeMethod = (path: string, timeoutMs: number): ChannelMethod => {
  const head = headOf(path);
  const isEtcd = head.fields.length > 0 || path.startsWith("/etcdserverpb.");
  if (!isEtcd || STREAM_PATHS.has(path)) return { head, kind: "streams", timeoutMs: Infinity };
  return { head, kind: "calls", timeoutMs: PATIENT_PATHS.has(path) ? Infinity : timeoutMs };
};

/** Sends a channel's calls to the leader, where writes, leases and linearizable reads are answered in one hop. */
class LeaderRouter implements ChannelRouter {
  readonly target: string;
  readonly #pool: Pool;
  readonly #onRelease: () => void;
  #connecting = false;
  /** The channel's, while somebody watches its state. */
  #onChange: (() => void) | undefined;

  constructor(pool: Pool, onRelease: () => void) {
    this.#pool = pool;
    this.#onRelease = onRelease;
    this.target = pool.endpoints.map(({ address }) => address.text).join(",");
  }

  get state(): ChannelRouter["state"] {
    const { hot, leader, endpoints } = this.#pool;
    if (hot !== undefined) return "ready";
    if (endpoints.every(({ lastError }) => lastError !== undefined)) return "failed";
    return this.#connecting || leader !== undefined ? "connecting" : "idle";
  }

  opened(kind: CallKind): Connection | undefined {
    const { hot, leader } = this.#pool;
    // `hot` also says that a token is there, where one is needed.
    return kind === "calls" || hot === undefined ? hot : leader?.opened("streams");
  }

  acquire(kind: CallKind, options: { timeoutMs: number; signal: AbortSignal }): Promise<Connection> {
    return this.#pool.acquire(
      "leader",
      kind,
      new Wait(this.#pool.runtime, options.timeoutMs, options.signal),
    );
  }

  noteError(error: EtcdError): void {
    this.#pool.noteError(error);
  }

  connect(): void {
    if (this.#connecting || this.#pool.hot !== undefined) return;
    this.#connecting = true;
    const options = { timeoutMs: CHANNEL_CONNECT_TIMEOUT_MS, signal: new AbortController().signal };
    const done = (): void => {
      this.#connecting = false;
      this.#onChange?.();
    };
    this.acquire("calls", options).then(done, (error: unknown) => {
      // Why it failed is each endpoint's lastError, which `state` shows.
      done();
      if (this.#onChange === undefined || (error instanceof EtcdError && error.code === "ETCD_CLOSED"))
        return;
      // Somebody waits for the channel to be ready.
      this.#pool.runtime.setTimer(() => {
        if (this.#onChange !== undefined) this.connect();
      }, TRANSPARENT_RETRY_MAX_MS);
    });
  }

  onStateChange(listener: () => void): () => void {
    this.#onChange = listener;
    this.#pool.changeListeners.add(listener);
    return () => {
      this.#onChange = undefined;
      this.#pool.changeListeners.delete(listener);
    };
  }

  release(): void {
    this.#onRelease();
  }
}

export interface ChannelOptions {
  /** For unary calls without a deadline of their own. Streams, Lock, Campaign and Defragment have none. */
  timeoutMs?: number;
  /** The channel was closed and its last call has ended. */
  onRelease?: () => void;
}

/** A channel for generated grpc-js clients over `pool`, which stays its owner's: closing the channel leaves it open. */
export const createChannel = (pool: Pool, options: ChannelOptions = {}): GrpcChannel => {
  const { timeoutMs = DEFAULT_TIMEOUT_MS, onRelease = () => {} } = options;
  const methods = new Map<string, ChannelMethod>();
  return new GrpcChannel({
    router: new LeaderRouter(pool, onRelease),
    runtime: pool.runtime,
    methodOf: (path) => {
      let method = methods.get(path);
      if (method === undefined) methods.set(path, (method = describeMethod(path, timeoutMs)));
      return method;
    },
  });
};
