/**
 * `npm run micro [-- WORD...]`: what each trick of the hot path gains over its plain twin. Prints nanoseconds and
 * bytes on the heap per operation, and plain / trick, of the best rounds and as the median over rounds. WORDs pick comparisons by name.
 *
 * The numbers in the comments of src/wire, src/txn and src/connection come from here. They are best cases of a small
 * loop with everything in cache; bench/README.md has what a whole call costs.
 */
import { compare } from "./measure.js";
import { connectionPairs } from "./connection-pairs.js";
import { txnPairs } from "./txn-pairs.js";
import { wirePairs } from "./wire-pairs.js";

const words = process.argv.slice(2);
console.log(`Node ${process.version}, ${process.arch}`);
console.log(`${"".padEnd(66)} trick ns  plain ns    best   median  trick B  plain B`);
for (const pairs of [wirePairs, txnPairs, connectionPairs]) {
  for (const pair of pairs) {
    if (words.length > 0 && !words.some((word) => pair.title.includes(word))) continue;
    const result = await compare(pair);
    console.log(
      [
        `${pair.title} (${pair.unit})`.padEnd(66),
        result.trickNs.toFixed(1).padStart(9),
        result.plainNs.toFixed(1).padStart(9),
        `${(result.plainNs / result.trickNs).toFixed(2)}x`.padStart(7),
        `${result.medianRatio.toFixed(2)}x`.padStart(8),
        result.trickBytes.toFixed(0).padStart(8),
        result.plainBytes.toFixed(0).padStart(8),
      ].join(" "),
    );
  }
}
