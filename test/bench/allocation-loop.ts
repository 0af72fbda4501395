/**
 * Run by allocation.test.ts in a process of its own with --expose-gc: prints what `countAllocation` and the counted
 * loops say about operations that allocate a known number of bytes, as JSON.
 */
import { countAllocation } from "../../bench/harness/allocation.js";
import { countPromises, countSynchronous, runCountedLoop } from "../../bench/harness/counted-loop.js";

/** What is stored here is allocated for certain. */
let sink: unknown;
const kept: unknown[] = new Array<unknown>(100_000).fill(undefined);
let next = 0;

/** On a 64-bit Node an object is three words, and each property written in its literal is one more. */
const operations: Record<string, () => void> = {
  nothing: () => {
    next = (next + 1) % kept.length;
  },
  "40 bytes": () => {
    sink = { a: next, b: next };
  },
  "104 bytes": () => {
    sink = { a: next, b: next, c: 0, d: 0, e: 0, f: 0, g: 0, h: 0, i: 0, j: 0 };
  },
  "40 bytes that live on": () => {
    next = (next + 1) % kept.length;
    kept[next] = { a: next, b: next };
  },
};

const report: Record<string, { bytesPerOp: number; collections: number }> = {};
const note = (
  name: string,
  {
    allocatedBytes = NaN,
    operationCount,
    collections = NaN,
  }: {
    readonly allocatedBytes?: number;
    readonly operationCount: number;
    readonly collections?: number;
  },
): void => {
  report[name] = { bytesPerOp: allocatedBytes / operationCount, collections };
};

for (const [name, operation] of Object.entries(operations)) {
  note(name, countSynchronous(operation, { warmupCount: 200_000, operationCount: 1_000_000 }));
}
const loop = { warmupCount: 200_000, operationCount: 1_000_000 };
// Operations that end at once, and operations that end when they are driven: neither loop may add garbage of its own.
note("loop, ends at once", await runCountedLoop((_slot, done) => done(), { ...loop, concurrency: 4 }));
const waiting: (() => void)[] = [];
let waitingCount = 0;
note(
  "loop, driven",
  await runCountedLoop(
    (_slot, done) => {
      sink = { a: next, b: next };
      waiting[waitingCount++] = done;
    },
    {
      ...loop,
      concurrency: 4,
      drive: () => {
        const count = waitingCount;
        waitingCount = 0;
        for (let i = 0; i < count; i++) waiting[i]!();
      },
    },
  ),
);
const settled = Promise.resolve();
note("promises made before", await countPromises(() => settled, { ...loop, concurrency: 64 }));

// Every collection takes something away: what it took is what was counted.
const end = countAllocation();
for (let i = 0; i < 20; i++) {
  for (let k = 0; k < 50_000; k++) sink = { a: k, b: k };
  globalThis.gc!();
}
const { bytes, collections } = end();
note("collected on demand", { allocatedBytes: bytes, operationCount: 1_000_000, collections });

console.log(JSON.stringify({ report, sunk: typeof sink }));
