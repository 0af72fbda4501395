import type { Command } from "commander";
import type { Context } from "./context.js";

/** `etcdwire elect`. */
export function registerElect(program: Command, context: Context): void {
  const command = program.command("elect", { hidden: true });
  context.action(command, () => Promise.resolve(1));
}
