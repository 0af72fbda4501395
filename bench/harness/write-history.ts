import type { Witness, Write } from "./workload.js";

/** What became of the writes of one run in which the leader failed. Counts are of writes. */
export interface FaultOutcome {
  /**
   * From the signal to the first acknowledgement of a write that was started once the leader was gone. Infinity (null in
   * JSON) when there was none.
   */
  readonly recoveryMs: number;
  readonly started: number;
  readonly acknowledged: number;
  /** Of which the client proved that they are not in the store. */
  readonly refused: number;
  readonly unknown: number;
  /**
   * The fault window: writes that were under way at the signal, or were started from then on until that first
   * acknowledgement.
   */
  readonly windowStarted: number;
  readonly windowUnknown: number;
  /** The same for the first five seconds, however long the window was. */
  readonly afterStarted: number;
  readonly afterUnknown: number;
  /** Acknowledged, and not in the store at the end: a violation. */
  readonly lost: number;
  /** Applied more than once: a violation. */
  readonly repeated: number;
  /** Said not to be applied, and in the store: a violation. */
  readonly refusedApplied: number;
  /** How often each reason was given: `unknown ETCD_CONNECTION_LOST`. */
  readonly reasons: Readonly<Record<string, number>>;
}

/** The issue's own measure beside the window. */
const AFTER_US = 5e6;

const countOf = (writes: readonly Write[], outcome?: Write["outcome"]): number =>
  outcome === undefined ? writes.length : writes.filter((write) => write.outcome === outcome).length;

/** When the first of the writes that were started once the leader was gone was acknowledged. */
const recoveredUs = (writes: readonly Write[], goneUs: number): number =>
  writes.reduce(
    (earliestUs, { startedUs, endedUs, outcome }) =>
      outcome === "acknowledged" && startedUs >= goneUs ? Math.min(earliestUs, endedUs) : earliestUs,
    Infinity,
  );

/**
 * Lays what the client said of each write beside what the store has of it at the end. Write number i put key i, which
 * nothing else wrote: its version is how often it was applied.
 */
export const judgeWrites = (
  writes: readonly Write[],
  { signalledUs, goneUs, versions }: Pick<Witness, "signalledUs" | "goneUs" | "versions">,
): FaultOutcome => {
  const endUs = recoveredUs(writes, goneUs);
  const openFrom = (untilUs: number): Write[] =>
    writes.filter(({ startedUs, endedUs }) => endedUs > signalledUs && startedUs < untilUs);
  const inWindow = openFrom(endUs);
  const after = openFrom(signalledUs + AFTER_US);
  const countWhere = (holds: (write: Write, version: number) => boolean): number =>
    writes.filter((write, number) => holds(write, versions.get(number) ?? 0)).length;
  const reasons: Record<string, number> = {};
  for (const { outcome, reason } of writes) {
    if (outcome === "acknowledged") continue;
    const text = `${outcome} ${reason ?? ""}`.trim();
    reasons[text] = (reasons[text] ?? 0) + 1;
  }
  return {
    recoveryMs: (endUs - signalledUs) / 1e3,
    started: countOf(writes),
    acknowledged: countOf(writes, "acknowledged"),
    refused: countOf(writes, "refused"),
    unknown: countOf(writes, "unknown"),
    windowStarted: countOf(inWindow),
    windowUnknown: countOf(inWindow, "unknown"),
    afterStarted: countOf(after),
    afterUnknown: countOf(after, "unknown"),
    lost: countWhere(({ outcome }, version) => outcome === "acknowledged" && version === 0),
    repeated: countWhere((_write, version) => version > 1),
    refusedApplied: countWhere(({ outcome }, version) => outcome === "refused" && version > 0),
    reasons,
  };
};
