import { randomBytes } from "node:crypto";
import { seedOfRun } from "./arrivals.js";
import { diagnose } from "./diagnosis.js";
import { summarizeLoad } from "./load-summary.js";
import { busyShare } from "./machine-load.js";
import type { MachineTimes } from "./machine-load.js";
import { planRuns } from "./plan.js";
import type { PlannedRun, RunSelection } from "./plan.js";
import {
  agentCountOf,
  missingIfNotInstalled,
  monotonicUs,
  paramsText,
  PeerMissingError,
} from "./workload.js";
import { judgeWrites } from "./write-history.js";
import { serverLoadBetween } from "./server-load.js";
import type { Agent } from "./agent.js";
import type { Attendant } from "./failing-etcd.js";
import type { LeaseOutcome, RunValues, Unmeasured } from "./report-schema.js";
import type { ServerCounts } from "./server-load.js";
import type {
  Figures,
  LoadSettings,
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
    /** Of servers that count, and that nobody else asks anything. */
    readCounters?(): Promise<ServerCounters>;
    /** What the servers use of their machine; undefined where they do not tell. */
    readCounts?(): Promise<ServerCounts | undefined>;
    /** Whether the servers have the same cores as the agents. Default: true. */
    readonly isHere?: boolean;
  }>;
  openAgent(workload: Workload, system: string, target: Target): Promise<Agent>;
  onProgress(text: string, doneCount: number, totalCount: number): void;
  /** Of this machine. */
  readonly coreCount: number;
  /** What all its processes have used so far. */
  readMachineTimes(): MachineTimes;
}

export interface RunSettings extends RunSelection {
  /** Undefined: each workload's own. */
  readonly durationMs?: number | undefined;
  /** Undefined: each workload's own, shorter where its run is shorter. */
  readonly warmupMs?: number | undefined;
  /** Its seed is that of all runs: each gets one of its own, made of it. */
  readonly load: LoadSettings;
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
  const sum = (value: (part: Measurement) => number): number =>
    parts.reduce((total, part) => total + value(part), 0);
  const load = summarizeLoad(parts);
  const { operationCount = 0 } = load;
  const writer = parts.find((part) => part.writes !== undefined);
  const leaseHolder = parts.find((part) => part.leaseLoss !== undefined);
  const watch = parts.find((part) => part.watch !== undefined)?.watch;
  const figures = { ...figuresOf(parts), ...counted };
  return {
    workload: planned.workload.name,
    system: planned.system,
    params: planned.params,
    ...load,
    clientCpuUsPerOp: operationCount === 0 ? 0 : sum((part) => part.cpuUs) / operationCount,
    errors: sum((part) => part.errorCount),
    errorText: parts.find((part) => part.errorText !== undefined)?.errorText,
    ...(parts.some((part) => part.allocatedBytes !== undefined)
      ? {
          bytesPerOp: sum((part) => part.allocatedBytes ?? 0) / operationCount,
          collections: sum((part) => part.collections ?? 0),
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

/** A run that ends by count is given up after so long: agents wait for nothing forever. */
const COUNTED_RUN_MAX_MS = 600_000;

/** How long a run of a workload is. */
const timesOf = (
  { seconds, warmupSeconds, warmupMinSeconds = 0 }: Workload,
  { durationMs, warmupMs, load }: RunSettings,
): { readonly durationMs: number; readonly warmupMs: number; readonly share: number } => {
  const own = seconds * 1e3;
  const ownWarmupMs = (share: number): number =>
    1e3 * Math.max(warmupMinSeconds, warmupSeconds * Math.min(1, share));
  if (load.operationCount !== undefined)
    return { durationMs: COUNTED_RUN_MAX_MS, warmupMs: warmupMs ?? ownWarmupMs(1), share: 1 };
  const share = (durationMs ?? own) / own;
  return { durationMs: durationMs ?? own, warmupMs: warmupMs ?? ownWarmupMs(share), share };
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
  // On a cluster that is there, names of another bench may be there too.
  const benchId = randomBytes(4).toString("hex");
  let doneCount = 0;
  for (const { workload, plan } of stages) {
    if (isAborted()) continue;
    surroundings.onProgress(`${workload.name}: starting`, doneCount, totalCount);
    const server = await surroundings.openTarget(workload);
    const agents = new Map<string, Agent[]>();
    const provisions: Provision[] = [];
    const agentsKey = ({ system, params }: PlannedRun): string =>
      workload.isolatesRows === true ? `${system} ${paramsText(params)}` : system;
    const giveUp = async (planned: PlannedRun, thrown: unknown): Promise<void> => {
      const error = missingIfNotInstalled(thrown);
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
        if (isAborted()) break;
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
          let witness: Promise<Witness> | undefined;
          try {
            const attendant = await server.attendRun?.(planned);
            const setup = {
              params: planned.params,
              ...timesOf(workload, settings),
              runId: `${benchId}-${doneCount}`,
              agentIndex: 0,
              agentCount: opened.length,
              load: { ...settings.load, seed: seedOfRun(settings.load.seed, planned.run) },
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
            const countsBefore = await server.readCounts?.();
            const timesBefore = surroundings.readMachineTimes();
            const request = { ...setup, startAtUs: monotonicUs() + START_DELAY_US };
            const run = Promise.all(opened.map((agent, agentIndex) => agent.run({ ...request, agentIndex })));
            witness = attendant?.attend(request, run);
            const done = Promise.all([run, witness]);
            const ended = await Promise.race([done, aborted]);
            if (ended === "aborted") {
              done.catch(() => {});
              break;
            }
            const timesAfter = surroundings.readMachineTimes();
            const countsAfter = countsBefore === undefined ? undefined : await server.readCounts?.();
            const after = countsRequests ? await server.readCounters?.() : undefined;
            const counted =
              before === undefined || after === undefined ? {} : countedFigures(ended[0], before, after);
            const record = summarize(planned, ...ended, counted);
            const diagnosis = diagnose({
              parts: ended[0],
              server:
                countsBefore === undefined || countsAfter === undefined
                  ? undefined
                  : serverLoadBetween(countsBefore, countsAfter),
              p50Us: record.serviceTimeUs.p50,
              holdMs: planned.params.holdMs,
              coreCount: surroundings.coreCount,
              machineBusyShare: busyShare(timesBefore, timesAfter),
              sharesMachine: server.isHere ?? true,
            });
            outcome.records.push(diagnosis === undefined ? record : { ...record, diagnosis });
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
