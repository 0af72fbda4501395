import { setTimeout as sleep } from "node:timers/promises";
import { monotonicUs } from "./workload.js";
import type { Hold, Measurement, RunRequest } from "./workload.js";

/** One client with a session of its own that wants locks. */
export interface Contender {
  acquire(name: string): Promise<{ readonly token: number; release(): Promise<void> }>;
  close(): Promise<void>;
}

/**
 * This agent's share of the contenders, each taking the one lock, holding it and releasing it again and again until
 * the window ends. A contender that waits at that moment gets its turn and lets go, so that the queue is empty when
 * the run is over. Latencies are left to whoever has the holds of all agents.
 */
export const contend = async (
  contenders: readonly Contender[],
  request: RunRequest,
): Promise<Measurement> => {
  const { params, startAtUs } = request;
  const windowStartUs = startAtUs + request.warmupMs * 1e3;
  const windowEndUs = windowStartUs + request.durationMs * 1e3;
  const holdMs = params.holdMs ?? 0;
  const holds: Hold[] = [];
  let errorCount = 0;
  let errorText: string | undefined;
  const name = `bench/handover/${request.runId}`;

  const take = async (contender: Contender): Promise<void> => {
    while (monotonicUs() < windowEndUs) {
      try {
        const lock = await contender.acquire(name);
        const acquiredUs = monotonicUs();
        if (holdMs > 0) await sleep(holdMs);
        holds.push({ token: lock.token, acquiredUs, releasedUs: monotonicUs() });
        await lock.release();
      } catch (error) {
        errorCount++;
        errorText ??= error instanceof Error ? error.message : String(error);
        // A server that refuses everything must not be asked in a tight loop.
        await sleep(10);
      }
    }
  };

  await sleep((startAtUs - monotonicUs()) / 1e3);
  const all = Promise.all(contenders.map(take));
  await sleep((windowStartUs - monotonicUs()) / 1e3);
  const cpuAtStart = process.cpuUsage();
  await sleep((windowEndUs - monotonicUs()) / 1e3);
  const cpu = process.cpuUsage(cpuAtStart);
  await all;
  return {
    operationCount: holds.filter(({ acquiredUs }) => acquiredUs >= windowStartUs && acquiredUs < windowEndUs)
      .length,
    elapsedMs: request.durationMs,
    latenciesUs: new Float32Array(0),
    cpuUs: cpu.user + cpu.system,
    errorCount,
    errorText,
    holds,
    windowStartUs,
    windowEndUs,
  };
};
