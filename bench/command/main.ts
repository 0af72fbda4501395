/** `etcdwire bench`, and `npm run bench --`: see bench/README.md. */
import type { Environment } from "../../src/cli/global-flags.js";
import { UsageError, isEtcdError } from "../../src/cli/exit-codes.js";
import { openProgress } from "../harness/progress.js";
import { renderTable } from "../report/table.js";
import { systemNames, workloads as allWorkloads } from "../workloads/index.js";
import { ClusterError } from "./cluster.js";
import { parseCompareOptions } from "./compare.js";
import { evaluateFailIf, parseFailIf } from "../compare/fail-if.js";
import type { FailIf } from "../compare/fail-if.js";
import { runCompare } from "../compare/run-compare.js";
import { prepareOutputs, takesStdout, writeOutputs } from "./outputs.js";
import { EXIT_STATUS_HELP, ExitStatus } from "./exit-status.js";
import { listing, workloadsHelp } from "./listing.js";
import { chosenWorkloads, measure } from "./measure.js";
import type { Measured } from "./measure.js";
import { HelpAsked, parseOptions } from "./options.js";
import type { BenchOptions, Offer } from "./options.js";

/** The process, as far as the bench sees it. */
export interface BenchProcess {
  readonly env: Environment;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

const offer = (programName: string): Offer => ({
  programName,
  workloadNames: allWorkloads.map(({ name }) => name),
  systemNames,
  bareNames: allWorkloads.flatMap(({ name, onRequest }) => (onRequest === true ? [] : name)),
  helpText: `
Of the variables ETCDCTL_CACERT, ETCDCTL_USER and so on those count that go with --endpoints. ETCDCTL_ENDPOINTS does not:
nobody's cluster is to be measured because a shell has its name.

${workloadsHelp(allWorkloads)}
Systems: ${systemNames.join(", ")}

The table goes to standard output, progress to standard error. Ctrl-C ends early and prints what there is.

${EXIT_STATUS_HELP}`,
});

/** Runs the program to its end, and prints. @returns the exit status */
export const main = async (
  commandLine: readonly string[],
  programName: string,
  { env, stdout, stderr }: BenchProcess,
): Promise<number> => {
  try {
    const [first, ...rest] = commandLine;
    if (first === "compare") {
      return runCompare(parseCompareOptions(rest, programName), {
        stdout: (text) => void stdout.write(text),
        stderr: (text) => void stderr.write(text),
      });
    }
    const options = parseOptions(commandLine, env, offer(programName));
    if (options.list) {
      stdout.write(
        listing(allWorkloads.filter(({ name }) => options.headline || options.workloads.includes(name))),
      );
      return ExitStatus.OK;
    }
    if (options.cluster === undefined && (env["ETCDCTL_ENDPOINTS"] ?? "") !== "")
      stderr.write(
        "ETCDCTL_ENDPOINTS is not used here: --endpoints names a cluster; without it, it is a private one.\n",
      );
    return await run(options, { env, stdout, stderr });
  } catch (error) {
    if (error instanceof HelpAsked) {
      stdout.write(error.message);
      return ExitStatus.OK;
    }
    if (error instanceof UsageError) {
      stderr.write(`Error: ${error.message}\nSee ${programName} --help\n`);
      return ExitStatus.USAGE;
    }
    const isPlain = error instanceof ClusterError || isEtcdError(error);
    const text = !(error instanceof Error)
      ? String(error)
      : isPlain
        ? error.message
        : (error.stack ?? error.message);
    stderr.write(`Error: ${text}\n`);
    return ExitStatus.FAILED;
  }
};

const run = async (options: BenchOptions, { stdout, stderr }: BenchProcess): Promise<number> => {
  const workloads = chosenWorkloads(options, allWorkloads);
  const rules = options.failIf.map(parseFailIf);
  prepareOutputs(options.outputs);
  const interrupt = new AbortController();
  const onSignal = (): void => {
    // A second one: now, and without a word. What was started ends when this process does.
    if (interrupt.signal.aborted) process.exit(ExitStatus.INTERRUPTED);
    interrupt.abort();
  };
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  const progress = openProgress(stderr);
  try {
    const measured = await measure(options, workloads, progress, interrupt.signal);
    progress.end();
    const { report } = measured;
    if (!takesStdout(options.outputs)) {
      stdout.write(renderTable(report, measured.workloads, stdout.isTTY));
      if (options.smoke) stdout.write("A smoke run: too short for its numbers to mean anything.\n");
    }
    writeOutputs(report, options.outputs);
    return judge(measured, rules, interrupt.signal.aborted, stderr);
  } finally {
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
  }
};

const judge = (
  { report, outcome }: Measured,
  rules: readonly FailIf[],
  interrupted: boolean,
  stderr: NodeJS.WriteStream,
): number => {
  const failed = interrupted ? [] : evaluateFailIf(report, rules);
  const lines = [
    ...report.violations.map((line) => `VIOLATION: ${line}\n`),
    ...outcome.records.flatMap(({ workload, system, errorText }) =>
      errorText === undefined ? [] : [`error in ${workload} ${system}: ${errorText}\n`],
    ),
    ...failed.map((line) => `${line}\n`),
  ];
  for (const line of new Set(lines)) stderr.write(line);
  if (report.violations.length > 0) return ExitStatus.VIOLATION;
  if (interrupted) return ExitStatus.INTERRUPTED;
  if (failed.length > 0) return ExitStatus.FAIL_IF;
  return outcome.unmeasured.some(({ isMissing }) => isMissing !== true) ? ExitStatus.FAILED : ExitStatus.OK;
};
