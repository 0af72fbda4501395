import { describe, expect, test } from "vitest";
import { parseAddress } from "../../src/cluster/address.js";
import { Endpoint } from "../../src/cluster/endpoint.js";
import { ConnectionError } from "../../src/errors.js";
import { DEFAULT_CONNECTION_LIMITS } from "../../src/options.js";
import { memberHead } from "../../src/rpc/method.js";
import { StreamCall } from "../../src/rpc/stream-call.js";
import { Setting } from "../../src/wire/layout.js";
import { dataFrame, settingsFrame } from "../support/frames.js";
import { grpcMessage, okHeaders, reply } from "../support/peer-frames.js";
import { call } from "../support/recorded-call.js";
import { InMemoryCluster } from "./in-memory-cluster.js";

const MAX_AGE_MS = 60_000;

/** An endpoint whose connections are replaced after a minute, sharp. */
const make = (connectionMaxAgeMs = MAX_AGE_MS) => {
  const cluster = new InMemoryCluster(["a:1"]);
  const { runtime } = cluster;
  // Half way: no jitter.
  runtime.random = () => 0.5;
  const events: string[] = [];
  const endpoint = new Endpoint(
    {
      address: parseAddress("a:1"),
      tls: undefined,
      limits: { ...DEFAULT_CONNECTION_LIMITS, connectionMaxAgeMs, silenceMs: 0 },
      userAgent: "test",
    },
    runtime,
    {
      onOpen: (_endpoint, kind) => events.push(`open ${kind}`),
      onUnusable: (_endpoint, kind) => events.push(`unusable ${kind}`),
      onSilence: () => {},
    },
  );
  return { cluster, runtime, endpoint, events };
};

/** With one open connection, that is about to be too old. */
const makeOld = async (kind: "calls" | "streams" = "calls") => {
  const made = make();
  const old = made.endpoint.connection(kind)!;
  await made.cluster.pass(0);
  made.runtime.advance(MAX_AGE_MS - 1);
  expect(made.runtime.sockets).toHaveLength(1);
  return { ...made, old, socket: made.runtime.sockets[0]! };
};

describe("a connection that is too old", () => {
  test("is used until its replacement is open, and ends when its last call has", async () => {
    const { cluster, runtime, endpoint, events, old, socket } = await makeOld();
    const under = call(old);
    runtime.advance(1);
    expect(runtime.sockets).toHaveLength(2);
    expect(endpoint.opened("calls")).toBe(old);
    await cluster.pass(0);
    const replacement = endpoint.opened("calls")!;
    expect(replacement).not.toBe(old);
    expect([old.state, endpoint.callCount]).toEqual(["draining", 1]);
    // The pool is told of the new one, and never that there is none.
    expect(events).toEqual(["open calls", "open calls"]);
    socket.receive(reply(1, "late"));
    expect(await under.settled).toEqual({ reply: "late" });
    await cluster.pass(0);
    expect([old.state, socket.state]).toEqual(["closed", "ended"]);
    expect(endpoint.lastError).toBeUndefined();
  });

  test("sends what waits in it for a free stream, because the server does not know that it is old", async () => {
    const { cluster, runtime, old, socket } = await makeOld();
    socket.receive(settingsFrame([[Setting.MAX_CONCURRENT_STREAMS, 1]]));
    const [first, second] = [call(old), call(old)];
    runtime.advance(1);
    await cluster.pass(0);
    expect(old.state).toBe("draining");
    socket.receive(reply(1, "a"));
    runtime.endTick();
    socket.receive(reply(3, "b"));
    expect([await first.settled, await second.settled]).toEqual([{ reply: "a" }, { reply: "b" }]);
    await cluster.pass(0);
    expect(old.state).toBe("closed");
  });

  test("stays when its replacement cannot be made, which is no failure of the endpoint, and is tried again", async () => {
    const { cluster, runtime, endpoint, events, old } = await makeOld();
    cluster.mute.add("a:1");
    runtime.advance(1);
    runtime.sockets[1]!.close(new ConnectionError("ETCD_UNREACHABLE", "refused", { mayHaveApplied: false }));
    expect(endpoint.opened("calls")).toBe(old);
    expect([endpoint.lastError, endpoint.retryAtMs, events]).toEqual([undefined, -Infinity, ["open calls"]]);
    runtime.advance(9_999);
    expect(runtime.sockets).toHaveLength(2);
    cluster.mute.clear();
    runtime.advance(1);
    expect(runtime.sockets).toHaveLength(3);
    await cluster.pass(0);
    expect(endpoint.opened("calls")).not.toBe(old);
    expect(old.state).not.toBe("open");
  });

  test("that breaks meanwhile is replaced all the same", async () => {
    const { cluster, runtime, endpoint, events, socket } = await makeOld();
    cluster.mute.add("a:1");
    runtime.advance(1);
    socket.close();
    expect(endpoint.opened("calls")).toBeUndefined();
    const replacement = runtime.sockets[1]!;
    replacement.connected();
    replacement.receive(settingsFrame());
    expect(endpoint.opened("calls")).toBeDefined();
    expect(events).toEqual(["open calls", "unusable calls", "open calls"]);
  });

  test("whose place is taken when the replacement opens needs none any more", async () => {
    const { cluster, runtime, endpoint, socket } = await makeOld();
    cluster.mute.add("a:1");
    runtime.advance(1);
    socket.close();
    runtime.advance(100);
    const next = endpoint.connection("calls")!;
    expect(runtime.sockets).toHaveLength(3);
    for (const late of [runtime.sockets[2]!, runtime.sockets[1]!]) {
      late.connected();
      late.receive(settingsFrame());
    }
    expect(endpoint.opened("calls")).toBe(next);
    expect(runtime.sockets[1]!.state).toBe("ended");
  });

  test("is replaced again and again, each time with the newest token", async () => {
    const { cluster, runtime, endpoint } = make();
    endpoint.connection("calls");
    await cluster.pass(0);
    for (let round = 1; round <= 3; round++) {
      runtime.advance(MAX_AGE_MS);
      endpoint.setToken(`token ${round}`);
      await cluster.pass(0);
      call(endpoint.opened("calls")!);
      runtime.endTick();
      const socket = runtime.sockets[round]!;
      const headers = socket.takeFrames().filter(({ fields }) => fields.length > 0);
      expect(headers.at(-1)!.fields).toContain(`token: token ${round}`);
      socket.receive(reply(1, "x"));
    }
    expect(runtime.sockets).toHaveLength(4);
    expect(runtime.sockets.slice(0, 3).map(({ state }) => state)).toEqual(["ended", "ended", "ended"]);
  });

  test("tells its streams, so that watches and renewals move, and waits for those that stay", async () => {
    const { cluster, runtime, endpoint, old, socket } = await makeOld("streams");
    const told: string[] = [];
    const stream = (name: string, onDraining?: () => void) =>
      new StreamCall(old, memberHead("/test"), {
        onMessage: (bytes, start, end) => told.push(`${name} got ${String(bytes.subarray(start, end))}`),
        onEnd: (error) => told.push(`${name} ended: ${error.code}`),
        ...(onDraining === undefined ? {} : { onDraining }),
      });
    const moving = stream("moving", () => {
      // Whoever moves finds the replacement.
      expect(endpoint.opened("streams")).not.toBe(old);
      expect(old.state).toBe("draining");
      moving.cancel();
    });
    const staying = stream("staying");
    staying.send(Buffer.from("x"));
    runtime.endTick();
    runtime.advance(1);
    await cluster.pass(0);
    expect(told).toEqual(["moving ended: ETCD_CLOSED"]);
    // A download that takes its time.
    runtime.advance(1_000);
    socket.receive(okHeaders(3), dataFrame(3, grpcMessage(Buffer.from("last"))));
    expect(told).toEqual(["moving ended: ETCD_CLOSED", "staying got last"]);
    staying.cancel();
    runtime.endTick();
    expect(socket.state).toBe("ended");
  });

  test("that only stands by for bulk is dropped", async () => {
    const { cluster, runtime, endpoint } = make(5_000);
    const first = endpoint.connection("calls")!;
    await cluster.pass(0);
    call(first);
    await cluster.pass(0);
    // A reply of 1 MiB begins, and another connection takes over.
    const prefix = grpcMessage(Buffer.alloc(1 << 20)).subarray(0, 100);
    runtime.sockets[0]!.receive(okHeaders(1), dataFrame(1, prefix));
    await cluster.pass(0);
    expect(endpoint.opened("calls")).not.toBe(first);
    runtime.advance(5_000);
    await cluster.pass(0);
    // Only the one in use was replaced; the other one finishes its reply.
    expect(runtime.sockets).toHaveLength(3);
    expect(first.state).toBe("draining");
  });

  test("goes with its endpoint, the replacement under way too, and leaves no timer", async () => {
    const { cluster, runtime, endpoint } = await makeOld();
    cluster.mute.add("a:1");
    runtime.advance(1);
    endpoint.close();
    expect(runtime.sockets.map(({ state }) => state)).toEqual(["ended", "destroyed"]);
    expect(runtime.timerCount).toBe(0);
    runtime.advance(10 * MAX_AGE_MS);
    expect(runtime.sockets).toHaveLength(2);
  });
});

test("connections of one age are replaced within 10 % of it, not all at once", async () => {
  const replacedAtMs = new Set<number>();
  for (const random of [0, 0.25, 0.5, 0.75, 0.999]) {
    const { cluster, runtime, endpoint } = make();
    runtime.random = () => random;
    endpoint.connection("calls");
    await cluster.pass(0);
    const startMs = runtime.nowMs;
    while (runtime.sockets.length === 1) runtime.advance(1);
    replacedAtMs.add(runtime.nowMs - startMs);
  }
  expect([...replacedAtMs]).toEqual([54_000, 57_000, 60_000, 63_000, 65_988]);
});

test("with a bound of 0 no connection is too old", async () => {
  const { cluster, runtime, endpoint } = make(0);
  endpoint.connection("calls");
  await cluster.pass(0);
  runtime.advance(100 * 24 * 60 * 60 * 1_000);
  expect(runtime.sockets).toHaveLength(1);
});
