import type { Runtime } from "../../src/index.js";
import { NullConnection } from "../null-server.js";
import { cannedReplies } from "../null-replies.js";

type Socket = ReturnType<Runtime["connect"]>;
type SocketEvents = Parameters<Runtime["connect"]>[1];

interface MemoryTimer {
  readonly atMs: number;
  readonly callback: () => void;
}

/** As the client's own read buffer: one read brings at most this. */
const READ_BUFFER_BYTES = 64 * 1024;
/**
 * The clock moves by 1 ms every so many turns: with 64 calls per turn, about as fast as it does for a client that
 * makes half a million calls per second. So deadlines are looked at in here too.
 */
const TURNS_PER_MS = 8;

/** Callbacks for later, in two arrays that change places, so that nothing is allocated for one more. */
class CallbackQueue {
  #waiting: (() => void)[] = [];
  #waitingCount = 0;
  #running: (() => void)[] = [];

  push(callback: () => void): void {
    this.#waiting[this.#waitingCount++] = callback;
  }

  run(): boolean {
    const count = this.#waitingCount;
    const callbacks = this.#waiting;
    this.#waiting = this.#running;
    this.#running = callbacks;
    this.#waitingCount = 0;
    for (let i = 0; i < count; i++) callbacks[i]!();
    return count > 0;
  }
}

/**
 * Everything outside of the client, in memory and without an allocation per call: the client's sockets end in null
 * servers in this same process, and time goes on by turns. What is left to count is the client's own.
 */
export class MemoryRuntime implements Runtime {
  readonly #deferred = new CallbackQueue();
  readonly #yielded = new CallbackQueue();
  #timers: MemoryTimer[] = [];
  readonly #sockets: MemorySocket[] = [];
  #nowMs = 1_000;
  #turnCount = 0;

  now(): number {
    return this.#nowMs;
  }

  epochMs(): number {
    return 1_700_000_000_000 + this.#nowMs;
  }

  setTimer(callback: () => void, ms: number): MemoryTimer {
    const timer = { atMs: this.#nowMs + ms, callback };
    this.#timers.push(timer);
    return timer;
  }

  clearTimer(timer: unknown): void {
    this.#timers = this.#timers.filter((each) => each !== timer);
  }

  readFile(path: string): Buffer {
    throw new Error(`no file ${path} in memory`);
  }

  random(): number {
    return 0.5;
  }

  defer(callback: () => void): void {
    this.#deferred.push(callback);
  }

  yieldToInput(callback: () => void): void {
    this.#yielded.push(callback);
  }

  connect = (_target: unknown, events: SocketEvents): Socket => {
    const socket = new MemorySocket(events);
    this.#sockets.push(socket);
    this.defer(() => {
      events.onConnect();
    });
    return socket;
  };

  /** One turn of an event loop: what was deferred, what has arrived, what yielded, and sometimes the clock. */
  readonly turn = (): void => {
    while (this.#deferred.run());
    for (let i = 0; i < this.#sockets.length; i++) {
      this.#sockets[i]!.deliver();
      while (this.#deferred.run());
    }
    this.#yielded.run();
    if (++this.#turnCount % TURNS_PER_MS === 0) this.#tick();
  };

  /** Turns until `promise` settles; its reactions run in between. */
  async turnUntil<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const settle = (): void => {
      isSettled = true;
    };
    promise.then(settle, settle);
    // Changed by the promise's reaction.
    const waits = (): boolean => !isSettled;
    while (waits()) {
      this.turn();
      await Promise.resolve();
    }
    return promise;
  }

  /** What the client wrote last on its first connection: for those who want to send the same. */
  lastWrite(): Buffer {
    return this.#sockets[0]!.lastWrite();
  }

  #tick(): void {
    this.#nowMs++;
    for (let i = 0; i < this.#timers.length; i++) {
      const timer = this.#timers[i]!;
      if (timer.atMs > this.#nowMs) continue;
      this.clearTimer(timer);
      // It may arm others, which are not due yet; those that moved up by one are seen in the next millisecond.
      timer.callback();
    }
  }
}

/** `Buffer.copy` and `set` make a view of what they copy from, which would be counted. */
const copyBytes = (
  from: Uint8Array,
  fromStart: number,
  to: Uint8Array,
  toStart: number,
  length: number,
): void => {
  for (let i = 0; i < length; i++) to[toStart + i] = from[fromStart + i]!;
};

/** The client's end of a connection to a null server in the same process. */
class MemorySocket implements Socket {
  readonly #events: SocketEvents;
  readonly #server: NullConnection;
  readonly #readBuffer = Buffer.alloc(READ_BUFFER_BYTES);
  /** What the server has sent and the client has not read yet. */
  #sent = Buffer.alloc(READ_BUFFER_BYTES);
  #sentBytes = 0;
  readonly #written = Buffer.alloc(READ_BUFFER_BYTES);
  #writtenBytes = 0;
  #isOpen = true;

  constructor(events: SocketEvents) {
    this.#events = events;
    this.#server = new NullConnection(
      {
        write: (bytes, length) => {
          this.#take(bytes, length);
          return true;
        },
        end: () => {
          this.destroy();
        },
        destroy: () => {
          this.destroy();
        },
      },
      cannedReplies,
    );
  }

  write(bytes: Buffer, length: number): boolean {
    this.#writtenBytes = Math.min(length, this.#written.length);
    copyBytes(bytes, 0, this.#written, 0, this.#writtenBytes);
    this.#server.receive(bytes, length);
    return true;
  }

  lastWrite(): Buffer {
    return Buffer.from(this.#written.subarray(0, this.#writtenBytes));
  }

  /** One read of the client's. */
  deliver(): void {
    const bytes = Math.min(this.#sentBytes, this.#readBuffer.length);
    if (bytes === 0 || !this.#isOpen) return;
    copyBytes(this.#sent, 0, this.#readBuffer, 0, bytes);
    this.#sent.copyWithin(0, bytes, this.#sentBytes);
    this.#sentBytes -= bytes;
    this.#events.onBytes(this.#readBuffer, bytes);
  }

  end(): void {
    this.destroy();
  }

  destroy(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#events.onClose(undefined);
  }

  setReferenced(): void {}

  #take(bytes: Buffer, length: number): void {
    if (this.#sentBytes + length > this.#sent.length) {
      const grown = Buffer.alloc(2 * (this.#sentBytes + length));
      this.#sent.copy(grown, 0, 0, this.#sentBytes);
      this.#sent = grown;
    }
    copyBytes(bytes, 0, this.#sent, this.#sentBytes, length);
    this.#sentBytes += length;
  }
}
