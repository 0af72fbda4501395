/** What is to be done when a signal fires, in order. */
class AbortListeners {
  readonly #signal: AbortSignal;
  readonly #callbacks = new Set<() => void>();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  add(callback: () => void): void {
    if (this.#callbacks.size === 0) this.#signal.addEventListener("abort", this.#onAbort, { once: true });
    this.#callbacks.add(callback);
  }

  delete(callback: () => void): void {
    if (this.#callbacks.delete(callback) && this.#callbacks.size === 0)
      this.#signal.removeEventListener("abort", this.#onAbort);
  }

  readonly #onAbort = (): void => {
    // One callback may take another one back, or bring a new one, which finds the signal aborted.
    for (const callback of [...this.#callbacks]) if (this.#callbacks.delete(callback)) callback();
  };
}

const listenersOf = new WeakMap<AbortSignal, AbortListeners>();

/**
 * Calls `callback` once when `signal` fires, as long as nobody takes it back with `offAbort`. However many calls share
 * a signal, it has one listener of ours: Node warns of a leak from the eleventh on, and looks through all of them to
 * take one away.
 */
export const onAbort = (signal: AbortSignal, callback: () => void): void => {
  let listeners = listenersOf.get(signal);
  if (listeners === undefined) listenersOf.set(signal, (listeners = new AbortListeners(signal)));
  listeners.add(callback);
};

/** `callback` is not to be called any more; nothing happens if it was not going to be. */
export const offAbort = (signal: AbortSignal, callback: () => void): void => {
  listenersOf.get(signal)?.delete(callback);
};
