/** `npm run etcd`: a private cluster for use by hand. */
import { ArgumentError } from "../errors.js";
import { EtcdCluster } from "./cluster.js";
import { USAGE, describeCluster, parseCommandLine } from "./command-line.js";
import { EtcdStartError } from "./etcd-binary.js";

/** sysexits(3): EX_USAGE and EX_UNAVAILABLE. */
const EXIT_USAGE = 64;
const EXIT_UNAVAILABLE = 69;

const note = (line: string): void => void process.stderr.write(`${line}\n`);

async function main(): Promise<void> {
  const options = parseCommandLine(process.argv.slice(2));
  if (options === "help") {
    process.stdout.write(USAGE);
    return;
  }
  const cluster = await EtcdCluster.start({ ...options, log: note });
  // Before anything is printed: whoever waits for that may stop us at once.
  const stopped = new Promise((resolve) => {
    process.once("SIGINT", resolve);
    process.once("SIGTERM", resolve);
  });
  process.stdout.write(describeCluster(cluster));
  note("running; stop it with Ctrl-C");
  await stopped;
  await cluster.close();
}

try {
  await main();
} catch (error) {
  if (!(error instanceof ArgumentError) && !(error instanceof EtcdStartError)) throw error;
  note(error.message);
  process.exitCode = error instanceof ArgumentError ? EXIT_USAGE : EXIT_UNAVAILABLE;
}
