import { UsageError } from "./exit-codes.js";

/**
 * A count or a revision.
 *
 * @param name whose value it is, for the error
 * @throws UsageError
 */
export function parseCount(text: string, name: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (Number.isSafeInteger(value)) return value;
  throw new UsageError(`${name} is ${JSON.stringify(text)}: not a whole number from 0 to 2^53 - 1`);
}

/**
 * A lease's id: hex digits, as etcdctl takes and prints it.
 *
 * @throws UsageError
 */
export function parseLeaseId(text: string, name: string): bigint {
  if (/^(0x)?[0-9a-fA-F]{1,16}$/.test(text)) return BigInt.asIntN(64, BigInt(`0x${text.replace(/^0x/, "")}`));
  throw new UsageError(
    `${name} is ${JSON.stringify(text)}: not a lease's id in hex, such as 694d77aa9e38260f`,
  );
}

/** Go's %016x */
export const leaseText = (id: bigint): string => BigInt.asUintN(64, id).toString(16).padStart(16, "0");
