import { AsyncLocalStorage } from "node:async_hooks";
import type { Namespace } from "../../client/namespace.js";
import { EtcdError } from "../../errors.js";
import type { LockLostError } from "../../errors.js";
import { offAbort, onAbort } from "../../rpc/abort-listeners.js";
import { Lock } from "../lock.js";
import type { LockLife } from "../lock.js";
import type { Session } from "../session.js";

/** A lock that the running task has, and those around it. */
interface Held {
  readonly session: Session;
  readonly lock: Lock;
  readonly outer: Held | undefined;
}

/**
 * The locks within whose `withLock` the running code is. Made by the first `withLock`: from then on Node 20 carries a
 * context along with every promise of the process, which takes 65 ns for each one awaited (20.20.2: 123 instead of 58 ns), about
 * 1 % of a prepared transaction's `run`.
 */
let tasks: AsyncLocalStorage<Held> | undefined;

/** Runs `work` as the task that has `lock`, with all that it starts. */
export const runWithin = <T>(session: Session, lock: Lock, work: () => T): T => {
  tasks ??= new AsyncLocalStorage<Held>();
  return tasks.run({ session, lock, outer: tasks.getStore() }, work);
};

/** The lock of this name that the running task has, and has not lost. */
export const heldWithin = (session: Session, name: string): Lock | undefined => {
  for (let held = tasks?.getStore(); held !== undefined; held = held.outer) {
    const { lock } = held;
    if (held.session === session && lock.name === name && lock.isHeld) return lock;
  }
  return undefined;
};

export const reentered = (name: string): EtcdError =>
  new EtcdError(
    "ETCD_LOCK_REENTERED",
    `lock "${name}" is held by the task that asks for it again, which would wait for itself: use the lock that it has, or a Mutex with reentrant: true`,
    { mayHaveApplied: false },
  );

/** The same lock once more, for a part of the task that has it: ends with it at the latest, and releasing it gives nothing up. */
export const innerLock = (outer: Lock): Lock => {
  const life = new HeldLife(outer);
  const { name, key, token } = outer;
  const inner: Lock = new Lock({
    life,
    name,
    key,
    token,
    guard: outer.guard(),
    onEnd: (wasLost) => {
      if (wasLost) outer.lose(inner.lostReason!);
    },
    giveUp: () => Promise.resolve(),
  });
  return inner;
};

/** A lock as what another one lives on. */
class HeldLife implements LockLife {
  readonly client: Namespace;
  readonly #outer: Lock;

  constructor(outer: Lock) {
    this.client = outer.client;
    this.#outer = outer;
  }

  get remainingMs(): number {
    return this.#outer.remainingMs;
  }

  get endReason(): LockLostError | undefined {
    const { signal } = this.#outer;
    return signal.aborted ? (signal.reason as LockLostError) : undefined;
  }

  onEnd(callback: () => void): () => void {
    const { signal } = this.#outer;
    onAbort(signal, callback);
    return () => {
      offAbort(signal, callback);
    };
  }
}
