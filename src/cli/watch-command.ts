import { spawn } from "node:child_process";
import { once } from "node:events";
import { Command } from "commander";
import type { WatchBatch, WatchEvent, WatchOptions, Watcher } from "../index.js";
import { normalizeArguments, takesTrailing } from "./command-line.js";
import type { Context, Run } from "./context.js";
import { ExitCode, ExitError, UsageError, isEtcdError } from "./exit-codes.js";
import { requireFormat } from "./formats.js";
import { addFlag } from "./global-flags.js";
import type { Environment, FlagValues } from "./global-flags.js";
import { omitEmpty } from "./go-json.js";
import type { GoJson } from "./go-json.js";
import { goQuote } from "./go-quote.js";
import { fieldsKv, fields, joinLines, jsonHeader, jsonKv, simpleKv } from "./kv-print.js";
import type { Header, Lines, Style } from "./kv-print.js";
import { parseCount } from "./numbers.js";
import { readLines } from "./stdin.js";
import { splitWords } from "./txn-text.js";

/** What one watch is told to do. */
interface WatchRequest {
  readonly key: string | Uint8Array;
  readonly options: WatchOptions;
  /** Run for each event; empty: nothing is run. */
  readonly command: readonly string[];
}

const HELP = `
With a command behind --, it is run for each event, one after the other, with ETCD_WATCH_REVISION,
ETCD_WATCH_EVENT_TYPE, ETCD_WATCH_KEY and ETCD_WATCH_VALUE in its environment, the last three quoted.
Without a key, ETCDCTL_WATCH_KEY and ETCDCTL_WATCH_RANGE_END are watched.
With -i, lines are read from stdin: "watch [flags] <key> [range_end] [-- command]" and "progress", which
has all watches print how far they have come and needs etcd 3.4.25, 3.5.8 or newer.

`;

/** `watch`. */
export function registerWatch(program: Command, context: Context): void {
  const command = defineWatch(
    program.command("watch").description("print what happens to keys, until stopped"),
  );
  addFlag(command, "-i, --interactive", "read what to watch from stdin");
  context.action(takesTrailing(command.addHelpText("after", HELP)), watch);
}

function defineWatch(command: Command): Command {
  command.arguments("[key] [range_end]").option("--rev <n>", "events from this revision on");
  addFlag(command, "--prefix", "watch all keys that begin with the key");
  addFlag(command, "--prev-kv", "print what was there before");
  return addFlag(command, "--progress-notify", "print how far the watch has come, now and then");
}

/** @throws UsageError */
function readWatch(
  operands: readonly (string | Uint8Array)[],
  flags: FlagValues,
  command: readonly string[] = [],
  environment: Environment = {},
): WatchRequest {
  const [key, rangeEnd] =
    operands.length > 0
      ? operands
      : [environment["ETCDCTL_WATCH_KEY"], environment["ETCDCTL_WATCH_RANGE_END"]];
  if (key === undefined) throw new UsageError("watch needs a key");
  const prefix = flags["prefix"] === true;
  const hasEnd = rangeEnd !== undefined && rangeEnd.length > 0;
  if (prefix && hasEnd) throw new UsageError("a range end goes not with --prefix");
  const { rev } = flags;
  return {
    key,
    command,
    options: {
      ...(prefix ? { prefix } : {}),
      ...(hasEnd ? { rangeEnd } : {}),
      ...(rev === undefined ? {} : { startRevision: parseCount(String(rev), "--rev") }),
      prevKv: flags["prevKv"] === true,
      progressNotify: flags["progressNotify"] === true,
    },
  };
}

async function watch(run: Run, operands: readonly string[], flags: FlagValues): Promise<void> {
  requireFormat(run, ["simple", "json", "fields"]);
  if (flags["interactive"] === true) {
    if (operands.length > 0 || run.trailing !== undefined)
      throw new UsageError("with -i, what to watch comes from stdin");
    await watchInteractively(run);
    return;
  }
  if (run.trailing?.length === 0) throw new UsageError("there is no command behind --");
  await follow(run, await open(run, readWatch(operands, flags, run.trailing, run.environment)));
}

interface Opened {
  readonly watcher: Watcher;
  readonly request: WatchRequest;
}

async function open(run: Run, request: WatchRequest): Promise<Opened> {
  const client = await run.client();
  return { request, watcher: client.watch(request.key, { ...request.options, signal: run.signal }) };
}

/** Prints what a watch brings, until it ends. */
async function follow(run: Run, { watcher, request }: Opened): Promise<void> {
  for await (const batch of watcher) {
    await print(run, batch);
    if (request.command.length === 0) continue;
    for (const event of batch.events) await runCommand(run, request.command, batch, event);
  }
}

const typeOf = ({ type }: WatchEvent): string => (type === "put" ? "PUT" : "DELETE");

async function print(run: Run, batch: WatchBatch): Promise<void> {
  const { format = "simple", hex } = run.settings;
  if (batch.events.length === 0 && format !== "json") {
    await run.out.line(`progress notify: ${batch.revision}`);
    if (format === "simple") return;
  }
  if (format === "simple") {
    await run.out.write(joinLines(simpleEvents(batch, { hex, valueOnly: false })));
    return;
  }
  const header = await run.header({ revision: batch.revision });
  if (format === "json") await run.out.json(jsonEvents(batch, header));
  else await run.out.write(joinLines(fieldsEvents(batch, header)));
}

const simpleEvents = ({ events }: WatchBatch, style: Style): Lines =>
  events.flatMap((event) => [
    typeOf(event),
    ...(event.previous === undefined ? [] : simpleKv(event.previous, style)),
    ...simpleKv(event.kv, style),
  ]);

const fieldsEvents = ({ events }: WatchBatch, header: Header): Lines => [
  ...fields.header(header),
  ...events.flatMap((event) => [
    `"Type" : ${typeOf(event)}`,
    ...(event.previous === undefined ? [] : fieldsKv(event.previous, "Prev")),
    ...fieldsKv(event.kv),
  ]),
];

const jsonEvents = ({ events }: WatchBatch, header: Header): GoJson => ({
  Header: jsonHeader(header),
  Events:
    events.length === 0
      ? null
      : events.map((event) =>
          omitEmpty({
            // mvccpb.Event.EventType; PUT is 0.
            type: event.type === "put" ? 0 : 1,
            kv: jsonKv(event.kv),
            prev_kv: event.previous && jsonKv(event.previous),
          }),
        ),
  CompactRevision: 0,
  Canceled: false,
  Created: false,
});

/** @throws ExitError when it fails: events are to be handled in their order, and this one was not */
async function runCommand(
  run: Run,
  command: readonly string[],
  { revision }: WatchBatch,
  event: WatchEvent,
): Promise<void> {
  const [file = "", ...rest] = command;
  const child = spawn(file, rest, {
    // Without stdin: in interactive mode it is ours.
    stdio: ["ignore", "inherit", "inherit"],
    env: {
      ...run.environment,
      ETCD_WATCH_REVISION: String(revision),
      ETCD_WATCH_EVENT_TYPE: `"${typeOf(event)}"`,
      ETCD_WATCH_KEY: goQuote(event.kv.key),
      ETCD_WATCH_VALUE: goQuote(event.kv.value),
    },
  });
  const onAbort = (): void => void child.kill(run.signals.received ?? "SIGTERM");
  run.signal.addEventListener("abort", onAbort, { once: true });
  try {
    const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
    run.signal.throwIfAborted();
    if (code !== 0)
      throw new ExitError(
        ExitCode.FAILURE,
        `command ${JSON.stringify(command)} ended with ${signal ?? `exit status ${code ?? "unknown"}`}`,
      );
  } catch (error) {
    if (!(error instanceof Error) || (error as NodeJS.ErrnoException).syscall === undefined) throw error;
    throw new ExitError(ExitCode.FAILURE, `command ${JSON.stringify(command)}: ${error.message}`);
  } finally {
    run.signal.removeEventListener("abort", onAbort);
  }
}

/** Watches what the lines of stdin ask for, until they end. */
async function watchInteractively(run: Run): Promise<void> {
  const watchers: Watcher[] = [];
  // Rejects with the first watch that fails, which ends all of it.
  let fail!: (error: unknown) => void;
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => {});
  const lines = readLines(run.stdin, run.signal);
  try {
    for (;;) {
      const next = await Promise.race([lines.next(), failed]);
      if (next.done === true) return;
      const line = next.value.trim();
      if (line === "") continue;
      try {
        const request = parseWatchLine(line);
        if (request === "progress") {
          await askProgress(run, watchers);
          continue;
        }
        const opened = await open(run, request);
        watchers.push(opened.watcher);
        follow(run, opened).catch(fail);
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        run.note(`Error: ${error.message}`);
      }
    }
  } finally {
    await Promise.all(watchers.map((watcher) => watcher.close()));
  }
}

/**
 * Has the watches print how far they have come: as batches of theirs, behind the events that those are about.
 *
 * @throws UsageError where it cannot be had: the watches go on without it
 */
async function askProgress(run: Run, watchers: readonly Watcher[]): Promise<void> {
  try {
    await Promise.all(watchers.map((watcher) => watcher.requestProgress({ signal: run.signal })));
  } catch (error) {
    if (!isEtcdError(error) || error.code === "ETCD_ABORTED") throw error;
    const isTooOld = error.code === "ETCD_UNSUPPORTED";
    throw new UsageError(
      isTooOld ? error.message.replace("requestProgress", "progress") : `progress: ${error.message}`,
    );
  }
}

/** @throws UsageError */
function parseWatchLine(line: string): WatchRequest | "progress" {
  const [name, ...words] = splitWords(line);
  if (name === "progress") return "progress";
  if (name !== "watch") throw new UsageError(`${JSON.stringify(name)} is not watch or progress`);
  const command = takesTrailing(defineWatch(new Command("watch")).exitOverride().helpOption(false));
  command.configureOutput({ writeErr: () => {} });
  const { own, trailing } = normalizeArguments(command, words);
  try {
    command.parse(own, { from: "user" });
  } catch (error) {
    throw new UsageError((error as Error).message.replace(/^error: /, ""));
  }
  const bytes = (word: string): Buffer => Buffer.from(word, "latin1");
  const request = readWatch(
    command.args.map(bytes),
    command.opts<FlagValues>(),
    trailing?.map((word) => bytes(word).toString("utf8")),
  );
  return request;
}
