import { Random, hashOf } from "./random.js";
import { shrink } from "./shrink.js";
import { Finding } from "./target.js";
import type { FuzzTarget } from "./target.js";

/** No input may take longer. It is far above what any takes, and far below what anybody would call a hang. */
export const INPUT_MAX_MS = 50;
/** How far the heap may be above where it was after the warm-up. */
export const HEAP_GROWTH_MAX = 0.05;
/** A target that keeps something from input to input begins anew this often, so that a failure can be repeated. */
export const RESET_INTERVAL = 256;
/** A heap that grew has to do it again, and once more, with the same inputs. */
const HEAP_REPEATS = 2;
/** Until compiled code, caches and buffers have come to their size. */
const WARM_UP_MAX_COUNT = 20_000;
/** An input that is slow once may have met a garbage collection or another process; one that is slow is so each time. */
const SLOW_REPEATS = 3;

export interface Failure {
  readonly target: string;
  readonly seed: number;
  /** -1 for what no single input did. */
  readonly iteration: number;
  readonly message: string;
  readonly stack: string;
  readonly input: Uint8Array;
  /** The same failure in fewer bytes; the input as it was where it fails only after those before it. */
  readonly smallest: Uint8Array;
  readonly repeatsAlone: boolean;
}

export interface FuzzReport {
  readonly target: string;
  readonly count: number;
  readonly elapsedMs: number;
  readonly slowestMs: number;
  /** Bytes after the warm-up and at the end, garbage collected; 0 without `--expose-gc`. */
  readonly heapBefore: number;
  readonly heapAfter: number;
  readonly failure: Failure | undefined;
}

export interface FuzzOptions {
  readonly seed: number;
  /** Iterations `from` to `to` - 1. */
  readonly from: number;
  readonly to: number;
  /** Is told of each before it begins. */
  readonly onIteration?: ((iteration: number) => void) | undefined;
  /** Is told when one has failed: making it smaller may take a while. */
  readonly onFailing?: ((iteration: number) => void) | undefined;
  /** What nobody caught since the last time, and forgets it. */
  readonly takeUncaught?: (() => unknown) | undefined;
  /** Milliseconds; a test may bring its own clock. */
  readonly now?: () => number;
  /** Bytes in use when all garbage is gone; undefined where that cannot be known. */
  readonly measureHeap?: (() => Promise<number | undefined>) | undefined;
}

/** The input of one iteration, from nothing but the seed and its number. */
export const inputOf = (target: FuzzTarget, seed: number, iteration: number): Uint8Array =>
  target.generate(new Random(seed, hashOf(target.name), iteration));

/** Runs a target until it is done or fails. */
export const fuzz = async (target: FuzzTarget, options: FuzzOptions): Promise<FuzzReport> => {
  const { seed, from, to, onIteration, now = () => performance.now() } = options;
  const measureHeap = options.measureHeap ?? heapBytes;
  const random = new Random(0);
  const name = hashOf(target.name);
  const startMs = now();
  const warmedUp = from + Math.min(WARM_UP_MAX_COUNT, Math.floor((to - from) / 4));
  let slowestMs = 0;
  let failure = undefined as Failure | undefined;
  let iteration = from;

  const runTo = async (end: number): Promise<void> => {
    for (; iteration < end && failure === undefined; iteration++) {
      if (iteration % RESET_INTERVAL === 0) target.reset?.();
      onIteration?.(iteration);
      random.seed(seed, name, iteration);
      const input = target.generate(random);
      const inputStartMs = now();
      let error: unknown;
      try {
        // Most targets are synchronous, and a turn of the microtask queue per input would cost more than some inputs.
        const running = target.run(input);
        if (running !== undefined) await running;
        error = options.takeUncaught?.();
      } catch (thrown) {
        error = thrown ?? new Finding("undefined was thrown");
      }
      const tookMs = now() - inputStartMs;
      if (tookMs > slowestMs) slowestMs = tookMs;
      if (error === undefined && tookMs > INPUT_MAX_MS) error = await slowness(target, input, now);
      if (error === undefined) continue;
      options.onFailing?.(iteration);
      failure = await failureOf(target, options, iteration, input, error, now);
    }
  };
  const settledHeap = async (): Promise<number> => {
    target.reset?.();
    return (await measureHeap()) ?? 0;
  };

  await runTo(warmedUp);
  let heapBefore = await settledHeap();
  await runTo(to);
  let heapAfter = await settledHeap();
  // What only comes to its size late is as large after the same inputs again; what is never given back is larger.
  for (let again = 0; again < HEAP_REPEATS && hasGrown(heapBefore, heapAfter); again++) {
    heapBefore = heapAfter;
    iteration = warmedUp;
    await runTo(to);
    heapAfter = await settledHeap();
  }
  if (failure === undefined && hasGrown(heapBefore, heapAfter)) {
    failure = {
      target: target.name,
      seed,
      iteration: -1,
      message: `the heap grew from ${heapBefore} to ${heapAfter} bytes in ${to - warmedUp} inputs`,
      stack: "",
      input: new Uint8Array(0),
      smallest: new Uint8Array(0),
      repeatsAlone: false,
    };
  }
  return {
    target: target.name,
    count: iteration - from,
    elapsedMs: now() - startMs,
    slowestMs,
    heapBefore,
    heapAfter,
    failure,
  };
};

const hasGrown = (before: number, after: number): boolean => after > before * (1 + HEAP_GROWTH_MAX);

/** What an input is found guilty of when it is slow each time, undefined otherwise. */
const slowness = async (
  target: FuzzTarget,
  input: Uint8Array,
  now: () => number,
): Promise<Finding | undefined> => {
  let fastestMs = Infinity;
  for (let repeat = 0; repeat < SLOW_REPEATS; repeat++) {
    target.reset?.();
    const startMs = now();
    await target.run(input);
    fastestMs = Math.min(fastestMs, now() - startMs);
  }
  return fastestMs > INPUT_MAX_MS ? new Finding(`slow: over ${INPUT_MAX_MS} ms, each time`) : undefined;
};

/**
 * What went wrong with an input on its own, undefined when nothing does. For one input that is known, as in a
 * regression test.
 */
export const errorOf = async (
  target: FuzzTarget,
  input: Uint8Array,
  options: Pick<FuzzOptions, "takeUncaught" | "now"> = {},
): Promise<Error | undefined> => {
  const now = options.now ?? (() => performance.now());
  target.reset?.();
  const startMs = now();
  try {
    await target.run(input);
  } catch (thrown) {
    return asError(thrown);
  }
  const uncaught = options.takeUncaught?.();
  if (uncaught !== undefined) return asError(uncaught);
  return now() - startMs > INPUT_MAX_MS ? slowness(target, input, now) : undefined;
};

const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Finding(String(thrown)));

/** Two failures are the same one if they say the same, numbers aside. */
const kindOf = ({ name, message }: Error): string => `${name}: ${message.replace(/\d+|"[^]*"/g, "_")}`;

const failureOf = async (
  target: FuzzTarget,
  options: FuzzOptions,
  iteration: number,
  input: Uint8Array,
  thrown: unknown,
  now: () => number,
): Promise<Failure> => {
  const error = asError(thrown);
  const kind = kindOf(error);
  const failsAlike = async (candidate: Uint8Array): Promise<boolean> => {
    const again = await errorOf(target, candidate, { now, takeUncaught: options.takeUncaught });
    return again !== undefined && kindOf(again) === kind;
  };
  const repeatsAlone = await failsAlike(input);
  return {
    target: target.name,
    seed: options.seed,
    iteration,
    message: error.message,
    stack: error.stack ?? "",
    input,
    smallest: repeatsAlone ? await shrink(input, (bytes) => target.split(bytes), failsAlike) : input,
    repeatsAlone,
  };
};

/** All that this thread holds, garbage collected; undefined without `--expose-gc`. */
export const heapBytes = async (): Promise<number | undefined> => {
  if (globalThis.gc === undefined) return undefined;
  // What sockets and finalizers hold goes in turns of the event loop.
  for (let turn = 0; turn < 3; turn++) {
    globalThis.gc();
    await new Promise((resolve) => setImmediate(resolve));
  }
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};
