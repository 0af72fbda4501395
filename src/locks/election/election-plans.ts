import type { Namespace } from "../../client/namespace.js";
import { NEAR_WAITERS_COUNT } from "../../options.js";
import { compare, op, param } from "../../txn/shape.js";
import { preparedOnce } from "../prepared-once.js";

/**
 * The transactions of an election. The layout is that of Go's `concurrency.Election`: every candidate puts `name/` + hex
 * lease id with its proposal as the value, and whoever's key has the lowest create revision leads.
 */
const preparePlans = (client: Namespace) => {
  const key = param.key("key");
  const prefix = param.key("prefix");
  const value = param.value("value");
  const putMe = op.put(key, value, { lease: param.lease("lease") });
  return {
    /** Stands in line and sees who is ahead; or finds our key. A repeat finds it, so it may be repeated. */
    campaign: client.prepare(
      {
        if: [compare.createRevision(key, "=", 0)],
        then: [
          putMe,
          // Ours, which is the newest, and the nearest of those ahead.
          op.get(prefix, {
            prefix: true,
            keysOnly: true,
            sort: { target: "createRevision", order: "descend" },
            limit: NEAR_WAITERS_COUNT + 2,
          }),
        ],
        else: [op.get(key)],
      },
      { repeatable: true },
    ),
    /**
     * Changes our proposal, if it is what we believe it to be. So it may be repeated, and a copy that the server does late
     * does not bring an old proposal back.
     */
    proclaim: client.prepare(
      {
        if: [
          compare.createRevision(key, "=", param.revision("createRevision")),
          compare.modRevision(key, "=", param.revision("modRevision")),
        ],
        then: [putMe],
        else: [op.get(key)],
      },
      { repeatable: true },
    ),
    /** Who leads. */
    leader: client.prepare({ then: [first(prefix)] }),
    /** Our key, and who leads. */
    standing: client.prepare({ then: [op.get(key), first(prefix)] }),
  };
};

const first = <Key extends ReturnType<typeof param.key>>(prefix: Key) =>
  op.get(prefix, { prefix: true, sort: { target: "createRevision", order: "ascend" }, limit: 1 });

export type ElectionPlans = ReturnType<typeof preparePlans>;

/** Compiled once per client or namespace. */
export const electionPlans = preparedOnce(preparePlans);
