/** One process of `npm run fuzz`: runs its shares of the targets, one after the other. */
import { openSync, writeSync } from "node:fs";

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
  /** A file that says where it stands, in two int32: index of the share, iteration. For when it hangs. */
  readonly placeFile: string;
}

export type WorkerMessage =
  | { readonly type: "failing" }
  | { readonly type: "report"; readonly report: FuzzReport }
  | { readonly type: "done" };

const run = async ({ seed, shares, placeFile }: WorkerTask): Promise<void> => {
  const tell = (message: WorkerMessage): void => void process.send!(message);
  let uncaught: unknown;
  process.on("uncaughtException", (error) => {
    uncaught ??= error;
  });
  const takeUncaught = (): unknown => {
    const error = uncaught;
    uncaught = undefined;
    return error;
  };
  const file = openSync(placeFile, "w");
  const place = new Int32Array(2);
  for (const [index, { target, from, to }] of shares.entries()) {
    const report = await fuzz(targetNamed(target).make(), {
      seed,
      from,
      to,
      takeUncaught,
      onIteration: (iteration) => {
        place[0] = index;
        place[1] = iteration;
        writeSync(file, place, 0, place.byteLength, 0);
      },
      onFailing: () => tell({ type: "failing" }),
    });
    tell({ type: "report", report });
  }
  tell({ type: "done" });
};

process.once("message", (task) => {
  void run(task as WorkerTask);
});
