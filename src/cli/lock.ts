import type { Command } from "commander";
import type { Context } from "./context.js";

/** `etcdwire lock`. */
export function registerLock(program: Command, context: Context): void {
  const command = program.command("lock", { hidden: true });
  context.action(command, () => Promise.resolve(1));
}
