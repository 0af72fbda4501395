/** `npm run bench -- [WORKLOAD...] [options]`; see bench/README.md. */
import { openAgent } from "./harness/agent.js";
import { readEnvironment } from "./harness/environment.js";
import type { EtcdEnvironment } from "./harness/environment.js";
import { openNullServer } from "./harness/null-server-child.js";
import { parseOptions, UsageError } from "./harness/options.js";
import type { BenchOptions } from "./harness/options.js";
import { openProgress } from "./harness/progress.js";
import { runWorkloads } from "./harness/runner.js";
import type { Outcome } from "./harness/runner.js";
import { makeReport } from "./report/collect.js";
import { writeJson } from "./report/json.js";
import { renderTable } from "./report/table.js";
import { systemNames, workloads as allWorkloads } from "./workloads/index.js";

/** Exit statuses. Bars that were not reached do not change it: they are for reading, not for gating. */
const EXIT_FAILED = 1;
const EXIT_VIOLATION = 3;
/** sysexits.h EX_USAGE. */
const EXIT_USAGE = 64;
/** 128 + SIGINT, as shells have it. */
const EXIT_INTERRUPTED = 130;

const help = `usage: npm run bench -- [WORKLOAD...] [options]

Workloads (those with a *, when none is named):
${allWorkloads.map(({ name, about, onRequest }) => `${onRequest === true ? " " : "*"} ${name.padEnd(14)} ${about}`).join("\n")}

Options:
  --systems A,B     only these: ${systemNames.join(", ")}
  --rows A,B        only settings with these words: --rows c=64, --rows "fault=kill elections=short,fault=freeze";
                    of handover any of its grid: --rows "contenders=32 processes=4 hold=1ms members=3"
  --runs N          runs of each system at each setting (5), systems interleaved
  --seconds S       length of one run, warm-up not counted
  --members 1|3     size of the private etcd cluster (1); of rows with members=N, only those
  --json FILE       write results, ratios and environment there too
  --smoke           very short, to see that everything works; its numbers mean nothing
  -h, --help        this text

The table goes to standard output, progress to standard error. Ctrl-C ends early and prints what there is.
Exit status: 0; 1 when a system could not be measured that this machine has; 3 when mutual exclusion or token order was broken, or a write or
an event was lost or came twice; 64 for a command line that makes no sense; 130 after Ctrl-C.
`;

/** Of all clusters of the bench: their number of members only if it is the same. */
const sameCluster = (before: EtcdEnvironment, now: EtcdEnvironment): EtcdEnvironment =>
  before.etcdVersion === undefined || before.memberCount === now.memberCount
    ? now
    : { ...now, memberCount: undefined };

const main = async (options: BenchOptions): Promise<number> => {
  const workloads = allWorkloads.filter((workload) => options.workloads.includes(workload.name));
  const environment = readEnvironment();
  let etcdEnvironment: EtcdEnvironment = {};
  const outcome: Outcome = { records: [], unmeasured: [] };
  const interrupt = new AbortController();
  process.on("SIGINT", () => interrupt.abort());
  const progress = openProgress(process.stderr);
  await runWorkloads(
    workloads,
    options,
    {
      openTarget: async ({ server, memberCount = options.memberCount ?? 1 }) => {
        if (server === "null") return openNullServer();
        if (server === "null-tls") return openNullServer({ tls: true });
        if (server === "failing-etcd") {
          const { openFailingEtcd } = await import("./harness/failing-etcd.js");
          return openFailingEtcd({
            log: (line) => progress.note(line),
            onEnvironment: (environmentOfEtcd) =>
              (etcdEnvironment = sameCluster(etcdEnvironment, environmentOfEtcd)),
          });
        }
        const { openEtcd, openEtcdAndNullServer } = await import("./harness/etcd.js");
        const open = server === "etcd" ? openEtcd : openEtcdAndNullServer;
        const etcd = await open(memberCount, (line) => progress.note(line));
        etcdEnvironment = sameCluster(etcdEnvironment, etcd.environment);
        return etcd;
      },
      openAgent,
      onProgress: (text, doneCount, totalCount) => progress.show(text, doneCount, totalCount),
    },
    outcome,
    interrupt.signal,
  );
  progress.end();

  const report = makeReport(
    workloads,
    outcome,
    { ...environment, ...etcdEnvironment },
    {
      workloads: options.workloads,
      ...(options.systems === undefined ? {} : { systems: options.systems }),
      runCount: options.runCount,
      ...(options.seconds === undefined ? {} : { durationMs: options.seconds * 1e3 }),
      seed: 1,
      intervalMs: 1_000,
      cluster: "private",
      ...(options.smoke ? { smoke: true } : {}),
      ...(interrupt.signal.aborted ? { interrupted: true } : {}),
    },
  );
  process.stdout.write(renderTable(report, workloads, process.stdout.isTTY));
  if (options.smoke) process.stdout.write("A smoke run: too short for its numbers to mean anything.\n");
  if (options.jsonFile !== undefined) writeJson(report, options.jsonFile);
  for (const line of report.violations) process.stderr.write(`VIOLATION: ${line}\n`);
  const errorLines = outcome.records.flatMap(({ workload, system, errorText }) =>
    errorText === undefined ? [] : [`error in ${workload} ${system}: ${errorText}\n`],
  );
  for (const line of new Set(errorLines)) process.stderr.write(line);
  if (report.violations.length > 0) return EXIT_VIOLATION;
  if (interrupt.signal.aborted) return EXIT_INTERRUPTED;
  return outcome.unmeasured.some(({ isMissing }) => isMissing !== true) ? EXIT_FAILED : 0;
};

try {
  const options = parseOptions(
    process.argv.slice(2),
    allWorkloads.map(({ name }) => name),
    systemNames,
    allWorkloads.flatMap(({ name, onRequest }) => (onRequest === true ? [] : name)),
  );
  if (options.help) process.stdout.write(help);
  else process.exitCode = await main(options);
} catch (error) {
  if (error instanceof UsageError) {
    process.stderr.write(`${error.message}\nSee npm run bench -- --help\n`);
    process.exitCode = EXIT_USAGE;
  } else {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = EXIT_FAILED;
  }
}
