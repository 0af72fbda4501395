import type { CallerOptions } from "../../client/calls.js";
import { requireKnown } from "../../client/client-options.js";
import { ArgumentError } from "../../errors.js";
import { ENTRY_KEYS_MAX_COUNT, LOCK_NAME_MAX_BYTES } from "../../options.js";
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

/**
 * Several locks that are taken together, or not at all: those of `Mutex`, Go's `concurrency.Mutex` and `etcdctl lock` on each
 * of the names.
 *
 * **No deadlock.** One transaction puts a key into the lines of all names, so all these keys have one create revision, C.
 * In each line an acquire waits only for keys of a lower create revision. So whoever waits, here or in a `Mutex`, waits for
 * acquires that are older in the order of C, which is the same in all lines; there can be no circle in that, and the oldest
 * of those who wait waits for nobody but holders. While it waits it keeps its place in every line, and what is free of its
 * names stays free: those behind it wait as well, though nobody works under that name.
 *
 * This is about acquires. A task that holds one lock and waits for another is in nobody's order: one that holds
 * `Mutex("a")`, of whatever session, and asks for the names a and b waits for itself, and two such tasks may wait for one
 * another. Take all that is needed at once, and nothing more before the release.
 *
 * **Tokens.** The token is T, the store's revision when the last of its turns came. For each name it is larger than that of
 * every holder before: such a holder had its token at a time when its keys were all there, which after a wait is asked for in
 * one read, so its key under this name was deleted at a revision above its token, and our turn came with that deletion or
 * later. By the same reason every later holder's is larger than T, whether it is a `Mutex` or another of these.
 *
 * The lock's `guard()` covers all keys, and the loss of any of them is its loss. `lock.key` is that under the first name.
 */
export class MultiLock {
  /** In the order that was given. */
  readonly names: readonly string[];
  /** What messages and traces call it: the names, with commas between. */
  readonly name: string;
  readonly #session: Session;
  readonly #owner: string | undefined;
  readonly #admissions: Admissions;

  /**
   * @param names 1 to 63, all different: of the 128 operations in a transaction, two and one are for each. None may be
   *   another's beginning up to a slash: a key of "a/b" is in the line for "a" as well
   * @throws ArgumentError for names or options that cannot work
   */
  constructor(session: Session, names: readonly string[], options: OwnedLockOptions = {}) {
    requireSession(session, "a lock of several names");
    requireNames(session, names);
    requireKnown(options, ["owner"], "");
    this.#owner = requireOwner(options.owner);
    this.names = Object.freeze([...names]);
    this.name = names.join(", ");
    this.#session = session;
    this.#admissions = new Admissions(session);
  }

  /**
   * Waits for all of the names. One round trip if all are free.
   *
   * @throws LockLostError ETCD_SESSION_EXPIRED when the session ends first
   * @throws AbortError when `signal` fires, StatusError ETCD_DEADLINE_EXCEEDED after `timeoutMs`
   * @throws EtcdError when the cluster cannot be asked within the client's `timeoutMs`
   */
  async lock(options: LockOptions = {}): Promise<Lock> {
    this.#session.client.parts.calls.options(options);
    return this.#admissions.admit(() => {
      const { plans, parameters, entry } = this.#entry();
      const enter: Admission["enter"] = async (onRepeat) =>
        readEntered(await plans.enter.run(parameters, { onRepeat }), this.names.length);
      return { name: this.name, entry, enter };
    }, options);
  }

  /**
   * Takes all of the names if all are free: in one transaction, that writes nothing if not.
   *
   * @param options `timeoutMs` has the client's default
   * @returns `holder` has the first of the names that is taken
   */
  async tryLock(options: CallerOptions = {}): Promise<TryLockResult> {
    this.#session.client.parts.calls.options(options);
    let holder: LockHolder | undefined;
    const lock = await this.#admissions.attempt(() => {
      const { plans, parameters, entry } = this.#entry();
      const entered = (revision: number) => ({
        createRevision: revision,
        snapshots: this.names.map(() => freeLine(revision)),
      });
      const enter: Admission["enter"] = async (onRepeat) => {
        const { succeeded, responses, revision } = await plans.tryEnter.run(parameters, { onRepeat });
        if (succeeded) return entered(revision);
        const count = this.names.length;
        const createRevision = foundRevision(responses.slice(0, count));
        // An earlier copy of this found them free.
        if (createRevision !== undefined) return entered(createRevision);
        const lines = responses.slice(count).map(asGet);
        holder = oldestHolder(lines.find(({ kvs }) => kvs.length > 0)!.kvs, this.#session);
        return undefined;
      };
      return { name: this.name, entry, enter };
    }, options);
    return lock === undefined ? { lock, holder: holder! } : { lock, holder: undefined };
  }

  /**
   * Runs `work` while all of the names are held, and releases them whatever happens. `work` should stop when `lock.signal`
   * aborts.
   *
   * @returns what `work` returned
   * @throws what `work` threw; LockLostError when the lock was lost before `work` was done; and what `lock` and `release`
   *   throw
   */
  async withLock<T>(work: (lock: Lock) => Promise<T> | T, options: LockOptions = {}): Promise<T> {
    const lock = await this.lock(options);
    return workUnder(lock, work, () => lock.release());
  }

  /** Resolves when no acquire that was given up has anything left to clean up. */
  settled(): Promise<void> {
    return this.#admissions.settled();
  }

  #entry() {
    const { names } = this;
    const session = this.#session;
    const unique = session.uniqueValue();
    const lines = names.map((name) => ({ prefix: `${name}/`, key: `${name}/${unique}` }));
    const plans = entryPlans(session.client, names.length, "all");
    const keys: Record<string, string> = {};
    const prefixes: Record<string, string> = {};
    for (const [index, { prefix, key }] of lines.entries()) {
      keys[parameterNames.key(index)] = key;
      prefixes[parameterNames.prefix(index)] = prefix;
    }
    const value = ownerValue(session, this.#owner);
    const parameters: EntryParameters = { ...keys, ...prefixes, value, lease: session.leaseId };
    const entry = new LineEntry(session, lines, {
      remove: (options) => plans.remove.run(keys, options),
      read: () => plans.read.run(keys),
    });
    return { plans, parameters, entry };
  }
}

const requireNames = (session: Session, names: readonly string[]): void => {
  const given: unknown = names;
  if (!Array.isArray(given) || names.length < 1 || names.length > ENTRY_KEYS_MAX_COUNT)
    throw new ArgumentError(`names must be a list of 1 to ${ENTRY_KEYS_MAX_COUNT} names`);
  for (const name of names) requireLockName(session, name);
  const bytes = names.reduce((sum, name) => sum + session.client.space.key(name).length, 0);
  if (bytes > LOCK_NAME_MAX_BYTES)
    throw new ArgumentError(
      `the names, with a namespace's prefix each, have ${bytes} bytes, over the ${LOCK_NAME_MAX_BYTES} that fit etcd's requests`,
    );
  // In this order whoever is the beginning of others stands directly before one of them.
  const prefixes = names.map((name) => `${name}/`).sort();
  for (const [index, prefix] of prefixes.entries()) {
    const next = prefixes[index + 1];
    if (next === prefix) throw new ArgumentError(`the name "${prefix.slice(0, -1)}" is there twice`);
    if (next?.startsWith(prefix) === true)
      throw new ArgumentError(
        `of the names "${prefix.slice(0, -1)}" and "${next.slice(0, -1)}" the first is the second's beginning up to a slash: the keys of one would be in the line for the other`,
      );
  }
};
