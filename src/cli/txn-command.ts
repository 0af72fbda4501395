import type { Command } from "commander";
import type { Context, Run } from "./context.js";
import { requireFormat } from "./formats.js";
import { addFlag } from "./global-flags.js";
import type { FlagValues } from "./global-flags.js";
import { printReply, styleOf } from "./kv-commands.js";
import { fields, json, simple } from "./kv-print.js";
import { readLines } from "./stdin.js";
import { readTxn } from "./txn-text.js";

const HELP = `
Reads three blocks of lines from stdin, each ended by an empty line: compares, then what is done if
all of them hold, then what is done otherwise.

  mod("key1") > "0"
  value("key2") = "one"

  put key1 "a value"
  get key2 --prefix

  del key1

`;

/** `txn`. */
export function registerTxn(program: Command, context: Context): void {
  const command = program.command("txn").description("do several things at once, if conditions hold");
  addFlag(command, "-i, --interactive", "ask for the parts");
  context.action(command.addHelpText("after", HELP), txn);
}

async function txn(run: Run, _operands: readonly string[], flags: FlagValues): Promise<void> {
  requireFormat(run, ["simple", "json", "fields"]);
  const lines = readLines(run.stdin, run.signal);
  const shape = await readTxn(lines, flags["interactive"] === true ? run.note : undefined);
  const { kv } = await run.client();
  const done = await kv.txn(shape, { signal: run.signal });
  const printers = { simple: simple.txn, fields: fields.txn, json: json.txn };
  await printReply(run, styleOf(run, flags), done, printers);
}
