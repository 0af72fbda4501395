import type { FrameLimits, FrameSink } from "../../src/wire/frame-reader.js";
import { Flag, FrameType, Http2Code, Setting } from "../../src/wire/layout.js";
import { WireError } from "../../src/wire/wire-error.js";

interface Frame {
  type: number;
  flags: number;
  streamId: number;
  payload: Buffer;
}

const broken = (code: Http2Code): never => {
  throw new WireError(code, "broken");
};

/**
 * The plain twin of wire/frame-reader.ts: keeps all bytes until a frame is whole, cuts it out, and has no fast case.
 * So it tells the same of any bytes that end with a frame, and later: a torn frame is not looked at.
 */
export class PlainFrameReader {
  #rest: Buffer = Buffer.alloc(0);
  #sawSettings = false;
  /** A header block that is not complete. */
  #block: { streamId: number; endStream: boolean; fragments: Buffer[]; frameBytes: number } | undefined;
  /** Frames that bring nothing, in this chunk. */
  #emptyCount = 0;

  constructor(
    readonly sink: FrameSink,
    readonly limits: FrameLimits,
  ) {}

  read(chunk: Uint8Array): void {
    this.#emptyCount = 0;
    this.#rest = Buffer.concat([this.#rest, chunk]);
    while (this.#rest.length >= 9) {
      const end = 9 + this.#rest.readUIntBE(0, 3);
      if (this.#rest.length < end) return;
      const head = this.#rest.subarray(0, 9);
      this.#check(head);
      this.#handle({
        type: head.readUInt8(3),
        flags: head.readUInt8(4),
        streamId: head.readUInt32BE(5) & 0x7fff_ffff,
        payload: this.#rest.subarray(9, end),
      });
      this.#rest = this.#rest.subarray(end);
    }
  }

  /** What holds for a frame of any type. */
  #check(head: Buffer): void {
    const type = head.readUInt8(3);
    const streamId = head.readUInt32BE(5) & 0x7fff_ffff;
    if (!this.#sawSettings && (type !== FrameType.SETTINGS || (head.readUInt8(4) & Flag.ACK) !== 0))
      broken(Http2Code.PROTOCOL_ERROR);
    this.#sawSettings = true;
    const goesOn = type === FrameType.CONTINUATION && streamId === this.#block?.streamId;
    if (this.#block !== undefined && !goesOn) broken(Http2Code.PROTOCOL_ERROR);
    if (head.readUIntBE(0, 3) > this.limits.frameMaxBytes) broken(Http2Code.FRAME_SIZE_ERROR);
    if (type === FrameType.CONTINUATION && !goesOn) broken(Http2Code.PROTOCOL_ERROR);
  }

  #handle({ type, flags, streamId, payload }: Frame): void {
    const { sink, limits } = this;
    const endStream = (flags & Flag.END_STREAM) !== 0;
    const onStream = streamId % 2 === 1;
    const { length } = payload;
    switch (type) {
      case FrameType.DATA: {
        if (!onStream) broken(Http2Code.PROTOCOL_ERROR);
        const content = this.#unpad(payload, flags);
        if (content.length === 0 && !endStream) this.#countEmpty();
        sink.onData(streamId, content, 0, content.length, length, endStream);
        return;
      }
      case FrameType.HEADERS: {
        if (!onStream) broken(Http2Code.PROTOCOL_ERROR);
        const priorityBytes = (flags & Flag.PRIORITY) !== 0 ? 5 : 0;
        if (length < priorityBytes + ((flags & Flag.PADDED) !== 0 ? 1 : 0))
          broken(Http2Code.FRAME_SIZE_ERROR);
        if (length > limits.headerBlockMaxBytes) broken(Http2Code.ENHANCE_YOUR_CALM);
        const content = this.#unpad(payload, flags);
        if (content.length < priorityBytes) broken(Http2Code.PROTOCOL_ERROR);
        this.#block = {
          streamId,
          endStream,
          fragments: [content.subarray(priorityBytes)],
          frameBytes: length,
        };
        this.#endBlock(flags);
        return;
      }
      case FrameType.CONTINUATION: {
        const block = this.#block!;
        if (block.fragments.length > limits.continuationMaxCount) broken(Http2Code.ENHANCE_YOUR_CALM);
        block.frameBytes += length;
        if (block.frameBytes > limits.headerBlockMaxBytes) broken(Http2Code.ENHANCE_YOUR_CALM);
        block.fragments.push(payload);
        this.#endBlock(flags);
        return;
      }
      case FrameType.PRIORITY:
        if (streamId === 0) broken(Http2Code.PROTOCOL_ERROR);
        this.#countEmpty();
        if (length !== 5) sink.onStreamError(streamId, Http2Code.FRAME_SIZE_ERROR, "");
        return;
      case FrameType.RST_STREAM:
        if (!onStream) broken(Http2Code.PROTOCOL_ERROR);
        if (length !== 4) broken(Http2Code.FRAME_SIZE_ERROR);
        sink.onRstStream(streamId, payload.readUInt32BE(0));
        return;
      case FrameType.SETTINGS:
        if (streamId !== 0) broken(Http2Code.PROTOCOL_ERROR);
        if ((flags & Flag.ACK) !== 0) {
          if (length !== 0) broken(Http2Code.FRAME_SIZE_ERROR);
          sink.onSettingsAck();
        } else {
          if (length % 6 !== 0) broken(Http2Code.FRAME_SIZE_ERROR);
          for (let at = 0; at < length; at += 6)
            checkSetting(payload.readUInt16BE(at), payload.readUInt32BE(at + 2));
          sink.onSettings(payload, 0, length);
        }
        return;
      case FrameType.PUSH_PROMISE:
        broken(Http2Code.PROTOCOL_ERROR);
        return;
      case FrameType.PING:
        if (streamId !== 0) broken(Http2Code.PROTOCOL_ERROR);
        if (length !== 8) broken(Http2Code.FRAME_SIZE_ERROR);
        sink.onPing((flags & Flag.ACK) !== 0, payload, 0);
        return;
      case FrameType.GOAWAY: {
        if (streamId !== 0) broken(Http2Code.PROTOCOL_ERROR);
        if (length < 8) broken(Http2Code.FRAME_SIZE_ERROR);
        const lastStreamId = payload.readUInt32BE(0) & 0x7fff_ffff;
        if (lastStreamId !== 0 && lastStreamId % 2 === 0) broken(Http2Code.PROTOCOL_ERROR);
        sink.onGoaway(lastStreamId, payload.readUInt32BE(4), payload, 8, length);
        return;
      }
      case FrameType.WINDOW_UPDATE: {
        if (streamId !== 0 && !onStream) broken(Http2Code.PROTOCOL_ERROR);
        if (length !== 4) broken(Http2Code.FRAME_SIZE_ERROR);
        const increment = payload.readUInt32BE(0) & 0x7fff_ffff;
        if (streamId === 0 && increment === 0) broken(Http2Code.PROTOCOL_ERROR);
        sink.onWindowUpdate(streamId, increment);
        return;
      }
      default:
        this.#countEmpty();
    }
  }

  #endBlock(flags: number): void {
    if ((flags & Flag.END_HEADERS) === 0) return;
    const { streamId, endStream, fragments } = this.#block!;
    this.#block = undefined;
    const bytes = Buffer.concat(fragments);
    this.sink.onHeaders(streamId, bytes, 0, bytes.length, endStream);
  }

  #unpad(payload: Buffer, flags: number): Buffer {
    if ((flags & Flag.PADDED) === 0) return payload;
    if (payload.length === 0) broken(Http2Code.FRAME_SIZE_ERROR);
    const padding = payload.readUInt8(0);
    if (padding > payload.length - 1) broken(Http2Code.PROTOCOL_ERROR);
    return payload.subarray(1, payload.length - padding);
  }

  #countEmpty(): void {
    if (++this.#emptyCount > 256) broken(Http2Code.ENHANCE_YOUR_CALM);
  }
}

const checkSetting = (identifier: number, value: number): void => {
  if (identifier === Setting.ENABLE_PUSH && value !== 0) broken(Http2Code.PROTOCOL_ERROR);
  if (identifier === Setting.INITIAL_WINDOW_SIZE && value > 2 ** 31 - 1) broken(Http2Code.FLOW_CONTROL_ERROR);
  if (identifier === Setting.MAX_FRAME_SIZE && (value < 2 ** 14 || value > 2 ** 24 - 1))
    broken(Http2Code.PROTOCOL_ERROR);
};
