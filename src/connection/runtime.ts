import { readFileSync } from "node:fs";
import { connectSocket } from "./socket.js";
import type { SocketFactory } from "./socket.js";

/** An armed timer; what it is made of is the runtime's business. */
export type Timer = unknown;

/**
 * Everything outside the program that this package touches: time, randomness, scheduling, sockets, files. A test or a
 * simulator passes its own.
 */
export interface Runtime {
  /** Monotonic milliseconds; only differences mean something. */
  now(): number;
  /** Milliseconds of the calendar, for deadlines that callers give as points in time, as grpc-js does. */
  epochMs(): number;
  /** `keepAlive`: the process must not end before it fires, because a caller waits for it. Others do not hold it. */
  setTimer(callback: () => void, ms: number, keepAlive?: boolean): Timer;
  clearTimer(timer: Timer): void;
  /** In [0, 1). */
  random(): number;
  /** Run `callback` after the current one and the promise reactions that it queued, before the loop sleeps. */
  defer(callback: () => void): void;
  /** Run `callback` after the loop has looked for input once: for bulk work that must not hold up reading. */
  yieldToInput(callback: () => void): void;
  connect: SocketFactory;
  /** The whole file, now: certificates are small, and a connection waits for them. Throws what `node:fs` does. */
  readFile(path: string): Buffer;
}

export const nodeRuntime: Runtime = {
  now: () => performance.now(),
  epochMs: () => Date.now(),
  setTimer: (callback, ms, keepAlive = false) => {
    const timer = setTimeout(callback, ms);
    return keepAlive ? timer : timer.unref();
  },
  clearTimer: (timer) => {
    clearTimeout(timer as NodeJS.Timeout);
  },
  random: Math.random,
  // nextTick, not setImmediate: a lone call must not wait for the poll phase. Calls made in promise reactions
  // still leave together, because the tick queue runs again only when the microtask queue is empty.
  defer: (callback) => {
    process.nextTick(callback);
  },
  yieldToInput: (callback) => {
    setImmediate(callback);
  },
  connect: connectSocket,
  readFile: (path) => readFileSync(path),
};
