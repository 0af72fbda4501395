/**
 * One system under measurement in a process of its own, so that no system pays for the garbage, the timers or the
 * optimised code of another, and `process.cpuUsage()` is that system's alone.
 */
import { workloadNamed } from "../workloads/index.js";
import type { FromAgent, ToAgent } from "./agent-protocol.js";
import { PeerMissingError, missingIfNotInstalled } from "./workload.js";
import type { System } from "./workload.js";

let system: System | undefined;

const tell = (message: FromAgent): void => {
  process.send?.(message);
};

const handle = async (message: ToAgent): Promise<void> => {
  switch (message.type) {
    case "open": {
      const factory = workloadNamed(message.workload)?.systems[message.system];
      if (factory === undefined) throw new Error(`no system ${message.system} in ${message.workload}`);
      system = await factory(message.target);
      tell({ type: "ready" });
      return;
    }
    case "prepare":
      await system?.prepare?.(message.setup);
      tell({ type: "ready" });
      return;
    case "run":
      if (system === undefined) throw new Error("run before open");
      tell({ type: "measured", measurement: await system.run(message.request) });
      return;
    case "close":
      await system?.close();
      process.exit(0);
  }
};

const failureOf = (thrown: unknown): { reason: string; isMissing?: boolean } => {
  const error = missingIfNotInstalled(thrown);
  if (!(error instanceof Error)) return { reason: String(error) };
  if (error instanceof PeerMissingError) return { reason: error.message, isMissing: true };
  return { reason: error.stack ?? error.message };
};

process.on("message", (message: ToAgent) => {
  handle(message).catch((error: unknown) => {
    tell({ type: "failed", ...failureOf(error) });
  });
});
// The bench is gone, however it ended.
process.on("disconnect", () => process.exit(1));
// Ctrl-C goes to the whole process group; the bench decides what ends when.
process.on("SIGINT", () => {});
