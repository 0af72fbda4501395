/**
 * Compiles a shape to a plan: checks everything that does not wait for a parameter, encodes it, and leaves holes
 * for the rest. The bytes are those of the generated codec: fields in order of their numbers, defaults left out,
 * members of a oneof always written. Field numbers are those of protos/kv.proto.
 */
import { isUint8Array } from "node:util/types";

import { ArgumentError } from "../errors.js";
import { fieldTag, INT64_MAX, INT64_MIN, WireType, writeInt64, writeVarint } from "../wire/protobuf.js";
import { HALF_A_PAIR, HoleForm, prefixEndBytes, Step, TxnPlan } from "./plan-writer.js";
import type { PlanParameter, PlanTables, TxnParameters } from "./plan-writer.js";
import { OPERATIONS_MAX_COUNT, TXN_MAX_DEPTH } from "./shape.js";
import type {
  BytesInput,
  Compare,
  CompareOperator,
  CompareTarget,
  DeleteOperation,
  GetOperation,
  Operation,
  Param,
  ParametersOf,
  ParamKind,
  PutOperation,
  RangeOptions,
  SortTarget,
  TxnShape,
} from "./shape.js";

export { TxnPlan };
export type { TxnParameters };

/**
 * Compiles `shape`. Throws ArgumentError that names the place: `else[1].txn.then[0].key must not be empty`.
 *
 * @param prefix put before every key, constant or parameter, nested transactions' included; no range leaves what
 *   begins with it. The keys of the reply begin with it (`TxnView.reset` takes it off again)
 */
export function compileTxn<const Shape extends TxnShape>(
  shape: Shape,
  prefix: Uint8Array = NO_BYTES,
): TxnPlan<ParametersOf<Shape>> {
  const root = new MessageParts();
  const parameters = new ParameterList();
  const end = prefixEnd(prefix);
  new TxnCompiler(parameters, prefix, end).txn(root, shape, "", OPERATIONS_MAX_COUNT, 1);
  return new TxnPlan<ParametersOf<Shape>>({
    prefix,
    prefixEnd: end,
    ...flatten(root, parameters.list),
  });
}

// ---- Parts of a message, before lengths are known -------------------------------------------------------------

interface Hole {
  readonly tag: number;
  readonly form: HoleForm;
  /** Index of its parameter. */
  readonly parameter: number;
}

type Part = { constant: number[] } | { hole: Hole } | { tag: number; message: MessageParts };

/** The parts of one message in order. Whatever has no hole in it is constant bytes at once. */
class MessageParts {
  readonly parts: Part[] = [];

  constant(bytes: ArrayLike<number>, length = bytes.length): void {
    let last = this.parts.at(-1);
    if (last === undefined || !("constant" in last)) this.parts.push((last = { constant: [] }));
    for (let i = 0; i < length; i++) last.constant.push(bytes[i]!);
  }

  varint(value: number): void {
    this.constant(varintScratch, writeVarint(varintScratch, 0, value));
  }

  tag(field: number, wireType: number): void {
    this.varint(fieldTag(field, wireType));
  }

  bytes(field: number, bytes: ArrayLike<number>): void {
    this.tag(field, WireType.LENGTH_DELIMITED);
    this.varint(bytes.length);
    this.constant(bytes);
  }

  int64(field: number, value: bigint): void {
    this.tag(field, WireType.VARINT);
    this.constant(varintScratch, writeInt64(varintScratch, 0, value));
  }

  /** A bool or enum outside of a oneof: the default is left out. */
  small(field: number, value: number | boolean): void {
    if (value === 0 || value === false) return;
    this.tag(field, WireType.VARINT);
    this.varint(Number(value));
  }

  hole(field: number, form: HoleForm, parameter: number): void {
    const isVarint = form === HoleForm.INTEGER || form === HoleForm.INTEGER_IF_ANY;
    const wireType = isVarint ? WireType.VARINT : WireType.LENGTH_DELIMITED;
    this.parts.push({ hole: { tag: fieldTag(field, wireType), form, parameter } });
  }

  message(field: number, message: MessageParts): void {
    const [first] = message.parts;
    if (first === undefined) this.bytes(field, []);
    else if (message.parts.length === 1 && "constant" in first) this.bytes(field, first.constant);
    else this.parts.push({ tag: fieldTag(field, WireType.LENGTH_DELIMITED), message });
  }
}

const varintScratch = new Uint8Array(10);

/** The parameters in order of first use. */
class ParameterList {
  readonly list: PlanParameter[] = [];
  private readonly indexes = new Map<string, number>();

  /** The index of `param`, which `where` wants to be of kind `kind`. */
  use(param: Param, kind: ParamKind, where: string, mustNotBeEmpty = false): number {
    const { param: name } = param;
    if (name === "") throw new ArgumentError(`${where} is a parameter without a name`);
    if (param.kind !== kind)
      throw new ArgumentError(`${where} takes ${kind}, and parameter "${name}" is not of that kind`);
    let index = this.indexes.get(name);
    if (index === undefined) {
      index = this.list.push({ name, kind, mustNotBeEmpty: false }) - 1;
      this.indexes.set(name, index);
    }
    const known = this.list[index]!;
    if (known.kind !== kind)
      throw new ArgumentError(
        `parameter "${name}" stands for ${known.kind} in one place and ${kind} in another`,
      );
    known.mustNotBeEmpty ||= mustNotBeEmpty;
    return index;
  }
}

/** Numbers the messages with holes, outer before inner, and lays the steps in a row. */
function flatten(
  root: MessageParts,
  parameters: readonly PlanParameter[],
): Omit<PlanTables, "prefix" | "prefixEnd"> {
  const steps: number[] = [];
  const constants: number[][] = [];
  const holes: Hole[] = [];
  const holeMessages: number[] = [];
  const messageConstantBytes: number[] = [];
  const messageParents: number[] = [];

  /** A tag that precedes a length joins the constant run before it. */
  const addConstant = (bytes: readonly number[]): void => {
    if (steps.at(-2) !== Step.CONSTANT) steps.push(Step.CONSTANT, constants.push([]) - 1);
    for (const byte of bytes) constants.at(-1)!.push(byte);
  };
  const addMessage = (message: MessageParts, parent: number): void => {
    const index = messageParents.push(parent) - 1;
    messageConstantBytes.push(0);
    if (index > 0) steps.push(Step.LENGTH, index);
    for (const part of message.parts) {
      if ("hole" in part) {
        steps.push(Step.HOLE, holes.push(part.hole) - 1);
        holeMessages.push(index);
        continue;
      }
      const constant = "constant" in part ? part.constant : varintOf(part.tag);
      addConstant(constant);
      messageConstantBytes[index]! += constant.length;
      if ("message" in part) addMessage(part.message, index);
    }
  };
  addMessage(root, 0);

  return {
    parameters,
    steps,
    constants: constants.map((bytes) => Uint8Array.from(bytes)),
    holeTags: holes.map((hole) => hole.tag),
    holeForms: holes.map((hole) => hole.form),
    holeParameters: holes.map((hole) => hole.parameter),
    holeMessages,
    messageConstantBytes,
    messageParents,
  };
}

const varintOf = (value: number): number[] => [
  ...varintScratch.subarray(0, writeVarint(varintScratch, 0, value)),
];

// ---- From shape to parts --------------------------------------------------------------------------------------

/** Compare.CompareResult. */
const operatorNumbers = { "=": 0, ">": 1, "<": 2, "!=": 3 } satisfies Record<CompareOperator, number>;
/** Compare.CompareTarget, and the field of the oneof that holds what to compare with. */
const targets = {
  version: { number: 0, field: 4, kind: "integer" },
  createRevision: { number: 1, field: 5, kind: "integer" },
  modRevision: { number: 2, field: 6, kind: "integer" },
  value: { number: 3, field: 7, kind: "bytes" },
  lease: { number: 4, field: 8, kind: "lease" },
} as const satisfies Record<CompareTarget, { number: number; field: number; kind: ParamKind }>;
/** RangeRequest.SortOrder and SortTarget. */
const sortOrders = { ascend: 1, descend: 2 } as const;
const sortTargets = {
  key: 0,
  version: 1,
  createRevision: 2,
  modRevision: 3,
  value: 4,
} satisfies Record<SortTarget, number>;

const RANGE_OPTIONS = ["rangeEnd", "prefix", "fromKey"];
const GET_OPTIONS = [
  ...RANGE_OPTIONS,
  "limit",
  "revision",
  "sort",
  "serializable",
  "keysOnly",
  "countOnly",
  "minModRevision",
  "maxModRevision",
  "minCreateRevision",
  "maxCreateRevision",
];
const PUT_OPTIONS = ["lease", "prevKv", "ignoreValue", "ignoreLease"];
const DELETE_OPTIONS = [...RANGE_OPTIONS, "prevKv"];

/** In a key position this means the first of all keys, in a range end the end of all keys. */
const ZERO_KEY = Uint8Array.of(0);
const NO_BYTES = new Uint8Array(0);

/**
 * The types say what a shape may be; the checks here are for callers in JavaScript, and for what types cannot say.
 * They take slots as `unknown` for that reason.
 */
class TxnCompiler {
  /**
   * @param prefix of all keys
   * @param end behind the last key that begins with it
   */
  constructor(
    private readonly parameters: ParameterList,
    private readonly prefix: Uint8Array,
    private readonly end: Uint8Array,
  ) {}

  txn(into: MessageParts, shape: TxnShape, path: string, operationsMaxCount: number, depth: number): void {
    const where = path === "" ? "the transaction" : path;
    if (depth > TXN_MAX_DEPTH) throw new ArgumentError(`${where} is nested more than ${TXN_MAX_DEPTH} deep`);
    requireObject(shape, where);
    requireNames(shape, ["if", "then", "else"], where);
    const lists = [shape.if ?? [], shape.then ?? [], shape.else ?? []] as const;
    const [compares, successes, failures] = lists;
    const longest = Math.max(...lists.map((list) => requireList(list, where)));
    if (longest > operationsMaxCount)
      throw new ArgumentError(
        `${where} has a list of ${longest}: at most ${OPERATIONS_MAX_COUNT}, less what the transactions around it use`,
      );
    const inner = path === "" ? "" : `${path}.`;
    const rest = operationsMaxCount - longest;
    compares.forEach((compare, i) => {
      into.message(1, this.compare(compare, `${inner}if[${i}]`));
    });
    successes.forEach((operation, i) => {
      into.message(2, this.operation(operation, `${inner}then[${i}]`, rest, depth));
    });
    failures.forEach((operation, i) => {
      into.message(3, this.operation(operation, `${inner}else[${i}]`, rest, depth));
    });
  }

  private compare(compare: Compare, where: string): MessageParts {
    requireObject(compare, where);
    const { key, operand, options } = compare;
    requireOptions(options, RANGE_OPTIONS, where);
    const result = choose(operatorNumbers, compare.operator, `${where}.operator`);
    const target = choose(targets, compare.target, `${where}.target`);

    const message = new MessageParts();
    message.small(1, result);
    message.small(2, target.number);
    this.key(message, 3, key, options, where);
    if (target.kind === "bytes")
      this.bytes(message, target.field, operand, HoleForm.BYTES, `${where}.operand`);
    else this.integer(message, target.field, operand, target.kind, true, `${where}.operand`);
    this.rangeEnd(message, 64, key, options, where);
    return message;
  }

  private operation(
    operation: Operation,
    where: string,
    operationsMaxCount: number,
    depth: number,
  ): MessageParts {
    requireObject(operation, where);
    const message = new MessageParts();
    const content = new MessageParts();
    switch (operation.op) {
      case "get":
        this.get(content, operation, where);
        message.message(1, content);
        return message;
      case "put":
        this.put(content, operation, where);
        message.message(2, content);
        return message;
      case "delete":
        this.delete(content, operation, where);
        message.message(3, content);
        return message;
      case "txn":
        this.txn(content, operation.shape, `${where}.txn`, operationsMaxCount, depth + 1);
        message.message(4, content);
        return message;
      default:
        throw new ArgumentError(`${where} is not an operation`);
    }
  }

  private get(into: MessageParts, { key, options }: GetOperation, where: string): void {
    requireOptions(options, GET_OPTIONS, where);
    const integer = (field: number, slot: unknown, name: string): void => {
      if (slot !== undefined) this.integer(into, field, slot, "integer", false, `${where}.${name}`);
    };
    this.key(into, 1, key, options, where);
    this.rangeEnd(into, 2, key, options, where);
    integer(3, options.limit, "limit");
    integer(4, options.revision, "revision");
    if (options.sort !== undefined) {
      requireObject(options.sort, `${where}.sort`);
      requireNames(options.sort, ["target", "order"], `${where}.sort`);
      into.small(5, choose(sortOrders, options.sort.order, `${where}.sort.order`));
      into.small(6, choose(sortTargets, options.sort.target, `${where}.sort.target`));
    }
    into.small(7, options.serializable ?? false);
    into.small(8, options.keysOnly ?? false);
    into.small(9, options.countOnly ?? false);
    integer(10, options.minModRevision, "minModRevision");
    integer(11, options.maxModRevision, "maxModRevision");
    integer(12, options.minCreateRevision, "minCreateRevision");
    integer(13, options.maxCreateRevision, "maxCreateRevision");
  }

  private put(into: MessageParts, { key, value, options }: PutOperation, where: string): void {
    requireOptions(options, PUT_OPTIONS, where);
    this.key(into, 1, key, {}, where);
    // etcd refuses both with "value is provided" and "lease is provided".
    if (options.ignoreValue !== true) this.bytes(into, 2, value, HoleForm.BYTES_IF_ANY, `${where}.value`);
    else if (value !== undefined) throw new ArgumentError(`${where} has both a value and ignoreValue`);
    if (options.lease !== undefined) {
      if (options.ignoreLease === true) throw new ArgumentError(`${where} has both a lease and ignoreLease`);
      this.integer(into, 3, options.lease, "lease", false, `${where}.lease`);
    }
    into.small(4, options.prevKv ?? false);
    into.small(5, options.ignoreValue ?? false);
    into.small(6, options.ignoreLease ?? false);
  }

  private delete(into: MessageParts, { key, options }: DeleteOperation, where: string): void {
    requireOptions(options, DELETE_OPTIONS, where);
    this.key(into, 1, key, options, where);
    this.rangeEnd(into, 2, key, options, where);
    into.small(3, options.prevKv ?? false);
  }

  /** etcd refuses an empty key everywhere; as the start of a range it can only mean the first of all keys. */
  private key(into: MessageParts, field: number, key: unknown, options: RangeOptions, where: string): void {
    const isRange = options.rangeEnd !== undefined || options.prefix === true || options.fromKey === true;
    if (isParam(key)) {
      const form = this.keyForm(isRange ? HoleForm.RANGE_START : HoleForm.BYTES, HoleForm.PREFIXED);
      into.hole(field, form, this.parameters.use(key, "bytes", `${where}.key`, !isRange));
      return;
    }
    const bytes = constantBytes(key, `${where}.key`);
    if (bytes.length === 0 && !isRange) throw new ArgumentError(`${where}.key must not be empty`);
    const prefixed = this.prefixed(bytes);
    into.bytes(field, prefixed.length === 0 ? ZERO_KEY : prefixed);
  }

  /** A constant key as it is on the wire. */
  private prefixed(key: Uint8Array): Uint8Array {
    return this.prefix.length === 0 ? key : Buffer.concat([this.prefix, key]);
  }

  /** The form of a hole for a key, or what is made of one, without a namespace and in one. */
  private keyForm(plain: HoleForm, prefixed: HoleForm): HoleForm {
    return this.prefix.length === 0 ? plain : prefixed;
  }

  private rangeEnd(
    into: MessageParts,
    field: number,
    key: unknown,
    options: RangeOptions,
    where: string,
  ): void {
    const { rangeEnd, prefix, fromKey } = options;
    if (Number(rangeEnd !== undefined) + Number(prefix === true) + Number(fromKey === true) > 1)
      throw new ArgumentError(`${where} has more than one of rangeEnd, prefix and fromKey`);
    if (fromKey === true) {
      into.bytes(field, this.end);
    } else if (prefix === true) {
      const form = this.keyForm(HoleForm.PREFIX_END, HoleForm.PREFIXED_PREFIX_END);
      if (isParam(key)) into.hole(field, form, this.parameters.use(key, "bytes", where));
      else into.bytes(field, prefixEnd(this.prefixed(constantBytes(key, `${where}.key`))));
    } else if (isParam(rangeEnd)) {
      const form = this.keyForm(HoleForm.BYTES, HoleForm.PREFIXED_RANGE_END);
      into.hole(field, form, this.parameters.use(rangeEnd, "bytes", `${where}.rangeEnd`, true));
    } else if (rangeEnd !== undefined) {
      const bytes = constantBytes(rangeEnd, `${where}.rangeEnd`);
      // On the wire an empty one is no range at all, which is never what was meant.
      if (bytes.length === 0) throw new ArgumentError(`${where}.rangeEnd must not be empty`);
      // The byte 0 stands for no end.
      into.bytes(field, bytes.length === 1 && bytes[0] === 0 ? this.end : this.prefixed(bytes));
    }
  }

  private bytes(into: MessageParts, field: number, slot: unknown, form: HoleForm, where: string): void {
    if (isParam(slot)) {
      into.hole(field, form, this.parameters.use(slot, "bytes", where));
      return;
    }
    const bytes = constantBytes(slot, where);
    if (bytes.length > 0 || form === HoleForm.BYTES) into.bytes(field, bytes);
  }

  private integer(
    into: MessageParts,
    field: number,
    slot: unknown,
    kind: "integer" | "lease",
    always: boolean,
    where: string,
  ): void {
    if (isParam(slot)) {
      const form = always ? HoleForm.INTEGER : HoleForm.INTEGER_IF_ANY;
      into.hole(field, form, this.parameters.use(slot, kind, where));
      return;
    }
    const value = kind === "lease" ? constantLease(slot, where) : constantInteger(slot, where);
    if (always || value !== 0n) into.int64(field, value);
  }
}

const isParam = (slot: unknown): slot is Param =>
  typeof slot === "object" &&
  slot !== null &&
  "param" in slot &&
  typeof slot.param === "string" &&
  "kind" in slot;

function constantBytes(slot: unknown, where: string): Uint8Array {
  if (typeof slot === "string") {
    if (!slot.isWellFormed()) throw new ArgumentError(`${where} ${HALF_A_PAIR}`);
    return Buffer.from(slot, "utf8");
  }
  if (isUint8Array(slot)) return slot;
  throw new ArgumentError(`${where} must be a string, a Uint8Array or a parameter for one`);
}

function constantInteger(slot: unknown, where: string): bigint {
  if (typeof slot !== "number" || !Number.isSafeInteger(slot) || slot < 0)
    throw new ArgumentError(`${where} must be an integer within 0 and 2^53 - 1, or a parameter for one`);
  return BigInt(slot);
}

function constantLease(slot: unknown, where: string): bigint {
  if (typeof slot !== "bigint" || slot < INT64_MIN || slot > INT64_MAX)
    throw new ArgumentError(`${where} must be a bigint within 64 bits, or a parameter for one`);
  return slot;
}

/** The first key behind all that begin with `prefix`. */
export function prefixEnd(prefix: BytesInput): Uint8Array {
  const bytes = constantBytes(prefix, "prefix");
  const end = new Uint8Array(prefixEndBytes(bytes, bytes.length));
  end.set(bytes.subarray(0, end.length));
  end[end.length - 1] = bytes.length === 0 ? 0 : end.at(-1)! + 1;
  return end;
}

function choose<Names extends object>(names: Names, name: keyof Names, where: string): Names[keyof Names] {
  if (!Object.hasOwn(names, name))
    throw new ArgumentError(`${where} must be one of ${Object.keys(names).join(", ")}; not ${String(name)}`);
  return names[name];
}

function requireObject(value: unknown, where: string): void {
  if (typeof value !== "object" || value === null) throw new ArgumentError(`${where} must be an object`);
}

function requireList(value: unknown, where: string): number {
  if (!Array.isArray(value)) throw new ArgumentError(`${where} must hold arrays`);
  return value.length;
}

function requireNames(value: object, names: readonly string[], where: string): void {
  for (const name of Object.keys(value))
    if (!names.includes(name))
      throw new ArgumentError(`${where} has an unknown option ${name}; known are ${names.join(", ")}`);
}

/** Options that take true or false. Something else that is taken for true could delete a range instead of a key. */
const SWITCHES = new Set([
  "prefix",
  "fromKey",
  "serializable",
  "keysOnly",
  "countOnly",
  "prevKv",
  "ignoreValue",
  "ignoreLease",
]);

function requireOptions(value: unknown, names: readonly string[], where: string): void {
  requireObject(value, where);
  requireNames(value as object, names, where);
  for (const [name, given] of Object.entries(value as object))
    if (SWITCHES.has(name) && given !== undefined && typeof given !== "boolean")
      throw new ArgumentError(`${where}.${name} must be true or false`);
}
