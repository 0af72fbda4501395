/** The object form of a reply, for callers who would rather have objects than speed. */
import { inspect } from "node:util";
import type { KeyValue } from "./key-value.js";
import { TxnView, keyValue } from "./view.js";
import type { ResponseView } from "./view.js";

export type { KeyValue } from "./key-value.js";

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
  /**
   * One per operation in the list that was done: `then` if it succeeded, `else` if not. What `run` gives decodes them
   * when they are first asked for.
   */
  readonly responses: readonly OperationResult[];
}

/**
 * Replies wait in blocks of this until somebody asks for their responses, as Node's small Buffers do: a result that
 * is kept keeps its block until it is decoded. A reply of a quarter of it or more has memory of its own.
 */
const BLOCK_BYTES = 8 * 1024;
let block = new Uint8Array(0);
let blockUsed = 0;

const NO_BYTES = new Uint8Array(0);

/** Decodes what results have kept. Each use ends before the next begins. */
const sharedView = new TxnView();

/**
 * A result with the bytes it is made from. Most callers look at `succeeded` alone, and objects for all the rest are
 * nine tenths of what a call would leave behind: 317 bytes per `run` of a Txn with one get, of which 281 are Node's
 * promise, where decoding at once left 1,732 (`npm run bench -- alloc`, Node 20).
 */
class KeptResult implements TxnResult {
  readonly succeeded: boolean;
  readonly revision: number;
  readonly raftTerm: number;
  #bytes: Uint8Array;
  readonly #start: number;
  readonly #end: number;
  #responses: readonly OperationResult[] | undefined;

  constructor(view: TxnView, bytes: Uint8Array, start: number, end: number) {
    this.succeeded = view.succeeded;
    this.revision = view.revision;
    this.raftTerm = view.raftTerm;
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
    this.#responses = undefined;
  }

  /** Of the namespace. Not a field: what most results do not have, they should not carry. */
  protected get prefix(): Uint8Array {
    return NO_BYTES;
  }

  get responses(): readonly OperationResult[] {
    if (this.#responses === undefined) {
      sharedView.reset(this.#bytes, this.#start, this.#end, this.prefix);
      this.#responses = txnResult(sharedView).responses;
      sharedView.invalidate();
      this.#bytes = NO_BYTES;
    }
    return this.#responses;
  }

  /** Keys and values as base64, as `etcdctl -w json` gives them; leases as decimal text, which JSON has no number for. */
  toJSON(): TxnResult {
    return this[inspect.custom]();
  }

  /** What console.log and assertion messages show: an object without accessors. */
  [inspect.custom](): TxnResult {
    const { succeeded, revision, raftTerm, responses } = this;
    return { succeeded, revision, raftTerm, responses };
  }
}

class NamespaceResult extends KeptResult {
  readonly #prefix: Uint8Array;

  constructor(view: TxnView, bytes: Uint8Array, start: number, end: number, prefix: Uint8Array) {
    super(view, bytes, start, end);
    this.#prefix = prefix;
  }

  protected override get prefix(): Uint8Array {
    return this.#prefix;
  }
}

/**
 * The result of a reply that `view` has just read, all of it, from [start, end) of `bytes`, which are copied.
 *
 * @param prefix what the view was given as one
 */
export function keptResult(
  view: TxnView,
  bytes: Uint8Array,
  start: number,
  end: number,
  prefix: Uint8Array = NO_BYTES,
): TxnResult {
  const length = end - start;
  if (length >= BLOCK_BYTES / 4) {
    // Not `slice`, which is a view of the same memory for a Buffer.
    return makeResult(view, new Uint8Array(bytes.subarray(start, end)), 0, length, prefix);
  }
  if (blockUsed + length > block.length) {
    block = new Uint8Array(BLOCK_BYTES);
    blockUsed = 0;
  }
  const at = blockUsed;
  // A loop, because `set` wants a view, which costs more than replies of this size.
  for (let i = 0; i < length; i++) block[at + i] = bytes[start + i]!;
  blockUsed = at + length;
  return makeResult(view, block, at, at + length, prefix);
}

const makeResult = (
  view: TxnView,
  bytes: Uint8Array,
  start: number,
  end: number,
  prefix: Uint8Array,
): KeptResult =>
  prefix.length === 0
    ? new KeptResult(view, bytes, start, end)
    : new NamespaceResult(view, bytes, start, end, prefix);

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
