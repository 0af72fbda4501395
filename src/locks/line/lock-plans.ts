import type { Namespace } from "../../client/namespace.js";
import { NEAR_WAITERS_COUNT } from "../../options.js";
import { compare, op, param } from "../../txn/shape.js";
import { preparedOnce } from "../prepared-once.js";

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
  const createRevision = param.revision("createRevision");
  const first = op.get(prefix, {
    prefix: true,
    sort: { target: "createRevision", order: "ascend" },
    limit: 1,
  });
  /** Holds for one holder of our key, and fails once it has passed on. */
  const isHeldBySender = [
    compare.createRevision(key, "=", createRevision),
    compare.value(key, "=", param.value("previous")),
  ];
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
    /** Free: take it. Taken: say who is first in line, and write nothing. A repeat finds our key and its value. */
    tryAcquire: client.prepare(
      { if: [compare.createRevision(prefix, "=", 0, { prefix: true })], then: [putMe], else: [first] },
      { repeatable: true },
    ),
    /** Who is first in line. */
    first: client.prepare({ then: [first] }),
    /**
     * Passes the lock on in this process: the key stays where it stands in the line, its new value is that of the next
     * holder, and the revision of this put is the next holder's token. A repeat finds the value that it would put; a copy
     * that arrives later than that finds that `previous` is gone for good.
     */
    passOn: client.prepare({ if: isHeldBySender, then: [putMe], else: [op.get(key)] }, { repeatable: true }),
    /**
     * The same if nobody stands behind us, `behind` being our create revision and one; else gives the lock up. A compare of
     * a range must hold for each key in it, and all compares, the nested ones too, are decided before anything is done.
     */
    passOnIfAlone: client.prepare(
      {
        if: [
          ...isHeldBySender,
          compare.createRevision(prefix, "<", param.revision("behind"), { prefix: true }),
        ],
        then: [putMe],
        else: [op.get(key), op.txn({ if: isHeldBySender, then: [op.del(key)] })],
      },
      { repeatable: true },
    ),
    /** Deletes our key of this one acquire, whoever holds it: cannot delete a later one, so it may be repeated. */
    release: client.prepare(
      { if: [compare.createRevision(key, "=", createRevision)], then: [op.del(key)] },
      { repeatable: true },
    ),
    /**
     * Deletes our key if it is still that of one holder, or of one acquire whose create revision was never learnt. By its
     * value, which no other has, so that a copy of this that the server does late cannot delete the key of a later
     * acquire, which may be a lock that is held.
     */
    abandon: client.prepare(
      { if: [compare.value(key, "=", value)], then: [op.del(key)] },
      { repeatable: true },
    ),
  };
};

export type LockPlans = ReturnType<typeof preparePlans>;

/** Compiled once per client or namespace. */
export const lockPlans = preparedOnce(preparePlans);
