import type { Pool } from "../../cluster/pool.js";
import type { EtcdError } from "../../errors.js";
import { SharedWatchStream } from "./shared-watch-stream.js";
import { StreamWatch } from "./watch-stream.js";
import type { StreamWatchEvents, WatchTarget } from "./watch-stream.js";
import type { KeyChange } from "./watch-reply.js";

export type { WatchTarget } from "./watch-stream.js";

/** What a watch tells its owner, in this order; nothing comes after `onEnd`. */
export interface WatchEvents {
  /** The server has it: all events after `revision` will come. */
  onCreated(revision: number): void;
  /** All events of one or more revisions, in order; `revision` is the store's when they were sent. */
  onEvents(changes: readonly KeyChange[], revision: number): void;
  /** The watch is over, whoever ended it; ETCD_CLOSED after the client's `close()`. Not resumed: open another. */
  onEnd(error: EtcdError): void;
}

export interface Watch {
  /** Ends it; `onEnd` is not called any more. Idempotent. */
  close(): void;
}

/** What has to end with the client, also while it has no stream. */
interface Closable {
  onClientClose(): void;
}

/** The watch streams of a client. */
export class Watches {
  /** For all watchers that do not want one of their own. */
  readonly shared: SharedWatchStream;
  /**
   * Of the locks. A server holds 128 replies per stream for a client that is behind, and then serves all watches of the
   * stream late (etcd-facts.md §6): a hand-over must not wait for a user's events.
   */
  readonly #locks: SharedWatchStream;
  readonly #pool: Pool;
  readonly #openTimeoutMs: number;
  readonly #watchers = new Set<Closable>();
  #watcherCount = 0;

  /** @param openTimeoutMs how long a watch waits for a connection to the leader before it ends with the reason */
  constructor(pool: Pool, openTimeoutMs: number) {
    this.#pool = pool;
    this.#openTimeoutMs = openTimeoutMs;
    this.shared = this.own();
    this.#locks = this.own();
  }

  /** Starts a watch that ends with its stream. Failures are reported by `onEnd`, never thrown. */
  open(target: WatchTarget, events: WatchEvents): Watch {
    const streamEvents: StreamWatchEvents = {
      onCreated: (revision) => {
        events.onCreated(revision);
      },
      onReply: (reply) => {
        if (reply.eventCount > 0) events.onEvents(reply.changes(), reply.revision);
      },
      onProgress: () => {},
      onEnd: (error) => {
        events.onEnd(error);
      },
    };
    const watch = new StreamWatch(target, streamEvents, this.#locks);
    this.#locks.open(watch);
    return watch;
  }

  /** A stream for one watcher alone. */
  own(): SharedWatchStream {
    return new SharedWatchStream(this.#pool, this.#openTimeoutMs);
  }

  /** @returns a number for those who trace watches */
  join(watcher: Closable): number {
    this.#watchers.add(watcher);
    return ++this.#watcherCount;
  }

  leave(watcher: Closable): void {
    this.#watchers.delete(watcher);
  }

  close(): void {
    for (const watcher of [...this.#watchers]) watcher.onClientClose();
    this.#locks.close();
  }
}
