import { ArgumentError } from "../../errors.js";
import type { Operation, ParametersOf, TxnShape } from "../../txn/shape.js";
import type { TxnResultOf } from "../../txn/typed-result.js";
import type { WriteOptions } from "./kv-options.js";

/** What `commit` and `kv.txn` take. Default of `repeatable`: true for a transaction that only reads. */
export type KvTxnOptions = WriteOptions;

/**
 * Nothing, unless the shape has parameters, which only a prepared transaction can be given. Of a list that is built at
 * run time the type does not tell, and the call itself looks.
 */
export type WithoutParameters<Shape extends TxnShape> = string extends keyof ParametersOf<Shape>
  ? unknown
  : [keyof ParametersOf<Shape>] extends [never]
    ? unknown
    : { readonly "a shape with parameters is for prepare()": keyof ParametersOf<Shape> };

/** Runs a shape: what a builder ends with. */
export type Commit = <Shape extends TxnShape>(
  shape: Shape,
  options: KvTxnOptions | undefined,
) => Promise<TxnResultOf<Shape>>;

type Operations = readonly Operation[];

const notByAwaiting = (): ArgumentError =>
  new ArgumentError("a transaction is run by commit(), not by awaiting it");

/** A transaction that lacks nothing. */
export class CompleteTxn<Shape extends TxnShape> {
  /** What `commit` sends: plain data, as `kv.txn` and `prepare` take it. */
  readonly shape: Shape;
  /** @internal */
  protected readonly run: Commit;

  /** @internal */
  constructor(run: Commit, shape: Shape) {
    this.run = run;
    this.shape = shape;
  }

  /**
   * Sends it. Once per call: committing twice is two transactions.
   *
   * @throws ArgumentError (as a rejection) that names what is wrong with it, and EtcdError, whose `mayHaveApplied` tells
   *   whether it may have been done all the same
   */
  commit(
    this: CompleteTxn<Shape> & WithoutParameters<Shape>,
    options?: KvTxnOptions,
  ): Promise<TxnResultOf<Shape>> {
    return this.run(this.shape, options);
  }

  /**
   * What `await` calls where `commit()` was forgotten: it fails. Without this nothing would be done, and nobody would hear
   * of it.
   */
  then(): unknown {
    throw notByAwaiting();
  }
}

/** After `then`. */
export class ThenTxn<Shape extends TxnShape> extends CompleteTxn<Shape> {
  /** What is done, in this order, unless all conditions hold. */
  else<const Else extends Operations>(...operations: Else): CompleteTxn<Shape & { readonly else: Else }> {
    return new CompleteTxn(this.run, { ...this.shape, else: operations });
  }
}

/** After `if`. */
export class IfTxn<Shape extends TxnShape> extends CompleteTxn<Shape> {
  /** What is done, in this order, if all conditions hold. */
  override then<const Then extends Operations>(
    ...operations: Then
  ): ThenTxn<Shape & { readonly then: Then }> {
    // A method of this name makes it something that can be awaited, by mistake: that calls this with two functions.
    if (operations.some((operation) => typeof (operation as unknown) === "function")) throw notByAwaiting();
    return new ThenTxn(this.run, { ...this.shape, then: operations });
  }

  /** What is done, in this order, unless all conditions hold. If they do, nothing is. */
  else<const Else extends Operations>(...operations: Else): CompleteTxn<Shape & { readonly else: Else }> {
    return new CompleteTxn(this.run, { ...this.shape, else: operations });
  }
}
