/** What a leader says while others listen: who said it when, and whether the last word came. */
import { setTimeout as sleep } from "node:timers/promises";
import { sleepUntil, windowOf } from "./contention.js";
import { LatencyRecorder } from "./latency-counts.js";
import { monotonicUs } from "./workload.js";
import type { Measurement, RunRequest, WatchCounts } from "./workload.js";

/** What a client must be able to do to be measured by `observe`; each peer makes one of it. */
export interface ElectionClient {
  /** Leads an election that nobody else stands in. */
  lead(name: string): Promise<{ proclaim(value: string): Promise<unknown>; resign(): Promise<unknown> }>;
  /**
   * Hears who leads and what the leader says, from some moment on, which is not waited for: an election without a leader has
   * nothing to hear. Returns what ends it.
   */
  observe(name: string, onValue: (value: string) => void): () => Promise<unknown>;
  close(): Promise<void>;
}

/** Proclamations are so far apart, from one beginning to the next: 200 a second. */
const PACE_MS = 5;
/** What has not come so long after the end of the run is lost. */
const DRAIN_MS = 10_000;

/** The end has the largest number. */
const END = Number.MAX_SAFE_INTEGER;

const proclamation = (number: number): string => `${number} ${monotonicUs()}`;

/** One observer's word on what it heard. */
export class Listener {
  readonly #times: LatencyRecorder;
  readonly #onEnd: () => void;
  #highest = -1;
  repeatedCount = 0;
  heardCount = 0;

  constructor(times: LatencyRecorder, onEnd: () => void) {
    this.#times = times;
    this.#onEnd = onEnd;
  }

  get hasEnded(): boolean {
    return this.#highest === END;
  }

  /** @param isCounted inside of the measured window */
  hear(value: string, isCounted: boolean): void {
    const [numberText, sentText] = value.split(" ");
    const number = Number(numberText);
    // Of the leader's first word, with which it stood for election, there is no time.
    if (sentText === undefined) return;
    if (number <= this.#highest) {
      this.repeatedCount++;
      return;
    }
    this.#highest = number;
    if (number === END) {
      this.#onEnd();
      return;
    }
    if (!isCounted) return;
    this.heardCount++;
    this.#times.record(monotonicUs() - Number(sentText));
  }
}

/** Proclaims until the window ends, and then that it has ended. Its own cost is in no number. */
export const proclaimAll = async (
  proclaim: (value: string) => Promise<unknown>,
  request: RunRequest,
): Promise<Measurement> => {
  const { startAtUs, windowEndUs } = windowOf(request);
  for (let number = 0; ; number++) {
    const dueUs = startAtUs + number * PACE_MS * 1e3;
    if (dueUs >= windowEndUs) break;
    await sleepUntil(dueUs);
    await proclaim(proclamation(number));
  }
  await proclaim(proclamation(END));
  return {
    operationCount: 0,
    elapsedMs: request.durationMs,
    latenciesUs: new Float32Array(0),
    cpuUs: 0,
    errorCount: 0,
  };
};

/**
 * Listens through the window, and then until all of the `count` observers have heard the end. Words in between may be left
 * out, as all clients say of theirs: lost is the last one, and repeated one that comes again, or after a later one.
 */
export const listenToAll = async (
  listen: (onValue: (value: string) => void) => void,
  count: number,
  request: RunRequest,
): Promise<Measurement> => {
  const { windowStartUs, windowEndUs } = windowOf(request);
  const times = new LatencyRecorder();
  let isCounted = false;
  let openCount = count;
  const drained = new AbortController();
  const listeners = Array.from(
    { length: count },
    () =>
      new Listener(times, () => {
        if (--openCount === 0) drained.abort();
      }),
  );
  for (const listener of listeners) listen((value) => listener.hear(value, isCounted));
  await sleepUntil(windowStartUs);
  const cpuAtStart = process.cpuUsage();
  isCounted = true;
  await sleepUntil(windowEndUs);
  isCounted = false;
  const cpu = process.cpuUsage(cpuAtStart);
  if (!drained.signal.aborted) await sleep(DRAIN_MS, undefined, { signal: drained.signal }).catch(() => {});
  const total = (value: (listener: Listener) => number): number =>
    listeners.reduce((sum, listener) => sum + value(listener), 0);
  const watch: WatchCounts = {
    lostEvents: total(({ hasEnded }) => (hasEnded ? 0 : 1)),
    repeatedEvents: total(({ repeatedCount }) => repeatedCount),
  };
  return {
    operationCount: total(({ heardCount }) => heardCount),
    elapsedMs: request.durationMs,
    latenciesUs: new Float32Array(0),
    serviceTimes: times.take(),
    cpuUs: cpu.user + cpu.system,
    errorCount: 0,
    watch,
  };
};
