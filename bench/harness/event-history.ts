import { monotonicUs } from "./workload.js";
import type { WatchCounts } from "./workload.js";

/** What the last put of each key holds: its watcher has seen all when it has seen this. */
export const END_VALUE = "end";

/** Grown in steps: the number of events is not known before. */
const SAMPLES_INITIAL_COUNT = 1 << 16;

/**
 * What one client's watchers are sent of keys that are new: versions 1, 2, 3 and so on of each, once and in this order,
 * whichever watcher a key belongs to. A put's value is the moment of the call, on the clock that all processes share.
 */
export class EventHistory {
  readonly #versions: Uint32Array;
  readonly #ended: Uint8Array;
  readonly #allEnded: Promise<void>;
  #resolveAllEnded!: () => void;
  #endedCount = 0;
  #lostCount = 0;
  #repeatedCount = 0;
  #samples = new Float32Array(SAMPLES_INITIAL_COUNT);
  #sampleCount = 0;
  /** Only events that arrive inside the window are timed; all are counted. */
  isWindowOpen = false;

  constructor(keyCount: number) {
    this.#versions = new Uint32Array(keyCount);
    this.#ended = new Uint8Array(keyCount);
    this.#allEnded = new Promise((resolve) => {
      this.#resolveAllEnded = resolve;
    });
  }

  /** Resolves when every key's last event is here. */
  get allEnded(): Promise<void> {
    return this.#allEnded;
  }

  /** From the call of put to the event, of those that came inside the window. */
  get latenciesUs(): Float32Array {
    return this.#samples.slice(0, this.#sampleCount);
  }

  /** A put of key number `index`, as its watcher saw it. */
  onPut(index: number, version: number, value: string): void {
    const expected = this.#versions[index]! + 1;
    if (version < expected) {
      this.#repeatedCount++;
      return;
    }
    this.#lostCount += version - expected;
    this.#versions[index] = version;
    if (value === END_VALUE) {
      this.#ended[index] = 1;
      if (++this.#endedCount === this.#ended.length) this.#resolveAllEnded();
    } else if (this.isWindowOpen) this.#sample(monotonicUs() - Number(value));
  }

  /** To be asked when nothing more will come: a key without its last event has lost that at least. */
  counts(): Pick<WatchCounts, "lostEvents" | "repeatedEvents"> {
    return {
      lostEvents: this.#lostCount + this.#ended.length - this.#endedCount,
      repeatedEvents: this.#repeatedCount,
    };
  }

  #sample(us: number): void {
    if (this.#sampleCount === this.#samples.length) {
      const grown = new Float32Array(this.#samples.length * 2);
      grown.set(this.#samples);
      this.#samples = grown;
    }
    this.#samples[this.#sampleCount++] = us;
  }
}
