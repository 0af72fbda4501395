/** What the command line makes of a workload's rows. */
import { UsageError } from "../../src/cli/exit-codes.js";
import { distinctSettings } from "../harness/workload.js";
import type { Knob, MemberCount, Params, Workload } from "../harness/workload.js";

/** What was given, one value for each row; what was not, is the workload's own. */
export interface KnobValues {
  readonly mode?: "closed" | "open" | undefined;
  /** Of open loops. */
  readonly rates?: readonly number[] | undefined;
  readonly arrival?: "uniform" | "poisson" | undefined;
  readonly concurrency?: readonly number[] | undefined;
  readonly contenders?: readonly number[] | undefined;
  readonly processes?: readonly number[] | undefined;
  readonly keys?: readonly number[] | undefined;
  readonly holdMs?: readonly number[] | undefined;
  readonly ttlSeconds?: readonly number[] | undefined;
  readonly valueBytes?: readonly number[] | undefined;
}

/** The option that turns a knob. */
export const KNOB_OPTIONS: Readonly<Record<Knob, string>> = {
  mode: "--mode",
  concurrency: "--concurrency",
  contenders: "--contenders",
  processes: "--processes",
  keys: "--keys",
  holdMs: "--hold",
  ttlSeconds: "--ttl",
  valueBytes: "--value-size",
};

const KNOBS = Object.keys(KNOB_OPTIONS) as Knob[];

export const givenKnobs = (values: KnobValues): Knob[] => KNOBS.filter((knob) => values[knob] !== undefined);

/** Throws `UsageError` for a knob that one of the chosen workloads lacks, and says which have it. */
export const checkKnobs = (
  chosen: readonly Workload[],
  all: readonly Workload[],
  values: KnobValues,
): void => {
  for (const knob of givenKnobs(values)) {
    const lacking = chosen.find(({ knobs }) => knobs?.includes(knob) !== true);
    if (lacking === undefined) continue;
    const having = all.filter(({ knobs }) => knobs?.includes(knob) === true).map(({ name }) => name);
    throw new UsageError(
      `${lacking.name} has no ${KNOB_OPTIONS[knob]}; ${having.length === 0 ? "no workload has" : `those that have: ${having.join(", ")}`}`,
    );
  }
};

/** Each of `settings` with each of the values. */
const combine = (settings: readonly Params[], name: keyof Params, values: readonly number[]): Params[] =>
  settings.flatMap((params) => values.map((value) => ({ ...params, [name]: value })));

/** `from` without the properties `names`. */
const without = <T extends object>(from: T, names: readonly string[]): T =>
  Object.fromEntries(Object.entries(from).filter(([name]) => !names.includes(name))) as T;

/**
 * The settings that the command line's values are laid over. What no knob turns (the call that is timed, say) stays as
 * the workload has it, each combination once; a knob that was not turned is as in the first row that has the combination.
 */
const basesOf = ({ params, headlineParams = params, knobs = [] }: Workload): Params[] =>
  [
    ...new Map(
      headlineParams.toReversed().map((each) => [JSON.stringify(without(each, knobs)), each]),
    ).values(),
  ].toReversed();

const OPEN_LOOP_PARAMS = ["mode", "rate", "arrival"];

/**
 * The workload with the rows that the values ask for: all combinations of them. Unchanged when there are none. Its rules
 * stay, and hold for those rows that they name.
 */
export const withKnobs = (workload: Workload, values: KnobValues): Workload => {
  const given = givenKnobs(values);
  if (given.length === 0) return workload;
  let rows = basesOf(workload);
  if (values.mode === "closed") rows = rows.map((params) => without(params, OPEN_LOOP_PARAMS));
  if (values.mode === "open") {
    // How many are under way is what comes out of an open loop.
    rows = rows.map((params) => ({
      ...without(params, [...OPEN_LOOP_PARAMS, "concurrency"]),
      mode: "open",
      arrival: values.arrival ?? "poisson",
    }));
    rows = combine(rows, "rate", values.rates ?? []);
  }
  for (const knob of given) {
    const each = knob === "mode" ? undefined : values[knob];
    if (each !== undefined) rows = combine(rows, knob, each);
  }
  return {
    ...without(workload, ["headlineParams", "isHeadline", "moreParams", "smokeParams"]),
    params: distinctSettings(rows),
  };
};

const changeSettings = (workload: Workload, change: (params: Params) => Params): Workload => {
  const changed = (settings: readonly Params[]): Params[] => distinctSettings(settings.map(change));
  const { params, headlineParams, moreParams, smokeParams } = workload;
  return {
    ...workload,
    params: changed(params),
    ...(headlineParams === undefined ? {} : { headlineParams: changed(headlineParams) }),
    ...(moreParams === undefined ? {} : { moreParams: changed(moreParams) }),
    ...(smokeParams === undefined ? {} : { smokeParams: changed(smokeParams) }),
  };
};

/** On a cluster that is there already, rows have the members that it has. */
export const withoutMembers = (workload: Workload): Workload =>
  changeSettings(workload, (params) => without(params, ["members"]));

/** Rows made of values have the members that were asked for too, where the workload's own would have others. */
export const withMembers = (workload: Workload, members: MemberCount): Workload =>
  changeSettings(workload, (params) => (params.members === undefined ? params : { ...params, members }));

/** Without the rows that a system with a loop of its own cannot have, when runs end by count. */
export const withRowsOfOwnLoops = (workload: Workload, endsByCount: boolean): Workload => {
  const { ownLoops = [], hasRow } = workload;
  if (ownLoops.length === 0) return workload;
  return {
    ...workload,
    hasRow: (system, params) =>
      (hasRow?.(system, params) ?? true) &&
      !(ownLoops.includes(system) && (endsByCount || params.mode === "open")),
  };
};
