import type { LockLostError } from "../errors.js";

/**
 * Runs `work` with what is held, and gives that up whatever happens.
 *
 * @returns what `work` returned
 * @throws what `work` threw; LockLostError when `held` was lost before `work` was done, since its result may then rest on
 *   what others changed meanwhile; and what `giveUp` throws
 */
export const workUnder = async <Held extends { readonly lostReason: LockLostError | undefined }, T>(
  held: Held,
  work: (held: Held) => Promise<T> | T,
  giveUp: () => Promise<void>,
): Promise<T> => {
  let result: T;
  try {
    result = await work(held);
  } catch (error) {
    // The work's own failure is what the caller must see; a key that stays goes with its lease.
    await giveUp().catch(() => {});
    throw error;
  }
  const { lostReason } = held;
  await giveUp();
  if (lostReason !== undefined) throw lostReason;
  return result;
};
