import { spawn, type ChildProcess } from "node:child_process";
import type * as ChildProcessModule from "node:child_process";
import type * as FileModule from "node:fs";
import type * as ReadlineModule from "node:readline";
import { createInterface } from "node:readline";

import { withoutEtcdVariables } from "./command.js";

/** What the owner tells the supervisor, one JSON text a line. Each start has an id of its own. */
type Command =
  | { type: "start"; id: number; file: string; arguments: string[]; logFile: string }
  | { type: "signal"; id: number; signal: NodeJS.Signals };

/** What the supervisor tells the owner. */
type Report =
  | { type: "started"; id: number; pid: number }
  | { type: "failed"; id: number; message: string }
  | { type: "exited"; id: number; code: number | null; signal: NodeJS.Signals | null };

/**
 * The whole program of the supervisor: the parent of the etcd processes, in a process group of its own. When its
 * stdin ends, because the owner closed it or died in whatever way, it kills its children, removes the data folder
 * and exits. As their parent it signals them by handle, so a reused pid can never be hit.
 *
 * It runs as `node -e` from this function's source text, so that the same code works from TypeScript sources under a
 * test runner and from the built package. It must use nothing from outside itself.
 */
export function supervise(load: NodeJS.Require): void {
  const { spawn } = load("node:child_process") as typeof ChildProcessModule;
  const { closeSync, openSync, rmSync } = load("node:fs") as typeof FileModule;
  const { createInterface } = load("node:readline") as typeof ReadlineModule;
  const directory = process.argv[1]!;
  const children = new Map<number, ChildProcess>();
  let isEnding = false;

  const report = (line: Report): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
  const endWhenAlone = (): void => {
    if (!isEnding || children.size > 0) return;
    rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
    process.exit(0);
  };
  const end = (): void => {
    isEnding = true;
    // SIGKILL ends a stopped process too.
    for (const child of children.values()) child.kill("SIGKILL");
    endWhenAlone();
  };
  const start = (command: Extract<Command, { type: "start" }>): void => {
    const { id } = command;
    const log = openSync(command.logFile, "a");
    // etcd writes to a file: on a pipe, a busy owner would in the end block the server.
    const child = spawn(command.file, command.arguments, { stdio: ["ignore", log, log] });
    closeSync(log);
    child.on("error", (error) => {
      if (child.pid === undefined) report({ type: "failed", id, message: error.message });
    });
    if (child.pid === undefined) return;
    children.set(id, child);
    child.on("exit", (code, signal) => {
      children.delete(id);
      report({ type: "exited", id, code, signal });
      endWhenAlone();
    });
    report({ type: "started", id, pid: child.pid });
  };

  // The owner may be gone while a report is on its way; stdin says so.
  process.stdout.on("error", () => {});
  for (const signal of ["SIGINT", "SIGHUP", "SIGTERM"] as const) process.on(signal, end);
  createInterface({ input: process.stdin })
    .on("line", (line) => {
      if (isEnding) return;
      const command = JSON.parse(line) as Command;
      if (command.type === "start") start(command);
      else children.get(command.id)?.kill(command.signal);
    })
    .on("close", end);
}

/** How a process ended: by itself with a code, or by a signal. */
export interface ExitReason {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** One process that the supervisor runs. */
export interface SupervisedProcess {
  readonly pid: number;
  /** Settles when the process has ended and was reaped. Never rejects. */
  readonly exited: Promise<ExitReason>;
  /** Undefined while the process runs. */
  readonly exitReason: ExitReason | undefined;
  /** Sends a signal, if the process still runs. */
  signal(signal: NodeJS.Signals): void;
}

class Entry implements SupervisedProcess {
  pid = 0;
  exitReason: ExitReason | undefined;
  readonly exited: Promise<ExitReason>;
  readonly started: Promise<void>;
  readonly signal: (signal: NodeJS.Signals) => void;
  onExited!: (reason: ExitReason) => void;
  onStarted!: () => void;
  onFailed!: (error: Error) => void;

  constructor(signal: (signal: NodeJS.Signals) => void) {
    this.signal = signal;
    this.exited = new Promise((resolve) => {
      this.onExited = (reason) => {
        this.exitReason = reason;
        resolve(reason);
      };
    });
    this.started = new Promise((resolve, reject) => {
      this.onStarted = resolve;
      this.onFailed = reject;
    });
  }
}

/** The owner's end: starts and signals processes that cannot outlive this process, not even when it is SIGKILLed. */
export class Supervisor {
  private readonly child: ChildProcess;
  private readonly entries = new Map<number, Entry>();
  private readonly ended: Promise<void>;
  private nextId = 0;

  /** @param directory is removed, with all that is in it, when the supervisor ends. */
  constructor(directory: string) {
    const environment = withoutEtcdVariables(process.env);
    // Debug and coverage settings are meant for the owner.
    delete environment["NODE_OPTIONS"];
    delete environment["NODE_V8_COVERAGE"];
    this.child = spawn(process.execPath, ["-e", `(${supervise.toString()})(require)`, directory], {
      cwd: "/",
      env: environment,
      stdio: ["pipe", "pipe", "ignore"],
      detached: true,
    });
    this.ended = new Promise((resolve) => {
      const end = (reason: string): void => {
        for (const entry of this.entries.values()) {
          entry.onFailed(new Error(reason));
          entry.onExited({ code: null, signal: "SIGKILL" });
        }
        this.entries.clear();
        resolve();
      };
      this.child.on("error", (error) => end(`the supervisor did not start: ${error.message}`));
      this.child.on("exit", (code, signal) => end(`the supervisor ended (${signal ?? code ?? "unknown"})`));
    });
    this.child.stdin!.on("error", () => {}); // It ended first, and "exit" tells.
    createInterface({ input: this.child.stdout! }).on("line", (line) =>
      this.onReport(JSON.parse(line) as Report),
    );
  }

  /** The supervisor's own process. */
  get pid(): number | undefined {
    return this.child.pid;
  }

  /** Starts a program; its output is added to `logFile`. @throws Error when it cannot be started at all. */
  async start(
    file: string,
    programArguments: readonly string[],
    logFile: string,
  ): Promise<SupervisedProcess> {
    if (!this.child.stdin!.writable) throw new Error("the cluster is closed");
    const id = this.nextId++;
    const entry = new Entry((signal) => this.send({ type: "signal", id, signal }));
    this.entries.set(id, entry);
    this.send({ type: "start", id, file, arguments: [...programArguments], logFile });
    await entry.started;
    return entry;
  }

  /** Kills what still runs, removes the folder, and waits until both are done. May be called again. */
  async close(): Promise<void> {
    this.child.stdin!.end();
    await this.ended;
  }

  private send(command: Command): void {
    // After the end there is no process left that a signal could be for.
    if (this.child.stdin!.writable) this.child.stdin!.write(`${JSON.stringify(command)}\n`);
  }

  private onReport(report: Report): void {
    const entry = this.entries.get(report.id);
    if (entry === undefined) return;
    switch (report.type) {
      case "started":
        entry.pid = report.pid;
        entry.onStarted();
        break;
      case "failed":
        this.entries.delete(report.id);
        entry.onFailed(new Error(report.message));
        break;
      case "exited":
        this.entries.delete(report.id);
        entry.onExited({ code: report.code, signal: report.signal });
        break;
    }
  }
}
