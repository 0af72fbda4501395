import { AsyncLocalStorage } from "node:async_hooks";
import diagnostics_channel from "node:diagnostics_channel";
import { afterEach, describe, expect, test, vi } from "vitest";
import { ConnectionError, StatusError } from "../src/errors.js";
import type { EtcdError } from "../src/errors.js";
import { memberHead } from "../src/rpc/method.js";
import { StreamCall } from "../src/rpc/stream-call.js";
import {
  TracedRpc,
  connectionEvents,
  leaderEvents,
  leaseEvents,
  lockEvents,
  traceRpc,
  tracesRpc,
  watchEvents,
} from "../src/tracing.js";
import type { RpcEvent } from "../src/tracing.js";
import { goawayFrame, settingsFrame } from "./support/frames.js";
import { call, memoryConnection, open, openConnection } from "./support/recorded-call.js";
import { spawnSource } from "./support/source-process.js";

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

/** All events of a plain channel from now on. */
const record = (name: string): Record<string, unknown>[] => {
  const events: Record<string, unknown>[] = [];
  const listener = (event: unknown): void => void events.push(event as Record<string, unknown>);
  diagnostics_channel.subscribe(name, listener);
  cleanups.push(() => diagnostics_channel.unsubscribe(name, listener));
  return events;
};

/** What the tracing channel of calls says, in order; the event object of each. */
const recordRpc = (): { said: string[]; events: RpcEvent[] } => {
  const said: string[] = [];
  const events: RpcEvent[] = [];
  const on = (what: string) => (event: RpcEvent) => {
    said.push(what);
    if (!events.includes(event)) events.push(event);
  };
  const channel = diagnostics_channel.tracingChannel<unknown, RpcEvent>("etcdwire:rpc");
  const listeners = {
    start: on("start"),
    end: on("end"),
    asyncStart: on("asyncStart"),
    asyncEnd: on("asyncEnd"),
    error: on("error"),
  };
  channel.subscribe(listeners);
  cleanups.push(() => channel.unsubscribe(listeners));
  return { said, events };
};

const refused = (): EtcdError =>
  new StatusError("ETCD_NO_LEADER", "none", { mayHaveApplied: false, grpcCode: 14 });

describe("a traced call", () => {
  test("is told from start to end, with what happened on the way and without its result", async () => {
    const { said, events } = recordRpc();
    let nowMs = 100;
    const retried = refused();
    const secret = { value: "secret" };
    const result = await traceRpc(
      "/etcdserverpb.KV/Range",
      500,
      () => nowMs,
      async (traced) => {
        expect(said).toEqual(["start"]);
        traced.sent("a:1");
        await Promise.resolve();
        traced.event.repeatedAfter.push(retried);
        traced.sent("c:1");
        traced.unsent();
        traced.sent("b:1");
        nowMs = 142;
        return secret;
      },
    );
    expect(result).toBe(secret);
    expect(said).toEqual(["start", "end", "asyncStart", "asyncEnd"]);
    expect(events).toEqual([
      {
        path: "/etcdserverpb.KV/Range",
        kind: "unary",
        timeoutMs: 500,
        endpoint: "b:1",
        attempts: 2,
        repeatedAfter: [retried],
        durationMs: 42,
        error: undefined,
      },
    ]);
  });

  test("that fails is told with its error, which its caller gets all the same", async () => {
    const { said, events } = recordRpc();
    const error = refused();
    await expect(
      traceRpc(
        "/a/B",
        1,
        () => 0,
        () => Promise.reject(error),
      ),
    ).rejects.toBe(error);
    expect(said).toEqual(["start", "end", "error", "asyncStart", "asyncEnd"]);
    expect(events[0]).toMatchObject({ error, attempts: 0, durationMs: 0 });
  });

  test("runs in the store that a subscriber binds to its start, its callback in the one of asyncStart", async () => {
    const spans = new AsyncLocalStorage<string>();
    const { start, asyncStart } = diagnostics_channel.tracingChannel<string, RpcEvent>("etcdwire:rpc");
    start.bindStore(spans, ({ path }) => `span of ${path}`);
    asyncStart.bindStore(spans, ({ path }) => `end of ${path}`);
    cleanups.push(() => {
      start.unbindStore(spans);
      asyncStart.unbindStore(spans);
    });
    expect(tracesRpc()).toBe(true);
    const seen: unknown[] = [];
    await traceRpc(
      "/a/B",
      1,
      () => 0,
      async () => {
        seen.push(spans.getStore());
        await Promise.resolve();
        seen.push(spans.getStore());
      },
    );
    const traced = new TracedRpc("/a/C", "unary", 1, () => 0);
    traced.begin(() => seen.push(spans.getStore()));
    traced.finish(undefined, () => seen.push(spans.getStore()));
    expect(seen).toEqual(["span of /a/B", "span of /a/B", "span of /a/C", "end of /a/C"]);
  });

  test("is wanted as soon as one of the five channels has a subscriber, and not after the last has left", () => {
    expect(tracesRpc()).toBe(false);
    for (const name of ["start", "end", "asyncStart", "asyncEnd", "error"]) {
      const listener = (): void => {};
      diagnostics_channel.subscribe(`tracing:etcdwire:rpc:${name}`, listener);
      expect(tracesRpc()).toBe(true);
      diagnostics_channel.unsubscribe(`tracing:etcdwire:rpc:${name}`, listener);
      expect(tracesRpc()).toBe(false);
    }
  });

  test("is a stream's life, too: an end by its owner is no failure", () => {
    const { said, events } = recordRpc();
    const { connection, socket, runtime } = openConnection();
    const stream = () => new StreamCall(connection, memberHead("/a/Watch"), { onMessage() {}, onEnd() {} });
    const own = stream();
    stream();
    runtime.endTick();
    own.cancel();
    expect(said).toEqual(["start", "end", "start", "end", "asyncStart", "asyncEnd"]);
    runtime.advance(50);
    socket.close();
    expect(said.slice(6)).toEqual(["error", "asyncStart", "asyncEnd"]);
    const common = { path: "/a/Watch", kind: "stream", timeoutMs: Infinity, endpoint: "test:1", attempts: 1 };
    expect(events).toMatchObject([
      { ...common, error: undefined, durationMs: 0 },
      { ...common, error: { code: "ETCD_CONNECTION_LOST" }, durationMs: 50 },
    ]);
  });
});

describe("a connection's life", () => {
  test("that ends well: connecting, open, draining, closed", () => {
    const events = record("etcdwire:connection");
    const { connection, socket, runtime } = memoryConnection({ limits: { silenceMs: 0 } });
    runtime.advance(5);
    socket.connected();
    socket.receive(settingsFrame());
    const recorded = open(connection);
    runtime.endTick();
    runtime.advance(5);
    socket.receive(goawayFrame(1, 0));
    connection.cancel(recorded.stream!, refused());
    runtime.endTick();
    const { id } = events[0]!;
    expect(id).toBeGreaterThan(0);
    const named = { id, endpoint: "test:1", kind: "calls" };
    expect(events).toEqual([
      { type: "connecting", ...named },
      { type: "open", ...named, connectMs: 5, tlsProtocol: undefined },
      { type: "draining", ...named, reason: "goaway", http2Code: 0 },
      { type: "closed", ...named, error: connection.closeError, openMs: 5 },
    ]);
    expect(connection.closeError?.code).toBe("ETCD_CLOSED");
  });

  test("that we end: retired, or out of stream ids", () => {
    const events = record("etcdwire:connection");
    openConnection().connection.drain();
    const last = openConnection({ firstStreamId: Math.floor(0.75 * (2 ** 31 - 1)) | 1 });
    call(last.connection);
    const reasons = events.filter(({ type }) => type === "draining").map(({ reason }) => reason);
    expect(reasons).toEqual(["retired", "streamIds"]);
  });

  test("that never begins", () => {
    const events = record("etcdwire:connection");
    const { socket } = memoryConnection();
    const error = new ConnectionError("ETCD_UNREACHABLE", "refused", { mayHaveApplied: false });
    socket.close(error);
    expect(events.map(({ type }) => type)).toEqual(["connecting", "closed"]);
    expect(events[1]).toMatchObject({ error, openMs: 0 });
  });

  test("that ends in silence: silent first, then the PING that nobody answered", () => {
    const events = record("etcdwire:connection");
    const { connection, runtime } = openConnection({
      limits: { silenceMs: 10, pingIntervalMs: 100, pingTimeoutMs: 50 },
    });
    call(connection);
    runtime.advance(200);
    expect(events.map(({ type }) => type)).toEqual(["connecting", "open", "silent", "pingTimeout", "closed"]);
    expect(events[2]!["silentMs"]).toBeGreaterThanOrEqual(10);
    expect(events[3]!["silentMs"]).toBeGreaterThanOrEqual(150);
    expect(events[4]).toMatchObject({ error: { code: "ETCD_CONNECTION_LOST" } });
  });

  test("is numbered apart from others'", () => {
    const events = record("etcdwire:connection");
    memoryConnection();
    memoryConnection();
    expect(events[0]!["id"]).not.toBe(events[1]!["id"]);
  });
});

test("without subscribers nothing is published, and no call is traced", () => {
  const channels = [connectionEvents, leaderEvents, watchEvents, leaseEvents, lockEvents];
  const published = channels.map((channel) => vi.spyOn(channel, "publish"));
  const { connection, socket, runtime } = openConnection();
  const began = vi.spyOn(TracedRpc.prototype, "begin");
  const recorded = new StreamCall(connection, memberHead("/a/B"), { onMessage() {}, onEnd() {} });
  call(connection);
  runtime.endTick();
  recorded.cancel();
  connection.drain();
  runtime.advance(60_000);
  socket.close();
  for (const spy of published) {
    expect(spy).not.toHaveBeenCalled();
    spy.mockRestore();
  }
  expect(began).not.toHaveBeenCalled();
  began.mockRestore();
  expect(connection.state).toBe("closed");
});

describe("NODE_DEBUG", () => {
  const run = async (debug: string): Promise<{ output: string; lines: string[] }> => {
    const child = spawnSource("test/support/tracing-process.ts", [], { NODE_DEBUG: debug });
    let output = "";
    let errors = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
    await new Promise((resolve) => child.on("close", resolve));
    return { output, lines: errors.split("\n").filter((line) => line !== "") };
  };

  test("of etcdwire prints the events, one line each", async () => {
    const { output, lines } = await run("etcdwire");
    expect(output).toBe("done\n");
    const error = 'ETCD_UNREACHABLE "two\\nlines and \\"quotes\\""';
    expect(lines.map((line) => line.replace(/^ETCDWIRE \d+: /, ""))).toEqual([
      'connection open id=7 endpoint="unix:///run/etcd 1.sock" kind=calls connectMs=1.2',
      `connection closed id=7 endpoint="unix:///run/etcd 1.sock" kind=calls error=${error} openMs=0`,
      "leader search",
      "watch ended watchId=1",
      "lease revoked leaseId=abcdef",
      "lock released name=jobs/42 token=5 heldMs=1000",
      `rpc path=/etcdserverpb.KV/Put kind=unary timeoutMs=Infinity endpoint=b:1 attempts=2 repeatedAfter=${error} durationMs=0 error=${error}`,
    ]);
  });

  test("of something else prints nothing", async () => {
    expect(await run("net-work")).toEqual({ output: "done\n", lines: [] });
  });
});
