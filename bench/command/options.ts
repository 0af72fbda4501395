/** What the command line asks for. */
import { Command, CommanderError, Option } from "commander";
import { UsageError } from "../../src/cli/exit-codes.js";
import {
  CLUSTER_FLAGS,
  addFlag,
  addGlobalFlags,
  propertyOf,
  readSettings,
} from "../../src/cli/global-flags.js";
import type { Environment, FlagValues, Settings } from "../../src/cli/global-flags.js";
import { normalizeArguments } from "../../src/cli/command-line.js";
import {
  byteCount,
  duration,
  list,
  oneOf,
  positiveDuration,
  positiveInteger,
  positiveNumber,
  seedNumber,
  wholeSeconds,
  word,
} from "./values.js";
import type { Parse } from "./values.js";
import type { KnobValues } from "./rows.js";
import type { MemberCount } from "../harness/workload.js";

export interface BenchOptions {
  readonly workloads: readonly string[];
  /** No workload was named: only the rows that are meant for that. */
  readonly headline: boolean;
  readonly systems: readonly string[] | undefined;
  /** Only settings that have all the words of one of these; undefined: all. */
  readonly rows: readonly string[] | undefined;
  readonly knobs: KnobValues;
  readonly runCount: number;
  /** Of one run; undefined: each workload's own. */
  readonly durationMs: number | undefined;
  readonly warmupMs: number | undefined;
  /** After so many operations a run ends. */
  readonly operationCount: number | undefined;
  readonly seed: number;
  readonly intervalMs: number;
  /** Undefined: no open loop. */
  readonly maxInFlight: number | undefined;
  readonly latencyLimitMs: number | undefined;
  /** Undefined: 1, and rows that say otherwise. */
  readonly memberCount: MemberCount | undefined;
  /** Of a cluster that is there already; undefined: a private one. */
  readonly cluster: Settings | undefined;
  /** On that cluster, begin although there are keys under `bench/`. */
  readonly force: boolean;
  readonly outputs: OutputFiles;
  readonly failIf: readonly string[];
  readonly smoke: boolean;
  /** Say what there is, and measure nothing. */
  readonly list: boolean;
}

/** Where results go besides standard output. */
export interface OutputFiles {
  readonly json: string | undefined;
  readonly csv: string | undefined;
  readonly hdr: string | undefined;
  readonly html: string | undefined;
  readonly svgFolder: string | undefined;
}

const RUN_COUNT_DEFAULT = 5;
/** A smoke run shows that everything works; its numbers mean nothing. */
const SMOKE_RUN_COUNT = 1;
const SMOKE_DURATION_MS = 100;
const SEED_DEFAULT = 1;
const INTERVAL_DEFAULT_MS = 1_000;
/**
 * Of an open loop, in one process. Far above what any system here has under way when it keeps up (a rate of 10,000 at a
 * second each), and what `in-flight` shows that the client carries; without an end, an overloaded run takes all memory.
 */
const MAX_IN_FLIGHT_DEFAULT = 10_000;

/** Options with a value: name, what it is, and what it does. */
const LOAD_OPTIONS = [
  ["--mode <closed|open>", "start an operation when one ends (closed), or by a schedule (open, with --rate)"],
  ["--rate <per second>", "operations per second of an open loop, all processes together; a list"],
  [
    "--arrival <uniform|poisson>",
    "of an open loop: at equal distances, or as independent users come (poisson)",
  ],
  ["--concurrency <n>", "operations under way in each process; a list"],
  ["--contenders <n>", "clients that want the same lock; a list"],
  ["--processes <n>", "processes that the load comes from; a list"],
  ["--keys <n>", "names or keys that operations are spread over; a list"],
  ["--hold <duration>", "how long a holder keeps the lock; a list"],
  ["--ttl <duration>", "of leases, in whole seconds; a list"],
  ["--value-size <bytes>", "of the values that are written: 16, 4KiB, 1MiB; a list"],
] as const;

const RUN_OPTIONS = [
  ["--duration <duration>", "length of one run, warm-up not counted"],
  ["--count <n>", "end a run after so many operations instead"],
  ["--warmup <duration>", "run so long before anything counts"],
  ["--runs <n>", `runs of each system at each setting, systems interleaved (${RUN_COUNT_DEFAULT})`],
  [
    "--seed <n>",
    `of arrival times, and whatever else is drawn: by each run anew, for all systems in it alike (${SEED_DEFAULT})`,
  ],
  [
    "--max-in-flight <n>",
    `of an open loop, in one process: more wait until one of them has ended (${MAX_IN_FLIGHT_DEFAULT})`,
  ],
  [
    "--latency-limit <duration>",
    "count what takes longer; in an open loop, drop what is later before it starts",
  ],
  ["--interval <duration>", "of the time series (1s)"],
  ["--systems <names>", "only these"],
  ["--rows <words>", 'only settings with these words: "c=64", "contenders=2 hold=0ms,contenders=8"'],
  ["--members <1|3>", "size of the private cluster (1); of rows with members=N, only those"],
] as const;

const OUTPUT_OPTIONS = [
  ["--json <file>", "everything; - is standard output, which then has no table (so with the next three)"],
  ["--csv <file>", "one line per run"],
  ["--hdr <file>", "HdrHistogram log, with an interval of each run"],
  ["--html <file>", "one page with charts, which needs no network"],
  ["--svg <folder>", "the charts as pictures"],
] as const;

/** Of a list, one value each; and the option's name, for errors. */
type Given = (flag: string) => string | undefined;

/** Only options that say which cluster, and how to get there. */
const clusterFlagsGiven = (values: FlagValues): string[] =>
  CLUSTER_FLAGS.filter((name) => values[propertyOf(name)] !== undefined).map((name) => `--${name}`);

const requireFor = (value: unknown, option: string, wanted: boolean, what: string): void => {
  if (value !== undefined && value !== false && !wanted) throw new UsageError(`${option} is for ${what}`);
};

const readKnobs = (given: Given): KnobValues => {
  const read = <T>(flag: string, parse: Parse<T>): T | undefined => {
    const text = given(flag);
    return text === undefined ? undefined : parse(text, flag);
  };
  const knobs: KnobValues = {
    mode: read("--mode", oneOf("closed", "open")),
    rates: read("--rate", list(positiveNumber)),
    arrival: read("--arrival", oneOf("uniform", "poisson")),
    concurrency: read("--concurrency", list(positiveInteger)),
    contenders: read("--contenders", list(positiveInteger)),
    processes: read("--processes", list(positiveInteger)),
    keys: read("--keys", list(positiveInteger)),
    holdMs: read("--hold", list(duration)),
    ttlSeconds: read("--ttl", list(wholeSeconds)),
    valueBytes: read("--value-size", list(byteCount)),
  };
  const isOpen = knobs.mode === "open";
  requireFor(knobs.rates, "--rate", isOpen, "--mode open");
  requireFor(knobs.arrival, "--arrival", isOpen, "--mode open");
  requireFor(knobs.concurrency, "--concurrency", !isOpen, "--mode closed; an open loop has --max-in-flight");
  if (isOpen && knobs.rates === undefined) throw new UsageError("--mode open wants a --rate");
  return knobs;
};

/** What there is to choose from. */
export interface Offer {
  readonly workloadNames: readonly string[];
  readonly systemNames: readonly string[];
  /** What runs when no workload is named. */
  readonly bareNames: readonly string[];
  /** As it is typed, for the usage line. */
  readonly programName: string;
  /** Below the options. */
  readonly helpText: string;
}

const buildCommand = ({ programName, helpText }: Offer): Command => {
  const command = new Command(programName)
    .usage("[WORKLOAD...] [options]\n       " + `${programName} compare A.json B.json [options]`)
    .description("Measures locks and transactions of etcd, with several clients side by side.")
    .argument("[workloads...]")
    .helpOption("-h, --help", "print help")
    .addHelpText("after", helpText)
    .allowExcessArguments()
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  const addAll = (options: readonly (readonly [string, string])[], group: string): void => {
    for (const [flags, about] of options) command.addOption(new Option(flags, about).helpGroup(group));
  };
  addAll(LOAD_OPTIONS, "Load (a list makes one row of each value; only workloads that have such a thing):");
  addAll(RUN_OPTIONS, "Runs:");
  command.addOption(
    new Option("--smoke", "all workloads for an instant: their numbers mean nothing").helpGroup("Runs:"),
  );
  command.addOption(
    new Option("--list", "say which workloads, systems, rows and options there are").helpGroup("Runs:"),
  );
  addAll(OUTPUT_OPTIONS, "Results, besides the table on standard output:");
  command.addOption(
    new Option("--fail-if <expression>", "exit with 99 if a row is so: 'p99>50ms'; may be repeated")
      .helpGroup("Results, besides the table on standard output:")
      .argParser((text: string, before: string[] | undefined) => [...(before ?? []), text]),
  );
  command.optionsGroup("A cluster that is there already, instead of a private one:");
  addGlobalFlags(command, false, CLUSTER_FLAGS);
  // Nothing stands in for it here.
  for (const option of command.options)
    if (option.long === "--endpoints") option.description = "its members, separated by commas";
  addFlag(command, "--force", "begin although there are keys under bench/; they are left alone");
  return command;
};

/** `--help` was asked for: what to print. */
export class HelpAsked extends Error {
  override name = "HelpAsked";
}

/**
 * Without a workload named it is `bareNames` that run; in a smoke run, all.
 *
 * @throws UsageError for anything that it does not know; HelpAsked
 */
export const parseOptions = (
  commandLine: readonly string[],
  environment: Environment,
  offer: Offer,
): BenchOptions => {
  const command = buildCommand(offer);
  try {
    const { own } = normalizeArguments(command, commandLine);
    let help = "";
    command.configureOutput({ writeErr: () => {}, writeOut: (text) => (help += text) });
    try {
      command.parse(own, { from: "user" });
    } catch (error) {
      if (error instanceof CommanderError && error.exitCode === 0) throw new HelpAsked(help);
      throw error;
    }
  } catch (error) {
    if (error instanceof CommanderError) throw new UsageError(error.message.replace(/^error: /, ""));
    throw error;
  }
  const values = command.opts<FlagValues>();
  const failIf = (command.opts<{ failIf?: string[] }>().failIf ?? []).map((text) => word(text, "--fail-if"));
  const given: Given = (flag) => values[propertyOf(flag.slice(2))] as string | undefined;
  const read = <T>(flag: string, parse: Parse<T>): T | undefined => {
    const text = given(flag);
    return text === undefined ? undefined : parse(text, flag);
  };
  const known =
    (what: string, all: readonly string[]): Parse<string> =>
    (name) => {
      if (!all.includes(name)) throw new UsageError(`no ${what} "${name}"; there are: ${all.join(", ")}`);
      return name;
    };

  const smoke = values["smoke"] === true;
  const force = values["force"] === true;
  const knobs = readKnobs(given);
  const isExternal = given("--endpoints") !== undefined;
  const misplaced = isExternal ? undefined : clusterFlagsGiven(values)[0];
  if (misplaced !== undefined) throw new UsageError(`${misplaced} is for a cluster that --endpoints names`);
  requireFor(force, "--force", isExternal, "a cluster that --endpoints names");
  const members = read("--members", oneOf("1", "3"));
  requireFor(
    members,
    "--members",
    !isExternal,
    "private clusters; the one of --endpoints has those that it has",
  );
  const durationMs = read("--duration", positiveDuration);
  const operationCount = read("--count", positiveInteger);
  if (durationMs !== undefined && operationCount !== undefined)
    throw new UsageError("--duration and --count: a run ends by one of them");
  const maxInFlight = read("--max-in-flight", positiveInteger);
  requireFor(maxInFlight, "--max-in-flight", knobs.mode === "open", "--mode open");

  const named = command.args.map((name) => known("workload", offer.workloadNames)(name, ""));
  return {
    workloads: named.length > 0 ? [...new Set(named)] : smoke ? offer.workloadNames : offer.bareNames,
    headline: named.length === 0,
    systems: read("--systems", list(known("system", offer.systemNames))),
    rows: read("--rows", list(word)),
    knobs,
    runCount: read("--runs", positiveInteger) ?? (smoke ? SMOKE_RUN_COUNT : RUN_COUNT_DEFAULT),
    durationMs: durationMs ?? (smoke && operationCount === undefined ? SMOKE_DURATION_MS : undefined),
    warmupMs: read("--warmup", duration),
    operationCount,
    seed: read("--seed", seedNumber) ?? SEED_DEFAULT,
    intervalMs: read("--interval", positiveDuration) ?? INTERVAL_DEFAULT_MS,
    maxInFlight: maxInFlight ?? (knobs.mode === "open" ? MAX_IN_FLIGHT_DEFAULT : undefined),
    latencyLimitMs: read("--latency-limit", positiveDuration),
    memberCount: members === undefined ? undefined : members === "1" ? 1 : 3,
    cluster: isExternal ? readSettings(values, environment) : undefined,
    force,
    outputs: {
      json: read("--json", word),
      csv: read("--csv", word),
      hdr: read("--hdr", word),
      html: read("--html", word),
      svgFolder: read("--svg", word),
    },
    failIf,
    smoke,
    list: values["list"] === true,
  };
};
