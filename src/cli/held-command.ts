import { statusOf } from "./child-process.js";
import type { Child, ChildEnd } from "./child-process.js";
import { ExitCode, exitCodeOfSignal } from "./exit-codes.js";

/** What becomes of the command when its lock is lost. */
export const LOSS_POLICIES = ["kill", "warn"] as const;
export type LossPolicy = (typeof LOSS_POLICIES)[number];

/** The part of a lock that matters here. */
export interface Held {
  readonly isHeld: boolean;
  /** Aborts when it is lost; nobody releases it while the command runs. */
  readonly signal: AbortSignal;
}

/** What the watch over a command needs of the process and its surroundings. */
export interface Surroundings {
  /** Every signal that comes from now on goes to `handler`, until what is returned is called. */
  onSignal(handler: (signal: NodeJS.Signals) => void): () => void;
  /** Has the terminal sent it, to us and to the command? */
  isFromKeyboard(signal: NodeJS.Signals): boolean;
  /** Calls back once, in so many milliseconds, unless what is returned is called before. */
  after(ms: number, callback: () => void): () => void;
  /** Monotonic milliseconds. */
  now(): number;
  /** A line for people. */
  note(line: string): void;
}

export interface HeldCommandOptions {
  readonly onLost: LossPolicy;
  /** From SIGTERM to SIGKILL when the lock is lost. */
  readonly graceMs: number;
}

/** How a command ended that ran under a lock. */
export interface HeldOutcome {
  /** What the program exits with. */
  readonly exitCode: number;
  /** Was the lock lost before the command had ended? */
  readonly isLost: boolean;
  /** The signal that ended everything at once: nothing may take long any more. */
  readonly forcedBy: NodeJS.Signals | undefined;
}

/** Ctrl-C pressed again within this is meant for us: "end at once". Later, it is the command's own business again: a prompt, say. */
export const KEYBOARD_REPEAT_MS = 2_000;

/** A killed process is gone at once, unless it hangs in the kernel; nobody would then want us to hang with it. */
export const KILLED_CHILD_WAIT_MS = 1_000;

/**
 * Watches over a command and the lock under which it runs, until the command has ended.
 *
 * A signal that we get is passed on to the command, and a second one kills it. One that the terminal has sent to both of
 * us is not passed on: many programs take the second SIGINT for "do not even clean up".
 */
export function watchOver(
  child: Child,
  held: Held,
  { onLost, graceMs }: HeldCommandOptions,
  surroundings: Surroundings,
): Promise<HeldOutcome> {
  const note = (line: string): void => surroundings.note(line);
  const now = (): number => surroundings.now();
  return new Promise((resolve) => {
    let isLost = false;
    let killedByUs = false;
    let forcedBy: NodeJS.Signals | undefined;
    let passedOnCount = 0;
    let keyPressedAtMs = -Infinity;
    let stopTimer = (): void => {};

    const end = (status: number): void => {
      stopTimer();
      stopSignals();
      held.signal.removeEventListener("abort", onLoss);
      if (forcedBy !== undefined) {
        resolve({ exitCode: exitCodeOfSignal(forcedBy), isLost, forcedBy });
        return;
      }
      // Not only the event: whether it is held at this moment. A process that stood still has not heard of the loss yet.
      if (!isLost && !held.isHeld) {
        isLost = true;
        note("the lock was lost before the command ended");
      }
      const failedByItself = status !== 0 && !killedByUs;
      resolve({ exitCode: isLost && !failedByItself ? ExitCode.LOST : status, isLost, forcedBy });
    };

    const onLoss = (): void => {
      isLost = true;
      const reason = held.signal.reason as Error;
      if (onLost === "warn") {
        note(`the lock is lost: ${reason.message}; the command goes on without it`);
        return;
      }
      killedByUs = true;
      note(`the lock is lost: ${reason.message}; the command gets SIGTERM, and SIGKILL after ${graceMs} ms`);
      child.kill("SIGTERM");
      stopTimer();
      stopTimer = surroundings.after(graceMs, () => {
        note("the command has not ended: SIGKILL");
        child.kill("SIGKILL");
      });
    };

    const force = (signal: NodeJS.Signals): void => {
      forcedBy = signal;
      note(`${signal} again: the command gets SIGKILL`);
      child.kill("SIGKILL");
      stopTimer();
      stopTimer = surroundings.after(KILLED_CHILD_WAIT_MS, () => end(0));
    };

    const stopSignals = surroundings.onSignal((signal) => {
      if (forcedBy !== undefined) return;
      if (!surroundings.isFromKeyboard(signal)) {
        if (++passedOnCount > 1) force(signal);
        else child.kill(signal);
        return;
      }
      const isRepeated = now() - keyPressedAtMs < KEYBOARD_REPEAT_MS;
      keyPressedAtMs = now();
      if (isRepeated) force(signal);
    });

    if (held.signal.aborted) onLoss();
    else held.signal.addEventListener("abort", onLoss, { once: true });
    void child.ended.then((ended: ChildEnd) => end(statusOf(ended)));
  });
}
