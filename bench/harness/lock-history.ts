import type { Hold } from "./workload.js";

/** What the holds of all contenders for one name show when they are laid side by side. */
export interface LockHistory {
  /** Holders that got the lock before the one ahead had called release: mutual exclusion is broken. */
  readonly overlapCount: number;
  /** Holders whose token is not larger than the one ahead's: fencing would let an old holder pass. */
  readonly tokenDisorderCount: number;
  /**
   * From a release call to the next holder's return from acquire, for holds acquired inside the window. The next holder
   * is another one, where that is known: without a queue, who has just let go is often first again.
   */
  readonly handoversUs: readonly number[];
}

/**
 * All holds of one name, in any order, from any number of processes. A hold counts from the return of its acquire to
 * the call of its release, so a true overlap cannot be hidden by the clock, and none is invented by a late reply.
 */
export const checkLockHistory = (
  holds: readonly Hold[],
  windowStartUs = -Infinity,
  windowEndUs = Infinity,
): LockHistory => {
  const ordered = holds.toSorted((a, b) => a.acquiredUs - b.acquiredUs);
  let overlapCount = 0;
  let tokenDisorderCount = 0;
  const handoversUs: number[] = [];
  let heldUntilUs = -Infinity;
  let holder: number | undefined;
  let highestToken = -Infinity;
  for (const hold of ordered) {
    if (hold.acquiredUs < heldUntilUs) overlapCount++;
    else if (
      hold.acquiredUs >= windowStartUs &&
      hold.acquiredUs < windowEndUs &&
      heldUntilUs > -Infinity &&
      (hold.holder === undefined || hold.holder !== holder)
    )
      handoversUs.push(hold.acquiredUs - heldUntilUs);
    holder = hold.holder;
    heldUntilUs = Math.max(heldUntilUs, hold.releasedUs);
    if (hold.token === undefined) continue;
    if (hold.token <= highestToken) tokenDisorderCount++;
    highestToken = Math.max(highestToken, hold.token);
  }
  return { overlapCount, tokenDisorderCount, handoversUs };
};
