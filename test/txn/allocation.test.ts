import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";

import ts from "typescript";
import { afterAll, beforeAll, expect, test } from "vitest";

const repository = resolve(import.meta.dirname, "../..");
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "etcdwire-allocation-"));
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  await translate("test/txn/allocation-loop.ts");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Translates a file of the repository, and all that it imports from there, to JavaScript in `folder`. */
async function translate(path: string): Promise<void> {
  const target = join(folder, path.replace(/\.ts$/, ".js"));
  if (existsSync(target)) return;
  const { outputText } = ts.transpileModule(await readFile(join(repository, path), "utf8"), {
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
    },
  });
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, outputText);
  for (const [, imported] of outputText.matchAll(/ from "(\.[^"]+)\.js"/g))
    await translate(`${join(dirname(path), imported!)}.ts`);
}

// Not in this process: vitest's own work and its instrumented modules would be counted too.
const count = async (wanted: string, nodeOptions: readonly string[]): Promise<Record<string, number>> => {
  const { stdout } = await promisify(execFile)(process.execPath, [
    "--expose-gc",
    ...nodeOptions,
    join(folder, "test/txn/allocation-loop.js"),
    wanted,
  ]);
  return JSON.parse(stdout) as Record<string, number>;
};

test("to write a transaction and to read its reply allocates nothing", { timeout: 180_000 }, async () => {
  // A young generation that holds what a million operations may leave, so that nothing is collected unseen.
  const bytes = await count("bytes", ["--min-semi-space-size=128", "--max-semi-space-size=128"]);
  expect(Object.keys(bytes)).toHaveLength(9);
  for (const [loop, perOperation] of Object.entries(bytes)) expect(perOperation, loop).toBeLessThan(0.5);
});

/**
 * On a busy machine V8 compiles the loop's parts in another order now and then, and boxes one number per operation then
 * for as long as the process lives. Code that makes garbage makes it in all of them.
 */
const PROCESS_MAX_COUNT = 4;

test("ten million writes and reads cause no garbage collection", { timeout: 180_000 }, async () => {
  const counts: (number | undefined)[] = [];
  while (counts.length < PROCESS_MAX_COUNT && counts.at(-1) !== 0) {
    const collections = await count("collections", []);
    expect(collections["ofLitter"]).toBeGreaterThan(0);
    counts.push(collections["ofPairs"]);
  }
  expect(counts.at(-1), String(counts)).toBe(0);
});
