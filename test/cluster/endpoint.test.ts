import { expect, test } from "vitest";
import { ConnectionError } from "../../src/errors.js";
import { memberHead } from "../../src/rpc/method.js";
import { goawayFrame } from "../support/frames.js";
import { InMemoryCluster } from "./in-memory-cluster.js";

const make = () => {
  const events: string[] = [];
  const cluster = new InMemoryCluster(["a:1"]);
  const [endpoint] = cluster.endpoints({
    onOpen: (_endpoint: unknown, kind: string) => events.push(`open ${kind}`),
    onUnusable: (_endpoint: unknown, kind: string) => events.push(`unusable ${kind}`),
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
