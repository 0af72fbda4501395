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

  /**
   * Resolves when it is this caller's turn; rejects with a signal's reason when one aborts first. Not one signal
   * made of several: on Node 20 those that stem from a long-lived signal pile up in it.
   */
  enter(name: string, signals: readonly AbortSignal[]): Promise<Turn> {
    return new Promise((resolve, reject) => {
      const turn: Turn = { leave: () => this.#leave(name) };
      const aborted = signals.find((signal) => signal.aborted);
      if (aborted !== undefined) {
        reject(aborted.reason as Error);
        return;
      }
      const waiting = this.#waiting.get(name);
      if (waiting === undefined) {
        this.#waiting.set(name, []);
        resolve(turn);
        return;
      }
      const stopListening = (): void => {
        for (const signal of signals) signal.removeEventListener("abort", onAbort);
      };
      const onAbort = ({ target }: globalThis.Event): void => {
        stopListening();
        waiting.splice(waiting.indexOf(waiter), 1);
        reject((target as AbortSignal).reason as Error);
      };
      const waiter: Waiter = {
        start: () => {
          stopListening();
          resolve(turn);
        },
      };
      waiting.push(waiter);
      for (const signal of signals) signal.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** Somebody has the turn. */
  isTaken(name: string): boolean {
    return this.#waiting.has(name);
  }

  #leave(name: string): void {
    const next = this.#waiting.get(name)?.shift();
    if (next === undefined) this.#waiting.delete(name);
    else next.start();
  }
}
