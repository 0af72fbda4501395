import { systemClock } from "./load-clock.js";
import { LoadMeter } from "./load-meter.js";
import type { LoadSettings, Measurement } from "./workload.js";

/**
 * Starts one operation for a slot and calls `done` once when it has ended. A slot never has two operations open, so
 * whatever an operation needs can be made once per slot and used again.
 */
export type Operation = (slot: number, done: (error?: unknown) => void) => void;

export interface ClosedLoop {
  readonly concurrency: number;
  readonly warmupMs: number;
  readonly durationMs: number;
  readonly load?: LoadSettings;
  /** Which part of the operations is this agent's, where a run ends by their number. Default: all. */
  readonly agentIndex?: number;
  readonly agentCount?: number;
}

const NO_SETTINGS: LoadSettings = { seed: 1, intervalMs: 1_000 };

/** What of `count` is one agent's, of which the first ones take what does not divide; Infinity of what has no number. */
export const shareOf = (count: number | undefined, agentIndex = 0, agentCount = 1): number =>
  count === undefined ? Infinity : Math.floor((count + agentCount - 1 - agentIndex) / agentCount);

/**
 * Keeps `concurrency` operations in flight: each slot starts its next operation when its last one ends, so a slow
 * server is asked less often and queueing is hidden (closed loop).
 *
 * The window opens when the first operation after the warm-up ends, and closes with the last that counts; operations
 * that end in between are counted, whenever they began. Its own cost is one clock read, one count and two calls per
 * operation.
 */
export const runClosedLoop = async (
  operation: Operation,
  loop: ClosedLoop,
  clock = systemClock,
): Promise<Measurement> => {
  const { concurrency, load = NO_SETTINGS, agentIndex, agentCount } = loop;
  const meter = new LoadMeter(load, loop.durationMs);
  const countMax = shareOf(load.operationCount, agentIndex, agentCount);
  const warmupEndUs = clock.nowUs() + loop.warmupMs * 1e3;
  let totalCount = 0;
  let state: "warming" | "measuring" | "draining" = "warming";
  let windowEndUs = Infinity;
  let openCount = concurrency;
  const startedUs = new Float64Array(concurrency);
  // Whether the slot's operation() call has not returned yet: an operation that ends before that must not start
  // the next one from inside itself, or the stack grows without end.
  const starting = new Uint8Array(concurrency);
  const endedEarly = new Uint8Array(concurrency);

  await new Promise<void>((resolve) => {
    const start = (slot: number): void => {
      do {
        endedEarly[slot] = 0;
        starting[slot] = 1;
        operation(slot, dones[slot]!);
        starting[slot] = 0;
      } while (endedEarly[slot] === 1);
    };

    const count = (nowUs: number, slot: number, error: unknown): void => {
      if (state === "measuring") {
        // The one that closes the window belongs to its last interval, however long after its time it ends.
        if (error === undefined) meter.ended(Math.min(nowUs, windowEndUs), nowUs - startedUs[slot]!);
        if (nowUs >= windowEndUs || meter.operationCount >= countMax) {
          meter.close(nowUs);
          state = "draining";
        }
      } else if (state === "warming" && nowUs >= warmupEndUs) {
        meter.open(nowUs);
        windowEndUs = nowUs + loop.durationMs * 1e3;
        state = "measuring";
      }
    };

    const onDone = (slot: number, error: unknown): void => {
      const nowUs = clock.nowUs();
      totalCount++;
      if (error !== undefined) meter.failed(nowUs, error);
      count(nowUs, slot, error);
      if (state === "draining") {
        if (--openCount === 0) resolve();
        return;
      }
      startedUs[slot] = nowUs;
      if (error !== undefined) {
        // An operation that fails at once would otherwise spin without ever letting the event loop go on.
        clock.setImmediate(() => {
          startedUs[slot] = clock.nowUs();
          start(slot);
        });
      } else if (starting[slot] === 1) {
        endedEarly[slot] = 1;
      } else {
        start(slot);
      }
    };

    const dones = Array.from(
      { length: concurrency },
      (_, slot) =>
        (error?: unknown): void =>
          onDone(slot, error),
    );
    for (let slot = 0; slot < concurrency; slot++) {
      startedUs[slot] = clock.nowUs();
      start(slot);
    }
  });
  const { times, ...measured } = await meter.measurement();
  return { ...measured, serviceTimes: times, totalCount, inFlightMax: concurrency };
};

/** An operation made of a promise: one closure per operation, which the promise itself outweighs. */
export const promiseOperation =
  (operation: (slot: number) => Promise<unknown>): Operation =>
  (slot, done) => {
    operation(slot).then(
      () => done(),
      (error: unknown) => done(error),
    );
  };
