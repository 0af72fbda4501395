import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

import { errorOf, fuzz, inputOf } from "./engine.js";
import { readInputFile, writeInputFile } from "./finding-file.js";
import { Random } from "./random.js";
import { shrink } from "./shrink.js";
import { Finding } from "./target.js";
import type { FuzzTarget } from "./target.js";
import { TARGETS } from "./targets/all.js";

/** Eight random bytes an input. */
const targetOf = (run: (input: Uint8Array) => void | Promise<void>, reset?: () => void): FuzzTarget => ({
  name: "test",
  generate: (random) => Uint8Array.from({ length: 8 }, () => random.uint32() & 0xff),
  run,
  split: (input) => [input],
  ...(reset === undefined ? {} : { reset }),
});

describe("inputs", () => {
  test.each(TARGETS)("of $name follow from the seed and the number alone, and differ by both", ({ make }) => {
    const [one, other] = [make(), make()];
    inputOf(other, 1, 99);
    const inputs = [1, 2, 3].map((iteration) => Buffer.from(inputOf(one, 7, iteration)).toString("hex"));
    expect(inputs).toEqual(
      [1, 2, 3].map((iteration) => Buffer.from(inputOf(other, 7, iteration)).toString("hex")),
    );
    const more = [8, 9].map((seed) => Buffer.from(inputOf(one, seed, 1)).toString("hex"));
    expect(new Set([...inputs, ...more]).size).toBe(5);
  });

  test("come from numbers that are spread evenly", () => {
    const random = new Random(1);
    const counts = new Array<number>(10).fill(0);
    for (let i = 0; i < 10_000; i++) counts[random.below(10)]!++;
    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(150);
    expect([random.below(0), random.below(1), random.between(3, 3)]).toEqual([0, 0, 3]);
  });
});

describe("the engine reports", () => {
  const options = { seed: 5, from: 0, to: 1_000 };

  test("an error that is not one of those that an input may cause, with the smallest input that causes it", async () => {
    const target = targetOf((input) => {
      if (input.includes(0x42)) throw new TypeError("cannot read properties of undefined");
    });
    const { failure, count } = await fuzz(target, options);
    expect(failure).toMatchObject({ target: "test", seed: 5, repeatsAlone: true, message: /cannot read/ });
    expect([...failure!.smallest]).toEqual([0x42]);
    expect(failure!.iteration).toBe(count - 1);
    expect(inputOf(target, 5, failure!.iteration)).toEqual(failure!.input);
  });

  test("a promise that is rejected, and what nobody caught", async () => {
    const rejecting = await fuzz(
      targetOf(() => Promise.reject(new Finding("late"))),
      options,
    );
    expect(rejecting.failure?.message).toBe("late");
    let thrown: unknown = new Error("in a callback");
    const stray = await fuzz(
      targetOf(() => {}),
      {
        ...options,
        takeUncaught: () => {
          const error = thrown;
          thrown = undefined;
          return error;
        },
      },
    );
    expect(stray.failure).toMatchObject({ iteration: 0, message: "in a callback" });
  });

  test("an input that needs those before it, as such", async () => {
    let count = 0;
    const target = targetOf(
      () => {
        if (++count === 10) throw new Finding("the tenth in a row");
      },
      () => (count = 0),
    );
    const { failure } = await fuzz(target, options);
    expect(failure).toMatchObject({ iteration: 9, repeatsAlone: false });
    expect(failure!.smallest).toEqual(failure!.input);
  });

  test("an input that is slow each time, and not one that was once", async () => {
    let nowMs = 0;
    const slow = targetOf((input) => {
      nowMs += input[0]! < 8 ? 51 : 1;
    });
    expect((await fuzz(slow, { ...options, now: () => nowMs })).failure?.message).toMatch(/slow: over 50 ms/);
    let pauses = 1;
    const unlucky = targetOf(() => {
      nowMs += pauses-- > 0 ? 500 : 1;
    });
    const report = await fuzz(unlucky, { ...options, now: () => nowMs });
    expect([report.failure, report.slowestMs]).toEqual([undefined, 500]);
  });

  test("a heap that grows for good, and not one that comes to its size late", async () => {
    const kept: Uint8Array[] = [];
    const target = targetOf((input) => void kept.push(input));
    const leaking = await fuzz(target, {
      ...options,
      measureHeap: async () => Promise.resolve(1_000 + kept.length),
    });
    expect(leaking.failure).toMatchObject({ iteration: -1, message: /^the heap grew from \d+ to \d+ bytes/ });

    const cache = new Map<number, number>();
    const caching = targetOf((input) => void cache.set(input[0]!, 1));
    const settled = await fuzz(caching, {
      ...options,
      measureHeap: async () => Promise.resolve(100 + cache.size),
    });
    expect(settled.failure).toBeUndefined();
  });

  test("nothing where nothing is wrong, after the number of inputs that was asked for", async () => {
    const { failure, count } = await fuzz(
      targetOf(() => {}),
      { seed: 5, from: 100, to: 400 },
    );
    expect([failure, count]).toEqual([undefined, 300]);
  });
});

test("one known input is judged alone", async () => {
  const target = targetOf((input) => {
    if (input.length === 0) throw new Finding("empty");
  });
  expect(await errorOf(target, new Uint8Array(0))).toMatchObject({ message: "empty" });
  expect(await errorOf(target, Uint8Array.of(1))).toBeUndefined();
  let nowMs = 0;
  const slow = targetOf(() => void (nowMs += 60));
  expect(await errorOf(slow, Uint8Array.of(1), { now: () => nowMs })).toMatchObject({ message: /slow/ });
});

test("shrinking keeps what matters: pieces first, then bytes, then zeros", async () => {
  const pieces = (input: Uint8Array): Uint8Array[] =>
    Array.from({ length: Math.ceil(input.length / 4) }, (_, i) => input.subarray(4 * i, 4 * i + 4));
  const input = Uint8Array.from({ length: 400 }, (_, at) => (at === 130 ? 7 : at === 301 ? 9 : 1));
  const fails = (bytes: Uint8Array): boolean => bytes.includes(7) && bytes.indexOf(9) > bytes.indexOf(7) + 1;
  expect([...(await shrink(input, pieces, fails))]).toEqual([7, 0, 9]);
  let tries = 0;
  await shrink(input, pieces, () => ++tries < 0, 50);
  expect(tries).toBe(50);
});

test("a failing input goes to a file and comes back", () => {
  const folder = mkdtempSync(join(tmpdir(), "etcdwire-fuzz-"));
  try {
    const path = join(folder, "deeper", "frames-1-2.hex");
    const input = Uint8Array.from({ length: 200 }, (_, at) => at);
    writeInputFile(path, ["first\nsecond", "FUZZ_SEED=1"], input);
    expect(readInputFile(path)).toEqual({ target: "frames", input });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
