import { execFileSync, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** How a run of the program ended. */
export interface CliResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface CliOptions {
  /** Given on stdin, which then ends. Without it, stdin is empty. */
  readonly input?: string | Uint8Array;
  /** Added to this process's environment, without its ETCDCTL_ variables. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The command as users run it: bundled, in a process of its own. Made once per test file, in less than a second. */
export class BuiltCli {
  /** Run it with `process.execPath`. */
  readonly path: string;
  readonly #folder: string;

  constructor() {
    // Under node_modules: what is not bundled is found from there.
    const cache = join(ROOT, "node_modules", ".cache");
    mkdirSync(cache, { recursive: true });
    this.#folder = mkdtempSync(join(cache, "etcdwire-cli-"));
    buildCli(this.#folder);
    this.path = join(this.#folder, "etcdwire.cjs");
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Starts it with pipes for stdin, stdout and stderr. */
  spawn(args: readonly string[], { env }: CliOptions = {}): ChildProcess {
    return spawn(process.execPath, [this.path, ...args], { env: environmentWith(env), stdio: "pipe" });
  }

  /** Runs it to its end. */
  run(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
    const child = this.spawn(args, options);
    child.stdin!.on("error", () => {}); // it may end without reading
    child.stdin!.end(options.input ?? "");
    return resultOf(child);
  }
}

/** `npm run build` makes it with the same script. */
export function buildCli(folder: string): void {
  execFileSync(process.execPath, [join(ROOT, "scripts", "build-cli.mjs"), "--output", folder], {
    stdio: ["ignore", "inherit", "inherit"],
  });
}

/** All that it writes from now on, and how it ends. */
export function resultOf(child: ChildProcess): Promise<CliResult> {
  const stdout: Buffer[] = [];
  let stderr = "";
  child.stdout!.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      resolve({ code, signal, stdout: Buffer.concat(stdout), stderr });
    });
  });
}

const environmentWith = (added: Readonly<Record<string, string>> = {}): Record<string, string> => {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith("ETCDCTL_"));
  return { ...(Object.fromEntries(kept) as Record<string, string>), ...added };
};
