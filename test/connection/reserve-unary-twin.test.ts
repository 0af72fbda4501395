import fc from "fast-check";
import { expect, test } from "vitest";
import type { Connection } from "../../src/connection/connection.js";
import { ConnectionError } from "../../src/errors.js";
import { Setting } from "../../src/wire/layout.js";
import { grpcMessage } from "../support/peer-frames.js";
import { RecordedCall, echoHead, openConnection, unaryRecorder } from "../support/recorded-call.js";
import { StrictPeer } from "../support/strict-peer.js";

/** So that the generators do not drift to where nothing happens. */
const seen = { reserved: 0, replies: 0 };

/** A way to make a unary call. All of them must come to the same. */
type Way = (connection: Connection, message: Buffer, call: RecordedCall, timeoutMs: number) => void;

const ways = {
  /** As PreparedTxn does: straight into the output buffer, or else the long way. */
  reserved: (connection, message, call, timeoutMs) => {
    const at = connection.reserveUnary(echoHead, message.length, unaryRecorder, call, timeoutMs);
    if (at >= 0) {
      seen.reserved++;
      connection.output.set(message, at);
    } else connection.callUnary(echoHead, message, unaryRecorder, call, { timeoutMs });
  },
  unary: (connection, message, call, timeoutMs) => {
    call.stream = connection.callUnary(echoHead, message, unaryRecorder, call, { timeoutMs });
  },
  /** The plain twin: a stream like any other, with one message. */
  stream: (connection, message, call, timeoutMs) => {
    const stream = connection.openStream(echoHead, unaryRecorder, call, { timeoutMs });
    if (stream === undefined) return;
    call.stream = stream;
    connection.send(stream, message);
    connection.end(stream);
  },
} satisfies Record<string, Way>;

const action = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant("call" as const),
      bytes: fc.oneof(
        { weight: 8, arbitrary: fc.nat(60) },
        { weight: 3, arbitrary: fc.nat(20_000) },
        { weight: 1, arbitrary: fc.nat(200_000) },
      ),
      timeoutMs: fc.constantFrom(50, 400, 60_000, 60_000),
      /** Reserved calls have no handle, so those that are cancelled go by `callUnary`. */
      handle: fc.boolean(),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("answer" as const),
      which: fc.nat(),
      how: fc.constantFrom(
        "reply" as const,
        "reply" as const,
        "status" as const,
        "reset" as const,
        "refuse" as const,
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("settings" as const),
      settings: fc.array(
        fc.oneof(
          fc.tuple(fc.constant(Setting.INITIAL_WINDOW_SIZE), fc.constantFrom(0, 1, 64, 65_535, 300_000)),
          fc.tuple(fc.constant(Setting.MAX_CONCURRENT_STREAMS), fc.constantFrom(0, 1, 3, 100)),
          fc.tuple(fc.constant(Setting.MAX_FRAME_SIZE), fc.constantFrom(16_384, 30_000)),
          fc.tuple(fc.constant(Setting.HEADER_TABLE_SIZE), fc.constantFrom(0, 100, 4_096)),
        ),
        { maxLength: 3 },
      ),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("give" as const),
      which: fc.nat(),
      bytes: fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 100_000 })),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("giveConnection" as const),
      bytes: fc.integer({ min: 1, max: 100_000 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("pass" as const), ms: fc.nat(120) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("cancel" as const), which: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("clog" as const), accepts: fc.boolean() }) },
);
type Action = typeof action extends fc.Arbitrary<infer Each> ? Each : never;

/** One connection that makes its calls one way, and the server's side of it. */
class Side {
  readonly memory = openConnection();
  readonly peer = new StrictPeer(this.memory.socket);
  readonly calls: RecordedCall[] = [];
  readonly messages: Buffer[] = [];

  constructor(
    readonly way: Way,
    ample: boolean,
  ) {
    if (ample) this.peer.giveConnection(2 ** 30);
  }

  take(step: Action): void {
    const { connection, socket, runtime } = this.memory;
    switch (step.do) {
      case "call": {
        const message = Buffer.alloc(step.bytes, this.calls.length);
        const call = new RecordedCall();
        this.calls.push(call);
        this.messages.push(message);
        const way = step.handle && this.way === ways.reserved ? ways.unary : this.way;
        way(connection, message, call, step.timeoutMs);
        // The recorder forgets the stream of a call that has ended, which this one may have done at once.
        if (call.outcomes.length > 0) call.stream = undefined;
        return;
      }
      case "cancel": {
        // The same calls on all sides, so only those that have a handle on each.
        const call = this.calls[step.which % Math.max(1, this.calls.length)];
        if (call?.stream === undefined || !this.cancellable.has(call)) return;
        const mayHaveApplied = connection.handedToSocket(call.stream);
        connection.cancel(call.stream, new ConnectionError("ETCD_ABORTED", "", { mayHaveApplied }));
        return;
      }
      case "pass":
        runtime.advance(step.ms);
        return;
      case "clog":
        socket.accepts = step.accepts;
        if (socket.isWriting) socket.completeWrite();
        return;
      case "settings":
        this.peer.sendSettings(step.settings);
        return;
      case "giveConnection":
        this.peer.giveConnection(step.bytes);
        return;
      default: {
        const { open } = this.peer;
        if (open.length === 0) return;
        const stream = open[step.which % open.length]!;
        if (step.do === "answer") this.peer.answer(stream, step.how);
        else this.peer.give(stream, step.bytes);
      }
    }
  }

  readonly cancellable = new Set<RecordedCall>();

  /** Until nothing more moves by itself. */
  rest(): void {
    const { socket, runtime } = this.memory;
    do {
      this.peer.read();
    } while (runtime.turn() > 0 && !socket.isWriting);
    this.peer.read();
  }

  /** Lets everything through and answers it. */
  finish(): void {
    const { socket, runtime } = this.memory;
    socket.accepts = true;
    while (socket.isWriting) socket.completeWrite();
    this.peer.giveConnection(2 ** 29);
    this.peer.sendSettings([
      [Setting.MAX_CONCURRENT_STREAMS, 1_000],
      [Setting.INITIAL_WINDOW_SIZE, 2 ** 20],
    ]);
    runtime.endTick();
    this.rest();
    for (const stream of this.peer.open) {
      expect(stream.ended).toBe(true);
      this.peer.answer(stream, "reply");
    }
    this.rest();
  }

  /** What must be the same on all sides at any time. `bodies` only where the streams do not compete for one window. */
  state(bodies: boolean): unknown {
    return {
      outcomes: this.calls.map((call) => call.outcomes),
      streams: [...this.peer.streams.values()].map(({ id, fields, body, ended, closed }) =>
        bodies ? { id, fields, body: body.length, ended, closed } : { id, fields, closed },
      ),
      callCount: this.memory.connection.callCount,
      state: this.memory.connection.state,
      uncaught: this.memory.runtime.uncaught,
    };
  }
}

test("calls written whole into the output buffer send and end as streams do, under any limits", () => {
  fc.assert(
    fc.property(
      fc.array(action, { maxLength: 60, size: "max" }),
      // Without competition for the connection's window every step must be alike, with it the end.
      fc.boolean(),
      fc.constantFrom("finish" as const, "finish" as const, "break" as const, "goAway" as const),
      fc.nat(),
      (actions, ample, ending, which) => {
        const sides = Object.values(ways).map((way) => new Side(way, ample));
        const [first] = sides as [Side];
        const compare = (bodies: boolean): void => {
          for (const side of sides) expect(side.state(bodies)).toEqual(first.state(bodies));
        };
        for (const step of actions) {
          for (const side of sides) {
            side.take(step);
            if (step.do === "call" && step.handle) side.cancellable.add(side.calls.at(-1)!);
            side.rest();
          }
          compare(ample);
        }
        if (ending === "goAway") {
          const ids = [0, ...first.peer.streams.keys(), 2 ** 31 - 1];
          for (const side of sides) {
            side.peer.goAway(ids[which % ids.length]!);
            side.rest();
          }
          compare(ample);
        }
        for (const side of sides) {
          if (ending === "break") side.memory.socket.close();
          else if (side.memory.connection.state === "open") side.finish();
          else side.rest();
        }
        compare(false);
        for (const side of sides) {
          // What the server has of a message is that message, from its start.
          const whole = side.messages.map((message) => grpcMessage(message));
          for (const { body } of side.peer.streams.values())
            expect(whole.some((message) => message.subarray(0, body.length).equals(body))).toBe(true);
          seen.replies += side.calls.filter(({ outcomes }) =>
            outcomes.some((each) => "reply" in each),
          ).length;
        }
      },
    ),
    { numRuns: 150 },
  );
  expect(seen.reserved).toBeGreaterThan(50);
  expect(seen.replies).toBeGreaterThan(50);
});
