/** etcd's own Java client, jetcd, in `bench/peers/java/`: built with the machine's Maven when it is first needed. */
import { cp, mkdir, readFile, rename, rm } from "node:fs/promises";
import path from "node:path";
import { buildOnce } from "../../src/testing/built-program.js";
import { findOnPath, runCommand } from "../../src/testing/command.js";
import type { Environment } from "../../src/testing/command.js";
import { packageRoot } from "../harness/package-root.js";
import { monotonicUs, PeerMissingError } from "../harness/workload.js";
import type { SystemFactory } from "../harness/workload.js";
import { builtPeer } from "./built-peer.js";
import type { PeerCommand } from "./built-peer.js";

const MAIN_CLASS = "etcdwire.bench.Peer";
/** What a build leaves: the program's jar and those of its libraries. */
const LIBRARIES = "lib";
/** What `pom.xml` compiles for. */
const JAVA_VERSION_MIN = 17;
/** Cold, with downloads of some 50 MB: about a minute, most of it waiting for them. */
const BUILD_TIMEOUT_MS = 480_000;
const NICE = 10;
const VERSION_TIMEOUT_MS = 30_000;
/** Maven's words for "the registry has not given it to me": everything else is a mistake of ours. */
const UNREACHABLE = /could not (be resolved|transfer|find)|cannot access|unknown host|offline mode/i;

/** The better part of what the compiler of a JVM does for such a program is done by then, on two idle cores. */
const WARM_UP_MS = 3_000;
const WARM_UP_RUNS = 10;

const javaMajor = (version: string): number => Number(/^javac (?:1\.)?(\d+)/m.exec(version)?.[1] ?? 0);

/** Maven writes its errors first, and then for many lines where to read about them. */
const firstError = (log: string): string | undefined =>
  log
    .split("\n")
    .find((line) => line.startsWith("[ERROR]"))
    ?.slice("[ERROR]".length)
    .trim()
    .slice(0, 300);

/**
 * Builds it once for each state of its sources, into the cache beside the etcd binaries. What Maven downloads goes to
 * its own repository (`~/.m2`), versions as `pom.xml` pins them.
 *
 * @throws PeerMissingError where there is no JDK 17, no Maven, or no way to the libraries
 */
export const buildJavaPeer = async (
  log: (line: string) => void,
  environment: Environment = process.env,
): Promise<PeerCommand> => {
  const onPath = async (name: string): Promise<string> => {
    const found = await findOnPath(name, environment);
    if (found === undefined) throw new PeerMissingError(`no \`${name}\` on PATH`);
    return found;
  };
  const [java, javac, maven] = [await onPath("java"), await onPath("javac"), await onPath("mvn")];
  const version = await runCommand(javac, ["-version"], { environment, timeoutMs: VERSION_TIMEOUT_MS });
  if (!version.ok) throw new PeerMissingError(`\`javac -version\` failed: ${version.problem}`);
  if (javaMajor(version.output) < JAVA_VERSION_MIN)
    throw new PeerMissingError(`${version.output.trim()} is older than ${JAVA_VERSION_MIN}`);

  const sourceFolder = path.join(packageRoot(), "bench", "peers", "java");
  const build = async (folder: string): Promise<void> => {
    const project = path.join(folder, "project");
    await mkdir(project);
    for (const name of ["pom.xml", "src"])
      await cp(path.join(sourceFolder, name), path.join(project, name), { recursive: true });
    const words = ["-n", String(NICE), maven, "-q", "-B", "-l", "build.log", "package"];
    const built = await runCommand("nice", words, {
      environment,
      directory: project,
      timeoutMs: BUILD_TIMEOUT_MS,
    });
    if (!built.ok) {
      const said = await readFile(path.join(project, "build.log"), "utf8").catch(() => "");
      const problem = firstError(said) ?? built.problem;
      if (UNREACHABLE.test(said))
        throw new PeerMissingError(`the libraries of java-peer cannot be had: ${problem}`);
      throw new Error(`mvn package of java-peer failed: ${problem}`);
    }
    await rename(path.join(project, "target"), path.join(folder, LIBRARIES));
    await rm(project, { recursive: true });
  };
  const libraries = await buildOnce(
    { sourceFolder, name: "java-peer", log, environment },
    {
      sources: /^pom\.xml$|\.java$/,
      toolVersion: version.output,
      product: LIBRARIES,
      about: `with ${maven}, once: about a minute`,
      build,
    },
  );
  return { program: java, words: ["-cp", path.join(libraries, "*"), MAIN_CLASS] };
};

export const javaPeer = builtPeer("java", buildJavaPeer);

/**
 * Makes a system run for a while, unmeasured, when it is prepared for the first time: a JVM interprets its code until it
 * has seen it some thousand times, which the warm-up of one run is too short for.
 */
export const warmedUp =
  (open: SystemFactory): SystemFactory =>
  async (target) => {
    const system = await open(target);
    let isWarm = false;
    return {
      prepare: async (setup) => {
        await system.prepare?.(setup);
        if (isWarm) return;
        isWarm = true;
        await system.run({
          ...setup,
          params: { ...setup.params, holdMs: 0 },
          runId: `${setup.runId}-warm-up`,
          warmupMs: 0,
          // A smoke run has no time for it.
          durationMs: Math.min(WARM_UP_MS, WARM_UP_RUNS * setup.durationMs),
          startAtUs: monotonicUs(),
        });
      },
      run: (request) => system.run(request),
      close: () => system.close(),
    };
  };
