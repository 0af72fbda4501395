/** The bundled command line, as users have it. */
import { execFile, spawn } from "node:child_process";
import type { ChildProcessByStdio } from "node:child_process";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { withoutEtcdVariables } from "../../src/testing/command.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** How a process ended: one of the two is set. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process with a session and a group of its own: without a terminal, and whatever it leaves behind can be ended. */
export class GroupProcess {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly ended: Promise<ProcessEnd>;
  stdout = "";
  stderr = "";
  readonly #listeners = new Set<() => void>();
  #isOver = false;

  constructor(file: string, args: readonly string[], env: Readonly<Record<string, string>>) {
    this.child = spawn(file, args, {
      env: { ...withoutEtcdVariables(process.env), ...env },
      stdio: ["pipe", "pipe", "pipe"],
      detached: true,
    });
    this.child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text;
      this.#tell();
    });
    this.child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
      this.#tell();
    });
    // Whoever reads may be gone first: that is what some tests are about.
    this.child.stdin.on("error", () => {});
    this.ended = new Promise((resolve, reject) => {
      this.child.once("error", reject);
      // "exit", since what it leaves behind may keep its pipes.
      this.child.once("exit", (code, signal) => {
        this.#isOver = true;
        // What it wrote last is read after that.
        setImmediate(() => {
          this.#tell();
          resolve({ code, signal });
        });
      });
    });
  }

  /** Resolves when it has written `text`, to either; rejects when it ends without. */
  async says(text: string): Promise<void> {
    while (!this.stdout.includes(text) && !this.stderr.includes(text)) {
      if (this.#isOver)
        throw new Error(`ended without ${JSON.stringify(text)}:\n${this.stdout}\n${this.stderr}`);
      await new Promise<void>((resolve) => this.#listeners.add(resolve));
    }
  }

  /** To the process alone, and not to those that it has started. */
  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** Whatever is left of it and of what it has started. */
  killAll(): void {
    try {
      process.kill(-this.child.pid!, "SIGKILL");
    } catch {
      // Nothing is left.
    }
    for (const stream of [this.child.stdin, this.child.stdout, this.child.stderr]) stream.destroy();
  }

  #tell(): void {
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) listener();
  }
}

/** Builds the command line, and runs it. */
export class Cli {
  readonly #folder: string;
  readonly #processes: GroupProcess[] = [];

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async build(): Promise<Cli> {
    const folder = await mkdtemp(join(tmpdir(), "etcdwire-cli-"));
    const script = join(root, "scripts", "build-cli.mjs");
    await promisify(execFile)(process.execPath, [script, "--output", folder]);
    await symlink(join(root, "node_modules"), join(folder, "node_modules"));
    return new Cli(folder);
  }

  run(args: readonly string[], env: Readonly<Record<string, string>> = {}): GroupProcess {
    return this.runFile(process.execPath, [join(this.#folder, "etcdwire.cjs"), ...args], env);
  }

  /** Another program, which is ended with ours. */
  runFile(file: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): GroupProcess {
    const started = new GroupProcess(file, args, env);
    this.#processes.push(started);
    return started;
  }

  /** Ends what runs of it. */
  killAll(): void {
    for (const each of this.#processes.splice(0)) each.killAll();
  }

  async close(): Promise<void> {
    this.killAll();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
