import { createHash } from "node:crypto";
import { access, mkdir, mkdtemp, readFile, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

import type { Environment } from "./command.js";
import { cacheRoot } from "./etcd-binary.js";
import { withInstallLock } from "./install-lock.js";

/** What to build, and whom to tell. */
export interface ProgramSource {
  /** Folder of the sources. */
  readonly sourceFolder: string;
  /** Of the program, and of its place in the cache. */
  readonly name: string;
  /** Lines about work that takes seconds or more. */
  readonly log: (line: string) => void;
  /** Variables to read instead of `process.env`. */
  readonly environment?: Environment;
}

/** How it is built. */
export interface BuildRecipe {
  /** Of the files in `sourceFolder`, by their paths in it: those that the program is made of. */
  readonly sources: RegExp;
  /** Of the compiler: another one builds the program anew. */
  readonly toolVersion: string;
  /** What comes of it, a file in the folder that `build` is given. Default: the program's name. */
  readonly product?: string;
  /** For people: with what, and how long it takes. */
  readonly about: string;
  /** Puts the program into `folder`, which is new and empty, and of which nothing else is kept if it throws. */
  readonly build: (folder: string) => Promise<void>;
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/**
 * Builds a program once for each state of its sources and each compiler, into the cache beside the etcd binaries.
 *
 * @returns the path of what was built, now or before
 */
export const buildOnce = async (
  { sourceFolder, name, log, environment = process.env }: ProgramSource,
  { sources, toolVersion, product = name, about, build }: BuildRecipe,
): Promise<string> => {
  const hash = createHash("sha256").update(toolVersion);
  for (const file of (await readdir(sourceFolder, { recursive: true })).toSorted()) {
    if (sources.test(file)) hash.update(`${file}\n`).update(await readFile(join(sourceFolder, file)));
  }
  const root = join(dirname(await cacheRoot(environment)), name);
  const folder = join(root, hash.digest("hex").slice(0, 16));
  const program = join(folder, product);
  if (await exists(program)) return program;
  await mkdir(root, { recursive: true });
  return withInstallLock(
    join(root, "install.lock"),
    () => log(`waiting for another process that is building ${name}`),
    async () => {
      if (await exists(program)) return program;
      log(`building ${name} ${about}`);
      const work = await mkdtemp(join(root, "work-"));
      try {
        await build(work);
        await rm(folder, { recursive: true, force: true });
        await rename(work, folder);
      } finally {
        await rm(work, { recursive: true, force: true });
      }
      return program;
    },
  );
};
