/**
 * Wire checklist F: half-open connections are found by PING, and etcd is never given a reason to say
 * `too_many_pings`: hours of a manual clock against grpc-go's own rule for it.
 */
import net from "node:net";
import { describe, expect, test, vi } from "vitest";
import { ConnectionError } from "../../../src/errors.js";
import { FrameType, Http2Code, Setting } from "../../../src/wire/layout.js";
import { InMemoryCluster } from "../../cluster/in-memory-cluster.js";
import { dataFrame, goawayFrame, pingFrame, rstStreamFrame, settingsFrame } from "../../support/frames.js";
import type { ManualRuntime } from "../../support/memory-socket.js";
import type { MemorySocket } from "../../support/memory-socket.js";
import { grpcMessage, okHeaders, reply, trailers } from "../../support/peer-frames.js";
import type { ClientFrame } from "../../support/peer-frames.js";
import { call, echoHead, open, openConnection, streamRecorder } from "../../support/recorded-call.js";
import { RecordedCall } from "../../support/recorded-call.js";
import { transports } from "../../support/wire-connection.js";
import { dialer, lost } from "../../support/wire-script.js";

const { dialOpen } = dialer();
const enough = new ConnectionError("ETCD_CLOSED", "enough", { mayHaveApplied: true });
const isPing = (text: string): boolean => /^PING [0-9a-f]{16}$/.test(text);
const pings = (texts: readonly string[]): string[] => texts.filter(isPing);
const payloadOf = (ping: string): Buffer => Buffer.from(ping.slice("PING ".length), "hex");

const HOUR_MS = 3_600_000;
const limits = { pingIntervalMs: 10_000, pingTimeoutMs: 3_000 };

describe("F21 PING:", () => {
  test("F21 none is sent while no stream is open: not on an idle connection, not after the last call, not for calls that wait", () => {
    const { connection, socket, runtime } = openConnection({ limits });
    runtime.advance(HOUR_MS);
    call(connection);
    runtime.endTick();
    expect(pings(socket.taken())).toHaveLength(1);
    socket.receive(reply(1, "x"), settingsFrame([[Setting.MAX_CONCURRENT_STREAMS, 0]]));
    runtime.advance(HOUR_MS);
    call(connection, "waits", HOUR_MS);
    runtime.advance(HOUR_MS);
    expect(pings(socket.taken())).toEqual([]);
    expect(connection.state).toBe("open");
  });

  test("F21 the interval runs from the last frame that was read, whatever it was", () => {
    const { connection, socket, runtime } = openConnection({ limits });
    open(connection);
    runtime.endTick();
    socket.receive(okHeaders(1));
    socket.takeFrames();
    for (const frame of [
      dataFrame(1, grpcMessage("event")),
      settingsFrame(),
      pingFrame(Buffer.alloc(8)),
      pingFrame(Buffer.alloc(8), true),
      dataFrame(1, Buffer.alloc(0)),
    ]) {
      runtime.advance(9_999);
      expect(pings(socket.taken())).toEqual([]);
      socket.receive(frame);
    }
    runtime.advance(9_999);
    expect(pings(socket.taken())).toEqual([]);
    runtime.advance(1);
    expect(pings(socket.taken())).toHaveLength(1);
  });

  test("F21 one is outstanding at a time, of 8 bytes that are never the same", () => {
    const { connection, socket, runtime } = openConnection({ limits });
    open(connection);
    runtime.endTick();
    const payloads = new Set<string>();
    for (let round = 0; round < 100; round++) {
      runtime.advance(10_000);
      const sent = pings(socket.taken());
      expect(sent).toHaveLength(1);
      payloads.add(sent[0]!);
      // Calls and more silence while it is outstanding bring no second one.
      call(connection, "x", 1_000);
      runtime.advance(1_500);
      expect(pings(socket.taken())).toEqual([]);
      socket.receive(pingFrame(payloadOf(sent[0]!), true));
    }
    expect(payloads.size).toBe(100);
  });

  test("F21 an ACK with other bytes is a frame like any other: it proves that the peer lives, and ends nothing", () => {
    const { connection, socket, runtime, listener } = openConnection({ limits });
    const stream = open(connection);
    runtime.advance(10_000);
    const [ping] = pings(socket.taken());
    runtime.advance(2_999);
    const wrong = payloadOf(ping!).map((byte) => byte ^ 0xff);
    socket.receive(pingFrame(wrong, true));
    runtime.advance(1);
    // RFC 9113 §6.7 has no error for it. What we want to know is whether somebody is there who sends frames now.
    expect(connection.state).toBe("open");
    expect(socket.taken()).toEqual([]);
    // It moves the next PING as any frame does, and a peer that then says no more is found.
    runtime.advance(9_998);
    expect(pings(socket.taken())).toEqual([]);
    runtime.advance(1);
    expect(pings(socket.taken())).toHaveLength(1);
    runtime.advance(3_000);
    expect(stream.outcomes).toEqual([lost]);
    expect(listener.events).toEqual(["open", "close ETCD_CONNECTION_LOST"]);
  });

  test("F21 an ACK that nobody asked for, or the right one twice, does no harm", () => {
    const { connection, socket, runtime } = openConnection({ limits });
    socket.receive(pingFrame(Buffer.alloc(8, 1), true));
    open(connection);
    runtime.advance(10_000);
    const [ping] = pings(socket.taken());
    const ack = pingFrame(payloadOf(ping!), true);
    socket.receive(ack, ack);
    socket.receive(ack);
    expect(socket.taken()).toEqual([]);
    runtime.advance(9_999);
    expect(pings(socket.taken())).toEqual([]);
  });

  test("F21 what was read before the PING left proves nothing: only what comes after it does", () => {
    const { connection, socket, runtime, listener } = openConnection({ limits });
    open(connection);
    runtime.endTick();
    runtime.advance(9_000);
    socket.receive(okHeaders(1));
    runtime.advance(10_000 + 2_999);
    expect(listener.events).toEqual(["open"]);
    runtime.advance(1);
    expect(listener.events).toEqual(["open", "close ETCD_CONNECTION_LOST"]);
  });

  test("F21 the first call after idleness carries one, behind its frames, so that a stream is open when it arrives", () => {
    const { connection, socket, runtime } = openConnection({ limits });
    for (let round = 0; round < 5; round++) {
      const id = 1 + 4 * round;
      runtime.advance(round % 2 === 0 ? 10_000 : HOUR_MS);
      call(connection);
      call(connection);
      runtime.endTick();
      const sent = socket.taken();
      expect(sent.slice(0, 4)).toEqual([
        `HEADERS ${id}`,
        `DATA ${id} 10 END_STREAM`,
        `HEADERS ${id + 2}`,
        `DATA ${id + 2} 10 END_STREAM`,
      ]);
      expect(sent.slice(4).map(isPing)).toEqual([true]);
      socket.receive(reply(id, "x"), reply(id + 2, "x"));
    }
    // Not idle: read a moment ago.
    runtime.advance(9_999);
    call(connection);
    runtime.endTick();
    expect(pings(socket.taken())).toEqual([]);
  });

  test("F21 a call that is cancelled in the tick that made it brings no PING: its stream is gone when one would arrive", () => {
    const { connection, socket, runtime } = openConnection({ limits });
    runtime.advance(HOUR_MS);
    const recorded = call(connection);
    connection.cancel(recorded.stream!, enough);
    runtime.endTick();
    expect(socket.taken()).toEqual(["HEADERS 1", "DATA 1 10 END_STREAM", "RST_STREAM 1 CANCEL"]);
  });

  test("F21 a stream that the server has ended brings none, though its reader is paused and has not seen the end", () => {
    const { connection, socket, runtime } = openConnection({ limits });
    const stream = open(connection);
    connection.end(stream.stream!);
    runtime.endTick();
    connection.pause(stream.stream!);
    socket.receive(okHeaders(1), dataFrame(1, grpcMessage("unread")), trailers(1, 0));
    socket.takeFrames();
    runtime.advance(HOUR_MS);
    expect(socket.taken()).toEqual([]);
    // An open one beside it does, and the held one costs nothing when it ends.
    const watch = open(connection);
    runtime.endTick();
    expect(pings(socket.taken())).toHaveLength(1);
    socket.receive(okHeaders(3));
    connection.resume(stream.stream!);
    expect(stream.outcomes).toEqual([{ status: 0, message: "" }]);
    runtime.advance(10_000);
    expect(pings(socket.taken())).toHaveLength(1);
    runtime.advance(3_000);
    expect(watch.outcomes).toEqual([lost]);
  });

  test.each([
    [10_000, 3_000],
    [5_000, 1_000],
    [60_000, 20_000],
  ])(
    "F21 a half-open connection with a stream is found after an interval of %i ms and a timeout of %i ms, to the millisecond",
    (pingIntervalMs, pingTimeoutMs) => {
      const memory = openConnection({ limits: { pingIntervalMs, pingTimeoutMs } });
      const stream = open(memory.connection);
      memory.runtime.endTick();
      memory.socket.receive(okHeaders(1));
      memory.runtime.advance(pingIntervalMs + pingTimeoutMs - 1);
      expect(stream.outcomes).toEqual([]);
      memory.runtime.advance(1);
      expect(stream.outcomes).toEqual([lost]);
      expect(memory.socket.state).toBe("destroyed");
    },
  );

  test("F21 a half-open connection that was idle is found by its next call within the timeout, and its outcome is unknown", () => {
    const { connection, runtime, listener } = openConnection({ limits });
    runtime.advance(HOUR_MS);
    const [first, second] = [call(connection), call(connection)];
    runtime.advance(2_999);
    expect(listener.events).toEqual(["open"]);
    runtime.advance(1);
    expect([first.outcomes, second.outcomes]).toEqual([[lost], [lost]]);
  });

  test("F21 a call made a moment after the last read, on a connection that died then, is found within interval and timeout", () => {
    const { connection, runtime, listener } = openConnection({ limits });
    runtime.advance(100);
    const recorded = call(connection);
    runtime.advance(10_000 + 3_000 - 101);
    expect(listener.events).toEqual(["open"]);
    runtime.advance(101);
    expect(recorded.outcomes).toEqual([lost]);
  });
});

describe.each(transports)("F over %s:", (transport) => {
  test("F21 a peer that takes a call and says no more is found by PING; what it was asked is unknown", async () => {
    const { connection, listener, peer } = await dialOpen(transport, {
      limits: { pingIntervalMs: 60, pingTimeoutMs: 60 },
    });
    const recorded = call(connection);
    const stream = open(connection);
    const frames: ClientFrame[] = await peer.expect("HEADERS 1", "DATA 1 10 END_STREAM", "HEADERS 3");
    expect(frames).toHaveLength(3);
    expect((await peer.next()).text).toSatisfy(isPing);
    expect(await recorded.settled).toEqual(lost);
    expect(await stream.settled).toEqual(lost);
    expect(listener.events).toEqual(["open", "close ETCD_CONNECTION_LOST"]);
    expect(listener.closeError!.message).toContain("did not answer a PING in 60 ms");
    await peer.closed;
  });

  test("F21 a peer that answers every PING keeps its calls, however long they take", async () => {
    const { connection, listener, peer } = await dialOpen(transport, {
      // The timeout is for a busy machine; the interval is what this test is about.
      limits: { pingIntervalMs: 20, pingTimeoutMs: 15_000 },
    });
    const recorded = call(connection);
    await peer.expect("HEADERS 1", "DATA 1 10 END_STREAM");
    const { payload } = await peer.next();
    peer.send(pingFrame(payload, true));
    peer.send(reply(1, "at last"));
    expect(await recorded.settled).toEqual({ reply: "at last" });
    expect(listener.events).toEqual(["open"]);
  });

  test("F22 the socket has TCP_NODELAY, and no TCP keepalive that something could rely on", async () => {
    const noDelay = vi.spyOn(net.Socket.prototype, "setNoDelay");
    const keepAlive = vi.spyOn(net.Socket.prototype, "setKeepAlive");
    try {
      const { connection } = await dialOpen(transport);
      // The peer sets it on its own socket, which it made by accepting.
      const ours = noDelay.mock.contexts.filter(
        (socket) => (socket as net.Socket).remotePort === serverPortOf(connection.endpoint),
      );
      expect(ours.length).toBeGreaterThanOrEqual(1);
      expect(noDelay.mock.calls.every(([value]) => value === true)).toBe(true);
      expect(keepAlive).not.toHaveBeenCalled();
    } finally {
      noDelay.mockRestore();
      keepAlive.mockRestore();
    }
  });
});

const serverPortOf = (endpoint: string): number => Number(endpoint.split(":").at(-1));

/** What a traffic pattern does with a request that arrived. */
type Respond = (server: EnforcingServer, streamId: number) => void;

interface Enforcement {
  /** etcd's `--grpc-keepalive-min-time`. */
  minTimeMs: number;
  /** One way. */
  latencyMs: () => number;
}

const WITHOUT_STREAM_MS = 2 * HOUR_MS;
const STRIKES_MAX = 2;

/**
 * grpc-go's server as far as its ping enforcement goes (internal/transport/http2_server.go, handlePing): a PING too
 * soon after the one before it is a strike; `minTimeMs` where a stream is open, two hours where none is; HEADERS or
 * DATA that the server writes forgive all strikes, and the next PING is free. The third strike ends the connection.
 */
class EnforcingServer {
  pingCount = 0;
  strikes = 0;
  /** Ever, forgiven ones included. */
  strikesSeen = 0;
  cutOff = false;
  readonly streams = new Set<number>();
  #lastPingMs = -Infinity;
  #forgiven = false;
  /** When the last frame arrives, each way: TCP keeps their order. */
  readonly #arrivalMs = { here: 0, there: 0 };

  constructor(
    readonly runtime: ManualRuntime,
    readonly socket: MemorySocket,
    readonly enforcement: Enforcement,
    readonly respond: Respond,
  ) {}

  /** To be called often: puts on the way what the client has sent. */
  poll(): void {
    const frames = this.socket.takeFrames();
    if (frames.length === 0) return;
    // What left in one write arrives together.
    this.#after("here", () => {
      for (const frame of frames) this.#onFrame(frame);
    });
  }

  #after(way: "here" | "there", arrive: () => void): void {
    const { runtime } = this;
    const atMs = Math.max(this.#arrivalMs[way], runtime.nowMs + this.enforcement.latencyMs());
    this.#arrivalMs[way] = atMs;
    runtime.setTimer(() => {
      if (this.socket.state === "open") arrive();
    }, atMs - runtime.nowMs);
  }

  #onFrame(frame: ClientFrame): void {
    if (frame.type === FrameType.HEADERS) {
      this.streams.add(frame.streamId);
      this.respond(this, frame.streamId);
    } else if (frame.type === FrameType.RST_STREAM) this.streams.delete(frame.streamId);
    else if (isPing(frame.text)) this.#onPing(frame.payload);
  }

  #onPing(payload: Buffer): void {
    this.pingCount++;
    this.deliver(pingFrame(payload, true));
    const sinceMs = this.runtime.nowMs - this.#lastPingMs;
    this.#lastPingMs = this.runtime.nowMs;
    if (this.#forgiven) {
      this.#forgiven = false;
      this.strikes = 0;
      return;
    }
    const leastMs = this.streams.size > 0 ? this.enforcement.minTimeMs : WITHOUT_STREAM_MS;
    if (sinceMs >= leastMs) return;
    this.strikes++;
    this.strikesSeen++;
    if (this.strikes <= STRIKES_MAX || this.cutOff) return;
    this.cutOff = true;
    this.deliver(goawayFrame(Math.max(0, ...this.streams), 11, Buffer.from("too_many_pings")));
    this.runtime.setTimer(() => {
      if (this.socket.state === "open") this.socket.close();
    }, 300);
  }

  /** HEADERS or DATA, `end` with trailers in them. */
  write(streamId: number, bytes: Uint8Array, end: boolean): void {
    if (!this.streams.has(streamId)) return;
    this.#forgiven = true;
    if (end) this.streams.delete(streamId);
    this.deliver(bytes);
  }

  /** RST_STREAM is neither HEADERS nor DATA, and forgives nothing. */
  reset(streamId: number): void {
    if (this.streams.delete(streamId)) this.deliver(rstStreamFrame(streamId, Http2Code.CANCEL));
  }

  deliver(bytes: Uint8Array): void {
    this.#after("there", () => {
      this.socket.receive(bytes);
    });
  }
}

const STEP_MS = 250;

interface Pattern {
  name: string;
  respond: Respond;
  /** Once per step. */
  step: (world: {
    connection: ReturnType<typeof openConnection>["connection"];
    random: () => number;
    atMs: number;
    memory: { stream?: RecordedCall; nextMs?: number };
    server: EnforcingServer;
  }) => void;
}

const silent: Respond = () => {};
const answerAfter =
  (ms: () => number): Respond =>
  (server, id) =>
    void server.runtime.setTimer(() => {
      server.write(id, reply(id, "x"), true);
    }, ms());
/** A multiplicative generator, so that each run is the same. */
const makeRandom = (seed: number) => {
  let state = seed;
  return (): number => (state = (state * 48_271) % 0x7fff_ffff) / 0x7fff_ffff;
};
const dice = makeRandom(7);
const every =
  (ms: number, act: Pattern["step"]): Pattern["step"] =>
  (world) => {
    if (world.atMs % ms === 0) act(world);
  };

const patterns: Pattern[] = [
  {
    name: "a watch on which nothing happens",
    respond: (server, id) => server.write(id, okHeaders(id), false),
    step: ({ connection, memory }) => {
      memory.stream ??= open(connection);
    },
  },
  {
    name: "a watch that its server does not even answer with headers",
    respond: silent,
    step: ({ connection, memory }) => {
      memory.stream ??= open(connection);
    },
  },
  {
    name: "a watch with an event now and then",
    respond: (server, id) => server.write(id, okHeaders(id), false),
    step: ({ connection, memory, random, server }) => {
      memory.stream ??= open(connection);
      if (random() < 0.01) server.write(1, dataFrame(1, grpcMessage("event")), false);
    },
  },
  {
    name: "a call every 11 seconds, answered",
    respond: answerAfter(() => 5),
    step: every(11_000, ({ connection }) => void call(connection)),
  },
  {
    name: "a call every 10 seconds that nobody answers and its deadline ends",
    respond: silent,
    step: every(10_000, ({ connection }) => void call(connection, "x", 500)),
  },
  {
    name: "a call every 12 seconds that the server resets",
    respond: (server, id) => void server.runtime.setTimer(() => server.reset(id), 50),
    step: every(12_000, ({ connection }) => void call(connection, "x", 5_000)),
  },
  {
    name: "calls at random, answered after random times or never",
    respond: (server, id) => {
      if (dice() < 0.7) answerAfter(() => 12_000 * dice() ** 3)(server, id);
    },
    step: ({ connection, random, memory, atMs }) => {
      if (atMs < (memory.nextMs ?? 0)) return;
      memory.nextMs = atMs + 60_000 * random() ** 4;
      call(connection, "x", 100 + 20_000 * random());
    },
  },
  {
    name: "streams that are opened, left alone, and cancelled",
    respond: silent,
    step: ({ connection, random, memory }) => {
      if (memory.stream?.stream === undefined) {
        if (random() < 0.02) memory.stream = open(connection);
      } else if (random() < 0.005) connection.cancel(memory.stream.stream, enough);
    },
  },
  {
    name: "streams that the server ends under a reader that is paused for minutes",
    respond: (server, id) => {
      server.write(id, Buffer.concat([okHeaders(id), dataFrame(id, grpcMessage("blob"))]), false);
      void server.runtime.setTimer(() => server.write(id, trailers(id), true), 1_000);
    },
    step: ({ connection, random, memory }) => {
      if (memory.stream?.stream === undefined) {
        memory.stream = open(connection);
        connection.end(memory.stream.stream!);
        connection.pause(memory.stream.stream!);
      } else if (random() < 0.000_5) connection.resume(memory.stream.stream);
    },
  },
  {
    name: "minutes of silence, then a burst",
    respond: answerAfter(() => 20),
    step: every(390_000, ({ connection }) => {
      for (let count = 0; count < 20; count++) call(connection);
    }),
  },
];

const named = patterns.map((pattern) => [pattern.name, pattern] as const);

/** Two hours of this pattern. */
const simulate = (pattern: Pattern, pingIntervalMs: number, latencyMaxMs: number): EnforcingServer => {
  const memory = openConnection({ limits: { pingIntervalMs, pingTimeoutMs: 3_000 } });
  const random = makeRandom(42);
  const server = new EnforcingServer(
    memory.runtime,
    memory.socket,
    { minTimeMs: 5_000, latencyMs: () => latencyMaxMs * random() },
    pattern.respond,
  );
  const state = {};
  for (let atMs = 0; atMs < 2 * HOUR_MS && !server.cutOff; atMs += STEP_MS) {
    pattern.step({ connection: memory.connection, random, atMs, memory: state, server });
    memory.runtime.endTick();
    server.poll();
    // PINGs leave on timers: a step is also the resolution of what the server sees.
    memory.runtime.advance(STEP_MS);
  }
  expect(memory.listener.events).toEqual(server.cutOff ? expect.anything() : ["open"]);
  return server;
};

describe("F21 etcd's enforcement of pings:", () => {
  describe.each([0, 1_000])("with up to %i ms of latency,", (latencyMaxMs) => {
    test.each(named)("F21 two hours of %s never bring three strikes", (_name, pattern) => {
      const server = simulate(pattern, 10_000, latencyMaxMs);
      expect(server.cutOff).toBe(false);
      expect(server.strikesSeen).toBe(0);
      expect(server.pingCount).toBeGreaterThan(15);
    });
  });

  test("F21 the same rule cuts off a client that pings every second", () => {
    expect(simulate(patterns[0]!, 1_000, 0).cutOff).toBe(true);
    expect(simulate(patterns[1]!, 4_000, 0).cutOff).toBe(true);
  });

  test.each([
    [5_000, 0, [10_000]],
    [15_000, 1, [10_000, 20_000]],
    [70_000, 3, [10_000, 20_000, 40_000, 80_000]],
  ])(
    "F21 a server that allows a PING every %i ms cuts an endpoint off %i times and never again: the interval doubles each time",
    (minTimeMs, cutOffs, intervalsMs) => {
      const cluster = new InMemoryCluster(["a:1"]);
      const { runtime } = cluster;
      const [endpoint] = cluster.endpoints();
      let server: EnforcingServer | undefined;
      let cutOffCount = 0;
      let watch: RecordedCall | undefined;
      const seenIntervalsMs: number[] = [];
      let lastPingMs = 0;
      let pingCount = 0;
      for (let atMs = 0; atMs < 6 * HOUR_MS; atMs += 1_000) {
        const connection = endpoint!.connection("streams");
        const socket = runtime.sockets.at(-1);
        if (socket !== undefined && socket !== server?.socket) {
          socket.connected();
          socket.receive(settingsFrame());
          server = new EnforcingServer(runtime, socket, { minTimeMs, latencyMs: () => 0 }, silent);
          pingCount = 0;
        }
        if (connection?.state === "open" && watch?.stream === undefined) {
          watch = new RecordedCall();
          watch.stream = connection.openStream(echoHead, streamRecorder, watch, { timeoutMs: Infinity });
          runtime.endTick();
          lastPingMs = runtime.nowMs;
        }
        runtime.advance(1_000);
        const before = server!.cutOff;
        server!.poll();
        runtime.advance(0);
        if (!before && server!.cutOff) cutOffCount++;
        if (server!.pingCount > pingCount) {
          pingCount = server!.pingCount;
          const intervalMs = Math.round((runtime.nowMs - lastPingMs) / 10_000) * 10_000;
          if (seenIntervalsMs.at(-1) !== intervalMs) seenIntervalsMs.push(intervalMs);
          lastPingMs = runtime.nowMs;
        }
      }
      expect(cutOffCount).toBe(cutOffs);
      expect(seenIntervalsMs).toEqual(intervalsMs);
      endpoint!.close();
    },
  );
});
