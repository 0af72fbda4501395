/**
 * What the null server says, built field by field so that it does not depend on the codec under test. The sizes are
 * those of a real etcd: a compare that held and one small key returned.
 */

const varint = (value: bigint): number[] => {
  const bytes: number[] = [];
  for (; value > 127n; value >>= 7n) bytes.push(Number(value & 127n) | 128);
  bytes.push(Number(value));
  return bytes;
};

/** Field numbers below 16 only: the tag is one byte (protobuf encoding, "Message Structure"). */
const integer = (field: number, value: bigint | number): Uint8Array =>
  Uint8Array.of(field << 3, ...varint(BigInt(value)));

const bytes = (field: number, payload: Uint8Array): Uint8Array =>
  Buffer.concat([Uint8Array.of((field << 3) | 2, ...varint(BigInt(payload.length))), payload]);

const message = (field: number, ...parts: Uint8Array[]): Uint8Array => bytes(field, Buffer.concat(parts));

const text = (field: number, value: string): Uint8Array => bytes(field, Buffer.from(value));

/** gRPC's Length-Prefixed-Message, not compressed. */
export const gRpcMessage = (payload: Uint8Array): Uint8Array => {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(payload.length, 1);
  return Buffer.concat([prefix, payload]);
};

/** Complete gRPC messages, prefix included. */
export interface CannedReplies {
  readonly txn: Uint8Array;
  readonly range: Uint8Array;
  readonly put: Uint8Array;
  readonly deleteRange: Uint8Array;
  readonly status: Uint8Array;
  /** For requests of `isBulkRequest`; as `txn` where there is none. */
  readonly bulk?: Uint8Array | undefined;
}

/**
 * The null server does not decode what it is asked: a request for one key is told from others by its key, which comes
 * first in the message (field 1, its length in one byte). No message that a Txn begins with has these letters there.
 */
export const KEY_OF_CALL = { get: "get/key", put: "put/key", delete: "delete/key" } as const;
/** What is put, and what the canned replies have. */
export const KV_VALUE = "sixteen bytes ok";
/** Behind the gRPC prefix: field 1's tag and length. */
const KEY_OFFSET = 5 + 2;

/** The reply to a request whose first bytes these are, for those that are not told by their length. */
export const replyTo = (request: Uint8Array, start: number, replies: CannedReplies): Uint8Array => {
  switch (request[start + KEY_OFFSET]) {
    case 0x67: // g
      return replies.range;
    case 0x70: // p
      return replies.put;
    case 0x64: // d
      return replies.deleteRange;
    default:
      return replies.txn;
  }
};

/**
 * In the same way a request says by its length that it wants the long reply: far
 * above a Txn's and far below that of a request which is bulk itself.
 */
export const BULK_KEY_BYTES = 1_000;
/** The long reply, in values of 1 MiB. */
export const BULK_MIB = 64;
export const isBulkRequest = (requestBytes: number): boolean =>
  requestBytes >= BULK_KEY_BYTES && requestBytes < 4 * BULK_KEY_BYTES;

const CLUSTER_ID = 0xcdf8_181e_3277_a49cn;
const MEMBER_ID = 0x8e9e_05c5_2164_694dn;
const REVISION = 1_000_042;
const RAFT_TERM = 7;

/** ResponseHeader: cluster_id = 1, member_id = 2, revision = 3, raft_term = 4. */
const header = message(
  1,
  integer(1, CLUSTER_ID),
  integer(2, MEMBER_ID),
  integer(3, REVISION),
  integer(4, RAFT_TERM),
);

/** KeyValue: key = 1, create_revision = 2, mod_revision = 3, version = 4, value = 5. */
const keyValue = [
  text(1, "bench/key"),
  integer(2, REVISION),
  integer(3, REVISION),
  integer(4, 1),
  text(5, KV_VALUE),
];

export const cannedReplies: CannedReplies = {
  // TxnResponse: header = 1, succeeded = 2, responses = 3; ResponseOp: response_range = 1;
  // RangeResponse: header = 1 (etcd fills in the revision only), kvs = 2, count = 4.
  txn: gRpcMessage(
    Buffer.concat([
      header,
      integer(2, 1),
      message(3, message(1, message(1, integer(3, REVISION)), message(2, ...keyValue), integer(4, 1))),
    ]),
  ),
  // RangeResponse: header = 1, kvs = 2, count = 4.
  range: gRpcMessage(Buffer.concat([header, message(2, ...keyValue), integer(4, 1)])),
  // PutResponse: header = 1.
  put: gRpcMessage(header),
  // DeleteRangeResponse: header = 1, deleted = 2.
  deleteRange: gRpcMessage(Buffer.concat([header, integer(2, 1)])),
  // StatusResponse: header = 1, version = 2, dbSize = 3, leader = 4, raftIndex = 5, raftTerm = 6. The member that
  // answers is the leader, so that a client that routes by leader stays here.
  status: gRpcMessage(
    Buffer.concat([
      header,
      text(2, "3.6.0"),
      integer(3, 20_480),
      integer(4, MEMBER_ID),
      integer(5, REVISION),
      integer(6, RAFT_TERM),
    ]),
  ),
};

/** A TxnResponse whose one range has so many values of such a size. */
export const bulkReply = (valueCount: number, valueBytes: number): Uint8Array => {
  const value = Buffer.alloc(valueBytes, "v");
  const keyValues = Array.from({ length: valueCount }, (_, i) =>
    message(
      2,
      text(1, `bench/bulk/${i}`),
      integer(2, REVISION),
      integer(3, REVISION),
      integer(4, 1),
      bytes(5, value),
    ),
  );
  const range = Buffer.concat([message(1, integer(3, REVISION)), ...keyValues, integer(4, valueCount)]);
  return gRpcMessage(Buffer.concat([header, integer(2, 1), message(3, message(1, range))]));
};
