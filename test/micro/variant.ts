import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import ts from "typescript";

const repository = resolve(import.meta.dirname, "../..");
const folder = await mkdtemp(join(tmpdir(), "etcdwire-micro-"));
process.on("exit", () => void rm(folder, { recursive: true, force: true }));
let count = 0;

/** Texts to replace in a file, each of which must be there: a trick and what the plain way would be. */
export type Edits = Readonly<Record<string, readonly (readonly [from: string, to: string])[]>>;

/**
 * The modules of src/ as they are, or with some edits: a copy of their own as JavaScript, so that what V8 learns from
 * one copy does not help or hurt the other.
 */
export class Variant {
  readonly #root = join(folder, String(count++));

  constructor(readonly edits: Edits = {}) {}

  /** A module by its path from the repository's root. */
  async load<Module>(path: string): Promise<Module> {
    await this.#translate(path);
    if (!existsSync(join(this.#root, "package.json"))) {
      await writeFile(join(this.#root, "package.json"), '{ "type": "module" }');
      await symlink(join(repository, "node_modules"), join(this.#root, "node_modules"));
    }
    const url = pathToFileURL(join(this.#root, path.replace(/\.ts$/, ".js"))).href;
    return (await import(url)) as Module;
  }

  async #translate(path: string): Promise<void> {
    const target = join(this.#root, path.replace(/\.ts$/, ".js"));
    if (existsSync(target)) return;
    let source = await readFile(join(repository, path), "utf8");
    for (const [from, to] of this.edits[path] ?? []) {
      if (!source.includes(from)) throw new Error(`${path} has no longer:\n${from}`);
      source = source.replaceAll(from, () => to);
    }
    const { outputText } = ts.transpileModule(source, {
      compilerOptions: {
        target: ts.ScriptTarget.ES2022,
        module: ts.ModuleKind.ESNext,
        verbatimModuleSyntax: true,
      },
    });
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, outputText);
    for (const [, imported] of outputText.matchAll(/ from "(\.[^"]+)\.js"/g))
      await this.#translate(`${join(dirname(path), imported!)}.ts`);
  }
}

/** The sources as they are. A new copy for each comparison. */
export const asIs = (): Variant => new Variant();
