import {
  FLAGS_OFFSET,
  FRAME_HEADER_BYTES,
  Flag,
  FrameType,
  Http2Code,
  STREAM_ID_OFFSET,
  Setting,
  TYPE_OFFSET,
  WINDOW_MAX_BYTES,
} from "./layout.js";
import { WireError } from "./wire-error.js";

/**
 * Where frames go. Bytes are lent: they are the chunk given to `read()` or a buffer of the reader, and they are
 * valid during the call only. What a sink throws ends the reader, as a `WireError` of its own does.
 */
export interface FrameSink {
  /**
   * Part or all of a DATA payload, padding removed; several calls per frame when it is torn. `flowBytes` is the
   * flow-controlled length that this call accounts for (payload, padding and pad length byte: RFC 9113 §6.1), so
   * the sum over a frame's calls is the frame's length. `endStream` is set on the last part only. `start === end`
   * is legal.
   */
  onData(
    streamId: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    flowBytes: number,
    endStream: boolean,
  ): void;
  /**
   * A complete header block: CONTINUATION joined, padding and priority removed. It has to be decoded even when
   * the stream is unknown or closed, or the HPACK tables part ways (RFC 9113 §4.3).
   */
  onHeaders(streamId: number, bytes: Uint8Array, start: number, end: number, endStream: boolean): void;
  onRstStream(streamId: number, errorCode: number): void;
  /** Not an ACK; the length is a multiple of 6 and the values are inside the bounds of RFC 9113 §6.5.2. */
  onSettings(bytes: Uint8Array, start: number, end: number): void;
  onSettingsAck(): void;
  /** Eight bytes from `start`. */
  onPing(ack: boolean, bytes: Uint8Array, start: number): void;
  /** `lastStreamId` is 0 or odd. That a later one must not be higher is the sink's to check (RFC 9113 §6.8). */
  onGoaway(
    lastStreamId: number,
    errorCode: number,
    bytes: Uint8Array,
    debugStart: number,
    debugEnd: number,
  ): void;
  /** An increment of 0 is passed on when `streamId` is not 0: there it costs the stream only (RFC 9113 §6.9). */
  onWindowUpdate(streamId: number, increment: number): void;
  /**
   * A rule whose breach costs one stream only (RFC 9113 §5.4.2): PRIORITY of a wrong length. The stream may be
   * idle or even unknown, and RST_STREAM must not be sent on an idle one.
   */
  onStreamError(streamId: number, errorCode: Http2Code, reason: string): void;
}

export interface FrameLimits {
  /** Our SETTINGS_MAX_FRAME_SIZE: a longer frame is refused by its header, before any of it is stored. */
  readonly frameMaxBytes: number;
  /** Cap on one compressed header block, padding and all of its CONTINUATION frames included. */
  readonly headerBlockMaxBytes: number;
  /** CONTINUATION frames in one header block. Empty ones cost no bytes, so bytes alone do not bound them. */
  readonly continuationMaxCount: number;
}

/**
 * Frames that bring nothing (empty DATA without END_STREAM, PRIORITY, unknown types) are skipped for some 10 ns
 * each, 7,000 of them in a 64 KiB chunk. No honest peer sends more than a handful at a time, so a chunk with
 * more than this is the empty frame flood of CVE-2019-9518.
 */
const EMPTY_FRAMES_MAX_COUNT = 256;

/** No frame is torn. */
const TORN_NONE = 0;
/** One to eight bytes of a frame header are in `header`. */
const TORN_HEADER = 1;
/** Part of a payload is in `payload`. */
const TORN_PAYLOAD = 2;
/** The frame is DATA; what came of it has been passed on. */
const TORN_DATA = 3;
/** The frame is ignored; what came of it is gone. */
const TORN_SKIPPED = 4;

/** `expectedStreamId` while any frame may come next. Stream identifiers are never negative. */
const ANY_FRAME = -1;
/** `expectedStreamId` before the peer's SETTINGS. */
const FIRST_FRAME = -2;

/** The flags that decide whether HEADERS is its header block and nothing else. */
const PLAIN_HEADERS_MASK = Flag.END_HEADERS | Flag.PADDED | Flag.PRIORITY;

const SETTING_BYTES = 6;
const PRIORITY_BYTES = 5;
const PING_BYTES = 8;
/** RFC 9113 §6.5.2: what MAX_FRAME_SIZE can be set to. */
const FRAME_MAX_BYTES_LOWEST = 16_384;
const FRAME_MAX_BYTES_HIGHEST = 16_777_215;

/**
 * Turns the bytes that a server sends into calls on a sink, whatever way they are cut into chunks.
 *
 * A frame that is whole in the chunk is handled where it lies and nothing is allocated for it (micro "where they
 * lie", Node 20.20: 8 ns a frame; cut out one by one, 240 ns and 550 bytes). Of a torn frame, DATA is passed on
 * in parts, ignored frames are dropped, and the rest is copied to one buffer that is used again and never grows
 * past the limits. Every rule of RFC 9113 that bytes alone can decide is decided here; rules that need the stream
 * table (idle, closed, windows) are the sink's.
 */
export class FrameReader {
  private failure: Error | undefined = undefined;
  /** ANY_FRAME, FIRST_FRAME, or inside a header block the stream whose CONTINUATION must come next. */
  private expectedStreamId = FIRST_FRAME;

  /** The header block so far, while it takes more than one frame. */
  private block = new Uint8Array(0);
  private blockBytes = 0;
  /** Like `blockBytes`, with padding and priority: what `headerBlockMaxBytes` is measured by. */
  private blockFrameBytes = 0;
  private blockEndStream = false;
  private continuationCount = 0;

  private torn = TORN_NONE;
  private readonly header = new Uint8Array(FRAME_HEADER_BYTES);
  private headerBytes = 0;
  private payload = new Uint8Array(0);
  private payloadBytes = 0;
  /** The torn frame's own header. */
  private length = 0;
  private type = 0;
  private flags = 0;
  private streamId = 0;
  /** Payload bytes of the torn frame that have not come yet. */
  private missingBytes = 0;
  /** Padding at the end of a torn DATA frame; -1 while the pad length byte has not come. */
  private paddingBytes = 0;

  private emptyFrameCount = 0;

  /** The longest frame of the fast case: inside both limits, whether DATA or HEADERS. */
  private readonly plainMaxBytes: number;

  constructor(
    private readonly sink: FrameSink,
    private readonly limits: FrameLimits,
  ) {
    this.plainMaxBytes = Math.min(limits.frameMaxBytes, limits.headerBlockMaxBytes);
  }

  /**
   * Takes the next chunk of the connection; true when at least one frame ended in it. Throws a `WireError` when the
   * peer broke a rule that costs the connection. After that, or after the sink threw, the reader is dead: each
   * further call throws the same again.
   */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.failure !== undefined) throw this.failure;
    try {
      return this.readChunk(bytes, start, end);
    } catch (error) {
      this.failure = error as Error;
      throw error;
    }
  }

  private readChunk(bytes: Uint8Array, start: number, end: number): boolean {
    this.emptyFrameCount = 0;
    let at = start;
    let frameEnded = false;
    if (this.torn !== TORN_NONE) {
      at = this.resume(bytes, start, end);
      frameEnded = this.isWhole();
    }
    while (end - at >= FRAME_HEADER_BYTES) {
      const length = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
      const payloadAt = at + FRAME_HEADER_BYTES;
      const payloadEnd = payloadAt + length;
      const streamId = readUint31(bytes, at + STREAM_ID_OFFSET);
      // The fast case: replies are DATA and HEADERS, whole, without padding or priority, on streams of ours. All
      // that readFrame() would check of them is checked here (micro "fast case": 17 ns a frame without, 8 with,
      // Node 20.20).
      if (
        payloadEnd <= end &&
        length <= this.plainMaxBytes &&
        (streamId & 1) === 1 &&
        this.expectedStreamId === ANY_FRAME
      ) {
        const flags = bytes[at + FLAGS_OFFSET]!;
        const type = bytes[at + TYPE_OFFSET]!;
        if (type === FrameType.DATA && length !== 0 && (flags & Flag.PADDED) === 0) {
          this.sink.onData(streamId, bytes, payloadAt, payloadEnd, length, (flags & Flag.END_STREAM) !== 0);
          at = payloadEnd;
          frameEnded = true;
          continue;
        }
        if (type === FrameType.HEADERS && (flags & PLAIN_HEADERS_MASK) === Flag.END_HEADERS) {
          this.sink.onHeaders(streamId, bytes, payloadAt, payloadEnd, (flags & Flag.END_STREAM) !== 0);
          at = payloadEnd;
          frameEnded = true;
          continue;
        }
      }
      at = this.readFrame(bytes, at, bytes, payloadAt, end);
      if (this.isWhole()) frameEnded = true;
    }
    // After a torn frame `at` is at the end.
    if (at < end) {
      this.header.set(bytes.subarray(at, end));
      this.headerBytes = end - at;
      this.torn = TORN_HEADER;
    }
    return frameEnded;
  }

  /** The last frame that was begun is at its end. Inside `onData`: this part is the frame's last, or all of it. */
  isWhole(): boolean {
    return this.torn === TORN_NONE;
  }

  /** Goes on with the frame that the last chunk tore. Returns where the next one starts, or `end`. */
  private resume(bytes: Uint8Array, start: number, end: number): number {
    switch (this.torn) {
      case TORN_HEADER: {
        const at = Math.min(end, start + FRAME_HEADER_BYTES - this.headerBytes);
        this.header.set(bytes.subarray(start, at), this.headerBytes);
        this.headerBytes += at - start;
        if (this.headerBytes < FRAME_HEADER_BYTES) return end;
        this.torn = TORN_NONE;
        return this.readFrame(this.header, 0, bytes, at, end);
      }
      case TORN_PAYLOAD:
        return this.resumePayload(bytes, start, end);
      case TORN_DATA:
        return this.resumeData(bytes, start, end);
      default: {
        const at = Math.min(end, start + this.missingBytes);
        this.missingBytes -= at - start;
        if (this.missingBytes === 0) this.torn = TORN_NONE;
        return at;
      }
    }
  }

  /** Reads a frame whose header is whole, and as much of its payload as there is. Returns where that ends. */
  private readFrame(
    head: Uint8Array,
    headAt: number,
    bytes: Uint8Array,
    payloadAt: number,
    end: number,
  ): number {
    const length = (head[headAt]! << 16) | (head[headAt + 1]! << 8) | head[headAt + 2]!;
    const type = head[headAt + TYPE_OFFSET]!;
    const flags = head[headAt + FLAGS_OFFSET]!;
    const streamId = readUint31(head, headAt + STREAM_ID_OFFSET);
    if (this.expectedStreamId !== ANY_FRAME) this.checkExpected(head, headAt, type, flags, streamId);
    if (length > this.limits.frameMaxBytes) {
      throw new WireError(
        Http2Code.FRAME_SIZE_ERROR,
        `a frame of ${length} bytes, over the limit of ${this.limits.frameMaxBytes}`,
      );
    }
    this.checkHeader(length, type, flags, streamId);
    const payloadEnd = payloadAt + length;
    if (payloadEnd <= end) {
      this.handle(bytes, payloadAt, payloadEnd, type, flags, streamId);
      return payloadEnd;
    }
    this.tear(length, type, flags, streamId);
    return this.resume(bytes, payloadAt, end);
  }

  /** RFC 9113 §3.4: SETTINGS comes first. §6.10: nothing comes between the frames of a header block. */
  private checkExpected(
    head: Uint8Array,
    headAt: number,
    type: number,
    flags: number,
    streamId: number,
  ): void {
    if (this.expectedStreamId === FIRST_FRAME) {
      if (type !== FrameType.SETTINGS || (flags & Flag.ACK) !== 0) {
        const text = printable(head, headAt, headAt + FRAME_HEADER_BYTES);
        throw new WireError(
          Http2Code.PROTOCOL_ERROR,
          `the peer's first bytes are not an HTTP/2 SETTINGS frame: "${text}"`,
        );
      }
      this.expectedStreamId = ANY_FRAME;
    } else if (type !== FrameType.CONTINUATION || streamId !== this.expectedStreamId) {
      throw new WireError(
        Http2Code.PROTOCOL_ERROR,
        `frame type ${type} on stream ${streamId} inside the header block of stream ${this.expectedStreamId}`,
      );
    }
  }

  /** All that the header alone decides, so that a frame which cannot be right is never stored. */
  private checkHeader(length: number, type: number, flags: number, streamId: number): void {
    switch (type) {
      case FrameType.DATA:
        if ((streamId & 1) === 0) throw wrongStream("DATA", streamId);
        if (length === 0 && (flags & Flag.PADDED) !== 0) throw wrongLength("padded DATA", length);
        return;
      case FrameType.HEADERS:
        if ((streamId & 1) === 0) throw wrongStream("HEADERS", streamId);
        if (length < prefixBytes(flags)) throw wrongLength("HEADERS", length);
        if (length > this.limits.headerBlockMaxBytes) throw this.blockTooLong(length);
        return;
      case FrameType.PRIORITY:
        if (streamId === 0) throw wrongStream("PRIORITY", streamId);
        this.countEmptyFrame();
        if (length !== PRIORITY_BYTES) {
          // RFC 9113 §6.3: one of the few length errors that do not cost the connection.
          this.sink.onStreamError(streamId, Http2Code.FRAME_SIZE_ERROR, `PRIORITY of ${length} bytes`);
        }
        return;
      case FrameType.RST_STREAM:
        if ((streamId & 1) === 0) throw wrongStream("RST_STREAM", streamId);
        if (length !== 4) throw wrongLength("RST_STREAM", length);
        return;
      case FrameType.SETTINGS:
        if (streamId !== 0) throw wrongStream("SETTINGS", streamId);
        if ((flags & Flag.ACK) !== 0 ? length !== 0 : length % SETTING_BYTES !== 0)
          throw wrongLength("SETTINGS", length);
        return;
      case FrameType.PUSH_PROMISE:
        // We send ENABLE_PUSH = 0 (RFC 9113 §8.4).
        throw new WireError(Http2Code.PROTOCOL_ERROR, "PUSH_PROMISE, though push is disabled");
      case FrameType.PING:
        if (streamId !== 0) throw wrongStream("PING", streamId);
        if (length !== PING_BYTES) throw wrongLength("PING", length);
        return;
      case FrameType.GOAWAY:
        if (streamId !== 0) throw wrongStream("GOAWAY", streamId);
        if (length < 8) throw wrongLength("GOAWAY", length);
        return;
      case FrameType.WINDOW_UPDATE:
        if (streamId !== 0 && (streamId & 1) === 0) throw wrongStream("WINDOW_UPDATE", streamId);
        if (length !== 4) throw wrongLength("WINDOW_UPDATE", length);
        return;
      case FrameType.CONTINUATION:
        if (this.expectedStreamId === ANY_FRAME) {
          throw new WireError(
            Http2Code.PROTOCOL_ERROR,
            `CONTINUATION on stream ${streamId} without HEADERS before it`,
          );
        }
        if (++this.continuationCount > this.limits.continuationMaxCount) {
          throw new WireError(
            Http2Code.ENHANCE_YOUR_CALM,
            `a header block in over ${this.limits.continuationMaxCount} CONTINUATION frames`,
          );
        }
        this.blockFrameBytes += length;
        if (this.blockFrameBytes > this.limits.headerBlockMaxBytes)
          throw this.blockTooLong(this.blockFrameBytes);
        return;
      default:
        // RFC 9113 §5.5: unknown types are ignored.
        this.countEmptyFrame();
    }
  }

  /** Handles a frame whose payload is whole, in the chunk or in `payload`. */
  private handle(
    bytes: Uint8Array,
    start: number,
    end: number,
    type: number,
    flags: number,
    streamId: number,
  ): void {
    switch (type) {
      case FrameType.DATA: {
        let contentStart = start;
        let contentEnd = end;
        if ((flags & Flag.PADDED) !== 0) {
          contentStart = start + 1;
          contentEnd = end - bytes[start]!;
          if (contentEnd < contentStart) throw wrongPadding("DATA", bytes[start]!, end - start);
        }
        const endStream = (flags & Flag.END_STREAM) !== 0;
        if (contentStart === contentEnd && !endStream) this.countEmptyFrame();
        this.sink.onData(streamId, bytes, contentStart, contentEnd, end - start, endStream);
        return;
      }
      case FrameType.HEADERS: {
        const fragmentStart = start + prefixBytes(flags);
        let fragmentEnd = end;
        if ((flags & Flag.PADDED) !== 0) {
          fragmentEnd = end - bytes[start]!;
          if (fragmentEnd < fragmentStart) throw wrongPadding("HEADERS", bytes[start]!, end - start);
        }
        const endStream = (flags & Flag.END_STREAM) !== 0;
        if ((flags & Flag.END_HEADERS) !== 0) {
          this.sink.onHeaders(streamId, bytes, fragmentStart, fragmentEnd, endStream);
          return;
        }
        this.expectedStreamId = streamId;
        this.blockBytes = 0;
        this.blockFrameBytes = end - start;
        this.blockEndStream = endStream;
        this.continuationCount = 0;
        this.appendToBlock(bytes, fragmentStart, fragmentEnd);
        return;
      }
      case FrameType.CONTINUATION:
        this.appendToBlock(bytes, start, end);
        if ((flags & Flag.END_HEADERS) !== 0) {
          this.expectedStreamId = ANY_FRAME;
          this.sink.onHeaders(streamId, this.block, 0, this.blockBytes, this.blockEndStream);
        }
        return;
      case FrameType.RST_STREAM:
        this.sink.onRstStream(streamId, readUint32(bytes, start));
        return;
      case FrameType.SETTINGS:
        if ((flags & Flag.ACK) !== 0) {
          this.sink.onSettingsAck();
          return;
        }
        checkSettings(bytes, start, end);
        this.sink.onSettings(bytes, start, end);
        return;
      case FrameType.PING:
        this.sink.onPing((flags & Flag.ACK) !== 0, bytes, start);
        return;
      case FrameType.GOAWAY: {
        const lastStreamId = readUint31(bytes, start);
        // Only ids that we could have used make sense: we open odd streams, and 0 says "none".
        if (lastStreamId !== 0 && (lastStreamId & 1) === 0) {
          throw new WireError(
            Http2Code.PROTOCOL_ERROR,
            `GOAWAY with the even last stream id ${lastStreamId}`,
          );
        }
        this.sink.onGoaway(lastStreamId, readUint32(bytes, start + 4), bytes, start + 8, end);
        return;
      }
      case FrameType.WINDOW_UPDATE: {
        const increment = readUint31(bytes, start);
        if (increment === 0 && streamId === 0) {
          throw new WireError(Http2Code.PROTOCOL_ERROR, "WINDOW_UPDATE of 0 for the connection");
        }
        this.sink.onWindowUpdate(streamId, increment);
        return;
      }
      default:
      // PRIORITY and unknown types: all that there is to say was said by the header.
    }
  }

  /** Remembers a frame whose payload ends behind the chunk. */
  private tear(length: number, type: number, flags: number, streamId: number): void {
    this.length = length;
    this.type = type;
    this.flags = flags;
    this.streamId = streamId;
    this.missingBytes = length;
    if (type === FrameType.DATA) {
      this.torn = TORN_DATA;
      this.paddingBytes = (flags & Flag.PADDED) !== 0 ? -1 : 0;
    } else if (type === FrameType.PRIORITY || type > FrameType.CONTINUATION) {
      this.torn = TORN_SKIPPED;
    } else {
      this.torn = TORN_PAYLOAD;
      this.payloadBytes = 0;
    }
  }

  private resumePayload(bytes: Uint8Array, start: number, end: number): number {
    const at = Math.min(end, start + this.missingBytes);
    this.payload = withRoom(this.payload, this.payloadBytes, at - start);
    this.payload.set(bytes.subarray(start, at), this.payloadBytes);
    this.payloadBytes += at - start;
    this.missingBytes -= at - start;
    if (this.missingBytes === 0) {
      this.torn = TORN_NONE;
      this.handle(this.payload, 0, this.length, this.type, this.flags, this.streamId);
    }
    return at;
  }

  private resumeData(bytes: Uint8Array, start: number, end: number): number {
    if (start === end) return end;
    let contentStart = start;
    if (this.paddingBytes < 0) {
      contentStart = start + 1;
      this.paddingBytes = bytes[start]!;
      if (this.paddingBytes >= this.length) throw wrongPadding("DATA", this.paddingBytes, this.length);
    }
    // Where the content would end if the chunk were long enough. Inside the padding it lies before `start`.
    const contentEnd = start + this.missingBytes - this.paddingBytes;
    const at = Math.min(end, start + this.missingBytes);
    this.missingBytes -= at - start;
    const last = this.missingBytes === 0;
    if (last) this.torn = TORN_NONE;
    const partEnd = Math.max(contentStart, Math.min(at, contentEnd));
    this.sink.onData(
      this.streamId,
      bytes,
      contentStart,
      partEnd,
      at - start,
      last && (this.flags & Flag.END_STREAM) !== 0,
    );
    return at;
  }

  private appendToBlock(bytes: Uint8Array, start: number, end: number): void {
    this.block = withRoom(this.block, this.blockBytes, end - start);
    this.block.set(bytes.subarray(start, end), this.blockBytes);
    this.blockBytes += end - start;
  }

  private countEmptyFrame(): void {
    if (++this.emptyFrameCount > EMPTY_FRAMES_MAX_COUNT) {
      throw new WireError(
        Http2Code.ENHANCE_YOUR_CALM,
        `over ${EMPTY_FRAMES_MAX_COUNT} empty or ignored frames at once`,
      );
    }
  }

  private blockTooLong(length: number): WireError {
    return new WireError(
      Http2Code.ENHANCE_YOUR_CALM,
      `a header block of ${length} bytes or more, over the limit of ${this.limits.headerBlockMaxBytes}`,
    );
  }
}

/**
 * 31 bits: the first one is reserved and ignored (RFC 9113 §4.1). By bytes, because `readUInt32BE` checks its
 * bounds: micro "stream id", 8 ns a frame against 10.6, Node 20.20.
 */
const readUint31 = (bytes: Uint8Array, at: number): number =>
  ((bytes[at]! & 0x7f) << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;

const readUint32 = (bytes: Uint8Array, at: number): number =>
  ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;

/** What stands before the fragment in HEADERS: pad length, then priority (RFC 9113 §6.2). */
const prefixBytes = (flags: number): number =>
  ((flags & Flag.PADDED) !== 0 ? 1 : 0) + ((flags & Flag.PRIORITY) !== 0 ? PRIORITY_BYTES : 0);

/** RFC 9113 §6.5.2: values that must not be. Unknown settings are ignored. */
const checkSettings = (bytes: Uint8Array, start: number, end: number): void => {
  for (let at = start; at < end; at += SETTING_BYTES) {
    const value = readUint32(bytes, at + 2);
    switch ((bytes[at]! << 8) | bytes[at + 1]!) {
      case Setting.ENABLE_PUSH:
        // A server may only say 0.
        if (value !== 0)
          throw new WireError(Http2Code.PROTOCOL_ERROR, `ENABLE_PUSH = ${value} from a server`);
        break;
      case Setting.INITIAL_WINDOW_SIZE:
        if (value > WINDOW_MAX_BYTES)
          throw new WireError(Http2Code.FLOW_CONTROL_ERROR, `INITIAL_WINDOW_SIZE = ${value}`);
        break;
      case Setting.MAX_FRAME_SIZE:
        if (value < FRAME_MAX_BYTES_LOWEST || value > FRAME_MAX_BYTES_HIGHEST) {
          throw new WireError(Http2Code.PROTOCOL_ERROR, `MAX_FRAME_SIZE = ${value}`);
        }
        break;
      default:
    }
  }
};

/**
 * A buffer that has room for `more` bytes behind the first `used`, which are kept. It doubles as bytes arrive,
 * never at the word of a length field.
 */
const withRoom = (buffer: Uint8Array<ArrayBuffer>, used: number, more: number): Uint8Array<ArrayBuffer> => {
  if (used + more <= buffer.length) return buffer;
  const larger = new Uint8Array(Math.max(used + more, 2 * buffer.length, 256));
  larger.set(buffer.subarray(0, used));
  return larger;
};

/** What a server that is not HTTP/2 said is the best hint to what it is: `HTTP/1.1 `. */
const printable = (bytes: Uint8Array, start: number, end: number): string => {
  let text = "";
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    text +=
      byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`;
  }
  return text;
};

const wrongStream = (frame: string, streamId: number): WireError =>
  new WireError(Http2Code.PROTOCOL_ERROR, `${frame} on stream ${streamId}`);

const wrongLength = (frame: string, length: number): WireError =>
  new WireError(Http2Code.FRAME_SIZE_ERROR, `${frame} of ${length} bytes`);

const wrongPadding = (frame: string, paddingBytes: number, length: number): WireError =>
  new WireError(
    Http2Code.PROTOCOL_ERROR,
    `${frame} of ${length} bytes with ${paddingBytes} bytes of padding`,
  );
