import { describe, expect, test } from "vitest";
import { END_VALUE, EventHistory } from "../../bench/harness/event-history.js";
import { monotonicUs } from "../../bench/harness/workload.js";

/** Versions 1 to 5 of two keys, the fifth the last. */
const play = (history: EventHistory, leaveOut: (index: number, version: number) => boolean = () => false) => {
  for (let version = 1; version <= 5; version++) {
    for (let index = 0; index < 2; index++) {
      if (leaveOut(index, version)) continue;
      history.onPut(index, version, version === 5 ? END_VALUE : String(monotonicUs()));
    }
  }
};

describe("event history", () => {
  test("finds nothing wrong when each version comes once and in order, and knows when all are there", async () => {
    const history = new EventHistory(2);
    play(history);
    await history.allEnded;
    expect(history.counts()).toEqual({ lostEvents: 0, repeatedEvents: 0 });
  });

  test("catches a version that never comes, at the end of a key too", () => {
    const inside = new EventHistory(2);
    play(inside, (index, version) => index === 1 && (version === 2 || version === 3));
    expect(inside.counts()).toEqual({ lostEvents: 2, repeatedEvents: 0 });
    const atEnd = new EventHistory(2);
    play(atEnd, (index, version) => index === 1 && version === 5);
    expect(atEnd.counts()).toEqual({ lostEvents: 1, repeatedEvents: 0 });
  });

  test("catches a version that comes twice, and one that comes late", () => {
    const history = new EventHistory(2);
    play(history);
    history.onPut(0, 5, END_VALUE);
    history.onPut(1, 2, "0");
    expect(history.counts()).toEqual({ lostEvents: 0, repeatedEvents: 2 });
  });

  test("times the events that come while the window is open, from the moment in their value", () => {
    const history = new EventHistory(1);
    history.onPut(0, 1, String(monotonicUs()));
    history.isWindowOpen = true;
    history.onPut(0, 2, String(monotonicUs() - 5_000));
    history.isWindowOpen = false;
    history.onPut(0, 3, String(monotonicUs()));
    expect(history.latenciesUs).toHaveLength(1);
    expect(history.latenciesUs[0]).toBeGreaterThanOrEqual(5_000);
  });

  test("keeps more samples than it began with room for", () => {
    const history = new EventHistory(1);
    history.isWindowOpen = true;
    for (let version = 1; version <= 70_000; version++) history.onPut(0, version, "0");
    expect(history.latenciesUs).toHaveLength(70_000);
  });
});
