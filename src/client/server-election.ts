import type { Calls } from "./calls.js";

/** The server's own election service. */
export class ServerElection {
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
