import { afterEach, expect } from "vitest";
import { FrameType } from "../../src/wire/layout.js";
import { hex, pingFrame } from "./frames.js";
import type { ClientFrame } from "./peer-frames.js";
import { call } from "./recorded-call.js";
import type { Outcome } from "./recorded-call.js";
import type { PeerConnection } from "./scripted-peer.js";
import { dial, dialOpen } from "./wire-connection.js";
import type { WireConnection } from "./wire-connection.js";

/** `dial` and `dialOpen` for one test file: what they open is closed after each test. */
export const dialer = (): { dial: typeof dial; dialOpen: typeof dialOpen } => {
  const opened: WireConnection[] = [];
  afterEach(async () => {
    for (const wire of opened.splice(0)) await wire.close();
  });
  const kept = async (wire: Promise<WireConnection>): Promise<WireConnection> => {
    opened.push(await wire);
    return wire;
  };
  return {
    dial: (...args) => kept(dial(...args)),
    dialOpen: (...args) => kept(dialOpen(...args)),
  };
};

/** 0, 4, 8, ... so that a lost, doubled or moved byte is seen. */
export const counting = (bytes: number): Buffer => {
  const buffer = Buffer.alloc(bytes);
  for (let at = 0; at + 4 <= bytes; at += 4) buffer.writeUInt32BE(at, at);
  return buffer;
};

/** `toEqual` looks at a megabyte byte by byte, for seconds. */
export const expectSameBytes = (actual: Uint8Array, expected: Uint8Array): void => {
  expect(actual.length).toBe(expected.length);
  expect(Buffer.compare(actual, expected)).toBe(0);
};

const MARK = hex("6d61726b6d61726b");

/** A PING behind the peer's frames: its ACK says that the client has done all that those made it do. */
export const markFrame = pingFrame(MARK);
const MARK_ACK = `PING ACK ${MARK.toString("hex")}`;

/** What the client sends up to the ACK of `markFrame`, or up to the end of the connection. */
export const framesUntilMark = async (peer: PeerConnection): Promise<ClientFrame[]> => {
  const frames: ClientFrame[] = [];
  for (;;) {
    let frame;
    try {
      frame = await peer.next();
    } catch (error) {
      if ((error as Error).message !== "the client closed the connection") throw error;
      return frames;
    }
    if (frame.text === MARK_ACK) return frames;
    frames.push(frame);
  }
};

/** Sends frames and returns the texts of all that the client sends because of them. */
export const provoke = async (peer: PeerConnection, ...frames: readonly Uint8Array[]): Promise<string[]> => {
  peer.send(...frames, markFrame);
  return (await framesUntilMark(peer)).map((frame) => frame.text);
};

/** Takes DATA frames, and others between them, until this many payload bytes of them came. Their texts. */
export const takeData = async (peer: PeerConnection, bytes: number): Promise<ClientFrame[]> => {
  const frames: ClientFrame[] = [];
  for (let left = bytes; left > 0;) {
    const frame = await peer.next();
    frames.push(frame);
    if (frame.type === FrameType.DATA) left -= frame.payload.length;
    if (left < 0) throw new Error(`${-left} bytes more than the window allows`);
  }
  return frames;
};

/** What came of one unary call on stream 1. */
export interface Exchange {
  outcomes: readonly Outcome[];
  /** What the client sent in answer to the peer's frames. */
  sent: readonly string[];
  events: readonly string[];
}

/** One unary call; the peer answers it with these frames. */
export const exchange = async (wire: WireConnection, frames: readonly Uint8Array[]): Promise<Exchange> => {
  const recorded = call(wire.connection);
  await wire.peer.expect("HEADERS 1", "DATA 1 10 END_STREAM");
  const sent = await provoke(wire.peer, ...frames);
  return { outcomes: recorded.outcomes, sent, events: wire.listener.events };
};

/** Outcomes that many tests expect. */
export const brokenStream: Outcome = { code: "ETCD_PROTOCOL", mayHaveApplied: true, grpcCode: 13 };
export const brokenConnection: Outcome = { code: "ETCD_PROTOCOL", mayHaveApplied: true, grpcCode: 14 };
export const noStatus: Outcome = { code: "ETCD_UNAVAILABLE", mayHaveApplied: true, grpcCode: 14 };
export const lost: Outcome = { code: "ETCD_CONNECTION_LOST", mayHaveApplied: true, grpcCode: 14 };
export const refused: Outcome = { code: "ETCD_REFUSED", mayHaveApplied: false, grpcCode: 14 };

/** The exchange that a broken connection ends: GOAWAY with this code, and the close. */
export const connectionError = (http2Code: string): Exchange => ({
  outcomes: [brokenConnection],
  sent: [`GOAWAY 0 ${http2Code}`],
  events: ["open", "close ETCD_PROTOCOL"],
});

/** The exchange that costs the call only: RST_STREAM with this code. */
export const streamError = (http2Code: string): Exchange => ({
  outcomes: [brokenStream],
  sent: [`RST_STREAM 1 ${http2Code}`],
  events: ["open"],
});
