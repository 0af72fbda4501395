import { runClosedLoop } from "./closed-loop.js";
import type { Operation } from "./closed-loop.js";
import { systemClock } from "./load-clock.js";
import { runOpenLoop } from "./open-loop.js";
import type { Measurement, RunRequest } from "./workload.js";

/**
 * Makes a run's operations as its parameters say: `concurrency` of them in flight (closed loop), or `rate` per second
 * whatever becomes of them (open loop). An open loop has as many slots as operations are ever under way at once.
 */
export const drive = (
  operation: Operation,
  request: RunRequest,
  clock = systemClock,
): Promise<Measurement> => {
  const { mode, rate, arrival = "uniform", concurrency = 1 } = request.params;
  if (mode === undefined) return runClosedLoop(operation, { ...request, concurrency }, clock);
  if (rate === undefined) throw new Error("an open loop needs a rate");
  return runOpenLoop(operation, { ...request, rate, arrival }, clock);
};
