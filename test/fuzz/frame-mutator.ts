import { Flag, FrameType, Setting } from "../../src/wire/layout.js";
import {
  continuationFrame,
  dataFrame,
  frame,
  goawayFrame,
  headersFrame,
  pingFrame,
  priorityFrame,
  pushPromiseFrame,
  rstStreamFrame,
  settingsFrame,
  windowUpdateFrame,
} from "../support/frames.js";
import { flagsOf, lengthOf, streamIdOf, typeOf } from "./corpus.js";
import type { Random } from "./random.js";

/** Values at which a rule of RFC 9113 §6.5.2 or §6.9.1 begins or ends. */
const VALUES = [
  0, 1, 2, 6, 100, 4_096, 16_383, 16_384, 65_535, 65_536, 1_000_000, 0xff_ffff, 0x100_0000, 0x7fff_fffe,
  0x7fff_ffff, 0x8000_0000, 0xffff_ffff,
];
const STREAM_IDS = [0, 1, 2, 3, 5, 7, 101, 0x7fff_ffff, 0x8000_0001, 0xffff_ffff];
const FLAGS = [Flag.END_STREAM, Flag.END_HEADERS, Flag.PADDED, Flag.PRIORITY];

const randomBytes = (random: Random, count: number): Buffer =>
  Buffer.from(Array.from({ length: count }, () => random.uint32() & 0xff));

/** A stream near those that `frames` are about, or one that is wrong. */
const someStreamId = (random: Random, frames: readonly Uint8Array[]): number => {
  if (frames.length === 0 || random.oneIn(4)) return random.pick(STREAM_IDS);
  const id = streamIdOf(random.pick(frames));
  return random.oneIn(4) ? id + 2 : id;
};

/** A frame that was not in the recording: right, or wrong in one of the ways that a frame of its type can be. */
const madeFrame = (random: Random, frames: readonly Uint8Array[]): Uint8Array => {
  const id = someStreamId(random, frames);
  switch (random.below(14)) {
    case 0:
      return settingsFrame(
        Array.from({ length: random.below(4) }, () => [
          random.between(0, Setting.MAX_HEADER_LIST_SIZE + 2),
          random.pick(VALUES),
        ]),
      );
    case 1:
      return windowUpdateFrame(random.oneIn(2) ? 0 : id, random.pick(VALUES));
    case 2:
      return pingFrame(randomBytes(random, random.oneIn(8) ? random.below(12) : 8), random.oneIn(2));
    case 3:
      return goawayFrame(
        random.oneIn(2) ? 0x7fff_ffff : id,
        random.below(15),
        randomBytes(random, random.below(4)),
      );
    case 4:
      return rstStreamFrame(id, random.oneIn(8) ? random.uint32() : random.below(15));
    case 5:
      return priorityFrame(id);
    case 6:
      return pushPromiseFrame(id, 2, randomBytes(random, 3));
    case 7:
      return continuationFrame(id, randomBytes(random, random.below(8)), random.oneIn(2));
    case 8:
      // A type that does not exist.
      return frame(
        random.between(10, 255),
        random.uint32() & 0xff,
        id,
        randomBytes(random, random.below(12)),
      );
    case 9:
      return dataFrame(id, randomBytes(random, random.below(12)), {
        endStream: random.oneIn(4),
        padding: random.oneIn(2) ? random.below(12) : undefined,
      });
    case 10:
      return dataFrame(id, Buffer.alloc(0), { endStream: random.oneIn(2) });
    case 11:
      // gRPC prefixes: one too long for any limit, one compressed, empty messages.
      return dataFrame(
        id,
        Buffer.from(
          random.pick(["00ffffffff", "0000100000", "0100000000", "0000000000", "0200000001ff"]),
          "hex",
        ),
        { endStream: random.oneIn(4) },
      );
    case 12:
      // Indexed fields of the static table: :status 200, 204, 404, and what makes a response malformed.
      return headersFrame(
        id,
        Buffer.from(random.pick(["88", "89", "8d", "81", "20", "", "3fe11f", "88be"]), "hex"),
        {
          endStream: random.oneIn(2),
          endHeaders: !random.oneIn(4),
          priority: random.oneIn(4),
          padding: random.oneIn(4) ? random.below(4) : undefined,
        },
      );
    default:
      return frame(random.below(10), random.uint32() & 0xff, id, randomBytes(random, random.below(16)));
  }
};

/** The payload in several frames: DATA anywhere, HEADERS with CONTINUATION. */
const splitPayload = (random: Random, bytes: Uint8Array): Uint8Array[] => {
  const payload = bytes.subarray(9);
  const id = streamIdOf(bytes);
  const endStream = (flagsOf(bytes) & Flag.END_STREAM) !== 0;
  const parts: Uint8Array[] = [];
  const count = random.oneIn(4) ? random.between(2, 10) : 2;
  for (let at = 0; parts.length < count; at += parts.at(-1)!.length) {
    const isLast = parts.length === count - 1;
    parts.push(payload.subarray(at, isLast ? payload.length : at + random.below(payload.length - at + 1)));
  }
  if (typeOf(bytes) === FrameType.DATA) {
    return parts.map((part, index) =>
      dataFrame(id, part, {
        padding: random.oneIn(2) ? random.below(8) : undefined,
        endStream: endStream && index === count - 1,
      }),
    );
  }
  if (typeOf(bytes) === FrameType.HEADERS) {
    const [first, ...more] = parts;
    return [
      headersFrame(id, first!, { endStream, endHeaders: false, priority: random.oneIn(4) }),
      ...more.map((part, index) => continuationFrame(id, part, index === more.length - 1)),
    ];
  }
  return [bytes];
};

/**
 * One change to a sequence of frames, in place; the frames themselves are never written to. `others` is where
 * foreign frames come from.
 */
export const mutateFrames = (random: Random, frames: Uint8Array[], others: readonly Uint8Array[]): void => {
  const at = random.below(frames.length);
  const chosen = frames[at];
  if (chosen === undefined) {
    frames.push(madeFrame(random, frames));
    return;
  }
  const edited = (edit: (bytes: Uint8Array) => void): void => {
    const copy = Uint8Array.from(chosen);
    edit(copy);
    frames[at] = copy;
  };
  switch (random.below(14)) {
    case 0:
      frames.splice(at, 1);
      return;
    case 1:
      frames.splice(random.below(frames.length + 1), 0, chosen);
      return;
    case 2:
      frames.splice(at, 1);
      frames.splice(random.below(frames.length + 1), 0, chosen);
      return;
    case 3:
      frames.splice(random.below(frames.length + 1), 0, random.pick(others));
      return;
    case 4:
    case 5:
      frames.splice(random.below(frames.length + 1), 0, madeFrame(random, frames));
      return;
    case 6:
      // The length lies.
      edited((bytes) => {
        const length = random.oneIn(2)
          ? Math.max(0, lengthOf(bytes) + random.between(-9, 9))
          : random.pick([0, 1, 4, 5, 8, 16_384, 16_385, 0xff_ffff]);
        bytes[0] = length >>> 16;
        bytes[1] = length >>> 8;
        bytes[2] = length;
      });
      return;
    case 7:
      edited((bytes) => (bytes[3] = random.oneIn(8) ? random.uint32() : random.below(11)));
      return;
    case 8:
      edited((bytes) => (bytes[4]! ^= random.oneIn(4) ? random.uint32() : random.pick(FLAGS)));
      return;
    case 9: {
      const id = someStreamId(random, frames);
      edited((bytes) => {
        for (let i = 0; i < 4; i++) bytes[5 + i] = id >>> (24 - 8 * i);
      });
      return;
    }
    case 10:
    case 11:
      frames.splice(at, 1, ...splitPayload(random, chosen));
      return;
    case 12:
      edited((bytes) => {
        if (bytes.length > 9) bytes[9 + random.below(bytes.length - 9)]! ^= 1 << random.below(8);
      });
      return;
    default:
      // A payload of another length, with a header that says so.
      frames[at] = frame(
        typeOf(chosen),
        flagsOf(chosen),
        streamIdOf(chosen),
        random.oneIn(2)
          ? chosen.subarray(9, 9 + random.below(lengthOf(chosen) + 1))
          : Buffer.concat([chosen.subarray(9), randomBytes(random, random.between(1, 8))]),
      );
  }
};
