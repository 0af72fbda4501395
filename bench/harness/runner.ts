import { LatencyHistogram } from "./latency.js";
import type { LatencyUs } from "./latency.js";
import { checkLockHistory } from "./lock-history.js";
import { planRuns } from "./plan.js";
import type { PlannedRun } from "./plan.js";
import { monotonicUs, paramsText } from "./workload.js";
import type { Agent } from "./agent.js";
import type { Measurement, Params, Target, Workload } from "./workload.js";

/** One finished run. */
export interface RunRecord {
  readonly workload: string;
  readonly system: string;
  readonly params: Params;
  readonly opsPerSecond: number;
  readonly serviceTimeUs: LatencyUs;
  readonly clientCpuUsPerOp: number;
  readonly errors: number;
  readonly errorText?: string | undefined;
  /** Of workloads that take one lock from many sides. */
  readonly overlaps?: number;
  readonly tokenDisorders?: number;
  /** Of workloads that count bytes. */
  readonly bytesPerOp?: number;
  readonly collections?: number;
  readonly operationCount?: number;
  /** Of workloads with a load in the background. */
  readonly bulkMiBPerSecond?: number;
}

/** A system that could not be measured, and why. */
export interface Unmeasured {
  readonly workload: string;
  readonly system: string;
  readonly reason: string;
}

export interface Outcome {
  readonly records: RunRecord[];
  readonly unmeasured: Unmeasured[];
}

/** What the runner needs from outside; a test brings its own. */
export interface Surroundings {
  /** Starts what the workload is measured against. */
  openTarget(workload: Workload): Promise<{ readonly target: Target; close(): Promise<void> }>;
  openAgent(workload: Workload, system: string, target: Target): Promise<Agent>;
  onProgress(text: string, doneCount: number, totalCount: number): void;
}

export interface RunSettings {
  readonly runCount: number;
  readonly seconds: number | undefined;
  readonly systems: readonly string[] | undefined;
}

/** Time for a request to reach all agents of a run before the moment at which they begin together. */
const START_DELAY_US = 30_000;

const bulkBytesPerMs = ({ bulkBytes = 0, elapsedMs }: Measurement): number =>
  elapsedMs > 0 ? bulkBytes / elapsedMs : 0;

/** Puts the agents' measurements of one run together. */
export const summarize = (planned: PlannedRun, parts: readonly Measurement[]): RunRecord => {
  const histogram = new LatencyHistogram();
  const sum = (value: (part: Measurement) => number): number =>
    parts.reduce((total, part) => total + value(part), 0);
  const holds = parts.flatMap((part) => part.holds ?? []);
  const isLockHistory = parts.some((part) => part.holds !== undefined);
  const history = checkLockHistory(holds, parts[0]?.windowStartUs, parts[0]?.windowEndUs);
  if (isLockHistory) histogram.recordAll(history.handoversUs);
  else for (const part of parts) histogram.recordAll(part.latenciesUs);
  const operationCount = sum((part) => part.operationCount);
  // Agents of one run share one window, so the rates add up.
  const opsPerSecond = sum((part) => (part.elapsedMs > 0 ? (part.operationCount * 1e3) / part.elapsedMs : 0));
  return {
    workload: planned.workload.name,
    system: planned.system,
    params: planned.params,
    opsPerSecond,
    serviceTimeUs: histogram.summary(),
    clientCpuUsPerOp: operationCount === 0 ? 0 : sum((part) => part.cpuUs) / operationCount,
    errors: sum((part) => part.errorCount),
    errorText: parts.find((part) => part.errorText !== undefined)?.errorText,
    ...(isLockHistory ? { overlaps: history.overlapCount, tokenDisorders: history.tokenDisorderCount } : {}),
    ...(parts.some((part) => part.allocatedBytes !== undefined)
      ? {
          bytesPerOp: sum((part) => part.allocatedBytes ?? 0) / operationCount,
          collections: sum((part) => part.collections ?? 0),
          operationCount,
        }
      : {}),
    ...(parts.some((part) => part.bulkBytes !== undefined)
      ? { bulkMiBPerSecond: sum(bulkBytesPerMs) * (1e3 / 2 ** 20) }
      : {}),
  };
};

/**
 * Runs the workloads one after the other and adds to `outcome` as it goes, so that what there is can be shown whenever
 * it ends. Returns early, with everything closed, when `signal` aborts; the run under way is dropped.
 */
export const runWorkloads = async (
  workloads: readonly Workload[],
  settings: RunSettings,
  surroundings: Surroundings,
  outcome: Outcome,
  signal: AbortSignal,
): Promise<void> => {
  const plans = workloads.map((workload) => planRuns(workload, settings.runCount, settings.systems));
  const totalCount = plans.reduce((sum, plan) => sum + plan.length, 0);
  const aborted = new Promise<"aborted">((resolve) => {
    signal.addEventListener("abort", () => resolve("aborted"), { once: true });
  });
  // As a function, because it changes while this one waits.
  const isAborted = (): boolean => signal.aborted;
  let doneCount = 0;
  for (const [index, workload] of workloads.entries()) {
    const plan = plans[index]!;
    if (plan.length === 0 || isAborted()) continue;
    surroundings.onProgress(`${workload.name}: starting`, doneCount, totalCount);
    const server = await surroundings.openTarget(workload);
    const agents = new Map<string, Agent[]>();
    const agentsKey = ({ system, params }: PlannedRun): string =>
      workload.isolatesRows === true ? `${system} ${paramsText(params)}` : system;
    const giveUp = async (planned: PlannedRun, error: unknown): Promise<void> => {
      const reason = error instanceof Error ? error.message : String(error);
      const key = agentsKey(planned);
      outcome.unmeasured.push({ workload: workload.name, system: key.trim(), reason });
      const failed = agents.get(key) ?? [];
      agents.delete(key);
      await Promise.all(failed.map((agent) => agent.close()));
    };
    try {
      for (const planned of new Map(plan.map((each) => [agentsKey(each), each])).values()) {
        const opened: Agent[] = [];
        agents.set(agentsKey(planned), opened);
        try {
          for (let agent = 0; agent < workload.agentCount; agent++) {
            opened.push(await surroundings.openAgent(workload, planned.system, server.target));
          }
        } catch (error) {
          await giveUp(planned, error);
        }
      }
      for (const planned of plan) {
        if (isAborted()) break;
        const opened = agents.get(agentsKey(planned));
        if (opened !== undefined) {
          const seconds = settings.seconds ?? workload.seconds;
          const request = {
            params: planned.params,
            // A shorter run has a shorter warm-up.
            warmupMs: workload.warmupSeconds * 1e3 * Math.min(1, seconds / workload.seconds),
            durationMs: seconds * 1e3,
            share: seconds / workload.seconds,
            runId: `${process.pid}-${doneCount}`,
            startAtUs: monotonicUs() + START_DELAY_US,
            agentCount: opened.length,
          };
          const run = Promise.all(opened.map((agent, agentIndex) => agent.run({ ...request, agentIndex })));
          try {
            const parts = await Promise.race([run, aborted]);
            if (parts === "aborted") {
              run.catch(() => {});
              break;
            }
            outcome.records.push(summarize(planned, parts));
          } catch (error) {
            await giveUp(planned, error);
          }
        }
        doneCount++;
        surroundings.onProgress(
          `${planned.workload.name} run ${planned.run + 1}/${settings.runCount}`,
          doneCount,
          totalCount,
        );
      }
    } finally {
      await Promise.all([...agents.values()].flat().map((agent) => agent.close()));
      await server.close();
    }
  }
};
