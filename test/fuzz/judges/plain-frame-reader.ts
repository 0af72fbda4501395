import type { FrameLimits, FrameSink } from "../../../src/wire/frame-reader.js";
import { Http2Code } from "../../../src/wire/layout.js";

const DATA = 0;
const HEADERS = 1;
const PRIORITY = 2;
const RST_STREAM = 3;
const SETTINGS = 4;
const PUSH_PROMISE = 5;
const PING = 6;
const GOAWAY = 7;
const WINDOW_UPDATE = 8;
const CONTINUATION = 9;

const { PROTOCOL_ERROR, FRAME_SIZE_ERROR, FLOW_CONTROL_ERROR, ENHANCE_YOUR_CALM } = Http2Code;

/** What the bytes come to. */
export interface PlainFrames {
  /**
   * The codes of the rules that the first wrong frame breaks, empty when none is wrong: which of several is reported
   * is the reader's choice.
   */
  readonly broken: readonly number[];
  /** Whole frames before that one. */
  readonly wholeCount: number;
}

/**
 * What a client must make of all the bytes that a server sent, told as RFC 9113 §4 and §6 tell it and with all the
 * bytes at hand.
 */
export const readPlain = (bytes: Uint8Array, sink: FrameSink, limits: FrameLimits): PlainFrames => {
  const input = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let block: { streamId: number; endStream: boolean; fragments: Buffer[]; frameBytes: number } | undefined;
  let continuations = 0;
  let wholeCount = 0;
  const wrong = (...broken: number[]): PlainFrames => ({ broken, wholeCount });

  for (let at = 0, index = 0; input.length - at >= 9; index++) {
    const length = input.readUIntBE(at, 3);
    const type = input.readUInt8(at + 3);
    const flags = input.readUInt8(at + 4);
    const streamId = input.readUInt32BE(at + 5) & 0x7fff_ffff;
    const isAck = (flags & 1) !== 0;
    const endStream = (flags & 1) !== 0;
    const endHeaders = (flags & 4) !== 0;
    const isPadded = (flags & 8) !== 0;
    const hasPriority = (flags & 0x20) !== 0;
    const payload = input.subarray(at + 9, at + 9 + length);
    const isWhole = payload.length === length;
    at += 9 + length;

    // What the header alone decides, before any of the payload is waited for.
    const broken: number[] = [];
    const rule = (holds: boolean, code: number): void => {
      if (!holds) broken.push(code);
    };
    rule(index > 0 || (type === SETTINGS && !isAck), PROTOCOL_ERROR); // §3.4
    rule(block === undefined || (type === CONTINUATION && streamId === block.streamId), PROTOCOL_ERROR); // §6.10
    rule(length <= limits.frameMaxBytes, FRAME_SIZE_ERROR); // §4.2
    switch (type) {
      case DATA:
      case HEADERS:
      case RST_STREAM:
        // A server opens no streams: even numbers are for what it would push.
        rule(streamId % 2 === 1, PROTOCOL_ERROR);
        break;
      case PRIORITY:
        rule(streamId !== 0, PROTOCOL_ERROR);
        break;
      case SETTINGS:
      case PING:
      case GOAWAY:
        rule(streamId === 0, PROTOCOL_ERROR);
        break;
      case WINDOW_UPDATE:
        rule(streamId === 0 || streamId % 2 === 1, PROTOCOL_ERROR);
        break;
      case PUSH_PROMISE:
        broken.push(PROTOCOL_ERROR);
        break;
      case CONTINUATION:
        rule(block !== undefined, PROTOCOL_ERROR);
        if (block === undefined) break;
        rule(continuations < limits.continuationMaxCount, ENHANCE_YOUR_CALM);
        rule(block.frameBytes + length <= limits.headerBlockMaxBytes, ENHANCE_YOUR_CALM);
        break;
      default:
    }
    if (type === DATA) rule(!isPadded || length >= 1, FRAME_SIZE_ERROR);
    if (type === HEADERS) {
      rule(length >= (isPadded ? 1 : 0) + (hasPriority ? 5 : 0), FRAME_SIZE_ERROR);
      rule(length <= limits.headerBlockMaxBytes, ENHANCE_YOUR_CALM);
    }
    if (type === RST_STREAM || type === WINDOW_UPDATE) rule(length === 4, FRAME_SIZE_ERROR);
    if (type === PING) rule(length === 8, FRAME_SIZE_ERROR);
    if (type === GOAWAY) rule(length >= 8, FRAME_SIZE_ERROR);
    if (type === SETTINGS) rule(isAck ? length === 0 : length % 6 === 0, FRAME_SIZE_ERROR);
    if (broken.length > 0) return wrong(...broken);
    if (type === PRIORITY && length !== 5) sink.onStreamError(streamId, FRAME_SIZE_ERROR, "PRIORITY");

    if (type === DATA) {
      // As much of it as came; padding is never part of it.
      const paddingBytes = isPadded ? (payload[0] ?? 0) : 0;
      if (isPadded && payload.length > 0 && paddingBytes >= length) return wrong(PROTOCOL_ERROR);
      const content = payload.subarray(isPadded ? 1 : 0, Math.max(isPadded ? 1 : 0, length - paddingBytes));
      if (isWhole || payload.length > 0)
        sink.onData(streamId, content, 0, content.length, payload.length, isWhole && endStream);
      if (isWhole) wholeCount++;
      continue;
    }
    if (!isWhole) return wrong();
    switch (type) {
      case HEADERS: {
        const paddingBytes = isPadded ? payload[0]! : 0;
        const start = (isPadded ? 1 : 0) + (hasPriority ? 5 : 0);
        if (start + paddingBytes > length) return wrong(PROTOCOL_ERROR);
        const fragment = payload.subarray(start, length - paddingBytes);
        if (endHeaders) sink.onHeaders(streamId, fragment, 0, fragment.length, endStream);
        else block = { streamId, endStream, fragments: [fragment], frameBytes: length };
        continuations = 0;
        break;
      }
      case CONTINUATION: {
        continuations++;
        block!.fragments.push(payload);
        block!.frameBytes += length;
        if (!endHeaders) break;
        const joined = Buffer.concat(block!.fragments);
        sink.onHeaders(streamId, joined, 0, joined.length, block!.endStream);
        block = undefined;
        break;
      }
      case RST_STREAM:
        sink.onRstStream(streamId, payload.readUInt32BE());
        break;
      case SETTINGS: {
        if (isAck) {
          sink.onSettingsAck();
          break;
        }
        for (let entry = 0; entry < length; entry += 6) {
          const value = payload.readUInt32BE(entry + 2);
          switch (payload.readUInt16BE(entry)) {
            case 2:
              if (value !== 0) return wrong(PROTOCOL_ERROR);
              break;
            case 4:
              if (value >= 2 ** 31) return wrong(FLOW_CONTROL_ERROR);
              break;
            case 5:
              if (value < 2 ** 14 || value >= 2 ** 24) return wrong(PROTOCOL_ERROR);
              break;
            default:
          }
        }
        sink.onSettings(payload, 0, length);
        break;
      }
      case PING:
        sink.onPing(isAck, payload, 0);
        break;
      case GOAWAY: {
        const lastStreamId = payload.readUInt32BE() & 0x7fff_ffff;
        if (lastStreamId !== 0 && lastStreamId % 2 === 0) return wrong(PROTOCOL_ERROR);
        sink.onGoaway(lastStreamId, payload.readUInt32BE(4), payload, 8, length);
        break;
      }
      case WINDOW_UPDATE: {
        const increment = payload.readUInt32BE() & 0x7fff_ffff;
        if (increment === 0 && streamId === 0) return wrong(PROTOCOL_ERROR);
        sink.onWindowUpdate(streamId, increment);
        break;
      }
      default:
    }
    wholeCount++;
  }
  return wrong();
};
