import http from "node:http";
import https from "node:https";
import net from "node:net";
import type { AddressInfo } from "node:net";
import type tls from "node:tls";
import { afterEach, describe, expect, test } from "vitest";
import { nodeRuntime } from "../../src/connection/runtime.js";
import type { ConnectionLimits, TlsOptions } from "../../src/options.js";
import { createAuthority } from "../../src/testing/certificates.js";
import { reply } from "../support/peer-frames.js";
import { call, connect } from "../support/recorded-call.js";
import type { RecordedCall, RecordingListener } from "../support/recorded-call.js";
import { ScriptedPeer } from "../support/scripted-peer.js";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const authority = createAuthority("test authority");
const server = authority.issue({ commonName: "server", names: ["127.0.0.1"] });
const client = authority.issue({ commonName: "client", names: [] });

const listen = async (secure?: tls.TlsOptions): Promise<ScriptedPeer> => {
  const peer = await ScriptedPeer.listen(secure);
  cleanups.push(() => peer.close());
  return peer;
};

const h2 = (options: tls.TlsOptions = {}): tls.TlsOptions => ({
  ...server,
  ALPNProtocols: ["h2"],
  ...options,
});

interface Attempt {
  listener: RecordingListener;
  recorded: RecordedCall;
  close: () => void;
}

const attempt = (
  port: number,
  tlsOptions?: TlsOptions,
  limits: Partial<ConnectionLimits> = {},
  host = "127.0.0.1",
): Attempt => {
  const { connection, listener } = connect(nodeRuntime, {
    target: { endpoint: `${host}:${port}`, host, port, tls: tlsOptions },
    limits,
  });
  cleanups.push(() => connection.close());
  return { listener, recorded: call(connection), close: () => connection.close() };
};

/** The call fails as not applied, and the connection with the same code and a text that helps. */
const expectFailure = async (
  attempted: Attempt,
  code: string,
  text: RegExp,
  grpcCode = 14,
): Promise<void> => {
  const error = await attempted.listener.closed;
  expect({ code: error.code, text: error.message }).toEqual({
    code,
    text: expect.stringMatching(text) as string,
  });
  expect(error.endpoint).toMatch(/^127\.0\.0\.1:\d+$/);
  expect(attempted.recorded.outcomes).toEqual([{ code, mayHaveApplied: false, grpcCode }]);
  expect(attempted.listener.events).toEqual([`close ${code}`]);
};

describe("a connection that can be made", () => {
  test.each([
    ["over TCP", undefined, undefined],
    ["over TLS, the address named in the certificate", h2(), { ca: authority.cert }],
    [
      "over TLS with another name in the certificate, given as serverName",
      h2(authority.issue({ commonName: "x", names: ["etcd.internal"] })),
      { ca: authority.cert, serverName: "etcd.internal" },
    ],
    [
      "over TLS with a client certificate",
      h2({ ca: authority.cert, requestCert: true, rejectUnauthorized: true }),
      { ca: authority.cert, ...client },
    ],
    ["over TLS 1.2", h2({ maxVersion: "TLSv1.2" }), { ca: authority.cert }],
    [
      "over TLS with a certificate that nobody signed, if the user insists",
      h2(),
      { insecureSkipVerify: true },
    ],
  ])("%s sends the calls that waited for it", async (_name, secure, tlsOptions) => {
    const peer = await listen(secure);
    const accepted = peer.accept();
    const { recorded, listener } = attempt(peer.port, tlsOptions);
    const connection = await accepted;
    await connection.handshake();
    const [headers] = await connection.expect("HEADERS 1", "DATA 1 10 END_STREAM");
    expect(headers!.fields[1]).toBe(`:scheme: ${secure === undefined ? "http" : "https"}`);
    connection.send(reply(1, "world"));
    expect(await recorded.settled).toEqual({ reply: "world" });
    expect(listener.events).toEqual(["open"]);
  });
});

describe("a connection that cannot be made fails, and says why:", () => {
  test("nothing listens", async () => {
    const peer = await ScriptedPeer.listen();
    await peer.close();
    await expectFailure(attempt(peer.port), "ETCD_UNREACHABLE", /nothing listens there/);
    await expectFailure(attempt(peer.port, {}), "ETCD_UNREACHABLE", /nothing listens there/);
  });

  test("no such host", async () => {
    const { listener, recorded } = attempt(1, undefined, {}, "no-such-host.invalid");
    expect((await listener.closed).code).toBe("ETCD_UNREACHABLE");
    expect(recorded.outcomes).toEqual([{ code: "ETCD_UNREACHABLE", mayHaveApplied: false, grpcCode: 14 }]);
  });

  test.each([
    ["after TCP", undefined],
    ["after TCP, though TLS was wanted", {}],
  ])("the server is silent %s", async (_name, tlsOptions) => {
    const peer = await listen();
    const startMs = performance.now();
    await expectFailure(
      attempt(peer.port, tlsOptions, { connectTimeoutMs: 200 }),
      "ETCD_UNREACHABLE",
      /did not finish connecting in 200 ms/,
    );
    expect(performance.now() - startMs).toBeGreaterThan(190);
  });

  test("the server is silent after TLS", async () => {
    const peer = await listen(h2());
    await expectFailure(
      attempt(peer.port, { ca: authority.cert }, { connectTimeoutMs: 300 }),
      "ETCD_UNREACHABLE",
      /did not finish connecting/,
    );
  });

  test("the server closes at once", async () => {
    const peer = await listen();
    void peer.accept().then((connection) => connection.end());
    await expectFailure(
      attempt(peer.port),
      "ETCD_UNREACHABLE",
      /closed the connection before its first frame/,
    );
  });

  test("the server resets at once", async () => {
    const peer = await listen();
    void peer.accept().then((connection) => connection.reset());
    await expectFailure(attempt(peer.port), "ETCD_UNREACHABLE", /ECONNRESET|EPIPE|closed/);
  });

  test("the server closes during the TLS handshake", async () => {
    const peer = await listen();
    void peer.accept().then((connection) => connection.end());
    await expectFailure(attempt(peer.port, {}), "ETCD_TLS", /hung up during the handshake/);
  });

  test("an HTTP/1 server", async () => {
    const one = http.createServer().listen(0, "127.0.0.1");
    cleanups.push(() => void one.close());
    await new Promise((resolve) => one.once("listening", resolve));
    await expectFailure(attempt((one.address() as AddressInfo).port), "ETCD_NOT_ETCD", /HTTP\/1/);
  });

  test("an HTTP/1 server over TLS does not agree on h2", async () => {
    const one = https.createServer({ ...server }).listen(0, "127.0.0.1");
    cleanups.push(() => void one.close());
    await new Promise((resolve) => one.once("listening", resolve));
    await expectFailure(
      attempt((one.address() as AddressInfo).port, { ca: authority.cert }),
      "ETCD_TLS",
      /ALPN|application protocol/i,
    );
  });

  test("a TLS server without ALPN", async () => {
    const peer = await listen({ ...server });
    await expectFailure(attempt(peer.port, { ca: authority.cert }), "ETCD_TLS", /ALPN/);
  });

  test("a TLS server that offers another protocol only", async () => {
    const peer = await listen({ ...server, ALPNProtocols: ["spdy/3"] });
    await expectFailure(attempt(peer.port, { ca: authority.cert }), "ETCD_TLS", /ALPN|application protocol/i);
  });

  test("TLS wanted, plaintext server that speaks first", async () => {
    const greeter = net.createServer((socket) => {
      socket.on("error", () => {});
      socket.end("\0\0\0\x04\0\0\0\0\0");
    });
    greeter.listen(0, "127.0.0.1");
    cleanups.push(() => void greeter.close());
    await new Promise((resolve) => greeter.once("listening", resolve));
    await expectFailure(
      attempt((greeter.address() as AddressInfo).port, {}),
      "ETCD_TLS",
      /speaks no TLS there; use http:\/\//,
    );
  });

  test("plaintext wanted, TLS server", async () => {
    const peer = await listen(h2());
    const attempted = attempt(peer.port);
    const error = await attempted.listener.closed;
    expect(error.code).toMatch(/^ETCD_(NOT_ETCD|UNREACHABLE)$/);
    expect(error.message).toMatch(/https:\/\//);
    expect(attempted.recorded.outcomes).toMatchObject([{ mayHaveApplied: false }]);
  });

  test("a certificate of an authority that is not trusted", async () => {
    const peer = await listen(h2());
    await expectFailure(attempt(peer.port, {}), "ETCD_TLS", /tls\.ca/);
    await expectFailure(attempt(peer.port, { ca: createAuthority("other").cert }), "ETCD_TLS", /tls\.ca/);
  });

  test("a certificate for another name", async () => {
    const peer = await listen(h2(authority.issue({ commonName: "x", names: ["etcd.internal"] })));
    await expectFailure(attempt(peer.port, { ca: authority.cert }), "ETCD_TLS", /tls\.serverName/);
    await expectFailure(
      attempt(peer.port, { ca: authority.cert, serverName: "other.internal" }),
      "ETCD_TLS",
      /other\.internal/,
    );
  });

  test("a certificate that has expired", async () => {
    const expired = authority.issue({
      commonName: "old",
      names: ["127.0.0.1"],
      notBefore: new Date(2_000, 1),
      notAfter: new Date(2_001, 1),
    });
    const peer = await listen(h2(expired));
    await expectFailure(attempt(peer.port, { ca: authority.cert }), "ETCD_TLS", /expired/);
  });

  test.each(["TLSv1.2", "TLSv1.3"] as const)(
    "a client certificate is required and absent, %s",
    async (version) => {
      const peer = await listen(
        h2({
          ca: authority.cert,
          requestCert: true,
          rejectUnauthorized: true,
          minVersion: version,
          maxVersion: version,
        }),
      );
      await expectFailure(attempt(peer.port, { ca: authority.cert }), "ETCD_TLS", /client certificate/, 16);
    },
  );

  test("a client key that does not belong to the certificate, or is none", async () => {
    const peer = await listen(h2());
    await expectFailure(attempt(peer.port, { cert: client.cert, key: server.key }), "ETCD_TLS", /key/i);
    await expectFailure(attempt(peer.port, { cert: "no PEM", key: "no PEM" }), "ETCD_TLS", /TLS with/);
  });

  test("close() while connecting", async () => {
    const peer = await listen();
    for (const tlsOptions of [undefined, {}]) {
      const accepted = peer.accept();
      const attempted = attempt(peer.port, tlsOptions);
      const connection = await accepted;
      attempted.close();
      await expectFailure(attempted, "ETCD_CLOSED", /was closed/);
      await connection.closed;
    }
  });
});

describe("a connection that was open", () => {
  test("and is reset leaves the calls on it unknown", async () => {
    const peer = await listen();
    const accepted = peer.accept();
    const { recorded, listener } = attempt(peer.port);
    const connection = await accepted;
    await connection.handshake();
    await connection.expect("HEADERS 1", "DATA 1 10 END_STREAM");
    connection.reset();
    expect(await recorded.settled).toEqual({
      code: "ETCD_CONNECTION_LOST",
      mayHaveApplied: true,
      grpcCode: 14,
    });
    expect(listener.events).toEqual(["open", "close ETCD_CONNECTION_LOST"]);
  });

  test("and is ended in order without GOAWAY leaves the calls on it unknown", async () => {
    const peer = await listen(h2());
    const accepted = peer.accept();
    const { recorded } = attempt(peer.port, { ca: authority.cert });
    const connection = await accepted;
    await connection.handshake();
    await connection.expect("HEADERS 1", "DATA 1 10 END_STREAM");
    connection.end();
    expect(await recorded.settled).toEqual({
      code: "ETCD_CONNECTION_LOST",
      mayHaveApplied: true,
      grpcCode: 14,
    });
  });

  test("and broken by the server gets a GOAWAY and is closed", async () => {
    const peer = await listen();
    const accepted = peer.accept();
    const { recorded } = attempt(peer.port);
    const connection = await accepted;
    await connection.handshake();
    connection.send(Buffer.from("000004080000000000" + "00000000", "hex"));
    expect(await recorded.settled).toMatchObject({ code: "ETCD_PROTOCOL" });
    let last = await connection.next();
    while (!last.text.startsWith("GOAWAY")) last = await connection.next();
    expect(last.text).toBe("GOAWAY 0 PROTOCOL_ERROR");
    await connection.closed;
  });
});
