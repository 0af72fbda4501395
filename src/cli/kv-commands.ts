import type { Command } from "commander";
import type { Context } from "./context.js";

/** `get`, `put` and `del`. */
export function registerKv(program: Command, context: Context): void {
  const get = program.command("get").argument("<key>").description("read keys");
  context.action(get, async (run, [key]) => {
    const client = await run.client();
    const found = await client.kv.get(key!, { signal: run.signal });
    for (const kv of found.kvs) await run.out.line(kv.value.string());
  });
}
