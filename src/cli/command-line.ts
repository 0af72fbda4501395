import type { Command, Option } from "commander";
import { parseBoolean } from "./global-flags.js";

/** Commands whose arguments behind `--` are a command to run, and not their own; and how many are theirs at most. */
const commandTakers = new WeakMap<Command, number>();

/**
 * `watch KEY -- CMD...`: what stands behind `--` is not among the command's arguments, but `trailing` of the run.
 *
 * @param operandCount `lock NAME CMD...`: so many arguments are the command's own, and `--` may be left out before the rest
 */
export const takesTrailing = (command: Command, operandCount = Infinity): Command => {
  commandTakers.set(command, operandCount);
  return command;
};

/** Arguments in the form that commander reads. */
export interface CommandLine {
  readonly own: readonly string[];
  /** What stands behind `--`, of a command that takes a command; undefined where there is no `--`. */
  readonly trailing: readonly string[] | undefined;
}

/** `-` alone is an argument: stdin, by custom. */
const isOption = (text: string): boolean => text.startsWith("-") && text.length > 1;

const optionNamed = (command: Command, text: string): Option | undefined =>
  command.options.find(({ long, short }) => text === long || text === short);

/** Short flags may share a dash, the last one with a value: `-nE 9`. */
const endsWithValueFlag = (command: Command, text: string): boolean => {
  if (text.startsWith("--")) return optionNamed(command, text)?.required === true;
  for (let i = 1; i < text.length; i++) {
    const option = optionNamed(command, `-${text[i]!}`);
    if (option === undefined) return false;
    // What follows in the same argument is its value.
    if (option.required) return i === text.length - 1;
  }
  return false;
};

/**
 * Rewrites what Go's flags allow and commander does not: `--prefix=true`, `--prefix=false`. Cuts off the command behind
 * `--` where there may be one.
 */
export function normalizeArguments(program: Command, given: readonly string[]): CommandLine {
  const own: string[] = [];
  let command = program;
  let operandCount = 0;
  for (let i = 0; i < given.length; i++) {
    const text = given[i]!;
    if (text === "--") {
      if (commandTakers.has(command)) return { own, trailing: given.slice(i + 1) };
      return { own: [...own, ...given.slice(i)], trailing: undefined };
    }
    if (!isOption(text)) {
      if (operandCount === commandTakers.get(command)) return { own, trailing: given.slice(i) };
      own.push(text);
      const next = command.commands.find((each) => each.name() === text || each.aliases().includes(text));
      if (next === undefined) operandCount++;
      else command = next;
      continue;
    }
    const equalsAt = text.startsWith("--") ? text.indexOf("=") : -1;
    const option = optionNamed(command, equalsAt < 0 ? text : text.slice(0, equalsAt));
    if (equalsAt < 0) {
      own.push(text);
      // Its value, whatever it looks like.
      if (endsWithValueFlag(command, text) && i + 1 < given.length) own.push(given[++i]!);
      continue;
    }
    const value = option?.isBoolean() === true ? parseBoolean(text.slice(equalsAt + 1)) : undefined;
    own.push(value === undefined ? text : `--${value ? "" : "no-"}${option!.name()}`);
  }
  return { own, trailing: undefined };
}
