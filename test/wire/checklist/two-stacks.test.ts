/**
 * Wire checklist A: what each of etcd's two server stacks sends, replayed. The plaintext port is grpc-go's own HTTP/2;
 * a TLS port is Go's net/http with x/net/http2, unless `--listen-client-http-urls` splits the ports, which puts grpc-go
 * behind TLS as well.
 */
import { describe, expect, test } from "vitest";
import { FrameType, Http2Code, Setting } from "../../../src/wire/layout.js";
import {
  dataFrame,
  goawayFrame,
  headersFrame,
  hex,
  pingFrame,
  rstStreamFrame,
  settingsAckFrame,
  settingsFrame,
  windowUpdateFrame,
} from "../../support/frames.js";
import { grpcMessage, headerBlock, reply } from "../../support/peer-frames.js";
import { call, open } from "../../support/recorded-call.js";
import { transports } from "../../support/wire-connection.js";
import {
  counting,
  dialer,
  exchange,
  expectSameBytes,
  lost,
  noStatus,
  provoke,
  refused,
  takeData,
} from "../../support/wire-script.js";

const { dial, dialOpen } = dialer();

const KiB = 1024;
const MiB = 1024 * KiB;
/** grpc-go's own constants: the PING of its bandwidth estimator, and the one between its two GOAWAYs. */
const BDP_PING = hex("02041010090e0707");
const GOAWAY_PING = hex("0106010800030309");
const UNLIMITED = 2 ** 32 - 1;

describe.each(transports)("A the plaintext stack (grpc-go), %s:", (transport) => {
  test.each([
    [
      "MAX_FRAME_SIZE 16384 and MAX_CONCURRENT_STREAMS",
      [
        [Setting.MAX_FRAME_SIZE, 16_384],
        [Setting.MAX_CONCURRENT_STREAMS, UNLIMITED],
      ],
    ],
    ["MAX_FRAME_SIZE 16384 alone, from a new grpc-go", [[Setting.MAX_FRAME_SIZE, 16_384]]],
    ["nothing in them", []],
  ] as const)(
    "A first SETTINGS with %s: calls follow, in frames of 16,384 bytes",
    async (_what, settings) => {
      const { connection, listener, peer } = await dial(transport);
      call(connection, counting(40_000));
      const small = Array.from({ length: 300 }, () => call(connection, "x"));
      peer.send(settingsFrame(settings), settingsAckFrame());
      await peer.expect("SETTINGS", `WINDOW_UPDATE 0 ${16 * MiB - 65_535}`, "SETTINGS ACK");
      expect(listener.events).toEqual(["open"]);
      const frames = await takeData(peer, 40_005 + 300 * 6);
      // No limit on streams: all 301 requests are on their way before any reply.
      expect(frames.filter((frame) => frame.type === FrameType.HEADERS)).toHaveLength(301);
      const large = frames.filter((frame) => frame.type === FrameType.DATA && frame.streamId === 1);
      expect(large.map((frame) => frame.text)).toEqual([
        "DATA 1 16384",
        "DATA 1 16384",
        "DATA 1 7237 END_STREAM",
      ]);
      expectSameBytes(Buffer.concat(large.map((frame) => frame.payload)), grpcMessage(counting(40_000)));
      peer.send(...small.map((_call, index) => reply(3 + 2 * index, `reply ${index}`)));
      await small.at(-1)!.settled;
      expect(small.map((recorded) => recorded.outcomes)).toEqual(
        small.map((_call, index) => [{ reply: `reply ${index}` }]),
      );
    },
  );

  test("A later SETTINGS of the bandwidth estimator raise the window under a Put of 1.5 MiB, step by step", async () => {
    const { connection, listener, peer } = await dialOpen(transport, {}, [[Setting.MAX_FRAME_SIZE, 16_384]]);
    const message = counting(1.5 * MiB);
    const recorded = call(connection, message);
    const [headers] = await peer.expect("HEADERS 1");
    expect(headers!.fields).toContain(`:scheme: ${transport === "TLS" ? "https" : "http"}`);
    const received: Buffer[] = [];
    const take = async (bytes: number): Promise<string[]> => {
      const frames = await takeData(peer, bytes);
      const data = frames.filter((frame) => frame.type === FrameType.DATA);
      received.push(...data.map((frame) => frame.payload));
      return frames.filter((frame) => frame.type !== FrameType.DATA).map((frame) => frame.text);
    };
    let windowBytes = 65_535;
    expect(await take(windowBytes)).toEqual([]);
    expect(await provoke(peer)).toEqual([]);
    for (const nextBytes of [131_070, 294_908, 622_584, 1_280_000]) {
      // As grpc-go's updateFlowControl does: the connection's window by WINDOW_UPDATE, the streams' by SETTINGS.
      peer.send(
        pingFrame(BDP_PING),
        windowUpdateFrame(0, nextBytes - windowBytes),
        settingsFrame([[Setting.INITIAL_WINDOW_SIZE, nextBytes]]),
      );
      // Both are answered before the first DATA that the new windows allow, and in order.
      await peer.expect(`PING ACK ${BDP_PING.toString("hex")}`, "SETTINGS ACK");
      expect(await take(nextBytes - windowBytes)).toEqual([]);
      // Not a byte more than the new window.
      expect(await provoke(peer)).toEqual([]);
      windowBytes = nextBytes;
    }
    const restBytes = message.length + 5 - windowBytes;
    peer.send(windowUpdateFrame(1, restBytes), windowUpdateFrame(0, 10 * MiB));
    await take(restBytes);
    expectSameBytes(Buffer.concat(received), grpcMessage(message));
    peer.send(reply(1, "stored"));
    expect(await recorded.settled).toEqual({ reply: "stored" });

    // The next stream starts with the last window.
    call(connection, counting(MiB));
    await peer.expect("HEADERS 3");
    await takeData(peer, MiB + 5);
    expect(listener.events).toEqual(["open"]);
  });

  test("A server PINGs, of the bandwidth estimator and before GOAWAY, are answered with their own bytes", async () => {
    const { connection, listener, peer } = await dialOpen(transport);
    const recorded = call(connection);
    await peer.expect("HEADERS 1", "DATA 1 10 END_STREAM");
    expect(
      await provoke(
        peer,
        pingFrame(BDP_PING),
        windowUpdateFrame(0, 10),
        goawayFrame(2 ** 31 - 1, Http2Code.NO_ERROR, Buffer.from("graceful_stop")),
        pingFrame(GOAWAY_PING),
      ),
    ).toEqual(["PING ACK 0106010800030309"]);
    // Nothing waits for a window, so the estimator can wait.
    await peer.expect("PING ACK 02041010090e0707");
    expect(listener.events).toEqual(["open", "draining 0"]);
    peer.send(reply(1, "world"));
    expect(await recorded.settled).toEqual({ reply: "world" });
    await listener.closed;
    expect(listener.events).toEqual(["open", "draining 0", "close ETCD_CLOSED"]);
  });

  test("A unary OK uses the HPACK table from the first response: 14 and 24 bytes of headers, then 2 and 2", async () => {
    const { connection, peer } = await dialOpen(transport);
    // :status 200 from the static table; the other fields are literals that enter the dynamic one.
    const first = { head: hex("88 5f8b1d75d0620d263d4c4d6564"), tail: grpcStatusOkLiterals };
    const later = { head: hex("88 c0"), tail: hex("bf be") };
    expect([first, later].map(({ head, tail }) => [head.length, tail.length])).toEqual([
      [14, 24],
      [2, 2],
    ]);
    for (const [index, blocks] of [first, later, later].entries()) {
      const recorded = call(connection);
      const id = 1 + 2 * index;
      await peer.expect(`HEADERS ${id}`, `DATA ${id} 10 END_STREAM`);
      peer.send(
        windowUpdateFrame(0, 10),
        pingFrame(BDP_PING),
        headersFrame(id, blocks.head),
        dataFrame(id, grpcMessage(`reply ${index}`)),
        headersFrame(id, blocks.tail, { endStream: true }),
      );
      expect(await recorded.settled).toEqual({ reply: `reply ${index}` });
      await peer.expect("PING ACK 02041010090e0707");
    }
  });

  test("A error is Trailers-Only: one HEADERS with :status and grpc-status gives the status and its text", async () => {
    const wire = await dialOpen(transport);
    const block = headerBlock([
      [":status", "200"],
      ["content-type", "application/grpc"],
      ["grpc-status", "11"],
      ["grpc-message", "etcdserver: mvcc: required revision has been compacted"],
    ]);
    expect(await exchange(wire, [headersFrame(1, block, { endStream: true })])).toEqual({
      outcomes: [{ status: 11, message: "etcdserver: mvcc: required revision has been compacted" }],
      sent: [],
      events: ["open"],
    });
  });

  test("A wrong content-type is RST_STREAM PROTOCOL_ERROR from an old grpc-go: INTERNAL, and unknown whether applied", async () => {
    const wire = await dialOpen(transport);
    expect(await exchange(wire, [rstStreamFrame(1, Http2Code.PROTOCOL_ERROR)])).toEqual({
      outcomes: [{ code: "ETCD_STREAM_RESET", mayHaveApplied: true, grpcCode: 13 }],
      sent: [],
      events: ["open"],
    });
  });

  test("A wrong content-type is 415 with a grpc-status from a new grpc-go: the status counts, not the 415", async () => {
    const wire = await dialOpen(transport);
    const block = headerBlock([
      [":status", "415"],
      ["content-type", "application/grpc"],
      ["grpc-status", "3"],
      ["grpc-message", 'invalid gRPC request content-type "text/plain"'],
    ]);
    expect(await exchange(wire, [headersFrame(1, block, { endStream: true })])).toEqual({
      outcomes: [{ status: 3, message: 'invalid gRPC request content-type "text/plain"' }],
      sent: [],
      events: ["open"],
    });
  });

  test("A bad client frame, and SIGTERM, are a bare EOF: what was sent is unknown, what waited was not applied", async () => {
    const { connection, listener, peer } = await dialOpen(transport, {}, [
      [Setting.MAX_CONCURRENT_STREAMS, 2],
    ]);
    const unary = call(connection);
    const watch = open(connection);
    const waiting = call(connection);
    await peer.expect("HEADERS 1", "DATA 1 10 END_STREAM", "HEADERS 3");
    peer.end();
    await listener.closed;
    expect([unary, watch, waiting].map((recorded) => recorded.outcomes)).toEqual([
      [lost],
      [lost],
      [{ ...lost, mayHaveApplied: false }],
    ]);
    expect(listener.events).toEqual(["open", "close ETCD_CONNECTION_LOST"]);
    await expect(peer.next()).rejects.toThrow("the client closed the connection");
  });

  test("A SIGTERM with two GOAWAYs: calls up to the second one's id go on, later ones were not applied", async () => {
    const { connection, listener, peer } = await dialOpen(transport);
    const below = call(connection);
    const above = call(connection);
    await peer.expect("HEADERS 1", "DATA 1 10 END_STREAM", "HEADERS 3", "DATA 3 10 END_STREAM");
    expect(await provoke(peer, goawayFrame(2 ** 31 - 1, Http2Code.NO_ERROR), pingFrame(GOAWAY_PING))).toEqual(
      ["PING ACK 0106010800030309"],
    );
    expect([below.outcomes, above.outcomes]).toEqual([[], []]);
    // The first GOAWAY is enough to make no more calls here.
    expect(call(connection).outcomes).toEqual([refused]);
    expect(await provoke(peer, goawayFrame(1, Http2Code.NO_ERROR))).toEqual([]);
    expect([below.outcomes, above.outcomes]).toEqual([[], [refused]]);
    peer.send(reply(1, "the last"));
    expect(await below.settled).toEqual({ reply: "the last" });
    await listener.closed;
    expect(listener.events).toEqual(["open", "draining 0", "close ETCD_CLOSED"]);
  });

  test("A silence about a bad client frame leaves the call open: the peer's next frames still count", async () => {
    // grpc-go drops DATA on streams that it does not know without a word; the client must not expect a GOAWAY.
    const wire = await dialOpen(transport);
    const recorded = call(wire.connection);
    await wire.peer.expect("HEADERS 1", "DATA 1 10 END_STREAM");
    expect(await provoke(wire.peer)).toEqual([]);
    expect(recorded.outcomes).toEqual([]);
    wire.peer.send(reply(1, "late"));
    expect(await recorded.settled).toEqual({ reply: "late" });
  });
});

describe("A the TLS stack (x/net http2 and ServeHTTP):", () => {
  const settingsWith = (streamsMax: number): [number, number][] => [
    [Setting.MAX_FRAME_SIZE, MiB],
    [Setting.MAX_CONCURRENT_STREAMS, streamsMax],
    [Setting.MAX_HEADER_LIST_SIZE, 1_048_896],
    [Setting.HEADER_TABLE_SIZE, 4_096],
    [Setting.INITIAL_WINDOW_SIZE, MiB],
    // SETTINGS_NO_RFC7540_PRIORITIES (RFC 9218 §2.1), which etcd 3.6 sends.
    [9, 1],
  ];
  const settings = settingsWith(UNLIMITED);

  /** In the order in which net/http writes a header map, sorted by name, with the date last. */
  const headOf = (id: number, endStream = false): Buffer =>
    headersFrame(
      id,
      headerBlock([
        [":status", "200"],
        ["access-control-allow-headers", "accept, content-type, authorization"],
        ["access-control-allow-methods", "POST, GET, OPTIONS, PUT, DELETE"],
        ["access-control-allow-origin", "*"],
        ["content-type", "application/grpc"],
        ["trailer", "Grpc-Status"],
        ["trailer", "Grpc-Message"],
        ["trailer", "Grpc-Status-Details-Bin"],
        ["date", "Sat, 21 Nov 2026 06:00:00 GMT"],
      ]),
      { endStream },
    );
  /** An error's text comes before its code; OK has no text. */
  const tailOf = (id: number, status: number, message?: string): Buffer =>
    headersFrame(
      id,
      headerBlock([
        ...(message === undefined ? [] : ([["grpc-message", message]] as const)),
        ["grpc-status", String(status)],
      ]),
      { endStream: true },
    );

  test("A first SETTINGS of 1 MiB frames and windows, and WINDOW_UPDATE 0 +983041: a Put of nearly 1 MiB waits for nothing", async () => {
    const { connection, listener, peer } = await dial("TLS");
    peer.send(settingsFrame(settings), windowUpdateFrame(0, 983_041), settingsAckFrame());
    await peer.expect("SETTINGS", `WINDOW_UPDATE 0 ${16 * MiB - 65_535}`, "SETTINGS ACK");
    await listener.opened;
    expect(await provoke(peer)).toEqual([]);
    const message = counting(MiB - 8);
    const recorded = call(connection, message);
    await peer.expect("HEADERS 1");
    const frames = await takeData(peer, MiB - 3);
    // Frames could be 1 MiB long; ours stay at 64 KiB, so that a small call can get in between.
    expect(frames.map((frame) => frame.text)).toEqual([
      ...Array.from({ length: 15 }, () => "DATA 1 65536"),
      "DATA 1 65533 END_STREAM",
    ]);
    expectSameBytes(Buffer.concat(frames.map((frame) => frame.payload)), grpcMessage(message));
    // 3 bytes are left of the connection's window: the next call's message waits for more.
    const next = call(connection, "x");
    await peer.expect("HEADERS 3", "DATA 3 3");
    expect(await provoke(peer, windowUpdateFrame(0, 3))).toEqual([]);
    await peer.expect("DATA 3 3 END_STREAM");
    peer.send(reply(3, "b"), reply(1, "a"));
    expect([await recorded.settled, await next.settled]).toEqual([{ reply: "a" }, { reply: "b" }]);
  });

  test("A first SETTINGS with x/net's 250 streams: the 251st call waits until one ends, and nothing is refused", async () => {
    const { connection, peer } = await dialOpen("TLS", {}, settingsWith(250));
    const calls = Array.from({ length: 251 }, () => call(connection, "x"));
    for (let index = 0; index < 250; index++) {
      const id = 1 + 2 * index;
      await peer.expect(`HEADERS ${id}`, `DATA ${id} 6 END_STREAM`);
    }
    expect(await provoke(peer)).toEqual([]);
    peer.send(reply(7, "first"));
    await peer.expect("HEADERS 501", "DATA 501 6 END_STREAM");
    peer.send(reply(501, "last"));
    expect(await calls[250]!.settled).toEqual({ reply: "last" });
  });

  test("A unary OK with date, access-control-* and three trailer fields before its message", async () => {
    const wire = await dialOpen("TLS", {}, settings);
    expect(await exchange(wire, [headOf(1), dataFrame(1, grpcMessage("world")), tailOf(1, 0)])).toEqual({
      outcomes: [{ reply: "world" }],
      sent: [],
      events: ["open"],
    });
  });

  test("A error is HEADERS without a status, then HEADERS with grpc-message before grpc-status", async () => {
    const wire = await dialOpen("TLS", {}, settings);
    expect(await exchange(wire, [headOf(1), tailOf(1, 14, "etcdserver: request timed out")])).toEqual({
      outcomes: [{ status: 14, message: "etcdserver: request timed out" }],
      sent: [],
      events: ["open"],
    });
  });

  test("A wrong content-type is HTTP 404 with a text body and no grpc-status: not applied, and the body is called off", async () => {
    const wire = await dialOpen("TLS", {}, settings);
    const block = headerBlock([
      [":status", "404"],
      ["content-type", "text/plain; charset=utf-8"],
      ["x-content-type-options", "nosniff"],
      ["content-length", "19"],
      ["date", "Sat, 21 Nov 2026 06:00:00 GMT"],
    ]);
    expect(
      await exchange(wire, [
        headersFrame(1, block),
        dataFrame(1, Buffer.from("404 page not found\n")),
        dataFrame(1, Buffer.alloc(0), { endStream: true }),
      ]),
    ).toEqual({
      outcomes: [{ code: "ETCD_NOT_ETCD", mayHaveApplied: false, grpcCode: 12 }],
      sent: ["RST_STREAM 1 CANCEL"],
      events: ["open"],
    });
  });

  test("A bad client frame is GOAWAY with a code, then close: calls above its id were not applied, the others are unknown", async () => {
    const { connection, listener, peer } = await dialOpen("TLS", {}, settings);
    const below = call(connection);
    const above = call(connection);
    await peer.expect("HEADERS 1", "DATA 1 10 END_STREAM", "HEADERS 3", "DATA 3 10 END_STREAM");
    peer.end(goawayFrame(1, Http2Code.PROTOCOL_ERROR));
    await listener.closed;
    expect([below.outcomes, above.outcomes]).toEqual([[lost], [refused]]);
    expect(listener.events).toEqual(["open", "draining 1", "close ETCD_CONNECTION_LOST"]);
  });

  test("A SIGTERM ends open streams by DATA END_STREAM without trailers and RST 0, then GOAWAY, then EOF: no success anywhere", async () => {
    const { connection, listener, peer } = await dialOpen("TLS", {}, settings);
    const watch = open(connection);
    connection.send(watch.stream!, Buffer.from("watch"));
    await peer.expect("HEADERS 1", "DATA 1 10");
    peer.send(headOf(1), dataFrame(1, grpcMessage("created")));
    const put = call(connection);
    await peer.expect("HEADERS 3", "DATA 3 10 END_STREAM");
    const racing = call(connection);
    await peer.expect("HEADERS 5", "DATA 5 10 END_STREAM");
    const tooLate = call(connection);
    await peer.expect("HEADERS 7", "DATA 7 10 END_STREAM");

    expect(
      await provoke(
        peer,
        dataFrame(1, Buffer.alloc(0), { endStream: true }),
        rstStreamFrame(1, Http2Code.NO_ERROR),
        headOf(3),
        dataFrame(3, grpcMessage("a whole reply")),
        dataFrame(3, Buffer.alloc(0), { endStream: true }),
        rstStreamFrame(3, Http2Code.NO_ERROR),
      ),
      // Only the watch had not ended its own half.
    ).toEqual(["RST_STREAM 1 NO_ERROR"]);
    expect(watch.messages).toEqual(["created"]);
    expect([watch.outcomes, put.outcomes]).toEqual([[noStatus], [noStatus]]);

    expect(await provoke(peer, goawayFrame(5, Http2Code.NO_ERROR))).toEqual([]);
    expect([racing.outcomes, tooLate.outcomes]).toEqual([[], [refused]]);
    // A request that raced in: HTTP 200, END_STREAM, no grpc-status. It is the last call, so the connection ends.
    peer.send(headOf(5, true));
    expect(await racing.settled).toEqual(noStatus);
    await listener.closed;
    expect(listener.events).toEqual(["open", "draining 0", "close ETCD_CLOSED"]);
  });

  test("A SIGTERM whose EOF comes before the last reply leaves that call unknown", async () => {
    const { connection, listener, peer } = await dialOpen("TLS", {}, settings);
    const recorded = call(connection);
    await peer.expect("HEADERS 1", "DATA 1 10 END_STREAM");
    peer.end(Buffer.concat([goawayFrame(1, Http2Code.NO_ERROR), headOf(1)]));
    expect(await recorded.settled).toEqual(lost);
    await listener.closed;
    expect(listener.events).toEqual(["open", "draining 0", "close ETCD_CONNECTION_LOST"]);
  });
});

/** grpc-status 0 and an empty grpc-message, Huffman, with indexing: as the first response of a connection has them. */
const grpcStatusOkLiterals = hex("40 88 9acac8b21234da8f 01 30 40 89 9acac8b5254207317f 00");
