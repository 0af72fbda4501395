import { randomInt } from "node:crypto";
import { fork } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

import { errorOf, inputOf, RESET_INTERVAL } from "./engine.js";
import type { Failure, FuzzReport } from "./engine.js";
import { readInputFile, writeInputFile } from "./finding-file.js";
import { TARGETS, targetNamed } from "./targets/all.js";
import type { TargetEntry } from "./targets/all.js";
import type { Share, WorkerMessage, WorkerTask } from "./worker.js";

const DEFAULT_ITERATIONS = 4_000_000;
const DEFAULT_CONNECTIONS = 20_000;
const FAILURES = fileURLToPath(new URL("./failures/", import.meta.url));
/** An input that runs for this long hangs. */
const HANG_MS = 30_000;
/** Making a failing input smaller may take many runs of it. */
const SHRINKING_MS = 600_000;

const HELP = `npm run fuzz -- [target ...]        random inputs for the wire; without names, all targets
npm run fuzz -- replay FILE ...     inputs that failed, from test/fuzz/failures or test/fuzz/regressions

Targets:
${TARGETS.map(({ name, what }) => `  ${name.padEnd(11)} ${what}`).join("\n")}

Variables:
  FUZZ_SEED         repeats a run; a random one otherwise, which is printed
  FUZZ_ITERATIONS   inputs for frames, hpack, messages and view together (${DEFAULT_ITERATIONS})
  FUZZ_CONNECTIONS  whole connections (${DEFAULT_CONNECTIONS})
  FUZZ_WORKERS      processes (as many as there are cores)

See test/fuzz/README.md.`;

const numberFrom = (name: string, fallback: number, least: number): number => {
  const text = process.env[name];
  if (text === undefined || text === "") return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > 0x7fff_ffff)
    throw new Error(`${name}=${text}: a whole number from ${least} on is needed`);
  return value;
};

/** How many of each target, by the weights of those that run. */
const countsOf = (entries: readonly TargetEntry[], totals: Record<TargetEntry["unit"], number>): number[] =>
  entries.map(({ unit, weight }) => {
    const all = entries.filter((entry) => entry.unit === unit).reduce((sum, entry) => sum + entry.weight, 0);
    return Math.ceil((totals[unit] * weight) / all);
  });

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);

/** One line for a target, over all workers. */
const summaryOf = (name: string, unit: string, reports: readonly FuzzReport[]): string => {
  const count = reports.reduce((sum, report) => sum + report.count, 0);
  const perSecond = reports.reduce((sum, report) => sum + (report.count / report.elapsedMs) * 1_000, 0);
  const slowestMs = Math.max(...reports.map((report) => report.slowestMs));
  const heap = reports
    .map((report) => `${megabytes(report.heapBefore)} -> ${megabytes(report.heapAfter)}`)
    .join(", ");
  return `${name.padEnd(11)} ${String(count).padStart(8)} ${unit}, ${Math.round(perSecond)}/s, slowest ${slowestMs.toFixed(1)} ms, heap ${heap} MB`;
};

const reportFailure = (failure: Failure): void => {
  const { target, seed, iteration, message, stack, input, smallest, repeatsAlone } = failure;
  const again = `FUZZ_SEED=${seed} npm run fuzz -- ${target}`;
  console.error(`\nFAILED: ${target}, seed ${seed}, iteration ${iteration}: ${message}\n${stack}`);
  if (iteration < 0) {
    console.error(`Again: ${again}`);
    return;
  }
  const path = `${FAILURES}${target}-${seed}-${iteration}.hex`;
  writeInputFile(path, [message, `${again}, iteration ${iteration}`], smallest);
  console.error(
    repeatsAlone
      ? `${smallest.length} bytes of ${input.length}: ${Buffer.from(smallest).toString("hex")}`
      : `Alone it does not fail: it needs those before it, from iteration ${iteration - (iteration % RESET_INTERVAL)} on.`,
  );
  console.error(`Again: npm run fuzz -- replay ${relative(process.cwd(), path)}`);
};

/** Two int32, or undefined before the first input. */
const readPlace = (file: string): { share: number; iteration: number } | undefined => {
  const bytes = existsSync(file) ? readFileSync(file) : Buffer.alloc(0);
  if (bytes.length < 8) return undefined;
  const [share, iteration] = new Int32Array(Uint8Array.from(bytes).buffer);
  return { share: share!, iteration: iteration! };
};

/** Runs one process; resolves when it is done, hangs or dies: true if it did all it was asked for. */
const runWorker = (
  seed: number,
  shares: readonly Share[],
  placeFile: string,
  onReport: (report: FuzzReport) => void,
): Promise<boolean> => {
  // A process, not a thread: on Node 20 processes under module hooks do not always end.
  const worker = fork(new URL("./worker.ts", import.meta.url), { serialization: "advanced" });
  const task: WorkerTask = { seed, shares, placeFile };
  worker.send(task);
  let patienceMs = HANG_MS;
  let lastPlace = "";
  let quietSinceMs = performance.now();

  return new Promise((resolve) => {
    const watch = setInterval(() => {
      const place = readPlace(placeFile);
      const now = JSON.stringify(place);
      if (now !== lastPlace) {
        lastPlace = now;
        quietSinceMs = performance.now();
      } else if (place !== undefined && performance.now() - quietSinceMs > patienceMs) {
        const { target } = shares[place.share]!;
        const { iteration } = place;
        const input = inputOf(targetNamed(target).make(), seed, iteration);
        const message = `hangs: no end after ${patienceMs} ms`;
        reportFailure({
          target,
          seed,
          iteration,
          message,
          stack: "",
          input,
          smallest: input,
          repeatsAlone: true,
        });
        finish(false);
      }
    }, 1_000);
    const finish = (ok: boolean): void => {
      clearInterval(watch);
      worker.kill("SIGKILL");
      resolve(ok);
    };
    worker.on("message", (message) => {
      const said = message as WorkerMessage;
      if (said.type === "failing") patienceMs = SHRINKING_MS;
      else if (said.type === "done") finish(true);
      else {
        patienceMs = HANG_MS;
        onReport(said.report);
      }
    });
    worker.on("error", (error) => {
      console.error(error);
      finish(false);
    });
    worker.on("exit", () => {
      finish(false);
    });
  });
};

const runAll = async (names: readonly string[]): Promise<boolean> => {
  const entries = names.length === 0 ? TARGETS : names.map(targetNamed);
  const seed = numberFrom("FUZZ_SEED", randomInt(1, 0x7fff_ffff), 0);
  const workerCount = numberFrom("FUZZ_WORKERS", availableParallelism(), 1);
  const counts = countsOf(entries, {
    inputs: numberFrom("FUZZ_ITERATIONS", DEFAULT_ITERATIONS, 1),
    connections: numberFrom("FUZZ_CONNECTIONS", DEFAULT_CONNECTIONS, 1),
  });
  console.log(`FUZZ_SEED=${seed}, ${workerCount} processes`);
  const startMs = performance.now();
  const reports: FuzzReport[] = [];
  let ok = true as boolean;
  const onReport = (report: FuzzReport): void => {
    reports.push(report);
    if (report.failure !== undefined) {
      ok = false;
      reportFailure(report.failure);
    }
    const all = reports.filter(({ target }) => target === report.target);
    if (all.length === workerCount)
      console.log(summaryOf(report.target, targetNamed(report.target).unit, all));
  };
  const folder = mkdtempSync(join(tmpdir(), "etcdwire-fuzz-"));
  const ends = await Promise.all(
    Array.from({ length: workerCount }, (_, worker) => {
      const shares = entries.map(({ name }, index) => ({
        target: name,
        from: Math.floor((counts[index]! * worker) / workerCount),
        to: Math.floor((counts[index]! * (worker + 1)) / workerCount),
      }));
      return runWorker(seed, shares, join(folder, String(worker)), onReport);
    }),
  );
  rmSync(folder, { recursive: true });
  const seconds = Math.round((performance.now() - startMs) / 1_000);
  const passed = ok && ends.every(Boolean);
  console.log(passed ? `ok, ${seconds} s` : `failed after ${seconds} s; FUZZ_SEED=${seed} repeats it`);
  return passed;
};

const replay = async (paths: readonly string[]): Promise<boolean> => {
  let ok = true;
  for (const path of paths) {
    const { target, input } = readInputFile(path);
    const error = await errorOf(targetNamed(target).make(), input);
    console.log(error === undefined ? `${path}: passes` : `${path}: ${error.stack ?? error.message}`);
    if (error !== undefined) ok = false;
  }
  return ok;
};

const [first, ...rest] = process.argv.slice(2);
if (first === "--help" || first === "-h") {
  console.log(HELP);
} else {
  try {
    const ok =
      first === "replay" ? await replay(rest) : await runAll(first === undefined ? [] : [first, ...rest]);
    process.exitCode = ok ? 0 : 1;
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = 2;
  }
}
