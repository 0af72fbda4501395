import { ProgramPeer } from "../harness/program-peer.js";
import { PeerMissingError, plainEndpoints } from "../harness/workload.js";
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

/**
 * Peers in other languages that may be built and run: their names, with commas between. Not set: all. Building one of
 * them for the first time takes minutes, which not every check of the bench has.
 */
const PEERS_VARIABLE = "ETCDWIRE_BENCH_PEERS";

const requireWanted = (system: string): void => {
  const wanted = process.env[PEERS_VARIABLE]?.split(",");
  if (wanted?.includes(system) === false) throw new PeerMissingError(`${PEERS_VARIABLE} does not name it`);
};

/** `build` is fast where the program is there already. */
export const builtPeer = (
  system: string,
  build: (log: (line: string) => void) => Promise<PeerCommand>,
): BuiltPeer => ({
  need: async (log) => {
    requireWanted(system);
    await build(log);
  },
  open: async (target) => {
    const endpoints = plainEndpoints(target, system);
    const { program, words } = await build(() => {});
    return ProgramPeer.open(program, endpoints, words);
  },
});
