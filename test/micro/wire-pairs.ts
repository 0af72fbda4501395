import type * as FrameReaderModule from "../../src/wire/frame-reader.js";
import type * as FrameWriterModule from "../../src/wire/frame-writer.js";
import type * as HpackDecoderModule from "../../src/wire/hpack-decoder.js";
import type * as HuffmanModule from "../../src/wire/huffman.js";
import type * as ProtobufModule from "../../src/wire/protobuf.js";
import type { FrameSink } from "../../src/wire/frame-reader.js";
import { dataFrame, headersFrame, settingsFrame, testLimits } from "../support/frames.js";
import { grpcMessage } from "../support/peer-frames.js";
import { PlainFrameReader } from "../support/plain-frame-reader.js";
import { PlainHpackDecoder } from "../support/plain-hpack-decoder.js";
import { plainHuffmanDecode } from "../support/plain-huffman.js";
import { plainVarint } from "../support/plain-protobuf.js";
import type { PairMaker } from "./measure.js";
import { asIs, Variant } from "./variant.js";

/** Adds up what it is told, so that none of it can be left out. */
class SummingSink implements FrameSink {
  sum = 0;
  onData(streamId: number, _bytes: Uint8Array, start: number, end: number): void {
    this.sum = (this.sum + streamId + end - start) | 0;
  }
  onHeaders(streamId: number, _bytes: Uint8Array, start: number, end: number): void {
    this.sum = (this.sum + streamId + end - start) | 0;
  }
  onRstStream(): void {}
  onSettings(): void {}
  onSettingsAck(): void {}
  onPing(): void {}
  onGoaway(): void {}
  onWindowUpdate(): void {}
  onStreamError(): void {}
}

/** What 200 warm replies look like: HEADERS of two indexed fields, DATA, trailers of two indexed fields. */
const REPLY_COUNT = 200;
const FRAMES_PER_REPLY = 3;
const replies = Buffer.concat(
  Array.from({ length: REPLY_COUNT }, (_, index) => [
    headersFrame(2 * index + 1, Buffer.of(0x88, 0xbe)),
    dataFrame(2 * index + 1, grpcMessage(Buffer.alloc(40))),
    headersFrame(2 * index + 1, Buffer.of(0xbf, 0xc0), { endStream: true }),
  ]).flat(),
);
const frameCount = REPLY_COUNT * FRAMES_PER_REPLY;

const readFrames = (
  reader: { read(bytes: Uint8Array, start: number, end: number): unknown },
  sink: SummingSink,
) => {
  const settings = settingsFrame();
  reader.read(settings, 0, settings.length);
  return (count: number): number => {
    for (let done = 0; done < count; done += frameCount) reader.read(replies, 0, replies.length);
    return sink.sum;
  };
};

const frameReader = async (variant: Variant) => {
  const { FrameReader } = await variant.load<typeof FrameReaderModule>("src/wire/frame-reader.ts");
  const sink = new SummingSink();
  return readFrames(new FrameReader(sink, testLimits), sink);
};

/** Fills the table with the three fields that the warm block refers to. */
const tableBlock = (decode: (block: Buffer) => void): void => {
  for (const [name, value] of [
    ["grpc-message", ""],
    ["grpc-status", "0"],
    ["content-type", "application/grpc"],
  ] as const)
    decode(
      Buffer.concat([
        Buffer.of(0x40, name.length),
        Buffer.from(name),
        Buffer.of(value.length),
        Buffer.from(value),
      ]),
    );
};
const warmBlock = Buffer.of(0x88, 0xbe, 0xbf, 0xc0);

const hpackDecoder = async (variant: Variant, block: Buffer) => {
  const { HpackDecoder } = await variant.load<typeof HpackDecoderModule>("src/wire/hpack-decoder.ts");
  const decoder = new HpackDecoder({ tableMaxBytes: 4_096, listMaxBytes: 16_384 });
  let sum = 0;
  const sink = {
    onField: (field: HpackDecoderModule.HeaderField) =>
      void (sum = (sum + field.kind + field.numericValue) | 0),
  };
  tableBlock((bytes) => decoder.decode(bytes, 0, bytes.length, sink));
  return (count: number): number => {
    for (let i = 0; i < count; i++) decoder.decode(block, 0, block.length, sink);
    return sum;
  };
};

const literalBlock = Buffer.concat([
  Buffer.of(0, 12),
  Buffer.from("grpc-message"),
  Buffer.of(30),
  Buffer.from("etcdserver: too many requests."),
]);

const text = "etcdserver: mvcc: database space exceeded";

const headerWriter = async (variant: Variant) => {
  const { writeFrameHeader } = await variant.load<typeof FrameWriterModule>("src/wire/frame-writer.ts");
  const out = Buffer.alloc(64);
  return (count: number): number => {
    for (let i = 0; i < count; i++) writeFrameHeader(out, i & 31, i & 0xffff, 0, 1, i);
    return out[8]!;
  };
};

/** A revision above 2^31 among them. */
const numbers = Float64Array.of(1, 300, 99_123_456_789, 2 ** 31, 7);

export const wirePairs: readonly PairMaker[] = [
  {
    title: "frame-reader: fast case for whole DATA and HEADERS",
    unit: "frame",
    trick: () => frameReader(asIs()),
    plain: () =>
      frameReader(
        new Variant({
          "src/wire/frame-reader.ts": [
            ["        payloadEnd <= end &&\n        length", "        length < 0 &&\n        length"],
          ],
        }),
      ),
  },
  {
    title: "frame-reader: frames where they lie, not cut out",
    unit: "frame",
    trick: () => frameReader(asIs()),
    plain: () => {
      const sink = new SummingSink();
      return Promise.resolve(readFrames(new PlainFrameReader(sink, testLimits), sink));
    },
  },
  {
    title: "frame-reader: stream id by bytes, not readUInt32BE",
    unit: "frame",
    trick: () => frameReader(asIs()),
    plain: () =>
      frameReader(
        new Variant({
          "src/wire/frame-reader.ts": [
            [
              "((bytes[at]! & 0x7f) << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;",
              "(bytes as Buffer).readUInt32BE(at) & 0x7fffffff;",
            ],
          ],
        }),
      ),
  },
  {
    title: "frame-writer: header by bytes, not writeUInt32BE",
    unit: "header",
    trick: () => headerWriter(asIs()),
    plain: () =>
      headerWriter(
        new Variant({
          "src/wire/frame-writer.ts": [
            [
              "  out[at] = value >>> 24;\n  out[at + 1] = value >>> 16;\n  out[at + 2] = value >>> 8;\n  out[at + 3] = value;\n  return at + 4;",
              "  return (out as Buffer).writeUInt32BE(value >>> 0, at);",
            ],
            [
              "  out[at] = length >>> 16;\n  out[at + 1] = length >>> 8;\n  out[at + 2] = length;\n",
              "  (out as Buffer).writeUIntBE(length, at, 3);\n",
            ],
          ],
        }),
      ),
  },
  {
    title: "hpack-decoder: fields prepared, not made from strings",
    unit: "block of 4",
    trick: () => hpackDecoder(asIs(), warmBlock),
    plain: () => {
      const decoder = new PlainHpackDecoder(4_096, 16_384);
      let sum = 0;
      tableBlock((bytes) => decoder.decode(bytes, () => {}));
      return Promise.resolve((count) => {
        for (let i = 0; i < count; i++)
          decoder.decode(warmBlock, (field) => void (sum = (sum + field.kind + field.numericValue) | 0));
        return sum;
      });
    },
  },
  {
    title: "hpack-decoder: loop into scratch, not a view's toString",
    unit: "field of 42",
    trick: () => hpackDecoder(asIs(), literalBlock),
    plain: () =>
      hpackDecoder(
        new Variant({
          "src/wire/hpack-decoder.ts": [
            [
              "for (let index = 0; index < length; index++) scratch[index] = bytes[start + index]!;",
              "return Buffer.from(bytes.buffer, bytes.byteOffset + start, length).toString('latin1');",
            ],
          ],
        }),
        literalBlock,
      ),
  },
  {
    title: "huffman: four bits a step, not one",
    unit: `text of ${text.length}`,
    trick: async () => {
      const huffman = await asIs().load<typeof HuffmanModule>("src/wire/huffman.ts");
      const bytes = Buffer.alloc(100);
      const length = huffman.huffmanEncode(bytes, 0, text);
      const out = Buffer.alloc(100);
      return (count) => {
        let sum = 0;
        for (let i = 0; i < count; i++) {
          sum += huffman.huffmanDecode(bytes, 0, length, out);
          sum += out.toString("latin1", 0, text.length).length;
        }
        return sum;
      };
    },
    plain: async () => {
      const huffman = await asIs().load<typeof HuffmanModule>("src/wire/huffman.ts");
      const bytes = Buffer.alloc(100);
      const encoded = bytes.subarray(0, huffman.huffmanEncode(bytes, 0, text));
      return (count) => {
        let sum = 0;
        for (let i = 0; i < count; i++) sum += plainHuffmanDecode(encoded)!.length;
        return sum;
      };
    },
  },
  {
    title: "protobuf: varints by shifts, not bigints",
    unit: "5 numbers",
    trick: async () => {
      const { writeVarint } = await asIs().load<typeof ProtobufModule>("src/wire/protobuf.ts");
      const out = Buffer.alloc(64);
      return (count) => {
        let at = 0;
        for (let i = 0; i < count; i++) {
          at = 0;
          for (const value of numbers) at = writeVarint(out, at, value);
        }
        return at;
      };
    },
    plain: () => {
      const out = Buffer.alloc(64);
      return Promise.resolve((count) => {
        let at = 0;
        for (let i = 0; i < count; i++) {
          at = 0;
          for (const value of numbers) for (const byte of plainVarint(value)) out[at++] = byte;
        }
        return at;
      });
    },
  },
];
