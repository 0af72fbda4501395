import { describe, expect, test } from "vitest";
import { LatencyRecorder, totalCount } from "../../bench/harness/latency-counts.js";
import { Listener, listenToAll, proclaimAll } from "../../bench/harness/proclamations.js";
import { monotonicUs } from "../../bench/harness/workload.js";
import type { RunRequest } from "../../bench/harness/workload.js";

const request = (changes: Partial<RunRequest> = {}): RunRequest => ({
  params: {},
  warmupMs: 20,
  durationMs: 100,
  share: 1,
  runId: "run",
  startAtUs: monotonicUs() + 5_000,
  agentIndex: 0,
  agentCount: 2,
  load: { seed: 1, intervalMs: 1_000 },
  ...changes,
});

/** What is said to it is heard by all who listen. */
const openHall = () => {
  const ears: ((value: string) => void)[] = [];
  return {
    listen: (onValue: (value: string) => void) => void ears.push(onValue),
    say: (value: string) => {
      for (const ear of ears) ear(value);
      return Promise.resolve();
    },
  };
};

describe("what a leader proclaims", () => {
  test("is heard by all observers until the end, and timed from when it was said", async () => {
    const hall = openHall();
    const run = request();
    const [heard, said] = await Promise.all([listenToAll(hall.listen, 3, run), proclaimAll(hall.say, run)]);
    expect(said.operationCount).toBe(0);
    expect(heard.watch).toEqual({ lostEvents: 0, repeatedEvents: 0 });
    // One each 5 ms, of 100 ms, by three; a busy machine leaves some out of the window, or makes up in it for earlier ones.
    expect(heard.operationCount).toBeGreaterThan(3);
    expect(heard.operationCount).toBeLessThanOrEqual(75);
    expect(totalCount(heard.serviceTimes!)).toBe(heard.operationCount);
  });

  test("may leave words out, but not come again or in another order", () => {
    const times = new LatencyRecorder();
    let endCount = 0;
    const listener = new Listener(times, () => endCount++);
    const say = (number: number): void => listener.hear(`${number} ${monotonicUs()}`, true);
    for (const number of [0, 1, 5, 5, 4, 6]) say(number);
    expect(listener).toMatchObject({ heardCount: 4, repeatedCount: 2, hasEnded: false });
    say(Number.MAX_SAFE_INTEGER);
    expect(listener.hasEnded).toBe(true);
    expect(endCount).toBe(1);
    expect(totalCount(times.take())).toBe(4);
  });

  test("counts nothing outside of the window, and not the word that a candidate stood with", () => {
    const listener = new Listener(new LatencyRecorder(), () => {});
    listener.hear("leader", true);
    listener.hear(`0 ${monotonicUs()}`, false);
    expect(listener).toMatchObject({ heardCount: 0, repeatedCount: 0, hasEnded: false });
  });
});
