/** The crate etcd-client, in `bench/peers/rust/`: built with the machine's Cargo when it is first needed. */
import { existsSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import path from "node:path";
import { buildOnce } from "../../src/testing/built-program.js";
import { findOnPath, runCommand } from "../../src/testing/command.js";
import type { Environment } from "../../src/testing/command.js";
import { packageRoot } from "../harness/package-root.js";
import { PeerMissingError } from "../harness/workload.js";
import { builtPeer } from "./built-peer.js";

/** What the crates in `Cargo.lock` ask for. */
const RUST_MIN = [1, 88] as const;
/** Some hundred seconds of CPU, which is not all ours. */
const BUILD_TIMEOUT_MS = 900_000;
const NICE = 10;

const isOldRust = (version: string): boolean => {
  const [major = 0, minor = 0] = (/(\d+)\.(\d+)/.exec(version) ?? []).slice(1).map(Number);
  return major < RUST_MIN[0] || (major === RUST_MIN[0] && minor < RUST_MIN[1]);
};

/** The one that npm has brought, where this is a checkout of the project. */
const findProtoc = async (environment: Environment): Promise<string> => {
  const installed = path.join(packageRoot(), "node_modules", "protoc", "protoc.cjs");
  const protoc =
    environment["PROTOC"] ?? (existsSync(installed) ? installed : await findOnPath("protoc", environment));
  if (protoc === undefined)
    throw new PeerMissingError("etcd-client compiles etcd's protos, and there is no `protoc` on PATH");
  return protoc;
};

/**
 * Builds it once for each state of its sources and each Rust, into the cache beside the etcd binaries. Crates come from
 * crates.io, checked against `Cargo.lock`, into Cargo's own cache.
 *
 * @returns the program's path
 * @throws PeerMissingError where there is no Rust that is new enough, no protoc, or no way to the crates
 */
export const buildRustPeer = async (
  log: (line: string) => void,
  environment: Environment = process.env,
): Promise<string> => {
  const cargo = await findOnPath("cargo", environment);
  if (cargo === undefined) throw new PeerMissingError("no `cargo` on PATH");
  const sourceFolder = path.join(packageRoot(), "bench", "peers", "rust");
  const run = (program: string, words: readonly string[], extra: Environment = {}) =>
    runCommand(program, words, {
      environment: { ...environment, ...extra },
      directory: sourceFolder,
      timeoutMs: BUILD_TIMEOUT_MS,
    });
  const version = await run(cargo, ["--version"]);
  if (!version.ok) throw new PeerMissingError(`\`cargo --version\` failed: ${version.problem}`);
  if (isOldRust(version.output))
    throw new PeerMissingError(`${version.output.trim()} is older than ${RUST_MIN.join(".")}`);

  const name = "bench-peer-rust";
  return buildOnce(
    { sourceFolder, name, log, environment },
    {
      sources: /^Cargo\.(toml|lock)$|^src\/.*\.rs$/,
      toolVersion: version.output,
      about: `with ${cargo}, once: one to three minutes`,
      build: async (folder) => {
        const protoc = await findProtoc(environment);
        const crates = await run(cargo, ["fetch", "--locked"]);
        if (!crates.ok) throw new PeerMissingError(`the crates of ${name} cannot be had: ${crates.problem}`);
        const target = path.join(folder, "target");
        // A hundred crates are to be compiled, on a machine that may have something else to do.
        const jobCount = Math.max(1, Math.floor(availableParallelism() / 2));
        const words = ["build", "--release", "--locked", "--offline", "--target-dir", target];
        const built = await run("nice", ["-n", String(NICE), cargo, ...words, "--jobs", String(jobCount)], {
          PROTOC: protoc,
        });
        if (!built.ok) throw new Error(`cargo build of ${name} failed: ${built.problem}`);
        await rename(path.join(target, "release", "bench-peer"), path.join(folder, name));
        await rm(target, { recursive: true });
      },
    },
  );
};

export const rustPeer = builtPeer("rust", async (log) => ({ program: await buildRustPeer(log) }));
