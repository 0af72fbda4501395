/**
 * A program under attack: `victim.ts '{"healthyPort":N,"seconds":S,"targets":[{"name":…,"port":N}]}'`. One attack after
 * the other, it keeps making calls and prints one line of JSON about each (`VictimReport`). It ends by itself when the
 * last client is closed; anything that would end it before is a failure that its exit code shows.
 *
 * Each time there are two clients in this process: `alone`, with the healthy server only, and `both`, which has the
 * hostile one as well and asks it first.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Endpoint } from "../../src/cluster/endpoint.js";
import type { Route } from "../../src/cluster/pool.js";
import { Wait } from "../../src/cluster/wait.js";
import { nodeRuntime } from "../../src/connection/runtime.js";
import type { SocketFactory } from "../../src/connection/socket.js";
import { Client, EtcdError, op, param } from "../../src/index.js";
import { leaderHead } from "../../src/rpc/method.js";
import { callUnary } from "../../src/rpc/unary-call.js";
import { GIVEN_UP } from "./attacks.js";

interface Task {
  healthyPort: number;
  seconds: number;
  targets: Target[];
}

export interface Target {
  readonly name: string;
  readonly port: number;
  /** It is not over before the client's first connection to it is. */
  readonly endsConnections: boolean;
  /** It is not over before a call to it has ended with one of these. */
  readonly codes: readonly string[];
  /** Of requests to it. */
  readonly messageBytes: number;
}

/** How the calls of one kind ended. */
export interface CallReport {
  readonly started: number;
  readonly succeeded: number;
  /** Count by error code, or `GIVEN_UP`; what is no EtcdError stands here with its text. */
  readonly failed: Readonly<Record<string, number>>;
  /** Calls that are still not settled, well after their deadline. Must be 0. */
  readonly unsettled: number;
  /** Of calls that succeeded. */
  readonly p99Ms: number;
}

export interface VictimReport {
  readonly name: string;
  /** On the client that has the healthy server only. */
  readonly alone: CallReport;
  /** By the leader's route, on the client that has both. */
  readonly leader: CallReport;
  /** On any endpoint of the client that has both: a serializable read's route. */
  readonly any: CallReport;
  /** On the hostile endpoint and no other. */
  readonly pinned: CallReport;
  /** Connections to the hostile server that were over before the clients were closed. */
  readonly endedConnections: number;
  /** Most resident memory while it went on, above what it was before. */
  readonly rssGrowthBytes: number;
  /** Most memory in use after a collection (heap and buffers) while it went on, above what it was before. */
  readonly heapGrowthBytes: number;
  readonly loopDelayP99Ms: number;
  readonly loopDelayMaxMs: number;
}

/** Every tick one call of each of the three kinds that should succeed; hostile ones less often. */
const TICK_MS = 5;
const PINNED_EVERY_TICKS = 4;
/** Calls open at once on the hostile server from the start: attacks on windows and streams need some to work on. */
const PINNED_BURST = 500;
const PINNED_TIMEOUT_MAX_MS = 500;
/** Short enough for all to be over when time is up. */
const PINNED_TIMEOUT_SHARE = 0.6;
const TIMEOUT_MS = 5_000;
const SMALL_MESSAGE = Buffer.alloc(200);
/** Also where a busy machine makes less of the time. */
const TICKS_MIN_COUNT = 10;
const END_WAIT_MAX_MS = 10_000;
const LOOP_RESOLUTION_MS = 5;
const SAMPLE_MS = 50;
const COLLECT_EVERY_SAMPLES = 5;
/** Longer than a deadline's step and a busy machine's stalls. */
const SETTLE_MS = 2_000;

const HEAD = leaderHead("/etcdserverpb.KV/Txn");

/** A connection that says nothing, given up by the client itself; any other that is lost counts by its code. */
const codeOf = ({ code, message }: EtcdError): string =>
  code === "ETCD_CONNECTION_LOST" && / fell silent, | does not answer/.test(message) ? GIVEN_UP : code;

class Calls {
  started = 0;
  succeeded = 0;
  readonly #failed: Record<string, number> = {};
  readonly #latenciesMs: number[] = [];
  #unsettled = 0;
  #onSettled: (() => void) | undefined;

  track(call: Promise<unknown>): void {
    this.started++;
    this.#unsettled++;
    const startMs = performance.now();
    call.then(
      () => {
        this.succeeded++;
        this.#latenciesMs.push(performance.now() - startMs);
        this.#settle();
      },
      (error: unknown) => {
        const cause = error instanceof EtcdError ? codeOf(error) : String(error);
        this.#failed[cause] = (this.#failed[cause] ?? 0) + 1;
        this.#settle();
      },
    );
  }

  hasFailedWith(codes: readonly string[]): boolean {
    return codes.some((code) => code in this.#failed);
  }

  #settle(): void {
    if (--this.#unsettled === 0) this.#onSettled?.();
  }

  settled(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#unsettled === 0) resolve();
      else this.#onSettled = resolve;
    });
  }

  report(): CallReport {
    const sorted = this.#latenciesMs.sort((a, b) => a - b);
    return {
      started: this.started,
      succeeded: this.succeeded,
      failed: this.#failed,
      unsettled: this.#unsettled,
      p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? 0,
    };
  }
}

const collect = (): void => {
  globalThis.gc?.();
};

const inUseBytes = (): number => {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

/** Highest values since `base`. */
class MemoryWatch {
  readonly #base: { rss: number; inUse: number };
  readonly #timer: NodeJS.Timeout;
  #samples = 0;
  rssGrowthBytes = 0;
  heapGrowthBytes = 0;

  constructor() {
    collect();
    this.#base = { rss: process.memoryUsage.rss(), inUse: inUseBytes() };
    this.#timer = setInterval(() => this.#sample(), SAMPLE_MS);
  }

  #sample(): void {
    this.rssGrowthBytes = Math.max(this.rssGrowthBytes, process.memoryUsage.rss() - this.#base.rss);
    if (++this.#samples % COLLECT_EVERY_SAMPLES === 0) this.#collectAndSample();
  }

  #collectAndSample(): void {
    collect();
    this.heapGrowthBytes = Math.max(this.heapGrowthBytes, inUseBytes() - this.#base.inUse);
  }

  stop(): void {
    this.#sample();
    this.#collectAndSample();
    clearInterval(this.#timer);
  }
}

/** `Math.random`, but for the first number: the search for the leader begins with the first endpoint, the hostile one. */
const hostileFirst = (): (() => number) => {
  let first = true;
  return () => {
    if (!first) return Math.random();
    first = false;
    return 0;
  };
};

/** One try, so that what an endpoint's calls cost does not use up the client's retries. */
const on = async (
  { parts: { pool } }: Client,
  route: Route,
  message: Uint8Array,
  timeoutMs: number,
): Promise<Uint8Array> => {
  const wait = new Wait(pool.runtime, timeoutMs, undefined);
  const connection = await pool.acquire(route, "calls", wait);
  return callUnary(connection, HEAD, message, Math.max(1, wait.remainingMs));
};

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const suffer = async (
  { name, port, endsConnections, codes, messageBytes }: Target,
  healthyPort: number,
  seconds: number,
): Promise<VictimReport> => {
  const pinnedTimeoutMs = Math.min(PINNED_TIMEOUT_MAX_MS, seconds * 1_000 * PINNED_TIMEOUT_SHARE);
  const message = Buffer.alloc(messageBytes);
  let endedConnections = 0;
  const connect: SocketFactory = (target, events) =>
    nodeRuntime.connect(target, {
      onConnect: () => events.onConnect(),
      onBytes: (bytes, length) => events.onBytes(bytes, length),
      onWritten: () => events.onWritten(),
      onClose: (error) => {
        if (target.port === port) endedConnections++;
        events.onClose(error);
      },
    });
  const healthy = `127.0.0.1:${healthyPort}`;
  const alone = new Client({ endpoints: healthy, timeoutMs: TIMEOUT_MS });
  const both = new Client({
    endpoints: [`127.0.0.1:${port}`, healthy],
    timeoutMs: TIMEOUT_MS,
    runtime: { ...nodeRuntime, random: hostileFirst(), connect },
  });
  const hostile: Endpoint = both.parts.pool.endpoints[0]!;
  const shape = { then: [op.put(param.key("key"), "value")] } as const;
  const putAlone = alone.prepare(shape);
  // Safe to repeat: what may fail here is the client, and not the rule that writes of unknown outcome do.
  const putBoth = both.prepare(shape, { repeatable: true });
  await putAlone.run({ key: "a" });

  const calls = { alone: new Calls(), leader: new Calls(), any: new Calls(), pinned: new Calls() };
  const memory = new MemoryWatch();
  const loopDelay = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  loopDelay.enable();
  for (let i = 0; i < PINNED_BURST; i++) calls.pinned.track(on(both, hostile, message, pinnedTimeoutMs));
  let ticks = 0;
  const startMs = performance.now();
  const isOver = (): boolean =>
    ticks >= TICKS_MIN_COUNT &&
    (!endsConnections || endedConnections > 0) &&
    (codes.length === 0 || calls.pinned.hasFailedWith(codes));
  const timer = setInterval(() => {
    calls.alone.track(putAlone.run({ key: "a" }));
    calls.leader.track(putBoth.run({ key: "a" }));
    calls.any.track(on(both, "any", SMALL_MESSAGE, pinnedTimeoutMs));
    // None that could not be over in time, unless time is longer than planned.
    const late = performance.now() - startMs > seconds * 1_000 - pinnedTimeoutMs && isOver();
    if (++ticks % PINNED_EVERY_TICKS === 0 && !late)
      calls.pinned.track(on(both, hostile, message, pinnedTimeoutMs));
  }, TICK_MS);
  await sleep(seconds * 1_000);
  while (!isOver() && performance.now() - startMs < END_WAIT_MAX_MS) await sleep(TICK_MS);
  clearInterval(timer);
  loopDelay.disable();
  memory.stop();
  const kinds = Object.values(calls);
  let graceTimer: NodeJS.Timeout | undefined;
  await Promise.race([
    Promise.all(kinds.map((kind) => kind.settled())),
    new Promise((resolve) => (graceTimer = setTimeout(resolve, TIMEOUT_MS + SETTLE_MS))),
  ]);
  clearTimeout(graceTimer);
  const endedBeforeClose = endedConnections;
  await Promise.all([alone.close(), both.close()]);
  // The histogram holds the time between two looks, which is the resolution if nothing is late.
  const delayMs = (ns: number): number => Math.max(0, ns / 1e6 - LOOP_RESOLUTION_MS);
  return {
    name,
    alone: calls.alone.report(),
    leader: calls.leader.report(),
    any: calls.any.report(),
    pinned: calls.pinned.report(),
    endedConnections: endedBeforeClose,
    rssGrowthBytes: memory.rssGrowthBytes,
    heapGrowthBytes: memory.heapGrowthBytes,
    loopDelayP99Ms: delayMs(loopDelay.percentile(99)),
    loopDelayMaxMs: delayMs(loopDelay.max),
  };
};

const { healthyPort, seconds, targets } = JSON.parse(process.argv[2] ?? "{}") as Task;
// What the first calls of all cost is not the attack's: code is compiled, buffers are made.
await suffer(
  { name: "nothing", port: healthyPort, endsConnections: false, codes: [], messageBytes: 200 },
  healthyPort,
  0.5,
);
for (const target of targets) console.log(JSON.stringify(await suffer(target, healthyPort, seconds)));
