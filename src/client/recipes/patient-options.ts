import type { CallOptions } from "../../cluster/pool.js";
import type { CallerOptions, Calls } from "../calls.js";

/**
 * The options of a call whose answer may take long by nature: somebody's lock, a whole database. The client's default
 * deadline bounds the way to the server only; the answer may take `answerTimeoutMs`. A caller's own `timeoutMs` bounds
 * all of it.
 */
export const patientOptions = (
  calls: Calls,
  options: CallerOptions,
  known: readonly string[],
  answerTimeoutMs: number,
): CallOptions => {
  const checked = calls.options(options, known);
  return {
    ...checked,
    kind: "streams",
    answerTimeoutMs: options.timeoutMs === undefined ? answerTimeoutMs : undefined,
  };
};
