/**
 * `npm run test:floods [-- SECONDS [NAME ...]]`: every attack for 10 seconds at full speed, with the bounds that the
 * client must keep, times included. Exits with 1 if one does not hold. Give it a machine with nothing else to do.
 */
import { attacks } from "./attacks.js";
import { FloodStage, failures } from "./flood-run.js";
import { breaches } from "./flood-bounds.js";

const [seconds = "10", ...filter] = process.argv.slice(2);
const names = Object.keys(attacks).filter(
  (name) => filter.length === 0 || filter.some((part) => name.includes(part)),
);
const MiB = 1024 * 1024;
const stage = await FloodStage.open();
let broken = 0;
for (const name of names) {
  try {
    for await (const report of stage.run([name], Number(seconds))) {
      const found = breaches(report, Number(seconds), true);
      const { alone, leader, any, pinned } = report;
      console.log(
        `${found.length === 0 ? "ok  " : "FAIL"} ${name}\n` +
          `     memory +${(report.rssGrowthBytes / MiB).toFixed(1)} MiB resident, +${(report.heapGrowthBytes / MiB).toFixed(1)} in use;` +
          ` loop delay p99 ${report.loopDelayP99Ms.toFixed(1)} ms, max ${report.loopDelayMaxMs.toFixed(0)};` +
          ` ${report.connections} connections, ${(report.sentBytes / MiB).toFixed(1)} MiB sent\n` +
          `     calls ok: alone ${alone.succeeded}/${alone.started} (p99 ${alone.p99Ms.toFixed(1)} ms),` +
          ` leader ${leader.succeeded}/${leader.started} (p99 ${leader.p99Ms.toFixed(1)} ms), any ${any.succeeded}/${any.started}` +
          ` [${failures(any)}]; at the hostile one: ${failures(pinned)}`,
      );
      for (const breach of found) console.log(`     ${breach}`);
      broken += found.length;
    }
  } catch (error) {
    console.log(`FAIL ${name}\n     ${String(error)}`);
    broken++;
  }
}
await stage.close();
console.log(broken === 0 ? `${names.length} attacks, all bounds held` : `${broken} bounds broken`);
process.exitCode = broken === 0 ? 0 : 1;
