import { Metadata, credentials, status as Status } from "@grpc/grpc-js";
import type { ServiceError, StatusObject } from "@grpc/grpc-js";
import { once } from "node:events";
import http2 from "node:http2";
import type { ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { nodeRuntime } from "../../src/connection/runtime.js";
import {
  KVClient,
  MaintenanceClient,
  RangeRequest,
  SnapshotRequest,
  SnapshotResponse,
  WatchClient,
  WatchCreateRequest,
  WatchRequest,
} from "../../src/messages/generated.js";
import { GrpcChannel } from "../../src/rpc/grpc-channel.js";
import { DirectRouter, methodOf } from "../support/direct-router.js";
import { GrpcServer } from "../support/grpc-server.js";

const insecure = credentials.createInsecure();

/** node:http2 as a server whose answer to each call is set by the test. */
let onCall: (stream: ServerHttp2Stream, session: ServerHttp2Session, count: number) => void;
let callCount: number;
let peer: http2.Http2Server;
const sessions = new Set<ServerHttp2Session>();
let router: DirectRouter;
let channel: GrpcChannel;

const succeed = (stream: ServerHttp2Stream): void => {
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  stream.end(Buffer.alloc(5));
};

const connect = (target: string): void => {
  router = new DirectRouter(target);
  channel = new GrpcChannel({ router, runtime: nodeRuntime, methodOf });
};

const range = (metadata = new Metadata(), deadline = Infinity): Promise<ServiceError | null> =>
  new Promise((resolve) => {
    new KVClient("ignored", insecure, { channelOverride: channel }).Range(
      new RangeRequest({ key: Buffer.from("key") }),
      metadata,
      { deadline },
      (error) => resolve(error),
    );
  });

beforeEach(async () => {
  callCount = 0;
  peer = http2.createServer();
  peer.on("session", (session) => {
    sessions.add(session);
    session.on("close", () => sessions.delete(session));
    session.on("error", () => {});
    session.on("stream", (stream) => {
      stream.on("error", () => {});
      onCall(stream, session, ++callCount);
    });
  });
  peer.listen(0, "127.0.0.1");
  await once(peer, "listening");
  connect(`127.0.0.1:${(peer.address() as AddressInfo).port}`);
});

afterEach(() => {
  router.release();
  for (const session of sessions) session.destroy();
  peer.close();
});

describe("a call that never reached a server is sent again", () => {
  test("at once after the first refusal", async () => {
    onCall = (stream, _session, count) => {
      if (count === 1) stream.close(http2.constants.NGHTTP2_REFUSED_STREAM);
      else succeed(stream);
    };
    expect(await range()).toBeNull();
    expect(callCount).toBe(2);
    expect(router.errors.map(({ code }) => code)).toEqual(["ETCD_REFUSED"]);
  });

  test("on a new connection after GOAWAY", async () => {
    onCall = (stream, session, count) => {
      // Node takes 0 for "the last one", so the GOAWAY names the call before.
      if (count === 2) session.goaway(0, 1);
      else succeed(stream);
    };
    expect(await range()).toBeNull();
    expect(await range()).toBeNull();
    expect(callCount).toBe(3);
  });

  test("five times in all, then it fails", async () => {
    onCall = (stream) => stream.close(http2.constants.NGHTTP2_REFUSED_STREAM);
    const error = await range();
    expect(error).toMatchObject({ code: Status.UNAVAILABLE });
    expect(error!.cause).toMatchObject({ code: "ETCD_REFUSED", mayHaveApplied: false });
    expect(callCount).toBe(5);
  });

  test("for as long as the deadline lets it with waitForReady", async () => {
    onCall = (stream, _session, count) => {
      if (count <= 6) stream.close(http2.constants.NGHTTP2_REFUSED_STREAM);
      else succeed(stream);
    };
    const metadata = new Metadata();
    metadata.setOptions({ waitForReady: true });
    expect(await range(metadata, Date.now() + 10_000)).toBeNull();
    expect(callCount).toBe(7);
  });

  test("not beyond its deadline", async () => {
    onCall = (stream) => stream.close(http2.constants.NGHTTP2_REFUSED_STREAM);
    const metadata = new Metadata();
    metadata.setOptions({ waitForReady: true });
    const startMs = performance.now();
    expect(await range(metadata, Date.now() + 100)).toMatchObject({ code: expect.any(Number) as number });
    expect(performance.now() - startMs).toBeLessThan(1_000);
  });

  test("also a stream, with its one message", async () => {
    const received: Buffer[] = [];
    onCall = (stream, _session, count) => {
      if (count === 1) stream.close(http2.constants.NGHTTP2_REFUSED_STREAM);
      else {
        stream.on("data", (bytes: Buffer) => received.push(bytes));
        stream.on("end", () => succeed(stream));
      }
    };
    const stream = new WatchClient("ignored", insecure, { channelOverride: channel }).Watch();
    stream.write(new WatchRequest({ create_request: new WatchCreateRequest({ key: Buffer.from("k") }) }));
    await sleep(30);
    stream.end();
    stream.resume();
    const [status] = (await once(stream, "status")) as [StatusObject];
    expect(status.code).toBe(Status.OK);
    expect(callCount).toBe(2);
    expect(Buffer.concat(received).length).toBe(5 + 2 + 3);
  });
});

describe("a call that may have reached a server is not sent again", () => {
  test.each([
    [
      "the connection is lost",
      (_stream: ServerHttp2Stream, session: ServerHttp2Session) => session.destroy(),
      Status.UNAVAILABLE,
    ],
    [
      "it is reset",
      (stream: ServerHttp2Stream) => stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR),
      Status.INTERNAL,
    ],
    [
      "the server says UNAVAILABLE",
      (stream: ServerHttp2Stream) =>
        stream.respond(
          { ":status": 200, "content-type": "application/grpc", "grpc-status": "14" },
          { endStream: true },
        ),
      Status.UNAVAILABLE,
    ],
  ])("when %s", async (_name, answer, code) => {
    onCall = answer;
    const error = await range();
    expect(error).toMatchObject({ code });
    expect(error!.cause).toMatchObject({ mayHaveApplied: true });
    await sleep(50);
    expect(callCount).toBe(1);
  });
});

describe("a unary response", () => {
  test.each([
    ["no message", Buffer.alloc(0)],
    ["two messages", Buffer.alloc(10)],
  ])("with %s and status OK is INTERNAL, as the call can have no result", async (_name, body) => {
    onCall = (stream) => {
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
      stream.end(body);
    };
    expect(await range()).toMatchObject({ code: Status.INTERNAL });
  });

  test("with metadata that grpc-js finds illegal keeps its outcome", async () => {
    onCall = (stream) => {
      stream.respond(
        { ":status": 200, "content-type": "application/grpc", odd: "\u00e9", fine: "yes" },
        { waitForTrailers: true },
      );
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0", "x-bin": "AQI" }));
      stream.end(Buffer.alloc(5));
    };
    expect(await range()).toBeNull();
  });
});

test("a unary call without a deadline has the method's", async () => {
  onCall = () => {};
  const short = new GrpcChannel({
    router,
    runtime: nodeRuntime,
    methodOf: (path) => ({ ...methodOf(path), timeoutMs: 40 }),
  });
  channel = short;
  expect(await range()).toMatchObject({ code: Status.DEADLINE_EXCEEDED });
});

test("a reader that stops holds a flood of small messages back, whatever their number", async () => {
  const server = new GrpcServer();
  await server.listen();
  const total = 300_000;
  let written = 0;
  server.snapshot = (call) => {
    const message = new SnapshotResponse();
    const write = (): void => {
      while (written < total) {
        written++;
        if (!call.write(message)) {
          call.once("drain", write);
          return;
        }
      }
      call.end();
    };
    write();
  };
  connect(server.address);
  const stream = new MaintenanceClient("ignored", insecure, { channelOverride: channel }).Snapshot(
    new SnapshotRequest(),
  );
  stream.read();
  await sleep(200);
  stream.on("error", () => {});
  // 5 bytes each: the window of 1 MiB holds 210,000 of them, in bytes, not as objects.
  expect(stream.readableLength).toBeLessThan(100);
  stream.cancel();
  const [error] = (await once(stream, "error")) as [ServiceError];
  expect(error.code).toBe(Status.CANCELLED);
  channel.close();
  expect(router.released).toBe(true);
  server.kill();
});

test("messages stay as they are after later ones have come", async () => {
  const server = new GrpcServer();
  await server.listen();
  server.snapshot = (call) => {
    for (let i = 0; i < 200; i++) call.write(new SnapshotResponse({ blob: Buffer.alloc(1_000, i) }));
    call.end();
  };
  connect(server.address);
  const stream = new MaintenanceClient("ignored", insecure, { channelOverride: channel }).Snapshot(
    new SnapshotRequest(),
  );
  const parts: SnapshotResponse[] = [];
  for await (const part of stream as AsyncIterable<SnapshotResponse>) parts.push(part);
  expect(parts.map(({ blob }) => blob[999])).toEqual(parts.map((_, i) => i));
  expect(parts.length).toBe(200);
  channel.close();
  server.kill();
});

test("a callback that throws is an uncaught exception and harms no other call", async () => {
  onCall = succeed;
  const thrown = new Promise<unknown>((resolve) => {
    const others = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException");
    process.once("uncaughtException", (error) => {
      for (const listener of others) process.on("uncaughtException", listener);
      resolve(error);
    });
  });
  const kv = new KVClient("ignored", insecure, { channelOverride: channel });
  kv.Range(new RangeRequest(), () => {
    throw new Error("the caller's mistake");
  });
  const next = range();
  expect(await thrown).toMatchObject({ message: "the caller's mistake" });
  expect(await next).toBeNull();
});
