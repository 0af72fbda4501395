import type { EtcdError } from "../errors.js";
import type { HeaderField } from "../wire/hpack-decoder.js";
import type { RequestHead } from "./request-head.js";

/**
 * Who is told about a stream. One handler object usually serves many streams; what belongs to one call is in
 * `stream.context`. Exactly one of `onSuccess`, `onStatus`, `onError` is called, once, last; the stream object
 * is used again for another call after it returns, so do not keep it.
 */
export interface StreamHandler {
  /** Unary: one message, handed over by `onSuccess` after the status is known to be OK. */
  readonly unary: boolean;
  /**
   * Collect header fields that are not the protocol's own in `stream.headers` and `stream.trailers`, which stay
   * undefined where there are none.
   */
  readonly wantsMetadata: boolean;
  /** Unary only: status OK with exactly one message. The bytes are valid during this call only. */
  onSuccess(stream: Stream, bytes: Uint8Array, start: number, end: number, endpoint: string): void;
  /** The server ended the call: streaming with any status, unary with one other than OK. */
  onStatus(stream: Stream, grpcStatus: number, message: string, endpoint: string): void;
  /** The call ended without the server's word: path, protocol, deadline, cancel. */
  onError(stream: Stream, error: EtcdError): void;
  /** Streaming only: response headers came. */
  onHeaders?(stream: Stream): void;
  /** Streaming only: one message. The bytes are valid during this call only. */
  onMessage?(stream: Stream, bytes: Uint8Array, start: number, end: number): void;
  /** Streaming only: the connection takes no new calls and will end. A stream without an end of its own moves to another. */
  onDraining?(stream: Stream): void;
  /** Streaming only: everything given to `send` has been handed to the socket's buffer. */
  onDrain?(stream: Stream): void;
}

/** RFC 9113 §5.1, the states that a client stream without push can be in. */
export const Phase = {
  /** In the pool, or its call ended. */
  idle: 0,
  /** Waits for the connection to open or for MAX_CONCURRENT_STREAMS; has no id yet. */
  queued: 1,
  /** Request sent or being sent, no response headers yet. */
  requested: 2,
  /** Response headers read. */
  responding: 3,
} as const;
export type Phase = (typeof Phase)[keyof typeof Phase];

const EMPTY = new Uint8Array(0);

/** One call's slot. Made once, used for call after call. Only the connection writes to it. */
export class Stream {
  id = 0;
  phase: Phase = Phase.idle;
  handler!: StreamHandler;
  /** The handler's own. */
  context: unknown = undefined;
  deadlineMs = Infinity;
  /** Our half is closed: END_STREAM was written. */
  localEnded = false;

  /** A message over `BULK_MESSAGE_BYTES` has been begun, either way. */
  bulk = false;

  // Sending.
  head!: RequestHead;
  timeoutMs = Infinity;
  metadata: readonly (readonly [name: string, value: string])[] | undefined = undefined;
  /** What may still be sent; negative after the peer shrank its INITIAL_WINDOW_SIZE (RFC 9113 §6.9.2). */
  sendWindowBytes = 0;
  /** Whole messages waiting for window; `sendOffset` is into the first one and the length prefix that precedes it. */
  readonly sendQueue: Uint8Array[] = [];
  sendOffset = 0;
  /** END_STREAM goes out with the last queued byte. */
  endAfterQueue = false;
  /** Stands in the connection's queue of streams with DATA to send. */
  sendListed = false;
  /** `StreamQueue`'s own: where it stands there, -1 while it stands in none. */
  queuePlace = -1;

  // Receiving.
  receiveWindowBytes = 0;
  /** Flow-controlled bytes taken from the peer and not yet given back as credit. */
  unackedBytes = 0;
  paused = false;
  /** `onMessage` is running. */
  handingOver = false;
  /**
   * Messages, or the start of one, that outlived their chunk, prefixes included: from `bufferStart` to `buffered`.
   * Both are 0 when there is nothing.
   */
  buffer: Uint8Array = EMPTY;
  bufferStart = 0;
  buffered = 0;
  /** How long `buffer` has to get for the message at its start, as its prefix says; 0 while that is not known. */
  expectedBytes = 0;
  /** Unary: the finished message, in the chunk it came in or in `buffer`. */
  hasMessage = false;
  messageBytes: Uint8Array = EMPTY;
  messageStart = 0;
  messageEnd = 0;
  /** The finished message still lies in the read buffer, and moves when the chunk is done. */
  inChunk = false;
  headers: HeaderField[] | undefined = undefined;
  trailers: HeaderField[] | undefined = undefined;
  /** Response named a grpc-encoding other than identity; only reported if a message uses it. */
  encoding = "";
  /** Ended by the peer while paused: reported once the reader has taken what is buffered. */
  heldStatus = -1;
  heldMessage = "";
  /** In place of them where the peer gave no status. */
  heldError: EtcdError | undefined = undefined;

  /** Forget the call, keep the memory. */
  reset(bufferKeepBytes: number): void {
    this.id = 0;
    this.phase = Phase.idle;
    this.context = undefined;
    this.metadata = undefined;
    this.localEnded = false;
    if (this.sendQueue.length > 0) this.sendQueue.length = 0;
    this.sendOffset = 0;
    this.endAfterQueue = false;
    this.unackedBytes = 0;
    this.paused = false;
    this.handingOver = false;
    this.bufferStart = 0;
    this.buffered = 0;
    this.expectedBytes = 0;
    if (this.buffer.length > bufferKeepBytes) this.buffer = EMPTY;
    this.hasMessage = false;
    this.messageBytes = EMPTY;
    this.inChunk = false;
    this.headers = undefined;
    this.trailers = undefined;
    this.encoding = "";
    this.heldStatus = -1;
    this.heldMessage = "";
    this.heldError = undefined;
  }

  /** Moves what is buffered to the start. */
  compactBuffer(): void {
    if (this.bufferStart === 0) return;
    if (this.bufferStart < this.buffered) this.buffer.copyWithin(0, this.bufferStart, this.buffered);
    this.buffered -= this.bufferStart;
    this.bufferStart = 0;
  }

  /**
   * Room for `bytes` in all, keeping what is there. Doubles, so that a long message is copied O(1) times, and takes
   * a prefix at its word only when a 16th of the message has come: a peer that promises 64 MiB on each of a thousand
   * streams has to send some first, and the last steps, of tens of megabytes, would hold up the event loop.
   */
  ensureBuffer(bytes: number): void {
    if (this.buffer.length >= bytes) return;
    const doubled = this.buffer.length * 2;
    const isTrusted = this.expectedBytes <= 16 * this.buffered;
    const goal =
      this.expectedBytes < bytes || (!isTrusted && doubled < this.expectedBytes)
        ? doubled
        : this.expectedBytes;
    this.moveBuffer(Buffer.allocUnsafeSlow(Math.max(bytes, goal, 256)));
  }

  /** What is buffered lies in `larger` from now on. */
  moveBuffer(larger: Uint8Array): void {
    larger.set(this.buffer.subarray(0, this.buffered));
    this.buffer = larger;
  }
}
