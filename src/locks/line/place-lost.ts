import { LockLostError } from "../../errors.js";

/** Our key in a line is not there any more, and with it our turn: somebody else may hold what we wait for. */
export const placeLost = (how: "is gone" | "was deleted", mayHaveApplied: boolean): LockLostError =>
  new LockLostError(
    "ETCD_SESSION_EXPIRED",
    `our place in the line for the lock ${how}: its lease has ended, or somebody deleted it`,
    { mayHaveApplied },
  );
