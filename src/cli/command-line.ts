import type { Command, Option } from "commander";
import { parseBoolean } from "./global-flags.js";

/** Commands whose arguments behind `--` are a command to run, and not their own. */
const commandTakers = new WeakSet<Command>();

/** `watch KEY -- CMD...`: what stands behind `--` is not among the command's arguments, but `trailing` of the run. */
export const takesTrailing = (command: Command): Command => {
  commandTakers.add(command);
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

/**
 * Rewrites what Go's flags allow and commander does not: `--prefix=true`, `--prefix=false`. Cuts off the command behind
 * `--` where there may be one.
 */
export function normalizeArguments(program: Command, given: readonly string[]): CommandLine {
  const own: string[] = [];
  let command = program;
  for (let i = 0; i < given.length; i++) {
    const text = given[i]!;
    if (text === "--") {
      if (commandTakers.has(command)) return { own, trailing: given.slice(i + 1) };
      return { own: [...own, ...given.slice(i)], trailing: undefined };
    }
    if (!isOption(text)) {
      own.push(text);
      const next = command.commands.find((each) => each.name() === text || each.aliases().includes(text));
      if (next !== undefined) command = next;
      continue;
    }
    const equalsAt = text.startsWith("--") ? text.indexOf("=") : -1;
    const option = optionNamed(command, equalsAt < 0 ? text : text.slice(0, equalsAt));
    if (equalsAt < 0) {
      own.push(text);
      // Its value, whatever it looks like.
      if (option?.required === true && i + 1 < given.length) own.push(given[++i]!);
      continue;
    }
    const value = option?.isBoolean() === true ? parseBoolean(text.slice(equalsAt + 1)) : undefined;
    own.push(value === undefined ? text : `--${value ? "" : "no-"}${option!.name()}`);
  }
  return { own, trailing: undefined };
}
