import type { Namespace } from "../../client/namespace.js";
import { compare, op, param } from "../../txn/shape.js";
import { preparedOnce } from "../prepared-once.js";

/** The transactions of a lock that is one key: there while somebody holds it. */
const preparePlans = (client: Namespace) => {
  const key = param.key("key");
  return {
    /**
     * Free: take it. Taken: see by whom, and write nothing. Harmless to repeat, since whoever repeats it knows its own key
     * when it sees it: by its lease, or its value.
     */
    acquire: client.prepare(
      {
        if: [compare.createRevision(key, "=", 0)],
        then: [op.put(key, param.value("value"), { lease: param.lease("lease") })],
        else: [op.get(key)],
      },
      { repeatable: true },
    ),
    /** Who holds it. */
    look: client.prepare({ then: [op.get(key)] }),
    /** Deletes the key of one acquire and of no other, however late it is done. */
    release: client.prepare(
      { if: [compare.createRevision(key, "=", param.revision("createRevision"))], then: [op.del(key)] },
      { repeatable: true },
    ),
  };
};

export type KeyLockPlans = ReturnType<typeof preparePlans>;

/** Compiled once per client or namespace. */
export const keyLockPlans = preparedOnce(preparePlans);
