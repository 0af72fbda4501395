import { describe, expect, test } from "vitest";
import { StatusError } from "../../src/errors.js";
import type { ErrorCode } from "../../src/errors.js";
import { SERVER_ERRORS, statusError } from "../../src/rpc/server-errors.js";

const ENDPOINT = "10.0.0.1:2379";

/** Every text with the status it comes with on the wire, as etcd writes it. */
const rows: [grpcCode: number, message: string, code: ErrorCode, mayHaveApplied: boolean][] = [
  [14, "etcdserver: no leader", "ETCD_NO_LEADER", false],
  [14, "etcdserver: leader changed", "ETCD_LEADER_CHANGED", false],
  [14, "etcdserver: request timed out", "ETCD_REQUEST_TIMED_OUT", true],
  [
    14,
    "etcdserver: request timed out, possibly due to previous leader failure",
    "ETCD_REQUEST_TIMED_OUT",
    true,
  ],
  [14, "etcdserver: request timed out, possibly due to connection lost", "ETCD_REQUEST_TIMED_OUT", true],
  [
    14,
    "etcdserver: request timed out, waiting for the applied index took too long",
    "ETCD_REQUEST_TIMED_OUT",
    false,
  ],
  [2, "etcdserver: request timed out, leader transfer took too long", "ETCD_REQUEST_TIMED_OUT", true],
  [14, "etcdserver: server stopped", "ETCD_SERVER_STOPPED", true],
  [14, "etcdserver: unhealthy cluster", "ETCD_UNHEALTHY_CLUSTER", false],
  [14, "etcdserver: not capable", "ETCD_NOT_CAPABLE", false],
  [9, "etcdserver: not capable", "ETCD_NOT_CAPABLE", false],
  [14, "etcdserver: rpc not supported for learner", "ETCD_LEARNER", false],
  [9, "etcdserver: rpc not supported for learner", "ETCD_LEARNER", false],
  [2, "etcdserver: too many requests", "ETCD_TOO_MANY_REQUESTS", false],
  [8, "etcdserver: too many requests", "ETCD_TOO_MANY_REQUESTS", false],
  [2, "etcdserver: request cancelled", "ETCD_REQUEST_CANCELED", true],
  [1, "etcdserver: request canceled", "ETCD_REQUEST_CANCELED", true],
  [1, "context canceled", "ETCD_REQUEST_CANCELED", true],
  [2, "context canceled", "ETCD_REQUEST_CANCELED", true],
  [2, "context deadline exceeded", "ETCD_REQUEST_TIMED_OUT", true],
  [4, "context deadline exceeded", "ETCD_REQUEST_TIMED_OUT", true],
  [4, "etcdserver: context deadline exceeded", "ETCD_REQUEST_TIMED_OUT", true],
  [8, "etcdserver: mvcc: database space exceeded", "ETCD_NO_SPACE", true],
  [11, "etcdserver: mvcc: required revision has been compacted", "ETCD_COMPACTED", false],
  [11, "etcdserver: mvcc: required revision is a future revision", "ETCD_FUTURE_REVISION", false],
  [5, "etcdserver: requested lease not found", "ETCD_LEASE_NOT_FOUND", false],
  [9, "etcdserver: lease already exists", "ETCD_LEASE_EXISTS", false],
  [11, "etcdserver: too large lease TTL", "ETCD_LEASE_TTL_TOO_LARGE", false],
  [2, "not a primary lessor", "ETCD_NOT_PRIMARY_LESSOR", false],
  [3, "etcdserver: key is not provided", "ETCD_BAD_REQUEST", false],
  [3, "etcdserver: value is provided", "ETCD_BAD_REQUEST", false],
  [3, "etcdserver: lease is provided", "ETCD_BAD_REQUEST", false],
  [3, "etcdserver: invalid sort option", "ETCD_BAD_REQUEST", false],
  [3, "etcdserver: invalid client api version", "ETCD_BAD_REQUEST", false],
  [3, "etcdserver: key not found", "ETCD_KEY_NOT_FOUND", false],
  [3, "etcdserver: too many operations in txn request", "ETCD_TOO_MANY_OPERATIONS", false],
  [3, "etcdserver: duplicate key given in txn request", "ETCD_DUPLICATE_KEY", false],
  [3, "etcdserver: request is too large", "ETCD_REQUEST_TOO_LARGE", false],
  [3, "etcdserver: user name is empty", "ETCD_TOKEN_MISSING", false],
  [16, "etcdserver: invalid auth token", "ETCD_INVALID_TOKEN", false],
  [3, "etcdserver: revision of auth store is old", "ETCD_AUTH_REVISION_OLD", false],
  [2, "auth: user name is empty", "ETCD_TOKEN_MISSING", false],
  [2, "auth: invalid auth token", "ETCD_INVALID_TOKEN", false],
  [2, "auth: permission denied", "ETCD_PERMISSION_DENIED", false],
  [2, "revision in header is old", "ETCD_AUTH_REVISION_OLD", false],
  [2, "auth: revision in header is old", "ETCD_AUTH_REVISION_OLD", false],
  [2, "election: no leader", "ETCD_KEY_NOT_FOUND", false],
  [2, "election: not leader", "ETCD_LOCK_LOST", false],
  [2, "mutex: session is expired", "ETCD_SESSION_EXPIRED", false],
  [2, '"leader" field must be provided', "ETCD_BAD_REQUEST", false],
  [3, "etcdserver: authentication failed, invalid user ID or password", "ETCD_AUTHENTICATION_FAILED", false],
  [
    2,
    "auth: authentication failed, password was given for no password user",
    "ETCD_AUTHENTICATION_FAILED",
    false,
  ],
  [9, "etcdserver: authentication is not enabled", "ETCD_AUTH_NOT_ENABLED", false],
  [7, "etcdserver: permission denied", "ETCD_PERMISSION_DENIED", false],
  [9, "etcdserver: root user does not exist", "ETCD_AUTH_ADMIN", false],
  [9, "etcdserver: root user does not have root role", "ETCD_AUTH_ADMIN", false],
  [9, "etcdserver: user name already exists", "ETCD_USER_EXISTS", false],
  [9, "etcdserver: user name not found", "ETCD_USER_NOT_FOUND", false],
  [9, "etcdserver: role name already exists", "ETCD_ROLE_EXISTS", false],
  [9, "etcdserver: role name not found", "ETCD_ROLE_NOT_FOUND", false],
  [3, "etcdserver: role name is empty", "ETCD_AUTH_ADMIN", false],
  [3, "etcdserver: permission not given", "ETCD_AUTH_ADMIN", false],
  [9, "etcdserver: role is not granted to the user", "ETCD_AUTH_ADMIN", false],
  [9, "etcdserver: permission is not granted to the role", "ETCD_AUTH_ADMIN", false],
  [3, "etcdserver: invalid auth management", "ETCD_AUTH_ADMIN", false],
  [9, "etcdserver: member ID already exist", "ETCD_MEMBER_EXISTS", false],
  [9, "etcdserver: Peer URLs already exists", "ETCD_MEMBER_EXISTS", false],
  [2, "etcdserver: re-configuration failed due to not enough started members", "ETCD_MEMBER_ADMIN", false],
  [3, "etcdserver: given member URLs are invalid", "ETCD_MEMBER_ADMIN", false],
  [5, "etcdserver: member not found", "ETCD_MEMBER_NOT_FOUND", false],
  [9, "etcdserver: can only promote a learner member", "ETCD_MEMBER_ADMIN", false],
  [
    9,
    "etcdserver: can only promote a learner member which is in sync with leader",
    "ETCD_LEARNER_NOT_READY",
    false,
  ],
  [9, "etcdserver: too many learner members in cluster", "ETCD_MEMBER_ADMIN", false],
  [9, "etcdserver: bad leader transferee", "ETCD_MEMBER_ADMIN", false],
  [9, "etcdserver: not leader", "ETCD_NOT_LEADER", false],
  [9, "etcdserver: cluster ID mismatch", "ETCD_CLUSTER_MISMATCH", false],
  [15, "etcdserver: corrupt cluster", "ETCD_CORRUPT", false],
  [14, "etcdserver: cluster version not found during downgrade", "ETCD_DOWNGRADE", false],
  [9, "etcdserver: cluster version not found during downgrade", "ETCD_DOWNGRADE", false],
  [3, "etcdserver: wrong downgrade target version format", "ETCD_DOWNGRADE", false],
  [3, "etcdserver: invalid downgrade target version", "ETCD_DOWNGRADE", false],
  [9, "etcdserver: cluster has a downgrade job in progress", "ETCD_DOWNGRADE", false],
  [9, "etcdserver: no inflight downgrade job", "ETCD_DOWNGRADE", false],
  [1, "etcdserver: watch canceled", "ETCD_REQUEST_CANCELED", false],
  [3, "mvcc: watcher range is empty", "ETCD_BAD_REQUEST", false],
  [3, "mvcc: duplicate watch ID provided on the WatchStream", "ETCD_BAD_REQUEST", false],
  [8, "grpc: received message larger than max (2200011 vs. 2097152)", "ETCD_REQUEST_TOO_LARGE", false],
  [8, "grpc: trying to send message larger than max (3 vs. 2)", "ETCD_MESSAGE_TOO_LARGE", true],
];

describe("a text of etcd's", () => {
  test.each(rows)("code %i, %s", (grpcCode, message, code, mayHaveApplied) => {
    const error = statusError(grpcCode, message, ENDPOINT);
    expect(error).toBeInstanceOf(StatusError);
    expect(error).toMatchObject({ code, mayHaveApplied, grpcCode, endpoint: ENDPOINT, message, attempts: 1 });
  });

  test("is in the rows above, every one", () => {
    const tested = new Set(rows.map(([, message]) => message.replace(/^etcdserver: /, "")));
    expect([...SERVER_ERRORS.keys()].filter((text) => !tested.has(text))).toEqual([]);
  });

  test("comes with a status that the table lists", () => {
    for (const [grpcCode, message] of rows) {
      const known = SERVER_ERRORS.get(message.replace(/^etcdserver: /, ""));
      if (known !== undefined) expect(known.grpcCodes, message).toContain(grpcCode);
    }
  });

  test("counts more than the status it comes with", () => {
    expect(statusError(13, "etcdserver: no leader", ENDPOINT)).toMatchObject({
      code: "ETCD_NO_LEADER",
      grpcCode: 13,
      mayHaveApplied: false,
    });
  });

  test("must match to the end: a longer one is another error", () => {
    expect(statusError(14, "etcdserver: no leader of mine", ENDPOINT)).toMatchObject({
      code: "ETCD_UNAVAILABLE",
      mayHaveApplied: true,
    });
  });
});

describe("a status as Go prints it", () => {
  test("is taken apart, as in watch cancel reasons", () => {
    const reason = "rpc error: code = PermissionDenied desc = etcdserver: permission denied";
    expect(statusError(undefined, reason, ENDPOINT)).toMatchObject({
      code: "ETCD_PERMISSION_DENIED",
      grpcCode: 7,
      message: "etcdserver: permission denied",
      mayHaveApplied: false,
    });
  });

  test("counts by its innermost text when it was wrapped on its way", () => {
    const message =
      "proxy: rpc error: code = Unknown desc = rpc error: code = Unauthenticated desc = etcdserver: invalid auth token";
    expect(statusError(2, message, ENDPOINT)).toMatchObject({ code: "ETCD_INVALID_TOKEN", grpcCode: 16 });
  });

  test("with a code that nobody knows keeps the status it came with", () => {
    expect(statusError(14, "rpc error: code = Code(77) desc = new", ENDPOINT)).toMatchObject({
      code: "ETCD_UNAVAILABLE",
      grpcCode: 14,
      message: "new",
    });
  });

  test("that breaks off is an unknown text", () => {
    expect(statusError(2, "rpc error: code = Unavailable", ENDPOINT)).toMatchObject({
      code: "ETCD_UNKNOWN",
      message: "rpc error: code = Unavailable",
    });
  });
});

describe("a cancel reason without a status", () => {
  test("gets the status that etcd uses for its text", () => {
    expect(statusError(undefined, "mvcc: watcher range is empty", ENDPOINT)).toMatchObject({
      code: "ETCD_BAD_REQUEST",
      grpcCode: 3,
    });
  });

  test("and with an unknown text is unknown", () => {
    expect(statusError(undefined, "because", ENDPOINT)).toMatchObject({ code: "ETCD_UNKNOWN", grpcCode: 2 });
  });
});

describe("an unknown text", () => {
  const byCode: [grpcCode: number, code: ErrorCode, mayHaveApplied: boolean][] = [
    [1, "ETCD_REQUEST_CANCELED", true],
    [2, "ETCD_UNKNOWN", true],
    [3, "ETCD_BAD_REQUEST", true],
    [4, "ETCD_DEADLINE_EXCEEDED", true],
    [5, "ETCD_UNKNOWN", true],
    [6, "ETCD_UNKNOWN", true],
    [7, "ETCD_PERMISSION_DENIED", true],
    [8, "ETCD_UNKNOWN", true],
    [9, "ETCD_UNKNOWN", true],
    [10, "ETCD_UNKNOWN", true],
    [11, "ETCD_UNKNOWN", true],
    [12, "ETCD_UNIMPLEMENTED", false],
    [13, "ETCD_UNKNOWN", true],
    [14, "ETCD_UNAVAILABLE", true],
    [15, "ETCD_UNKNOWN", true],
    [16, "ETCD_UNKNOWN", true],
    [99, "ETCD_UNKNOWN", true],
  ];
  test.each(byCode)("with code %i is %s", (grpcCode, code, mayHaveApplied) => {
    expect(statusError(grpcCode, "something new", ENDPOINT)).toMatchObject({
      code,
      mayHaveApplied,
      grpcCode,
    });
  });

  test("is no member of Object.prototype", () => {
    expect(statusError(2, "constructor", ENDPOINT).code).toBe("ETCD_UNKNOWN");
  });

  test("that is empty still makes a message", () => {
    expect(statusError(14, "", ENDPOINT).message).toBe("gRPC status 14 without a message");
  });
});

test("a read cannot have applied, whatever became of it", () => {
  for (const [grpcCode, message] of rows) {
    expect(statusError(grpcCode, message, ENDPOINT, true).mayHaveApplied).toBe(false);
  }
  expect(statusError(14, "something new", ENDPOINT, true).mayHaveApplied).toBe(false);
});
