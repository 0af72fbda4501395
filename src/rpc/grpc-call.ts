import { Metadata, status as Status } from "@grpc/grpc-js";
import type { CallCredentials, ChannelInterface, InterceptingListener, StatusObject } from "@grpc/grpc-js";
import type { Connection } from "../connection/connection.js";
import type { RequestHead } from "../connection/request-head.js";
import type { Runtime, Timer } from "../connection/runtime.js";
import type { Stream, StreamHandler } from "../connection/stream.js";
import { ConnectionError, EtcdError, StatusError } from "../errors.js";
import {
  TIMEOUT_MAX_MS,
  TRANSPARENT_RETRY_MAX_MS,
  TRANSPARENT_TRIES_MAX,
  UNREAD_BYTES_MAX,
} from "../options.js";
import { TracedRpc, tracesRpc } from "../tracing.js";
import { requestFields, responseMetadata } from "./metadata.js";
import type { MetadataFields } from "./metadata.js";
import { statusError } from "./server-errors.js";

/** grpc-js exports what `createCall` returns only as its return type. */
type ChannelCall = ReturnType<ChannelInterface["createCall"]>;
type WriteContext = Parameters<ChannelCall["sendMessageWithContext"]>[0];
type WriteCallback = NonNullable<WriteContext["callback"]>;

/** Which of an endpoint's two connections: `calls` for unary methods, `streams` for all others. */
export type CallKind = "calls" | "streams";

/** What the channel must know of a method. */
export interface ChannelMethod {
  readonly head: RequestHead;
  /** `calls` promises one response message; anything may be a stream. */
  readonly kind: CallKind;
  /** For callers who set no deadline; Infinity for none. */
  readonly timeoutMs: number;
}

/** Where calls go. The layer above decides; the channel asks. */
export interface ChannelRouter {
  /** For `getTarget()` and messages: the endpoints as the user wrote them. */
  readonly target: string;
  /** What `getConnectivityState()` reports. */
  readonly state: "idle" | "connecting" | "ready" | "failed";
  /** A connection that is open now, if a call can go out without waiting. */
  opened(kind: CallKind): Connection | undefined;
  /**
   * A connection for one call, which may still be connecting: it holds calls until it is open. Rejects with an
   * EtcdError within `timeoutMs`, or when `signal` fires.
   */
  acquire(kind: CallKind, options: { timeoutMs: number; signal: AbortSignal }): Promise<Connection>;
  /** Every call that failed on a connection, so that later ones go elsewhere. */
  noteError(error: EtcdError): void;
  /** Starts connecting, if nothing is connected yet. Returns at once. */
  connect(): void;
  /** Calls `listener` after each change of `state`, until the returned function is called. */
  onStateChange(listener: () => void): () => void;
  /** The channel was closed and its last call has ended: it asks for nothing any more. */
  release(): void;
}

/** The channel, as its calls see it. */
export interface CallOwner {
  readonly router: ChannelRouter;
  readonly runtime: Runtime;
  readonly closed: boolean;
  /** Calls that wait for a connection, a retry or credentials; `close` ends them. */
  readonly waiting: Set<GrpcCall>;
  /** To be asked to open at the end of this tick, unless it has opened by then. */
  collect(call: GrpcCall): void;
  onCallEnd(): void;
}

const State = {
  created: 0,
  /** Started; more of the request may come in this tick. */
  collecting: 1,
  /** For credentials, a connection, or the time of the next try. */
  waiting: 2,
  /** On a connection; or the server has ended it, and the reader has not taken all messages yet. */
  open: 3,
  /** The status was given to the caller, or will be in this tick. */
  done: 4,
} as const;
type State = (typeof State)[keyof typeof State];

/** Charged for each unread message besides its bytes, so that empty ones are bounded too. */
const UNREAD_MESSAGE_BYTES = 64;

/** Only ends the stream; the caller gets the status that it cancelled with. */
const cancelled = new ConnectionError("ETCD_ABORTED", "the call was cancelled", { mayHaveApplied: true });

/** Plugins may not claim these, since a caller would take them for the server's (gRFC A54). */
const NOT_FROM_CREDENTIALS: ReadonlySet<number> = new Set([
  Status.OK,
  Status.INVALID_ARGUMENT,
  Status.NOT_FOUND,
  Status.ALREADY_EXISTS,
  Status.FAILED_PRECONDITION,
  Status.ABORTED,
  Status.OUT_OF_RANGE,
  Status.DATA_LOSS,
]);

/** Servers may send numbers that grpc-js has no name for; it passes them on all the same. */
const asStatus = (code: number) => code as unknown as Status;

/** The gRPC status of an error that has none of its own. */
const grpcCodeOf = (error: EtcdError): Status => {
  if (error.grpcCode !== undefined) return asStatus(error.grpcCode);
  switch (error.code) {
    case "ETCD_ABORTED":
      return Status.CANCELLED;
    case "ETCD_DEADLINE_EXCEEDED":
      return Status.DEADLINE_EXCEEDED;
    case "ETCD_PROTOCOL":
      return Status.INTERNAL;
    default:
      return Status.UNAVAILABLE;
  }
};

/** The server never saw it: what gRPC calls a transparent retry is allowed (gRFC A6). */
const isUnsent = (error: EtcdError): boolean =>
  !error.mayHaveApplied &&
  (error.code === "ETCD_REFUSED" ||
    error.code === "ETCD_UNREACHABLE" ||
    error.code === "ETCD_CONNECTION_LOST");

/**
 * A status for grpc-js. It copies what a status holds into the error that its callers get, so `cause` arrives
 * there: `error.cause.mayHaveApplied` answers what a bare gRPC status cannot.
 */
const statusOf = (
  code: Status,
  details: string,
  metadata: Metadata,
  cause: EtcdError | undefined,
): StatusObject => {
  const status: StatusObject & { cause?: EtcdError } = { code, details, metadata };
  if (cause !== undefined) status.cause = cause;
  return status;
};

/** One call of a generated client, as the channel's side of grpc-js's `Call`. */
export class GrpcCall implements ChannelCall {
  readonly #owner: CallOwner;
  readonly #method: ChannelMethod;
  /** As the caller gave it, on the wall clock. */
  readonly #deadlineEpochMs: number;
  readonly #number: number;
  /** While somebody listens. */
  #traced: TracedRpc | undefined;
  #state: State = State.created;
  #listener: InterceptingListener | undefined;
  #credentials: CallCredentials | undefined;
  #waitForReady = false;

  // The request. The first message is kept until the response begins, for a transparent retry.
  #fields: MetadataFields | undefined;
  #messageCount = 0;
  #message: Uint8Array | undefined;
  #moreMessages: Uint8Array[] | undefined;
  #writeCallbacks: WriteCallback[] | undefined;
  #halfClosed = false;

  // The try under way.
  #connection: Connection | undefined;
  #stream: Stream | undefined;
  #tryCount = 0;
  /** On the runtime's clock; known once the call had to wait or was tried. */
  #deadlineMs: number | undefined;
  #opening = false;
  #openError: EtcdError | undefined;
  #repeatable = true;
  #abort: AbortController | undefined;
  #timer: Timer;

  // The response.
  #reading = false;
  #delivering = false;
  #resuming = false;
  readonly #unread: Buffer[] = [];
  #unreadBytes = 0;
  /** Follows the unread messages; or, before `start`, waits for a listener. */
  #finalStatus: StatusObject | undefined;

  /** @param deadlineEpochMs Infinity for none */
  constructor(owner: CallOwner, method: ChannelMethod, deadlineEpochMs: number, callNumber: number) {
    this.#owner = owner;
    this.#method = method;
    this.#deadlineEpochMs = deadlineEpochMs;
    this.#number = callNumber;
  }

  getCallNumber(): number {
    return this.#number;
  }

  getPeer(): string {
    return this.#connection?.endpoint ?? this.#owner.router.target;
  }

  getAuthContext(): null {
    return null;
  }

  setCredentials(credentials: CallCredentials): void {
    this.#credentials = credentials;
  }

  start(metadata: Metadata, listener: InterceptingListener): void {
    this.#listener = listener;
    if (this.#state === State.done) {
      const status = this.#finalStatus;
      if (status !== undefined) this.#reportLater(status);
      return;
    }
    this.#fields = requestFields(metadata, this.#method.head.fields);
    this.#waitForReady = metadata.getOptions().waitForReady === true;
    this.#state = State.collecting;
    if (!tracesRpc()) {
      this.#owner.collect(this);
      return;
    }
    const { head, kind } = this.#method;
    const { runtime } = this.#owner;
    this.#traced = new TracedRpc(head.path, kind === "calls" ? "unary" : "stream", this.#remainingMs(), () =>
      runtime.now(),
    );
    this.#traced.begin(() => {
      this.#owner.collect(this);
    });
  }

  sendMessageWithContext(context: WriteContext, message: Buffer): void {
    const { callback } = context;
    if (callback !== undefined) (this.#writeCallbacks ??= []).push(callback);
    if (this.#state === State.done || (this.#state === State.open && this.#stream === undefined)) {
      // The call is over: writers go on, and learn of it from the status.
      this.#releaseWriters();
      return;
    }
    const isFirst = this.#messageCount++ === 0;
    if (isFirst) this.#message = message;
    if (this.#stream !== undefined) {
      if (!isFirst) this.#forgetRequest();
      this.#connection!.send(this.#stream, message);
      if (this.#stream.sendQueue.length === 0) this.#releaseWriters();
    } else if (!isFirst) (this.#moreMessages ??= []).push(message);
  }

  halfClose(): void {
    this.#halfClosed = true;
    if (this.#state === State.collecting) this.#open();
    else if (this.#stream !== undefined) this.#connection!.end(this.#stream);
  }

  startRead(): void {
    this.#reading = true;
    if (this.#unread.length > 0) this.#deliverUnread();
  }

  cancelWithStatus(code: Status, details: string): void {
    if (this.#state === State.done) return;
    const stream = this.#stream;
    this.#reportLater(statusOf(code, details, new Metadata(), undefined));
    if (stream !== undefined) this.#connection!.cancel(stream, cancelled);
  }

  /** For the channel, at the end of the tick: opens what was started and not finished in it. */
  openCollected(): void {
    if (this.#state === State.collecting) this.#open();
  }

  // ---- Finding a connection ----

  #open(): void {
    this.#state = State.waiting;
    if (this.#owner.closed) this.failClosed();
    else if (this.#credentials === undefined) this.#attempt();
    else void this.#addCredentials(this.#credentials);
  }

  /** For the channel's `close`; the words are the stock channel's. */
  failClosed(): void {
    this.cancelWithStatus(Status.UNAVAILABLE, "Channel closed before call started");
  }

  #remainingMs(): number {
    if (this.#deadlineMs !== undefined) return this.#deadlineMs - this.#owner.runtime.now();
    if (this.#deadlineEpochMs !== Infinity) return this.#deadlineEpochMs - this.#owner.runtime.epochMs();
    return this.#method.timeoutMs;
  }

  #attempt(): void {
    const timeoutMs = this.#remainingMs();
    if (timeoutMs <= 0) {
      this.#onDeadline();
      return;
    }
    const connection = this.#owner.router.opened(this.#method.kind);
    if (connection !== undefined) this.#send(connection, timeoutMs);
    else void this.#acquire(timeoutMs);
  }

  async #acquire(timeoutMs: number): Promise<void> {
    const { router } = this.#owner;
    this.#beginWait(timeoutMs);
    this.#abort = new AbortController();
    try {
      const connection = await router.acquire(this.#method.kind, { timeoutMs, signal: this.#abort.signal });
      if (!this.#endWait()) return;
      const remainingMs = this.#remainingMs();
      if (remainingMs > 0) this.#send(connection, remainingMs);
      else this.#onDeadline();
    } catch (cause) {
      if (!this.#endWait()) return;
      if (cause instanceof EtcdError) this.#failLater(cause);
      else this.cancelWithStatus(Status.INTERNAL, `No connection: ${String(cause)}`);
    }
  }

  async #addCredentials(credentials: CallCredentials): Promise<void> {
    const timeoutMs = this.#remainingMs();
    this.#beginWait(timeoutMs);
    if (timeoutMs !== Infinity) {
      this.#timer = this.#owner.runtime.setTimer(
        () => this.#onDeadline(),
        Math.min(TIMEOUT_MAX_MS, Math.max(0, timeoutMs)),
        true,
      );
    }
    const { path } = this.#method.head;
    const host = this.#owner.router.target.replace(/:\d+$/, "");
    try {
      const metadata = await credentials.generateMetadata({
        method_name: path,
        service_url: `https://${host}/${path.split("/")[1] ?? ""}`,
      });
      if (!this.#endWait()) return;
      this.#fields = [...(this.#fields ?? []), ...(requestFields(metadata, this.#method.head.fields) ?? [])];
      if (this.#fields.filter(([name]) => name === "authorization").length > 1) {
        this.cancelWithStatus(Status.INTERNAL, '"authorization" metadata cannot have multiple values');
      } else this.#attempt();
    } catch (cause) {
      if (!this.#endWait()) return;
      const { code, message } = cause as { code?: unknown; message?: unknown };
      const given = typeof code === "number" ? asStatus(code) : Status.UNKNOWN;
      const details = `Getting metadata from plugin failed with error: ${String(message)}`;
      if (NOT_FROM_CREDENTIALS.has(given)) {
        this.cancelWithStatus(
          Status.INTERNAL,
          `Invalid status from control plane: ${given} ${Status[given]} ${details}`,
        );
      } else this.cancelWithStatus(given, details);
    }
  }

  #beginWait(timeoutMs: number): void {
    this.#state = State.waiting;
    this.#deadlineMs ??= this.#owner.runtime.now() + timeoutMs;
    this.#owner.waiting.add(this);
  }

  /** False when the call ended meanwhile. */
  #endWait(): boolean {
    if (this.#state !== State.waiting) return false;
    this.#stopWaiting();
    return true;
  }

  #stopWaiting(): void {
    if (!this.#owner.waiting.delete(this)) return;
    this.#abort?.abort();
    this.#abort = undefined;
    if (this.#timer !== undefined) this.#owner.runtime.clearTimer(this.#timer);
    this.#timer = undefined;
  }

  #onDeadline(): void {
    this.cancelWithStatus(Status.DEADLINE_EXCEEDED, "Deadline exceeded before the call could be sent");
  }

  // ---- On a connection ----

  #send(connection: Connection, timeoutMs: number): void {
    this.#state = State.open;
    this.#connection = connection;
    this.#tryCount++;
    this.#traced?.sent(connection.endpoint);
    const { head, kind } = this.#method;
    const handler = kind === "calls" ? GrpcCall.#unaryHandler : GrpcCall.#streamHandler;
    const options = { timeoutMs, metadata: this.#fields };
    const message = this.#message;
    this.#opening = true;
    let stream: Stream | undefined;
    if (this.#halfClosed && this.#messageCount === 1 && message !== undefined) {
      stream = connection.callUnary(head, message, handler, this, options);
    } else {
      stream = connection.openStream(head, handler, this, options);
      if (stream !== undefined) {
        if (message !== undefined) connection.send(stream, message);
        if (this.#moreMessages !== undefined) {
          for (const more of this.#moreMessages) connection.send(stream, more);
          this.#forgetRequest();
        }
        if (this.#halfClosed) connection.end(stream);
      }
    }
    this.#opening = false;
    if (stream === undefined) {
      // Refused on the spot; whoever started the call is still on the stack.
      this.#owner.runtime.defer(() => {
        if (this.#state === State.open) this.#onError(this.#openError!, Infinity);
      });
      return;
    }
    this.#stream = stream;
    if (this.#writeCallbacks !== undefined && stream.sendQueue.length === 0) this.#releaseWriters();
  }

  /** Not all that was sent is kept: from here on the call cannot be sent again. */
  #forgetRequest(): void {
    this.#repeatable = false;
    this.#message = undefined;
    this.#moreMessages = undefined;
  }

  /** Tells writers that their messages are out of their hands. Always later, as streams expect it. */
  #releaseWriters(): void {
    const callbacks = this.#writeCallbacks;
    if (callbacks === undefined) return;
    this.#writeCallbacks = undefined;
    for (const callback of callbacks) this.#owner.runtime.defer(() => callback());
  }

  /** @param deadlineMs of the failed try; Infinity where it is not known better than before */
  #onError(error: EtcdError, deadlineMs: number): void {
    this.#stream = undefined;
    this.#owner.router.noteError(error);
    if (deadlineMs !== Infinity) this.#deadlineMs = deadlineMs;
    if (!this.#repeatable || !isUnsent(error) || this.#owner.closed) {
      this.#failNow(error);
      return;
    }
    // The first repeat goes out at once: one connection went away under many calls, and another is there.
    if (this.#tryCount === 1) {
      this.#traced?.event.repeatedAfter.push(error);
      this.#beginWait(this.#remainingMs());
      this.#owner.runtime.defer(() => {
        if (this.#endWait()) this.#attempt();
      });
      return;
    }
    const delayMs =
      this.#owner.runtime.random() * Math.min(TRANSPARENT_RETRY_MAX_MS, 10 * 2 ** (this.#tryCount - 1));
    const remainingMs = this.#remainingMs();
    if ((this.#tryCount >= TRANSPARENT_TRIES_MAX && !this.#waitForReady) || delayMs >= remainingMs) {
      this.#failNow(error);
      return;
    }
    this.#traced?.event.repeatedAfter.push(error);
    this.#beginWait(remainingMs);
    this.#timer = this.#owner.runtime.setTimer(
      () => {
        if (this.#endWait()) this.#attempt();
      },
      Math.ceil(delayMs),
      true,
    );
  }

  // ---- The response ----

  /** Many calls share the two handlers; each call is its stream's context. */
  static readonly #unaryHandler: StreamHandler = {
    unary: true,
    wantsMetadata: true,
    onSuccess(stream, bytes, start, end) {
      (stream.context as GrpcCall).#onSuccess(stream, bytes, start, end);
    },
    onStatus(stream, grpcStatus, message) {
      (stream.context as GrpcCall).#onStatus(stream, grpcStatus, message);
    },
    onError(stream, error) {
      (stream.context as GrpcCall).#onStreamError(stream, error);
    },
  };

  static readonly #streamHandler: StreamHandler = {
    unary: false,
    wantsMetadata: true,
    onSuccess() {},
    onStatus(stream, grpcStatus, message) {
      (stream.context as GrpcCall).#onStatus(stream, grpcStatus, message);
    },
    onError(stream, error) {
      (stream.context as GrpcCall).#onStreamError(stream, error);
    },
    onHeaders(stream) {
      const call = stream.context as GrpcCall;
      call.#forgetRequest();
      call.#listener!.onReceiveMetadata(responseMetadata(stream.headers));
    },
    onMessage(stream, bytes, start, end) {
      (stream.context as GrpcCall).#onMessage(stream, bytes, start, end);
    },
    onDrain(stream) {
      (stream.context as GrpcCall).#releaseWriters();
    },
  };

  #onSuccess(stream: Stream, bytes: Uint8Array, start: number, end: number): void {
    this.#stream = undefined;
    const listener = this.#listener!;
    listener.onReceiveMetadata(responseMetadata(stream.headers));
    if (this.#isDone()) return;
    const status = statusOf(Status.OK, "", responseMetadata(stream.trailers), undefined);
    const message = copyOf(bytes, start, end);
    if (!this.#reading) {
      this.#unread.push(message);
      this.#finalStatus = status;
      return;
    }
    listener.onReceiveMessage(message);
    // grpc-js cancels from in there when it cannot read the message.
    if (!this.#isDone()) this.#reportNow(status);
  }

  #onMessage(stream: Stream, bytes: Uint8Array, start: number, end: number): void {
    if (this.#state === State.done) return;
    const message = copyOf(bytes, start, end);
    if (this.#reading && this.#unread.length === 0) {
      this.#reading = false;
      this.#listener!.onReceiveMessage(message);
      return;
    }
    this.#unread.push(message);
    this.#unreadBytes += message.length + UNREAD_MESSAGE_BYTES;
    if (this.#unreadBytes >= UNREAD_BYTES_MAX) this.#connection!.pause(stream);
  }

  /** One message for each `startRead`; when none is left, what comes after them. */
  #deliverUnread(): void {
    // A listener that asks for the next message while it is given one gets it from the loop below.
    if (this.#delivering || this.#state === State.done) return;
    this.#delivering = true;
    let count = 0;
    while (this.#reading && !this.#isDone() && count < this.#unread.length) {
      const message = this.#unread[count++]!;
      this.#reading = false;
      this.#unreadBytes -= message.length + UNREAD_MESSAGE_BYTES;
      this.#listener!.onReceiveMessage(message);
    }
    this.#unread.splice(0, count);
    this.#delivering = false;
    if (this.#unread.length > 0 || this.#isDone()) return;
    if (this.#finalStatus !== undefined) this.#reportLater(this.#finalStatus);
    else if (this.#stream?.paused === true) {
      this.#resuming = true;
      this.#connection!.resume(this.#stream);
      this.#resuming = false;
    }
  }

  #onStatus(stream: Stream, code: number, message: string): void {
    if (this.#state === State.done) return;
    this.#stream = undefined;
    let cause: EtcdError | undefined;
    if (code !== 0) {
      cause = statusError(code, message, this.#connection!.endpoint);
      this.#owner.router.noteError(cause);
    }
    if (stream.handler.unary && stream.headers !== undefined)
      this.#listener!.onReceiveMetadata(responseMetadata(stream.headers));
    if (this.#isDone()) return;
    const status = statusOf(asStatus(code), message, responseMetadata(stream.trailers), cause);
    if (this.#unread.length > 0) {
      this.#finalStatus = status;
      this.#releaseWriters();
    } else if (this.#resuming) this.#reportLater(status);
    else this.#reportNow(status);
  }

  #onStreamError(stream: Stream, error: EtcdError): void {
    if (this.#state === State.done) return;
    if (this.#opening) this.#openError = error;
    else this.#onError(error, stream.deadlineMs);
  }

  // ---- The end ----

  /** The listener may have ended the call under us, which the type checker cannot see. */
  #isDone(): boolean {
    return this.#state === State.done;
  }

  #failNow(error: EtcdError): void {
    const status = statusOf(grpcCodeOf(error), error.message, new Metadata(), error);
    if (this.#resuming) this.#reportLater(status);
    else this.#reportNow(status);
  }

  #failLater(error: EtcdError): void {
    this.#reportLater(statusOf(grpcCodeOf(error), error.message, new Metadata(), error));
  }

  #reportNow(status: StatusObject): void {
    this.#finish();
    this.#endTrace(status);
    this.#listener!.onReceiveStatus(status);
  }

  /** For ends that come from the caller's side, whose code is on the stack now. */
  #reportLater(status: StatusObject): void {
    if (this.#state !== State.done) this.#finish();
    this.#endTrace(status);
    this.#finalStatus = status;
    if (this.#listener === undefined) return;
    this.#owner.runtime.defer(() => this.#listener?.onReceiveStatus(status));
  }

  #endTrace(status: StatusObject & { cause?: EtcdError }): void {
    const traced = this.#traced;
    if (traced === undefined) return;
    this.#traced = undefined;
    if (status.code === Status.OK) traced.finish(undefined);
    // Without a cause it was the caller who ended it, or a deadline before it was sent.
    else traced.finish(status.cause ?? endedByCaller(status, this.#connection));
  }

  #finish(): void {
    const wasStarted = this.#state !== State.created;
    this.#state = State.done;
    this.#stream = undefined;
    this.#message = undefined;
    this.#moreMessages = undefined;
    if (this.#unread.length > 0) this.#unread.length = 0;
    if (this.#writeCallbacks !== undefined) this.#releaseWriters();
    this.#stopWaiting();
    if (wasStarted) this.#owner.onCallEnd();
  }
}

const endedByCaller = ({ code, details }: StatusObject, connection: Connection | undefined): EtcdError =>
  new StatusError(code === Status.DEADLINE_EXCEEDED ? "ETCD_DEADLINE_EXCEEDED" : "ETCD_ABORTED", details, {
    mayHaveApplied: connection !== undefined,
    grpcCode: code,
    endpoint: connection?.endpoint,
  });

/** The caller keeps the message; what it lies in is used again. */
const copyOf = (bytes: Uint8Array, start: number, end: number): Buffer => {
  const copy = Buffer.allocUnsafe(end - start);
  copy.set(bytes.subarray(start, end));
  return copy;
};
