/** Makes one call to the port given, prints how it ended, and then has nothing more to do. */
import { nodeRuntime } from "../../src/connection/runtime.js";
import { call, connect } from "./recorded-call.js";

const port = Number(process.argv[2]);
const { connection } = connect(nodeRuntime, { target: { host: "127.0.0.1", port } });
console.log(JSON.stringify(await call(connection).settled));
