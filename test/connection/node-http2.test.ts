import http2 from "node:http2";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import type { Connection } from "../../src/connection/connection.js";
import { nodeRuntime } from "../../src/connection/runtime.js";
import { createAuthority } from "../../src/testing/certificates.js";
import { call, connect, open } from "../support/recorded-call.js";

/** Node's own HTTP/2 server judges our frames: it resets what breaks the protocol. */
const authority = createAuthority("test authority");
const certificate = authority.issue({ commonName: "server", names: ["127.0.0.1"] });

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

type Answer = (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => void;

const start = async (
  secure: boolean,
  answer: Answer,
  settings: http2.Settings = {},
): Promise<{ connection: Connection; judgements: string[] }> => {
  const judgements: string[] = [];
  const server = secure
    ? http2.createSecureServer({ ...certificate, settings })
    : http2.createServer({ settings });
  server.on("stream", (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => {
    stream.on("error", (error: Error) => judgements.push(error.message));
    answer(stream, headers);
  });
  server.on("sessionError", (error: Error) => judgements.push(error.message));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const { connection } = connect(nodeRuntime, {
    target: {
      endpoint: `127.0.0.1:${port}`,
      host: "127.0.0.1",
      port,
      tls: secure ? { ca: authority.cert } : undefined,
    },
  });
  cleanups.push(() => {
    connection.close();
    server.close();
  });
  return { connection, judgements };
};

/** A unary gRPC method that sends its request back. */
const echo: Answer = (stream) => {
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  stream.on("end", () => {
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    stream.end(Buffer.concat(chunks));
  });
};

/** A streaming gRPC method that sends every byte back as it comes. */
const echoStream: Answer = (stream) => {
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  stream.pipe(stream);
};

describe.each([
  ["TCP", false],
  ["TLS", true],
])("against node:http2 over %s", (_name, secure) => {
  test("1,000 unary calls of all sizes, in batches, get their own replies", async () => {
    const { connection, judgements } = await start(secure, echo);
    let made = 0;
    const worker = async (): Promise<void> => {
      while (made < 1_000) {
        const index = made++;
        const message = `${index} `.repeat(index % 50 === 0 ? 20_000 : index % 7);
        expect(await call(connection, message).settled).toEqual({ reply: message });
      }
    };
    await Promise.all(Array.from({ length: 64 }, worker));
    expect(judgements).toEqual([]);
  });

  test("calls over the server's limit of 5 streams wait and are all answered", async () => {
    let most = 0;
    let now = 0;
    const { connection, judgements } = await start(
      secure,
      (stream, headers) => {
        most = Math.max(most, ++now);
        stream.on("close", () => now--);
        echo(stream, headers);
      },
      { maxConcurrentStreams: 5 },
    );
    const calls = Array.from({ length: 200 }, (_, index) => call(connection, String(index)));
    const outcomes = await Promise.all(calls.map((recorded) => recorded.settled));
    expect(outcomes).toEqual(calls.map((_, index) => ({ reply: String(index) })));
    expect(most).toBeLessThanOrEqual(5);
    expect(judgements).toEqual([]);
  });

  test("20 MB travel there and back on one stream, with a reader that stops now and then", async () => {
    const { connection, judgements } = await start(secure, echoStream);
    const stream = open(connection);
    const message = Buffer.alloc(100_000);
    for (let at = 0; at < message.length; at++) message[at] = at * 7;
    const expected = message.toString("latin1");
    let received = 0;
    stream.onMessage = (text) => {
      expect(text === expected).toBe(true);
      stream.messages.length = 0;
      if (++received % 40 === 0) {
        const running = stream.stream!;
        connection.pause(running);
        setTimeout(() => connection.resume(running), 5);
      }
    };
    let sent = 0;
    await new Promise<void>((resolve) => {
      const more = (): void => {
        for (let index = 0; index < 10; index++, sent++) connection.send(stream.stream!, message);
        if (sent < 200) return;
        stream.onDrain = undefined;
        connection.end(stream.stream!);
        resolve();
      };
      stream.onDrain = more;
      more();
    });
    expect(await stream.settled).toEqual({ status: 0, message: "" });
    expect(received).toBe(200);
    expect(judgements).toEqual([]);
  });

  test("a small window and a small header table on the server's side are kept to", async () => {
    const { connection, judgements } = await start(secure, echo, {
      initialWindowSize: 100,
      headerTableSize: 0,
    });
    const messages = Array.from({ length: 20 }, (_, index) => "x".repeat(index * 300));
    const outcomes = await Promise.all(messages.map((message) => call(connection, message).settled));
    expect(outcomes).toEqual(messages.map((message) => ({ reply: message })));
    expect(judgements).toEqual([]);
  });

  test("calls whose deadline passes are cancelled there, and the others go on", async () => {
    const codes: (number | undefined)[] = [];
    const { connection, judgements } = await start(secure, (stream, headers) => {
      stream.on("close", () => codes.push(stream.rstCode));
      if (headers["grpc-timeout"] !== "50m") echo(stream, headers);
    });
    expect(await call(connection, "before").settled).toEqual({ reply: "before" });
    const dropped = Array.from({ length: 10 }, () => call(connection, "dropped", 50));
    for (const recorded of dropped) {
      expect(await recorded.settled).toEqual({
        code: "ETCD_DEADLINE_EXCEEDED",
        mayHaveApplied: true,
        grpcCode: 4,
      });
    }
    expect(await call(connection, "after").settled).toEqual({ reply: "after" });
    expect(codes.filter((code) => code === http2.constants.NGHTTP2_CANCEL)).toHaveLength(10);
    expect(judgements).toEqual([]);
  });

  test("a server that goes away lets the calls under way finish", async () => {
    const sessions = new Set<http2.ServerHttp2Session>();
    const { connection, judgements } = await start(secure, (stream) => {
      sessions.add(stream.session as http2.ServerHttp2Session);
      stream.session!.close();
      setTimeout(() => echo(stream, {}), 20);
    });
    const recorded = call(connection, "last");
    expect(await recorded.settled).toEqual({ reply: "last" });
    expect(call(connection, "too late").outcomes).toMatchObject([{ mayHaveApplied: false }]);
    expect(judgements).toEqual([]);
  });
});
