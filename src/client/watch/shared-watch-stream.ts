import { backoffMs } from "../../cluster/backoff.js";
import type { Pool } from "../../cluster/pool.js";
import type { Connection } from "../../connection/connection.js";
import { Wait } from "../../cluster/wait.js";
import { ConnectionError, EtcdError, asRead } from "../../errors.js";
import { WatchStream } from "./watch-stream.js";
import type { StreamWatch } from "./watch-stream.js";

/** A stream that lived this long after its first reply was a good one: the next may be opened at once. */
const STABLE_MS = 1_000;

/** So many streams in a row that ended soon, and the next one is opened elsewhere. */
const FAILURES_AT_LEADER = 3;

/**
 * One Watch stream at a time, to the leader, for all who share it: opened when first needed, closed with its last
 * watch, opened again after a pause that grows with the failures.
 */
export class SharedWatchStream {
  readonly #pool: Pool;
  readonly #openTimeoutMs: number;
  #stream: WatchStream | undefined;
  /** Set while a stream is being opened; ends it when nobody waits any more. */
  #opening: AbortController | undefined;
  readonly #waiting = new Set<StreamWatch>();
  #failureCount = 0;
  #retryAtMs = -Infinity;
  readonly #onChange = (): void => {
    this.#checkPlace();
  };

  /** @param openTimeoutMs how long a watch waits for a connection to the leader before it ends with the reason */
  constructor(pool: Pool, openTimeoutMs: number) {
    this.#pool = pool;
    this.#openTimeoutMs = openTimeoutMs;
  }

  /** Starts a watch that was made for here. Failures are reported by its `onEnd`, never thrown. */
  open(watch: StreamWatch): void {
    if (this.#stream !== undefined) this.#stream.add(watch);
    else {
      this.#waiting.add(watch);
      if (this.#opening === undefined) void this.#openStream();
    }
  }

  /** @internal for a watch that is closed: it may have been the last that waits. */
  leave(watch: StreamWatch): void {
    if (!this.#waiting.delete(watch) || this.#waiting.size > 0) return;
    this.#opening?.abort();
    this.#opening = undefined;
  }

  close(): void {
    this.#stream?.end(closedError());
  }

  async #openStream(): Promise<void> {
    const opening = new AbortController();
    this.#opening = opening;
    const { runtime } = this.#pool;
    let stream: WatchStream | undefined;
    let failure: EtcdError | undefined;
    try {
      const wait = new Wait(runtime, this.#openTimeoutMs, opening.signal);
      if (this.#retryAtMs > runtime.now()) await wait.sleep(this.#retryAtMs - runtime.now());
      const connection = await this.#acquire(wait);
      // Nobody waits any more, or only those for whom another is being opened.
      if (opening.signal.aborted) return;
      stream = new WatchStream(this.#pool, connection, (ended, error) => {
        this.#onStreamEnd(ended, error);
      });
    } catch (error) {
      if (opening.signal.aborted) return;
      if (!(error instanceof EtcdError)) throw error;
      failure = asRead(error);
    }
    this.#opening = undefined;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    if (stream === undefined) {
      this.#noteFailure();
      for (const watch of waiting) watch.end(failure!, true);
      return;
    }
    if (!stream.ended) {
      this.#stream = stream;
      this.#pool.changeListeners.add(this.#onChange);
    }
    for (const watch of waiting) stream.add(watch);
    // All of them may have been closed meanwhile.
    stream.closeIfIdle();
  }

  /**
   * The leader, where a hand-over is heard of first. If streams there come to nothing again and again, though it leads,
   * another member: it serves watches as well.
   */
  async #acquire(wait: Wait): Promise<Connection> {
    const { leader } = this.#pool;
    if (this.#failureCount < FAILURES_AT_LEADER || leader === undefined) {
      return this.#pool.acquire("leader", "streams", wait);
    }
    return this.#pool.acquire("any", "streams", wait, leader);
  }

  #onStreamEnd(stream: WatchStream, error: EtcdError): void {
    const { runtime } = this.#pool;
    if (this.#stream === stream) {
      this.#stream = undefined;
      this.#pool.changeListeners.delete(this.#onChange);
    }
    if (stream.dismissed) return;
    if (runtime.now() - stream.firstReplyAtMs >= STABLE_MS) this.#failureCount = 0;
    this.#noteFailure();
    // A frozen member still takes connections. Asking it who leads is what tells the pool.
    if (error instanceof ConnectionError && error.code !== "ETCD_CLOSED") this.#identify(stream);
  }

  #noteFailure(): void {
    const { runtime } = this.#pool;
    this.#failureCount++;
    this.#retryAtMs = runtime.now() + backoffMs(this.#failureCount, () => runtime.random());
  }

  /**
   * A stream may stay with a member that leads no more, if that still answers: `hasleader` ends it where the member has
   * lost the others. Moving all watches at each election would send a herd of them to the new leader.
   */
  #checkPlace(): void {
    const stream = this.#stream;
    if (stream === undefined) return;
    if (stream.isLeftBehind) {
      stream.dismiss("the connection of the watch stream is being replaced");
      return;
    }
    const { leader } = this.#pool;
    if (leader !== undefined && leader.address.text !== stream.endpoint) this.#identify(stream);
  }

  /** If the member does not answer, the pool ends all that is open there. */
  #identify({ endpoint: text }: WatchStream): void {
    const endpoint = this.#pool.endpointOf(text);
    if (endpoint !== undefined) this.#pool.identify(endpoint).catch(() => {});
  }
}

export const closedError = (what = "the client"): EtcdError =>
  new ConnectionError("ETCD_CLOSED", `${what} was closed`, { mayHaveApplied: false, attempts: 0 });
