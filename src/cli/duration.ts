import { UsageError } from "./exit-codes.js";

const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};
const PART = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/y;

/** The longest timer that Node has, some 24 days. */
const DURATION_MAX_MS = 2 ** 31 - 1;

/**
 * A length of time as Go writes it: `5s`, `500ms`, `1m30s`, `1.5h`, `0`. No bare numbers: nobody can tell what they mean.
 *
 * @param name whose value it is, for the error
 * @returns whole milliseconds, rounded up: what is above 0 stays above 0
 * @throws UsageError
 */
export function parseDurationMs(text: string, name: string): number {
  if (text === "0") return 0;
  let totalMs = 0;
  PART.lastIndex = 0;
  for (let at = 0; at < text.length || text === ""; at = PART.lastIndex) {
    const part = PART.exec(text);
    if (part === null) {
      throw new UsageError(
        `${name} is ${JSON.stringify(text)}: write a length of time such as 5s, 500ms or 1m30s`,
      );
    }
    totalMs += Number(part[1]) * UNIT_MS[part[2]!]!;
  }
  const ms = Math.ceil(Number(totalMs.toFixed(6)));
  if (ms > DURATION_MAX_MS) throw new UsageError(`${name} is ${JSON.stringify(text)}: more than 24 days`);
  return ms;
}
