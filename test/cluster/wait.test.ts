import { expect, test } from "vitest";
import { Wait, deadlineError, requireTimeout } from "../../src/cluster/wait.js";
import { ManualRuntime } from "../support/memory-socket.js";
import { settle } from "./in-memory-cluster.js";

const outcomeOf = (promise: Promise<unknown>) => {
  const outcome = { is: "pending" };
  promise.then(
    (value) => (outcome.is = String(value)),
    (error: unknown) => (outcome.is = (error as { code?: string }).code ?? String(error)),
  );
  return outcome;
};

test("for() ends with the promise, the deadline or the signal, whichever is first, and leaves no timer", async () => {
  const runtime = new ManualRuntime();
  const never = new Promise<never>(() => {});
  const controller = new AbortController();
  const first = outcomeOf(
    new Wait(runtime, 100, controller.signal).for(Promise.resolve("value"), deadlineError),
  );
  const second = outcomeOf(new Wait(runtime, 100, controller.signal).for(never, deadlineError));
  const third = outcomeOf(new Wait(runtime, 200, controller.signal).for(never, deadlineError));
  await settle();
  runtime.advance(99);
  await settle();
  expect([first.is, second.is, third.is]).toEqual(["value", "pending", "pending"]);
  runtime.advance(1);
  controller.abort();
  await settle();
  expect([second.is, third.is]).toEqual(["ETCD_DEADLINE_EXCEEDED", "ETCD_ABORTED"]);
  expect(runtime.timerCount).toBe(0);
});

test("sleep() ends by itself, at the deadline, by its wake, and by the signal with an error", async () => {
  const runtime = new ManualRuntime();
  const controller = new AbortController();
  const wakers = new Set<() => void>();
  const register = (wake: () => void) => {
    wakers.add(wake);
    return () => wakers.delete(wake);
  };
  const wait = new Wait(runtime, 100, controller.signal);
  const short = outcomeOf(wait.sleep(50, register));
  const capped = outcomeOf(wait.sleep(5_000, register));
  await settle();
  expect(wakers.size).toBe(2);
  runtime.advance(50);
  await settle();
  expect([short.is, capped.is]).toEqual(["undefined", "pending"]);
  runtime.advance(50);
  await settle();
  expect(capped.is).toBe("undefined");
  expect(wakers.size).toBe(0);

  const longer = new Wait(runtime, 1_000, controller.signal);
  const woken = outcomeOf(longer.sleep(500, register));
  await settle();
  for (const wake of wakers) wake();
  const aborted = outcomeOf(longer.sleep(500, register));
  await settle();
  controller.abort();
  await settle();
  expect([woken.is, aborted.is]).toEqual(["undefined", "ETCD_ABORTED"]);
  expect(outcomeOf(longer.sleep(1)).is).toBe("pending");
  expect(wakers.size).toBe(0);
  expect(runtime.timerCount).toBe(0);
});

test("a timeout is a number above 0 that a timer can hold", () => {
  for (const bad of [0, -1, NaN, Infinity, 2 ** 31, "5", null]) {
    expect(() => requireTimeout(bad as number)).toThrow(/timeoutMs is /);
  }
  expect(requireTimeout(0.5)).toBe(0.5);
});
