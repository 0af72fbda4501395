import { isUtf8 } from "node:buffer";

import { EtcdError } from "../../errors.js";
import type { ErrorCode } from "../../errors.js";
import type { KeyValue } from "../../txn/key-value.js";

/** As much of a value as fits a line of a log. */
const SHOWN_MAX_CHARACTERS = 64;
const SHOWN_MAX_BYTES = 32;

/** Line breaks and control characters would forge lines of a log, and marks for direction turn them around. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
const escaped = (character: string): string => `\\u{${character.codePointAt(0)!.toString(16)}}`;

/**
 * Bytes as a message may hold them: text as it is, with what cannot be seen written as `\u{a}`; other bytes in hex; two
 * quotes for nothing. Cut to some 64 characters, with the whole length behind that.
 */
export const shownBytes = (bytes: Uint8Array): string => {
  if (bytes.length === 0) return '""';
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const size = ` (${bytes.length} bytes)`;
  if (!isUtf8(buffer)) {
    const hex = `0x${buffer.subarray(0, SHOWN_MAX_BYTES).toString("hex")}`;
    return bytes.length > SHOWN_MAX_BYTES ? `${hex}…${size}` : hex;
  }
  // Enough for so many characters of four bytes. As of a stream: one that is cut through is left out.
  const head = buffer.subarray(0, 4 * (SHOWN_MAX_CHARACTERS + 1));
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const characters = Array.from(decoder.decode(head, { stream: true }));
  const text = characters.slice(0, SHOWN_MAX_CHARACTERS).join("").replace(UNSEEN, escaped);
  return characters.length > SHOWN_MAX_CHARACTERS ? `${text}…${size}` : text;
};

/** What a CompareError is made of. */
export interface FailedCompare {
  readonly code: Extract<ErrorCode, "ETCD_COMPARE_FAILED" | "ETCD_KEY_EXISTS" | "ETCD_KEY_NOT_FOUND">;
  readonly key: Uint8Array;
  /** In words. */
  readonly cause: string;
  readonly current: KeyValue | undefined;
  readonly revision: number;
  readonly mayHaveApplied: boolean;
}

const WORDS: Readonly<Record<FailedCompare["code"], string>> = {
  ETCD_COMPARE_FAILED: "compare failed",
  ETCD_KEY_EXISTS: "key already exists",
  ETCD_KEY_NOT_FOUND: "key not found",
};

/**
 * A compare-and-swap or compare-and-delete whose conditions did not hold. `code` is one of
 *
 * - ETCD_COMPARE_FAILED: the key has another value or another mod revision than the one given,
 * - ETCD_KEY_EXISTS: it was to be created, and is there,
 * - ETCD_KEY_NOT_FOUND: it was to be there, and is not.
 *
 * `mayHaveApplied` is false, unless the call was `repeatable` and was repeated: the first copy of it may have been done,
 * and be the very reason why the conditions of the second one do not hold.
 */
export class CompareError extends EtcdError {
  override name = "CompareError";
  /**
   * The cause in words, as etcd v2 wrote it (getCompareFailCause in its store/store.go): what was given, then what is
   * there, the value before the revision: `[two != one]`, `[7 != 9]`, `[two != one] [7 != 9]`. Of the other two codes it
   * is the key. For people: long values are cut, bytes that are no text are in hex.
   */
  declare readonly cause: string;
  /** The key as it was found; undefined if there is none. */
  readonly current: KeyValue | undefined;
  /** The store's revision at which it was found so. */
  readonly revision: number;

  /** @internal */
  constructor({ code, key, cause, current, revision, mayHaveApplied }: FailedCompare) {
    const about = code === "ETCD_COMPARE_FAILED" ? `${shownBytes(key)}: ${cause}` : cause;
    super(code, `${WORDS[code]}: ${about}`, { mayHaveApplied, attempts: 1, cause });
    this.current = current;
    this.revision = revision;
  }

  override toJSON(): object {
    const { current, revision } = this;
    return { ...super.toJSON(), revision, current };
  }
}
