import { distinctSettings, paramsText } from "./workload.js";
import type { MemberCount, Params, Workload } from "./workload.js";

/** One run of one system at one set of parameters. */
export interface PlannedRun {
  readonly workload: Workload;
  readonly system: string;
  readonly params: Params;
  /** 0-based. */
  readonly run: number;
}

/** Which of a workload's rows are wanted, and how often. */
export interface RunSelection {
  readonly runCount: number;
  readonly systems?: readonly string[] | undefined;
  /** Only settings whose `paramsText` has all the words of one of these. */
  readonly rows?: readonly string[] | undefined;
  readonly smoke?: boolean | undefined;
  /** Only what a run shows that names no workload. */
  readonly headline?: boolean | undefined;
  /** Leaves out settings that want another number of members. */
  readonly memberCount?: MemberCount | undefined;
}

const hasWords = (text: string, wanted: string): boolean =>
  wanted.split(" ").every((word) => text.split(" ").includes(word));

/**
 * The order of a workload's runs. Round by round, and inside a round all systems at one set of parameters right after
 * one another, so that what is compared ran within seconds. Each round begins with another system: what the first one
 * leaves behind (heap, caches, a warm processor) is not always to the same one's cost.
 */
export const planRuns = (
  workload: Workload,
  { runCount, systems = Object.keys(workload.systems), rows, smoke, headline, memberCount }: RunSelection,
): PlannedRun[] => {
  const names = Object.keys(workload.systems).filter((name) => systems.includes(name));
  const isShort = headline === true && smoke !== true && rows === undefined;
  const offered =
    smoke === true
      ? (workload.smokeParams ?? workload.params)
      : rows !== undefined
        ? distinctSettings([...workload.params, ...(workload.moreParams ?? [])])
        : isShort
          ? (workload.headlineParams ?? workload.params)
          : workload.params;
  const settings = offered.filter(
    (params) =>
      (rows?.some((row) => hasWords(paramsText(params), row)) ?? true) &&
      (memberCount === undefined || params.members === undefined || params.members === memberCount),
  );
  const plan: PlannedRun[] = [];
  for (let run = 0; run < runCount; run++) {
    for (const params of settings) {
      const repeats = (system: string): number =>
        smoke === true ? 1 : (workload.repeats?.(system, params) ?? 1);
      for (let repeat = 0; repeat < Math.max(...names.map(repeats)); repeat++) {
        for (let turn = 0; turn < names.length; turn++) {
          const system = names[(turn + run) % names.length]!;
          const isPlanned =
            repeat < repeats(system) &&
            (workload.hasRow?.(system, params) ?? true) &&
            (!isShort || (workload.isHeadline?.(system, params) ?? true));
          if (isPlanned) plan.push({ workload, system, params, run });
        }
      }
    }
  }
  return plan;
};
