import type { Namespace } from "../../client/namespace.js";
import { NEAR_WAITERS_COUNT } from "../../options.js";
import { compare, op, param } from "../../txn/shape.js";
import type { Compare, Operation } from "../../txn/shape.js";
import type { GetResponse, TxnResultOf } from "../../txn/typed-result.js";
import type { TxnResult } from "../../txn/result.js";
import { placeLost } from "../line/place-lost.js";
import { preparedOnce } from "../prepared-once.js";
import { freeLine, lineSnapshot } from "./line-entry.js";
import type { Entered } from "./line-entry.js";

/**
 * Who is in the way of an entry. `all`: every key in its lines. `notReaders`: of one line, every key that is not a
 * reader's.
 */
export type Obstacles = "all" | "notReaders";

/** The names of the parameters, for the key and line of this index. */
export const parameterNames = {
  key: (index: number) => `key${index}`,
  prefix: (index: number) => `prefix${index}`,
} as const;

/** What the plans are filled with: names from `parameterNames`, `value` and `lease`; for `notReaders` also the readers' keys. */
export interface EntryParameters {
  readonly value: string;
  readonly lease: bigint;
  readonly [name: string]: string | bigint;
}

const prefixAt = (index: number) => param.key(parameterNames.prefix(index));
const keyAt = (index: number) => param.key(parameterNames.key(index));

/** All of a line but the readers: what is before their keys, and what is behind them. */
const beforeReaders = { key: prefixAt(0), rangeEnd: param.key("readers") };
const behindReaders = { key: param.key("readersEnd"), rangeEnd: param.key("prefixEnd") };

/** That nobody is in the way. */
const freeCompares = (count: number, obstacles: Obstacles): Compare[] =>
  obstacles === "all"
    ? indexes(count).map((index) => compare.createRevision(prefixAt(index), "=", 0, { prefix: true }))
    : [
        ...[beforeReaders, behindReaders].map(({ key, rangeEnd }) =>
          compare.createRevision(key, "=", 0, { rangeEnd }),
        ),
        // Our own key is not in the way: a repeat would put it again.
        compare.createRevision(keyAt(0), "=", 0),
      ];

/** The oldest of those in the way, of each range that they can be in. */
const firstGets = (count: number, obstacles: Obstacles): Operation[] => {
  const oldest = { sort: { target: "createRevision", order: "ascend" }, limit: 1 } as const;
  return obstacles === "all"
    ? indexes(count).map((index) => op.get(prefixAt(index), { prefix: true, ...oldest }))
    : [beforeReaders, behindReaders].map(({ key, rangeEnd }) => op.get(key, { rangeEnd, ...oldest }));
};

/** Each line, the newest first: all of it where not everybody counts, else our own key and the nearest ones. */
const lineGets = (count: number, obstacles: Obstacles): Operation[] =>
  indexes(count).map((index) =>
    op.get(prefixAt(index), {
      prefix: true,
      keysOnly: true,
      sort: { target: "createRevision", order: "descend" },
      limit: obstacles === "all" ? NEAR_WAITERS_COUNT + 2 : 0,
    }),
  );

const preparePlans = (client: Namespace, count: number, obstacles: Obstacles) => {
  const keys = indexes(count).map(keyAt);
  const free = freeCompares(count, obstacles);
  const puts = keys.map((key) => op.put(key, param.value("value"), { lease: param.lease("lease") }));
  const areAbsent = keys.map((key) => compare.createRevision(key, "=", 0));
  const own = keys.map((key) => op.get(key, { keysOnly: true }));
  return {
    /** Free: be there. Taken: be there as well, and see who is ahead. A repeat finds our keys. */
    enter: client.prepare(
      {
        if: free,
        then: puts,
        else: [op.txn({ if: areAbsent, then: puts, else: own }), ...lineGets(count, obstacles)],
      },
      { repeatable: true },
    ),
    /** Free: be there. Taken: see who is in the way. A repeat finds our keys. */
    tryEnter: client.prepare(
      { if: free, then: puts, else: [...own, ...firstGets(count, obstacles)] },
      { repeatable: true },
    ),
    ...prepareKeyPlans(client, count),
  };
};

/** What can be done about an entry's keys alone. */
export const prepareKeyPlans = (client: Namespace, count: number) => {
  const keys = indexes(count).map(keyAt);
  return {
    remove: client.prepare({ then: keys.map((key) => op.del(key)) }, { repeatable: true }),
    read: client.prepare({ then: keys.map((key) => op.get(key, { keysOnly: true })) }),
  };
};

export type EntryPlans = ReturnType<typeof preparePlans>;

const plansOf = preparedOnce(() => new Map<string, EntryPlans>());

/**
 * Of an entry with so many keys, each in a line of its own. Compiled once per client or namespace, number of keys and
 * kind.
 */
export const entryPlans = (client: Namespace, count: number, obstacles: Obstacles): EntryPlans => {
  const plans = plansOf(client);
  const kind = `${obstacles}/${count}`;
  let prepared = plans.get(kind);
  if (prepared === undefined) plans.set(kind, (prepared = preparePlans(client, count, obstacles)));
  return prepared;
};

/** What the answer to `enter` says. */
export const readEntered = (result: TxnResult | TxnResultOf<object>, count: number): Entered => {
  const { succeeded, revision } = result;
  if (succeeded) return { createRevision: revision, snapshots: indexes(count).map(() => freeLine(revision)) };
  const [mine, ...lines] = result.responses as TxnResult["responses"];
  const createRevision = ownCreateRevision(mine, revision);
  return {
    createRevision,
    snapshots: lines.map((line) => lineSnapshot(asGet(line), revision, createRevision)),
  };
};

/** Of our keys, from the answer to the nested transaction that puts them unless any is there. */
export const ownCreateRevision = (
  mine: TxnResult["responses"][number] | undefined,
  revision: number,
): number => {
  if (mine?.kind !== "txn") throw unexpected();
  return mine.result.succeeded ? revision : foundRevision(mine.result.responses)!;
};

/**
 * The create revision of our keys, from the gets of them all; undefined if none is there.
 *
 * @throws LockLostError if only some are, because somebody deleted the others: keys put anew would stand elsewhere in the
 *   order than those that are left
 */
export const foundRevision = (own: readonly TxnResult["responses"][number][]): number | undefined => {
  const [first, ...others] = own.map((get) => asGet(get).kvs[0]?.createRevision);
  if (others.some((createRevision) => createRevision !== first)) throw placeLost("is gone", true);
  return first;
};

export const asGet = (response: TxnResult["responses"][number] | undefined): GetResponse => {
  if (response?.kind !== "get") throw unexpected();
  return response;
};

/** 0, 1, 2 and so on. */
export const indexes = (count: number): readonly number[] =>
  Array.from({ length: count }, (_, index) => index);

const unexpected = (): Error =>
  new Error("etcdwire: the reply to a lock's acquire has another shape than its plan");
