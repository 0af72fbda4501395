/**
 * One system under measurement in a process of its own, so that no system pays for the garbage, the timers or the
 * optimised code of another, and `process.cpuUsage()` is that system's alone.
 */
import { workloadNamed } from "../workloads/index.js";
import type { FromAgent, ToAgent } from "./agent-protocol.js";
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

process.on("message", (message: ToAgent) => {
  handle(message).catch((error: unknown) => {
    tell({ type: "failed", reason: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  });
});
// The bench is gone, however it ended.
process.on("disconnect", () => process.exit(1));
// Ctrl-C goes to the whole process group; the bench decides what ends when.
process.on("SIGINT", () => {});
