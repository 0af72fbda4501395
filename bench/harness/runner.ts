import { LatencyHistogram } from "./latency.js";
import { checkLockHistory } from "./lock-history.js";
import { planRuns } from "./plan.js";
import type { PlannedRun, RunSelection } from "./plan.js";
import { agentCountOf, monotonicUs, paramsText, PeerMissingError } from "./workload.js";
import { judgeWrites } from "./write-history.js";
import type { Agent } from "./agent.js";
import type { Attendant } from "./failing-etcd.js";
import type { LeaseOutcome, RunValues, Unmeasured } from "./report-schema.js";
import type {
  Figures,
  Measurement,
  Params,
  Provision,
  ServerCounters,
  Target,
  Witness,
  Workload,
} from "./workload.js";

/** One finished run. */
export interface RunRecord extends RunValues {
  readonly workload: string;
  readonly system: string;
  readonly params: Params;
  readonly errorText?: string | undefined;
}

export interface Outcome {
  readonly records: RunRecord[];
  readonly unmeasured: Unmeasured[];
}

/** What the runner needs from outside; a test brings its own. */
export interface Surroundings {
  /** Starts what the workload is measured against. */
  openTarget(workload: Workload): Promise<{
    readonly target: Target;
    close(): Promise<void>;
    /** Where each run has servers of its own, and something happens to them. */
    attendRun?(planned: PlannedRun): Promise<Attendant>;
    /** Of servers that count. */
    readCounters?(): Promise<ServerCounters>;
  }>;
  openAgent(workload: Workload, system: string, target: Target): Promise<Agent>;
  onProgress(text: string, doneCount: number, totalCount: number): void;
}

export interface RunSettings extends RunSelection {
  readonly seconds: number | undefined;
}

/** Time for a request to reach all agents of a run before the moment at which they begin together. */
const START_DELAY_US = 30_000;

const bulkBytesPerMs = ({ bulkBytes = 0, elapsedMs }: Measurement): number =>
  elapsedMs > 0 ? bulkBytes / elapsedMs : 0;

/** The store's word and the client's: a lease that its holder took for lost has not served. */
const judgeLease = ({ leaseLoss }: Measurement, { leaseIsAlive }: Witness): LeaseOutcome =>
  leaseLoss !== undefined && leaseLoss !== ""
    ? { lost: 1, why: leaseLoss }
    : leaseIsAlive
      ? { lost: 0 }
      : { lost: 1, why: "its key is gone from etcd" };

/** What the servers counted while a run was made, for each of its operations. Foreign writes are taken off. */
const countedFigures = (
  parts: readonly Measurement[],
  before: ServerCounters,
  after: ServerCounters,
): Figures => {
  const total = (value: (part: Measurement) => number): number =>
    parts.reduce((sum, part) => sum + value(part), 0);
  const operationCount = total((part) => part.totalCount ?? part.holds?.length ?? part.operationCount);
  const foreignCount = total((part) => part.foreignWrites?.count ?? 0);
  if (operationCount === 0) return {};
  return {
    requestsPerOp: (after.requests - before.requests - foreignCount) / operationCount,
    eventsPerOp: (after.events - before.events) / operationCount,
    revisionsPerOp: (after.revision - before.revision - foreignCount) / operationCount,
  };
};

/** Each figure of the agents, which are sums; an agent that makes foreign writes tells their rate. */
const figuresOf = (parts: readonly Measurement[]): Figures => {
  const figures: Record<string, number> = {};
  for (const { figures: own = {}, foreignWrites } of parts) {
    for (const [name, value] of Object.entries(own)) figures[name] = (figures[name] ?? 0) + value;
    if (foreignWrites !== undefined) figures["foreignWritesPerSecond"] = foreignWrites.perSecond;
  }
  return figures;
};

/** Puts the agents' measurements of one run together, with what was done to the servers, found in them and counted. */
export const summarize = (
  planned: PlannedRun,
  parts: readonly Measurement[],
  witness?: Witness,
  counted: Figures = {},
): RunRecord => {
  const histogram = new LatencyHistogram();
  const sum = (value: (part: Measurement) => number): number =>
    parts.reduce((total, part) => total + value(part), 0);
  const holds = parts.flatMap((part) => part.holds ?? []);
  const isLockHistory = parts.some((part) => part.holds !== undefined);
  const history = checkLockHistory(holds, parts[0]?.windowStartUs, parts[0]?.windowEndUs);
  if (isLockHistory) histogram.recordAll(history.handoversUs);
  else for (const part of parts) histogram.recordAll(part.latenciesUs);
  const operationCount = sum((part) => part.operationCount);
  const writer = parts.find((part) => part.writes !== undefined);
  const leaseHolder = parts.find((part) => part.leaseLoss !== undefined);
  const watch = parts.find((part) => part.watch !== undefined)?.watch;
  const figures = { ...figuresOf(parts), ...counted };
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
    ...(isLockHistory ? { overlaps: history.overlapCount } : {}),
    // "None" is not to be said of locks that have no tokens.
    ...(holds.some(({ token }) => token !== undefined) ? { tokenDisorders: history.tokenDisorderCount } : {}),
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
    ...(Object.keys(figures).length === 0 ? {} : { figures }),
    ...(watch === undefined ? {} : { watch }),
    ...(writer === undefined || witness === undefined
      ? {}
      : { faults: judgeWrites(writer.writes!, witness) }),
    ...(leaseHolder === undefined || witness === undefined
      ? {}
      : { lease: judgeLease(leaseHolder, witness) }),
  };
};

/** Runs that are made on the same servers. */
interface Stage {
  readonly workload: Workload;
  readonly plan: readonly PlannedRun[];
}

/** One stage for each number of members that rows of the workload ask for; within it, the plan's order. */
const stagesOf = (workload: Workload, settings: RunSettings): Stage[] => {
  const plan = planRuns(workload, settings);
  return [...new Set(plan.map(({ params }) => params.members))].map((members) => ({
    workload: members === undefined ? workload : { ...workload, memberCount: members },
    plan: plan.filter(({ params }) => params.members === members),
  }));
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
  const stages = workloads.flatMap((workload) => stagesOf(workload, settings));
  const totalCount = stages.reduce((sum, { plan }) => sum + plan.length, 0);
  const aborted = new Promise<"aborted">((resolve) => {
    signal.addEventListener("abort", () => resolve("aborted"), { once: true });
  });
  // As a function, because it changes while this one waits.
  const isAborted = (): boolean => signal.aborted;
  let doneCount = 0;
  for (const { workload, plan } of stages) {
    if (isAborted()) continue;
    surroundings.onProgress(`${workload.name}: starting`, doneCount, totalCount);
    const server = await surroundings.openTarget(workload);
    const agents = new Map<string, Agent[]>();
    const provisions: Provision[] = [];
    const agentsKey = ({ system, params }: PlannedRun): string =>
      workload.isolatesRows === true ? `${system} ${paramsText(params)}` : system;
    const giveUp = async (planned: PlannedRun, error: unknown): Promise<void> => {
      const reason = error instanceof Error ? error.message : String(error);
      const key = agentsKey(planned);
      const isMissing = error instanceof PeerMissingError;
      outcome.unmeasured.push({
        workload: workload.name,
        system: key.trim(),
        reason,
        ...(isMissing ? { isMissing } : {}),
      });
      const failed = agents.get(key) ?? [];
      agents.delete(key);
      await Promise.all(failed.map((agent) => agent.close()));
    };
    try {
      for (const planned of new Map(plan.map((each) => [agentsKey(each), each])).values()) {
        const opened: Agent[] = [];
        agents.set(agentsKey(planned), opened);
        const agentCounts = plan
          .filter((each) => agentsKey(each) === agentsKey(planned))
          .map(({ params }) => agentCountOf(workload, params, planned.system));
        try {
          const provision = await workload.needs?.[planned.system]?.((line) => {
            surroundings.onProgress(line, doneCount, totalCount);
          });
          if (provision !== undefined) provisions.push(provision);
          const target = { ...server.target, ...provision?.target };
          for (let agent = 0; agent < Math.max(...agentCounts); agent++) {
            opened.push(await surroundings.openAgent(workload, planned.system, target));
          }
        } catch (error) {
          await giveUp(planned, error);
        }
      }
      for (const planned of plan) {
        if (isAborted()) break;
        const opened = agents
          .get(agentsKey(planned))
          ?.slice(0, agentCountOf(workload, planned.params, planned.system));
        if (opened !== undefined) {
          const seconds = settings.seconds ?? workload.seconds;
          let witness: Promise<Witness> | undefined;
          try {
            const attendant = await server.attendRun?.(planned);
            const setup = {
              params: planned.params,
              // A shorter run has a shorter warm-up.
              warmupMs:
                1e3 *
                Math.max(
                  workload.warmupMinSeconds ?? 0,
                  workload.warmupSeconds * Math.min(1, seconds / workload.seconds),
                ),
              durationMs: seconds * 1e3,
              share: seconds / workload.seconds,
              runId: `${process.pid}-${doneCount}`,
              agentIndex: 0,
              agentCount: opened.length,
              load: { seed: 1, intervalMs: 1_000 },
              ...(attendant === undefined ? {} : { target: attendant.target }),
            };
            const prepared = Promise.all(
              opened.map((agent, agentIndex) => agent.prepare({ ...setup, agentIndex })),
            );
            if ((await Promise.race([prepared, aborted])) === "aborted") {
              prepared.catch(() => {});
              break;
            }
            const countsRequests = workload.countsRequests === true;
            const before = countsRequests ? await server.readCounters?.() : undefined;
            const request = { ...setup, startAtUs: monotonicUs() + START_DELAY_US };
            const run = Promise.all(opened.map((agent, agentIndex) => agent.run({ ...request, agentIndex })));
            witness = attendant?.attend(request, run);
            const done = Promise.all([run, witness]);
            const ended = await Promise.race([done, aborted]);
            if (ended === "aborted") {
              done.catch(() => {});
              break;
            }
            const after = countsRequests ? await server.readCounters?.() : undefined;
            const counted =
              before === undefined || after === undefined ? {} : countedFigures(ended[0], before, after);
            outcome.records.push(summarize(planned, ...ended, counted));
          } catch (error) {
            // The servers are brought back whatever became of the agents.
            await witness?.catch(() => {});
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
      await Promise.all([server, ...provisions].map((opened) => opened.close()));
    }
  }
};
