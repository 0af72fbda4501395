import { describe, expect, test } from "vitest";
import { ConnectionError } from "../../src/errors.js";
import { Setting } from "../../src/wire/layout.js";
import { dataFrame, goawayFrame, pingFrame, settingsFrame, windowUpdateFrame } from "../support/frames.js";
import { okHeaders, reply } from "../support/peer-frames.js";
import { call, memoryConnection, open, openConnection } from "../support/recorded-call.js";

const limits = { pingIntervalMs: 10_000, pingTimeoutMs: 3_000, connectTimeoutMs: 2_000 };
const answerPing = (text: string): Uint8Array =>
  pingFrame(Buffer.from(text.slice("PING ".length), "hex"), true);

describe("a deadline", () => {
  test("in flight ends the call within 10 ms, sends RST_STREAM CANCEL, and leaves the outcome unknown", () => {
    const { connection, socket, runtime } = openConnection();
    const recorded = call(connection, "x", 500);
    runtime.endTick();
    socket.takeFrames();
    runtime.advance(499);
    expect(recorded.outcomes).toEqual([]);
    runtime.advance(11);
    expect(recorded.outcomes).toEqual([
      { code: "ETCD_DEADLINE_EXCEEDED", mayHaveApplied: true, grpcCode: 4 },
    ]);
    expect(socket.taken()).toEqual(["RST_STREAM 1 CANCEL"]);
    socket.receive(reply(1, "late"));
    expect(recorded.outcomes).toHaveLength(1);
    expect(connection.state).toBe("open");
  });

  test("while connecting ends the call as not applied, and nothing of it is sent afterwards", () => {
    const { connection, socket, runtime } = memoryConnection({ limits });
    const recorded = call(connection, "x", 500);
    runtime.advance(510);
    expect(recorded.outcomes).toEqual([
      { code: "ETCD_DEADLINE_EXCEEDED", mayHaveApplied: false, grpcCode: 4 },
    ]);
    socket.connected();
    socket.receive(settingsFrame());
    expect(socket.taken()).toEqual(["SETTINGS", "WINDOW_UPDATE 0 16711681", "SETTINGS ACK"]);
  });

  test("in the queue for a free stream ends the call as not applied", () => {
    const { connection, socket, runtime } = openConnection({}, [[Setting.MAX_CONCURRENT_STREAMS, 0]]);
    const recorded = call(connection, "x", 500);
    const patient = call(connection, "y", 5_000);
    runtime.advance(510);
    expect(recorded.outcomes).toEqual([
      { code: "ETCD_DEADLINE_EXCEEDED", mayHaveApplied: false, grpcCode: 4 },
    ]);
    expect(patient.outcomes).toEqual([]);
    expect(socket.taken()).toEqual([]);
    socket.receive(settingsFrame([[Setting.MAX_CONCURRENT_STREAMS, 1]]));
    const frames = socket.takeFrames();
    expect(frames.map((frame) => frame.text)).toEqual(["SETTINGS ACK", "HEADERS 1", "DATA 1 6 END_STREAM"]);
    // What is left of the time, not what the caller asked for.
    expect(frames[1]!.fields.at(-1)).toBe("grpc-timeout: 4490m");
  });

  test("of a call that sits in our buffer behind a stuck socket leaves the outcome unknown: it will be sent", () => {
    const { connection, socket, runtime } = openConnection();
    socket.accepts = false;
    call(connection, "first", 60_000);
    runtime.endTick();
    const second = call(connection, "second", 500);
    runtime.advance(600);
    expect(second.outcomes).toEqual([{ code: "ETCD_DEADLINE_EXCEEDED", mayHaveApplied: true, grpcCode: 4 }]);
    socket.completeWrite();
    expect(socket.taken()).toEqual([
      "HEADERS 1",
      "DATA 1 10 END_STREAM",
      "HEADERS 3",
      "DATA 3 11 END_STREAM",
      "RST_STREAM 3 CANCEL",
    ]);
  });

  test("also holds for a call that was started when another one's deadline passed", () => {
    const { connection, runtime } = openConnection();
    const first = call(connection, "x", 100);
    let second = first;
    first.onSettled = () => (second = call(connection, "again", 200));
    runtime.advance(110);
    expect(second).not.toBe(first);
    expect(second.outcomes).toEqual([]);
    runtime.advance(211);
    expect(second.outcomes).toEqual([{ code: "ETCD_DEADLINE_EXCEEDED", mayHaveApplied: true, grpcCode: 4 }]);
  });

  test("of each of many calls holds, whatever order they were made in", () => {
    const { connection, runtime } = openConnection();
    const timeouts = [500, 100, 900, 300, 101, 2_000, 50];
    const startMs = runtime.nowMs;
    const endedAfterMs = new Map<number, number>();
    for (const timeoutMs of timeouts) {
      const recorded = call(connection, "x", timeoutMs);
      recorded.onSettled = () => endedAfterMs.set(timeoutMs, runtime.nowMs - startMs);
    }
    runtime.advance(3_000);
    for (const timeoutMs of timeouts) {
      expect(endedAfterMs.get(timeoutMs)).toBeGreaterThanOrEqual(timeoutMs);
      expect(endedAfterMs.get(timeoutMs)).toBeLessThanOrEqual(timeoutMs + 10);
    }
  });

  test("that ends calls whose handler cancels another one tells each of them once", () => {
    const { connection, runtime } = openConnection();
    const first = call(connection, "x", 100);
    const second = call(connection, "y", 100);
    first.onSettled = () =>
      connection.cancel(second.stream!, new ConnectionError("ETCD_CLOSED", "", { mayHaveApplied: true }));
    runtime.advance(200);
    expect(first.outcomes).toHaveLength(1);
    expect(second.outcomes).toMatchObject([{ code: "ETCD_CLOSED" }]);
  });

  test("leaves no timer behind once the connection is closed", () => {
    const { connection, runtime } = openConnection();
    call(connection, "x", 100);
    runtime.endTick();
    connection.close();
    expect(call(connection, "y", 100).outcomes).toEqual([
      { code: "ETCD_CLOSED", mayHaveApplied: false, grpcCode: 14 },
    ]);
    expect(runtime.timerCount).toBe(0);
  });
});

describe("connecting", () => {
  test("to a server that stays silent fails after connectTimeoutMs, with nothing applied", () => {
    const { connection, socket, runtime, listener } = memoryConnection({ limits });
    const recorded = call(connection);
    socket.connected();
    runtime.advance(1_999);
    expect(listener.events).toEqual([]);
    runtime.advance(1);
    expect(listener.events).toEqual(["close ETCD_UNREACHABLE"]);
    expect(recorded.outcomes).toEqual([{ code: "ETCD_UNREACHABLE", mayHaveApplied: false, grpcCode: 14 }]);
    expect(socket.state).toBe("destroyed");
    expect(runtime.timerCount).toBe(0);
  });

  test("has no time limit any more once the server's SETTINGS came", () => {
    const { runtime, listener } = openConnection({ limits });
    runtime.advance(60_000);
    expect(listener.events).toEqual(["open"]);
  });
});

describe("keepalive", () => {
  test("is silent while no call is open", () => {
    const { socket, runtime } = openConnection({ limits });
    runtime.advance(1_000_000);
    expect(socket.taken()).toEqual([]);
  });

  test("pings after an interval of silence, lives when the answer comes, and pings again later", () => {
    const { connection, socket, runtime } = openConnection({ limits });
    const stream = open(connection);
    runtime.endTick();
    expect(socket.taken()).toEqual(["HEADERS 1"]);
    for (let round = 0; round < 3; round++) {
      runtime.advance(9_999);
      expect(socket.taken()).toEqual([]);
      runtime.advance(1);
      const [ping, ...others] = socket.taken();
      expect(others).toEqual([]);
      expect(ping).toMatch(/^PING [0-9a-f]{16}$/);
      socket.receive(answerPing(ping!));
    }
    expect(stream.outcomes).toEqual([]);
    expect(connection.state).toBe("open");
  });

  test("answers the PING of grpc-go's bandwidth estimator after 10 ms, and every other one at once", () => {
    const { connection, socket, runtime } = openConnection({ limits });
    const probe = pingFrame(Buffer.from("02041010090e0707", "hex"));
    const answer = "PING ACK 02041010090e0707";
    for (let round = 0; round < 3; round++) {
      socket.receive(probe);
      runtime.advance(9);
      expect(socket.taken()).toEqual([]);
      runtime.advance(1);
      expect(socket.taken()).toEqual([answer]);
    }
    // A second one, which no grpc-go sends, goes first, and one is answered for each.
    socket.receive(probe, probe, pingFrame(Buffer.alloc(8)));
    expect(socket.taken()).toEqual([answer, "PING ACK 0000000000000000"]);
    runtime.advance(10);
    expect(socket.taken()).toEqual([answer]);
    // While the socket takes nothing, no answers pile up behind it.
    socket.receive(probe);
    socket.accepts = false;
    call(connection, "x", 60_000);
    runtime.advance(1_000);
    socket.accepts = true;
    socket.completeWrite();
    runtime.advance(10);
    expect(socket.taken()).toEqual(["HEADERS 1", "DATA 1 6 END_STREAM", answer]);
    socket.receive(probe);
    connection.close();
    expect(socket.state).toBe("ended");
  });

  test("answers that PING at once while a message waits for the window that it may bring", () => {
    const { connection, socket, runtime } = openConnection({ limits });
    call(connection, "x".repeat(100_000), 60_000);
    runtime.endTick();
    socket.takeFrames();
    socket.receive(pingFrame(Buffer.from("02041010090e0707", "hex")));
    expect(socket.taken()).toEqual(["PING ACK 02041010090e0707"]);
  });

  test("does not ping while the server talks", () => {
    const { connection, socket, runtime } = openConnection({ limits });
    open(connection);
    runtime.endTick();
    socket.receive(okHeaders(1));
    socket.takeFrames();
    for (let second = 0; second < 60; second++) {
      runtime.advance(1_000);
      socket.receive(pingFrame(Buffer.alloc(8)));
    }
    expect(socket.taken().filter((text) => !text.startsWith("PING ACK"))).toEqual([]);
  });

  test("declares a silent peer dead after interval and timeout: the connection is lost, the call's outcome unknown", () => {
    const { connection, socket, runtime, listener } = openConnection({ limits });
    const stream = open(connection);
    runtime.advance(12_999);
    expect(stream.outcomes).toEqual([]);
    runtime.advance(1);
    expect(stream.outcomes).toEqual([{ code: "ETCD_CONNECTION_LOST", mayHaveApplied: true, grpcCode: 14 }]);
    expect(listener.events).toEqual(["open", "close ETCD_CONNECTION_LOST"]);
    expect(socket.state).toBe("destroyed");
    expect(runtime.timerCount).toBe(0);
  });

  test("finds a peer dead that took a call and stopped reading, though the socket takes nothing more", () => {
    const { connection, socket, runtime, listener } = openConnection({ limits });
    socket.accepts = false;
    runtime.advance(1);
    socket.receive(pingFrame(Buffer.alloc(8)));
    expect(socket.isWriting).toBe(true);
    open(connection);
    runtime.endTick();
    runtime.advance(13_000);
    expect(listener.events).toEqual(["open", "close ETCD_CONNECTION_LOST"]);
  });

  test("finds a peer out that sends one frame byte by byte: bytes are no sign of life, frames are", () => {
    const { connection, socket, runtime, listener } = openConnection({ limits });
    const stream = open(connection);
    runtime.endTick();
    const bytes = Buffer.concat([okHeaders(1), dataFrame(1, Buffer.alloc(100))]);
    let atMs = 0;
    for (; atMs < 60_000 && listener.closeError === undefined; atMs += 1_000) {
      runtime.advance(1_000);
      // The headers take less than an interval, so they count; the DATA behind them takes longer.
      const at = atMs / 125;
      if (socket.state === "open") socket.receive(bytes.subarray(at, at + 8));
    }
    expect(stream.outcomes).toEqual([{ code: "ETCD_CONNECTION_LOST", mayHaveApplied: true, grpcCode: 14 }]);
    const headersMs = Math.ceil(okHeaders(1).length / 8) * 1_000;
    expect(atMs).toBe(headersMs + 13_000);
  });

  test("sends a PING with the first call after a long silence", () => {
    const { connection, socket, runtime } = openConnection({ limits });
    runtime.advance(3_600_000);
    const recorded = call(connection);
    runtime.endTick();
    expect(socket.taken()).toEqual(["HEADERS 1", "DATA 1 10 END_STREAM", expect.stringMatching(/^PING /)]);
    runtime.advance(3_000);
    expect(recorded.outcomes).toEqual([{ code: "ETCD_CONNECTION_LOST", mayHaveApplied: true, grpcCode: 14 }]);
  });

  test("takes any answer to that call for a sign of life", () => {
    const { connection, socket, runtime } = openConnection({ limits });
    runtime.advance(3_600_000);
    open(connection);
    runtime.endTick();
    runtime.advance(100);
    socket.receive(okHeaders(1));
    runtime.advance(5_000);
    expect(connection.state).toBe("open");
  });

  test("does not take a stall of our own process for the peer's death: input that waits is read first", () => {
    const { connection, socket, runtime } = openConnection({ limits });
    const stream = open(connection);
    runtime.advance(10_000);
    const ping = socket.taken().at(-1)!;
    // The process is stopped; the answer comes meanwhile, and timers run before it is read.
    runtime.stall(60_000);
    socket.receive(answerPing(ping));
    runtime.turn();
    expect(stream.outcomes).toEqual([]);
    expect(connection.state).toBe("open");
    // And it goes on watching.
    runtime.advance(13_000);
    expect(stream.outcomes).toEqual([{ code: "ETCD_CONNECTION_LOST", mayHaveApplied: true, grpcCode: 14 }]);
  });

  test("goes on for the calls of a draining connection", () => {
    const { connection, socket, runtime } = openConnection({ limits });
    const stream = open(connection);
    runtime.endTick();
    socket.receive(goawayFrame(1, 0));
    runtime.advance(13_000);
    expect(stream.outcomes).toEqual([{ code: "ETCD_CONNECTION_LOST", mayHaveApplied: true, grpcCode: 14 }]);
  });
});

describe("a peer that does not read", () => {
  const unbounded = [[Setting.INITIAL_WINDOW_SIZE, 2 ** 31 - 1]] as const;
  /** With windows for everything, and a socket that takes nothing. */
  const stuck = () => {
    const memory = openConnection({ limits }, unbounded);
    memory.socket.receive(windowUpdateFrame(0, 2 ** 30));
    memory.socket.accepts = false;
    call(memory.connection, "first");
    memory.runtime.endTick();
    expect(memory.socket.isWriting).toBe(true);
    return memory;
  };

  test("is given no more than a megabyte beyond what the socket holds; later calls were never sent", () => {
    const { connection, socket, runtime } = stuck();
    const calls = Array.from({ length: 100 }, () => call(connection, Buffer.alloc(16_000), 5_000));
    runtime.advance(5_010);
    const sent = calls.filter(({ outcomes }) => (outcomes[0] as { mayHaveApplied: boolean }).mayHaveApplied);
    expect(sent).toHaveLength(Math.ceil((1 << 20) / 16_060));
    for (const { outcomes } of calls) expect(outcomes).toMatchObject([{ code: "ETCD_DEADLINE_EXCEEDED" }]);
    // When it reads again: what was written, and nothing of the others.
    socket.accepts = true;
    socket.completeWrite();
    runtime.turn();
    const headers = socket.taken().filter((text) => text.startsWith("HEADERS"));
    expect(headers).toHaveLength(1 + sent.length);
  });

  test("is lost after interval and timeout, though it goes on talking", () => {
    const { socket, runtime, listener } = stuck();
    while (listener.events.length === 1) {
      socket.receive(pingFrame(Buffer.alloc(8)));
      runtime.advance(1_000);
    }
    expect(listener.events).toEqual(["open", "close ETCD_CONNECTION_LOST"]);
    expect(listener.closeError?.message).toContain("took none of our bytes for 13000 ms");
  });

  test("or gives no window makes no more than queuedBytesMax wait, and the next call is refused unsent", () => {
    const { connection, socket, runtime } = openConnection(
      { limits: { ...limits, queuedBytesMax: 100_000 } },
      [[Setting.INITIAL_WINDOW_SIZE, 0]],
    );
    const calls = [60_000, 60_000, 10].map((bytes) => call(connection, Buffer.alloc(bytes)));
    expect(calls.map(({ outcomes }) => outcomes)).toEqual([
      [],
      [],
      [{ code: "ETCD_REFUSED", mayHaveApplied: false, grpcCode: 14 }],
    ]);
    // Room comes with window, and with calls that end.
    socket.receive(settingsFrame([[Setting.INITIAL_WINDOW_SIZE, 60_005]]), windowUpdateFrame(0, 100_000));
    while (runtime.turn() > 0);
    const another = call(connection, Buffer.alloc(60_000));
    expect(another.outcomes).toEqual([]);
    connection.cancel(
      another.stream!,
      new ConnectionError("ETCD_CLOSED", "enough", { mayHaveApplied: true }),
    );
    expect(call(connection, Buffer.alloc(60_000)).outcomes).toEqual([]);
  });
});

describe("busyPollMs", () => {
  test("looks for input again and again while a call is under way, for that long after the last request", () => {
    const { connection, socket, runtime } = openConnection({ limits: { busyPollMs: 5 } });
    expect(runtime.turn()).toBe(0);
    call(connection);
    runtime.endTick();
    for (let count = 0; count < 50; count++) expect(runtime.turn()).toBe(1);
    socket.receive(reply(1, "x"));
    // The turn that was begun finds nothing to wait for.
    expect(runtime.turn()).toBe(1);
    expect(runtime.turn()).toBe(0);
    call(connection);
    runtime.endTick();
    runtime.nowMs += 4;
    expect(runtime.turn()).toBe(1);
    call(connection);
    runtime.endTick();
    runtime.nowMs += 4;
    expect(runtime.turn()).toBe(1);
    runtime.nowMs += 1;
    expect(runtime.turn()).toBe(1);
    expect(runtime.turn()).toBe(0);
  });

  test("is 0 unless asked for, and then nothing polls", () => {
    const { connection, runtime } = openConnection();
    call(connection);
    expect(runtime.turn()).toBe(0);
  });

  test("ends with the connection", () => {
    const { connection, runtime } = openConnection({ limits: { busyPollMs: 5 } });
    call(connection);
    runtime.endTick();
    connection.close();
    expect(runtime.turn()).toBe(1);
    expect(runtime.turn()).toBe(0);
  });
});
