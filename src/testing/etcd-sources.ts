/**
 * The three ways to get an etcd that is not on the machine yet: the official release, a build from Go modules, the
 * distribution's package. Each needs no root, puts `etcd` and `etcdctl` into the cache by one atomic rename and
 * returns the version, or throws an Error that says what was missing.
 */

import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { findOnPath, isExecutable, runCommand, withoutEtcdVariables, type Environment } from "./command.js";
import { RELEASE_SHA256, parseVersionOutput, type WantedVersion } from "./etcd-version.js";

/** Where a source works and whom it tells how far it is. */
export interface SourceContext {
  readonly environment: Environment;
  readonly cache: EtcdCache;
  /** Lines about work that takes seconds or more. */
  readonly onProgress: (line: string) => void;
}

/** A source of etcd binaries: resolves with the version it put into the cache, rejects with the reason why not. */
export type EtcdSource = (wanted: WantedVersion, context: SourceContext) => Promise<string>;

/** A closed network must not cost a test run more than this per address. */
const CONNECT_TIMEOUT_MS = 5_000;
/** Some 25 MB; slower than 100 kB/s is as good as closed. */
const DOWNLOAD_TIMEOUT_MS = 240_000;
/** Measured on 2 cores: 41 s cold (downloads included), 2 s warm. */
const GO_BUILD_TIMEOUT_MS = 480_000;
const APT_TIMEOUT_MS = 120_000;
const VERSION_TIMEOUT_MS = 10_000;
const PROGRESS_INTERVAL_MS = 10_000;

/** The folder of installed binaries: `<root>/v3.6.14/linux-amd64/{etcd,etcdctl}`. */
export class EtcdCache {
  readonly root: string;
  readonly platform: string;

  constructor(root: string, platform = platformName()) {
    this.root = root;
    this.platform = platform;
  }

  /** The folder that holds, or would hold, this version. */
  folder(version: string): string {
    return join(this.root, `v${version}`, this.platform);
  }

  /** The versions that are installed, in no order. */
  async versions(): Promise<string[]> {
    const names = await readdir(this.root).catch(() => []);
    const installed: string[] = [];
    for (const name of names) {
      const version = name.slice(1);
      if (name.startsWith("v") && (await isExecutable(join(this.folder(version), "etcd"))))
        installed.push(version);
    }
    return installed;
  }

  /** A new work folder on the cache's file system, so that the final rename is atomic. The install lock must be held. */
  async workFolder(): Promise<string> {
    await mkdir(this.root, { recursive: true });
    for (const name of await readdir(this.root)) {
      // Left behind by an installer that was killed: whoever holds the lock is the only one at work.
      if (name.startsWith("work-")) await rm(join(this.root, name), { recursive: true, force: true });
    }
    return mkdtemp(join(this.root, "work-"));
  }

  /** Checks that `folder/etcd` runs, and moves `folder` to its place. Returns the version that it reported. */
  async install(folder: string, wanted: WantedVersion, environment: Environment): Promise<string> {
    const version = await etcdVersion(join(folder, "etcd"), environment);
    if (!wanted.matches(version)) throw new Error(`it is etcd ${version}, and ${wanted.text} is wanted`);
    const target = this.folder(version);
    await mkdir(dirname(target), { recursive: true });
    await rm(target, { recursive: true, force: true });
    await rename(folder, target);
    return version;
  }
}

/** What `path --version` says. @throws Error when it does not run or is not etcd. */
export async function etcdVersion(path: string, environment: Environment): Promise<string> {
  const result = await runCommand(path, ["--version"], {
    environment: withoutEtcdVariables(environment),
    timeoutMs: VERSION_TIMEOUT_MS,
  });
  if (!result.ok) throw new Error(`\`${path} --version\` failed: ${result.problem}`);
  const version = parseVersionOutput(result.output);
  if (version === undefined) throw new Error(`\`${path} --version\` does not print an etcd version`);
  return version;
}

/** Downloads the official release archive, checks its pinned SHA-256 and only then unpacks it. */
export const downloadRelease: EtcdSource = async (wanted, context) => {
  const { environment, cache } = context;
  const version = wanted.exact;
  const sha256 = RELEASE_SHA256.get(`${version ?? ""} ${cache.platform}`);
  if (version === undefined || sha256 === undefined) {
    throw new Error(`no checksum is pinned for etcd ${wanted.exact ?? wanted.text} on ${cache.platform}`);
  }
  const asset = `etcd-v${version}-${cache.platform}`;
  const base = environment["ETCD_DOWNLOAD_BASE"];
  const bases =
    base === undefined
      ? ["https://github.com/etcd-io/etcd/releases/download", "https://storage.googleapis.com/etcd"]
      : [base.replace(/\/+$/, "")];
  const problems: string[] = [];
  for (const candidate of bases) {
    const url = `${candidate}/v${version}/${asset}.tar.gz`;
    try {
      const archive = await download(url, context.onProgress);
      const actual = createHash("sha256").update(archive).digest("hex");
      if (actual !== sha256) throw new Error(`its SHA-256 is ${actual}, not the pinned ${sha256}: refused`);
      return await unpackRelease(archive, asset, wanted, context);
    } catch (error) {
      problems.push(`${url}: ${(error as Error).message}`);
    }
  }
  throw new Error(problems.join("; "));
};

async function download(url: string, onProgress: (line: string) => void): Promise<Uint8Array> {
  const abort = new AbortController();
  let timer = setTimeout(() => abort.abort(new Error("no answer")), CONNECT_TIMEOUT_MS);
  try {
    const response = await fetch(url, { signal: abort.signal });
    if (!response.ok) throw new Error(`HTTP status ${response.status}`);
    onProgress(`downloading ${url}`);
    clearTimeout(timer);
    timer = setTimeout(() => abort.abort(new Error("too slow")), DOWNLOAD_TIMEOUT_MS);
    return new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    // fetch says only "fetch failed"; the reason is one level down.
    const cause = (error as Error).cause;
    throw cause instanceof Error ? cause : error;
  } finally {
    clearTimeout(timer);
  }
}

async function unpackRelease(
  archive: Uint8Array,
  asset: string,
  wanted: WantedVersion,
  { environment, cache }: SourceContext,
): Promise<string> {
  const work = await cache.workFolder();
  try {
    await writeFile(join(work, "release.tar.gz"), archive);
    const unpacked = await runCommand("tar", ["-xzf", "release.tar.gz"], {
      environment,
      directory: work,
      timeoutMs: APT_TIMEOUT_MS,
    });
    if (!unpacked.ok) throw new Error(`tar failed: ${unpacked.problem}`);
    return await cache.install(join(work, asset), wanted, environment);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

const GO_SERVER = `package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() { etcdmain.Main(os.Args) }
`;

const GO_CONTROL = `package main

import "go.etcd.io/etcd/etcdctl/v3/ctlv3"

func main() { ctlv3.MustStart() }
`;

/** Builds etcd and etcdctl with the machine's Go from the released modules; Go checks them against its checksum database. */
export const buildWithGo: EtcdSource = async (wanted, { environment, cache, onProgress }) => {
  const version = wanted.exact;
  if (version === undefined || version.startsWith("3.4.")) {
    throw new Error(`etcd ${wanted.text} is not released as Go modules`);
  }
  const go = await findOnPath("go", environment);
  if (go === undefined) throw new Error("no `go` on PATH");
  const work = await cache.workFolder();
  const startMs = performance.now();
  const report = (): void => {
    const seconds = Math.round((performance.now() - startMs) / 1000);
    onProgress(`building etcd ${version} with ${go}, once: ${seconds} s so far, usually about a minute`);
  };
  const ticker = setInterval(report, PROGRESS_INTERVAL_MS);
  report();
  try {
    const module = ["server", "etcdctl"]
      .map((name) => `require go.etcd.io/etcd/${name}/v3 v${version}\n`)
      .join("");
    await writeFile(join(work, "go.mod"), `module etcdwire.test/server\n\ngo 1.21\n\n${module}`);
    for (const [name, source] of [
      ["etcd", GO_SERVER],
      ["etcdctl", GO_CONTROL],
    ] as const) {
      await mkdir(join(work, name));
      await writeFile(join(work, name, "main.go"), source);
    }
    const built = await runCommand(
      go,
      ["build", "-trimpath", "-ldflags=-s -w", "-o", "bin/", "./etcd", "./etcdctl"],
      {
        // -mod=mod lets Go complete go.mod by itself; no other toolchain, workspace or C compiler is brought in.
        environment: {
          ...environment,
          GOFLAGS: "-mod=mod -buildvcs=false",
          GOTOOLCHAIN: "local",
          GOWORK: "off",
          GO111MODULE: "on",
          CGO_ENABLED: "0",
        },
        directory: work,
        timeoutMs: GO_BUILD_TIMEOUT_MS,
      },
    );
    if (!built.ok) throw new Error(`go build failed: ${built.problem}`);
    return await cache.install(join(work, "bin"), wanted, environment);
  } finally {
    clearInterval(ticker);
    await rm(work, { recursive: true, force: true });
  }
};

/** Fetches Debian's or Ubuntu's packages and unpacks them into the cache; nothing is installed, so no root is needed. */
export const unpackAptPackages: EtcdSource = async (wanted, { environment, cache, onProgress }) => {
  if ((await findOnPath("apt-get", environment)) === undefined) throw new Error("no `apt-get` on PATH");
  const work = await cache.workFolder();
  const run = async (file: string, commandArguments: string[]): Promise<void> => {
    const options = { environment, directory: work, timeoutMs: APT_TIMEOUT_MS };
    const result = await runCommand(file, commandArguments, options);
    if (!result.ok) throw new Error(`${file} ${commandArguments[0] ?? ""} failed: ${result.problem}`);
  };
  try {
    onProgress("fetching the packages etcd-server and etcd-client with apt-get");
    await run("apt-get", ["download", "etcd-server", "etcd-client"]);
    for (const name of await readdir(work)) {
      if (name.endsWith(".deb")) await run("dpkg-deb", ["-x", name, "unpacked"]);
    }
    return await cache.install(join(work, "unpacked", "usr", "bin"), wanted, environment);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
};

/** This machine in the words of etcd's releases: "linux-amd64". */
function platformName(): string {
  const architecture = process.arch === "x64" ? "amd64" : process.arch;
  return `${process.platform}-${architecture}`;
}
