import { describe, expect, test } from "vitest";
import { checkLockHistory } from "../../bench/harness/lock-history.js";
import type { Hold } from "../../bench/harness/workload.js";

/** A thousand holds of 100 µs with 20 µs between them. */
const cleanHistory = (): Hold[] =>
  Array.from({ length: 1_000 }, (_, i) => ({
    token: 10 + 2 * i,
    acquiredUs: i * 120,
    releasedUs: i * 120 + 100,
  }));

const shuffled = <T>(items: T[]): T[] => items.map((_, i) => items[(i * 7) % items.length]!);

describe("lock history", () => {
  test("finds nothing in a clean history, whatever order it comes in", () => {
    const { overlapCount, tokenDisorderCount, handoversUs } = checkLockHistory(shuffled(cleanHistory()));
    expect({ overlapCount, tokenDisorderCount }).toEqual({ overlapCount: 0, tokenDisorderCount: 0 });
    expect(handoversUs).toHaveLength(999);
    expect(new Set(handoversUs)).toEqual(new Set([20]));
  });

  test("catches one holder that got the lock a microsecond before the one ahead let go", () => {
    const holds = cleanHistory();
    holds[500] = { ...holds[500]!, releasedUs: holds[501]!.acquiredUs + 1 };
    expect(checkLockHistory(shuffled(holds))).toMatchObject({ overlapCount: 1, tokenDisorderCount: 0 });
  });

  test("catches every holder inside a hold that lasts much too long, not only the first", () => {
    const holds = cleanHistory();
    holds[500] = { ...holds[500]!, releasedUs: holds[503]!.acquiredUs + 1 };
    expect(checkLockHistory(holds).overlapCount).toBe(3);
  });

  test("catches a token that is the one ahead's, and one that is older", () => {
    const same = cleanHistory();
    same[7] = { ...same[7]!, token: same[6]!.token };
    expect(checkLockHistory(same)).toMatchObject({ overlapCount: 0, tokenDisorderCount: 1 });
    const older = cleanHistory();
    older[7] = { ...older[7]!, token: 1 };
    expect(checkLockHistory(older)).toMatchObject({ overlapCount: 0, tokenDisorderCount: 1 });
  });

  test("counts latencies inside the window only, and violations everywhere", () => {
    const holds = cleanHistory();
    holds[0] = { ...holds[0]!, releasedUs: holds[1]!.acquiredUs + 1 };
    const { overlapCount, handoversUs } = checkLockHistory(holds, 120 * 100, 120 * 200);
    expect(overlapCount).toBe(1);
    expect(handoversUs).toHaveLength(100);
  });

  test("takes a lock that its last holder got again for no hand-over, where holders are known", () => {
    const holds = cleanHistory().map((hold, i) => ({ ...hold, holder: Math.floor(i / 10) }));
    const { overlapCount, handoversUs } = checkLockHistory(shuffled(holds));
    expect(overlapCount).toBe(0);
    expect(handoversUs).toHaveLength(99);
  });

  test("finds no disorder among locks without tokens", () => {
    const holds = cleanHistory().map(({ acquiredUs, releasedUs }) => ({ acquiredUs, releasedUs }));
    expect(checkLockHistory(holds)).toMatchObject({ overlapCount: 0, tokenDisorderCount: 0 });
  });

  test("takes no holds as no hand-over", () => {
    expect(checkLockHistory([])).toEqual({ overlapCount: 0, tokenDisorderCount: 0, handoversUs: [] });
  });
});
