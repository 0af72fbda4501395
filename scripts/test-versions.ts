/**
 * `npm run test:versions [-- VERSION ...] [-- FILE ...]`: the integration suite, plaintext and TLS, on one etcd of each
 * supported line, or of those that are named: `npm run test:versions -- 3.5 3.7`. What else is given goes to vitest:
 * `npm run test:versions -- 3.4 test/integration/kv.test.ts`.
 *
 * Prints a table at the end. The last line names the versions that could not be had, or says that all were. Exit
 * status: 0 if every version was had and passed; 1 if one failed; 69 (EX_UNAVAILABLE) if one could not be had.
 */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { findEtcd } from "../src/testing/index.js";
import type { EtcdBinary } from "../src/testing/index.js";

const LINES = ["3.4", "3.5", "3.6", "3.7"];
const EXIT_FAILED = 1;
const EXIT_USAGE = 64;
const EXIT_UNAVAILABLE = 69;

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const VITEST = fileURLToPath(new URL("../node_modules/vitest/vitest.mjs", import.meta.url));

type Outcome =
  | { readonly wanted: string; readonly missing: string }
  | {
      readonly wanted: string;
      readonly binary: EtcdBinary;
      readonly passed: boolean;
      readonly seconds: number;
    };

/** One run of the suite. Its output is ours. */
const runSuite = (binary: EtcdBinary, parameters: readonly string[]): Promise<boolean> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [VITEST, "run", "--project", "integration", ...parameters], {
      cwd: ROOT,
      // CI: tests that find no etcd fail.
      env: { ...process.env, CI: "true", ETCD_BIN: binary.path },
      stdio: ["ignore", "inherit", "inherit"],
    });
    child.on("error", () => resolve(false));
    child.on("close", (code) => resolve(code === 0));
  });

const tryVersion = async (wanted: string, parameters: readonly string[]): Promise<Outcome> => {
  // One that a variable names would be every version's.
  const environment = { ...process.env };
  delete environment["ETCD_BIN"];
  let binary: EtcdBinary;
  try {
    binary = await findEtcd({ version: wanted, environment });
  } catch (error) {
    console.log(`\n==> etcd ${wanted} could not be had: ${(error as Error).message}`);
    return { wanted, missing: (error as Error).message };
  }
  console.log(`\n==> etcd ${binary.version} (${binary.strategy}: ${binary.reason})`);
  const startMs = performance.now();
  const passed = await runSuite(binary, parameters);
  return { wanted, binary, passed, seconds: Math.round((performance.now() - startMs) / 1_000) };
};

const parameters = process.argv.slice(2);
const isVersion = (text: string): boolean => /^v?\d+\.\d+(\.\d+.*)?$/.test(text);
const named = parameters.filter(isVersion);
const others = parameters.filter((text) => !isVersion(text) && text !== "--");
const unknown = named.filter(
  (version) => !LINES.some((line) => `${version.replace(/^v/, "")}.`.startsWith(`${line}.`)),
);
if (unknown.length > 0) {
  console.log(`not supported: ${unknown.join(", ")}; the lines are ${LINES.join(", ")}`);
  process.exit(EXIT_USAGE);
}

const outcomes: Outcome[] = [];
for (const wanted of named.length > 0 ? named : LINES) outcomes.push(await tryVersion(wanted, others));

console.log("\nversion   etcd      from      result   seconds");
for (const outcome of outcomes) {
  const cells =
    "missing" in outcome
      ? [outcome.wanted, "-", "-", "missing", ""]
      : [
          outcome.wanted,
          outcome.binary.version,
          outcome.binary.strategy,
          outcome.passed ? "passed" : "FAILED",
          String(outcome.seconds),
        ];
  console.log(
    cells
      .map((cell, i) => cell.padEnd([10, 10, 10, 9, 0][i]!))
      .join("")
      .trimEnd(),
  );
}
const missing = outcomes.filter((outcome) => "missing" in outcome).map(({ wanted }) => wanted);
const results = outcomes.flatMap((outcome) => ("passed" in outcome ? [outcome.passed] : []));
const passedCount = results.filter((passed) => passed).length;
const failedCount = results.length - passedCount;
const verdict = `${passedCount} passed, ${failedCount} failed`;
console.log(
  missing.length === 0
    ? `${verdict}; every version could be had`
    : `${verdict}; could not be had: etcd ${missing.join(", ")}`,
);
if (failedCount > 0) process.exitCode = EXIT_FAILED;
else if (missing.length > 0) process.exitCode = EXIT_UNAVAILABLE;
