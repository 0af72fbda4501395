/** Go's quoted strings (strconv.Quote, %q), of bytes: what is not UTF-8 is `\xff`. */
import { UsageError } from "./exit-codes.js";

const SHORT: Readonly<Record<string, string>> = {
  "\x07": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  "\\": "\\\\",
  '"': '\\"',
};
const LONG: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.entries(SHORT).map(([sign, short]) => [short.slice(1), sign])),
  "'": "'",
};

/** Go's strconv.IsPrint: letters, marks, numbers, punctuation, symbols, and of the spaces the ASCII one. */
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0");

/** `"a\nb"` */
export function goQuote(bytes: Uint8Array): string {
  let quoted = '"';
  for (let at = 0; at < bytes.length;) {
    const length = sequenceLength(bytes, at);
    if (length === 0) {
      quoted += `\\x${hex(bytes[at]!, 2)}`;
      at++;
      continue;
    }
    const sign = Buffer.from(bytes.buffer, bytes.byteOffset + at, length).toString("utf8");
    at += length;
    const code = sign.codePointAt(0)!;
    if (SHORT[sign] !== undefined) quoted += SHORT[sign];
    else if (PRINTABLE.test(sign)) quoted += sign;
    else if (code < 0x80) quoted += `\\x${hex(code, 2)}`;
    else quoted += code > 0xffff ? `\\U${hex(code, 8)}` : `\\u${hex(code, 4)}`;
  }
  return `${quoted}"`;
}

/** How many bytes the UTF-8 sequence at `at` has; 0 if there is none. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!;
  if (first < 0x80) return 1;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (at + length > bytes.length) return 0;
  const sequence = Buffer.from(bytes.buffer, bytes.byteOffset + at, length);
  // Decoding it and back finds overlong forms and surrogates too.
  return Buffer.from(sequence.toString("utf8"), "utf8").equals(sequence) ? length : 0;
}

/** Escapes of a quoted string; the last form takes what is none. */
const ESCAPE = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|([^]?))/g;

/**
 * What stands between the quotes of a quoted string, both as text of one character per byte ("latin1").
 *
 * @throws UsageError for an escape that Go does not have
 */
export function goUnquote(content: string): string {
  return content.replace(
    ESCAPE,
    (escape, byte?: string, short?: string, long?: string, octal?: string, letter?: string) => {
      if (byte !== undefined) return String.fromCharCode(parseInt(byte, 16));
      if (octal !== undefined) return String.fromCharCode(parseInt(octal, 8));
      const code = short ?? long;
      if (code !== undefined) {
        const value = parseInt(code, 16);
        if (value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
          throw new UsageError(`${escape} is no character`);
        return Buffer.from(String.fromCodePoint(value), "utf8").toString("latin1");
      }
      const sign = LONG[letter ?? ""];
      if (sign === undefined) throw new UsageError(`${escape} is no escape that Go's strings have`);
      return sign;
    },
  );
}
