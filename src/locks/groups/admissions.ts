import type { CallerOptions } from "../../client/calls.js";
import { AbortError, ArgumentError, StatusError } from "../../errors.js";
import { LOCK_NAME_MAX_BYTES, LOCK_OWNER_MAX_BYTES } from "../../options.js";
import { lockEvents } from "../../tracing.js";
import type { KeyValue } from "../../txn/result.js";
import { newHolderValue, ownerIn } from "../lock-holder.js";
import type { LockHolder } from "../lock-holder.js";
import type { LockOptions } from "../lock-options.js";
import type { Lock } from "../lock.js";
import type { Session } from "../session.js";
import type { Entered, LineEntry } from "./line-entry.js";

/** What a lock of the recipes with keys of their own can be told. */
export interface OwnedLockOptions {
  /** Who holds the lock, for those who want it: a try shows it. A host and a process, say; up to 1 KiB. */
  owner?: string | undefined;
}

/** One acquire of a recipe. */
export interface Admission {
  /** The lock's. */
  readonly name: string;
  readonly entry: LineEntry;
  /** Puts the entry's keys; undefined when it did not want to. */
  readonly enter: (onRepeat: () => void) => Promise<Entered | undefined>;
  /** Which of the entry's revisions is the token. Default: that of its turn. */
  readonly token?: "createRevision" | "turnRevision";
}

/** What the acquires of one object of a recipe have in common: their ends, their traces, and what is cleaned up after them. */
export class Admissions {
  readonly #session: Session;
  readonly #cleanUps = new Set<Promise<void>>();

  constructor(session: Session) {
    this.#session = session;
  }

  /**
   * Waits for a lock for as long as `options` say, which are checked.
   *
   * @throws LockLostError, AbortError, StatusError ETCD_DEADLINE_EXCEEDED, EtcdError as `Mutex.lock`
   */
  async admit(begin: () => Admission, options: LockOptions): Promise<Lock> {
    const lock = await this.#run(begin, options.signal, options.timeoutMs);
    // Only a try does not want to.
    if (lock === undefined) throw new Error("etcdwire: an acquire ended without a lock");
    return lock;
  }

  /** Tries to get a lock within `options`, which are checked. Resolves with undefined when the entry did not want to. */
  attempt(begin: () => Admission, { signal, timeoutMs }: CallerOptions): Promise<Lock | undefined> {
    return this.#run(begin, signal, timeoutMs ?? this.#session.client.timeoutMs);
  }

  /** Resolves when nothing is left to clean up of acquires that were given up. */
  async settled(): Promise<void> {
    while (this.#cleanUps.size > 0) await Promise.all(this.#cleanUps);
  }

  async #run(
    begin: () => Admission,
    signal: AbortSignal | undefined,
    timeoutMs: number | undefined,
  ): Promise<Lock | undefined> {
    if (signal?.aborted === true) throw new AbortError(signal.reason, false);
    this.#session.assertAlive();
    const admission = begin();
    const { name, entry } = admission;
    const { runtime } = this.#session.client.parts.pool;
    const startedAtMs = runtime.now();
    const timer =
      timeoutMs === undefined
        ? undefined
        : runtime.setTimer(
            () => {
              entry.fail(notInTime(name, timeoutMs));
            },
            timeoutMs,
            true,
          );
    try {
      const admitted = await entry.run(admission.enter, signal);
      if (admitted === undefined) {
        this.#cleanUp(entry);
        return undefined;
      }
      const lock = entry.lockOf(name, admitted[admission.token ?? "turnRevision"]);
      if (lockEvents.hasSubscribers) {
        const waitMs = runtime.now() - startedAtMs;
        const { contended } = entry;
        lockEvents.publish({ type: "acquired", name, token: lock.token, waitMs, contended });
      }
      return lock;
    } catch (thrown) {
      this.#cleanUp(entry);
      const error = asOutcome(thrown, signal);
      if (lockEvents.hasSubscribers)
        lockEvents.publish({ type: "notAcquired", name, waitMs: runtime.now() - startedAtMs, error });
      throw error;
    } finally {
      if (timer !== undefined) runtime.clearTimer(timer);
    }
  }

  #cleanUp(entry: LineEntry): void {
    const cleanUp = entry.cleanUp().finally(() => {
      this.#cleanUps.delete(cleanUp);
    });
    this.#cleanUps.add(cleanUp);
  }
}

/** @throws ArgumentError unless it is a session; from JavaScript anything can arrive */
export const requireSession = (session: Session, forWhat: string): void => {
  if ((session as Partial<Session> | undefined)?.leaseId === undefined)
    throw new ArgumentError(`${forWhat} is made for a Session: await Session.create(client)`);
};

/**
 * @param count of the times that an acquire needs the name for keys of its own
 * @throws ArgumentError for a name that cannot work
 */
export const requireLockName = (session: Session, name: string, count = 1): void => {
  if (typeof name !== "string" || name === "") throw new ArgumentError("a lock's name must not be empty");
  const bytes = session.client.space.key(name).length * count;
  if (bytes > LOCK_NAME_MAX_BYTES)
    throw new ArgumentError(
      `the lock's name, a namespace's prefix included, needs ${bytes} bytes${count > 1 ? ` ${count} times` : ""}, over the ${LOCK_NAME_MAX_BYTES} that fit etcd's requests`,
    );
};

/** @throws ArgumentError for an owner that cannot be told */
export const requireOwner = (owner: string | undefined): string | undefined => {
  if (owner !== undefined && (typeof owner !== "string" || Buffer.byteLength(owner) > LOCK_OWNER_MAX_BYTES))
    throw new ArgumentError(`owner must be a text of at most ${LOCK_OWNER_MAX_BYTES} bytes`);
  return owner;
};

/** The value of an entry's keys: they need none, but to tell the owner. */
export const ownerValue = (session: Session, owner: string | undefined): string =>
  owner === undefined ? "" : newHolderValue(session, owner);

/** The oldest of `keys`, which are in the way of `session`; there is one at least. */
export const oldestHolder = (keys: readonly KeyValue[], session: Session): LockHolder => {
  const { key, createRevision, value, lease } = keys.reduce((first, each) =>
    each.createRevision < first.createRevision ? each : first,
  );
  return {
    key: key.string(),
    createRevision,
    owner: ownerIn(value.string()),
    isOurs: lease === session.leaseId,
  };
};

/** The caller's own abort comes out as AbortError, whatever its reason is. */
const asOutcome = (thrown: unknown, signal: AbortSignal | undefined): unknown =>
  signal?.aborted === true && thrown === signal.reason ? new AbortError(thrown, false) : thrown;

const notInTime = (name: string, timeoutMs: number): StatusError =>
  new StatusError("ETCD_DEADLINE_EXCEEDED", `lock "${name}" was not free within ${timeoutMs} ms`, {
    mayHaveApplied: false,
    grpcCode: 4,
  });
