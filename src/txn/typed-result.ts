/** The types of a transaction's results, as far as its shape tells them. What is not known comes out as `OperationResult`. */
import type { OperationResult } from "./result.js";
import type {
  DeleteOperation,
  GetOperation,
  Operation,
  PutOperation,
  TxnOperation,
  TxnShape,
} from "./shape.js";

/** The answer to `op.get`. */
export type GetResponse = Extract<OperationResult, { kind: "get" }>;
/** The answer to `op.put`. */
export type PutResponse = Extract<OperationResult, { kind: "put" }>;
/** The answer to `op.del`. */
export type DeleteResponse = Extract<OperationResult, { kind: "delete" }>;

/** The answer to one operation; to one of several, one of several. */
export type ResponseTo<Op> = Op extends GetOperation
  ? GetResponse
  : Op extends PutOperation
    ? PutResponse
    : Op extends DeleteOperation
      ? DeleteResponse
      : Op extends TxnOperation<infer Shape>
        ? { readonly kind: "txn"; readonly result: TxnResultOf<Shape> }
        : never;

/** The answers to one list of operations, in its order. A list that is left out is empty. */
export type ResponsesTo<List> = List extends readonly Operation[]
  ? { readonly [Index in keyof List]: ResponseTo<List[Index]> }
  : readonly [];

/** The result of a transaction of this shape: which list was done, and the answers to the operations in it. */
export type TxnResultOf<Shape extends TxnShape> = {
  /** The store's revision after this transaction; 0 in a nested one, which has no header of its own. */
  readonly revision: number;
  readonly raftTerm: number;
} & (
  | { readonly succeeded: true; readonly responses: ResponsesTo<Shape["then"]> }
  | { readonly succeeded: false; readonly responses: ResponsesTo<Shape["else"]> }
);
