import { setTimeout as sleep } from "node:timers/promises";
import { sleepUntil, windowOf } from "./contention.js";
import { monotonicUs } from "./workload.js";
import type { Measurement, RunRequest } from "./workload.js";

/** A client that puts. */
export interface ForeignWriter {
  put(key: string, value: string): Promise<unknown>;
}

/** What the store has to take from others. */
const KEY_COUNT = 1_000;
const VALUE = "v".repeat(100);
/** A server that cannot keep up is not given more: what is missing from the rate then says so. */
const OPEN_MAX_COUNT = 1_000;

/**
 * Puts `params.foreignWrites` times a second, evenly and whatever becomes of those before (open loop), from the run's
 * start to the end of its window. Starts that a timer was late for are made up for at once.
 */
export const writeForeign = async (writer: ForeignWriter, request: RunRequest): Promise<Measurement> => {
  const { startAtUs, windowStartUs, windowEndUs } = windowOf(request);
  const intervalUs = 1e6 / request.params.foreignWrites!;
  let count = 0;
  let openCount = 0;
  let windowCount = 0;
  let errorCount = 0;
  let errorText: string | undefined;
  const open: Promise<void>[] = [];
  const put = async (key: string): Promise<void> => {
    openCount++;
    try {
      await writer.put(key, VALUE);
      const nowUs = monotonicUs();
      if (nowUs >= windowStartUs && nowUs < windowEndUs) windowCount++;
    } catch (error) {
      errorCount++;
      errorText ??= String(error);
    }
    openCount--;
  };
  await sleepUntil(startAtUs);
  for (let nowUs = monotonicUs(); nowUs < windowEndUs; nowUs = monotonicUs()) {
    while (startAtUs + count * intervalUs <= nowUs && openCount < OPEN_MAX_COUNT) {
      open.push(put(`bench/foreign/${count++ % KEY_COUNT}`));
    }
    await sleep(1);
  }
  await Promise.all(open);
  return {
    operationCount: 0,
    elapsedMs: 0,
    latenciesUs: new Float32Array(0),
    cpuUs: 0,
    errorCount,
    errorText,
    foreignWrites: { count, perSecond: windowCount / (request.durationMs / 1e3) },
  };
};
