/** `npm run bench -- [WORKLOAD...] [options]`; see bench/README.md. */
import { main } from "./command/main.js";

process.exitCode = await main(process.argv.slice(2), "npm run bench --", process);
