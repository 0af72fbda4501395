import { describe, expect, test } from "vitest";
import type { Connection } from "../../src/connection/connection.js";
import { ConnectionError } from "../../src/errors.js";
import { memberHead } from "../../src/rpc/method.js";
import { dataFrame, goawayFrame } from "../support/frames.js";
import { grpcMessage, okHeaders, reply, trailers } from "../support/peer-frames.js";
import type { MemorySocket } from "../support/memory-socket.js";
import { InMemoryCluster } from "./in-memory-cluster.js";

const make = () => {
  const events: string[] = [];
  const cluster = new InMemoryCluster(["a:1"]);
  const [endpoint] = cluster.endpoints({
    onOpen: (_endpoint: unknown, kind: string) => events.push(`open ${kind}`),
    onUnusable: (_endpoint: unknown, kind: string) => events.push(`unusable ${kind}`),
    onSilence: () => events.push("silent"),
  } as never);
  return { cluster, endpoint: endpoint!, events };
};

test("calls and streams have a connection each, made when first asked for", async () => {
  const { cluster, endpoint, events } = make();
  expect(cluster.runtime.sockets).toHaveLength(0);
  const calls = endpoint.connection("calls");
  expect(endpoint.isConnecting).toBe(true);
  expect(endpoint.opened("calls")).toBeUndefined();
  await cluster.pass(0);
  expect(endpoint.opened("calls")).toBe(calls);
  expect(endpoint.connection("calls")).toBe(calls);
  expect(endpoint.connection("streams")).not.toBe(calls);
  await cluster.pass(0);
  expect(events).toEqual(["open calls", "open streams"]);
});

test("a server that ends every connection at once is tried ever more slowly; one that lasted is tried at once", async () => {
  const { cluster, endpoint } = make();
  cluster.runtime.random = () => 0.999;
  const waits: number[] = [];
  for (let i = 0; i < 9; i++) {
    endpoint.connection("calls");
    await cluster.pass(0);
    cluster.runtime.sockets.at(-1)!.close();
    waits.push(endpoint.retryAtMs - cluster.runtime.now());
    expect(endpoint.connection("calls")).toBeUndefined();
    cluster.runtime.nowMs = endpoint.retryAtMs;
  }
  // Full jitter, here with the longest throw.
  expect(waits).toEqual([10, 20, 40, 80, 160, 320, 640, 999, 999]);
  endpoint.connection("calls");
  await cluster.pass(1_000);
  cluster.runtime.sockets.at(-1)!.close();
  expect(endpoint.retryAtMs - cluster.runtime.now()).toBeCloseTo(10, 0);
});

test("the last error stays until a connection opens", async () => {
  const { cluster, endpoint, events } = make();
  const error = new ConnectionError("ETCD_UNREACHABLE", "refused", { mayHaveApplied: false });
  endpoint.connection("calls");
  cluster.runtime.sockets[0]!.close(error);
  expect(endpoint.lastError).toBe(error);
  expect(events).toEqual(["unusable calls"]);
  await cluster.pass(20);
  endpoint.connection("calls");
  const mended = cluster.runtime.sockets.at(-1)!;
  expect(mended).not.toBe(cluster.runtime.sockets[0]);
  await cluster.pass(0);
  expect(endpoint.lastError).toBeUndefined();
});

test("a connection that drains is replaced, and closed with the endpoint", async () => {
  const { cluster, endpoint, events } = make();
  const old = endpoint.connection("calls")!;
  await cluster.pass(0);
  const handler = { unary: false, wantsMetadata: false, onSuccess() {}, onStatus() {}, onError() {} };
  old.openStream(memberHead("/test"), handler, undefined, { timeoutMs: 1_000 });
  await cluster.pass(0);
  cluster.runtime.sockets[0]!.receive(goawayFrame(1, 0));
  expect(old.state).toBe("draining");
  expect(endpoint.connection("calls")).not.toBe(old);
  expect(events).toEqual(["open calls", "unusable calls"]);
  await cluster.pass(20);
  const next = endpoint.connection("calls")!;
  expect(next).toBeDefined();
  endpoint.close();
  expect([old.state, next.state]).toEqual(["closed", "closed"]);
  await cluster.pass(2_000);
  expect(endpoint.connection("calls")).toBeUndefined();
});

test("what the calls of an ending connection start does not land on it", async () => {
  const { cluster, endpoint } = make();
  const connection = endpoint.connection("calls")!;
  await cluster.pass(0);
  let inHandler: unknown = "not called";
  const handler = {
    unary: true,
    wantsMetadata: false,
    onSuccess() {},
    onStatus() {},
    onError: () => {
      inHandler = endpoint.connection("calls");
    },
  };
  connection.callUnary(memberHead("/test"), new Uint8Array(1), handler, undefined, { timeoutMs: 1_000 });
  await cluster.pass(0);
  cluster.runtime.sockets[0]!.close();
  expect(inHandler).toBeUndefined();
});

test("a connection after too_many_pings pings half as often, and the one after that a quarter", async () => {
  const { cluster, endpoint } = make();
  const handler = { unary: false, wantsMetadata: false, onSuccess() {}, onStatus() {}, onError() {} };
  const pingedAfterMs: number[] = [];
  for (let round = 0; round < 3; round++) {
    const connection = endpoint.connection("streams")!;
    await cluster.pass(0);
    connection.openStream(memberHead("/test"), handler, undefined, { timeoutMs: Infinity });
    await cluster.pass(0);
    const socket = cluster.runtime.sockets.at(-1)!;
    socket.takeFrames();
    let waitedMs = 0;
    while (!socket.taken().some((text) => text.startsWith("PING "))) {
      await cluster.pass(1_000);
      waitedMs += 1_000;
    }
    pingedAfterMs.push(waitedMs);
    socket.receive(goawayFrame(1, 11));
    socket.close();
    await cluster.pass(2_000);
  }
  expect(pingedAfterMs).toEqual([10_000, 20_000, 40_000]);
});

describe("bulk", () => {
  const outcomes: string[] = [];
  const handler = {
    unary: true,
    wantsMetadata: false,
    onSuccess: (_stream: unknown, _bytes: unknown, start: number, end: number) => {
      outcomes.push(`${end - start} bytes`);
    },
    onStatus: () => outcomes.push("status"),
    onError: (_stream: unknown, error: Error) => outcomes.push(error.message),
  };
  const start = (connection: Connection, bytes = 1): void => {
    connection.callUnary(memberHead("/test"), new Uint8Array(bytes), handler, undefined, {
      timeoutMs: 60_000,
    });
  };
  const prefix = (bytes: number): Buffer => grpcMessage(Buffer.alloc(bytes)).subarray(0, 1_000);
  /** With one connection for calls, open, on which a reply of 1 MiB has begun. */
  const begin = async () => {
    outcomes.length = 0;
    const made = make();
    const first = made.endpoint.connection("calls")!;
    await made.cluster.pass(0);
    start(first);
    await made.cluster.pass(0);
    const socket = made.cluster.runtime.sockets[0]!;
    socket.receive(okHeaders(1), dataFrame(1, prefix(1 << 20)));
    return { ...made, first, socket };
  };
  const finish = (socket: MemorySocket, streamId: number): void => {
    const rest = grpcMessage(Buffer.alloc(1 << 20)).subarray(1_000);
    for (let at = 0; at < rest.length; at += 16_000)
      socket.receive(dataFrame(streamId, rest.subarray(at, at + 16_000)));
    socket.receive(trailers(streamId));
  };

  test("that comes in sends new calls to a second connection, which the pool is told of", async () => {
    const { cluster, endpoint, events, first, socket } = await begin();
    // Until the second one is open there is nothing better.
    expect(endpoint.connection("calls")).toBe(first);
    await cluster.pass(0);
    const second = endpoint.connection("calls")!;
    expect(second).not.toBe(first);
    expect(endpoint.opened("calls")).toBe(second);
    expect(events).toEqual(["open calls", "open calls"]);
    start(second);
    expect(endpoint.callCount).toBe(2);
    await cluster.pass(0);
    cluster.runtime.sockets[1]!.receive(reply(1, "x"));
    finish(socket, 1);
    expect(outcomes).toEqual(["1 bytes", `${1 << 20} bytes`]);
  });

  test("on the second connection swaps them back, and none is made any more", async () => {
    const { cluster, endpoint, first, socket } = await begin();
    await cluster.pass(0);
    finish(socket, 1);
    const second = endpoint.connection("calls")!;
    // A request this time.
    start(second, 1 << 20);
    expect(endpoint.connection("calls")).toBe(first);
    // Both carry bulk now: calls stay where they are.
    start(first, 1 << 20);
    expect(endpoint.connection("calls")).toBe(first);
    await cluster.pass(10_000);
    expect(cluster.runtime.sockets).toHaveLength(2);
  });

  test("whose second connection fails is no failure of the endpoint; another one is tried a second later", async () => {
    const { cluster, endpoint, events, first } = await begin();
    cluster.runtime.sockets[1]!.close();
    expect(endpoint.connection("calls")).toBe(first);
    expect([endpoint.lastError, events]).toEqual([undefined, ["open calls"]]);
    start(first, 1 << 20);
    expect(cluster.runtime.sockets).toHaveLength(2);
    const { socket, ...later } = await begin();
    later.cluster.runtime.sockets[1]!.close();
    finish(socket, 1);
    await later.cluster.pass(1_000);
    start(later.first, 1 << 20);
    expect(later.cluster.runtime.sockets).toHaveLength(3);
  });

  test("has its token, and goes down with the endpoint", async () => {
    const { cluster, endpoint, first } = await begin();
    endpoint.setToken("secret");
    await cluster.pass(0);
    const second = endpoint.connection("calls")!;
    endpoint.setToken("newer");
    start(second);
    start(first);
    cluster.runtime.endTick();
    for (const socket of cluster.runtime.sockets) {
      const headers = socket.takeFrames().filter(({ fields }) => fields.length > 0);
      expect(headers.at(-1)!.fields).toContain("token: newer");
    }
    endpoint.close();
    expect([first.state, second.state]).toEqual(["closed", "closed"]);
  });

  test("on the connection for streams changes nothing", async () => {
    const { cluster, endpoint } = make();
    const streams = endpoint.connection("streams")!;
    await cluster.pass(0);
    start(streams, 1 << 20);
    await cluster.pass(0);
    expect(cluster.runtime.sockets).toHaveLength(1);
  });
});
