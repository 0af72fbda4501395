import { describe, expect, test } from "vitest";
import { judgeWrites } from "../../bench/harness/write-history.js";
import type { Write } from "../../bench/harness/workload.js";

const MS = 1_000;
/** The signal is sent one second in, and the process is seen to be gone two milliseconds later. */
const SIGNALLED_US = 1_000 * MS;
const GONE_US = 1_002 * MS;
/** Writes are acknowledged again from here on. */
const RECOVERED_US = 1_500 * MS;

/** A write every 5 ms for seven seconds, of 1 ms each; those that the outage holds up end with it. */
const cleanHistory = (): Write[] =>
  Array.from({ length: 1_400 }, (_, number) => {
    const startedUs = number * 5 * MS;
    const isHeldUp = startedUs >= SIGNALLED_US && startedUs < RECOVERED_US;
    return {
      startedUs,
      endedUs: (isHeldUp ? RECOVERED_US : startedUs) + MS,
      outcome: "acknowledged",
    };
  });

const appliedOnce = (writes: readonly Write[]): Map<number, number> =>
  new Map(writes.map((_write, number) => [number, 1]));

const judge = (writes: readonly Write[], versions = appliedOnce(writes)) =>
  judgeWrites(writes, { signalledUs: SIGNALLED_US, goneUs: GONE_US, versions });

/** Write number 250 is the second one after the signal. */
const withWrite = (number: number, change: Partial<Write>): Write[] => {
  const writes = cleanHistory();
  writes[number] = { ...writes[number]!, ...change };
  return writes;
};

describe("write history", () => {
  test("finds nothing wrong in a clean one", () => {
    expect(judge(cleanHistory())).toEqual({
      recoveryMs: 501,
      started: 1_400,
      acknowledged: 1_400,
      refused: 0,
      unknown: 0,
      windowStarted: 101,
      windowUnknown: 0,
      afterStarted: 1_000,
      afterUnknown: 0,
      lost: 0,
      repeated: 0,
      refusedApplied: 0,
      reasons: {},
    });
  });

  test("catches one acknowledged write that is not in the store", () => {
    const writes = cleanHistory();
    const versions = appliedOnce(writes);
    versions.delete(7);
    expect(judge(writes, versions)).toMatchObject({ lost: 1, repeated: 0, refusedApplied: 0 });
  });

  test("catches one write that was applied twice, whatever the client said of it", () => {
    for (const outcome of ["acknowledged", "unknown"] as const) {
      const writes = withWrite(250, { outcome });
      const versions = appliedOnce(writes).set(250, 2);
      expect(judge(writes, versions)).toMatchObject({ lost: 0, repeated: 1 });
    }
  });

  test("catches a write that the client said was not applied, and that is in the store", () => {
    const writes = withWrite(250, { outcome: "refused" });
    expect(judge(writes)).toMatchObject({ lost: 0, refused: 1, refusedApplied: 1 });
    const versions = appliedOnce(writes);
    versions.delete(250);
    expect(judge(writes, versions)).toMatchObject({ lost: 0, refused: 1, refusedApplied: 0 });
  });

  test("a write of which nobody knows may be in the store, or not", () => {
    const writes = withWrite(250, { outcome: "unknown", reason: "ETCD_CONNECTION_LOST" });
    const versions = appliedOnce(writes);
    const expected = {
      unknown: 1,
      windowUnknown: 1,
      lost: 0,
      repeated: 0,
      reasons: { "unknown ETCD_CONNECTION_LOST": 1 },
    };
    expect(judge(writes, versions)).toMatchObject(expected);
    versions.delete(250);
    expect(judge(writes, versions)).toMatchObject(expected);
  });

  test("the window has the writes that were under way at the signal, and none that ended before it", () => {
    const number = 199;
    const startedUs = number * 5 * MS;
    const underWay = withWrite(number, { outcome: "unknown", endedUs: SIGNALLED_US + 1 });
    expect(judge(underWay)).toMatchObject({ windowStarted: 102, windowUnknown: 1 });
    const before = withWrite(number, { outcome: "unknown", endedUs: startedUs + MS });
    expect(judge(before)).toMatchObject({ unknown: 1, windowStarted: 101, windowUnknown: 0 });
  });

  test("a write that starts after the first acknowledgement is not in the window, but in the five seconds", () => {
    const writes = withWrite(400, { outcome: "unknown" });
    expect(judge(writes)).toMatchObject({ windowUnknown: 0, afterUnknown: 1 });
    const late = withWrite(1_300, { outcome: "unknown" });
    expect(judge(late)).toMatchObject({ unknown: 1, windowUnknown: 0, afterUnknown: 0 });
  });

  test("what was started before the leader was gone proves no recovery", () => {
    const writes = cleanHistory();
    writes[200] = { ...writes[200]!, startedUs: GONE_US - 1, endedUs: GONE_US + 100 };
    expect(judge(writes).recoveryMs).toBe(501);
    writes[201] = { ...writes[201]!, startedUs: GONE_US, endedUs: GONE_US + 100 };
    expect(judge(writes).recoveryMs).toBe(2.1);
  });

  test("without an acknowledgement after the fault the outage has no end, and the window neither", () => {
    const writes = cleanHistory().map((write): Write =>
      write.startedUs >= SIGNALLED_US ? { ...write, outcome: "unknown" } : write,
    );
    expect(judge(writes)).toMatchObject({
      recoveryMs: Infinity,
      windowStarted: 1_200,
      windowUnknown: 1_200,
      afterStarted: 1_000,
    });
  });

  test("takes no writes as no outcome", () => {
    expect(judge([])).toMatchObject({ recoveryMs: Infinity, started: 0, windowStarted: 0, lost: 0 });
  });
});
