import fc from "fast-check";
import { expect, test } from "vitest";
import {
  ProtobufError,
  ProtoReader,
  int64FromHalves,
  uint64FromHalves,
  varint64Bytes,
  varintBytes,
  writeVarint,
  writeVarint64,
} from "../../src/wire/protobuf.js";
import { PlainProtoReader, plainVarint } from "../support/plain-protobuf.js";

/** What one thing read is, as text. */
type Read<Reader> = (reader: Reader) => string;

const text = (value: unknown): string => String(value);
const slot = new Float64Array(3);

/** The same question to both readers. */
const questions = {
  tag: [(r) => text(r.tag()), (r) => text(r.tag())],
  uint32: [(r) => text(r.uint32()), (r) => text(r.uint32())],
  bool: [(r) => text(r.bool()), (r) => text(r.bool())],
  safeInteger: [(r) => text(r.safeInteger()), (r) => text(r.safeInteger())],
  safeIntegerInto: [
    (r) => {
      slot.fill(-7);
      r.safeIntegerInto(slot, 1);
      return slot.join();
    },
    (r) => `-7,${r.safeInteger()},-7`,
  ],
  int64: [(r) => text(r.int64()), (r) => text(r.int64())],
  uint64: [(r) => text(r.uint64()), (r) => text(r.uint64())],
  halves: [
    (r) => {
      r.varint64();
      return text(int64FromHalves(r.high, r.low));
    },
    (r) => text(r.int64()),
  ],
  bytes: [
    (r) => {
      const length = r.lengthDelimited();
      const bytes = r.bytes.subarray(r.at, r.at + length);
      r.at += length;
      return Buffer.from(bytes).toString("hex");
    },
    (r) => Buffer.from(r.bytes()).toString("hex"),
  ],
  submessage: [
    (r) => {
      const outerEnd = r.enter();
      const bytes = r.bytes.subarray(r.at, r.end);
      r.leave(outerEnd);
      return Buffer.from(bytes).toString("hex");
    },
    (r) => Buffer.from(r.bytes()).toString("hex"),
  ],
  field: [
    (r) => {
      const tag = r.tag();
      r.skip(tag);
      return text(tag);
    },
    (r) => {
      const tag = r.tag();
      r.skip(tag);
      return text(tag);
    },
  ],
} satisfies Record<string, readonly [Read<ProtoReader>, Read<PlainProtoReader>]>;

const varint = fc.oneof(
  fc.nat(127),
  fc.nat(2 ** 31 - 1),
  fc.maxSafeNat(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
  fc.constantFrom(2n ** 53n - 1n, 2n ** 53n, -(2n ** 53n), -(2n ** 53n) - 1n, 2n ** 32n - 1n, 2n ** 32n),
);
/** Numbers, also longer than they need to be, fields with what they promise, and noise. */
const piece = fc.oneof(
  { weight: 4, arbitrary: varint.map(plainVarint) },
  { weight: 1, arbitrary: fc.nat(9).map((more) => [...Array<number>(more).fill(0x80), 1]) },
  { weight: 1, arbitrary: fc.nat(12).map((count) => Array<number>(count).fill(0xff)) },
  {
    weight: 2,
    arbitrary: fc.uint8Array({ maxLength: 10 }).map((bytes) => [...plainVarint(bytes.length), ...bytes]),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.nat(200), fc.nat(7), fc.uint8Array({ maxLength: 10 }))
      .map(([field, wireType, bytes]) => [
        ...plainVarint(field * 8 + wireType),
        ...(wireType === 2 ? plainVarint(bytes.length) : []),
        ...bytes,
      ]),
  },
);

/** What was read and what is left, or `undefined` for a refusal, after which the place means nothing. */
const ask = (question: () => string, left: () => number): [string, number] | undefined => {
  try {
    return [question(), left()];
  } catch (error) {
    if (error instanceof ProtobufError || (error as Error).message === "not protobuf") return undefined;
    throw error;
  }
};

test("halves and short cuts read what bigints do, and refuse the same", () => {
  const names = Object.keys(questions) as (keyof typeof questions)[];
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 12 }),
      fc.array(fc.constantFrom(...names), { minLength: 12, maxLength: 12 }),
      (pieces, asked) => {
        const bytes = Uint8Array.from(pieces.flat());
        const reader = new ProtoReader();
        // What stands behind the end would end a number, or go on with one.
        const beyond = bytes.length % 2 === 0 ? [1, 1] : [0xff, 1];
        reader.reset(Uint8Array.from([0xff, 0xff, ...bytes, ...beyond]), 2, 2 + bytes.length);
        const plain = new PlainProtoReader(bytes);
        for (const name of asked) {
          const [fast, slow] = questions[name];
          const expected = ask(
            () => slow(plain),
            () => plain.rest.length,
          );
          expect(
            ask(
              () => fast(reader),
              () => reader.end - reader.at,
            ),
          ).toEqual(expected);
          if (expected === undefined) return;
        }
      },
    ),
    { numRuns: 2_000 },
  );
});

test("shifts and leading zeros write and measure what bigints do", () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer(), fc.maxSafeNat(), (high, low, number) => {
      const out = new Uint8Array(12);
      const end = writeVarint64(out, 1, high, low);
      expect([...out.subarray(1, end)]).toEqual(plainVarint(uint64FromHalves(high, low)));
      expect(varint64Bytes(high, low)).toBe(end - 1);
      expect(varint64Bytes(0, low)).toBe(plainVarint(low >>> 0).length);
      const numberEnd = writeVarint(out, 1, number);
      expect([...out.subarray(1, numberEnd)]).toEqual(plainVarint(number));
      expect(varintBytes(number)).toBe(numberEnd - 1);
    }),
    { numRuns: 2_000 },
  );
});
