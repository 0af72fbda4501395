/**
 * Every error that etcdwire throws or rejects with is an `EtcdError`. Branch on `code`, which is stable; the
 * message is for people. One question matters after a failed write, and `mayHaveApplied` answers it.
 */

/** Stable, machine-readable causes. The comment says what to do about each. */
export type ErrorCode =
  // The caller's side: nothing was sent.
  | "ETCD_INVALID_ARGUMENT" // a key, option or value is outside its documented bounds: fix the call
  | "ETCD_ABORTED" // the caller's AbortSignal fired; `cause` is its reason
  | "ETCD_CLOSED" // the client, session or stream was closed by its owner
  // The path.
  // A call that could not be sent before its deadline fails with the reason, such as ETCD_UNREACHABLE or
  // ETCD_NO_LEADER; one that was sent fails with ETCD_DEADLINE_EXCEEDED.
  | "ETCD_DEADLINE_EXCEEDED" // the call's time is up; nothing is known about a write that was sent
  | "ETCD_UNREACHABLE" // no connection could be made: refused, no such host, no route, silent peer
  | "ETCD_CONNECTION_LOST" // the connection broke while the call was on it
  | "ETCD_TLS" // handshake failed: certificate, name, ALPN, or a plaintext server behind `https://`
  | "ETCD_NOT_ETCD" // something answers there, and it speaks neither HTTP/2 nor gRPC
  | "ETCD_PROTOCOL" // the peer broke HTTP/2, HPACK, gRPC or protobuf rules; the connection is closed
  | "ETCD_STREAM_RESET" // the server, or a proxy on the way, cut this one call off
  | "ETCD_REFUSED" // the server refused the stream before processing it: repeat it
  | "ETCD_MESSAGE_TOO_LARGE" // a reply is over `messageMaxBytes`
  // etcd's answers, one per row of the server error table in rpc/server-errors.ts.
  | "ETCD_NO_LEADER"
  | "ETCD_LEADER_CHANGED"
  | "ETCD_REQUEST_TIMED_OUT"
  | "ETCD_SERVER_STOPPED"
  | "ETCD_UNHEALTHY_CLUSTER"
  | "ETCD_NOT_CAPABLE"
  | "ETCD_LEARNER"
  | "ETCD_TOO_MANY_REQUESTS"
  | "ETCD_REQUEST_CANCELED"
  | "ETCD_NO_SPACE"
  | "ETCD_COMPACTED"
  | "ETCD_FUTURE_REVISION"
  | "ETCD_LEASE_NOT_FOUND"
  | "ETCD_LEASE_EXISTS"
  | "ETCD_LEASE_TTL_TOO_LARGE"
  | "ETCD_NOT_PRIMARY_LESSOR"
  | "ETCD_KEY_NOT_FOUND"
  | "ETCD_TOO_MANY_OPERATIONS"
  | "ETCD_DUPLICATE_KEY"
  | "ETCD_REQUEST_TOO_LARGE"
  | "ETCD_BAD_REQUEST" // the server's own validation refused the request
  | "ETCD_INVALID_TOKEN" // token expired or unknown: authenticate again
  | "ETCD_AUTH_REVISION_OLD" // the auth store changed since the token was made: authenticate again
  | "ETCD_TOKEN_MISSING" // auth is on and no token was sent
  | "ETCD_AUTHENTICATION_FAILED"
  | "ETCD_AUTH_NOT_ENABLED"
  | "ETCD_PERMISSION_DENIED"
  | "ETCD_AUTH_ADMIN" // users, roles: refused as stated
  | "ETCD_MEMBER_ADMIN" // members, learners: refused as stated
  | "ETCD_CLUSTER_MISMATCH"
  | "ETCD_NOT_LEADER"
  | "ETCD_CORRUPT"
  | "ETCD_DOWNGRADE"
  | "ETCD_UNIMPLEMENTED" // this server does not know the method: an older version
  | "ETCD_UNSUPPORTED" // what was asked for is newer than this server; the message names the version needed
  | "ETCD_STALE_READ" // a linearizable read was answered with an older state than this client had seen before it
  | "ETCD_SNAPSHOT_BROKEN" // a snapshot arrived incomplete, or its checksum does not match
  | "ETCD_UNAVAILABLE" // gRPC UNAVAILABLE with a text that the table does not know
  | "ETCD_UNKNOWN" // any other status that the table does not know
  // Leases and locks.
  | "ETCD_SESSION_EXPIRED" // the lease of a session, or a kept one, is gone, or can no longer be proved alive
  | "ETCD_LOCK_LOST" // a lock that was held is not provably held any more
  | "ETCD_LOCK_REENTERED" // this lock handle already holds, or waits for, the lock
  // Compare-and-swap, and transactions over many round trips.
  | "ETCD_COMPARE_FAILED" // the key has another value or revision than was asked for; see CompareError
  | "ETCD_KEY_EXISTS" // the key was to be created, and is there
  | "ETCD_CONFLICT"; // in each of its attempts, others changed what the function had read

/** What every error may carry besides its code and message. */
export interface ErrorDetails {
  /** May the request have changed anything in etcd? Not knowing counts as true. */
  mayHaveApplied: boolean;
  /** The endpoint that failed or answered, as given by the user: `10.0.0.1:2379`. */
  endpoint?: string | undefined;
  /** The gRPC status, where the server gave one or one is implied: 0 to 16. */
  grpcCode?: number | undefined;
  /** How many times the call was sent, the failed one included. */
  attempts?: number | undefined;
  /** The path of the RPC. */
  method?: string | undefined;
  cause?: unknown;
}

export class EtcdError extends Error {
  override name = "EtcdError";
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
  /** How many times the call was sent. */
  readonly attempts: number;
  /** The RPC that failed, `/etcdserverpb.KV/Put`; undefined where the failure is not one call's. */
  readonly method: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.mayHaveApplied = details.mayHaveApplied;
    this.endpoint = details.endpoint;
    this.grpcCode = details.grpcCode;
    this.attempts = details.attempts ?? 1;
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
 * The outcome of a call that was sent more than once: the last error, which now also answers for the tries
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
    super("ETCD_COMPACTED", message, { mayHaveApplied: false, grpcCode: 11, ...details });
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
