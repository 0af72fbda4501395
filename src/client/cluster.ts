import type { Calls } from "./calls.js";

/** The cluster's members. */
export class Cluster {
  readonly #calls: Calls;

  /** @internal */
  constructor(calls: Calls) {
    this.#calls = calls;
  }

  /** @internal */
  get calls(): Calls {
    return this.#calls;
  }
}
