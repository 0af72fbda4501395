import { expect, expectTypeOf, test } from "vitest";

import { compileTxn } from "../../src/txn/plan.js";
import type { TxnPlan } from "../../src/txn/plan.js";
import { compare, isReadOnly, op, param } from "../../src/txn/shape.js";
import type { BytesInput, Operation, ParametersOf, TxnShape } from "../../src/txn/shape.js";

/** What types cannot be seen doing at run time, compileTxn is: it takes the shapes that they allow. */
function parametersOf<const Shape extends TxnShape>(shape: Shape): ParametersOf<Shape> {
  expect(() => compileTxn(shape)).not.toThrow();
  return {} as ParametersOf<Shape>;
}

test("a shape says which parameters it takes, and of which type", () => {
  const parameters = parametersOf({
    if: [compare.createRevision(param.key("key"), "=", 0)],
    then: [op.put(param.key("key"), param.value("value"))],
    else: [op.get(param.key("key"))],
  });
  expectTypeOf(parameters).toEqualTypeOf<{
    readonly key: BytesInput;
    readonly value: BytesInput;
  }>();
  expectTypeOf<Parameters<TxnPlan<typeof parameters>["measure"]>[0]>().toEqualTypeOf<typeof parameters>();
});

test("parameters are found in options, compares and nested transactions", () => {
  const parameters = parametersOf({
    if: [
      compare.lease("k", "=", param.lease("holder")),
      compare.modRevision("k", "<", param.revision("seen"), { rangeEnd: param.key("end") }),
    ],
    then: [op.txn({ else: [op.put("k", "v", { lease: param.lease("lease"), prevKv: true }), op.txn({})] })],
    else: [
      op.get("k", { limit: param.limit("limit"), sort: { target: "key", order: "ascend" } }),
      op.del(new Uint8Array(1)),
    ],
  });
  expectTypeOf(parameters).toEqualTypeOf<{
    readonly holder: bigint;
    readonly seen: number;
    readonly end: BytesInput;
    readonly lease: bigint;
    readonly limit: number;
  }>();
});

test("a shape without parameters takes none", () => {
  const parameters = parametersOf({ then: [op.get("k")] });
  expectTypeOf(Object.keys(parameters) as (keyof typeof parameters)[]).toEqualTypeOf<never[]>();
});

test("a shape put together at run time takes any parameters", () => {
  const then: Operation[] = [op.get(param.key("key"))];
  const parameters = parametersOf({ then });
  expectTypeOf(parameters).toEqualTypeOf<Readonly<Record<string, BytesInput | number | bigint>>>();
});

test("parameters fit only where their kind is wanted", () => {
  // @ts-expect-error a lease is no key
  op.get(param.lease("lease"));
  // @ts-expect-error a number is no lease
  op.put("k", "v", { lease: 5 });
  // @ts-expect-error a value is compared with bytes
  compare.value("k", "=", 0);
  // @ts-expect-error etcd has four operators
  compare.version("k", ">=", 0);
  // @ts-expect-error there is no such option
  op.get("k", { prefx: true });
});

test("a transaction that only gets is read-only, whatever it compares", () => {
  expect(isReadOnly({})).toBe(true);
  expect(
    isReadOnly({ if: [compare.version("k", "=", 1)], then: [op.get("k"), op.txn({ else: [op.get("k")] })] }),
  ).toBe(true);
  expect(isReadOnly({ else: [op.put("k", "v")] })).toBe(false);
  expect(isReadOnly({ then: [op.get("k"), op.txn({ else: [op.del("k")] })] })).toBe(false);
});
