import { ConnectionError, ProtocolError, StatusError } from "../errors.js";
import type { EtcdError } from "../errors.js";
import { Http2Code, http2CodeName } from "../wire/layout.js";

/**
 * What a call's end on the wire means, where the server gave no gRPC status. Pure: the connection calls these
 * where the facts are known.
 */

/** gRPC status codes that the transport itself gives (grpc/doc/statuscodes.md). */
const Grpc = {
  CANCELLED: 1,
  UNKNOWN: 2,
  DEADLINE_EXCEEDED: 4,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
} as const;

/** RST_STREAM from the peer; the mapping is gRPC's (PROTOCOL-HTTP2.md, "Errors"). */
export const errorOfReset = (http2Code: number, endpoint: string): EtcdError => {
  if (http2Code === Http2Code.REFUSED_STREAM) {
    return new StatusError("ETCD_REFUSED", `${endpoint} refused the call before processing it`, {
      // RFC 9113 §8.7: REFUSED_STREAM says that nothing was processed.
      mayHaveApplied: false,
      grpcCode: Grpc.UNAVAILABLE,
      endpoint,
      attempts: 1,
    });
  }
  const grpcCode =
    http2Code === Http2Code.CANCEL
      ? Grpc.CANCELLED
      : http2Code === Http2Code.ENHANCE_YOUR_CALM
        ? Grpc.RESOURCE_EXHAUSTED
        : http2Code === Http2Code.INADEQUATE_SECURITY
          ? Grpc.PERMISSION_DENIED
          : Grpc.INTERNAL;
  return new StatusError("ETCD_STREAM_RESET", `${endpoint} reset the call: ${http2CodeName(http2Code)}`, {
    mayHaveApplied: true,
    grpcCode,
    endpoint,
  });
};

const httpStatusCodes: Record<number, number> = {
  400: Grpc.INTERNAL,
  401: Grpc.UNAUTHENTICATED,
  403: Grpc.PERMISSION_DENIED,
  404: Grpc.UNIMPLEMENTED,
  429: Grpc.UNAVAILABLE,
  502: Grpc.UNAVAILABLE,
  503: Grpc.UNAVAILABLE,
  504: Grpc.UNAVAILABLE,
};

/** An HTTP answer that is not gRPC's: mostly a proxy or another server (http-grpc-status-mapping.md). */
export const errorOfHttpStatus = (status: number, endpoint: string): EtcdError => {
  const grpcCode = httpStatusCodes[status] ?? Grpc.UNKNOWN;
  const details = {
    // 4xx refuses the request as it stands; a 5xx may come from a proxy that had passed it on.
    mayHaveApplied: status >= 500,
    grpcCode,
    endpoint,
    attempts: 1,
  };
  return grpcCode === Grpc.UNAVAILABLE
    ? new StatusError(
        "ETCD_UNAVAILABLE",
        `${endpoint} answered HTTP ${status}: a proxy without a server?`,
        details,
      )
    : new StatusError(
        "ETCD_NOT_ETCD",
        `${endpoint} answered HTTP ${status}, not gRPC: is it etcd's client port?`,
        details,
      );
};

/** HTTP 200 with a content-type that is not gRPC's. */
export const errorOfContentType = (contentType: string, endpoint: string): EtcdError =>
  new StatusError(
    "ETCD_NOT_ETCD",
    `${endpoint} answered with content-type ${JSON.stringify(contentType.slice(0, 64))}, not gRPC: is it etcd's client port?`,
    { mayHaveApplied: true, grpcCode: Grpc.UNKNOWN, endpoint },
  );

/**
 * The response ended and said no status. etcd's TLS stack does this while it shuts down, so it is an
 * unavailable server and never a success, also if a whole message came before.
 */
export const errorOfMissingStatus = (endpoint: string): EtcdError =>
  new StatusError(
    "ETCD_UNAVAILABLE",
    `${endpoint} ended the call without a status: it may be shutting down`,
    {
      mayHaveApplied: true,
      grpcCode: Grpc.UNAVAILABLE,
      endpoint,
    },
  );

/** Our own clock ended the call; the server's opinion no longer matters. */
export const errorOfDeadline = (endpoint: string, handedToSocket: boolean, connected: boolean): EtcdError =>
  new StatusError(
    "ETCD_DEADLINE_EXCEEDED",
    connected
      ? `${endpoint} did not answer within the call's deadline`
      : `${endpoint} was not connected within the call's deadline`,
    { mayHaveApplied: handedToSocket, grpcCode: Grpc.DEADLINE_EXCEEDED, endpoint },
  );

/** The connection ended under a call; `cause` is why. */
export const errorOfLostConnection = (
  cause: EtcdError,
  endpoint: string,
  handedToSocket: boolean,
): EtcdError => {
  // A refused client certificate keeps its own code, so that a program sees what has to be mended.
  const grpcCode = cause.grpcCode === Grpc.UNAUTHENTICATED ? Grpc.UNAUTHENTICATED : Grpc.UNAVAILABLE;
  const details = { mayHaveApplied: handedToSocket, grpcCode, endpoint, cause };
  if (cause instanceof ProtocolError) return new ProtocolError(cause.code, cause.message, details);
  return new ConnectionError(cause.code, cause.message, details);
};

/** GOAWAY with a last stream id below ours: RFC 9113 §6.8 says it was not and will not be processed. */
export const errorOfGoaway = (endpoint: string, http2Code: number, handedToSocket: boolean): EtcdError =>
  new ConnectionError(
    "ETCD_REFUSED",
    `${endpoint} is going away (${http2CodeName(http2Code)}) and did not take the call`,
    {
      mayHaveApplied: false,
      grpcCode: Grpc.UNAVAILABLE,
      endpoint,
      attempts: handedToSocket ? 1 : 0,
    },
  );

/** What answers before any SETTINGS frame tells a wrong server apart. */
export const errorOfFirstBytes = (
  bytes: Uint8Array,
  length: number,
  endpoint: string,
  overTls: boolean,
): EtcdError => {
  const details = { mayHaveApplied: false, endpoint };
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(length, 64)).toString("latin1");
  if (text.startsWith("HTTP/")) {
    const line = text.split("\r\n", 1)[0] ?? "";
    return text.startsWith("HTTP/1.0 400") && !overTls
      ? new ConnectionError(
          "ETCD_NOT_ETCD",
          `${endpoint} answered "${line}": a TLS port? use https://, and the port of etcd's clients`,
          details,
        )
      : new ConnectionError(
          "ETCD_NOT_ETCD",
          `${endpoint} answered "${line}": it speaks HTTP/1, not etcd's gRPC`,
          details,
        );
  }
  // A TLS alert record: type 21, version 3.x (RFC 8446 §5.1).
  if (!overTls && length >= 2 && bytes[0] === 0x15 && bytes[1] === 0x03) {
    return new ConnectionError(
      "ETCD_NOT_ETCD",
      `${endpoint} answered with a TLS alert: use https:// for it`,
      details,
    );
  }
  return new ConnectionError(
    "ETCD_NOT_ETCD",
    `${endpoint} does not speak HTTP/2: is it etcd's client port?`,
    details,
  );
};
