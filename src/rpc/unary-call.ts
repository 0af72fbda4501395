import type { Connection } from "../connection/connection.js";
import type { RequestHead } from "../connection/request-head.js";
import type { StreamHandler } from "../connection/stream.js";
import { AbortError } from "../errors.js";
import type { EtcdError } from "../errors.js";
import { offAbort, onAbort } from "./abort-listeners.js";
import { statusError } from "./server-errors.js";

interface Waiter {
  readonly resolve: (bytes: Uint8Array) => void;
  readonly reject: (error: EtcdError) => void;
  readonly signal: AbortSignal | undefined;
  onAbort: (() => void) | undefined;
}

const finish = (waiter: Waiter): void => {
  if (waiter.signal !== undefined && waiter.onAbort !== undefined) offAbort(waiter.signal, waiter.onAbort);
};

/** One handler for all promise-style calls; what belongs to one of them is its Waiter. */
const handler: StreamHandler = {
  unary: true,
  wantsMetadata: false,
  onSuccess(stream, bytes, start, end) {
    const waiter = stream.context as Waiter;
    finish(waiter);
    // Copied: the reply lies in the read buffer, and the promise's reaction runs later.
    // Not `slice`, which on a Buffer is a view, and the read buffer is used again.
    waiter.resolve(new Uint8Array(bytes.subarray(start, end)));
  },
  onStatus(stream, grpcStatus, message, endpoint) {
    const waiter = stream.context as Waiter;
    finish(waiter);
    waiter.reject(statusError(grpcStatus, message, endpoint));
  },
  onError(stream, error) {
    const waiter = stream.context as Waiter;
    finish(waiter);
    waiter.reject(error);
  },
};

/**
 * One try of a unary call on one connection.
 *
 * @returns the reply's bytes, the caller's own
 * @throws EtcdError; an AbortError when `signal` fires first
 */
export const callUnary = (
  connection: Connection,
  head: RequestHead,
  message: Uint8Array,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<Uint8Array> =>
  new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(new AbortError(signal.reason, false));
      return;
    }
    const waiter: Waiter = { resolve, reject, signal, onAbort: undefined };
    const stream = connection.callUnary(head, message, handler, waiter, { timeoutMs });
    if (stream === undefined || signal === undefined) return;
    waiter.onAbort = () => {
      connection.cancel(stream, new AbortError(signal.reason, connection.handedToSocket(stream)));
    };
    onAbort(signal, waiter.onAbort);
  });

/** What an abort between tries looks like. */
export const throwIfAborted = (signal: AbortSignal | undefined, mayHaveApplied: boolean): void => {
  if (signal?.aborted === true) throw new AbortError(signal.reason, mayHaveApplied);
};
