import fc from "fast-check";
import { expect, test } from "vitest";
import { KeySpace } from "../../../src/client/key-space.js";
import {
  decodeCompaction,
  decodeDeleteRange,
  decodePut,
  decodeRange,
  decodeRangeStream,
  encodeCompaction,
  encodeDeleteRange,
  encodePut,
  encodeRange,
} from "../../../src/client/kv/kv-codec.js";
import { keyValueOf } from "../../../src/client/key-value.js";
import {
  CompactionRequest,
  CompactionResponse,
  DeleteRangeRequest,
  DeleteRangeResponse,
  KeyValue,
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
  RangeStreamResponse,
  ResponseHeader,
} from "../../../src/messages/generated.js";
import { ProtobufError } from "../../../src/wire/protobuf.js";

const { SortOrder, SortTarget } = RangeRequest;
const count = fc.oneof(fc.constant(0), fc.nat(1_000), fc.maxSafeNat());
const lease = fc.oneof(fc.constant(0n), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }));
const bytes = fc.uint8Array({ maxLength: 200 });
const text = fc.string({ unit: "grapheme", maxLength: 60 });

const equalBytes = (actual: Uint8Array, expected: Uint8Array): void => {
  expect(Buffer.from(actual).toString("hex")).toBe(Buffer.from(expected).toString("hex"));
};

test("a range request has the bytes that the generated codec writes", () => {
  const anyFields = fc.record({
    range: fc.record({ key: bytes, rangeEnd: bytes }),
    limit: count,
    revision: count,
    sortOrder: fc.constantFrom(SortOrder.NONE, SortOrder.ASCEND, SortOrder.DESCEND),
    sortTarget: fc.constantFrom(SortTarget.KEY, SortTarget.VERSION, SortTarget.MOD, SortTarget.VALUE),
    serializable: fc.boolean(),
    keysOnly: fc.boolean(),
    countOnly: fc.boolean(),
    minModRevision: count,
    maxModRevision: count,
    minCreateRevision: count,
    maxCreateRevision: count,
  });
  fc.assert(
    fc.property(anyFields, (fields) => {
      const expected = new RangeRequest({
        key: fields.range.key,
        range_end: fields.range.rangeEnd,
        limit: String(fields.limit),
        revision: String(fields.revision),
        sort_order: fields.sortOrder,
        sort_target: fields.sortTarget,
        serializable: fields.serializable,
        keys_only: fields.keysOnly,
        count_only: fields.countOnly,
        min_mod_revision: String(fields.minModRevision),
        max_mod_revision: String(fields.maxModRevision),
        min_create_revision: String(fields.minCreateRevision),
        max_create_revision: String(fields.maxCreateRevision),
      });
      equalBytes(encodeRange(fields), expected.serialize());
    }),
  );
});

test("put, delete and compact requests have the bytes that the generated codec writes", () => {
  const anyPut = fc.record({
    key: bytes,
    value: fc.oneof(bytes, text),
    lease,
    prevKv: fc.boolean(),
    ignoreValue: fc.boolean(),
    ignoreLease: fc.boolean(),
  });
  fc.assert(
    fc.property(anyPut, count, (put, revision) => {
      const expected = new PutRequest({
        key: put.key,
        value: Buffer.from(put.value as string),
        lease: String(put.lease),
        prev_kv: put.prevKv,
        ignore_value: put.ignoreValue,
        ignore_lease: put.ignoreLease,
      });
      equalBytes(encodePut(put), expected.serialize());
      const range = { key: put.key, rangeEnd: Buffer.from(put.value as string) };
      const del = new DeleteRangeRequest({
        key: range.key,
        range_end: range.rangeEnd,
        prev_kv: put.prevKv,
      });
      equalBytes(encodeDeleteRange(range, put.prevKv), del.serialize());
      const compaction = new CompactionRequest({ revision: String(revision), physical: put.prevKv });
      equalBytes(encodeCompaction(revision, put.prevKv), compaction.serialize());
    }),
  );
});

const uint64Text = fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })).map(String);
const countText = count.map(String);
const anyHeader = fc
  .record({ cluster_id: uint64Text, member_id: uint64Text, revision: countText, raft_term: countText })
  .map((fields) => new ResponseHeader(fields));
/** Of the namespace `ns/`. */
const anyKeyValue = fc
  .record({
    key: bytes.map((key) => Buffer.concat([Buffer.from("ns/"), key])),
    value: bytes,
    create_revision: countText,
    mod_revision: countText,
    version: countText,
    lease: lease.map(String),
  })
  .map((fields) => new KeyValue(fields));
const keyValues = fc.array(anyKeyValue, { maxLength: 5 });

const headerOf = ({ cluster_id, revision, raft_term }: ResponseHeader) => ({
  clusterId: cluster_id,
  revision: Number(revision),
  raftTerm: Number(raft_term),
});

test.each([new KeySpace(), new KeySpace().under("ns/")])(
  "replies say what the generated codec says, in the words of their space",
  (space) => {
    fc.assert(
      fc.property(anyHeader, keyValues, fc.boolean(), countText, (header, kvs, more, number) => {
        const range = new RangeResponse({ header, kvs, more, count: number });
        const expectedKvs = kvs.map((kv) => keyValueOf(kv, space));
        const expected = { header: headerOf(header), kvs: expectedKvs, more, count: Number(number) };
        expect(decodeRange(range.serialize(), space)).toEqual(expected);
        const stream = new RangeStreamResponse({ range_response: range });
        expect(decodeRangeStream(stream.serialize(), space)).toEqual(expected);

        const put = new PutResponse({ header });
        if (kvs[0] !== undefined) put.prev_kv = kvs[0];
        expect(decodePut(put.serialize(), space)).toEqual({
          header: headerOf(header),
          previous: expectedKvs[0],
        });
        const deletion = new DeleteRangeResponse({ header, deleted: number, prev_kvs: kvs });
        expect(decodeDeleteRange(deletion.serialize(), space)).toEqual({
          header: headerOf(header),
          deleted: Number(number),
          previous: expectedKvs,
        });
        expect(decodeCompaction(new CompactionResponse({ header }).serialize())).toEqual({
          header: headerOf(header),
        });
      }),
    );
  },
);

test("a reply without anything in it is all zeros", () => {
  const space = new KeySpace();
  const header = { clusterId: "0", revision: 0, raftTerm: 0 };
  const nothing = new Uint8Array(0);
  expect(decodeRange(nothing, space)).toEqual({ header, kvs: [], more: false, count: 0 });
  expect(decodeRangeStream(nothing, space)).toEqual({ header, kvs: [], more: false, count: 0 });
  expect(decodePut(nothing, space)).toEqual({ header, previous: undefined });
  expect(decodeDeleteRange(nothing, space)).toEqual({ header, deleted: 0, previous: [] });
  expect(decodeCompaction(nothing)).toEqual({ header });
});

test("unknown fields are skipped, at every level", () => {
  // Field 200 as each of the four wire types.
  const unknown = Buffer.from("c00c05" + "c10c0102030405060708" + "c20c03616263" + "c50c01020304", "hex");
  const nested = (tag: number, content: Uint8Array): Buffer =>
    Buffer.concat([Buffer.of(tag, content.length), content]);
  const header = nested(0x0a, Buffer.concat([unknown, Buffer.from("1807", "hex")]));
  const kv = nested(0x12, Buffer.concat([unknown, nested(0x0a, Buffer.from("k"))]));
  const reply = decodeRange(Buffer.concat([unknown, header, unknown, kv]), new KeySpace());
  expect(reply.header.revision).toBe(7);
  expect(reply.kvs.map(({ key }) => key.string())).toEqual(["k"]);
  expect(decodeRangeStream(Buffer.concat([unknown, nested(0x0a, kv)]), new KeySpace()).kvs).toHaveLength(1);
});

test("a reply cut off anywhere is refused, or read as far as it goes, and never beyond its end", () => {
  const kv = new KeyValue({ key: Buffer.from("key"), value: Buffer.from("value"), mod_revision: "300" });
  const whole = new RangeResponse({
    header: new ResponseHeader({ cluster_id: "1", revision: "300" }),
    kvs: [kv, kv],
    count: "2",
  }).serialize();
  let refused = 0;
  for (let cut = 0; cut < whole.length; cut++) {
    // Of its own memory: what is behind the cut is not there.
    const part = new Uint8Array(whole.subarray(0, cut));
    try {
      expect(decodeRange(part, new KeySpace()).kvs.length).toBeLessThanOrEqual(2);
    } catch (error) {
      expect(error).toBeInstanceOf(ProtobufError);
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(whole.length / 2);
});

test("a key from outside of the namespace is refused, and a number that would have to be rounded", () => {
  const space = new KeySpace().under("namespace/");
  const outside = new RangeResponse({ kvs: [new KeyValue({ key: Buffer.from("a") })] }).serialize();
  expect(() => decodeRange(outside, space)).toThrow(ProtobufError);
  const large = new RangeResponse({ count: String(2n ** 53n) }).serialize();
  expect(() => decodeRange(large, space)).toThrow(ProtobufError);
});
