import { createInterface } from "node:readline";
import type { ClientOptions } from "../../src/index.js";
import { spawnAskedSource } from "../support/source-process.js";
import type { Claim } from "./claims.js";
import type { Edit } from "./mutants.js";

export interface ContenderOptions {
  /** Its name in reports. */
  readonly who: string;
  readonly client: ClientOptions;
  /** Of its sessions. */
  readonly ttlSeconds: number;
  /** `mutex`: everybody has a key under the name. `key`: the name is the key. */
  readonly recipe: "mutex" | "key";
}

/** What a contender can be asked. What takes a lock claims it from then on. */
export type Question =
  | {
      readonly do: "lock";
      readonly name: string;
      readonly timeoutMs: number;
      /** Put as soon as it has the lock. */
      readonly tellKey?: string;
    }
  | { readonly do: "try"; readonly name: string }
  /** Is the last lock held, by its own word? */
  | { readonly do: "check" }
  /** The same, behind `ms` in which nothing else runs. */
  | { readonly do: "block"; readonly ms: number }
  | { readonly do: "release" }
  /** When a renewal is answered after `durationMinMs` or more. */
  | { readonly do: "renewed"; readonly durationMinMs: number }
  /** Releases, and counts the round trips until `key` is there. */
  | { readonly do: "handOver"; readonly key: string }
  | {
      readonly do: "contend";
      readonly names: readonly string[];
      readonly sessionCount: number;
      readonly timeoutMs: number;
    }
  /** What contending has met so far; and the same, when it has ended. */
  | { readonly do: "met" }
  | { readonly do: "stop" }
  | { readonly do: "claims" };

/** What the answers hold, by question; `error` is an EtcdError's code, or whatever else went wrong. */
export interface Answer {
  readonly error?: string;
  readonly token?: number;
  readonly held?: boolean;
  readonly durationMs?: number;
  readonly tripCount?: number;
  readonly claims?: readonly Claim[];
  readonly acquired?: number;
  /** Times that a lock was not held any more when its turn was over. */
  readonly lost?: number;
  readonly sessions?: number;
  /** Acquires that did not end in their time. */
  readonly stuck?: number;
  readonly failures?: Readonly<Record<string, number>>;
}

/** `contender.ts` in a process of its own, seen from here. Its sources may be those of a mutant. */
export class Contender {
  readonly who: string;
  readonly #child;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #lastId = 0;
  #errors = "";

  private constructor(options: ContenderOptions, edits: readonly Edit[]) {
    this.who = options.who;
    this.#child = spawnAskedSource("test/safety/contender.ts", [JSON.stringify(options)], {
      ETCDWIRE_MUTATION: JSON.stringify(edits),
    });
    this.#child.stderr.on("data", (text: Buffer) => {
      this.#errors += text.toString();
    });
    createInterface({ input: this.#child.stdout }).on("line", (line) => {
      const { id, ...answer } = JSON.parse(line) as Answer & { id: number };
      this.#waiting.get(id)?.(answer);
      this.#waiting.delete(id);
    });
    this.#child.on("close", () => {
      for (const resolve of this.#waiting.values()) resolve({ error: `${this.who} ended: ${this.#errors}` });
      this.#waiting.clear();
    });
  }

  /** @param edits of the mutant that it is; none by default */
  static async start(options: ContenderOptions, edits: readonly Edit[] = []): Promise<Contender> {
    const contender = new Contender(options, edits);
    const { error } = await contender.#answer(0);
    if (error !== undefined) throw new Error(error);
    return contender;
  }

  /** What it answers, an error too. */
  async tryAsk(question: Question): Promise<Answer> {
    const id = ++this.#lastId;
    const answer = this.#answer(id);
    this.#child.stdin.write(`${JSON.stringify({ ...question, id })}\n`);
    return answer;
  }

  /** What it answers; an error is thrown. */
  async ask(question: Question): Promise<Answer> {
    const answer = await this.tryAsk(question);
    if (answer.error !== undefined) throw new Error(`${this.who}, asked for ${question.do}: ${answer.error}`);
    return answer;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  kill(): void {
    this.signal("SIGKILL");
  }

  #answer(id: number): Promise<Answer> {
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
    });
  }
}

/** All that they claimed, so far. */
export const claimsOf = async (contenders: readonly Contender[]): Promise<Claim[]> => {
  const answers = await Promise.all(contenders.map((contender) => contender.ask({ do: "claims" })));
  return answers.flatMap(({ claims = [] }) => claims);
};
