import type { Connection } from "../connection/connection.js";
import type { RequestHead } from "../connection/request-head.js";
import type { Stream, StreamHandler } from "../connection/stream.js";
import { ConnectionError, StatusError } from "../errors.js";
import type { EtcdError } from "../errors.js";
import { TracedRpc, tracesRpc } from "../tracing.js";
import { statusError } from "./server-errors.js";

/** What a streaming call tells its owner. */
export interface StreamCallEvents {
  /** One message; the bytes are valid during this call only. */
  onMessage(bytes: Uint8Array, start: number, end: number): void;
  /**
   * Once, last, whoever ended it. Watches and renewals never end well by themselves, so an OK is an error as well,
   * unless there is an `onComplete`.
   */
  onEnd(error: EtcdError): void;
  /** The connection will end: open another stream elsewhere, and end this one once nothing is under way on it. */
  onDraining?(): void;
  /** In place of `onEnd`, when the server has said all there is, and OK. */
  onComplete?(): void;
}

/** A streaming call on one connection, with bytes for messages. */
export class StreamCall {
  readonly #connection: Connection;
  readonly #events: StreamCallEvents;
  #stream: Stream | undefined;
  #dismissed = false;
  readonly #traced: TracedRpc | undefined;

  /** Opens at once; a failure is reported by `onEnd`, never thrown. */
  constructor(connection: Connection, head: RequestHead, events: StreamCallEvents) {
    this.#connection = connection;
    this.#events = events;
    const open = (): Stream | undefined =>
      connection.openStream(head, handler, this, { timeoutMs: Infinity });
    if (!tracesRpc()) {
      this.#stream = open();
      return;
    }
    this.#traced = new TracedRpc(head.path, "stream", Infinity, () => connection.now());
    this.#traced.sent(connection.endpoint);
    this.#stream = this.#traced.begin(open);
  }

  get endpoint(): string {
    return this.#connection.endpoint;
  }

  get ended(): boolean {
    return this.#stream === undefined;
  }

  /** Whether the server may come to see it, also when it is cancelled now. */
  get handedToSocket(): boolean {
    return this.#stream !== undefined && this.#connection.handedToSocket(this.#stream);
  }

  /** Sends one message; nothing happens after the end. */
  send(message: Uint8Array): void {
    if (this.#stream !== undefined) this.#connection.send(this.#stream, message);
  }

  /** No more messages from us: where only the server streams, it may wait for this before it answers. */
  end(): void {
    if (this.#stream !== undefined) this.#connection.end(this.#stream);
  }

  /** No messages until `resume`, and flow control holds the server back; what it had sent before its end still comes. */
  pause(): void {
    if (this.#stream !== undefined) this.#connection.pause(this.#stream);
  }

  /** Undoes `pause`; what has come meanwhile may be handed over before this returns. */
  resume(): void {
    if (this.#stream !== undefined) this.#connection.resume(this.#stream);
  }

  /** Ends the call at once; `onEnd` gets ETCD_CLOSED, or `error`. */
  cancel(error?: EtcdError): void {
    if (this.#stream === undefined) return;
    this.#connection.cancel(
      this.#stream,
      error ??
        new ConnectionError("ETCD_CLOSED", "the stream was closed", {
          mayHaveApplied: this.handedToSocket,
          endpoint: this.endpoint,
        }),
    );
  }

  /** The same where nothing failed: the owner has no more use for it. */
  dismiss(error: EtcdError): void {
    this.#dismissed = true;
    this.cancel(error);
  }

  /** @internal for the handler below. */
  message(bytes: Uint8Array, start: number, end: number): void {
    this.#events.onMessage(bytes, start, end);
  }

  /** @internal for the handler below. */
  draining(): void {
    this.#events.onDraining?.();
  }

  /** @internal for the handler below. */
  finish(error: EtcdError): void {
    this.#stream = undefined;
    // Ended by its owner is how a watch ends well.
    this.#traced?.finish(this.#dismissed || error.code === "ETCD_CLOSED" ? undefined : error);
    this.#events.onEnd(error);
  }

  /** @internal for the handler below: the server ended the call with OK. */
  complete(): void {
    if (this.#events.onComplete === undefined) {
      this.finish(
        new StatusError("ETCD_UNAVAILABLE", `${this.endpoint} ended the stream`, {
          mayHaveApplied: true,
          endpoint: this.endpoint,
          grpcCode: 14,
        }),
      );
      return;
    }
    this.#stream = undefined;
    this.#traced?.finish(undefined);
    this.#events.onComplete();
  }
}

const handler: StreamHandler = {
  unary: false,
  wantsMetadata: false,
  onSuccess() {},
  onMessage(stream, bytes, start, end) {
    (stream.context as StreamCall).message(bytes, start, end);
  },
  onDraining(stream) {
    (stream.context as StreamCall).draining();
  },
  onStatus(stream, grpcStatus, message) {
    const call = stream.context as StreamCall;
    if (grpcStatus === 0) call.complete();
    else call.finish(statusError(grpcStatus, message, call.endpoint));
  },
  onError(stream, error) {
    (stream.context as StreamCall).finish(error);
  },
};
