import { describe, expect, test } from "vitest";
import { FrameType, Setting } from "../../src/wire/layout.js";
import { dataFrame, settingsFrame, windowUpdateFrame } from "../support/frames.js";
import type { ClientFrame } from "../support/peer-frames.js";
import { grpcMessage, okHeaders, reply, trailers } from "../support/peer-frames.js";
import { call, memoryConnection, open, openConnection } from "../support/recorded-call.js";
import type { MemoryConnection } from "../support/recorded-call.js";

const limits = { streamWindowBytes: 100_000, connectionWindowBytes: 200_000 };

/** Everything that goes out until the connection stops by itself. */
const drainFrames = ({ socket, runtime }: MemoryConnection): ClientFrame[] => {
  while (runtime.turn() > 0);
  return socket.takeFrames();
};
const dataBytes = (frames: readonly ClientFrame[], streamId?: number): number =>
  frames
    .filter(
      (frame) => frame.type === FrameType.DATA && (streamId === undefined || frame.streamId === streamId),
    )
    .reduce((sum, frame) => sum + frame.payload.length, 0);
const content = (frames: readonly ClientFrame[], streamId: number): Buffer =>
  Buffer.concat(
    frames
      .filter((frame) => frame.type === FrameType.DATA && frame.streamId === streamId)
      .map((frame) => frame.payload),
  );

/** 0, 1, 2, ... so that a lost, doubled or moved byte is seen. */
const counting = (bytes: number): Buffer => {
  const buffer = Buffer.alloc(bytes);
  for (let at = 0; at + 4 <= bytes; at += 4) buffer.writeUInt32BE(at, at);
  return buffer;
};

describe("sending", () => {
  test("stops at 65,535 bytes, the default of both windows, and at no frame over 16,384", () => {
    const memory = openConnection();
    const message = counting(200_000);
    call(memory.connection, message);
    const frames = drainFrames(memory);
    expect(dataBytes(frames)).toBe(65_535);
    expect(Math.max(...frames.map((frame) => frame.payload.length))).toBe(16_384);
    expect(frames.some((frame) => frame.text.endsWith("END_STREAM"))).toBe(false);
  });

  test("goes on when both windows allow it, byte for byte, and END_STREAM is on the last frame", () => {
    const memory = openConnection();
    const message = counting(200_000);
    call(memory.connection, message);
    const frames = drainFrames(memory);
    memory.socket.receive(windowUpdateFrame(0, 1_000_000));
    expect(dataBytes(drainFrames(memory))).toBe(0);
    memory.socket.receive(windowUpdateFrame(1, 7));
    const seven = drainFrames(memory);
    expect(dataBytes(seven)).toBe(7);
    memory.socket.receive(windowUpdateFrame(1, 1_000_000));
    frames.push(...seven, ...drainFrames(memory));
    expect(content(frames, 1)).toEqual(grpcMessage(message));
    expect(frames.at(-1)!.text).toMatch(/ END_STREAM$/);
    expect(frames.filter((frame) => frame.text.endsWith("END_STREAM"))).toHaveLength(1);
  });

  test("stops at the connection's window when the stream's is large", () => {
    const memory = openConnection({}, [[Setting.INITIAL_WINDOW_SIZE, 1_000_000]]);
    call(memory.connection, counting(100_000));
    expect(dataBytes(drainFrames(memory))).toBe(65_535);
    memory.socket.receive(windowUpdateFrame(0, 10));
    expect(dataBytes(drainFrames(memory))).toBe(10);
  });

  test("stops at the stream's window when the connection's is large, and other streams go on", () => {
    const memory = openConnection({}, [[Setting.INITIAL_WINDOW_SIZE, 10]]);
    memory.socket.receive(windowUpdateFrame(0, 1_000_000));
    call(memory.connection, counting(100));
    call(memory.connection, "12345");
    call(memory.connection, "123456");
    expect(drainFrames(memory).map((frame) => frame.text)).toEqual([
      "HEADERS 1",
      "HEADERS 3",
      "DATA 3 10 END_STREAM",
      "HEADERS 5",
      "DATA 1 10",
      "DATA 5 10",
    ]);
  });

  test("with an initial window of 0 sends headers, and each byte when it may", () => {
    const memory = openConnection({}, [[Setting.INITIAL_WINDOW_SIZE, 0]]);
    const recorded = call(memory.connection, "hi");
    expect(drainFrames(memory).map((frame) => frame.text)).toEqual(["HEADERS 1"]);
    for (let byte = 0; byte < 6; byte++) {
      memory.socket.receive(windowUpdateFrame(1, 1));
      expect(drainFrames(memory).map((frame) => frame.text)).toEqual(["DATA 1 1"]);
    }
    memory.socket.receive(windowUpdateFrame(1, 1));
    expect(drainFrames(memory).map((frame) => frame.text)).toEqual(["DATA 1 1 END_STREAM"]);
    memory.socket.receive(reply(1, "yes"));
    expect(recorded.outcomes).toEqual([{ reply: "yes" }]);
  });

  test("follows a rise of INITIAL_WINDOW_SIZE on streams that are open, but not on the connection's window", () => {
    const memory = openConnection();
    call(memory.connection, counting(500_000));
    expect(dataBytes(drainFrames(memory))).toBe(65_535);
    memory.socket.receive(settingsFrame([[Setting.INITIAL_WINDOW_SIZE, 131_070]]));
    expect(drainFrames(memory).map((frame) => frame.text)).toEqual(["SETTINGS ACK"]);
    memory.socket.receive(windowUpdateFrame(0, 1_000_000));
    expect(dataBytes(drainFrames(memory))).toBe(65_535);
  });

  test("waits while a fall of INITIAL_WINDOW_SIZE has made a window negative", () => {
    const memory = openConnection();
    memory.socket.receive(windowUpdateFrame(0, 1_000_000));
    call(memory.connection, counting(200_000));
    expect(dataBytes(drainFrames(memory))).toBe(65_535);
    memory.socket.receive(settingsFrame([[Setting.INITIAL_WINDOW_SIZE, 100]]));
    memory.socket.receive(windowUpdateFrame(1, 65_435));
    expect(dataBytes(drainFrames(memory))).toBe(0);
    memory.socket.receive(windowUpdateFrame(1, 1));
    expect(dataBytes(drainFrames(memory))).toBe(1);
    memory.socket.receive(settingsFrame([[Setting.INITIAL_WINDOW_SIZE, 1_100]]));
    expect(dataBytes(drainFrames(memory))).toBe(1_000);
  });

  test("ends the connection when INITIAL_WINDOW_SIZE lifts an open stream over 2^31-1", () => {
    const { connection, socket, runtime } = openConnection();
    const recorded = call(connection);
    runtime.endTick();
    socket.takeFrames();
    socket.receive(windowUpdateFrame(1, 1_000));
    socket.receive(settingsFrame([[Setting.INITIAL_WINDOW_SIZE, 2 ** 31 - 1]]));
    expect(recorded.outcomes).toMatchObject([{ code: "ETCD_PROTOCOL", mayHaveApplied: true }]);
    expect(socket.taken().at(-1)).toBe("GOAWAY 0 FLOW_CONTROL_ERROR");
  });

  test("uses frames as large as the peer allows, up to what one flush writes", () => {
    const memory = openConnection({}, [
      [Setting.INITIAL_WINDOW_SIZE, 1_000_000],
      [Setting.MAX_FRAME_SIZE, 1 << 20],
    ]);
    memory.socket.receive(windowUpdateFrame(0, 1_000_000));
    call(memory.connection, counting(60_000));
    call(memory.connection, counting(150_000));
    expect(drainFrames(memory).map((frame) => frame.text)).toEqual([
      "HEADERS 1",
      "DATA 1 60005 END_STREAM",
      "HEADERS 3",
      "DATA 3 65536",
      "DATA 3 65536",
      "DATA 3 18933 END_STREAM",
    ]);
  });

  test("takes turns: a long message on one stream does not hold up another stream's", () => {
    const memory = openConnection({}, [[Setting.INITIAL_WINDOW_SIZE, 1_000_000]]);
    memory.socket.receive(windowUpdateFrame(0, 10_000_000));
    const a = open(memory.connection);
    const b = open(memory.connection);
    memory.connection.send(a.stream!, counting(100_000));
    memory.connection.send(b.stream!, counting(40_000));
    const order = drainFrames(memory)
      .filter((frame) => frame.type === FrameType.DATA)
      .map((frame) => frame.streamId);
    expect(order).toEqual([1, 3, 1, 3, 1, 3, 1, 1, 1, 1]);
  });

  test("keeps the order of messages, whether they wait for window or not", () => {
    const memory = openConnection();
    const stream = open(memory.connection);
    const messages = [10, 70_000, 3, 20_000, 0, 5].map((bytes) => counting(bytes));
    for (const message of messages) memory.connection.send(stream.stream!, message);
    memory.connection.end(stream.stream!);
    const frames = drainFrames(memory);
    memory.socket.receive(windowUpdateFrame(0, 1_000_000), windowUpdateFrame(1, 1_000_000));
    frames.push(...drainFrames(memory));
    expect(content(frames, 1)).toEqual(Buffer.concat(messages.map((message) => grpcMessage(message))));
    expect(frames.at(-1)!.text).toMatch(/ END_STREAM$/);
  });

  test("tells a stream when all it was given is in the buffer, and takes what it sends then", () => {
    const memory = openConnection();
    memory.socket.receive(windowUpdateFrame(0, 10_000_000));
    const stream = open(memory.connection);
    const other = open(memory.connection);
    memory.connection.send(stream.stream!, counting(100_000));
    stream.onDrain = () => {
      if (stream.drainCount < 3) memory.connection.send(stream.stream!, counting(100_000));
      else memory.connection.cancel(stream.stream!, new Error("enough") as never);
    };
    memory.runtime.endTick();
    const frames = drainFrames(memory);
    for (let round = 0; round < 10; round++) {
      memory.socket.receive(windowUpdateFrame(1, 50_000));
      frames.push(...drainFrames(memory));
    }
    expect(stream.drainCount).toBe(3);
    expect(content(frames, 1)).toEqual(
      Buffer.concat(
        [counting(100_000), counting(100_000), counting(100_000)].map((message) => grpcMessage(message)),
      ),
    );
    expect(frames.at(-1)!.text).toBe("RST_STREAM 1 CANCEL");
    // The slot of the cancelled stream serves a call that has to wait; nothing of it may go out early.
    memory.socket.receive(settingsFrame([[Setting.MAX_CONCURRENT_STREAMS, 1]]));
    const waiting = open(memory.connection);
    memory.connection.send(waiting.stream!, counting(100));
    expect(drainFrames(memory).map((frame) => frame.text)).toEqual(["SETTINGS ACK"]);
    memory.connection.cancel(other.stream!, new Error("enough") as never);
    expect(drainFrames(memory).map((frame) => frame.text)).toEqual([
      "RST_STREAM 3 CANCEL",
      "HEADERS 5",
      "DATA 5 105",
    ]);
  });

  test("of a cancelled stream stops, and its queued bytes use up no window", () => {
    const memory = openConnection();
    const stream = open(memory.connection);
    memory.connection.send(stream.stream!, counting(200_000));
    drainFrames(memory);
    memory.connection.cancel(stream.stream!, new Error("enough") as never);
    expect(drainFrames(memory).map((frame) => frame.text)).toEqual(["RST_STREAM 1 CANCEL"]);
    memory.socket.receive(windowUpdateFrame(0, 10));
    call(memory.connection, "12345");
    expect(drainFrames(memory).map((frame) => frame.text)).toEqual(["HEADERS 3", "DATA 3 10 END_STREAM"]);
  });
});

describe("receiving", () => {
  const fill = (bytes: number): Buffer[] => {
    const frames: Buffer[] = [];
    for (let left = bytes; left > 0; left -= 16_384)
      frames.push(dataFrame(1, Buffer.alloc(Math.min(left, 16_384))));
    return frames;
  };
  const opened = () => {
    const memory = openConnection({ limits: { ...limits, messageMaxBytes: 1 << 20 } });
    const stream = open(memory.connection);
    memory.runtime.endTick();
    memory.socket.receive(okHeaders(1));
    memory.socket.takeFrames();
    return { ...memory, stream };
  };

  test("announces its windows at the start", () => {
    const { socket } = memoryConnection({ limits });
    socket.connected();
    const [settings, update] = socket.takeFrames();
    // INITIAL_WINDOW_SIZE = 100,000.
    expect(settings!.payload.toString("hex")).toContain("0004000186a0");
    expect(update!.text).toBe(`WINDOW_UPDATE 0 ${200_000 - 65_535}`);
  });

  test("gives the stream's credit back once half its window is used, and the connection's at half of that", () => {
    const { socket } = opened();
    socket.receive(...fill(49_999));
    expect(socket.taken()).toEqual([]);
    socket.receive(dataFrame(1, Buffer.alloc(1)));
    expect(socket.taken()).toEqual(["WINDOW_UPDATE 1 50000"]);
    socket.receive(...fill(50_000));
    expect(socket.taken()).toEqual(["WINDOW_UPDATE 0 100000", "WINDOW_UPDATE 1 50000"]);
  });

  test("counts padding", () => {
    const { socket } = opened();
    for (let frames = 0; frames < 195; frames++)
      socket.receive(dataFrame(1, Buffer.alloc(0), { padding: 255 }));
    expect(socket.taken()).toEqual([]);
    socket.receive(dataFrame(1, Buffer.alloc(0), { padding: 255 }));
    expect(socket.taken()).toEqual([`WINDOW_UPDATE 1 ${196 * 256}`]);
  });

  test("lets a message through that is larger than every window", () => {
    const { socket, stream } = opened();
    const message = counting(500_000);
    const bytes = grpcMessage(message);
    let windows = { connection: 200_000, stream: 100_000 };
    for (let at = 0; at < bytes.length;) {
      const length = Math.min(16_384, windows.connection, windows.stream, bytes.length - at);
      expect(length).toBeGreaterThan(0);
      socket.receive(dataFrame(1, bytes.subarray(at, at + length)));
      at += length;
      windows = { connection: windows.connection - length, stream: windows.stream - length };
      for (const frame of socket.takeFrames()) {
        const increment = frame.payload.readUInt32BE(0);
        if (frame.streamId === 0) windows.connection += increment;
        else windows.stream += increment;
      }
    }
    expect(stream.messages.map((text) => text.length)).toEqual([500_000]);
    expect(Buffer.from(stream.messages[0]!, "latin1")).toEqual(message);
  });

  test("holds the peer back while a stream is paused, never on the connection, and lets go on resume", () => {
    const { connection, socket, stream } = opened();
    connection.pause(stream.stream!);
    socket.receive(...fill(100_000));
    expect(socket.taken()).toEqual(["WINDOW_UPDATE 0 100000"]);
    connection.resume(stream.stream!);
    socket.runtime.endTick();
    expect(socket.taken()).toEqual(["WINDOW_UPDATE 1 100000"]);
    expect(stream.messages).toHaveLength(20_000);
  });

  test("cuts a stream off that goes on beyond its window, and the connection lives", () => {
    const { connection, socket, stream } = opened();
    connection.pause(stream.stream!);
    socket.receive(...fill(100_000), dataFrame(1, Buffer.alloc(1)));
    expect(stream.outcomes).toEqual([{ code: "ETCD_PROTOCOL", mayHaveApplied: true, grpcCode: 13 }]);
    expect(socket.taken()).toEqual(["WINDOW_UPDATE 0 100000", "RST_STREAM 1 FLOW_CONTROL_ERROR"]);
    expect(connection.state).toBe("open");
  });

  test("gives the connection's credit back for a stream that was cancelled, reset or is complete", () => {
    const { connection, socket, stream } = opened();
    connection.cancel(stream.stream!, new Error("enough") as never);
    socket.runtime.endTick();
    expect(socket.taken()).toEqual(["RST_STREAM 1 CANCEL"]);
    for (let round = 0; round < 10; round++) {
      socket.receive(...fill(100_000));
      expect(socket.taken()).toEqual(["WINDOW_UPDATE 0 100000"]);
    }
    expect(connection.state).toBe("open");
  });

  test("does not announce a connection window that is not above the default", () => {
    const { socket } = openConnection({ limits: { connectionWindowBytes: 65_535 } });
    expect(socket.writes[0]!.length).toBe(24 + 9 + 4 * 6);
  });

  test("gives no credit to a stream that ended", () => {
    const { socket, stream } = opened();
    socket.receive(...fill(49_995), trailers(1));
    expect(stream.outcomes).toEqual([{ status: 0, message: "" }]);
    expect(socket.taken()).toEqual(["RST_STREAM 1 NO_ERROR"]);
  });
});
