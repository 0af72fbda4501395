import type { CallerOptions } from "../../client/calls.js";
import { requireKnown } from "../../client/client-options.js";
import { keyText } from "../../client/watch/watch-reply.js";
import type { LockHolder } from "../lock-holder.js";
import type { LockOptions, TryLockResult } from "../lock-options.js";
import type { Lock } from "../lock.js";
import type { Session } from "../session.js";
import { workUnder } from "../work-under.js";
import {
  Admissions,
  oldestHolder,
  ownerValue,
  requireLockName,
  requireOwner,
  requireSession,
} from "./admissions.js";
import type { Admission, OwnedLockOptions } from "./admissions.js";
import { asGet, entryPlans, foundRevision, parameterNames, readEntered } from "./entry-plans.js";
import type { EntryParameters } from "./entry-plans.js";
import { LineEntry, freeLine } from "./line-entry.js";

type Kind = "read" | "write";

/**
 * A lock that many may hold to read, or one to write. All stand in one line, in the order in which they asked: a reader
 * waits for the writers ahead of it, a writer for everybody ahead. So a writer that waits lets no later reader pass, and
 * neither kind can starve the other.
 *
 * Every acquire has a key of its own, also those of one session: one process may hold the lock many times to read. Nobody is
 * promoted: a task that holds it to read and waits for it to write waits for itself.
 *
 * The layout is that of the `RWMutex` in the recipes of etcd's Go client: readers are under `name/read/`, writers under
 * `name/write/`, and the create revision is the order. They exclude and follow one another. A `Mutex`, an `Election` or a
 * `MultiLock` on the same name counts as a writer; Go's readers alone do not see it.
 *
 * A writer's token is larger than that of every holder before it, and a reader's is larger than that of every writer before
 * it; readers that hold it together may have the same one.
 */
export class RwLock {
  readonly name: string;
  readonly #session: Session;
  readonly #owner: string | undefined;
  readonly #admissions: Admissions;
  /** As watches report keys. */
  readonly #readersText: string;

  /**
   * @param name not empty; `name/` is the prefix of the lock's keys. A name must not be another one's beginning up to a
   *   slash: whoever holds "a/b" is in the line for "a" as well
   * @throws ArgumentError for a name or options that cannot work
   */
  constructor(session: Session, name: string, options: OwnedLockOptions = {}) {
    requireSession(session, "a read-write lock");
    requireLockName(session, name);
    requireKnown(options, ["owner"], "");
    this.#owner = requireOwner(options.owner);
    this.name = name;
    this.#session = session;
    this.#admissions = new Admissions(session);
    this.#readersText = keyText(Buffer.from(`${name}/read/`));
  }

  /**
   * Waits until nobody who asked before wants it to write.
   *
   * @throws LockLostError ETCD_SESSION_EXPIRED when the session ends first
   * @throws AbortError when `signal` fires, StatusError ETCD_DEADLINE_EXCEEDED after `timeoutMs`
   * @throws EtcdError when the cluster cannot be asked within the client's `timeoutMs`
   */
  readLock(options: LockOptions = {}): Promise<Lock> {
    return this.#lock("read", options);
  }

  /** Waits until nobody is left who asked before. @throws as `readLock` */
  writeLock(options: LockOptions = {}): Promise<Lock> {
    return this.#lock("write", options);
  }

  /**
   * Takes it to read if nobody has it, or waits for it, to write: in one transaction, that writes nothing if not.
   *
   * @param options `timeoutMs` has the client's default
   */
  tryReadLock(options: CallerOptions = {}): Promise<TryLockResult> {
    return this.#tryLock("read", options);
  }

  /** Takes it to write if nobody has it or waits for it: in one transaction, that writes nothing if not. */
  tryWriteLock(options: CallerOptions = {}): Promise<TryLockResult> {
    return this.#tryLock("write", options);
  }

  /**
   * Runs `work` while it is held to read, and releases it whatever happens. `work` should stop when `lock.signal` aborts.
   *
   * @returns what `work` returned
   * @throws what `work` threw; LockLostError when the lock was lost before `work` was done; and what `readLock` and
   *   `release` throw
   */
  async withReadLock<T>(work: (lock: Lock) => Promise<T> | T, options: LockOptions = {}): Promise<T> {
    const lock = await this.readLock(options);
    return workUnder(lock, work, () => lock.release());
  }

  /** Runs `work` while it is held to write, as `withReadLock` does. */
  async withWriteLock<T>(work: (lock: Lock) => Promise<T> | T, options: LockOptions = {}): Promise<T> {
    const lock = await this.writeLock(options);
    return workUnder(lock, work, () => lock.release());
  }

  /** Resolves when no acquire that was given up has anything left to clean up. */
  settled(): Promise<void> {
    return this.#admissions.settled();
  }

  async #lock(kind: Kind, options: LockOptions): Promise<Lock> {
    this.#session.client.parts.calls.options(options);
    return this.#admissions.admit(() => {
      const { plans, parameters, entry } = this.#entry(kind);
      const enter: Admission["enter"] = async (onRepeat) =>
        readEntered(await plans.enter.run(parameters, { onRepeat }), 1);
      return { name: this.name, entry, enter };
    }, options);
  }

  async #tryLock(kind: Kind, options: CallerOptions): Promise<TryLockResult> {
    this.#session.client.parts.calls.options(options);
    let holder: LockHolder | undefined;
    const lock = await this.#admissions.attempt(() => {
      const { plans, parameters, entry } = this.#entry(kind);
      const enter: Admission["enter"] = async (onRepeat) => {
        const { succeeded, responses, revision } = await plans.tryEnter.run(parameters, { onRepeat });
        if (succeeded) return { createRevision: revision, snapshots: [freeLine(revision)] };
        const [own, ...inTheWay] = responses;
        const createRevision = foundRevision([own!]);
        // An earlier copy of this found it free.
        if (createRevision !== undefined) return { createRevision, snapshots: [freeLine(createRevision)] };
        holder = oldestHolder(
          inTheWay.flatMap((got) => asGet(got).kvs),
          this.#session,
        );
        return undefined;
      };
      return { name: this.name, entry, enter };
    }, options);
    return lock === undefined ? { lock, holder: holder! } : { lock, holder: undefined };
  }

  #entry(kind: Kind) {
    const { name } = this;
    const session = this.#session;
    const prefix = `${name}/`;
    const key = `${prefix}${kind}/${session.uniqueValue()}`;
    const plans = entryPlans(session.client, 1, kind === "read" ? "notReaders" : "all");
    const own = { [parameterNames.key(0)]: key };
    const parameters: EntryParameters = {
      ...own,
      [parameterNames.prefix(0)]: prefix,
      value: ownerValue(session, this.#owner),
      lease: session.leaseId,
      // "0" comes after "/" in the order of bytes: where the keys below a slash end.
      ...(kind === "read" && {
        readers: `${name}/read/`,
        readersEnd: `${name}/read0`,
        prefixEnd: `${name}0`,
      }),
    };
    const line =
      kind === "write"
        ? { prefix, key }
        : { prefix, key, blocks: (ahead: string) => !ahead.startsWith(this.#readersText) };
    const entry = new LineEntry(session, [line], {
      remove: (options) => plans.remove.run(own, options),
      read: () => plans.read.run(own),
    });
    return { plans, parameters, entry };
  }
}
