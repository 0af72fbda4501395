import { spawn } from "node:child_process";
import type { ChildProcessByStdio } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { withoutEtcdVariables } from "../../src/testing/command.js";

/** How a process ended: one of the two is set. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** So long after its end, a process whose pipes are open has left somebody behind who has them. */
const PIPES_KEPT_MS = 1_000;

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
      this.child.once("exit", (code, signal) => {
        const end = (): void => {
          clearTimeout(timer);
          this.#isOver = true;
          this.#tell();
          resolve({ code, signal });
        };
        // What it wrote last is read by "close", which does not come while something that it has left behind keeps its pipes.
        const timer = setTimeout(end, PIPES_KEPT_MS);
        this.child.once("close", end);
      });
    });
  }

  /** Resolves when it has written `text`, to either; rejects when it ends without. */
  async says(text: string): Promise<void> {
    while (!this.stdout.includes(text) && !this.stderr.includes(text)) await this.#more(text);
  }

  /** So many lines of its stdout, once they are there; rejects when it ends without. */
  async lines(count: number): Promise<string[]> {
    while (this.stdout.split("\n").length <= count) await this.#more(`${count} lines`);
    return this.stdout.split("\n").slice(0, count);
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

  async #more(wanted: string): Promise<void> {
    if (this.#isOver) throw new Error(`ended without ${wanted}:\n${this.stdout}\n${this.stderr}`);
    await new Promise<void>((resolve) => this.#listeners.add(resolve));
  }

  #tell(): void {
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) listener();
  }
}
