import { spawn, type ChildProcessByStdio } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";

const HOOKS = new URL("./register-typescript.mjs", import.meta.url).href;

const argumentsFor = (file: string, args: readonly string[]): string[] => [
  "--import",
  HOOKS,
  fileURLToPath(new URL(`../../${file}`, import.meta.url)),
  ...args,
];

/**
 * Runs one of our TypeScript files in a Node process of its own.
 * @param file relative to the repository's root.
 * @param env added to this process's environment.
 */
export const spawnSource = (
  file: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): ChildProcessByStdio<null, Readable, Readable> =>
  spawn(process.execPath, argumentsFor(file, args), {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });

/** The same, with a pipe to its stdin. */
export const spawnAskedSource = (
  file: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): ChildProcessByStdio<Writable, Readable, Readable> =>
  spawn(process.execPath, argumentsFor(file, args), {
    env: { ...process.env, ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
