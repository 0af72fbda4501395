import { runClosedLoop, shareOf } from "./closed-loop.js";
import type { Operation } from "./closed-loop.js";
import { systemClock } from "./load-clock.js";
import { runOpenLoop } from "./open-loop.js";
import type { Measurement, RunRequest, RunSetup } from "./workload.js";

/** Of an agent that has no part in a run's load. */
export const nothingMeasured: Measurement = {
  operationCount: 0,
  elapsedMs: 0,
  latenciesUs: new Float32Array(0),
  cpuUs: 0,
  errorCount: 0,
  totalCount: 0,
};

/** How many of the operations in flight are this agent's, of those that all `processes` have together. */
export const concurrencyShare = ({
  params: { concurrency = 1, processes = 1 },
  agentIndex,
}: Pick<RunSetup, "params" | "agentIndex">): number => shareOf(concurrency, agentIndex, processes);

/**
 * This agent's part of a run's load: `concurrency` operations in flight, of all `processes` together (closed loop), or
 * `rate` per second whatever becomes of them (open loop). An open loop has as many slots as operations are ever under way
 * at once. Agents beyond `processes` are there for something else, and do not call this.
 */
export const drive = (
  operation: Operation,
  request: RunRequest,
  clock = systemClock,
): Promise<Measurement> => {
  const { mode, rate, arrival = "uniform", processes = 1 } = request.params;
  const shared = { ...request, agentCount: processes };
  if (mode === undefined) {
    const concurrency = concurrencyShare(request);
    if (concurrency === 0) return Promise.resolve(nothingMeasured);
    return runClosedLoop(operation, { ...shared, concurrency }, clock);
  }
  if (rate === undefined) throw new Error("an open loop needs a rate");
  return runOpenLoop(operation, { ...shared, rate, arrival }, clock);
};
