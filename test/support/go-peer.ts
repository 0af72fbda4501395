import { spawn, type ChildProcessByStdio } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { TestContext } from "vitest";
import { findOnPath, isExecutable, runCommand } from "../../src/testing/command.js";
import { cacheRoot } from "../../src/testing/etcd-binary.js";
import type { EtcdCluster } from "../../src/testing/index.js";
import { withInstallLock } from "../../src/testing/install-lock.js";

const SOURCE = fileURLToPath(new URL("./go/", import.meta.url));
const BUILD_TIMEOUT_MS = 480_000;

/** Go is not there, is too old, or has no way to the modules. */
class NoGoError extends Error {}

/** A leader, as Go's `concurrency.Election` tells it. */
export interface GoLeader {
  readonly key: string;
  readonly value: string;
  readonly createRevision: number;
  readonly modRevision: number;
}

/** What main.go says; the fields that a command has no use for are absent. */
export interface GoAnswer {
  readonly id: number;
  /** Hex, as in keys. */
  readonly lease?: string;
  readonly key?: string;
  /** The key's create revision. */
  readonly revision?: number;
  readonly leader?: GoLeader;
}

/** A command as main.go takes it, without its id. */
export interface GoCommand {
  readonly do: string;
  readonly session?: string;
  readonly ttl?: number;
  readonly lease?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly handle?: string;
  readonly value?: string;
  readonly key?: string;
  readonly revision?: number;
  readonly target?: number;
}

interface Pending {
  readonly resolve: (answer: GoAnswer) => void;
  readonly reject: (error: Error) => void;
  readonly onObserved: ((leader: GoLeader) => void) | undefined;
}

/** etcd's own Go client with its sessions, mutexes and elections, in a process of its own: test/support/go/main.go. */
export class GoPeer {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #pending = new Map<number, Pending>();
  readonly #exited: Promise<void>;
  #lastId = 0;

  private constructor(program: string, endpoints: readonly string[]) {
    this.#child = spawn(program, endpoints, { stdio: ["pipe", "pipe", "inherit"] });
    this.#child.stdin.on("error", () => {}); // It ended first, and "close" tells.
    this.#exited = new Promise((resolve) => {
      const end = (): void => {
        for (const { reject } of this.#pending.values()) reject(new Error("the Go program has ended"));
        this.#pending.clear();
        resolve();
      };
      this.#child.on("error", end);
      this.#child.on("close", end);
    });
    createInterface({ input: this.#child.stdout }).on("line", (line) => {
      this.#onLine(JSON.parse(line) as GoAnswer & { error?: string; observed?: GoLeader });
    });
  }

  /** Starts one. Where it cannot be built, for want of Go or of its modules, the test is skipped and says why. */
  static async start(context: TestContext, { endpoints }: EtcdCluster): Promise<GoPeer> {
    try {
      return new GoPeer(await (build ??= buildProgram()), endpoints);
    } catch (error) {
      if (!(error instanceof NoGoError)) throw error;
      return context.skip(error.message);
    }
  }

  /** Does one command. Rejects with what Go says. */
  do(command: GoCommand): Promise<GoAnswer> {
    return this.start(command).done;
  }

  /** Starts one command that takes its time: it ends when it is done, or after `cancel`. */
  start(
    command: GoCommand,
    onObserved?: (leader: GoLeader) => void,
  ): { readonly done: Promise<GoAnswer>; readonly cancel: () => Promise<unknown> } {
    const id = ++this.#lastId;
    const done = new Promise<GoAnswer>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject, onObserved });
      if (this.#child.exitCode !== null || this.#child.signalCode !== null)
        reject(new Error("the Go program has ended"));
      this.#child.stdin.write(`${JSON.stringify({ id, ...command })}\n`);
    });
    return { done, cancel: () => this.do({ do: "cancel", target: id }) };
  }

  /** SIGKILL: gone when this resolves, and its leases live on until they expire. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#exited;
  }

  #onLine({ error, observed, ...answer }: GoAnswer & { error?: string; observed?: GoLeader }): void {
    const pending = this.#pending.get(answer.id);
    if (observed !== undefined) {
      pending?.onObserved?.(observed);
      return;
    }
    this.#pending.delete(answer.id);
    if (error === undefined) pending?.resolve(answer);
    else pending?.reject(new Error(error));
  }
}

let build: Promise<string> | undefined;

/** Builds it once for each state of its sources and each Go, into the cache of etcd binaries. */
const buildProgram = async (): Promise<string> => {
  const environment = {
    ...process.env,
    // No other toolchain, workspace or C compiler is brought in, and go.sum is the law.
    GOFLAGS: "-mod=readonly -buildvcs=false -trimpath",
    GOTOOLCHAIN: "local",
    GOWORK: "off",
    GO111MODULE: "on",
    CGO_ENABLED: "0",
  };
  const go = await findOnPath("go", environment);
  if (go === undefined) throw new NoGoError("no `go` on PATH: etcd's Go client cannot be had");
  const run = (...args: string[]) =>
    runCommand(go, args, { environment, directory: SOURCE, timeoutMs: BUILD_TIMEOUT_MS });
  const version = await run("version");
  if (!version.ok) throw new NoGoError(`\`go version\` failed: ${version.problem}`);
  const hash = createHash("sha256").update(version.output);
  for (const name of ["go.mod", "go.sum", "main.go"]) hash.update(await readFile(join(SOURCE, name)));
  const root = join(dirname(await cacheRoot(process.env)), "interop");
  const folder = join(root, hash.digest("hex").slice(0, 16));
  const program = join(folder, "interop");
  if (await isExecutable(program)) return program;
  await mkdir(root, { recursive: true });
  const note = (line: string): void => void process.stderr.write(`test/support/go: ${line}\n`);
  return withInstallLock(
    join(root, "install.lock"),
    () => note("waiting for another process that is building it"),
    async () => {
      if (await isExecutable(program)) return program;
      note("building the Go program, once: usually less than a minute");
      const modules = await run("mod", "download");
      if (!modules.ok) throw new NoGoError(`the Go program's modules cannot be had: ${modules.problem}`);
      const work = await mkdtemp(join(root, "work-"));
      try {
        const built = await run("build", "-ldflags=-s -w", "-o", join(work, "interop"), ".");
        if (!built.ok) throw new Error(`go build failed: ${built.problem}`);
        await rm(folder, { recursive: true, force: true });
        await rename(work, folder);
      } finally {
        await rm(work, { recursive: true, force: true });
      }
      return program;
    },
  );
};
