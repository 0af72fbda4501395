/**
 * Every `error.code` there is, with what it means and what to do about it. The texts are values and not comments, so that
 * they are in the declarations that an editor shows, and a program can print them; README's table is made of them.
 */
export const ERROR_CODES = {
  // The caller's side: nothing was sent.
  ETCD_INVALID_ARGUMENT: "A key, option or value is outside its documented bounds: fix the call.",
  ETCD_ABORTED: "The caller's AbortSignal fired; `cause` is its reason.",
  ETCD_CLOSED: "The client, session or stream was closed by its owner.",

  // The path. A call that could not be sent before its deadline fails with the reason, such as ETCD_UNREACHABLE or
  // ETCD_NO_LEADER; one that was sent fails with ETCD_DEADLINE_EXCEEDED.
  ETCD_DEADLINE_EXCEEDED:
    "The call's time is up. A write that was sent may be applied, now or later: read before repeating it.",
  ETCD_UNREACHABLE:
    "No connection could be made: refused, no such host, no route, a silent peer. Check endpoints and network.",
  ETCD_CONNECTION_LOST: "The connection broke while the call was on it.",
  ETCD_TLS:
    "The handshake failed: certificate, name, ALPN, or a plaintext server behind `https://`. Waiting does not mend it.",
  ETCD_NOT_ETCD:
    "Something answers there that speaks neither HTTP/2 nor gRPC: check the port, and http against https.",
  ETCD_PROTOCOL: "The peer broke HTTP/2, HPACK, gRPC or protobuf rules; its connection is closed.",
  ETCD_STREAM_RESET: "The server, or a proxy on the way, cut this one call off.",
  ETCD_REFUSED: "The server refused the call before processing it: repeat it.",
  ETCD_MESSAGE_TOO_LARGE:
    "A reply is over `limits.messageMaxBytes`, or over what the server may send: read less at once, in pages or as a stream.",

  // etcd's answers: the table of its texts is rpc/server-errors.ts.
  ETCD_NO_LEADER:
    "The cluster has no leader: no majority of its members is well, or an election is under way.",
  ETCD_LEADER_CHANGED: "The leader changed while a read waited: repeat it.",
  ETCD_REQUEST_TIMED_OUT:
    "The server gave up waiting; a write may still be applied: read before repeating it.",
  ETCD_SERVER_STOPPED: "The member was stopped during the call.",
  ETCD_UNHEALTHY_CLUSTER: "A change of members was refused because too few of them are well.",
  ETCD_NOT_CAPABLE:
    "The members have not agreed on a version that can do this: a cluster that starts, or is being upgraded.",
  ETCD_LEARNER: "The member is a learner and does not serve this.",
  ETCD_TOO_MANY_REQUESTS: "The server has more requests than it can apply: send fewer at once.",
  ETCD_REQUEST_CANCELED: "The server ended the request or watch half way.",
  ETCD_NO_SPACE:
    "The database has reached its quota, and writes are refused until it is compacted, defragmented and the alarm cleared.",
  ETCD_COMPACTED:
    "The revision asked for is gone: read anew; `compactRevision` of CompactedError is the oldest there is.",
  ETCD_FUTURE_REVISION: "The revision asked for has not been reached.",
  ETCD_LEASE_NOT_FOUND: "The lease has expired or was revoked, and its keys are gone: grant another one.",
  ETCD_LEASE_EXISTS: "The id that a lease was to be granted with is taken.",
  ETCD_LEASE_TTL_TOO_LARGE: "The TTL is above 9,000,000,000 seconds.",
  ETCD_NOT_PRIMARY_LESSOR: "The member that was asked about a lease does not lead any more: repeat it.",
  ETCD_KEY_NOT_FOUND: "The key that has to be there is not.",
  ETCD_TOO_MANY_OPERATIONS:
    "A list of the transaction is longer than the server's `--max-txn-ops` allows, 128 by default.",
  ETCD_DUPLICATE_KEY: "The transaction writes one key twice.",
  ETCD_REQUEST_TOO_LARGE: "The request is over the server's `--max-request-bytes`, 1.5 MiB by default.",
  ETCD_BAD_REQUEST: "The server's own validation refused the request; the message says why.",
  ETCD_INVALID_TOKEN: "The auth token is expired or unknown. The client has tried a new one.",
  ETCD_AUTH_REVISION_OLD: "The auth store changed since the token was made. The client has tried a new one.",
  ETCD_TOKEN_MISSING: "Auth is on and no token was sent: pass `auth`.",
  ETCD_AUTHENTICATION_FAILED: "Wrong user or password.",
  ETCD_AUTH_NOT_ENABLED: "This takes auth, which is off.",
  ETCD_PERMISSION_DENIED: "The user may not do this.",
  ETCD_USER_EXISTS: "A user of this name is there already.",
  ETCD_USER_NOT_FOUND: "There is no user of this name.",
  ETCD_ROLE_EXISTS: "A role of this name is there already.",
  ETCD_ROLE_NOT_FOUND: "There is no role of this name.",
  ETCD_AUTH_ADMIN: "Another change of users or roles was refused; the message says why.",
  ETCD_MEMBER_EXISTS: "A member with this id or one of these peer URLs is there already.",
  ETCD_MEMBER_NOT_FOUND: "There is no member with this id (any more).",
  ETCD_LEARNER_NOT_READY: "The learner has not caught up with the leader: promote it later.",
  ETCD_MEMBER_ADMIN: "Another change of members or learners was refused; the message says why.",
  ETCD_CLUSTER_MISMATCH: "The endpoints belong to more than one cluster, or one was replaced by another.",
  ETCD_NOT_LEADER: "The member that was asked does not lead, and only the leader does this.",
  ETCD_CORRUPT: "The CORRUPT alarm is up: members' data differ, and the cluster needs an operator.",
  ETCD_DOWNGRADE: "A downgrade was refused; the message says why.",
  ETCD_UNIMPLEMENTED: "The server does not know the method: it is older than that.",
  ETCD_UNSUPPORTED:
    "What was asked for is newer than this server; the message names the version needed. Nothing was sent.",
  ETCD_STALE_READ:
    "A linearizable read was answered with an older state than this client had seen before it: repeat it.",
  ETCD_SNAPSHOT_BROKEN:
    "A snapshot arrived incomplete, its checksum does not match, or it cannot be written to its file.",
  ETCD_UNAVAILABLE:
    "gRPC's UNAVAILABLE, in words that are not etcd's: mostly a proxy, or a member that shuts down.",
  ETCD_UNKNOWN: "Any other status in words that this version does not know.",

  // Leases and locks.
  ETCD_SESSION_EXPIRED:
    "The lease of a session or lock, or a kept one, is gone, or can no longer be proved alive.",
  ETCD_LOCK_LOST:
    "A lock that was held is not provably held any more: stop, and do not trust what was done last.",
  ETCD_LOCK_REENTERED:
    "The lock or election is asked for by the task or session that has it, or waits for it, already: it would wait for itself.",

  // Compare-and-swap, and transactions over many round trips.
  ETCD_COMPARE_FAILED: "The key has another value or revision than was asked for; CompareError says which.",
  ETCD_KEY_EXISTS: "The key was to be created, and is there.",
  ETCD_CONFLICT: "In each of its attempts, others changed what the function had read.",
} as const;

/** Stable, machine-readable causes: `ERROR_CODES` says of each what it means and what to do about it. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** What every error may carry besides its code and message. */
export interface ErrorDetails {
  /** May the request have changed anything in etcd? Not knowing counts as true. */
  mayHaveApplied: boolean;
  /** The endpoint that failed or answered, as given by the user: `10.0.0.1:2379`. */
  endpoint?: string | undefined;
  /** The gRPC status, where the server gave one or one is implied: 0 to 16. */
  grpcCode?: number | undefined;
  /** How many times the call was sent, the failed one included. Default: once if it may have applied, or else never. */
  attempts?: number | undefined;
  /** The path of the RPC. */
  method?: string | undefined;
  cause?: unknown;
}

/**
 * Every error that etcdwire throws or rejects with is an `EtcdError`. Branch on `code`, which is stable; the
 * message is for people. One question matters after a failed write, and `mayHaveApplied` answers it.
 */
export class EtcdError extends Error {
  override name = "EtcdError";
  /** What to branch on; `ERROR_CODES` explains each. */
  readonly code: ErrorCode;
  /**
   * `false` is a proof that etcd did not and will not apply the request; it may be repeated whatever it does.
   * `true` means that it did, or that nobody can know.
   */
  readonly mayHaveApplied: boolean;
  /** The endpoint that failed or answered, as the user wrote it. */
  readonly endpoint: string | undefined;
  /** The gRPC status, 0 to 16, where there is one. */
  readonly grpcCode: number | undefined;
  /** How many times the call was sent; 0 if that did not come about, or the failure is not one call's. */
  readonly attempts: number;
  /** The RPC that failed, `/etcdserverpb.KV/Put`; undefined where the failure is not one call's. */
  readonly method: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.mayHaveApplied = details.mayHaveApplied;
    this.endpoint = details.endpoint;
    this.grpcCode = details.grpcCode;
    this.attempts = details.attempts ?? (details.mayHaveApplied ? 1 : 0);
    this.method = details.method;
  }

  /** All that it says, its message too, which JSON would leave out of an Error; other causes than ours as text. */
  toJSON(): object {
    const { name, code, message, mayHaveApplied, endpoint, grpcCode, attempts, method, cause } = this;
    return {
      name,
      code,
      message,
      mayHaveApplied,
      endpoint,
      grpcCode,
      attempts,
      method,
      cause: inJson(cause),
    };
  }
}

/** A caller's abort reason may be anything, and a log line must not fail because of it. */
const inJson = (cause: unknown): unknown => {
  if (cause === undefined || cause instanceof EtcdError) return cause;
  if (cause instanceof Error || typeof cause === "string") return String(cause);
  return `a ${typeof cause}`;
};

/**
 * The outcome of a call that was tried more than once: the last error, which now also answers for the tries
 * before it. For the layer that repeats calls.
 */
export const afterRetries = <E extends EtcdError>(
  error: E,
  attempts: number,
  mayHaveApplied: boolean,
  method: string | undefined,
): E => {
  Object.assign(error, { attempts, mayHaveApplied: error.mayHaveApplied || mayHaveApplied, method });
  return error;
};

/** The outcome of a call that changes nothing, whatever became of it. For the layer that knows which calls those are. */
export const asRead = <E extends EtcdError>(error: E): E => {
  Object.assign(error, { mayHaveApplied: false });
  return error;
};

/** The server answered with a status other than OK, or the call's own deadline passed. */
export class StatusError extends EtcdError {
  override name = "StatusError";
}

/** The revision asked for is gone (`code` is ETCD_COMPACTED): what happened since has to be read anew. */
export class CompactedError extends StatusError {
  override name = "CompactedError";
  /** The oldest revision that can still be read or watched; undefined where the server did not say. */
  readonly compactRevision: number | undefined;

  constructor(message: string, compactRevision: number | undefined, details: Partial<ErrorDetails> = {}) {
    super("ETCD_COMPACTED", message, { mayHaveApplied: false, grpcCode: 11, attempts: 1, ...details });
    this.compactRevision = compactRevision;
  }
}

/** The path to the server broke or could not be made. */
export class ConnectionError extends EtcdError {
  override name = "ConnectionError";
}

/** The peer broke the rules of HTTP/2, HPACK, gRPC or protobuf: the call, or its whole connection, is ended. */
export class ProtocolError extends EtcdError {
  override name = "ProtocolError";
}

/**
 * The error of a call that was never sent, because `error` happened to the connection, the search for the leader or
 * the token that it waited for: an object of its own, since each call notes its own tries in it, and with proof
 * that the call changed nothing, whatever `error` says of itself. With a `message`, `error` becomes the cause.
 */
export const unsentBecause = (error: EtcdError, message?: string): EtcdError => {
  const { code, endpoint, grpcCode } = error;
  const cause = message === undefined ? error.cause : error;
  const details = { mayHaveApplied: false, endpoint, grpcCode, attempts: 0, cause };
  const text = message ?? error.message;
  if (error instanceof ConnectionError) return new ConnectionError(code, text, details);
  if (error instanceof ProtocolError) return new ProtocolError(code, text, details);
  return new StatusError(code, text, details);
};

/** The caller passed something that can never work. Nothing was sent. */
export class ArgumentError extends EtcdError {
  override name = "ArgumentError";

  constructor(message: string) {
    super("ETCD_INVALID_ARGUMENT", message, { mayHaveApplied: false, attempts: 0 });
  }
}

/**
 * The caller's `AbortSignal` ended the call. `name` is `"AbortError"`, as platform code expects, and `cause` is
 * the signal's reason.
 */
export class AbortError extends EtcdError {
  override name = "AbortError";

  constructor(reason: unknown, mayHaveApplied: boolean) {
    super("ETCD_ABORTED", "the operation was aborted", { mayHaveApplied, cause: reason });
  }
}

/** A lock, or the session that carries it, can no longer be proved to be held. */
export class LockLostError extends EtcdError {
  override name = "LockLostError";
}
