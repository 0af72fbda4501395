import type { CallerOptions } from "../../client/calls.js";
import type { Namespace } from "../../client/namespace.js";
import { EtcdError } from "../../errors.js";
import type { KeyValue } from "../../txn/key-value.js";
import type { LockLife } from "../lock.js";

/** The key was put, or is there: somebody holds it. */
export type ClaimOutcome =
  | { readonly createRevision: number; readonly holder: undefined }
  | {
      readonly holder: KeyValue;
      /** The store's revision at which it was there. */
      readonly revision: number;
    };

/** What a lock is made of when a claim has succeeded. */
export interface ClaimedKey {
  readonly life: LockLife;
  /** As `LockParts.giveUp`. */
  readonly giveUp: (options: CallerOptions, wasLost: boolean) => Promise<void>;
}

/** One acquire of a key lock: how often it tries, its owner decides. */
export interface KeyLockClaim {
  /** One try. Not to be interrupted: to give up, `abandon`. */
  attempt(): Promise<ClaimOutcome>;
  /** Makes ready for another try after a wait, so that it takes no more than one transaction. */
  prepare(): Promise<void>;
  /** After an attempt that succeeded. */
  hold(): ClaimedKey;
  /**
   * Instead of `hold`: nothing of the claim stays, also of an attempt that is under way. Resolves when that is so, or what
   * is left will end with its lease.
   */
  abandon(): Promise<void>;
}

/** What every claim is for. */
export interface ClaimTarget {
  readonly client: Namespace;
  readonly key: string;
}

/** Its outcome is somebody else's to hear of. */
export const ignoreFailure = (error: unknown): void => {
  if (!(error instanceof EtcdError)) throw error;
};
