import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

import { findOnPath, isExecutable, runCommand, type Environment } from "./command.js";
import { cacheRoot } from "./etcd-binary.js";
import { withInstallLock } from "./install-lock.js";

/** Go is not on this machine, or it has no way to the modules that the program needs. */
export class GoMissingError extends Error {
  override name = "GoMissingError";
}

/** What to build, and whom to tell. */
export interface GoProgramOptions {
  /** Folder of one Go module: `go.mod`, `go.sum` and the sources, all of them in it and not below. */
  readonly sourceFolder: string;
  /** Of the program, and of its place in the cache. */
  readonly name: string;
  /** Lines about work that takes seconds or more. */
  readonly log: (line: string) => void;
  /** Variables to read instead of `process.env`. */
  readonly environment?: Environment;
}

/** Cold, with downloads: the better part of a minute on two cores. */
const BUILD_TIMEOUT_MS = 480_000;

/**
 * Builds a Go program once for each state of its sources and each Go, into the cache beside the etcd binaries. Modules
 * come from Go's own module proxy, checked against `go.sum`.
 *
 * @returns the program's path
 * @throws GoMissingError when there is no Go or no way to the modules; Error when the program does not compile
 */
export const buildGoProgram = async ({
  sourceFolder,
  name,
  log,
  environment = process.env,
}: GoProgramOptions): Promise<string> => {
  const go = await findOnPath("go", environment);
  if (go === undefined) throw new GoMissingError("no `go` on PATH");
  const run = (...words: string[]) =>
    runCommand(go, words, {
      // No other toolchain, workspace or C compiler is brought in, and go.sum is the law.
      environment: {
        ...environment,
        GOFLAGS: "-mod=readonly -buildvcs=false -trimpath",
        GOTOOLCHAIN: "local",
        GOWORK: "off",
        GO111MODULE: "on",
        CGO_ENABLED: "0",
      },
      directory: sourceFolder,
      timeoutMs: BUILD_TIMEOUT_MS,
    });
  const version = await run("version");
  if (!version.ok) throw new GoMissingError(`\`go version\` failed: ${version.problem}`);
  const hash = createHash("sha256").update(version.output);
  for (const file of (await readdir(sourceFolder)).toSorted()) {
    if (/^go\.(mod|sum)$|\.go$/.test(file)) {
      hash.update(`${file}\n`).update(await readFile(join(sourceFolder, file)));
    }
  }
  const root = join(dirname(await cacheRoot(environment)), name);
  const folder = join(root, hash.digest("hex").slice(0, 16));
  const program = join(folder, name);
  if (await isExecutable(program)) return program;
  await mkdir(root, { recursive: true });
  return withInstallLock(
    join(root, "install.lock"),
    () => log(`waiting for another process that is building ${name}`),
    async () => {
      if (await isExecutable(program)) return program;
      log(`building ${name} with ${go}, once: usually less than a minute`);
      const modules = await run("mod", "download");
      if (!modules.ok) throw new GoMissingError(`the modules of ${name} cannot be had: ${modules.problem}`);
      const work = await mkdtemp(join(root, "work-"));
      try {
        const built = await run("build", "-ldflags=-s -w", "-o", join(work, name), ".");
        if (!built.ok) throw new Error(`go build of ${name} failed: ${built.problem}`);
        await rm(folder, { recursive: true, force: true });
        await rename(work, folder);
      } finally {
        await rm(work, { recursive: true, force: true });
      }
      return program;
    },
  );
};
