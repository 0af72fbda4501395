import type { LoadClock } from "../../bench/harness/load-clock.js";

interface Timer {
  readonly atUs: number;
  readonly number: number;
  readonly callback: () => void;
}

/** A turn of the event loop that has nothing to do. */
const TURN_US = 5;

/** An event loop whose time goes on only when it has nothing to do, or when somebody says that work took some. */
export class FakeLoadClock implements LoadClock {
  #nowUs = 1_000_000;
  #number = 0;
  #timers: Timer[] = [];
  #immediates: (() => void)[] = [];
  turnCount = 0;

  nowUs(): number {
    return this.#nowUs;
  }

  setTimer(callback: () => void, ms: number): Timer {
    return this.#add(callback, ms * 1e3);
  }

  clearTimer(timer: unknown): void {
    this.#timers = this.#timers.filter((other) => other !== timer);
  }

  setImmediate(callback: () => void): void {
    this.#immediates.push(callback);
  }

  /** Like an answer that comes: at a microsecond, whatever timers can do. */
  afterUs(us: number, callback: () => void): void {
    this.#add(callback, us);
  }

  /** Work that keeps the event loop. */
  spend(us: number): void {
    this.#nowUs += us;
  }

  /** Turns until `promise` is settled. */
  async until<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const settled = promise.finally(() => (isSettled = true));
    settled.catch(() => {});
    // As a function, because it changes while this one waits.
    const goesOn = (): boolean => !isSettled;
    while (goesOn()) {
      this.turnCount++;
      if (this.#immediates.length > 0) this.#nowUs += TURN_US;
      else this.#nowUs = Math.max(this.#nowUs, ...this.#timers.slice(0, 1).map(({ atUs }) => atUs));
      const immediates = this.#immediates;
      this.#immediates = [];
      for (const due of this.#timers.filter(({ atUs }) => atUs <= this.#nowUs)) {
        this.clearTimer(due);
        due.callback();
      }
      for (const callback of immediates) callback();
      // What was promised; and real turns once there is nothing left to do but wait for the process's own counters.
      await Promise.resolve();
      if (this.#immediates.length === 0 && this.#timers.length === 0)
        await new Promise((resolve) => setImmediate(resolve));
    }
    return settled;
  }

  #add(callback: () => void, us: number): Timer {
    const timer = { atUs: this.#nowUs + us, number: this.#number++, callback };
    this.#timers.push(timer);
    this.#timers.sort((a, b) => a.atUs - b.atUs || a.number - b.number);
    return timer;
  }
}
