import { ArgumentError } from "../../errors.js";
import { LockRequest, UnlockRequest } from "../../messages/generated.js";
import { int64Text, toSafeInteger } from "../../messages/numbers.js";
import { Bytes } from "../../txn/bytes.js";
import type { BytesInput } from "../../txn/shape.js";
import type { CallerOptions, Calls } from "../calls.js";
import { KeySpace } from "../key-space.js";
import { patientOptions } from "./patient-options.js";
import { LOCK, UNLOCK } from "./recipe-methods.js";

/** Options of `serverLock.lock`. Without `timeoutMs` it waits for as long as it takes. */
export interface ServerLockOptions extends CallerOptions {
  /**
   * The lease that the lock lives with; keep it alive. Not optional: without one the server makes its own, of 60 s, which
   * nobody can renew.
   */
  lease: bigint;
}

/** A lock that the server has taken for us. */
export interface ServerLockResult {
  /** What to unlock; exists for as long as the lock is held. */
  readonly key: Bytes;
  readonly revision: number;
}

const ALL_KEYS = new KeySpace();

/**
 * The server's own lock service, for sharing locks with those who use it; `Mutex` is faster and promises more. Servers
 * up to 3.4.23, at least, say "locked" without looking whether the lease is still there (etcd-io/etcd#11456), and nobody
 * is told when the lease ends.
 */
export class ServerLock {
  readonly #calls: Calls;

  /** @internal */
  constructor(calls: Calls) {
    this.#calls = calls;
  }

  /**
   * Waits for the lock and takes it. An abort, or the deadline, ends the wait at the server too. Not repeated if its
   * outcome is unknown: to be sure not to hold it then, unlock `name/` + the lease's id in hex, or revoke the lease.
   */
  async lock(name: BytesInput, options: ServerLockOptions): Promise<ServerLockResult> {
    const lease = leaseText(options);
    const checked = patientOptions(this.#calls, options, ["lease"], Infinity);
    const request = new LockRequest({ name: ALL_KEYS.key(name, "name"), lease });
    const { header, key } = await this.#calls.unary(LOCK, request, checked);
    return { key: Bytes.copyOf(key), revision: toSafeInteger(header?.revision ?? "0", "revision") };
  }

  /** Gives the lock back. Says nothing about whether it was still held. Repeated if need be. */
  async unlock(key: BytesInput, options: CallerOptions = {}): Promise<{ readonly revision: number }> {
    const request = new UnlockRequest({ key: ALL_KEYS.key(key) });
    const { header } = await this.#calls.unary(UNLOCK, request, this.#calls.options(options));
    return { revision: toSafeInteger(header?.revision ?? "0", "revision") };
  }
}

/** The lease among a call's options, as the messages want it. @throws ArgumentError */
export const leaseText = (options: unknown): string => {
  const { lease } = (options ?? {}) as { lease?: unknown };
  if (typeof lease !== "bigint" || lease === 0n) {
    throw new ArgumentError("lease must be a lease's id, a bigint, and not 0n");
  }
  return int64Text(lease, "lease");
};
