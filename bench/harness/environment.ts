import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { libraryVersions } from "./library-versions.js";
import { packageRoot } from "./package-root.js";

/** Without this no number means anything. */
export interface Environment {
  readonly cpuModel: string;
  readonly coreCount: number;
  readonly memoryBytes: number;
  /** Name, kernel release and machine: `Linux 6.1.0 x86_64`. */
  readonly os: string;
  readonly nodeVersion: string;
  readonly packageVersion: string;
  /** Of those that the measured systems are made of, by name; left out of reports that are older. */
  readonly libraryVersions?: Readonly<Record<string, string>>;
  /** Ends in `-dirty` when the work tree differs from the commit; `unknown` outside a repository. */
  readonly gitCommit: string;
  /** Of all members, the lowest first, if they differ: `3.5.9, 3.6.1`. */
  readonly etcdVersion?: string | undefined;
  readonly memberCount?: number | undefined;
  /** Of the etcd data directory: what a commit has to wait for. Undefined where it cannot be seen from here. */
  readonly dataFileSystem?: string | undefined;
  /** Whether the members take their CPU time from the clients' machine. */
  readonly etcdIsHere?: boolean | undefined;
  /** Over one minute, before the first run. */
  readonly loadAverage: number;
  readonly date: string;
}

/** The server's side, known once one is running. */
export type EtcdEnvironment = Pick<
  Environment,
  "etcdVersion" | "memberCount" | "dataFileSystem" | "etcdIsHere"
>;

const gitCommit = (root: string): string => {
  const git = (...parameters: string[]): string =>
    execFileSync("git", ["-C", root, ...parameters], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  try {
    const dirty = git("status", "--porcelain", "--untracked-files=no") === "" ? "" : "-dirty";
    return git("rev-parse", "--short=12", "HEAD") + dirty;
  } catch {
    return "unknown";
  }
};

/** To be read before the first run: the load average is to be the machine's, not the bench's. */
export const readEnvironment = (): Environment => {
  const root = packageRoot();
  const { version } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as {
    version: string;
  };
  const cpus = os.cpus();
  return {
    cpuModel: cpus[0]?.model.trim() ?? "unknown CPU",
    coreCount: cpus.length,
    memoryBytes: os.totalmem(),
    // Without what a distributor or a cloud appends to the number.
    os: `${os.type()} ${/^[\d.]+/.exec(os.release())?.[0] ?? os.release()} ${os.machine()}`,
    nodeVersion: process.version,
    packageVersion: version,
    libraryVersions: libraryVersions(root),
    gitCommit: gitCommit(root),
    loadAverage: os.loadavg()[0]!,
    date: new Date().toISOString(),
  };
};
