import fc from "fast-check";
import { expect, test } from "vitest";
import { HpackDecoder } from "../../src/wire/hpack-decoder.js";
import {
  fieldMaxBytes,
  HpackEncoder,
  type IndexMode,
  SIZE_UPDATES_MAX_BYTES,
} from "../../src/wire/hpack-encoder.js";

type Field = readonly [name: string, value: string, mode: IndexMode];

const LIST_MAX_BYTES = 1 << 20;

const encodeBlock = (encoder: HpackEncoder, fields: readonly Field[]): Uint8Array => {
  const maxBytes = fields.reduce(
    (sum, [name, value]) => sum + fieldMaxBytes(name, value),
    SIZE_UPDATES_MAX_BYTES,
  );
  const out = new Uint8Array(maxBytes);
  let at = encoder.beginBlock(out, 0);
  for (const [name, value, mode] of fields) at = encoder.encodeField(out, at, name, value, mode);
  expect(at).toBeLessThanOrEqual(maxBytes);
  return out.subarray(0, at);
};

const decodeBlock = (decoder: HpackDecoder, block: Uint8Array): [string, string][] => {
  const fields: [string, string][] = [];
  decoder.decode(block, 0, block.length, { onField: (field) => fields.push([field.name, field.value]) });
  return fields;
};

const pairs = (fields: readonly Field[]): [string, string][] => fields.map(([name, value]) => [name, value]);

const latin1 = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString("latin1"));
const field: fc.Arbitrary<Field> = fc.tuple(
  // A few names and values that come again, so that blocks refer to one another; and any bytes.
  fc.oneof(fc.constantFrom(":path", ":method", "te", "x-a", "x-b", "token", ""), latin1),
  fc.oneof(fc.constantFrom("POST", "/", "trailers", "1", "a value of some length", ""), latin1),
  fc.constantFrom<IndexMode[]>("index", "literal", "never"),
);
const tableBytes = fc.oneof(fc.constantFrom(0, 31, 32, 64, 100, 4096, 65_536), fc.nat(9000));

test("what the encoder writes, the decoder reads, whatever the table sizes and their changes", () => {
  const step = fc.record({
    // Sizes that the peer announces, in order, before the block.
    settings: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, fc.array(tableBytes, { maxLength: 3 })),
    fields: fc.array(field, { maxLength: 12 }),
  });
  fc.assert(
    fc.property(tableBytes, fc.array(step, { maxLength: 20 }), (ownMaxBytes, steps) => {
      const encoder = new HpackEncoder(ownMaxBytes);
      const decoder = new HpackDecoder({ tableMaxBytes: 65_536, listMaxBytes: LIST_MAX_BYTES });
      for (const { settings, fields } of steps) {
        for (const bytes of settings) encoder.setPeerTableMaxBytes(bytes);
        expect(decodeBlock(decoder, encodeBlock(encoder, fields))).toEqual(pairs(fields));
      }
    }),
  );
});

test("a block under which the generation did not move can be dropped or sent again while the number stands", () => {
  const action = fc.record({
    setting: fc.option(tableBytes, { freq: 8 }),
    fields: fc.array(field, { maxLength: 6 }),
    dropped: fc.boolean(),
    resend: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(action, { maxLength: 30 }), (actions) => {
      const encoder = new HpackEncoder();
      const decoder = new HpackDecoder({ tableMaxBytes: 65_536, listMaxBytes: LIST_MAX_BYTES });
      const kept: { generation: number; block: Uint8Array; fields: readonly Field[] }[] = [];
      for (const { setting, fields, dropped, resend } of actions) {
        if (setting !== null) encoder.setPeerTableMaxBytes(setting);
        if (resend) {
          for (const { generation, block, fields: expected } of kept) {
            if (generation === encoder.generation)
              expect(decodeBlock(decoder, block)).toEqual(pairs(expected));
          }
        }
        const generation = encoder.generation;
        const block = encodeBlock(encoder, fields);
        const keepable = generation === encoder.generation;
        if (keepable) kept.push({ generation, block, fields });
        if (!keepable || !dropped) expect(decodeBlock(decoder, block)).toEqual(pairs(fields));
      }
    }),
  );
});
