import { once } from "node:events";
import http2 from "node:http2";
import net from "node:net";
import type { AddressInfo } from "node:net";

import fc from "fast-check";
import { describe, expect, test } from "vitest";

import {
  GOAWAY_FRAME_BYTES,
  PING_FRAME_BYTES,
  RST_STREAM_FRAME_BYTES,
  SETTINGS_ACK_FRAME_BYTES,
  settingsFrameBytes,
  WINDOW_UPDATE_FRAME_BYTES,
  writeFrameHeader,
  writeGoaway,
  writePing,
  writeRstStream,
  writeSettings,
  writeSettingsAck,
  writeWindowUpdate,
} from "../../src/wire/frame-writer.js";
import { Flag, FrameType, Http2Code, PREFACE, Setting } from "../../src/wire/layout.js";
import {
  frame,
  goawayFrame,
  hex,
  pingFrame,
  rstStreamFrame,
  settingsAckFrame,
  settingsFrame,
  windowUpdateFrame,
} from "../support/frames.js";

const AT = 3;

/** What `write` puts at position 3 of a buffer; all around it must stay untouched. */
const written = (write: (out: Uint8Array, at: number) => number): Buffer => {
  const out = Buffer.alloc(200, 0xee);
  const end = write(out, AT);
  expect(out.subarray(0, AT)).toEqual(Buffer.alloc(AT, 0xee));
  expect(out.subarray(end)).toEqual(Buffer.alloc(out.length - end, 0xee));
  return out.subarray(AT, end);
};

describe("bytes", () => {
  test("each frame is what RFC 9113 §6 shows", () => {
    expect(written((out, at) => writeFrameHeader(out, at, 0xabcdef, 1, 5, 0x7fffffff))).toEqual(
      hex("abcdef 01 05 7fffffff"),
    );
    expect(written((out, at) => writeSettings(out, at, []))).toEqual(hex("000000 04 00 00000000"));
    expect(
      written((out, at) =>
        writeSettings(out, at, [
          [Setting.ENABLE_PUSH, 0],
          [Setting.INITIAL_WINDOW_SIZE, 0xfedcba98],
          [0xabcd, 1],
        ]),
      ),
    ).toEqual(hex("000012 04 00 00000000 0002 00000000 0004 fedcba98 abcd 00000001"));
    expect(written(writeSettingsAck)).toEqual(hex("000000 04 01 00000000"));
    expect(written((out, at) => writePing(out, at, false, hex("0102030405060708")))).toEqual(
      hex("000008 06 00 00000000 0102030405060708"),
    );
    expect(written((out, at) => writePing(out, at, true, hex("ffff 0102030405060708 ff"), 2))).toEqual(
      hex("000008 06 01 00000000 0102030405060708"),
    );
    expect(written((out, at) => writeWindowUpdate(out, at, 0, 0x7fffffff))).toEqual(
      hex("000004 08 00 00000000 7fffffff"),
    );
    expect(written((out, at) => writeRstStream(out, at, 5, Http2Code.CANCEL))).toEqual(
      hex("000004 03 00 00000005 00000008"),
    );
    expect(
      written((out, at) => writeGoaway(out, at, 0, Http2Code.PROTOCOL_ERROR, Buffer.from("abc"))),
    ).toEqual(hex("00000b 07 00 00000000 00000000 00000001 616263"));
  });

  test("the lengths told for reserving room are the lengths written", () => {
    const eight = Buffer.alloc(8);
    expect(written(writeSettingsAck)).toHaveLength(SETTINGS_ACK_FRAME_BYTES);
    expect(written((out, at) => writePing(out, at, true, eight))).toHaveLength(PING_FRAME_BYTES);
    expect(written((out, at) => writeRstStream(out, at, 1, 0))).toHaveLength(RST_STREAM_FRAME_BYTES);
    expect(written((out, at) => writeWindowUpdate(out, at, 1, 1))).toHaveLength(WINDOW_UPDATE_FRAME_BYTES);
    expect(written((out, at) => writeGoaway(out, at, 0, 0, eight))).toHaveLength(GOAWAY_FRAME_BYTES + 8);
    expect(written((out, at) => writeSettings(out, at, [[1, 2]]))).toHaveLength(settingsFrameBytes(1));
  });

  test("they are the same as those of the builders made for tests", () => {
    const uint32 = fc.nat(2 ** 32 - 1);
    const uint31 = fc.nat(2 ** 31 - 1);
    fc.assert(
      fc.property(
        uint31,
        uint32,
        uint31,
        fc.uint8Array({ minLength: 8, maxLength: 40 }),
        (id, code, size, bytes) => {
          expect(written((out, at) => writeRstStream(out, at, id, code))).toEqual(rstStreamFrame(id, code));
          expect(written((out, at) => writeWindowUpdate(out, at, id, size))).toEqual(
            windowUpdateFrame(id, size),
          );
          expect(written((out, at) => writeGoaway(out, at, id, code, bytes))).toEqual(
            goawayFrame(id, code, bytes),
          );
          expect(written((out, at) => writePing(out, at, false, bytes))).toEqual(
            pingFrame(bytes.subarray(0, 8)),
          );
          expect(written((out, at) => writeSettings(out, at, [[4, code]]))).toEqual(
            settingsFrame([[4, code]]),
          );
          expect(written(writeSettingsAck)).toEqual(settingsAckFrame());
          const head = written((out, at) => writeFrameHeader(out, at, bytes.length, FrameType.DATA, 1, id));
          expect(Buffer.concat([head, bytes])).toEqual(frame(FrameType.DATA, 1, id, bytes));
        },
      ),
    );
  });
});

describe("against node:http2", () => {
  test("its server understands each frame", async () => {
    const server = http2.createServer();
    const sessions = once(server, "session") as Promise<[http2.ServerHttp2Session]>;
    const streams = once(server, "stream") as Promise<[http2.ServerHttp2Stream]>;
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const socket = net.connect((server.address() as AddressInfo).port, "127.0.0.1");
    const received: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => received.push(chunk));
    try {
      const send = (write: (out: Uint8Array, at: number) => number): boolean => socket.write(written(write));
      // :method GET, :scheme http, :path /, :authority "a" (RFC 7541 §6.1, §6.2.2)
      const block = hex("82 86 84 01 01 61");
      socket.write(PREFACE);
      send((out, at) =>
        writeSettings(out, at, [
          [Setting.ENABLE_PUSH, 0],
          [Setting.INITIAL_WINDOW_SIZE, 123_456],
        ]),
      );
      send((out, at) => writeWindowUpdate(out, at, 0, 1_000_000));
      send((out, at) => {
        const next = writeFrameHeader(out, at, block.length, FrameType.HEADERS, Flag.END_HEADERS, 1);
        out.set(block, next);
        return next + block.length;
      });
      const [session] = await sessions;
      const [stream] = await streams;
      // Cancelling is what this test does to it, and node reports that as an error.
      stream.on("error", () => undefined);
      expect(session.remoteSettings.initialWindowSize).toBe(123_456);
      expect(session.remoteSettings.enablePush).toBe(false);
      // node calls the window that the peer gave us, the sender of data, "remote".
      expect(session.state.remoteWindowSize).toBe(65_535 + 1_000_000);

      const closed = once(stream, "close");
      send((out, at) => writeRstStream(out, at, 1, Http2Code.CANCEL));
      await closed;
      expect(stream.rstCode).toBe(Http2Code.CANCEL);

      const acknowledged = once(session, "localSettings");
      send(writeSettingsAck);
      await acknowledged;

      const ping = once(session, "ping");
      send((out, at) => writePing(out, at, false, hex("0102030405060708")));
      expect(await ping).toEqual([hex("0102030405060708")]);
      const ackBytes = hex("000008 06 01 00000000 0102030405060708");
      while (!Buffer.concat(received).includes(ackBytes)) await once(socket, "data");

      const goaway = once(session, "goaway");
      send((out, at) => writeGoaway(out, at, 0, Http2Code.NO_ERROR, Buffer.from("bye")));
      expect(await goaway).toEqual([Http2Code.NO_ERROR, 0, Buffer.from("bye")]);
    } finally {
      socket.destroy();
      server.close();
    }
  });
});
