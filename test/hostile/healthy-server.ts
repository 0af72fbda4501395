/** The bench's null server, which answers everything at once. Prints its port; ends with its standard input. */
import { startNullServer } from "../../bench/null-server.js";

const server = await startNullServer();
console.log(server.port);
process.stdin.on("end", () => process.exit(0)).resume();
