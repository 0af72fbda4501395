import { requirePositive } from "../../client/kv/kv-options.js";
import type { CallerOptions } from "../../client/calls.js";
import type { Namespace } from "../../client/namespace.js";
import { backoffMs } from "../../cluster/backoff.js";
import { Wait, shown } from "../../cluster/wait.js";
import { ArgumentError, EtcdError, StatusError } from "../../errors.js";
import { STM_BACKOFF } from "../../options.js";
import { Lock } from "../lock.js";
import { StmAttempt } from "./stm-attempt.js";
import type { StmReads, StmTxn } from "./stm-attempt.js";
import { commit } from "./stm-commit.js";
import type { StmIsolation, StmOutcome } from "./stm-commit.js";

export type { StmIsolation } from "./stm-commit.js";

/** What `stm` takes besides the function. */
export interface StmOptions extends CallerOptions {
  /**
   * As in Go's `concurrency.STM`, from strict to loose:
   *
   * - `serializable-snapshot`, the default: all reads are of one revision, that of the first one. Nothing is written if a
   *   key that was read has changed since, or a key that is to be written.
   * - `serializable`: the same, but a key that is written without having been read may have changed. What is committed
   *   is as if the transactions had run one after the other.
   * - `repeatable-reads`: each key is read when it is first asked for, so the function may see one key as it was before
   *   another's transaction and the next as it is after it. What it has made of that is not committed, since keys that
   *   were read must not have changed; but it must not trip over it.
   * - `read-committed`: as `repeatable-reads`, and what was read may have changed: nothing is ever tried again, and
   *   updates of others may be lost.
   */
  isolation?: StmIsolation | undefined;
  /** How often to try, the first time included. Default: until it is done or time is up. */
  maxAttempts?: number | undefined;
  /**
   * A lock of a session of the same client or namespace: writes are done only if it is held at that moment, as `lock.txn`
   * does it. It takes a condition or two of etcd's 128, twice.
   */
  guard?: Lock | undefined;
}

/** What became of it. */
export interface StmResult<T> {
  /** What the function returned, in the attempt that was committed. */
  readonly value: T;
  /** How often the function ran. */
  readonly attempts: number;
  /**
   * The store's revision after the commit, which the keys that were put have as their `modRevision`. If nothing was
   * written, the revision of what was read; 0 if nothing was read either.
   */
  readonly revision: number;
}

const OPTIONS = ["isolation", "maxAttempts", "guard"] as const;
const ISOLATIONS: readonly unknown[] = [
  "serializable-snapshot",
  "serializable",
  "repeatable-reads",
  "read-committed",
] satisfies StmIsolation[];

const NOTHING_READ: StmReads = new Map();

/**
 * Software transactional memory: reads and writes of keys, over as many round trips as they take, that are done as one,
 * or not at all.
 *
 * `work` gets a transaction to read and write through. When it has returned, its writes are committed in one transaction
 * of etcd, on the condition that nothing has changed that they rest on; if something has, `work` runs again, after a wait
 * that grows, so it must do nothing that must not be done twice. A function that throws writes nothing, and what it
 * throws comes out. One that writes nothing costs its reads alone.
 *
 * ```ts
 * const { value } = await stm(client, async (txn) => {
 *   const [from, to] = await txn.getMany(["accounts/a", "accounts/b"]);
 *   if (Number(from) < 10) return false;
 *   txn.put("accounts/a", String(Number(from) - 10));
 *   txn.put("accounts/b", String(Number(to) + 10));
 *   return true;
 * });
 * ```
 *
 * `timeoutMs` is for all of it, `work` included; default: the client's, which is
 * 10 s unless it was told otherwise. When it has passed, or `signal` fires, `work` is
 * not waited for any longer, and what it then still asks of its transaction is refused.
 *
 * @throws EtcdError ETCD_CONFLICT after `maxAttempts`; ETCD_TOO_MANY_OPERATIONS if it has read or written more than the
 *   128 keys that one transaction of etcd can hold
 * @throws EtcdError whose `mayHaveApplied` is true if the outcome of the commit is unknown; it is not repeated
 * @throws LockLostError if `guard` is not held any more
 * @throws AbortError when `signal` fires, StatusError ETCD_DEADLINE_EXCEEDED after `timeoutMs`
 */
export const stm = async <T>(
  client: Namespace,
  work: (txn: StmTxn) => Promise<T> | T,
  options: StmOptions = {},
): Promise<StmResult<T>> => {
  if ((client as Partial<Namespace> | undefined)?.parts === undefined)
    throw new ArgumentError("the first argument must be a Client, or a namespace of one");
  if (typeof work !== "function") throw new ArgumentError("the second argument must be a function");
  const { calls, pool } = client.parts;
  const { timeoutMs, signal } = calls.options(options, OPTIONS);
  const { isolation = "serializable-snapshot", guard } = options;
  if (!ISOLATIONS.includes(isolation))
    throw new ArgumentError(`isolation is ${shown(isolation)}: not one of ${ISOLATIONS.join(", ")}`);
  const attemptMaxCount =
    options.maxAttempts === undefined ? Infinity : requirePositive(options.maxAttempts, "maxAttempts");
  requireGuard(client, guard);

  const { runtime } = pool;
  const wait = new Wait(runtime, timeoutMs, signal);
  const readsOneRevision = isolation === "serializable-snapshot" || isolation === "serializable";
  let fresh = NOTHING_READ;
  for (let attempts = 1; ; attempts++) {
    wait.throwIfAborted(false);
    guard?.assertHeld();
    const attempt = new StmAttempt(client, wait, attempts, readsOneRevision, fresh);
    const late = (): EtcdError => lateError(timeoutMs, attempts);
    const { value, outcome } = await tryOnce(attempt, work, wait, late, async () => {
      guard?.assertHeld();
      return commit(client, attempt, isolation, guard, wait);
    });
    if (outcome.committed) return { value: value as T, attempts, revision: outcome.revision };
    if (attempts >= attemptMaxCount) throw conflict(attempts);
    fresh = outcome.fresh;
    // The first repeat comes at once: what is new has just come.
    if (attempts > 1) {
      const baseMs = Math.max(1, outcome.roundTripMs);
      const capMs = Math.min(STM_BACKOFF.capMs, baseMs * STM_BACKOFF.roundTripsMax);
      const pauseMs = backoffMs(attempts - 1, () => runtime.random(), { baseMs, capMs });
      await wait.sleep(pauseMs);
      // After a wait that is longer than asking again takes, it pays to ask.
      if (pauseMs > outcome.roundTripMs) fresh = NOTHING_READ;
    }
    if (wait.remainingMs <= 0) throw late();
  }
};

const tryOnce = async <T>(
  attempt: StmAttempt,
  work: (txn: StmTxn) => Promise<T> | T,
  wait: Wait,
  late: () => EtcdError,
  done: () => Promise<StmOutcome>,
): Promise<{ readonly value: T | undefined; readonly outcome: StmOutcome }> => {
  let tooLate: EtcdError | undefined;
  try {
    const value = await wait.for(perform(work, attempt), () => (tooLate = late()));
    attempt.end();
    // It may have taken a read that failed for a key that is not there.
    if (attempt.failure !== undefined) throw attempt.failure;
    return { value, outcome: await done() };
  } catch (error) {
    attempt.end();
    if (error === tooLate) {
      // A read whose time is up as well, a moment later, knows why it was not answered.
      await attempt.readsEnded();
      const { failure } = attempt;
      throw failure === undefined || isCompacted(failure) ? error : failure;
    }
    if (!isCompacted(attempt.failure)) throw error;
    // The past that it had begun to read is gone: a newer one is as good.
    return { value: undefined, outcome: { committed: false, fresh: NOTHING_READ, roundTripMs: 0 } };
  }
};

/** Async, so that what it throws at once is a rejection too. */
const perform = async <T>(work: (txn: StmTxn) => Promise<T> | T, attempt: StmAttempt): Promise<T> =>
  work(attempt);

const isCompacted = (failure: unknown): boolean =>
  failure instanceof EtcdError && failure.code === "ETCD_COMPACTED";

const times = (count: number): string => (count === 1 ? "once" : `${count} times`);

const conflict = (attempts: number): EtcdError =>
  new EtcdError("ETCD_CONFLICT", `the transaction was tried ${times(attempts)}, and others were faster`, {
    mayHaveApplied: false,
    attempts,
  });

const lateError = (timeoutMs: number, attempts: number): EtcdError =>
  new StatusError(
    "ETCD_DEADLINE_EXCEEDED",
    `the transaction was not done within ${timeoutMs} ms, in which it was tried ${times(attempts)}`,
    { mayHaveApplied: false, grpcCode: 4, attempts },
  );

const requireGuard = (client: Namespace, guard: unknown): void => {
  if (guard === undefined) return;
  if (!(guard instanceof Lock)) throw new ArgumentError("guard must be a Lock");
  // Its conditions would be about other keys.
  if (
    guard.client.parts !== client.parts ||
    Buffer.compare(guard.client.space.prefix, client.space.prefix) !== 0
  )
    throw new ArgumentError("guard must be a lock of the same client and namespace");
};
