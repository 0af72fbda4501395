import { performance } from "node:perf_hooks";
import { inspect } from "node:util";
import type { Measurement } from "./workload.js";

/**
 * Starts one operation for a slot and calls `done` once when it has ended. A slot never has two operations open, so
 * whatever an operation needs can be made once per slot and used again.
 */
export type Operation = (slot: number, done: (error?: unknown) => void) => void;

export interface ClosedLoop {
  readonly concurrency: number;
  readonly warmupMs: number;
  readonly durationMs: number;
}

/** Grown in steps: a run of unknown speed needs between a hundred and some millions of samples. */
const SAMPLES_INITIAL_COUNT = 1 << 18;

/**
 * Keeps `concurrency` operations in flight: each slot starts its next operation when its last one ends, so a slow
 * server is asked less often and queueing is hidden (closed loop).
 *
 * Its own cost is one clock read, one float stored and two calls per operation; percentiles are computed after the
 * run. Float32 holds a microsecond count to seven digits, where the histogram keeps three.
 */
export const runClosedLoop = (operation: Operation, loop: ClosedLoop): Promise<Measurement> =>
  new Promise((resolve) => {
    let samples = new Float32Array(SAMPLES_INITIAL_COUNT);
    let sampleCount = 0;
    let totalCount = 0;
    let errorCount = 0;
    let errorText: string | undefined;
    let openCount = loop.concurrency;
    let windowStart = 0;
    let windowEnd = 0;
    let cpuAtStart = process.cpuUsage();
    let cpuUs = 0;
    const warmupEnd = performance.now() + loop.warmupMs;
    const startedAt = new Float64Array(loop.concurrency);
    // Whether the slot's operation() call has not returned yet: an operation that ends before that must not start
    // the next one from inside itself, or the stack grows without end.
    const starting = new Uint8Array(loop.concurrency);
    const endedEarly = new Uint8Array(loop.concurrency);

    const start = (slot: number): void => {
      do {
        endedEarly[slot] = 0;
        starting[slot] = 1;
        operation(slot, dones[slot]!);
        starting[slot] = 0;
      } while (endedEarly[slot] === 1);
    };

    const finish = (): void => {
      resolve({
        operationCount: sampleCount,
        elapsedMs: windowEnd - windowStart,
        latenciesUs: samples.slice(0, sampleCount),
        cpuUs,
        errorCount,
        errorText,
        totalCount,
      });
    };

    const onDone = (slot: number, error: unknown): void => {
      const now = performance.now();
      totalCount++;
      if (windowStart === 0) {
        if (now >= warmupEnd) {
          windowStart = now;
          cpuAtStart = process.cpuUsage();
        }
      } else if (windowEnd === 0) {
        if (now - windowStart >= loop.durationMs) {
          windowEnd = now;
          const cpu = process.cpuUsage(cpuAtStart);
          cpuUs = cpu.user + cpu.system;
        } else if (error === undefined) {
          if (sampleCount === samples.length) {
            const grown = new Float32Array(samples.length * 2);
            grown.set(samples);
            samples = grown;
          }
          samples[sampleCount++] = (now - startedAt[slot]!) * 1e3;
        }
      }
      if (error !== undefined) {
        // Errors count in the warm-up too: a run that starts badly is not a good run.
        errorCount++;
        errorText ??= error instanceof Error ? error.message : inspect(error);
      }
      if (windowEnd !== 0) {
        if (--openCount === 0) finish();
        return;
      }
      startedAt[slot] = now;
      if (error !== undefined) {
        // An operation that fails at once would otherwise spin without ever letting the event loop go on.
        setImmediate(() => {
          startedAt[slot] = performance.now();
          start(slot);
        });
      } else if (starting[slot] === 1) {
        endedEarly[slot] = 1;
      } else {
        start(slot);
      }
    };

    const dones = Array.from(
      { length: loop.concurrency },
      (_, slot) =>
        (error?: unknown): void =>
          onDone(slot, error),
    );
    for (let slot = 0; slot < loop.concurrency; slot++) {
      startedAt[slot] = performance.now();
      start(slot);
    }
  });

/** An operation made of a promise: one closure per operation, which the promise itself outweighs. */
export const promiseOperation =
  (operation: (slot: number) => Promise<unknown>): Operation =>
  (slot, done) => {
    operation(slot).then(
      () => done(),
      (error: unknown) => done(error),
    );
  };
