import type { Namespace } from "../../client/namespace.js";
import type { EtcdError } from "../../errors.js";
import { keyWatch } from "../line/deletion-watch.js";
import type { DeletionListener, DeletionWatch } from "../line/deletion-watch.js";

/** Tells whoever waits for one key to go when another try may succeed. All who wait in a client share a watch. */
export class KeyLockWait implements DeletionListener {
  readonly #watch: DeletionWatch;
  #deletedAtRevision = 0;
  #error: EtcdError | undefined;
  #closed = false;
  #wake = (): void => {};

  constructor(client: Namespace, key: string) {
    this.#watch = keyWatch(client, key);
    this.#watch.add(this);
  }

  /** Begins to watch, if nobody does so already. */
  start(): void {
    this.#watch.start();
  }

  /**
   * Resolves when the key may have gone after `revision`, at which it was there: it was deleted, or nobody watched for a
   * moment. After `close` at once.
   *
   * @throws EtcdError when the key cannot be watched
   */
  async changedSince(revision: number): Promise<void> {
    while (!this.#closed) {
      if (this.#error !== undefined) throw this.#error;
      const { watchingFrom } = this.#watch;
      const hasGap = watchingFrom > revision && watchingFrom !== Infinity;
      if (hasGap || this.#deletedAtRevision > revision) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true;
    this.#watch.remove(this);
    this.#wake();
  }

  /** DeletionListener. */
  onWatching(): void {
    this.#wake();
  }

  /** DeletionListener. */
  onDeleted(_key: string, revision: number): void {
    this.#deletedAtRevision = revision;
    this.#wake();
  }

  /** DeletionListener. */
  onBatchEnd(): void {}

  /** DeletionListener. */
  onFailed(error: EtcdError): void {
    this.#error = error;
    this.#wake();
  }
}
