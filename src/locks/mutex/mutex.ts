import type { CallerOptions } from "../../client/calls.js";
import { requireKnown } from "../../cluster/wait.js";
import { AbortError, ArgumentError } from "../../errors.js";
import { LOCAL_HANDOVER_MAX, LOCK_NAME_MAX_BYTES, LOCK_OWNER_MAX_BYTES } from "../../options.js";
import type { LockOptions, TryLockResult } from "../lock-options.js";
import { Lock } from "../lock.js";
import type { Session } from "../session.js";
import { workUnder } from "../work-under.js";
import type { LineTerms } from "./local-waiter.js";
import { heldWithin, innerLock, reentered, runWithin } from "./re-entry.js";
import { openSessionLine, sessionLine } from "./session-line.js";

export interface MutexOptions {
  /**
   * What a caller gets when the lock passes to it from another caller of the same session. "fresh-token", the default: a
   * token and a guard of its own, for one round trip. "shared-token": those of the holder before it, without any, for
   * callers whose writes need no order among themselves.
   */
  localHandover?: "fresh-token" | "shared-token" | undefined;
  /**
   * How often in a row the lock may pass from caller to caller of this session while others, with sessions of their own, wait
   * for it; never for longer than 100 ms and the last one's turn. Default: 16. 0 keeps the order in which the sessions
   * stand in line. While nobody else waits it passes on in any case.
   */
  localHandoverMaxCount?: number | undefined;
  /**
   * Who holds the lock, for those who want it: `tryLock` shows it. A host and a process, say; up to 1 KiB. It is in the
   * value of the lock's key, which the session's callers share: that of whoever began to wait is there meanwhile.
   */
  owner?: string | undefined;
  /**
   * What happens to the code inside of `withLock`, on this session and name, that asks for the lock again. Default, false:
   * it is refused with ETCD_LOCK_REENTERED, since it would wait for itself. true: it gets the lock that it has once more,
   * and the outermost release gives it up.
   */
  reentrant?: boolean | undefined;
}

const NO_OPTIONS: LockOptions = {};

/**
 * A lock with a name, for everyone who uses the same cluster: Go's `concurrency.Mutex` and `etcdctl lock` on the
 * same name included. Sessions get it in the order in which they asked. Callers that share a session stand behind one
 * another in this process, and the lock passes among them, within bounds that `MutexOptions` tell.
 *
 * A session of a namespace gives the name the namespace's prefix in etcd: it is the same lock as that of the prefix and
 * the name together. `name`, `lock.key` and messages of errors have it without.
 */
export class Mutex {
  readonly name: string;
  readonly #session: Session;
  readonly #terms: LineTerms;
  readonly #reentrant: boolean;

  /**
   * @param name not empty; `name/` is the prefix of the lock's keys. As in Go, a name must not be another one's
   *   beginning up to a slash: whoever holds "a/b" is in the line for "a" as well
   * @throws ArgumentError for a name or options that cannot work
   */
  constructor(session: Session, name: string, options: MutexOptions = {}) {
    if ((session as Partial<Session> | undefined)?.leaseId === undefined)
      throw new ArgumentError("a mutex is made for a Session: await Session.create(client)");
    if (typeof name !== "string" || name === "") throw new ArgumentError("a lock's name must not be empty");
    const bytes = session.client.space.key(name).length;
    if (bytes > LOCK_NAME_MAX_BYTES) {
      throw new ArgumentError(
        `the lock's name, a namespace's prefix included, has ${bytes} bytes, over the ${LOCK_NAME_MAX_BYTES} that fit etcd's requests`,
      );
    }
    this.name = name;
    this.#session = session;
    this.#terms = termsOf(options);
    this.#reentrant = options.reentrant === true;
  }

  /**
   * Waits for the lock. Inside of `withLock` on the same session and name see `reentrant`; a lock that was got by this
   * method belongs to no task, so who asks again while holding it waits for itself.
   *
   * @throws LockLostError ETCD_SESSION_EXPIRED when the session ends first
   * @throws AbortError when `signal` fires, StatusError ETCD_DEADLINE_EXCEEDED after `timeoutMs`
   * @throws EtcdError ETCD_LOCK_REENTERED where it would wait for itself; otherwise when the cluster cannot be asked within
   *   the client's `timeoutMs`
   */
  lock(options: LockOptions = NO_OPTIONS): Promise<Lock> {
    try {
      const held = this.#check(options);
      if (held !== undefined) return Promise.resolve(held);
      return sessionLine(this.#session, this.name).lock(this.#terms, options.signal, options.timeoutMs);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Takes the lock if it is free: one round trip, and none if somebody has it in this process. Failing writes nothing. Does
   * not get ahead of callers that wait.
   *
   * @throws LockLostError ETCD_SESSION_EXPIRED when the session has ended
   * @throws EtcdError ETCD_LOCK_REENTERED inside of `withLock`, unless the mutex is reentrant; otherwise when etcd did not
   *   answer in time. If it took the lock all the same, that is undone in the background
   */
  async tryLock(options: CallerOptions = {}): Promise<TryLockResult> {
    const held = this.#check(options);
    if (held !== undefined) return { lock: held, holder: undefined };
    const result = await sessionLine(this.#session, this.name).tryLock(this.#terms, options);
    return result instanceof Lock ? { lock: result, holder: undefined } : { lock: undefined, holder: result };
  }

  /**
   * Runs `work` while the lock is held, and releases it whatever happens. `work` should stop when `lock.signal`
   * aborts.
   *
   * @returns what `work` returned
   * @throws what `work` threw; LockLostError when the lock was lost before `work` was done, since its result may
   *   then rest on what others changed meanwhile; and what `lock` and `release` throw
   */
  async withLock<T>(work: (lock: Lock) => Promise<T> | T, options: LockOptions = NO_OPTIONS): Promise<T> {
    const lock = await this.lock(options);
    const within = (): Promise<T> | T => runWithin(this.#session, lock, () => work(lock));
    return workUnder(lock, within, () => lock.release());
  }

  /**
   * Takes over the lock that the session's former owner held, where this session was made by `Session.resume`: the key keeps
   * its place at the head of the line, with a new token, and the former owner's guard fails from then on. If that
   * process is still there, its `lock.signal` does not hear of it: its session must have ended, or been orphaned.
   *
   * @returns undefined if the session's key is not at the head of the line, or somebody in this process has or wants the
   *   lock: `lock()` waits for it then, in a new place
   */
  async resume(options: CallerOptions = {}): Promise<Lock | undefined> {
    this.#session.client.parts.calls.options(options);
    this.#session.assertAlive();
    return sessionLine(this.#session, this.name).resume(this.#terms, options);
  }

  /** Resolves when nothing that this session gave up of the lock is left to be cleaned up. */
  async settled(): Promise<void> {
    await openSessionLine(this.#session, this.name)?.settled();
  }

  /** The lock that the running task has, if it may have it once more. */
  #check(options: LockOptions): Lock | undefined {
    if (options !== NO_OPTIONS) {
      this.#session.client.parts.calls.options(options);
      const { signal } = options;
      if (signal?.aborted === true) throw new AbortError(signal.reason, false);
    }
    this.#session.assertAlive();
    const held = heldWithin(this.#session, this.name);
    if (held === undefined) return undefined;
    if (!this.#reentrant) throw reentered(this.name);
    return innerLock(held);
  }
}

const termsOf = (options: MutexOptions): LineTerms => {
  requireKnown(options, ["localHandover", "localHandoverMaxCount", "owner", "reentrant"], "");
  const { localHandover = "fresh-token", localHandoverMaxCount = LOCAL_HANDOVER_MAX.count } = options;
  const { owner, reentrant = false } = options;
  if (!["fresh-token", "shared-token"].includes(localHandover))
    throw new ArgumentError('localHandover must be "fresh-token" or "shared-token"');
  if (!Number.isSafeInteger(localHandoverMaxCount) || localHandoverMaxCount < 0)
    throw new ArgumentError("localHandoverMaxCount must be an integer from 0");
  if (owner !== undefined && (typeof owner !== "string" || Buffer.byteLength(owner) > LOCK_OWNER_MAX_BYTES))
    throw new ArgumentError(`owner must be a text of at most ${LOCK_OWNER_MAX_BYTES} bytes`);
  if (typeof reentrant !== "boolean") throw new ArgumentError("reentrant must be true or false");
  return { owner, sharesToken: localHandover === "shared-token", localHandoverMaxCount };
};
