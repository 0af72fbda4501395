import { describe, expect, test } from "vitest";
import { ConnectionError } from "../../src/errors.js";
import { OUTPUT_BUFFER_BYTES, STREAM_ID_RETIRE } from "../../src/options.js";
import { HpackDecoder } from "../../src/wire/hpack-decoder.js";
import { Setting } from "../../src/wire/layout.js";
import {
  cutEveryByte,
  dataFrame,
  goawayFrame,
  headersFrame,
  pingFrame,
  rstStreamFrame,
  settingsAckFrame,
  settingsFrame,
  windowUpdateFrame,
} from "../support/frames.js";
import {
  grpcMessage,
  headerBlock,
  okHeaders,
  reply,
  trailers,
  trailersOnly,
} from "../support/peer-frames.js";
import {
  call,
  echoHead,
  memoryConnection,
  open,
  openConnection,
  unaryRecorder,
} from "../support/recorded-call.js";
import type { RecordedCall } from "../support/recorded-call.js";

const refused = { code: "ETCD_REFUSED", mayHaveApplied: false, grpcCode: 14 };
const closed = (mayHaveApplied: boolean) => ({ code: "ETCD_CLOSED", mayHaveApplied, grpcCode: 14 });
const lost = { code: "ETCD_CONNECTION_LOST", mayHaveApplied: true, grpcCode: 14 };
const enough = new ConnectionError("ETCD_CLOSED", "enough", { mayHaveApplied: true });

describe("the handshake", () => {
  test("sends the preface and SETTINGS at once, and calls made meanwhile when the server's SETTINGS came", () => {
    const { connection, socket, runtime } = memoryConnection();
    const calls = [call(connection, "a"), call(connection, "bb")];
    runtime.endTick();
    expect(socket.writes).toEqual([]);
    socket.connected();
    expect(socket.taken()).toEqual(["SETTINGS", "WINDOW_UPDATE 0 16711681"]);
    runtime.advance(1_000);
    expect(socket.taken()).toEqual([]);
    socket.receive(settingsFrame());
    expect(socket.taken()).toEqual([
      "SETTINGS ACK",
      "HEADERS 1",
      "HEADERS 3",
      "DATA 1 6 END_STREAM",
      "DATA 3 7 END_STREAM",
    ]);
    socket.receive(reply(3, "B"), reply(1, "A"));
    expect(calls.map((recorded) => recorded.outcomes)).toEqual([[{ reply: "A" }], [{ reply: "B" }]]);
  });

  test("works with SETTINGS torn anywhere", () => {
    const bytes = settingsFrame([[Setting.MAX_CONCURRENT_STREAMS, 7]]);
    const cuts = Array.from(bytes, (_, at) => [bytes.subarray(0, at), bytes.subarray(at)]);
    for (const chunks of [cutEveryByte(bytes), ...cuts.slice(1)]) {
      const { socket, listener } = memoryConnection();
      socket.connected();
      for (const chunk of chunks) socket.receive(chunk);
      expect(listener.events).toEqual(["open"]);
    }
  });

  test.each([
    ["an ACK first", settingsFrame().map((byte, at) => (at === 4 ? 1 : byte))],
    ["a PUSH that is enabled", settingsFrame([[Setting.ENABLE_PUSH, 1]])],
  ])("fails on %s, and nothing was applied", (_what, bytes) => {
    const { connection, socket, listener } = memoryConnection();
    const recorded = call(connection);
    socket.connected();
    socket.receive(bytes);
    expect(recorded.outcomes).toEqual([{ code: "ETCD_PROTOCOL", mayHaveApplied: false, grpcCode: 14 }]);
    expect(listener.events).toEqual(["close ETCD_PROTOCOL"]);
  });

  test.each([
    ["a PING", pingFrame(Buffer.alloc(8))],
    ["HTTP/1", Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n")],
    ["anything else", Buffer.from("SSH-2.0-OpenSSH_9.2\r\n")],
  ])("fails on %s as a server that is not etcd", (_what, bytes) => {
    const { connection, socket, listener } = memoryConnection();
    const recorded = call(connection);
    socket.connected();
    socket.receive(bytes);
    expect(recorded.outcomes).toEqual([{ code: "ETCD_NOT_ETCD", mayHaveApplied: false, grpcCode: 14 }]);
    expect(listener.events).toEqual(["close ETCD_NOT_ETCD"]);
    expect(socket.state).toBe("destroyed");
  });

  test("that the peer ends leaves every call unapplied", () => {
    const { connection, socket } = memoryConnection();
    const recorded = call(connection);
    socket.connected();
    socket.close();
    expect(recorded.outcomes).toEqual([{ code: "ETCD_UNREACHABLE", mayHaveApplied: false, grpcCode: 14 }]);
  });

  test("is given up by close(), and calls waiting for it were not applied", () => {
    for (const connected of [false, true]) {
      const { connection, socket, listener, runtime } = memoryConnection();
      const recorded = call(connection);
      if (connected) socket.connected();
      connection.close();
      expect(recorded.outcomes).toEqual([closed(false)]);
      expect(listener.events).toEqual(["close ETCD_CLOSED"]);
      expect(socket.state).toBe(connected ? "ended" : "destroyed");
      expect(runtime.timerCount).toBe(0);
    }
  });
});

describe("SETTINGS and PING", () => {
  test("are answered in order, with the PING's own bytes", () => {
    const { socket } = openConnection();
    socket.receive(
      pingFrame(Buffer.from("0102030405060708", "hex")),
      settingsFrame(),
      pingFrame(Buffer.from("ff00ff00ff00ff00", "hex")),
      settingsFrame([[0x99, 5]]),
      pingFrame(Buffer.alloc(8), true),
    );
    expect(socket.taken()).toEqual([
      "PING ACK 0102030405060708",
      "SETTINGS ACK",
      "PING ACK ff00ff00ff00ff00",
      "SETTINGS ACK",
    ]);
    expect(socket.writes).toHaveLength(3);
  });

  test("answers that use the output buffer between two calls leave the next call's headers as they were", () => {
    const { connection, socket, runtime } = openConnection();
    const seen: string[] = [];
    for (let round = 0; round < 6; round++) {
      call(connection, "x", 500);
      runtime.endTick();
      for (const { fields } of socket.takeFrames()) if (fields.length > 0) seen.push(fields.join());
      // Longer than a header block, so that it lies over all of what the block was copied from.
      socket.receive(...Array.from({ length: 8 }, () => pingFrame(Buffer.alloc(8, 0xff))));
      expect(socket.taken()).toHaveLength(8);
    }
    expect(seen).toHaveLength(6);
    expect(new Set(seen).size).toBe(1);
  });

  test("HEADER_TABLE_SIZE 0 in the middle is acknowledged first and obeyed by the next headers", () => {
    const { connection, socket, runtime } = openConnection();
    const seen: string[] = [];
    const blocks: Buffer[] = [];
    let previous = 4_096;
    const next = (): void => {
      call(connection, "x", 500);
      runtime.endTick();
      for (const frame of socket.takeFrames())
        if (frame.fields.length > 0) {
          seen.push(frame.fields.join());
          blocks.push(frame.payload);
        }
    };
    next();
    next();
    next();
    for (const bytes of [0, 0, 4_096, 100, 1 << 20]) {
      socket.receive(settingsFrame([[Setting.HEADER_TABLE_SIZE, bytes]]));
      expect(socket.taken()).toEqual(["SETTINGS ACK"]);
      next();
      // 0x20 is a table size update to 0 (RFC 7541 §6.3), due at the start of the block after each change.
      expect(blocks.at(-1)![0] === 0x20).toBe(bytes !== previous);
      next();
      next();
      if (bytes === 0) {
        // A decoder without a table throws on an index into one, and on a missing size update.
        const tableless = new HpackDecoder({ tableMaxBytes: 0, listMaxBytes: 1 << 20 });
        for (const block of [Buffer.from([0x20]), ...blocks.slice(-3)])
          tableless.decode(block, 0, block.length, { onField: () => {} });
      }
      previous = bytes;
    }
    expect(seen).toHaveLength(18);
    expect(new Set(seen).size).toBe(1);
  });

  test.each([
    ["PINGs", pingFrame(Buffer.alloc(8))],
    ["SETTINGS", settingsFrame()],
  ])("a flood of %s that we could not answer ends in ENHANCE_YOUR_CALM", (_what, frame) => {
    const { socket, listener } = openConnection();
    socket.receive(...Array.from({ length: 1_001 }, () => frame));
    expect(listener.events).toEqual(["open", "close ETCD_PROTOCOL"]);
    expect(socket.taken()).toEqual(["GOAWAY 0 ENHANCE_YOUR_CALM"]);
  });

  test("a flood from a peer that reads no answers ends too, however slowly it comes", () => {
    const { socket, listener, runtime } = openConnection();
    socket.accepts = false;
    for (let count = 0; count < 1_002; count++) {
      socket.receive(pingFrame(Buffer.alloc(8)));
      runtime.advance(100);
    }
    expect(listener.events).toEqual(["open", "close ETCD_PROTOCOL"]);
  });

  test("of which a server sends no more than our requests and time earn it do no harm", () => {
    const { connection, socket, listener, runtime } = openConnection();
    const ping = pingFrame(Buffer.alloc(8));
    // As etcd does: a PING and two window updates for every request, however many there are.
    for (let count = 0; count < 3_000; count++) {
      const id = 1 + 2 * count;
      call(connection, "x");
      runtime.endTick();
      socket.receive(ping, windowUpdateFrame(0, 6), windowUpdateFrame(id, 6), reply(id, "x"));
    }
    // And 100 a second without any.
    for (let count = 0; count < 3_000; count++) {
      runtime.advance(10);
      socket.receive(ping);
    }
    expect(listener.events).toEqual(["open"]);
    expect(socket.taken().filter((text) => text.startsWith("PING ACK"))).toHaveLength(6_000);
  });

  test.each([
    ["PINGs that are answered in time", pingFrame(Buffer.alloc(8))],
    ["PING ACKs", pingFrame(Buffer.alloc(8), true)],
    ["SETTINGS that are answered in time", settingsFrame()],
    ["SETTINGS ACKs", settingsAckFrame()],
    ["window updates of the connection", windowUpdateFrame(0, 1)],
    ["window updates of a stream that is gone", windowUpdateFrame(1, 1)],
    ["window updates of a stream", windowUpdateFrame(3, 1)],
    ["RST_STREAM on a stream that is gone", rstStreamFrame(1, 0)],
    ["headers on a stream that is gone", okHeaders(1)],
    ["small DATA on a stream that is gone", dataFrame(1, Buffer.alloc(1))],
    ["1xx responses", headersFrame(3, headerBlock([[":status", "100"]]))],
    ["GOAWAYs", goawayFrame(2 ** 31 - 1, 0)],
  ])("a flood of %s ends in ENHANCE_YOUR_CALM", (_what, frame) => {
    const { connection, socket, listener, runtime } = openConnection();
    call(connection);
    open(connection);
    runtime.endTick();
    socket.receive(reply(1, "x"));
    socket.takeFrames();
    let count = 0;
    for (; count < 2_000 && listener.closeError === undefined; count++) socket.receive(frame);
    // 1,000 to begin with, 8 for the DATA of one call, and the handshake's own.
    expect(count).toBeGreaterThan(990);
    expect(count).toBeLessThan(1_020);
    expect(listener.events.at(-1)).toBe("close ETCD_PROTOCOL");
    expect(socket.taken().at(-1)).toBe("GOAWAY 0 ENHANCE_YOUR_CALM");
  });

  test("late replies to calls that were cancelled are no flood", () => {
    const { connection, socket, listener, runtime } = openConnection();
    for (let count = 0; count < 5_000; count++) {
      const recorded = call(connection);
      runtime.endTick();
      connection.cancel(recorded.stream!, enough);
      socket.receive(windowUpdateFrame(0, 10), reply(1 + 2 * count, "x"));
    }
    expect(listener.events).toEqual(["open"]);
  });
});

describe("GOAWAY", () => {
  test("fails calls above its id as not applied, lets those below finish, then closes", () => {
    const { connection, socket, runtime, listener } = openConnection();
    const [below, at, above] = [call(connection), call(connection), call(connection)];
    runtime.endTick();
    socket.takeFrames();
    socket.receive(goawayFrame(3, 0));
    expect([below, at, above].map((recorded) => recorded.outcomes)).toEqual([[], [], [refused]]);
    expect(connection.state).toBe("draining");
    expect(call(connection).outcomes).toEqual([refused]);
    socket.receive(reply(1, "one"));
    expect(below.outcomes).toEqual([{ reply: "one" }]);
    expect(listener.events).toEqual(["open", "draining 0"]);
    socket.receive(reply(3, "two"));
    expect(at.outcomes).toEqual([{ reply: "two" }]);
    expect(listener.events).toEqual(["open", "draining 0", "close ETCD_CLOSED"]);
    expect(socket.state).toBe("ended");
  });

  test("and then EOF leaves calls below its id unknown", () => {
    const { connection, socket, runtime } = openConnection();
    const [below, above] = [call(connection), call(connection)];
    runtime.endTick();
    socket.receive(goawayFrame(1, 2));
    socket.close();
    expect(below.outcomes).toEqual([lost]);
    expect(above.outcomes).toEqual([refused]);
  });

  test("in two steps, as a graceful server does, uses the lower id", () => {
    const { connection, socket, runtime } = openConnection();
    const calls = [call(connection), call(connection)];
    runtime.endTick();
    socket.receive(goawayFrame(2 ** 31 - 1, 0));
    expect(calls.map((recorded) => recorded.outcomes)).toEqual([[], []]);
    socket.receive(goawayFrame(1, 0));
    expect(calls.map((recorded) => recorded.outcomes)).toEqual([[], [refused]]);
    socket.receive(reply(1, "x"));
    expect(calls[0]!.outcomes).toEqual([{ reply: "x" }]);
    expect(connection.state).toBe("closed");
  });

  test("with a higher id than before breaks the protocol", () => {
    const { connection, socket, runtime } = openConnection();
    const recorded = call(connection);
    runtime.endTick();
    socket.takeFrames();
    socket.receive(goawayFrame(1, 0), goawayFrame(3, 0));
    expect(recorded.outcomes).toMatchObject([{ code: "ETCD_PROTOCOL", mayHaveApplied: true }]);
    expect(socket.taken()).toEqual(["GOAWAY 0 PROTOCOL_ERROR"]);
  });

  test("fails calls that wait for a free stream as not applied", () => {
    const { connection, socket, runtime, listener } = openConnection({}, [
      [Setting.MAX_CONCURRENT_STREAMS, 1],
    ]);
    const [running, waiting] = [call(connection), call(connection)];
    runtime.endTick();
    socket.receive(goawayFrame(1, 11));
    expect(waiting.outcomes).toEqual([refused]);
    expect(running.outcomes).toEqual([]);
    expect(listener.events).toEqual(["open", "draining 11"]);
  });

  test("tells each waiting call once, also when one's handler cancels another", () => {
    const { connection, socket } = openConnection({}, [[Setting.MAX_CONCURRENT_STREAMS, 0]]);
    const [first, second] = [call(connection), call(connection)];
    first.onSettled = () => connection.cancel(second.stream!, enough);
    socket.receive(goawayFrame(0, 0));
    expect(first.outcomes).toEqual([refused]);
    expect(second.outcomes).toMatchObject([{ code: "ETCD_CLOSED" }]);
  });

  test("on an idle connection closes it", () => {
    const { socket, listener } = openConnection();
    socket.receive(goawayFrame(0, 0));
    expect(listener.events).toEqual(["open", "draining 0", "close ETCD_CLOSED"]);
  });

  test("in one chunk with the replies before it loses none of them", () => {
    const { connection, socket, runtime } = openConnection();
    const calls = [call(connection), call(connection)];
    runtime.endTick();
    socket.receive(reply(1, "a"), goawayFrame(3, 0), reply(3, "b"));
    expect(calls.map((recorded) => recorded.outcomes)).toEqual([[{ reply: "a" }], [{ reply: "b" }]]);
    expect(connection.state).toBe("closed");
  });
});

describe("MAX_CONCURRENT_STREAMS", () => {
  test("of 0 holds every call back until it is raised; then they go in order", () => {
    const { connection, socket, runtime } = openConnection({}, [[Setting.MAX_CONCURRENT_STREAMS, 0]]);
    for (let index = 0; index < 4; index++) call(connection, "x".repeat(index));
    runtime.endTick();
    expect(socket.taken()).toEqual([]);
    socket.receive(settingsFrame([[Setting.MAX_CONCURRENT_STREAMS, 2]]));
    expect(socket.taken()).toEqual([
      "SETTINGS ACK",
      "HEADERS 1",
      "HEADERS 3",
      "DATA 1 5 END_STREAM",
      "DATA 3 6 END_STREAM",
    ]);
    // Late comers stand behind those who wait, and each end lets one in.
    call(connection, "late");
    runtime.endTick();
    socket.receive(reply(3, "x"));
    expect(socket.taken()).toEqual(["HEADERS 5", "DATA 5 7 END_STREAM"]);
    socket.receive(reply(1, "x"), reply(5, "x"));
    expect(socket.taken()).toEqual(["HEADERS 7", "HEADERS 9", "DATA 7 8 END_STREAM", "DATA 9 9 END_STREAM"]);
  });

  test("that falls below what is open lets nothing in until enough have ended", () => {
    const { connection, socket, runtime } = openConnection();
    for (let index = 0; index < 3; index++) call(connection);
    runtime.endTick();
    socket.receive(settingsFrame([[Setting.MAX_CONCURRENT_STREAMS, 1]]));
    call(connection);
    runtime.endTick();
    socket.takeFrames();
    socket.receive(reply(1, "x"));
    socket.receive(reply(3, "x"));
    expect(socket.taken()).toEqual([]);
    socket.receive(reply(5, "x"));
    expect(socket.taken()).toEqual(["HEADERS 7", "DATA 7 10 END_STREAM"]);
  });

  test("a call that is cancelled while it waits is never sent", () => {
    const { connection, socket, runtime } = openConnection({}, [[Setting.MAX_CONCURRENT_STREAMS, 1]]);
    const calls = [call(connection, "a"), call(connection, "b"), call(connection, "c")];
    expect(connection.handedToSocket(calls[1]!.stream!)).toBe(false);
    connection.cancel(calls[1]!.stream!, enough);
    runtime.endTick();
    socket.takeFrames();
    socket.receive(reply(1, "x"));
    const frames = socket.takeFrames();
    expect(frames.map((frame) => frame.text)).toEqual(["HEADERS 3", "DATA 3 6 END_STREAM"]);
    expect(frames[1]!.payload).toEqual(grpcMessage("c"));
  });

  test("with more calls waiting than queuedCallsMax refuses the next one at once", () => {
    const { connection } = openConnection({ limits: { queuedCallsMax: 2 } }, [
      [Setting.MAX_CONCURRENT_STREAMS, 0],
    ]);
    const calls = [call(connection), call(connection), call(connection)];
    expect(calls.map((recorded) => recorded.outcomes)).toEqual([[], [], [refused]]);
  });
});

describe("cancel", () => {
  test("sends RST_STREAM CANCEL behind the request, and tells the call once", () => {
    const { connection, socket, runtime } = openConnection();
    const recorded = call(connection);
    expect(connection.handedToSocket(recorded.stream!)).toBe(true);
    connection.cancel(recorded.stream!, enough);
    runtime.endTick();
    expect(socket.taken()).toEqual(["HEADERS 1", "DATA 1 10 END_STREAM", "RST_STREAM 1 CANCEL"]);
    socket.receive(reply(1, "late"));
    expect(recorded.outcomes).toEqual([{ code: "ETCD_CLOSED", mayHaveApplied: true, grpcCode: undefined }]);
  });
});

describe("close and drain", () => {
  test("close() fails calls that were sent as unknown and calls that were not as unapplied, and tells the owner last", () => {
    const { connection, socket, runtime, listener } = openConnection({}, [
      [Setting.MAX_CONCURRENT_STREAMS, 1],
    ]);
    const [sent, waiting] = [call(connection), call(connection)];
    runtime.endTick();
    let eventsAtEnd: string[] = [];
    waiting.onSettled = () => (eventsAtEnd = [...listener.events]);
    connection.close();
    connection.close();
    connection.drain();
    expect(sent.outcomes).toEqual([closed(true)]);
    expect(waiting.outcomes).toEqual([closed(false)]);
    expect(eventsAtEnd).toEqual(["open"]);
    expect(listener.events).toEqual(["open", "close ETCD_CLOSED"]);
    expect(call(connection).outcomes).toEqual([closed(false)]);
    expect(runtime.timerCount).toBe(0);
    expect(socket.state).toBe("ended");
  });

  test("close() tells each call once, also when one's handler cancels another or closes again", () => {
    const { connection, runtime } = openConnection();
    const [first, second] = [call(connection), call(connection)];
    runtime.endTick();
    first.onSettled = () => {
      connection.cancel(second.stream!, enough);
      connection.close();
    };
    connection.close();
    expect(first.outcomes).toHaveLength(1);
    expect(second.outcomes).toHaveLength(1);
  });

  test("close() in the middle of a chunk ends the reading of it", () => {
    const { connection, socket, runtime } = openConnection();
    const [first, second] = [call(connection), call(connection)];
    runtime.endTick();
    first.onSettled = () => connection.close();
    socket.receive(reply(1, "a"), settingsFrame(), windowUpdateFrame(0, 5), goawayFrame(3, 0), reply(3, "b"));
    expect(first.outcomes).toEqual([{ reply: "a" }]);
    expect(second.outcomes).toEqual([closed(true)]);
  });

  test("a lost connection ends what was sent as unknown, and what still lay in our buffer as unapplied", () => {
    const { connection, socket, runtime } = openConnection();
    socket.accepts = false;
    const sent = call(connection);
    runtime.endTick();
    const buffered = call(connection);
    runtime.endTick();
    socket.close(new ConnectionError("ETCD_CONNECTION_LOST", "reset", { mayHaveApplied: true }));
    expect(sent.outcomes).toEqual([lost]);
    expect(buffered.outcomes).toEqual([{ ...lost, mayHaveApplied: false }]);
  });

  test("drain() lets calls finish, refuses new ones, then closes", () => {
    const { connection, socket, runtime, listener } = openConnection();
    const recorded = call(connection);
    runtime.endTick();
    connection.drain();
    connection.drain();
    expect(call(connection).outcomes).toEqual([refused]);
    socket.receive(reply(1, "x"));
    expect(recorded.outcomes).toEqual([{ reply: "x" }]);
    expect(listener.events).toEqual(["open", "draining 0", "close ETCD_CLOSED"]);
  });

  test("drain() of an idle connection closes it at the end of the tick; of a connecting one, at once", () => {
    const idle = openConnection();
    idle.connection.drain();
    idle.runtime.endTick();
    expect(idle.listener.events).toEqual(["open", "draining 0", "close ETCD_CLOSED"]);
    const connecting = memoryConnection();
    connecting.connection.drain();
    expect(connecting.listener.events).toEqual(["close ETCD_CLOSED"]);
  });

  test("drain() closes after the last call's deadline or cancel, too", () => {
    const { connection, runtime, listener } = openConnection();
    call(connection, "x", 100);
    const stream = open(connection);
    connection.drain();
    runtime.advance(200);
    expect(connection.state).toBe("draining");
    connection.cancel(stream.stream!, enough);
    runtime.endTick();
    expect(listener.events.at(-1)).toBe("close ETCD_CLOSED");
  });

  test("50,000 calls waiting when the connection fails are each told once", () => {
    const { connection, socket } = memoryConnection();
    const calls = Array.from({ length: 50_000 }, () => call(connection));
    socket.close();
    expect(calls.every((recorded) => recorded.outcomes.length === 1)).toBe(true);
  });
});

describe("stream identifiers", () => {
  test("retire the connection well before they are used up", () => {
    const { connection, socket, runtime, listener } = openConnection({ firstStreamId: STREAM_ID_RETIRE - 2 });
    const [before, last] = [call(connection), call(connection)];
    expect(call(connection).outcomes).toEqual([refused]);
    runtime.endTick();
    expect(socket.taken()).toEqual([
      `HEADERS ${STREAM_ID_RETIRE - 2}`,
      `DATA ${STREAM_ID_RETIRE - 2} 10 END_STREAM`,
      `HEADERS ${STREAM_ID_RETIRE}`,
      `DATA ${STREAM_ID_RETIRE} 10 END_STREAM`,
    ]);
    socket.receive(reply(STREAM_ID_RETIRE, "b"), reply(STREAM_ID_RETIRE - 2, "a"));
    expect([before.outcomes, last.outcomes]).toEqual([[{ reply: "a" }], [{ reply: "b" }]]);
    expect(listener.events).toEqual(["open", "draining 0", "close ETCD_CLOSED"]);
  });

  test("wrap round the ring under a stream that stays open: 200,000 calls later it still gets its messages", () => {
    const { connection, socket, runtime } = openConnection();
    const streams = [open(connection), open(connection)];
    runtime.endTick();
    socket.receive(okHeaders(1), okHeaders(3));
    let replies = 0;
    let id = 5;
    for (let batch = 0; batch < 2_000; batch++) {
      const frames: Buffer[] = [];
      for (let index = 0; index < 100; index++, id += 2) {
        const recorded = call(connection, "x");
        recorded.onSettled = () => {
          if (JSON.stringify(recorded.outcomes) === '[{"reply":"y"}]') replies++;
        };
        frames.push(reply(id, "y"));
      }
      runtime.endTick();
      socket.writes.length = 0;
      if (batch % 100 === 0) frames.push(dataFrame(1, grpcMessage("1")), dataFrame(3, grpcMessage("3")));
      socket.receive(...frames);
    }
    expect(replies).toBe(200_000);
    expect(streams.map((stream) => stream.messages.join(""))).toEqual(["1".repeat(20), "3".repeat(20)]);
    socket.receive(trailers(3, 0));
    expect(streams.map((stream) => stream.outcomes)).toEqual([[], [{ status: 0, message: "" }]]);
    expect(connection.callCount).toBe(1);
  });
});

describe("output", () => {
  test("calls of one tick leave in one write", () => {
    const { connection, socket, runtime } = openConnection();
    const before = socket.writes.length;
    for (let index = 0; index < 100; index++) call(connection);
    expect(socket.writes.length).toBe(before);
    runtime.endTick();
    expect(socket.writes.length).toBe(before + 1);
    expect(socket.takeFrames()).toHaveLength(200);
  });

  test("calls made by the handlers of one chunk leave in one write", () => {
    const { connection, socket, runtime } = openConnection();
    const next: RecordedCall[] = [];
    for (let index = 0; index < 10; index++) call(connection).onSettled = () => next.push(call(connection));
    runtime.endTick();
    const before = socket.writes.length;
    socket.receive(...Array.from({ length: 10 }, (_, index) => reply(2 * index + 1, "x")));
    expect(next).toHaveLength(10);
    expect(socket.writes.length).toBe(before + 1);
  });

  test("a reserved call's message goes where reserveUnary said", () => {
    const { connection, socket, runtime } = openConnection();
    for (let index = 0; index < 3; index++) {
      const message = Buffer.from(`message ${index}`);
      const at = connection.reserveUnary(echoHead, message.length, unaryRecorder, call, 1_000);
      connection.output.set(message, at);
    }
    runtime.endTick();
    const frames = socket.takeFrames().filter((frame) => frame.text.startsWith("DATA"));
    expect(frames.map((frame) => frame.payload)).toEqual(
      ["message 0", "message 1", "message 2"].map((text) => grpcMessage(text)),
    );
  });

  test("reserveUnary declines what cannot go out whole", () => {
    const reserve = (memory: ReturnType<typeof openConnection>, bytes: number): boolean =>
      memory.connection.reserveUnary(echoHead, bytes, unaryRecorder, undefined, 1_000) >= 0;
    expect(reserve(memoryConnection(), 1)).toBe(false);
    expect(reserve(openConnection(), 16_384 - 5)).toBe(true);
    expect(reserve(openConnection(), 16_384 - 4)).toBe(false);
    expect(reserve(openConnection({}, [[Setting.INITIAL_WINDOW_SIZE, 10]]), 5)).toBe(true);
    expect(reserve(openConnection({}, [[Setting.INITIAL_WINDOW_SIZE, 10]]), 6)).toBe(false);
    expect(reserve(openConnection({}, [[Setting.MAX_CONCURRENT_STREAMS, 0]]), 1)).toBe(false);
  });

  test("while a write is not complete the next frames wait in a second buffer, and no byte is lost or overwritten", () => {
    const { connection, socket, runtime } = openConnection();
    socket.accepts = false;
    const messages: Buffer[] = [];
    const made: RecordedCall[] = [];
    for (let round = 0; round < 50; round++) {
      // Rounds of growing size: the buffers grow while the other one is being written.
      for (let index = 0; index <= round % 7; index++) {
        const message = Buffer.alloc(100 * round, round + index);
        messages.push(message);
        made.push(call(connection, message));
      }
      runtime.endTick();
      if (round % 3 === 2) {
        socket.completeWrite();
        socket.receive(windowUpdateFrame(0, 100_000));
      }
    }
    for (let turns = 0; turns < 100; turns++) {
      if (socket.isWriting) socket.completeWrite();
      runtime.turn();
    }
    const bodies = new Map<number, Buffer>();
    for (const frame of socket.takeFrames()) {
      if (!frame.text.startsWith("DATA")) continue;
      bodies.set(
        frame.streamId,
        Buffer.concat([bodies.get(frame.streamId) ?? Buffer.alloc(0), frame.payload]),
      );
    }
    expect([...bodies.entries()].sort((a, b) => a[0] - b[0]).map(([, body]) => body)).toEqual(
      messages.map((message) => grpcMessage(message)),
    );
    expect(made.every((recorded) => recorded.outcomes.length === 0)).toBe(true);
  });

  test("a burst larger than the buffer leaves whole, in one write", () => {
    const { connection, socket, runtime } = openConnection({}, [[Setting.INITIAL_WINDOW_SIZE, 1 << 20]]);
    socket.receive(windowUpdateFrame(0, 10 << 20));
    socket.takeFrames();
    const before = socket.writes.length;
    for (let index = 0; index < 100; index++) call(connection, Buffer.alloc(4_000, index));
    runtime.endTick();
    expect(socket.writes.length).toBe(before + 1);
    expect(socket.writes.at(-1)!.length).toBeGreaterThan(4 * OUTPUT_BUFFER_BYTES);
    const bodies = socket.takeFrames().filter((frame) => frame.text.startsWith("DATA"));
    expect(bodies.map((frame) => frame.payload.at(-1))).toEqual(
      Array.from({ length: 100 }, (_, index) => index),
    );
  });

  test("a bulk message does not hold up a small call by more than one flush", () => {
    const { connection, socket, runtime } = openConnection({}, [[Setting.INITIAL_WINDOW_SIZE, 10 << 20]]);
    socket.receive(windowUpdateFrame(0, 10 << 20));
    call(connection, Buffer.alloc(2 << 20));
    runtime.endTick();
    expect(socket.takeFrames().reduce((sum, frame) => sum + frame.payload.length, 0)).toBeLessThan(80 * 1024);
    runtime.turn();
    call(connection, "small");
    runtime.endTick();
    const texts = socket.taken();
    expect(texts.indexOf("DATA 3 10 END_STREAM")).toBeLessThan(10);
    expect(texts.filter((text) => text.startsWith("DATA 1")).length).toBeLessThan(10);
  });
});

describe("a handler that throws", () => {
  test.each([
    ["on success", reply(1, "x")],
    ["on a status", trailersOnly(1, 5, "gone")],
  ])("%s surfaces as an uncaught exception, and the connection works on", (_when, response) => {
    const { connection, socket, runtime } = openConnection();
    const mistake = new Error("mistake");
    const [first, second] = [call(connection), call(connection)];
    first.onSettled = () => {
      throw mistake;
    };
    runtime.endTick();
    socket.receive(response);
    expect(runtime.uncaught).toEqual([mistake]);
    socket.receive(reply(3, "fine"));
    expect(second.outcomes).toEqual([{ reply: "fine" }]);
    expect(connection.state).toBe("open");
  });

  test("on a message surfaces too, and the stream goes on", () => {
    const { connection, socket, runtime } = openConnection();
    const stream = open(connection);
    stream.onMessage = (message) => {
      if (message === "a") throw new Error("mistake");
    };
    runtime.endTick();
    socket.receive(okHeaders(1), dataFrame(1, grpcMessage("a")), dataFrame(1, grpcMessage("b")));
    expect(runtime.uncaught).toHaveLength(1);
    expect(stream.messages).toEqual(["a", "b"]);
  });
});

describe("the process", () => {
  test("is kept alive by calls, waiting ones included, and not by an idle connection", () => {
    const { connection, socket, runtime } = memoryConnection();
    expect(socket.referenced).toBe(true);
    socket.connected();
    socket.receive(settingsFrame([[Setting.MAX_CONCURRENT_STREAMS, 1]]));
    expect(socket.referenced).toBe(false);
    const steps: (() => void)[] = [
      () => socket.receive(reply(1, "x")),
      () => runtime.advance(1_000),
      () => connection.cancel(last!.stream!, enough),
    ];
    let last: RecordedCall | undefined;
    for (const end of steps) {
      last = call(connection, "x", 500);
      runtime.endTick();
      expect(socket.referenced).toBe(true);
      end();
      runtime.endTick();
      expect(socket.referenced).toBe(false);
    }
    socket.receive(settingsFrame([[Setting.MAX_CONCURRENT_STREAMS, 0]]));
    call(connection, "x", 500);
    runtime.endTick();
    expect(socket.referenced).toBe(true);
    runtime.advance(1_000);
    expect(socket.referenced).toBe(false);
    socket.receive(pingFrame(Buffer.alloc(8)));
    expect(socket.referenced).toBe(false);
  });
});
