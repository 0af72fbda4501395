/** The null server in a process of its own: prints `{"port":N}` and lives until its standard input ends. */
import { startNullServer } from "./null-server.js";

/** Longer than any pause between two calls of a run that is under way. */
const AWAKE_MS = 20;

const server = await startNullServer(undefined, AWAKE_MS);
process.stdout.write(`${JSON.stringify({ port: server.port })}\n`);
// The parent's end of the pipe closes however the parent dies, by SIGKILL too.
process.stdin.on("end", () => process.exit(0)).resume();
// Ctrl-C goes to the whole process group; the parent decides when this server is no longer needed.
process.on("SIGINT", () => {});
