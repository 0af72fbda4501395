import type { Calls } from "./calls.js";

/** Users, roles and permissions. */
export class Auth {
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
