import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { PeerMissingError } from "../../bench/harness/workload.js";
import { buildRustPeer } from "../../bench/peers/rust-peer.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "etcdwire-rust-"));
  await mkdir(join(folder, "bin"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** A `cargo` of a shell script, which notes each command; `build` makes a program that says nothing. */
const installCargo = async (
  changes: Partial<Record<"--version" | "fetch" | "build", string>> = {},
): Promise<void> => {
  const commands = {
    "--version": 'echo "cargo 1.99.0 (test)"',
    fetch: "true",
    build:
      'while [ "$1" != --target-dir ]; do shift; done; mkdir -p "$2/release"; echo "#!/bin/sh" > "$2/release/bench-peer"; chmod +x "$2/release/bench-peer"',
    ...changes,
  };
  const cases = Object.entries(commands).map(([name, command]) => `${name}) ${command};;\n`);
  const file = join(folder, "bin", "cargo");
  await writeFile(
    file,
    `#!/bin/sh\necho "$* PROTOC=$PROTOC" >> ${folder}/commands\ncase $1 in\n${cases.join("")}esac\n`,
  );
  await chmod(file, 0o755);
};

const build = (lines: string[] = []): Promise<string> =>
  buildRustPeer((line) => lines.push(line), {
    PATH: `${join(folder, "bin")}:/usr/bin:/bin`,
    ETCD_CACHE_DIR: join(folder, "cache"),
    PROTOC: "/some/protoc",
  });

describe("the peer in Rust", () => {
  test("is built once, as its lock file says, and its intermediate files are not kept", async () => {
    await installCargo();
    const lines: string[] = [];
    const program = await build(lines);
    expect(await build(lines)).toBe(program);
    expect(lines).toHaveLength(1);
    const [, fetch, compile] = (await readFile(join(folder, "commands"), "utf8")).split("\n");
    expect(fetch).toMatch(/^fetch --locked /);
    expect(compile).toMatch(/^build --release --locked --offline .*--jobs \d+ PROTOC=\/some\/protoc$/);
    expect(await readdir(join(program, ".."))).toEqual(["bench-peer-rust"]);
  });

  test("cannot be had without Cargo, with an old one or without its crates, and says so", async () => {
    const missing = async (): Promise<string> => {
      const error: unknown = await build().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(PeerMissingError);
      return (error as Error).message;
    };
    expect(await missing()).toBe("no `cargo` on PATH");
    await installCargo({ "--version": "exit 1" });
    expect(await missing()).toContain("`cargo --version` failed");
    await installCargo({ "--version": 'echo "cargo 1.87.2 (test)"' });
    expect(await missing()).toBe("cargo 1.87.2 (test) is older than 1.88");
    await installCargo({ fetch: "echo 'could not resolve host' >&2; exit 1" });
    expect(await missing()).toMatch(/the crates of bench-peer-rust cannot be had: .*could not resolve host/);
  });

  test("that does not compile is an error, and leaves nothing behind", async () => {
    await installCargo({ build: "echo 'error: aborting' >&2; exit 1" });
    const failure = build();
    await expect(failure).rejects.toThrow(/cargo build of bench-peer-rust failed: .*aborting/);
    await expect(failure).rejects.not.toBeInstanceOf(PeerMissingError);
    expect(await readdir(join(folder, "cache", "bench-peer-rust"))).toEqual([]);
  });
});
