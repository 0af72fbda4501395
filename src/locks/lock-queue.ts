/** A place at the head of one name's queue; give it back with `leave`. */
export interface Turn {
  leave(): void;
}

interface Waiter {
  start(): void;
}

/**
 * Callers of one session that want the same lock. There is one key per session and name, so they take turns in
 * front of it, first come first.
 */
export class LockQueue {
  /** A name is present while somebody has the turn. */
  readonly #waiting = new Map<string, Waiter[]>();

  /** Resolves when it is this caller's turn; rejects with `signal`'s reason when that aborts first. */
  enter(name: string, signal: AbortSignal | undefined): Promise<Turn> {
    return new Promise((resolve, reject) => {
      const turn: Turn = { leave: () => this.#leave(name) };
      const waiting = this.#waiting.get(name);
      if (waiting === undefined) {
        this.#waiting.set(name, []);
        resolve(turn);
        return;
      }
      const onAbort = (): void => {
        waiting.splice(waiting.indexOf(waiter), 1);
        reject(signal?.reason as Error);
      };
      const waiter: Waiter = {
        start: () => {
          signal?.removeEventListener("abort", onAbort);
          resolve(turn);
        },
      };
      waiting.push(waiter);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  #leave(name: string): void {
    const next = this.#waiting.get(name)?.shift();
    if (next === undefined) this.#waiting.delete(name);
    else next.start();
  }
}
