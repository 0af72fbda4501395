import { expect, test } from "vitest";
import { AbortError, CompactedError, EtcdError, StatusError, afterRetries } from "../src/errors.js";

test("an error in JSON says all that it knows, its message and its causes too", () => {
  const cause = new AbortError(new Error("shut down"), false);
  const details = { mayHaveApplied: false, endpoint: "a:1", grpcCode: 14, cause };
  const error = afterRetries(
    new StatusError("ETCD_NO_LEADER", "etcdserver: no leader", details),
    3,
    true,
    "/etcdserverpb.KV/Put",
  );
  expect(JSON.parse(JSON.stringify({ error }))).toEqual({
    error: {
      name: "StatusError",
      code: "ETCD_NO_LEADER",
      message: "etcdserver: no leader",
      mayHaveApplied: true,
      endpoint: "a:1",
      grpcCode: 14,
      attempts: 3,
      method: "/etcdserverpb.KV/Put",
      cause: {
        name: "AbortError",
        code: "ETCD_ABORTED",
        message: "the operation was aborted",
        mayHaveApplied: false,
        attempts: 0,
        cause: "Error: shut down",
      },
    },
  });
  expect(error).toBeInstanceOf(EtcdError);
});

test("an error of nothing that was sent says so", () => {
  const attemptsOf = (mayHaveApplied: boolean): number =>
    new EtcdError("ETCD_LOCK_REENTERED", "held already", { mayHaveApplied }).attempts;
  expect(attemptsOf(false)).toBe(0);
  // What may have been applied was sent.
  expect(attemptsOf(true)).toBe(1);
  expect(new CompactedError("compacted", 5).attempts).toBe(1);
});

test("a cause that JSON cannot hold does not keep the error from being logged", () => {
  const loop: { self?: unknown } = {};
  loop.self = loop;
  const error = new AbortError(loop, false);
  expect(() => JSON.stringify(error)).not.toThrow();
  expect(() => JSON.stringify(new AbortError(5n, false))).not.toThrow();
});
