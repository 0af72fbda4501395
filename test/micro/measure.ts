/** Does so many operations; what it returns depends on all of them. */
export type Run = (count: number) => number | Promise<number>;

/** A trick and its plain twin, made when their turn comes. */
export interface PairMaker {
  /** `file: trick`, as the comment in that file has it. */
  readonly title: string;
  /** What one operation is. */
  readonly unit: string;
  readonly trick: () => Promise<Run>;
  readonly plain: () => Promise<Run>;
}

export interface Comparison {
  readonly trickNs: number;
  readonly plainNs: number;
  /** Median over rounds of plain time / trick time; `plainNs / trickNs` is the ratio of the best rounds. */
  readonly medianRatio: number;
  readonly trickBytes: number;
  readonly plainBytes: number;
}

const ROUND_COUNT = 101;
const ROUND_MS = 6;
const ALLOCATION_COUNT = 50_000;

let sink = 0;

const timeNs = async (run: Run, count: number): Promise<number> => {
  const start = process.hrtime.bigint();
  const result = run(count);
  // A turn of the microtask queue must not be part of the time.
  sink = (sink + (typeof result === "number" ? result : await result)) | 0;
  return Number(process.hrtime.bigint() - start);
};

/** How many operations fill a round; warm after it. */
const calibrate = async (run: Run): Promise<number> => {
  let count = 64;
  for (let spentMs = 0; spentMs < 200;) {
    const ms = (await timeNs(run, count)) / 1e6;
    spentMs += ms;
    if (ms < ROUND_MS) count = Math.ceil(count * Math.min(4, Math.max(1.1, ROUND_MS / Math.max(ms, 0.01))));
  }
  return count;
};

/** Bytes left on the heap per operation; the young generation holds all of them (main.ts). */
const bytesPerOperation = async (run: Run): Promise<number> => {
  let least = Infinity;
  for (let round = 0; round < 3; round++) {
    globalThis.gc!();
    const before = process.memoryUsage().heapUsed;
    await timeNs(run, ALLOCATION_COUNT);
    least = Math.min(least, process.memoryUsage().heapUsed - before);
  }
  return Math.max(0, least / ALLOCATION_COUNT);
};

const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1]!;

/** Short rounds of both in turn, so that what else the machine does hits both alike. */
export const compare = async (maker: PairMaker): Promise<Comparison> => {
  const trick = await maker.trick();
  const plain = await maker.plain();
  const trickCount = await calibrate(trick);
  const plainCount = await calibrate(plain);
  const ratios: number[] = [];
  let trickNs = Infinity;
  let plainNs = Infinity;
  for (let round = 0; round < ROUND_COUNT; round++) {
    // The order changes, so that neither always pays for what the other left to collect.
    const [first, second] = round % 2 === 0 ? [trick, plain] : [plain, trick];
    const firstNs = await timeNs(first, first === trick ? trickCount : plainCount);
    const secondNs = await timeNs(second, second === trick ? trickCount : plainCount);
    const oneTrickNs = (first === trick ? firstNs : secondNs) / trickCount;
    const onePlainNs = (first === trick ? secondNs : firstNs) / plainCount;
    ratios.push(onePlainNs / oneTrickNs);
    trickNs = Math.min(trickNs, oneTrickNs);
    plainNs = Math.min(plainNs, onePlainNs);
  }
  const trickBytes = await bytesPerOperation(trick);
  const plainBytes = await bytesPerOperation(plain);
  return { trickNs, plainNs, medianRatio: median(ratios), trickBytes, plainBytes };
};
