import { backoffMs } from "../../cluster/backoff.js";
import { mayPass } from "../../cluster/retry-policy.js";
import { Wait } from "../../cluster/wait.js";
import type { Timer } from "../../connection/runtime.js";
import { AbortError, ArgumentError, EtcdError, StatusError, asRead, unsentBecause } from "../../errors.js";
import {
  DEADLINE_STEP_MS,
  WATCH_BUFFER_MAX_BYTES,
  WATCH_BUFFER_MAX_EVENTS,
  WATCH_REVISION_MAX_BYTES,
  WATCH_TOO_LARGE_MAX_COUNT,
} from "../../options.js";
import { offAbort, onAbort } from "../../rpc/abort-listeners.js";
import { watchEvents } from "../../tracing.js";
import type { BytesInput } from "../../txn/shape.js";
import type { CallerOptions } from "../calls.js";
import type { ClientParts } from "../client-parts.js";
import { KEY_RANGE_OPTIONS } from "../key-space.js";
import type { KeyRangeOptions, KeySpace } from "../key-space.js";
import { requireProgress } from "./progress-support.js";
import { closedError } from "./shared-watch-stream.js";
import type { SharedWatchStream } from "./shared-watch-stream.js";
import type { WatchEvent, WatchReply } from "./watch-reply.js";
import { StreamWatch } from "./watch-stream.js";
import type { WatchTarget } from "./watch-stream.js";

export type { WatchEvent } from "./watch-reply.js";

/** What to watch, and how. `timeoutMs` is how long the server may take to have the watch for the first time. */
export interface WatchOptions extends KeyRangeOptions, CallerOptions {
  /**
   * The first revision whose events are wanted; one that is gone already ends the watch with a CompactedError. Default:
   * the one after the store's revision when the server gets the watch (`ready` tells which), which is also what is
   * served soonest.
   */
  startRevision?: number | undefined;
  /** Deliver with each event the key as it was before. Default: false. */
  prevKv?: boolean | undefined;
  /** Leave puts out. Default: false. */
  noPut?: boolean | undefined;
  /** Leave deletes out. Default: false. */
  noDelete?: boolean | undefined;
  /**
   * Deliver a batch without events, now and then, that says how far the watch has come while nothing happened: every
   * ten minutes, unless the server was told otherwise (`--watch-progress-notify-interval`). Default: false.
   */
  progressNotify?: boolean | undefined;
  /**
   * Let the server send what is over some 2 MB in pieces; what is delivered is the same, and never part of a revision.
   * Default: only after a message over the client's `messageMaxBytes`, as up to 1,000 revisions may be one. Not always,
   * because an etcd measures every piece anew for each of its events: 1,000 revisions of 100 small events took it 49 s
   * in pieces, and 0.9 s as one message of 13 MB (3.6.14).
   */
  fragment?: boolean | undefined;
  /**
   * `"own"`: not on the stream that this client's watchers share, but on one of its own; for a key range with so many
   * events that others would have to wait for them. Default: `"shared"`.
   */
  stream?: "shared" | "own" | undefined;
  /**
   * Events held for a consumer that is slow. Above it the server is told to stop; it goes on, from where it stopped, when
   * half of them are consumed. Default: 10,000.
   */
  bufferMaxEvents?: number | undefined;
  /** The same in bytes; one more message than this may be held. Default: 16 MiB. */
  bufferMaxBytes?: number | undefined;
}

/** What a watch delivers at once: all events of one or more revisions, in order. */
export interface WatchBatch {
  /**
   * The store's revision when the server sent this, the last event's or a later one. In a batch without events:
   * everything up to this revision has been delivered.
   */
  readonly revision: number;
  /** The `startRevision` of a watch that is to go on exactly behind this batch, after a restart perhaps. */
  readonly nextRevision: number;
  /** Empty if this only reports progress. */
  readonly events: readonly WatchEvent[];
}

const WATCH_OPTIONS = [
  ...KEY_RANGE_OPTIONS,
  "startRevision",
  "prevKv",
  "noPut",
  "noDelete",
  "progressNotify",
  "fragment",
  "stream",
  "bufferMaxEvents",
  "bufferMaxBytes",
] as const;

/** A watch that lasted this long was a good one: the next may be opened at once. */
const STABLE_MS = 1_000;

type State =
  /** Not at the server yet, or not known to be. */
  | { readonly name: "opening"; readonly watch: StreamWatch }
  /** The server sends what happens. */
  | { readonly name: "open"; readonly watch: StreamWatch; readonly sinceMs: number }
  /** It will be opened after a pause. */
  | { readonly name: "waiting"; readonly timer: Timer }
  /** The buffer is full. The server has forgotten the watch; it is opened again when the consumer has caught up. */
  | { readonly name: "parked" }
  | { readonly name: "ended" };

interface Reader {
  readonly resolve: (result: IteratorResult<WatchBatch, undefined>) => void;
  readonly reject: (error: EtcdError) => void;
}

interface Buffered {
  readonly batch: WatchBatch;
  readonly byteCount: number;
}

const DONE: IteratorResult<WatchBatch, undefined> = { done: true, value: undefined };

/**
 * Watches a key or a range of keys:
 *
 * ```ts
 * for await (const { events } of client.watch("jobs/", { prefix: true })) {
 *   for (const { type, kv } of events) console.log(type, kv.key.string(), kv.value.string());
 * }
 * ```
 *
 * Every event is delivered once, in the order of revisions, and those of one revision together: also when the
 * connection breaks, members die or change leader, tokens expire, or the consumer is slower than the events. After a
 * break the watch is opened again, for as long as it takes, behind the last event that came.
 *
 * The iteration ends when it is left (`break`), by `close()`, and with an error: a CompactedError if the revisions that
 * are still to be delivered were compacted away (read what there is and watch from there); ETCD_PERMISSION_DENIED and
 * the like; what stood in the way, if the server did not have the watch within `timeoutMs`; AbortError after the
 * `signal`; ETCD_CLOSED after the client's `close()`. A watch that once was there is not ended by a cluster that is down.
 *
 * To read keys and then hear of every change: read, and watch with the read's `revision + 1` as `startRevision`; or
 * watch first, wait for `ready`, then read, and skip events up to the read's revision.
 *
 * The watch begins when it is made, before it is iterated, and can be iterated once.
 */
export class Watcher implements AsyncIterable<WatchBatch>, AsyncDisposable {
  readonly #parts: ClientParts;
  readonly #space: KeySpace;
  readonly #target: Omit<WatchTarget, "startRevision" | "fragment">;
  #fragments: boolean;
  readonly #mayFragment: boolean;
  readonly #wantsProgress: boolean;
  readonly #bufferMaxEvents: number;
  readonly #bufferMaxBytes: number;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort: (() => void) | undefined;
  /** For those who trace watches. */
  readonly #number: number;
  #place: SharedWatchStream;
  #state: State;
  /** The first revision that has not been delivered, or buffered; 0, "from now on", until the first creation. */
  #nextRevision: number;
  /** Undefined until the first creation. */
  #readyRevision: number | undefined;
  /** Made when somebody asks for it. */
  #ready: Deferred<number> | undefined;
  #firstTimer: Timer;
  /** What stood in the way of the first creation. */
  #lastError: EtcdError | undefined;
  #failureCount = 0;
  #tooLargeCount = 0;
  /** Events of a revision of which more may come. */
  #partial: WatchEvent[] = [];
  #partialBytes = 0;
  /** From `#bufferStart` on. */
  #buffer: (Buffered | undefined)[] = [];
  #bufferStart = 0;
  #bufferEvents = 0;
  #bufferBytes = 0;
  readonly #readers: Reader[] = [];
  #iterated = false;
  /** Why it ended, if its owner did not end it. */
  #endError: EtcdError | undefined;
  /** Somebody has heard of `#endError`. */
  #told = false;
  readonly #progressAskers = new Set<Deferred<number>>();

  /** @internal */
  constructor(parts: ClientParts, space: KeySpace, key: BytesInput, options: WatchOptions) {
    const { timeoutMs, signal } = parts.calls.options(options, WATCH_OPTIONS);
    const { startRevision = 0, prevKv, noPut, noDelete, progressNotify, fragment } = options;
    const { stream = "shared", bufferMaxEvents, bufferMaxBytes } = options;
    if (!Number.isSafeInteger(startRevision) || startRevision < 0)
      throw new ArgumentError(`startRevision is ${String(startRevision)}: not a revision`);
    for (const [name, value] of Object.entries({ prevKv, noPut, noDelete, progressNotify, fragment })) {
      if (value !== undefined && typeof value !== "boolean")
        throw new ArgumentError(`${name} must be true or false`);
    }
    if (noPut === true && noDelete === true)
      throw new ArgumentError("noPut and noDelete together leave nothing to watch");
    // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- callers without types
    if (stream !== "shared" && stream !== "own") throw new ArgumentError('stream must be "shared" or "own"');
    for (const [name, value] of Object.entries({ bufferMaxEvents, bufferMaxBytes })) {
      if (value !== undefined && (!Number.isInteger(value) || value < 1))
        throw new ArgumentError(`${name} is ${String(value)}: not a whole number above 0`);
    }
    const range = space.range(key, options);
    this.#parts = parts;
    this.#space = space;
    this.#target = {
      // The caller may change its bytes, and they are sent again after a break.
      key: new Uint8Array(range.key),
      rangeEnd: new Uint8Array(range.rangeEnd),
      noPut: noPut ?? false,
      noDelete: noDelete ?? false,
      prevKv: prevKv ?? false,
      // Always: a watch on which nothing happens would else be opened again, after a break, behind an event of long ago,
      // which may be compacted away.
      progressNotify: true,
    };
    this.#fragments = fragment ?? false;
    this.#mayFragment = fragment !== false;
    this.#wantsProgress = progressNotify ?? false;
    this.#bufferMaxEvents = bufferMaxEvents ?? WATCH_BUFFER_MAX_EVENTS;
    this.#bufferMaxBytes = bufferMaxBytes ?? WATCH_BUFFER_MAX_BYTES;
    this.#nextRevision = startRevision;
    this.#signal = signal;
    this.#place = stream === "own" ? parts.watches.own() : parts.watches.shared;
    this.#number = parts.watches.join(this);
    this.#state = { name: "parked" };
    if (signal?.aborted === true) {
      this.#end(new AbortError(signal.reason, false));
      return;
    }
    if (signal !== undefined) {
      this.#onAbort = () => {
        this.#drop();
        this.#end(new AbortError(signal.reason, false));
      };
      onAbort(signal, this.#onAbort);
    }
    this.#open();
    this.#firstTimer = parts.pool.runtime.setTimer(
      () => {
        this.#end(this.#lastError ?? this.#whyNever(timeoutMs));
      },
      // A search for the leader that began with the watch ends first, and says why there is none.
      timeoutMs + DEADLINE_STEP_MS,
      true,
    );
  }

  /**
   * Resolves when the server has the watch for the first time, with the store's revision then: without a
   * `startRevision`, all events after that revision will come. Rejects with why not; nobody has to listen.
   */
  get ready(): Promise<number> {
    if (this.#ready === undefined) {
      const ready = defer<number>();
      ready.promise.catch(() => {});
      this.#ready = ready;
      if (this.#readyRevision !== undefined) ready.resolve(this.#readyRevision);
      else if (this.#state.name === "ended") ready.reject(this.#endError ?? closedError("the watcher"));
    }
    return this.#ready.promise;
  }

  /** Ended, by whomever; what it has buffered can still be iterated, unless `close()` ended it. */
  get closed(): boolean {
    return this.#state.name === "ended";
  }

  /** @throws EtcdError if it is iterated already */
  [Symbol.asyncIterator](): AsyncIterator<WatchBatch, undefined> {
    if (this.#iterated)
      throw new ArgumentError("a watcher can be iterated once: make another for another reader");
    this.#iterated = true;
    return {
      next: () => this.#next(),
      return: async () => {
        await this.close();
        return DONE;
      },
    };
  }

  /** The same one by one, for those who need not know which events happened together. */
  async *events(): AsyncGenerator<WatchEvent, void, undefined> {
    for await (const { events } of this) yield* events;
  }

  /**
   * Asks the server how far the watch has come. The answer is also delivered as a batch without events, in its place
   * among the others.
   *
   * A server answers for all watches of a stream together, and only when none of them has to catch up, so this may take
   * a while; one on a stream of its own hears soonest.
   *
   * @returns the revision up to which everything has been delivered or waits to be iterated
   * @throws EtcdError ETCD_DEADLINE_EXCEEDED if there was no answer in `timeoutMs`; ETCD_UNSUPPORTED before 3.4.25 and
   *   from 3.5.0 to 3.5.7, whose answers overtake events
   */
  async requestProgress(options: CallerOptions = {}): Promise<number> {
    const { pool, calls } = this.#parts;
    const { timeoutMs, signal } = calls.options(options);
    const wait = new Wait(pool.runtime, timeoutMs, signal);
    if (this.#state.name === "ended") throw this.#endError ?? closedError("the watcher");
    const asker = defer<number>();
    this.#progressAskers.add(asker);
    this.#askProgress();
    try {
      return await wait.for(asker.promise, noProgress);
    } finally {
      this.#progressAskers.delete(asker);
    }
  }

  /** Ends the watch, here and at the server; the iteration ends. What was not iterated yet is dropped. Idempotent. */
  close(): Promise<void> {
    this.#drop();
    this.#told = true;
    this.#end(undefined);
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  // ---- The consumer's side --------------------------------------------------------------------------------------

  #next(): Promise<IteratorResult<WatchBatch, undefined>> {
    const buffered = this.#buffer[this.#bufferStart];
    if (buffered !== undefined) {
      this.#buffer[this.#bufferStart++] = undefined;
      if (this.#bufferStart === this.#buffer.length) {
        this.#buffer.length = 0;
        this.#bufferStart = 0;
      } else if (this.#bufferStart >= 1_024 && 2 * this.#bufferStart > this.#buffer.length) {
        this.#buffer.splice(0, this.#bufferStart);
        this.#bufferStart = 0;
      }
      this.#bufferEvents -= buffered.batch.events.length;
      this.#bufferBytes -= buffered.byteCount;
      this.#unpark();
      return Promise.resolve({ done: false, value: buffered.batch });
    }
    return new Promise((resolve, reject) => {
      if (this.#state.name === "ended") this.#tellEnd({ resolve, reject });
      else this.#readers.push({ resolve, reject });
    });
  }

  #deliver(events: readonly WatchEvent[], revision: number, byteCount: number): void {
    const batch: WatchBatch = { revision, nextRevision: this.#nextRevision, events };
    const reader = this.#readers.shift();
    if (reader !== undefined) {
      reader.resolve({ done: false, value: batch });
      return;
    }
    const last = this.#buffer.length - 1;
    // Progress that nobody has looked at yet is replaced by newer progress.
    if (events.length === 0 && this.#buffer[last]?.batch.events.length === 0) {
      this.#buffer[last] = { batch, byteCount: 0 };
      return;
    }
    this.#buffer.push({ batch, byteCount });
    this.#bufferEvents += events.length;
    this.#bufferBytes += byteCount;
  }

  /** Forgets what has not been iterated. */
  #drop(): void {
    this.#buffer = [];
    this.#bufferStart = 0;
    this.#bufferEvents = 0;
    this.#bufferBytes = 0;
  }

  // ---- The server's side ----------------------------------------------------------------------------------------

  #open(): void {
    this.#partial = [];
    this.#partialBytes = 0;
    const target = { ...this.#target, fragment: this.#fragments, startRevision: this.#nextRevision };
    const watch = new StreamWatch(target, this, this.#place);
    this.#state = { name: "opening", watch };
    this.#place.open(watch);
  }

  /** StreamWatchEvents. @internal */
  onCreated(revision: number, endpoint: string): void {
    if (this.#state.name !== "opening") return;
    const { runtime } = this.#parts.pool;
    this.#state = { name: "open", watch: this.#state.watch, sinceMs: runtime.now() };
    if (watchEvents.hasSubscribers) {
      const resumed = this.#readyRevision !== undefined;
      watchEvents.publish({ type: "created", watchId: this.#number, endpoint, revision, resumed });
    }
    if (this.#readyRevision === undefined) {
      this.#readyRevision = revision;
      runtime.clearTimer(this.#firstTimer);
      this.#lastError = undefined;
      // "From now on" is from here on, whatever comes between: a put before the first event must not be lost.
      if (this.#nextRevision === 0) this.#nextRevision = revision + 1;
      this.#ready?.resolve(revision);
    }
    this.#askProgress();
  }

  /** StreamWatchEvents. @internal */
  onReply(reply: WatchReply): void {
    if (this.#state.name !== "open") return;
    const { revision, byteCount } = reply;
    if (reply.eventCount === 0 && !reply.fragment && this.#partial.length === 0) {
      this.#nextRevision = Math.max(this.#nextRevision, revision + 1);
      if (this.#wantsProgress) this.#deliver([], revision, 0);
      return;
    }
    // What is older was delivered before, by a server that repeats itself or has not heard where this watch begins.
    const floor = this.#partial.at(-1)?.kv.modRevision ?? this.#nextRevision;
    let events = reply.events(this.#space, floor);
    let bytes = byteCount;
    if (this.#partial.length > 0) {
      for (const event of events) this.#partial.push(event);
      bytes += this.#partialBytes;
      events = this.#partial;
      this.#partial = [];
      this.#partialBytes = 0;
    }
    if (reply.fragment && events.length > 0) {
      // The last revision may go on in the next piece; those before it are whole.
      const last = events.at(-1)!.kv.modRevision;
      let wholeCount = events.length;
      while (wholeCount > 0 && events[wholeCount - 1]!.kv.modRevision === last) wholeCount--;
      this.#partial = events;
      events = events.splice(0, wholeCount);
      this.#partialBytes = wholeCount > 0 ? byteCount : bytes;
      if (this.#partialBytes > WATCH_REVISION_MAX_BYTES) {
        this.#end(tooLarge(last));
        return;
      }
    }
    if (events.length === 0) return;
    this.#tooLargeCount = 0;
    this.#nextRevision = events.at(-1)!.kv.modRevision + 1;
    this.#deliver(events, revision, bytes);
    this.#parkIfFull();
  }

  /** StreamWatchEvents. @internal */
  onProgress(revision: number): void {
    if (this.#state.name !== "open" || this.#progressAskers.size === 0) return;
    // `nextRevision` stays: a watch is never resumed behind what one answer says of all watches of a stream.
    this.#deliver([], revision, 0);
    for (const asker of this.#progressAskers) asker.resolve(revision);
    this.#progressAskers.clear();
  }

  /** StreamWatchEvents. @internal */
  onEnd(error: EtcdError, isStreams: boolean): void {
    const state = this.#state;
    if (state.name !== "opening" && state.name !== "open") return;
    asRead(error);
    if (this.#isFinal(error)) {
      this.#end(error);
      return;
    }
    this.#lastError = error;
    if (watchEvents.hasSubscribers) {
      const revision = this.#nextRevision;
      watchEvents.publish({ type: "interrupted", watchId: this.#number, revision, error });
    }
    if (isStreams) {
      // The stream's place sees to it that it is not opened again too soon.
      this.#open();
      return;
    }
    const { runtime } = this.#parts.pool;
    if (state.name === "open" && runtime.now() - state.sinceMs >= STABLE_MS) this.#failureCount = 0;
    const delayMs = backoffMs(++this.#failureCount, () => runtime.random());
    const timer = runtime.setTimer(
      () => {
        this.#open();
      },
      delayMs,
      true,
    );
    this.#state = { name: "waiting", timer };
  }

  /** Why there is no watch yet, though nothing has failed. */
  #whyNever(timeoutMs: number): EtcdError {
    const text = `no server had the watch within ${timeoutMs} ms`;
    const failed = this.#parts.pool.endpoints.find(({ lastError }) => lastError !== undefined);
    const isUnsent = this.#state.name === "opening" && this.#state.watch.stream === undefined;
    if (isUnsent && failed !== undefined)
      return unsentBecause(failed.lastError!, `${text}: ${failed.lastError!.message}`);
    return new StatusError("ETCD_DEADLINE_EXCEEDED", text, { mayHaveApplied: false, grpcCode: 4 });
  }

  /** Whether another try cannot help. */
  #isFinal(error: EtcdError): boolean {
    if (error.code === "ETCD_MESSAGE_TOO_LARGE") {
      this.#tooLargeCount++;
      // Whose message it was is not known. In pieces it fits, but for what a server sends right behind a create, which is
      // whole (etcd-facts.md §6). One that is alone breaks no others.
      this.#fragments = this.#mayFragment;
      if (this.#tooLargeCount > 1 && this.#place === this.#parts.watches.shared)
        this.#place = this.#parts.watches.own();
      return this.#tooLargeCount >= WATCH_TOO_LARGE_MAX_COUNT;
    }
    return endsWatch(error, this.#parts.pool.hasCredentials, this.#readyRevision !== undefined);
  }

  /**
   * The one way in which a slow consumer is kept from filling memory: the server is told to forget the watch, and what
   * it had sent meanwhile is dropped. Holding back the stream instead would hold back all watches on it; and one that
   * is alone on a stream would gain little: the server would keep 128 replies for it, and read the rest from its history
   * as it does for a watch that is opened again.
   */
  #parkIfFull(): void {
    if (this.#state.name !== "open") return;
    if (this.#bufferEvents <= this.#bufferMaxEvents && this.#bufferBytes <= this.#bufferMaxBytes) return;
    this.#state.watch.close();
    this.#state = { name: "parked" };
    this.#partial = [];
    this.#partialBytes = 0;
    if (watchEvents.hasSubscribers) watchEvents.publish({ type: "paused", watchId: this.#number });
  }

  #unpark(): void {
    if (this.#state.name !== "parked") return;
    if (2 * this.#bufferEvents > this.#bufferMaxEvents || 2 * this.#bufferBytes > this.#bufferMaxBytes)
      return;
    if (watchEvents.hasSubscribers) watchEvents.publish({ type: "resumed", watchId: this.#number });
    this.#open();
  }

  #askProgress(): void {
    const state = this.#state;
    if (state.name !== "open" || this.#progressAskers.size === 0) return;
    requireProgress(this.#parts.pool, state.watch.stream!.endpoint).then(
      () => {
        state.watch.askProgress();
      },
      (error: unknown) => {
        if (!(error instanceof EtcdError)) throw error;
        // Broken meanwhile: its next life asks again.
        if (this.#state !== state) return;
        for (const asker of this.#progressAskers) asker.reject(error);
        this.#progressAskers.clear();
      },
    );
  }

  /** The client is closed. @internal */
  onClientClose(): void {
    this.#end(closedError());
  }

  /** It is over; without an error when its owner ends it. */
  #end(error: EtcdError | undefined): void {
    const state = this.#state;
    if (state.name === "ended") return;
    this.#state = { name: "ended" };
    this.#endError = error;
    const { pool, watches } = this.#parts;
    if (state.name === "waiting") pool.runtime.clearTimer(state.timer);
    else if (state.name !== "parked") state.watch.close();
    pool.runtime.clearTimer(this.#firstTimer);
    if (this.#onAbort !== undefined && this.#signal !== undefined) offAbort(this.#signal, this.#onAbort);
    watches.leave(this);
    this.#partial = [];
    const reason = error ?? closedError("the watcher");
    if (this.#readyRevision === undefined) this.#ready?.reject(reason);
    for (const asker of this.#progressAskers) asker.reject(reason);
    this.#progressAskers.clear();
    for (const reader of this.#readers.splice(0)) this.#tellEnd(reader);
    if (watchEvents.hasSubscribers) watchEvents.publish({ type: "ended", watchId: this.#number, error });
  }

  /** The first to ask hears the error. */
  #tellEnd({ resolve, reject }: Reader): void {
    if (this.#endError === undefined || this.#told) resolve(DONE);
    else {
      this.#told = true;
      reject(this.#endError);
    }
  }
}

/** Whether an error ends a watch for good. Once it `wasCreated`, only what waiting cannot mend does. */
export const endsWatch = (error: EtcdError, hasCredentials: boolean, wasCreated: boolean): boolean => {
  switch (error.code) {
    // One try's time, not the watch's.
    case "ETCD_DEADLINE_EXCEEDED":
      return false;
    // A certificate is replaced, a proxy put right: a new watch should hear of it, an old one can wait.
    case "ETCD_TLS":
    case "ETCD_NOT_ETCD":
      return !wasCreated;
    default:
      return !mayPass(error, hasCredentials);
  }
};

const noProgress = (): EtcdError =>
  new StatusError(
    "ETCD_DEADLINE_EXCEEDED",
    "the server did not say how far the watch has come: it, or another one on its stream, has to catch up",
    { mayHaveApplied: false, grpcCode: 4 },
  );

const tooLarge = (revision: number): EtcdError =>
  new StatusError(
    "ETCD_MESSAGE_TOO_LARGE",
    `the events of revision ${revision} are over ${WATCH_REVISION_MAX_BYTES} bytes`,
    { mayHaveApplied: false, grpcCode: 8 },
  );

/** A promise and what settles it. */
interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: EtcdError) => void;
}

const defer = <T>(): Deferred<T> => {
  let resolve!: (value: T) => void;
  let reject!: (error: EtcdError) => void;
  const promise = new Promise<T>((...settle) => {
    [resolve, reject] = settle;
  });
  return { promise, resolve, reject };
};
