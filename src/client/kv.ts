import type { Calls } from "./calls.js";
import type { KeySpace } from "./key-space.js";

/** Reading, writing and deleting keys, and transactions. */
export class Kv {
  /** @internal */
  constructor(
    readonly calls: Calls,
    readonly space: KeySpace,
  ) {}
}
