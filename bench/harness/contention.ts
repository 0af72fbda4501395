import { setTimeout as sleep } from "node:timers/promises";
import { monotonicUs } from "./workload.js";
import type { Hold, Measurement, RunRequest, System } from "./workload.js";

/** One session that wants locks, with a client of its own unless the system says otherwise. */
export interface Contender {
  acquire(name: string): Promise<{ readonly token?: number; release(): Promise<void> }>;
  close(): Promise<void>;
}

/** When a run begins, and between which moments it is measured. */
export interface RunWindow {
  readonly startAtUs: number;
  readonly windowStartUs: number;
  readonly windowEndUs: number;
}

export const windowOf = ({ startAtUs, warmupMs, durationMs }: RunRequest): RunWindow => ({
  startAtUs,
  windowStartUs: startAtUs + warmupMs * 1e3,
  windowEndUs: startAtUs + (warmupMs + durationMs) * 1e3,
});

export const sleepUntil = (us: number): Promise<void> => sleep(Math.max(0, (us - monotonicUs()) / 1e3));

/** The name that all contenders of a run want. */
export const contendedName = ({ runId }: Pick<RunRequest, "runId">): string => `bench/handover/${runId}`;

/** How many of a run's contenders are this agent's: they are dealt out one by one. */
export const contenderShare = ({
  params: { contenders = 2, processes = 2 },
  agentIndex,
}: Pick<RunRequest, "params" | "agentIndex">): number =>
  agentIndex < processes ? Math.floor((contenders - agentIndex + processes - 1) / processes) : 0;

/** What all peers' measurements of contention come from. */
export const measureHolds = (
  holds: readonly Hold[],
  { windowStartUs, windowEndUs }: RunWindow,
  cost: Pick<Measurement, "cpuUs" | "errorCount" | "errorText">,
): Measurement => ({
  ...cost,
  operationCount: holds.filter(({ acquiredUs }) => acquiredUs >= windowStartUs && acquiredUs < windowEndUs)
    .length,
  elapsedMs: (windowEndUs - windowStartUs) / 1e3,
  latenciesUs: new Float32Array(0),
  totalCount: holds.length,
  holds,
  windowStartUs,
  windowEndUs,
});

/**
 * This agent's share of the contenders, each taking the one lock, holding it and releasing it again and again until
 * the window ends. A contender that waits at that moment gets its turn and lets go at once, so that the queue is empty
 * when the run is over. Latencies are left to whoever has the holds of all agents.
 */
export const contend = async (
  contenders: readonly Contender[],
  request: RunRequest,
): Promise<Measurement> => {
  const window = windowOf(request);
  const { startAtUs, windowStartUs, windowEndUs } = window;
  const holdMs = request.params.holdMs ?? 0;
  const holds: Hold[] = [];
  let errorCount = 0;
  let errorText: string | undefined;
  const name = contendedName(request);

  const take = async (contender: Contender, index: number): Promise<void> => {
    const holder = index * request.agentCount + request.agentIndex;
    while (monotonicUs() < windowEndUs) {
      try {
        const lock = await contender.acquire(name);
        const acquiredUs = monotonicUs();
        if (holdMs > 0 && acquiredUs < windowEndUs) await sleep(holdMs);
        holds.push({ holder, token: lock.token, acquiredUs, releasedUs: monotonicUs() });
        await lock.release();
      } catch (error) {
        errorCount++;
        errorText ??= error instanceof Error ? error.message : String(error);
        // A server that refuses everything must not be asked in a tight loop.
        await sleep(10);
      }
    }
  };

  await sleepUntil(startAtUs);
  const all = Promise.all(contenders.map(take));
  await sleepUntil(windowStartUs);
  const cpuAtStart = process.cpuUsage();
  await sleepUntil(windowEndUs);
  const cpu = process.cpuUsage(cpuAtStart);
  await all;
  return measureHolds(holds, window, { cpuUs: cpu.user + cpu.system, errorCount, errorText });
};

/** Opened and closed at once: more make a crowd of connections at etcd, whose acceptance then times out. */
const OPEN_AT_ONCE_COUNT = 16;

/** A system whose agents have as many contenders as a run asks of them, kept from run to run. */
export const contendingSystem = (open: () => Promise<Contender>): System => {
  const contenders: Contender[] = [];
  const haveCount = async (count: number): Promise<void> => {
    while (contenders.length > count) {
      const surplus = contenders.splice(Math.max(count, contenders.length - OPEN_AT_ONCE_COUNT));
      await Promise.all(surplus.map((contender) => contender.close()));
    }
    while (contenders.length < count) {
      const missing = Math.min(OPEN_AT_ONCE_COUNT, count - contenders.length);
      contenders.push(...(await Promise.all(Array.from({ length: missing }, open))));
    }
  };
  return {
    prepare: (setup) => haveCount(contenderShare(setup)),
    run: (request) => contend(contenders, request),
    close: () => haveCount(0),
  };
};
