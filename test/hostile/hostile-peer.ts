import type { Socket } from "node:net";
import { cannedReplies } from "../../bench/null-replies.js";
import { Flag, FrameType, MESSAGE_PREFIX_BYTES, PREFACE } from "../../src/wire/layout.js";
import { dataFrame, settingsFrame, windowUpdateFrame } from "../support/frames.js";
import { okHeaders, trailers } from "../support/peer-frames.js";

/** What is written at a time: as much as the client reads at a time. */
const FLOOD_CHUNK_BYTES = 64 * 1024;

/** What the connection's window grows by at the start. */
export const CREDIT_BYTES = 2 ** 30;

/** One frame, or a few, over and over, as long as one write of a flood. */
export const repeated = (...frames: readonly Uint8Array[]): Buffer => {
  const once = Buffer.concat(frames);
  const count = Math.max(1, Math.floor(FLOOD_CHUNK_BYTES / once.length));
  return Buffer.concat(Array.from({ length: count }, () => once));
};

export interface PeerOptions {
  /** Calls that look like `Status` are answered: this server says that it leads. */
  readonly answersStatus: boolean;
  /** SETTINGS that it begins with; `undefined`: it sends none by itself. */
  readonly settings: readonly (readonly [id: number, value: number])[] | undefined;
  /** A request has begun. */
  onHeaders(peer: HostilePeer, streamId: number): void;
  /** The whole of a request has come. */
  onRequest(peer: HostilePeer, streamId: number): void;
}

/**
 * The server's side of one connection, which reads just enough of what the client says to know its streams, and
 * otherwise minds no rule.
 */
export class HostilePeer {
  readonly #options: PeerOptions;
  #rest = Buffer.alloc(0);
  #prefaceBytes = 0;
  #flooding = false;
  /** Message bytes of requests under way. */
  readonly #requestBytes = new Map<number, number>();

  constructor(
    readonly socket: Socket,
    options: PeerOptions,
  ) {
    this.#options = options;
    socket.setNoDelay(true);
    socket.on("error", () => socket.destroy());
    socket.on("data", (bytes: Buffer) => this.#read(bytes));
    if (options.settings !== undefined) {
      // Credit for all requests to come, so that it is the attack that they meet and not an empty window.
      this.send(settingsFrame(options.settings), windowUpdateFrame(0, CREDIT_BYTES));
    }
  }

  send(...frames: readonly Uint8Array[]): void {
    if (this.socket.writable) this.socket.write(frames.length === 1 ? frames[0]! : Buffer.concat(frames));
  }

  /** Writes `next()` again and again, as fast as the client takes it, until the connection is gone. The first flood wins. */
  flood(next: Uint8Array | (() => Uint8Array)): void {
    if (this.#flooding) return;
    this.#flooding = true;
    const write = (): void => {
      while (this.socket.writable) {
        // The kernel has taken it all, or "drain" says when.
        if (!this.socket.write(typeof next === "function" ? next() : next)) return;
      }
    };
    this.socket.on("drain", write);
    write();
  }

  /** Sends `next()` at intervals until the connection is gone. */
  dribble(intervalMs: number, next: () => Uint8Array): void {
    if (this.#flooding) return;
    this.#flooding = true;
    const timer = setInterval(() => this.send(next()), intervalMs);
    this.socket.once("close", () => clearInterval(timer));
  }

  /** A unary response as an honest server gives it. */
  reply(streamId: number, framedMessage: Uint8Array): void {
    this.send(okHeaders(streamId), dataFrame(streamId, framedMessage), trailers(streamId));
  }

  #read(bytes: Buffer): void {
    const skipped = Math.min(bytes.length, PREFACE.length - this.#prefaceBytes);
    this.#prefaceBytes += skipped;
    let rest = skipped === bytes.length ? EMPTY : bytes.subarray(skipped);
    if (this.#rest.length > 0) rest = Buffer.concat([this.#rest, rest]);
    let at = 0;
    while (rest.length - at >= 9) {
      const end = at + 9 + rest.readUIntBE(at, 3);
      if (end > rest.length) break;
      this.#onFrame(rest.readUInt8(at + 3), rest.readUInt8(at + 4), rest.readUInt32BE(at + 5), end - at - 9);
      at = end;
    }
    this.#rest = Buffer.from(rest.subarray(at));
  }

  #onFrame(type: number, flags: number, streamId: number, length: number): void {
    if (type === FrameType.HEADERS) this.#options.onHeaders(this, streamId);
    if (type !== FrameType.DATA) return;
    const bytes = (this.#requestBytes.get(streamId) ?? 0) + length;
    if ((flags & Flag.END_STREAM) === 0) {
      this.#requestBytes.set(streamId, bytes);
      return;
    }
    this.#requestBytes.delete(streamId);
    // An empty message is what asks for Status.
    if (this.#options.answersStatus && bytes === MESSAGE_PREFIX_BYTES)
      this.reply(streamId, cannedReplies.status);
    else this.#options.onRequest(this, streamId);
  }
}

const EMPTY = Buffer.alloc(0);
