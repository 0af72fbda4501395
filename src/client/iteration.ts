import { offAbort, onAbort } from "../rpc/abort-listeners.js";

/** What ends an iteration before its end: its caller's signal, or that the caller leaves it. */
export class IterationEnd {
  readonly #controller = new AbortController();
  readonly #callers: AbortSignal | undefined;
  #hasLeft = false;

  constructor(signal: AbortSignal | undefined) {
    this.#callers = signal;
  }

  /** Fires for either of them, from `begin` on. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The caller does not want to hear of anything any more, errors included. */
  get hasLeft(): boolean {
    return this.#hasLeft;
  }

  begin(): void {
    if (this.#callers !== undefined) onAbort(this.#callers, this.#onAbort);
    if (this.#callers?.aborted === true) this.#onAbort();
  }

  leave(): void {
    this.#hasLeft = true;
    this.#controller.abort();
  }

  /** The iteration is over. */
  release(): void {
    if (this.#callers !== undefined) offAbort(this.#callers, this.#onAbort);
  }

  readonly #onAbort = (): void => {
    this.#controller.abort(this.#callers?.reason);
  };
}

/**
 * `items` with a `return` that works at once, also while an item is waited for: a generator's own would wait with it.
 */
export const leavable = <T>(
  items: AsyncGenerator<T, undefined>,
  end: IterationEnd,
): AsyncIterableIterator<T, undefined> => {
  const iterator: AsyncIterableIterator<T, undefined> = {
    next: () => items.next(),
    return: () => {
      end.leave();
      return items.return(undefined);
    },
    [Symbol.asyncIterator]: () => iterator,
  };
  return iterator;
};
