import { leaderHead, memberHead } from "../../rpc/method.js";
import type { Method, MethodPolicy, ReplyHeader } from "../../rpc/method.js";
import type { RequestHead } from "../../connection/request-head.js";
import { decodeWith } from "../define-method.js";
import type { KeySpace } from "../key-space.js";
import { decodeCompaction, decodeDeleteRange, decodePut, decodeRange } from "./kv-codec.js";
import type { CompactionReply, DeleteReply, PutReply, RangeReply } from "./kv-codec.js";

const RANGE_HEAD = leaderHead("/etcdserverpb.KV/Range");
/** A member answers serializable reads alone, without a leader too. */
const SERIALIZABLE_RANGE_HEAD = memberHead("/etcdserverpb.KV/Range");
const PUT_HEAD = leaderHead("/etcdserverpb.KV/Put");
const DELETE_RANGE_HEAD = leaderHead("/etcdserverpb.KV/DeleteRange");
const COMPACT_HEAD = leaderHead("/etcdserverpb.KV/Compact");

/** The call's bytes are made by whoever makes the call; a reply says its keys as `space` knows them. */
const defineKvMethod = <Reply extends { readonly header: ReplyHeader }>(
  name: string,
  head: RequestHead,
  policy: MethodPolicy,
  decode: (bytes: Uint8Array) => Reply,
  isLinearizable = false,
): Method<Uint8Array, Reply> => ({
  head,
  policy,
  isLinearizable,
  encode: (message) => message,
  decode: decodeWith({ name, deserializeBinary: decode }),
  header: ({ header }) => header,
});

/** The unary methods of etcd's KV service but Txn, for the keys of one space. */
export class KvMethods {
  readonly range: Method<Uint8Array, RangeReply>;
  readonly serializableRange: Method<Uint8Array, RangeReply>;
  readonly put: Method<Uint8Array, PutReply>;
  /** For those who say that a repeat does no harm. */
  readonly repeatablePut: Method<Uint8Array, PutReply>;
  readonly deleteRange: Method<Uint8Array, DeleteReply>;
  readonly repeatableDeleteRange: Method<Uint8Array, DeleteReply>;
  /** Repeatable: a second one is refused with "compacted", which says that the first has done it. */
  readonly compact: Method<Uint8Array, CompactionReply>;

  constructor(space: KeySpace) {
    const range = (bytes: Uint8Array): RangeReply => decodeRange(bytes, space);
    const put = (bytes: Uint8Array): PutReply => decodePut(bytes, space);
    const deleteRange = (bytes: Uint8Array): DeleteReply => decodeDeleteRange(bytes, space);
    this.range = defineKvMethod("RangeResponse", RANGE_HEAD, "read", range, true);
    this.serializableRange = defineKvMethod("RangeResponse", SERIALIZABLE_RANGE_HEAD, "read", range);
    this.put = defineKvMethod("PutResponse", PUT_HEAD, "nonRepeatable", put);
    this.repeatablePut = { ...this.put, policy: "repeatable" };
    this.deleteRange = defineKvMethod("DeleteRangeResponse", DELETE_RANGE_HEAD, "nonRepeatable", deleteRange);
    this.repeatableDeleteRange = { ...this.deleteRange, policy: "repeatable" };
    this.compact = defineKvMethod("CompactionResponse", COMPACT_HEAD, "repeatable", decodeCompaction);
  }
}
