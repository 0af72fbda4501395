/** `etcdwire`: see program.ts for its commands, context.ts for what they work with, exit-codes.ts for how it ends. */
import { CommanderError } from "commander";
import { normalizeArguments } from "./command-line.js";
import { Context } from "./context.js";
import { ExitCode, ExitError, UsageError, exitCodeOf, isEtcdError, outputError } from "./exit-codes.js";
import { buildProgram } from "./program.js";

/** Put there by scripts/build-cli.mjs. */
declare const ETCDWIRE_VERSION: string;

/** Runs the program to its end. @returns the exit code */
async function main(context: Context, given: readonly string[]): Promise<number> {
  const program = buildProgram(context, ETCDWIRE_VERSION);
  // Before anything is parsed: it is about errors of that too.
  context.jsonErrors = given.includes("--json-errors");
  try {
    const { own, trailing } = normalizeArguments(program, given);
    context.trailing = trailing;
    await program.parseAsync(own, { from: "user" });
    return context.exitCode;
  } catch (error) {
    return report(error, context.jsonErrors);
  }
}

/** Says what went wrong, in one line. @returns the exit code */
function report(error: unknown, asJson: boolean): number {
  if (error instanceof CommanderError) {
    // --help and --version end so too; help that was not asked for is a usage error.
    if (error.exitCode === 0) return ExitCode.OK;
    const isHelp = error.code === "commander.help";
    return report(
      new UsageError(isHelp ? "no command: see etcdwire --help" : error.message.replace(/^error: /, "")),
      asJson,
    );
  }
  const exitCode = exitCodeOf(error);
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof ExitError && message === "") return exitCode;
  if (asJson) {
    const told = isEtcdError(error) ? error.toJSON() : { name: (error as Error).name, message };
    process.stderr.write(`${JSON.stringify({ error: { ...told, exitCode } })}\n`);
    return exitCode;
  }
  const isDoubtful = isEtcdError(error) && error.mayHaveApplied && error.code !== "ETCD_ABORTED";
  const doubt = isDoubtful ? " (it may have been applied)" : "";
  process.stderr.write(`Error: ${message.replaceAll("\n", " ")}${doubt}\n`);
  if (exitCode === ExitCode.INTERNAL && error instanceof Error)
    process.stderr.write(`${error.stack ?? ""}\n`);
  return exitCode;
}

const context = new Context(process);

// A command hears of it by its own write (output.ts), and may have a lock to release. The help and the bench do not.
const onOutputError = (error: Error): void => {
  if (context.hasBegun) return;
  process.exit(report(outputError(process.stdout.errored ?? error), context.jsonErrors));
};
process.stdout.on("error", onOutputError);
// Nobody is left who could be told of it; what we were doing for others goes on.
process.stderr.on("error", () => {});

void main(context, process.argv.slice(2)).then((exitCode) => {
  // When everything is written: `exit` would not wait for a slow pipe.
  process.stdout.write("", (error) => {
    if (error) onOutputError(error);
    process.exit(exitCode);
  });
});
