import { keyText } from "../../client/watch/watch-reply.js";
import type { Timer } from "../../connection/runtime.js";
import { EtcdError } from "../../errors.js";
import { HELD_KEY_WATCH_MS } from "../../options.js";
import type { LockLife } from "../lock.js";
import { keyWatch, openPrefixWatch } from "./deletion-watch.js";
import type { DeletionListener, DeletionWatch } from "./deletion-watch.js";
import { linePlans } from "./line-plans.js";

export interface HeldKeyOptions {
  readonly life: LockLife;
  /** Of the line that it stands in, whose watch is used if there is one; undefined where there is no line. */
  readonly prefix?: string;
  readonly key: string;
  readonly createRevision: number;
  /** A deletion of it may have been reported on the line's watch before this listens. */
  readonly mayHaveMissed?: boolean;
  /** Our key has been deleted, by whomever. Called once at most. */
  readonly onDeleted: () => void;
}

/**
 * Hears of the deletion of a key that a holder stands for: somebody deleted it, or revoked its lease. A line that is
 * contended is watched already; a key that nobody else wants is watched once it has been held for a while.
 */
export class HeldKey implements DeletionListener {
  readonly #options: HeldKeyOptions;
  readonly #keyText: string;
  #watch: DeletionWatch | undefined;
  #timer: Timer;
  #closed = false;

  /** Misses nothing that is reported on the line's watch from here on. */
  constructor(options: HeldKeyOptions) {
    this.#options = options;
    this.#keyText = keyText(Buffer.from(options.key));
    const { life, prefix } = options;
    const line = prefix === undefined ? undefined : openPrefixWatch(life.client, prefix);
    if (line !== undefined && line.watchingFrom !== Infinity) {
      this.#listen(line);
      if (options.mayHaveMissed === true) void this.#look();
      return;
    }
    const { runtime } = life.client.parts.pool;
    this.#timer = runtime.setTimer(
      () => {
        this.#timer = undefined;
        const own = keyWatch(life.client, options.key);
        this.#listen(own);
        own.start();
        if (own.watchingFrom !== Infinity) this.onWatching();
      },
      HELD_KEY_WATCH_MS * (1 + runtime.random()),
    );
  }

  /** It is not held any more. Idempotent. */
  close(): void {
    this.#closed = true;
    if (this.#timer !== undefined) this.#options.life.client.parts.pool.runtime.clearTimer(this.#timer);
    this.#timer = undefined;
    this.#watch?.remove(this);
    this.#watch = undefined;
  }

  /** DeletionListener. */
  onWatching(): void {
    // It may have been deleted when nobody watched.
    void this.#look();
  }

  /** DeletionListener. */
  onDeleted(key: string, revision: number): void {
    if (key === this.#keyText && revision > this.#options.createRevision) this.#lose();
  }

  /** DeletionListener. */
  onBatchEnd(): void {}

  /** DeletionListener. The lock is held all the same: its lease is what proves that. */
  onFailed(): void {}

  #listen(watch: DeletionWatch): void {
    this.#watch = watch;
    watch.add(this);
  }

  async #look(): Promise<void> {
    const { life, key, createRevision } = this.#options;
    try {
      const { responses } = await linePlans(life.client).own.run({ key });
      if (responses[0]?.kvs[0]?.createRevision !== createRevision) this.#lose();
    } catch (error) {
      // Nothing is known. The pool has tried for long; what else is wrong, the session finds out.
      if (!(error instanceof EtcdError)) throw error;
    }
  }

  #lose(): void {
    if (this.#closed) return;
    this.close();
    this.#options.onDeleted();
  }
}
