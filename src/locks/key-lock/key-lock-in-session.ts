import type { CallerOptions } from "../../client/calls.js";
import { EtcdError } from "../../errors.js";
import { LATE_APPLY_MS } from "../../options.js";
import { removeKey } from "../line/key-removal.js";
import type { Session } from "../session.js";
import { ignoreFailure } from "./key-lock-claim.js";
import type { ClaimedKey, ClaimOutcome, KeyLockClaim } from "./key-lock-claim.js";
import { keyLockPlans } from "./key-lock-plans.js";

/**
 * One key, as all claims of one session see it. They have one lease, and may have one value, so what tells their keys
 * apart is the create revision, and the order: one transaction of theirs is under way at a time. A key of the lease that
 * belongs to no lock known here is then either what the present claim has put, or left over: by a claim whose outcome
 * nobody learnt, or by another process with the same session.
 */
class SessionKey {
  readonly session: Session;
  readonly key: string;
  /** Of keys that a lock of this session stands for. */
  readonly held = new Set<number>();
  /**
   * The highest create revision that a lock has had or that was deleted, or may be by what is under way. Nobody takes such a
   * key for its own any more, however old the reply is that shows it.
   */
  #knownRevision = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(session: Session, key: string) {
    this.session = session;
    this.key = key;
  }

  /** Runs `work` when those that came before have settled. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    const settled = (): void => {};
    this.#last = turn.then(settled, settled);
    return turn;
  }

  isKnown(createRevision: number): boolean {
    return createRevision <= this.#knownRevision;
  }

  /** A lock stands for the key of this incarnation from now on. */
  hold(createRevision: number): void {
    this.#knownRevision = Math.max(this.#knownRevision, createRevision);
    this.held.add(createRevision);
  }

  /** Deletes the key of this incarnation, if it is there. */
  async remove(createRevision: number, options?: CallerOptions): Promise<void> {
    const { session, key } = this;
    this.#knownRevision = Math.max(this.#knownRevision, createRevision);
    await keyLockPlans(session.client).release.run({ key, createRevision }, options);
  }

  /** Deletes a key with this value that belongs to no lock. */
  async sweep(value: Uint8Array): Promise<void> {
    const { session, key } = this;
    const { responses } = await keyLockPlans(session.client).look.run({ key });
    const kv = responses[0]?.kvs[0];
    if (kv?.lease !== session.leaseId || this.held.has(kv.createRevision)) return;
    if (Buffer.compare(kv.value, value) === 0) await this.remove(kv.createRevision);
  }
}

interface UsedKey {
  readonly shared: SessionKey;
  userCount: number;
}

/** For as long as somebody uses them. */
const keysOf = new WeakMap<Session, Map<string, UsedKey>>();

/** The session's one object for `key`; to be given back as often as it was asked for. */
const useSessionKey = (session: Session, key: string): SessionKey => {
  let keys = keysOf.get(session);
  if (keys === undefined) keysOf.set(session, (keys = new Map<string, UsedKey>()));
  let used = keys.get(key);
  if (used === undefined) keys.set(key, (used = { shared: new SessionKey(session, key), userCount: 0 }));
  used.userCount++;
  return used.shared;
};

const giveBack = ({ session, key }: SessionKey): void => {
  const keys = keysOf.get(session)!;
  const used = keys.get(key)!;
  used.userCount--;
  if (used.userCount === 0) keys.delete(key);
};

/** An acquire with the lease of a session, which others share. */
export class SessionClaim implements KeyLockClaim {
  readonly #shared: SessionKey;
  readonly #value: Uint8Array;
  #createRevision = 0;
  #abandoned = false;
  /** A copy of the transaction was sent whose outcome is not known: it may be done late. */
  #mayComeAgain = false;
  #busy: Promise<unknown> = Promise.resolve();

  constructor(session: Session, key: string, value: Uint8Array) {
    this.#shared = useSessionKey(session, key);
    this.#value = value;
  }

  /** KeyLockClaim. */
  attempt(): Promise<ClaimOutcome> {
    const attempt = this.#shared.inTurn(() => this.#attempt());
    this.#busy = attempt.catch(ignoreFailure);
    return attempt;
  }

  /** KeyLockClaim. */
  prepare(): Promise<void> {
    return Promise.resolve();
  }

  /** KeyLockClaim. */
  hold(): ClaimedKey {
    const shared = this.#shared;
    const { session } = shared;
    const createRevision = this.#createRevision;
    return {
      life: session,
      giveUp: async (options: CallerOptions, wasLost: boolean) => {
        try {
          // With the lease gone the key is gone, or going without our help.
          if (session.endReason === undefined) await shared.remove(createRevision, options);
          this.#onGone();
        } catch (error) {
          ignoreFailure(error);
          void this.#remove();
          if (!wasLost) throw error;
        }
      },
    };
  }

  /** KeyLockClaim. */
  async abandon(): Promise<void> {
    this.#abandoned = true;
    await this.#busy;
    const shared = this.#shared;
    if (this.#createRevision > 0) await this.#remove();
    else {
      if (this.#mayComeAgain)
        await removeKey(shared.session, () => shared.inTurn(() => shared.sweep(this.#value)));
      this.#onGone();
    }
  }

  async #attempt(): Promise<ClaimOutcome> {
    const shared = this.#shared;
    const { session, key } = shared;
    const lease = session.leaseId;
    const plans = keyLockPlans(session.client);
    for (;;) {
      // While it waited for its turn.
      if (this.#abandoned)
        throw new EtcdError("ETCD_ABORTED", "nobody wants the lock", { mayHaveApplied: false });
      let repeatCount = 0;
      const onRepeat = (): void => {
        repeatCount++;
        this.#mayComeAgain = true;
      };
      let result;
      try {
        result = await plans.acquire.run({ key, value: this.#value, lease }, { onRepeat });
      } catch (error) {
        if (error instanceof EtcdError && error.mayHaveApplied) this.#mayComeAgain = true;
        throw error;
      }
      if (result.succeeded) return this.#got(result.revision);
      const holder = result.responses[0].kvs[0]!;
      const { createRevision } = holder;
      if (holder.lease !== lease || shared.held.has(createRevision))
        return { holder, revision: result.revision };
      const isOurs = repeatCount > 0 && Buffer.compare(holder.value, this.#value) === 0;
      if (isOurs && !shared.isKnown(createRevision)) return this.#got(createRevision);
      await shared.remove(createRevision);
    }
  }

  #got(createRevision: number): ClaimOutcome {
    this.#createRevision = createRevision;
    this.#shared.hold(createRevision);
    return { createRevision, holder: undefined };
  }

  async #remove(): Promise<void> {
    const shared = this.#shared;
    await removeKey(shared.session, () => shared.remove(this.#createRevision));
    this.#onGone();
  }

  /** Its key is gone, as far as is known. */
  #onGone(): void {
    const shared = this.#shared;
    const { session } = shared;
    shared.held.delete(this.#createRevision);
    if (!this.#mayComeAgain) {
      giveBack(shared);
      return;
    }
    // Looked after once, when no late copy can come any more.
    session.client.parts.pool.runtime.setTimer(() => {
      void removeKey(session, () => shared.inTurn(() => shared.sweep(this.#value))).then(() => {
        giveBack(shared);
      });
    }, LATE_APPLY_MS);
  }
}
