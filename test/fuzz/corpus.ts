/** What was recorded, in the pieces that the targets start from. */
import { readFileSync, readdirSync } from "node:fs";

import { FRAME_HEADER_BYTES, Flag, FrameType, PREFACE } from "../../src/wire/layout.js";
import { bytesFrom, parseRecording } from "./recording.js";
import type { Recording } from "./recording.js";

const FOLDER = new URL("./corpus/", import.meta.url);

/** One connection of the corpus. */
export interface Session {
  readonly name: string;
  /** What the server sent, frame by frame; a last one that is not whole is left out. */
  readonly serverFrames: readonly Uint8Array[];
  readonly clientFrames: readonly Uint8Array[];
  /** The streams on which the client sent one message and no more. */
  readonly unaryStreams: ReadonlySet<number>;
}

export const lengthOf = (frame: Uint8Array): number => (frame[0]! << 16) | (frame[1]! << 8) | frame[2]!;
export const typeOf = (frame: Uint8Array): number => frame[3]!;
export const flagsOf = (frame: Uint8Array): number => frame[4]!;
export const streamIdOf = (frame: Uint8Array): number =>
  ((frame[5]! & 0x7f) << 24) | (frame[6]! << 16) | (frame[7]! << 8) | frame[8]!;

/** Cuts at frame borders. What is left when a header or payload is not whole is the last piece. */
export const splitFrames = (bytes: Uint8Array): Uint8Array[] => {
  const pieces: Uint8Array[] = [];
  let at = 0;
  while (bytes.length - at >= FRAME_HEADER_BYTES) {
    const end = at + FRAME_HEADER_BYTES + lengthOf(bytes.subarray(at, at + 3));
    if (end > bytes.length) break;
    pieces.push(bytes.subarray(at, end));
    at = end;
  }
  if (at < bytes.length) pieces.push(bytes.subarray(at));
  return pieces;
};

const wholeFrames = (bytes: Uint8Array): Uint8Array[] =>
  splitFrames(bytes).filter(
    (piece) => piece.length >= FRAME_HEADER_BYTES && piece.length === FRAME_HEADER_BYTES + lengthOf(piece),
  );

const sessionOf = (recording: Recording): Session => {
  const clientFrames = wholeFrames(bytesFrom(recording, "client").subarray(PREFACE.length));
  const data = clientFrames.filter((frame) => typeOf(frame) === FrameType.DATA);
  return {
    name: recording.name,
    serverFrames: wholeFrames(bytesFrom(recording, "server")),
    clientFrames,
    unaryStreams: new Set(
      data.filter((frame) => (flagsOf(frame) & Flag.END_STREAM) !== 0 && lengthOf(frame) > 0).map(streamIdOf),
    ),
  };
};

let loaded: readonly Session[] | undefined;

/** Every connection that was recorded, by name. */
export const sessions = (): readonly Session[] =>
  (loaded ??= readdirSync(FOLDER)
    .filter((file) => file.endsWith(".hex"))
    .sort()
    .map((file) =>
      sessionOf(parseRecording(file.replace(/\.hex$/, ""), readFileSync(new URL(file, FOLDER), "utf8"))),
    ));

/** The header blocks of one direction of each connection, in order. No recording has padding or CONTINUATION. */
export const headerBlocks = (): Uint8Array[][] =>
  sessions()
    .flatMap(({ serverFrames, clientFrames }) => [serverFrames, clientFrames])
    .map((frames) =>
      frames
        .filter((frame) => typeOf(frame) === FrameType.HEADERS)
        .map((frame) => frame.subarray(FRAME_HEADER_BYTES)),
    )
    .filter((blocks) => blocks.length > 0);

/** What came and went in DATA, stream by stream: gRPC messages with their prefixes. */
export const streamContents = (side: "serverFrames" | "clientFrames"): Uint8Array[] =>
  sessions().flatMap((session) => {
    const byStream = new Map<number, Uint8Array[]>();
    for (const frame of session[side]) {
      if (typeOf(frame) !== FrameType.DATA) continue;
      const id = streamIdOf(frame);
      byStream.set(id, [...(byStream.get(id) ?? []), frame.subarray(FRAME_HEADER_BYTES)]);
    }
    return [...byStream.values()].map((parts) => Uint8Array.from(Buffer.concat(parts)));
  });

/** Every message that a server sent, without its prefix. */
export const serverMessages = (): Uint8Array[] =>
  streamContents("serverFrames").flatMap((content) => {
    const messages: Uint8Array[] = [];
    for (let at = 0; content.length - at >= 5;) {
      const end = at + 5 + Buffer.from(content.buffer, content.byteOffset + at + 1, 4).readUInt32BE();
      if (end > content.length) break;
      messages.push(content.subarray(at + 5, end));
      at = end;
    }
    return messages;
  });
