import type { Command } from "commander";
import type { ServerStatus, StatusOutcome } from "../index.js";
import type { Context, Run } from "./context.js";
import { ExitCode, ExitError, exitCodeOf, isEtcdError } from "./exit-codes.js";
import { requireFormat } from "./formats.js";
import type { OutputFormat } from "./global-flags.js";
import { clientOptionsOf } from "./global-flags.js";
import { omitEmpty } from "./go-json.js";
import type { GoJson } from "./go-json.js";
import { jsonHeader } from "./kv-print.js";
import { table } from "./table.js";

/** `status` and `health`, and etcdctl's names for them. */
export function registerStatus(program: Command, context: Context): void {
  const status = "how each endpoint is, as it says itself";
  const health = "whether each endpoint can read what the cluster agrees on";
  context.action(program.command("status").description(status), (run) => showStatus(run, "table"));
  context.action(program.command("health").description(health), showHealth);
  const endpoint = program.command("endpoint").description("etcdctl's names for status and health");
  context.action(endpoint.command("status").description(status), (run) => showStatus(run, "simple"));
  context.action(endpoint.command("health").description(health), showHealth);
}

const COLUMNS: readonly (readonly [name: string, (status: ServerStatus) => string])[] = [
  ["ENDPOINT", ({ endpoint }) => endpoint],
  ["ID", ({ memberId }) => memberId.toString(16)],
  ["VERSION", ({ serverVersion }) => serverVersion],
  ["STORAGE VERSION", ({ storageVersion = "" }) => storageVersion],
  ["DB SIZE", ({ dbSizeBytes }) => sizeText(dbSizeBytes)],
  ["IN USE", ({ dbSizeInUseBytes }) => sizeText(dbSizeInUseBytes)],
  [
    "PERCENTAGE NOT IN USE",
    ({ dbSizeBytes, dbSizeInUseBytes }) =>
      `${dbSizeBytes === 0 ? 0 : 100 - Math.trunc((100 * dbSizeInUseBytes) / dbSizeBytes)}%`,
  ],
  ["QUOTA", ({ dbSizeQuotaBytes = 0 }) => sizeText(dbSizeQuotaBytes)],
  ["IS LEADER", ({ isLeader }) => String(isLeader)],
  ["IS LEARNER", ({ isLearner }) => String(isLearner)],
  ["RAFT TERM", ({ raftTerm }) => String(raftTerm)],
  ["RAFT INDEX", ({ raftIndex }) => String(raftIndex)],
  ["RAFT APPLIED INDEX", ({ raftAppliedIndex }) => String(raftAppliedIndex)],
  ["ERRORS", ({ errors }) => errors.join(", ")],
  ["DOWNGRADE TARGET VERSION", ({ downgrade }) => downgrade?.targetVersion ?? ""],
  ["DOWNGRADE ENABLED", ({ downgrade }) => String(downgrade?.isEnabled ?? false)],
];

/** As etcdctl writes sizes: 999 B, 20 kB, 2.1 GB. */
export function sizeText(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let unit = 0;
  let size = bytes;
  for (; size >= 1_000 && unit < units.length - 1; unit++) size /= 1_000;
  const rounded = Math.round(size * 10) / 10;
  if (unit > 0 && rounded < 10) return `${rounded.toFixed(1)} ${units[unit]!}`;
  // Go rounds halves to the even neighbour: 20.5 to 20.
  const whole = rounded % 1 === 0.5 ? 2 * Math.round(rounded / 2) : Math.round(rounded);
  return `${whole} ${units[unit]!}`;
}

async function showStatus(run: Run, standard: OutputFormat): Promise<void> {
  requireFormat(run, ["simple", "json", "table"]);
  const client = await run.client();
  const { commandTimeoutMs: timeoutMs } = run.settings;
  const outcomes = await client.maintenance.statuses({ timeoutMs, signal: run.signal });
  const statuses = outcomes.map(({ status }) => status).filter((status) => status !== undefined);
  const rows = statuses.map((status) => COLUMNS.map(([, read]) => read(status)));
  const format = run.settings.format ?? standard;
  if (format === "json") await run.out.json(statuses.map(jsonStatus));
  else if (format === "table")
    await run.out.write(
      table(
        COLUMNS.map(([name]) => name),
        rows,
      ),
    );
  else for (const row of rows) await run.out.line(row.join(", "));
  failWith(run, outcomes);
}

/** Says which endpoints did not answer, if any. */
function failWith(run: Run, outcomes: readonly StatusOutcome[]): void {
  const failures = outcomes.map(({ error }) => error).filter((error) => error !== undefined);
  if (failures.length === 0) return;
  for (const { endpoint, error } of outcomes)
    if (error !== undefined) run.note(`${endpoint} does not say its status: ${error.message}`);
  throw new ExitError(
    Math.max(...failures.map(exitCodeOf)),
    `${failures.length} of ${outcomes.length} endpoints did not answer`,
  );
}

const jsonStatus = (status: ServerStatus): GoJson => ({
  Endpoint: status.endpoint,
  Status: omitEmpty({
    header: jsonHeader(status),
    version: status.serverVersion,
    dbSize: status.dbSizeBytes,
    leader: status.leaderId,
    raftIndex: status.raftIndex,
    raftTerm: status.raftTerm,
    raftAppliedIndex: status.raftAppliedIndex,
    errors: [...status.errors],
    dbSizeInUse: status.dbSizeInUseBytes,
    isLearner: status.isLearner,
    storageVersion: status.storageVersion,
    dbSizeQuota: status.dbSizeQuotaBytes,
    downgradeInfo:
      status.downgrade === undefined
        ? undefined
        : omitEmpty({
            enabled: status.downgrade.isEnabled,
            targetVersion: status.downgrade.targetVersion,
          }),
  }),
});

interface Health {
  readonly endpoint: string;
  /** Undefined where it is healthy. */
  readonly error: Error | undefined;
  readonly tookMs: number;
}

async function showHealth(run: Run): Promise<void> {
  requireFormat(run, ["simple", "json", "table"]);
  const all = await Promise.all(run.settings.endpoints.map((endpoint) => healthOf(run, endpoint)));
  const { format = "simple" } = run.settings;
  if (format === "json") {
    await run.out.json(
      all.map(({ endpoint, error, tookMs }) => ({
        endpoint,
        health: error === undefined,
        took: tookText(tookMs),
        error: error?.message,
      })),
    );
  } else if (format === "table") {
    const rows = all.map(({ endpoint, error, tookMs }) => [
      endpoint,
      String(error === undefined),
      tookText(tookMs),
      error?.message ?? "",
    ]);
    await run.out.write(table(["ENDPOINT", "HEALTH", "TOOK", "ERROR"], rows));
  } else {
    for (const { endpoint, error, tookMs } of all) {
      if (error === undefined)
        await run.out.line(
          `${endpoint} is healthy: successfully committed proposal: took = ${tookText(tookMs)}`,
        );
      else run.note(`${endpoint} is unhealthy: failed to commit proposal: ${error.message}`);
    }
  }
  const failures = all.map(({ error }) => error).filter((error) => error !== undefined);
  if (failures.length > 0)
    throw new ExitError(
      Math.max(ExitCode.UNAVAILABLE, ...failures.map(exitCodeOf)),
      `unhealthy cluster: ${failures.length} of ${all.length} endpoints failed`,
    );
}

/** A linearizable read through this endpoint alone, which it can answer only with a quorum. */
async function healthOf(run: Run, endpoint: string): Promise<Health> {
  const { Client } = await import("../index.js");
  const client = new Client({ ...clientOptionsOf(run.settings), endpoints: [endpoint] });
  const startedAtMs = performance.now();
  let error: Error | undefined;
  try {
    await client.kv.get("health", { signal: run.signal });
  } catch (caught) {
    if (!isEtcdError(caught) || caught.code === "ETCD_ABORTED") throw caught;
    // It has been agreed that we may not read this key.
    if (caught.code !== "ETCD_PERMISSION_DENIED") error = caught;
  } finally {
    await client.close();
  }
  return { endpoint, error, tookMs: performance.now() - startedAtMs };
}

/** As Go writes a duration: 1.932714ms, 2.5s. */
export function tookText(ms: number): string {
  const text = (value: number): string => String(Number(value.toFixed(6)));
  return ms >= 1_000 ? `${text(ms / 1_000)}s` : `${text(ms)}ms`;
}
