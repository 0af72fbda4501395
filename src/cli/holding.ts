/** What `lock` and `elect` have in common: they hold something for as long as they live, and may lose it. */
import type { Command } from "commander";
import type { CallerOptions, Client, Session } from "../index.js";
import type { Run } from "./context.js";
import { parseDurationMs } from "./duration.js";
import { ExitCode, ExitError, UsageError, exitCodeOf, exitCodeOfSignal, isEtcdError } from "./exit-codes.js";
import type { FlagValues } from "./global-flags.js";

/** A lock, or the leadership of an election. */
export interface Holding {
  readonly isHeld: boolean;
  readonly signal: AbortSignal;
  release(options: CallerOptions): Promise<void>;
}

/** What was lost is gone, or cannot be reached, or time is up: the lease that may be left need not be waited for. */
export const HASTY_CLOSE_TIMEOUT_MS = 1_000;

/** Says who says it: the command that we run writes to the same stderr. */
export const tell = (run: Run, line: string): void => run.note(`etcdwire: ${line}`);

/** `-w 30` is 30 seconds in flock(1), `--ttl 10` in etcdctl. */
export const secondsOrDurationMs = (text: string, name: string): number =>
  parseDurationMs(/^(\d+\.?\d*|\.\d+)$/.test(text) ? `${text}s` : text, name);

export const addTtlFlag = (command: Command): Command =>
  command.option(
    "--ttl <duration>",
    "how long what we hold outlives us, if we are killed; seconds without a unit (10s)",
  );

/** Whole seconds, rounded up: etcd's leases know no others. */
export function readTtlSeconds(flags: FlagValues): number {
  const ttlSeconds = Math.ceil(secondsOrDurationMs(String(flags["ttl"] ?? "10s"), "--ttl") / 1_000);
  if (ttlSeconds === 0) throw new UsageError("--ttl is 0: what we hold would be lost at once");
  return ttlSeconds;
}

/** @param timeoutMs how long etcd may take */
export async function openSession(
  run: Run,
  client: Client,
  ttlSeconds: number,
  timeoutMs = run.settings.commandTimeoutMs,
): Promise<Session> {
  const { Session } = await import("../index.js");
  return Session.create(client, { ttlSeconds, timeoutMs, signal: run.signal });
}

/**
 * Until something is held nothing can be lost, and a cluster that refuses is of no more use than one that does not answer:
 * 1 would say that somebody else holds it.
 */
export async function beforeHolding<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!isEtcdError(error) || error.code === "ETCD_ABORTED") throw error;
    const exitCode = exitCodeOf(error);
    if (exitCode !== ExitCode.FAILURE && exitCode !== ExitCode.LOST) throw error;
    throw new ExitError(ExitCode.UNAVAILABLE, error.message);
  }
}

/** @throws ExitError when a signal has come */
export function endIfInterrupted({ signals }: Run): void {
  if (signals.received !== undefined) throw new ExitError(exitCodeOfSignal(signals.received));
}

/**
 * Waits for a signal that ends us: that is what ends it well, so the status is 0.
 *
 * @throws ExitError when what is held is lost
 */
export async function holdUntilSignal(run: Run, held: Holding): Promise<number> {
  await new Promise<void>((resolve) => {
    for (const signal of [run.signal, held.signal]) {
      if (signal.aborted) resolve();
      else signal.addEventListener("abort", () => resolve(), { once: true });
    }
  });
  if (!held.isHeld) throw new ExitError(ExitCode.LOST, (held.signal.reason as Error).message);
  return ExitCode.OK;
}

/** Gives up what is held, in bounded time. */
export async function letGo(run: Run, session: Session, held: Holding, what: string): Promise<void> {
  if (!held.isHeld) {
    await session.close({ timeoutMs: HASTY_CLOSE_TIMEOUT_MS });
    return;
  }
  try {
    await held.release({ timeoutMs: run.settings.commandTimeoutMs });
  } catch (error) {
    if (!isEtcdError(error)) throw error;
    tell(
      run,
      `${what} could not be given up (${error.message}): it ends by itself within ${session.ttlSeconds} s`,
    );
    await session.close({ timeoutMs: 1 });
  }
}
