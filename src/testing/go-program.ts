import { join } from "node:path";

import { buildOnce, type ProgramSource } from "./built-program.js";
import { findOnPath, runCommand } from "./command.js";

/** Go is not on this machine, or it has no way to the modules that the program needs. */
export class GoMissingError extends Error {
  override name = "GoMissingError";
}

/** Cold, with downloads: the better part of a minute on two cores. */
const BUILD_TIMEOUT_MS = 480_000;

/**
 * Builds a Go program, once. Its folder is one Go module: `go.mod`, `go.sum` and the sources, all of them in it and not
 * below. Modules come from Go's own module proxy, checked against `go.sum`.
 *
 * @returns the program's path
 * @throws GoMissingError when there is no Go or no way to the modules; Error when the program does not compile
 */
export const buildGoProgram = async (source: ProgramSource): Promise<string> => {
  const { sourceFolder, name, environment = process.env } = source;
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
  return buildOnce(source, {
    sources: /^(go\.(mod|sum)|[^/]*\.go)$/,
    toolVersion: version.output,
    about: `with ${go}, once: usually less than a minute`,
    build: async (folder) => {
      const modules = await run("mod", "download");
      if (!modules.ok) throw new GoMissingError(`the modules of ${name} cannot be had: ${modules.problem}`);
      const built = await run("build", "-ldflags=-s -w", "-o", join(folder, name), ".");
      if (!built.ok) throw new Error(`go build of ${name} failed: ${built.problem}`);
    },
  });
};
