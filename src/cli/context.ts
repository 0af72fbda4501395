/**
 * What a command has to work with. A command is registered with `context.command(...)`, which reads the flags, and
 * gives its `action` a `Run`: settings, a client that connects when it is first used, stdout, and the signals.
 */
import type { Command } from "commander";
import type { Readable, Writable } from "node:stream";
import type { Client } from "../index.js";
import { ExitError, exitCodeOfSignal, isEtcdError } from "./exit-codes.js";
import { clientOptionsOf, readSettings } from "./global-flags.js";
import type { Environment, FlagValues, Settings } from "./global-flags.js";
import { Output } from "./output.js";
import { Signals } from "./signals.js";
import { startTracing } from "./debug-lines.js";

/** The process, as far as commands see it. */
export interface ContextOptions {
  readonly env: Environment;
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
}

/** One command being carried out. */
export interface Run {
  readonly settings: Settings;
  /** Made when it is first asked for; closed after the action. Calls have `--command-timeout`. */
  client(): Promise<Client>;
  /** Data, for programs to read. */
  readonly out: Output;
  /** A line for people, on stderr. */
  note(line: string): void;
  readonly stdin: Readable;
  readonly environment: Environment;
  readonly signals: Signals;
  /** Aborts at the first SIGINT, SIGTERM or SIGHUP; a command that ends by it exits with 128 + the signal. */
  readonly signal: AbortSignal;
  /** What stood behind `--`, of a command that takes a command (`takesTrailing`). */
  readonly trailing: readonly string[] | undefined;
}

/** @returns the exit code; undefined for 0 */
export type Action = (
  run: Run,
  operands: readonly string[],
  flags: FlagValues,
) => Promise<number | undefined> | Promise<void>;

/** Shared by all commands of one run of the program. */
export class Context {
  readonly #options: ContextOptions;
  readonly #signals = new Signals();
  /** Set by main, once the arguments are known. */
  trailing: readonly string[] | undefined;
  /** What the action that was run wants the program to exit with. */
  exitCode = 0;
  /** As soon as it is known: errors are printed so. */
  jsonErrors = false;

  constructor(options: ContextOptions) {
    this.#options = options;
  }

  /** Has `command` do `action`. */
  action(command: Command, action: Action): Command {
    return command.action(async () => {
      this.exitCode = await this.#run(command, action);
    });
  }

  async #run(command: Command, action: Action): Promise<number> {
    const { env: environment, stdin, stdout, stderr } = this.#options;
    const flags = flagsOf(command);
    this.jsonErrors = flags["jsonErrors"] === true;
    const settings = readSettings(flags, environment);
    const note = (line: string): void => void stderr.write(`${line}\n`);
    const stopTracing = settings.debug ? startTracing(note) : undefined;
    let opened: Promise<Client> | undefined;
    const signals = this.#signals;
    const run: Run = {
      settings,
      client: () => (opened ??= openClient(settings)),
      out: new Output(stdout),
      note,
      stdin,
      environment,
      signals,
      signal: signals.signal,
      trailing: this.trailing,
    };
    signals.start();
    try {
      return (await action(run, command.args, flags)) ?? 0;
    } catch (error) {
      // Whoever sent the signal knows why.
      if (signals.received !== undefined && isEtcdError(error) && error.code === "ETCD_ABORTED")
        throw new ExitError(exitCodeOfSignal(signals.received));
      throw error;
    } finally {
      const client = await opened?.catch(() => undefined);
      await client?.close();
      signals.stop();
      stopTracing?.();
    }
  }
}

/** The flags of a command and of those above it. What stands nearer to the arguments counts: it was written later. */
function flagsOf(command: Command): FlagValues {
  const chain: Command[] = [];
  for (let each: Command | null = command; each !== null; each = each.parent) chain.unshift(each);
  const flags: Record<string, string | boolean | undefined> = {};
  for (const each of chain) {
    for (const [name, value] of Object.entries(each.opts<FlagValues>()))
      if (value !== undefined) flags[name] = value;
  }
  return flags;
}

async function openClient(settings: Settings): Promise<Client> {
  // Here, so that --help and a wrong command line need not wait for it.
  const { Client } = await import("../index.js");
  return new Client(clientOptionsOf(settings));
}
