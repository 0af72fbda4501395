import { FrameType } from "../../src/wire/layout.js";
import { ByteMutator } from "./byte-mutator.js";
import { sessions, streamIdOf, typeOf } from "./corpus.js";
import type { Session } from "./corpus.js";
import { mutateFrames } from "./frame-mutator.js";
import type { Random } from "./random.js";
import { Operation, serverStep, step } from "./script.js";

const FRAMES_MAX_COUNT = 60;
/** A step holds two bytes of length, and one read of the client's 64 KiB. */
const CHUNK_MAX_BYTES = 40_000;

const mutator = new ByteMutator(CHUNK_MAX_BYTES);

/** What the client may do at any time, besides making the calls that the recording answers. */
const clientStep = (random: Random): Uint8Array => {
  const operation = random.pick([
    Operation.UNARY,
    Operation.STREAM,
    Operation.SEND,
    Operation.SEND,
    Operation.END,
    Operation.CANCEL,
    Operation.PAUSE,
    Operation.RESUME,
    Operation.RESUME,
    Operation.TIME,
    Operation.TIME,
    Operation.TURN,
    Operation.BLOCK,
    Operation.WRITTEN,
    Operation.STALL,
  ]);
  return step(operation, random.below(256), random.below(256));
};

/** The frames of a recording from its start, changed; of two, the second without its SETTINGS or with. */
const mutatedFrames = (random: Random, session: Session, other: Session): Uint8Array[] => {
  const frames = session.serverFrames.slice(0, random.between(1, FRAMES_MAX_COUNT));
  if (random.oneIn(6))
    frames.push(...other.serverFrames.slice(random.below(2), random.between(2, FRAMES_MAX_COUNT)));
  for (let count = random.below(6); count > 0; count--) mutateFrames(random, frames, other.serverFrames);
  return frames;
};

/**
 * A recorded server that makes mistakes, and a client whose calls are those that it answers: frames are changed,
 * swapped, doubled, left out or taken from another connection, bytes are flipped, reads are cut anywhere, and
 * either side may end it at any time.
 *
 * @param start bytes before the first step
 */
export const generateScript = (random: Random, start: Uint8Array): Uint8Array => {
  const all = sessions();
  const session = random.pick(all);
  const other = random.pick(all);
  const frames = mutatedFrames(random, session, other);
  const parts: Uint8Array[] = [start];
  const meddles = random.between(2, 20);
  let callCount = 0;

  for (let at = 0; at < frames.length;) {
    const chunk = frames.slice(at, at + (random.oneIn(2) ? 1 : random.between(1, 6)));
    at += chunk.length;
    for (const frame of chunk) {
      if (frame.length < 9 || typeOf(frame) !== FrameType.HEADERS) continue;
      // Ids go 1, 3, 5: enough calls that this one has been made. Never very many, whatever the id says.
      const wanted = Math.min((streamIdOf(frame) + 1) >> 1, callCount + 8);
      for (; callCount < wanted; callCount++) {
        const unary = session.unaryStreams.has(2 * callCount + 1) !== random.oneIn(10);
        parts.push(step(unary ? Operation.UNARY : Operation.STREAM, random.below(256), random.below(64)));
        if (!unary && random.oneIn(2)) parts.push(step(Operation.SEND, callCount, random.below(64)));
      }
    }
    if (random.oneIn(meddles)) parts.push(clientStep(random));
    mutator.clear();
    for (const frame of chunk) mutator.append(frame);
    if (random.oneIn(12)) mutator.mutate(random, 0, random.pick(other.serverFrames));
    const bytes = mutator.take();
    // A read may end anywhere.
    const cut = random.oneIn(3) ? random.below(bytes.length + 1) : bytes.length;
    if (cut > 0) parts.push(serverStep(bytes.subarray(0, cut)));
    if (random.oneIn(meddles)) parts.push(clientStep(random));
    if (cut < bytes.length && !random.oneIn(40)) parts.push(serverStep(bytes.subarray(cut)));
    if (random.oneIn(120))
      parts.push(
        step(random.pick([Operation.CLOSE, Operation.DRAIN, Operation.CLIENT_CLOSE]), random.below(2)),
      );
  }
  // More calls at once than the table of streams begins with, between what the server sent and its end.
  for (let count = random.oneIn(30) ? 80 : 0; count > 0; count--) parts.push(step(Operation.UNARY, count));
  if (random.oneIn(2)) parts.push(step(Operation.CLOSE, random.below(2)));
  return Uint8Array.from(Buffer.concat(parts));
};
