/**
 * Values that gRPC writes its own way into HTTP/2 headers: `grpc-message`, `grpc-timeout` and the `-bin` metadata
 * ("gRPC over HTTP2", grpc/grpc doc/PROTOCOL-HTTP2.md, Requests and Responses).
 */

/**
 * The text of a `grpc-message`. Never throws, whatever the peer wrote: an escape that is none stays as it is, and
 * bytes that are not UTF-8 become U+FFFD. The text explains an error, so a damaged one is better than a second error.
 */
export const decodePercent = (value: string): string => {
  if (!value.includes("%")) return value;
  // Characters outside ASCII must not occur here. They are kept, and in UTF-8 none takes over three bytes per unit.
  const bytes = Buffer.allocUnsafe(3 * value.length);
  let length = 0;
  let from = 0;
  for (let at = value.indexOf("%"); at !== -1; at = value.indexOf("%", at + 1)) {
    const byte = hexByte(value, at + 1);
    if (byte < 0) continue;
    length += bytes.write(value.slice(from, at), length, "utf8");
    bytes[length++] = byte;
    from = at + 3;
    at += 2;
  }
  length += bytes.write(value.slice(from), length, "utf8");
  return bytes.toString("utf8", 0, length);
};

/** The value of two hex digits, or -1. */
const hexByte = (value: string, at: number): number => {
  const high = hexDigit(value.charCodeAt(at));
  const low = hexDigit(value.charCodeAt(at + 1));
  return high < 0 || low < 0 ? -1 : high * 16 + low;
};

/** Takes the NaN of a position behind the end as no digit. */
const hexDigit = (code: number): number => {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : -1;
};

/** TimeoutValue has at most eight digits. */
const TIMEOUT_MAX = 99_999_999;
/** From a millisecond to the coarsest unit; a unit is left when its eight digits are used up, at 27 hours for `m`. */
const TIMEOUT_UNITS = [
  ["m", 1],
  ["S", 1_000],
  ["M", 60_000],
  ["H", 3_600_000],
] as const;

/**
 * A `grpc-timeout` for a length of time in milliseconds. Rounded up, so that the server never gives up before our
 * own timer does, and never 0, which servers take for "expired". `Infinity` becomes the longest there is, 11,000
 * years; a time that has passed becomes `1m`.
 */
export const encodeTimeout = (timeoutMs: number): string => {
  for (const [unit, unitMs] of TIMEOUT_UNITS) {
    const value = Math.ceil(timeoutMs / unitMs);
    if (value <= TIMEOUT_MAX) return `${Math.max(value, 1)}${unit}`;
  }
  return `${TIMEOUT_MAX}H`;
};

/**
 * The values of a `-bin` header. A header that occurs more than once may arrive joined by commas, which Base64 does
 * not use, so there may be several. With or without padding; never throws: a character that is not Base64 is skipped.
 */
export const decodeBase64Metadata = (value: string): Buffer[] =>
  value.split(",").map((part) => Buffer.from(part, "base64"));

/** A value for a `-bin` header: Base64 without padding, which the specification prefers. */
export const encodeBase64Metadata = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64").replace(/=+$/, "");
