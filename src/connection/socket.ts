import net from "node:net";
import tls from "node:tls";
import { ConnectionError } from "../errors.js";
import { READ_BUFFER_BYTES } from "../options.js";
import type { TlsOptions } from "../options.js";

/** Where to connect and how. */
export interface SocketTarget {
  /** The endpoint as the user wrote it, for error messages. */
  endpoint: string;
  host: string;
  port: number;
  /** A unix socket's path; host and port are not used then. */
  path?: string | undefined;
  /** Present for TLS. */
  tls?: TlsOptions | undefined;
  /** Why `tls` does not hold what its files hold now, if so. */
  tlsProblem?: string | undefined;
  /** Server name for SNI and verification; `undefined` for an IP address. */
  serverName?: string | undefined;
}

/** What a socket reports. After `onClose` nothing more comes. */
export interface SocketEvents {
  /** Ready to write: TCP connected, TLS verified and `h2` agreed. */
  onConnect(): void;
  /** The first `length` bytes of `bytes` are valid during this call only. */
  onBytes(bytes: Buffer, length: number): void;
  /** The write that returned `false` is done: its bytes may be overwritten. */
  onWritten(): void;
  /** Exactly once. `undefined`: the peer ended the connection in order. */
  onClose(error: ConnectionError | undefined): void;
}

export interface Socket {
  /**
   * Sends the first `length` bytes of `bytes`; the view that Node wants of them is made here, so that a transport
   * that needs none costs no garbage.
   *
   * `true`: the kernel has the bytes and the caller may overwrite them at once.
   * `false`: they must stay untouched until `onWritten`; do not write again before that.
   */
  write(bytes: Buffer, length: number): boolean;
  /** Sends what was written, then closes, whatever the peer does. */
  end(): void;
  destroy(): void;
  /** `TLSv1.3`; undefined for plaintext. */
  readonly tlsProtocol?: string | undefined;
  /** Whether this socket keeps the process alive. */
  setReferenced(referenced: boolean): void;
}

export type SocketFactory = (target: SocketTarget, events: SocketEvents) => Socket;

/** How long the last frames may take to leave a socket that is ending: a round trip or two, no more is worth it. */
const END_TIMEOUT_MS = 1_000;

const NO_BYTES = new Uint8Array(0);

/** Node's `net` and `tls`, with their errors translated once, here. */
export const connectSocket: SocketFactory = (target, events) => new NodeSocket(target, events);

class NodeSocket implements Socket {
  readonly #socket: net.Socket;
  readonly #onWritten: () => void;
  readonly #overTls: boolean;
  #pendingCallbacks = 0;
  #error: ConnectionError | undefined;
  /** A byte was read: the server has taken us in. Nothing but the preface is sent before that. */
  #heard = false;
  /** The server asked for a client certificate. Known when the handshake ends. */
  #asked = false;

  constructor(target: SocketTarget, events: SocketEvents) {
    const onread = {
      buffer: Buffer.allocUnsafeSlow(READ_BUFFER_BYTES),
      callback: (length: number, bytes: Uint8Array): boolean => {
        this.#heard = true;
        events.onBytes(bytes as Buffer, length);
        return true;
      },
    };
    const socket = openSocket(target, onread);
    this.#socket = socket;
    this.#overTls = target.tls !== undefined;
    // Callbacks of writes that completed at once come late, in the tick queue. Only the last one of all says
    // that the write which did not complete is done.
    this.#onWritten = () => {
      if (--this.#pendingCallbacks === 0) events.onWritten();
    };
    socket.setNoDelay(true);
    socket.once(target.tls === undefined ? "connect" : "secureConnect", () => {
      if ("alpnProtocol" in socket && socket.alpnProtocol !== "h2") {
        this.#error = new ConnectionError(
          "ETCD_TLS",
          `${target.endpoint} did not agree on HTTP/2 (ALPN "h2"): it is not an etcd client port`,
          { mayHaveApplied: false, endpoint: target.endpoint },
        );
        socket.destroy();
        return;
      }
      this.#asked = asksForCertificate(socket);
      events.onConnect();
    });
    // Under TLS 1.2 the server decides before the handshake ends. Before Node's own listener, which takes the
    // connection apart.
    socket.prependOnceListener("end", () => {
      this.#asked ||= asksForCertificate(socket);
    });
    socket.on("error", (cause: NodeJS.ErrnoException) => {
      this.#error ??= translateSocketError(cause, target, this.#heard, this.#asked);
    });
    socket.once("close", () => {
      const hungUp = this.#asked && !this.#heard;
      events.onClose(this.#error ?? (hungUp ? refusedCertificate(target, "it hung up") : undefined));
    });
  }

  write(bytes: Buffer, length: number): boolean {
    const socket = this.#socket;
    const view = bytes.subarray(0, length);
    if (this.#overTls) {
      this.#pendingCallbacks++;
      socket.write(view, this.#onWritten);
      return socket.writableLength === 0;
    }
    // Without a callback, which costs 500 bytes and a turn of the tick queue per write (`npm run bench -- alloc`, c = 1,
    // Node 20: 929 bytes with, 401 without). Node subtracts what the kernel took at once before `write` returns, as
    // good as always all of it; when not, an empty write behind it says when it is done. Over TLS every write waits
    // for the loop's next turn, and the empty one would cost another.
    socket.write(view);
    if (socket.writableLength === 0) return true;
    this.#pendingCallbacks++;
    socket.write(NO_BYTES, this.#onWritten);
    return false;
  }

  end(): void {
    // A peer that reads no more must not keep the process alive for our last frames, nor the descriptor open.
    this.#socket.unref();
    this.#socket.setTimeout(END_TIMEOUT_MS, () => this.#socket.destroy());
    this.#socket.destroySoon();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  get tlsProtocol(): string | undefined {
    return this.#socket instanceof tls.TLSSocket ? (this.#socket.getProtocol() ?? undefined) : undefined;
  }

  setReferenced(referenced: boolean): void {
    if (referenced) this.#socket.ref();
    else this.#socket.unref();
  }
}

const openSocket = (target: SocketTarget, onread: net.OnReadOpts): net.Socket => {
  const where = target.path === undefined ? { host: target.host, port: target.port } : { path: target.path };
  // allowHalfOpen stays false: a peer that ends its side is done with us, no answer can come.
  if (target.tls === undefined) return net.connect({ ...where, onread } as net.NetConnectOpts);
  const options: tls.ConnectionOptions & { onread: net.OnReadOpts } = {
    ...where,
    onread,
    ALPNProtocols: ["h2"],
    minVersion: "TLSv1.2",
    rejectUnauthorized: target.tls.insecureSkipVerify !== true,
  };
  const { ca, cert, key } = target.tls;
  if (ca !== undefined) options.ca = ca as string | Buffer | (string | Buffer)[];
  if (cert !== undefined) options.cert = cert;
  if (key !== undefined) options.key = key;
  const name = target.tls.serverName ?? target.serverName;
  if (name !== undefined) {
    if (net.isIP(name) === 0) options.servername = name;
    // Verified against what the user trusts the endpoint to be, also where an IP address was dialled.
    options.checkServerIdentity = (_host, certificate) => tls.checkServerIdentity(name, certificate);
  }
  try {
    return tls.connect(options);
  } catch (cause) {
    // Unreadable PEM throws here instead of reporting: make it one more way a connection fails.
    const socket = new net.Socket();
    socket.destroy(cause as Error);
    return socket;
  }
};

/** Signature algorithms come with a server's CertificateRequest only (RFC 8446 §4.3.2, RFC 5246 §7.4.4). */
const asksForCertificate = (socket: net.Socket): boolean =>
  // null once the socket is destroyed, which the types do not say.
  socket instanceof tls.TLSSocket && ((socket.getSharedSigalgs() as unknown[] | null) ?? []).length > 0;

const refusedHints: Record<string, string> = {
  ECONNREFUSED: "nothing listens there",
  ENOTFOUND: "no such host",
  EAI_AGAIN: "the name service does not answer",
  ENOENT: "no such socket",
  EHOSTUNREACH: "no route to the host",
  ENETUNREACH: "no route to the network",
  ETIMEDOUT: "the host does not answer",
  EACCES: "the system forbids it",
  EPERM: "the system forbids it",
};

/**
 * One Node error, in etcdwire's words.
 *
 * @param heard a byte was read, so requests may have been sent
 * @param asked the server asked for a client certificate
 */
const translateSocketError = (
  cause: NodeJS.ErrnoException,
  target: SocketTarget,
  heard: boolean,
  asked: boolean,
): ConnectionError => {
  const { endpoint } = target;
  const code = cause.code ?? "";
  if (target.tls !== undefined) {
    const alert = alertOf(cause);
    // Under TLS 1.3 the client's handshake is done before the server has looked at its certificate: the refusal
    // is the first thing read, and some servers only hang up.
    if (
      CERTIFICATE_ALERTS.has(alert) ||
      (alert === HANDSHAKE_FAILURE && target.tls.cert === undefined) ||
      (asked && !heard && HANG_UPS.has(code))
    ) {
      return refusedCertificate(target, reasonOf(cause), cause);
    }
    if (isTlsFailure(code, cause)) {
      return new ConnectionError(
        "ETCD_TLS",
        `TLS with ${endpoint} failed: ${tlsHint(code, cause, target.tls)}${staleFiles(target)}`,
        {
          // The connection decides per call.
          mayHaveApplied: heard,
          endpoint,
          cause,
        },
      );
    }
  }
  if (heard) {
    return new ConnectionError("ETCD_CONNECTION_LOST", `connection to ${endpoint} broke: ${cause.message}`, {
      mayHaveApplied: true,
      endpoint,
      cause,
    });
  }
  const hint = refusedHints[code] ?? cause.message;
  return new ConnectionError("ETCD_UNREACHABLE", `cannot connect to ${endpoint}: ${hint}`, {
    mayHaveApplied: false,
    endpoint,
    cause,
  });
};

/**
 * The alerts about a certificate, or the lack of one (RFC 8446 §6.2 and RFC 5246 §7.2.2): from a server, they are
 * about ours. etcd 3.4 says bad_certificate for everything; 3.7 unknown_ca, certificate_expired, certificate_required.
 */
const CERTIFICATE_ALERTS: ReadonlySet<number> = new Set([41, 42, 43, 44, 45, 46, 48, 49, 116]);
/** What etcd 3.7 says under TLS 1.2 to a client without a certificate; elsewhere it may mean any parameter. */
const HANDSHAKE_FAILURE = 40;
const HANG_UPS: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE"]);

/** The alert that ended the connection; OpenSSL gives its number in the text only. -1 for none. */
const alertOf = (cause: Error): number => Number(/SSL alert number (\d+)/.exec(cause.message)?.[1] ?? -1);

/** OpenSSL's short words, such as "tlsv1 alert unknown ca". */
const reasonOf = (cause: Error & { reason?: string | null }): string => cause.reason ?? cause.message;

/** Recognizable by its gRPC code: UNAUTHENTICATED. */
const refusedCertificate = (target: SocketTarget, reason: string, cause?: Error): ConnectionError => {
  const { endpoint, tls } = target;
  return new ConnectionError(
    "ETCD_TLS",
    tls?.cert === undefined
      ? `${endpoint} wants a client certificate (tls.cert, tls.key) and none was given: ${reason}`
      : `${endpoint} refused the client certificate (tls.cert, tls.key): ${reason}${staleFiles(target)}`,
    { mayHaveApplied: false, grpcCode: 16, endpoint, cause },
  );
};

const staleFiles = ({ tlsProblem }: SocketTarget): string =>
  tlsProblem === undefined ? "" : ` (the certificates were read earlier, because now ${tlsProblem})`;

/** No authority that we trust has signed the server's certificate. */
const untrustedCodes = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "CERT_SIGNATURE_FAILURE",
  "CERT_UNTRUSTED",
  "INVALID_CA",
]);

const certificateCodes = new Set([
  ...untrustedCodes,
  "CERT_HAS_EXPIRED",
  "CERT_NOT_YET_VALID",
  "CERT_REVOKED",
  "INVALID_PURPOSE",
  "HOSTNAME_MISMATCH",
]);

const isTlsFailure = (code: string, cause: Error): boolean =>
  code === "EPROTO" ||
  code.startsWith("ERR_SSL") ||
  code.startsWith("ERR_TLS") ||
  code.startsWith("ERR_OSSL") ||
  certificateCodes.has(code) ||
  // Node's own text for a peer that hangs up during the handshake (`_tls_wrap.js`, onConnectEnd).
  cause.message.includes("before secure TLS connection was established");

const tlsHint = (code: string, cause: Error, { ca, caFile }: TlsOptions): string => {
  if (code === "ERR_SSL_WRONG_VERSION_NUMBER" || cause.message.includes("wrong version number")) {
    return "the server speaks no TLS there; use http:// for a plaintext port";
  }
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID" || code === "HOSTNAME_MISMATCH") {
    return `${cause.message} (set tls.serverName to the certificate's name)`;
  }
  if (untrustedCodes.has(code)) {
    const hint =
      ca === undefined
        ? "pass the authority's certificate as tls.ca"
        : `the server's certificate is not signed by an authority in ${caFile === undefined ? "tls.ca" : `tls.caFile "${caFile}"`}`;
    return `${cause.message} (${hint})`;
  }
  if (cause.message.includes("before secure TLS")) {
    return "the server hung up during the handshake; is it a plaintext port?";
  }
  return reasonOf(cause);
};
