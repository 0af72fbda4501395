import type { Namespace } from "../../client/namespace.js";
import { op, param } from "../../txn/shape.js";
import { preparedOnce } from "../prepared-once.js";

/** Reads of a line of keys, for those who wait in it or stand at its head. */
const preparePlans = (client: Namespace) => {
  const key = param.key("key");
  return {
    /** Whether we still stand in line, and who is ahead: the nearest `limit` keys, or all for 0. */
    look: client.prepare({
      then: [
        op.get(key, { keysOnly: true }),
        op.get(param.key("prefix"), {
          prefix: true,
          keysOnly: true,
          maxCreateRevision: param.revision("before"),
          sort: { target: "createRevision", order: "descend" },
          limit: param.limit("limit"),
        }),
      ],
    }),
    /** Whether two keys are there: of a line of a thousand, `look` reads each one. */
    pair: client.prepare({
      then: [op.get(key, { keysOnly: true }), op.get(param.key("other"), { keysOnly: true })],
    }),
    /** Whether our key is there. */
    own: client.prepare({ then: [op.get(key, { keysOnly: true })] }),
  };
};

export type LinePlans = ReturnType<typeof preparePlans>;

/** Compiled once per client or namespace. */
export const linePlans = preparedOnce(preparePlans);
