/**
 * Transactions as etcdctl reads them: three blocks of lines, each ended by an empty line.
 *
 *   mod("key1") > "0"                 compares: create, mod, version, value or lease; =, !=, < or >
 *   value("key2") = "one"
 *
 *   put key1 "a value"                what is done if all hold: get, put and del with their flags
 *   get key2 --prefix
 *
 *   del key1                          what is done otherwise
 *
 * Keys and operands of compares are Go's quoted strings. Words of requests are quoted by `"` (with Go's escapes), by `'`
 * (without any), or not at all. Lines are text of one character per byte ("latin1"), so that any bytes pass.
 */
import { Command } from "commander";
import type { Compare, CompareOperator, Operation, TxnShape } from "../index.js";
import { normalizeArguments } from "./command-line.js";
import { UsageError } from "./exit-codes.js";
import type { FlagValues } from "./global-flags.js";
import { goUnquote } from "./go-quote.js";
import { defineDel, defineGet, definePut, readDel, readGet, readPut } from "./kv-arguments.js";
import { parseCount, parseLeaseId } from "./numbers.js";

/** Names of what is compared, as the parts of a transaction have them. */
const TARGETS = {
  ver: "version",
  version: "version",
  c: "createRevision",
  create: "createRevision",
  m: "modRevision",
  mod: "modRevision",
  val: "value",
  value: "value",
  lease: "lease",
} as const;
const OPERATORS: readonly string[] = ["=", "!=", "<", ">"] satisfies CompareOperator[];

/** The blanks of ASCII: of bytes, others may be parts of characters. */
const BLANKS = /^[ \t\r\f\v]+|[ \t\r\f\v]+$/g;
const QUOTED = String.raw`"((?:[^"\\]|\\.)*)"`;
const COMPARE = new RegExp(String.raw`^(\w+)\(${QUOTED}\)[ \t]*([=!<>]+)[ \t]*${QUOTED}$`);

/** @throws UsageError */
export function parseCompare(line: string): Compare {
  const parts = COMPARE.exec(line);
  if (parts === null) throw new UsageError(`not a compare such as mod("key") > "0"`);
  const [, name, key, operator, operand] = parts as unknown as string[];
  if (!Object.hasOwn(TARGETS, name!))
    throw new UsageError(`${JSON.stringify(name)} is not one of ${Object.keys(TARGETS).join(", ")}`);
  if (!OPERATORS.includes(operator!))
    throw new UsageError(`${JSON.stringify(operator)} is not one of ${OPERATORS.join(", ")}`);
  const target = TARGETS[name as keyof typeof TARGETS];
  const text = goUnquote(operand!);
  return {
    target,
    operator: operator as CompareOperator,
    key: bytesOf(goUnquote(key!)),
    operand:
      target === "value"
        ? bytesOf(text)
        : target === "lease"
          ? parseLeaseId(text, name!)
          : parseCount(text, name!),
    options: {},
  };
}

const bytesOf = (latin1: string): Uint8Array => Buffer.from(latin1, "latin1");

/** A word in double quotes, in single ones, or in none. What follows a closing quote at once is a mistake. */
const WORD = new RegExp(
  String.raw`[ \t\r\f\v]*(?:${QUOTED}|'([^']*)'|([^'"\s][^ \t\r\f\v]*))(?=[ \t\r\f\v]|$)`,
  "y",
);

/** @throws UsageError */
export function splitWords(line: string): string[] {
  const words: string[] = [];
  const trimmed = line.replace(BLANKS, "");
  for (let at = 0; at < trimmed.length; at = WORD.lastIndex) {
    WORD.lastIndex = at;
    const parts = WORD.exec(trimmed);
    if (parts === null) throw new UsageError(`a quote is not closed, or something stands right behind one`);
    words.push(parts[1] === undefined ? (parts[2] ?? parts[3]!) : goUnquote(parts[1]));
  }
  return words;
}

const OPERATIONS: Readonly<
  Record<
    string,
    {
      readonly define: (command: Command) => Command;
      readonly read: (operands: readonly Uint8Array[], flags: FlagValues) => Operation;
    }
  >
> = {
  get: { define: defineGet, read: (...given) => ({ op: "get", ...readGet(...given) }) },
  put: {
    define: definePut,
    read: (...given) => {
      const { key, value, options } = readPut(...given);
      if (value === undefined && options.ignoreValue !== true)
        throw new UsageError("a put has a key and a value");
      return { op: "put", key, value, options };
    },
  },
  del: { define: defineDel, read: (...given) => ({ op: "delete", ...readDel(...given) }) },
};

/** @throws UsageError */
export function parseOperation(line: string): Operation {
  const [name = "", ...words] = splitWords(line);
  const operation = Object.hasOwn(OPERATIONS, name) ? OPERATIONS[name] : undefined;
  if (operation === undefined) throw new UsageError(`${JSON.stringify(name)} is not get, put or del`);
  const command = operation.define(new Command(name)).exitOverride().helpOption(false);
  command.configureOutput({ writeErr: () => {} });
  try {
    command.parse(normalizeArguments(command, words).own, { from: "user" });
  } catch (error) {
    throw new UsageError((error as Error).message.replace(/^error: /, ""));
  }
  return operation.read(command.args.map(bytesOf), command.opts<FlagValues>());
}

/** The blocks, as prompts and errors call them. */
const BLOCKS = ["compares", "success requests (get, put, del)", "failure requests (get, put, del)"] as const;

/**
 * Reads a transaction. Nothing is read behind its last block.
 *
 * @param prompt called before each block
 * @throws UsageError naming the line
 */
export async function readTxn(
  lines: AsyncIterator<string>,
  prompt: (text: string) => void = () => {},
): Promise<TxnShape> {
  let lineNumber = 0;
  const block = async <Part>(name: string, parse: (line: string) => Part): Promise<Part[]> => {
    prompt(`${name}:`);
    const parts: Part[] = [];
    for (;;) {
      const next = await lines.next();
      if (next.done === true)
        throw new UsageError(
          `the input ends in the ${name}: each of the three blocks ends with an empty line`,
        );
      lineNumber++;
      const line = next.value.replace(BLANKS, "");
      if (line === "") return parts;
      try {
        parts.push(parse(line));
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        const shown = Buffer.from(line, "latin1").toString("utf8");
        throw new UsageError(`line ${lineNumber} (${name}), ${shown}: ${error.message}`);
      }
    }
  };
  return {
    if: await block(BLOCKS[0], parseCompare),
    then: await block(BLOCKS[1], parseOperation),
    else: await block(BLOCKS[2], parseOperation),
  };
}
