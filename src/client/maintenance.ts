import type { Calls } from "./calls.js";

/** What operators do with members. */
export class Maintenance {
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
