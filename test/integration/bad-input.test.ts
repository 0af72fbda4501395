import { createServer as createHttpServer } from "node:http";
import { createSecureServer, createServer as createHttp2Server } from "node:http2";
import net from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import tls from "node:tls";
import { Server as GrpcServer, ServerCredentials } from "@grpc/grpc-js";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { ArgumentError, Client, EtcdError, Mutex, Session, op, param } from "../../src/index.js";
import type { ClientOptions, ErrorCode } from "../../src/index.js";
import { EtcdCluster, createAuthority } from "../../src/testing/index.js";
import { freePorts } from "../../src/testing/free-port.js";
import { settingsFrame } from "../support/frames.js";
import { spawnSource } from "../support/source-process.js";

/** How late an error may be on a busy machine. */
const LATE_MS = 700;

const unhandled: unknown[] = [];
const note = (error: unknown): void => {
  unhandled.push(error);
};
const closers: (() => Promise<void> | void)[] = [];

beforeAll(() => {
  process.on("unhandledRejection", note);
  process.on("uncaughtException", note);
});

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  await sleep(20);
  expect(unhandled.splice(0)).toEqual([]);
});

afterAll(() => {
  process.off("unhandledRejection", note);
  process.off("uncaughtException", note);
});

const authority = createAuthority("bad input tests");
const { cert, key } = authority.issue({ commonName: "server", names: ["127.0.0.1", "localhost"] });
const secure = { cert, key };
const trusting = { tls: { ca: authority.cert } };

const listen = async (server: Server): Promise<string> => {
  const sockets = new Set<Socket>();
  for (const event of ["connection", "secureConnection"]) {
    server.on(event, (socket: Socket) => {
      sockets.add(socket);
      socket.on("error", () => {});
    });
  }
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
};

const connect = (endpoints: string | readonly string[], options: Partial<ClientOptions> = {}): Client => {
  const client = new Client({ endpoints, ...options });
  closers.push(() => client.close());
  return client;
};

const failureOf = async (promise: Promise<unknown>): Promise<EtcdError> => {
  try {
    await promise;
  } catch (error) {
    expect(error).toBeInstanceOf(EtcdError);
    return error as EtcdError;
  }
  throw new Error("it succeeded");
};

const SHAPE = { then: [op.put(param.key("key"), "value")] };

/** What a broken endpoint must look like to a caller, from every door, and `close()` in the middle of it. */
const expectFailure = async (
  endpoint: string,
  code: ErrorCode,
  advice: RegExp,
  options: Partial<ClientOptions> = {},
  timeoutMs = 400,
): Promise<void> => {
  const client = connect(endpoint, options);
  const put = client.prepare(SHAPE, { timeoutMs });
  const startMs = performance.now();
  const errors = await Promise.all([
    failureOf(put.run({ key: "k" })),
    failureOf(put.run({ key: "k" }, { signal: new AbortController().signal })),
    failureOf(client.leader({ timeoutMs })),
    failureOf(Session.create(client, { timeoutMs })),
    new Promise<EtcdError>((resolve) => put.submit({ key: "k" }, (error) => resolve(error!))),
  ]);
  expect(performance.now() - startMs).toBeLessThan(timeoutMs + LATE_MS);
  for (const error of errors) {
    expect(error.code, error.message).toBe(code);
    expect(error.message).toContain(endpoint);
    expect(error.message).toMatch(advice);
    expect(error.endpoint).toBe(endpoint);
    expect(error.mayHaveApplied).toBe(false);
  }
  expect(new Set(errors).size).toBe(errors.length);

  // Aborted while it waits, if it waits at all.
  const controller = new AbortController();
  const aborted = failureOf(put.run({ key: "k" }, { signal: controller.signal }));
  controller.abort(new Error("enough"));
  expect((await aborted).code).toBe("ETCD_ABORTED");
  expect((await failureOf(client.leader({ signal: controller.signal }))).code).toBe("ETCD_ABORTED");

  // Closed while calls wait: all of them end now.
  const waiting = [put.run({ key: "k" }), client.leader(), Session.create(client)].map(failureOf);
  const submitted = new Promise<EtcdError>((resolve) => put.submit({ key: "k" }, (error) => resolve(error!)));
  await Promise.resolve();
  const closeMs = performance.now();
  await client.close();
  for (const error of await Promise.all([...waiting, submitted])) expect(error.code).toBe("ETCD_CLOSED");
  expect(performance.now() - closeMs).toBeLessThan(LATE_MS);
  expect((await failureOf(put.run({ key: "k" }))).code).toBe("ETCD_CLOSED");
  await client.close();
};

describe("a server that cannot serve", () => {
  test("nothing listening", async () => {
    const [port] = await freePorts(1);
    await expectFailure(`127.0.0.1:${port}`, "ETCD_UNREACHABLE", /nothing listens there/);
  });

  test("no such host", async () => {
    await expectFailure(
      "no-such-host.invalid:2379",
      "ETCD_UNREACHABLE",
      /no such host|name service|connect/,
      {},
      1_000,
    );
  });

  test("an HTTP/1 server", async () => {
    const endpoint = await listen(createHttpServer((_request, response) => response.end("hello")));
    await expectFailure(endpoint, "ETCD_NOT_ETCD", /HTTP\/1/);
  });

  test("an HTTP/2 server that is not gRPC", async () => {
    const server = createHttp2Server((_request, response) => response.end("hello"));
    await expectFailure(await listen(server), "ETCD_NOT_ETCD", /client port/);
  });

  test("a gRPC server that is not etcd", async () => {
    const server = new GrpcServer();
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => {
        if (error === null) resolve(bound);
        else reject(error);
      });
    });
    closers.push(() => server.forceShutdown());
    await expectFailure(`127.0.0.1:${port}`, "ETCD_UNIMPLEMENTED", /client port/);
  });

  test("a plaintext client at a TLS port", async () => {
    const endpoint = await listen(tls.createServer({ ...secure, ALPNProtocols: ["h2"] }));
    // Node and etcd hang up without a word: a TLS alert, which some servers send, is ETCD_NOT_ETCD.
    await expectFailure(endpoint, "ETCD_UNREACHABLE", /https:/);
  });

  test("a TLS client at a plaintext port", async () => {
    const endpoint = await listen(createHttpServer((_request, response) => response.end("hello")));
    await expectFailure(endpoint, "ETCD_TLS", /plaintext|http:/, trusting);
  });

  test("a certificate of an unknown authority", async () => {
    const endpoint = await listen(createSecureServer(secure));
    await expectFailure(endpoint, "ETCD_TLS", /tls\.ca/, { tls: {} });
  });

  test("a certificate for another name", async () => {
    const endpoint = await listen(createSecureServer(secure));
    await expectFailure(endpoint, "ETCD_TLS", /tls\.serverName/, {
      tls: { ca: authority.cert, serverName: "elsewhere.example" },
    });
  });

  test("TLS without HTTP/2 in its ALPN, or with another protocol", async () => {
    await expectFailure(await listen(tls.createServer(secure)), "ETCD_TLS", /ALPN/, trusting);
    await expectFailure(
      await listen(tls.createServer({ ...secure, ALPNProtocols: ["http/1.1"] })),
      "ETCD_TLS",
      /ALPN|client port|protocol/i,
      trusting,
    );
  });

  test("a certificate that is no certificate", async () => {
    const endpoint = await listen(createSecureServer(secure));
    const tls = { ca: authority.cert, cert: "no", key: "no" };
    expect(() => new Client({ endpoints: endpoint, tls })).toThrow(/^tls\.cert cannot be used/);
  });

  test("one that hangs up on everybody", async () => {
    const endpoint = await listen(net.createServer((socket) => socket.destroy()));
    await expectFailure(endpoint, "ETCD_UNREACHABLE", /closed|broke|connect/);
  });

  test("silence after TCP", async () => {
    const endpoint = await listen(net.createServer(() => {}));
    await expectFailure(endpoint, "ETCD_UNREACHABLE", /client port/);
    // The connection's own limit first, the caller's deadline later.
    await expectFailure(endpoint, "ETCD_UNREACHABLE", /connect/, { limits: { connectTimeoutMs: 100 } });
  });

  test("silence instead of a TLS handshake", async () => {
    const endpoint = await listen(net.createServer(() => {}));
    await expectFailure(endpoint, "ETCD_UNREACHABLE", /client port/, trusting);
  });

  test("silence after the TLS handshake", async () => {
    const endpoint = await listen(tls.createServer({ ...secure, ALPNProtocols: ["h2"] }));
    await expectFailure(endpoint, "ETCD_UNREACHABLE", /client port/, trusting);
  });

  test("silence after SETTINGS", async () => {
    const endpoint = await listen(net.createServer((socket) => socket.write(settingsFrame())));
    await expectFailure(endpoint, "ETCD_DEADLINE_EXCEEDED", /stopped, or overloaded/);
    // Longer than one Status may take.
    await expectFailure(endpoint, "ETCD_DEADLINE_EXCEEDED", /stopped, or overloaded/, {}, 1_500);
  });

  test("all endpoints bad in different ways: each is named with its reason", async () => {
    const [port] = await freePorts(1);
    const refused = `127.0.0.1:${port}`;
    const http = await listen(createHttpServer((_request, response) => response.end("hello")));
    const silent = await listen(net.createServer(() => {}));
    const client = connect([refused, http, silent]);
    const error = await failureOf(client.prepare(SHAPE).run({ key: "k" }, { timeoutMs: 2_000 }));
    expect(error.code).toBe("ETCD_UNREACHABLE");
    for (const endpoint of [refused, http, silent]) expect(error.message).toContain(endpoint);
    expect(error.message).toMatch(/nothing listens there/);
    expect(error.message).toMatch(/HTTP\/1/);
  });
});

describe("bad arguments", () => {
  const bad = (options: unknown, text: RegExp): void => {
    expect(() => new Client(options as ClientOptions)).toThrow(ArgumentError);
    expect(() => new Client(options as ClientOptions)).toThrow(text);
  };

  test("of the client: each is refused at once and named", () => {
    const endpoints = "127.0.0.1:2379";
    bad(undefined, /options must be an object/);
    bad({}, /endpoints must be texts/);
    bad({ endpoints: [] }, /at least one/);
    bad({ endpoints: [2379] }, /endpoints must be texts/);
    bad({ endpoints: "127.0.0.1" }, /"127\.0\.0\.1" has no port: write "127\.0\.0\.1:2379"/);
    bad({ endpoints: ["a:1", "https://b"] }, /"https:\/\/b" has no port/);
    bad({ endpoint: endpoints }, /unknown option endpoint; known are endpoints/);
    bad({ endpoints, tls: { caFile: "x" } }, /tls.caFile cannot be read/);
    bad({ endpoints, tls: true }, /tls must be an object/);
    bad({ endpoints, tls: { cert: "x" } }, /belong together/);
    bad({ endpoints: "http://a:1", tls: {} }, /drop one of them/);
    bad({ endpoints, timeoutMs: 0 }, /timeoutMs is 0/);
    bad({ endpoints, timeoutMs: Infinity }, /timeoutMs is Infinity/);
    bad({ endpoints, timeoutMs: "5" }, /timeoutMs is "5"/);
    bad({ endpoints, limits: { pingMs: 1 } }, /unknown option limits\.pingMs/);
    bad({ endpoints, limits: { frameMaxBytes: 1 } }, /frameMaxBytes is 1/);
    bad({ endpoints, limits: { connectTimeoutMs: NaN } }, /connectTimeoutMs is NaN/);
    bad({ endpoints, auth: { user: "", password: "x" } }, /auth\.user/);
    bad({ endpoints, auth: "root" }, /auth must be an object/);
  });

  test("of calls: nothing is sent, and no server is needed to find out", async () => {
    const [port] = await freePorts(1);
    const client = connect(`127.0.0.1:${port}`);
    const put = client.prepare(SHAPE);
    const refuses = async (promise: Promise<unknown>, text: RegExp): Promise<void> => {
      const error = await failureOf(promise);
      expect(error).toBeInstanceOf(ArgumentError);
      expect(error.message).toMatch(text);
      expect(error).toMatchObject({ code: "ETCD_INVALID_ARGUMENT", mayHaveApplied: false });
    };
    await refuses(put.run({ key: "" }), /key/);
    expect(() => put.submit({ key: "" }, () => {})).toThrow(ArgumentError);
    await refuses(put.run({ key: "k" }, { timeoutMs: 0 }), /timeoutMs is 0/);
    await refuses(put.run({ key: "k" }, { timeoutMs: NaN }), /timeoutMs is NaN/);
    await refuses(put.run({ key: "k" }, { timeout: 1 } as object), /unknown option timeout/);
    await refuses(client.leader({ retries: 1 } as object), /unknown option retries/);
    expect(() => client.prepare(SHAPE, { idempotent: true } as object)).toThrow(/unknown option idempotent/);
    for (const ttlSeconds of [0, -1, 0.5, NaN, 9_000_000_001])
      await refuses(Session.create(client, { ttlSeconds }), /ttlSeconds/);
    await refuses(Session.create(client, { ttl: 5 } as object), /unknown option ttl/);
  });
});

describe("against a real etcd", () => {
  let plain: EtcdCluster;
  let withTls: EtcdCluster;

  beforeAll(async () => {
    [plain, withTls] = await Promise.all([EtcdCluster.start(), EtcdCluster.start({ tls: "mutual" })]);
  });

  afterAll(async () => {
    await Promise.all([plain.close(), withTls.close()]);
  });

  test("TLS at a plaintext port, plaintext at a TLS port, no client certificate", async () => {
    await expectFailure(plain.endpoints[0]!, "ETCD_TLS", /plaintext/, trusting);
    await expectFailure(withTls.endpoints[0]!, "ETCD_UNREACHABLE", /https:/);
    await expectFailure(withTls.endpoints[0]!, "ETCD_TLS", /client certificate/, {
      tls: { ca: withTls.tls!.ca },
    });
  });

  test("a key over the server's limit is refused with the server's word for it", async () => {
    const put = connect(plain.endpoints).prepare(SHAPE);
    // Above the limit of requests, and above what the server's gRPC takes in at all.
    for (const keyBytes of [1_600_000, 3_000_000]) {
      const error = await failureOf(put.run({ key: "k".repeat(keyBytes) }));
      expect(["ETCD_REQUEST_TOO_LARGE", "ETCD_MESSAGE_TOO_LARGE"]).toContain(error.code);
      expect(error).toMatchObject({ endpoint: plain.endpoints[0], mayHaveApplied: false });
    }
    await put.run({ key: "k" });
  });

  test("bad locks and sessions are refused with a reason, and the session stays usable", async () => {
    const client = connect(plain.endpoints);
    const session = await Session.create(client, { ttlSeconds: 5 });
    expect(() => new Mutex(session, "")).toThrow(ArgumentError);
    expect(() => new Mutex(session, "x".repeat(1024 * 1024))).toThrow(ArgumentError);
    const mutex = new Mutex(session, "bad-input");
    await failureOf(mutex.lock({ timeout: 1 } as object));
    await failureOf(mutex.lock({ timeoutMs: -1 }));
    const lock = await mutex.lock();
    await lock.release();
    await session.close();
  });

  test("members of two clusters are never mixed", async () => {
    const other = await EtcdCluster.start();
    try {
      const client = connect([plain.endpoints[0]!, other.endpoints[0]!]);
      const put = client.prepare(SHAPE);
      await put.run({ key: "mixed" });
      const own = (await client.leader()).endpoint === other.endpoints[0] ? other : plain;
      await own.members[0]!.kill();
      // A write before the client has read the connection's end would be lost with it instead.
      await sleep(100);
      const error = await failureOf(put.run({ key: "mixed" }, { timeoutMs: 2_000 }));
      expect(error.code).toBe("ETCD_CLUSTER_MISMATCH");
    } finally {
      await other.close();
      if (plain.members[0]!.state === "stopped") await plain.members[0]!.restart();
    }
  });

  /** How a program that uses the client ends. */
  const runProgram = async (mode: string): Promise<{ code: number | null; lines: string[]; ms: number }> => {
    const startMs = performance.now();
    const child = spawnSource("test/support/client-program.ts", [mode, plain.endpoints[0]!]);
    const lines: string[] = [];
    let stderr = "";
    child.stderr.on("data", (text: Buffer) => (stderr += text.toString()));
    createInterface({ input: child.stdout }).on("line", (line) => lines.push(line));
    const timer = setTimeout(() => child.kill("SIGKILL"), 15_000);
    const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
    clearTimeout(timer);
    expect(stderr).toBe("");
    return { code, lines, ms: performance.now() - startMs };
  };

  test("a program that closes its client ends, and so does one that forgets to", async () => {
    expect(await runProgram("close")).toMatchObject({ code: 0, lines: ["put"] });
    expect(await runProgram("forget")).toMatchObject({ code: 0, lines: ["put"] });
  });

  test("a program with a call under way, or waiting for a server, does not end early", async () => {
    // Nothing listens at first: the call waits for the server, and nothing but the call holds the process.
    expect(await runProgram("unreachable")).toMatchObject({ code: 0, lines: ["ETCD_UNREACHABLE"] });
    expect(await runProgram("silent")).toMatchObject({ code: 0, lines: ["ETCD_DEADLINE_EXCEEDED"] });
  });
});
