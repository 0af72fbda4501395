import { setTimeout as sleep } from "node:timers/promises";
import { monotonicUs } from "./workload.js";
import type { RunRequest, Write } from "./workload.js";

/** How one write ended; a write that cannot say so is one of which nobody knows. */
export type WriteEnd = Pick<Write, "outcome" | "reason">;

/** Five milliseconds: 200 writes a second. */
const INTERVAL_US = 5_000;
/** How much longer the writes go on, past the run's window, for one of them to be acknowledged. */
const GRACE_US = 10e6;

/**
 * Starts a write every 5 ms, whatever becomes of the others (open loop), from the run's start to the end of its window;
 * and then until one that was started after it is acknowledged, for ten seconds at most, so that a run never ends inside an
 * outage. Resolves when the last write has ended. Starts that the event loop was late for are made up for at once.
 */
export const writeOpenLoop = async (
  write: (number: number) => Promise<WriteEnd>,
  request: Pick<RunRequest, "startAtUs" | "warmupMs" | "durationMs">,
): Promise<Write[]> => {
  const windowEndUs = request.startAtUs + (request.warmupMs + request.durationMs) * 1e3;
  const writes: Promise<Write>[] = [];
  let answered = false;
  const isAnswered = (): boolean => answered;

  const start = async (number: number): Promise<Write> => {
    const startedUs = monotonicUs();
    const end = await write(number).catch((error: unknown): WriteEnd => ({
      outcome: "unknown",
      reason: String(error),
    }));
    const endedUs = monotonicUs();
    if (end.outcome === "acknowledged" && startedUs >= windowEndUs) answered = true;
    return { startedUs, endedUs, ...end };
  };

  for (let number = 0; ; number++) {
    const dueUs = request.startAtUs + number * INTERVAL_US;
    if (dueUs >= windowEndUs + GRACE_US || isAnswered()) break;
    const waitMs = (dueUs - monotonicUs()) / 1e3;
    if (waitMs > 0) await sleep(waitMs);
    writes.push(start(number));
  }
  return Promise.all(writes);
};
