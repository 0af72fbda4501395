import { parseArgs } from "node:util";
import type { ParseArgsConfig } from "node:util";
import type { MemberCount } from "./workload.js";

/** What the command line asks for. */
export interface BenchOptions {
  readonly workloads: readonly string[];
  readonly systems: readonly string[] | undefined;
  /** Only settings that have all the words of one of these; undefined: all. */
  readonly rows: readonly string[] | undefined;
  readonly runCount: number;
  /** Undefined: each workload's own. */
  readonly seconds: number | undefined;
  readonly jsonFile: string | undefined;
  /** Undefined: 1, and rows that say otherwise. */
  readonly memberCount: MemberCount | undefined;
  readonly smoke: boolean;
  /** No workload was named: only the rows that are meant for that. */
  readonly headline: boolean;
  readonly help: boolean;
}

/** The command line makes no sense; the message says what does. Exit status 64 (sysexits.h EX_USAGE). */
export class UsageError extends Error {
  override name = "UsageError";
}

const RUN_COUNT_DEFAULT = 5;
/** A smoke run shows that everything works; its numbers mean nothing. */
const SMOKE_RUN_COUNT = 1;
const SMOKE_SECONDS = 0.1;

const optionTypes = {
  json: { type: "string" },
  runs: { type: "string" },
  seconds: { type: "string" },
  systems: { type: "string" },
  rows: { type: "string" },
  members: { type: "string" },
  smoke: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const satisfies NonNullable<ParseArgsConfig["options"]>;

const positive = (option: string, text: string | undefined): number | undefined => {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0)
    throw new UsageError(`--${option} wants a number above 0, not "${text}"`);
  return value;
};

/**
 * Throws `UsageError` for anything that it does not know. Without a workload named it is `bareNames` that run; in a
 * smoke run, all.
 */
export const parseOptions = (
  commandLine: readonly string[],
  workloadNames: readonly string[],
  systemNames: readonly string[],
  bareNames = workloadNames,
): BenchOptions => {
  const parse = () => {
    try {
      return parseArgs({ args: [...commandLine], options: optionTypes, allowPositionals: true });
    } catch (error) {
      throw new UsageError((error as Error).message);
    }
  };
  const { values, positionals } = parse();
  const known = (kind: string, names: readonly string[], all: readonly string[]): readonly string[] => {
    for (const name of names) {
      if (!all.includes(name))
        throw new UsageError(`unknown ${kind} "${name}"; there are: ${all.join(", ")}`);
    }
    return names;
  };
  if (values.members !== undefined && values.members !== "1" && values.members !== "3")
    throw new UsageError(`--members is 1 or 3, not "${values.members}"`);
  const runCount = positive("runs", values.runs);
  if (runCount !== undefined && !Number.isInteger(runCount))
    throw new UsageError("--runs wants a whole number");
  const systems = values.systems?.split(",").map((name) => name.trim());
  return {
    workloads:
      positionals.length > 0
        ? known("workload", [...new Set(positionals)], workloadNames)
        : values.smoke
          ? workloadNames
          : bareNames,
    systems: systems === undefined ? undefined : known("system", systems, systemNames),
    rows: values.rows?.split(",").map((text) => text.trim()),
    runCount: runCount ?? (values.smoke ? SMOKE_RUN_COUNT : RUN_COUNT_DEFAULT),
    seconds: positive("seconds", values.seconds) ?? (values.smoke ? SMOKE_SECONDS : undefined),
    jsonFile: values.json,
    memberCount: values.members === undefined ? undefined : values.members === "1" ? 1 : 3,
    smoke: values.smoke,
    headline: positionals.length === 0,
    help: values.help,
  };
};
