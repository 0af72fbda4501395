import { performance } from "node:perf_hooks";
import { monotonicUs } from "./workload.js";

/** The time of a load's loop; tests bring their own. */
export interface LoadClock {
  /** What `monotonicUs()` reads, as a call that allocates nothing. */
  nowUs(): number;
  setTimer(callback: () => void, ms: number): unknown;
  clearTimer(timer: unknown): void;
  /** After what the event loop has to do by now. */
  setImmediate(callback: () => void): void;
}

/** Both are CLOCK_MONOTONIC; `performance.now()` counts from the start of the process. */
const PROCESS_START_US = monotonicUs() - performance.now() * 1e3;

export const systemClock: LoadClock = {
  nowUs: () => PROCESS_START_US + performance.now() * 1e3,
  setTimer: (callback, ms) => setTimeout(callback, ms),
  clearTimer: (timer) => clearTimeout(timer as NodeJS.Timeout),
  setImmediate: (callback) => {
    setImmediate(callback);
  },
};
