import fc from "fast-check";
import { expect, test } from "vitest";
import { parseDurationMs } from "../../src/cli/duration.js";
import { UsageError } from "../../src/cli/exit-codes.js";

test.each([
  ["5s", 5_000],
  ["500ms", 500],
  ["1m30s", 90_000],
  ["1.5h", 5_400_000],
  ["1h1m1s1ms", 3_661_001],
  [".5s", 500],
  ["1.s", 1_000],
  ["2us", 1],
  ["1500µs", 2],
  ["1ns", 1],
  ["0", 0],
  ["0s", 0],
  ["0.1s", 100],
  ["0.003s", 3],
])("%s is %d ms: whole ones, rounded up", (text, ms) => {
  expect(parseDurationMs(text, "--ttl")).toBe(ms);
});

test.each([
  "",
  "5",
  "s",
  "-5s",
  "+5s",
  "5 s",
  "5s ",
  " 5s",
  "5x",
  "5sec",
  "1m30",
  "m",
  "1.2.3s",
  "٣s",
  "1e3s",
])("%j is no duration, and the error says where it stood", (text) => {
  expect(() => parseDurationMs(text, "ETCDCTL_DIAL_TIMEOUT")).toThrow(UsageError);
  expect(() => parseDurationMs(text, "ETCDCTL_DIAL_TIMEOUT")).toThrow(/^ETCDCTL_DIAL_TIMEOUT is .*: write a/);
});

test("what is longer than Node's timers is refused", () => {
  expect(parseDurationMs("596h", "--ttl")).toBe(596 * 3_600_000);
  expect(() => parseDurationMs("597h", "--ttl")).toThrow("more than 24 days");
});

test("parts add up, in any order", () => {
  const units = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };
  const part = fc.tuple(fc.nat(50), fc.constantFrom(...(Object.keys(units) as (keyof typeof units)[])));
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), (parts) => {
      const text = parts.map(([count, unit]) => `${count}${unit}`).join("");
      const sum = parts.reduce((ms, [count, unit]) => ms + count * units[unit], 0);
      expect(parseDurationMs(text, "--ttl")).toBe(sum);
    }),
  );
});
