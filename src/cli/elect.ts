import type { Command } from "commander";
import type { Client, ElectedLeader, Election, GetResult, Leadership } from "../index.js";
import type { Context, Run } from "./context.js";
import { UsageError, isEtcdError } from "./exit-codes.js";
import { requireFormat } from "./formats.js";
import { addFlag } from "./global-flags.js";
import {
  addTtlFlag,
  beforeHolding,
  endIfInterrupted,
  holdUntilSignal,
  letGo,
  openSession,
  readTtlSeconds,
} from "./holding.js";
import { printReply } from "./kv-commands.js";
import { fields, joinLines, json, simple, simpleKv } from "./kv-print.js";
import type { Style } from "./kv-print.js";

const HELP = `
With a proposal we stand for election. Once we lead, our key and the proposal are printed, and we lead until SIGINT, SIGTERM
or SIGHUP; then we resign. With -l each leader and each of its proclamations is printed, the present one first.
Elections of this name are shared with etcdctl and Go's concurrency.Election.

Exit codes:
  0    we led, and have resigned
  69   etcd could not be reached, or refused, before we led
  74   stdout cannot be written to; we have resigned
  75   the leadership was lost: etcd could not be reached for the TTL, or somebody deleted our key or its lease
  128+n  signal n came before we led, or ended -l
`;

/** `etcdwire elect`. */
export function registerElect(program: Command, context: Context): void {
  const command = program
    .command("elect")
    .usage("NAME PROPOSAL [flags] | -l NAME [flags]")
    .argument("<NAME>", "the election's name")
    .argument("[PROPOSAL]", "what we proclaim when we lead")
    .description("lead an election, or see who leads")
    .addHelpText("after", HELP);
  addTtlFlag(command);
  addFlag(command, "-l, --listen", "print who leads, until stopped");
  context.action(command, async (run, [name, proposal], flags) => {
    requireFormat(run, ["simple", "json", "fields"]);
    const isListening = flags["listen"] === true;
    if (name === "") throw new UsageError("the election's name is empty");
    if (isListening && proposal !== undefined) throw new UsageError("with -l there is no proposal");
    if (!isListening && proposal === undefined) throw new UsageError("elect needs a proposal, or -l");
    const ttlSeconds = readTtlSeconds(flags);
    const client = await run.client();
    const { Election } = await import("../index.js");
    const session = await beforeHolding(openSession(run, client, ttlSeconds));
    try {
      const election = new Election(session, name!);
      if (proposal === undefined) {
        await observe(run, client, election);
        return 0;
      }
      const leadership = await beforeHolding(election.campaign(proposal, { signal: run.signal }));
      try {
        return await lead(run, client, leadership);
      } finally {
        await letGo(run, session, leadership, `the leadership of "${name!}"`);
      }
    } finally {
      await session.close({ timeoutMs: run.settings.commandTimeoutMs });
    }
  });
}

async function lead(run: Run, client: Client, leadership: Leadership): Promise<number> {
  // A signal may have come just when the victory did.
  endIfInterrupted(run);
  // As etcdctl does: what is printed is what the others see.
  await printFound(run, await client.kv.get(leadership.key, { signal: run.signal }));
  return holdUntilSignal(run, leadership);
}

async function observe(run: Run, client: Client, election: Election): Promise<void> {
  for await (const leader of election.observe({ signal: run.signal })) {
    if ((run.settings.format ?? "simple") === "simple")
      await run.out.write(
        joinLines(simpleKv({ key: Buffer.from(leader.key), value: leader.value }, styleOf(run))),
      );
    else await printStored(run, client, leader);
  }
}

/** The other formats tell more of the key than the event does. */
async function printStored(run: Run, client: Client, { key, modRevision }: ElectedLeader): Promise<void> {
  try {
    const found = await client.kv.get(key, { revision: modRevision, signal: run.signal });
    await printFound(run, { ...found, revision: modRevision });
  } catch (error) {
    // Compacted so soon: one of the leaders that come and go too fast to be told of.
    if (!isEtcdError(error) || error.code !== "ETCD_COMPACTED") throw error;
  }
}

const styleOf = (run: Run): Style => ({ hex: run.settings.hex, valueOnly: false });

const printFound = (run: Run, found: GetResult): Promise<void> =>
  printReply(run, styleOf(run), found, { simple: simple.get, fields: fields.get, json: json.get });
