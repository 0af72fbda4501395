import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { buildGoProgram, GoMissingError } from "../../src/testing/go-program.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "etcdwire-go-"));
  await mkdir(join(folder, "bin"));
  await mkdir(join(folder, "source"));
  await writeFile(join(folder, "source", "go.mod"), "module test\n");
  await writeFile(join(folder, "source", "main.go"), "package main\n");
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** A `go` of a shell script, which notes each command; `build` makes a program of the sources as they are. */
const installGo = async (
  changes: Partial<Record<"version" | "mod" | "build", string>> = {},
): Promise<void> => {
  const commands = {
    version: 'echo "go version go1.99 test/test"',
    mod: "true",
    build: 'while [ "$1" != -o ]; do shift; done; (echo "#!/bin/sh"; cat main.go) > "$2"; chmod +x "$2"',
    ...changes,
  };
  const cases = Object.entries(commands).map(([name, command]) => `${name}) ${command};;\n`);
  const file = join(folder, "bin", "go");
  await writeFile(
    file,
    `#!/bin/sh\necho "$1 $GOFLAGS $GOTOOLCHAIN" >> ${folder}/commands\ncase $1 in\n${cases.join("")}esac\n`,
  );
  await chmod(file, 0o755);
};

const build = (lines: string[] = []): Promise<string> =>
  buildGoProgram({
    sourceFolder: join(folder, "source"),
    name: "sample",
    log: (line) => lines.push(line),
    environment: { PATH: `${join(folder, "bin")}:/usr/bin:/bin`, ETCD_CACHE_DIR: join(folder, "cache") },
  });

describe("a Go program", () => {
  test("is built once for each state of its sources", async () => {
    await installGo();
    const lines: string[] = [];
    const first = await build(lines);
    expect(await build(lines)).toBe(first);
    expect(lines).toHaveLength(1);
    await writeFile(join(folder, "source", "main.go"), "package main // changed\n");
    expect(await build(lines)).not.toBe(first);
    expect(lines).toHaveLength(2);
    // Nothing is left behind but the two programs.
    expect(await readdir(join(folder, "cache", "sample"))).toHaveLength(2);
  });

  test("of a machine without Go, with a Go that is too old or without its modules cannot be had", async () => {
    await expect(build()).rejects.toThrow(GoMissingError);
    await installGo({ version: "exit 1" });
    await expect(build()).rejects.toThrow(GoMissingError);
    await installGo({ mod: "echo 'dial tcp: no route to host' >&2; exit 1" });
    await expect(build()).rejects.toThrow(/modules of sample cannot be had: .*no route to host/);
    await expect(build()).rejects.toThrow(GoMissingError);
  });

  test("that does not compile is an error of its own, and leaves nothing in the cache", async () => {
    await installGo({ build: "echo 'main.go:1: syntax error' >&2; exit 1" });
    const failure = build();
    await expect(failure).rejects.toThrow(/go build of sample failed: .*syntax error/);
    await expect(failure).rejects.not.toBeInstanceOf(GoMissingError);
    expect(await readdir(join(folder, "cache", "sample"))).toEqual([]);
  });
});
