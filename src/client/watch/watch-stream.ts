import type { Pool } from "../../cluster/pool.js";
import { isTokenError } from "../../cluster/retry-policy.js";
import type { Connection } from "../../connection/connection.js";
import type { Timer } from "../../connection/runtime.js";
import { CompactedError, ConnectionError, EtcdError, StatusError } from "../../errors.js";
import {
  WatchCancelRequest,
  WatchCreateRequest,
  WatchProgressRequest,
  WatchRequest,
} from "../../messages/generated.js";
import { int64Text } from "../../messages/numbers.js";
import { WATCH_CREATE_TIMEOUT_MS, WATCH_PROGRESS_RETRY_MS } from "../../options.js";
import { statusError } from "../../rpc/server-errors.js";
import { StreamCall } from "../../rpc/stream-call.js";
import { WATCH_HEAD } from "../method-table.js";
import { WatchReply } from "./watch-reply.js";

/** What to watch. */
export interface WatchTarget {
  readonly key: Uint8Array;
  readonly rangeEnd?: Uint8Array;
  /** 0, the default: from now on, served at once. Anything at or below the store's revision waits for a 100 ms tick. */
  readonly startRevision?: number;
  readonly noPut?: boolean;
  readonly noDelete?: boolean;
  readonly prevKv?: boolean;
  readonly progressNotify?: boolean;
  readonly fragment?: boolean;
}

/** What a watch on a stream tells its owner, in this order; nothing comes after `onEnd`. */
export interface StreamWatchEvents {
  /** The server has it: all events after `revision`, or from the start revision, will come. */
  onCreated(revision: number, endpoint: string): void;
  /** Events; or, if there are none, the news that all before `reply.revision` have come. Valid during the call only. */
  onReply(reply: WatchReply): void;
  /** The answer to `askProgress`: all events up to this revision have come. */
  onProgress(revision: number): void;
  /**
   * It is over, by the server's word or because its stream ended.
   *
   * @param isStreams all watches of the stream ended with it
   */
  onEnd(error: EtcdError, isStreams: boolean): void;
}

/** One life of one watch, on one stream. */
export class StreamWatch {
  readonly target: WatchTarget;
  readonly events: StreamWatchEvents;
  /** Undefined until it is on one. */
  stream: WatchStream | undefined;
  /** As the server gave it. */
  id = 0;
  isCreated = false;
  /** The store's revision when it was created. */
  createdRevision = 0;
  /** Progress requests that its stream had sent before it was created: up to so many answers may not be about it. */
  earlierAskCount = 0;
  ended = false;

  readonly #place: { leave(watch: StreamWatch): void };

  /** @param place where it waits for a stream */
  constructor(target: WatchTarget, events: StreamWatchEvents, place: { leave(watch: StreamWatch): void }) {
    this.target = target;
    this.events = events;
    this.#place = place;
  }

  /** Ends it; `events` hears no more. Idempotent. */
  close(): void {
    if (this.ended) return;
    this.ended = true;
    if (this.stream === undefined) this.#place.leave(this);
    else this.stream.remove(this);
  }

  /** Asks how far the stream has come, again and again until there is an answer. */
  askProgress(): void {
    if (this.isCreated && !this.ended) this.stream?.askProgress(this);
  }

  /** @internal for its stream */
  end(error: EtcdError, isStreams: boolean): void {
    if (this.ended) return;
    this.ended = true;
    this.events.onEnd(error, isStreams);
  }
}

/** One Watch stream and the watches on it. */
export class WatchStream {
  /** A server that takes streams and ends them at once never gives one. */
  firstReplyAtMs = Infinity;
  /** It was ended because nobody needs it, or because it is to be replaced: nobody failed. */
  dismissed = false;
  readonly #pool: Pool;
  readonly #connection: Connection;
  readonly #call: StreamCall;
  readonly #reply = new WatchReply();
  readonly #watches = new Map<number, StreamWatch>();
  /** Creates under way: they are answered in order, and a refused one without its id. */
  readonly #creating: StreamWatch[] = [];
  readonly #onEnd: (stream: WatchStream, error: EtcdError) => void;
  #nextId = 1;
  #lastReplyAtMs: number;
  #createTimer: Timer;
  readonly #progressWatches = new Set<StreamWatch>();
  #progressTimer: Timer;
  #askCount = 0;
  #answerCount = 0;

  /** @param onEnd called before the stream's watches hear of its end */
  constructor(pool: Pool, connection: Connection, onEnd: (stream: WatchStream, error: EtcdError) => void) {
    this.#pool = pool;
    this.#connection = connection;
    this.#onEnd = onEnd;
    this.#lastReplyAtMs = pool.runtime.now();
    this.#call = new StreamCall(connection, WATCH_HEAD, {
      onMessage: (bytes, start, end) => {
        this.#onMessage(bytes, start, end);
      },
      onEnd: (error) => {
        this.#finish(error);
      },
    });
  }

  get endpoint(): string {
    return this.#connection.endpoint;
  }

  get ended(): boolean {
    return this.#call.ended;
  }

  /** The connection takes no new calls, and would stay for this stream alone. */
  get isLeftBehind(): boolean {
    return this.#connection.state === "draining";
  }

  add(watch: StreamWatch): void {
    if (watch.ended) return;
    if (this.#call.ended) {
      watch.end(lost("the watch stream ended", this.endpoint), true);
      return;
    }
    watch.stream = this;
    this.#creating.push(watch);
    // Ids are ours to choose since 3.4; etcd's gRPC proxy gives its own, so the reply's is what counts.
    this.#call.send(encodeCreate(watch.target, this.#nextId++));
    this.#watchCreates();
  }

  remove(watch: StreamWatch): void {
    this.#progressWatches.delete(watch);
    // One that is being created has no id to be cancelled by: `#take` does it.
    if (watch.isCreated && this.#watches.delete(watch.id)) this.#cancel(watch.id);
    this.closeIfIdle();
  }

  /** An open stream would keep the process alive. */
  closeIfIdle(): void {
    if (this.#watches.size > 0 || this.#call.ended || this.#creating.some(({ ended }) => !ended)) return;
    this.dismiss("the watch stream was idle");
  }

  /** Ends it though nothing is wrong with it. */
  dismiss(why: string): void {
    this.dismissed = true;
    this.#call.dismiss(lost(why, this.endpoint));
  }

  /** Ends it and, with `error`, its watches. */
  end(error: EtcdError): void {
    this.#call.cancel(error);
  }

  /**
   * A server answers only while all watches of the stream have caught up, and with nothing else otherwise, so it is
   * asked again (etcd-facts.md §6).
   */
  askProgress(watch: StreamWatch): void {
    this.#progressWatches.add(watch);
    if (this.#progressTimer === undefined) this.#ask();
  }

  #ask(): void {
    this.#progressTimer = undefined;
    if (this.#call.ended || this.#progressWatches.size === 0) return;
    this.#askCount++;
    this.#call.send(new WatchRequest({ progress_request: new WatchProgressRequest() }).serializeBinary());
    this.#progressTimer = this.#pool.runtime.setTimer(() => {
      this.#ask();
    }, WATCH_PROGRESS_RETRY_MS);
  }

  #cancel(id: number): void {
    const cancel_request = new WatchCancelRequest({ watch_id: String(id) });
    this.#call.send(new WatchRequest({ cancel_request }).serializeBinary());
  }

  /**
   * A create is answered from memory. A stream on which nothing comes instead leads to a member that hangs: the PING,
   * which would tell, waits for longer than some callers do.
   */
  #watchCreates(): void {
    if (this.#createTimer !== undefined) return;
    const { runtime } = this.#pool;
    const sinceMs = runtime.now();
    this.#createTimer = runtime.setTimer(() => {
      this.#createTimer = undefined;
      if (this.#creating.length === 0 || this.#call.ended) return;
      if (this.#connection.state === "connecting" || this.#lastReplyAtMs > sinceMs) {
        this.#watchCreates();
        return;
      }
      this.end(
        new StatusError("ETCD_DEADLINE_EXCEEDED", `${this.endpoint} did not answer that it watches`, {
          mayHaveApplied: false,
          endpoint: this.endpoint,
          grpcCode: 4,
          attempts: 1,
        }),
      );
    }, WATCH_CREATE_TIMEOUT_MS);
  }

  #onMessage(bytes: Uint8Array, start: number, end: number): void {
    const nowMs = this.#pool.runtime.now();
    this.#lastReplyAtMs = nowMs;
    this.firstReplyAtMs = Math.min(this.firstReplyAtMs, nowMs);
    try {
      this.#reply.read(bytes, start, end);
      this.#take(this.#reply);
    } catch (error) {
      // A reply that cannot be read, or is another cluster's: what else it said is lost.
      if (!(error instanceof EtcdError)) throw error;
      this.end(error);
    }
  }

  #take(reply: WatchReply): void {
    this.#pool.noteHeader(reply, this.endpoint);
    if (reply.created) {
      const created = this.#creating.shift();
      if (created !== undefined) this.#takeCreated(created, reply);
      return;
    }
    const watch = this.#watches.get(reply.watchId);
    if (watch === undefined) {
      // -1 without more: progress. Other ids: closed by us, and the server had not heard of it yet.
      if (reply.watchId === -1 && !reply.canceled && reply.eventCount === 0)
        this.#takeProgress(reply.revision);
      return;
    }
    if (!reply.canceled) watch.events.onReply(reply);
    else this.#endWatch(watch, reply);
  }

  #takeCreated(watch: StreamWatch, reply: WatchReply): void {
    // Refused: created and canceled at once, mostly with watch_id -1 (etcd-facts.md §6).
    if (reply.canceled) {
      if (!watch.ended) this.#endWatch(watch, reply);
      return;
    }
    watch.id = reply.watchId;
    watch.isCreated = true;
    watch.createdRevision = reply.revision;
    watch.earlierAskCount = this.#askCount;
    if (watch.ended) {
      this.#cancel(watch.id);
      return;
    }
    this.#watches.set(watch.id, watch);
    watch.events.onCreated(reply.revision, this.endpoint);
  }

  #endWatch(watch: StreamWatch, reply: WatchReply): void {
    const error = cancelError(reply, this.endpoint);
    // The token went with the stream's headers, so no watch can begin on this stream any more.
    if (isTokenError(error)) {
      this.end(error);
      watch.end(error, true);
      return;
    }
    this.#pool.noteError(error);
    if (watch.isCreated) this.#watches.delete(watch.id);
    this.#progressWatches.delete(watch);
    watch.end(error, false);
    this.closeIfIdle();
  }

  #takeProgress(revision: number): void {
    this.#answerCount++;
    for (const watch of this.#progressWatches) {
      // An answer to a question from before the watch was created says nothing about it. Answers come in the order of
      // the questions, and one each at most.
      if (revision <= watch.createdRevision && this.#answerCount <= watch.earlierAskCount) continue;
      this.#progressWatches.delete(watch);
      watch.events.onProgress(revision);
    }
  }

  #finish(error: EtcdError): void {
    const { runtime } = this.#pool;
    runtime.clearTimer(this.#createTimer);
    runtime.clearTimer(this.#progressTimer);
    this.#pool.noteError(error);
    this.#onEnd(this, error);
    const watches = [...this.#watches.values(), ...this.#creating];
    this.#watches.clear();
    this.#creating.length = 0;
    this.#progressWatches.clear();
    for (const watch of watches) watch.end(error, true);
  }
}

const encodeCreate = (target: WatchTarget, id: number): Uint8Array => {
  const { key, rangeEnd = new Uint8Array(0), startRevision = 0, noPut = false, noDelete = false } = target;
  const filters: WatchCreateRequest.FilterType[] = [];
  if (noPut) filters.push(WatchCreateRequest.FilterType.NOPUT);
  if (noDelete) filters.push(WatchCreateRequest.FilterType.NODELETE);
  const create_request = new WatchCreateRequest({
    key,
    range_end: rangeEnd,
    start_revision: int64Text(startRevision, "startRevision"),
    filters,
    prev_kv: target.prevKv ?? false,
    progress_notify: target.progressNotify ?? false,
    fragment: target.fragment ?? false,
    watch_id: String(id),
  });
  return new WatchRequest({ create_request }).serializeBinary();
};

const lost = (message: string, endpoint: string): EtcdError =>
  new ConnectionError("ETCD_CONNECTION_LOST", message, { mayHaveApplied: false, endpoint, attempts: 1 });

const cancelError = (reply: WatchReply, endpoint: string): EtcdError => {
  const { compactRevision, cancelReason } = reply;
  if (compactRevision !== 0) {
    return new CompactedError(
      `the watch's start revision was compacted away, up to ${compactRevision}`,
      compactRevision,
      { endpoint },
    );
  }
  const error = statusError(undefined, cancelReason || "watch canceled", endpoint, true);
  return error.code === "ETCD_COMPACTED" ? new CompactedError(error.message, undefined, { endpoint }) : error;
};
