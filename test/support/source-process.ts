import { spawn, type ChildProcessByStdio } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";

const HOOKS = new URL("./register-typescript.mjs", import.meta.url).href;

/**
 * Runs one of our TypeScript files in a Node process of its own.
 * @param file relative to the repository's root.
 * @param env added to this process's environment.
 */
export function spawnSource(
  file: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): ChildProcessByStdio<null, Readable, Readable> {
  const path = fileURLToPath(new URL(`../../${file}`, import.meta.url));
  return spawn(process.execPath, ["--import", HOOKS, path, ...args], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** The same, with a pipe to its stdin. */
export function spawnAskedSource(
  file: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): ChildProcessByStdio<Writable, Readable, Readable> {
  const path = fileURLToPath(new URL(`../../${file}`, import.meta.url));
  return spawn(process.execPath, ["--import", HOOKS, path, ...args], {
    env: { ...process.env, ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
}
