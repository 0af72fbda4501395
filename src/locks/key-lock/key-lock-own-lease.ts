import { backoffMs } from "../../cluster/backoff.js";
import type { CallerOptions } from "../../client/calls.js";
import type { KeptLease } from "../../client/lease/kept-lease.js";
import type { Namespace } from "../../client/namespace.js";
import { EtcdError, LockLostError } from "../../errors.js";
import { KEY_REMOVAL_BACKOFF } from "../../options.js";
import type { BytesInput } from "../../txn/shape.js";
import { Session } from "../session.js";
import { ignoreFailure } from "./key-lock-claim.js";
import type { ClaimedKey, ClaimOutcome, ClaimTarget, KeyLockClaim } from "./key-lock-claim.js";
import { keyLockPlans } from "./key-lock-plans.js";

export interface OwnLeaseTarget extends ClaimTarget {
  readonly ttlSeconds: number;
  /** Is the lease renewed while the lock is held? */
  readonly renew: boolean;
  /** Undefined: the lease's id, in hex. */
  readonly value: BytesInput | undefined;
}

/**
 * An acquire with a lease of its own, which tells its key from all others. Revoking the lease undoes whatever the acquire
 * has done, and what of it etcd may do late: no key can be put with a lease that is gone.
 *
 * The first attempt looks before it grants. A grant is a write that every member has to store, and most tries of a lock
 * that is worth trying find it taken; keeping the lease for the next try instead would leave it behind after the last one.
 */
export class OwnLeaseClaim implements KeyLockClaim {
  readonly #target: OwnLeaseTarget;
  #lease: KeptLease | undefined;
  /** The lease was granted before a wait: some of its time may be over. */
  #hasWaited = false;
  #abandoned = false;
  /** The last attempt or preparation, settled either way. */
  #busy: Promise<unknown> = Promise.resolve();
  readonly #revokes: Promise<void>[] = [];

  constructor(target: OwnLeaseTarget) {
    this.#target = target;
  }

  /** KeyLockClaim. */
  attempt(): Promise<ClaimOutcome> {
    return this.#track(this.#attempt(true));
  }

  /** KeyLockClaim. */
  prepare(): Promise<void> {
    this.#hasWaited = true;
    return this.#track(this.#prepare());
  }

  /** KeyLockClaim. */
  hold(): ClaimedKey {
    const { client, key } = this.#target;
    const lease = this.#lease!;
    return {
      life: Session.overLeaseOf(key, client, lease),
      giveUp: async (options: CallerOptions, wasLost: boolean) => {
        try {
          await lease.revoke(options);
        } catch (error) {
          ignoreFailure(error);
          void revokeLease(client, lease);
          if (!wasLost) throw error;
        }
      },
    };
  }

  /** KeyLockClaim. */
  async abandon(): Promise<void> {
    this.#abandoned = true;
    await this.#busy;
    this.#drop();
    await Promise.all(this.#revokes);
  }

  #track<T>(work: Promise<T>): Promise<T> {
    this.#busy = work.catch(ignoreFailure);
    return work;
  }

  async #prepare(): Promise<void> {
    if (!this.#isAlive) await this.#grant();
  }

  async #attempt(isFirst: boolean): Promise<ClaimOutcome> {
    const { client, key, value, renew } = this.#target;
    const plans = keyLockPlans(client);
    if (!this.#isAlive) {
      const { responses, revision } = await plans.look.run({ key });
      const holder = responses[0]?.kvs[0];
      if (holder !== undefined) return { holder, revision };
      await this.#grant();
    }
    if (this.#abandoned)
      throw new EtcdError("ETCD_ABORTED", "nobody wants the lock", { mayHaveApplied: false });
    const { id } = this.#lease!;
    let createRevision: number;
    try {
      const result = await plans.acquire.run({ key, value: value ?? hex(id), lease: id });
      if (result.succeeded) createRevision = result.revision;
      else {
        const holder = result.responses[0].kvs[0]!;
        // Ours: the reply to an earlier copy of the transaction was lost.
        if (holder.lease !== id) return { holder, revision: result.revision };
        ({ createRevision } = holder);
      }
    } catch (error) {
      // Revoked by somebody, or lost to a leader that had stood still: another one may do.
      if (!(error instanceof EtcdError) || error.code !== "ETCD_LEASE_NOT_FOUND" || !isFirst) throw error;
      this.#drop();
      return this.#attempt(false);
    }
    if (!renew) await this.#renewForTheLastTime();
    if (!this.#isAlive) {
      throw new LockLostError("ETCD_SESSION_EXPIRED", `the lease of lock "${key}" ended before it was got`, {
        mayHaveApplied: false,
      });
    }
    return { createRevision, holder: undefined };
  }

  /** So that the lock has the whole TTL from here. */
  async #renewForTheLastTime(): Promise<void> {
    const { client } = this.#target;
    const lease = this.#lease!;
    if (this.#hasWaited) {
      try {
        // While it is asked for, the lease runs on.
        const timeoutMs = Math.max(1, Math.min(client.timeoutMs, lease.remainingMs / 2));
        this.#lease = await client.lease.keepAlive(lease.id, { timeoutMs });
        lease.orphan();
      } catch (error) {
        ignoreFailure(error);
        if ((error as EtcdError).code === "ETCD_LEASE_NOT_FOUND") throw error;
      }
    }
    this.#lease!.stop();
  }

  async #grant(): Promise<void> {
    const { client, ttlSeconds, renew } = this.#target;
    this.#drop();
    this.#lease = await client.lease.keepAlive(ttlSeconds);
    if (!renew && !this.#hasWaited) this.#lease.stop();
  }

  get #isAlive(): boolean {
    return this.#lease !== undefined && this.#lease.remainingMs > 0;
  }

  #drop(): void {
    const lease = this.#lease;
    this.#lease = undefined;
    if (lease !== undefined) this.#revokes.push(revokeLease(this.#target.client, lease));
  }
}

/** Revokes it, with its key, until that was answered or it has ended by itself. */
const revokeLease = async (client: Namespace, lease: KeptLease): Promise<void> => {
  const { runtime } = client.parts.pool;
  const endMs = runtime.now() + lease.ttlSeconds * 1_000;
  for (let failureCount = 1; ; failureCount++) {
    try {
      await lease.revoke();
      return;
    } catch (error) {
      ignoreFailure(error);
    }
    if (client.closed || runtime.now() >= endMs) return;
    const delayMs = backoffMs(failureCount, () => runtime.random(), KEY_REMOVAL_BACKOFF);
    await new Promise<void>((resolve) => {
      // Does not keep the process alive: the lease's end does the same.
      runtime.setTimer(resolve, delayMs);
    });
  }
};

const hex = (id: bigint): string => BigInt.asUintN(64, id).toString(16);
