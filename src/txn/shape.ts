/**
 * The shape of a transaction: its compares and operations, with named holes where a value comes later. A shape is
 * plain data; `compileTxn` checks it and turns it into a plan.
 *
 *   const shape = {
 *     if: [compare.createRevision(param.key("key"), "=", 0)],
 *     then: [op.put(param.key("key"), param.value("value"))],
 *     else: [op.get(param.key("key"))],
 *   };
 *   type Parameters = ParametersOf<typeof shape>;      // { key: string | Uint8Array; value: string | Uint8Array }
 */

/**
 * A key or value as the caller gives it. A string stands for its UTF-8 bytes; one with half a surrogate pair has none,
 * and is refused (ArgumentError).
 */
export type BytesInput = string | Uint8Array;

/** What a parameter of each kind takes. Integers are 0 to 2^53 - 1, leases any int64. */
export interface ParamTypes {
  bytes: BytesInput;
  integer: number;
  lease: bigint;
}
export type ParamKind = keyof ParamTypes;

/** A named hole. It may stand in any number of places; they all get the same value. */
export interface Param<Name extends string = string, Kind extends ParamKind = ParamKind> {
  readonly param: Name;
  readonly kind: Kind;
}

/** A key, value or range end: given now, or a parameter. */
export type BytesSlot = BytesInput | Param<string, "bytes">;
/** A revision, version or limit: given now, or a parameter. */
export type IntegerSlot = number | Param<string, "integer">;
/** A lease id: given now, or a parameter. */
export type LeaseSlot = bigint | Param<string, "lease">;

/** etcd's four compare results. */
export type CompareOperator = "=" | "!=" | ">" | "<";
/** What of a key can be compared, and with what. */
interface OperandSlots {
  version: IntegerSlot;
  createRevision: IntegerSlot;
  modRevision: IntegerSlot;
  value: BytesSlot;
  lease: LeaseSlot;
}
export type CompareTarget = keyof OperandSlots;

/**
 * Makes an operation concern a range of keys; at most one of the three. Without any, it concerns one key, which
 * must not be empty. A range may start at the empty key: that is the first of all keys.
 */
export interface RangeOptions {
  /** The first key that is not in the range. */
  readonly rangeEnd?: BytesSlot | undefined;
  /** All keys that begin with `key`. */
  readonly prefix?: boolean | undefined;
  /** `key` and all keys behind it. */
  readonly fromKey?: boolean | undefined;
}

export interface GetOptions extends RangeOptions {
  /** At most this many keys; 0, the default, is no limit. */
  readonly limit?: IntegerSlot | undefined;
  /** Read as of this revision; 0, the default, is now. */
  readonly revision?: IntegerSlot | undefined;
  readonly sort?: { readonly target: SortTarget; readonly order: "ascend" | "descend" } | undefined;
  /** Answer from the member's own state, which may be old. Means something only if all of the Txn is so. */
  readonly serializable?: boolean | undefined;
  readonly keysOnly?: boolean | undefined;
  readonly countOnly?: boolean | undefined;
  /** Leave out keys with revisions outside of these bounds, ends included; 0, the default, is no bound. */
  readonly minModRevision?: IntegerSlot | undefined;
  readonly maxModRevision?: IntegerSlot | undefined;
  readonly minCreateRevision?: IntegerSlot | undefined;
  readonly maxCreateRevision?: IntegerSlot | undefined;
}
export type SortTarget = "key" | "version" | "createRevision" | "modRevision" | "value";

export interface PutOptions {
  /** The lease that the key dies with; 0n, the default, is none. */
  readonly lease?: LeaseSlot | undefined;
  /** Return what was there before. */
  readonly prevKv?: boolean | undefined;
  /** Keep the present value: `value` must be undefined, and the key must exist. */
  readonly ignoreValue?: boolean | undefined;
  /** Keep the present lease: `lease` must be absent, and the key must exist. */
  readonly ignoreLease?: boolean | undefined;
}

export interface DeleteOptions extends RangeOptions {
  /** Return what was deleted. */
  readonly prevKv?: boolean | undefined;
}

export interface Compare<
  Key extends BytesSlot = BytesSlot,
  Operand extends BytesSlot | IntegerSlot | LeaseSlot = BytesSlot | IntegerSlot | LeaseSlot,
  Options extends RangeOptions = RangeOptions,
> {
  readonly target: CompareTarget;
  readonly operator: CompareOperator;
  readonly key: Key;
  readonly operand: Operand;
  readonly options: Options;
}

export interface GetOperation<Key extends BytesSlot = BytesSlot, Options extends GetOptions = GetOptions> {
  readonly op: "get";
  readonly key: Key;
  readonly options: Options;
}

export interface PutOperation<
  Key extends BytesSlot = BytesSlot,
  Value extends BytesSlot | undefined = BytesSlot | undefined,
  Options extends PutOptions = PutOptions,
> {
  readonly op: "put";
  readonly key: Key;
  readonly value: Value;
  readonly options: Options;
}

export interface DeleteOperation<
  Key extends BytesSlot = BytesSlot,
  Options extends DeleteOptions = DeleteOptions,
> {
  readonly op: "delete";
  readonly key: Key;
  readonly options: Options;
}

export interface TxnOperation<Shape extends TxnShape = TxnShape> {
  readonly op: "txn";
  readonly shape: Shape;
}

export type Operation = GetOperation | PutOperation | DeleteOperation | TxnOperation;

/** If all of `if` hold (none always holds), `then` is done, else `else`; all at one revision. */
export interface TxnShape {
  readonly if?: readonly Compare[] | undefined;
  readonly then?: readonly Operation[] | undefined;
  readonly else?: readonly Operation[] | undefined;
}

/**
 * etcd's default for --max-txn-ops: entries per list. A nested transaction has what its parent's longest list
 * leaves (checkTxnRequest in etcd's api/v3rpc/key.go).
 */
export const OPERATIONS_MAX_COUNT = 128;
/** Nested transactions, the outermost included. etcd has no bound of its own; this one is for our recursion. */
export const TXN_MAX_DEPTH = 16;

/** Every parameter in one key, value, option or set of options. */
type ParamsIn<T> = T extends Param
  ? T
  : T extends BytesInput
    ? never
    : T extends object
      ? { [K in keyof T]-?: ParamsIn<T[K]> }[keyof T]
      : never;

/** Every parameter in one list. Of a list built at run time, of any operations, nothing is known. */
type ParamsInList<List> = List extends readonly (infer Element)[]
  ? Operation extends Element
    ? Param
    : ParamsInElement<Element>
  : never;
type ParamsInElement<Element> =
  Element extends TxnOperation<infer Shape> ? ParamsInShape<Shape> : ParamsIn<Element>;
type ParamsInShape<Shape extends TxnShape> = { [K in keyof Shape]-?: ParamsInList<Shape[K]> }[keyof Shape];

/** The object of parameter values that a transaction of this shape takes. */
export type ParametersOf<Shape extends TxnShape> = {
  readonly [P in ParamsInShape<Shape> as P["param"]]: ParamTypes[P["kind"]];
};

const hole = <Name extends string, Kind extends ParamKind>(name: Name, kind: Kind): Param<Name, Kind> =>
  Object.freeze({ param: name, kind });

/** Named holes, to be filled at each run. */
export const param = {
  /** A key, prefix or range end. */
  key: <Name extends string>(name: Name) => hole(name, "bytes"),
  value: <Name extends string>(name: Name) => hole(name, "bytes"),
  lease: <Name extends string>(name: Name) => hole(name, "lease"),
  revision: <Name extends string>(name: Name) => hole(name, "integer"),
  version: <Name extends string>(name: Name) => hole(name, "integer"),
  limit: <Name extends string>(name: Name) => hole(name, "integer"),
} as const;

// NoInfer below: where no options are given, those of the type that is wanted would be taken, with any parameter
// that they may hold.
type NoOptions = Readonly<Record<string, never>>;

const compareTo =
  <Target extends CompareTarget>(target: Target) =>
  <
    const Key extends BytesSlot,
    const Operand extends OperandSlots[Target],
    const Options extends RangeOptions = NoOptions,
  >(
    key: Key,
    operator: CompareOperator,
    operand: Operand,
    options?: Options,
  ): Compare<Key, Operand, NoInfer<Options>> => ({
    target,
    operator,
    key,
    operand,
    options: options ?? ({} as Options),
  });

/**
 * Conditions. A key that does not exist has version, createRevision, modRevision and lease 0, and fails every
 * compare of its value. With a range, the condition must hold for every key in it, and an empty range counts as
 * one key that does not exist (applyCompare in etcd's apply code).
 */
export const compare = {
  /** How often the key was put since it was created. */
  version: compareTo("version"),
  createRevision: compareTo("createRevision"),
  modRevision: compareTo("modRevision"),
  value: compareTo("value"),
  lease: compareTo("lease"),
} as const;

/** Operations. */
export const op = {
  get: <const Key extends BytesSlot, const Options extends GetOptions = NoOptions>(
    key: Key,
    options?: Options,
  ): GetOperation<Key, NoInfer<Options>> => ({ op: "get", key, options: options ?? ({} as Options) }),

  put: <
    const Key extends BytesSlot,
    const Value extends BytesSlot | undefined,
    const Options extends PutOptions = NoOptions,
  >(
    key: Key,
    value: Value,
    options?: Options,
  ): PutOperation<Key, Value, NoInfer<Options>> => ({
    op: "put",
    key,
    value,
    options: options ?? ({} as Options),
  }),

  /** `client.kv.delete`, as part of a transaction; `delete` is no name that a destructured `op` could have. */
  del: <const Key extends BytesSlot, const Options extends DeleteOptions = NoOptions>(
    key: Key,
    options?: Options,
  ): DeleteOperation<Key, NoInfer<Options>> => ({ op: "delete", key, options: options ?? ({} as Options) }),

  /**
   * A transaction inside of this one. Its operations see what the operations before it did; its compares do not: etcd
   * decides all compares, nested ones too, before it does anything (compareToPath in etcd's apply code).
   */
  txn: <const Shape extends TxnShape>(shape: Shape): TxnOperation<Shape> => ({ op: "txn", shape }),
} as const;

/** Does no operation of `shape`, nested ones included, write? */
export const isReadOnly = (shape: TxnShape): boolean =>
  [...(shape.then ?? []), ...(shape.else ?? [])].every(
    (operation) => operation.op === "get" || (operation.op === "txn" && isReadOnly(operation.shape)),
  );

/**
 * Does every operation of `shape` answer from a member's own state? Without any operation, false: nobody said that the
 * compares may be of an old state.
 */
export const isSerializable = (shape: TxnShape): boolean => {
  const operations = [...(shape.then ?? []), ...(shape.else ?? [])];
  const mayBeOld = (operation: Operation): boolean =>
    operation.op === "get"
      ? operation.options.serializable === true
      : operation.op === "txn" && isSerializable(operation.shape);
  return operations.length > 0 && operations.every(mayBeOld);
};
