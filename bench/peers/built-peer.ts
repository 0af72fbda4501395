import { ProgramPeer } from "../harness/program-peer.js";
import { plainEndpoints } from "../harness/workload.js";
import type { Target } from "../harness/workload.js";

/** What a peer in another language is to the workloads. */
export interface BuiltPeer {
  /** Builds it where it is not built yet, and throws `PeerMissingError` where that cannot be done. Of `needs`. */
  readonly need: (log: (line: string) => void) => Promise<void>;
  /** Starts it, in an agent's process. */
  readonly open: (target: Target) => Promise<ProgramPeer>;
}

/** How a peer is started. */
export interface PeerCommand {
  readonly program: string;
  readonly words?: readonly string[];
}

/** `build` is fast where the program is there already. */
export const builtPeer = (
  system: string,
  build: (log: (line: string) => void) => Promise<PeerCommand>,
): BuiltPeer => ({
  need: async (log) => {
    await build(log);
  },
  open: async (target) => {
    const endpoints = plainEndpoints(target, system);
    const { program, words } = await build(() => {});
    return ProgramPeer.open(program, endpoints, words);
  },
});
