/** Wire checklist B: framing and HPACK, on real sockets; in memory where every cut or the clock matters. */
import { describe, expect, test } from "vitest";
import { RequestHead } from "../../../src/connection/request-head.js";
import { HpackDecoder } from "../../../src/wire/hpack-decoder.js";
import { huffmanEncode, huffmanEncodedBytes } from "../../../src/wire/huffman.js";
import { Flag, FrameType, Http2Code, Setting } from "../../../src/wire/layout.js";
import {
  continuationFrame,
  cutAt,
  cutEveryByte,
  dataFrame,
  frame,
  goawayFrame,
  headersFrame,
  hex,
  pingFrame,
  priorityFrame,
  pushPromiseFrame,
  rstStreamFrame,
  settingsAckFrame,
  settingsFrame,
  windowUpdateFrame,
} from "../../support/frames.js";
import { grpcMessage, headerBlock, okHeaders, reply, trailers } from "../../support/peer-frames.js";
import {
  RecordedCall,
  call,
  memoryConnection,
  open,
  openConnection,
  unaryRecorder,
} from "../../support/recorded-call.js";
import { transports } from "../../support/wire-connection.js";
import {
  brokenConnection,
  connectionError,
  dialer,
  exchange,
  framesUntilMark,
  noStatus,
  provoke,
  streamError,
} from "../../support/wire-script.js";

const { dial, dialOpen } = dialer();

const okBlock = headerBlock([
  [":status", "200"],
  ["content-type", "application/grpc"],
]);
const statusOkBlock = headerBlock([["grpc-status", "0"]]);
const world = dataFrame(1, grpcMessage("world"));
const success = { outcomes: [{ reply: "world" }], sent: [], events: ["open"] };

/** A literal with incremental indexing, without Huffman: RFC 7541 §6.2.1. Names and values below 127 bytes. */
const indexed = (name: string, value: string): Buffer => {
  const [, ...literal] = headerBlock([[name, value]]);
  return Buffer.from([0x40, ...literal]);
};

describe.each(transports)("B over %s:", (transport) => {
  test("B1 preface and SETTINGS go first, without waiting for the server's; calls wait for those", async () => {
    const { connection, listener, peer } = await dial(transport);
    const recorded = call(connection);
    // The peer has not sent a byte. That its reader takes frames at all says that the preface came before them.
    await peer.expect("SETTINGS", "WINDOW_UPDATE 0 16711681");
    expect(listener.events).toEqual([]);
    peer.send(settingsFrame());
    await peer.expect("SETTINGS ACK", "HEADERS 1", "DATA 1 10 END_STREAM");
    peer.send(reply(1, "world"));
    expect(await recorded.settled).toEqual({ reply: "world" });
  });

  test.each([
    ["PING", pingFrame(Buffer.alloc(8))],
    ["GOAWAY", goawayFrame(0, Http2Code.NO_ERROR)],
    ["HEADERS", okHeaders(1)],
    ["WINDOW_UPDATE", windowUpdateFrame(0, 983_041)],
    ["a frame of an unknown type", frame(0x20, 0, 0, hex("00"))],
  ])(
    "B1 a server whose first frame is %s is no etcd: closed, and nothing was applied",
    async (_what, bytes) => {
      const { connection, listener, peer } = await dial(transport);
      const recorded = call(connection);
      await peer.expect("SETTINGS", "WINDOW_UPDATE 0 16711681");
      expect(await provoke(peer, bytes)).toEqual([]);
      await listener.closed;
      expect(recorded.outcomes).toEqual([{ code: "ETCD_NOT_ETCD", mayHaveApplied: false, grpcCode: 14 }]);
      expect(listener.events).toEqual(["close ETCD_NOT_ETCD"]);
    },
  );

  test("B1 a server whose first frame is an ACK of SETTINGS gets GOAWAY PROTOCOL_ERROR, and nothing was applied", async () => {
    const { connection, listener, peer } = await dial(transport);
    const recorded = call(connection);
    await peer.expect("SETTINGS", "WINDOW_UPDATE 0 16711681");
    expect(await provoke(peer, settingsAckFrame(), settingsFrame())).toEqual(["GOAWAY 0 PROTOCOL_ERROR"]);
    await listener.closed;
    expect(recorded.outcomes).toEqual([{ ...brokenConnection, mayHaveApplied: false }]);
    expect(listener.events).toEqual(["close ETCD_PROTOCOL"]);
  });

  test("B1 a server that ends the connection before its SETTINGS leaves nothing applied", async () => {
    const { connection, listener, peer } = await dial(transport);
    const recorded = call(connection);
    await peer.expect("SETTINGS", "WINDOW_UPDATE 0 16711681");
    peer.end();
    const error = await listener.closed;
    expect([error.code, error.mayHaveApplied]).toEqual(["ETCD_UNREACHABLE", false]);
    expect(recorded.outcomes).toEqual([{ code: "ETCD_UNREACHABLE", mayHaveApplied: false, grpcCode: 14 }]);
    expect(listener.events).toEqual(["close ETCD_UNREACHABLE"]);
  });

  test("B2 every SETTINGS is acknowledged in order, after it was applied", async () => {
    const { connection, peer } = await dialOpen(transport, {}, [[Setting.INITIAL_WINDOW_SIZE, 0]]);
    call(connection);
    await peer.expect("HEADERS 1");
    // Each one opens the window a little more: the DATA that it allows comes behind its ACK, not behind a later one.
    peer.send(settingsFrame([[Setting.INITIAL_WINDOW_SIZE, 3]]));
    await peer.expect("SETTINGS ACK", "DATA 1 3");
    peer.send(settingsFrame([[Setting.INITIAL_WINDOW_SIZE, 4]]));
    await peer.expect("SETTINGS ACK", "DATA 1 1");
    expect(await provoke(peer, settingsFrame(), pingFrame(hex("0102030405060708")), settingsFrame())).toEqual(
      ["SETTINGS ACK", "PING ACK 0102030405060708", "SETTINGS ACK"],
    );
    // The last value of a setting that comes twice in one frame counts.
    peer.send(
      settingsFrame([
        [Setting.INITIAL_WINDOW_SIZE, 1_000],
        [Setting.INITIAL_WINDOW_SIZE, 6],
      ]),
    );
    await peer.expect("SETTINGS ACK", "DATA 1 2");
    peer.send(settingsFrame([[Setting.INITIAL_WINDOW_SIZE, 10]]));
    await peer.expect("SETTINGS ACK", "DATA 1 4 END_STREAM");
  });

  test.each([
    ["SETTINGS of 5 bytes", "FRAME_SIZE_ERROR", frame(FrameType.SETTINGS, 0, 0, hex("0003 000000"))],
    ["SETTINGS on a stream", "PROTOCOL_ERROR", frame(FrameType.SETTINGS, 0, 1, hex("0003 00000064"))],
    [
      "an ACK of SETTINGS with a payload",
      "FRAME_SIZE_ERROR",
      frame(FrameType.SETTINGS, Flag.ACK, 0, hex("0003 00000064")),
    ],
    ["an ACK of SETTINGS on a stream", "PROTOCOL_ERROR", frame(FrameType.SETTINGS, Flag.ACK, 1, hex(""))],
    ["PING of 7 bytes", "FRAME_SIZE_ERROR", pingFrame(Buffer.alloc(7))],
    ["PING of 9 bytes", "FRAME_SIZE_ERROR", pingFrame(Buffer.alloc(9))],
    ["PING on a stream", "PROTOCOL_ERROR", frame(FrameType.PING, 0, 1, Buffer.alloc(8))],
    ["PRIORITY on stream 0", "PROTOCOL_ERROR", priorityFrame(0)],
    ["RST_STREAM of 3 bytes", "FRAME_SIZE_ERROR", frame(FrameType.RST_STREAM, 0, 1, hex("000000"))],
    ["RST_STREAM on stream 0", "PROTOCOL_ERROR", rstStreamFrame(0, Http2Code.CANCEL)],
    ["RST_STREAM on an idle stream", "PROTOCOL_ERROR", rstStreamFrame(3, Http2Code.CANCEL)],
    ["WINDOW_UPDATE of 3 bytes", "FRAME_SIZE_ERROR", frame(FrameType.WINDOW_UPDATE, 0, 1, hex("000001"))],
    ["WINDOW_UPDATE on an idle stream", "PROTOCOL_ERROR", windowUpdateFrame(3, 1)],
    ["GOAWAY of 7 bytes", "FRAME_SIZE_ERROR", frame(FrameType.GOAWAY, 0, 0, Buffer.alloc(7))],
    ["GOAWAY on a stream", "PROTOCOL_ERROR", frame(FrameType.GOAWAY, 0, 1, Buffer.alloc(8))],
    ["ENABLE_PUSH = 1 from a server", "PROTOCOL_ERROR", settingsFrame([[Setting.ENABLE_PUSH, 1]])],
    ["MAX_FRAME_SIZE below 16,384", "PROTOCOL_ERROR", settingsFrame([[Setting.MAX_FRAME_SIZE, 16_383]])],
    ["MAX_FRAME_SIZE over 2^24-1", "PROTOCOL_ERROR", settingsFrame([[Setting.MAX_FRAME_SIZE, 2 ** 24]])],
  ])("B2 %s is a connection error, %s", async (_what, code, bytes) => {
    const wire = await dialOpen(transport);
    expect(await exchange(wire, [bytes])).toEqual(connectionError(code));
    await wire.peer.closed;
  });

  test("B2 PRIORITY of a wrong length costs its stream only, as RFC 9113 §6.3 says: FRAME_SIZE_ERROR", async () => {
    const wire = await dialOpen(transport);
    expect(await exchange(wire, [frame(FrameType.PRIORITY, 0, 1, hex("80000001"))])).toEqual(
      streamError("FRAME_SIZE_ERROR"),
    );
  });

  test("B2 unknown settings, frame types and flags are ignored", async () => {
    const wire = await dialOpen(transport);
    const withFlags = (bytes: Buffer): Buffer => {
      const odd = Buffer.from(bytes);
      // Defined for no frame: RFC 9113 §6.
      odd[4]! |= 0xc2;
      return odd;
    };
    expect(
      await exchange(wire, [
        settingsFrame([
          [0x99, 5],
          [0x0a0a, 2 ** 32 - 1],
        ]),
        // ALTSVC, ORIGIN, PRIORITY_UPDATE, one of GREASE, and the last of all types.
        ...[0x0a, 0x0c, 0x10, 0x2b, 0xff].flatMap((type) => [
          frame(type, 0xff, 0, hex("00 11 22")),
          frame(type, 0, 1, hex("")),
          frame(type, 0, 2, hex("33")),
          frame(type, 0, 9, hex("44")),
        ]),
        withFlags(okHeaders(1)),
        withFlags(priorityFrame(1)),
        withFlags(windowUpdateFrame(1, 5)),
        withFlags(pingFrame(hex("0102030405060708"))),
        withFlags(world),
        withFlags(trailers(1)),
      ]),
    ).toEqual({ ...success, sent: ["SETTINGS ACK", "PING ACK 0102030405060708"] });
  });

  test("B3 our SETTINGS: no push, 1 MiB stream windows, 16,384 bytes of frame and of header list, the HPACK table as it is", async () => {
    const { peer } = await dial(transport);
    const settings = await peer.next();
    expect(settings.text).toBe("SETTINGS");
    expect(settings.payload.toString("hex")).toBe(
      hex("0002 00000000  0004 00100000  0005 00004000  0006 00004000").toString("hex"),
    );
  });

  test("B3 PUSH_PROMISE is a connection error, PROTOCOL_ERROR", async () => {
    const wire = await dialOpen(transport);
    expect(await exchange(wire, [pushPromiseFrame(1, 2, okBlock)])).toEqual(
      connectionError("PROTOCOL_ERROR"),
    );
  });

  test("B3 the table evicts at 4,096 bytes, neither before nor after", async () => {
    const { connection, listener, peer } = await dialOpen(transport);
    const answer = async (id: number, ...blocks: Uint8Array[]): Promise<unknown> => {
      const recorded = call(connection);
      await peer.expect(`HEADERS ${id}`, `DATA ${id} 10 END_STREAM`);
      peer.send(
        headersFrame(id, Buffer.concat([okBlock, ...blocks])),
        dataFrame(id, grpcMessage("x")),
        trailers(id),
      );
      return recorded.settled;
    };
    // 32 entries of 128 bytes fill the table (RFC 7541 §4.1: name, value and 32), so that the oldest has index 93.
    const entry = (count: number): Buffer => indexed(`x-${String(count).padStart(6, "0")}`, "v".repeat(88));
    const entries = Array.from({ length: 32 }, (_, count) => entry(count));
    expect(await answer(1, ...entries)).toEqual({ reply: "x" });
    expect(await answer(3, hex("dd"))).toEqual({ reply: "x" });
    // One more, and index 93 is the second oldest of before.
    expect(await answer(5, entry(32), hex("dd"))).toEqual({ reply: "x" });
    expect(await answer(7, hex("de"))).toEqual({ ...brokenConnection });
    expect(await framesUntilMark(peer)).toMatchObject([{ text: "GOAWAY 0 COMPRESSION_ERROR" }]);
    expect(listener.events).toEqual(["open", "close ETCD_PROTOCOL"]);
  });

  test("B3 a server that uses no table, 0x20 and then literals, is understood each time", async () => {
    const { connection, peer } = await dialOpen(transport);
    for (const id of [1, 3, 5]) {
      const recorded = call(connection);
      await peer.expect(`HEADERS ${id}`, `DATA ${id} 10 END_STREAM`);
      peer.send(
        headersFrame(id, Buffer.concat([hex(id === 1 ? "20" : ""), okBlock])),
        dataFrame(id, grpcMessage("x")),
        headersFrame(id, statusOkBlock, { endStream: true }),
      );
      expect(await recorded.settled).toEqual({ reply: "x" });
    }
  });

  test("B3 a header list over our MAX_HEADER_LIST_SIZE is a connection error, ENHANCE_YOUR_CALM", async () => {
    const wire = await dialOpen(transport);
    // One entry of 3,042 bytes, referred to again and again: six times it are over 16,384.
    const large = Buffer.concat([hex("40 01 78 7f 9216"), Buffer.alloc(2_961, 0x76)]);
    expect(
      await exchange(wire, [headersFrame(1, Buffer.concat([okBlock, large, hex("bebebebebe")]))]),
    ).toEqual(connectionError("ENHANCE_YOUR_CALM"));
  });

  test("B4 a HEADER_TABLE_SIZE of 0 bounds our encoder: a size update to 0, then no reference to a table", async () => {
    const { connection, peer } = await dialOpen(transport, {}, [[Setting.HEADER_TABLE_SIZE, 0]]);
    const decoder = new HpackDecoder({ tableMaxBytes: 0, listMaxBytes: 16_384 });
    const seen = new Set<string>();
    for (const id of [1, 3, 5]) {
      call(connection, "hello", 1_500);
      const [headers] = await peer.expect(`HEADERS ${id}`, `DATA ${id} 10 END_STREAM`);
      expect(headers!.payload[0] === 0x20).toBe(id === 1);
      const fields: string[] = [];
      // A decoder without a table throws on any index into it, and on a missing size update.
      decoder.decode(headers!.payload, 0, headers!.payload.length, {
        onField: ({ name, value }) => fields.push(`${name}: ${value}`),
      });
      seen.add(fields.join("\n"));
    }
    expect([...seen]).toEqual([
      [
        ":method: POST",
        `:scheme: ${transport === "TLS" ? "https" : "http"}`,
        ":path: /test.Echo/Echo",
        ":authority: test:1",
        "te: trailers",
        "content-type: application/grpc",
        "user-agent: etcdwire-test",
        "grpc-timeout: 1500m",
      ].join("\n"),
    ]);
  });

  test("B4 a HEADER_TABLE_SIZE of 0 in mid-connection holds from the first block after its ACK", async () => {
    const { connection, peer } = await dialOpen(transport);
    for (const id of [1, 3]) {
      call(connection);
      await peer.expect(`HEADERS ${id}`, `DATA ${id} 10 END_STREAM`);
    }
    peer.send(settingsFrame([[Setting.HEADER_TABLE_SIZE, 0]]));
    await peer.expect("SETTINGS ACK");
    const decoder = new HpackDecoder({ tableMaxBytes: 0, listMaxBytes: 16_384 });
    for (const id of [5, 7]) {
      call(connection);
      const [headers] = await peer.expect(`HEADERS ${id}`, `DATA ${id} 10 END_STREAM`);
      expect(headers!.payload[0] === 0x20).toBe(id === 5);
      let count = 0;
      decoder.decode(headers!.payload, 0, headers!.payload.length, { onField: () => count++ });
      expect(count).toBe(8);
    }
  });

  test.each([4_096, 0])(
    "B4 the token is a literal that is never indexed, in each request, with a peer's table of %i",
    async (tableBytes) => {
      const { connection, peer } = await dialOpen(transport, {}, [[Setting.HEADER_TABLE_SIZE, tableBytes]]);
      connection.setToken("secret.27");
      // RFC 7541 §6.2.3: 0x10, then the name and the value, both in Huffman's code here.
      const coded = (text: string): Buffer => {
        const bytes = Buffer.alloc(huffmanEncodedBytes(text));
        huffmanEncode(bytes, 0, text);
        return Buffer.concat([Buffer.from([0x80 | bytes.length]), bytes]);
      };
      const literal = Buffer.concat([hex("10"), coded("token"), coded("secret.27")]);
      for (const id of [1, 3, 5]) {
        call(connection);
        const [headers] = await peer.expect(`HEADERS ${id}`, `DATA ${id} 10 END_STREAM`);
        expect(headers!.fields).toContain("token: secret.27");
        expect(headers!.payload.includes(literal)).toBe(true);
      }
    },
  );

  test.each([
    ["a table-size update in the middle of a block", "88 20"],
    ["a table-size update behind the last field", "88 3fe11f"],
    ["a table-size update over our 4,096", "3fe21f 88"],
    ["an integer with six continuation bytes", "ff 808080808001"],
    ["a size update with six continuation bytes", "3f 808080808000 88"],
    ["index 0", "80"],
    ["an index beyond the table", "be"],
    ["a name's index beyond the table", "7e 0161"],
    ["Huffman padding that is not all ones", "400161 8100"],
    ["Huffman padding of more than 7 bits", "400161 8207ff"],
    ["Huffman's EOS", "400161 84ffffffff"],
    ["a string beyond the end of the block", "400161 0562"],
    ["a block that ends inside an integer", "ff"],
    ["a block that ends inside a field", "40"],
  ])("B5 %s is COMPRESSION_ERROR of the connection", async (_what, block) => {
    const wire = await dialOpen(transport);
    expect(await exchange(wire, [headersFrame(1, hex(block))])).toEqual(connectionError("COMPRESSION_ERROR"));
  });

  test("B5 table-size updates at the start of a block, up to our limit, are taken", async () => {
    const wire = await dialOpen(transport);
    expect(
      await exchange(wire, [
        // The second update is 31, in the five continuation bytes that are legal.
        headersFrame(1, Buffer.concat([hex("20 3f8080808000 3fe11f"), okBlock])),
        world,
        headersFrame(1, Buffer.concat([hex("3fe11f 20 21"), statusOkBlock]), { endStream: true }),
      ]),
    ).toEqual(success);
  });

  test.each([
    ["alone", [continuationFrame(1, okBlock)]],
    ["behind a block that was ended", [okHeaders(1), continuationFrame(1, okBlock)]],
    [
      "behind the last CONTINUATION",
      [
        headersFrame(1, okBlock.subarray(0, 4), { endHeaders: false }),
        continuationFrame(1, okBlock.subarray(4)),
        continuationFrame(1, okBlock),
      ],
    ],
    [
      "of another stream",
      [headersFrame(1, okBlock, { endHeaders: false }), continuationFrame(3, statusOkBlock)],
    ],
    ["of stream 0", [headersFrame(1, okBlock, { endHeaders: false }), continuationFrame(0, statusOkBlock)]],
    ["behind DATA", [headersFrame(1, okBlock, { endHeaders: false }), world, continuationFrame(1, hex(""))]],
    [
      "behind a PING",
      [
        headersFrame(1, okBlock, { endHeaders: false }),
        pingFrame(Buffer.alloc(8)),
        continuationFrame(1, hex("")),
      ],
    ],
    [
      "behind SETTINGS",
      [headersFrame(1, okBlock, { endHeaders: false }), settingsFrame(), continuationFrame(1, hex(""))],
    ],
    [
      "behind a frame of an unknown type",
      [
        headersFrame(1, okBlock, { endHeaders: false }),
        frame(0x20, 0, 1, hex("")),
        continuationFrame(1, hex("")),
      ],
    ],
  ])("B6 CONTINUATION %s is a connection error, PROTOCOL_ERROR", async (_where, frames) => {
    const wire = await dialOpen(transport);
    expect(await exchange(wire, frames)).toEqual(connectionError("PROTOCOL_ERROR"));
  });

  // But for the cap, each block would be a plain success: its list is below 16,384 bytes.
  const longField = Buffer.concat([hex("00 01 78 7f cd7b"), Buffer.alloc(15_948, 0x76)]);
  const longBlock = Buffer.concat([okBlock, longField]);
  test.each([
    [
      "of over 16,384 compressed bytes",
      [
        headersFrame(1, Buffer.concat([Buffer.alloc(400, 0x20), longBlock.subarray(0, 8_000)]), {
          endHeaders: false,
        }),
        continuationFrame(1, longBlock.subarray(8_000)),
      ],
    ],
    [
      "that its padding makes longer than 16,384 bytes",
      [
        headersFrame(1, longBlock, { endHeaders: false, padding: 255 }),
        continuationFrame(1, headerBlock([["y", "z".repeat(150)]])),
      ],
    ],
    [
      "of nine CONTINUATION frames",
      [
        headersFrame(1, okBlock, { endHeaders: false }),
        ...Array.from({ length: 9 }, (_, count) => continuationFrame(1, hex(""), count === 8)),
      ],
    ],
  ])("B6 a header block %s is a connection error, ENHANCE_YOUR_CALM", async (_what, frames) => {
    const wire = await dialOpen(transport);
    expect(await exchange(wire, frames)).toEqual(connectionError("ENHANCE_YOUR_CALM"));
    expect(wire.listener.closeError!.message).toMatch(/a header block (of|in)/);
  });

  test("B6 a header block just below the cap, with padding and CONTINUATION, is taken", async () => {
    const wire = await dialOpen(transport);
    expect(
      await exchange(wire, [
        headersFrame(1, longBlock, { endHeaders: false, padding: 99 }),
        continuationFrame(1, headerBlock([["y", "z".repeat(150)]])),
        world,
        trailers(1),
      ]),
    ).toEqual(success);
  });

  test("B6 a header block in eight CONTINUATION frames, empty ones among them, is whole", async () => {
    const wire = await dialOpen(transport);
    const fragments = Array.from({ length: 8 }, (_, count) => okBlock.subarray(4 * count, 4 * count + 4));
    expect(
      await exchange(wire, [
        headersFrame(1, hex(""), { endHeaders: false }),
        ...fragments.map((fragment) => continuationFrame(1, fragment, false)).slice(0, 7),
        continuationFrame(1, okBlock.subarray(28)),
        world,
        headersFrame(1, statusOkBlock, { endHeaders: false, endStream: true }),
        continuationFrame(1, hex("")),
      ]),
    ).toEqual(success);
  });

  test("B6 HEADERS of a stream that is gone are decoded: the next response builds on what they put into the table", async () => {
    const { connection, listener, peer } = await dialOpen(transport);
    const cancelled = call(connection);
    await peer.expect("HEADERS 1", "DATA 1 10 END_STREAM");
    connection.cancel(cancelled.stream!, new Error("enough") as never);
    await peer.expect("RST_STREAM 1 CANCEL");
    const reset = call(connection);
    await peer.expect("HEADERS 3", "DATA 3 10 END_STREAM");
    peer.send(rstStreamFrame(3, Http2Code.REFUSED_STREAM));
    await reset.settled;
    const recorded = call(connection);
    await peer.expect("HEADERS 5", "DATA 5 10 END_STREAM");
    peer.send(
      headersFrame(1, Buffer.concat([hex("88"), indexed("content-type", "application/grpc")])),
      headersFrame(3, indexed("grpc-status", "0"), { endHeaders: false, endStream: true }),
      continuationFrame(3, indexed("x-late", "1")),
      headersFrame(5, hex("88 c0")),
      dataFrame(5, grpcMessage("world")),
      headersFrame(5, hex("bf"), { endStream: true }),
    );
    expect(await recorded.settled).toEqual({ reply: "world" });
    expect(listener.events).toEqual(["open"]);
  });

  test("B7 PADDED and PRIORITY on HEADERS, PADDED on DATA, zero-length frames and 1xx are a plain success, in 1-byte reads too", async () => {
    const wire = await dialOpen(transport);
    const recorded = call(wire.connection);
    await wire.peer.expect("HEADERS 1", "DATA 1 10 END_STREAM");
    for (const byte of cutEveryByte(oddResponse(1))) wire.peer.send(byte);
    expect(await recorded.settled).toEqual({ reply: "world" });
    expect(await provoke(wire.peer)).toEqual([]);
    expect(wire.listener.events).toEqual(["open"]);
  });

  test.each([
    ["DATA with padding as long as its payload", frame(FrameType.DATA, Flag.PADDED, 1, hex("03 6161"))],
    ["DATA with padding longer than its payload", frame(FrameType.DATA, Flag.PADDED, 1, hex("ff 6161"))],
    ["DATA of its pad length alone, over 0", frame(FrameType.DATA, Flag.PADDED, 1, hex("01"))],
    [
      "HEADERS with padding over what is left for the block",
      frame(FrameType.HEADERS, Flag.PADDED | Flag.END_HEADERS, 1, hex("02 88")),
    ],
    [
      "HEADERS with padding that reaches into the priority",
      frame(FrameType.HEADERS, Flag.PADDED | Flag.PRIORITY | Flag.END_HEADERS, 1, hex("01 00000000 0f")),
    ],
  ])("B7 %s is a connection error, PROTOCOL_ERROR", async (_what, bytes) => {
    const wire = await dialOpen(transport);
    expect(await exchange(wire, [bytes])).toEqual(connectionError("PROTOCOL_ERROR"));
  });

  test("B7 padding may be all that stands behind the pad length, of DATA and of HEADERS", async () => {
    const wire = await dialOpen(transport);
    expect(
      await exchange(wire, [
        okHeaders(1),
        frame(FrameType.DATA, Flag.PADDED, 1, hex("02 0000")),
        world,
        frame(FrameType.HEADERS, Flag.PADDED | Flag.END_STREAM, 1, hex("02 0000")),
        continuationFrame(1, statusOkBlock),
      ]),
    ).toEqual(success);
  });

  test("B7 padding counts in flow control: credit for 512 bytes comes back after two frames of 255 bytes of padding", async () => {
    const { connection, peer } = await dialOpen(transport, { limits: { streamWindowBytes: 1_024 } });
    open(connection);
    await peer.expect("HEADERS 1");
    expect(await provoke(peer, okHeaders(1), dataFrame(1, hex(""), { padding: 255 }))).toEqual([]);
    expect(await provoke(peer, dataFrame(1, hex(""), { padding: 255 }))).toEqual(["WINDOW_UPDATE 1 512"]);
  });

  test("B7 a zero-length HEADERS frame is an empty header block: no :status, PROTOCOL_ERROR; as trailers, no status", async () => {
    expect(await exchange(await dialOpen(transport), [headersFrame(1, hex(""))])).toEqual(
      streamError("PROTOCOL_ERROR"),
    );
    expect(
      await exchange(await dialOpen(transport), [
        okHeaders(1),
        world,
        headersFrame(1, hex(""), { endStream: true }),
      ]),
    ).toEqual({ outcomes: [noStatus], sent: [], events: ["open"] });
  });

  test("B7 a 1xx response that ends the stream is PROTOCOL_ERROR on the stream", async () => {
    expect(
      await exchange(await dialOpen(transport), [
        headersFrame(1, headerBlock([[":status", "103"]]), { endStream: true }),
      ]),
    ).toEqual(streamError("PROTOCOL_ERROR"));
  });

  test.each([
    ["DATA of 16,385 bytes", "004001 00 00 00000001"],
    ["HEADERS of 16,385 bytes", "004001 01 04 00000001"],
    ["SETTINGS of 16,386 bytes", "004002 04 00 00000000"],
    ["an unknown frame of 2^24-1 bytes", "ffffff 20 00 00000000"],
    ["DATA of 2^24-1 bytes for a stream that is gone", "ffffff 00 00 00000001"],
  ])("B8 %s is FRAME_SIZE_ERROR by its header alone, before any of it came", async (_what, header) => {
    const { connection, listener, peer } = await dialOpen(transport);
    const recorded = call(connection);
    await peer.expect("HEADERS 1", "DATA 1 10 END_STREAM");
    peer.send(hex(header));
    expect((await framesUntilMark(peer)).map(({ text }) => text)).toEqual(["GOAWAY 0 FRAME_SIZE_ERROR"]);
    await listener.closed;
    expect(recorded.outcomes).toEqual([brokenConnection]);
    expect(listener.events).toEqual(["open", "close ETCD_PROTOCOL"]);
  });

  test("B8 DATA of exactly 16,384 bytes is taken", async () => {
    const wire = await dialOpen(transport);
    const message = "x".repeat(16_379);
    expect(await exchange(wire, [okHeaders(1), dataFrame(1, grpcMessage(message)), trailers(1)])).toEqual({
      ...success,
      outcomes: [{ reply: message }],
    });
  });

  test("B8 the R bit is ignored: of stream ids, of increments and of GOAWAY's last stream id", async () => {
    const { connection, listener, peer } = await dialOpen(transport, {}, [[Setting.INITIAL_WINDOW_SIZE, 4]]);
    const recorded = call(connection);
    await peer.expect("HEADERS 1", "DATA 1 4");
    const reserved = (bytes: Buffer): Buffer => {
      const odd = Buffer.from(bytes);
      odd[5]! |= 0x80;
      return odd;
    };
    peer.send(reserved(windowUpdateFrame(1, 2 ** 31 + 6)));
    await peer.expect("DATA 1 6 END_STREAM");
    expect(
      await provoke(peer, reserved(goawayFrame(2 ** 31 + 1, 0)), reserved(pingFrame(Buffer.alloc(8)))),
    ).toEqual(["PING ACK 0000000000000000"]);
    expect(recorded.outcomes).toEqual([]);
    peer.send(...[okHeaders(1), world, trailers(1)].map(reserved));
    expect(await recorded.settled).toEqual({ reply: "world" });
    await listener.closed;
    expect(listener.events).toEqual(["open", "draining 0", "close ETCD_CLOSED"]);
  });

  test.each([
    ["HEADERS", okHeaders(2)],
    ["DATA", dataFrame(2, hex("00"))],
    ["RST_STREAM", rstStreamFrame(2, 0)],
    ["WINDOW_UPDATE", windowUpdateFrame(2, 1)],
    ["CONTINUATION", continuationFrame(2, okBlock)],
  ])("B8 %s on an even stream, which only a server could open, is PROTOCOL_ERROR", async (_what, bytes) => {
    const wire = await dialOpen(transport);
    expect(await exchange(wire, [bytes])).toEqual(connectionError("PROTOCOL_ERROR"));
  });

  test("B8 GOAWAY that names a stream of the server's as the last one is PROTOCOL_ERROR", async () => {
    const wire = await dialOpen(transport);
    expect(await exchange(wire, [goawayFrame(2, 0)])).toEqual(connectionError("PROTOCOL_ERROR"));
  });

  test("B9 a request's names are lower case, pseudo-header fields first, te: trailers, and nothing about the connection", async () => {
    const { connection, peer } = await dialOpen(transport);
    connection.setToken("t");
    const head = new RequestHead("/etcdserverpb.KV/Put", [["hasleader", "true"]]);
    const recorded = new RecordedCall();
    connection.callUnary(head, Buffer.from("x"), unaryRecorder, recorded, {
      timeoutMs: 2_000,
      metadata: [["client-api-version", "3.5"]],
    });
    const [headers] = await peer.expect("HEADERS 1", "DATA 1 6 END_STREAM");
    expect(headers!.fields).toEqual([
      ":method: POST",
      `:scheme: ${transport === "TLS" ? "https" : "http"}`,
      ":path: /etcdserverpb.KV/Put",
      ":authority: test:1",
      "te: trailers",
      "content-type: application/grpc",
      "user-agent: etcdwire-test",
      "hasleader: true",
      "token: t",
      "grpc-timeout: 2000m",
      "client-api-version: 3.5",
    ]);
  });
});

/** One response with everything that is legal and rare. */
const oddResponse = (id: number): Buffer =>
  Buffer.concat([
    headersFrame(id, headerBlock([[":status", "100"]])),
    headersFrame(id, headerBlock([[":status", "103"]]), { padding: 3, priority: true }),
    frame(
      FrameType.HEADERS,
      Flag.PADDED | Flag.PRIORITY,
      id,
      Buffer.concat([hex("04 80000001 0f"), okBlock.subarray(0, 7), Buffer.alloc(4)]),
    ),
    continuationFrame(id, hex(""), false),
    continuationFrame(id, okBlock.subarray(7)),
    dataFrame(id, hex("")),
    dataFrame(id, hex(""), { padding: 0 }),
    dataFrame(id, grpcMessage("world").subarray(0, 2), { padding: 1 }),
    dataFrame(id, hex(""), { padding: 5 }),
    dataFrame(id, grpcMessage("world").subarray(2, 7)),
    priorityFrame(id),
    dataFrame(id, grpcMessage("world").subarray(7), { padding: 9 }),
    headersFrame(id, statusOkBlock.subarray(0, 1), {
      endStream: true,
      endHeaders: false,
      priority: true,
      padding: 0,
    }),
    continuationFrame(id, statusOkBlock.subarray(1)),
  ]);

describe("B in memory:", () => {
  test("B1 the handshake is time-boxed: silence after TCP, after our preface, or inside SETTINGS ends it at connectTimeoutMs", () => {
    const settings = settingsFrame([[Setting.MAX_CONCURRENT_STREAMS, 100]]);
    for (const how of ["never connected", "silent", "one byte every 100 ms"]) {
      const { connection, socket, runtime, listener } = memoryConnection({
        limits: { connectTimeoutMs: 1_000 },
      });
      const recorded = call(connection);
      if (how !== "never connected") socket.connected();
      for (let tenth = 0; tenth < 9; tenth++) {
        runtime.advance(100);
        if (how === "one byte every 100 ms") socket.receive(settings.subarray(tenth, tenth + 1));
      }
      runtime.advance(99);
      expect(listener.events).toEqual([]);
      runtime.advance(1);
      expect(listener.events).toEqual(["close ETCD_UNREACHABLE"]);
      expect(recorded.outcomes).toEqual([{ code: "ETCD_UNREACHABLE", mayHaveApplied: false, grpcCode: 14 }]);
      expect(socket.state).toBe("destroyed");
    }
  });

  test("B7 a response with padding, priority, CONTINUATION, empty frames and 1xx means the same at every cut in two", () => {
    const bytes = oddResponse(1);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const { connection, socket, runtime } = openConnection();
      const recorded = call(connection);
      runtime.endTick();
      socket.takeFrames();
      for (const chunk of cutAt(bytes, [cut])) socket.receive(chunk);
      expect(recorded.outcomes).toEqual([{ reply: "world" }]);
      expect(socket.taken()).toEqual([]);
    }
  });

  test("B7 messages of a stream torn at every byte are handed over whole, in order, each once", () => {
    const messages = ["", "a", "bc", "", "def"];
    const bytes = Buffer.concat(messages.map((message) => grpcMessage(message)));
    for (let first = 0; first <= bytes.length; first++) {
      for (let second = first; second <= bytes.length; second++) {
        const { connection, socket, runtime } = openConnection();
        const stream = open(connection);
        runtime.endTick();
        socket.receive(okHeaders(1), ...cutAt(bytes, [first, second]).map((part) => dataFrame(1, part)));
        expect(stream.messages).toEqual(messages);
      }
    }
  });
});
