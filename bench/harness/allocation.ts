import { GCProfiler } from "node:v8";

/** What was allocated on the JavaScript heap between two moments. */
export interface Allocation {
  readonly bytes: number;
  /** Garbage collections in between. */
  readonly collections: number;
}

/** Starts to count; the function that it returns ends that and tells. */
export type AllocationCount = () => Allocation;

/**
 * Counts the bytes that are allocated on this process's JavaScript heap from now on: what the heap has grown by, and
 * what each collection in between has taken away, of which V8 reports the heap's size just before and just after. A
 * loop that leaves less than a young generation (16 MiB) is therefore counted by the heap's growth alone, with no
 * collection in the window, and one that leaves more is counted as exactly (`test/bench/allocation.test.ts`).
 *
 * Not in it: memory outside of the heap, which is the contents of Buffers above Node's pool, and V8's own.
 *
 * Needs `--expose-gc`: it collects first, so that the window begins with an empty young generation.
 */
export const countAllocation = (): AllocationCount => {
  if (globalThis.gc === undefined) throw new Error("counting allocations needs node --expose-gc");
  const profiler = new GCProfiler();
  globalThis.gc();
  profiler.start();
  const before = process.memoryUsage().heapUsed;
  return () => {
    const after = process.memoryUsage().heapUsed;
    const { statistics } = profiler.stop();
    let bytes = 0;
    let usedBytes = before;
    for (const { beforeGC, afterGC } of statistics) {
      bytes += beforeGC.heapStatistics.usedHeapSize - usedBytes;
      usedBytes = afterGC.heapStatistics.usedHeapSize;
    }
    return { bytes: bytes + after - usedBytes, collections: statistics.length };
  };
};
