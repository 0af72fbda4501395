import { dirname, join } from "node:path";
import { debuglog } from "node:util";

import { findOnPath, isExecutable, runCommand, withoutEtcdVariables, type Environment } from "./command.js";
import { EtcdStartError, cacheRoot, findEtcd, type FindEtcdOptions } from "./etcd-binary.js";
import { EtcdCache, buildWithGo, downloadRelease, unpackAptPackages } from "./etcd-sources.js";
import { compareVersions, wantedVersion, type WantedVersion } from "./etcd-version.js";
import { withInstallLock } from "./install-lock.js";

/** How an etcdctl was found, in the order in which the ways are tried. */
export type EtcdctlStrategy = "ETCDCTL_BIN" | "etcd" | "PATH" | "cache" | "download" | "go" | "apt";

/** etcd's own command line client, on this machine. */
export interface EtcdctlBinary {
  /** Absolute path of `etcdctl`. */
  readonly path: string;
  /** What `etcdctl version` says: "3.6.14". */
  readonly version: string;
  /** "etcd": it lies beside the server that `findEtcd` finds. */
  readonly strategy: EtcdctlStrategy;
}

const VERSION_TIMEOUT_MS = 10_000;

const debug = debuglog("etcdwire-testing");

/**
 * Finds an `etcdctl`, fetching or building one if need be: `$ETCDCTL_BIN`, beside the server that `findEtcd` finds with
 * the same options, `PATH`, the cache, the official release, a build with Go, the distribution's package.
 * @throws EtcdStartError naming every step and its failure. @throws ArgumentError for a version it cannot read.
 */
export async function findEtcdctl(options: FindEtcdOptions = {}): Promise<EtcdctlBinary> {
  const environment = options.environment ?? process.env;
  const wanted = wantedVersion(options.version);
  const named = environment["ETCDCTL_BIN"];
  if (named !== undefined) {
    try {
      return {
        path: named,
        version: await checkedVersion(named, wanted, environment),
        strategy: "ETCDCTL_BIN",
      };
    } catch (error) {
      // The user named it: another one in its place would be a surprise.
      throw new EtcdStartError(`$ETCDCTL_BIN cannot be used: ${(error as Error).message}`, { cause: error });
    }
  }
  const cache = new EtcdCache(await cacheRoot(environment));
  const failures: string[] = [];
  const firstOf = async (
    steps: Partial<Record<EtcdctlStrategy, () => Promise<string>>>,
  ): Promise<EtcdctlBinary | undefined> => {
    for (const [strategy, find] of Object.entries(steps)) {
      try {
        const path = await find();
        const version = await checkedVersion(path, wanted, environment);
        tell(`using etcdctl ${version} at ${path} (${strategy})`);
        return { path, version, strategy: strategy as EtcdctlStrategy };
      } catch (error) {
        failures.push(`  ${strategy}: ${(error as Error).message}`);
        tell(failures.at(-1)!.trim());
      }
    }
    return undefined;
  };
  const tell = (line: string): void => {
    debug("%s", line);
    options.log?.(line);
  };
  const fromCache = (): Promise<string> => findInCache(cache, wanted);

  const present = await firstOf({
    etcd: async () => join(dirname((await findEtcd(options)).path), "etcdctl"),
    PATH: () => findInstalled(environment),
    cache: fromCache,
  });
  if (present !== undefined) return present;
  const onProgress =
    options.log ?? ((line: string) => void process.stderr.write(`etcdwire/testing: ${line}\n`));
  const sources = options.sources ?? { download: downloadRelease, go: buildWithGo, apt: unpackAptPackages };
  // Each of them brings the server and its etcdctl.
  const installFrom = (strategy: "download" | "go" | "apt") => async (): Promise<string> => {
    const version = await sources[strategy](wanted, { environment, cache, onProgress });
    return join(cache.folder(version), "etcdctl");
  };
  const installed = await withInstallLock(
    join(cache.root, "install.lock"),
    () => onProgress("waiting for another process that is installing etcd"),
    () => {
      failures.pop(); // What the cache lacked, the other process may have put there.
      return firstOf({
        cache: fromCache,
        download: installFrom("download"),
        go: installFrom("go"),
        apt: installFrom("apt"),
      });
    },
  );
  if (installed !== undefined) return installed;
  throw new EtcdStartError(
    `No etcdctl (${wanted.text}) could be had: set ETCDCTL_BIN to the path of one. Tried, in this order:\n${failures.join("\n")}`,
  );
}

async function findInstalled(environment: Environment): Promise<string> {
  const path = await findOnPath("etcdctl", environment);
  if (path === undefined) throw new Error("no `etcdctl` on PATH");
  return path;
}

/** The newest that will do. */
async function findInCache(cache: EtcdCache, wanted: WantedVersion): Promise<string> {
  const versions = await cache.versions();
  for (const version of versions
    .filter((each) => wanted.matches(each))
    .sort(compareVersions)
    .reverse()) {
    const path = join(cache.folder(version), "etcdctl");
    if (await isExecutable(path)) return path;
  }
  throw new Error(`no etcdctl ${wanted.text} in ${cache.root}`);
}

async function checkedVersion(
  path: string,
  wanted: WantedVersion,
  environment: Environment,
): Promise<string> {
  const result = await runCommand(path, ["version"], {
    environment: withoutEtcdVariables(environment),
    timeoutMs: VERSION_TIMEOUT_MS,
  });
  if (!result.ok) throw new Error(`\`${path} version\` failed: ${result.problem}`);
  const version = /^etcdctl version: (\d+\.\d+\.\d+\S*)/m.exec(result.output)?.[1];
  if (version === undefined) throw new Error(`\`${path} version\` does not print etcdctl's version`);
  if (!wanted.matches(version))
    throw new Error(`${path} is etcdctl ${version}, and ${wanted.text} is wanted`);
  return version;
}
