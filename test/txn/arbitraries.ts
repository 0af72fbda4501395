/** Random transactions and replies, and the same things said through the generated codec. */
import fc from "fast-check";

import {
  Compare as CompareMessage,
  DeleteRangeRequest,
  DeleteRangeResponse,
  KeyValue,
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
  RequestOp,
  ResponseHeader,
  ResponseOp,
  TxnRequest,
  TxnResponse,
} from "../../src/messages/generated.js";
import type { TxnParameters } from "../../src/txn/plan.js";
import { compare, op, param } from "../../src/txn/shape.js";
import type { BytesSlot, Compare, IntegerSlot, LeaseSlot, Operation, TxnShape } from "../../src/txn/shape.js";
import { INT64_MAX, INT64_MIN } from "../../src/wire/protobuf.js";

/** `hex("0a 03")` is the bytes 10 and 3. */
export const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");

// ---- Requests -------------------------------------------------------------------------------------------------

const anyText = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.string({ unit: "binary", maxLength: 6 }),
  fc.constantFrom("\ufffd", "a\u0800b", "\ud83d\ude00", "x".repeat(130)),
);
const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 12 }),
  fc.constantFrom(
    hex("ff"),
    hex("61ff"),
    hex("ffff"),
    hex("fe"),
    hex("00"),
    new Uint8Array(200).fill(0xff),
    new Uint8Array(60).fill(7),
  ),
);
/** Empty ones included. */
const anyInput = fc.oneof(anyText, anyBytes, fc.constantFrom("", new Uint8Array(0)));
const keyInput = anyInput.filter((input) => input.length > 0);
/** The byte 0 among them, which stands for no end. */
const rangeEnd = fc.oneof(keyInput, fc.constantFrom("\0", Uint8Array.of(0)));
const anyInteger = fc.oneof(fc.constant(0), fc.nat(200), fc.maxSafeNat());
const anyLease = fc.oneof(fc.constant(0n), fc.bigInt({ min: INT64_MIN, max: INT64_MAX }));

/** Values for every parameter that a random shape may use. */
export const anyParameters: fc.Arbitrary<TxnParameters> = fc.record({
  key0: keyInput,
  key1: keyInput,
  any0: anyInput,
  any1: anyInput,
  end: rangeEnd,
  integer0: anyInteger,
  integer1: anyInteger,
  lease0: anyLease,
  lease1: anyLease,
});

const keySlot: fc.Arbitrary<BytesSlot> = fc.oneof(
  keyInput,
  fc.constantFrom(param.key("key0"), param.key("key1")),
);
const anySlot: fc.Arbitrary<BytesSlot> = fc.oneof(
  anyInput,
  fc.constantFrom(param.key("any0"), param.value("any1")),
);
const integerSlot: fc.Arbitrary<IntegerSlot> = fc.oneof(
  anyInteger,
  fc.constantFrom(param.revision("integer0"), param.limit("integer1")),
);
const leaseSlot: fc.Arbitrary<LeaseSlot> = fc.oneof(
  anyLease,
  fc.constantFrom(param.lease("lease0"), param.lease("lease1")),
);

const range = fc.oneof(
  fc.record({ key: keySlot, options: fc.constant({}) }),
  fc.record({ key: anySlot, options: fc.record({ rangeEnd: fc.oneof(keySlot, rangeEnd) }) }),
  fc.record({ key: anySlot, options: fc.constant({ rangeEnd: param.key("end") }) }),
  fc.record({ key: anySlot, options: fc.constantFrom({ prefix: true }, { fromKey: true }) }),
);
const operator = fc.constantFrom("=" as const, "!=" as const, ">" as const, "<" as const);

const anyCompare: fc.Arbitrary<Compare> = fc.oneof(
  fc
    .tuple(
      fc.constantFrom("version" as const, "createRevision" as const, "modRevision" as const),
      range,
      operator,
      integerSlot,
    )
    .map(([target, { key, options }, sign, operand]) => compare[target](key, sign, operand, options)),
  fc
    .tuple(range, operator, anySlot)
    .map(([{ key, options }, sign, operand]) => compare.value(key, sign, operand, options)),
  fc
    .tuple(range, operator, leaseSlot)
    .map(([{ key, options }, sign, operand]) => compare.lease(key, sign, operand, options)),
);

const getOptions = fc.record(
  {
    limit: integerSlot,
    revision: integerSlot,
    sort: fc.record({
      target: fc.constantFrom(
        "key" as const,
        "version" as const,
        "createRevision" as const,
        "modRevision" as const,
        "value" as const,
      ),
      order: fc.constantFrom("ascend" as const, "descend" as const),
    }),
    serializable: fc.boolean(),
    keysOnly: fc.boolean(),
    countOnly: fc.boolean(),
    minModRevision: integerSlot,
    maxModRevision: integerSlot,
    minCreateRevision: integerSlot,
    maxCreateRevision: integerSlot,
  },
  { requiredKeys: [] },
);

const { shape: anyNestedShape } = fc.letrec<{ shape: TxnShape; operation: Operation }>((tie) => ({
  shape: fc.record(
    {
      if: fc.array(anyCompare, { maxLength: 3 }),
      then: fc.array(tie("operation"), { maxLength: 3 }),
      else: fc.array(tie("operation"), { maxLength: 3 }),
    },
    { requiredKeys: [] },
  ),
  operation: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.tuple(range, getOptions).map(([{ key, options }, more]) => op.get(key, { ...options, ...more })),
    fc
      .tuple(
        keySlot,
        anySlot,
        fc.record(
          { lease: leaseSlot, prevKv: fc.boolean(), ignoreValue: fc.constant(false) },
          { requiredKeys: [] },
        ),
      )
      .map(([key, value, options]) => op.put(key, value, options)),
    fc
      .tuple(keySlot, fc.record({ prevKv: fc.boolean(), ignoreLease: fc.boolean() }, { requiredKeys: [] }))
      .map(([key, options]) => op.put(key, undefined, { ...options, ignoreValue: true })),
    fc.tuple(range, fc.boolean()).map(([{ key, options }, prevKv]) => op.del(key, { ...options, prevKv })),
    tie("shape").map((shape) => op.txn(shape)),
  ),
}));
export const anyShape: fc.Arbitrary<TxnShape> = anyNestedShape;

const { CompareResult, CompareTarget } = CompareMessage;
const { SortOrder, SortTarget } = RangeRequest;
const operators = {
  "=": CompareResult.EQUAL,
  ">": CompareResult.GREATER,
  "<": CompareResult.LESS,
  "!=": CompareResult.NOT_EQUAL,
};
const compareTargets = {
  version: CompareTarget.VERSION,
  createRevision: CompareTarget.CREATE,
  modRevision: CompareTarget.MOD,
  value: CompareTarget.VALUE,
  lease: CompareTarget.LEASE,
};
const sortOrders = { ascend: SortOrder.ASCEND, descend: SortOrder.DESCEND };
const sortTargets = {
  key: SortTarget.KEY,
  version: SortTarget.VERSION,
  createRevision: SortTarget.CREATE,
  modRevision: SortTarget.MOD,
  value: SortTarget.VALUE,
};

/** Prefixes of namespaces: texts, bytes, and those that end with all keys. */
export const anyPrefix: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.constantFrom(
    hex("ff"),
    hex("ffff"),
    hex("61ff"),
    hex("00"),
    Buffer.from("app/"),
    Buffer.alloc(200, "p"),
  ),
  fc.uint8Array({ minLength: 1, maxLength: 6 }),
);

/** The message that `shape` means, by the generated classes. */
export function requestOf(
  shape: TxnShape,
  parameters: TxnParameters,
  prefix: Uint8Array = new Uint8Array(0),
): TxnRequest {
  const value = (slot: unknown): unknown =>
    typeof slot === "object" && slot !== null && "param" in slot ? parameters[slot.param as string] : slot;
  const bytes = (slot: unknown): Uint8Array => {
    const input = value(slot) as string | Uint8Array;
    return typeof input === "string" ? new TextEncoder().encode(input) : Uint8Array.from(input);
  };
  const integer = (slot: unknown): string => `${(value(slot) ?? 0) as number | bigint}`;

  const keyOf = (slot: unknown): Uint8Array => Uint8Array.of(...prefix, ...bytes(slot));
  const endOf = (start: Uint8Array): number[] => {
    const end = [...start];
    while (end.at(-1) === 0xff) end.pop();
    const last = end.pop();
    end.push(last === undefined ? 0 : last + 1);
    return end;
  };
  const rangeOf = (slot: unknown, options: { rangeEnd?: unknown; prefix?: unknown; fromKey?: unknown }) => {
    const key = keyOf(slot);
    const isRange = options.rangeEnd !== undefined || options.prefix === true || options.fromKey === true;
    let end: number[] = [];
    if (options.rangeEnd !== undefined) {
      const given = bytes(options.rangeEnd);
      end = given.length === 1 && given[0] === 0 ? endOf(prefix) : [...keyOf(options.rangeEnd)];
    }
    if (options.fromKey === true) end = endOf(prefix);
    if (options.prefix === true) end = endOf(key);
    return { key: isRange && key.length === 0 ? Uint8Array.of(0) : key, range_end: Uint8Array.from(end) };
  };

  const compareOf = ({ target, operator, key, operand, options }: Compare): CompareMessage => {
    const message = new CompareMessage({
      ...rangeOf(key, options),
      result: operators[operator],
      target: compareTargets[target],
    });
    if (target === "version") message.version = integer(operand);
    else if (target === "createRevision") message.create_revision = integer(operand);
    else if (target === "modRevision") message.mod_revision = integer(operand);
    else if (target === "lease") message.lease = integer(operand);
    else message.value = bytes(operand);
    return message;
  };

  const operationOf = (operation: Operation): RequestOp => {
    switch (operation.op) {
      case "get": {
        const { key, options } = operation;
        const message = new RangeRequest({
          ...rangeOf(key, options),
          limit: integer(options.limit),
          revision: integer(options.revision),
          serializable: options.serializable ?? false,
          keys_only: options.keysOnly ?? false,
          count_only: options.countOnly ?? false,
          min_mod_revision: integer(options.minModRevision),
          max_mod_revision: integer(options.maxModRevision),
          min_create_revision: integer(options.minCreateRevision),
          max_create_revision: integer(options.maxCreateRevision),
        });
        if (options.sort !== undefined) {
          message.sort_order = sortOrders[options.sort.order];
          message.sort_target = sortTargets[options.sort.target];
        }
        return new RequestOp({ request_range: message });
      }
      case "put": {
        const { key, value: given, options } = operation;
        return new RequestOp({
          request_put: new PutRequest({
            key: keyOf(key),
            value: given === undefined ? new Uint8Array(0) : bytes(given),
            lease: integer(options.lease),
            prev_kv: options.prevKv ?? false,
            ignore_value: options.ignoreValue ?? false,
            ignore_lease: options.ignoreLease ?? false,
          }),
        });
      }
      case "delete": {
        const { key, options } = operation;
        return new RequestOp({
          request_delete_range: new DeleteRangeRequest({
            ...rangeOf(key, options),
            prev_kv: options.prevKv ?? false,
          }),
        });
      }
      case "txn":
        return new RequestOp({ request_txn: requestOf(operation.shape, parameters, prefix) });
    }
  };

  return new TxnRequest({
    compare: (shape.if ?? []).map(compareOf),
    success: (shape.then ?? []).map(operationOf),
    failure: (shape.else ?? []).map(operationOf),
  });
}

// ---- Replies --------------------------------------------------------------------------------------------------

const safeText = fc.oneof(fc.constant(0), fc.nat(1000), fc.maxSafeNat()).map(String);
const uint64Text = fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })).map(String);

const header = fc
  .record({
    cluster_id: uint64Text,
    member_id: uint64Text,
    revision: safeText,
    raft_term: safeText,
    leader_id: uint64Text,
  })
  .map((fields) => new ResponseHeader(fields));
const maybeHeader = fc.option(header, { nil: undefined });

const anyKeyValue = fc
  .record({
    key: fc.uint8Array({ maxLength: 20 }),
    value: fc.uint8Array({ maxLength: 200 }),
    create_revision: safeText,
    mod_revision: safeText,
    version: safeText,
    lease: anyLease.map(String),
  })
  .map((fields) => new KeyValue(fields));
const keyValues = fc.array(anyKeyValue, { maxLength: 5 });

/** The generated constructors take an absent field for what it is, and by their types no `undefined`. */
type Present<T> = { [K in keyof T]: Exclude<T[K], undefined> };
const present = <T extends object>(fields: T): Present<T> => fields as Present<T>;

export const { reply: anyReply } = fc.letrec<{ reply: TxnResponse; response: ResponseOp }>((tie) => ({
  reply: fc
    .record({
      header: maybeHeader,
      succeeded: fc.boolean(),
      responses: fc.array(tie("response"), { maxLength: 4 }),
    })
    .map((fields) => new TxnResponse(present(fields))),
  response: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc
      .record({ header: maybeHeader, kvs: keyValues, more: fc.boolean(), count: safeText })
      .map((fields) => new ResponseOp({ response_range: new RangeResponse(present(fields)) })),
    fc
      .record({ header: maybeHeader, prev_kv: fc.option(anyKeyValue, { nil: undefined }) })
      .map((fields) => new ResponseOp({ response_put: new PutResponse(present(fields)) })),
    fc
      .record({ header: maybeHeader, deleted: safeText, prev_kvs: keyValues })
      .map((fields) => new ResponseOp({ response_delete_range: new DeleteRangeResponse(present(fields)) })),
    tie("reply").map((reply) => new ResponseOp({ response_txn: reply })),
  ),
}));

/** `reply` as it would be if all its keys began with `prefix`. */
export function withPrefix(reply: TxnResponse, prefix: Uint8Array): TxnResponse {
  // A copy, by the way of the bytes.
  const copy = TxnResponse.deserialize(reply.serialize());
  const visit = ({ responses }: TxnResponse): void => {
    for (const response of responses) {
      const replaced = response.response_put?.prev_kv;
      const kvs = response.response_range?.kvs ?? response.response_delete_range?.prev_kvs ?? [];
      for (const kv of replaced === undefined ? kvs : [replaced])
        kv.key = Uint8Array.of(...prefix, ...kv.key);
      if (response.response_txn !== undefined) visit(response.response_txn);
    }
  };
  visit(copy);
  return copy;
}
