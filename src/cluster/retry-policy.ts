import type { ErrorCode, EtcdError } from "../errors.js";
import type { MethodPolicy } from "../rpc/method.js";

export type { MethodPolicy } from "../rpc/method.js";

/** What happened to this call before the error at hand. */
export interface CallHistory {
  /** The call was repeated without a wait once already. */
  readonly repeatedAtOnce: boolean;
  /** The call was repeated with a fresh token once already. */
  readonly authenticatedAgain: boolean;
  /** The client has a user and password to authenticate with. */
  readonly hasCredentials: boolean;
  /** There is an endpoint that this call has not been sent to, and to which connections can be made as far as is known. */
  readonly hasUntriedEndpoint: boolean;
}

export type RetryDecision =
  | { readonly action: "fail" }
  | {
      readonly action: "retry";
      /**
       * What to wait for: nothing, `backoffMs`, a known leader (poll `Status` every 20 to 50 ms), or a fresh
       * token (fetched once for all callers).
       */
      readonly after: "now" | "backoff" | "leader" | "authenticate";
      /** Prefer an endpoint other than the one that failed. */
      readonly elsewhere: boolean;
      /** The wait is at least this long, whatever the backoff says. */
      readonly atLeastMs: number;
    };

/**
 * - `never`: the same request gets the same answer, or there is nobody left to ask for.
 * - `transient`: another try may succeed, rather on another endpoint.
 * - `overloaded`: as transient, and the server needs a pause to catch up.
 * - `misconfigured`: this endpoint stays like that; another one may serve.
 * - `refused`: the server did not look at the request.
 * - `leader`: pointless until a leader is known.
 * - `token`: needs a fresh token.
 */
type RetryClass = "never" | "transient" | "overloaded" | "misconfigured" | "refused" | "leader" | "token";

/**
 * Whether an error is worth another try at all. Whether that is *safe* is `mayHaveApplied`'s answer, not this
 * table's. A `Record` over the union, so that a new code does not compile until it has a class.
 */
const CLASSES: Readonly<Record<ErrorCode, RetryClass>> = {
  ETCD_INVALID_ARGUMENT: "never",
  ETCD_ABORTED: "never",
  ETCD_CLOSED: "never",

  // The call's own time is up. A server that ran out of its time says ETCD_REQUEST_TIMED_OUT.
  ETCD_DEADLINE_EXCEEDED: "never",
  ETCD_UNREACHABLE: "transient",
  ETCD_CONNECTION_LOST: "transient",
  // Waiting does not mend a certificate or a wrong port, and a client with one endpoint should hear of it now.
  ETCD_TLS: "misconfigured",
  ETCD_NOT_ETCD: "misconfigured",
  ETCD_PROTOCOL: "transient",
  ETCD_STREAM_RESET: "transient",
  ETCD_REFUSED: "refused",
  ETCD_MESSAGE_TOO_LARGE: "never",

  ETCD_NO_LEADER: "leader",
  ETCD_LEADER_CHANGED: "transient",
  ETCD_REQUEST_TIMED_OUT: "transient",
  ETCD_SERVER_STOPPED: "transient",
  // Raised for member changes only; the cluster stays unhealthy for longer than a call, and an operator decides.
  ETCD_UNHEALTHY_CLUSTER: "never",
  // A starting cluster gains its capabilities once its members have agreed on a version.
  ETCD_NOT_CAPABLE: "transient",
  ETCD_LEARNER: "transient",
  ETCD_TOO_MANY_REQUESTS: "overloaded",
  ETCD_REQUEST_CANCELED: "transient",
  // Every later write is refused too, until the alarm is cleared.
  ETCD_NO_SPACE: "never",
  ETCD_COMPACTED: "never",
  // Only the caller knows whether the revision is one that this member will reach.
  ETCD_FUTURE_REVISION: "never",
  ETCD_LEASE_NOT_FOUND: "never",
  // On a repeated grant of our own id it is success: session.ts reads it so.
  ETCD_LEASE_EXISTS: "never",
  ETCD_LEASE_TTL_TOO_LARGE: "never",
  ETCD_NOT_PRIMARY_LESSOR: "transient",
  ETCD_KEY_NOT_FOUND: "never",
  ETCD_TOO_MANY_OPERATIONS: "never",
  ETCD_DUPLICATE_KEY: "never",
  ETCD_REQUEST_TOO_LARGE: "never",
  ETCD_BAD_REQUEST: "never",
  ETCD_INVALID_TOKEN: "token",
  ETCD_AUTH_REVISION_OLD: "token",
  ETCD_TOKEN_MISSING: "token",
  ETCD_AUTHENTICATION_FAILED: "never",
  ETCD_AUTH_NOT_ENABLED: "never",
  ETCD_PERMISSION_DENIED: "never",
  ETCD_USER_EXISTS: "never",
  ETCD_USER_NOT_FOUND: "never",
  ETCD_ROLE_EXISTS: "never",
  ETCD_ROLE_NOT_FOUND: "never",
  ETCD_AUTH_ADMIN: "never",
  ETCD_MEMBER_EXISTS: "never",
  ETCD_MEMBER_NOT_FOUND: "never",
  // Catching up takes longer than a call.
  ETCD_LEARNER_NOT_READY: "never",
  ETCD_MEMBER_ADMIN: "never",
  ETCD_CLUSTER_MISMATCH: "never",
  // MoveLeader went to a member that does not lead (any more).
  ETCD_NOT_LEADER: "leader",
  ETCD_CORRUPT: "never",
  ETCD_DOWNGRADE: "never",
  ETCD_UNIMPLEMENTED: "never",
  ETCD_UNSUPPORTED: "never",
  // Another member, or the same one a moment later, knows more.
  ETCD_STALE_READ: "transient",
  ETCD_SNAPSHOT_BROKEN: "never",
  ETCD_UNAVAILABLE: "transient",
  ETCD_UNKNOWN: "never",

  ETCD_SESSION_EXPIRED: "never",
  ETCD_LOCK_LOST: "never",
  ETCD_LOCK_REENTERED: "never",

  // Answers about the store's state: what to do about it is the caller's decision.
  ETCD_COMPARE_FAILED: "never",
  ETCD_KEY_EXISTS: "never",
  ETCD_CONFLICT: "never",
};

/** Whether a fresh token is what helps: the one that was sent is missing, expired, or older than the auth store. */
export const isTokenError = (error: EtcdError): boolean => CLASSES[error.code] === "token";

/** Whether this endpoint stays like that, however long one waits. */
export const isMisconfigured = (error: EtcdError): boolean => CLASSES[error.code] === "misconfigured";

/** Whether the endpoint that gave this error is likely to fail the next call too. */
export const blamesEndpoint = (error: EtcdError): boolean => {
  const retryClass = CLASSES[error.code];
  return (
    error.code === "ETCD_DEADLINE_EXCEEDED" ||
    (retryClass !== "never" && retryClass !== "token" && error.code !== "ETCD_STALE_READ")
  );
};

/** etcd refuses while 5,000 entries wait to be applied; at 50,000 a second that takes 100 ms to drain. */
const OVERLOADED_WAIT_MS = 100;

const FAIL: RetryDecision = { action: "fail" };
const NOW: RetryDecision = { action: "retry", after: "now", elsewhere: false, atLeastMs: 0 };
const NOW_ELSEWHERE: RetryDecision = { action: "retry", after: "now", elsewhere: true, atLeastMs: 0 };
const BACKOFF: RetryDecision = { action: "retry", after: "backoff", elsewhere: true, atLeastMs: 0 };
const LONG_BACKOFF: RetryDecision = { ...BACKOFF, atLeastMs: OVERLOADED_WAIT_MS };
const LEADER: RetryDecision = { action: "retry", after: "leader", elsewhere: false, atLeastMs: 0 };
const AUTHENTICATE: RetryDecision = {
  action: "retry",
  after: "authenticate",
  elsewhere: false,
  atLeastMs: 0,
};

/**
 * May this call be sent again, and when? Pure. The caller adds what it alone knows: the deadline, the abort
 * signal and the retry budget, each of which can only turn a retry into a failure.
 *
 * A write whose outcome is unknown is never repeated (a blind repeat runs it twice, or reports a success as a
 * failure): no class below can overrule that.
 */
export function decideRetry(policy: MethodPolicy, error: EtcdError, history: CallHistory): RetryDecision {
  if (error.mayHaveApplied && policy === "nonRepeatable") return FAIL;
  switch (CLASSES[error.code]) {
    case "never":
      return FAIL;
    case "transient":
      return BACKOFF;
    case "overloaded":
      return LONG_BACKOFF;
    case "misconfigured":
      return history.hasUntriedEndpoint ? NOW_ELSEWHERE : FAIL;
    case "refused":
      // RFC 9113 §8.7 allows it at once; a server that refuses every stream must not be hammered.
      return history.repeatedAtOnce ? BACKOFF : NOW;
    case "leader":
      return LEADER;
    case "token":
      return history.hasCredentials && !history.authenticatedAgain ? AUTHENTICATE : FAIL;
  }
}

/** For what nobody waits for, tried again at a pace of its own, and changes nothing: whether waiting may mend it. */
export const mayPass = (error: EtcdError, hasCredentials: boolean): boolean =>
  decideRetry("read", error, {
    repeatedAtOnce: true,
    authenticatedAgain: false,
    hasCredentials,
    hasUntriedEndpoint: false,
  }).action === "retry";
