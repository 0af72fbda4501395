import fc from "fast-check";
import { expect, test } from "vitest";
import { FrameReader } from "../../src/wire/frame-reader.js";
import type { FrameLimits } from "../../src/wire/frame-reader.js";
import { WireError } from "../../src/wire/wire-error.js";
import {
  RecordingSink,
  cutAt,
  feed,
  frame,
  mergeData,
  settingsFrame,
  testLimits,
} from "../support/frames.js";
import type { FrameEvent } from "../support/frames.js";
import { PlainFrameReader } from "../support/plain-frame-reader.js";

/** The limits that a fast case must not step over, small enough for random frames to do so. */
const limitsNear = fc.record<FrameLimits>({
  frameMaxBytes: fc.constantFrom(30, 44, testLimits.frameMaxBytes, testLimits.frameMaxBytes),
  headerBlockMaxBytes: fc.constantFrom(25, 44, 80, testLimits.headerBlockMaxBytes),
  continuationMaxCount: fc.nat(2),
});

/** DATA and HEADERS with any flags, as often as not on streams of ours, and what else there is. */
const anyFrame = fc
  .tuple(
    fc.oneof(
      { weight: 30, arbitrary: fc.constantFrom(0, 0, 1) },
      { weight: 3, arbitrary: fc.constant(9) },
      { weight: 1, arbitrary: fc.nat(11) },
    ),
    // Of each flag that means something, at random; END_HEADERS mostly set.
    fc.tuple(
      fc.boolean(),
      fc.nat(15).map((n) => n > 0),
      fc.nat(7).map((n) => n === 0),
      fc.nat(7).map((n) => n === 0),
    ),
    fc.oneof({ weight: 30, arbitrary: fc.constantFrom(1, 1, 1, 3, 2 ** 31 - 1, 2 ** 31 + 1) }, fc.nat(4)),
    fc.oneof(
      fc.uint8Array({ maxLength: 45 }),
      // Padding that fits.
      fc.tuple(fc.nat(5), fc.uint8Array({ minLength: 5, maxLength: 30 })).map(([n, b]) => [n, ...b]),
      fc.constantFrom([], [0], new Array<number>(8).fill(1)),
    ),
  )
  .map(([type, [end, endHeaders, padded, priority], id, payload]) =>
    frame(
      type,
      Number(end) | (endHeaders ? 4 : 0) | (padded ? 8 : 0) | (priority ? 0x20 : 0),
      id,
      Uint8Array.from(payload),
    ),
  );

interface Outcome {
  events: FrameEvent[];
  code: number | undefined;
}

const outcome = (read: (sink: RecordingSink) => void): Outcome => {
  const sink = new RecordingSink();
  try {
    read(sink);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return { events: mergeData(sink.events), code: error.code };
  }
  return { events: mergeData(sink.events), code: undefined };
};

test("frames handled where they lie, torn or whole, tell what frames cut out one by one do", () => {
  let eventCount = 0;
  fc.assert(
    fc.property(
      fc.array(anyFrame, { maxLength: 12, size: "max" }),
      fc.array(fc.nat(), { maxLength: 10 }),
      limitsNear,
      fc.nat(30).map((n) => n > 0),
      (frames, cuts, limits, greets) => {
        const bytes = Buffer.concat([...(greets ? [settingsFrame()] : []), ...frames]);
        const expected = outcome((sink) => new PlainFrameReader(sink, limits).read(bytes));
        eventCount += expected.events.length;
        const positions = cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b);
        for (const chunks of [[bytes], cutAt(bytes, positions)]) {
          const actual = outcome((sink) => {
            const reader = new FrameReader(sink, limits);
            for (const chunk of chunks) feed(reader, chunk);
          });
          expect(actual).toEqual(expected);
        }
      },
    ),
    { numRuns: 2_000 },
  );
  expect(eventCount).toBeGreaterThan(1_000);
});
