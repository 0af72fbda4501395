import { expect, test } from "vitest";
import {
  ExitError,
  OutputError,
  UsageError,
  exitCodeOf,
  exitCodeOfSignal,
} from "../../src/cli/exit-codes.js";
import { AbortError, ArgumentError, EtcdError } from "../../src/index.js";

const error = (code: ConstructorParameters<typeof EtcdError>[0]): EtcdError =>
  new EtcdError(code, "", { mayHaveApplied: false });

test.each<[code: number, thrown: unknown]>([
  [64, new UsageError("")],
  [64, new ArgumentError("")],
  [69, error("ETCD_UNREACHABLE")],
  [69, error("ETCD_DEADLINE_EXCEEDED")],
  [69, error("ETCD_NO_LEADER")],
  [69, error("ETCD_TLS")],
  [69, error("ETCD_REQUEST_TIMED_OUT")],
  [1, error("ETCD_LEASE_NOT_FOUND")],
  [1, error("ETCD_PERMISSION_DENIED")],
  [1, error("ETCD_AUTHENTICATION_FAILED")],
  [1, error("ETCD_COMPACTED")],
  [1, new AbortError("", false)],
  [75, error("ETCD_LOCK_LOST")],
  [75, error("ETCD_SESSION_EXPIRED")],
  [70, new TypeError("")],
  [70, "not even an error"],
  [74, new OutputError("")],
  [7, new ExitError(7)],
])("%d says %o", (code, thrown) => {
  expect(exitCodeOf(thrown)).toBe(code);
});

test("a signal's exit code is the shell's", () => {
  expect([exitCodeOfSignal("SIGINT"), exitCodeOfSignal("SIGTERM"), exitCodeOfSignal("SIGPIPE")]).toEqual([
    130, 143, 141,
  ]);
});
