/**
 * The 57 client cases of h2spec (`h2specd`), by their ids and names, over TCP and TLS. What h2spec accepts and where we
 * do otherwise is in test/wire/README.md. Replies are gRPC's here; in h2spec they are text.
 */
import { describe, expect, test } from "vitest";
import { Flag, FrameType, Http2Code, Setting } from "../../../src/wire/layout.js";
import {
  continuationFrame,
  dataFrame,
  frame,
  headersFrame,
  hex,
  pingFrame,
  priorityFrame,
  rstStreamFrame,
  settingsFrame,
  windowUpdateFrame,
} from "../../support/frames.js";
import { grpcMessage, headerBlock, okHeaders, reply, trailers } from "../../support/peer-frames.js";
import { call } from "../../support/recorded-call.js";
import { transports } from "../../support/wire-connection.js";
import {
  brokenConnection,
  connectionError,
  dialer,
  exchange,
  noStatus,
  streamError,
} from "../../support/wire-script.js";
import type { Exchange } from "../../support/wire-script.js";

const { dial, dialOpen } = dialer();

const okBlock = headerBlock([
  [":status", "200"],
  ["content-type", "application/grpc"],
]);
const dummyBlock = headerBlock([["x-dummy0", "x".repeat(16)]]);
const zeroPing = pingFrame(Buffer.alloc(8));
const zeroPingAck = "PING ACK 0000000000000000";
const test4 = Buffer.from("test");
/** A response that ends by its headers: HTTP's success, and without grpc-status no success of a call. */
const endedHeaders = headersFrame(1, okBlock, { endStream: true });
const success = reply(1, "world");
const succeeds = (...sent: string[]): Exchange => ({
  outcomes: [{ reply: "world" }],
  sent,
  events: ["open"],
});
/** The call has ended before the connection is broken. */
const brokenAfter = (http2Code: string, outcome: Exchange["outcomes"][number]): Exchange => ({
  ...connectionError(http2Code),
  outcomes: [outcome],
});
const cancelled = { code: "ETCD_STREAM_RESET", mayHaveApplied: true, grpcCode: 1 };

describe.each(transports)("over %s", (transport) => {
  const exchanged = async (...frames: readonly Uint8Array[]): Promise<Exchange> =>
    exchange(await dialOpen(transport), frames);

  test("h2spec client/1/1: Sends a client connection preface", async () => {
    // The peer's reader takes frames behind the preface only.
    const { connection, peer } = await dial(transport);
    const recorded = call(connection);
    await peer.expect("SETTINGS", "WINDOW_UPDATE 0 16711681");
    peer.send(settingsFrame());
    await peer.expect("SETTINGS ACK", "HEADERS 1", "DATA 1 10 END_STREAM");
    peer.send(success);
    expect(await recorded.settled).toEqual({ reply: "world" });
  });

  test("h2spec client/4.1/1: Sends a frame with unknown type", async () => {
    const unknown = frame(0x16, 0, 0, Buffer.alloc(8));
    expect(await exchanged(unknown, zeroPing, success)).toEqual(succeeds(zeroPingAck));
  });

  test("h2spec client/4.1/2: Sends a frame with undefined flag", async () => {
    const ping = frame(FrameType.PING, 0x16, 0, Buffer.alloc(8));
    expect(await exchanged(ping, success)).toEqual(succeeds(zeroPingAck));
  });

  test("h2spec client/4.1/3: Sends a frame with reserved field bit", async () => {
    const ping = frame(FrameType.PING, 0x16, 2 ** 31, Buffer.alloc(8));
    expect(await exchanged(ping, success)).toEqual(succeeds(zeroPingAck));
  });

  test("h2spec client/4.2/1: Sends a DATA frame with 2^14 octets in length", async () => {
    const message = "x".repeat(16_379);
    const data = dataFrame(1, grpcMessage(message));
    expect(data).toHaveLength(9 + 16_384);
    expect(await exchanged(okHeaders(1), data, trailers(1), zeroPing)).toEqual({
      outcomes: [{ reply: message }],
      sent: [zeroPingAck],
      events: ["open"],
    });
    // h2spec's own, which is no gRPC message: the call pays, the frame is taken.
    const junk = dataFrame(1, Buffer.alloc(16_384, "x"), { endStream: true });
    expect(await exchanged(okHeaders(1), junk, zeroPing)).toEqual({
      ...streamError("PROTOCOL_ERROR"),
      sent: ["RST_STREAM 1 PROTOCOL_ERROR", zeroPingAck],
    });
  });

  test("h2spec client/4.2/2: Sends a large size DATA frame that exceeds the SETTINGS_MAX_FRAME_SIZE", async () => {
    const data = dataFrame(1, Buffer.alloc(16_385, "x"), { endStream: true });
    expect(await exchanged(okHeaders(1), data)).toEqual(connectionError("FRAME_SIZE_ERROR"));
  });

  test("h2spec client/4.2/3: Sends a large size HEADERS frame that exceeds the SETTINGS_MAX_FRAME_SIZE", async () => {
    const headers = headersFrame(1, Buffer.concat([okBlock, Buffer.alloc(16_385, 0x88)]), {
      endStream: true,
    });
    expect(await exchanged(headers)).toEqual(connectionError("FRAME_SIZE_ERROR"));
  });

  test("h2spec client/4.3/1: Sends invalid header block fragment", async () => {
    expect(await exchanged(headersFrame(1, hex("40"), { endStream: true }))).toEqual(
      connectionError("COMPRESSION_ERROR"),
    );
    // h2spec writes the stream's id in little-endian order, which makes it an even one.
    expect(await exchanged(headersFrame(0x0100_0000, hex("40"), { endStream: true }))).toEqual(
      connectionError("PROTOCOL_ERROR"),
    );
  });

  test("h2spec client/5.1/1: idle: Sends a DATA frame", async () => {
    expect(await exchanged(dataFrame(2, test4, { endStream: true }))).toEqual(
      connectionError("PROTOCOL_ERROR"),
    );
  });

  test("h2spec client/5.1/2: idle: Sends a RST_STREAM frame", async () => {
    expect(await exchanged(rstStreamFrame(2, Http2Code.CANCEL))).toEqual(connectionError("PROTOCOL_ERROR"));
  });

  test("h2spec client/5.1/3: idle: Sends a WINDOW_UPDATE frame", async () => {
    expect(await exchanged(windowUpdateFrame(2, 100))).toEqual(connectionError("PROTOCOL_ERROR"));
  });

  test("h2spec client/5.1/4: idle: Sends a CONTINUATION frame", async () => {
    expect(await exchanged(continuationFrame(2, okBlock))).toEqual(connectionError("PROTOCOL_ERROR"));
  });

  test("h2spec client/5.1/5: closed: Sends a DATA frame after sending RST_STREAM frame", async () => {
    expect(
      await exchanged(
        okHeaders(1),
        rstStreamFrame(1, Http2Code.CANCEL),
        dataFrame(1, test4, { endStream: true }),
      ),
    ).toEqual({ outcomes: [cancelled], sent: [], events: ["open"] });
  });

  test("h2spec client/5.1/6: closed: Sends a HEADERS frame after sending RST_STREAM frame", async () => {
    expect(await exchanged(okHeaders(1), rstStreamFrame(1, Http2Code.CANCEL), endedHeaders)).toEqual({
      outcomes: [cancelled],
      sent: [],
      events: ["open"],
    });
  });

  test("h2spec client/5.1/7: closed: Sends a CONTINUATION frame after sending RST_STREAM frame", async () => {
    expect(
      await exchanged(okHeaders(1), rstStreamFrame(1, Http2Code.CANCEL), continuationFrame(1, dummyBlock)),
    ).toEqual(brokenAfter("PROTOCOL_ERROR", cancelled));
  });

  test("h2spec client/5.1/8: closed: Sends a DATA frame", async () => {
    expect(await exchanged(endedHeaders, dataFrame(1, test4, { endStream: true }))).toEqual({
      outcomes: [noStatus],
      sent: [],
      events: ["open"],
    });
  });

  test("h2spec client/5.1/9: closed: Sends a HEADERS frame", async () => {
    expect(await exchanged(endedHeaders, endedHeaders)).toEqual({
      outcomes: [noStatus],
      sent: [],
      events: ["open"],
    });
  });

  test("h2spec client/5.1/10: closed: Sends a CONTINUATION frame", async () => {
    expect(await exchanged(endedHeaders, continuationFrame(1, dummyBlock))).toEqual(
      brokenAfter("PROTOCOL_ERROR", noStatus),
    );
  });

  test("h2spec client/5.1.1/1: Sends an unexpected stream identifier", async () => {
    expect(await exchanged(headersFrame(101, okBlock, { endStream: true }))).toEqual(
      connectionError("PROTOCOL_ERROR"),
    );
  });

  test("h2spec client/5.4.1/1: Sends an invalid PING frame for connection close", async () => {
    const wire = await dialOpen(transport);
    expect(await exchange(wire, [frame(FrameType.PING, 0, 3, Buffer.alloc(8))])).toEqual(
      connectionError("PROTOCOL_ERROR"),
    );
    await wire.peer.closed;
  });

  test("h2spec client/5.4.1/2: Sends an invalid PING frame to receive GOAWAY frame", async () => {
    const { sent } = await exchanged(frame(FrameType.PING, 0, 3, Buffer.alloc(8)));
    expect(sent).toEqual(["GOAWAY 0 PROTOCOL_ERROR"]);
  });

  test("h2spec client/5.5/1: Sends an unknown extension frame", async () => {
    const unknown = frame(0x16, 0, 0, Buffer.alloc(8));
    expect(await exchanged(unknown, zeroPing, success)).toEqual(succeeds(zeroPingAck));
  });

  test("h2spec client/6.1/1: Sends a DATA frame with 0x0 stream identifier", async () => {
    expect(await exchanged(dataFrame(0, test4, { endStream: true }))).toEqual(
      connectionError("PROTOCOL_ERROR"),
    );
  });

  test('h2spec client/6.1/2: Sends a DATA frame on the stream that is not in "open" or "half-closed (local)" state', async () => {
    expect(await exchanged(endedHeaders, dataFrame(1, test4, { endStream: true }))).toEqual({
      outcomes: [noStatus],
      sent: [],
      events: ["open"],
    });
  });

  test("h2spec client/6.1/3: Sends a DATA frame with invalid pad length", async () => {
    const data = frame(FrameType.DATA, Flag.END_STREAM | Flag.PADDED, 1, hex("06 54657374"));
    expect(await exchanged(okHeaders(1), data)).toEqual(connectionError("PROTOCOL_ERROR"));
  });

  test("h2spec client/6.2/1: Sends a HEADERS frame without the END_HEADERS flag, and a PRIORITY frame", async () => {
    expect(
      await exchanged(
        headersFrame(1, okBlock, { endHeaders: false }),
        priorityFrame(1),
        continuationFrame(1, dummyBlock),
      ),
    ).toEqual(connectionError("PROTOCOL_ERROR"));
  });

  test("h2spec client/6.2/2: Sends a HEADERS frame with 0x0 stream identifier", async () => {
    expect(await exchanged(headersFrame(0, okBlock, { endStream: true }))).toEqual(
      connectionError("PROTOCOL_ERROR"),
    );
  });

  test("h2spec client/6.2/3: Sends a HEADERS frame with invalid pad length", async () => {
    const headers = frame(
      FrameType.HEADERS,
      Flag.PADDED,
      1,
      Buffer.concat([hex("11"), Buffer.alloc(15, 0x88)]),
    );
    expect(await exchanged(headers)).toEqual(connectionError("PROTOCOL_ERROR"));
  });

  test("h2spec client/6.3/1: Sends a PRIORITY frame with 0x0 stream identifier", async () => {
    expect(await exchanged(priorityFrame(0))).toEqual(connectionError("PROTOCOL_ERROR"));
  });

  test("h2spec client/6.3/2: Sends a PRIORITY frame with a length other than 5 octets", async () => {
    const priority = frame(FrameType.PRIORITY, 0, 1, hex("80000001"));
    expect(await exchanged(priority)).toEqual(streamError("FRAME_SIZE_ERROR"));
    // h2spec's own order: the stream is closed by then, and there is nothing left to reset.
    expect(await exchanged(endedHeaders, priority)).toEqual({
      outcomes: [noStatus],
      sent: [],
      events: ["open"],
    });
  });

  test("h2spec client/6.4/1: Sends a RST_STREAM frame with 0x0 stream identifier", async () => {
    expect(await exchanged(rstStreamFrame(0, Http2Code.CANCEL))).toEqual(connectionError("PROTOCOL_ERROR"));
  });

  test("h2spec client/6.4/2: Sends a RST_STREAM frame on a idle stream", async () => {
    expect(await exchanged(rstStreamFrame(2, Http2Code.CANCEL))).toEqual(connectionError("PROTOCOL_ERROR"));
  });

  test("h2spec client/6.4/3: Sends a RST_STREAM frame with a length other than 4 octets", async () => {
    expect(await exchanged(endedHeaders, frame(FrameType.RST_STREAM, 0, 1, hex("000000")))).toEqual(
      brokenAfter("FRAME_SIZE_ERROR", noStatus),
    );
  });

  test("h2spec client/6.5/1: Sends a SETTINGS frame with ACK flag and payload", async () => {
    expect(await exchanged(frame(FrameType.SETTINGS, Flag.ACK, 0, hex("00")))).toEqual(
      connectionError("FRAME_SIZE_ERROR"),
    );
  });

  test("h2spec client/6.5/2: Sends a SETTINGS frame with a stream identifier other than 0x0", async () => {
    expect(await exchanged(frame(FrameType.SETTINGS, 0, 1, hex("0003 00000064")))).toEqual(
      connectionError("PROTOCOL_ERROR"),
    );
  });

  test("h2spec client/6.5/3: Sends a SETTINGS frame with a length other than a multiple of 6 octets", async () => {
    expect(await exchanged(frame(FrameType.SETTINGS, 0, 0, hex("0003 00")))).toEqual(
      connectionError("FRAME_SIZE_ERROR"),
    );
  });

  test("h2spec client/6.5.2/1: SETTINGS_INITIAL_WINDOW_SIZE (0x4): Sends the value above the maximum flow control window size", async () => {
    expect(await exchanged(settingsFrame([[Setting.INITIAL_WINDOW_SIZE, 2 ** 31]]))).toEqual(
      connectionError("FLOW_CONTROL_ERROR"),
    );
  });

  test("h2spec client/6.5.2/2: SETTINGS_MAX_FRAME_SIZE (0x5): Sends the value below the initial value", async () => {
    expect(await exchanged(settingsFrame([[Setting.MAX_FRAME_SIZE, 16_383]]))).toEqual(
      connectionError("PROTOCOL_ERROR"),
    );
  });

  test("h2spec client/6.5.2/3: SETTINGS_MAX_FRAME_SIZE (0x5): Sends the value above the maximum allowed frame size", async () => {
    expect(await exchanged(settingsFrame([[Setting.MAX_FRAME_SIZE, 2 ** 24]]))).toEqual(
      connectionError("PROTOCOL_ERROR"),
    );
  });

  test("h2spec client/6.5.2/4: Sends a SETTINGS frame with unknown identifier", async () => {
    expect(await exchanged(settingsFrame([[0xff, 1]]), zeroPing, success)).toEqual(
      succeeds("SETTINGS ACK", zeroPingAck),
    );
  });

  test("h2spec client/6.5.3/1: Sends a SETTINGS frame without ACK flag", async () => {
    expect(await exchanged(settingsFrame([[Setting.ENABLE_PUSH, 0]]), success)).toEqual(
      succeeds("SETTINGS ACK"),
    );
  });

  test("h2spec client/6.7/1: Sends a PING frame", async () => {
    const data = Buffer.from("h2spec\0\0");
    expect(await exchanged(pingFrame(data), success)).toEqual(succeeds(`PING ACK ${data.toString("hex")}`));
  });

  test("h2spec client/6.7/2: Sends a PING frame with ACK", async () => {
    const data = Buffer.from("h2spec\0\0");
    expect(await exchanged(pingFrame(Buffer.from("invalid\0"), true), pingFrame(data), success)).toEqual(
      succeeds(`PING ACK ${data.toString("hex")}`),
    );
  });

  test("h2spec client/6.7/3: Sends a PING frame with a stream identifier field value other than 0x0", async () => {
    expect(await exchanged(frame(FrameType.PING, 0, 1, Buffer.alloc(8)))).toEqual(
      connectionError("PROTOCOL_ERROR"),
    );
  });

  test("h2spec client/6.7/4: Sends a PING frame with a length field value other than 8", async () => {
    expect(await exchanged(pingFrame(Buffer.alloc(6)))).toEqual(connectionError("FRAME_SIZE_ERROR"));
  });

  test("h2spec client/6.8/1: Sends a GOAWAY frame with a stream identifier other than 0x0", async () => {
    expect(await exchanged(frame(FrameType.GOAWAY, 0, 1, Buffer.alloc(8)))).toEqual(
      connectionError("PROTOCOL_ERROR"),
    );
  });

  test("h2spec client/6.9/1: Sends a WINDOW_UPDATE frame with a flow control window increment of 0", async () => {
    expect(await exchanged(windowUpdateFrame(0, 0))).toEqual(connectionError("PROTOCOL_ERROR"));
  });

  test("h2spec client/6.9/2: Sends a WINDOW_UPDATE frame with a flow control window increment of 0 on a stream", async () => {
    expect(await exchanged(okHeaders(1), windowUpdateFrame(1, 0))).toEqual(streamError("PROTOCOL_ERROR"));
  });

  test("h2spec client/6.9/3: Sends a WINDOW_UPDATE frame with a length other than 4 octets", async () => {
    expect(await exchanged(frame(FrameType.WINDOW_UPDATE, 0, 0, hex("000001")))).toEqual(
      connectionError("FRAME_SIZE_ERROR"),
    );
  });

  test("h2spec client/6.9.1/1: Sends multiple WINDOW_UPDATE frames increasing the flow control window to above 2^31-1", async () => {
    expect(await exchanged(windowUpdateFrame(0, 2 ** 31 - 1), windowUpdateFrame(0, 2 ** 31 - 1))).toEqual(
      connectionError("FLOW_CONTROL_ERROR"),
    );
  });

  test("h2spec client/6.9.1/2: Sends multiple WINDOW_UPDATE frames increasing the flow control window to above 2^31-1 on a stream", async () => {
    expect(
      await exchanged(okHeaders(1), windowUpdateFrame(1, 2 ** 31 - 1), windowUpdateFrame(1, 2 ** 31 - 1)),
    ).toEqual(streamError("FLOW_CONTROL_ERROR"));
  });

  test("h2spec client/6.10/1: Sends multiple CONTINUATION frames preceded by a HEADERS frame", async () => {
    expect(
      await exchanged(
        headersFrame(1, okBlock, { endHeaders: false }),
        continuationFrame(1, dummyBlock, false),
        continuationFrame(1, dummyBlock),
        dataFrame(1, grpcMessage("world")),
        trailers(1),
        zeroPing,
      ),
    ).toEqual(succeeds(zeroPingAck));
  });

  test("h2spec client/6.10/2: Sends a CONTINUATION frame followed by any frame other than CONTINUATION", async () => {
    expect(
      await exchanged(
        headersFrame(1, okBlock, { endHeaders: false }),
        continuationFrame(1, dummyBlock, false),
        dataFrame(1, test4, { endStream: true }),
      ),
    ).toEqual(connectionError("PROTOCOL_ERROR"));
  });

  test("h2spec client/6.10/3: Sends a CONTINUATION frame with 0x0 stream identifier", async () => {
    expect(
      await exchanged(
        headersFrame(1, okBlock, { endHeaders: false, endStream: true }),
        continuationFrame(0, dummyBlock),
      ),
    ).toEqual(connectionError("PROTOCOL_ERROR"));
  });

  test("h2spec client/6.10/4: Sends a CONTINUATION frame preceded by a HEADERS frame with END_HEADERS flag", async () => {
    expect(await exchanged(endedHeaders, continuationFrame(1, dummyBlock))).toEqual(
      brokenAfter("PROTOCOL_ERROR", noStatus),
    );
  });

  test("h2spec client/6.10/5: Sends a CONTINUATION frame preceded by a CONTINUATION frame with END_HEADERS flag", async () => {
    expect(
      await exchanged(
        headersFrame(1, okBlock, { endHeaders: false, endStream: true }),
        continuationFrame(1, dummyBlock),
        continuationFrame(1, dummyBlock),
      ),
    ).toEqual(brokenAfter("PROTOCOL_ERROR", noStatus));
  });

  test("h2spec client/6.10/6: Sends a CONTINUATION frame preceded by a DATA frame", async () => {
    expect(
      await exchanged(
        headersFrame(1, okBlock, { endHeaders: false }),
        dataFrame(1, test4, { endStream: true }),
        continuationFrame(1, dummyBlock, false),
        continuationFrame(0, dummyBlock),
      ),
    ).toEqual({ ...connectionError("PROTOCOL_ERROR"), outcomes: [brokenConnection] });
  });
});
