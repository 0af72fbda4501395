import type { Session } from "../session.js";
import type { LockPlans } from "./lock-plans.js";

/** Everything about one name that an acquire needs. Keys are those of the session's namespace, without its prefix. */
export interface LockPlace {
  readonly session: Session;
  readonly plans: LockPlans;
  /** `name/` */
  readonly prefix: string;
  /** `name/` + hex lease id */
  readonly key: string;
  /** Tells this acquire's key from one that an earlier acquire left behind. */
  readonly value: string;
}
