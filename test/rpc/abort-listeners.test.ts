import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { offAbort, onAbort } from "../../src/rpc/abort-listeners.js";

test("a signal has one listener however many callbacks there are, and none after the last", () => {
  const { signal } = new AbortController();
  const callbacks = Array.from({ length: 100 }, () => () => {});
  for (const callback of callbacks) onAbort(signal, callback);
  expect(getEventListeners(signal, "abort")).toHaveLength(1);
  for (const callback of callbacks) offAbort(signal, callback);
  offAbort(signal, callbacks[0]!);
  expect(getEventListeners(signal, "abort")).toEqual([]);
  onAbort(signal, callbacks[0]!);
  expect(getEventListeners(signal, "abort")).toHaveLength(1);
});

test("callbacks are called once and in order, but for those taken back; each may take itself back meanwhile", () => {
  const controller = new AbortController();
  const { signal } = controller;
  const called: number[] = [];
  const callbacks = [0, 1, 2].map((i) => () => {
    called.push(i);
    offAbort(signal, callbacks[i]!);
  });
  for (const callback of callbacks) onAbort(signal, callback);
  offAbort(signal, callbacks[1]!);
  controller.abort();
  controller.abort();
  expect(called).toEqual([0, 2]);
  expect(getEventListeners(signal, "abort")).toEqual([]);
});

test("a callback may take back one that would come after it, as with listeners of the signal's own", () => {
  const controller = new AbortController();
  const { signal } = controller;
  const called: number[] = [];
  const later = (): void => void called.push(2);
  onAbort(signal, () => {
    called.push(1);
    offAbort(signal, later);
  });
  onAbort(signal, later);
  controller.abort();
  expect(called).toEqual([1]);
});
