/** etcd's own Go client, in `bench/peers/go/`: built with the machine's Go when it is first needed. */
import path from "node:path";
import { buildGoProgram, GoMissingError } from "../../src/testing/go-program.js";
import { packageRoot } from "../harness/package-root.js";
import { PeerMissingError } from "../harness/workload.js";
import { builtPeer } from "./built-peer.js";

export const goPeer = builtPeer("go", async (log) => {
  try {
    const sourceFolder = path.join(packageRoot(), "bench", "peers", "go");
    return { program: await buildGoProgram({ sourceFolder, name: "bench-peer", log }) };
  } catch (error) {
    throw error instanceof GoMissingError ? new PeerMissingError(error.message) : error;
  }
});
