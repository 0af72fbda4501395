import { once } from "node:events";
import http2 from "node:http2";
import net from "node:net";
import type { AddressInfo } from "node:net";

import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { FrameReader } from "../../src/wire/frame-reader.js";
import type { FrameLimits } from "../../src/wire/frame-reader.js";
import { Flag, FrameType, Http2Code, http2CodeName, Setting } from "../../src/wire/layout.js";
import { WireError } from "../../src/wire/wire-error.js";
import {
  continuationFrame,
  cutAt,
  cutEveryByte,
  dataFrame,
  feed,
  frame,
  goawayFrame,
  headersFrame,
  hex,
  mergeData,
  pingFrame,
  priorityFrame,
  pushPromiseFrame,
  readFrames,
  RecordingSink,
  rstStreamFrame,
  settingsAckFrame,
  settingsFrame,
  testLimits,
  windowUpdateFrame,
} from "../support/frames.js";
import type { FrameEvent } from "../support/frames.js";

const firstSettings = settingsFrame();
const settingsEvent: FrameEvent = { type: "settings", payload: "" };

/** The events behind the peer's first SETTINGS. */
const readAfterSettings = (
  chunks: readonly Uint8Array[],
  limits: Partial<FrameLimits> = {},
): FrameEvent[] => {
  const [first, ...rest] = readFrames([firstSettings, ...chunks], limits);
  expect(first).toEqual(settingsEvent);
  return rest;
};

/** Events, and the error that ended them, if any. */
const outcome = (chunks: readonly Uint8Array[], limits: Partial<FrameLimits> = {}) => {
  const sink = new RecordingSink();
  const reader = new FrameReader(sink, { ...testLimits, ...limits });
  let error: WireError | undefined;
  try {
    for (const chunk of chunks) feed(reader, chunk);
  } catch (thrown) {
    if (!(thrown instanceof WireError)) throw thrown;
    error = thrown;
  }
  return {
    events: mergeData(sink.events),
    code: error && http2CodeName(error.code),
    message: error?.message,
  };
};

const everyFrame: readonly [name: string, bytes: Buffer, events: FrameEvent[]][] = [
  [
    "DATA",
    hex("000003 00 00 00000001 616263"),
    [{ type: "data", streamId: 1, content: "616263", flowBytes: 3, endStream: false }],
  ],
  [
    "empty DATA",
    hex("000000 00 00 00000001"),
    [{ type: "data", streamId: 1, content: "", flowBytes: 0, endStream: false }],
  ],
  [
    "empty DATA with END_STREAM",
    hex("000000 00 01 00000001"),
    [{ type: "data", streamId: 1, content: "", flowBytes: 0, endStream: true }],
  ],
  [
    "padded DATA",
    hex("000006 00 09 7fffffff 03 6162 000000"),
    [{ type: "data", streamId: 0x7fffffff, content: "6162", flowBytes: 6, endStream: true }],
  ],
  [
    "DATA padded with 0 bytes",
    hex("000002 00 08 00000003 00 61"),
    [{ type: "data", streamId: 3, content: "61", flowBytes: 2, endStream: false }],
  ],
  [
    "DATA that is padding only",
    hex("000004 00 09 00000003 03 000000"),
    [{ type: "data", streamId: 3, content: "", flowBytes: 4, endStream: true }],
  ],
  [
    "HEADERS",
    hex("000002 01 04 00000001 8801"),
    [{ type: "headers", streamId: 1, block: "8801", endStream: false }],
  ],
  [
    "HEADERS with END_STREAM",
    hex("000001 01 05 00000001 88"),
    [{ type: "headers", streamId: 1, block: "88", endStream: true }],
  ],
  [
    "HEADERS without a block",
    hex("000000 01 04 00000005"),
    [{ type: "headers", streamId: 5, block: "", endStream: false }],
  ],
  [
    "padded HEADERS",
    hex("000004 01 0c 00000001 02 88 0000"),
    [{ type: "headers", streamId: 1, block: "88", endStream: false }],
  ],
  [
    "HEADERS padded with nothing inside",
    hex("000003 01 0c 00000001 02 0000"),
    [{ type: "headers", streamId: 1, block: "", endStream: false }],
  ],
  [
    "HEADERS with priority",
    hex("000006 01 24 00000001 80000003 10 88"),
    [{ type: "headers", streamId: 1, block: "88", endStream: false }],
  ],
  [
    "HEADERS with padding and priority",
    hex("000009 01 2d 00000001 02 80000003 10 88 0000"),
    [{ type: "headers", streamId: 1, block: "88", endStream: true }],
  ],
  [
    "HEADERS and CONTINUATION",
    hex("000004 01 09 00000003 01 8801 00  000002 09 00 00000003 0203  000001 09 04 00000003 04"),
    [{ type: "headers", streamId: 3, block: "8801020304", endStream: true }],
  ],
  [
    "empty HEADERS and empty CONTINUATION",
    hex("000000 01 00 00000003  000000 09 00 00000003  000000 09 04 00000003"),
    [{ type: "headers", streamId: 3, block: "", endStream: false }],
  ],
  ["PRIORITY", hex("000005 02 00 00000001 00000000 0f"), []],
  ["PRIORITY of an even stream", hex("000005 02 00 00000002 00000000 0f"), []],
  [
    "PRIORITY of a wrong length",
    hex("000004 02 00 00000001 00000000"),
    [{ type: "streamError", streamId: 1, errorCode: Http2Code.FRAME_SIZE_ERROR }],
  ],
  [
    "RST_STREAM",
    hex("000004 03 00 00000001 fffffff8"),
    [{ type: "rstStream", streamId: 1, errorCode: 0xfffffff8 }],
  ],
  ["SETTINGS", hex("000000 04 00 00000000"), [settingsEvent]],
  [
    "SETTINGS with known and unknown identifiers",
    hex("000012 04 00 00000000 0003 00000064  0004 7fffffff  ffff ffffffff"),
    [{ type: "settings", payload: "00030000006400047fffffffffffffffffff" }],
  ],
  ["SETTINGS ACK", hex("000000 04 01 00000000"), [{ type: "settingsAck" }]],
  [
    "PING",
    hex("000008 06 00 00000000 02041010090e0707"),
    [{ type: "ping", ack: false, bytes: "02041010090e0707" }],
  ],
  [
    "PING ACK",
    hex("000008 06 01 00000000 0102030405060708"),
    [{ type: "ping", ack: true, bytes: "0102030405060708" }],
  ],
  [
    "GOAWAY",
    hex("000008 07 00 00000000 ffffffff 00000000"),
    [{ type: "goaway", lastStreamId: 0x7fffffff, errorCode: 0, debug: "" }],
  ],
  [
    "GOAWAY with debug data",
    hex("00000b 07 00 00000000 00000000 8000000b 616263"),
    [{ type: "goaway", lastStreamId: 0, errorCode: 0x8000000b, debug: "616263" }],
  ],
  [
    "WINDOW_UPDATE of the connection",
    hex("000004 08 00 00000000 7fffffff"),
    [{ type: "windowUpdate", streamId: 0, increment: 0x7fffffff }],
  ],
  [
    "WINDOW_UPDATE of a stream",
    hex("000004 08 00 00000001 00000001"),
    [{ type: "windowUpdate", streamId: 1, increment: 1 }],
  ],
  [
    "WINDOW_UPDATE of 0 on a stream",
    hex("000004 08 00 00000001 80000000"),
    [{ type: "windowUpdate", streamId: 1, increment: 0 }],
  ],
  ["an unknown type", hex("000003 0a ff 00000001 010203"), []],
  ["an empty frame of the last unknown type", hex("000000 ff 00 00000000"), []],
];

describe("each frame", () => {
  test.each(everyFrame)("%s gives its events", (_name, bytes, events) => {
    expect(readAfterSettings([bytes])).toEqual(events);
  });

  test.each(everyFrame)(
    "%s with the reserved bit and undefined flags means the same",
    (_name, bytes, events) => {
      const odd = Buffer.from(bytes);
      odd[5]! |= 0x80;
      // 0x40, 0x80 and 0x02 are defined for no frame (RFC 9113 §6).
      odd[4]! |= 0xc2;
      expect(readAfterSettings([odd])).toEqual(events);
    },
  );

  test.each(everyFrame)("%s cut in two or in three at any byte gives the same", (_name, bytes, events) => {
    const next = pingFrame(hex("0102030405060708"));
    const expected = [...events, { type: "ping", ack: false, bytes: "0102030405060708" }];
    const both = Buffer.concat([bytes, next]);
    for (let first = 0; first <= both.length; first++) {
      for (let second = first; second <= both.length; second++) {
        expect(readAfterSettings(cutAt(both, [first, second]))).toEqual(expected);
      }
    }
  });

  test.each(everyFrame)("%s byte by byte gives the same", (_name, bytes, events) => {
    expect(readFrames(cutEveryByte(Buffer.concat([firstSettings, bytes])))).toEqual([
      settingsEvent,
      ...events,
    ]);
  });

  test("all frames in one chunk, in two, and byte by byte give the same", () => {
    const stream = Buffer.concat([firstSettings, ...everyFrame.map(([, bytes]) => bytes)]);
    const expected = mergeData([settingsEvent, ...everyFrame.flatMap(([, , events]) => events)]);
    expect(readFrames([stream])).toEqual(expected);
    expect(readFrames(cutEveryByte(stream))).toEqual(expected);
    for (let cut = 0; cut <= stream.length; cut++) expect(readFrames(cutAt(stream, [cut]))).toEqual(expected);
  });

  test("frames of the longest length pass, whole and torn", () => {
    const content = Buffer.alloc(16_384, 0x61);
    const stream = Buffer.concat([
      dataFrame(1, content, { endStream: true }),
      headersFrame(3, content),
      goawayFrame(0, 0, content.subarray(8)),
      frame(0x20, 0, 1, content),
    ]);
    const events = readAfterSettings([stream]);
    expect(events.map((event) => event.type)).toEqual(["data", "headers", "goaway"]);
    expect(readAfterSettings(cutAt(stream, [5_000, 20_000, 39_999, 60_000]))).toEqual(events);
  });
});

test("settings at the edge of what is allowed pass", () => {
  const edges = settingsFrame([
    [Setting.ENABLE_PUSH, 0],
    [Setting.INITIAL_WINDOW_SIZE, 2 ** 31 - 1],
    [Setting.MAX_FRAME_SIZE, 16_384],
    [Setting.MAX_FRAME_SIZE, 2 ** 24 - 1],
    [Setting.HEADER_TABLE_SIZE, 2 ** 32 - 1],
    [Setting.MAX_CONCURRENT_STREAMS, 0],
  ]);
  expect(readFrames([edges])).toEqual([{ type: "settings", payload: edges.subarray(9).toString("hex") }]);
});

describe("what is lent", () => {
  test("a whole frame is handed out where it lies, and torn DATA too", () => {
    const owners: [string, Uint8Array][] = [];
    const sink = new RecordingSink();
    const note =
      (name: string) =>
      (...values: unknown[]): void => {
        owners.push([name, values.find((value) => value instanceof Uint8Array)!]);
      };
    const reader = new FrameReader(
      Object.assign(sink, { onData: note("data"), onHeaders: note("headers"), onPing: note("ping") }),
      testLimits,
    );
    const chunk = Buffer.concat([
      firstSettings,
      dataFrame(1, hex("0102")),
      headersFrame(1, hex("88")),
      pingFrame(Buffer.alloc(8)),
      dataFrame(1, hex("0304")),
    ]);
    reader.read(chunk, 0, chunk.length - 1);
    const rest = chunk.subarray(chunk.length - 1);
    reader.read(rest, 0, 1);
    expect(owners.map(([name]) => name)).toEqual(["data", "headers", "ping", "data", "data"]);
    expect(owners.map(([, bytes]) => bytes)).toEqual([chunk, chunk, chunk, chunk, rest]);
    for (const [, bytes] of owners) expect(bytes.buffer).toBe(chunk.buffer);
  });

  test("torn DATA is passed on as it comes, and every byte of it is accounted for once", () => {
    const sink = new RecordingSink();
    const reader = new FrameReader(sink, testLimits);
    feed(reader, firstSettings);
    const bytes = dataFrame(1, hex("0a0b"), { endStream: true, padding: 2 });
    for (const chunk of cutEveryByte(bytes)) feed(reader, chunk);
    const part = (content: string, endStream = false): FrameEvent => ({
      type: "data",
      streamId: 1,
      content,
      flowBytes: 1,
      endStream,
    });
    expect(sink.events.slice(1)).toEqual([part(""), part("0a"), part("0b"), part(""), part("", true)]);
  });
});

const settingsThen = (...frames: Uint8Array[]): Buffer => Buffer.concat([firstSettings, ...frames]);

const violations: readonly [what: string, code: keyof typeof Http2Code, bytes: Buffer][] = [
  // RFC 9113 §3.4: the server's preface.
  ["a PING before SETTINGS", "PROTOCOL_ERROR", pingFrame(Buffer.alloc(8))],
  ["a SETTINGS ACK before SETTINGS", "PROTOCOL_ERROR", settingsAckFrame()],
  ["an unknown frame before SETTINGS", "PROTOCOL_ERROR", frame(0x20, 0, 0, Buffer.alloc(0))],
  ["an HTTP/1.1 reply", "PROTOCOL_ERROR", Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n")],
  ["a TLS alert", "PROTOCOL_ERROR", hex("15 0301 0002 0246 15 0301 0002 0246")],
  // §4.2
  ["DATA over the frame limit", "FRAME_SIZE_ERROR", settingsThen(hex("004001 00 00 00000001"))],
  ["HEADERS over the frame limit", "FRAME_SIZE_ERROR", settingsThen(hex("004001 01 04 00000001"))],
  ["SETTINGS over the frame limit", "FRAME_SIZE_ERROR", settingsThen(hex("004002 04 00 00000000"))],
  ["an unknown frame over the frame limit", "FRAME_SIZE_ERROR", settingsThen(hex("ffffff 20 00 00000000"))],
  // §6.1 DATA
  ["DATA on stream 0", "PROTOCOL_ERROR", settingsThen(dataFrame(0, hex("01")))],
  ["DATA on an even stream", "PROTOCOL_ERROR", settingsThen(dataFrame(2, hex("01")))],
  ["padded DATA without a pad length", "FRAME_SIZE_ERROR", settingsThen(hex("000000 00 08 00000001"))],
  [
    "DATA that is its pad length only, over 0",
    "PROTOCOL_ERROR",
    settingsThen(hex("000001 00 08 00000001 01")),
  ],
  ["DATA with padding as long as itself", "PROTOCOL_ERROR", settingsThen(hex("000002 00 08 00000001 02 00"))],
  [
    "DATA with padding longer than itself",
    "PROTOCOL_ERROR",
    settingsThen(hex("000002 00 08 00000001 ff 00")),
  ],
  // §6.2 HEADERS
  ["HEADERS on stream 0", "PROTOCOL_ERROR", settingsThen(headersFrame(0, hex("88")))],
  ["HEADERS on an even stream", "PROTOCOL_ERROR", settingsThen(headersFrame(4, hex("88")))],
  ["padded HEADERS without a pad length", "FRAME_SIZE_ERROR", settingsThen(hex("000000 01 0c 00000001"))],
  ["HEADERS too short for priority", "FRAME_SIZE_ERROR", settingsThen(hex("000004 01 24 00000001 00000000"))],
  [
    "HEADERS too short for padding and priority",
    "FRAME_SIZE_ERROR",
    settingsThen(hex("000005 01 2c 00000001 00 00000000")),
  ],
  ["HEADERS with padding over the rest", "PROTOCOL_ERROR", settingsThen(hex("000002 01 0c 00000001 02 88"))],
  [
    "HEADERS with padding that reaches into priority",
    "PROTOCOL_ERROR",
    settingsThen(hex("000007 01 2c 00000001 02 00000000 0f 88")),
  ],
  // §6.3 PRIORITY
  ["PRIORITY on stream 0", "PROTOCOL_ERROR", settingsThen(priorityFrame(0))],
  // §6.4 RST_STREAM
  ["RST_STREAM on stream 0", "PROTOCOL_ERROR", settingsThen(rstStreamFrame(0, 0))],
  ["RST_STREAM on an even stream", "PROTOCOL_ERROR", settingsThen(rstStreamFrame(2, 0))],
  ["RST_STREAM of 3 bytes", "FRAME_SIZE_ERROR", settingsThen(hex("000003 03 00 00000001 000000"))],
  ["RST_STREAM of 5 bytes", "FRAME_SIZE_ERROR", settingsThen(hex("000005 03 00 00000001 0000000000"))],
  // §6.5 SETTINGS
  ["SETTINGS on a stream", "PROTOCOL_ERROR", settingsThen(hex("000000 04 00 00000001"))],
  ["SETTINGS ACK on a stream", "PROTOCOL_ERROR", settingsThen(hex("000000 04 01 00000001"))],
  [
    "SETTINGS ACK with a payload",
    "FRAME_SIZE_ERROR",
    settingsThen(hex("000006 04 01 00000000 000300000001")),
  ],
  ["SETTINGS of 5 bytes", "FRAME_SIZE_ERROR", hex("000005 04 00 00000000 0003000000")],
  ["SETTINGS of 7 bytes", "FRAME_SIZE_ERROR", settingsThen(hex("000007 04 00 00000000 00030000000100"))],
  ["ENABLE_PUSH = 1 from a server", "PROTOCOL_ERROR", settingsFrame([[Setting.ENABLE_PUSH, 1]])],
  [
    "INITIAL_WINDOW_SIZE = 2^31",
    "FLOW_CONTROL_ERROR",
    settingsFrame([[Setting.INITIAL_WINDOW_SIZE, 2 ** 31]]),
  ],
  ["MAX_FRAME_SIZE = 16383", "PROTOCOL_ERROR", settingsFrame([[Setting.MAX_FRAME_SIZE, 16_383]])],
  [
    "MAX_FRAME_SIZE = 2^24",
    "PROTOCOL_ERROR",
    settingsFrame([
      [3, 1],
      [Setting.MAX_FRAME_SIZE, 2 ** 24],
    ]),
  ],
  // §6.6 PUSH_PROMISE
  ["PUSH_PROMISE", "PROTOCOL_ERROR", settingsThen(pushPromiseFrame(1, 2, hex("82")))],
  // §6.7 PING
  ["PING on a stream", "PROTOCOL_ERROR", settingsThen(hex("000008 06 00 00000001 0000000000000000"))],
  ["PING of 7 bytes", "FRAME_SIZE_ERROR", settingsThen(pingFrame(Buffer.alloc(7)))],
  ["PING of 9 bytes", "FRAME_SIZE_ERROR", settingsThen(pingFrame(Buffer.alloc(9)))],
  // §6.8 GOAWAY
  ["GOAWAY on a stream", "PROTOCOL_ERROR", settingsThen(hex("000008 07 00 00000001 0000000000000000"))],
  ["GOAWAY of 7 bytes", "FRAME_SIZE_ERROR", settingsThen(hex("000007 07 00 00000000 00000000000000"))],
  ["GOAWAY with an even last stream", "PROTOCOL_ERROR", settingsThen(goawayFrame(2, 0))],
  // §6.9 WINDOW_UPDATE
  ["WINDOW_UPDATE of 0 for the connection", "PROTOCOL_ERROR", settingsThen(windowUpdateFrame(0, 0))],
  ["WINDOW_UPDATE of 0 and the reserved bit", "PROTOCOL_ERROR", settingsThen(windowUpdateFrame(0, 2 ** 31))],
  ["WINDOW_UPDATE on an even stream", "PROTOCOL_ERROR", settingsThen(windowUpdateFrame(2, 1))],
  ["WINDOW_UPDATE of 3 bytes", "FRAME_SIZE_ERROR", settingsThen(hex("000003 08 00 00000001 000001"))],
  ["WINDOW_UPDATE of 5 bytes", "FRAME_SIZE_ERROR", settingsThen(hex("000005 08 00 00000001 0000000100"))],
  // §6.10 CONTINUATION
  ["CONTINUATION alone", "PROTOCOL_ERROR", settingsThen(continuationFrame(1, hex("88")))],
  [
    "CONTINUATION after END_HEADERS",
    "PROTOCOL_ERROR",
    settingsThen(headersFrame(1, hex("88")), continuationFrame(1, hex("88"))),
  ],
  [
    "CONTINUATION after the last CONTINUATION",
    "PROTOCOL_ERROR",
    settingsThen(
      headersFrame(1, hex("88"), { endHeaders: false }),
      continuationFrame(1, hex("88")),
      continuationFrame(1, hex("88")),
    ),
  ],
  [
    "CONTINUATION of another stream",
    "PROTOCOL_ERROR",
    settingsThen(headersFrame(1, hex("88"), { endHeaders: false }), continuationFrame(3, hex("88"))),
  ],
  ...[
    dataFrame(1, hex("01")),
    headersFrame(1, hex("88")),
    priorityFrame(1),
    rstStreamFrame(1, 0),
    settingsFrame(),
    pingFrame(Buffer.alloc(8)),
    goawayFrame(0, 0),
    windowUpdateFrame(1, 1),
    frame(0x20, 0, 1, hex("01")),
  ].map((inside): [string, keyof typeof Http2Code, Buffer] => [
    `frame type ${inside[3]!} inside a header block`,
    "PROTOCOL_ERROR",
    settingsThen(headersFrame(1, hex("88"), { endHeaders: false }), inside),
  ]),
];

describe("a breach of the protocol", () => {
  test.each(violations)("%s is %s", (_what, code, bytes) => {
    expect(outcome([bytes]).code).toBe(code);
  });

  test.each(violations)("%s is %s at any cut, after the same events", (_what, _code, bytes) => {
    const whole = outcome([bytes]);
    expect(outcome(cutEveryByte(bytes))).toEqual(whole);
    for (let cut = 0; cut <= bytes.length; cut++) expect(outcome(cutAt(bytes, [cut]))).toEqual(whole);
  });

  test("frames before it in the same chunk have been handed out", () => {
    const bytes = settingsThen(pingFrame(hex("0102030405060708")), dataFrame(0, hex("01")));
    expect(outcome([bytes]).events).toEqual([
      settingsEvent,
      { type: "ping", ack: false, bytes: "0102030405060708" },
    ]);
  });

  test("what a server that is no HTTP/2 server said is in the message", () => {
    expect(outcome([Buffer.from("HTTP/1.1 400 Bad Request\r\n")]).message).toContain('"HTTP/1.1 "');
    expect(outcome([hex("15 0301 0002 0246 15 03")]).message).toContain(
      '"\\x15\\x03\\x01\\x00\\x02\\x02F\\x15\\x03"',
    );
  });

  test("the reader is dead after it: the same error again, and no more events", () => {
    const sink = new RecordingSink();
    const reader = new FrameReader(sink, testLimits);
    const first = catchError(() => feed(reader, settingsThen(dataFrame(0, hex("01")), settingsAckFrame())));
    expect(first).toBeInstanceOf(WireError);
    expect(catchError(() => feed(reader, settingsAckFrame()))).toBe(first);
    expect(catchError(() => feed(reader, Buffer.alloc(0)))).toBe(first);
    expect(sink.events).toEqual([settingsEvent]);
  });

  test("the reader is dead after the sink threw", () => {
    const failure = new WireError(Http2Code.COMPRESSION_ERROR, "index 0");
    const sink = Object.assign(new RecordingSink(), {
      onHeaders: () => {
        throw failure;
      },
    });
    const reader = new FrameReader(sink, testLimits);
    expect(catchError(() => feed(reader, settingsThen(headersFrame(1, hex("80")))))).toBe(failure);
    expect(catchError(() => feed(reader, settingsAckFrame()))).toBe(failure);
    expect(sink.events).toEqual([settingsEvent]);
  });
});

const catchError = (run: () => void): unknown => {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
};

describe("limits", () => {
  const open = (fragment: Uint8Array): Buffer => headersFrame(1, fragment, { endHeaders: false });

  test("a frame over the limit is refused by its header alone, and one at the limit is not", () => {
    const limits = { frameMaxBytes: 20_000, headerBlockMaxBytes: 30_000 };
    expect(outcome([settingsThen(hex("004e20 01 04 00000001"))], limits).code).toBeUndefined();
    expect(outcome([settingsThen(hex("004e21 01 04 00000001"))], limits).code).toBe("FRAME_SIZE_ERROR");
  });

  test("a frame over a limit is refused when it is whole, too", () => {
    const limits = { frameMaxBytes: 200, headerBlockMaxBytes: 100 };
    const refused = (bytes: Buffer) => outcome([settingsThen(bytes)], limits).code;
    expect(refused(dataFrame(1, Buffer.alloc(200)))).toBeUndefined();
    expect(refused(dataFrame(1, Buffer.alloc(201)))).toBe("FRAME_SIZE_ERROR");
    expect(refused(headersFrame(1, Buffer.alloc(100)))).toBeUndefined();
    expect(refused(headersFrame(1, Buffer.alloc(101)))).toBe("ENHANCE_YOUR_CALM");
    expect(refused(headersFrame(1, Buffer.alloc(201)))).toBe("FRAME_SIZE_ERROR");
  });

  test("a header block at the limit passes, and one byte more is refused by its header alone", () => {
    const limits = { headerBlockMaxBytes: 100 };
    expect(readAfterSettings([headersFrame(1, Buffer.alloc(100))], limits)).toHaveLength(1);
    const longer = settingsThen(headersFrame(1, Buffer.alloc(101)));
    expect(outcome([longer.subarray(0, 18)], limits)).toMatchObject({ code: "ENHANCE_YOUR_CALM" });
    const split = Buffer.concat([open(Buffer.alloc(60)), continuationFrame(1, Buffer.alloc(40))]);
    expect(readAfterSettings([split], limits)).toHaveLength(1);
    const longerSplit = settingsThen(open(Buffer.alloc(60)), continuationFrame(1, Buffer.alloc(41)));
    expect(outcome([longerSplit.subarray(0, 87)], limits)).toMatchObject({ code: "ENHANCE_YOUR_CALM" });
  });

  test("padding counts for the header block limit, so a header decides", () => {
    const bytes = settingsThen(headersFrame(1, Buffer.alloc(10), { padding: 90 }));
    expect(outcome([bytes], { headerBlockMaxBytes: 100 }).code).toBe("ENHANCE_YOUR_CALM");
    expect(outcome([bytes], { headerBlockMaxBytes: 101 }).code).toBeUndefined();
  });

  test("CONTINUATION frames are bounded by count, even empty ones, and per block", () => {
    const empty = continuationFrame(1, Buffer.alloc(0), false);
    const atLimit = [open(hex("88")), ...Array<Buffer>(7).fill(empty), continuationFrame(1, hex("89"))];
    const block = { type: "headers", streamId: 1, block: "8889", endStream: false };
    expect(readAfterSettings([...atLimit, ...atLimit])).toEqual([block, block]);
    const over = settingsThen(open(hex("88")), ...Array<Buffer>(9).fill(empty));
    expect(outcome([over]).code).toBe("ENHANCE_YOUR_CALM");
    expect(outcome([over.subarray(0, -9)]).code).toBeUndefined();
  });

  test.each([
    ["empty DATA", dataFrame(1, Buffer.alloc(0))],
    ["DATA of padding only", dataFrame(1, Buffer.alloc(0), { padding: 0 })],
    ["PRIORITY", priorityFrame(1)],
    ["frames of an unknown type", frame(0x20, 0, 0, Buffer.alloc(0))],
  ])("a flood of %s ends the connection", (_name, bytes) => {
    expect(outcome([firstSettings, Buffer.concat(Array<Buffer>(256).fill(bytes))]).code).toBeUndefined();
    expect(outcome([firstSettings, Buffer.concat(Array<Buffer>(257).fill(bytes))]).code).toBe(
      "ENHANCE_YOUR_CALM",
    );
  });

  test("empty frames over a long time are no flood", () => {
    const chunks = Array<Buffer>(1_000).fill(priorityFrame(1));
    expect(outcome([firstSettings, ...chunks]).code).toBeUndefined();
  });
});

describe("properties", () => {
  const bytesUpTo = (maxLength: number) => fc.uint8Array({ maxLength });
  const streamId = fc.nat(1_000).map((index) => 2 * index + 1);
  const padding = fc.option(fc.nat(255), { nil: undefined });

  const headerBlock = fc
    .record({
      id: streamId,
      first: bytesUpTo(40),
      rest: fc.array(bytesUpTo(40), { maxLength: 4 }),
      endStream: fc.boolean(),
      padding,
      priority: fc.boolean(),
    })
    .map(({ id, first, rest, ...options }) =>
      Buffer.concat([
        headersFrame(id, first, { ...options, endHeaders: rest.length === 0 }),
        ...rest.map((fragment, index) => continuationFrame(id, fragment, index === rest.length - 1)),
      ]),
    );

  const legalFrame = fc.oneof(
    {
      weight: 3,
      arbitrary: fc
        .tuple(streamId, bytesUpTo(60), fc.record({ endStream: fc.boolean(), padding }))
        .map(([id, content, options]) => dataFrame(id, content, options)),
    },
    { weight: 3, arbitrary: headerBlock },
    fc.tuple(streamId, fc.nat(20)).map(([id, code]) => rstStreamFrame(id, code)),
    fc.array(fc.tuple(fc.constantFrom(1, 3, 6, 99), fc.nat()), { maxLength: 4 }).map(settingsFrame),
    fc.constant(settingsAckFrame()),
    fc
      .tuple(fc.uint8Array({ minLength: 8, maxLength: 8 }), fc.boolean())
      .map(([b, ack]) => pingFrame(b, ack)),
    fc.tuple(streamId, fc.nat(20), bytesUpTo(30)).map(([id, code, debug]) => goawayFrame(id, code, debug)),
    fc
      .tuple(fc.oneof(fc.constant(0), streamId), fc.integer({ min: 1, max: 2 ** 31 - 1 }))
      .map(([id, increment]) => windowUpdateFrame(id, increment)),
    fc.tuple(streamId, bytesUpTo(8)).map(([id, bytes]) => frame(FrameType.PRIORITY, 0, id, bytes)),
    fc
      .tuple(fc.integer({ min: 10, max: 255 }), fc.nat(255), fc.nat(), bytesUpTo(40))
      .map(([type, flags, id, bytes]) => frame(type, flags, id, bytes)),
  );

  /** Frames with the shape of real ones and any type, flags, stream and length, most of them wrong. */
  const anyFrame = fc
    .tuple(fc.nat(11), fc.nat(255), fc.nat(5), bytesUpTo(12))
    .map(([type, flags, id, bytes]) => frame(type, flags, id, bytes));

  const anyPing = fc.constant(pingFrame(Buffer.alloc(8)));

  const cutsOf = (bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] =>
    cutAt(
      bytes,
      cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b),
    );
  const cuts = fc.array(fc.nat(), { maxLength: 30 });

  test("legal frames pass and mean the same however they are cut", () => {
    fc.assert(
      fc.property(fc.array(legalFrame, { maxLength: 12 }), cuts, (frames, positions) => {
        const bytes = settingsThen(...frames);
        const whole = outcome([bytes]);
        expect(whole.message).toBeUndefined();
        expect(outcome(cutsOf(bytes, positions))).toEqual(whole);
        expect(outcome([firstSettings, ...frames])).toEqual(whole);
      }),
      { numRuns: 500 },
    );
  });

  test("broken frames fail with the same error after the same events however they are cut", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(anyFrame, anyPing, legalFrame), { maxLength: 6 }),
        fc.nat(20),
        cuts,
        (frames, missing, positions) => {
          const all = settingsThen(...frames);
          const bytes = all.subarray(0, Math.max(0, all.length - missing));
          const whole = outcome([bytes]);
          expect(outcome(cutsOf(bytes, positions))).toEqual(whole);
          expect(outcome(cutEveryByte(bytes))).toEqual(whole);
        },
      ),
      { numRuns: 500 },
    );
  });

  test("random bytes yield a WireError or nothing", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, greeted) => {
        outcome(greeted ? [settingsThen(bytes)] : [bytes]);
      }),
    );
  });

  test("DATA accounts for exactly its length in flow control", () => {
    fc.assert(
      fc.property(bytesUpTo(100), padding, cuts, (content, paddingBytes, positions) => {
        const bytes = dataFrame(1, content, { padding: paddingBytes, endStream: true });
        const events = readAfterSettings(cutsOf(bytes, positions));
        expect(events).toEqual([
          {
            type: "data",
            streamId: 1,
            content: Buffer.from(content).toString("hex"),
            flowBytes: bytes.length - 9,
            endStream: true,
          },
        ]);
      }),
    );
  });
});

describe("against node:http2", () => {
  test("what its server sends is read without error, whole and byte by byte", async () => {
    const body = Buffer.alloc(40_000, "etcd");
    const server = http2.createServer({
      paddingStrategy: http2.constants.PADDING_STRATEGY_MAX,
      settings: { maxConcurrentStreams: 100 },
    });
    server.on("stream", (stream, headers) => {
      stream.on("error", () => undefined);
      if (headers[":path"] === "/reset") {
        stream.close(http2.constants.NGHTTP2_REFUSED_STREAM);
        return;
      }
      // Random text does not shrink, so these headers need CONTINUATION.
      const long = Array.from({ length: 3_000 }, (_, index) =>
        String.fromCharCode(33 + ((index * 7919) % 90)),
      );
      const fields = Object.fromEntries(
        Array.from({ length: 8 }, (_, index) => [`x-long-${index}`, long.join("")]),
      );
      stream.respond({ ":status": 200, ...fields }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
      stream.end(body);
    });

    // A proxy between the two that keeps what the server sent.
    const captured: Buffer[] = [];
    const proxy = net.createServer((downstream) => {
      const upstream = net.connect((server.address() as AddressInfo).port, "127.0.0.1");
      upstream.on("data", (chunk: Buffer) => captured.push(Buffer.from(chunk)));
      upstream.on("error", () => downstream.destroy());
      downstream.on("error", () => upstream.destroy());
      upstream.pipe(downstream).pipe(upstream);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    proxy.listen(0, "127.0.0.1");
    await once(proxy, "listening");

    const serverSession = once(server, "session") as Promise<[http2.ServerHttp2Session]>;
    const client = http2.connect(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, {
      settings: { maxHeaderListSize: 1 << 20 },
    });
    // A GOAWAY with a code is an error for node's client.
    client.on("error", () => undefined);
    try {
      const request = client.request({ ":path": "/" });
      let receivedBytes = 0;
      request.on("data", (chunk: Buffer) => (receivedBytes += chunk.length));
      request.end();
      await once(request, "close");
      expect(receivedBytes).toBe(body.length);

      const reset = client.request({ ":path": "/reset" });
      reset.end();
      await expect(once(reset, "close")).rejects.toThrow("NGHTTP2_REFUSED_STREAM");

      const [session] = await serverSession;
      await new Promise<void>((resolve, reject) => {
        session.ping(hex("0102030405060708"), (error) => {
          if (error === null) resolve();
          else reject(error);
        });
      });
      await new Promise<void>((resolve, reject) => {
        client.ping(hex("1112131415161718"), (error) => {
          if (error === null) resolve();
          else reject(error);
        });
      });
      const goaway = once(client, "goaway");
      session.goaway(http2.constants.NGHTTP2_ENHANCE_YOUR_CALM, 0, Buffer.from("too_many_pings"));
      await goaway;
    } finally {
      client.destroy();
      proxy.close();
      server.close();
    }

    const stream = Buffer.concat(captured);
    const limits = { headerBlockMaxBytes: 65_536 };
    const events = readFrames([stream], limits);
    expect(readFrames(captured, limits)).toEqual(events);
    expect(readFrames(cutEveryByte(stream), limits)).toEqual(events);

    const kinds = new Set(events.map((event) => event.type));
    expect([...kinds].sort()).toEqual(
      ["data", "goaway", "headers", "ping", "rstStream", "settings", "settingsAck"].sort(),
    );
    const content = events.flatMap((event) => (event.type === "data" ? [event] : []));
    expect(content.map((event) => event.content).join("")).toBe(body.toString("hex"));
    expect(content.reduce((sum, event) => sum + event.flowBytes, 0)).toBeGreaterThan(body.length);
    const headers = events.flatMap((event) => (event.type === "headers" ? [event] : []));
    expect(headers.map((event) => [event.streamId, event.endStream])).toEqual([
      [1, false],
      [1, true],
    ]);
    expect(headers[0]!.block.length / 2).toBeGreaterThan(16_384);
    expect(events).toContainEqual({ type: "rstStream", streamId: 3, errorCode: Http2Code.REFUSED_STREAM });
    expect(events).toContainEqual({ type: "ping", ack: false, bytes: "0102030405060708" });
    expect(events).toContainEqual({ type: "ping", ack: true, bytes: "1112131415161718" });
    expect(events).toContainEqual({
      type: "goaway",
      lastStreamId: expect.any(Number) as number,
      errorCode: Http2Code.ENHANCE_YOUR_CALM,
      debug: Buffer.from("too_many_pings").toString("hex"),
    });
    // The capture is what it is meant to be: padded, and with a header block in several frames.
    expect(
      frameHeaders(stream).some(([type, flags]) => type === FrameType.DATA && (flags & Flag.PADDED) !== 0),
    ).toBe(true);
    expect(frameHeaders(stream).some(([type]) => type === FrameType.CONTINUATION)).toBe(true);
  });
});

/** Type and flags of each frame. */
const frameHeaders = (stream: Buffer): [type: number, flags: number][] => {
  const found: [number, number][] = [];
  for (let at = 0; at + 9 <= stream.length; at += 9 + stream.readUIntBE(at, 3)) {
    found.push([stream.readUInt8(at + 3), stream.readUInt8(at + 4)]);
  }
  return found;
};
