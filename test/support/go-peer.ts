import { spawn, type ChildProcessByStdio } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { TestContext } from "vitest";
import { GoMissingError, buildGoProgram } from "../../src/testing/go-program.js";
import type { EtcdCluster } from "../../src/testing/index.js";

const SOURCE = fileURLToPath(new URL("./go/", import.meta.url));

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
      return new GoPeer(await buildPeer(), endpoints);
    } catch (error) {
      if (!(error instanceof GoMissingError)) throw error;
      return context.skip(error.message);
    }
  }

  /** Builds it ahead of the tests, whose time it would take. What goes wrong, each of them hears. */
  static async prepare(): Promise<void> {
    await buildPeer().catch(() => {});
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

const buildPeer = (): Promise<string> =>
  (build ??= buildGoProgram({
    sourceFolder: SOURCE,
    name: "interop",
    log: (line) => void process.stderr.write(`test/support/go: ${line}\n`),
  }));
