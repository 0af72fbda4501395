import { Flag, FrameType, Http2Code, Setting } from "../../src/wire/layout.js";
import { gRpcMessage } from "../../bench/null-replies.js";
import {
  continuationFrame,
  dataFrame,
  frame,
  goawayFrame,
  headersFrame,
  hex,
  pingFrame,
  priorityFrame,
  pushPromiseFrame,
  rstStreamFrame,
  settingsAckFrame,
  settingsFrame,
  windowUpdateFrame,
} from "../support/frames.js";
import { headerBlock, okHeaders, trailers } from "../support/peer-frames.js";
import type { HostilePeer } from "./hostile-peer.js";
import { CREDIT_BYTES, repeated } from "./hostile-peer.js";

/** One way to harm a client, as fast as this process can. */
export interface Attack {
  /** The row of the wire checklist, section H (etcd-facts), that it belongs to. */
  readonly row: ChecklistRow;
  /** SETTINGS sent on accept: by default empty ones; `undefined` leaves that to `onAccept`. */
  readonly settings?: readonly (readonly [id: number, value: number])[] | undefined;
  /** It says on request that it leads the cluster, so that the client's calls come to it first. */
  readonly claimsToLead?: boolean;
  /** What its connections do: the client ends them, they end by themselves, or they may stay as they harm nobody. */
  readonly connection: "cut" | "closed by it" | "may stay";
  /** How calls that go to this server and to no other end; none where they may succeed. */
  readonly codes?: readonly string[];
  /** How calls may end that go to the leader: absent, where all must succeed. */
  readonly leaderCodes?: readonly string[];
  /** Of requests to this server; few by default. */
  readonly messageBytes?: number;
  onAccept?(peer: HostilePeer): void;
  onHeaders?(peer: HostilePeer, streamId: number): void;
  onRequest?(peer: HostilePeer, streamId: number): void;
}

export type ChecklistRow =
  | "CONTINUATION flood"
  | "HPACK bomb"
  | "empty frames"
  | "SETTINGS / PING flood"
  | "RST flood"
  | "GOAWAY loop"
  | "data dribble"
  | "window games"
  | "length bombs"
  | "id reuse";

const EMPTY = Buffer.alloc(0);
const PING_BYTES = hex("0102030405060708");
const HUGE = 2 ** 31 - 1;
/** An identifier that no client has got to. */
const IDLE_STREAM = 2 ** 30 + 1;

/** Varint with 7-bit prefix of RFC 7541 §5.1, for lengths of strings without Huffman. */
const literalLength = (length: number): Buffer => {
  if (length < 127) return Buffer.from([length]);
  const bytes = [127];
  let rest = length - 127;
  for (; rest > 127; rest >>= 7) bytes.push((rest & 127) | 128);
  return Buffer.from([...bytes, rest]);
};

/** A literal field that enters the dynamic table, RFC 7541 §6.2.1. */
const indexedLiteral = (name: string, value: string): Buffer =>
  Buffer.concat([
    hex("40"),
    literalLength(name.length),
    Buffer.from(name),
    literalLength(value.length),
    Buffer.from(value),
  ]);

/** `:status: 200` and `:status: 103` without the dynamic table. */
const earlyHints = headerBlock([[":status", "103"]]);

/** A message prefix that promises this many bytes. */
const prefix = (bytes: number): Buffer => {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(bytes, 1);
  return head;
};

const protobuf = (payload: Uint8Array): ((peer: HostilePeer, streamId: number) => void) => {
  const message = gRpcMessage(payload);
  const frames: Buffer[] = [];
  return (peer, streamId) => {
    frames.length = 0;
    for (let at = 0; at < message.length; at += 16_384)
      frames.push(dataFrame(streamId, message.subarray(at, at + 16_384)));
    peer.send(okHeaders(streamId), ...frames, trailers(streamId));
  };
};

/** SETTINGS as long as a frame may be, with one setting that changes from entry to entry. */
const longSettings = (id: number, values: readonly number[]): Buffer =>
  settingsFrame(Array.from({ length: 2_730 }, (_, i) => [id, values[i % values.length]!] as const));

/** Answers the first request with `head` and then floods; the frames name that request's stream. */
const floodsStream =
  (head: (streamId: number) => Buffer, chunk: (streamId: number) => Buffer) =>
  (peer: HostilePeer, streamId: number): void => {
    peer.send(head(streamId));
    peer.flood(chunk(streamId));
  };

const BROKEN = ["ETCD_PROTOCOL"];
/** Where the client has put the server aside, a call that finds no connection ends with the reason of the last one. */
const PATH = ["ETCD_UNREACHABLE", "ETCD_CONNECTION_LOST"];

/**
 * Instead of a code: how calls end at a server that has said nothing for `silenceMs` when it turns out that another
 * one leads. On a busy machine the leader is found late enough for that.
 */
export const GIVEN_UP = "given up as silent";

export const attacks: Readonly<Record<string, Attack>> = {
  "SETTINGS at full speed": {
    row: "SETTINGS / PING flood",
    connection: "cut",
    codes: BROKEN,
    onAccept: (peer) => peer.flood(repeated(settingsFrame())),
  },
  "SETTINGS of 2,730 entries that shake every window": {
    row: "SETTINGS / PING flood",
    connection: "cut",
    codes: BROKEN,
    onRequest: (peer) => peer.flood(longSettings(Setting.INITIAL_WINDOW_SIZE, [0, HUGE >> 1])),
  },
  "SETTINGS of 2,730 entries that resize the header table": {
    row: "SETTINGS / PING flood",
    connection: "cut",
    codes: BROKEN,
    onRequest: (peer) => peer.flood(longSettings(Setting.HEADER_TABLE_SIZE, [0, 4_096, 1, 2 ** 32 - 1])),
  },
  "SETTINGS acknowledgements nobody asked for": {
    row: "SETTINGS / PING flood",
    connection: "cut",
    codes: BROKEN,
    onAccept: (peer) => peer.flood(repeated(settingsAckFrame())),
  },
  "PING at full speed": {
    row: "SETTINGS / PING flood",
    connection: "cut",
    codes: BROKEN,
    onAccept: (peer) => peer.flood(repeated(pingFrame(PING_BYTES))),
  },
  "PING from a peer that reads no answers": {
    row: "SETTINGS / PING flood",
    connection: "cut",
    codes: BROKEN,
    onAccept: (peer) => {
      peer.socket.pause();
      peer.flood(repeated(pingFrame(PING_BYTES)));
    },
  },
  "PING acknowledgements nobody asked for": {
    row: "SETTINGS / PING flood",
    connection: "cut",
    codes: BROKEN,
    onAccept: (peer) => peer.flood(repeated(pingFrame(PING_BYTES, true))),
  },
  "REFUSED_STREAM for every stream": {
    row: "RST flood",
    connection: "may stay",
    codes: ["ETCD_REFUSED"],
    onRequest: (peer, streamId) => peer.send(rstStreamFrame(streamId, Http2Code.REFUSED_STREAM)),
  },
  "REFUSED_STREAM for every stream of a server that claims to lead": {
    row: "RST flood",
    claimsToLead: true,
    connection: "may stay",
    codes: ["ETCD_REFUSED"],
    onRequest: (peer, streamId) => peer.send(rstStreamFrame(streamId, Http2Code.REFUSED_STREAM)),
  },
  "INTERNAL_ERROR for every stream of a server that claims to lead": {
    row: "RST flood",
    claimsToLead: true,
    connection: "may stay",
    codes: ["ETCD_STREAM_RESET"],
    onRequest: (peer, streamId) => peer.send(rstStreamFrame(streamId, Http2Code.INTERNAL_ERROR)),
  },
  "RST_STREAM on a closed stream at full speed": {
    row: "RST flood",
    connection: "cut",
    codes: ["ETCD_STREAM_RESET", ...BROKEN],
    onRequest: (peer, streamId) => peer.flood(repeated(rstStreamFrame(streamId, Http2Code.CANCEL))),
  },
  "empty DATA on an open stream": {
    row: "empty frames",
    connection: "cut",
    codes: BROKEN,
    onRequest: floodsStream(okHeaders, (streamId) => repeated(dataFrame(streamId, EMPTY))),
  },
  "empty DATA on a closed stream": {
    row: "empty frames",
    connection: "cut",
    codes: ["ETCD_STREAM_RESET", ...BROKEN],
    onRequest: floodsStream(
      (streamId) => rstStreamFrame(streamId, Http2Code.CANCEL),
      (streamId) => repeated(dataFrame(streamId, EMPTY)),
    ),
  },
  "DATA of padding alone": {
    row: "empty frames",
    connection: "cut",
    codes: BROKEN,
    onRequest: floodsStream(okHeaders, (streamId) => repeated(dataFrame(streamId, EMPTY, { padding: 1 }))),
  },
  "empty HEADERS": {
    row: "empty frames",
    connection: "cut",
    codes: BROKEN,
    onRequest: (peer, streamId) => peer.flood(repeated(headersFrame(streamId, EMPTY))),
  },
  "trailers of a closed stream again and again": {
    row: "empty frames",
    connection: "cut",
    codes: ["ETCD_STREAM_RESET", ...BROKEN],
    onRequest: floodsStream(
      (streamId) => rstStreamFrame(streamId, Http2Code.CANCEL),
      (streamId) => repeated(trailers(streamId)),
    ),
  },
  "1xx headers without end": {
    row: "empty frames",
    connection: "cut",
    codes: BROKEN,
    onRequest: (peer, streamId) => peer.flood(repeated(headersFrame(streamId, earlyHints))),
  },
  "frames of unknown types": {
    row: "empty frames",
    connection: "cut",
    codes: BROKEN,
    onAccept: (peer) => peer.flood(repeated(frame(0x77, 0xff, 0, EMPTY))),
  },
  "long frames of unknown types": {
    row: "empty frames",
    connection: "may stay",
    codes: ["ETCD_DEADLINE_EXCEEDED"],
    onAccept: (peer) => peer.flood(repeated(frame(0x77, 0xff, 1, Buffer.alloc(16_384)))),
  },
  "PRIORITY at full speed": {
    row: "empty frames",
    connection: "cut",
    codes: BROKEN,
    onAccept: (peer) => peer.flood(repeated(priorityFrame(1))),
  },
  "CONTINUATION, empty and endless": {
    row: "CONTINUATION flood",
    connection: "cut",
    codes: BROKEN,
    onRequest: floodsStream(
      (streamId) => headersFrame(streamId, EMPTY, { endHeaders: false }),
      (streamId) => repeated(continuationFrame(streamId, EMPTY, false)),
    ),
  },
  "CONTINUATION, large and endless": {
    row: "CONTINUATION flood",
    connection: "cut",
    codes: BROKEN,
    onRequest: floodsStream(
      (streamId) => headersFrame(streamId, EMPTY, { endHeaders: false }),
      (streamId) => repeated(continuationFrame(streamId, Buffer.alloc(16_000), false)),
    ),
  },
  "HPACK bomb: one large entry named 16,000 times": {
    row: "HPACK bomb",
    connection: "cut",
    codes: BROKEN,
    onRequest: (peer, streamId) => {
      peer.send(headersFrame(streamId, Buffer.concat([earlyHints, indexedLiteral("x", "y".repeat(4_000))])));
      peer.flood(repeated(headersFrame(streamId, Buffer.alloc(16_000, 0xbe))));
    },
  },
  "HPACK bomb just below the limit, again and again": {
    row: "HPACK bomb",
    connection: "cut",
    codes: ["ETCD_STREAM_RESET", ...BROKEN],
    onRequest: (peer, streamId) => {
      peer.send(headersFrame(streamId, Buffer.concat([earlyHints, indexedLiteral("x", "y".repeat(4_000))])));
      peer.flood(repeated(headersFrame(streamId, Buffer.concat([earlyHints, hex("be be be")]))));
    },
  },
  "a header table that is filled anew by every block": {
    row: "HPACK bomb",
    connection: "cut",
    codes: BROKEN,
    onRequest: (peer, streamId) =>
      peer.flood(
        repeated(headersFrame(streamId, Buffer.concat([earlyHints, indexedLiteral("x", "z".repeat(4_000))]))),
      ),
  },
  "header fields without names": {
    row: "HPACK bomb",
    connection: "cut",
    codes: BROKEN,
    onRequest: (peer, streamId) => peer.flood(repeated(headersFrame(streamId, Buffer.alloc(15_999, 0)))),
  },
  "GOAWAY on every connection": {
    row: "GOAWAY loop",
    connection: "cut",
    codes: ["ETCD_REFUSED", ...PATH],
    onAccept: (peer) => peer.send(goawayFrame(0, Http2Code.NO_ERROR)),
  },
  "GOAWAY on every connection of a server that claims to lead": {
    row: "GOAWAY loop",
    claimsToLead: true,
    connection: "cut",
    codes: ["ETCD_REFUSED", ...PATH],
    onRequest: (peer) => peer.send(goawayFrame(0, Http2Code.NO_ERROR)),
  },
  "GOAWAY at full speed, with calls open": {
    row: "GOAWAY loop",
    connection: "cut",
    codes: [...BROKEN, ...PATH],
    onRequest: (peer) => peer.flood(repeated(goawayFrame(HUGE, Http2Code.NO_ERROR))),
  },
  "accepts and closes": {
    row: "GOAWAY loop",
    settings: undefined,
    connection: "closed by it",
    codes: PATH,
    onAccept: (peer) => peer.socket.end(),
  },
  "accepts and resets": {
    row: "GOAWAY loop",
    settings: undefined,
    connection: "closed by it",
    codes: PATH,
    onAccept: (peer) => peer.socket.resetAndDestroy(),
  },
  "says SETTINGS and closes": {
    row: "GOAWAY loop",
    connection: "closed by it",
    codes: PATH,
    onAccept: (peer) => peer.socket.end(),
  },
  "closes at the first request, and claims to lead": {
    row: "GOAWAY loop",
    claimsToLead: true,
    connection: "closed by it",
    codes: PATH,
    onRequest: (peer) => peer.socket.end(),
  },
  "garbage instead of SETTINGS": {
    row: "id reuse",
    settings: undefined,
    connection: "cut",
    codes: ["ETCD_NOT_ETCD"],
    onAccept: (peer) => peer.flood(Buffer.alloc(65_536, 0xaa)),
  },
  "a message of 4 GiB": {
    row: "length bombs",
    connection: "may stay",
    codes: ["ETCD_MESSAGE_TOO_LARGE"],
    onRequest: (peer, streamId) => peer.send(okHeaders(streamId), dataFrame(streamId, hex("00 ffffffff 00"))),
  },
  "a message just below the limit promised on every stream": {
    row: "length bombs",
    connection: "may stay",
    codes: ["ETCD_DEADLINE_EXCEEDED"],
    onRequest: (peer, streamId) =>
      peer.send(
        okHeaders(streamId),
        dataFrame(streamId, Buffer.concat([prefix(64 * 1024 * 1024), hex("00")])),
      ),
  },
  "protobuf lengths beyond the message": {
    row: "length bombs",
    claimsToLead: true,
    connection: "may stay",
    leaderCodes: BROKEN,
    // TxnResponse.header of 2^31-1 bytes.
    onRequest: protobuf(hex("0a ffffffff07")),
  },
  "a protobuf varint without end": {
    row: "length bombs",
    claimsToLead: true,
    connection: "may stay",
    leaderCodes: BROKEN,
    onRequest: protobuf(Buffer.alloc(4_096, 0xff)),
  },
  "protobuf messages nested 1,000 deep": {
    row: "length bombs",
    claimsToLead: true,
    connection: "may stay",
    leaderCodes: BROKEN,
    // TxnResponse.responses (3) > ResponseOp.response_txn (4) > TxnResponse.responses ...
    onRequest: protobuf(nested(1_000)),
  },
  "a reply of 10,000 empty responses": {
    row: "length bombs",
    claimsToLead: true,
    connection: "may stay",
    leaderCodes: BROKEN,
    onRequest: protobuf(Buffer.alloc(20_000, hex("1a 00"))),
  },
  "WINDOW_UPDATE by 2^31-1": {
    row: "window games",
    connection: "cut",
    codes: BROKEN,
    onRequest: (peer, streamId) =>
      peer.flood(repeated(windowUpdateFrame(streamId, HUGE), windowUpdateFrame(0, HUGE))),
  },
  "WINDOW_UPDATE by 0": {
    row: "window games",
    connection: "cut",
    codes: BROKEN,
    onRequest: (peer, streamId) =>
      peer.flood(repeated(windowUpdateFrame(streamId, 0), windowUpdateFrame(0, 0))),
  },
  "WINDOW_UPDATE by 1 at full speed": {
    row: "window games",
    connection: "cut",
    codes: BROKEN,
    onAccept: (peer) => peer.flood(repeated(windowUpdateFrame(0, 1))),
  },
  "windows of 1 byte": {
    row: "window games",
    settings: [[Setting.INITIAL_WINDOW_SIZE, 1]],
    connection: "may stay",
    codes: ["ETCD_DEADLINE_EXCEEDED"],
    onHeaders: (peer, streamId) => peer.dribble(1, () => windowUpdateFrame(streamId, 1)),
  },
  "windows of 0 bytes": {
    row: "window games",
    settings: [[Setting.INITIAL_WINDOW_SIZE, 0]],
    connection: "may stay",
    codes: ["ETCD_DEADLINE_EXCEEDED"],
  },
  "windows that shrink and grow by SETTINGS": {
    row: "window games",
    connection: "cut",
    codes: BROKEN,
    onRequest: (peer) =>
      peer.flood(
        repeated(
          settingsFrame([[Setting.INITIAL_WINDOW_SIZE, 0]]),
          settingsFrame([[Setting.INITIAL_WINDOW_SIZE, HUGE >> 1]]),
        ),
      ),
  },
  "no streams allowed": {
    row: "window games",
    settings: [[Setting.MAX_CONCURRENT_STREAMS, 0]],
    connection: "may stay",
    codes: ["ETCD_DEADLINE_EXCEEDED"],
  },
  "a peer that grants huge windows and never reads": {
    row: "window games",
    settings: [[Setting.INITIAL_WINDOW_SIZE, HUGE]],
    connection: "may stay",
    codes: ["ETCD_DEADLINE_EXCEEDED", "ETCD_REFUSED"],
    messageBytes: 64 * 1024,
    onAccept: (peer) => {
      peer.send(windowUpdateFrame(0, HUGE - 65_535 - CREDIT_BYTES));
      peer.socket.pause();
    },
  },
  "one message byte per DATA frame at full speed": {
    row: "data dribble",
    connection: "may stay",
    codes: ["ETCD_DEADLINE_EXCEEDED", ...BROKEN],
    onRequest: floodsStream(
      (streamId) => Buffer.concat([okHeaders(streamId), dataFrame(streamId, prefix(4 * 1024 * 1024))]),
      (streamId) => repeated(dataFrame(streamId, hex("00"))),
    ),
  },
  "DATA for a closed stream at full speed": {
    row: "data dribble",
    connection: "cut",
    codes: ["ETCD_STREAM_RESET", ...BROKEN],
    onRequest: floodsStream(
      (streamId) => rstStreamFrame(streamId, Http2Code.CANCEL),
      (streamId) => repeated(dataFrame(streamId, Buffer.alloc(16_384))),
    ),
  },
  "an answer byte by byte": {
    row: "data dribble",
    connection: "may stay",
    codes: ["ETCD_DEADLINE_EXCEEDED"],
    onRequest: (peer, streamId) => {
      const bytes = Buffer.concat([okHeaders(streamId), dataFrame(streamId, prefix(1_000))]);
      let at = 0;
      peer.dribble(10, () => (at < bytes.length ? bytes.subarray(at, ++at) : EMPTY));
    },
  },
  "HEADERS on an idle stream": {
    row: "id reuse",
    connection: "cut",
    codes: BROKEN,
    onRequest: (peer) => peer.flood(repeated(okHeaders(IDLE_STREAM))),
  },
  "DATA on an idle stream": {
    row: "id reuse",
    connection: "cut",
    codes: BROKEN,
    onRequest: (peer) => peer.flood(repeated(dataFrame(IDLE_STREAM, PING_BYTES))),
  },
  "RST_STREAM on an idle stream": {
    row: "id reuse",
    connection: "cut",
    codes: BROKEN,
    onRequest: (peer) => peer.flood(repeated(rstStreamFrame(IDLE_STREAM, 0))),
  },
  "a stream of the server's own": {
    row: "id reuse",
    connection: "cut",
    codes: BROKEN,
    onRequest: (peer) => peer.flood(repeated(okHeaders(2))),
  },
  "PUSH_PROMISE at full speed": {
    row: "id reuse",
    connection: "cut",
    codes: BROKEN,
    onRequest: (peer, streamId) => peer.flood(repeated(pushPromiseFrame(streamId, 2, earlyHints))),
  },
  "frames of 16 MiB": {
    row: "id reuse",
    connection: "cut",
    codes: BROKEN,
    onRequest: (peer, streamId) => {
      const head = frame(FrameType.DATA, Flag.PADDED, streamId, Buffer.alloc(1));
      head.writeUIntBE(2 ** 24 - 1, 0, 3);
      peer.flood(repeated(head));
    },
  },
};

/** TxnResponse in ResponseOp in TxnResponse, `depth` times. */
function nested(depth: number): Buffer {
  let message: Buffer = Buffer.alloc(0);
  for (let i = 0; i < depth; i++) {
    message = Buffer.concat([hex("22"), varint(message.length), message]);
    message = Buffer.concat([hex("1a"), varint(message.length), message]);
  }
  return message;
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (; value > 127; value >>>= 7) bytes.push((value & 127) | 128);
  return Buffer.from([...bytes, value]);
}
