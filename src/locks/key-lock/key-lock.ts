import { requireContent, requireFlag } from "../../client/kv/kv-options.js";
import { toBytes } from "../../client/key-space.js";
import { requireTtl } from "../../client/lease/renewals.js";
import type { Namespace } from "../../client/namespace.js";
import { requireKnown, requireTimeout } from "../../cluster/wait.js";
import type { EtcdError } from "../../errors.js";
import { AbortError, ArgumentError, StatusError } from "../../errors.js";
import { DEFAULT_SESSION_TTL_SECONDS, LOCK_NAME_MAX_BYTES } from "../../options.js";
import { offAbort, onAbort } from "../../rpc/abort-listeners.js";
import { lockEvents } from "../../tracing.js";
import type { KeyValue } from "../../txn/key-value.js";
import { compare } from "../../txn/shape.js";
import type { BytesInput } from "../../txn/shape.js";
import { HeldKey } from "../line/held-key.js";
import { Lock } from "../lock.js";
import type { Session } from "../session.js";
import { workUnder } from "../work-under.js";
import type { ClaimOutcome, KeyLockClaim } from "./key-lock-claim.js";
import { SessionClaim } from "./key-lock-in-session.js";
import { HoldLimit } from "./key-lock-limit.js";
import { OwnLeaseClaim } from "./key-lock-own-lease.js";
import { KeyLockWait } from "./key-lock-wait.js";

export interface KeyLockOptions {
  /**
   * Of the lease that each acquire gets: how long the lock outlives this process, in whole seconds. Default: 60. The server
   * raises small ones to 1.5 election timeouts, 2 s by default. Not with a session, whose lease the key gets.
   */
  ttlSeconds?: number | undefined;
  /**
   * Is that lease renewed for as long as the lock is held? Default: true. Without it the lock ends when its TTL is over,
   * which `lock.signal` says by then. Not with a session.
   */
  renew?: boolean | undefined;
  /**
   * The longest that the lock may be held, in milliseconds from when it was got: then it is lost, and released. Default: no
   * limit.
   */
  maxHoldMs?: number | undefined;
  /** The value of the key while it is held, for others to read; an acquire may give its own. Default: a unique text. */
  value?: BytesInput | undefined;
}

export interface KeyLockAcquireOptions {
  /** The value of the key while it is held. Default: that of the KeyLock, or else a unique text. */
  value?: BytesInput | undefined;
  /** Ends the acquire with an AbortError; what it has done is undone in the background. */
  signal?: AbortSignal | undefined;
  /**
   * How long the acquire may take, in milliseconds. Default: for `tryLock` the client's `timeoutMs`; for `lock` until it is
   * got, or the session ends.
   */
  timeoutMs?: number | undefined;
}

/** What `tryLock` finds: either it has the lock now, or it says who has it. */
export type KeyLockTry =
  | { readonly lock: Lock; readonly holder: undefined }
  | {
      readonly lock: undefined;
      /** The key as it was: the holder's value and lease. */
      readonly holder: KeyValue;
    };

/**
 * The lock that is one key: created if it is not there, with a lease, and deleted in the end. Whoever creates the same key
 * in the same way takes part, in whatever language. The fencing token is the key's create revision.
 *
 * Made for a client, each acquire has a lease of its own, which is renewed while the lock is held and revoked by the
 * release: a try that finds the lock taken is one read, one that gets it is that, a grant and a transaction. Made for a
 * session, the key has the session's lease: a try is one transaction, which writes nothing where the lock is taken, and a
 * release deletes the key.
 *
 * Nobody stands in line here: when the key goes, all who wait try again, with one transaction each, and the first to reach
 * etcd has it. Where order matters, or many wait, take `Mutex`.
 *
 * Somebody who puts or deletes the key without looking breaks the lock. A deletion is heard of: `lock.signal` aborts. For
 * etcd all who have one session are one holder, so a KeyLock on a session that was taken over (`Session.resume`) takes the
 * key from a lock of the former process.
 */
export class KeyLock {
  /** The lock's key, as its namespace knows it. */
  readonly key: string;
  readonly #client: Namespace;
  readonly #session: Session | undefined;
  readonly #ttlSeconds: number;
  readonly #renew: boolean;
  readonly #maxHoldMs: number | undefined;
  readonly #value: Uint8Array | undefined;
  readonly #cleanUps = new Set<Promise<void>>();

  /**
   * @param owner a client, or a namespace of one, which gives the key its prefix: each acquire has a lease of its own. Or a
   *   session: its lease is used
   * @throws ArgumentError for a key or options that cannot work
   */
  constructor(owner: Namespace | Session, key: string, options: KeyLockOptions = {}) {
    const from = owner as Partial<Namespace & Session> | undefined;
    this.#session = from?.leaseId === undefined ? undefined : (owner as Session);
    this.#client = this.#session?.client ?? (owner as Namespace);
    if ((this.#client as Partial<Namespace> | undefined)?.parts === undefined)
      throw new ArgumentError("a key lock is made for a Client, a namespace of one, or a Session");
    if (typeof key !== "string" || key === "")
      throw new ArgumentError("a lock's key must be a text that is not empty");
    const bytes = this.#client.space.key(key).length;
    if (bytes > LOCK_NAME_MAX_BYTES) {
      throw new ArgumentError(
        `the lock's key, a namespace's prefix included, has ${bytes} bytes, over the ${LOCK_NAME_MAX_BYTES} that fit etcd's requests`,
      );
    }
    if (typeof options !== "object" || (options as unknown) === null)
      throw new ArgumentError("options must be an object");
    requireKnown(options, ["ttlSeconds", "renew", "maxHoldMs", "value"], "");
    const { ttlSeconds, renew, maxHoldMs, value } = options;
    if (this.#session !== undefined && (ttlSeconds !== undefined || renew !== undefined))
      throw new ArgumentError("ttlSeconds and renew are the session's, not of a key lock in it");
    if (ttlSeconds !== undefined) requireTtl(ttlSeconds);
    if (maxHoldMs !== undefined) requireTimeout(maxHoldMs, "maxHoldMs");
    this.key = key;
    this.#ttlSeconds = ttlSeconds ?? DEFAULT_SESSION_TTL_SECONDS;
    this.#renew = renew === undefined || requireFlag(renew, "renew");
    this.#maxHoldMs = maxHoldMs;
    this.#value = value === undefined ? undefined : ownBytes(value);
  }

  /**
   * Takes the lock if it is free.
   *
   * @throws LockLostError ETCD_SESSION_EXPIRED when the session, or the acquire's own lease, ends meanwhile
   * @throws AbortError when `signal` fires, StatusError ETCD_DEADLINE_EXCEEDED after `timeoutMs`
   * @throws EtcdError when the cluster cannot be asked
   */
  async tryLock(options: KeyLockAcquireOptions = {}): Promise<KeyLockTry> {
    const { timeoutMs } = this.#client.parts.calls.options(options, ["value"]);
    return this.#acquire(options, timeoutMs, undefined);
  }

  /**
   * Waits for the lock. The wait costs a watch on the key, which all who wait for it in this client share, and one
   * transaction each time that the key goes.
   *
   * @throws LockLostError ETCD_SESSION_EXPIRED when the session ends first
   * @throws AbortError when `signal` fires, StatusError ETCD_DEADLINE_EXCEEDED after `timeoutMs`
   * @throws EtcdError when the cluster cannot be asked within the client's `timeoutMs`
   */
  async lock(options: KeyLockAcquireOptions = {}): Promise<Lock> {
    this.#client.parts.calls.options(options, ["value"]);
    const wait = new KeyLockWait(this.#client, this.key);
    try {
      const { lock } = await this.#acquire(options, options.timeoutMs, wait);
      return lock!;
    } finally {
      wait.close();
    }
  }

  /**
   * Runs `work` while the lock is held, and releases it whatever happens. `work` should stop when `lock.signal` aborts.
   *
   * @returns what `work` returned
   * @throws what `work` threw; LockLostError when the lock was lost before `work` was done, since its result may then rest
   *   on what others changed meanwhile; and what `lock` and `release` throw
   */
  async withLock<T>(work: (lock: Lock) => Promise<T> | T, options: KeyLockAcquireOptions = {}): Promise<T> {
    const lock = await this.lock(options);
    return workUnder(lock, work, () => lock.release());
  }

  /** Resolves when nothing is left to clean up of acquires that failed or were given up. */
  async settled(): Promise<void> {
    while (this.#cleanUps.size > 0) await Promise.all(this.#cleanUps);
  }

  async #acquire(
    options: KeyLockAcquireOptions,
    timeoutMs: number | undefined,
    wait: KeyLockWait | undefined,
  ): Promise<KeyLockTry> {
    const value = options.value === undefined ? this.#value : ownBytes(options.value);
    if (options.signal?.aborted === true) throw new AbortError(options.signal.reason, false);
    this.#session?.assertAlive();
    const { key } = this;
    const { runtime } = this.#client.parts.pool;
    const startedAtMs = runtime.now();
    const claim = this.#claim(value);
    const patience = new Patience(this.#client, options.signal, timeoutMs, key, this.#session);
    try {
      const { outcome, contended } = await this.#claimed(claim, patience, wait);
      if (outcome.holder !== undefined) {
        this.#cleanUp(claim);
        return { lock: undefined, holder: outcome.holder };
      }
      // Not a moment later than it can be proved.
      this.#session?.assertAlive();
      const lock = this.#lockOf(claim, outcome.createRevision);
      if (lockEvents.hasSubscribers) {
        const waitMs = runtime.now() - startedAtMs;
        lockEvents.publish({ type: "acquired", name: key, token: lock.token, waitMs, contended });
      }
      return { lock, holder: undefined };
    } catch (error) {
      this.#cleanUp(claim);
      if (lockEvents.hasSubscribers) {
        lockEvents.publish({ type: "notAcquired", name: key, waitMs: runtime.now() - startedAtMs, error });
      }
      throw error;
    } finally {
      patience.close();
    }
  }

  #claim(value: Uint8Array | undefined): KeyLockClaim {
    const { key } = this;
    const client = this.#client;
    const session = this.#session;
    if (session === undefined)
      return new OwnLeaseClaim({ client, key, ttlSeconds: this.#ttlSeconds, renew: this.#renew, value });
    return new SessionClaim(session, key, value ?? Buffer.from(session.uniqueValue()));
  }

  /** Tries, and without `wait` once. */
  async #claimed(
    claim: KeyLockClaim,
    patience: Patience,
    wait: KeyLockWait | undefined,
  ): Promise<{ outcome: ClaimOutcome; contended: boolean }> {
    for (let contended = false; ; contended = true) {
      const outcome = await patience.until(claim.attempt());
      if (outcome.holder === undefined || wait === undefined) return { outcome, contended };
      wait.start();
      await patience.until(claim.prepare());
      await patience.until(wait.changedSince(outcome.revision));
    }
  }

  #lockOf(claim: KeyLockClaim, createRevision: number): Lock {
    const { key } = this;
    const { life, giveUp } = claim.hold();
    const limit = this.#maxHoldMs === undefined ? undefined : new HoldLimit(life, key, this.#maxHoldMs);
    const heldKey = new HeldKey({
      life,
      key,
      createRevision,
      onDeleted: () => {
        lock.loseKey();
      },
    });
    const lock: Lock = new Lock({
      life: limit ?? life,
      name: key,
      key,
      token: createRevision,
      guard: [compare.createRevision(key, "=", createRevision)],
      giveUp,
      onEnd: () => {
        heldKey.close();
        limit?.close();
        // Its owner may never release what is lost; and its key may be there, and its lease is renewed.
        this.#client.parts.pool.runtime.defer(() => {
          if (lock.lostReason !== undefined) void lock.release();
        });
      },
    });
    return lock;
  }

  #cleanUp(claim: KeyLockClaim): void {
    const cleanUp = claim.abandon().finally(() => {
      this.#cleanUps.delete(cleanUp);
    });
    this.#cleanUps.add(cleanUp);
  }
}

/** For how long somebody wants a lock: what comes first of the caller's signal, the time limit and the session's end. */
class Patience {
  readonly #controller = new AbortController();
  readonly #stops: (() => void)[] = [];

  constructor(
    client: Namespace,
    signal: AbortSignal | undefined,
    timeoutMs: number | undefined,
    key: string,
    session: Session | undefined,
  ) {
    const { runtime } = client.parts.pool;
    const end = (error: EtcdError | undefined): void => {
      this.#controller.abort(error);
    };
    if (signal !== undefined) {
      const onAborted = (): void => {
        end(new AbortError(signal.reason, false));
      };
      onAbort(signal, onAborted);
      this.#stops.push(() => {
        offAbort(signal, onAborted);
      });
    }
    if (timeoutMs !== undefined) {
      const onTimer = (): void => {
        const message = `lock "${key}" was not got within ${timeoutMs} ms`;
        end(new StatusError("ETCD_DEADLINE_EXCEEDED", message, { mayHaveApplied: false, grpcCode: 4 }));
      };
      const timer = runtime.setTimer(onTimer, timeoutMs, true);
      this.#stops.push(() => {
        runtime.clearTimer(timer);
      });
    }
    if (session !== undefined) {
      const onEnd = (): void => {
        end(session.endReason);
      };
      this.#stops.push(session.onEnd(onEnd));
    }
  }

  /** As `work` settles, if that comes before the end of patience. What becomes of `work` then, nobody hears. */
  until<T>(work: Promise<T>): Promise<T> {
    const { signal } = this.#controller;
    return new Promise((resolve, reject) => {
      const onAborted = (): void => {
        reject(signal.reason as Error);
      };
      onAbort(signal, onAborted);
      if (signal.aborted) onAborted();
      void work.then(resolve, reject).then(() => {
        offAbort(signal, onAborted);
      });
    });
  }

  /** Nobody waits any more. */
  close(): void {
    for (const stop of this.#stops) stop();
  }
}

/** The caller may change its own. */
const ownBytes = (value: BytesInput): Uint8Array => {
  requireContent(value, "value");
  return Buffer.from(toBytes(value, "value"));
};
