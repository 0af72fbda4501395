import type { Runtime } from "../../src/connection/runtime.js";
import type { Socket, SocketEvents } from "../../src/connection/socket.js";
import { HpackEncoder } from "../../src/wire/hpack-encoder.js";
import { Setting } from "../../src/wire/layout.js";
import { dataFrame, headersFrame, settingsFrame, windowUpdateFrame } from "../support/frames.js";
import { grpcMessage } from "../support/peer-frames.js";

const REPLY_BYTES = 40;
const READ_BUFFER_BYTES = 64 * 1024;

/**
 * A runtime on the real clock whose only socket reads nothing and answers when told to: replies as etcd sends them
 * to a warm connection, copied and given their stream ids. So what is measured is the connection's own work.
 */
export class EchoRuntime implements Runtime {
  events!: SocketEvents;
  writeCount = 0;
  /** Whether writes complete at once. */
  accepts = true;
  #deferred: (() => void)[] = [];
  #running: (() => void)[] = [];
  readonly #hpack = new HpackEncoder();
  readonly #buffer = Buffer.alloc(READ_BUFFER_BYTES);
  #reply: Buffer = Buffer.alloc(0);
  #nextStreamId = 1;

  now = (): number => performance.now();
  epochMs = (): number => Date.now();
  setTimer = (callback: () => void, ms: number): NodeJS.Timeout => setTimeout(callback, ms).unref();
  clearTimer = (timer: unknown): void => {
    clearTimeout(timer as NodeJS.Timeout);
  };
  random = (): number => 0.5;
  readFile = (path: string): Buffer => {
    throw new Error(`no file ${path} in memory`);
  };
  yieldToInput = (callback: () => void): void => {
    this.defer(callback);
  };
  defer = (callback: () => void): void => {
    this.#deferred.push(callback);
  };
  connect = (_target: unknown, events: SocketEvents): Socket => {
    this.events = events;
    return {
      write: () => {
        this.writeCount++;
        return this.accepts;
      },
      end: () => {},
      destroy: () => {},
      setReferenced: () => {},
    };
  };

  endTick(): void {
    while (this.#deferred.length > 0) {
      const callbacks = this.#deferred;
      this.#deferred = this.#running;
      for (let i = 0; i < callbacks.length; i++) callbacks[i]!();
      callbacks.length = 0;
      this.#running = callbacks;
    }
  }

  /** The handshake, with windows that no measurement uses up. */
  open(): void {
    this.events.onConnect();
    this.endTick();
    this.#read(settingsFrame([[Setting.INITIAL_WINDOW_SIZE, 2 ** 31 - 1]]));
    this.giveWindow(2 ** 31 - 1 - 65_535);
    this.endTick();
  }

  /** For the connection's DATA. */
  giveWindow(bytes: number): void {
    this.#read(windowUpdateFrame(0, bytes));
  }

  /** Answers the `count` oldest calls in one chunk. */
  answer(count: number): void {
    if (this.#reply.length === 0) {
      // The first reply fills the peer's header table; all others refer to it.
      this.#read(this.#makeReply(this.#nextStreamId));
      this.#reply = this.#makeReply(1);
      this.#nextStreamId += 2;
      count--;
    }
    const reply = this.#reply;
    const perChunk = Math.floor(READ_BUFFER_BYTES / reply.length);
    while (count > 0) {
      const replies = Math.min(count, perChunk);
      count -= replies;
      let at = 0;
      for (let i = 0; i < replies; i++, this.#nextStreamId += 2) {
        reply.copy(this.#buffer, at);
        const end = at + reply.length;
        for (; at < end; at += 9 + this.#buffer.readUIntBE(at, 3))
          this.#buffer.writeUInt32BE(this.#nextStreamId, at + 5);
      }
      this.events.onBytes(this.#buffer, at);
    }
  }

  #read(bytes: Buffer): void {
    bytes.copy(this.#buffer);
    this.events.onBytes(this.#buffer, bytes.length);
  }

  #makeReply(id: number): Buffer {
    return Buffer.concat([
      headersFrame(
        id,
        this.#block([
          [":status", "200"],
          ["content-type", "application/grpc"],
        ]),
      ),
      dataFrame(id, grpcMessage(Buffer.alloc(REPLY_BYTES, 7))),
      headersFrame(
        id,
        this.#block([
          ["grpc-status", "0"],
          ["grpc-message", ""],
        ]),
        { endStream: true },
      ),
    ]);
  }

  #block(fields: readonly (readonly [string, string])[]): Buffer {
    const out = Buffer.alloc(256);
    let at = 0;
    for (const [name, value] of fields) at = this.#hpack.encodeField(out, at, name, value, "index");
    return Buffer.from(out.subarray(0, at));
  }
}
