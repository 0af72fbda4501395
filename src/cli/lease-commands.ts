import type { Command } from "commander";
import type { Context, Run } from "./context.js";
import { ExitCode, ExitError, UsageError, isEtcdError } from "./exit-codes.js";
import { requireFormat } from "./formats.js";
import { addFlag } from "./global-flags.js";
import type { FlagValues } from "./global-flags.js";
import type { GoJson } from "./go-json.js";
import { jsonHeader } from "./kv-print.js";
import { leaseText, parseLeaseId } from "./numbers.js";

/** `lease grant|revoke|timetolive|list|keep-alive`. */
export function registerLease(program: Command, context: Context): void {
  const lease = program.command("lease").description("grant, renew and end leases");
  const add = (name: string, description: string): Command => lease.command(name).description(description);
  context.action(add("grant", "grant a lease").argument("<ttl>", "seconds"), grant);
  context.action(
    add("revoke", "end a lease and delete its keys").argument("<lease>", "its id, in hex"),
    revoke,
  );
  const timeToLive = add("timetolive", "how long a lease has left").argument("<lease>", "its id, in hex");
  addFlag(timeToLive, "--keys", "and what its keys are");
  context.action(timeToLive, showTimeToLive);
  context.action(add("list", "the ids of all leases"), list);
  const keepAlive = add("keep-alive", "renew a lease until stopped").argument("<lease>", "its id, in hex");
  addFlag(keepAlive, "--once", "renew it once and exit");
  context.action(keepAlive, keepLeaseAlive);
}

/** Leases have the reply's header in one object with their own fields. */
async function printJson(
  run: Run,
  known: { revision?: number },
  rest: Readonly<Record<string, GoJson>>,
): Promise<void> {
  await run.out.json({ ...(jsonHeader(await run.header(known)) as object), ...rest });
}

async function grant(run: Run, [ttl]: readonly string[]): Promise<void> {
  requireFormat(run, ["simple", "json"]);
  const { lease } = await run.client();
  const { id, ttlSeconds, revision } = await lease.grant(parseTtlSeconds(ttl!), { signal: run.signal });
  if (run.settings.format === "json")
    await printJson(run, { revision }, { ID: id, TTL: ttlSeconds, Error: "" });
  else await run.out.line(`lease ${leaseText(id)} granted with TTL(${ttlSeconds}s)`);
}

/** @throws UsageError */
function parseTtlSeconds(text: string): number {
  const seconds = /^\d+$/.test(text) ? Number(text) : NaN;
  if (Number.isSafeInteger(seconds) && seconds > 0) return seconds;
  throw new UsageError(`the TTL is ${JSON.stringify(text)}: not a whole number of seconds from 1`);
}

async function revoke(run: Run, [text]: readonly string[]): Promise<void> {
  requireFormat(run, ["simple", "json"]);
  const id = parseLeaseId(text!, "the lease");
  const { lease } = await run.client();
  const { revision } = await lease.revoke(id, { signal: run.signal });
  if (run.settings.format === "json")
    await run.out.json({ header: jsonHeader(await run.header({ revision })) });
  else await run.out.line(`lease ${leaseText(id)} revoked`);
}

async function showTimeToLive(run: Run, [text]: readonly string[], flags: FlagValues): Promise<void> {
  requireFormat(run, ["simple", "json"]);
  const id = parseLeaseId(text!, "the lease");
  const withKeys = flags["keys"] === true;
  const { lease } = await run.client();
  const { ttlSeconds, grantedTtlSeconds, keys, revision } = await lease.timeToLive(id, {
    keys: withKeys,
    signal: run.signal,
  });
  if (run.settings.format === "json") {
    await printJson(
      run,
      { revision },
      { id, ttl: ttlSeconds, "granted-ttl": grantedTtlSeconds, keys: keys.length === 0 ? null : keys },
    );
  } else if (grantedTtlSeconds === 0 && ttlSeconds === -1) {
    await run.out.line(`lease ${leaseText(id)} already expired`);
  } else {
    const left = `lease ${leaseText(id)} granted with TTL(${grantedTtlSeconds}s), remaining(${ttlSeconds}s)`;
    // Keys are bytes: joined as such.
    const shown = keys.flatMap((key, i) => (i === 0 ? [key] : [Buffer.from(" "), key]));
    const attached = withKeys ? [Buffer.from(", attached keys(["), ...shown, Buffer.from("])")] : [];
    await run.out.write(Buffer.concat([Buffer.from(left), ...attached, Buffer.from("\n")]));
  }
}

async function list(run: Run): Promise<void> {
  requireFormat(run, ["simple", "json"]);
  const { lease } = await run.client();
  const ids = await lease.list({ signal: run.signal });
  if (run.settings.format === "json") await printJson(run, {}, { leases: ids.map((id) => ({ id })) });
  else await run.out.line([`found ${ids.length} leases`, ...ids.map(leaseText)].join("\n"));
}

async function keepLeaseAlive(run: Run, [text]: readonly string[], flags: FlagValues): Promise<void> {
  requireFormat(run, ["simple", "json"]);
  const id = parseLeaseId(text!, "the lease");
  const { signal } = run;
  const { lease } = await run.client();
  const print = async (ttlSeconds: number): Promise<void> => {
    if (run.settings.format === "json") await printJson(run, {}, { ID: id, TTL: ttlSeconds });
    else await run.out.line(`lease ${leaseText(id)} keepalived with TTL(${ttlSeconds})`);
  };
  if (flags["once"] === true) {
    await print((await lease.keepAliveOnce(id, { signal })).ttlSeconds);
    return;
  }
  const kept = await lease.keepAlive(id, { signal });
  const stop = (): void => kept.stop();
  signal.addEventListener("abort", stop, { once: true });
  try {
    await print(kept.ttlSeconds);
    // By itself it ends only with an error: the lease is gone, or nobody could be reached in time.
    for await (const { ttlSeconds } of kept.renewals()) await print(ttlSeconds);
  } catch (error) {
    if (!isEtcdError(error) || error.code === "ETCD_ABORTED") throw error;
    const code = error.code === "ETCD_LEASE_NOT_FOUND" ? ExitCode.FAILURE : ExitCode.UNAVAILABLE;
    throw new ExitError(code, `lease ${leaseText(id)} expired or revoked: ${error.message}`);
  } finally {
    signal.removeEventListener("abort", stop);
  }
  signal.throwIfAborted();
}
