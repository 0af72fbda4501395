import type { Params, Workload } from "./workload.js";

/** One run of one system at one set of parameters. */
export interface PlannedRun {
  readonly workload: Workload;
  readonly system: string;
  readonly params: Params;
  /** 0-based. */
  readonly run: number;
}

/**
 * The order of a workload's runs. Round by round, and inside a round all systems at one set of parameters right after
 * one another, so that what is compared ran within seconds. Each round begins with another system: what the first one
 * leaves behind (heap, caches, a warm processor) is not always to the same one's cost.
 */
export const planRuns = (
  workload: Workload,
  runCount: number,
  systems: readonly string[] = Object.keys(workload.systems),
): PlannedRun[] => {
  const names = Object.keys(workload.systems).filter((name) => systems.includes(name));
  const plan: PlannedRun[] = [];
  for (let run = 0; run < runCount; run++) {
    for (const params of workload.params) {
      for (let turn = 0; turn < names.length; turn++) {
        const system = names[(turn + run) % names.length]!;
        if (workload.hasRow?.(system, params) ?? true) plan.push({ workload, system, params, run });
      }
    }
  }
  return plan;
};
