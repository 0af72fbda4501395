import { FrameReader } from "../../src/wire/frame-reader.js";
import type { FrameLimits, FrameSink } from "../../src/wire/frame-reader.js";
import { Flag, FrameType } from "../../src/wire/layout.js";

/** Bytes written as hex, with white space wherever it helps. */
export const hex = (text: string): Buffer => {
  const digits = text.replace(/\s/g, "");
  if (!/^([0-9a-f]{2})*$/i.test(digits)) throw new Error(`not hex: ${text}`);
  return Buffer.from(digits, "hex");
};

// Builders of whole frames, RFC 9113 §4.1 and §6. Made without frame-writer.ts, so that they can judge it.

export const frame = (type: number, flags: number, streamId: number, payload: Uint8Array): Buffer => {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, payload]);
};

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

/** `padding` is the number of bytes behind the content; 0 sets the PADDED flag too. Absent means no flag. */
interface Padding {
  padding?: number | undefined;
}

const padded = (content: Uint8Array, { padding }: Padding): Buffer =>
  padding === undefined
    ? Buffer.from(content)
    : Buffer.concat([Buffer.from([padding]), content, Buffer.alloc(padding)]);

const flag = (isSet: boolean | undefined, bit: number): number => (isSet === true ? bit : 0);

export interface DataOptions extends Padding {
  endStream?: boolean | undefined;
}

export const dataFrame = (streamId: number, content: Uint8Array, options: DataOptions = {}): Buffer =>
  frame(
    FrameType.DATA,
    flag(options.endStream, Flag.END_STREAM) | flag(options.padding !== undefined, Flag.PADDED),
    streamId,
    padded(content, options),
  );

export interface HeadersOptions extends Padding {
  endStream?: boolean | undefined;
  /** Default true. */
  endHeaders?: boolean | undefined;
  /** Adds the five deprecated bytes of RFC 9113 §6.2. */
  priority?: boolean | undefined;
}

export const headersFrame = (
  streamId: number,
  fragment: Uint8Array,
  options: HeadersOptions = {},
): Buffer => {
  const priority = options.priority === true ? hex("80000001 0f") : Buffer.alloc(0);
  return frame(
    FrameType.HEADERS,
    flag(options.endStream, Flag.END_STREAM) |
      flag(options.endHeaders ?? true, Flag.END_HEADERS) |
      flag(options.padding !== undefined, Flag.PADDED) |
      flag(options.priority, Flag.PRIORITY),
    streamId,
    padded(Buffer.concat([priority, fragment]), options),
  );
};

export const continuationFrame = (streamId: number, fragment: Uint8Array, endHeaders = true): Buffer =>
  frame(FrameType.CONTINUATION, flag(endHeaders, Flag.END_HEADERS), streamId, fragment);

export const priorityFrame = (streamId: number): Buffer =>
  frame(FrameType.PRIORITY, 0, streamId, hex("00000001 0f"));

export const rstStreamFrame = (streamId: number, errorCode: number): Buffer =>
  frame(FrameType.RST_STREAM, 0, streamId, uint32(errorCode));

export const settingsFrame = (
  pairs: readonly (readonly [identifier: number, value: number])[] = [],
): Buffer =>
  frame(
    FrameType.SETTINGS,
    0,
    0,
    Buffer.concat(
      pairs.map(([identifier, value]) =>
        Buffer.concat([Buffer.from([identifier >> 8, identifier]), uint32(value)]),
      ),
    ),
  );

export const settingsAckFrame = (): Buffer => frame(FrameType.SETTINGS, Flag.ACK, 0, Buffer.alloc(0));

export const pushPromiseFrame = (streamId: number, promisedId: number, fragment: Uint8Array): Buffer =>
  frame(FrameType.PUSH_PROMISE, Flag.END_HEADERS, streamId, Buffer.concat([uint32(promisedId), fragment]));

export const pingFrame = (bytes: Uint8Array, ack = false): Buffer =>
  frame(FrameType.PING, flag(ack, Flag.ACK), 0, bytes);

export const goawayFrame = (
  lastStreamId: number,
  errorCode: number,
  debug: Uint8Array = Buffer.alloc(0),
): Buffer => frame(FrameType.GOAWAY, 0, 0, Buffer.concat([uint32(lastStreamId), uint32(errorCode), debug]));

export const windowUpdateFrame = (streamId: number, increment: number): Buffer =>
  frame(FrameType.WINDOW_UPDATE, 0, streamId, uint32(increment));

/** What a `FrameSink` was told. Bytes are copied, as hex. */
export type FrameEvent =
  | { type: "data"; streamId: number; content: string; flowBytes: number; endStream: boolean }
  | { type: "headers"; streamId: number; block: string; endStream: boolean }
  | { type: "rstStream"; streamId: number; errorCode: number }
  | { type: "settings"; payload: string }
  | { type: "settingsAck" }
  | { type: "ping"; ack: boolean; bytes: string }
  | { type: "goaway"; lastStreamId: number; errorCode: number; debug: string }
  | { type: "windowUpdate"; streamId: number; increment: number }
  | { type: "streamError"; streamId: number; errorCode: number };

const toHex = (bytes: Uint8Array, start: number, end: number): string => {
  if (start > end || start < 0 || end > bytes.length) throw new Error(`bad range ${start} to ${end}`);
  return Buffer.from(bytes.subarray(start, end)).toString("hex");
};

/** Keeps every call, DATA parts one by one. */
export class RecordingSink implements FrameSink {
  readonly events: FrameEvent[] = [];

  onData(
    streamId: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    flowBytes: number,
    endStream: boolean,
  ): void {
    this.events.push({ type: "data", streamId, content: toHex(bytes, start, end), flowBytes, endStream });
  }

  onHeaders(streamId: number, bytes: Uint8Array, start: number, end: number, endStream: boolean): void {
    this.events.push({ type: "headers", streamId, block: toHex(bytes, start, end), endStream });
  }

  onRstStream(streamId: number, errorCode: number): void {
    this.events.push({ type: "rstStream", streamId, errorCode });
  }

  onSettings(bytes: Uint8Array, start: number, end: number): void {
    this.events.push({ type: "settings", payload: toHex(bytes, start, end) });
  }

  onSettingsAck(): void {
    this.events.push({ type: "settingsAck" });
  }

  onPing(ack: boolean, bytes: Uint8Array, start: number): void {
    this.events.push({ type: "ping", ack, bytes: toHex(bytes, start, start + 8) });
  }

  onGoaway(
    lastStreamId: number,
    errorCode: number,
    bytes: Uint8Array,
    debugStart: number,
    debugEnd: number,
  ): void {
    this.events.push({ type: "goaway", lastStreamId, errorCode, debug: toHex(bytes, debugStart, debugEnd) });
  }

  onWindowUpdate(streamId: number, increment: number): void {
    this.events.push({ type: "windowUpdate", streamId, increment });
  }

  onStreamError(streamId: number, errorCode: number): void {
    this.events.push({ type: "streamError", streamId, errorCode });
  }
}

/** Joins neighbouring DATA of one stream up to its END_STREAM: how often DATA was cut is not part of the meaning. */
export const mergeData = (events: readonly FrameEvent[]): FrameEvent[] => {
  const merged: FrameEvent[] = [];
  for (const event of events) {
    const last = merged.at(-1);
    if (
      event.type === "data" &&
      last?.type === "data" &&
      last.streamId === event.streamId &&
      !last.endStream
    ) {
      merged[merged.length - 1] = {
        ...event,
        content: last.content + event.content,
        flowBytes: last.flowBytes + event.flowBytes,
      };
    } else {
      merged.push(event);
    }
  }
  return merged;
};

export const testLimits: FrameLimits = {
  frameMaxBytes: 16_384,
  headerBlockMaxBytes: 32_768,
  continuationMaxCount: 8,
};

/** Where a chunk lies in the buffer that `feed` reads from, so that a reader that takes 0 for `start` is found. */
const CHUNK_OFFSET = 5;

/** Gives a chunk to the reader as a socket with one fixed buffer does: among other bytes, and overwritten later. */
export const feed = (reader: FrameReader, chunk: Uint8Array): void => {
  const buffer = Buffer.alloc(chunk.length + 2 * CHUNK_OFFSET, 0xee);
  buffer.set(chunk, CHUNK_OFFSET);
  try {
    reader.read(buffer, CHUNK_OFFSET, CHUNK_OFFSET + chunk.length);
  } finally {
    buffer.fill(0xee);
  }
};

/** The events of a connection that arrives in these chunks; DATA as `mergeData` leaves it. */
export const readFrames = (
  chunks: readonly Uint8Array[],
  limits: Partial<FrameLimits> = {},
): FrameEvent[] => {
  const sink = new RecordingSink();
  const reader = new FrameReader(sink, { ...testLimits, ...limits });
  for (const chunk of chunks) feed(reader, chunk);
  return mergeData(sink.events);
};

/** Cuts at these positions, given in rising order. Equal ones make empty chunks. */
export const cutAt = (bytes: Uint8Array, positions: readonly number[]): Uint8Array[] => {
  const edges = [0, ...positions, bytes.length];
  return edges.slice(1).map((edge, index) => bytes.subarray(edges[index], edge));
};

export const cutEveryByte = (bytes: Uint8Array): Uint8Array[] =>
  Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
