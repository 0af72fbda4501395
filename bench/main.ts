/** `npm run bench -- [WORKLOAD...] [options]`; see bench/README.md. */
import { main } from "./command/main.js";

// The reader of the table has gone away (`| head`): 128 + SIGPIPE, and not a word.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 141 : 1));
process.exitCode = await main(process.argv.slice(2), "npm run bench --", process);
