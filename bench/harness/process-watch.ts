import { monitorEventLoopDelay, performance, PerformanceObserver } from "node:perf_hooks";
import type { PerformanceEntry } from "node:perf_hooks";
import type { Measurement } from "./workload.js";

/**
 * How often the event loop is looked at, by a timer of Node's own that calls no JavaScript: 100 times a second, some
 * microseconds each. A delay below a millisecond is lost in the timer's rounding, so more often would show nothing more.
 */
const LOOK_EVERY_MS = 10;

/** What is seen of this process from one moment to another. */
export type ProcessUse = Required<Pick<Measurement, "cpuUs" | "eventLoopDelayP99Ms" | "gcMs">>;

export interface ProcessWatch {
  /** The window is over. */
  stop(): void;
  /** After `stop`. Takes two turns of the event loop, after which Node has told of all collections. */
  use(): Promise<ProcessUse>;
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Watches from now on. */
export const watchProcess = (): ProcessWatch => {
  const delays = monitorEventLoopDelay({ resolution: LOOK_EVERY_MS });
  const collections: Pick<PerformanceEntry, "startTime" | "duration">[] = [];
  const observer = new PerformanceObserver((list) => {
    collections.push(...list.getEntries());
  });
  observer.observe({ type: "gc" });
  delays.enable();
  const startMs = performance.now();
  let endMs = 0;
  const cpuAtStart = process.cpuUsage();
  let cpuUs = 0;
  return {
    stop: () => {
      const cpu = process.cpuUsage(cpuAtStart);
      cpuUs = cpu.user + cpu.system;
      endMs = performance.now();
      delays.disable();
    },
    use: async () => {
      await nextTurn();
      await nextTurn();
      collections.push(...observer.takeRecords());
      observer.disconnect();
      return {
        cpuUs,
        // Node records from one look to the next, which is the distance between looks if nothing keeps the loop.
        eventLoopDelayP99Ms:
          delays.count === 0 ? 0 : Math.max(0, delays.percentile(99) / 1e6 - LOOK_EVERY_MS),
        gcMs: collections.reduce(
          (sum, { startTime, duration }) =>
            startTime >= startMs && startTime + duration <= endMs ? sum + duration : sum,
          0,
        ),
      };
    },
  };
};
