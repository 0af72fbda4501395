import { keyText } from "../../client/watch/watch-reply.js";
import type { EtcdError } from "../../errors.js";
import { NEAR_WAITERS_COUNT } from "../../options.js";
import { offAbort, onAbort } from "../../rpc/abort-listeners.js";
import type { LockLife } from "../lock.js";
import { keyWatch, prefixWatch } from "./deletion-watch.js";
import type { DeletionListener, DeletionWatch } from "./deletion-watch.js";
import { linePlans } from "./line-plans.js";
import { placeLost } from "./place-lost.js";

/** What is known about a line at one revision. */
export interface LineSnapshot {
  readonly revision: number;
  /** The keys whose create revision is below ours; the nearest ones, if not all. */
  readonly ahead: readonly string[];
  /** Are these all that are ahead? */
  readonly isWhole: boolean;
}

export interface LineWaitOptions {
  readonly life: LockLife;
  /** All keys under it are the line, in the order of their create revisions. */
  readonly prefix: string;
  /** Ours, below `prefix`. */
  readonly key: string;
  /** Whether a key ahead stands in our way. Default: each does. */
  readonly blocks?: (key: string) => boolean;
  /** With so many in our way it is our turn all the same. Default: 0. */
  readonly allowedCount?: number;
}

/**
 * Waits in a line of keys until few enough are ahead.
 *
 * A snapshot of revision S tells who is ahead. If the watch covers everything after S, deletions alone say when the last
 * one ahead is gone, and then it is our turn with no read in between: our own key was alive at S, and its deletion would
 * have come through the same ordered watch. If the watch began after S, one *look* takes a new snapshot that it does
 * cover.
 *
 * Keys are ordered by create revision, never by name: a key may go and come back. A deletion at or before S is of an
 * incarnation that the snapshot no longer shows.
 *
 * With many ahead, only one of them is watched: when that is gone, few are left, or another look finds the next one to
 * watch. So an event goes to few, however long the line is; and no more than one look, for which etcd reads all of the line.
 */
export class LineWait implements DeletionListener {
  readonly #options: LineWaitOptions;
  readonly #keyText: string;
  #line: DeletionWatch;
  #createRevision = 0;
  #allowedCount: number;
  #snapshot: { readonly revision: number; readonly ahead: Set<string> } | undefined;
  /** When the last one of those that went ahead of us did, or the snapshot's. */
  #turnRevision = 0;
  /** Deletions reported while no snapshot was there to apply them to. */
  #early: { key: string; revision: number }[] = [];
  /** Do we hear of the deletions in the line? Far back we do not. */
  #listening = true;
  #looking = false;
  /** Something happened during the look that its answer may not show. */
  #lookAgain = false;
  #far: FarWait | undefined;
  #state: "idle" | "waiting" | "ended" = "idle";
  /** Our key was deleted after the turn came, when nobody else listened yet. */
  #lostAtRevision = 0;
  #resolve!: (turnRevision: number) => void;
  #reject!: (error: unknown) => void;

  /** Listens from here on, so that nothing is missed between a snapshot's making and its arrival: `close` ends that. */
  constructor(options: LineWaitOptions) {
    this.#options = options;
    this.#allowedCount = options.allowedCount ?? 0;
    this.#keyText = keyText(Buffer.from(options.key));
    this.#line = prefixWatch(options.life.client, options.prefix);
    this.#line.add(this);
  }

  /**
   * Resolves with the revision at which our turn began.
   *
   * @param createRevision of our key, which is there
   * @param snapshot that came with it, if there is one; of a time when this was listening already
   * @param signal ends the wait with its reason
   * @throws LockLostError ETCD_SESSION_EXPIRED when our key is deleted or what it lives on ends; EtcdError when the line
   *   cannot be watched or read
   */
  run(createRevision: number, snapshot?: LineSnapshot, signal?: AbortSignal): Promise<number> {
    const { life } = this.#options;
    this.#createRevision = createRevision;
    return new Promise<number>((resolve, reject) => {
      const onAborted = (): void => {
        this.#fail(signal?.reason);
      };
      const stopListening = life.onEnd(() => {
        this.#fail(life.endReason);
      });
      const settled = (): void => {
        this.#state = "ended";
        stopListening();
        if (signal !== undefined) offAbort(signal, onAborted);
        this.#far?.close();
        this.#far = undefined;
      };
      this.#resolve = (turnRevision) => {
        settled();
        resolve(turnRevision);
      };
      this.#reject = (error) => {
        settled();
        reject(error);
      };
      this.#state = "waiting";
      if (signal !== undefined) onAbort(signal, onAborted);
      // A signal that fired already would never be heard.
      if (signal?.aborted === true) onAborted();
      else if (life.endReason !== undefined) this.#fail(life.endReason);
      else if (snapshot === undefined) this.#look();
      else this.#take(snapshot, true);
    });
  }

  /** More or fewer may be ahead than before: the permits of a semaphore. */
  set allowedCount(count: number) {
    this.#allowedCount = count;
    this.onBatchEnd();
  }

  /** How many stand in our way, as far as is known; undefined before the first snapshot, and far back. */
  get aheadCount(): number | undefined {
    return this.#snapshot?.ahead.size;
  }

  /** Ends `run` with `error`, if it is under way. */
  end(error: unknown): void {
    this.#fail(error);
  }

  /**
   * For the moment between `run`'s end, or that of an acquire which needed no `run`, and when others listen.
   *
   * @param createRevision of our key, where there was no `run` to tell it
   * @throws LockLostError if a deletion of our key has been reported
   */
  assertStanding(createRevision = this.#createRevision): void {
    const lost =
      this.#lostAtRevision > createRevision ||
      this.#early.some(({ key, revision }) => key === this.#keyText && revision > createRevision);
    if (lost) throw placeLost("was deleted", false);
  }

  /** Listens no more. Idempotent; after `run` has settled, or without it. */
  close(): void {
    this.#line.remove(this);
    this.#listening = false;
  }

  /** DeletionListener. */
  onWatching(revision: number): void {
    // What was deleted between the snapshot and the watch's start was not seen.
    if (this.#snapshot === undefined || revision > this.#snapshot.revision) this.#look();
  }

  /** DeletionListener. */
  onDeleted(key: string, revision: number): void {
    if (this.#state === "ended") {
      if (key === this.#keyText && revision > this.#createRevision) this.#lostAtRevision = revision;
    } else if (this.#snapshot === undefined || this.#looking) this.#early.push({ key, revision });
    else if (revision > this.#snapshot.revision) {
      if (key === this.#keyText) this.#fail(placeLost("was deleted", false));
      else if (this.#snapshot.ahead.delete(key)) this.#turnRevision = revision;
    }
  }

  /** DeletionListener. */
  onBatchEnd(): void {
    if (this.#state !== "waiting" || this.#snapshot === undefined || this.#looking) return;
    if (this.#snapshot.ahead.size <= this.#allowedCount) this.#resolve(this.#turnRevision);
  }

  /** DeletionListener. */
  onFailed(error: EtcdError): void {
    this.#fail(error);
  }

  /** @param heard did we listen since before it was made? */
  #take({ revision, ahead, isWhole }: LineSnapshot, heard: boolean): void {
    if (!isWhole) {
      this.#waitFar(ahead);
      return;
    }
    if (!heard) {
      this.#approach();
      return;
    }
    this.#far?.close();
    this.#far = undefined;
    const { blocks } = this.#options;
    this.#snapshot = { revision, ahead: new Set(blocks === undefined ? ahead : ahead.filter(blocks)) };
    this.#turnRevision = revision;
    const early = this.#early;
    this.#early = [];
    for (const deleted of early) this.onDeleted(deleted.key, deleted.revision);
    this.onBatchEnd();
    if (this.#isOver()) return;
    this.#line.start();
    // Infinity while it is not watching yet: `onWatching` comes then.
    if (this.#line.watchingFrom !== Infinity) this.onWatching(this.#line.watchingFrom);
  }

  /** Until the furthest of those that a snapshot showed is gone: few are ahead then. */
  #waitFar(ahead: readonly string[]): void {
    const target = ahead[ahead.length - 1]!;
    // Not kept warm: it would be sent every hand-over of a long line, by each who stands far back.
    this.#line.remove(this, false);
    this.#listening = false;
    this.#snapshot = undefined;
    this.#early = [];
    if (this.#far?.target === target) return;
    this.#far?.close();
    this.#far = new FarWait(this.#options.life.client, target, this.#options.key, {
      onWatching: () => {
        this.#checkFar(target);
      },
      onTargetDeleted: () => {
        this.#approach();
      },
      onOwnDeleted: (revision) => {
        if (revision > this.#createRevision) this.#fail(placeLost("was deleted", false));
      },
      onFailed: (error) => {
        this.#fail(error);
      },
    });
    this.#far.start();
  }

  /** The one far ahead, or we ourselves, may have gone before both were watched. */
  #checkFar(target: string): void {
    const { life, key } = this.#options;
    const other = Buffer.from(target, "latin1");
    linePlans(life.client)
      .pair.run({ key, other })
      .then(
        ({ responses: [own, ahead] }) => {
          if (this.#state !== "waiting" || this.#far?.target !== target) return;
          if (own?.kvs[0]?.createRevision !== this.#createRevision) this.#fail(placeLost("is gone", false));
          // One that has come back stands behind us.
          else if (!((ahead?.kvs[0]?.createRevision ?? Infinity) < this.#createRevision)) this.#approach();
        },
        (error: unknown) => {
          this.#fail(error);
        },
      );
  }

  /** Few are ahead now, as it seems: hear of them, then see who they are. */
  #approach(): void {
    // The answer to a look under way may still show the one that is gone, and nobody will tell of that again.
    if (this.#looking) this.#lookAgain = true;
    if (this.#listening || this.#state !== "waiting") return;
    this.#listening = true;
    const { life, prefix } = this.#options;
    this.#line = prefixWatch(life.client, prefix);
    this.#line.add(this);
    this.#line.start();
    // Else `onWatching` comes.
    if (this.#line.watchingFrom !== Infinity) this.#look();
  }

  #look(): void {
    if (this.#state !== "waiting") return;
    if (this.#looking) {
      this.#lookAgain = true;
      return;
    }
    this.#looking = true;
    this.#lookAgain = false;
    const heard = this.#listening;
    this.#read().then(
      (snapshot) => {
        this.#looking = false;
        if (this.#state !== "waiting") return;
        this.#take(snapshot, heard);
        if (this.#lookAgain) this.#look();
      },
      (error: unknown) => {
        this.#looking = false;
        this.#fail(error);
      },
    );
  }

  async #read(): Promise<LineSnapshot> {
    const { life, prefix, key, blocks } = this.#options;
    // Where not everybody is in the way, those who are can be counted in all of the line only.
    const limit = blocks === undefined && this.#allowedCount === 0 ? NEAR_WAITERS_COUNT + 1 : 0;
    const before = this.#createRevision - 1;
    const result = await linePlans(life.client).look.run({ prefix, key, before, limit });
    const [own, line] = result.responses;
    if (own === undefined || line === undefined)
      throw new Error("etcdwire: the reply to a look at a line has another shape than its plan");
    if (own.kvs[0]?.createRevision !== this.#createRevision) throw placeLost("is gone", false);
    return {
      revision: result.revision,
      ahead: line.kvs.map((kv) => keyText(kv.key)),
      isWhole: limit === 0 || line.kvs.length < limit,
    };
  }
  /** Asked after something that may have ended it. */
  #isOver(): boolean {
    return this.#state === "ended";
  }

  #fail(error: unknown): void {
    if (this.#state === "waiting") this.#reject(error);
  }
}

interface FarEvents {
  /** Deletions of both keys are reported from now on, and earlier ones may have been missed. */
  readonly onWatching: () => void;
  readonly onTargetDeleted: () => void;
  readonly onOwnDeleted: (revision: number) => void;
  readonly onFailed: (error: EtcdError) => void;
}

/** A place far back: watches one key ahead, and our own. */
class FarWait {
  readonly target: string;
  readonly #watches: readonly { readonly watch: DeletionWatch; readonly listener: DeletionListener }[];

  constructor(client: LockLife["client"], target: string, own: string, events: FarEvents) {
    this.target = target;
    const onWatching = (): void => {
      if (this.#watches.every(({ watch }) => watch.watchingFrom !== Infinity)) events.onWatching();
    };
    const shared = { onWatching, onBatchEnd: () => {}, onFailed: events.onFailed };
    this.#watches = [
      {
        watch: keyWatch(client, own),
        listener: {
          ...shared,
          onDeleted: (_key, revision) => {
            events.onOwnDeleted(revision);
          },
        },
      },
      { watch: keyWatch(client, target), listener: { ...shared, onDeleted: events.onTargetDeleted } },
    ];
  }

  start(): void {
    for (const { watch, listener } of this.#watches) {
      watch.add(listener);
      watch.start();
    }
    // In case that others watched both already.
    this.#watches[0]!.listener.onWatching(0);
  }

  close(): void {
    for (const { watch, listener } of this.#watches) watch.remove(listener);
  }
}
