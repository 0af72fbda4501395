import { spawn } from "node:child_process";
import type { ChildProcessByStdio } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { attacks } from "./attacks.js";
import type { CallReport, Target, VictimReport } from "./victim.js";

const HOOKS = new URL("../support/register-typescript.mjs", import.meta.url).href;

/** What one attack did. */
export interface FloodReport extends VictimReport {
  /** Connections that the hostile server saw. */
  readonly connections: number;
  /** What it sent on those of them that are over. */
  readonly sentBytes: number;
}

/** By attack. */
interface Counts {
  readonly connections: Readonly<Record<string, number>>;
  readonly bytes: Readonly<Record<string, number>>;
}

class Program {
  readonly child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;
  readonly exit: Promise<number | null>;

  constructor(file: string, args: readonly string[] = [], nodeArgs: readonly string[] = []) {
    const path = fileURLToPath(new URL(file, import.meta.url));
    this.child = spawn(process.execPath, [...nodeArgs, "--import", HOOKS, path, ...args], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#lines = createInterface(this.child.stdout)[Symbol.asyncIterator]();
    this.exit = new Promise((resolve) => this.child.on("exit", resolve));
  }

  async line(): Promise<unknown> {
    const line = await this.#lines.next();
    if (line.done === true) throw new Error(`the program ended with code ${await this.exit}`);
    return JSON.parse(line.value);
  }

  ask(): Promise<unknown> {
    this.child.stdin.write("\n");
    return this.line();
  }

  end(): Promise<number | null> {
    this.child.stdin.end();
    return this.exit;
  }
}

/** A hostile and a healthy server, each in a process of its own. */
export class FloodStage {
  readonly #hostile = new Program("./hostile-server.ts");
  readonly #healthy = new Program("./healthy-server.ts");
  #ports: Record<string, number> = {};
  #healthyPort = 0;

  static async open(): Promise<FloodStage> {
    const stage = new FloodStage();
    stage.#healthyPort = (await stage.#healthy.line()) as number;
    stage.#ports = ((await stage.#hostile.line()) as { ports: Record<string, number> }).ports;
    return stage;
  }

  /**
   * Runs the attacks, one after the other, on one fresh victim. Throws if that ends in any way but by itself.
   */
  async *run(names: readonly string[], seconds: number): AsyncGenerator<FloodReport> {
    const task = {
      healthyPort: this.#healthyPort,
      seconds,
      targets: names.map((name): Target => {
        const { connection, codes = [], messageBytes = 200 } = attacks[name]!;
        const port = this.#ports[name]!;
        return { name, port, endsConnections: connection !== "may stay", codes, messageBytes };
      }),
    };
    const victim = new Program("./victim.ts", [JSON.stringify(task)], ["--expose-gc"]);
    let before = await this.#counts();
    for (const name of names) {
      const report = (await victim.line()) as VictimReport;
      const after = await this.#counts();
      yield {
        ...report,
        connections: after.connections[name]! - before.connections[name]!,
        sentBytes: after.bytes[name]! - before.bytes[name]!,
      };
      before = after;
    }
    const code = await victim.exit;
    if (code !== 0) throw new Error(`the victim ended with code ${code}`);
  }

  async #counts(): Promise<Counts> {
    return (await this.#hostile.ask()) as Counts;
  }

  async close(): Promise<void> {
    await Promise.all([this.#hostile.end(), this.#healthy.end()]);
  }
}

export const failures = ({ failed }: CallReport): string =>
  Object.entries(failed)
    .map(([code, count]) => `${count} ${code}`)
    .join(", ");
