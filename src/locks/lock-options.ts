import type { LockHolder } from "./lock-holder.js";
import type { Lock } from "./lock.js";

export interface LockOptions {
  /** Ends the wait with an AbortError; our place in the line is then cleaned up in the background. */
  signal?: AbortSignal | undefined;
  /** How long to wait for the lock, in milliseconds. Default: until it is got, or the session ends. */
  timeoutMs?: number | undefined;
}

/** The lock, or who has it. */
export type TryLockResult =
  | { readonly lock: Lock; readonly holder: undefined }
  | { readonly lock: undefined; readonly holder: LockHolder };
