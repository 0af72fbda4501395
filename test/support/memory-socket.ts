import { READ_BUFFER_BYTES } from "../../src/options.js";
import type { ConnectionError } from "../../src/errors.js";
import type { Runtime } from "../../src/connection/runtime.js";
import type { Socket, SocketEvents, SocketTarget } from "../../src/connection/socket.js";
import { ClientFrameReader } from "./peer-frames.js";
import type { ClientFrame } from "./peer-frames.js";

interface ManualTimer {
  atMs: number;
  order: number;
  callback: () => void;
}

/**
 * A runtime in which nothing happens by itself: the clock moves when a test says so, deferred work runs when a test
 * says so, and sockets are in memory.
 */
export class ManualRuntime implements Runtime {
  nowMs = 1_000_000;
  readonly sockets: MemorySocket[] = [];
  /** By path. */
  readonly files = new Map<string, string>();
  /** What deferred callbacks threw: on a real runtime an uncaught exception. */
  readonly uncaught: unknown[] = [];
  readonly #timers = new Set<ManualTimer>();
  #deferred: (() => void)[] = [];
  #yielded: (() => void)[] = [];
  #order = 0;
  #randomState = 1;

  now(): number {
    return this.nowMs;
  }

  epochMs(): number {
    return 1_700_000_000_000 + this.nowMs;
  }

  setTimer(callback: () => void, ms: number): ManualTimer {
    const timer = { atMs: this.nowMs + ms, order: this.#order++, callback };
    this.#timers.add(timer);
    return timer;
  }

  clearTimer(timer: unknown): void {
    this.#timers.delete(timer as ManualTimer);
  }

  /** A fixed sequence: PING payloads differ from one another and not from run to run. */
  random(): number {
    this.#randomState = (this.#randomState * 48_271) % 0x7fff_ffff;
    return this.#randomState / 0x7fff_ffff;
  }

  defer(callback: () => void): void {
    this.#deferred.push(callback);
  }

  yieldToInput(callback: () => void): void {
    this.#yielded.push(callback);
  }

  connect = (target: SocketTarget, events: SocketEvents): MemorySocket => {
    const socket = new MemorySocket(this, target, events);
    this.sockets.push(socket);
    return socket;
  };

  readFile(path: string): Buffer {
    const text = this.files.get(path);
    if (text === undefined) throw new Error(`ENOENT: no such file or directory, open '${path}'`);
    return Buffer.from(text);
  }

  get timerCount(): number {
    return this.#timers.size;
  }

  /** Nothing is deferred and nothing yielded: only time, input or a promise can bring anything forward. */
  get isIdle(): boolean {
    return this.#deferred.length === 0 && this.#yielded.length === 0;
  }

  /** The end of the current tick: all that is deferred, and what that defers. */
  endTick(): void {
    while (this.#deferred.length > 0) {
      const callbacks = this.#deferred;
      this.#deferred = [];
      for (const callback of callbacks) {
        try {
          callback();
        } catch (error) {
          this.uncaught.push(error);
        }
      }
    }
  }

  /** One turn of the event loop after input: runs what yielded before. Returns how much that was. */
  turn(): number {
    this.endTick();
    const callbacks = this.#yielded;
    this.#yielded = [];
    for (const callback of callbacks) callback();
    this.endTick();
    return callbacks.length;
  }

  /** Lets time pass, timer by timer, each at its own time; turns run between them. */
  advance(ms: number): void {
    this.turn();
    const endMs = this.nowMs + ms;
    while (this.fireNext(endMs)) this.turn();
    this.nowMs = endMs;
  }

  /** Lets time pass until the next timer, and runs that alone; false, and nothing has happened, if none is due by `endMs`. */
  fireNext(endMs: number): boolean {
    let next: ManualTimer | undefined;
    for (const timer of this.#timers) {
      if (timer.atMs > endMs) continue;
      if (
        next === undefined ||
        timer.atMs < next.atMs ||
        (timer.atMs === next.atMs && timer.order < next.order)
      )
        next = timer;
    }
    if (next === undefined) return false;
    this.#timers.delete(next);
    this.nowMs = Math.max(this.nowMs, next.atMs);
    next.callback();
    return true;
  }

  /** The process was stopped for a while: time has passed, and timers that came due run at once, before any input. */
  stall(ms: number): void {
    this.nowMs += ms;
    const due = [...this.#timers].filter((timer) => timer.atMs <= this.nowMs).sort((a, b) => a.atMs - b.atMs);
    for (const timer of due) {
      if (this.#timers.delete(timer)) timer.callback();
    }
    this.endTick();
  }
}

/** The other end of it is the test. */
export class MemorySocket implements Socket {
  /** One entry per `write`, copied at once. */
  readonly writes: Buffer[] = [];
  /** Whether the next writes complete at once. */
  accepts = true;
  referenced = true;
  state: "open" | "ended" | "destroyed" = "open";
  /** By the peer. */
  isClosed = false;
  readonly #frames = new ClientFrameReader();
  readonly #readBuffer = Buffer.alloc(READ_BUFFER_BYTES, 0xee);
  #unread = 0;
  /** A write that has not completed: the client's own bytes, and what they were. */
  #pending: { bytes: Uint8Array; copy: Buffer } | undefined;

  constructor(
    readonly runtime: ManualRuntime,
    readonly target: SocketTarget,
    readonly events: SocketEvents,
  ) {}

  write(buffer: Buffer, length: number): boolean {
    if (this.state !== "open") throw new Error("a write after the socket's end");
    if (this.#pending !== undefined) throw new Error("a write while another one is not complete");
    const bytes = buffer.subarray(0, length);
    const copy = Buffer.from(bytes);
    this.writes.push(copy);
    if (this.accepts) return true;
    this.#pending = { bytes, copy };
    return false;
  }

  end(): void {
    this.state = "ended";
  }

  destroy(): void {
    this.state = "destroyed";
  }

  setReferenced(referenced: boolean): void {
    this.referenced = referenced;
  }

  get isWriting(): boolean {
    return this.#pending !== undefined;
  }

  /** The kernel has taken the write that did not complete; its bytes must be what they were. */
  completeWrite(): void {
    if (this.#pending === undefined) throw new Error("no write is under way");
    const { bytes, copy } = this.#pending;
    if (!copy.equals(bytes)) throw new Error("bytes of a write that is not complete were overwritten");
    this.#pending = undefined;
    this.events.onWritten();
    this.runtime.endTick();
  }

  connected(): void {
    this.events.onConnect();
    this.runtime.endTick();
  }

  /** One read of the client's, at the start of its one buffer, which is overwritten afterwards. */
  receive(...frames: Uint8Array[]): void {
    const bytes = Buffer.concat(frames);
    for (let at = 0; at < bytes.length; at += this.#readBuffer.length) {
      const length = bytes.copy(this.#readBuffer, 0, at, at + this.#readBuffer.length);
      this.events.onBytes(this.#readBuffer, length);
      this.#readBuffer.fill(0xee, 0, length);
      this.runtime.endTick();
    }
  }

  /** The peer ends the connection, or it breaks. */
  close(error?: ConnectionError): void {
    this.isClosed = true;
    this.events.onClose(error);
    this.runtime.endTick();
  }

  /** What the client sent since the last time. */
  takeFrames(): ClientFrame[] {
    const bytes = Buffer.concat(this.writes.slice(this.#unread));
    this.#unread = this.writes.length;
    return this.#frames.read(bytes);
  }

  /** `takeFrames` as texts. */
  taken(): string[] {
    return this.takeFrames().map((frame) => frame.text);
  }
}
