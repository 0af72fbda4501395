/** The arguments and flags of `get`, `put` and `del`: of the commands, and of the operations in a transaction. */
import type { Command } from "commander";
import type { GetOptions, PutOptions, DeleteOptions, SortTarget } from "../index.js";
import { UsageError } from "./exit-codes.js";
import { addFlag } from "./global-flags.js";
import type { FlagValues } from "./global-flags.js";
import { parseCount, parseLeaseId } from "./numbers.js";

/** A key or value: an argument, or bytes from stdin. */
export type Operand = string | Uint8Array;

const addRangeFlags = (command: Command, verb: string): Command => {
  addFlag(command, "--prefix", `${verb} all keys that begin with the key`);
  return addFlag(command, "--from-key", `${verb} the key and all keys behind it`);
};

/** @throws UsageError */
const readRange = (
  operands: readonly Operand[],
  flags: FlagValues,
): { key: Operand; rangeEnd?: Operand; prefix?: boolean; fromKey?: boolean } => {
  const [key, rangeEnd] = operands;
  const prefix = flags["prefix"] === true;
  const fromKey = flags["fromKey"] === true;
  if (prefix && fromKey) throw new UsageError("--prefix and --from-key cannot both be given");
  if (rangeEnd !== undefined && (prefix || fromKey))
    throw new UsageError("a range end goes with neither --prefix nor --from-key");
  return {
    key: key!,
    ...(prefix ? { prefix } : {}),
    ...(fromKey ? { fromKey } : {}),
    // An empty range end is a key's own, as etcdctl has it.
    ...(rangeEnd === undefined || rangeEnd.length === 0 ? {} : { rangeEnd }),
  };
};

/** Flags of `get` that are numbers, with the options that they are. */
const GET_COUNTS = [
  ["limit", "limit", "at most this many keys"],
  ["rev", "revision", "as of this revision"],
  ["min-mod-rev", "minModRevision", "only keys last put at this revision or later"],
  ["max-mod-rev", "maxModRevision", "only keys last put at this revision or earlier"],
  ["min-create-rev", "minCreateRevision", "only keys created at this revision or later"],
  ["max-create-rev", "maxCreateRevision", "only keys created at this revision or earlier"],
] as const;

const propertyOf = (name: string): string =>
  name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());

export function defineGet(command: Command): Command {
  command
    .arguments("<key> [range_end]")
    .option("--consistency <l|s>", "linearizable, or serializable: any member's own state, which may be old")
    .option("--order <order>", "ASCEND or DESCEND")
    .option("--sort-by <target>", "CREATE, KEY, MODIFY, VALUE or VERSION");
  for (const [name, , description] of GET_COUNTS) command.option(`--${name} <n>`, description);
  addRangeFlags(command, "read");
  addFlag(command, "--keys-only", "leave the values out");
  addFlag(command, "--count-only", "only how many keys there are");
  return addFlag(command, "--print-value-only", "print no keys (simple only)");
}

const SORT_TARGETS: Readonly<Record<string, SortTarget>> = {
  CREATE: "createRevision",
  KEY: "key",
  MODIFY: "modRevision",
  VALUE: "value",
  VERSION: "version",
};
const SORT_ORDERS = { ASCEND: "ascend", DESCEND: "descend" } as const;

const oneOf = <Value>(names: Readonly<Record<string, Value>>, text: string, flag: string): Value => {
  const value = Object.hasOwn(names, text.toUpperCase()) ? names[text.toUpperCase()] : undefined;
  if (value !== undefined) return value;
  throw new UsageError(`${flag} is ${JSON.stringify(text)}: not one of ${Object.keys(names).join(", ")}`);
};

/** @throws UsageError */
export function readGet(
  operands: readonly Operand[],
  flags: FlagValues,
): { key: Operand; options: GetOptions & { rangeEnd?: Operand } } {
  const { key, ...range } = readRange(operands, flags);
  const options: Record<string, unknown> = { ...range };
  for (const [name, option] of GET_COUNTS) {
    const text = flags[propertyOf(name)];
    if (text !== undefined) options[option] = parseCount(String(text), `--${name}`);
  }
  const { consistency, order, sortBy } = flags as Record<string, string | undefined>;
  if (consistency !== undefined && consistency !== "l" && consistency !== "s")
    throw new UsageError(`--consistency is ${JSON.stringify(consistency)}: not l or s`);
  if (consistency === "s") options["serializable"] = true;
  if (order !== undefined || sortBy !== undefined) {
    options["sort"] = {
      target: oneOf(SORT_TARGETS, sortBy ?? "KEY", "--sort-by"),
      order: oneOf(SORT_ORDERS, order ?? "ASCEND", "--order"),
    };
  }
  if (flags["keysOnly"] === true && flags["countOnly"] === true)
    throw new UsageError("--keys-only and --count-only cannot both be given");
  if (flags["keysOnly"] === true) options["keysOnly"] = true;
  if (flags["countOnly"] === true) options["countOnly"] = true;
  return { key, options };
}

export function definePut(command: Command): Command {
  command.arguments("<key> [value]").option("--lease <id>", "the lease that the key dies with, in hex");
  addFlag(command, "--prev-kv", "print what was there before");
  addFlag(command, "--ignore-value", "keep the present value");
  return addFlag(command, "--ignore-lease", "keep the present lease");
}

/** `value` is undefined with --ignore-value, and where it is to come from stdin. @throws UsageError */
export function readPut(
  operands: readonly Operand[],
  flags: FlagValues,
): { key: Operand; value: Operand | undefined; options: PutOptions } {
  const [key, value] = operands;
  const ignoreValue = flags["ignoreValue"] === true;
  const ignoreLease = flags["ignoreLease"] === true;
  if (ignoreValue && value !== undefined) throw new UsageError("a value goes not with --ignore-value");
  const lease = flags["lease"] === undefined ? undefined : parseLeaseId(String(flags["lease"]), "--lease");
  if (ignoreLease && lease !== undefined) throw new UsageError("--lease goes not with --ignore-lease");
  return {
    key: key!,
    value,
    options: {
      ...(lease === undefined ? {} : { lease }),
      ...(flags["prevKv"] === true ? { prevKv: true } : {}),
      ...(ignoreValue ? { ignoreValue } : {}),
      ...(ignoreLease ? { ignoreLease } : {}),
    },
  };
}

export function defineDel(command: Command): Command {
  addRangeFlags(command.arguments("<key> [range_end]"), "delete");
  addFlag(command, "--range", "delete all keys from the key up to the range end, which must be given");
  return addFlag(command, "--prev-kv", "print what was deleted");
}

/** @throws UsageError */
export function readDel(
  operands: readonly Operand[],
  flags: FlagValues,
): { key: Operand; options: DeleteOptions & { rangeEnd?: Operand } } {
  const { key, ...range } = readRange(operands, flags);
  if (flags["range"] === true && range.rangeEnd === undefined)
    throw new UsageError("--range needs a range end");
  return { key, options: { ...range, ...(flags["prevKv"] === true ? { prevKv: true } : {}) } };
}
