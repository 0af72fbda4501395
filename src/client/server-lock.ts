import type { Calls } from "./calls.js";

/** The server's own lock service. */
export class ServerLock {
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
