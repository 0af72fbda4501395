import { backoffMs } from "../../cluster/backoff.js";
import { mayPass } from "../../cluster/retry-policy.js";
import type { Namespace } from "../../client/namespace.js";
import { keyText } from "../../client/watch/watch-reply.js";
import type { KeyChange } from "../../client/watch/watch-reply.js";
import type { Watch } from "../../client/watch/watches.js";
import type { Timer } from "../../connection/runtime.js";
import type { EtcdError } from "../../errors.js";
import { WARM_WATCH_MS } from "../../options.js";

/** What whoever waits for a key to go, or holds one, is told. */
export interface DeletionListener {
  /** From now on, every deletion after `revision` is reported. Comes again when deletions may have been missed. */
  onWatching(revision: number): void;
  /** A key deleted at `revision`; in the order of revisions. */
  onDeleted(key: string, revision: number): void;
  /** All events of one message have been reported. */
  onBatchEnd(): void;
  /** The watch cannot be had, and waiting does not mend it. */
  onFailed(error: EtcdError): void;
}

/** A watch that lived this long was a good one: the next may be opened at once. */
const STABLE_MS = 1_000;

/**
 * Watches the deletions under one prefix, or of one key, for all locks of a client that want to know. It watches from
 * revision 0, "now": the server serves such a watch at once, where any revision that it has already seen waits for a
 * 100 ms tick. It is opened again after every break, and kept for a while after its use, so that a name under contention
 * needs no watch per acquire.
 */
export class DeletionWatch {
  readonly #client: Namespace;
  readonly #key: string;
  readonly #isPrefix: boolean;
  /** What its namespace puts before each key. */
  readonly #spaceText: string;
  readonly #onIdle: () => void;
  readonly #listeners = new Set<DeletionListener>();
  #watch: Watch | undefined;
  /** Every deletion after this is seen; Infinity while not watching. */
  #watchingFrom = Infinity;
  /** Watches that ended soon after they began, one after another. */
  #failureCount = 0;
  /** When the last listener went. */
  #idleSinceMs = 0;
  /** Not taken back when somebody comes: between two acquires of a contended name there is nobody for a moment. */
  #idleTimer: Timer;
  #reopenTimer: Timer;

  /** @param onIdle nobody uses it any more, and it has ended */
  constructor(client: Namespace, key: string, isPrefix: boolean, onIdle: () => void) {
    this.#client = client;
    this.#key = key;
    this.#isPrefix = isPrefix;
    this.#spaceText = keyText(client.space.prefix);
    this.#onIdle = onIdle;
  }

  /** Every deletion after this revision is seen; Infinity while not watching. */
  get watchingFrom(): number {
    return this.#watchingFrom;
  }

  /** Report to `listener` from now on; what `start` begins, or began for others. */
  add(listener: DeletionListener): void {
    this.#listeners.add(listener);
  }

  /** Watch, if not doing so already. Before `onWatching`, `watchingFrom` tells whether it does. */
  start(): void {
    if (this.#watch !== undefined || this.#reopenTimer !== undefined) return;
    const { runtime } = this.#client.parts.pool;
    let createdAtMs = Infinity;
    this.#watch = this.#client.parts.watches.open(
      // Keys of the store here, and those of the namespace everywhere else in the locks.
      { ...this.#client.space.range(this.#key, { prefix: this.#isPrefix }), noPut: true },
      {
        onCreated: (revision) => {
          createdAtMs = runtime.now();
          this.#watchingFrom = revision;
          for (const listener of this.#listeners) listener.onWatching(revision);
        },
        onEvents: (changes) => {
          this.#report(changes);
        },
        onEnd: (error) => {
          this.#watch = undefined;
          this.#watchingFrom = Infinity;
          // One that is cancelled as soon as it is created would otherwise be opened again in a tight loop.
          if (runtime.now() - createdAtMs >= STABLE_MS) this.#failureCount = 0;
          this.#failureCount++;
          this.#onBroken(error);
        },
      },
    );
  }

  /**
   * `listener` needs no more reports. Without another it ends after a while; at once if it is of one key, which will not be
   * wanted soon again, or if `keepWarm` is false.
   */
  remove(listener: DeletionListener, keepWarm = this.#isPrefix): void {
    if (!this.#listeners.delete(listener) || this.#listeners.size > 0) return;
    if (this.#watch === undefined || !keepWarm) {
      this.#stop();
      return;
    }
    this.#idleSinceMs = this.#client.parts.pool.runtime.now();
    if (this.#idleTimer === undefined) this.#stopAfter(WARM_WATCH_MS);
  }

  #stopAfter(ms: number): void {
    const { runtime } = this.#client.parts.pool;
    this.#idleTimer = runtime.setTimer(() => {
      this.#idleTimer = undefined;
      if (this.#listeners.size > 0) return;
      const leftMs = this.#idleSinceMs + WARM_WATCH_MS - runtime.now();
      if (leftMs > 0) this.#stopAfter(leftMs);
      else this.#stop();
    }, ms);
  }

  #onBroken(error: EtcdError): void {
    if (this.#listeners.size === 0) {
      this.#stop();
      return;
    }
    const { pool } = this.#client.parts;
    if (!mayPass(error, pool.hasCredentials) && error.code !== "ETCD_COMPACTED") {
      for (const listener of [...this.#listeners]) listener.onFailed(error);
      return;
    }
    // For those that still wait: what they miss meanwhile, they read when it watches again.
    const { runtime } = pool;
    const delayMs = backoffMs(this.#failureCount, () => runtime.random());
    this.#reopenTimer ??= runtime.setTimer(
      () => {
        this.#reopenTimer = undefined;
        if (this.#listeners.size > 0) this.start();
      },
      delayMs,
      true,
    );
  }

  #stop(): void {
    this.#clearTimer("idle");
    this.#clearTimer("reopen");
    this.#watch?.close();
    this.#watch = undefined;
    this.#watchingFrom = Infinity;
    this.#onIdle();
  }

  #report(changes: readonly KeyChange[]): void {
    const prefix = this.#spaceText;
    for (const { isDelete, key, modRevision } of changes) {
      if (!isDelete || !key.startsWith(prefix)) continue;
      const own = key.slice(prefix.length);
      for (const listener of this.#listeners) listener.onDeleted(own, modRevision);
    }
    for (const listener of this.#listeners) listener.onBatchEnd();
  }

  #clearTimer(which: "idle" | "reopen"): void {
    const timer = which === "idle" ? this.#idleTimer : this.#reopenTimer;
    if (timer === undefined) return;
    this.#client.parts.pool.runtime.clearTimer(timer);
    if (which === "idle") this.#idleTimer = undefined;
    else this.#reopenTimer = undefined;
  }
}

/** By their prefixes and keys, for as long as somebody uses or soon may use them. */
interface Watched {
  readonly prefixes: Map<string, DeletionWatch>;
  readonly keys: Map<string, DeletionWatch>;
}

const watchedBy = new WeakMap<Namespace, Watched>();

const sharedWatch = (client: Namespace, key: string, kind: keyof Watched): DeletionWatch => {
  let watched = watchedBy.get(client);
  if (watched === undefined) watchedBy.set(client, (watched = { prefixes: new Map(), keys: new Map() }));
  const watches = watched[kind];
  let watch = watches.get(key);
  if (watch === undefined) {
    const made = new DeletionWatch(client, key, kind === "prefixes", () => {
      if (watches.get(key) === made) watches.delete(key);
    });
    watches.set(key, (watch = made));
  }
  return watch;
};

/** The one watch that a client, or a namespace of it, has on the keys under `prefix`. */
export const prefixWatch = (client: Namespace, prefix: string): DeletionWatch =>
  sharedWatch(client, prefix, "prefixes");

/** The one watch that a client, or a namespace of it, has on `key`. */
export const keyWatch = (client: Namespace, key: string): DeletionWatch => sharedWatch(client, key, "keys");

/** The same, if somebody uses it already. */
export const openPrefixWatch = (client: Namespace, prefix: string): DeletionWatch | undefined =>
  watchedBy.get(client)?.prefixes.get(prefix);
