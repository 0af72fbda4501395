/**
 * A program that uses the client, to see how it ends. `close`: closes it. `forget`: does not. `unreachable` and
 * `silent`: has one call that waits for a server which never comes, or never answers.
 */
import { Client, EtcdError, op } from "../../src/index.js";
import { freePorts } from "../../src/testing/free-port.js";
import { spawnSource } from "./source-process.js";

const [mode, endpoint = ""] = process.argv.slice(2);

const report = async (at: string, timeoutMs: number): Promise<void> => {
  const put = new Client({ endpoints: at }).prepare({ then: [op.put("program", "value")] });
  try {
    await put.run({}, { timeoutMs });
    console.log("put");
  } catch (error) {
    console.log(error instanceof EtcdError ? error.code : String(error));
  }
};

if (mode === "close") {
  const client = new Client({ endpoints: endpoint });
  await client.prepare({ then: [op.put("program", "value")] }).run({});
  console.log("put");
  await client.close();
} else if (mode === "forget") {
  await report(endpoint, 10_000);
} else if (mode === "unreachable") {
  const [port] = await freePorts(1);
  await report(`127.0.0.1:${port}`, 1_000);
} else {
  // The server lives in a process of its own, so that it does not hold this one.
  const server = spawnSource("test/support/silent-server.ts");
  const port = await new Promise<string>((resolve) =>
    server.stdout.once("data", (line: Buffer) => resolve(String(line).trim())),
  );
  server.unref();
  server.stdout.destroy();
  server.stderr.destroy();
  process.once("exit", () => server.kill("SIGKILL"));
  await report(`127.0.0.1:${port}`, 1_000);
}
