import type { Connection } from "../../src/connection/connection.js";
import type { Stream, StreamHandler } from "../../src/connection/stream.js";
import { EtcdError } from "../../src/errors.js";
import { TxnView } from "../../src/txn/view.js";
import { ProtobufError } from "../../src/wire/protobuf.js";
import { echoHead } from "../support/recorded-call.js";
import { Operation } from "./script.js";
import type { Step } from "./script.js";
import { Finding } from "./target.js";

/** One call, and how often it was told of its end. */
export interface FuzzCall {
  readonly timeoutMs: number;
  stream: Stream | undefined;
  endCount: number;
}

/** Bytes for requests; what they say does not matter. */
const MESSAGES = Buffer.alloc(256, 0x2a);

/**
 * The calls of one connection. The handlers do what a user's do, and worse: they read each message as a reply, call
 * again from inside a callback, and pause a stream as soon as something comes.
 */
export class FuzzCalls {
  readonly calls: FuzzCall[] = [];
  /** What must not be, found inside a callback, where throwing would only be reported later. */
  finding: Finding | undefined;
  readonly #view = new TxnView();
  readonly #unary: StreamHandler;
  readonly #streaming: StreamHandler;
  #again = 0;

  /** @param wrap lets a test plant a bug in what is between the connection and a call */
  constructor(wrap: (handler: StreamHandler) => StreamHandler = (handler) => handler) {
    this.#unary = wrap(this.#handler(true));
    this.#streaming = wrap(this.#handler(false));
  }

  connection: Connection | undefined;

  /**
   * Does what the client does in a step of a script; false for what its peer, time or the loop do.
   *
   * @param timeoutsMs what calls choose from; the last is none, for streams
   */
  perform({ operation, first, second }: Step, timeoutsMs: readonly number[]): boolean {
    switch (operation) {
      case Operation.UNARY:
        this.unary(timeoutsMs[first % (timeoutsMs.length - 1)]!, second);
        return true;
      case Operation.STREAM:
        this.stream(timeoutsMs[first % timeoutsMs.length]!);
        return true;
      case Operation.SEND:
        this.send(first, second * second);
        return true;
      case Operation.END:
        this.end(first);
        return true;
      case Operation.CANCEL:
        this.cancel(first);
        return true;
      case Operation.PAUSE:
        this.pause(first);
        return true;
      case Operation.RESUME:
        this.resume(first);
        return true;
      case Operation.DRAIN:
        this.connection!.drain();
        return true;
      case Operation.CLIENT_CLOSE:
        this.connection!.close();
        return true;
      default:
        return false;
    }
  }

  unary(timeoutMs: number, messageBytes: number): void {
    const call = this.#add(timeoutMs);
    const stream = this.connection!.callUnary(
      echoHead,
      MESSAGES.subarray(0, messageBytes),
      this.#unary,
      call,
      {
        timeoutMs,
      },
    );
    if (call.endCount === 0) call.stream = stream;
  }

  stream(timeoutMs: number): void {
    const call = this.#add(timeoutMs);
    const stream = this.connection!.openStream(echoHead, this.#streaming, call, { timeoutMs });
    if (call.endCount === 0) call.stream = stream;
  }

  send(which: number, messageBytes: number): void {
    const { stream } = this.#call(which);
    // A user's mistake, which throws, is not what is looked for.
    if (stream === undefined || stream.localEnded || stream.endAfterQueue) return;
    this.connection!.send(stream, Buffer.alloc(messageBytes));
  }

  end(which: number): void {
    const { stream } = this.#call(which);
    if (stream !== undefined) this.connection!.end(stream);
  }

  cancel(which: number): void {
    const { stream } = this.#call(which);
    if (stream === undefined) return;
    this.connection!.cancel(stream, new EtcdError("ETCD_ABORTED", "cancelled", { mayHaveApplied: true }));
  }

  pause(which: number): void {
    const { stream } = this.#call(which);
    if (stream !== undefined && !stream.handler.unary) this.connection!.pause(stream);
  }

  resume(which: number): void {
    const { stream } = this.#call(which);
    if (stream !== undefined && !stream.handler.unary) this.connection!.resume(stream);
  }

  /** Throws unless every call, or every one with a deadline, was told of its end, and none of them twice. */
  checkSettled(all: boolean): void {
    if (this.finding !== undefined) throw this.finding;
    for (const [index, { endCount, timeoutMs }] of this.calls.entries()) {
      if (endCount > 1) throw new Finding(`call ${index} ended ${endCount} times`);
      if (endCount === 0 && (all || timeoutMs !== Infinity))
        throw new Finding(`call ${index}, with a timeout of ${timeoutMs} ms, never ended`);
    }
  }

  #call(which: number): FuzzCall {
    return this.calls[which % this.calls.length] ?? { timeoutMs: 0, stream: undefined, endCount: 0 };
  }

  #add(timeoutMs: number): FuzzCall {
    const call: FuzzCall = { timeoutMs, stream: undefined, endCount: 0 };
    this.calls.push(call);
    return call;
  }

  #end(stream: Stream): void {
    const call = stream.context as FuzzCall | undefined;
    if (call === undefined) {
      this.finding ??= new Finding("a call was told of its end after its end");
      return;
    }
    call.endCount++;
    call.stream = undefined;
    // Every fifth end makes a call, from inside the callback, a few times over.
    if (this.calls.length % 5 === 0 && this.#again++ < 4) this.unary(100, 3);
  }

  #read(bytes: Uint8Array, start: number, end: number): void {
    try {
      this.#view.reset(bytes, start, end);
    } catch (error) {
      if (!(error instanceof ProtobufError)) this.finding ??= new Finding(`the view threw ${String(error)}`);
    }
    this.#view.invalidate();
  }

  #handler(unary: boolean): StreamHandler {
    return {
      unary,
      wantsMetadata: true,
      onSuccess: (stream, bytes, start, end) => {
        this.#read(bytes, start, end);
        this.#end(stream);
      },
      onStatus: (stream) => {
        this.#end(stream);
      },
      onError: (stream, error) => {
        if (!(error instanceof EtcdError)) this.finding ??= new Finding(`ended with ${String(error)}`);
        this.#end(stream);
      },
      onMessage: (stream, bytes, start, end) => {
        const call = stream.context as FuzzCall | undefined;
        if (call === undefined || call.endCount > 0)
          this.finding ??= new Finding("a message after the call's end");
        this.#read(bytes, start, end);
        if (this.calls.length % 3 === 0) this.connection!.pause(stream);
      },
    };
  }
}
