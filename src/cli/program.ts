import { Command, Help, Option } from "commander";
import { registerBench } from "./bench.js";
import type { Context } from "./context.js";
import { registerElect } from "./elect.js";
import { EXIT_CODES_HELP } from "./exit-codes.js";
import { addGlobalFlags } from "./global-flags.js";
import { registerKv } from "./kv-commands.js";
import { registerLease } from "./lease-commands.js";
import { registerLock } from "./lock.js";
import { registerStatus } from "./status-commands.js";
import { registerTxn } from "./txn-command.js";
import { registerWatch } from "./watch-command.js";

/** The program with all its commands. It neither prints nor exits by itself, but throws CommanderErrors. */
export function buildProgram(context: Context, version: string): Command {
  const program = new Command("etcdwire")
    .description(
      "etcd from the command line: etcdctl's commands and flags, and locks that say when they are lost.",
    )
    .version(version, "--version", "print the version")
    .helpOption("-h, --help", "print help")
    .helpCommand("help [command]", "print help for a command")
    // Global flags are the commands' own too; so `lock -w` can mean something else, and a command to run keeps its flags.
    .enablePositionalOptions()
    .configureHelp({ showGlobalOptions: true, visibleGlobalOptions: globalOptionsIn })
    .addHelpText(
      "after",
      `\nFlags have variables: --dial-timeout is ETCDCTL_DIAL_TIMEOUT. Flags win.\n\n${EXIT_CODES_HELP}`,
    );
  addGlobalFlags(program, false);
  registerKv(program, context);
  registerTxn(program, context);
  registerWatch(program, context);
  registerLease(program, context);
  registerStatus(program, context);
  registerLock(program, context);
  registerElect(program, context);
  for (const command of leavesOf(program)) addGlobalFlags(command, true);
  // It reads its own flags, the global ones among them.
  registerBench(program, context);
  for (const command of [program, ...descendantsOf(program)]) {
    command.exitOverride().configureOutput({
      // main.ts prints it, in the form that was asked for.
      writeErr: () => {},
    });
  }
  return program;
}

/** The program's options, in the help of `command`: without the letters that the command uses for something else. */
function globalOptionsIn(this: Help, command: Command): Option[] {
  const inherited = Help.prototype.visibleGlobalOptions.call(this, command);
  const isTaken = ({ short }: Option): boolean =>
    short !== undefined && command.options.some((own) => own.short === short && !own.hidden);
  return inherited.map((option) =>
    isTaken(option) ? new Option(option.flags.replace(/^-., /, ""), option.description) : option,
  );
}

const descendantsOf = (command: Command): Command[] =>
  command.commands.flatMap((each) => [each, ...descendantsOf(each)]);

const leavesOf = (program: Command): Command[] =>
  descendantsOf(program).filter(({ commands }) => commands.length === 0);
