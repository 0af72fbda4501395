import type { Namespace } from "../client/namespace.js";
import { NEAR_WAITERS_COUNT } from "../options.js";
import { compare, op, param } from "../txn/shape.js";

/**
 * The transactions of a lock. The layout is that of Go's `concurrency.Mutex`: everyone who wants the lock puts
 * `name/` + hex lease id, and whoever's key has the lowest create revision holds it. In a namespace all keys get its
 * prefix, as with Go's `namespace.NewKV`.
 */
const preparePlans = (client: Namespace) => {
  const key = param.key("key");
  const prefix = param.key("prefix");
  // The value tells one acquire from another: a key of ours that carries another value is left over.
  const value = param.value("value");
  const putMe = op.put(key, value, { lease: param.lease("lease") });
  return {
    /**
     * Free: take it. Taken: stand in line and see who is ahead. One round trip either way; and harmless to
     * repeat, since a repeat finds our key and its value.
     */
    acquire: client.prepare(
      {
        if: [compare.createRevision(prefix, "=", 0, { prefix: true })],
        then: [putMe],
        else: [
          op.txn({ if: [compare.createRevision(key, "=", 0)], then: [putMe], else: [op.get(key)] }),
          // Ours, and the nearest of those ahead: it was just put, unless an earlier acquire of ours left it behind.
          op.get(prefix, {
            prefix: true,
            keysOnly: true,
            sort: { target: "createRevision", order: "descend" },
            limit: NEAR_WAITERS_COUNT + 2,
          }),
        ],
      },
      { repeatable: true },
    ),
    /** Deletes our key of this one acquire: cannot delete a later one, so it may be repeated. */
    release: client.prepare(
      { if: [compare.createRevision(key, "=", param.revision("createRevision"))], then: [op.del(key)] },
      { repeatable: true },
    ),
    /**
     * Deletes our key of an acquire whose create revision was never learnt. By its value, so that a copy of this that the
     * server does late cannot delete the key of a later acquire, which may be a lock that is held.
     */
    abandon: client.prepare(
      { if: [compare.value(key, "=", value)], then: [op.del(key)] },
      { repeatable: true },
    ),
  };
};

export type LockPlans = ReturnType<typeof preparePlans>;

const plansOf = new WeakMap<Namespace, LockPlans>();

/** Compiled once per client or namespace. */
export const lockPlans = (client: Namespace): LockPlans => {
  let plans = plansOf.get(client);
  if (plans === undefined) plansOf.set(client, (plans = preparePlans(client)));
  return plans;
};
