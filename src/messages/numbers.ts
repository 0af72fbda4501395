/**
 * 64-bit fields travel through the generated classes as decimal strings (`jstype = JS_STRING`), because a JavaScript
 * number cannot hold them all. Here they become what the API hands out: `bigint` for lease, member and cluster ids,
 * which use all 64 bits, and `number` for revisions, versions, counts and TTLs, which count from zero and stay small.
 */
import { ArgumentError, ProtocolError } from "../errors.js";

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;
const UINT64_MAX = 2n ** 64n - 1n;

/** A field's text as it is, for ids. */
export function toBigInt(text: string): bigint {
  return BigInt(text);
}

/**
 * A field's text as a number. Beyond ±(2^53 − 1) it throws `ETCD_PROTOCOL` instead of rounding: a wrong revision is
 * a wrong lock token. The reply was there, so what was asked for may have happened.
 */
export function toSafeInteger(text: string, field: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) {
    throw new ProtocolError("ETCD_PROTOCOL", `${field} is ${text}: not an integer within ±(2^53 - 1)`, {
      mayHaveApplied: true,
    });
  }
  return value;
}

/** Text for an `int64` field. Throws `ETCD_INVALID_ARGUMENT` for a fraction, an unsafe number, or over 64 bits. */
export function int64Text(value: bigint | number, field: string): string {
  return rangeText(value, INT64_MIN, INT64_MAX, field);
}

/** Text for a `uint64` field. Throws as `int64Text` does, and for anything below zero. */
export function uint64Text(value: bigint | number, field: string): string {
  return rangeText(value, 0n, UINT64_MAX, field);
}

function rangeText(value: bigint | number, min: bigint, max: bigint, field: string): string {
  if (typeof value === "number" && !Number.isSafeInteger(value)) {
    throw new ArgumentError(
      `${field} is ${value}: not an integer within ±(2^53 - 1); pass a bigint for more`,
    );
  }
  if (value < min || value > max)
    throw new ArgumentError(`${field} is ${value}: not within ${min} and ${max}`);
  // BigInt turns -0 into "0".
  return BigInt(value).toString();
}
