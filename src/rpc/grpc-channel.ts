import {
  connectivityState as ConnectivityState,
  propagate as Propagate,
  status as Status,
} from "@grpc/grpc-js";
import type { ChannelInterface, Deadline } from "@grpc/grpc-js";
import type { Runtime, Timer } from "../connection/runtime.js";
import { TIMEOUT_MAX_MS } from "../options.js";
import { GrpcCall } from "./grpc-call.js";
import type { CallOwner, ChannelMethod, ChannelRouter } from "./grpc-call.js";

export type { CallKind, ChannelMethod, ChannelRouter } from "./grpc-call.js";

type ParentCall = Parameters<ChannelInterface["createCall"]>[3];
type ChannelRef = ReturnType<ChannelInterface["getChannelzRef"]>;

export interface GrpcChannelOptions {
  router: ChannelRouter;
  runtime: Runtime;
  /** Called for each call: keep what it returns per path, since every RequestHead takes room on every connection. */
  methodOf: (path: string) => ChannelMethod;
}

interface StateWatcher {
  readonly state: ConnectivityState;
  readonly callback: (error?: Error) => void;
  timer: Timer;
}

const CONNECTIVITY = {
  idle: ConnectivityState.IDLE,
  connecting: ConnectivityState.CONNECTING,
  ready: ConnectivityState.READY,
  failed: ConnectivityState.TRANSIENT_FAILURE,
} as const;

/**
 * A grpc-js channel on our own connections: `new KVClient(target, credentials, { channelOverride: channel })`.
 * The target and credentials given to the client are ignored then, and so is a call's `host` option: endpoints,
 * TLS and `:authority` are the router's.
 *
 * It behaves as the stock channel does, with these differences, all of them on purpose:
 * - a call waits for a connection until its deadline instead of failing at the first refused one, if the router
 *   says so; a call that provably never reached a server is sent again (gRFC A6, "transparent retry");
 * - response metadata has no `content-type`, and unary initial metadata is reported together with the response;
 * - a failed stream reports its status after the messages before it, not ahead of them;
 * - errors have a `cause`, our EtcdError, with `mayHaveApplied`.
 */
export class GrpcChannel implements ChannelInterface, CallOwner {
  readonly router: ChannelRouter;
  readonly runtime: Runtime;
  /** @internal for the calls. */
  readonly waiting = new Set<GrpcCall>();
  readonly #methodOf: (path: string) => ChannelMethod;
  #closed = false;
  #callCount = 0;
  #activeCount = 0;
  #collecting: GrpcCall[] = [];
  #collected: GrpcCall[] = [];
  readonly #watchers = new Set<StateWatcher>();
  #stopWatching: (() => void) | undefined;

  constructor(options: GrpcChannelOptions) {
    this.router = options.router;
    this.runtime = options.runtime;
    this.#methodOf = options.methodOf;
  }

  get closed(): boolean {
    return this.#closed;
  }

  createCall(
    path: string,
    deadline: Deadline,
    _host: string | null | undefined,
    parentCall: ParentCall,
    propagateFlags: number | null | undefined,
  ): GrpcCall {
    if (typeof path !== "string") throw new TypeError("Channel#createCall: method must be a string");
    if (
      typeof deadline !== "number" &&
      typeof (deadline as Partial<Date> | undefined)?.getTime !== "function"
    ) {
      throw new TypeError("Channel#createCall: deadline must be a number or Date");
    }
    if (this.#closed) throw new Error("Channel has been shut down");
    const method = this.#methodOf(path);
    const deadlineMs = +deadline;
    if (parentCall == null) return new GrpcCall(this, method, deadlineMs, this.#callCount++);
    const flags = propagateFlags ?? Propagate.DEFAULTS;
    const inherits = (flags & Propagate.DEADLINE) !== 0;
    const call = new GrpcCall(
      this,
      method,
      inherits ? Math.min(deadlineMs, +parentCall.getDeadline()) : deadlineMs,
      this.#callCount++,
    );
    if ((flags & Propagate.CANCELLATION) !== 0) {
      parentCall.on("cancelled", () => {
        call.cancelWithStatus(Status.CANCELLED, "Cancelled by parent call");
      });
    }
    return call;
  }

  /** Takes no new calls and ends those that wait for a connection; calls under way go on to their own end. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const call of this.waiting) call.failClosed();
    this.#checkWatchers();
    if (this.#activeCount === 0) this.router.release();
  }

  getTarget(): string {
    return this.router.target;
  }

  getConnectivityState(tryToConnect: boolean): ConnectivityState {
    if (this.#closed) return ConnectivityState.SHUTDOWN;
    if (tryToConnect) this.router.connect();
    return CONNECTIVITY[this.router.state];
  }

  watchConnectivityState(
    currentState: ConnectivityState,
    deadline: Date | number,
    callback: (error?: Error) => void,
  ): void {
    if (this.#closed) throw new Error("Channel has been shut down");
    const watcher: StateWatcher = { state: currentState, callback, timer: undefined };
    const timeoutMs = +deadline - this.runtime.epochMs();
    if (timeoutMs <= 0) {
      this.runtime.defer(() => callback(new Error("Deadline passed without connectivity state change")));
      return;
    }
    if (timeoutMs !== Infinity) {
      const onTime = (): void => {
        this.#removeWatcher(watcher);
        callback(new Error("Deadline passed without connectivity state change"));
      };
      watcher.timer = this.runtime.setTimer(onTime, Math.min(TIMEOUT_MAX_MS, timeoutMs), true);
    }
    this.#watchers.add(watcher);
    this.#stopWatching ??= this.router.onStateChange(() => this.#checkWatchers());
    // It may have changed since the caller looked.
    this.runtime.defer(() => this.#checkWatchers());
  }

  /** channelz is not supported; grpc-js asks for a reference all the same. */
  getChannelzRef(): ChannelRef {
    return { kind: "channel", id: 0, name: this.router.target } as unknown as ChannelRef;
  }

  /** @internal CallOwner. */
  collect(call: GrpcCall): void {
    this.#activeCount++;
    if (this.#collecting.push(call) === 1) this.runtime.defer(this.#openCollected);
  }

  /** @internal CallOwner. */
  onCallEnd(): void {
    if (--this.#activeCount === 0 && this.#closed) this.router.release();
  }

  /**
   * A unary call opens when its request is complete, which generated clients see to at once. Whatever was started
   * and is not complete at the end of the tick is a stream, or has an interceptor that takes its time.
   */
  readonly #openCollected = (): void => {
    const calls = this.#collecting;
    this.#collecting = this.#collected;
    for (const call of calls) call.openCollected();
    calls.length = 0;
    this.#collected = calls;
  };

  #checkWatchers(): void {
    const state = this.getConnectivityState(false);
    for (const watcher of this.#watchers) {
      if (watcher.state === state) continue;
      this.#removeWatcher(watcher);
      watcher.callback();
    }
  }

  #removeWatcher(watcher: StateWatcher): void {
    this.#watchers.delete(watcher);
    if (watcher.timer !== undefined) this.runtime.clearTimer(watcher.timer);
    if (this.#watchers.size > 0) return;
    this.#stopWatching?.();
    this.#stopWatching = undefined;
  }
}
