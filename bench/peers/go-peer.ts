/** etcd's own Go client, in `bench/peers/go/`: built with the machine's Go when it is first needed. */
import path from "node:path";
import { buildGoProgram, GoMissingError } from "../../src/testing/go-program.js";
import { packageRoot } from "../harness/package-root.js";
import { ProgramPeer } from "../harness/program-peer.js";
import { PeerMissingError, requirePlain } from "../harness/workload.js";
import type { Target } from "../harness/workload.js";

const build = (log: (line: string) => void): Promise<string> =>
  buildGoProgram({
    sourceFolder: path.join(packageRoot(), "bench", "peers", "go"),
    name: "bench-peer",
    log,
  });

/** Builds it where Go is. */
export const needGo = async (log: (line: string) => void): Promise<void> => {
  try {
    await build(log);
  } catch (error) {
    throw error instanceof GoMissingError ? new PeerMissingError(error.message) : error;
  }
};

/** After `needGo`, in an agent's process. */
export const openGoPeer = async (target: Target): Promise<ProgramPeer> => {
  requirePlain(target, "go");
  return ProgramPeer.open(await build(() => {}), target.endpoints);
};
