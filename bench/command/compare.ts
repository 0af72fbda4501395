import { Command, CommanderError, Option } from "commander";
import { normalizeArguments } from "../../src/cli/command-line.js";
import { UsageError } from "../../src/cli/exit-codes.js";
import type { CompareOptions } from "../compare/run-compare.js";
import { HelpAsked } from "./options.js";

/** @throws UsageError, HelpAsked */
export const parseCompareOptions = (commandLine: readonly string[], programName: string): CompareOptions => {
  const command = new Command(`${programName} compare`)
    .description("Says what two reports of --json show evidence for: better, worse, or neither, row by row.")
    .argument("<A.json>", "the old one")
    .argument("<B.json>", "the new one")
    .addOption(
      new Option(
        "--max-regress <metric=percent>",
        "what is worse by no more than this is no regression: p99=10%; may be repeated",
      ).argParser((text: string, before: string[] | undefined) => [...(before ?? []), text]),
    )
    .option("--force", "compare what differs in machine or configuration too")
    .option("--json <file>", "the comparison; - is standard output, instead of the table")
    .helpOption("-h, --help", "print help")
    .exitOverride();
  let help = "";
  command.configureOutput({ writeErr: () => {}, writeOut: (text) => (help += text) });
  try {
    command.parse(normalizeArguments(command, commandLine).own, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) throw new HelpAsked(help);
    throw new UsageError(error.message.replace(/^error: /, ""));
  }
  const { maxRegress, force, json } = command.opts<{
    maxRegress?: string[];
    force?: boolean;
    json?: string;
  }>();
  return {
    fileA: command.args[0]!,
    fileB: command.args[1]!,
    ...(maxRegress === undefined ? {} : { maxRegress }),
    ...(force === undefined ? {} : { force }),
    ...(json === undefined ? {} : { jsonFile: json }),
  };
};
