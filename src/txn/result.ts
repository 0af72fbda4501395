/** The plain-object form of a reply, for callers who would rather have objects than speed. */
import type { Bytes } from "./bytes.js";
import type { KeyValueView, ResponseView, TxnView } from "./view.js";

/** A key as etcd stores it. */
export interface KeyValue {
  readonly key: Bytes;
  /** Empty if only keys were asked for. */
  readonly value: Bytes;
  /** The revision at which the key came to be. */
  readonly createRevision: number;
  /** The revision of the last put. */
  readonly modRevision: number;
  /** Puts since it was created. */
  readonly version: number;
  /** 0n for none. */
  readonly lease: bigint;
}

/** The answer to one operation. */
export type OperationResult =
  | {
      readonly kind: "get";
      readonly kvs: readonly KeyValue[];
      /** All keys in the range, whatever the limit. */
      readonly count: number;
      /** Did the limit leave keys out? */
      readonly more: boolean;
    }
  /** `previous` is what was there before, if there was something and `prevKv` asked for it. */
  | { readonly kind: "put"; readonly previous: KeyValue | undefined }
  /** `previous` is what was deleted, if `prevKv` asked for it. */
  | { readonly kind: "delete"; readonly deleted: number; readonly previous: readonly KeyValue[] }
  | { readonly kind: "txn"; readonly result: TxnResult };

export interface TxnResult {
  /** Did all compares hold? */
  readonly succeeded: boolean;
  /** The store's revision after this transaction; 0 in a nested one, which has no header of its own. */
  readonly revision: number;
  readonly raftTerm: number;
  /** One per operation in the list that was done: `then` if it succeeded, `else` if not. */
  readonly responses: readonly OperationResult[];
}

/** Copies all of a view. */
export function txnResult(view: TxnView): TxnResult {
  const responses: OperationResult[] = [];
  for (let i = 0; i < view.responseCount; i++) responses.push(operationResult(view.response(i)));
  return { succeeded: view.succeeded, revision: view.revision, raftTerm: view.raftTerm, responses };
}

function operationResult(response: ResponseView): OperationResult {
  const { kind } = response;
  switch (kind) {
    case "get":
      return { kind, kvs: keyValues(response), count: response.count, more: response.more };
    case "put":
      return { kind, previous: response.kvCount === 0 ? undefined : keyValue(response.kv(0)) };
    case "delete":
      return { kind, deleted: response.deleted, previous: keyValues(response) };
    case "txn":
      return { kind, result: txnResult(response.txn) };
  }
}

function keyValues(response: ResponseView): KeyValue[] {
  const all: KeyValue[] = [];
  for (let i = 0; i < response.kvCount; i++) all.push(keyValue(response.kv(i)));
  return all;
}

/** A copy of one KeyValue. */
export const keyValue = (view: KeyValueView): KeyValue => ({
  key: view.key(),
  value: view.value(),
  createRevision: view.createRevision,
  modRevision: view.modRevision,
  version: view.version,
  lease: view.lease,
});
