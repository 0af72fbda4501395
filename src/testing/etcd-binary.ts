import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { homedir, tmpdir, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { debuglog } from "node:util";

import { findOnPath, isExecutable, type Environment } from "./command.js";
import {
  EtcdCache,
  buildWithGo,
  downloadRelease,
  etcdVersion,
  unpackAptPackages,
  type EtcdSource,
} from "./etcd-sources.js";
import { DEFAULT_VERSION, compareVersions, wantedVersion, type WantedVersion } from "./etcd-version.js";
import { withInstallLock } from "./install-lock.js";

/** How a binary was found, in the order in which the ways are tried. */
export type EtcdStrategy = "ETCD_BIN" | "PATH" | "cache" | "download" | "go" | "apt";

/** An etcd server that runs on this machine. */
export interface EtcdBinary {
  /** Absolute path of `etcd`. */
  readonly path: string;
  /** Absolute path of the `etcdctl` that came with it, or else of the one on PATH; undefined when there is none. */
  readonly etcdctl: string | undefined;
  /** What `etcd --version` says: "3.6.14". */
  readonly version: string;
  readonly strategy: EtcdStrategy;
  /** One line: why this one, and why not what comes before it. */
  readonly reason: string;
}

/** What to look for, and whom to tell. */
export interface FindEtcdOptions {
  /** "3.6" or "3.6.14"; without it 3.6.14 is the first choice and any server from 3.4 on will do. */
  version?: string | undefined;
  /** Every decision, one line each. `NODE_DEBUG=etcdwire-testing` prints them too. */
  log?: ((line: string) => void) | undefined;
  /** Variables to read instead of `process.env`. */
  environment?: Environment | undefined;
  /** The sources to fetch from when nothing is found, by default all. */
  sources?: Readonly<Record<"download" | "go" | "apt", EtcdSource>> | undefined;
}

/** No etcd could be started or found. The message names every way that was tried and what to do. */
export class EtcdStartError extends Error {
  override name = "EtcdStartError";
}

type Step = { strategy: EtcdStrategy; find: () => Promise<EtcdBinary> };

const debug = debuglog("etcdwire-testing");

/** How long a poorer server that was all to be had is used before the better sources are asked again. */
const FALLBACK_VALID_MS = 24 * 3_600_000;

const REMEDY: Readonly<Record<EtcdStrategy, string>> = {
  ETCD_BIN: "set it to the path of an etcd binary: ETCD_BIN=/usr/local/bin/etcd",
  PATH: "install it, for example: sudo apt-get install etcd-server etcd-client",
  cache: "filled by the steps below",
  download: "open the network, or set ETCD_DOWNLOAD_BASE to a mirror of etcd's releases",
  go: "install Go, for example: sudo apt-get install golang-go",
  apt: "refresh the package lists: sudo apt-get update",
};

const found = new Map<string, Promise<EtcdBinary>>();

/**
 * Finds an etcd server, fetching or building one if need be: `$ETCD_BIN`, `PATH`, the cache, the official release,
 * a build with Go, the distribution's package. The answer is kept for the life of the process.
 * Fetched binaries go to `$ETCD_CACHE_DIR`, or else `$XDG_CACHE_HOME/etcdwire`.
 * @throws EtcdStartError naming every step and its failure. @throws ArgumentError for a version it cannot read.
 */
export function findEtcd(options: FindEtcdOptions = {}): Promise<EtcdBinary> {
  const environment = options.environment ?? process.env;
  const wanted = wantedVersion(options.version);
  // Whatever decides the outcome is in the key, so a changed variable is seen.
  const names = ["ETCD_BIN", "PATH", "ETCD_CACHE_DIR", "XDG_CACHE_HOME", "HOME", "ETCD_DOWNLOAD_BASE"];
  const key = JSON.stringify([options.version, names.map((name) => environment[name])]);
  const known = options.sources === undefined ? found.get(key) : undefined;
  if (known !== undefined) return known;
  const search = searchEtcd(wanted, environment, options);
  if (options.sources === undefined) {
    found.set(key, search);
    search.catch(() => found.delete(key));
  }
  return search;
}

async function searchEtcd(
  wanted: WantedVersion,
  environment: Environment,
  options: FindEtcdOptions,
): Promise<EtcdBinary> {
  const log = (line: string): void => {
    debug("%s", line);
    options.log?.(line);
  };
  // A wait of a minute with no word looks like a hang, so progress is shown whether or not there is a log.
  const onProgress =
    options.log ?? ((line: string) => void process.stderr.write(`etcdwire/testing: ${line}\n`));
  const cache = new EtcdCache(await cacheRoot(environment));
  const sources = options.sources ?? { download: downloadRelease, go: buildWithGo, apt: unpackAptPackages };
  const failures: { strategy: EtcdStrategy; problem: string }[] = [];

  const firstOf = async (steps: readonly Step[]): Promise<EtcdBinary | undefined> => {
    for (const { strategy, find } of steps) {
      try {
        const binary = await find();
        log(`using etcd ${binary.version} at ${binary.path} (${strategy}): ${binary.reason}`);
        return binary;
      } catch (error) {
        const problem = (error as Error).message;
        log(`${strategy}: ${problem}`);
        failures.push({ strategy, problem });
        // The user named a binary: another one in its place would be a surprise.
        if (strategy === "ETCD_BIN" && environment["ETCD_BIN"] !== undefined) {
          throw new EtcdStartError(`$ETCD_BIN cannot be used: ${problem}`, { cause: error });
        }
      }
    }
    return undefined;
  };
  const fromCache: Step = { strategy: "cache", find: () => findInCache(cache, wanted, environment) };
  const installFrom = (strategy: "download" | "go" | "apt"): Step => ({
    strategy,
    find: async () => {
      const version = await sources[strategy](wanted, { environment, cache, onProgress });
      if (!wanted.isExplicit && version !== wanted.exact) await writeFile(fallbackPath(cache), version);
      return inCache(cache, version, strategy, environment, `put into ${cache.root}; ${whyNot(failures)}`);
    },
  });

  const present = await firstOf([
    { strategy: "ETCD_BIN", find: () => findNamed(wanted, environment) },
    { strategy: "PATH", find: () => findInstalled(wanted, environment) },
    fromCache,
  ]);
  if (present !== undefined) return present;
  const installed = await withInstallLock(
    join(cache.root, "install.lock"),
    () => onProgress("waiting for another process that is installing etcd"),
    () => {
      failures.splice(failures.findIndex(({ strategy }) => strategy === "cache"));
      return firstOf([fromCache, installFrom("download"), installFrom("go"), installFrom("apt")]);
    },
  );
  if (installed !== undefined) return installed;
  const lines = failures.map(
    ({ strategy, problem }) => `  ${strategy}: ${problem}\n    -> ${REMEDY[strategy]}`,
  );
  throw new EtcdStartError(
    `No etcd (${wanted.text}) could be had. Tried, in this order:\n${lines.join("\n")}`,
  );
}

async function findNamed(wanted: WantedVersion, environment: Environment): Promise<EtcdBinary> {
  const path = environment["ETCD_BIN"];
  if (path === undefined) throw new Error("not set");
  const version = await checkedVersion(path, wanted, environment);
  return {
    path,
    etcdctl: await etcdctlFor(path, environment),
    version,
    strategy: "ETCD_BIN",
    reason: "ETCD_BIN is set",
  };
}

async function findInstalled(wanted: WantedVersion, environment: Environment): Promise<EtcdBinary> {
  const path = await findOnPath("etcd", environment);
  if (path === undefined) throw new Error("no `etcd` on PATH");
  const version = await checkedVersion(path, wanted, environment);
  return {
    path,
    etcdctl: await etcdctlFor(path, environment),
    version,
    strategy: "PATH",
    reason: "it is on PATH",
  };
}

async function findInCache(
  cache: EtcdCache,
  wanted: WantedVersion,
  environment: Environment,
): Promise<EtcdBinary> {
  const versions = (await cache.versions())
    .filter((version) => wanted.matches(version))
    .sort(compareVersions);
  if (wanted.exact !== undefined && versions.includes(wanted.exact)) {
    return inCache(cache, wanted.exact, "cache", environment, "it was fetched or built before");
  }
  if (wanted.isExplicit) {
    // A line with a known newest release wants that one; of a line without one, the newest at hand will do.
    const newest = wanted.exact === undefined ? versions.at(-1) : undefined;
    if (newest === undefined) throw new Error(`no etcd ${wanted.exact ?? wanted.text} in ${cache.root}`);
    return inCache(cache, newest, "cache", environment, "it was fetched before");
  }
  const fallback = await recentFallback(cache);
  if (fallback === undefined || !versions.includes(fallback))
    throw new Error(`no etcd ${DEFAULT_VERSION} in ${cache.root}`);
  const reason = `${DEFAULT_VERSION} could not be had lately; delete ${fallbackPath(cache)} to try again`;
  return inCache(cache, fallback, "cache", environment, reason);
}

async function inCache(
  cache: EtcdCache,
  version: string,
  strategy: EtcdStrategy,
  environment: Environment,
  reason: string,
): Promise<EtcdBinary> {
  const path = join(cache.folder(version), "etcd");
  return { path, etcdctl: await etcdctlFor(path, environment), version, strategy, reason };
}

async function checkedVersion(
  path: string,
  wanted: WantedVersion,
  environment: Environment,
): Promise<string> {
  const version = await etcdVersion(path, environment);
  if (!wanted.matches(version)) throw new Error(`${path} is etcd ${version}, and ${wanted.text} is wanted`);
  return version;
}

async function etcdctlFor(etcdPath: string, environment: Environment): Promise<string | undefined> {
  const sibling = join(dirname(etcdPath), "etcdctl");
  return (await isExecutable(sibling)) ? sibling : findOnPath("etcdctl", environment);
}

const fallbackPath = (cache: EtcdCache): string => join(cache.root, `fallback-${cache.platform}`);

async function recentFallback(cache: EtcdCache): Promise<string | undefined> {
  try {
    if (Date.now() - (await stat(fallbackPath(cache))).mtimeMs > FALLBACK_VALID_MS) return undefined;
    return (await readFile(fallbackPath(cache), "utf8")).trim();
  } catch {
    return undefined;
  }
}

function whyNot(failures: readonly { strategy: EtcdStrategy; problem: string }[]): string {
  return failures.map(({ strategy, problem }) => `${strategy}: ${problem}`).join("; ");
}

/** The folder that etcd binaries are kept in. @throws EtcdStartError when `$ETCD_CACHE_DIR` cannot be written to. */
export async function cacheRoot(environment: Environment): Promise<string> {
  const own = environment["ETCD_CACHE_DIR"];
  const base = environment["XDG_CACHE_HOME"] ?? join(environment["HOME"] ?? homedir(), ".cache");
  const root = join(own ?? join(base, "etcdwire"), "etcd");
  try {
    await mkdir(root, { recursive: true });
    return root;
  } catch (error) {
    if (own !== undefined)
      throw new EtcdStartError(`$ETCD_CACHE_DIR cannot be used: ${(error as Error).message}`);
    // No home, or a read-only one: containers and build users.
    const fallback = join(tmpdir(), `etcdwire-${userInfo().uid}`, "etcd");
    await mkdir(fallback, { recursive: true, mode: 0o700 });
    return fallback;
  }
}
