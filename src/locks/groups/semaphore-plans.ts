import type { Namespace } from "../../client/namespace.js";
import { EtcdError } from "../../errors.js";
import { compare, op, param } from "../../txn/shape.js";
import type { Operation } from "../../txn/shape.js";
import type { GetResponse } from "../../txn/typed-result.js";
import { preparedOnce } from "../prepared-once.js";
import { indexes, parameterNames, prepareKeyPlans } from "./entry-plans.js";

/** The number of permits as the store has it. */
export interface StoredPermits {
  readonly permits: number;
  readonly modRevision: number;
}

const permitsKey = param.key("permitsKey");
const prefix = param.key("prefix");
const getPermits = op.get(permitsKey);
/** Whoever comes first says how many there are. */
const createPermits = op.txn({
  if: [compare.createRevision(permitsKey, "=", 0)],
  then: [op.put(permitsKey, param.value("permits"))],
});

/** Of an acquire of `count` permits: a key for each, all in the line under the name. */
const prepareEntryPlans = (client: Namespace, count: number) => {
  const keyAt = (index: number) => param.key(parameterNames.key(index));
  // Of these nothing is known before `count` is: any parameter may be in them.
  const puts: Operation[] = indexes(count).map((index) =>
    op.put(keyAt(index), param.value("value"), { lease: param.lease("lease") }),
  );
  const areAbsent = indexes(count).map((index) => compare.createRevision(keyAt(index), "=", 0));
  const own: Operation[] = indexes(count).map((index) => op.get(keyAt(index), { keysOnly: true }));
  return {
    /** Stand in line, see who is ahead, and how many permits there are. A repeat finds our keys. */
    enter: client.prepare(
      {
        then: [
          op.txn({ if: areAbsent, then: puts, else: own }),
          createPermits,
          getPermits,
          op.get(prefix, {
            prefix: true,
            keysOnly: true,
            sort: { target: "createRevision", order: "descend" },
          }),
        ],
      },
      { repeatable: true },
    ),
    /**
     * Be there if nobody came since the line was seen with room in it, and the number of permits is what it was. If not, see
     * how things stand. A repeat finds our keys.
     */
    tryEnter: client.prepare(
      {
        if: [
          compare.createRevision(prefix, "<", param.revision("before"), { prefix: true }),
          compare.modRevision(permitsKey, "=", param.revision("permitsRevision")),
        ],
        then: puts,
        else: [
          createPermits,
          getPermits,
          op.get(prefix, { prefix: true, sort: { target: "createRevision", order: "ascend" } }),
          ...own,
        ],
      },
      { repeatable: true },
    ),
    ...prepareKeyPlans(client, count),
  };
};

const preparePermitPlans = (client: Namespace) => ({
  read: client.prepare({ then: [getPermits] }),
  /** Unless it has changed since it was read: so a late copy of this does not undo what others have set since. */
  set: client.prepare(
    {
      if: [compare.modRevision(permitsKey, "=", param.revision("permitsRevision"))],
      then: [op.put(permitsKey, param.value("permits"))],
      else: [getPermits],
    },
    { repeatable: true },
  ),
});

export type SemaphoreEntryPlans = ReturnType<typeof prepareEntryPlans>;
export type PermitPlans = ReturnType<typeof preparePermitPlans>;

/** Compiled once per client or namespace. */
export const permitPlans = preparedOnce(preparePermitPlans);

const entryPlansOf = preparedOnce(() => new Map<number, SemaphoreEntryPlans>());

/** Compiled once per client or namespace and number of permits. */
export const semaphoreEntryPlans = (client: Namespace, count: number): SemaphoreEntryPlans => {
  const entries = entryPlansOf(client);
  let plans = entries.get(count);
  if (plans === undefined) entries.set(count, (plans = prepareEntryPlans(client, count)));
  return plans;
};

/**
 * @returns undefined if nobody has used the semaphore yet
 * @throws EtcdError ETCD_CONFLICT if something else is under the key
 */
export const readPermits = (stored: GetResponse | undefined): StoredPermits | undefined => {
  const kv = stored?.kvs[0];
  if (kv === undefined) return undefined;
  const text = kv.value.string();
  const permits = Number(text);
  if (!/^[1-9][0-9]*$/.test(text) || !Number.isSafeInteger(permits)) {
    throw new EtcdError(
      "ETCD_CONFLICT",
      `the key "${kv.key.string()}" should hold a semaphore's number of permits, and holds something else`,
      { mayHaveApplied: false },
    );
  }
  return { permits, modRevision: kv.modRevision };
};
