import type { CallerOptions } from "../../client/calls.js";
import { requireKnown } from "../../client/client-options.js";
import { ArgumentError } from "../../errors.js";
import { ENTRY_KEYS_MAX_COUNT } from "../../options.js";
import type { LineSnapshot } from "../line/line-wait.js";
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
import { asGet, foundRevision, indexes, ownCreateRevision, parameterNames } from "./entry-plans.js";
import { LineEntry, freeLine, lineSnapshot } from "./line-entry.js";
import { PermitsWatch } from "./permits-watch.js";
import { permitPlans, readPermits, semaphoreEntryPlans } from "./semaphore-plans.js";
import type { StoredPermits } from "./semaphore-plans.js";

export interface SemaphoreOptions extends OwnedLockOptions {
  /**
   * How many there are, 1 or more: said by whoever uses the semaphore first, and kept in etcd from then on. Where that
   * has another number already, this one has no effect: `permits()` tells which one counts, and `resize()` changes it.
   */
  permits: number;
}

export interface PermitOptions extends LockOptions {
  /** How many permits to take at once, up to 63. Default: 1. */
  count?: number | undefined;
}

export interface TryPermitOptions extends CallerOptions {
  /** How many permits to take at once, up to 63. Default: 1. */
  count?: number | undefined;
}

/** Of a revision that no key has. */
const UNKNOWN_REVISION = Number.MAX_SAFE_INTEGER;

/**
 * A number of permits, for everyone who uses the same cluster. Callers get them in the order in which they asked, those who
 * want several at once too: nobody passes whoever waits for more.
 *
 * How many there are is in etcd, under the key `name.permits`, which stays there; all who wait hear of its changes. Raising it
 * lets more in at once. Lowering it takes nothing away from those who hold: fewer are let in from when they hear of it. At no
 * time are there more holders than the largest number that was stored since the youngest of them asked.
 *
 * Every permit is a key under `name/` with the session's lease: it ends with its session. A permit's token is the create
 * revision of its keys: another one for each acquire, and growing in the order in which they are let in. Since others hold
 * permits as well, it does not tell that an older holder is gone.
 */
export class Semaphore {
  readonly name: string;
  readonly #session: Session;
  readonly #owner: string | undefined;
  readonly #initialPermits: number;
  readonly #permitsKey: string;
  readonly #admissions: Admissions;
  readonly #watch: PermitsWatch;
  /** Those who wait, with the permits that each wants. */
  readonly #waiting = new Map<LineEntry, number>();
  /** As it was read last. */
  #stored: StoredPermits | undefined;

  /**
   * @param name not empty; `name/` is the prefix of the semaphore's keys. A name must not be another one's beginning up to a
   *   slash, nor that of another kind of lock
   * @throws ArgumentError for a name or options that cannot work
   */
  constructor(session: Session, name: string, options: SemaphoreOptions) {
    requireSession(session, "a semaphore");
    requireLockName(session, name);
    requireKnown(options, ["permits", "owner"], "");
    this.#initialPermits = requirePermits(options.permits);
    this.#owner = requireOwner(options.owner);
    this.name = name;
    this.#session = session;
    this.#permitsKey = `${name}.permits`;
    this.#admissions = new Admissions(session);
    this.#watch = new PermitsWatch(session.client, this.#permitsKey, {
      read: () => this.#readPermits(),
      onFailed: (error) => {
        for (const entry of this.#waiting.keys()) entry.fail(error);
      },
    });
  }

  /**
   * Waits until few enough are ahead.
   *
   * @throws ArgumentError when `count` is more than there are, also when that becomes so while it waits: it would hold up all
   *   behind it
   * @throws LockLostError ETCD_SESSION_EXPIRED when the session ends first
   * @throws AbortError when `signal` fires, StatusError ETCD_DEADLINE_EXCEEDED after `timeoutMs`
   * @throws EtcdError when the cluster cannot be asked within the client's `timeoutMs`
   */
  async acquire(options: PermitOptions = {}): Promise<Lock> {
    const count = this.#check(options);
    let waits = true;
    let entry: LineEntry | undefined;
    try {
      return await this.#admissions.admit(() => {
        const begun = this.#entry(count);
        entry = begun.entry;
        const enter: Admission["enter"] = async (onRepeat) => {
          const result = await begun.plans.enter.run(begun.parameters, { onRepeat });
          const [mine, , stored, line] = result.responses;
          const createRevision = ownCreateRevision(mine, result.revision);
          const snapshot = lineSnapshot(asGet(line), result.revision, createRevision, count);
          // Our keys are there now: whatever is wrong, the entry must hear of them.
          try {
            this.#note(readPermits(stored));
          } catch (error) {
            begun.entry.fail(error);
          }
          if (waits) this.#wait(begun.entry, count, snapshot);
          return { createRevision, snapshots: indexes(count).map(() => snapshot) };
        };
        return { name: this.name, entry, enter, token: "createRevision" };
      }, options);
    } finally {
      waits = false;
      if (entry !== undefined && this.#waiting.delete(entry)) this.#watch.leave();
    }
  }

  /**
   * Takes the permits if there are enough that nobody has or waits for; writes nothing if not. One round trip, where it has to
   * look closer two; more only when others come in between.
   *
   * @param options `timeoutMs` has the client's default
   * @returns `holder` has the oldest key in the line
   * @throws ArgumentError when `count` is more than there are
   */
  async tryAcquire(options: TryPermitOptions = {}): Promise<TryLockResult> {
    const count = this.#check(options);
    let holder: LockHolder | undefined;
    const lock = await this.#admissions.attempt(() => {
      const { plans, parameters, entry } = this.#entry(count);
      const entered = (revision: number) => ({
        createRevision: revision,
        snapshots: indexes(count).map(() => freeLine(revision)),
      });
      const enter: Admission["enter"] = async (onRepeat) => {
        // At first: if nobody is in the line.
        for (let before = 1; ;) {
          const isEnough = this.#stored !== undefined && count <= this.#stored.permits;
          const permitsRevision = isEnough ? this.#stored!.modRevision : UNKNOWN_REVISION;
          const filled = { ...parameters, before, permitsRevision };
          const result = await plans.tryEnter.run(filled, { onRepeat });
          if (result.succeeded) return entered(result.revision);
          const [, stored, line, ...own] = result.responses;
          const createRevision = foundRevision(own);
          // An earlier copy of this found room.
          if (createRevision !== undefined) return entered(createRevision);
          this.#note(readPermits(stored));
          const { permits } = this.#stored!;
          if (count > permits) throw tooMany(this.name, count, permits);
          if (line.kvs.length + count > permits) {
            holder = oldestHolder(line.kvs, this.#session);
            return undefined;
          }
          before = result.revision + 1;
        }
      };
      return { name: this.name, entry, enter, token: "createRevision" };
    }, options);
    return lock === undefined ? { lock, holder: holder! } : { lock, holder: undefined };
  }

  /**
   * Runs `work` while the permits are held, and gives them back whatever happens. `work` should stop when `permit.signal`
   * aborts.
   *
   * @returns what `work` returned
   * @throws what `work` threw; LockLostError when they were lost before `work` was done; and what `acquire` and `release`
   *   throw
   */
  async withPermit<T>(work: (permit: Lock) => Promise<T> | T, options: PermitOptions = {}): Promise<T> {
    const lock = await this.acquire(options);
    return workUnder(lock, work, () => lock.release());
  }

  /** How many permits there are, as etcd has it; what the constructor was told if nobody has used the semaphore yet. */
  async permits(options: CallerOptions = {}): Promise<number> {
    const call = this.#session.client.parts.calls.options(options);
    await this.#readPermits(call);
    return this.#stored?.permits ?? this.#initialPermits;
  }

  /**
   * Sets how many permits there are, for everybody.
   *
   * @param permits 1 or more
   * @throws EtcdError when etcd did not answer in time
   */
  async resize(permits: number, options: CallerOptions = {}): Promise<void> {
    const call = this.#session.client.parts.calls.options(options);
    const text = String(requirePermits(permits));
    const { set } = permitPlans(this.#session.client);
    for (let permitsRevision = this.#stored?.modRevision ?? 0; ;) {
      const result = await set.run({ permitsKey: this.#permitsKey, permits: text, permitsRevision }, call);
      if (result.succeeded) {
        this.#note({ permits, modRevision: result.revision });
        return;
      }
      const kv = result.responses[0].kvs[0];
      // Also when it was an earlier copy of this that set it.
      if (kv?.value.string() === text) {
        this.#note({ permits, modRevision: kv.modRevision });
        return;
      }
      permitsRevision = kv?.modRevision ?? 0;
    }
  }

  /** Resolves when no acquire that was given up has anything left to clean up. */
  settled(): Promise<void> {
    return this.#admissions.settled();
  }

  #check(options: PermitOptions): number {
    this.#session.client.parts.calls.options(options, ["count"]);
    const { count = 1 } = options;
    if (!Number.isInteger(count) || count < 1 || count > ENTRY_KEYS_MAX_COUNT)
      throw new ArgumentError(`count must be a whole number from 1 to ${ENTRY_KEYS_MAX_COUNT}`);
    requireLockName(this.#session, this.name, count);
    return count;
  }

  #entry(count: number) {
    const { name } = this;
    const session = this.#session;
    const prefix = `${name}/`;
    const unique = session.uniqueValue();
    const keys: Record<string, string> = {};
    const lines = indexes(count).map((index) => {
      const key = `${prefix}${unique}${index > 0 ? `-${index}` : ""}`;
      keys[parameterNames.key(index)] = key;
      // Everybody counts, near or far: who is let in next does not depend on who came last.
      return { prefix, key, blocks: () => true };
    });
    const plans = semaphoreEntryPlans(session.client, count);
    const parameters = {
      ...keys,
      prefix,
      permitsKey: this.#permitsKey,
      permits: String(this.#initialPermits),
      value: ownerValue(session, this.#owner),
      lease: session.leaseId,
    };
    const entry = new LineEntry(session, lines, {
      remove: (options) => plans.remove.run(keys, options),
      read: () => plans.read.run(keys),
    });
    return { plans, parameters, entry };
  }

  /** It stands in line: if its turn has not come, changes of the number of permits concern it. */
  #wait(entry: LineEntry, count: number, snapshot: LineSnapshot | undefined): void {
    this.#tell(entry, count);
    if (snapshot !== undefined && snapshot.ahead.length + count <= (this.#stored?.permits ?? 0)) return;
    this.#waiting.set(entry, count);
    this.#watch.use();
  }

  async #readPermits(options: CallerOptions = {}): Promise<void> {
    const { client } = this.#session;
    const { responses } = await permitPlans(client).read.run({ permitsKey: this.#permitsKey }, options);
    this.#note(readPermits(responses[0]));
  }

  /** What is read may be older than what was read before. If the key is gone, what it was last counts. */
  #note(stored: StoredPermits | undefined): void {
    if (stored === undefined || stored.modRevision <= (this.#stored?.modRevision ?? 0)) return;
    this.#stored = stored;
    for (const [entry, count] of this.#waiting) this.#tell(entry, count);
  }

  #tell(entry: LineEntry, count: number): void {
    if (this.#stored === undefined) return;
    const { permits } = this.#stored;
    if (count > permits) entry.fail(tooMany(this.name, count, permits));
    else entry.allowedCount = permits - count;
  }
}

const requirePermits = (permits: number): number => {
  if (!Number.isSafeInteger(permits) || permits < 1)
    throw new ArgumentError("permits must be a whole number from 1");
  return permits;
};

const tooMany = (name: string, count: number, permits: number): ArgumentError =>
  new ArgumentError(`${count} permits of "${name}" were asked for, and there are ${permits}`);
