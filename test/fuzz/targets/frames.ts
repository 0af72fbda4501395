import { FrameReader } from "../../../src/wire/frame-reader.js";
import type { FrameLimits, FrameSink } from "../../../src/wire/frame-reader.js";
import { Http2Code } from "../../../src/wire/layout.js";
import { WireError } from "../../../src/wire/wire-error.js";
import { ByteMutator } from "../byte-mutator.js";
import { sessions, splitFrames } from "../corpus.js";
import { EventDigest } from "../event-digest.js";
import { mutateFrames } from "../frame-mutator.js";
import { readPlain } from "../judges/plain-frame-reader.js";
import { Random } from "../random.js";
import { Finding } from "../target.js";
import type { FuzzTarget } from "../target.js";

/** The first byte chooses the limits, and with the next three where the bytes are cut. */
const CONTROL_BYTES = 4;
/** Most inputs are far below; a few long DATA frames pass. */
const INPUT_MAX_BYTES = 24 * 1024;
const WINDOW_MAX_FRAMES = 12;
const LONG_FRAME_BYTES = 1_024;

const LIMITS: readonly FrameLimits[] = [
  { frameMaxBytes: 16_384, headerBlockMaxBytes: 16_384, continuationMaxCount: 8 },
  { frameMaxBytes: 16_384, headerBlockMaxBytes: 128, continuationMaxCount: 2 },
];

/** The one rule about chunks, not bytes: how many frames that bring nothing may come in one read. */
const isFlood = (error: WireError | undefined): boolean =>
  error?.code === Http2Code.ENHANCE_YOUR_CALM && error.message.includes("empty or ignored frames");

/** What of a reader the test looks into: no buffer of its own may outgrow the limits. */
interface Insides {
  readonly block: Uint8Array;
  readonly payload: Uint8Array;
}

export type MakeFrameReader = (sink: FrameSink, limits: FrameLimits) => FrameReader;

/**
 * The frame reader, fed the same bytes whole, byte by byte and cut at random, and beside a plain reading of the
 * RFC. All four must tell the same events and break off at the same place with the same error.
 */
export const framesTarget = (
  makeReader: MakeFrameReader = (sink, limits) => new FrameReader(sink, limits),
): FuzzTarget => {
  const mutator = new ByteMutator(INPUT_MAX_BYTES);
  const digest = new EventDigest();
  const cuts = new Random(0);

  /** Reads in which a frame ended, the last one that failed not counted. */
  let endedCount = 0;

  /** The error that ended the reading, if one did; the events are in `digest`. */
  const feed = (bytes: Uint8Array, limits: FrameLimits, nextBytes: () => number): WireError | undefined => {
    digest.reset();
    endedCount = 0;
    const reader = makeReader(digest, limits);
    try {
      for (let at = 0; at < bytes.length;) {
        const end = Math.min(bytes.length, at + nextBytes());
        if (reader.read(bytes, at, end)) endedCount++;
        at = end;
      }
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      checkDead(reader, error, bytes);
      return error;
    } finally {
      checkBuffers(reader, limits);
    }
    return undefined;
  };

  const checkDead = (reader: FrameReader, error: WireError, bytes: Uint8Array): void => {
    const { eventCount } = digest;
    let again: unknown;
    try {
      reader.read(bytes, 0, bytes.length);
    } catch (thrown) {
      again = thrown;
    }
    if (again !== error || digest.eventCount !== eventCount) {
      throw new Finding(`a reader that failed with "${error.message}" reads on`);
    }
  };

  const checkBuffers = (reader: FrameReader, limits: FrameLimits): void => {
    const { block, payload } = reader as unknown as Insides;
    // They double, from 256.
    const blockMaxBytes = Math.max(256, 2 * limits.headerBlockMaxBytes);
    const payloadMaxBytes = Math.max(256, 2 * limits.frameMaxBytes);
    if (block.length > blockMaxBytes) throw new Finding(`the block buffer has ${block.length} bytes`);
    if (payload.length > payloadMaxBytes) throw new Finding(`the payload buffer has ${payload.length} bytes`);
  };

  return {
    name: "frames",
    generate(random) {
      const session = random.pick(sessions());
      const other = random.pick(sessions());
      const source = random.oneIn(8) ? session.clientFrames : session.serverFrames;
      const frames: Uint8Array[] = random.oneIn(20) ? [] : [session.serverFrames[0]!];
      const start = random.below(source.length);
      const end = start + random.between(1, WINDOW_MAX_FRAMES);
      for (const frame of source.slice(start, end)) {
        if (frame.length < LONG_FRAME_BYTES || random.oneIn(20)) frames.push(frame);
      }
      for (let count = random.below(4); count > 0; count--) mutateFrames(random, frames, other.serverFrames);
      // A flood of one frame, around the number at which it becomes one.
      if (frames.length > 0 && random.oneIn(400)) {
        const flood = frames.at(-1)!;
        for (let count = random.between(200, 300); count > 0; count--) frames.push(flood);
      }
      mutator.clear();
      const control = random.uint32();
      for (let shift = 0; shift < 8 * CONTROL_BYTES; shift += 8) mutator.appendByte(control >>> shift);
      for (const frame of frames) mutator.append(frame);
      if (random.oneIn(2)) {
        const foreign = random.pick(other.serverFrames);
        for (let count = random.between(1, 3); count > 0; count--)
          mutator.mutate(random, CONTROL_BYTES, foreign);
      }
      return mutator.take();
    },
    run(input) {
      const bytes = input.subarray(CONTROL_BYTES);
      const limits = LIMITS[input.length > 0 && input[0]! % 8 === 0 ? 1 : 0]!;
      cuts.seed(input[0] ?? 0, input[1] ?? 0, input[2] ?? 0, input[3] ?? 0);

      const whole = feed(bytes, limits, () => bytes.length);
      const events = digest.finish();
      if (isFlood(whole)) return;
      const compare = (name: string, error: WireError | undefined): void => {
        if (error?.code !== whole?.code || error?.message !== whole?.message)
          throw new Finding(
            `whole: ${whole?.message ?? "no error"}; ${name}: ${error?.message ?? "no error"}`,
          );
        if (digest.finish() !== events)
          throw new Finding(`${name}, the events differ from those of one chunk`);
      };
      compare(
        "byte by byte",
        feed(bytes, limits, () => 1),
      );
      const endedByByte = endedCount;
      compare(
        "cut at random",
        feed(bytes, limits, () => (cuts.oneIn(3) ? cuts.between(1, 400) : cuts.below(24))),
      );

      digest.reset();
      const { broken, wholeCount } = readPlain(bytes, digest, limits);
      if (whole === undefined ? broken.length > 0 : !broken.includes(whole.code)) {
        throw new Finding(
          `the RFC read plainly says ${broken.join(" or ") || "no error"}, the reader ${whole?.message ?? "no error"}`,
        );
      }
      if (digest.finish() !== events)
        throw new Finding("the events differ from those of the RFC read plainly");
      if (endedByByte !== wholeCount)
        throw new Finding(`${endedByByte} frames ended byte by byte, ${wholeCount} by the RFC read plainly`);
    },
    split: (input) => [input.subarray(0, CONTROL_BYTES), ...splitFrames(input.subarray(CONTROL_BYTES))],
  };
};
