import { CompactedError, StatusError } from "../errors.js";
import type { ErrorCode } from "../errors.js";

/**
 * What the server's words mean. Text first, gRPC code second: etcd sends some errors as UNKNOWN (`too many
 * requests`), and moved others from one code to another between releases (`not capable`).
 *
 * Mirrors `api/v3rpc/rpctypes/error.go` of etcd v3.6.14, plus the texts that `togRPCError` in
 * `server/etcdserver/api/v3rpc/util.go` lets through unmapped, plus the texts of 3.4 and 3.5 that later
 * releases renamed. Recheck both files when a new minor release of etcd is added to the supported ones.
 */
export interface ServerError {
  readonly code: ErrorCode;
  /** Every gRPC status that a supported release sends with this text; today's first. */
  readonly grpcCodes: readonly number[];
  /**
   * Can a request that was answered like this have changed the store? "never" only where every place in etcd
   * that raises the text does so before, or instead of, applying the request.
   */
  readonly applied: "never" | "maybe";
}

/** google.golang.org/grpc/codes, by the names that Go prints; the index is the number on the wire. */
const GRPC_CODE_NAMES = [
  "OK",
  "Canceled",
  "Unknown",
  "InvalidArgument",
  "DeadlineExceeded",
  "NotFound",
  "AlreadyExists",
  "PermissionDenied",
  "ResourceExhausted",
  "FailedPrecondition",
  "Aborted",
  "OutOfRange",
  "Unimplemented",
  "Internal",
  "Unavailable",
  "DataLoss",
  "Unauthenticated",
];

const CANCELED = 1;
const UNKNOWN = 2;
const INVALID_ARGUMENT = 3;
const DEADLINE_EXCEEDED = 4;
const NOT_FOUND = 5;
const PERMISSION_DENIED = 7;
const RESOURCE_EXHAUSTED = 8;
const FAILED_PRECONDITION = 9;
const OUT_OF_RANGE = 11;
const UNIMPLEMENTED = 12;
const UNAVAILABLE = 14;
const DATA_LOSS = 15;
const UNAUTHENTICATED = 16;

const never = (code: ErrorCode, ...grpcCodes: number[]): ServerError => ({
  code,
  grpcCodes,
  applied: "never",
});
const maybe = (code: ErrorCode, ...grpcCodes: number[]): ServerError => ({
  code,
  grpcCodes,
  applied: "maybe",
});

/** Keyed by the text without its `etcdserver: ` prefix, which some texts have in one release and not in another. */
export const SERVER_ERRORS: ReadonlyMap<string, ServerError> = new Map([
  // Leadership and availability.
  // Raised by the hasleader interceptor, or while waiting for a leader to forward a renewal to: nothing proposed.
  ["no leader", never("ETCD_NO_LEADER", UNAVAILABLE)],
  // Only the ReadIndex path and LeaseTimeToLive raise it (etcd read.go, v3_server.go).
  ["leader changed", never("ETCD_LEADER_CHANGED", UNAVAILABLE)],
  // Raised after the proposal went to raft, which may still commit it.
  ["request timed out", maybe("ETCD_REQUEST_TIMED_OUT", UNAVAILABLE)],
  [
    "request timed out, possibly due to previous leader failure",
    maybe("ETCD_REQUEST_TIMED_OUT", UNAVAILABLE),
  ],
  ["request timed out, possibly due to connection lost", maybe("ETCD_REQUEST_TIMED_OUT", UNAVAILABLE)],
  // A lease renewal or TimeToLive on a lagging leader: it waited, and did nothing.
  [
    "request timed out, waiting for the applied index took too long",
    never("ETCD_REQUEST_TIMED_OUT", UNAVAILABLE),
  ],
  // MoveLeader: the transfer may still complete.
  ["request timed out, leader transfer took too long", maybe("ETCD_REQUEST_TIMED_OUT", UNKNOWN)],
  ["server stopped", maybe("ETCD_SERVER_STOPPED", UNAVAILABLE)],
  ["unhealthy cluster", never("ETCD_UNHEALTHY_CLUSTER", UNAVAILABLE)],
  ["not capable", never("ETCD_NOT_CAPABLE", FAILED_PRECONDITION, UNAVAILABLE)],
  ["rpc not supported for learner", never("ETCD_LEARNER", FAILED_PRECONDITION, UNAVAILABLE)],
  // UNKNOWN on the wire: the server maps it to a type that grpc-go cannot unwrap. Refused before proposing.
  ["too many requests", never("ETCD_TOO_MANY_REQUESTS", UNKNOWN, RESOURCE_EXHAUSTED)],
  ["not leader", never("ETCD_NOT_LEADER", FAILED_PRECONDITION)],
  ["bad leader transferee", never("ETCD_MEMBER_ADMIN", FAILED_PRECONDITION)],
  // The applier refuses while the CORRUPT alarm is up.
  ["corrupt cluster", never("ETCD_CORRUPT", DATA_LOSS)],
  ["cluster ID mismatch", never("ETCD_CLUSTER_MISMATCH", FAILED_PRECONDITION)],

  // Ended by a cancel or a deadline that reached the server half way.
  ["request cancelled", maybe("ETCD_REQUEST_CANCELED", UNKNOWN, CANCELED)],
  ["request canceled", maybe("ETCD_REQUEST_CANCELED", CANCELED, UNKNOWN)],
  ["context canceled", maybe("ETCD_REQUEST_CANCELED", CANCELED, UNKNOWN)],
  // The server's own 7 s ran out without a leader, or our grpc-timeout did: the text does not tell which, so
  // this is not ETCD_DEADLINE_EXCEEDED, which says that the caller has no time left.
  ["context deadline exceeded", maybe("ETCD_REQUEST_TIMED_OUT", DEADLINE_EXCEEDED, UNKNOWN)],
  // A watch changes nothing.
  ["watch canceled", never("ETCD_REQUEST_CANCELED", CANCELED)],

  // Keys and revisions.
  // The quota applier applies the Put, Txn or LeaseGrant first and then answers with this.
  ["mvcc: database space exceeded", maybe("ETCD_NO_SPACE", RESOURCE_EXHAUSTED)],
  ["mvcc: required revision has been compacted", never("ETCD_COMPACTED", OUT_OF_RANGE)],
  ["mvcc: required revision is a future revision", never("ETCD_FUTURE_REVISION", OUT_OF_RANGE)],
  ["key not found", never("ETCD_KEY_NOT_FOUND", INVALID_ARGUMENT)],
  ["too many operations in txn request", never("ETCD_TOO_MANY_OPERATIONS", INVALID_ARGUMENT)],
  ["duplicate key given in txn request", never("ETCD_DUPLICATE_KEY", INVALID_ARGUMENT)],
  ["request is too large", never("ETCD_REQUEST_TOO_LARGE", INVALID_ARGUMENT)],
  ["key is not provided", never("ETCD_BAD_REQUEST", INVALID_ARGUMENT)],
  ["value is provided", never("ETCD_BAD_REQUEST", INVALID_ARGUMENT)],
  ["lease is provided", never("ETCD_BAD_REQUEST", INVALID_ARGUMENT)],
  ["invalid sort option", never("ETCD_BAD_REQUEST", INVALID_ARGUMENT)],
  ["invalid client api version", never("ETCD_BAD_REQUEST", INVALID_ARGUMENT)],
  // Watch cancel reasons only; they come without a gRPC status.
  ["mvcc: watcher range is empty", never("ETCD_BAD_REQUEST", INVALID_ARGUMENT)],
  ["mvcc: duplicate watch ID provided on the WatchStream", never("ETCD_BAD_REQUEST", INVALID_ARGUMENT)],

  // Leases.
  ["requested lease not found", never("ETCD_LEASE_NOT_FOUND", NOT_FOUND)],
  ["lease already exists", never("ETCD_LEASE_EXISTS", FAILED_PRECONDITION)],
  ["too large lease TTL", never("ETCD_LEASE_TTL_TOO_LARGE", OUT_OF_RANGE)],
  ["not a primary lessor", never("ETCD_NOT_PRIMARY_LESSOR", UNKNOWN)],

  // Authentication. Tokens and permissions are checked before anything is applied.
  // UNKNOWN, and with the auth store's own words and prefix: 3.4's and 3.5's maintenance calls (`isAuthenticated` in
  // api/v3rpc/maintenance.go) hand these out as they are.
  ["user name is empty", never("ETCD_TOKEN_MISSING", INVALID_ARGUMENT, UNKNOWN)],
  ["invalid auth token", never("ETCD_INVALID_TOKEN", UNAUTHENTICATED, UNKNOWN)],
  ["revision of auth store is old", never("ETCD_AUTH_REVISION_OLD", INVALID_ARGUMENT)],
  ["revision in header is old", never("ETCD_AUTH_REVISION_OLD", UNKNOWN)],
  [
    "authentication failed, invalid user ID or password",
    never("ETCD_AUTHENTICATION_FAILED", INVALID_ARGUMENT),
  ],
  [
    "auth: authentication failed, password was given for no password user",
    never("ETCD_AUTHENTICATION_FAILED", UNKNOWN),
  ],
  ["authentication is not enabled", never("ETCD_AUTH_NOT_ENABLED", FAILED_PRECONDITION)],
  ["permission denied", never("ETCD_PERMISSION_DENIED", PERMISSION_DENIED, UNKNOWN)],
  ["root user does not exist", never("ETCD_AUTH_ADMIN", FAILED_PRECONDITION)],
  ["root user does not have root role", never("ETCD_AUTH_ADMIN", FAILED_PRECONDITION)],
  ["user name already exists", never("ETCD_USER_EXISTS", FAILED_PRECONDITION)],
  ["user name not found", never("ETCD_USER_NOT_FOUND", FAILED_PRECONDITION)],
  ["role name already exists", never("ETCD_ROLE_EXISTS", FAILED_PRECONDITION)],
  ["role name not found", never("ETCD_ROLE_NOT_FOUND", FAILED_PRECONDITION)],
  ["role name is empty", never("ETCD_AUTH_ADMIN", INVALID_ARGUMENT)],
  ["permission not given", never("ETCD_AUTH_ADMIN", INVALID_ARGUMENT)],
  ["role is not granted to the user", never("ETCD_AUTH_ADMIN", FAILED_PRECONDITION)],
  ["permission is not granted to the role", never("ETCD_AUTH_ADMIN", FAILED_PRECONDITION)],
  ["invalid auth management", never("ETCD_AUTH_ADMIN", INVALID_ARGUMENT)],

  // Members and downgrade.
  ["member ID already exist", never("ETCD_MEMBER_EXISTS", FAILED_PRECONDITION)],
  ["Peer URLs already exists", never("ETCD_MEMBER_EXISTS", FAILED_PRECONDITION)],
  // UNKNOWN on the wire, for the same reason as "too many requests".
  [
    "re-configuration failed due to not enough started members",
    never("ETCD_MEMBER_ADMIN", UNKNOWN, FAILED_PRECONDITION),
  ],
  ["given member URLs are invalid", never("ETCD_MEMBER_ADMIN", INVALID_ARGUMENT)],
  ["member not found", never("ETCD_MEMBER_NOT_FOUND", NOT_FOUND)],
  ["can only promote a learner member", never("ETCD_MEMBER_ADMIN", FAILED_PRECONDITION)],
  [
    "can only promote a learner member which is in sync with leader",
    never("ETCD_LEARNER_NOT_READY", FAILED_PRECONDITION),
  ],
  ["too many learner members in cluster", never("ETCD_MEMBER_ADMIN", FAILED_PRECONDITION)],
  ["cluster version not found during downgrade", never("ETCD_DOWNGRADE", FAILED_PRECONDITION, UNAVAILABLE)],
  ["wrong downgrade target version format", never("ETCD_DOWNGRADE", INVALID_ARGUMENT)],
  ["invalid downgrade target version", never("ETCD_DOWNGRADE", INVALID_ARGUMENT)],
  ["cluster has a downgrade job in progress", never("ETCD_DOWNGRADE", FAILED_PRECONDITION)],
  ["no inflight downgrade job", never("ETCD_DOWNGRADE", FAILED_PRECONDITION)],

  // The server's own lock and election services are clients of the server, and pass on their library's errors
  // (client/v3/concurrency).
  ["election: no leader", never("ETCD_KEY_NOT_FOUND", UNKNOWN)],
  ["election: not leader", never("ETCD_LOCK_LOST", UNKNOWN)],
  ["mutex: session is expired", never("ETCD_SESSION_EXPIRED", UNKNOWN)],
  ['"leader" field must be provided', never("ETCD_BAD_REQUEST", UNKNOWN)],
]);

/** Texts that end in numbers of the day; grpc-go `rpc_util.go` and `server.go` write them. */
const SERVER_ERROR_PREFIXES: readonly (readonly [string, ServerError])[] = [
  // Raised as soon as the server has read the length of our message.
  ["grpc: received message larger than max", never("ETCD_REQUEST_TOO_LARGE", RESOURCE_EXHAUSTED)],
  // The request was served; its reply is what does not fit.
  ["grpc: trying to send message larger than max", maybe("ETCD_MESSAGE_TOO_LARGE", RESOURCE_EXHAUSTED)],
];

/**
 * What is left for a text that no table knows: a newer etcd, or a proxy. Nothing is proved then, so a write
 * counts as perhaps applied. A method that the server does not have cannot have run.
 */
function unknownText(grpcCode: number): ServerError {
  switch (grpcCode) {
    case CANCELED:
      return maybe("ETCD_REQUEST_CANCELED", grpcCode);
    case INVALID_ARGUMENT:
      return maybe("ETCD_BAD_REQUEST", grpcCode);
    case DEADLINE_EXCEEDED:
      return maybe("ETCD_DEADLINE_EXCEEDED", grpcCode);
    case PERMISSION_DENIED:
      return maybe("ETCD_PERMISSION_DENIED", grpcCode);
    case UNIMPLEMENTED:
      return never("ETCD_UNIMPLEMENTED", grpcCode);
    case UNAVAILABLE:
      return maybe("ETCD_UNAVAILABLE", grpcCode);
    default:
      return maybe("ETCD_UNKNOWN", grpcCode);
  }
}

const FORMATTED_PREFIX = "rpc error: code = ";
const FORMATTED_TEXT = " desc = ";

/**
 * Go prints a status as `rpc error: code = PermissionDenied desc = etcdserver: permission denied`, and watch
 * cancel reasons carry that print. A status that was wrapped on its way holds several: the innermost counts.
 */
function unwrapFormatted(message: string): { text: string; grpcCode: number | undefined } {
  const at = message.lastIndexOf(FORMATTED_PREFIX);
  const textAt = at < 0 ? -1 : message.indexOf(FORMATTED_TEXT, at);
  if (textAt < 0) return { text: message, grpcCode: undefined };
  const index = GRPC_CODE_NAMES.indexOf(message.slice(at + FORMATTED_PREFIX.length, textAt));
  return {
    text: message.slice(textAt + FORMATTED_TEXT.length),
    grpcCode: index < 0 ? undefined : index,
  };
}

const withoutPrefix = (text: string): string =>
  text.startsWith("etcdserver: ") ? text.slice("etcdserver: ".length) : text;

function lookUp(text: string, grpcCode: number | undefined): ServerError {
  const known = SERVER_ERRORS.get(withoutPrefix(text)) ?? SERVER_ERRORS.get(text.replace(/^auth: /, ""));
  if (known !== undefined) return known;
  for (const [prefix, error] of SERVER_ERROR_PREFIXES) if (text.startsWith(prefix)) return error;
  return unknownText(grpcCode ?? UNKNOWN);
}

/**
 * The typed error for a status other than OK.
 *
 * @param grpcCode the status as received; `undefined` for a watch cancel reason, which has none of its own
 * @param message `grpc-message` decoded, or the cancel reason
 * @param readOnly true if the request could not have changed anything, whatever became of it
 */
export function statusError(
  grpcCode: number | undefined,
  message: string,
  endpoint: string,
  readOnly = false,
): StatusError {
  const formatted = unwrapFormatted(message);
  const ownCode = formatted.grpcCode ?? grpcCode;
  const known = lookUp(formatted.text, ownCode);
  const code = ownCode ?? known.grpcCodes[0];
  const text = formatted.text || `gRPC status ${code ?? UNKNOWN} without a message`;
  const details = {
    mayHaveApplied: !readOnly && known.applied === "maybe",
    endpoint,
    grpcCode: code,
    attempts: 1,
  };
  // A status does not say how far; a watch's cancel does.
  if (known.code === "ETCD_COMPACTED") return new CompactedError(text, undefined, details);
  return new StatusError(known.code, text, details);
}
