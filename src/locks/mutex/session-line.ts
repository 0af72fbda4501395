import type { CallerOptions } from "../../client/calls.js";
import type { Runtime } from "../../connection/runtime.js";
import { EtcdError } from "../../errors.js";
import { LOCAL_HANDOVER_MAX } from "../../options.js";
import { lockEvents } from "../../tracing.js";
import { compare } from "../../txn/shape.js";
import type { RunOptions } from "../../txn/prepared-txn.js";
import type { KeyValue, OperationResult } from "../../txn/result.js";
import { HeldKey } from "../line/held-key.js";
import { removeKey, removeLateKey } from "../line/key-removal.js";
import type { LockPlace } from "../line/lock-place.js";
import { lockPlans } from "../line/lock-plans.js";
import { holderOf, newHolderValue, ownerIn } from "../lock-holder.js";
import type { LockHolder } from "../lock-holder.js";
import { Lock } from "../lock.js";
import type { Session } from "../session.js";
import { Acquisition } from "./acquisition.js";
import type { Acquired } from "./acquisition.js";
import { LocalWaiter } from "./local-waiter.js";
import type { LineTerms } from "./local-waiter.js";

/** The time from our key's coming to the head of the line until it is deleted, whoever of this process holds the lock. */
interface Tenure {
  readonly place: LockPlace;
  readonly createRevision: number;
  /** A copy of the request that put the key may still be on its way. */
  readonly mayComeAgain: boolean;
  readonly heldKey: HeldKey;
  /** The key's, which tells its present holder from those before. */
  value: string;
  token: number;
  /** Hand-overs since the key came to the head of the line, or was alone in it. */
  passedCount: number;
  passedSinceMs: number;
  /** Of the present holder; of the last one while it is passed on. */
  lock: Lock | undefined;
  /** Its deletion was reported while it was passed on. */
  isGone: boolean;
}

/**
 * What the line is busy with:
 *
 *     idle -> acquiring -> held <-> passing -> idle or acquiring
 *               |  ^                            (or to held, in this process)
 *               v  |
 *             cleaning
 *
 * `trying` is a `tryLock` or `resume` under way, and leads to held or as passing does.
 */
type State = "idle" | "acquiring" | "cleaning" | "trying" | "held" | "passing";

/**
 * All callers of one session that want the same lock. There is one key per session and name, so they wait in order behind
 * it, first come first: it stands in etcd's line for all of them, and whoever is first when its turn comes has the lock.
 * Where one gives up, the others keep the place.
 *
 * A holder passes the lock on to the next one here by one guarded put, within the bounds that keep others from starving,
 * and else deletes the key.
 */
export class SessionLine {
  readonly name: string;
  readonly runtime: Runtime;
  readonly #session: Session;
  readonly #prefix: string;
  readonly #key: string;
  readonly #onIdle: () => void;
  readonly #stopListening: () => void;
  readonly #cleanUps = new Set<Promise<void>>();
  #state: State = "idle";
  #first: LocalWaiter | undefined;
  #last: LocalWaiter | undefined;
  #acquisition: Acquisition | undefined;
  #tenure: Tenure | undefined;

  /** @param onIdle nobody wants, has or cleans up anything here: it may be forgotten */
  constructor(session: Session, name: string, onIdle: () => void) {
    this.name = name;
    this.runtime = session.client.parts.pool.runtime;
    this.#session = session;
    // As in Go: the pattern "%s/%x" of concurrency.NewMutex and Lock (client/v3/concurrency/mutex.go).
    this.#prefix = `${name}/`;
    this.#key = `${name}/${session.leaseHex}`;
    this.#onIdle = onIdle;
    this.#stopListening = session.onEnd(() => {
      this.#onSessionEnd();
    });
  }

  /** Waits for the lock. Of a session that is alive; `signal` has not fired. */
  lock(terms: LineTerms, signal: AbortSignal | undefined, timeoutMs: number | undefined): Promise<Lock> {
    return new Promise((resolve, reject) => {
      const waiter = new LocalWaiter(this, terms, this.#state !== "idle", resolve, reject);
      if (signal !== undefined || timeoutMs !== undefined) waiter.limit(signal, timeoutMs);
      waiter.previous = this.#last;
      if (this.#last === undefined) this.#first = waiter;
      else this.#last.next = waiter;
      this.#last = waiter;
      if (this.#state === "idle") this.#acquire(terms);
    });
  }

  /** Takes the lock if it is free. Who has it, if not. */
  async tryLock(terms: LineTerms, call: CallerOptions): Promise<Lock | LockHolder> {
    if (this.#state !== "idle") return this.#holder(call);
    const place = this.#newPlace(terms);
    const { plans, prefix, key, value } = place;
    const parameters = { prefix, key, value, lease: this.#session.leaseId };
    return this.#try<LockHolder>(place, call, async (options) => {
      for (;;) {
        const { succeeded, responses, revision } = await plans.tryAcquire.run(parameters, options);
        if (succeeded) return { createRevision: revision, token: revision };
        const first = firstIn(responses[0]);
        if (first === undefined) throw unexpected();
        const holder = holderOf(first, key);
        const { createRevision } = holder;
        if (!holder.isOurs) return { instead: holder };
        // The put of an earlier copy of this.
        if (first.value.string() === value) return { createRevision, token: createRevision };
        // An earlier release did not get through, or who had the session before has left it behind.
        await plans.release.run({ key, createRevision }, { signal: call.signal, timeoutMs: call.timeoutMs });
      }
    });
  }

  /** Takes over the key that who had the session before has left behind, if it is at the head of the line. */
  async resume(terms: LineTerms, call: CallerOptions): Promise<Lock | undefined> {
    if (this.#state !== "idle") return undefined;
    const place = this.#newPlace(terms);
    const { plans, prefix, key, value } = place;
    return this.#try<undefined>(place, call, async (options) => {
      const first = firstIn((await plans.first.run({ prefix }, options)).responses[0]);
      if (first?.key.string() !== key) return { instead: undefined };
      const { createRevision } = first;
      const lease = this.#session.leaseId;
      const previous = first.value;
      const passed = await plans.passOn.run({ key, createRevision, previous, value, lease }, options);
      const token = passed.succeeded
        ? passed.revision
        : putRevision(passed.responses[0], value, createRevision);
      return token === undefined ? { instead: undefined } : { createRevision, token };
    });
  }

  /** `waiter` waits no more. */
  leave(waiter: LocalWaiter, error: unknown): void {
    if (!waiter.isWaiting) return;
    this.#unlink(waiter);
    this.#tellFailed(waiter, error);
    if (this.#first === undefined && this.#state === "acquiring") this.#cleanUp();
  }

  /** Resolves when nothing is left to be cleaned up. */
  async settled(): Promise<void> {
    while (this.#cleanUps.size > 0) await Promise.all(this.#cleanUps);
  }

  #newPlace({ owner }: LineTerms): LockPlace {
    const session = this.#session;
    return {
      session,
      plans: lockPlans(session.client),
      prefix: this.#prefix,
      key: this.#key,
      value: newHolderValue(session, owner),
    };
  }

  /** The line has nothing under way: on with those who wait. */
  #next(): void {
    this.#state = "idle";
    if (this.#first !== undefined) this.#acquire(this.#first.terms);
    else if (this.#cleanUps.size === 0) {
      this.#stopListening();
      this.#onIdle();
    }
  }

  #acquire(terms: LineTerms): void {
    this.#state = "acquiring";
    const acquisition = new Acquisition(this.#newPlace(terms), {
      onAcquired: (acquired) => {
        this.#acquisition = undefined;
        this.#hold(acquisition.place, acquired, acquisition.repeated);
        acquisition.close();
        this.#grant(acquisition.contended);
      },
      onFailed: (error) => {
        const waiter = this.#shift();
        this.#cleanUp();
        if (waiter !== undefined) this.#tellFailed(waiter, error);
      },
    });
    this.#acquisition = acquisition;
    acquisition.start();
  }

  /** Takes our key out of the line; whoever comes meanwhile waits until that was tried. */
  #cleanUp(): void {
    const acquisition = this.#acquisition!;
    this.#acquisition = undefined;
    this.#state = "cleaning";
    this.#track(
      acquisition.cleanUp(() => {
        this.#next();
      }),
    );
  }

  /** @param cleanUp does not reject */
  #track(cleanUp: Promise<void>): void {
    const tracked = cleanUp.then(() => {
      this.#cleanUps.delete(tracked);
      if (this.#state === "idle") this.#next();
    });
    this.#cleanUps.add(tracked);
  }

  /** Runs `ask`, which puts our key or finds out why not, while those who come wait. */
  async #try<Other>(
    place: LockPlace,
    call: CallerOptions,
    ask: (options: RunOptions) => Promise<Omit<Acquired, "mayHaveMissed"> | { readonly instead: Other }>,
  ): Promise<Lock | Other> {
    const session = this.#session;
    const { plans, key, value } = place;
    const enteredAtMs = this.runtime.now();
    const sent = { again: false };
    this.#state = "trying";
    try {
      const onRepeat = (): void => {
        sent.again = true;
      };
      const found = await ask({ signal: call.signal, timeoutMs: call.timeoutMs, onRepeat });
      if ("instead" in found) {
        if (sent.again) removeLateKey(place);
        this.#next();
        return found.instead;
      }
      this.#hold(place, { ...found, mayHaveMissed: true }, sent.again);
    } catch (error) {
      const mayHaveApplied = error instanceof EtcdError && error.mayHaveApplied;
      if (!mayHaveApplied && !sent.again) {
        this.#next();
        throw error;
      }
      this.#state = "cleaning";
      const onTried = (): void => {
        this.#next();
      };
      this.#track(removeKey(session, () => plans.abandon.run({ key, value }), onTried));
      removeLateKey(place);
      throw error;
    }
    if (!this.#isAlive()) throw session.endReason!;
    const lock = this.#newLock(this.#tenure!);
    this.#tellAcquired(lock, enteredAtMs, false);
    return lock;
  }

  /** Who has a lock that is in use here. */
  async #holder(call: CallerOptions): Promise<LockHolder> {
    const key = this.#key;
    const tenure = this.#tenure;
    if (tenure !== undefined) {
      const { createRevision, value } = tenure;
      return { key, createRevision, owner: ownerIn(value), isOurs: true };
    }
    // A plain read: an acquire is under way already, and puts our key.
    const { first } = lockPlans(this.#session.client);
    const { responses } = await first.run(
      { prefix: this.#prefix },
      { signal: call.signal, timeoutMs: call.timeoutMs },
    );
    const kv = firstIn(responses[0]);
    return kv === undefined ? { key, createRevision: 0, owner: undefined, isOurs: true } : holderOf(kv, key);
  }

  /** Our key is at the head of the line. */
  #hold(place: LockPlace, { createRevision, token, mayHaveMissed }: Acquired, mayComeAgain: boolean): void {
    const { session, prefix, key, value } = place;
    const heldKey = new HeldKey({
      life: session,
      prefix,
      key,
      createRevision,
      mayHaveMissed,
      onDeleted: () => {
        tenure.isGone = true;
        if (this.#tenure === tenure && this.#state === "held") tenure.lock?.loseKey();
      },
    });
    const tenure: Tenure = {
      place,
      createRevision,
      mayComeAgain,
      heldKey,
      value,
      token,
      passedCount: 0,
      passedSinceMs: this.runtime.now(),
      lock: undefined,
      isGone: false,
    };
    this.#tenure = tenure;
    this.#state = "passing";
  }

  /** Our key is at the head of the line, and nobody holds the lock: whoever is first here gets it. */
  #grant(contended: boolean): void {
    if (!this.#isAlive()) return;
    const tenure = this.#tenure!;
    const waiter = this.#shift();
    if (waiter === undefined) {
      this.#delete(tenure, {}).catch(() => {});
      return;
    }
    const lock = this.#newLock(tenure);
    this.#tellAcquired(lock, waiter.enteredAtMs, contended || waiter.cameLater);
    waiter.got(lock);
  }

  /** Nobody gets a lock a moment later than it can be proved. At the session's end those who wait have been told. */
  #isAlive(): boolean {
    if (this.#session.remainingMs > 0) return true;
    this.#endTenure();
    this.#next();
    return false;
  }

  #newLock(tenure: Tenure): Lock {
    const session = this.#session;
    const key = this.#key;
    const { createRevision, token, value } = tenure;
    const lock = new Lock({
      life: session,
      name: this.name,
      key,
      token,
      get guard() {
        return [compare.createRevision(key, "=", createRevision), compare.value(key, "=", value)];
      },
      onEnd: (wasLost) => {
        if (!wasLost || this.#tenure !== tenure) return;
        this.#endTenure();
        this.#next();
      },
      giveUp: (options) => this.#giveUp(tenure, options),
    });
    tenure.lock = lock;
    this.#state = "held";
    return lock;
  }

  /** The holder releases: to the next one here, or to whoever waits elsewhere. */
  #giveUp(tenure: Tenure, { signal, timeoutMs }: CallerOptions): Promise<void> {
    // Lost before: the key is gone, and those who wait here stand in line again.
    if (this.#tenure !== tenure) return Promise.resolve();
    const call = { signal, timeoutMs };
    return this.#first === undefined
      ? this.#delete(tenure, call)
      : this.#passOn(tenure, this.#first.terms, call);
  }

  #delete(tenure: Tenure, call: CallerOptions): Promise<void> {
    this.#state = "passing";
    const { plans, key } = tenure.place;
    return plans.abandon.run({ key, value: tenure.value }, call).then(
      () => {
        this.#endTenure();
        this.#next();
      },
      (error: unknown) => {
        this.#leaveBehind(tenure);
        throw error;
      },
    );
  }

  #passOn(tenure: Tenure, terms: LineTerms, call: CallerOptions): Promise<void> {
    const isBounded =
      tenure.passedCount >= terms.localHandoverMaxCount ||
      this.runtime.now() - tenure.passedSinceMs >= LOCAL_HANDOVER_MAX.ms;
    this.#state = "passing";
    if (!isBounded && terms.sharesToken) {
      tenure.passedCount++;
      this.#grant(true);
      return Promise.resolve();
    }
    const value = newHolderValue(this.#session, terms.owner);
    return (isBounded ? this.#passOnIfAlone(tenure, value, call) : this.#putNext(tenure, value, call)).then(
      (token) => {
        if (token === undefined || tenure.isGone) {
          // Released to others, or deleted by somebody.
          this.#endTenure();
          this.#next();
          return;
        }
        tenure.value = value;
        tenure.token = token;
        tenure.passedCount++;
        if (isBounded) {
          // Nobody else waited at that moment, so nobody has waited for longer than from then.
          tenure.passedCount = 0;
          tenure.passedSinceMs = this.runtime.now();
        }
        this.#grant(true);
      },
      (error: unknown) => {
        this.#leaveBehind(tenure);
        // The key went with the lease: nothing is left to be given up.
        if (error instanceof EtcdError && error.code === "ETCD_LEASE_NOT_FOUND") return;
        throw error;
      },
    );
  }

  /** The token of the next holder; undefined if the key is not ours any more. */
  async #putNext(tenure: Tenure, value: string, call: CallerOptions): Promise<number | undefined> {
    const { createRevision, value: previous, place } = tenure;
    const { plans, key } = place;
    const lease = this.#session.leaseId;
    const result = await plans.passOn.run({ key, createRevision, previous, value, lease }, call);
    return result.succeeded ? result.revision : putRevision(result.responses[0], value, createRevision);
  }

  /** The same; undefined also if others waited behind us, who have the lock now. */
  async #passOnIfAlone(tenure: Tenure, value: string, call: CallerOptions): Promise<number | undefined> {
    const { createRevision, value: previous, place } = tenure;
    const { plans, prefix, key } = place;
    const lease = this.#session.leaseId;
    const parameters = { prefix, key, createRevision, previous, behind: createRevision + 1, value, lease };
    const result = await plans.passOnIfAlone.run(parameters, call);
    return result.succeeded ? result.revision : putRevision(result.responses[0], value, createRevision);
  }

  /** Our key could not be told from here what becomes of it: it is removed in the background, or by the next acquire. */
  #leaveBehind(tenure: Tenure): void {
    const { createRevision, place } = tenure;
    const { session, plans, key } = place;
    this.#track(removeKey(session, () => plans.release.run({ key, createRevision })));
    this.#endTenure();
    this.#next();
  }

  #endTenure(): void {
    const tenure = this.#tenure;
    if (tenure === undefined) return;
    this.#tenure = undefined;
    tenure.heldKey.close();
    if (tenure.mayComeAgain) removeLateKey(tenure.place);
  }

  #onSessionEnd(): void {
    const { endReason } = this.#session;
    for (let waiter = this.#shift(); waiter !== undefined; waiter = this.#shift())
      this.#tellFailed(waiter, endReason);
    // A holder hears of it by itself, and what is asked of etcd is answered.
    if (this.#state === "acquiring") this.#cleanUp();
  }

  #shift(): LocalWaiter | undefined {
    const waiter = this.#first;
    if (waiter !== undefined) this.#unlink(waiter);
    return waiter;
  }

  #unlink(waiter: LocalWaiter): void {
    const { previous, next } = waiter;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    waiter.previous = undefined;
    waiter.next = undefined;
    waiter.isWaiting = false;
  }

  #tellAcquired({ token }: Lock, enteredAtMs: number, contended: boolean): void {
    if (!lockEvents.hasSubscribers) return;
    const { name } = this;
    lockEvents.publish({
      type: "acquired",
      name,
      token,
      waitMs: this.runtime.now() - enteredAtMs,
      contended,
    });
  }

  #tellFailed(waiter: LocalWaiter, error: unknown): void {
    if (lockEvents.hasSubscribers) {
      const waitMs = this.runtime.now() - waiter.enteredAtMs;
      lockEvents.publish({ type: "notAcquired", name: this.name, waitMs, error });
    }
    waiter.failed(error);
  }
}

const firstIn = (response: OperationResult | undefined): KeyValue | undefined =>
  response?.kind === "get" ? response.kvs[0] : undefined;

/** The revision of the put that gave our key `value`, if its value is that. */
const putRevision = (
  response: OperationResult | undefined,
  value: string,
  createRevision: number,
): number | undefined => {
  const kv = firstIn(response);
  return kv?.createRevision === createRevision && kv.value.string() === value ? kv.modRevision : undefined;
};

const unexpected = (): Error =>
  new Error("etcdwire: the reply to a lock's acquire has another shape than its plan");

/** By their names, while somebody uses them. */
const linesOf = new WeakMap<Session, Map<string, SessionLine>>();

/** The line of one name, if somebody uses it. */
export const openSessionLine = (session: Session, name: string): SessionLine | undefined =>
  linesOf.get(session)?.get(name);

/** To be used at once. */
export const sessionLine = (session: Session, name: string): SessionLine => {
  let lines = linesOf.get(session);
  if (lines === undefined) linesOf.set(session, (lines = new Map<string, SessionLine>()));
  let line = lines.get(name);
  if (line === undefined) {
    const made = new SessionLine(session, name, () => {
      if (lines.get(name) === made) lines.delete(name);
    });
    lines.set(name, (line = made));
  }
  return line;
};
