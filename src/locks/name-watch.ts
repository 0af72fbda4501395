import { backoffMs } from "../cluster/backoff.js";
import type { Namespace } from "../client/namespace.js";
import type { Watch } from "../client/watch/watches.js";
import type { Timer } from "../connection/runtime.js";
import type { EtcdError } from "../errors.js";
import { Event } from "../messages/generated.js";
import { toSafeInteger } from "../messages/numbers.js";
import { WARM_WATCH_MS } from "../options.js";

/** What whoever waits for, or holds, the lock is told. */
export interface NameWatchUser {
  /** From now on, every deletion after `revision` is reported. */
  onWatching(revision: number): void;
  /** Keys deleted at `revision`, in order. */
  onDeleted(key: string, revision: number): void;
  /** All events of one message have been reported. */
  onBatchEnd(): void;
  /** Deletions may have been missed; `onWatching` follows when it works again. */
  onBroken(error: EtcdError): void;
}

/** A watch that lived this long was a good one: the next may be opened at once. */
const STABLE_MS = 1_000;

const text = new TextDecoder("latin1");

/** Keys compare as strings of bytes. */
export const keyText = (key: Uint8Array): string => text.decode(key);

/**
 * Watches the deletions under one lock's name, for one session. It watches from revision 0, "now": the server
 * serves such a watch at once, where any revision that it has already seen waits for a 100 ms tick. It is kept
 * for a while after its use, so that a name under contention needs no watch per acquire.
 */
export class NameWatch {
  readonly #client: Namespace;
  readonly #prefix: string;
  readonly #onIdle: () => void;
  #watch: Watch | undefined;
  /** Every deletion after this is seen; Infinity while not watching. */
  #watchingFrom = Infinity;
  #user: NameWatchUser | undefined;
  /** Watches that ended soon after they began, one after another. */
  #failureCount = 0;
  #idleTimer: Timer;
  #reopenTimer: Timer;

  /** @param onIdle nobody uses it any more, and it has ended */
  constructor(client: Namespace, prefix: string, onIdle: () => void) {
    this.#client = client;
    this.#prefix = prefix;
    this.#onIdle = onIdle;
  }

  /** Every deletion after this revision is seen; Infinity while not watching. */
  get watchingFrom(): number {
    return this.#watchingFrom;
  }

  /** Report to `user` from now on. */
  use(user: NameWatchUser): void {
    this.#user = user;
    this.#clearTimer("idle");
  }

  /** Watch, if not doing so already. */
  start(): void {
    if (this.#watch !== undefined || this.#reopenTimer !== undefined) return;
    const { runtime } = this.#client.parts.pool;
    let createdAtMs = Infinity;
    this.#watch = this.#client.parts.watches.open(
      // Keys of the store here, and those of the namespace everywhere else in the locks.
      { ...this.#client.space.range(this.#prefix, { prefix: true }), noPut: true },
      {
        onCreated: (revision) => {
          createdAtMs = runtime.now();
          this.#watchingFrom = revision;
          this.#user?.onWatching(revision);
        },
        onEvents: (events) => {
          this.#report(events);
        },
        onEnd: (error) => {
          this.#watch = undefined;
          this.#watchingFrom = Infinity;
          // One that is cancelled as soon as it is created would otherwise be opened again in a tight loop.
          if (runtime.now() - createdAtMs >= STABLE_MS) this.#failureCount = 0;
          this.#failureCount++;
          this.#user?.onBroken(error);
        },
      },
    );
  }

  /** Watch again after a pause that grows with the failures, for a user that still waits. */
  startLater(): void {
    const { runtime } = this.#client.parts.pool;
    const delayMs = backoffMs(this.#failureCount, () => runtime.random());
    this.#reopenTimer ??= runtime.setTimer(
      () => {
        this.#reopenTimer = undefined;
        if (this.#user !== undefined) this.start();
      },
      delayMs,
      true,
    );
  }

  /** `user` needs no more reports. Ends after a while without another user. */
  leave(user: NameWatchUser): void {
    if (this.#user !== user) return;
    this.#user = undefined;
    if (this.#watch === undefined) {
      this.#stop();
      return;
    }
    this.#idleTimer = this.#client.parts.pool.runtime.setTimer(() => {
      this.#stop();
    }, WARM_WATCH_MS);
  }

  #stop(): void {
    this.#clearTimer("idle");
    this.#clearTimer("reopen");
    this.#watch?.close();
    this.#watch = undefined;
    this.#watchingFrom = Infinity;
    this.#onIdle();
  }

  #report(events: readonly Event[]): void {
    const user = this.#user;
    if (user === undefined) return;
    const { space } = this.#client;
    for (const { type, kv } of events) {
      if (type !== Event.EventType.DELETE || kv === undefined || !space.holds(kv.key)) continue;
      user.onDeleted(keyText(space.strip(kv.key)), toSafeInteger(kv.mod_revision, "mod_revision"));
    }
    user.onBatchEnd();
  }

  #clearTimer(which: "idle" | "reopen"): void {
    const timer = which === "idle" ? this.#idleTimer : this.#reopenTimer;
    if (timer === undefined) return;
    this.#client.parts.pool.runtime.clearTimer(timer);
    if (which === "idle") this.#idleTimer = undefined;
    else this.#reopenTimer = undefined;
  }
}
