/** Reads the values of options. What makes no sense is a `UsageError` that names the option. */
import { parseDurationMs } from "../../src/cli/duration.js";
import { UsageError } from "../../src/cli/exit-codes.js";

export type Parse<T> = (text: string, name: string) => T;

const wants = (name: string, text: string, what: string): UsageError =>
  new UsageError(`${name} is ${JSON.stringify(text)}: ${what}`);

export const positiveNumber: Parse<number> = (text, name) => {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value <= 0)
    throw wants(name, text, "write a number above 0");
  return value;
};

export const positiveInteger: Parse<number> = (text, name) => {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value === 0)
    throw wants(name, text, "write a whole number above 0");
  return value;
};

/** A xorshift generator's state: 32 bits. */
export const seedNumber: Parse<number> = (text, name) => {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > 0xffffffff)
    throw wants(name, text, "write a whole number from 0 to 4294967295");
  return value;
};

export const duration: Parse<number> = parseDurationMs;

/** Something has to happen in it. */
export const positiveDuration: Parse<number> = (text, name) => {
  const ms = parseDurationMs(text, name);
  if (ms === 0) throw wants(name, text, "nothing can be done in no time");
  return ms;
};

/** etcd counts a lease's life in seconds. */
export const wholeSeconds: Parse<number> = (text, name) => {
  const ms = positiveDuration(text, name);
  if (ms % 1_000 !== 0) throw wants(name, text, "leases live for whole seconds");
  return ms / 1_000;
};

const UNIT_BYTES: Readonly<Record<string, number>> = { "": 1, B: 1, KiB: 2 ** 10, MiB: 2 ** 20 };

export const byteCount: Parse<number> = (text, name) => {
  const [, digits, unit = ""] = /^(\d+)(B|KiB|MiB)?$/.exec(text) ?? [];
  if (digits === undefined) throw wants(name, text, "write a number of bytes such as 16, 4KiB or 1MiB");
  return Number(digits) * UNIT_BYTES[unit]!;
};

export const oneOf =
  <T extends string>(...words: readonly T[]): Parse<T> =>
  (text, name) => {
    const word = words.find((each) => each === text);
    if (word === undefined) throw wants(name, text, `there is ${words.join(", ")}`);
    return word;
  };

/** Separated by commas, each once. */
export const list =
  <T>(parse: Parse<T>): Parse<readonly T[]> =>
  (text, name) => [...new Set(text.split(",").map((part) => parse(part.trim(), name)))];

export const word: Parse<string> = (text, name) => {
  if (text === "") throw wants(name, text, "something is missing there");
  return text;
};
