import { spawn } from "node:child_process";
import type { Environment } from "./global-flags.js";
import { ExitError, exitCodeOfSignal } from "./exit-codes.js";

/** How a process ended: one of the two is set. */
export interface ChildEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A command that was started. */
export interface Child {
  /** Never rejects. */
  readonly ended: Promise<ChildEnd>;
  /** Without effect on one that has ended. */
  kill(signal: NodeJS.Signals): void;
}

/** @throws ExitError when it cannot be started */
export type StartChild = (command: readonly string[], environment: Environment) => Promise<Child>;

/** The two statuses that shells have for commands that they could not start (POSIX, 2.8.2 Exit Status for Commands). */
const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;

/** What a shell would have in `$?`. */
export const statusOf = ({ code, signal }: ChildEnd): number =>
  signal === null ? (code ?? 0) : exitCodeOfSignal(signal);

/**
 * Starts a command that shares our stdin, stdout, stderr and process group: the terminal's Ctrl-C and Ctrl-Z reach it
 * as they reach us, and it can read from the terminal.
 */
export const startChild: StartChild = ([file = "", ...args], environment) =>
  new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => {
      const isMissing = error.code === "ENOENT";
      const why = isMissing ? "command not found" : `cannot be executed: ${error.code ?? error.message}`;
      reject(new ExitError(isMissing ? NOT_FOUND : NOT_EXECUTABLE, `${file}: ${why}`));
    };
    let child;
    try {
      child = spawn(file, args, { stdio: "inherit", env: { ...environment } });
    } catch (error) {
      // What execve never sees: an empty name, or a NUL in an argument.
      failed(error as NodeJS.ErrnoException);
      return;
    }
    const started = child;
    // Whatever ends us, nobody would watch over the lock any more, and tell the command of its loss.
    const onOwnExit = (): void => void started.kill("SIGKILL");
    process.once("exit", onOwnExit);
    const ended = new Promise<ChildEnd>((end) => {
      started.once("exit", (code, signal) => {
        process.off("exit", onOwnExit);
        end({ code, signal });
      });
    });
    started.once("spawn", () => {
      started.on("error", () => {
        // A signal that could not be sent: it has ended, or is not ours to signal any more (setuid).
      });
      resolve({ ended, kill: (signal) => void started.kill(signal) });
    });
    started.once("error", (error) => {
      process.off("exit", onOwnExit);
      failed(error);
    });
  });
