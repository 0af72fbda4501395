/** One thread of `npm run fuzz`: runs its shares of the targets, one after the other. */
import { parentPort, workerData } from "node:worker_threads";

import { fuzz } from "./engine.js";
import type { FuzzReport } from "./engine.js";
import { targetNamed } from "./targets/all.js";

export interface Share {
  readonly target: string;
  readonly from: number;
  readonly to: number;
}

export interface WorkerTask {
  readonly seed: number;
  readonly shares: readonly Share[];
  /** Where it stands: index of the share, iteration. Readable while the thread hangs. */
  readonly place: Int32Array;
}

export type WorkerMessage =
  { readonly type: "failing" } | { readonly type: "report"; readonly report: FuzzReport };

const { seed, shares, place } = workerData as WorkerTask;
const tell = (message: WorkerMessage): void => parentPort!.postMessage(message);

let uncaught: unknown;
process.on("uncaughtException", (error) => {
  uncaught ??= error;
});
const takeUncaught = (): unknown => {
  const error = uncaught;
  uncaught = undefined;
  return error;
};

for (const [index, { target, from, to }] of shares.entries()) {
  Atomics.store(place, 0, index);
  const report = await fuzz(targetNamed(target).make(), {
    seed,
    from,
    to,
    takeUncaught,
    onIteration: (iteration) => {
      place[1] = iteration;
    },
    onFailing: () => tell({ type: "failing" }),
  });
  tell({ type: "report", report });
}
