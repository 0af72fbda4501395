import { describe, expect, test } from "vitest";
import { watchLocalLine } from "../../bench/harness/local-line.js";

/** Three callers ask and get the lock in the order and with the tokens given. */
const outOfOrder = (freshTokens: boolean, turns: readonly (readonly [caller: number, token: number])[]) => {
  const line = watchLocalLine(freshTokens);
  for (let caller = 0; caller < 3; caller++) expect(line.asks()).toBe(caller);
  for (const [caller, token] of turns) {
    line.acquired(caller, token);
    line.releases();
  }
  return line.outOfOrderCount;
};

describe("a line of callers in one process", () => {
  test("is in order when they come as they asked, with tokens that grow", () => {
    expect(
      outOfOrder(true, [
        [0, 5],
        [1, 6],
        [2, 9],
      ]),
    ).toBe(0);
  });

  test("may share a token only where that was asked for, and never go back to a lower one", () => {
    const sharing = [
      [0, 5],
      [1, 5],
      [2, 5],
    ] as const;
    expect(outOfOrder(false, sharing)).toBe(0);
    expect(outOfOrder(true, sharing)).toBe(2);
    expect(
      outOfOrder(false, [
        [0, 5],
        [1, 4],
        [2, 5],
      ]),
    ).toBe(1);
  });

  test("is out of order when one comes before another that asked earlier", () => {
    expect(
      outOfOrder(true, [
        [0, 5],
        [2, 6],
        [1, 7],
      ]),
    ).toBe(2);
  });

  test("is out of order when two hold at the same time", () => {
    const line = watchLocalLine(true);
    line.asks();
    line.asks();
    line.acquired(0, 1);
    line.acquired(1, 2);
    expect(line.outOfOrderCount).toBe(1);
  });
});
