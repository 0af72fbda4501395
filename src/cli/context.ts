/**
 * What a command has to work with. A command is registered with `context.command(...)`, which reads the flags, and
 * gives its `action` a `Run`: settings, a client that connects when it is first used, stdout, and the signals.
 */
import type { Command } from "commander";
import type { Readable, Writable } from "node:stream";
import type { Client } from "../index.js";
import { ExitError, exitCodeOfSignal } from "./exit-codes.js";
import { clientOptionsOf, readSettings } from "./global-flags.js";
import type { Environment, FlagValues, Settings } from "./global-flags.js";
import type { Header } from "./kv-print.js";
import { Output } from "./output.js";
import { ReplySource } from "./reply-source.js";
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
  readonly client: () => Promise<Client>;
  /** The header of the last reply, which JSON has and the client's results leave out. */
  header(known: { revision?: number; raftTerm?: number }): Promise<Header>;
  /** Data, for programs to read. */
  readonly out: Output;
  /** A line for people, on stderr. */
  readonly note: (line: string) => void;
  readonly stdin: Readable;
  readonly environment: Environment;
  readonly signals: Signals;
  /** Aborts at the first SIGINT, SIGTERM, SIGHUP or SIGQUIT; a command that ends by it exits with 128 + the signal. */
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
  /** Is a command being carried out, or has it been? From then on all that goes to stdout goes through its `Output`. */
  hasBegun = false;

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
    const client = (): Promise<Client> => (opened ??= openClient(settings));
    // Before the first call, and only where it is needed: calls that are listened to cost more.
    const wantsHeaders = settings.format === "json" || settings.format === "fields";
    const source = wantsHeaders ? new ReplySource() : undefined;
    const signals = this.#signals;
    const run: Run = {
      settings,
      client,
      header: async (known) => {
        if (source === undefined) throw new Error("headers are for json and fields");
        return source.header(await client(), known);
      },
      out: new Output(stdout),
      note,
      stdin,
      environment,
      signals,
      signal: signals.signal,
      trailing: this.trailing,
    };
    signals.start();
    this.hasBegun = true;
    try {
      return (await action(run, command.args, flags)) ?? 0;
    } catch (error) {
      // Whoever sent the signal knows why.
      if (signals.received !== undefined && error instanceof Error && error.name === "AbortError")
        throw new ExitError(exitCodeOfSignal(signals.received));
      throw error;
    } finally {
      await (await opened?.catch(() => undefined))?.close();
      source?.stop();
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
