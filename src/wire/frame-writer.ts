import { FRAME_HEADER_BYTES, Flag, FrameType } from "./layout.js";

/**
 * Frames into a buffer that has room for them. Each function writes at `at` and returns the position behind what
 * it wrote. Nothing is checked: these are called with our own numbers only.
 */

/** RFC 9113 §6: the whole frame, header included, for whoever reserves room. */
export const SETTINGS_ACK_FRAME_BYTES = FRAME_HEADER_BYTES;
export const PING_FRAME_BYTES = FRAME_HEADER_BYTES + 8;
export const RST_STREAM_FRAME_BYTES = FRAME_HEADER_BYTES + 4;
export const WINDOW_UPDATE_FRAME_BYTES = FRAME_HEADER_BYTES + 4;
/** Without debug data. */
export const GOAWAY_FRAME_BYTES = FRAME_HEADER_BYTES + 8;
export const settingsFrameBytes = (pairCount: number): number => FRAME_HEADER_BYTES + 6 * pairCount;

/** Nine bytes, RFC 9113 §4.1. `length` is the payload's and below 2^24. */
export const writeFrameHeader = (
  out: Uint8Array,
  at: number,
  length: number,
  type: number,
  flags: number,
  streamId: number,
): number => {
  out[at] = length >>> 16;
  out[at + 1] = length >>> 8;
  out[at + 2] = length;
  out[at + 3] = type;
  out[at + 4] = flags;
  return writeUint32(out, at + 5, streamId);
};

/** `pairs` are identifier and value, in the order in which the peer will apply them (RFC 9113 §6.5.3). */
export const writeSettings = (
  out: Uint8Array,
  at: number,
  pairs: readonly (readonly [identifier: number, value: number])[],
): number => {
  let next = writeFrameHeader(out, at, 6 * pairs.length, FrameType.SETTINGS, 0, 0);
  for (const [identifier, value] of pairs) {
    out[next] = identifier >>> 8;
    out[next + 1] = identifier;
    next = writeUint32(out, next + 2, value);
  }
  return next;
};

export const writeSettingsAck = (out: Uint8Array, at: number): number =>
  writeFrameHeader(out, at, 0, FrameType.SETTINGS, Flag.ACK, 0);

/** Eight bytes of `bytes` from `start`: for an ACK, what the peer sent, where `FrameSink.onPing` says it lies. */
export const writePing = (
  out: Uint8Array,
  at: number,
  ack: boolean,
  bytes: Uint8Array,
  start = 0,
): number => {
  const payloadAt = writeFrameHeader(out, at, 8, FrameType.PING, ack ? Flag.ACK : 0, 0);
  for (let index = 0; index < 8; index++) out[payloadAt + index] = bytes[start + index]!;
  return payloadAt + 8;
};

/** `streamId` 0 is the connection's window. `increment` is 1 to 2^31 - 1. */
export const writeWindowUpdate = (out: Uint8Array, at: number, streamId: number, increment: number): number =>
  writeUint32(out, writeFrameHeader(out, at, 4, FrameType.WINDOW_UPDATE, 0, streamId), increment);

export const writeRstStream = (out: Uint8Array, at: number, streamId: number, errorCode: number): number =>
  writeUint32(out, writeFrameHeader(out, at, 4, FrameType.RST_STREAM, 0, streamId), errorCode);

/** `lastStreamId` is the last stream of the peer's that we may have acted on: 0 for a client without push. */
export const writeGoaway = (
  out: Uint8Array,
  at: number,
  lastStreamId: number,
  errorCode: number,
  debug: Uint8Array,
): number => {
  let next = writeFrameHeader(out, at, 8 + debug.length, FrameType.GOAWAY, 0, 0);
  next = writeUint32(out, next, lastStreamId);
  next = writeUint32(out, next, errorCode);
  out.set(debug, next);
  return next + debug.length;
};

/**
 * A typed array keeps the low eight bits of what is stored, so no mask is needed. By bytes, because
 * `writeUInt32BE` checks its bounds: micro "header by bytes", 7 ns a frame header against 22, Node 20.20.
 */
const writeUint32 = (out: Uint8Array, at: number, value: number): number => {
  out[at] = value >>> 24;
  out[at + 1] = value >>> 16;
  out[at + 2] = value >>> 8;
  out[at + 3] = value;
  return at + 4;
};
