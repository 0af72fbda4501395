import { hostname } from "node:os";
import type { Command } from "commander";
import type { Client, Lock, Mutex, Session } from "../index.js";
import { startChild } from "./child-process.js";
import { takesTrailing } from "./command-line.js";
import type { Context, Run } from "./context.js";
import { ExitCode, ExitError, UsageError, isEtcdError } from "./exit-codes.js";
import { requireFormat } from "./formats.js";
import { addFlag } from "./global-flags.js";
import type { FlagValues } from "./global-flags.js";
import { LOSS_POLICIES, watchOver } from "./held-command.js";
import type { LossPolicy, Surroundings } from "./held-command.js";
import {
  HASTY_CLOSE_TIMEOUT_MS,
  addTtlFlag,
  beforeHolding,
  endIfInterrupted,
  holdUntilSignal,
  letGo,
  openSession,
  readTtlSeconds,
  secondsOrDurationMs,
  tell,
} from "./holding.js";
import { isFromKeyboard } from "./terminal.js";

const HELP = `
CMD runs while the lock is held, with our stdin, stdout and stderr, and these variables:
  ETCD_LOCK_KEY    the key in etcd that stands for us
  ETCD_LOCK_REV    the revision at which the lock became ours, as from etcdctl
  ETCD_LOCK_TOKEN  the same as fencing token: it grows with every holder, so what is protected can refuse older ones
  ETCD_LOCK_LEASE  the lease that the key lives on, in hex
Our flags end at NAME's first argument that is none; -- ends them in any case. Without CMD the key is printed, and the lock
held until SIGINT, SIGTERM or SIGHUP.

The lock is lost when etcd cannot be reached for the TTL, or somebody deletes the key or its lease. CMD gets SIGTERM then,
and SIGKILL after the grace; with --on-lost warn it goes on, and the end of it says so. Only CMD itself gets them, not what
it has started: begin a script's last line with exec.

SIGINT, SIGTERM, SIGHUP and SIGQUIT are passed on to CMD, and the lock is released when it has ended; the second one kills
it and ends all at once. Ctrl-C in a terminal reaches CMD without us, so it is not passed on; pressed again within two
seconds it ends all at once. While we wait for the lock, the first one gives up our place in the line.

-w is a time here, as in flock(1); the format of the output is --write-out, without a short form. It bounds all from the
start until the lock is held, the wait for an etcd that does not answer too. Each call has --command-timeout besides; with -n
all of them together have it, unless -w is given as well.

Exit codes:
  CMD's own; 128+n if signal n ended it; 127 it was not found, 126 it cannot be executed
  1    the lock is taken (-n), or was not free in time (-w), and etcd has said so; -E sets another code
  69   etcd could not be reached in time, or refused, before the lock was held; -E does not change that
  74   the key could not be printed (without CMD); the lock is released
  75   the lock was lost before CMD had ended; with --on-lost warn a CMD that fails has its own code
`;

/** A wait that ends before anybody could have read of it is not worth a line, nor the read that it needs. */
const WAITING_NOTE_DELAY_MS = 100;

/** "At once" may take so long. */
const FORCED_CLOSE_TIMEOUT_MS = 500;

/** What the command line of `lock` says. */
interface Request {
  readonly name: string;
  readonly ttlSeconds: number;
  /** Give up if it is taken. */
  readonly nonblock: boolean;
  /** How long all may take until the lock is held; undefined: for ever, or as long as `nonblock` gives etcd to answer. */
  readonly waitMs: number | undefined;
  /** When it is taken. */
  readonly busyExitCode: number;
  readonly graceMs: number;
  readonly onLost: LossPolicy;
  /** Empty: hold it until a signal comes. */
  readonly command: readonly string[];
}

/** `etcdwire lock`. */
export function registerLock(program: Command, context: Context): void {
  const command = program
    .command("lock")
    .usage("NAME [flags] [--] [CMD...]")
    .argument("<NAME>", "the lock's name; etcdctl and Go's concurrency.Mutex share it")
    .description("run a command while a lock is held, or hold it until a signal")
    .option("-w, --timeout <duration>", "give up if it is not ours in time; seconds without a unit; 0 is -n")
    .option("-E, --conflict-exit-code <code>", "how to exit then (1)")
    .option("--grace <duration>", "from SIGTERM to SIGKILL, when the lock is lost (5s)")
    .option("--on-lost <what>", "the command's fate when the lock is lost: kill or warn (kill)")
    .addHelpText("after", HELP);
  addTtlFlag(command);
  addFlag(command, "-n, --nonblock", "give up at once if it is taken");
  takesTrailing(command, 1);
  context.action(command, (run, [name], flags) => {
    requireFormat(run, ["simple", "json"]);
    return lock(run, readRequest(name!, flags, run.trailing));
  });
}

function readRequest(name: string, flags: FlagValues, trailing: readonly string[] | undefined): Request {
  const text = (flag: string): string | undefined => {
    const value = flags[flag];
    return typeof value === "string" ? value : undefined;
  };
  if (name === "") throw new UsageError("the lock's name is empty");
  if (trailing?.length === 0) throw new UsageError("there is no command behind --");
  const waitText = text("timeout");
  const waitMs = waitText === undefined ? undefined : secondsOrDurationMs(waitText, "--timeout");
  const busyText = text("conflictExitCode") ?? "1";
  const busyExitCode = /^\d{1,3}$/.test(busyText) ? Number(busyText) : NaN;
  if (!(busyExitCode <= 255))
    throw new UsageError(
      `--conflict-exit-code is ${JSON.stringify(busyText)}: not a number within 0 and 255`,
    );
  const lossText = text("onLost") ?? "kill";
  const onLost = LOSS_POLICIES.find((each) => each === lossText);
  if (onLost === undefined)
    throw new UsageError(`--on-lost is ${JSON.stringify(lossText)}: there is ${LOSS_POLICIES.join(", ")}`);
  return {
    name,
    ttlSeconds: readTtlSeconds(flags),
    nonblock: flags["nonblock"] === true || waitMs === 0,
    waitMs: waitMs === 0 ? undefined : waitMs,
    busyExitCode,
    graceMs: secondsOrDurationMs(text("grace") ?? "5s", "--grace"),
    onLost,
    command: trailing ?? [],
  };
}

async function lock(run: Run, request: Request): Promise<number> {
  const { name, command, nonblock, waitMs } = request;
  const { commandTimeoutMs } = run.settings;
  const limitMs = waitMs ?? (nonblock ? commandTimeoutMs : Infinity);
  const endAtMs = performance.now() + limitMs;
  /** What is left for a call, which takes no 0. */
  const timeLeftMs = (): number => Math.max(1, endAtMs - performance.now());
  const client = await run.client();
  const { Mutex } = await import("../index.js");
  const session = await beforeHolding(
    openSession(run, client, request.ttlSeconds, Math.min(commandTimeoutMs, timeLeftMs())),
  );
  let closeTimeoutMs = limitMs === Infinity ? commandTimeoutMs : HASTY_CLOSE_TIMEOUT_MS;
  try {
    const mutex = new Mutex(session, name, { owner: `pid ${process.pid} on ${hostname()}` });
    const held = await beforeHolding(acquire(run, client, session, mutex, request, timeLeftMs));
    closeTimeoutMs = commandTimeoutMs;
    try {
      if (command.length === 0) {
        await printLock(run, held, session);
        return await holdUntilSignal(run, held);
      }
      return await runCommand(run, session, held, request);
    } finally {
      await letGo(run, session, held, `lock "${name}"`);
    }
  } finally {
    await session.close({ timeoutMs: closeTimeoutMs });
  }
}

/** @throws ExitError when it is taken, or not free in time; and what `lock` and `tryLock` throw */
async function acquire(
  run: Run,
  client: Client,
  session: Session,
  mutex: Mutex,
  { name, nonblock, waitMs, busyExitCode }: Request,
  timeLeftMs: () => number,
): Promise<Lock> {
  if (nonblock || waitMs !== undefined) {
    // With -w too: when the time is up, it must be known whether somebody has it or etcd does not answer.
    const timeoutMs = Math.min(run.settings.commandTimeoutMs, timeLeftMs());
    const { lock, holder } = await mutex.tryLock({ timeoutMs, signal: run.signal });
    if (lock !== undefined) return lock;
    const owner = holder.owner === undefined ? "" : ` (${holder.owner})`;
    if (nonblock) throw new ExitError(busyExitCode, `lock "${name}" is taken: ${holder.key} has it${owner}`);
  }
  const expiry = new AbortController();
  const expiryTimer = waitMs === undefined ? undefined : setTimeout(() => expiry.abort(), timeLeftMs());
  const acquired = new AbortController();
  const noteTimer = setTimeout(
    () => void noteLine(run, client, session, name, acquired.signal),
    WAITING_NOTE_DELAY_MS,
  );
  try {
    return await mutex.lock({ signal: AbortSignal.any([run.signal, expiry.signal]) });
  } catch (error) {
    if (run.signal.aborted || !expiry.signal.aborted || !isAborted(error)) throw error;
    throw new ExitError(busyExitCode, `lock "${name}" was not free in time`);
  } finally {
    clearTimeout(expiryTimer);
    clearTimeout(noteTimer);
    acquired.abort();
  }
}

const isAborted = (error: unknown): boolean => isEtcdError(error) && error.code === "ETCD_ABORTED";

/** Says how many are ahead of us, unless `signal` tells that this is of no interest any more. */
async function noteLine(
  run: Run,
  client: Client,
  session: Session,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  const ours = `${name}/${session.leaseId.toString(16)}`;
  try {
    const { kvs } = await client.kv.get(`${name}/`, { prefix: true, keysOnly: true, signal });
    if (signal.aborted) return;
    const revision = kvs.find(({ key }) => key.string() === ours)?.createRevision ?? Infinity;
    const count = kvs.filter(({ createRevision }) => createRevision < revision).length;
    if (count > 0)
      tell(run, `waiting behind ${count} ${count === 1 ? "holder" : "holders"} of lock "${name}"`);
  } catch (error) {
    // Whoever only wants to tell does not fail what it tells about.
    if (!isEtcdError(error)) throw error;
  }
}

/** As etcdctl does: so that another program can watch or delete it. */
async function printLock(run: Run, { key, token, name }: Lock, { leaseId }: Session): Promise<void> {
  if (run.settings.format !== "json") await run.out.line(key);
  else await run.out.json({ name, key: Buffer.from(key), rev: token, token, lease: leaseId });
}

/** @returns what the program exits with */
async function runCommand(
  run: Run,
  session: Session,
  held: Lock,
  { name, command, onLost, graceMs }: Request,
): Promise<number> {
  // A signal may have come just when the lock did.
  endIfInterrupted(run);
  const child = await startChild(command, {
    ...run.environment,
    ETCD_LOCK_KEY: held.key,
    ETCD_LOCK_REV: String(held.token),
    ETCD_LOCK_TOKEN: String(held.token),
    ETCD_LOCK_LEASE: session.leaseId.toString(16),
  });
  const { exitCode, isLost, forcedBy } = await watchOver(
    child,
    held,
    { onLost, graceMs },
    surroundingsOf(run),
  );
  // Whoever waits for the lock need not wait for the TTL, if that can be said at once.
  if (forcedBy !== undefined) await session.close({ timeoutMs: FORCED_CLOSE_TIMEOUT_MS });
  else if ((exitCode === ExitCode.LOST && isLost) || (exitCode === 0 && (await wasLost(run, held))))
    throw new ExitError(ExitCode.LOST, `lock "${name}" was lost before the command had ended`);
  return exitCode;
}

/**
 * Was it lost without our hearing of it yet? Success says that the lock was held to the end, so etcd is asked. If it does not
 * answer, our lease is what we have.
 */
async function wasLost(run: Run, held: Lock): Promise<boolean> {
  const { op } = await import("../index.js");
  try {
    const { commandTimeoutMs: timeoutMs } = run.settings;
    await held.txn({ then: [op.get(held.key, { keysOnly: true })] }, { timeoutMs });
  } catch (error) {
    if (!isEtcdError(error)) throw error;
  }
  return !held.isHeld;
}

const surroundingsOf = (run: Run): Surroundings => ({
  onSignal: (handler) => {
    const onSignal = (signal: NodeJS.Signals): void => {
      // While the lock is released then, another one ends us at once.
      if (!isFromKeyboard(signal)) run.signals.abort(signal);
      handler(signal);
    };
    const stop = run.signals.handle(onSignal);
    // One that came while the command was being started.
    if (run.signals.received !== undefined) onSignal(run.signals.received);
    return stop;
  },
  isFromKeyboard,
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
  now: () => performance.now(),
  note: (line) => tell(run, line),
});
