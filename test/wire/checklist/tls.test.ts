/**
 * Wire checklist G: TLS. Who is refused, by whom, and how that reads: always as not applied, as ETCD_TLS, and as
 * UNAUTHENTICATED where it is our certificate that the server did not take.
 */
import { mkdtempSync, rmSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import tls from "node:tls";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test, vi } from "vitest";
import { parseAddress } from "../../../src/cluster/address.js";
import { Pool } from "../../../src/cluster/pool.js";
import type { Connection } from "../../../src/connection/connection.js";
import { nodeRuntime } from "../../../src/connection/runtime.js";
import { ConnectionError } from "../../../src/errors.js";
import { DEFAULT_CONNECTION_LIMITS } from "../../../src/options.js";
import type { TlsOptions } from "../../../src/options.js";
import { callUnary } from "../../../src/rpc/unary-call.js";
import { createAuthority } from "../../../src/testing/certificates.js";
import { InMemoryCluster, status } from "../../cluster/in-memory-cluster.js";
import { settingsFrame } from "../../support/frames.js";
import { reply } from "../../support/peer-frames.js";
import { RecordedCall, call, connect, echoHead, unaryRecorder } from "../../support/recorded-call.js";
import { ScriptedPeer } from "../../support/scripted-peer.js";
import { authority, serverTls } from "../../support/wire-connection.js";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const listen = async (options: tls.TlsOptions = {}): Promise<ScriptedPeer> => {
  const peer = await ScriptedPeer.listen(serverTls(options));
  cleanups.push(() => peer.close());
  return peer;
};

interface Where {
  host?: string;
  serverName?: string;
  path?: string;
}

/** A connection with one call that waits for it. */
const dial = (port: number, options: TlsOptions, where: Where = {}) => {
  const host = where.host ?? "127.0.0.1";
  const { connection, listener } = connect(nodeRuntime, {
    target: { endpoint: `${host}:${port}`, port, tls: options, ...where, host },
  });
  cleanups.push(() => {
    connection.close();
  });
  return { connection, listener, recorded: call(connection) };
};

/** Refused: connection and call fail with the same code, nothing was applied, and the text says what to mend. */
const expectRefusal = async (
  { listener, recorded }: ReturnType<typeof dial>,
  text: RegExp,
  grpcCode: 14 | 16 = 14,
): Promise<void> => {
  const error = await listener.closed;
  expect(error).toBeInstanceOf(ConnectionError);
  expect({ code: error.code, mayHaveApplied: error.mayHaveApplied, message: error.message }).toEqual({
    code: "ETCD_TLS",
    mayHaveApplied: false,
    message: expect.stringMatching(text) as string,
  });
  // The connection's own error has a gRPC code where the calls must not have UNAVAILABLE.
  expect(error.grpcCode).toBe(grpcCode === 16 ? 16 : undefined);
  expect(recorded.outcomes).toEqual([{ code: "ETCD_TLS", mayHaveApplied: false, grpcCode }]);
  expect(listener.events).toEqual(["close ETCD_TLS"]);
};

/** Taken: the call is sent and answered. */
const expectService = async (server: ScriptedPeer, dialled: () => ReturnType<typeof dial>): Promise<void> => {
  const accepted = server.accept();
  const { recorded } = dialled();
  const peer = await accepted;
  await peer.handshake();
  await peer.expect("HEADERS 1", "DATA 1 10 END_STREAM");
  peer.send(reply(1, "served"));
  expect(await recorded.settled).toEqual({ reply: "served" });
};

const ca = authority.cert;

describe("G23 the handshake:", () => {
  test.each([
    ["no ALPN", { ALPNProtocols: [] }],
    ["only http/1.1", { ALPNProtocols: ["http/1.1"] }],
    ["only h2c", { ALPNProtocols: ["h2c"] }],
  ])("G23 a server with %s is no etcd", async (_what, options) => {
    const server = await listen(options);
    await expectRefusal(dial(server.port, { ca }), /ALPN|application protocol/i);
  });

  test("G23 h2 is agreed on with a server that offers others too", async () => {
    const server = await listen({ ALPNProtocols: ["http/1.1", "h2"] });
    await expectService(server, () => dial(server.port, { ca }));
  });

  test.each(["TLSv1", "TLSv1.1"] as const)("G23 a server that speaks %s only is refused", async (version) => {
    const server = await listen({
      minVersion: version,
      maxVersion: version,
      // OpenSSL 3 allows these versions on its lowest security level only.
      ciphers: "ALL:@SECLEVEL=0",
    });
    await expectRefusal(dial(server.port, { ca }), /version/i);
  });

  test.each(["TLSv1.2", "TLSv1.3"] as const)("G23 %s is spoken", async (version) => {
    const server = await listen({ minVersion: version, maxVersion: version });
    await expectService(server, () => dial(server.port, { ca }));
  });
});

describe("G23 the server's name:", () => {
  /** A server that notes the names it is asked for. */
  const asked = async (names: readonly string[]) => {
    const seen: string[] = [];
    const pair = authority.issue({ commonName: "server", names });
    const server = await listen({
      ...pair,
      SNICallback: (name, done) => {
        seen.push(name);
        done(null, tls.createSecureContext(pair));
      },
    });
    return { server, seen };
  };

  test("G23 SNI carries a host's name", async () => {
    const { server, seen } = await asked(["localhost"]);
    await expectService(server, () =>
      dial(server.port, { ca }, { host: "localhost", serverName: "localhost" }),
    );
    expect(seen).toEqual(["localhost"]);
  });

  test("G23 SNI is absent for an IP address, which is verified all the same", async () => {
    const { server, seen } = await asked(["127.0.0.1"]);
    await expectService(server, () => dial(server.port, { ca }));
    await expectService(server, () => dial(server.port, { ca, serverName: "127.0.0.1" }));
    expect(seen).toEqual([]);
    await expectRefusal(dial(server.port, { ca, serverName: "127.0.0.2" }), /127\.0\.0\.2/);
    expect(seen).toEqual([]);
  });

  test("G23 tls.serverName is asked for and verified instead of the host", async () => {
    const { server, seen } = await asked(["etcd.internal"]);
    await expectService(server, () => dial(server.port, { ca, serverName: "etcd.internal" }));
    await expectRefusal(dial(server.port, { ca, serverName: "other.internal" }), /other\.internal/);
    expect(seen).toEqual(["etcd.internal", "other.internal"]);
  });

  test.each([
    ["a name for an address", ["localhost"], {}],
    ["another address", ["127.0.0.2", "::1"], {}],
    ["an address for a name", ["127.0.0.1"], { host: "localhost", serverName: "localhost" }],
    ["another name", ["etcd.internal"], { host: "localhost", serverName: "localhost" }],
    ["the name as the subject only", [], { host: "localhost", serverName: "localhost" }],
  ])("G23 a certificate that names %s is refused", async (_what, names, where) => {
    const commonName = names.length === 0 ? "127.0.0.1" : "server";
    const server = await listen(authority.issue({ commonName, names }));
    await expectRefusal(dial(server.port, { ca }, where), /tls\.serverName|altnames/);
  });

  test("G23 an IPv6 address is verified as one, however it is written", async () => {
    const server = await listen(authority.issue({ commonName: "server", names: ["2001:db8::7"] }));
    await expectService(server, () => dial(server.port, { ca, serverName: "2001:db8::7" }));
    await expectService(server, () => dial(server.port, { ca, serverName: "2001:0DB8:0:0:0:0:0:7" }));
    await expectRefusal(dial(server.port, { ca, serverName: "2001:db8::8" }), /2001:db8::8/);
    await expectRefusal(dial(server.port, { ca }), /127\.0\.0\.1/);
  });

  test("G23 behind a unix socket it is localhost, or what tls.serverName says", async () => {
    const folder = mkdtempSync(join(tmpdir(), "etcdwire-tls-"));
    cleanups.push(() => {
      rmSync(folder, { recursive: true });
    });
    const path = join(folder, "etcd.sock");
    const listenAs = async (name: string) => {
      const server = tls.createServer(
        serverTls(authority.issue({ commonName: "server", names: [name] })),
        (socket) => {
          socket.on("error", () => {});
          socket.resume();
          socket.write(settingsFrame());
        },
      );
      server.on("tlsClientError", () => {});
      await new Promise<void>((resolve) => server.listen(path, resolve));
      return () => new Promise((resolve) => server.close(resolve));
    };
    const stop = await listenAs("localhost");
    const local = dial(0, { ca }, { path });
    await local.listener.opened;
    local.connection.close();
    await stop();
    cleanups.push(await listenAs("etcd.internal"));
    await expectRefusal(dial(0, { ca }, { path }), /localhost/);
    const named = dial(0, { ca, serverName: "etcd.internal" }, { path });
    await named.listener.opened;
    named.connection.close();
  });

  test("G23 a wildcard holds for one label", async () => {
    const server = await listen(authority.issue({ commonName: "server", names: ["*.etcd.internal"] }));
    await expectService(server, () => dial(server.port, { ca, serverName: "a.etcd.internal" }));
    await expectRefusal(dial(server.port, { ca, serverName: "a.b.etcd.internal" }), /a\.b\.etcd\.internal/);
  });
});

describe("G23 the server's certificate:", () => {
  test("G23 a certificate of an authority that is not trusted is refused", async () => {
    const server = await listen();
    await expectRefusal(dial(server.port, {}), /\(pass the authority's certificate as tls\.ca\)$/);
    const other = createAuthority("other").cert;
    await expectRefusal(
      dial(server.port, { ca: other }),
      /certificate is not signed by an authority in tls\.ca\)$/,
    );
    await expectRefusal(
      dial(server.port, { ca: other, caFile: "/ca.pem" }),
      /certificate is not signed by an authority in tls\.caFile "\/ca\.pem"\)$/,
    );
  });

  test.each([
    ["that has expired", { notBefore: new Date(2_000, 1), notAfter: new Date(2_001, 1) }, /expired/],
    [
      "that is not valid yet",
      { notBefore: new Date(2_090, 1), notAfter: new Date(2_091, 1) },
      /not yet valid/,
    ],
  ])("G23 a certificate %s is refused", async (_what, validity, text) => {
    const server = await listen(authority.issue({ commonName: "server", names: ["127.0.0.1"], ...validity }));
    await expectRefusal(dial(server.port, { ca }), text);
  });
});

describe.each(["TLSv1.2", "TLSv1.3"] as const)("G23 a client certificate is wanted, %s:", (version) => {
  const mutual = (options: tls.TlsOptions = {}): tls.TlsOptions => ({
    ca,
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: version,
    maxVersion: version,
    ...options,
  });
  const good = authority.issue({ commonName: "client", names: [] });
  const stranger = createAuthority("stranger").issue({ commonName: "client", names: [] });
  const expired = authority.issue({
    commonName: "client",
    names: [],
    notBefore: new Date(2_000, 1),
    notAfter: new Date(2_001, 1),
  });

  test("G23 with the right one the calls are served", async () => {
    const server = await listen(mutual());
    await expectService(server, () => dial(server.port, { ca, ...good }));
  });

  test("G23 without one it is an authentication error that names tls.cert and tls.key", async () => {
    const server = await listen(mutual());
    await expectRefusal(
      dial(server.port, { ca }),
      /wants a client certificate \(tls\.cert, tls\.key\) and none was given/,
      16,
    );
  });

  // Node's servers hang up here without an alert: under TLS 1.3 that is an end of the stream after the handshake.
  test.each([
    ["of a stranger", stranger],
    ["that has expired", expired],
  ])("G23 with one %s it is an authentication error that names tls.cert and tls.key", async (_what, pair) => {
    const server = await listen(mutual());
    await expectRefusal(
      dial(server.port, { ca, ...pair }),
      /refused the client certificate \(tls\.cert, tls\.key\)/,
      16,
    );
  });

  // Under TLS 1.2 the verdict falls inside the handshake, where a reset may mean anything.
  test.runIf(version === "TLSv1.3")("G23 a reset in place of the alert is the same", async () => {
    const server = await listen(mutual({ rejectUnauthorized: false }));
    const front = net.createServer((near) => {
      const far = net.connect(server.port, "127.0.0.1");
      for (const socket of [near, far]) socket.on("error", () => {});
      near.pipe(far).pipe(near);
      void server.accept().then(() => {
        near.resetAndDestroy();
        far.destroy();
      });
    });
    await new Promise<void>((resolve) => front.listen(0, "127.0.0.1", resolve));
    cleanups.push(() => void front.close());
    const { port } = front.address() as AddressInfo;
    await expectRefusal(dial(port, { ca, ...stranger }), /refused the client certificate/, 16);
  });

  test("G23 a server that asks and takes us without one serves", async () => {
    const server = await listen(mutual({ rejectUnauthorized: false }));
    await expectService(server, () => dial(server.port, { ca }));
  });

  test("G23 the refusal costs one connection per backoff, not a hot loop, and each caller is told at once", async () => {
    const server = await listen(mutual());
    const connects = vi.spyOn(tls, "connect");
    try {
      const pool = new Pool(
        {
          addresses: [parseAddress(server.endpoint)],
          tls: { ca },
          limits: DEFAULT_CONNECTION_LIMITS,
          userAgent: "test",
          authenticate: undefined,
          probe: async (connection) => {
            await callUnary(connection, echoHead, Buffer.alloc(0), 1_000);
            return status(1n, 1n);
          },
        },
        nodeRuntime,
      );
      cleanups.push(() => {
        pool.close();
      });
      const attempt = (connection: Connection, leftMs: number): Promise<Uint8Array> =>
        callUnary(connection, echoHead, Buffer.from("x"), leftMs);
      for (let index = 0; index < 10; index++) {
        await expect(
          pool.call("nonRepeatable", "leader", { timeoutMs: 60_000 }, attempt),
        ).rejects.toMatchObject({ code: "ETCD_TLS", grpcCode: 16, mayHaveApplied: false });
      }
      // Ten callers, each told by a connection that was made for it at most.
      expect(connects.mock.calls.length).toBeLessThanOrEqual(20);
    } finally {
      connects.mockRestore();
    }
  });
});

describe("G23 the alerts of real servers:", () => {
  // Node's own servers send few of them, so the client's socket says what OpenSSL says of each.
  const alerts = [
    [42, "bad_certificate, etcd 3.4 for everything"],
    [45, "certificate_expired, etcd 3.7"],
    [46, "certificate_unknown"],
    [48, "unknown_ca, etcd 3.7"],
    [49, "access_denied"],
    [116, "certificate_required, etcd 3.7"],
  ] as const;
  const withAlert = (alert: number): Error =>
    Object.assign(new Error(`error:0A:SSL routines:ssl3_read_bytes:SSL alert number ${alert}\n`), {
      code: "ERR_SSL_ALERT",
      reason: `alert ${alert}`,
    });
  /** The next connections end like that when their handshake is done. */
  const endingWith = (alert: number) => {
    const real = tls.connect;
    return vi.spyOn(tls, "connect").mockImplementation(((options: tls.ConnectionOptions) => {
      const socket = real(options);
      socket.once("secureConnect", () => socket.destroy(withAlert(alert)));
      return socket;
    }) as typeof tls.connect);
  };

  test.each(alerts)("G23 alert %i, %s, is an authentication error", async (alert) => {
    const connects = endingWith(alert);
    try {
      const server = await listen();
      await expectRefusal(
        dial(server.port, { ca, ...authority.issue({ commonName: "client", names: [] }) }),
        new RegExp(`refused the client certificate \\(tls\\.cert, tls\\.key\\): alert ${alert}`),
        16,
      );
    } finally {
      connects.mockRestore();
    }
  });

  test("G23 handshake_failure is about our certificate if we have none, and may be about anything else if we have one", async () => {
    const connects = endingWith(40);
    try {
      const server = await listen();
      await expectRefusal(dial(server.port, { ca }), /wants a client certificate/, 16);
      const pair = authority.issue({ commonName: "client", names: [] });
      await expectRefusal(dial(server.port, { ca, ...pair }), /TLS with .* failed: alert 40/);
    } finally {
      connects.mockRestore();
    }
  });
});

describe("G23 later connections:", () => {
  test("G23 no session is resumed, so every connection checks the server's identity again", async () => {
    const server = await listen();
    const reused: boolean[] = [];
    const real = tls.connect;
    const connects = vi.spyOn(tls, "connect").mockImplementation(((options: tls.ConnectionOptions) => {
      expect(options.session).toBeUndefined();
      const socket = real(options);
      socket.once("secureConnect", () => reused.push(socket.isSessionReused()));
      return socket;
    }) as typeof tls.connect);
    const checks = vi.spyOn(tls, "checkServerIdentity");
    try {
      const options = { ca, serverName: "127.0.0.1" };
      await expectService(server, () => dial(server.port, options));
      await expectService(server, () => dial(server.port, options));
      expect(reused).toEqual([false, false]);
      expect(checks).toHaveBeenCalledTimes(2);
    } finally {
      connects.mockRestore();
      checks.mockRestore();
    }
  });

  test("G23 a server whose certificate was exchanged for one of another name is refused by the next connection", async () => {
    const pair = authority.issue({ commonName: "server", names: ["127.0.0.1"] });
    const raw = tls.createServer({ ...serverTls(), ...pair }, (socket) => {
      socket.on("error", () => {});
      socket.write(settingsFrame());
    });
    raw.on("tlsClientError", () => {});
    await new Promise<void>((resolve) => raw.listen(0, "127.0.0.1", resolve));
    cleanups.push(() => void raw.close());
    const { port } = raw.address() as AddressInfo;
    const first = dial(port, { ca });
    await first.listener.opened;
    raw.setSecureContext(authority.issue({ commonName: "server", names: ["elsewhere"] }));
    await expectRefusal(dial(port, { ca }), /tls\.serverName/);
    // The connection that was made before is not touched.
    expect(first.listener.events).toEqual(["open"]);
  });

  test("G23 the options are read anew for each connection: a getter that reads files is rotation", () => {
    const cluster = new InMemoryCluster(["https://a:1"]);
    let generation = 0;
    const tlsOptions: TlsOptions = {
      ca,
      get cert() {
        return `certificate ${++generation}`;
      },
      get key() {
        return `key ${generation}`;
      },
    };
    const seen: unknown[] = [];
    const pool = new Pool(
      {
        addresses: [parseAddress("https://a:1")],
        tls: tlsOptions,
        limits: DEFAULT_CONNECTION_LIMITS,
        userAgent: "test",
        authenticate: undefined,
        probe: cluster.probe,
      },
      cluster.runtime,
    );
    for (let round = 0; round < 2; round++) {
      pool.endpoints[0]!.connection("calls");
      const socket = cluster.runtime.sockets.at(-1)!;
      const { cert, key } = socket.target.tls!;
      seen.push([cert, key]);
      socket.close();
      cluster.runtime.advance(2_000);
    }
    expect(seen).toEqual([
      ["certificate 1", "key 1"],
      ["certificate 2", "key 2"],
    ]);
    pool.close();
  });

  test("G23 a refusing endpoint is tried ever more slowly: 30 connections at most in the first 20 seconds", () => {
    const cluster = new InMemoryCluster(["a:1"]);
    const { runtime } = cluster;
    runtime.random = () => 0.999;
    const [endpoint] = cluster.endpoints();
    const refusal = new ConnectionError("ETCD_TLS", "refused", { mayHaveApplied: false, grpcCode: 16 });
    const outcomes: RecordedCall[] = [];
    for (let ms = 0; ms < 20_000; ms++) {
      const connection = endpoint!.connection("calls");
      if (connection !== undefined) {
        const recorded = new RecordedCall();
        connection.callUnary(echoHead, Buffer.from("x"), unaryRecorder, recorded, { timeoutMs: 1_000 });
        outcomes.push(recorded);
        const socket = runtime.sockets.at(-1)!;
        // As TLS 1.3 does it: the handshake succeeds, then the server hangs up.
        socket.connected();
        socket.close(refusal);
      }
      runtime.advance(1);
    }
    expect(outcomes.length).toBeLessThanOrEqual(30);
    expect(outcomes.length).toBeGreaterThan(20);
    for (const { outcomes: told } of outcomes)
      expect(told).toEqual([{ code: "ETCD_TLS", mayHaveApplied: false, grpcCode: 16 }]);
    expect(endpoint!.lastError).toBe(refusal);
  });
});
