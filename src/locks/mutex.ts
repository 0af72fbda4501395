import type { CallerOptions } from "../client/calls.js";
import { AbortError, ArgumentError, StatusError } from "../errors.js";
import { LOCK_NAME_MAX_BYTES } from "../options.js";
import { lockEvents } from "../tracing.js";
import { compare } from "../txn/shape.js";
import { Acquisition } from "./acquisition.js";
import { HeldKey } from "./held-key.js";
import { removeKey, removeLateKey } from "./key-removal.js";
import type { LockPlace } from "./lock-place.js";
import type { Turn } from "./lock-queue.js";
import { Lock } from "./lock.js";
import { lockPlans } from "./lock-plans.js";
import type { Session } from "./session.js";
import type { Acquired } from "./acquisition.js";

export interface LockOptions {
  /** Ends the wait with an AbortError; our place in the line is then cleaned up in the background. */
  signal?: AbortSignal | undefined;
  /** How long to wait for the lock, in milliseconds. Default: until it is got, or the session ends. */
  timeoutMs?: number | undefined;
}

/** Numbers the acquires of a session, so that their keys can be told apart. */
const acquireCounts = new WeakMap<Session, number>();

const nextAcquire = (session: Session): number => {
  const count = (acquireCounts.get(session) ?? 0) + 1;
  acquireCounts.set(session, count);
  return count;
};

/**
 * A lock with a name, for everyone who uses the same cluster: Go's `concurrency.Mutex` and `etcdctl lock` on the
 * same name included. Callers get it in the order in which they asked; callers that share a session take turns
 * in this process.
 *
 * A session of a namespace gives the name the namespace's prefix in etcd: it is the same lock as that of the prefix and
 * the name together. `name`, `lock.key` and messages of errors have it without.
 */
export class Mutex {
  readonly name: string;
  readonly #session: Session;
  readonly #prefix: string;
  readonly #key: string;
  readonly #cleanUps = new Set<Promise<void>>();

  /**
   * @param name not empty; `name/` is the prefix of the lock's keys. As in Go, a name must not be another one's
   *   beginning up to a slash: whoever holds "a/b" is in the line for "a" as well
   * @throws ArgumentError for a name that cannot work
   */
  constructor(session: Session, name: string) {
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
    // As in Go: the pattern "%s/%x" of concurrency.NewMutex and Lock (client/v3/concurrency/mutex.go).
    this.#prefix = `${name}/`;
    this.#key = `${name}/${session.leaseId.toString(16)}`;
  }

  /**
   * Waits for the lock.
   *
   * @throws LockLostError ETCD_SESSION_EXPIRED when the session ends first
   * @throws AbortError when `signal` fires, StatusError ETCD_DEADLINE_EXCEEDED after `timeoutMs`
   * @throws EtcdError when the cluster cannot be asked within the client's `timeoutMs`
   */
  async lock(options: LockOptions = {}): Promise<Lock> {
    this.#session.client.parts.calls.options(options);
    const { signal, timeoutMs } = options;
    if (signal?.aborted === true) throw new AbortError(signal.reason, false);
    this.#session.assertAlive();
    if (timeoutMs === undefined) return this.#lock(signal, signal);
    const { runtime } = this.#session.client.parts.pool;
    const clock = new AbortController();
    const onAbort = (): void => {
      clock.abort(signal?.reason);
    };
    const timer = runtime.setTimer(
      () => {
        clock.abort(
          new StatusError(
            "ETCD_DEADLINE_EXCEEDED",
            `lock "${this.name}" was not free within ${timeoutMs} ms`,
            {
              mayHaveApplied: false,
              grpcCode: 4,
            },
          ),
        );
      },
      timeoutMs,
      true,
    );
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      return await this.#lock(clock.signal, signal);
    } finally {
      signal?.removeEventListener("abort", onAbort);
      runtime.clearTimer(timer);
    }
  }

  /**
   * Runs `work` while the lock is held, and releases it whatever happens. `work` should stop when `lock.signal`
   * aborts.
   *
   * @returns what `work` returned
   * @throws what `work` threw; LockLostError when the lock was lost before `work` was done, since its result may
   *   then rest on what others changed meanwhile; and what `lock` and `release` throw
   */
  async withLock<T>(work: (lock: Lock) => Promise<T> | T, options: LockOptions = {}): Promise<T> {
    const lock = await this.lock(options);
    let result: T;
    try {
      result = await work(lock);
    } catch (error) {
      // The work's own failure is what the caller must see; a key that stays goes with the session.
      await lock.release().catch(() => {});
      throw error;
    }
    const { lostReason } = lock;
    await lock.release();
    if (lostReason !== undefined) throw lostReason;
    return result;
  }

  /** Resolves when no acquire that was given up has anything left to clean up. */
  async settled(): Promise<void> {
    while (this.#cleanUps.size > 0) await Promise.all(this.#cleanUps);
  }

  /** @param caller the caller's own signal, which `ends` may be made of */
  async #lock(ends: AbortSignal | undefined, caller: AbortSignal | undefined): Promise<Lock> {
    const { name } = this;
    const { runtime } = this.#session.client.parts.pool;
    const startedAtMs = runtime.now();
    const wasTaken = this.#session.queue.isTaken(name);
    try {
      const { lock, contended } = await this.#acquire(ends, caller);
      if (lockEvents.hasSubscribers) {
        const waitMs = runtime.now() - startedAtMs;
        lockEvents.publish({
          type: "acquired",
          name,
          token: lock.token,
          waitMs,
          contended: wasTaken || contended,
        });
      }
      return lock;
    } catch (error) {
      if (lockEvents.hasSubscribers) {
        lockEvents.publish({ type: "notAcquired", name, waitMs: runtime.now() - startedAtMs, error });
      }
      throw error;
    }
  }

  async #acquire(
    ends: AbortSignal | undefined,
    caller: AbortSignal | undefined,
  ): Promise<{ lock: Lock; contended: boolean }> {
    const session = this.#session;
    const turn = await this.#enter(ends, caller);
    const place: LockPlace = {
      session,
      plans: lockPlans(session.client),
      prefix: this.#prefix,
      key: this.#key,
      value: String(nextAcquire(session)),
    };
    const acquisition = new Acquisition(place);
    try {
      const acquired = await acquisition.run(ends);
      // Not a moment later than it can be proved.
      session.assertAlive();
      acquisition.assertStanding();
      const lock = this.#lockOf(place, acquired, turn, acquisition.repeated);
      acquisition.close();
      return { lock, contended: acquisition.contended };
    } catch (error) {
      this.#cleanUp(acquisition, turn);
      throw this.#asOutcome(error, caller);
    }
  }

  /** @param mayComeAgain another copy of its acquire may be on its way */
  #lockOf(place: LockPlace, acquired: Acquired, turn: Turn, mayComeAgain: boolean): Lock {
    const { session, plans, prefix, key, value } = place;
    const { createRevision, token } = acquired;
    const heldKey = new HeldKey({
      life: session,
      prefix,
      key,
      createRevision,
      onDeleted: () => {
        lock.loseKey();
      },
    });
    const lock = new Lock({
      life: session,
      name: this.name,
      key,
      token,
      guard: [compare.createRevision(key, "=", createRevision), compare.value(key, "=", value)],
      onEnd: () => {
        heldKey.close();
      },
      giveUp: async (options: CallerOptions) => {
        const deleteKey = (): Promise<unknown> => plans.release.run({ key, createRevision }, options);
        try {
          // With the lease gone the key is gone, or going without our help.
          if (session.endReason === undefined) await deleteKey();
        } catch (error) {
          void removeKey(session, () => plans.release.run({ key, createRevision }));
          throw error;
        } finally {
          if (mayComeAgain) removeLateKey(place);
          turn.leave();
        }
      },
    });
    return lock;
  }

  async #enter(ends: AbortSignal | undefined, caller: AbortSignal | undefined): Promise<Turn> {
    const { queue, signal } = this.#session;
    try {
      return await queue.enter(this.name, ends === undefined ? [signal] : [ends, signal]);
    } catch (error) {
      throw this.#asOutcome(error, caller);
    }
  }

  /** The caller's own abort comes out as AbortError, whatever its reason is. */
  #asOutcome(error: unknown, caller: AbortSignal | undefined): unknown {
    return caller?.aborted === true && error === caller.reason ? new AbortError(error, false) : error;
  }

  #cleanUp(acquisition: Acquisition, turn: Turn): void {
    const cleanUp = acquisition
      .cleanUp(() => {
        turn.leave();
      })
      .finally(() => {
        this.#cleanUps.delete(cleanUp);
      });
    this.#cleanUps.add(cleanUp);
  }
}
