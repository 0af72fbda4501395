import type { Command } from "commander";
import type { Context, Run } from "./context.js";
import { UsageError } from "./exit-codes.js";
import { requireFormat } from "./formats.js";
import type { FlagValues } from "./global-flags.js";
import { defineDel, defineGet, definePut, readDel, readGet, readPut } from "./kv-arguments.js";
import { fields, joinLines, json, simple } from "./kv-print.js";
import type { Header, Lines, Style } from "./kv-print.js";
import type { GoJson } from "./go-json.js";
import { readAll } from "./stdin.js";

/** `get`, `put` and `del`. */
export function registerKv(program: Command, context: Context): void {
  context.action(defineGet(program.command("get").description("read keys")), get);
  context.action(
    definePut(program.command("put").description("write a key; without a value it comes from stdin")),
    put,
  );
  context.action(defineDel(program.command("del").description("delete keys")), del);
}

export const styleOf = (run: Run, flags: FlagValues): Style => ({
  hex: run.settings.hex,
  valueOnly: flags["printValueOnly"] === true,
});

/** Prints a reply in the format that was asked for. */
export async function printReply<Reply extends { readonly revision: number; readonly raftTerm: number }>(
  run: Run,
  style: Style,
  reply: Reply,
  printers: {
    readonly simple: (reply: Reply, style: Style) => Lines;
    readonly fields: (reply: Reply, header: Header) => Lines;
    readonly json: (reply: Reply, header: Header) => GoJson;
  },
): Promise<void> {
  const { format = "simple" } = run.settings;
  if (format === "simple") await run.out.write(joinLines(printers.simple(reply, style)));
  else if (format === "json") await run.out.json(printers.json(reply, await run.header(reply)));
  else await run.out.write(joinLines(printers.fields(reply, await run.header(reply))));
}

async function get(run: Run, operands: readonly string[], flags: FlagValues): Promise<void> {
  requireFormat(run, ["simple", "json", "fields"]);
  const { key, options } = readGet(operands, flags);
  const { format = "simple" } = run.settings;
  if (flags["printValueOnly"] === true && format !== "simple")
    throw new UsageError("--print-value-only goes with -w simple only");
  const client = await run.client();
  const found = await client.kv.get(key, { ...(options as object), signal: run.signal });
  if (options.countOnly === true && format === "simple") await run.out.line(String(found.count));
  else
    await printReply(run, styleOf(run, flags), found, {
      simple: simple.get,
      fields: fields.get,
      json: json.get,
    });
}

async function put(run: Run, operands: readonly string[], flags: FlagValues): Promise<void> {
  requireFormat(run, ["simple", "json", "fields"]);
  const { key, value, options } = readPut(operands, flags);
  const { signal } = run;
  const fromStdin = value === undefined && options.ignoreValue !== true;
  const content = fromStdin ? await readAll(run.stdin, signal) : value;
  // More likely of a command that has failed (`false | etcdwire put k`) than a value. etcdctl refuses it as well.
  if (fromStdin && content?.length === 0)
    throw new UsageError("put has no value, and stdin is empty: for an empty value write put KEY ''");
  const { kv } = await run.client();
  const done = await kv.put(key, content as string, { ...(options as object), signal });
  await printReply(run, styleOf(run, flags), done, {
    simple: simple.put,
    fields: fields.put,
    json: json.put,
  });
}

async function del(run: Run, operands: readonly string[], flags: FlagValues): Promise<void> {
  requireFormat(run, ["simple", "json", "fields"]);
  const { key, options } = readDel(operands, flags);
  const { kv } = await run.client();
  const done = await kv.delete(key, { ...(options as object), signal: run.signal });
  const printers = { simple: simple.delete, fields: fields.delete, json: json.delete };
  await printReply(run, styleOf(run, flags), done, printers);
}
