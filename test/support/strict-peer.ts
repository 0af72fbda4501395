import { Flag, FrameType, Setting } from "../../src/wire/layout.js";
import { goawayFrame, rstStreamFrame, settingsFrame, windowUpdateFrame } from "./frames.js";
import type { MemorySocket } from "./memory-socket.js";
import { reply, trailersOnly } from "./peer-frames.js";

/** One request as the server has it so far. */
export interface PeerStream {
  readonly id: number;
  readonly fields: readonly string[];
  body: Buffer;
  ended: boolean;
  /** What the client may still send; may be negative (RFC 9113 §6.9.2). */
  windowBytes: number;
  /** Answered, or reset by either side. */
  closed: boolean;
}

type Settings = readonly (readonly [identifier: number, value: number])[];

/**
 * The server's side of a socket in memory, which holds the client to every limit that it has acknowledged: both
 * windows, MAX_FRAME_SIZE, MAX_CONCURRENT_STREAMS, ids in rising order, nothing after END_STREAM.
 */
export class StrictPeer {
  readonly streams = new Map<number, PeerStream>();
  connectionWindowBytes = 65_535;
  #initialWindowBytes = 65_535;
  #frameMaxBytes = 16_384;
  #streamsMax = Infinity;
  /** Sent, and not acknowledged yet. */
  readonly #settings: Settings[] = [];

  constructor(readonly socket: MemorySocket) {}

  get open(): PeerStream[] {
    return [...this.streams.values()].filter((stream) => !stream.closed);
  }

  /** Reads what the client sent since the last time; throws where it broke a rule. */
  read(): void {
    for (const frame of this.socket.takeFrames()) {
      const stream = this.streams.get(frame.streamId);
      const end = (frame.flags & Flag.END_STREAM) !== 0;
      if (frame.payload.length > this.#frameMaxBytes) throw new Error(`${frame.text}: over MAX_FRAME_SIZE`);
      switch (frame.type) {
        case FrameType.HEADERS:
          if ([...this.streams.keys()].some((id) => id >= frame.streamId))
            throw new Error(`${frame.text}: the id is not the highest`);
          if (this.open.length >= this.#streamsMax)
            throw new Error(`${frame.text}: over MAX_CONCURRENT_STREAMS`);
          this.streams.set(frame.streamId, {
            id: frame.streamId,
            fields: frame.fields,
            body: Buffer.alloc(0),
            ended: end,
            windowBytes: this.#initialWindowBytes,
            closed: false,
          });
          break;
        case FrameType.DATA:
          if (stream === undefined || stream.ended) throw new Error(`${frame.text}: not allowed there`);
          this.connectionWindowBytes -= frame.payload.length;
          stream.windowBytes -= frame.payload.length;
          if (frame.payload.length > 0 && Math.min(this.connectionWindowBytes, stream.windowBytes) < 0)
            throw new Error(`${frame.text}: beyond a window`);
          stream.body = Buffer.concat([stream.body, frame.payload]);
          stream.ended = end;
          break;
        case FrameType.RST_STREAM:
          if (stream === undefined) throw new Error(`${frame.text}: an idle stream`);
          stream.closed = true;
          stream.ended = true;
          break;
        case FrameType.SETTINGS:
          if (end) this.#apply(this.#settings.shift() ?? []);
          break;
        default:
      }
    }
  }

  sendSettings(settings: Settings): void {
    this.#settings.push(settings);
    this.socket.receive(settingsFrame(settings));
  }

  giveConnection(increment: number): void {
    this.connectionWindowBytes += increment;
    this.socket.receive(windowUpdateFrame(0, increment));
  }

  give(stream: PeerStream, increment: number): void {
    stream.windowBytes += increment;
    this.socket.receive(windowUpdateFrame(stream.id, increment));
  }

  /** Also before the request is complete: a server need not wait (RFC 9113 §8.1). */
  answer(stream: PeerStream, how: "reply" | "status" | "reset" | "refuse"): void {
    stream.closed = true;
    const { id } = stream;
    if (how === "reply") this.socket.receive(reply(id, `answer ${id}`));
    else if (how === "status") this.socket.receive(trailersOnly(id, 9, `status of ${id}`));
    else this.socket.receive(rstStreamFrame(id, how === "reset" ? 2 : 7));
  }

  goAway(lastStreamId: number): void {
    for (const stream of this.open) if (stream.id > lastStreamId) stream.closed = true;
    this.socket.receive(goawayFrame(lastStreamId, 0));
  }

  #apply(settings: Settings): void {
    for (const [identifier, value] of settings) {
      if (identifier === Setting.INITIAL_WINDOW_SIZE) {
        const delta = value - this.#initialWindowBytes;
        for (const stream of this.streams.values()) stream.windowBytes += delta;
        this.#initialWindowBytes = value;
      } else if (identifier === Setting.MAX_FRAME_SIZE) this.#frameMaxBytes = value;
      else if (identifier === Setting.MAX_CONCURRENT_STREAMS) this.#streamsMax = value;
    }
  }
}
