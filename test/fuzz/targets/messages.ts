import type { Connection } from "../../../src/connection/connection.js";
import { Flag } from "../../../src/wire/layout.js";
import { ByteMutator } from "../byte-mutator.js";
import { streamContents } from "../corpus.js";
import { Random } from "../random.js";
import { Finding } from "../target.js";
import type { FuzzTarget } from "../target.js";
import { dataFrame } from "../../support/frames.js";
import { grpcMessage, okHeaders, trailers } from "../../support/peer-frames.js";
import {
  RecordedCall,
  connect,
  echoHead,
  streamRecorder,
  unaryRecorder,
} from "../../support/recorded-call.js";
import { ManualRuntime } from "../../support/memory-socket.js";
import type { MemorySocket } from "../../support/memory-socket.js";
import { settingsFrame } from "../../support/frames.js";

/** Unary or streaming, and where it is cut. */
const CONTROL_BYTES = 4;
const PREFIX_BYTES = 5;
const CONTENT_MAX_BYTES = 40_000;
const MESSAGE_MAX_BYTES = 30_000;
const FRAME_MAX_BYTES = 16_384;
const LIMITS = { messageMaxBytes: MESSAGE_MAX_BYTES };

/** What a call must come to for these bytes of DATA, and a status of OK behind them. */
interface Expected {
  messages: string[];
  /** Undefined where the call has to succeed. */
  error: string | undefined;
}

/** gRPC's Length-Prefixed-Message, read plainly. */
const expectedOf = (content: Uint8Array, unary: boolean): Expected => {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.length);
  const messages: string[] = [];
  for (let at = 0; at < bytes.length;) {
    // One message is all that a unary answer has.
    if (unary && messages.length === 1) return { messages: [], error: "ETCD_PROTOCOL" };
    const wrong = (code: string): Expected => ({ messages: unary ? [] : messages, error: code });
    if (bytes.length - at < PREFIX_BYTES) return wrong("ETCD_PROTOCOL");
    if (bytes[at] !== 0) return wrong("ETCD_PROTOCOL");
    const length = bytes.readUInt32BE(at + 1);
    if (length > MESSAGE_MAX_BYTES) return wrong("ETCD_MESSAGE_TOO_LARGE");
    if (bytes.length - at - PREFIX_BYTES < length) return wrong("ETCD_PROTOCOL");
    at += PREFIX_BYTES + length;
    messages.push(bytes.toString("latin1", at - length, at));
  }
  return { messages, error: unary && messages.length === 0 ? "ETCD_PROTOCOL" : undefined };
};

/** One connection over a socket in memory that serves call after call. */
class Lane {
  runtime!: ManualRuntime;
  socket!: MemorySocket;
  connection: Connection | undefined;
  nextStreamId = 1;

  constructor(readonly name: string) {}

  /** Opens the connection if it is not. */
  ready(): Connection {
    if (this.connection !== undefined) return this.connection;
    this.runtime = new ManualRuntime();
    const { connection } = connect(this.runtime, { limits: LIMITS });
    this.socket = this.runtime.sockets[0]!;
    this.socket.connected();
    this.socket.receive(settingsFrame());
    this.connection = connection;
    this.nextStreamId = 1;
    return connection;
  }

  forget(): void {
    this.connection?.close();
    this.connection = undefined;
  }
}

/** Lets a test plant a bug in what the connection reads or says. */
export type MakeCall = (unary: boolean) => RecordedCall;

/**
 * Messages that come whole in one frame and one read, and the same bytes cut into other frames and reads: the path
 * that hands over where the bytes lie and the path that copies must deliver the same, and what gRPC says.
 */
export const messagesTarget = (makeCall: MakeCall = () => new RecordedCall()): FuzzTarget => {
  const mutator = new ByteMutator(CONTENT_MAX_BYTES);
  const lanes = [new Lane("whole"), new Lane("cut"), new Lane("cut and paused")];
  const cuts = new Random(0);
  let recorded: Uint8Array[] | undefined;

  /** The DATA frames: as few as the frame limit allows, or cut and padded at random. */
  const framesOf = (id: number, content: Uint8Array, whole: boolean): Buffer[] => {
    const frames: Buffer[] = [];
    for (let at = 0; at < content.length;) {
      const size = whole ? FRAME_MAX_BYTES : cuts.oneIn(4) ? cuts.below(8) : cuts.between(1, 2_000);
      const part = content.subarray(at, at + Math.min(size, FRAME_MAX_BYTES - 300));
      const padding = !whole && cuts.oneIn(4) ? cuts.below(256) : undefined;
      frames.push(dataFrame(id, part, { padding }));
      at += part.length;
    }
    return frames;
  };

  const pass = (lane: Lane, content: Uint8Array, unary: boolean): RecordedCall => {
    const connection = lane.ready();
    const call = makeCall(unary);
    const id = lane.nextStreamId;
    lane.nextStreamId += 2;
    const options = { timeoutMs: 60_000 };
    call.stream = unary
      ? connection.callUnary(echoHead, Buffer.from("request"), unaryRecorder, call, options)
      : connection.openStream(echoHead, streamRecorder, call, options);
    const pauses = lane === lanes[2] && !unary;
    if (pauses) {
      call.onMessage = () => {
        if (call.stream !== undefined && cuts.oneIn(2)) connection.pause(call.stream);
      };
    }
    lane.runtime.endTick();
    const whole = lane === lanes[0];
    const bytes = Buffer.concat([okHeaders(id), ...framesOf(id, content, whole), trailers(id)]);
    for (let at = 0; at < bytes.length;) {
      const size = whole ? bytes.length : cuts.oneIn(4) ? cuts.between(1, 12) : cuts.between(1, 4_000);
      lane.socket.receive(bytes.subarray(at, at + size));
      at += size;
      if (pauses && call.stream !== undefined && cuts.oneIn(3)) connection.resume(call.stream);
    }
    for (let turns = 0; pauses && call.stream !== undefined && turns <= content.length; turns++)
      connection.resume(call.stream);
    lane.runtime.endTick();
    if (lane.runtime.uncaught.length > 0) throw lane.runtime.uncaught[0] as Error;
    if (connection.state !== "open") throw new Finding(`${lane.name}: the connection is ${connection.state}`);
    if (connection.callCount !== 0) throw new Finding(`${lane.name}: ${connection.callCount} calls are left`);
    return call;
  };

  const check = (lane: Lane, call: RecordedCall, expected: Expected, unary: boolean): void => {
    const [outcome, ...more] = call.outcomes;
    if (outcome === undefined || more.length > 0)
      throw new Finding(`${lane.name}: the call has ${call.outcomes.length} outcomes`);
    const code = "code" in outcome ? outcome.code : undefined;
    if (code !== expected.error)
      throw new Finding(`${lane.name}: ${code ?? "success"}, expected ${expected.error ?? "success"}`);
    const messages = "reply" in outcome ? [outcome.reply] : call.messages;
    if (unary && code === undefined && !("reply" in outcome)) throw new Finding(`${lane.name}: no reply`);
    if (
      messages.length !== expected.messages.length ||
      messages.some((message, i) => message !== expected.messages[i])
    )
      throw new Finding(
        `${lane.name}: ${messages.length} messages that are not the ${expected.messages.length} sent`,
      );
  };

  return {
    name: "messages",
    generate(random) {
      recorded ??= [...streamContents("serverFrames"), ...streamContents("clientFrames")];
      mutator.clear();
      const control = random.uint32();
      for (let shift = 0; shift < 8 * CONTROL_BYTES; shift += 8) mutator.appendByte(control >>> shift);
      for (let count = random.oneIn(3) ? random.between(0, 6) : 1; count > 0; count--) {
        if (random.oneIn(3))
          mutator.append(
            grpcMessage(Buffer.alloc(random.oneIn(50) ? random.below(35_000) : random.below(40), count)),
          );
        else {
          const content = random.pick(recorded);
          if (content.length < 2_000 || random.oneIn(20)) mutator.append(content);
        }
      }
      if (random.oneIn(2)) {
        const other = random.pick(recorded);
        for (let count = random.between(1, 2); count > 0; count--)
          mutator.mutate(random, CONTROL_BYTES, other);
      }
      return mutator.take();
    },
    run(input) {
      const content = input.subarray(CONTROL_BYTES, CONTENT_MAX_BYTES);
      const unary = ((input[0] ?? 0) & Flag.END_STREAM) !== 0;
      cuts.seed(input[0] ?? 0, input[1] ?? 0, input[2] ?? 0, input[3] ?? 0);
      const expected = expectedOf(content, unary);
      try {
        for (const lane of lanes) check(lane, pass(lane, content, unary), expected, unary);
      } catch (error) {
        for (const lane of lanes) lane.forget();
        throw error;
      }
    },
    reset() {
      for (const lane of lanes) {
        // The client's frames are read strictly: what it sends must be right, too.
        if (lane.connection !== undefined) lane.socket.takeFrames();
        lane.forget();
      }
    },
    split(input) {
      const pieces = [input.subarray(0, CONTROL_BYTES)];
      const content = Buffer.from(input.subarray(CONTROL_BYTES));
      for (let at = 0; at < content.length;) {
        const end =
          content.length - at < PREFIX_BYTES
            ? content.length
            : at + PREFIX_BYTES + content.readUInt32BE(at + 1);
        pieces.push(content.subarray(at, end));
        at = end;
      }
      return pieces;
    },
  };
};
