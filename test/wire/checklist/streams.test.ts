/**
 * Wire checklist D: the life of streams. MAX_CONCURRENT_STREAMS and identifiers, GOAWAY with calls racing it, every
 * RST_STREAM code, and responses that end before their requests.
 */
import { afterEach, describe, expect, test, vi } from "vitest";
import { parseAddress } from "../../../src/cluster/address.js";
import { Pool } from "../../../src/cluster/pool.js";
import type { MethodPolicy } from "../../../src/cluster/retry-policy.js";
import type { Connection } from "../../../src/connection/connection.js";
import { nodeRuntime } from "../../../src/connection/runtime.js";
import type { Runtime } from "../../../src/connection/runtime.js";
import { ConnectionError } from "../../../src/errors.js";
import { DEFAULT_CONNECTION_LIMITS, STREAM_ID_RETIRE } from "../../../src/options.js";
import type { TlsOptions } from "../../../src/options.js";
import { callUnary } from "../../../src/rpc/unary-call.js";
import { Http2Code, Setting } from "../../../src/wire/layout.js";
import { InMemoryCluster, settle, status } from "../../cluster/in-memory-cluster.js";
import {
  dataFrame,
  goawayFrame,
  headersFrame,
  hex,
  pingFrame,
  rstStreamFrame,
  settingsFrame,
  windowUpdateFrame,
} from "../../support/frames.js";
import { grpcMessage, okHeaders, reply, trailers, trailersOnly } from "../../support/peer-frames.js";
import {
  RecordedCall,
  call,
  echoHead,
  open,
  openConnection,
  unaryRecorder,
} from "../../support/recorded-call.js";
import { ScriptedPeer } from "../../support/scripted-peer.js";
import type { PeerConnection } from "../../support/scripted-peer.js";
import { clientTls, serverTls, transports } from "../../support/wire-connection.js";
import {
  brokenConnection,
  connectionError,
  dialer,
  exchange,
  lost,
  noStatus,
  provoke,
  refused,
} from "../../support/wire-script.js";

const ID_MAX = 2 ** 31 - 1;

/** Where the connections that a pool makes begin to count; 1 unless a test says otherwise. */
const ids = vi.hoisted(() => ({ first: [] as number[] }));
vi.mock(import("../../../src/connection/connection.js"), async (load) => {
  const actual = await load();
  class CountingConnection extends actual.Connection {
    constructor(...[options, runtime, listener]: ConstructorParameters<typeof actual.Connection>) {
      const firstStreamId = ids.first.shift() ?? options.firstStreamId ?? 1;
      super({ ...options, firstStreamId }, runtime, listener);
    }
  }
  return { ...actual, Connection: CountingConnection };
});

const { dial, dialOpen } = dialer();
const outcomesOf = (calls: readonly RecordedCall[]) => calls.map((recorded) => recorded.outcomes);
const enough = new ConnectionError("ETCD_CLOSED", "enough", { mayHaveApplied: true });

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** `provoke` until the client has flushed, too: what waited goes out behind the answer to the mark. */
const effects = async (peer: PeerConnection, ...frames: readonly Uint8Array[]): Promise<string[]> => [
  ...(await provoke(peer, ...frames)),
  ...(await provoke(peer)),
];

/** A pool of these endpoints; the first one leads. */
const poolOf = (endpoints: readonly string[], tls?: TlsOptions, runtime: Runtime = nodeRuntime): Pool => {
  const pool = new Pool(
    {
      addresses: endpoints.map(parseAddress),
      tls,
      limits: DEFAULT_CONNECTION_LIMITS,
      userAgent: "test",
      authenticate: undefined,
      probe: ({ endpoint }) => Promise.resolve(status(BigInt(endpoints.indexOf(endpoint)) + 1n, 1n)),
    },
    runtime,
  );
  cleanups.push(() => pool.close());
  return pool;
};

/** A Put, say: one call through the pool, with its text for a message. */
const poolCall = async (
  pool: Pool,
  text: string,
  policy: MethodPolicy = "nonRepeatable",
  timeoutMs = 60_000,
): Promise<string> => {
  const attempt = (connection: Connection, leftMs: number): Promise<Uint8Array> =>
    callUnary(connection, echoHead, Buffer.from(text), leftMs);
  return Buffer.from(await pool.call(policy, "leader", { timeoutMs }, attempt)).toString();
};

/** Answers every request on a connection, as `respond` says. */
const serve = async (peer: PeerConnection, respond: (streamId: number) => Uint8Array): Promise<void> => {
  for (;;) {
    try {
      const frame = await peer.next();
      if (frame.text.startsWith("DATA") && frame.text.endsWith("END_STREAM"))
        peer.send(respond(frame.streamId));
    } catch {
      return;
    }
  }
};

describe.each(transports)("D over %s:", (transport) => {
  describe("D12 MAX_CONCURRENT_STREAMS", () => {
    test("D12 of 0 at first holds every call back; raised, they go in the order they were made", async () => {
      const { connection, peer } = await dialOpen(transport, {}, [[Setting.MAX_CONCURRENT_STREAMS, 0]]);
      const calls = ["a", "bb", "ccc"].map((text) => call(connection, text));
      expect(await effects(peer)).toEqual([]);
      expect(await effects(peer, settingsFrame([[Setting.MAX_CONCURRENT_STREAMS, 2]]))).toEqual([
        "SETTINGS ACK",
        "HEADERS 1",
        "HEADERS 3",
        "DATA 1 6 END_STREAM",
        "DATA 3 7 END_STREAM",
      ]);
      expect(await effects(peer, reply(1, "A"))).toEqual(["HEADERS 5", "DATA 5 8 END_STREAM"]);
      expect(await effects(peer, reply(3, "B"), reply(5, "C"))).toEqual([]);
      expect(outcomesOf(calls)).toEqual([[{ reply: "A" }], [{ reply: "B" }], [{ reply: "C" }]]);
    });

    test("D12 of 0 for ever ends a call at its deadline, not sent and known not to be", async () => {
      const { connection, peer, listener } = await dialOpen(transport, {}, [
        [Setting.MAX_CONCURRENT_STREAMS, 0],
      ]);
      expect(await call(connection, "x", 50).settled).toEqual({
        code: "ETCD_DEADLINE_EXCEEDED",
        mayHaveApplied: false,
        grpcCode: 4,
      });
      expect(await effects(peer)).toEqual([]);
      expect(listener.events).toEqual(["open"]);
    });

    test("D12 lowered below what is open touches no open stream, and lets none in until enough have ended", async () => {
      const { connection, peer } = await dialOpen(transport);
      const calls = [1, 2, 3].map(() => call(connection));
      await peer.expect("HEADERS 1", "DATA 1 10 END_STREAM", "HEADERS 3", "DATA 3 10 END_STREAM");
      await peer.expect("HEADERS 5", "DATA 5 10 END_STREAM");
      expect(await effects(peer, settingsFrame([[Setting.MAX_CONCURRENT_STREAMS, 1]]))).toEqual([
        "SETTINGS ACK",
      ]);
      calls.push(call(connection));
      expect(await effects(peer, reply(3, "3"))).toEqual([]);
      expect(await effects(peer, reply(5, "5"))).toEqual([]);
      expect(await effects(peer, reply(1, "1"))).toEqual(["HEADERS 7", "DATA 7 10 END_STREAM"]);
      expect(await effects(peer, reply(7, "7"))).toEqual([]);
      expect(outcomesOf(calls)).toEqual([
        [{ reply: "1" }],
        [{ reply: "3" }],
        [{ reply: "5" }],
        [{ reply: "7" }],
      ]);
    });

    test("D12 lowered to 0 and raised again in one chunk lets calls go on at the last value", async () => {
      const { connection, peer } = await dialOpen(transport, {}, [[Setting.MAX_CONCURRENT_STREAMS, 0]]);
      const recorded = call(connection);
      expect(
        await effects(
          peer,
          settingsFrame([[Setting.MAX_CONCURRENT_STREAMS, 5]]),
          settingsFrame([[Setting.MAX_CONCURRENT_STREAMS, 0]]),
        ),
      ).toEqual(["SETTINGS ACK", "SETTINGS ACK"]);
      expect(
        await effects(
          peer,
          settingsFrame([
            [Setting.MAX_CONCURRENT_STREAMS, 0],
            [Setting.MAX_CONCURRENT_STREAMS, 1],
          ]),
        ),
      ).toEqual(["SETTINGS ACK", "HEADERS 1", "DATA 1 10 END_STREAM"]);
      expect(recorded.outcomes).toEqual([]);
    });

    test("D12 ends of every kind make room: a reply, a status, a reset, our cancel and a deadline", async () => {
      const { connection, peer } = await dialOpen(transport, {}, [[Setting.MAX_CONCURRENT_STREAMS, 1]]);
      const first = call(connection, "x", 50);
      const calls = [1, 2, 3, 4, 5].map(() => call(connection));
      await peer.expect("HEADERS 1", "DATA 1 6 END_STREAM");
      await first.settled;
      const next = (id: number) => [`HEADERS ${id}`, `DATA ${id} 10 END_STREAM`];
      expect(await effects(peer)).toEqual(["RST_STREAM 1 CANCEL", ...next(3)]);
      expect(await effects(peer, reply(3, "x"))).toEqual(next(5));
      expect(await effects(peer, trailersOnly(5, 14, "no"))).toEqual(next(7));
      expect(await effects(peer, rstStreamFrame(7, Http2Code.REFUSED_STREAM))).toEqual(next(9));
      connection.cancel(calls[3]!.stream!, enough);
      expect(await effects(peer)).toEqual(["RST_STREAM 9 CANCEL", ...next(11)]);
    });
  });

  describe("D12 identifiers", () => {
    test("D12 identifiers are odd and rise in the order of the HEADERS, with none left out for calls that were never sent", async () => {
      const { connection, peer } = await dialOpen(transport, {}, [[Setting.MAX_CONCURRENT_STREAMS, 2]]);
      const calls = Array.from({ length: 8 }, () => call(connection));
      await peer.expect("HEADERS 1", "DATA 1 10 END_STREAM", "HEADERS 3", "DATA 3 10 END_STREAM");
      // Two that wait, and one that is under way.
      for (const index of [2, 4, 0]) connection.cancel(calls[index]!.stream!, enough);
      const seen = await effects(peer, reply(3, "x"));
      const after = await effects(peer, reply(5, "x"), reply(7, "x"));
      const headers = [...seen, ...after].filter((text) => text.startsWith("HEADERS"));
      expect(headers).toEqual(["HEADERS 5", "HEADERS 7", "HEADERS 9", "HEADERS 11"]);
    });

    test("D12 a connection retires at 75 % of the identifiers: calls under way finish, later ones are refused unsent", async () => {
      const { connection, peer, listener } = await dialOpen(transport, {
        firstStreamId: STREAM_ID_RETIRE - 2,
      });
      const calls = [call(connection), call(connection), call(connection)];
      expect(outcomesOf(calls)).toEqual([[], [], [refused]]);
      expect(listener.events).toEqual(["open", "draining 0"]);
      await peer.expect(`HEADERS ${STREAM_ID_RETIRE - 2}`, `DATA ${STREAM_ID_RETIRE - 2} 10 END_STREAM`);
      await peer.expect(`HEADERS ${STREAM_ID_RETIRE}`, `DATA ${STREAM_ID_RETIRE} 10 END_STREAM`);
      peer.send(reply(STREAM_ID_RETIRE, "b"), reply(STREAM_ID_RETIRE - 2, "a"));
      await peer.closed;
      expect(outcomesOf(calls)).toEqual([[{ reply: "a" }], [{ reply: "b" }], [refused]]);
      expect(listener.events).toEqual(["open", "draining 0", "close ETCD_CLOSED"]);
      expect(STREAM_ID_RETIRE / ID_MAX).toBeCloseTo(0.75, 6);
    });

    test("D12 the last identifier of all, 2^31-1, is used once and no other follows it", async () => {
      const { connection, peer } = await dialOpen(transport, { firstStreamId: ID_MAX });
      const calls = [call(connection), call(connection)];
      expect(outcomesOf(calls)).toEqual([[], [refused]]);
      await peer.expect(`HEADERS ${ID_MAX}`, `DATA ${ID_MAX} 10 END_STREAM`);
      peer.send(reply(ID_MAX, "last"));
      expect(await calls[0]!.settled).toEqual({ reply: "last" });
      await peer.closed;
    });

    test("D12 when a pool's connection runs out of identifiers it opens another, and no call is lost or sent twice", async () => {
      const server = await ScriptedPeer.listen(transport === "TLS" ? serverTls() : undefined);
      cleanups.push(() => server.close());
      const seen: string[] = [];
      const connections: Promise<void>[] = [];
      const serveNext = (name: string): void => {
        connections.push(
          server.accept().then(async (peer) => {
            peer.send(settingsFrame());
            for (;;) {
              const frame = await peer.next().catch(() => undefined);
              if (frame === undefined) return;
              if (!frame.text.startsWith("DATA")) continue;
              seen.push(`${name} ${frame.streamId} ${frame.payload.toString("latin1", 5)}`);
              peer.send(reply(frame.streamId, frame.payload.subarray(5)));
            }
          }),
        );
      };
      serveNext("first");
      serveNext("second");
      ids.first = [STREAM_ID_RETIRE - 4];
      const pool = poolOf([server.endpoint], clientTls(transport));
      const texts = Array.from({ length: 10 }, (_, index) => `call ${index}`);
      // The first alone, so that there is a connection; then more than it has identifiers for, in one tick.
      expect(await poolCall(pool, "call -1")).toBe("call -1");
      expect(await Promise.all(texts.map((text) => poolCall(pool, text)))).toEqual(texts);
      expect(seen).toEqual([
        `first ${STREAM_ID_RETIRE - 4} call -1`,
        `first ${STREAM_ID_RETIRE - 2} call 0`,
        `first ${STREAM_ID_RETIRE} call 1`,
        ...texts.slice(2).map((text, index) => `second ${1 + 2 * index} ${text}`),
      ]);
    });
  });

  describe("D13 GOAWAY", () => {
    test("D13 GOAWAY between the calls: above its id not applied, at and below it they finish; then the connection closes", async () => {
      const { connection, peer, listener } = await dialOpen(transport);
      const calls = [call(connection), call(connection), call(connection)];
      for (const id of [1, 3, 5]) await peer.expect(`HEADERS ${id}`, `DATA ${id} 10 END_STREAM`);
      expect(await effects(peer, goawayFrame(3, 0))).toEqual([]);
      expect(outcomesOf(calls)).toEqual([[], [], [refused]]);
      expect(listener.events).toEqual(["open", "draining 0"]);
      expect(call(connection).outcomes).toEqual([refused]);
      expect(await effects(peer, reply(1, "one"))).toEqual([]);
      peer.send(reply(3, "two"));
      await peer.closed;
      expect(outcomesOf(calls)).toEqual([[{ reply: "one" }], [{ reply: "two" }], [refused]]);
      expect(listener.events).toEqual(["open", "draining 0", "close ETCD_CLOSED"]);
    });

    test("D13 GOAWAY 0 with calls under way: none was applied, and the connection closes at once", async () => {
      const { connection, peer, listener } = await dialOpen(transport);
      const calls = [call(connection), call(connection)];
      await peer.expect("HEADERS 1", "DATA 1 10 END_STREAM", "HEADERS 3", "DATA 3 10 END_STREAM");
      peer.send(goawayFrame(0, 0));
      await peer.closed;
      expect(outcomesOf(calls)).toEqual([[refused], [refused]]);
      expect(listener.events).toEqual(["open", "draining 0", "close ETCD_CLOSED"]);
    });

    test("D13 GOAWAY on an idle connection closes it, and nobody is told an error", async () => {
      const { peer, listener } = await dialOpen(transport);
      peer.send(goawayFrame(ID_MAX, 0));
      await peer.closed;
      expect(listener.events).toEqual(["open", "draining 0", "close ETCD_CLOSED"]);
    });

    test("D13 a graceful GOAWAY of grpc-go: 2^31-1 and a PING, then the real id, which also holds for what came between", async () => {
      const { connection, peer, listener } = await dialOpen(transport);
      const calls = [call(connection), call(connection)];
      await peer.expect("HEADERS 1", "DATA 1 10 END_STREAM", "HEADERS 3", "DATA 3 10 END_STREAM");
      const ping = hex("0106010800030309");
      peer.send(goawayFrame(ID_MAX, 0, Buffer.from("graceful_stop")), pingFrame(ping));
      await peer.expect(`PING ACK ${ping.toString("hex")}`);
      expect(outcomesOf(calls)).toEqual([[], []]);
      expect(call(connection).outcomes).toEqual([refused]);
      expect(await effects(peer, goawayFrame(1, 0))).toEqual([]);
      expect(outcomesOf(calls)).toEqual([[], [refused]]);
      peer.send(reply(1, "x"));
      await peer.closed;
      expect(calls[0]!.outcomes).toEqual([{ reply: "x" }]);
      expect(listener.events).toEqual(["open", "draining 0", "close ETCD_CLOSED"]);
    });

    test("D13 a second GOAWAY with the same id changes nothing", async () => {
      const { connection, peer, listener } = await dialOpen(transport);
      const calls = [call(connection), call(connection)];
      await peer.expect("HEADERS 1", "DATA 1 10 END_STREAM", "HEADERS 3", "DATA 3 10 END_STREAM");
      expect(await effects(peer, goawayFrame(1, 0), goawayFrame(1, 2))).toEqual([]);
      expect(outcomesOf(calls)).toEqual([[], [refused]]);
      expect(listener.events).toEqual(["open", "draining 0"]);
    });

    test("D13 a second GOAWAY with a higher id is a broken rule: GOAWAY PROTOCOL_ERROR, outcome of the calls below unknown", async () => {
      const { connection, peer, listener } = await dialOpen(transport);
      const calls = [call(connection), call(connection)];
      await peer.expect("HEADERS 1", "DATA 1 10 END_STREAM", "HEADERS 3", "DATA 3 10 END_STREAM");
      expect(await effects(peer, goawayFrame(1, 0), goawayFrame(3, 0))).toEqual(["GOAWAY 0 PROTOCOL_ERROR"]);
      // The second was told that it was not taken, and that stays true.
      expect(outcomesOf(calls)).toEqual([[brokenConnection], [refused]]);
      expect(listener.events).toEqual(["open", "draining 0", "close ETCD_PROTOCOL"]);
    });

    test.each([2, 4, ID_MAX - 1])("D13 GOAWAY with the even id %i is a broken rule", async (id) => {
      expect(await exchange(await dialOpen(transport), [goawayFrame(id, 0)])).toEqual(
        connectionError("PROTOCOL_ERROR"),
      );
    });

    test("D13 GOAWAY with an id above all of ours leaves every call to its answer", async () => {
      const { connection, peer } = await dialOpen(transport);
      const calls = [call(connection), call(connection)];
      await peer.expect("HEADERS 1", "DATA 1 10 END_STREAM", "HEADERS 3", "DATA 3 10 END_STREAM");
      peer.send(goawayFrame(99, 0), reply(3, "b"), reply(1, "a"));
      await peer.closed;
      expect(outcomesOf(calls)).toEqual([[{ reply: "a" }], [{ reply: "b" }]]);
    });

    test.each(Object.entries(Http2Code))("D13 GOAWAY %s: the owner hears the code", async (_name, code) => {
      const { connection, peer, listener } = await dialOpen(transport);
      const calls = [call(connection), call(connection)];
      await peer.expect("HEADERS 1", "DATA 1 10 END_STREAM", "HEADERS 3", "DATA 3 10 END_STREAM");
      await effects(peer, goawayFrame(1, code, Buffer.from("debug")));
      expect(outcomesOf(calls)).toEqual([[], [refused]]);
      expect(listener.events).toEqual(["open", `draining ${code}`]);
    });

    test("D13 GOAWAY and then EOF: below its id unknown, above it not applied", async () => {
      const { connection, peer, listener } = await dialOpen(transport);
      const calls = [call(connection), call(connection)];
      await peer.expect("HEADERS 1", "DATA 1 10 END_STREAM", "HEADERS 3", "DATA 3 10 END_STREAM");
      peer.end(goawayFrame(1, 0));
      await listener.closed;
      expect(outcomesOf(calls)).toEqual([[lost], [refused]]);
      expect(listener.events).toEqual(["open", "draining 0", "close ETCD_CONNECTION_LOST"]);
    });

    test("D13 GOAWAY and then an abrupt end: the same", async () => {
      const { connection, peer, listener } = await dialOpen(transport);
      const calls = [call(connection), call(connection)];
      await peer.expect("HEADERS 1", "DATA 1 10 END_STREAM", "HEADERS 3", "DATA 3 10 END_STREAM");
      await effects(peer, goawayFrame(1, 0));
      if (transport === "TCP") peer.reset();
      else peer.destroy();
      await listener.closed;
      expect(outcomesOf(calls)).toEqual([[lost], [refused]]);
    });

    test("D13 EOF without a GOAWAY: the outcome of every call that was sent is unknown", async () => {
      const { connection, peer, listener } = await dialOpen(transport);
      const calls = [call(connection), call(connection)];
      await peer.expect("HEADERS 1", "DATA 1 10 END_STREAM", "HEADERS 3", "DATA 3 10 END_STREAM");
      peer.end();
      await listener.closed;
      expect(outcomesOf(calls)).toEqual([[lost], [lost]]);
      expect(listener.events).toEqual(["open", "close ETCD_CONNECTION_LOST"]);
    });

    test("D13 a call written and not yet flushed when GOAWAY is read was not applied", async () => {
      const { connection, peer, listener } = await dialOpen(transport);
      const first = call(connection);
      const second: RecordedCall[] = [];
      first.onSettled = () => second.push(call(connection));
      await peer.expect("HEADERS 1", "DATA 1 10 END_STREAM");
      // One chunk: the call is made between the two, and lies in the buffer.
      peer.send(reply(1, "x"), goawayFrame(1, 0));
      await peer.closed;
      expect(outcomesOf(second)).toEqual([[refused]]);
      expect(listener.events).toEqual(["open", "draining 0", "close ETCD_CLOSED"]);
    });

    test("D13 a call written and not yet flushed when a graceful GOAWAY is read is sent and answered", async () => {
      const { connection, peer } = await dialOpen(transport);
      const first = call(connection);
      const second: RecordedCall[] = [];
      first.onSettled = () => second.push(call(connection));
      await peer.expect("HEADERS 1", "DATA 1 10 END_STREAM");
      peer.send(reply(1, "x"), goawayFrame(ID_MAX, 0));
      await peer.expect("HEADERS 3", "DATA 3 10 END_STREAM");
      peer.send(goawayFrame(3, 0), reply(3, "y"));
      await peer.closed;
      expect(outcomesOf(second)).toEqual([[{ reply: "y" }]]);
    });

    test("D13 calls made by the handlers that GOAWAY ends are refused, unsent", async () => {
      const { connection, peer } = await dialOpen(transport);
      const keep = call(connection);
      const dropped = call(connection);
      const again: RecordedCall[] = [];
      dropped.onSettled = () => again.push(call(connection));
      await peer.expect("HEADERS 1", "DATA 1 10 END_STREAM", "HEADERS 3", "DATA 3 10 END_STREAM");
      expect(await effects(peer, goawayFrame(1, 0))).toEqual([]);
      expect(outcomesOf([keep, dropped, ...again])).toEqual([[], [refused], [refused]]);
    });

    test("D13 GOAWAY in one chunk with the first SETTINGS: calls that waited for the handshake are not sent", async () => {
      const { connection, peer, listener } = await dial(transport);
      const calls = [call(connection), call(connection)];
      peer.send(settingsFrame(), goawayFrame(0, 0));
      await listener.closed;
      expect(outcomesOf(calls)).toEqual([[refused], [refused]]);
      expect(listener.events).toEqual(["open", "draining 0", "close ETCD_CLOSED"]);
      await peer.expect("SETTINGS", "WINDOW_UPDATE 0 16711681", "SETTINGS ACK");
      await expect(peer.next()).rejects.toThrow("closed");
    });

    test("D13 GOAWAY in place of the first SETTINGS is no HTTP/2 server", async () => {
      const { connection, peer, listener } = await dial(transport);
      const recorded = call(connection);
      peer.send(goawayFrame(0, 11, Buffer.from("too_many_connections")));
      await listener.closed;
      expect(recorded.outcomes).toEqual([{ code: "ETCD_NOT_ETCD", mayHaveApplied: false, grpcCode: 14 }]);
      expect(listener.events).toEqual(["close ETCD_NOT_ETCD"]);
    });

    test("D13 GOAWAY in the middle of an upload: the rest is sent, and the reply arrives", async () => {
      const { connection, peer } = await dialOpen(transport, {}, [[Setting.INITIAL_WINDOW_SIZE, 10]]);
      const recorded = call(connection, "0123456789");
      await peer.expect("HEADERS 1", "DATA 1 10");
      expect(await effects(peer, goawayFrame(1, 0))).toEqual([]);
      expect(await effects(peer, windowUpdateFrame(1, 100))).toEqual(["DATA 1 5 END_STREAM"]);
      peer.send(reply(1, "x"));
      expect(await recorded.settled).toEqual({ reply: "x" });
      await peer.closed;
    });

    test("D13 GOAWAY with a stream open: its messages go on both ways, and its end closes the connection", async () => {
      const { connection, peer, listener } = await dialOpen(transport);
      const stream = open(connection);
      await peer.expect("HEADERS 1");
      expect(
        await effects(peer, okHeaders(1), goawayFrame(1, 0), dataFrame(1, grpcMessage("after"))),
      ).toEqual([]);
      connection.send(stream.stream!, Buffer.from("ours"));
      await peer.expect("DATA 1 9");
      peer.send(trailers(1, 0));
      await peer.closed;
      expect(stream.messages).toEqual(["after"]);
      expect(stream.outcomes).toEqual([{ status: 0, message: "" }]);
      expect(listener.events).toEqual(["open", "draining 0", "close ETCD_CLOSED"]);
    });

    test("D13 a pool repeats what GOAWAY refused on a new connection, once each, and waits for what it accepted", async () => {
      const server = await ScriptedPeer.listen(transport === "TLS" ? serverTls() : undefined);
      cleanups.push(() => server.close());
      const accepted = server.accept();
      const pool = poolOf([server.endpoint], clientTls(transport));
      const warm = poolCall(pool, "w");
      const first = await accepted;
      await first.handshake();
      await first.expect("HEADERS 1", "DATA 1 6 END_STREAM");
      first.send(reply(1, "warm"));
      await warm;
      const calls = Promise.all(["a", "b", "c"].map((text) => poolCall(pool, text)));
      for (const id of [3, 5, 7]) await first.expect(`HEADERS ${id}`, `DATA ${id} 6 END_STREAM`);
      const next = server.accept();
      first.send(goawayFrame(3, 0));
      const second = await next;
      await second.handshake();
      const sent: string[] = [];
      while (sent.length < 2) {
        const { text, payload, streamId } = await second.next();
        if (!text.startsWith("DATA")) continue;
        sent.push(payload.toString("latin1", 5));
        second.send(reply(streamId, payload.subarray(5)));
      }
      expect(sent.sort()).toEqual(["b", "c"]);
      // The accepted one is answered where it was sent.
      first.send(reply(3, "a"));
      expect(await calls).toEqual(["a", "b", "c"]);
      await first.closed;
    });
  });

  describe("D14 RST_STREAM", () => {
    const grpcCodes: Record<string, number> = { CANCEL: 1, ENHANCE_YOUR_CALM: 8, INADEQUATE_SECURITY: 7 };
    test.each([...Object.entries(Http2Code), ["of a code that nobody knows", 0x99] as const])(
      "D14 RST_STREAM %s ends its call with the gRPC code for it, and no other call",
      async (name, code) => {
        const wire = await dialOpen(transport);
        const result = await exchange(wire, [rstStreamFrame(1, code)]);
        expect(result).toEqual({
          outcomes:
            name === "REFUSED_STREAM"
              ? [refused]
              : [{ code: "ETCD_STREAM_RESET", mayHaveApplied: true, grpcCode: grpcCodes[name] ?? 13 }],
          sent: [],
          events: ["open"],
        });
        const other = call(wire.connection);
        await wire.peer.expect("HEADERS 3", "DATA 3 10 END_STREAM");
        wire.peer.send(reply(3, "fine"));
        expect(await other.settled).toEqual({ reply: "fine" });
      },
    );

    const reset = { code: "ETCD_STREAM_RESET", mayHaveApplied: true, grpcCode: 13 };
    test.each([
      ["the headers", [okHeaders(1)]],
      ["the whole message", [okHeaders(1), dataFrame(1, grpcMessage("world"))]],
      ["half of the message", [okHeaders(1), dataFrame(1, grpcMessage("world").subarray(0, 7))]],
    ])("D14 RST_STREAM NO_ERROR after %s and before the trailers is no success", async (_what, frames) => {
      expect(await exchange(await dialOpen(transport), [...frames, rstStreamFrame(1, 0)])).toEqual({
        outcomes: [reset],
        sent: [],
        events: ["open"],
      });
    });

    test.each(Object.entries(Http2Code))(
      "D14 RST_STREAM %s after the trailers changes nothing",
      async (_, code) => {
        expect(
          await exchange(await dialOpen(transport), [reply(1, "world"), rstStreamFrame(1, code)]),
        ).toEqual({
          outcomes: [{ reply: "world" }],
          sent: [],
          events: ["open"],
        });
      },
    );

    test("D14 RST_STREAM NO_ERROR after the trailers of an upload that is not finished keeps the status, and the upload stops", async () => {
      const { connection, peer, listener } = await dialOpen(transport, {}, [
        [Setting.INITIAL_WINDOW_SIZE, 10],
      ]);
      const recorded = call(connection, "0123456789");
      await peer.expect("HEADERS 1", "DATA 1 10");
      expect(
        await effects(
          peer,
          trailersOnly(1, 8, "too large"),
          rstStreamFrame(1, 0),
          windowUpdateFrame(1, 1_000),
        ),
      ).toEqual(["RST_STREAM 1 NO_ERROR"]);
      expect(recorded.outcomes).toEqual([{ status: 8, message: "too large" }]);
      expect(listener.events).toEqual(["open"]);
    });

    test("D14 RST_STREAM on a stream ends it with what came before it delivered", async () => {
      const { connection, peer } = await dialOpen(transport);
      const stream = open(connection);
      await peer.expect("HEADERS 1");
      await effects(
        peer,
        okHeaders(1),
        dataFrame(1, grpcMessage("a")),
        rstStreamFrame(1, Http2Code.CANCEL),
        dataFrame(1, grpcMessage("late")),
      );
      expect(stream.messages).toEqual(["a"]);
      expect(stream.outcomes).toEqual([{ ...reset, grpcCode: 1 }]);
    });

    test("D14 RST_STREAM on a stream that was never opened breaks the connection", async () => {
      expect(await exchange(await dialOpen(transport), [rstStreamFrame(3, 0)])).toEqual(
        connectionError("PROTOCOL_ERROR"),
      );
    });

    test("D14 REFUSED_STREAM once: a pool sends the call a second time on the same connection, a write too", async () => {
      const server = await ScriptedPeer.listen(transport === "TLS" ? serverTls() : undefined);
      cleanups.push(() => server.close());
      const sent: number[] = [];
      void server.accept().then(async (peer) => {
        peer.send(settingsFrame());
        await serve(peer, (streamId) => {
          sent.push(streamId);
          return streamId === 1 ? rstStreamFrame(1, Http2Code.REFUSED_STREAM) : reply(streamId, "done");
        });
      });
      const pool = poolOf([server.endpoint], clientTls(transport));
      expect(await poolCall(pool, "write")).toBe("done");
      expect(sent).toEqual([1, 3]);
    });

    test("D14 another reset of a write is not repeated by a pool, and of a read it is", async () => {
      const server = await ScriptedPeer.listen(transport === "TLS" ? serverTls() : undefined);
      cleanups.push(() => server.close());
      const sent: number[] = [];
      void server.accept().then(async (peer) => {
        peer.send(settingsFrame());
        await serve(peer, (streamId) => {
          sent.push(streamId);
          return streamId < 5 ? rstStreamFrame(streamId, Http2Code.INTERNAL_ERROR) : reply(streamId, "read");
        });
      });
      const pool = poolOf([server.endpoint], clientTls(transport));
      await expect(poolCall(pool, "write")).rejects.toMatchObject({
        code: "ETCD_STREAM_RESET",
        mayHaveApplied: true,
        grpcCode: 13,
        attempts: 1,
      });
      expect(await poolCall(pool, "read", "repeatable")).toBe("read");
      expect(sent).toEqual([1, 3, 5]);
    });
  });

  describe("D15 ends before the request does", () => {
    test("D15 a whole reply before our END_STREAM: the rest is called off with RST_STREAM NO_ERROR, the reply counts", async () => {
      const { connection, peer, listener } = await dialOpen(transport, {}, [
        [Setting.INITIAL_WINDOW_SIZE, 10],
      ]);
      const recorded = call(connection, "0123456789");
      await peer.expect("HEADERS 1", "DATA 1 10");
      expect(await effects(peer, reply(1, "enough"), windowUpdateFrame(1, 1_000))).toEqual([
        "RST_STREAM 1 NO_ERROR",
      ]);
      expect(recorded.outcomes).toEqual([{ reply: "enough" }]);
      expect(listener.events).toEqual(["open"]);
    });

    test.each([
      ["trailers", [okHeaders(1), trailers(1, 0)], { status: 0, message: "" }],
      ["trailers only", [trailersOnly(1, 5, "gone")], { status: 5, message: "gone" }],
      ["DATA with END_STREAM", [okHeaders(1), dataFrame(1, Buffer.alloc(0), { endStream: true })], noStatus],
    ])(
      "D15 %s on a stream that we have not ended is answered with NO_ERROR",
      async (_what, frames, outcome) => {
        const { connection, peer } = await dialOpen(transport);
        const stream = open(connection);
        await peer.expect("HEADERS 1");
        expect(await effects(peer, ...frames)).toEqual(["RST_STREAM 1 NO_ERROR"]);
        expect(stream.outcomes).toEqual([outcome]);
      },
    );

    test("D15 trailers on a stream that we have ended need no answer", async () => {
      const { connection, peer } = await dialOpen(transport);
      const stream = open(connection);
      connection.end(stream.stream!);
      await peer.expect("HEADERS 1", "DATA 1 0 END_STREAM");
      expect(await effects(peer, okHeaders(1), trailers(1, 0))).toEqual([]);
      expect(stream.outcomes).toEqual([{ status: 0, message: "" }]);
    });

    test("D15 a deadline sends RST_STREAM CANCEL; whatever comes late for that id is ignored", async () => {
      const { connection, peer, listener } = await dialOpen(transport);
      const recorded = call(connection, "x", 20);
      expect(await recorded.settled).toEqual({
        code: "ETCD_DEADLINE_EXCEEDED",
        mayHaveApplied: true,
        grpcCode: 4,
      });
      await peer.expect("HEADERS 1", "DATA 1 6 END_STREAM", "RST_STREAM 1 CANCEL");
      for (const late of [
        [okHeaders(1), dataFrame(1, grpcMessage("late")), trailers(1, 0)],
        [windowUpdateFrame(1, 5), rstStreamFrame(1, Http2Code.CANCEL)],
        [windowUpdateFrame(1, 0)],
      ]) {
        expect(await effects(peer, ...late)).toEqual([]);
      }
      expect(recorded.outcomes).toHaveLength(1);
      const next = call(connection);
      await peer.expect("HEADERS 3", "DATA 3 10 END_STREAM");
      peer.send(reply(3, "fine"));
      expect(await next.settled).toEqual({ reply: "fine" });
      expect(listener.events).toEqual(["open"]);
    });

    test("D15 late HEADERS of a cancelled call still build the table that later headers refer to", async () => {
      const { connection, peer } = await dialOpen(transport);
      const cancelled = call(connection);
      await peer.expect("HEADERS 1", "DATA 1 10 END_STREAM");
      connection.cancel(cancelled.stream!, enough);
      await peer.expect("RST_STREAM 1 CANCEL");
      const next = call(connection);
      await peer.expect("HEADERS 3", "DATA 3 10 END_STREAM");
      // `content-type: application/grpc` goes into the table with the late block; index 62 in the next one means it.
      const insert = Buffer.concat([
        hex("88 40 0c"),
        Buffer.from("content-type"),
        hex("10"),
        Buffer.from("application/grpc"),
      ]);
      expect(
        await effects(
          peer,
          headersFrame(1, insert),
          headersFrame(3, hex("88 be")),
          dataFrame(3, grpcMessage("y")),
          trailers(3, 0),
        ),
      ).toEqual([]);
      expect(next.outcomes).toEqual([{ reply: "y" }]);
    });

    test("D15 late DATA of a cancelled call gives the connection its credit back", async () => {
      const { connection, peer } = await dialOpen(transport, { limits: { connectionWindowBytes: 65_536 } });
      const cancelled = call(connection);
      await peer.expect("HEADERS 1", "DATA 1 10 END_STREAM");
      connection.cancel(cancelled.stream!, enough);
      await peer.expect("RST_STREAM 1 CANCEL");
      const full = dataFrame(1, Buffer.alloc(16_384));
      // Ten windows' worth: without the credit the connection would be starved, or over its window.
      for (let round = 0; round < 20; round++) {
        expect(await effects(peer, full, full)).toEqual(["WINDOW_UPDATE 0 32768"]);
      }
    });

    test("D15 late frames for an id that was never used break the connection", async () => {
      for (const frame of [okHeaders(3), dataFrame(3, Buffer.alloc(1)), windowUpdateFrame(3, 1)]) {
        expect(await exchange(await dialOpen(transport), [frame])).toEqual(connectionError("PROTOCOL_ERROR"));
      }
    });

    test("D15 cancel before the handshake, in the queue, unflushed and sent: RST_STREAM only where the id is out", async () => {
      const { connection, peer } = await dial(transport);
      const early = call(connection, "early");
      connection.cancel(early.stream!, enough);
      await peer.handshake([[Setting.MAX_CONCURRENT_STREAMS, 1]]);
      const unflushed = call(connection, "unflushed");
      connection.cancel(unflushed.stream!, enough);
      expect(await effects(peer)).toEqual(["HEADERS 1", "DATA 1 14 END_STREAM", "RST_STREAM 1 CANCEL"]);
      const sent = call(connection, "sent");
      const queued = call(connection, "queued");
      expect(await effects(peer)).toEqual(["HEADERS 3", "DATA 3 9 END_STREAM"]);
      connection.cancel(queued.stream!, enough);
      connection.cancel(sent.stream!, enough);
      expect(await effects(peer)).toEqual(["RST_STREAM 3 CANCEL"]);
    });
  });
});

describe("D on a clock of its own:", () => {
  const requestsOf = (cluster: InMemoryCluster, sent: { ms: number; id: number }[], startMs: number) => {
    for (const socket of cluster.runtime.sockets)
      for (const frame of socket.takeFrames())
        if (frame.text.startsWith("HEADERS"))
          sent.push({ ms: cluster.runtime.nowMs - startMs, id: frame.streamId });
  };

  test("D14 REFUSED_STREAM for ever: a second try at once, then ever longer waits, until the deadline, and never a flood", async () => {
    const cluster = new InMemoryCluster(["a:1"]);
    const pool = poolOf(["a:1"], undefined, cluster.runtime);
    const startMs = cluster.runtime.nowMs;
    // The longest throw of the dice, once the pool is made.
    cluster.runtime.random = () => 0.999_999;
    const outcome = poolCall(pool, "x", "nonRepeatable", 10_000).catch((error: unknown) => error);
    const sent: { ms: number; id: number }[] = [];
    for (let step = 0; step < 2_100; step++) {
      await cluster.pass(step === 0 ? 0 : 5);
      const before = sent.length;
      requestsOf(cluster, sent, startMs);
      for (const { id } of sent.slice(before))
        cluster.runtime.sockets[0]!.receive(rstStreamFrame(id, Http2Code.REFUSED_STREAM));
      // What is repeated at once is repeated at the same time on the clock.
      await settle();
      await settle();
      cluster.runtime.endTick();
      if (sent.length > before && sent.length < 2) step--;
    }
    const waits = sent.slice(1).map(({ ms }, index) => ms - sent[index]!.ms);
    expect(waits[0]).toBe(0);
    // Upper ends of 20, 40, ... 1,000 ms, for tries are counted from 1; a timer's work is seen one step of 5 ms later.
    expect(waits.slice(1, 7)).toEqual([25, 45, 85, 165, 325, 645]);
    expect(waits.slice(7, -1).every((ms) => ms === 1_005)).toBe(true);
    expect(sent.length).toBeLessThan(20);
    expect(await outcome).toMatchObject({
      code: "ETCD_REFUSED",
      mayHaveApplied: false,
      grpcCode: 14,
      attempts: sent.length,
    });
    expect(cluster.runtime.sockets).toHaveLength(1);
  });

  test("D14 RST_STREAM CANCEL from a server whose clock is a little ahead, after our deadline and before our timer, is the deadline", () => {
    const { connection, socket, runtime } = openConnection();
    const recorded = call(connection, "x", 500);
    const patient = call(connection, "x", 5_000);
    runtime.endTick();
    // Time has passed and no timer has run yet.
    runtime.nowMs += 503;
    socket.receive(rstStreamFrame(1, Http2Code.CANCEL), rstStreamFrame(3, Http2Code.CANCEL));
    expect(recorded.outcomes).toEqual([
      { code: "ETCD_DEADLINE_EXCEEDED", mayHaveApplied: true, grpcCode: 4 },
    ]);
    expect(patient.outcomes).toEqual([{ code: "ETCD_STREAM_RESET", mayHaveApplied: true, grpcCode: 1 }]);
  });

  test("D12 a stream whose end waits for a paused reader takes no place from others", () => {
    const { connection, socket, runtime } = openConnection({}, [[Setting.MAX_CONCURRENT_STREAMS, 1]]);
    const stream = open(connection);
    const waiting = call(connection);
    runtime.endTick();
    connection.pause(stream.stream!);
    socket.takeFrames();
    socket.receive(okHeaders(1), dataFrame(1, grpcMessage("unread")), trailers(1, 0));
    expect(socket.taken()).toEqual(["RST_STREAM 1 NO_ERROR", "HEADERS 3", "DATA 3 10 END_STREAM"]);
    socket.receive(reply(3, "x"));
    expect(waiting.outcomes).toEqual([{ reply: "x" }]);
    // On the fast path, too.
    const at = connection.reserveUnary(echoHead, 1, unaryRecorder, new RecordedCall(), 1_000);
    expect(at).toBeGreaterThanOrEqual(0);
    connection.resume(stream.stream!);
    expect(stream.messages).toEqual(["unread"]);
    expect(stream.outcomes).toEqual([{ status: 0, message: "" }]);
    runtime.endTick();
    expect(socket.taken()).toEqual(["HEADERS 5", "DATA 5 6 END_STREAM"]);
  });

  test("D15 a deadline and the reply in one chunk after a stall: the reply that was read first counts", () => {
    const { connection, socket, runtime } = openConnection();
    const [answered, silent] = [call(connection, "x", 500), call(connection, "y", 500)];
    runtime.endTick();
    runtime.nowMs += 600;
    socket.receive(reply(1, "in time, as far as we know"));
    runtime.advance(10);
    expect(answered.outcomes).toEqual([{ reply: "in time, as far as we know" }]);
    expect(silent.outcomes).toEqual([{ code: "ETCD_DEADLINE_EXCEEDED", mayHaveApplied: true, grpcCode: 4 }]);
  });
});
