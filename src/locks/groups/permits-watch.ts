import { backoffMs } from "../../cluster/backoff.js";
import { mayPass } from "../../cluster/retry-policy.js";
import type { Namespace } from "../../client/namespace.js";
import type { Watch } from "../../client/watch/watches.js";
import type { Timer } from "../../connection/runtime.js";
import { EtcdError } from "../../errors.js";
import { WARM_WATCH_MS } from "../../options.js";

/** A watch that lived this long was a good one: the next may be opened at once. */
const STABLE_MS = 1_000;

export interface PermitsListener {
  /** Reads the number of permits and passes it on: it may have changed. */
  readonly read: () => Promise<void>;
  /** The key cannot be watched or read, and waiting does not mend it. */
  readonly onFailed: (error: EtcdError) => void;
}

/**
 * Watches the key with a semaphore's number of permits, while somebody waits and for a moment more. After each change, and
 * whenever one may have been missed, the number is read: changes are rare, and reads have no order to get wrong.
 */
export class PermitsWatch {
  readonly #client: Namespace;
  readonly #key: string;
  readonly #listener: PermitsListener;
  #userCount = 0;
  #watch: Watch | undefined;
  #isReading = false;
  #readAgain = false;
  /** Watches that ended soon after they began, and reads that failed, one after another. */
  #failureCount = 0;
  #idleTimer: Timer;
  #reopenTimer: Timer;

  constructor(client: Namespace, key: string, listener: PermitsListener) {
    this.#client = client;
    this.#key = key;
    this.#listener = listener;
  }

  /** Somebody waits. */
  use(): void {
    this.#userCount++;
    this.#clear(this.#idleTimer);
    this.#idleTimer = undefined;
    if (this.#watch === undefined && this.#reopenTimer === undefined) this.#open();
  }

  /** Waits no more. */
  leave(): void {
    if (--this.#userCount > 0) return;
    this.#idleTimer = this.#runtime.setTimer(() => {
      this.#idleTimer = undefined;
      this.#clear(this.#reopenTimer);
      this.#reopenTimer = undefined;
      this.#watch?.close();
      this.#watch = undefined;
    }, WARM_WATCH_MS);
  }

  get #runtime() {
    return this.#client.parts.pool.runtime;
  }

  #open(): void {
    let createdAtMs = Infinity;
    const onChange = (): void => {
      void this.#read();
    };
    this.#watch = this.#client.parts.watches.open(this.#client.space.range(this.#key), {
      onCreated: () => {
        createdAtMs = this.#runtime.now();
        // What was changed before the watch began.
        onChange();
      },
      onEvents: onChange,
      onEnd: (error) => {
        this.#watch = undefined;
        if (this.#runtime.now() - createdAtMs >= STABLE_MS) this.#failureCount = 0;
        this.#onBroken(error);
      },
    });
  }

  async #read(): Promise<void> {
    if (this.#isReading) {
      this.#readAgain = true;
      return;
    }
    this.#isReading = true;
    this.#readAgain = false;
    try {
      await this.#listener.read();
    } catch (error) {
      this.#watch?.close();
      this.#watch = undefined;
      if (!(error instanceof EtcdError)) throw error;
      this.#onBroken(error);
    } finally {
      this.#isReading = false;
    }
    if (this.#mustReadAgain()) void this.#read();
  }

  /** Asked after something that may have changed it. */
  #mustReadAgain(): boolean {
    return this.#readAgain;
  }

  #onBroken(error: EtcdError): void {
    if (this.#userCount === 0) return;
    const { pool } = this.#client.parts;
    // A read that was not answered in time says nothing about the next one; when that goes on, the session ends.
    if (error.code !== "ETCD_DEADLINE_EXCEEDED" && !mayPass(error, pool.hasCredentials)) {
      this.#listener.onFailed(error);
      return;
    }
    this.#failureCount++;
    const delayMs = backoffMs(this.#failureCount, () => pool.runtime.random());
    this.#reopenTimer ??= pool.runtime.setTimer(
      () => {
        this.#reopenTimer = undefined;
        if (this.#userCount > 0 && this.#watch === undefined) this.#open();
      },
      delayMs,
      true,
    );
  }

  #clear(timer: Timer): void {
    if (timer !== undefined) this.#runtime.clearTimer(timer);
  }
}
