import { spawn } from "node:child_process";
import type { ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { decodeHdr, NO_LATENCIES, totalCount } from "./latency-counts.js";
import { contendedName, contenderShare, measureHolds, windowOf } from "./contention.js";
import { monotonicUs } from "./workload.js";
import type { Hold, Measurement, RunRequest, RunSetup, System } from "./workload.js";

/** What a peer is asked; see bench/peers/README.md. */
export type PeerRequest =
  | { readonly type: "open"; readonly endpoints: readonly string[] }
  | { readonly type: "prepare"; readonly clients: number; readonly ttlSeconds: number }
  | {
      readonly type: "run";
      readonly work: "contend" | "try" | "acquire" | "limit";
      readonly names: readonly string[];
      readonly concurrency: number;
      readonly startAtUs: number;
      readonly windowStartUs: number;
      readonly windowEndUs: number;
      readonly holdUs: number;
    }
  | { readonly type: "close" };

/** What it answers. */
export type PeerAnswer =
  | { readonly type: "ready"; readonly clockUs?: number }
  | {
      readonly type: "measured";
      readonly cpuUs: number;
      readonly errorCount: number;
      readonly errorText?: string;
      readonly totalCount: number;
      readonly operationCount: number;
      /** Token, acquired, released; of each hold. */
      readonly holds?: readonly number[];
      /** HdrHistogram V2, compressed, base64, of nanoseconds. */
      readonly serviceHdr?: string;
    }
  | { readonly type: "failed"; readonly reason: string };

type Measured = Extract<PeerAnswer, { type: "measured" }>;

/** How far a peer's clock may be from ours, besides the time that asking for it takes. */
const CLOCK_MAX_APART_US = 1_000;

/** A program in another language that speaks the peers' protocol on its standard input and output. */
export class ProgramPeer {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #answers: AsyncIterator<string>;

  private constructor(program: string, words: readonly string[]) {
    this.#child = spawn(program, words, { stdio: ["pipe", "pipe", "inherit"] });
    // It ended first, and its output's end tells.
    this.#child.on("error", () => {});
    this.#child.stdin.on("error", () => {});
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /**
   * Starts it. Throws when its clock is not the one that this process reads: holds of several processes are laid on one
   * time line, which must be the same for all. `words` are its arguments.
   */
  static async open(
    program: string,
    endpoints: readonly string[],
    words: readonly string[] = [],
  ): Promise<ProgramPeer> {
    const peer = new ProgramPeer(program, words);
    const askedUs = monotonicUs();
    const answer = await peer.ask({ type: "open", endpoints });
    const clockUs = answer.type === "ready" ? (answer.clockUs ?? NaN) : NaN;
    if (!(clockUs >= askedUs - CLOCK_MAX_APART_US && clockUs <= monotonicUs() + CLOCK_MAX_APART_US)) {
      await peer.close();
      throw new Error(`the clock of ${program} is not CLOCK_MONOTONIC in microseconds`);
    }
    return peer;
  }

  /** One at a time. Rejects with what the peer says, and when it ends. */
  async ask(request: PeerRequest): Promise<PeerAnswer> {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    const line = await this.#answers.next();
    if (line.done === true) throw new Error("the peer's process has ended");
    const answer = JSON.parse(line.value) as PeerAnswer;
    if (answer.type === "failed") throw new Error(answer.reason);
    return answer;
  }

  async measure(request: Extract<PeerRequest, { type: "run" }>): Promise<Measured> {
    const answer = await this.ask(request);
    if (answer.type !== "measured") throw new Error(`the peer answered "${answer.type}" to "run"`);
    return answer;
  }

  async close(): Promise<void> {
    const exited = this.#child.exitCode === null ? once(this.#child, "exit") : undefined;
    await this.ask({ type: "close" }).catch(() => {});
    this.#child.stdin.end();
    await exited;
  }
}

/** Token, acquired, released, again and again. */
export const holdsOf = (flat: readonly number[]): Hold[] =>
  Array.from({ length: flat.length / 3 }, (_, hold) => ({
    token: flat[3 * hold]!,
    acquiredUs: flat[3 * hold + 1]!,
    releasedUs: flat[3 * hold + 2]!,
  }));

/** The contenders of one agent, in the peer's process; the agent itself only asks and waits. */
export const contendingPeer = (peer: ProgramPeer, ttlSeconds: number): System => ({
  prepare: async (setup) => {
    await peer.ask({ type: "prepare", clients: contenderShare(setup), ttlSeconds });
  },
  run: async (request) => {
    const window = windowOf(request);
    const measured = await peer.measure({
      type: "run",
      work: "contend",
      names: [contendedName(request)],
      concurrency: 1,
      holdUs: (request.params.holdMs ?? 0) * 1e3,
      ...window,
    });
    return measureHolds(holdsOf(measured.holds ?? []), window, measured);
  },
  close: () => peer.close(),
});

/** What one client of the peer is to do, `concurrency` times side by side or on each of `names`. */
export interface PeerWork {
  readonly work: "try" | "acquire" | "limit";
  readonly names: readonly string[];
  readonly concurrency: number;
}

/** Has it done in the peer's process. */
export const measureLoop = async (
  peer: ProgramPeer,
  { work, names, concurrency }: PeerWork,
  request: RunRequest,
): Promise<Measurement> => {
  if (request.params.mode === "open") throw new Error("a peer in another language has closed loops only");
  const { cpuUs, errorCount, errorText, operationCount, serviceHdr, ...measured } = await peer.measure({
    type: "run",
    work,
    names,
    concurrency,
    holdUs: 0,
    ...windowOf(request),
  });
  const serviceTimes = serviceHdr === undefined ? NO_LATENCIES : decodeHdr(serviceHdr);
  const countedCount = totalCount(serviceTimes);
  if (countedCount !== operationCount)
    throw new Error(`the peer did ${operationCount} operations and timed ${countedCount}`);
  return {
    operationCount,
    elapsedMs: request.durationMs,
    latenciesUs: new Float32Array(0),
    serviceTimes,
    inFlightMax: concurrency,
    cpuUs,
    errorCount,
    errorText,
    totalCount: measured.totalCount,
  };
};

/** A system of one client in the peer's process; `ttlSeconds` 0: without a lease. */
export const loopingPeer = (
  peer: ProgramPeer,
  ttlSeconds: number,
  workOf: (request: RunSetup) => PeerWork,
): System => ({
  prepare: async () => {
    await peer.ask({ type: "prepare", clients: 1, ttlSeconds });
  },
  run: (request) => measureLoop(peer, workOf(request), request),
  close: () => peer.close(),
});
