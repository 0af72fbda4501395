import { HpackDecoder } from "../../src/wire/hpack-decoder.js";
import { Flag, FrameType, PREFACE, http2CodeName } from "../../src/wire/layout.js";
import { dataFrame, headersFrame } from "./frames.js";

/** One frame that the client sent. `text` is what tests compare: `HEADERS 1`, `DATA 1 7 END_STREAM`, `RST_STREAM 1 CANCEL`. */
export interface ClientFrame {
  readonly text: string;
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
  /** Of a HEADERS frame, `name: value` in order. */
  readonly fields: readonly string[];
}

const typeNames = Object.keys(FrameType);

/**
 * Reads what a client sends, however it is cut. Written apart from `FrameReader`, which is built for what servers
 * send, and strict: the preface comes first, and no frame type may come that the client has no business to send.
 */
export class ClientFrameReader {
  readonly #hpack = new HpackDecoder({ tableMaxBytes: 4_096, listMaxBytes: 1 << 20 });
  #rest = Buffer.alloc(0);
  #sawPreface = false;
  /** The stream of a header block that goes on in CONTINUATION, and its fragments. */
  #block: { streamId: number; fragments: Buffer[] } | undefined;

  read(bytes: Uint8Array): ClientFrame[] {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    if (!this.#sawPreface) {
      if (this.#rest.length < PREFACE.length) return [];
      const preface = this.#rest.toString("latin1", 0, PREFACE.length);
      if (preface !== PREFACE) throw new Error(`not a preface: ${JSON.stringify(preface)}`);
      this.#sawPreface = true;
      this.#rest = this.#rest.subarray(PREFACE.length);
    }
    const frames: ClientFrame[] = [];
    while (this.#rest.length >= 9) {
      const end = 9 + this.#rest.readUIntBE(0, 3);
      if (this.#rest.length < end) break;
      frames.push(
        this.#frame(
          this.#rest.readUInt8(3),
          this.#rest.readUInt8(4),
          this.#rest.readUInt32BE(5),
          this.#rest.subarray(9, end),
        ),
      );
      this.#rest = this.#rest.subarray(end);
    }
    return frames;
  }

  #frame(type: number, flags: number, streamId: number, payload: Buffer): ClientFrame {
    let fields: string[] = [];
    const name = typeNames[type] ?? `TYPE_${type}`;
    if (this.#block !== undefined && type !== FrameType.CONTINUATION) {
      throw new Error(`${name} inside a header block`);
    }
    if (type === FrameType.HEADERS || type === FrameType.CONTINUATION) {
      this.#block ??= { streamId, fragments: [] };
      if (this.#block.streamId !== streamId) throw new Error("a header block on two streams");
      this.#block.fragments.push(payload);
      if ((flags & Flag.END_HEADERS) !== 0) {
        fields = this.#decode(Buffer.concat(this.#block.fragments));
        this.#block = undefined;
      }
    }
    return { text: describe(name, type, flags, streamId, payload), type, flags, streamId, payload, fields };
  }

  #decode(block: Buffer): string[] {
    const fields: string[] = [];
    this.#hpack.decode(block, 0, block.length, {
      onField: ({ name, value }) => fields.push(`${name}: ${value}`),
    });
    return fields;
  }
}

const describe = (name: string, type: number, flags: number, streamId: number, payload: Buffer): string => {
  const end = (flags & Flag.END_STREAM) !== 0;
  switch (type) {
    case FrameType.DATA:
      return `DATA ${streamId} ${payload.length}${end ? " END_STREAM" : ""}`;
    case FrameType.HEADERS:
      return `HEADERS ${streamId}${end ? " END_STREAM" : ""}`;
    case FrameType.CONTINUATION:
      return `CONTINUATION ${streamId}`;
    case FrameType.RST_STREAM:
      return `RST_STREAM ${streamId} ${http2CodeName(payload.readUInt32BE(0))}`;
    case FrameType.SETTINGS:
      return end ? "SETTINGS ACK" : "SETTINGS";
    case FrameType.PING:
      return `PING${end ? " ACK" : ""} ${payload.toString("hex")}`;
    case FrameType.GOAWAY:
      return `GOAWAY ${payload.readUInt32BE(0)} ${http2CodeName(payload.readUInt32BE(4))}`;
    case FrameType.WINDOW_UPDATE:
      return `WINDOW_UPDATE ${streamId} ${payload.readUInt32BE(0)}`;
    default:
      throw new Error(`a client has no business to send ${name}`);
  }
};

/** A header block of literals without Huffman and without the tables: RFC 7541 §6.2.2. */
export const headerBlock = (fields: readonly (readonly [name: string, value: string])[]): Buffer =>
  Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([0]), literal(name), literal(value)]));

const literal = (text: string): Buffer => {
  const bytes = Buffer.from(text, "latin1");
  if (bytes.length < 0x7f) return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  const rest = bytes.length - 0x7f;
  return Buffer.concat([Buffer.from([0x7f, (rest & 0x7f) | 0x80, rest >> 7]), bytes]);
};

/** A gRPC Length-Prefixed-Message. */
export const grpcMessage = (message: string | Uint8Array, compressed = 0): Buffer => {
  const bytes = Buffer.from(message);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt8(compressed, 0);
  prefix.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([prefix, bytes]);
};

export const okHeaders = (streamId: number): Buffer =>
  headersFrame(
    streamId,
    headerBlock([
      [":status", "200"],
      ["content-type", "application/grpc"],
    ]),
  );

export const trailers = (streamId: number, status: number | string = 0, message?: string): Buffer =>
  headersFrame(
    streamId,
    headerBlock([
      ["grpc-status", String(status)],
      ...(message === undefined ? [] : ([["grpc-message", message]] as const)),
    ]),
    { endStream: true },
  );

/** How etcd's plaintext stack answers an error: one HEADERS frame with everything. */
export const trailersOnly = (streamId: number, status: number, message: string): Buffer =>
  headersFrame(
    streamId,
    headerBlock([
      [":status", "200"],
      ["content-type", "application/grpc"],
      ["grpc-status", String(status)],
      ["grpc-message", message],
    ]),
    { endStream: true },
  );

/** A whole unary response. */
export const reply = (streamId: number, message: string | Uint8Array): Buffer =>
  Buffer.concat([okHeaders(streamId), dataFrame(streamId, grpcMessage(message)), trailers(streamId)]);
