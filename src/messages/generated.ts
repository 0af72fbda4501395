/**
 * Every message class and service client of etcd's API, by its own name: `RangeRequest`, `KVClient`,
 * `RangeRequest.SortOrder.ASCEND`. The one module that imports `generated/`.
 *
 * What to know about a message:
 * - a 64-bit field is a decimal string (`numbers.ts` converts), and an absent one reads `"0"`;
 * - an absent submessage reads `undefined`, and `undefined` removes it;
 * - of a oneof, the member set last counts; `message.has_<member>` and the oneof's own name tell which;
 * - `serialize()` gives bytes, the static `deserialize(bytes)` reads them and skips fields it does not know.
 */
export * from "../../generated/auth.js";
export * from "../../generated/authpb.js";
export * from "../../generated/cluster.js";
export * from "../../generated/header.js";
export * from "../../generated/kv.js";
export * from "../../generated/lease.js";
export * from "../../generated/maintenance.js";
export * from "../../generated/mvcc.js";
export * from "../../generated/v3election.js";
export * from "../../generated/v3lock.js";
export * from "../../generated/watch.js";
