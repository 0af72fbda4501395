import { performance } from "node:perf_hooks";
import { inspect } from "node:util";
import { countAllocation } from "./allocation.js";
import type { AllocationCount } from "./allocation.js";
import type { Operation } from "./closed-loop.js";
import type { Measurement } from "./workload.js";

export interface CountedLoop {
  readonly concurrency: number;
  /** Operations before the window: the code that runs in it is to be compiled for good. */
  readonly warmupCount: number;
  readonly operationCount: number;
  /**
   * Where operations end only because somebody moves them on (a runtime in memory): called again and again until all
   * have ended.
   */
  readonly drive?: (() => void) | undefined;
}

/** What is seen of the window, as it opens and as it closes. */
class Window {
  #startMs = 0;
  #cpuAtStart: NodeJS.CpuUsage | undefined;
  #endAllocation: AllocationCount | undefined;
  #seen: Pick<Measurement, "elapsedMs" | "cpuUs" | "allocatedBytes" | "collections"> | undefined;

  open(): void {
    this.#cpuAtStart = process.cpuUsage();
    this.#startMs = performance.now();
    this.#endAllocation = countAllocation();
  }

  close(): void {
    const { bytes, collections } = this.#endAllocation!();
    const cpu = process.cpuUsage(this.#cpuAtStart);
    this.#seen = {
      elapsedMs: performance.now() - this.#startMs,
      cpuUs: cpu.user + cpu.system,
      allocatedBytes: bytes,
      collections,
    };
  }

  measurement(operationCount: number, errorCount: number, error: unknown): Measurement {
    const errorText = errorCount === 0 ? undefined : error instanceof Error ? error.message : inspect(error);
    return { ...this.#seen!, operationCount, latenciesUs: new Float32Array(0), errorCount, errorText };
  }
}

/**
 * `runClosedLoop` for counting bytes: it ends after a number of operations and not after a time, reads no clock in
 * between and keeps no samples, so it allocates nothing itself.
 */
export const runCountedLoop = (operation: Operation, loop: CountedLoop): Promise<Measurement> =>
  new Promise((resolve) => {
    const { concurrency, warmupCount, operationCount, drive } = loop;
    const window = new Window();
    let doneCount = 0;
    let openCount = concurrency;
    let errorCount = 0;
    let firstError: unknown;
    const starting = new Uint8Array(concurrency);
    const endedEarly = new Uint8Array(concurrency);
    const totalCount = warmupCount + operationCount;

    const start = (slot: number): void => {
      // An operation that ends before it has returned must not start the next one from inside itself.
      do {
        endedEarly[slot] = 0;
        starting[slot] = 1;
        operation(slot, dones[slot]!);
        starting[slot] = 0;
      } while (endedEarly[slot] === 1);
    };
    const onDone = (slot: number, error: unknown): void => {
      doneCount++;
      if (error !== undefined) {
        errorCount++;
        firstError ??= error;
      }
      if (doneCount === warmupCount) window.open();
      else if (doneCount === totalCount) window.close();
      // Whoever fails will fail again: end, so that the run says what is wrong.
      if (doneCount >= totalCount || errorCount > concurrency) {
        if (--openCount === 0) finish();
      } else if (starting[slot] === 1) endedEarly[slot] = 1;
      else start(slot);
    };
    const finish = (): void => {
      if (doneCount < totalCount) {
        if (doneCount < warmupCount) window.open();
        window.close();
      }
      resolve(
        window.measurement(
          Math.max(0, Math.min(doneCount, totalCount) - warmupCount),
          errorCount,
          firstError,
        ),
      );
    };
    const dones = Array.from({ length: concurrency }, (_, slot) => (error?: unknown): void => {
      onDone(slot, error);
    });
    for (let slot = 0; slot < concurrency; slot++) start(slot);
    if (drive !== undefined) while (openCount > 0) drive();
  });

/** The same for work that is done when its call returns. */
export const countSynchronous = (
  operation: () => void,
  loop: Pick<CountedLoop, "warmupCount" | "operationCount">,
): Measurement => {
  const window = new Window();
  const run = (count: number): void => {
    for (let i = 0; i < count; i++) operation();
  };
  // Twice, because the first pass compiles the loop while it runs.
  run(loop.warmupCount >> 1);
  run(loop.warmupCount >> 1);
  window.open();
  run(loop.operationCount);
  window.close();
  return window.measurement(loop.operationCount, 0, undefined);
};

/**
 * The same for promises, in batches of `concurrency` of which only the last is awaited: an await costs some 200 bytes
 * of its own, which are its caller's and not the operation's. Promises that settle in the order in which they were
 * asked for are all settled then.
 */
export const countPromises = async (
  operation: () => Promise<unknown>,
  loop: Omit<CountedLoop, "drive">,
): Promise<Measurement> => {
  const { concurrency } = loop;
  const run = async (count: number): Promise<number> => {
    let doneCount = 0;
    while (doneCount < count) {
      for (let i = 1; i < concurrency; i++) void operation();
      await operation();
      doneCount += concurrency;
    }
    return doneCount;
  };
  await run(loop.warmupCount);
  const window = new Window();
  window.open();
  const doneCount = await run(loop.operationCount);
  window.close();
  return window.measurement(doneCount, 0, undefined);
};
