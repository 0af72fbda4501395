import type { FrameSink } from "../../src/wire/frame-reader.js";

/**
 * Boils all that a `FrameReader` says down to one number, fast enough for millions of inputs. Neighbouring DATA of
 * one stream counts as one up to its END_STREAM, as in `mergeData`: how often it was cut is not part of the meaning.
 */
export class EventDigest implements FrameSink {
  #hash = 0;
  #eventCount = 0;
  /** The stream whose DATA may still go on; -1 for none. */
  #dataStreamId = -1;
  #flowBytes = 0;

  reset(): void {
    this.#hash = 0x811c_9dc5;
    this.#eventCount = 0;
    this.#dataStreamId = -1;
    this.#flowBytes = 0;
  }

  get eventCount(): number {
    return this.#eventCount;
  }

  /** The number. The last DATA ends with it. */
  finish(): number {
    this.#endData();
    return this.#hash;
  }

  onData(
    streamId: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    flowBytes: number,
    endStream: boolean,
  ): void {
    if (this.#dataStreamId !== streamId) {
      this.#begin(1);
      this.#fold(streamId);
      this.#dataStreamId = streamId;
    }
    this.#foldBytes(bytes, start, end);
    this.#flowBytes += flowBytes;
    if (!endStream) return;
    this.#endData();
    this.#fold(-1);
  }

  onHeaders(streamId: number, bytes: Uint8Array, start: number, end: number, endStream: boolean): void {
    this.#begin(2);
    this.#fold(streamId);
    this.#foldBytes(bytes, start, end);
    this.#fold(endStream ? 1 : 0);
  }

  onRstStream(streamId: number, errorCode: number): void {
    this.#begin(3);
    this.#fold(streamId);
    this.#fold(errorCode);
  }

  onSettings(bytes: Uint8Array, start: number, end: number): void {
    this.#begin(4);
    this.#foldBytes(bytes, start, end);
  }

  onSettingsAck(): void {
    this.#begin(5);
  }

  onPing(ack: boolean, bytes: Uint8Array, start: number): void {
    this.#begin(6);
    this.#fold(ack ? 1 : 0);
    this.#foldBytes(bytes, start, start + 8);
  }

  onGoaway(
    lastStreamId: number,
    errorCode: number,
    bytes: Uint8Array,
    debugStart: number,
    debugEnd: number,
  ): void {
    this.#begin(7);
    this.#fold(lastStreamId);
    this.#fold(errorCode);
    this.#foldBytes(bytes, debugStart, debugEnd);
  }

  onWindowUpdate(streamId: number, increment: number): void {
    this.#begin(8);
    this.#fold(streamId);
    this.#fold(increment);
  }

  onStreamError(streamId: number, errorCode: number): void {
    this.#begin(9);
    this.#fold(streamId);
    this.#fold(errorCode);
  }

  #begin(type: number): void {
    this.#endData();
    this.#eventCount++;
    this.#fold(type);
  }

  #endData(): void {
    if (this.#dataStreamId < 0) return;
    this.#fold(this.#flowBytes);
    this.#dataStreamId = -1;
    this.#flowBytes = 0;
  }

  #foldBytes(bytes: Uint8Array, start: number, end: number): void {
    if (start > end || start < 0 || end > bytes.length)
      throw new Error(`bytes ${start} to ${end} of ${bytes.length}`);
    let hash = this.#hash;
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x0100_0193);
    this.#hash = hash;
    // DATA goes on from part to part, so only what is whole has a length.
    if (this.#dataStreamId < 0) this.#fold(end - start);
  }

  #fold(value: number): void {
    this.#hash = Math.imul(this.#hash ^ value, 0x85eb_ca6b) ^ (this.#hash >>> 13);
  }
}
