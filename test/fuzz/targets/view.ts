import { TxnResponse } from "../../../src/messages/generated.js";
import type { KeyValue } from "../../../src/messages/generated.js";
import { TxnView } from "../../../src/txn/view.js";
import type { KeyValueView, ResponseView } from "../../../src/txn/view.js";
import { ProtobufError, ProtoReader } from "../../../src/wire/protobuf.js";
import { ByteMutator } from "../byte-mutator.js";
import { serverMessages } from "../corpus.js";
import { PlainTxnReader } from "../judges/plain-txn-reader.js";
import type { PlainKeyValue, PlainResponse, PlainTxn } from "../judges/plain-txn-reader.js";
import type { Random } from "../random.js";
import { Finding } from "../target.js";
import type { FuzzTarget } from "../target.js";

const REPLY_MAX_BYTES = 4_096;
/** Where a reply lies in its chunk, so that a view that takes 0 for the start is found. */
const MARGIN_BYTES = 7;

/** A reply's own fields that were recorded, as pieces to build others from: each with its tag. */
const fieldsOf = (bytes: Uint8Array): Uint8Array[] => {
  const reader = new ProtoReader();
  reader.reset(bytes, 0, bytes.length);
  const fields: Uint8Array[] = [];
  try {
    while (reader.at < reader.end) {
      const start = reader.at;
      reader.skip(reader.tag());
      fields.push(bytes.subarray(start, reader.at));
    }
  } catch (error) {
    if (!(error instanceof ProtobufError)) throw error;
  }
  return fields;
};

const delimited = (number: number, content: Uint8Array): Uint8Array => {
  const { length } = content;
  const head = length < 128 ? [length] : [(length & 0x7f) | 0x80, length >> 7];
  return Buffer.concat([Uint8Array.of(8 * number + 2, ...head), content]);
};

/** A varint of any width, in as few bytes as it takes. */
const varintField = (random: Random, number: number): Uint8Array => {
  const bytes = [8 * number];
  let value = (BigInt(random.uint32()) << 32n) | BigInt(random.uint32());
  value >>= BigInt(random.oneIn(8) ? random.below(64) : random.between(11, 63));
  for (; value > 0x7fn; value >>= 7n) bytes.push(Number(value & 0x7fn) | 0x80);
  return Uint8Array.of(...bytes, Number(value));
};

/** Some of the fields 1 to `last` as integers, those in `texts` as bytes, in any order. */
const someFields = (random: Random, last: number, texts: readonly number[]): Uint8Array =>
  Buffer.concat(
    Array.from({ length: random.below(8) }, () => {
      const number = random.between(1, last);
      return texts.includes(number)
        ? delimited(number, Buffer.alloc(random.below(12), 0x61))
        : varintField(random, number);
    }),
  );

/** A header, or a response with keys, that no server of a test would send: numbers of all sizes. */
const madeField = (random: Random): Uint8Array => {
  const keyValue = (number: number): Uint8Array => delimited(number, someFields(random, 6, [1, 5]));
  switch (random.below(4)) {
    case 0:
      return delimited(1, someFields(random, 5, []));
    case 1:
      return delimited(3, delimited(1, Buffer.concat([keyValue(2), varintField(random, 4), keyValue(2)])));
    case 2:
      return delimited(3, delimited(2, keyValue(2)));
    default:
      return delimited(3, delimited(3, Buffer.concat([varintField(random, 2), keyValue(3)])));
  }
};

/**
 * The view of a reply beside a plain reading of the same bytes, which it must always agree with, and beside the
 * generated codec wherever the two have the same rules (`PlainReading.isOdd`).
 */
export const viewTarget = (view: TxnView = new TxnView()): FuzzTarget => {
  const mutator = new ByteMutator(REPLY_MAX_BYTES);
  const plain = new PlainTxnReader();
  const chunk = new Uint8Array(REPLY_MAX_BYTES + 2 * MARGIN_BYTES);
  let replies: Uint8Array[] | undefined;
  let responses: Uint8Array[] = [];

  const load = (): Uint8Array[] => {
    if (replies !== undefined) return replies;
    replies = serverMessages().filter((message) => message.length <= REPLY_MAX_BYTES / 2);
    // Field 3 of a TxnResponse is a ResponseOp; any other answer, Range, Put or DeleteRange, makes one too.
    responses = replies.flatMap((reply) => [
      ...fieldsOf(reply).filter((field) => field[0] === 0x1a),
      ...[1, 2, 3].map((member) => delimited(3, delimited(member, reply))),
    ]);
    return replies;
  };

  const build = (random: Random, recorded: readonly Uint8Array[]): void => {
    mutator.clear();
    if (random.oneIn(3)) {
      mutator.append(random.pick(recorded));
      return;
    }
    for (const field of fieldsOf(random.pick(recorded))) if (field[0] !== 0x1a) mutator.append(field);
    for (let count = random.oneIn(200) ? random.between(120, 135) : random.below(4); count > 0; count--) {
      let response = random.oneIn(3) ? madeField(random) : random.pick(responses);
      // Nested transactions, one in another.
      for (let depth = random.oneIn(6) ? random.between(1, 17) : 0; depth > 0; depth--)
        response = delimited(3, delimited(4, response));
      mutator.append(response);
    }
  };

  return {
    name: "view",
    generate(random) {
      const recorded = load();
      build(random, recorded);
      if (!random.oneIn(8)) {
        const other = random.pick(recorded);
        for (let count = random.between(1, 3); count > 0; count--) mutator.mutate(random, 0, other);
      }
      return mutator.take();
    },
    run(input) {
      const bytes = input.subarray(0, REPLY_MAX_BYTES);
      chunk.set(bytes, MARGIN_BYTES);
      // What stands behind a reply in its chunk is another one: a varint that runs over the end would go on.
      chunk.fill(0xff, MARGIN_BYTES + bytes.length);
      let refusal: string | undefined;
      try {
        view.reset(chunk, MARGIN_BYTES, MARGIN_BYTES + bytes.length);
      } catch (error) {
        if (!(error instanceof ProtobufError)) throw error;
        refusal = error.message;
      }
      const { txn, overLimits, isOdd } = plain.read(bytes);
      if ((refusal === undefined) !== (txn !== undefined))
        throw new Finding(
          `${refusal ?? "accepted"}, and read plainly ${txn === undefined ? "refused" : "accepted"}`,
        );
      if (txn !== undefined) checkTxn(view, txn);
      view.invalidate();
      if (isOdd || overLimits) return;
      let generated: TxnResponse | undefined;
      try {
        generated = TxnResponse.deserialize(bytes);
      } catch {
        // Whatever it throws is its way to refuse.
      }
      if ((generated === undefined) !== (txn === undefined))
        throw new Finding(
          `${refusal ?? "accepted"}, and ${generated === undefined ? "refused" : "accepted"} by the generated codec`,
        );
      if (generated !== undefined) checkGenerated(generated, txn!);
    },
    split: fieldsOfAll,
  };
};

/** All of a reply: its fields, and what is left when they end in rubbish. */
const fieldsOfAll = (input: Uint8Array): Uint8Array[] => {
  const fields = fieldsOf(input);
  const used = fields.reduce((sum, field) => sum + field.length, 0);
  return used < input.length ? [...fields, input.subarray(used)] : fields;
};

const same = (what: string, actual: unknown, expected: unknown): void => {
  if (actual !== expected)
    throw new Finding(`${what} is ${String(actual)}, read plainly ${String(expected)}`);
};

const checkTxn = (view: TxnView, expected: PlainTxn): void => {
  same("succeeded", view.succeeded, expected.succeeded);
  same("revision", view.revision, Number(expected.revision));
  same("raftTerm", view.raftTerm, Number(expected.raftTerm));
  same("memberId", view.memberId, expected.memberId);
  same("responseCount", view.responseCount, expected.responses.length);
  for (const [index, response] of expected.responses.entries()) checkResponse(view.response(index), response);
};

const checkResponse = (view: ResponseView, expected: PlainResponse): void => {
  same("kind", view.kind, expected.kind);
  same("count", view.count, expected.kind === "get" ? Number(expected.total) : 0);
  same("deleted", view.deleted, expected.kind === "delete" ? Number(expected.total) : 0);
  same("more", view.more, expected.more);
  same("kvCount", view.kvCount, expected.kvs.length);
  for (const [index, kv] of expected.kvs.entries()) checkKeyValue(view.kv(index), kv);
  if (expected.txn !== undefined) checkTxn(view.txn, expected.txn);
};

const checkKeyValue = (view: KeyValueView, expected: PlainKeyValue): void => {
  same("key", view.keyEquals(expected.key), true);
  same("value", view.valueEquals(expected.value), true);
  same("createRevision", view.createRevision, Number(expected.createRevision));
  same("modRevision", view.modRevision, Number(expected.modRevision));
  same("version", view.version, Number(expected.version));
  same("lease", view.lease, expected.lease);
};

const checkGenerated = (message: TxnResponse, expected: PlainTxn): void => {
  same("generated succeeded", message.succeeded, expected.succeeded);
  // The type says that there is always a header; an absent one reads undefined all the same.
  const header = message.header;
  same("generated revision", BigInt(header?.revision ?? 0), expected.revision);
  same("generated raft_term", BigInt(header?.raft_term ?? 0), expected.raftTerm);
  same("generated member_id", BigInt(header?.member_id ?? 0), expected.memberId);
  same("generated responses", message.responses.length, expected.responses.length);
  for (const [index, { kind, kvs, total, more, txn }] of expected.responses.entries()) {
    const response = message.responses[index]!;
    const { response_range: range, response_put: put, response_delete_range: deleteRange } = response;
    same("generated get", range !== undefined, kind === "get");
    same("generated put", put !== undefined, kind === "put");
    same("generated delete", deleteRange !== undefined, kind === "delete");
    same("generated count", BigInt(range?.count ?? deleteRange?.deleted ?? 0), total);
    same("generated more", range?.more ?? false, more);
    const generated =
      range?.kvs ?? deleteRange?.prev_kvs ?? (put?.prev_kv === undefined ? [] : [put.prev_kv]);
    same("generated kvs", generated.length, kvs.length);
    for (const [at, kv] of kvs.entries()) checkGeneratedKeyValue(generated[at]!, kv);
    if (txn !== undefined) checkGenerated(response.response_txn!, txn);
  }
};

const checkGeneratedKeyValue = (message: KeyValue, expected: PlainKeyValue): void => {
  same("generated key", expected.key.equals(message.key), true);
  same("generated value", expected.value.equals(message.value), true);
  same("generated create_revision", BigInt(message.create_revision), expected.createRevision);
  same("generated mod_revision", BigInt(message.mod_revision), expected.modRevision);
  same("generated version", BigInt(message.version), expected.version);
  same("generated lease", BigInt(message.lease), expected.lease);
};
