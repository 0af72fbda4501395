import { describe, expect, test } from "vitest";
import { EtcdError } from "../../src/errors.js";
import type { ErrorCode } from "../../src/errors.js";
import { decideRetry } from "../../src/cluster/retry-policy.js";
import type { CallHistory, MethodPolicy, RetryDecision } from "../../src/cluster/retry-policy.js";

/** A call that failed for the first time, on a client with credentials and several endpoints. */
const FIRST_FAILURE: CallHistory = {
  repeatedAtOnce: false,
  authenticatedAgain: false,
  hasCredentials: true,
  hasUntriedEndpoint: true,
};

const decide = (
  policy: MethodPolicy,
  code: ErrorCode,
  mayHaveApplied: boolean,
  history: Partial<CallHistory> = {},
): RetryDecision =>
  decideRetry(policy, new EtcdError(code, "test", { mayHaveApplied }), { ...FIRST_FAILURE, ...history });

/** `backoff elsewhere` for a decision, `fail` for none. */
const words = (decision: RetryDecision): string => {
  if (decision.action === "fail") return "fail";
  const wait = decision.atLeastMs > 0 ? ` >=${decision.atLeastMs}` : "";
  return `${decision.after}${wait}${decision.elsewhere ? " elsewhere" : ""}`;
};

type Row = readonly [
  repeatableNotApplied: string,
  repeatableMaybeApplied: string,
  nonRepeatableNotApplied: string,
  nonRepeatableMaybeApplied: string,
];

// Written out, not computed: this is what the README promises about repeated calls. The last column is "fail" in
// every row, and that is the point of the whole policy.
// prettier-ignore
const TRUTH: Record<ErrorCode, Row> = {
  //                          repeatable,          repeatable,          nonRepeatable,       nonRepeatable,
  //                          not applied          may have applied     not applied          may have applied
  ETCD_INVALID_ARGUMENT:      ["fail",              "fail",              "fail",              "fail"],
  ETCD_ABORTED:               ["fail",              "fail",              "fail",              "fail"],
  ETCD_CLOSED:                ["fail",              "fail",              "fail",              "fail"],
  ETCD_DEADLINE_EXCEEDED:     ["fail",              "fail",              "fail",              "fail"],
  ETCD_UNREACHABLE:           ["backoff elsewhere", "backoff elsewhere", "backoff elsewhere", "fail"],
  ETCD_CONNECTION_LOST:       ["backoff elsewhere", "backoff elsewhere", "backoff elsewhere", "fail"],
  ETCD_TLS:                   ["now elsewhere",     "now elsewhere",     "now elsewhere",     "fail"],
  ETCD_NOT_ETCD:              ["now elsewhere",     "now elsewhere",     "now elsewhere",     "fail"],
  ETCD_PROTOCOL:              ["backoff elsewhere", "backoff elsewhere", "backoff elsewhere", "fail"],
  ETCD_STREAM_RESET:          ["backoff elsewhere", "backoff elsewhere", "backoff elsewhere", "fail"],
  ETCD_REFUSED:               ["now",               "now",               "now",               "fail"],
  ETCD_MESSAGE_TOO_LARGE:     ["fail",              "fail",              "fail",              "fail"],
  ETCD_NO_LEADER:             ["leader",            "leader",            "leader",            "fail"],
  ETCD_LEADER_CHANGED:        ["backoff elsewhere", "backoff elsewhere", "backoff elsewhere", "fail"],
  ETCD_REQUEST_TIMED_OUT:     ["backoff elsewhere", "backoff elsewhere", "backoff elsewhere", "fail"],
  ETCD_SERVER_STOPPED:        ["backoff elsewhere", "backoff elsewhere", "backoff elsewhere", "fail"],
  ETCD_UNHEALTHY_CLUSTER:     ["fail",              "fail",              "fail",              "fail"],
  ETCD_NOT_CAPABLE:           ["backoff elsewhere", "backoff elsewhere", "backoff elsewhere", "fail"],
  ETCD_LEARNER:               ["backoff elsewhere", "backoff elsewhere", "backoff elsewhere", "fail"],
  ETCD_TOO_MANY_REQUESTS:     ["backoff >=100 elsewhere", "backoff >=100 elsewhere", "backoff >=100 elsewhere", "fail"],
  ETCD_REQUEST_CANCELED:      ["backoff elsewhere", "backoff elsewhere", "backoff elsewhere", "fail"],
  ETCD_NO_SPACE:              ["fail",              "fail",              "fail",              "fail"],
  ETCD_COMPACTED:             ["fail",              "fail",              "fail",              "fail"],
  ETCD_FUTURE_REVISION:       ["fail",              "fail",              "fail",              "fail"],
  ETCD_LEASE_NOT_FOUND:       ["fail",              "fail",              "fail",              "fail"],
  ETCD_LEASE_EXISTS:          ["fail",              "fail",              "fail",              "fail"],
  ETCD_LEASE_TTL_TOO_LARGE:   ["fail",              "fail",              "fail",              "fail"],
  ETCD_NOT_PRIMARY_LESSOR:    ["backoff elsewhere", "backoff elsewhere", "backoff elsewhere", "fail"],
  ETCD_KEY_NOT_FOUND:         ["fail",              "fail",              "fail",              "fail"],
  ETCD_TOO_MANY_OPERATIONS:   ["fail",              "fail",              "fail",              "fail"],
  ETCD_DUPLICATE_KEY:         ["fail",              "fail",              "fail",              "fail"],
  ETCD_REQUEST_TOO_LARGE:     ["fail",              "fail",              "fail",              "fail"],
  ETCD_BAD_REQUEST:           ["fail",              "fail",              "fail",              "fail"],
  ETCD_INVALID_TOKEN:         ["authenticate",      "authenticate",      "authenticate",      "fail"],
  ETCD_AUTH_REVISION_OLD:     ["authenticate",      "authenticate",      "authenticate",      "fail"],
  ETCD_TOKEN_MISSING:         ["authenticate",      "authenticate",      "authenticate",      "fail"],
  ETCD_AUTHENTICATION_FAILED: ["fail",              "fail",              "fail",              "fail"],
  ETCD_AUTH_NOT_ENABLED:      ["fail",              "fail",              "fail",              "fail"],
  ETCD_PERMISSION_DENIED:     ["fail",              "fail",              "fail",              "fail"],
  ETCD_USER_EXISTS:           ["fail",              "fail",              "fail",              "fail"],
  ETCD_USER_NOT_FOUND:        ["fail",              "fail",              "fail",              "fail"],
  ETCD_ROLE_EXISTS:           ["fail",              "fail",              "fail",              "fail"],
  ETCD_ROLE_NOT_FOUND:        ["fail",              "fail",              "fail",              "fail"],
  ETCD_AUTH_ADMIN:            ["fail",              "fail",              "fail",              "fail"],
  ETCD_MEMBER_EXISTS:         ["fail",              "fail",              "fail",              "fail"],
  ETCD_MEMBER_NOT_FOUND:      ["fail",              "fail",              "fail",              "fail"],
  ETCD_LEARNER_NOT_READY:     ["fail",              "fail",              "fail",              "fail"],
  ETCD_MEMBER_ADMIN:          ["fail",              "fail",              "fail",              "fail"],
  ETCD_CLUSTER_MISMATCH:      ["fail",              "fail",              "fail",              "fail"],
  ETCD_NOT_LEADER:            ["leader",            "leader",            "leader",            "fail"],
  ETCD_CORRUPT:               ["fail",              "fail",              "fail",              "fail"],
  ETCD_UNSUPPORTED:           ["fail",              "fail",              "fail",              "fail"],
  ETCD_STALE_READ:            ["backoff elsewhere", "backoff elsewhere", "backoff elsewhere", "fail"],
  ETCD_SNAPSHOT_BROKEN:       ["fail",              "fail",              "fail",              "fail"],
  ETCD_DOWNGRADE:             ["fail",              "fail",              "fail",              "fail"],
  ETCD_UNIMPLEMENTED:         ["fail",              "fail",              "fail",              "fail"],
  ETCD_UNAVAILABLE:           ["backoff elsewhere", "backoff elsewhere", "backoff elsewhere", "fail"],
  ETCD_UNKNOWN:               ["fail",              "fail",              "fail",              "fail"],
  ETCD_SESSION_EXPIRED:       ["fail",              "fail",              "fail",              "fail"],
  ETCD_LOCK_LOST:             ["fail",              "fail",              "fail",              "fail"],
  ETCD_LOCK_REENTERED:        ["fail",              "fail",              "fail",              "fail"],
  ETCD_COMPARE_FAILED:        ["fail",              "fail",              "fail",              "fail"],
  ETCD_KEY_EXISTS:            ["fail",              "fail",              "fail",              "fail"],
  ETCD_CONFLICT:              ["fail",              "fail",              "fail",              "fail"],
};

const codes = Object.keys(TRUTH) as ErrorCode[];

describe("the first failure of a call", () => {
  test.each(codes)("%s", (code) => {
    const decisions = [
      decide("repeatable", code, false),
      decide("repeatable", code, true),
      decide("nonRepeatable", code, false),
      decide("nonRepeatable", code, true),
    ].map(words);
    expect(decisions).toEqual(TRUTH[code]);
  });
});

describe("a write whose outcome is unknown", () => {
  const flags = [false, true];
  test("is never repeated, whatever happened to the call before", () => {
    for (const code of codes)
      for (const repeatedAtOnce of flags)
        for (const authenticatedAgain of flags)
          for (const hasCredentials of flags)
            for (const hasUntriedEndpoint of flags) {
              const history = { repeatedAtOnce, authenticatedAgain, hasCredentials, hasUntriedEndpoint };
              expect(words(decide("nonRepeatable", code, true, history))).toBe("fail");
            }
  });
});

describe("a later failure of the same call", () => {
  test("a refused stream is repeated at once only once", () => {
    expect(words(decide("nonRepeatable", "ETCD_REFUSED", false, { repeatedAtOnce: true }))).toBe(
      "backoff elsewhere",
    );
  });

  test.each(["ETCD_INVALID_TOKEN", "ETCD_AUTH_REVISION_OLD", "ETCD_TOKEN_MISSING"] as const)(
    "%s again after a fresh token is final",
    (code) => {
      expect(words(decide("repeatable", code, false, { authenticatedAgain: true }))).toBe("fail");
    },
  );

  test.each(["ETCD_INVALID_TOKEN", "ETCD_AUTH_REVISION_OLD", "ETCD_TOKEN_MISSING"] as const)(
    "%s is final without credentials",
    (code) => {
      expect(words(decide("repeatable", code, false, { hasCredentials: false }))).toBe("fail");
    },
  );

  test.each(["ETCD_TLS", "ETCD_NOT_ETCD"] as const)("%s is final once every endpoint was tried", (code) => {
    expect(words(decide("repeatable", code, false, { hasUntriedEndpoint: false }))).toBe("fail");
  });

  test("no other error looks at the history", () => {
    const worn = {
      repeatedAtOnce: true,
      authenticatedAgain: true,
      hasCredentials: false,
      hasUntriedEndpoint: false,
    };
    const changed = codes.filter(
      (code) => words(decide("repeatable", code, false, worn)) !== words(decide("repeatable", code, false)),
    );
    expect(changed).toEqual([
      "ETCD_TLS",
      "ETCD_NOT_ETCD",
      "ETCD_REFUSED",
      "ETCD_INVALID_TOKEN",
      "ETCD_AUTH_REVISION_OLD",
      "ETCD_TOKEN_MISSING",
    ]);
  });
});
