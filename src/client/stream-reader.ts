import type { Connection } from "../connection/connection.js";
import type { RequestHead } from "../connection/request-head.js";
import type { Runtime } from "../connection/runtime.js";
import { AbortError, StatusError, asRead } from "../errors.js";
import type { EtcdError } from "../errors.js";
import { TIMEOUT_MAX_MS, UNREAD_BYTES_MAX } from "../options.js";
import { offAbort, onAbort } from "../rpc/abort-listeners.js";
import { StreamCall } from "../rpc/stream-call.js";

export interface StreamReaderOptions {
  /** From now until the last message was read. Infinity: as long as it takes. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * One request and the stream of messages that answers it, read at the reader's own pace: what is not read yet is
 * bounded by flow control. For requests that change nothing.
 */
export class StreamReader {
  readonly #call: StreamCall;
  readonly #messages: Uint8Array[] = [];
  #unreadBytes = 0;
  #paused = false;
  /** How it ended; without an error if the server said all there is. */
  #end: { readonly error: EtcdError | undefined } | undefined;
  #wake: (() => void) | undefined;
  #release: () => void = () => {};

  constructor(
    connection: Connection,
    head: RequestHead,
    request: Uint8Array,
    runtime: Runtime,
    { timeoutMs, signal }: StreamReaderOptions,
  ) {
    this.#call = new StreamCall(connection, head, {
      onMessage: (bytes, start, end) => {
        // Copied: the message lies in the read buffer, which is used again.
        this.#messages.push(new Uint8Array(bytes.subarray(start, end)));
        this.#unreadBytes += end - start;
        if (this.#unreadBytes >= UNREAD_BYTES_MAX && !this.#paused) {
          this.#paused = true;
          this.#call.pause();
        }
        this.#wake?.();
      },
      onEnd: (error) => {
        this.#finish(asRead(error));
      },
      onComplete: () => {
        this.#finish(undefined);
      },
    });
    this.#call.send(request);
    this.#call.end();
    if (this.#end === undefined) this.#guard(runtime, timeoutMs, signal);
  }

  get endpoint(): string {
    return this.#call.endpoint;
  }

  /** The next message, the caller's own; undefined when the server has said all there is. */
  async next(): Promise<Uint8Array | undefined> {
    for (;;) {
      const message = this.#messages.shift();
      if (message !== undefined) {
        this.#unreadBytes -= message.length;
        if (this.#paused && this.#unreadBytes < UNREAD_BYTES_MAX) {
          this.#paused = false;
          this.#call.resume();
        }
        return message;
      }
      if (this.#end?.error !== undefined) throw this.#end.error;
      if (this.#end !== undefined) return undefined;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Ends it at once, at the server too; a reader that waits gets `error`, or else ETCD_CLOSED. */
  cancel(error?: EtcdError): void {
    if (this.#end !== undefined) return;
    this.#messages.length = 0;
    this.#call.cancel(error);
  }

  #finish(error: EtcdError | undefined): void {
    this.#end = { error };
    this.#release();
    this.#wake?.();
  }

  #guard(runtime: Runtime, timeoutMs: number, signal: AbortSignal | undefined): void {
    const onAborted = (): void => {
      this.cancel(new AbortError(signal?.reason, this.#call.handedToSocket));
    };
    const timer =
      timeoutMs === Infinity
        ? undefined
        : runtime.setTimer(
            () => {
              this.cancel(
                new StatusError("ETCD_DEADLINE_EXCEEDED", `${this.endpoint} has not sent all of it in time`, {
                  mayHaveApplied: this.#call.handedToSocket,
                  endpoint: this.endpoint,
                  grpcCode: 4,
                }),
              );
            },
            Math.min(TIMEOUT_MAX_MS, timeoutMs),
            true,
          );
    this.#release = () => {
      if (timer !== undefined) runtime.clearTimer(timer);
      if (signal !== undefined) offAbort(signal, onAborted);
    };
    if (signal !== undefined) onAbort(signal, onAborted);
    if (signal?.aborted === true) onAborted();
  }
}
