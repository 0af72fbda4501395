import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { NullServerProcessOptions } from "../null-server-process.js";
import { processFile } from "./process-file.js";
import type { Target } from "./workload.js";

/**
 * Starts the null server in a process of its own; it ends when this process does, however that happens.
 */
export const openNullServer = async (
  options: NullServerProcessOptions = {},
): Promise<{ readonly target: Target; close(): Promise<void> }> => {
  const child = spawn(process.execPath, [processFile("null-server-process"), JSON.stringify(options)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  const [line] = (await Promise.race([
    once(createInterface(child.stdout), "line"),
    exited.then(() => Promise.reject(new Error("the null server ended before it was ready"))),
  ])) as [string];
  const { port, ca } = JSON.parse(line) as { port: number; ca?: string };
  return {
    target: { endpoints: [`127.0.0.1:${port}`], ...(ca === undefined ? {} : { ca }) },
    close: async () => {
      child.stdin.end();
      await exited;
    },
  };
};
