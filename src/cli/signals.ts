import { exitCodeOfSignal } from "./exit-codes.js";

/** The signals that end the program. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const;

/**
 * What the program does about signals: the first one aborts `signal`, so that what is under way ends well, and the
 * second one ends the program at once. A command that does something else about them says so with `handle`.
 */
export class Signals {
  readonly #controller = new AbortController();
  #handler: ((name: NodeJS.Signals) => void) | undefined;
  #received: NodeJS.Signals | undefined;
  readonly #listeners = new Map<NodeJS.Signals, () => void>();

  /** Begins to listen: until then signals do what they do to any process. */
  start(): void {
    for (const name of SIGNALS) {
      const listener = (): void => this.#onSignal(name);
      this.#listeners.set(name, listener);
      process.on(name, listener);
    }
  }

  stop(): void {
    for (const [name, listener] of this.#listeners) process.off(name, listener);
    this.#listeners.clear();
  }

  /** Aborts at the first signal. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The first signal that came. */
  get received(): NodeJS.Signals | undefined {
    return this.#received;
  }

  /** From now on every signal, the second one too, goes to `handler` and does nothing else; until what is returned is called. */
  handle(handler: (name: NodeJS.Signals) => void): () => void {
    const previous = this.#handler;
    this.#handler = handler;
    return () => {
      this.#handler = previous;
    };
  }

  /** What the first signal does by default, for a handler that wants it. */
  abort(name: NodeJS.Signals): void {
    this.#received ??= name;
    this.#controller.abort(new DOMException(name, "AbortError"));
  }

  #onSignal(name: NodeJS.Signals): void {
    if (this.#handler !== undefined) {
      this.#handler(name);
      return;
    }
    if (this.#received !== undefined) process.exit(exitCodeOfSignal(name));
    this.abort(name);
  }
}
