/** From options to a report: what is measured, on which servers. */
import { cpus } from "node:os";
import { UsageError } from "../../src/cli/exit-codes.js";
import { openAgent } from "../harness/agent.js";
import { readEnvironment } from "../harness/environment.js";
import type { EtcdEnvironment } from "../harness/environment.js";
import { readMachineTimes } from "../harness/machine-load.js";
import { openNullServer } from "../harness/null-server-child.js";
import { planRuns } from "../harness/plan.js";
import type { RunSelection } from "../harness/plan.js";
import type { Progress } from "../harness/progress.js";
import type { Configuration, Report } from "../harness/report-schema.js";
import { runWorkloads } from "../harness/runner.js";
import type { Outcome, Surroundings } from "../harness/runner.js";
import type { LoadSettings, Workload } from "../harness/workload.js";
import { makeReport } from "../report/collect.js";
import { openExternalCluster, whyNotOn } from "./cluster.js";
import type { ExternalCluster } from "./cluster.js";
import type { BenchOptions } from "./options.js";
import { checkKnobs, withKnobs, withMembers, withRowsOfOwnLoops, withoutMembers } from "./rows.js";

/** What came out. */
export interface Measured {
  readonly report: Report;
  /** Those that were to be measured, with the rows that they had. */
  readonly workloads: readonly Workload[];
  readonly outcome: Outcome;
}

const selectionOf = ({
  runCount,
  systems,
  rows,
  smoke,
  headline,
  memberCount,
}: BenchOptions): RunSelection => ({
  runCount,
  systems,
  rows,
  smoke,
  headline,
  memberCount,
});

export const loadOf = ({
  seed,
  intervalMs,
  operationCount,
  maxInFlight,
  latencyLimitMs,
}: BenchOptions): LoadSettings => ({
  seed,
  intervalMs,
  ...(operationCount === undefined ? {} : { operationCount }),
  ...(maxInFlight === undefined ? {} : { maxInFlight }),
  ...(latencyLimitMs === undefined ? {} : { latencyLimitMs }),
});

export const configurationOf = (options: BenchOptions, interrupted: boolean): Configuration => {
  const { workloads, systems, rows, runCount, durationMs, warmupMs, smoke } = options;
  return {
    workloads,
    ...(systems === undefined ? {} : { systems }),
    ...(rows === undefined ? {} : { rows }),
    runCount,
    ...(durationMs === undefined ? {} : { durationMs }),
    ...(warmupMs === undefined ? {} : { warmupMs }),
    ...loadOf(options),
    cluster: options.cluster === undefined ? "private" : "external",
    ...(smoke ? { smoke } : {}),
    ...(interrupted ? { interrupted } : {}),
  };
};

/** Workloads whose loop ends by a count, and counts what is over a limit: those that can be open are driven so. */
const isDriven = ({ knobs }: Workload): boolean => knobs?.includes("mode") === true;

/**
 * The workloads that were chosen, with the rows that the command line makes of them.
 *
 * @throws UsageError when one of them lacks what an option is about, or no row is left
 */
export const chosenWorkloads = (options: BenchOptions, all: readonly Workload[]): Workload[] => {
  const { knobs, memberCount, operationCount, latencyLimitMs } = options;
  const chosen = all.filter(({ name }) => options.workloads.includes(name));
  checkKnobs(chosen, all, knobs);
  for (const [value, option] of [
    [operationCount, "--count"],
    [latencyLimitMs, "--latency-limit"],
  ] as const) {
    const lacking = value === undefined ? undefined : chosen.find((workload) => !isDriven(workload));
    if (lacking !== undefined) {
      const having = all.filter(isDriven).map(({ name }) => name);
      throw new UsageError(`${lacking.name} has no ${option}; those that have: ${having.join(", ")}`);
    }
  }
  const workloads = chosen.map((workload) => {
    let made = withKnobs(workload, knobs);
    if (options.cluster !== undefined) made = withoutMembers(made);
    else if (made !== workload && memberCount !== undefined) made = withMembers(made, memberCount);
    return withRowsOfOwnLoops(made, operationCount !== undefined);
  });
  if (!workloads.some((workload) => planRuns(workload, selectionOf(options)).length > 0))
    throw new UsageError("no row is left to measure: --list says which systems and rows there are");
  return workloads;
};

/** Of all clusters of the bench: their number of members only if it is the same. */
const sameCluster = (before: EtcdEnvironment, now: EtcdEnvironment): EtcdEnvironment =>
  before.etcdVersion === undefined || before.memberCount === now.memberCount
    ? now
    : { ...now, memberCount: undefined };

/** Systems that have a loop of their own are listed where an open loop or a count left no row of theirs. */
const ownLoopsLeftOut = (workload: Workload, options: BenchOptions): Outcome["unmeasured"] => {
  const { ownLoops = [], name } = workload;
  if (options.knobs.mode !== "open" && options.operationCount === undefined) return [];
  return ownLoops
    .filter((system) => options.systems?.includes(system) !== false)
    .map((system) => ({
      workload: name,
      system,
      reason: "it has a loop of its own: closed, and ended by the clock",
      isMissing: true,
    }));
};

/**
 * Measures. An abort of `signal` ends it early, with what there is by then.
 *
 * @throws ClusterError, UsageError
 */
export const measure = async (
  options: BenchOptions,
  workloads: readonly Workload[],
  progress: Progress,
  signal: AbortSignal,
): Promise<Measured> => {
  const environment = readEnvironment();
  const outcome: Outcome = { records: [], unmeasured: [] };
  const external =
    options.cluster === undefined ? undefined : await openExternalCluster(options.cluster, options.force);
  let etcdEnvironment: EtcdEnvironment = external?.environment ?? {};
  const onEnvironment = (now: EtcdEnvironment): void => {
    etcdEnvironment = sameCluster(etcdEnvironment, now);
  };
  try {
    const possible = workloads.filter((workload) => {
      const reason = external === undefined ? undefined : whyNotOn(workload, external);
      const systems = Object.keys(workload.systems).filter(
        (system) => options.systems?.includes(system) !== false,
      );
      if (reason !== undefined)
        for (const system of systems)
          outcome.unmeasured.push({ workload: workload.name, system, reason, isMissing: true });
      else outcome.unmeasured.push(...ownLoopsLeftOut(workload, options));
      return reason === undefined;
    });
    await runWorkloads(
      possible,
      {
        ...selectionOf(options),
        durationMs: options.durationMs,
        warmupMs: options.warmupMs,
        load: loadOf(options),
      },
      surroundings(options, external, progress, onEnvironment),
      outcome,
      signal,
    );
  } finally {
    await external?.close();
  }
  const report = makeReport(
    workloads,
    outcome,
    { ...environment, ...etcdEnvironment },
    configurationOf(options, signal.aborted),
  );
  return { report, workloads, outcome };
};

const surroundings = (
  options: BenchOptions,
  external: ExternalCluster | undefined,
  progress: Progress,
  onEnvironment: (environment: EtcdEnvironment) => void,
): Surroundings => {
  const log = (line: string): void => progress.note(line);
  return {
    coreCount: cpus().length,
    readMachineTimes,
    openAgent,
    onProgress: (text, doneCount, totalCount) => progress.show(text, doneCount, totalCount),
    openTarget: async ({ server, memberCount = options.memberCount ?? 1 }) => {
      if (server === "null") return openNullServer();
      if (server === "null-tls") return openNullServer({ tls: true });
      if (external !== undefined) {
        const { target, isHere } = external;
        // No counters of requests: others may make requests too.
        return { target, isHere, readCounts: () => external.readCounts(), close: () => Promise.resolve() };
      }
      if (server === "failing-etcd") {
        const { openFailingEtcd } = await import("../harness/failing-etcd.js");
        return openFailingEtcd({ log, onEnvironment });
      }
      const { openEtcd, openEtcdAndNullServer } = await import("../harness/etcd.js");
      const open = server === "etcd" ? openEtcd : openEtcdAndNullServer;
      const etcd = await open(memberCount, log);
      onEnvironment(etcd.environment);
      return etcd;
    },
  };
};
