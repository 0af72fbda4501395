import type { Pool } from "../cluster/pool.js";
import type { Connection } from "../connection/connection.js";
import { isTokenError } from "../cluster/retry-policy.js";
import { Wait } from "../cluster/wait.js";
import { ConnectionError, EtcdError, StatusError } from "../errors.js";
import {
  WatchCancelRequest,
  WatchCreateRequest,
  WatchRequest,
  WatchResponse,
} from "../messages/generated.js";
import type { Event } from "../messages/generated.js";
import { int64Text, toSafeInteger } from "../messages/numbers.js";
import { statusError } from "../rpc/server-errors.js";
import { StreamCall } from "../rpc/stream-call.js";
import { WATCH_HEAD } from "./method-table.js";
import { decodeWith } from "./define-method.js";

/** What to watch. */
export interface WatchTarget {
  readonly key: Uint8Array;
  readonly rangeEnd?: Uint8Array;
  /** 0, the default: from now on, served at once. Anything at or below the store's revision waits for a 100 ms tick. */
  readonly startRevision?: number;
  readonly noPut?: boolean;
  readonly noDelete?: boolean;
}

/** What a watch tells its owner, in this order; nothing comes after `onEnd`. */
export interface WatchEvents {
  /** The server has it: all events after `revision` will come. */
  onCreated(revision: number): void;
  /** All events of one or more revisions, in order; `revision` is the store's when they were sent. */
  onEvents(events: readonly Event[], revision: number): void;
  /** The watch is over, whoever ended it; ETCD_CLOSED after `close()`. Not resumed: open another. */
  onEnd(error: EtcdError): void;
}

export interface Watch {
  /** Ends it; `onEnd` is not called any more. Idempotent. */
  close(): void;
}

const decodeWatch = decodeWith(WatchResponse);

/** All watches of a client share one stream, opened when first needed. */
export class Watches {
  readonly #pool: Pool;
  readonly #openTimeoutMs: number;
  #stream: WatchStream | undefined;
  #opening: Promise<WatchStream> | undefined;

  /** @param openTimeoutMs how long a watch waits for a connection to the leader before it ends with the reason */
  constructor(pool: Pool, openTimeoutMs: number) {
    this.#pool = pool;
    this.#openTimeoutMs = openTimeoutMs;
  }

  /** Starts a watch. Failures are reported by `onEnd`, never thrown. */
  open(target: WatchTarget, events: WatchEvents): Watch {
    const watch = new OneWatch(target, events);
    if (this.#stream !== undefined) this.#stream.add(watch);
    else {
      const opening = this.#openStream();
      opening.then(
        (stream) => {
          stream.add(watch);
          // Once all who waited for it have been added: this one may have been closed meanwhile.
          void opening.then(() => {
            stream.closeIfIdle();
          });
        },
        (error: unknown) => {
          watch.end(error as EtcdError);
        },
      );
    }
    return watch;
  }

  close(): void {
    this.#stream?.cancel();
  }

  #openStream(): Promise<WatchStream> {
    this.#opening ??= this.#connect().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #connect(): Promise<WatchStream> {
    const wait = new Wait(this.#pool.runtime, this.#openTimeoutMs, undefined);
    const connection = await this.#pool.acquire("leader", "streams", wait);
    const stream = new WatchStream(this.#pool, connection, (ended) => {
      if (this.#stream === ended) this.#stream = undefined;
    });
    if (!stream.ended) this.#stream = stream;
    return stream;
  }
}

class OneWatch implements Watch {
  readonly target: WatchTarget;
  readonly events: WatchEvents;
  /** Undefined before it is on a stream, and after its end. */
  stream: WatchStream | undefined;
  id = 0n;
  ended = false;

  constructor(target: WatchTarget, events: WatchEvents) {
    this.target = target;
    this.events = events;
  }

  close(): void {
    if (this.ended) return;
    this.ended = true;
    this.stream?.remove(this);
  }

  end(error: EtcdError): void {
    if (this.ended) return;
    this.ended = true;
    this.events.onEnd(error);
  }
}

/** One Watch stream and the watches on it, by the ids that we choose (since etcd 3.4). */
class WatchStream {
  readonly #pool: Pool;
  readonly #call: StreamCall;
  readonly #watches = new Map<string, OneWatch>();
  /** Creates under way: they are answered in order, and a refused one without its id. */
  readonly #creating: OneWatch[] = [];
  readonly #onEnd: (stream: WatchStream) => void;
  #nextId = 1n;
  #endError: EtcdError | undefined;

  constructor(pool: Pool, connection: Connection, onEnd: (stream: WatchStream) => void) {
    this.#pool = pool;
    this.#onEnd = onEnd;
    this.#call = new StreamCall(connection, WATCH_HEAD, {
      onMessage: (bytes, start, end) => {
        this.#onMessage(bytes.subarray(start, end));
      },
      onEnd: (error) => {
        this.#finish(error);
      },
    });
  }

  get ended(): boolean {
    return this.#call.ended;
  }

  add(watch: OneWatch): void {
    if (watch.ended) return;
    if (this.#call.ended) {
      watch.end(
        this.#endError ??
          new ConnectionError("ETCD_CONNECTION_LOST", "the watch stream ended", { mayHaveApplied: false }),
      );
      return;
    }
    const id = this.#nextId++;
    watch.id = id;
    watch.stream = this;
    this.#watches.set(id.toString(), watch);
    this.#creating.push(watch);
    const { key, rangeEnd, startRevision = 0, noPut = false, noDelete = false } = watch.target;
    const filters: WatchCreateRequest.FilterType[] = [];
    if (noPut) filters.push(WatchCreateRequest.FilterType.NOPUT);
    if (noDelete) filters.push(WatchCreateRequest.FilterType.NODELETE);
    const create_request = new WatchCreateRequest({
      key,
      range_end: rangeEnd ?? new Uint8Array(0),
      start_revision: int64Text(startRevision, "startRevision"),
      filters,
      watch_id: id.toString(),
    });
    this.#call.send(new WatchRequest({ create_request }).serializeBinary());
  }

  remove(watch: OneWatch): void {
    if (!this.#watches.delete(watch.id.toString())) return;
    const cancel_request = new WatchCancelRequest({ watch_id: watch.id.toString() });
    this.#call.send(new WatchRequest({ cancel_request }).serializeBinary());
    this.closeIfIdle();
  }

  /** An open stream would keep the process alive. */
  closeIfIdle(): void {
    if (this.#watches.size > 0 || this.#call.ended) return;
    this.#endWith(
      new ConnectionError("ETCD_CONNECTION_LOST", "the watch stream was idle", { mayHaveApplied: false }),
    );
  }

  cancel(): void {
    this.#call.cancel();
  }

  #onMessage(bytes: Uint8Array): void {
    try {
      this.#take(decodeWatch(bytes));
    } catch (error) {
      // A reply that cannot be read, or holds a number that cannot be: what else it said is lost.
      if (!(error instanceof EtcdError)) throw error;
      this.#endWith(error);
    }
  }

  #take(reply: WatchResponse): void {
    this.#pool.noteTerm(toSafeInteger(reply.header?.raft_term ?? "0", "raft_term"));
    const created = reply.created ? this.#creating.shift() : undefined;
    // A refused create comes as created, canceled and watch_id -1 (etcd-facts.md §6).
    const watch = created ?? this.#watches.get(reply.watch_id);
    // Closed by us, and the server had not heard of it yet.
    if (watch === undefined || watch.ended) return;
    // Of a compaction's cancel this is 0, and it is not looked at there (etcd-facts.md §0.10).
    const revision = toSafeInteger(reply.header?.revision ?? "0", "revision");
    if (reply.created && !reply.canceled) watch.events.onCreated(revision);
    if (reply.events.length > 0) watch.events.onEvents(reply.events, revision);
    if (!reply.canceled) return;
    const error = cancelError(reply, this.#call.endpoint);
    this.#pool.noteError(error);
    // The token went with the stream's headers, so no watch can begin on this stream any more.
    if (isTokenError(error)) {
      this.#endWith(error);
      return;
    }
    this.#watches.delete(watch.id.toString());
    watch.end(error);
  }

  #endWith(error: EtcdError): void {
    this.#endError = error;
    this.cancel();
  }

  #finish(error: EtcdError): void {
    this.#endError ??= error;
    this.#pool.noteError(this.#endError);
    this.#onEnd(this);
    const watches = [...this.#watches.values()];
    this.#watches.clear();
    for (const watch of watches) watch.end(this.#endError);
  }
}

const cancelError = (reply: WatchResponse, endpoint: string): EtcdError =>
  reply.compact_revision !== "0"
    ? new StatusError(
        "ETCD_COMPACTED",
        `the watch's start revision was compacted away, up to ${reply.compact_revision}`,
        {
          mayHaveApplied: false,
          grpcCode: 11,
          endpoint,
        },
      )
    : statusError(undefined, reply.cancel_reason || "watch canceled", endpoint, true);
