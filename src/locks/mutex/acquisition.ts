import { keyText } from "../../client/watch/watch-reply.js";
import { EtcdError } from "../../errors.js";
import type { TxnResult } from "../../txn/result.js";
import { openPrefixWatch } from "../line/deletion-watch.js";
import { removeKey, removeLateKey } from "../line/key-removal.js";
import { LineWait } from "../line/line-wait.js";
import type { LineSnapshot } from "../line/line-wait.js";
import type { LockPlace } from "../line/lock-place.js";

/** A place at the head of the line. */
export interface Acquired {
  /** Of our key. */
  readonly createRevision: number;
  /** The store's revision when our turn began: grows from holder to holder. */
  readonly token: number;
  /** The deletion of our key may have been reported before anybody listened. */
  readonly mayHaveMissed: boolean;
}

/** What becomes of an acquisition: one of the two is called once, unless it is cleaned up first. */
export interface AcquisitionEvents {
  /** We are at the head of the line: `close` when others listen. */
  onAcquired(acquired: Acquired): void;
  /** `cleanUp` is due. */
  onFailed(error: unknown): void;
}

/**
 * One try to get one lock: `acquire` puts our key, and where others are ahead a `LineWait` says when they are gone.
 *
 * Free, the token is the revision of our put. Else it is that of the deletion which brought our turn: our key is older than
 * the last holders' tokens, where those passed the lock on within their process.
 */
export class Acquisition {
  readonly place: LockPlace;
  readonly #events: AcquisitionEvents;
  /** There from the start if the line is watched already: what that reports before the acquire's answer counts. */
  #wait: LineWait | undefined;
  #createRevision = 0;
  /** The create revision of a key that an earlier acquire left behind, while it is being removed. */
  #leftOver = 0;
  /** The acquire transaction, settled either way; what clean-up must wait for. */
  #asked: Promise<void> = Promise.resolve();
  #outcomeUnknown = false;
  #contended = false;
  #repeated = false;
  #ended = false;

  constructor(place: LockPlace, events: AcquisitionEvents) {
    this.place = place;
    this.#events = events;
  }

  start(): void {
    const { session, prefix, key } = this.place;
    if (openPrefixWatch(session.client, prefix) !== undefined)
      this.#wait = new LineWait({ life: session, prefix, key });
    this.#asked = this.#ask();
  }

  /** Nobody needs to hear of the line any more. Idempotent. */
  close(): void {
    this.#ended = true;
    this.#wait?.close();
  }

  /**
   * Ends the try, and takes our key out of the line: tries until it is gone, or the session has ended and takes it along.
   *
   * @param onTried called once, after the first try: whoever uses the key next is told from us by its value
   */
  async cleanUp(onTried: () => void): Promise<void> {
    const { session, plans, key, value } = this.place;
    this.#ended = true;
    this.#wait?.end(undefined);
    this.close();
    await this.#asked;
    const leftOver = this.#leftOver;
    if (leftOver > 0)
      await removeKey(session, () => plans.release.run({ key, createRevision: leftOver }), onTried);
    else if (this.#createRevision > 0 || this.#outcomeUnknown)
      await removeKey(session, () => plans.abandon.run({ key, value }), onTried);
    else onTried();
    if (this.#outcomeUnknown || this.#repeated) removeLateKey(this.place);
  }

  /** Somebody else was ahead when we stood in line. */
  get contended(): boolean {
    return this.#contended;
  }

  /** Whether the acquire was sent more than once, so that a copy of it may still be on its way. */
  get repeated(): boolean {
    return this.#repeated;
  }

  /** Puts our key, and waits if others are ahead of it. Never rejects. One promise: this is on the way of each hand-over. */
  #ask(): Promise<void> {
    const { plans, prefix, key, value, session } = this.place;
    const onRepeat = (): void => {
      this.#repeated = true;
    };
    return plans.acquire.run({ prefix, key, value, lease: session.leaseId }, { onRepeat }).then(
      (result) => this.#onAnswer(result),
      (error: unknown) => {
        this.#onError(error);
      },
    );
  }

  #onError(error: unknown): void {
    this.#outcomeUnknown = error instanceof EtcdError && error.mayHaveApplied;
    this.#fail(error);
  }

  #onAnswer(result: TxnResult): Promise<void> | undefined {
    try {
      this.#leftOver = this.#readPlace(result);
    } catch (error) {
      this.#onError(error);
      return undefined;
    }
    if (this.#leftOver > 0) return this.#askAgain();
    if (this.#ended) return undefined;
    if (result.succeeded) this.#acquired(result.revision);
    else this.#standInLine(this.#snapshot(result));
    return undefined;
  }

  /** An earlier release did not get through. It would hold the place in the line of a caller that is gone. */
  async #askAgain(): Promise<void> {
    const { plans, key } = this.place;
    try {
      await plans.release.run({ key, createRevision: this.#leftOver });
    } catch (error) {
      this.#onError(error);
      return;
    }
    this.#leftOver = 0;
    if (!this.#ended) await this.#ask();
  }

  /** Returns the create revision of a key that an earlier acquire left behind; 0 if the key is ours. */
  #readPlace(result: TxnResult): number {
    if (result.succeeded) {
      this.#createRevision = result.revision;
      return 0;
    }
    const [mine] = result.responses;
    if (mine?.kind !== "txn") throw unexpected();
    if (mine.result.succeeded) {
      this.#createRevision = result.revision;
      return 0;
    }
    const own = mine.result.responses[0];
    const kv = own?.kind === "get" ? own.kvs[0] : undefined;
    if (kv === undefined) throw unexpected();
    if (kv.value.string() !== this.place.value) return kv.createRevision;
    this.#createRevision = kv.createRevision;
    return 0;
  }

  /** What the acquire saw of the line; undefined if not enough of it. */
  #snapshot(result: TxnResult): LineSnapshot | undefined {
    const line = result.responses[1];
    if (line?.kind !== "get") throw unexpected();
    const ahead = line.kvs
      .filter((kv) => kv.createRevision < this.#createRevision)
      .map((kv) => keyText(kv.key));
    this.#contended = ahead.length > 0 || line.more;
    // Others have come behind a key that was there before this try, and hide those ahead.
    if (line.more && ahead.length < line.kvs.length - 1) return undefined;
    return { revision: result.revision, ahead, isWhole: !line.more };
  }

  #standInLine(snapshot: LineSnapshot | undefined): void {
    const { session, prefix, key } = this.place;
    // A watch that others have begun since we asked may have reported what the snapshot does not show.
    const heard = this.#wait !== undefined || !isWatched(session.client, prefix);
    this.#wait ??= new LineWait({ life: session, prefix, key });
    this.#wait.run(this.#createRevision, heard ? snapshot : undefined).then(
      (token) => {
        if (!this.#ended) this.#acquired(token);
      },
      (error: unknown) => {
        this.#fail(error);
      },
    );
  }

  #acquired(token: number): void {
    const { session, prefix } = this.place;
    const createRevision = this.#createRevision;
    try {
      this.#wait?.assertStanding(createRevision);
    } catch (error) {
      this.#fail(error);
      return;
    }
    const mayHaveMissed = this.#wait === undefined && isWatched(session.client, prefix);
    this.#events.onAcquired({ createRevision, token, mayHaveMissed });
  }

  #fail(error: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#events.onFailed(error);
  }
}

const isWatched = (client: LockPlace["session"]["client"], prefix: string): boolean =>
  (openPrefixWatch(client, prefix)?.watchingFrom ?? Infinity) !== Infinity;

const unexpected = (): Error =>
  new Error("etcdwire: the reply to a lock's acquire has another shape than its plan");
