/**
 * The null server in a process of its own: prints `{"port":N}` and lives until its standard input ends. Its
 * argument is a JSON object, NullServerProcessOptions.
 */
import { createAuthority } from "../src/testing/index.js";
import { startNullServer } from "./null-server.js";

/** Longer than any pause between two calls of a run that is under way. */
const AWAKE_MS = 20;

/** What it is started with. */
export interface NullServerProcessOptions {
  /** It speaks TLS 1.3, and prints the authority to trust beside the port. */
  readonly tls?: boolean;
  /** See NullServerOptions. */
  readonly bulkReplyMiB?: number;
}

const options = JSON.parse(process.argv[2]!) as NullServerProcessOptions;
const authority = options.tls === true ? createAuthority("etcdwire bench") : undefined;
const server = await startNullServer({
  awakeMs: AWAKE_MS,
  bulkReplyMiB: options.bulkReplyMiB,
  tls: authority?.issue({ commonName: "null server", names: ["127.0.0.1", "localhost"] }),
});
process.stdout.write(`${JSON.stringify({ port: server.port, ca: authority?.cert })}\n`);
// The parent's end of the pipe closes however the parent dies, by SIGKILL too.
process.stdin.on("end", () => process.exit(0)).resume();
// Ctrl-C goes to the whole process group; the parent decides when this server is no longer needed.
process.on("SIGINT", () => {});
