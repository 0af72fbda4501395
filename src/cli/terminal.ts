import { readFileSync } from "node:fs";

/**
 * Has this signal most likely been made by the terminal? Ctrl-C and Ctrl-\ go to all processes of the terminal's
 * foreground group, so that a command which we have started has got it as well. Node does not tell who sent a signal.
 */
export const isFromKeyboard = (signal: NodeJS.Signals): boolean =>
  (signal === "SIGINT" || signal === "SIGQUIT") && isInForeground();

/** Is our process group the one that the terminal's keyboard acts on? */
function isInForeground(): boolean {
  try {
    return isForegroundStat(readFileSync("/proc/self/stat", "latin1"));
  } catch {
    // Not Linux.
    return process.stdin.isTTY || process.stderr.isTTY;
  }
}

/**
 * The same, by a line of `/proc/PID/stat` (proc_pid_stat(5)): fields 5, pgrp, and 8, tpgid, which is -1 without a
 * terminal.
 */
export function isForegroundStat(stat: string): boolean {
  // The second field is the program's name in parentheses, which may contain any of both.
  const [, , group, , , foregroundGroup] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return group !== undefined && group === foregroundGroup;
}
