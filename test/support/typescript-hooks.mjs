/**
 * Module hooks that let Node 20 run our TypeScript sources: types are stripped by the compiler that is installed
 * anyway, and `./x.js` is found as `./x.ts`. `register-typescript.mjs` turns them on.
 *
 * With `ETCDWIRE_MUTATION` in the environment, a list of `{ file, from, to }` in JSON, the sources are those of a mutant:
 * in `file`, relative to the repository's root, `from` is replaced (`test/safety/mutants.ts`).
 *
 * What was compiled is kept under node_modules/.cache by its content: tests start many processes, and compiling all of
 * the sources takes seconds in each.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const CACHE = new URL("../../node_modules/.cache/typescript-hooks/", import.meta.url);
const require = createRequire(import.meta.url);
const version = require("typescript/package.json").version;
const ROOT = new URL("../../", import.meta.url);
const edits = JSON.parse(process.env["ETCDWIRE_MUTATION"] ?? "[]");

/** A mutant that is not one would be a test that cannot fail. */
const mutated = (text, url) => {
  for (const { file, from, to } of edits) {
    if (new URL(file, ROOT).href !== url) continue;
    if (text.split(from).length !== 2) throw new Error(`${file} does not have exactly once: ${from}`);
    text = text.replace(from, () => to);
  }
  return text;
};

/** Loading the compiler takes half a second by itself. */
let typescript;

const compile = (text, fileName) => {
  typescript ??= require("typescript");
  const compilerOptions = {
    target: typescript.ScriptTarget.ES2022,
    module: typescript.ModuleKind.ESNext,
    verbatimModuleSyntax: true,
    inlineSourceMap: true,
  };
  return typescript.transpileModule(text, { compilerOptions, fileName }).outputText;
};

export async function resolve(specifier, context, next) {
  if (specifier.startsWith(".") && specifier.endsWith(".js") && context.parentURL?.endsWith(".ts")) {
    const source = new URL(`${specifier.slice(0, -3)}.ts`, context.parentURL);
    if (existsSync(source)) return { url: source.href, format: "module", shortCircuit: true };
  }
  return next(specifier, context);
}

export async function load(url, context, next) {
  if (!url.endsWith(".ts")) return next(url, context);
  const fileName = fileURLToPath(url);
  const text = mutated(await readFile(fileName, "utf8"), url);
  // The name is part of the source map.
  const key = createHash("sha256").update(`${version}\0${fileName}\0${text}`).digest("hex");
  const cached = new URL(`${key}.js`, CACHE);
  let source = await readFile(cached, "utf8").catch(() => undefined);
  if (source === undefined) {
    source = compile(text, fileName);
    await keep(cached, source);
  }
  return { format: "module", source, shortCircuit: true };
}

/** By renaming, so that no other process reads half of it. A cache that cannot be written is no reason to fail. */
const keep = async (file, source) => {
  try {
    await mkdir(CACHE, { recursive: true });
    const part = new URL(`${file.href}.${process.pid}`);
    await writeFile(part, source);
    await rename(part, file);
  } catch {
    // The next process compiles it again.
  }
};
