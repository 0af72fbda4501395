import { spawn } from "node:child_process";
import { access, constants, stat } from "node:fs/promises";
import { delimiter, join } from "node:path";

/** Variables of the process that looks for etcd; tests hand in their own. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** How a command ended. `output` is stdout, `problem` a line that says what went wrong. */
export type CommandResult = { ok: true; output: string } | { ok: false; problem: string };

/** What a command may use. */
export interface CommandOptions {
  environment: Environment;
  timeoutMs: number;
  directory?: string;
}

const OUTPUT_MAX_CHARACTERS = 200_000;

/** Runs a program to its end. Never rejects: a missing program, a bad exit code and a timeout are all results. */
export function runCommand(
  file: string,
  commandArguments: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = spawn(file, commandArguments, {
      cwd: options.directory,
      env: { ...options.environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    let errors = "";
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill("SIGKILL");
    }, options.timeoutMs);
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      if (output.length < OUTPUT_MAX_CHARACTERS) output += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      errors = (errors + text).slice(-OUTPUT_MAX_CHARACTERS);
    });
    child.on("error", (error) => {
      clearTimeout(timer);
      resolve({ ok: false, problem: error.message });
    });
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      if (timedOut)
        resolve({ ok: false, problem: `not done after ${Math.round(options.timeoutMs / 1000)} s` });
      else if (code === 0) resolve({ ok: true, output });
      else {
        const lastLine = (errors.trim() || output.trim()).split("\n").at(-1) ?? "";
        resolve({
          ok: false,
          problem: `${signal ?? `exit code ${code ?? "unknown"}`}: ${lastLine.slice(0, 300)}`,
        });
      }
    });
  });
}

/** The path of an executable file called `name` on the environment's PATH. */
export async function findOnPath(name: string, environment: Environment): Promise<string | undefined> {
  for (const directory of (environment["PATH"] ?? "").split(delimiter)) {
    if (directory === "") continue;
    const path = join(directory, name);
    if (await isExecutable(path)) return path;
  }
  return undefined;
}

/** Is there a regular file at `path` that this user may execute? */
export async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** The environment without etcd's own variables: etcd reads each `ETCD_*` as a flag, and some together with flags are fatal. */
export function withoutEtcdVariables(environment: Environment): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && !name.startsWith("ETCD_") && !name.startsWith("ETCDCTL_")) kept[name] = value;
  }
  return kept;
}
