import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Command } from "commander";
import type { Context } from "./context.js";
import { argumentsOf } from "./global-flags.js";

/** Of CommonJS, which the bundle is. */
declare const __dirname: string;

/** What the bench's bundle exports (bench/command/main.ts). */
interface Bench {
  readonly main: (
    commandLine: readonly string[],
    programName: string,
    process: NodeJS.Process,
  ) => Promise<number>;
}

/**
 * `bench`: another program in the same process, which scripts/build-cli.mjs puts beside this one. It is loaded when it is
 * asked for, and reads its arguments itself.
 */
export function registerBench(program: Command, context: Context): void {
  program
    .command("bench")
    .description("measure locks and transactions, with several clients side by side")
    .usage("[WORKLOAD...] [options]")
    .argument("[words...]")
    .helpOption(false)
    .allowUnknownOption()
    .passThroughOptions()
    .action(async (words: readonly string[]) => {
      const bundle = pathToFileURL(join(__dirname, "bench", "main.mjs"));
      const { main } = (await import(bundle.href)) as Bench;
      context.exitCode = await main([...argumentsOf(program.opts()), ...words], "etcdwire bench", process);
    });
}
