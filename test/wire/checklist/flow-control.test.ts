/** Wire checklist C: flow control, on real sockets; in memory where exact sums need reads of a known size. */
import { describe, expect, test } from "vitest";
import { FrameType, Http2Code, Setting } from "../../../src/wire/layout.js";
import { dataFrame, hex, rstStreamFrame, settingsFrame, windowUpdateFrame } from "../../support/frames.js";
import type { ClientFrame } from "../../support/peer-frames.js";
import { grpcMessage, okHeaders, reply, trailers } from "../../support/peer-frames.js";
import { call, memoryConnection, open, openConnection } from "../../support/recorded-call.js";
import type { MemoryConnection } from "../../support/recorded-call.js";
import { transports } from "../../support/wire-connection.js";
import {
  brokenConnection,
  brokenStream,
  connectionError,
  counting,
  dialer,
  exchange,
  expectSameBytes,
  provoke,
  streamError,
  takeData,
} from "../../support/wire-script.js";

const { dial, dialOpen } = dialer();

const WINDOW_MAX = 2 ** 31 - 1;
const MiB = 1024 * 1024;
const enough = new Error("enough") as never;

describe.each(transports)("C over %s:", (transport) => {
  test("C10 a stream's window may go negative when INITIAL_WINDOW_SIZE shrinks: nothing goes until it is above 0", async () => {
    const { connection, peer } = await dialOpen(transport);
    const message = counting(200_000);
    call(connection, message);
    await peer.expect("HEADERS 1");
    const sent = await takeData(peer, 65_535);
    // Now 0, and 100 - 65,535 = -65,435 after the change, though the connection has room for a million.
    expect(
      await provoke(
        peer,
        windowUpdateFrame(0, 1_000_000),
        settingsFrame([[Setting.INITIAL_WINDOW_SIZE, 100]]),
      ),
    ).toEqual(["SETTINGS ACK"]);
    expect(await provoke(peer, windowUpdateFrame(1, 65_434))).toEqual([]);
    expect(await provoke(peer, windowUpdateFrame(1, 1))).toEqual([]);
    peer.send(windowUpdateFrame(1, 1));
    sent.push(...(await peer.expect("DATA 1 1")));
    peer.send(settingsFrame([[Setting.INITIAL_WINDOW_SIZE, 0]]));
    await peer.expect("SETTINGS ACK");
    // -100 again, then 900 by a change back.
    peer.send(settingsFrame([[Setting.INITIAL_WINDOW_SIZE, 1_000]]));
    sent.push(...(await peer.expect("SETTINGS ACK", "DATA 1 900")).slice(1));
    peer.send(windowUpdateFrame(1, 1_000_000));
    sent.push(...(await takeData(peer, message.length + 5 - 65_535 - 1 - 900)));
    expect(sent.at(-1)!.text).toMatch(/END_STREAM$/);
    expectSameBytes(Buffer.concat(sent.map((frame) => frame.payload)), grpcMessage(message));
  });

  test("C10 a change of INITIAL_WINDOW_SIZE applies its difference to all open streams, and to later ones", async () => {
    const { connection, peer } = await dialOpen(transport, {}, [[Setting.INITIAL_WINDOW_SIZE, 10]]);
    for (const id of [1, 3, 5]) {
      call(connection, counting(100));
      await peer.expect(`HEADERS ${id}`, `DATA ${id} 10`);
    }
    peer.send(windowUpdateFrame(3, 2));
    await peer.expect("DATA 3 2");
    peer.send(settingsFrame([[Setting.INITIAL_WINDOW_SIZE, 17]]));
    await peer.expect("SETTINGS ACK");
    // Whose turn it is does not matter here.
    const texts = (await takeData(peer, 21)).map((frame) => frame.text);
    expect(texts.sort()).toEqual(["DATA 1 7", "DATA 3 7", "DATA 5 7"]);
    call(connection, counting(100));
    await peer.expect("HEADERS 7", "DATA 7 17");
    expect(await provoke(peer, settingsFrame([[Setting.INITIAL_WINDOW_SIZE, 5]]))).toEqual(["SETTINGS ACK"]);
    // Each is at -12 now; only the one that gets more than that may go on.
    peer.send(windowUpdateFrame(1, 12), windowUpdateFrame(5, 15), windowUpdateFrame(7, 11));
    await peer.expect("DATA 5 3");
    expect(await provoke(peer)).toEqual([]);
  });

  test("C10 a change of INITIAL_WINDOW_SIZE never touches the connection's window", async () => {
    const { connection, peer } = await dialOpen(transport);
    call(connection, counting(200_000));
    await peer.expect("HEADERS 1");
    await takeData(peer, 65_535);
    expect(await provoke(peer, settingsFrame([[Setting.INITIAL_WINDOW_SIZE, 1_000_000]]))).toEqual([
      "SETTINGS ACK",
    ]);
    expect(await provoke(peer, settingsFrame([[Setting.INITIAL_WINDOW_SIZE, 100_000]]))).toEqual([
      "SETTINGS ACK",
    ]);
    peer.send(windowUpdateFrame(0, 40_000));
    // 100,000 for the stream in all, of which 65,535 are used.
    await takeData(peer, 34_465);
    expect(await provoke(peer)).toEqual([]);
    // What is left of the connection's window, 5,535, is what the next stream gets.
    call(connection, counting(20_000));
    await peer.expect("HEADERS 3", "DATA 3 5535");
    expect(await provoke(peer)).toEqual([]);
  });

  test("C10 INITIAL_WINDOW_SIZE over 2^31-1 is FLOW_CONTROL_ERROR of the connection", async () => {
    const wire = await dialOpen(transport);
    expect(await exchange(wire, [settingsFrame([[Setting.INITIAL_WINDOW_SIZE, 2 ** 31]])])).toEqual(
      connectionError("FLOW_CONTROL_ERROR"),
    );
  });

  test("C10 INITIAL_WINDOW_SIZE that lifts an open stream's window over 2^31-1 is FLOW_CONTROL_ERROR of the connection", async () => {
    // The stream has used 10 of 65,535 and got 11: one byte above what it started with.
    const settings = settingsFrame([[Setting.INITIAL_WINDOW_SIZE, WINDOW_MAX]]);
    expect(await exchange(await dialOpen(transport), [windowUpdateFrame(1, 11), settings])).toEqual(
      connectionError("FLOW_CONTROL_ERROR"),
    );
    expect(await exchange(await dialOpen(transport), [windowUpdateFrame(1, 10), settings])).toEqual({
      outcomes: [],
      sent: ["SETTINGS ACK"],
      events: ["open"],
    });
  });

  test("C10 a stream's window of 2^31-1 is legal; one more is FLOW_CONTROL_ERROR of the stream", async () => {
    const untilFull = WINDOW_MAX - 65_525;
    expect(await exchange(await dialOpen(transport), [windowUpdateFrame(1, untilFull)])).toMatchObject({
      outcomes: [],
      sent: [],
    });
    expect(
      await exchange(await dialOpen(transport), [windowUpdateFrame(1, untilFull), windowUpdateFrame(1, 1)]),
    ).toEqual(streamError("FLOW_CONTROL_ERROR"));
  });

  test("C10 a connection window of 2^31-1 is legal; one more is FLOW_CONTROL_ERROR of the connection", async () => {
    const untilFull = WINDOW_MAX - 65_525;
    expect(await exchange(await dialOpen(transport), [windowUpdateFrame(0, untilFull)])).toMatchObject({
      outcomes: [],
      sent: [],
    });
    expect(
      await exchange(await dialOpen(transport), [windowUpdateFrame(0, untilFull), windowUpdateFrame(0, 1)]),
    ).toEqual(connectionError("FLOW_CONTROL_ERROR"));
  });

  test("C10 an increment of 0 is PROTOCOL_ERROR of the stream, or of the connection where it is the connection's", async () => {
    expect(await exchange(await dialOpen(transport), [windowUpdateFrame(1, 0)])).toEqual(
      streamError("PROTOCOL_ERROR"),
    );
    expect(await exchange(await dialOpen(transport), [windowUpdateFrame(0, 0)])).toEqual(
      connectionError("PROTOCOL_ERROR"),
    );
  });

  test("C10 a Put of 1 MiB that waits for its stream's window delays no other call", async () => {
    const { connection, peer } = await dialOpen(transport);
    const keepAlive = open(connection);
    await peer.expect("HEADERS 1");
    expect(await provoke(peer, windowUpdateFrame(0, 4 * MiB))).toEqual([]);
    call(connection, counting(MiB));
    await peer.expect("HEADERS 3");
    await takeData(peer, 65_535);
    connection.send(keepAlive.stream!, Buffer.from("renew"));
    await peer.expect("DATA 1 10");
    call(connection, "a lock");
    await peer.expect("HEADERS 5", "DATA 5 11 END_STREAM");
  });

  test("C10 a window of 1 byte, of the stream or of the connection, is used byte by byte", async () => {
    const { connection, peer } = await dialOpen(transport, {}, [[Setting.INITIAL_WINDOW_SIZE, 1]]);
    const recorded = call(connection, "hi");
    await peer.expect("HEADERS 1", "DATA 1 1");
    const bytes: Buffer[] = [];
    for (let at = 1; at < 7; at++) {
      peer.send(windowUpdateFrame(1, 1));
      bytes.push((await peer.expect(at < 6 ? "DATA 1 1" : "DATA 1 1 END_STREAM"))[0]!.payload);
    }
    expect(Buffer.concat(bytes)).toEqual(grpcMessage("hi").subarray(1));
    peer.send(reply(1, "yes"));
    expect(await recorded.settled).toEqual({ reply: "yes" });

    // The connection's: 65,535 - 7 are left; 8 more than that are wanted, and come one by one.
    peer.send(settingsFrame([[Setting.INITIAL_WINDOW_SIZE, MiB]]));
    await peer.expect("SETTINGS ACK");
    call(connection, counting(65_531));
    await peer.expect("HEADERS 3");
    await takeData(peer, 65_528);
    for (let at = 0; at < 8; at++) {
      peer.send(windowUpdateFrame(0, 1));
      await peer.expect(at < 7 ? "DATA 3 1" : "DATA 3 1 END_STREAM");
    }
  });

  test("C10 the end of a stream costs no window: it goes out through windows of 0", async () => {
    const { connection, peer } = await dialOpen(transport, {}, [[Setting.INITIAL_WINDOW_SIZE, 0]]);
    const stream = open(connection);
    await peer.expect("HEADERS 1");
    connection.end(stream.stream!);
    await peer.expect("DATA 1 0 END_STREAM");
  });

  test("C11 the connection's window is raised at the start, right behind SETTINGS", async () => {
    const { peer } = await dial(transport, {
      limits: { connectionWindowBytes: 3_000_000, streamWindowBytes: 123_456 },
    });
    const [settings] = await peer.expect("SETTINGS", `WINDOW_UPDATE 0 ${3_000_000 - 65_535}`);
    expect(settings!.payload.toString("hex")).toContain(hex("0004 0001e240").toString("hex"));
  });

  test("C11 DATA beyond a paused stream's window is FLOW_CONTROL_ERROR of the stream, and the connection lives", async () => {
    const { connection, listener, peer } = await dialOpen(transport, {
      limits: { streamWindowBytes: 1_000 },
    });
    const stream = open(connection);
    await peer.expect("HEADERS 1");
    connection.pause(stream.stream!);
    expect(await provoke(peer, okHeaders(1), dataFrame(1, Buffer.alloc(1_000)))).toEqual([]);
    expect(await provoke(peer, dataFrame(1, Buffer.alloc(1)))).toEqual(["RST_STREAM 1 FLOW_CONTROL_ERROR"]);
    expect(stream.outcomes).toEqual([brokenStream]);
    const next = call(connection);
    await peer.expect("HEADERS 3", "DATA 3 10 END_STREAM");
    peer.send(reply(3, "fine"));
    expect(await next.settled).toEqual({ reply: "fine" });
    expect(listener.events).toEqual(["open"]);
  });

  test("C11 a peer that keeps to its windows can send ten of them on streams that are gone, and the next call is answered", async () => {
    const windowBytes = 100_000;
    const { connection, listener, peer } = await dialOpen(transport, {
      limits: { connectionWindowBytes: windowBytes },
    });
    const recorded = call(connection);
    await peer.expect("HEADERS 1", "DATA 1 10 END_STREAM");
    connection.cancel(recorded.stream!, enough);
    await peer.expect("RST_STREAM 1 CANCEL");
    let leftBytes = windowBytes;
    for (let sentBytes = 0; sentBytes < 10 * windowBytes;) {
      if (leftBytes < 1_000) {
        const update = await peer.next();
        expect(update.text).toMatch(/^WINDOW_UPDATE 0 /);
        leftBytes += update.payload.readUInt32BE(0);
        continue;
      }
      const bytes = Math.min(leftBytes, 16_000);
      peer.send(dataFrame(1, Buffer.alloc(bytes)));
      leftBytes -= bytes;
      sentBytes += bytes;
    }
    const next = call(connection);
    for (let frame = await peer.next(); frame.text !== "DATA 3 10 END_STREAM";) frame = await peer.next();
    peer.send(reply(3, "fine"));
    expect(await next.settled).toEqual({ reply: "fine" });
    expect(listener.events).toEqual(["open"]);
  });
});

describe("C in memory:", () => {
  const drainFrames = ({ socket, runtime }: MemoryConnection): ClientFrame[] => {
    while (runtime.turn() > 0);
    return socket.takeFrames();
  };
  const fill = (streamId: number, bytes: number): Buffer[] => {
    const frames: Buffer[] = [];
    for (let left = bytes; left > 0; left -= 10_000)
      frames.push(dataFrame(streamId, Buffer.alloc(Math.min(left, 10_000))));
    return frames;
  };
  const limits = { streamWindowBytes: 100_000, connectionWindowBytes: 200_000 };
  const opened = (count: number) => {
    const memory = openConnection({ limits });
    const streams = Array.from({ length: count }, () => open(memory.connection));
    memory.runtime.endTick();
    memory.socket.receive(...streams.map((_stream, index) => okHeaders(1 + 2 * index)));
    memory.socket.takeFrames();
    return { ...memory, streams };
  };

  test("C10 queued DATA goes out in turns, a frame each; who comes late gets the next turn, who is blocked none", () => {
    const memory = openConnection({}, [[Setting.INITIAL_WINDOW_SIZE, MiB]]);
    memory.socket.receive(windowUpdateFrame(0, 100 * MiB));
    const [a, b] = [open(memory.connection), open(memory.connection)];
    memory.connection.send(a.stream!, counting(150_000));
    memory.connection.send(b.stream!, counting(150_000));
    memory.runtime.endTick();
    const turns = (): number[] =>
      memory.socket
        .takeFrames()
        .filter((frame) => frame.type === FrameType.DATA)
        .map((frame) => frame.streamId);
    // One flush is 64 KiB: four frames.
    expect(turns()).toEqual([1, 3, 1, 3]);
    const c = open(memory.connection);
    memory.connection.send(c.stream!, counting(50_000));
    memory.runtime.turn();
    expect(turns().slice(0, 4)).toEqual([1, 3, 5, 1]);
    memory.socket.receive(settingsFrame([[Setting.INITIAL_WINDOW_SIZE, 65_536]]), windowUpdateFrame(3, MiB));
    const rest = drainFrames(memory).filter((frame) => frame.type === FrameType.DATA);
    // Stream 1 is over its new window: what is left goes to the others.
    expect(rest.filter((frame) => frame.streamId === 3).length).toBeGreaterThan(0);
    expect(rest.slice(4).filter((frame) => frame.streamId === 1)).toEqual([]);
  });

  test("C10 a keepalive that is sent behind a Put of 1.5 MiB overtakes all of it but one flush", () => {
    const memory = openConnection({}, [[Setting.INITIAL_WINDOW_SIZE, 2 * MiB]]);
    memory.socket.receive(windowUpdateFrame(0, 10 * MiB));
    const keepAlive = open(memory.connection);
    memory.runtime.endTick();
    memory.socket.takeFrames();
    call(memory.connection, counting(1.5 * MiB));
    memory.runtime.endTick();
    memory.connection.send(keepAlive.stream!, Buffer.from("renew"));
    const frames = drainFrames(memory);
    const at = frames.findIndex((frame) => frame.text === "DATA 1 10");
    const before = frames.slice(0, at).filter((frame) => frame.type === FrameType.DATA);
    expect(before.reduce((sum, frame) => sum + frame.payload.length, 0)).toBeLessThanOrEqual(65_536);
    const put = frames.filter((frame) => frame.type === FrameType.DATA && frame.streamId === 3);
    expectSameBytes(Buffer.concat(put.map((frame) => frame.payload)), grpcMessage(counting(1.5 * MiB)));
  });

  test("C11 padding and the pad length byte count, for the stream and for the connection", () => {
    const { socket } = opened(1);
    const padded = Array.from({ length: 195 }, () => dataFrame(1, Buffer.alloc(0), { padding: 255 }));
    socket.receive(...padded);
    expect(socket.taken()).toEqual([]);
    // 196 frames of 256 bytes are the first to reach 50,000; 391 the first to reach 100,000.
    socket.receive(dataFrame(1, Buffer.alloc(0), { padding: 255 }));
    expect(socket.taken()).toEqual(["WINDOW_UPDATE 1 50176"]);
    socket.receive(...padded);
    expect(socket.taken()).toEqual(["WINDOW_UPDATE 0 100096"]);
  });

  test.each([
    [
      "cancelled",
      (memory: MemoryConnection, recorded: ReturnType<typeof call>) => {
        memory.connection.cancel(recorded.stream!, enough);
        memory.runtime.endTick();
      },
      ["RST_STREAM 1 CANCEL"],
    ],
    [
      "reset by the peer",
      (memory: MemoryConnection) => {
        memory.socket.receive(rstStreamFrame(1, Http2Code.INTERNAL_ERROR));
      },
      [],
    ],
    [
      "refused",
      (memory: MemoryConnection) => {
        memory.socket.receive(rstStreamFrame(1, Http2Code.REFUSED_STREAM));
      },
      [],
    ],
    [
      "complete",
      (memory: MemoryConnection) => {
        memory.socket.receive(reply(1, ""));
      },
      [],
    ],
    [
      "broken by its peer",
      (memory: MemoryConnection) => {
        memory.socket.receive(windowUpdateFrame(1, 0));
      },
      ["RST_STREAM 1 PROTOCOL_ERROR"],
    ],
    [
      "past its deadline",
      (memory: MemoryConnection) => {
        memory.runtime.advance(60_010);
      },
      ["RST_STREAM 1 CANCEL"],
    ],
  ] as const)(
    "C11 the connection's credit comes back for a stream that was %s, to the byte",
    (_how, finish, sent) => {
      const memory = openConnection({ limits: { ...limits, pingIntervalMs: 1_000_000 } });
      const recorded = call(memory.connection);
      memory.runtime.endTick();
      memory.socket.takeFrames();
      finish(memory, recorded);
      expect(memory.socket.taken()).toEqual(sent);
      expect(recorded.outcomes).toHaveLength(1);
      // A whole reply has been counted already: 5 bytes.
      const countedBytes = _how === "complete" ? 5 : 0;
      memory.socket.receive(...fill(1, 99_999 - countedBytes));
      expect(memory.socket.taken()).toEqual([]);
      memory.socket.receive(dataFrame(1, Buffer.alloc(1)));
      expect(memory.socket.taken()).toEqual(["WINDOW_UPDATE 0 100000"]);
      for (let round = 0; round < 20; round++) {
        memory.socket.receive(...fill(1, 100_000));
        expect(memory.socket.taken()).toEqual(["WINDOW_UPDATE 0 100000"]);
      }
      expect(memory.listener.events).toEqual(["open"]);
    },
  );

  test("C11 a watch that does not read is held back on its stream, and the connection's credit goes on for the others", () => {
    const { connection, socket, streams } = opened(2);
    const [slow, quick] = streams;
    connection.pause(slow!.stream!);
    socket.receive(...fill(1, 100_000));
    expect(socket.taken()).toEqual(["WINDOW_UPDATE 0 100000"]);
    // Nothing was consumed on stream 1, and its peer has nothing left to send with; stream 3 lives on.
    for (let round = 0; round < 10; round++) {
      socket.receive(...fill(3, 100_000));
      expect(socket.taken()).toEqual([
        "WINDOW_UPDATE 3 50000",
        "WINDOW_UPDATE 0 100000",
        "WINDOW_UPDATE 3 50000",
      ]);
    }
    expect([slow!.messages.length, quick!.messages.length]).toEqual([0, 200_000]);
    // Read at last: all 100,000 bytes come back at once.
    connection.resume(slow!.stream!);
    socket.runtime.endTick();
    expect(socket.taken()).toEqual(["WINDOW_UPDATE 1 100000"]);
    expect(slow!.messages).toHaveLength(20_000);
  });

  test("C11 a stream that pauses in the middle of its bytes gets credit for none of them until it goes on", () => {
    const { connection, socket, streams } = opened(1);
    const stream = streams[0]!;
    stream.onMessage = () => {
      if (stream.messages.length === 3) connection.pause(stream.stream!);
    };
    socket.receive(...fill(1, 60_000));
    expect(stream.messages).toHaveLength(3);
    expect(socket.taken()).toEqual([]);
    stream.onMessage = undefined;
    connection.resume(stream.stream!);
    socket.runtime.endTick();
    expect(socket.taken()).toEqual(["WINDOW_UPDATE 1 60000"]);
  });

  test("C11 DATA that fills the connection's window is taken; one byte beyond it is FLOW_CONTROL_ERROR of the connection", () => {
    // Credit comes back at half the window, so only frames longer than the rest can go beyond it.
    const wide = {
      limits: { connectionWindowBytes: 65_535, streamWindowBytes: MiB, frameMaxBytes: 40_000 },
    };
    const first = dataFrame(1, Buffer.alloc(32_000));
    for (const [bytes, sent, events] of [
      [33_535, ["WINDOW_UPDATE 0 65535"], ["open"]],
      [33_536, ["GOAWAY 0 FLOW_CONTROL_ERROR"], ["open", "close ETCD_PROTOCOL"]],
    ] as const) {
      const { connection, socket, runtime, listener } = openConnection(wide);
      const stream = open(connection);
      runtime.endTick();
      socket.receive(okHeaders(1), first);
      socket.takeFrames();
      socket.receive(dataFrame(1, Buffer.alloc(bytes)));
      expect(socket.taken()).toEqual(sent);
      expect(listener.events).toEqual(events);
      expect(stream.outcomes).toEqual(events.length === 1 ? [] : [brokenConnection]);
    }
  });

  test("C11 a connection window that is the protocol's own is not announced, and is given back by halves", () => {
    const memory = memoryConnection({ limits: { connectionWindowBytes: 65_535 } });
    memory.socket.connected();
    expect(memory.socket.taken()).toEqual(["SETTINGS"]);
    memory.socket.receive(settingsFrame());
    const stream = open(memory.connection);
    memory.runtime.endTick();
    memory.socket.receive(okHeaders(1));
    memory.socket.takeFrames();
    memory.socket.receive(dataFrame(1, Buffer.alloc(16_384)), dataFrame(1, Buffer.alloc(16_382)));
    expect(memory.socket.taken()).toEqual([]);
    memory.socket.receive(dataFrame(1, Buffer.alloc(1)));
    expect(memory.socket.taken()).toEqual(["WINDOW_UPDATE 0 32767"]);
    memory.socket.receive(dataFrame(1, Buffer.alloc(3)), trailers(1));
    expect(stream.outcomes).toEqual([{ status: 0, message: "" }]);
  });
});
