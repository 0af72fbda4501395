import { getEventListeners } from "node:events";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseAddress } from "../../src/cluster/address.js";
import { Pool } from "../../src/cluster/pool.js";
import type { Route } from "../../src/cluster/pool.js";
import { EtcdError } from "../../src/errors.js";
import { DEADLINE_STEP_MS, DEFAULT_CONNECTION_LIMITS } from "../../src/options.js";
import { callUnary } from "../../src/rpc/unary-call.js";
import { prepareTxn } from "../../src/txn/prepared-txn.js";
import { op, param } from "../../src/txn/shape.js";
import { settle } from "./in-memory-cluster.js";
import { Chance, METHODS, SimulatedCluster, authenticate, probe } from "./simulated-cluster.js";
import type { SimulatedMember, SimulatedReply } from "./simulated-cluster.js";

/** How many runs, and the seed of the first one. */
const RUN_COUNT = Number(process.env["ETCDWIRE_SIMULATIONS"] ?? 100);
const FIRST_SEED = Number(process.env["ETCDWIRE_SIMULATION_SEED"] ?? 1);

const TROUBLE_MS = 6_000;
/** From when all is well until calls succeed again. */
const RECOVERY_MS = 3_000;
/** Longer than members go on with what they have. */
const AFTERMATH_MS = 8_000;
/**
 * A member is asked again 20 ms at least after it has answered. On top comes one `Status` for each call that failed in a
 * way that puts the leader in doubt.
 */
const STATUSES_PER_SECOND_MAX = 60;
const CONNECTS_PER_SECOND_MAX = 30;
const TIMEOUTS_MS = [5, 30, 200, 1_000, 5_000];

const unhandled: unknown[] = [];
const note = (error: unknown): void => {
  unhandled.push(error);
};
beforeAll(() => {
  process.on("unhandledRejection", note);
});
afterAll(() => {
  process.off("unhandledRejection", note);
});

/** Lets all promise reactions run that are due; much faster than a turn of the loop. */
const reactions = (): Promise<void> =>
  new Promise((resolve) => {
    process.nextTick(resolve);
  });

type Kind = "write" | "repeatableWrite" | "read" | "localRead" | "memberRead" | "run" | "submit";
const KINDS: readonly Kind[] = [
  "write",
  "repeatableWrite",
  "read",
  "localRead",
  "memberRead",
  "run",
  "submit",
];
const WRITES: ReadonlySet<Kind> = new Set<Kind>(["write", "repeatableWrite", "run", "submit"]);

/** One call of a user's. */
interface Issued {
  readonly id: number;
  readonly kind: Kind;
  readonly startMs: number;
  readonly timeoutMs: number;
  readonly abort: AbortController | undefined;
  /** The highest revision that a reply had carried before. */
  readonly floor: number;
  settledCount: number;
  settledMs: number;
  reply: SimulatedReply | undefined;
  error: EtcdError | undefined;
}

const sum = (counts: Iterable<number>): number => [...counts].reduce((total, count) => total + count, 0);

class Simulation {
  readonly chance: Chance;
  readonly cluster: SimulatedCluster;
  readonly pool: Pool;
  readonly calls: Issued[] = [];
  readonly violations: string[] = [];
  readonly #run;
  readonly #stalls: { beganMs: number; ms: number }[] = [];
  #seen = 0;
  #addressCount = 1;

  constructor(seed: number) {
    this.chance = new Chance(seed);
    this.cluster = new SimulatedCluster(this.chance);
    const { chance, cluster } = this;
    cluster.wantsToken = chance.is(0.3);
    if (chance.is(0.2)) for (const member of cluster.members) member.streamsMax = 3;
    this.pool = new Pool(
      {
        addresses: ["a:1", "b:1", "c:1"].map(parseAddress),
        tls: undefined,
        limits: {
          ...DEFAULT_CONNECTION_LIMITS,
          connectionMaxAgeMs: chance.is(0.3) ? 1_000 : 0,
          ...(chance.is(0.3) ? { pingIntervalMs: 500, pingTimeoutMs: 300, connectTimeoutMs: 500 } : {}),
        },
        userAgent: "test",
        authenticate: cluster.wantsToken ? authenticate : undefined,
        probe,
      },
      cluster.runtime,
    );
    this.#run = prepareTxn({ then: [op.put(param.key("key"), "v")] } as const, this.pool, {
      prefix: new Uint8Array(0),
      timeoutMs: 1_000,
    });
  }

  /** Everything that happens in this time, one timer after the other. */
  async pass(ms: number): Promise<void> {
    const { cluster } = this;
    const endMs = cluster.runtime.nowMs + ms;
    do await this.#turn();
    while (cluster.fireNext(endMs));
    cluster.runtime.nowMs = Math.max(cluster.runtime.nowMs, endMs);
    // Node tells of unhandled rejections only when the loop turns.
    await settle();
  }

  /** Runs all that needs no time. */
  async #turn(): Promise<void> {
    const { cluster } = this;
    do {
      cluster.runtime.turn();
      await reactions();
    } while (!cluster.runtime.isIdle);
    cluster.attend();
  }

  violated(text: string): void {
    this.violations.push(text);
    this.cluster.log(`VIOLATION: ${text}`);
  }

  issue(kind: Kind, timeoutMs: number, abort?: AbortController): Issued {
    const { cluster, pool, chance } = this;
    const call: Issued = {
      id: this.calls.length,
      kind,
      startMs: cluster.runtime.nowMs,
      timeoutMs: kind === "submit" ? 1_000 : timeoutMs,
      abort: kind === "submit" ? undefined : abort,
      floor: this.#seen,
      settledCount: 0,
      settledMs: 0,
      reply: undefined,
      error: undefined,
    };
    this.calls.push(call);
    const done = (outcome: SimulatedReply | EtcdError): void => {
      call.settledCount++;
      call.settledMs = cluster.runtime.nowMs;
      if (outcome instanceof Error) call.error = outcome;
      else {
        call.reply = outcome;
        this.#seen = Math.max(this.#seen, outcome.revision);
      }
      const said =
        outcome instanceof Error
          ? `${outcome.code} applied ${String(outcome.mayHaveApplied)} ${outcome.message}`
          : `revision ${outcome.revision}`;
      cluster.log(`call ${call.id} ${kind} after ${(call.settledMs - call.startMs).toFixed(1)}: ${said}`);
    };
    const fail = (error: unknown): void => {
      if (error instanceof EtcdError) done(error);
      else this.violated(`call ${call.id} threw ${String(error)}`);
    };
    const { id } = call;
    cluster.log(`call ${id} ${kind}, ${timeoutMs} ms`);
    const options = { timeoutMs, signal: call.abort?.signal };
    if (kind === "submit") {
      this.#run.submit({ key: String(id) }, (error, view) => {
        done(error ?? { revision: view!.revision, term: view!.raftTerm });
      });
    } else if (kind === "run") {
      this.#run.run({ key: String(id) }, options).then(({ revision }) => {
        done({ revision, term: 0 });
      }, fail);
    } else if (kind === "memberRead" || kind === "localRead") {
      const route: Route = kind === "localRead" ? "any" : chance.pick(pool.endpoints);
      pool.unary(METHODS.localRead, { id }, route, options).then(done, fail);
    } else if (kind === "repeatableWrite") {
      const { head, encode, decode } = METHODS.repeatableWrite;
      pool
        .call("repeatable", "leader", options, async (connection, remainingMs) => {
          if (pool.endpointOf(connection.endpoint) === undefined)
            this.violated(`call ${id} was sent to ${connection.endpoint}, which was replaced`);
          const bytes = await callUnary(connection, head, encode({ id }), remainingMs, options.signal);
          return decode(bytes);
        })
        .then(done, fail);
    } else pool.unary(METHODS[kind], { id }, "leader", options).then(done, fail);
    return call;
  }

  #issueRandom(): void {
    const { chance, cluster } = this;
    const timeoutMs = chance.pick(TIMEOUTS_MS);
    const abort = chance.is(0.2) ? new AbortController() : undefined;
    if (abort !== undefined && chance.is(0.1)) abort.abort();
    const call = this.issue(chance.pick(KINDS), timeoutMs, abort);
    // Some are never used: nobody may go on listening to them all the same.
    if (abort === undefined || chance.is(0.3)) return;
    cluster.later(chance.between(0, Math.min(timeoutMs, 300)), () => {
      const wasPending = call.settledCount === 0;
      abort.abort();
      if (!wasPending || call.abort === undefined) return;
      const abortedMs = cluster.runtime.nowMs;
      void reactions().then(() => {
        if (call.settledCount === 0 || call.settledMs > abortedMs)
          this.violated(`call ${call.id} did not end at once when it was aborted`);
      });
    });
  }

  #disturb(): void {
    const { chance, cluster, pool } = this;
    const member = chance.pick(cluster.members);
    const leader = cluster.members[cluster.leader] ?? member;
    const victim = chance.is(0.5) ? leader : member;
    const forMs = chance.pick([5, 40, 300, 1_500, 4_000]);
    const until = (what: string, undo: (victim: SimulatedMember) => void): void => {
      cluster.log(`member ${victim.index}: ${what} for ${forMs}`);
      cluster.later(forMs, () => {
        cluster.log(`member ${victim.index}: ${what} is over`);
        undo(victim);
      });
    };
    switch (chance.below(12)) {
      case 10: {
        const ms = chance.pick([20, 400, 3_000]);
        cluster.log(`our process stops for ${ms}`);
        this.#stalls.push({ beganMs: cluster.runtime.nowMs, ms });
        cluster.stall(ms);
        break;
      }
      case 0:
        cluster.crash(victim);
        until("crash", () => cluster.restart(victim));
        break;
      case 1:
        cluster.stop(victim);
        until("stop", () => cluster.later(100, () => cluster.restart(victim)));
        break;
      case 2:
      case 3:
        cluster.freeze(victim);
        until("freeze", () => cluster.resume(victim));
        break;
      case 4:
        cluster.cut(victim);
        until("cut", () => cluster.heal(victim));
        break;
      case 5:
        victim.slowMs = chance.pick([15, 60, 1_500]);
        until(`slow ${victim.slowMs}`, () => (victim.slowMs = 0));
        break;
      case 6:
        victim.slowWriteMs = chance.pick([30, 300, 2_000]);
        until(`slow disk ${victim.slowWriteMs}`, () => (victim.slowWriteMs = 0));
        break;
      case 7:
        if (chance.is(0.5)) victim.moodiness = chance.pick([0.2, 1]);
        else victim.refusesStreams = chance.pick([0.3, 1]);
        until(`moody ${victim.moodiness} ${victim.refusesStreams}`, () =>
          Object.assign(victim, { moodiness: 0, refusesStreams: 0 }),
        );
        break;
      case 8:
        cluster.transferLeadership();
        break;
      case 9:
        if (chance.is(0.5)) cluster.breakConnections(victim);
        else {
          cluster.tokenNumber++;
          cluster.log("tokens expire");
        }
        break;
      default: {
        // One of them under another name, now and then as the last one for a while.
        const [one, ...others] = [...pool.endpoints].sort(() => chance.next() - 0.5);
        const letter = one!.address.text[0]!;
        this.#addressCount++;
        cluster.log(`${one!.address.text} becomes ${letter}:${this.#addressCount}`);
        pool.replaceEndpoints(others, [{ address: parseAddress(`${letter}:${this.#addressCount}`) }]);
      }
    }
  }

  async run(): Promise<void> {
    const { chance, cluster, pool } = this;
    const { runtime } = cluster;
    const beganMs = runtime.nowMs;
    const closesEarly = chance.is(0.2);
    const betweenCallsMs = chance.pick([8, 30, 100]);
    const betweenFaultsMs = chance.pick([100, 400, 1_500]);
    let faultAtMs = beganMs + chance.between(0, betweenFaultsMs);
    while (runtime.nowMs < beganMs + TROUBLE_MS) {
      await this.pass(chance.between(0, 2 * betweenCallsMs));
      for (let count = chance.is(0.05) ? 20 : 1; count > 0; count--) this.#issueRandom();
      if (runtime.nowMs < faultAtMs) continue;
      this.#disturb();
      faultAtMs = runtime.nowMs + chance.between(0, 2 * betweenFaultsMs);
    }
    if (!closesEarly) {
      cluster.calm();
      cluster.log("calm");
      await this.pass(RECOVERY_MS);
      cluster.calm();
      await this.pass(200);
      const last = KINDS.map((kind) => this.issue(kind, 500));
      await this.pass(600);
      for (const { id, kind, error, settledCount } of last) {
        if (settledCount === 0 || error !== undefined)
          this.violated(`call ${id} (${kind}) failed although all is well: ${error?.message}`);
      }
      const askedBefore = sum(cluster.asked.values());
      await this.pass(AFTERMATH_MS);
      const asked = sum(cluster.asked.values()) - askedBefore;
      // A connection may be replaced because of its age, and a silence that began before may end.
      if (asked > 5) this.violated(`${asked} Status while nobody calls`);
    }
    pool.close();
    await this.pass(0);
    this.#judgeSettling();
    cluster.calm();
    await this.pass(AFTERMATH_MS);
    this.#judge();
  }

  #judgeSettling(): void {
    const { runtime } = this.cluster;
    const signals: AbortSignal[] = [];
    for (const { id, kind, startMs, timeoutMs, settledCount, settledMs, abort } of this.calls) {
      const name = `call ${id} (${kind}, ${timeoutMs} ms)`;
      if (settledCount !== 1) this.violated(`${name} settled ${settledCount} times`);
      else if (settledMs - startMs > timeoutMs + DEADLINE_STEP_MS + 1 + this.#stalledMs(startMs, settledMs))
        this.violated(`${name} took ${settledMs - startMs} ms`);
      if (abort !== undefined) signals.push(abort.signal);
    }
    for (const signal of signals) {
      if (getEventListeners(signal, "abort").length > 0) this.violated("a listener stays at a signal");
    }
    if (runtime.timerCount > 0) this.violated(`${runtime.timerCount} timers are left after close`);
    if (runtime.sockets.some(({ state, isClosed }) => state === "open" && !isClosed))
      this.violated("a socket is left after close");
  }

  /** How long our own process was stopped in this time. */
  #stalledMs(fromMs: number, toMs: number): number {
    const overlapping = this.#stalls.filter(({ beganMs, ms }) => beganMs <= toMs && beganMs + ms >= fromMs);
    return sum(overlapping.map(({ ms }) => ms));
  }

  #judge(): void {
    const { cluster } = this;
    for (const { id, kind, reply, error, floor } of this.calls) {
      const count = cluster.applied.get(id) ?? 0;
      const name = `call ${id} (${kind})`;
      if (!WRITES.has(kind)) {
        if (error?.mayHaveApplied === true) this.violated(`${name} reads and may have applied`);
        if (kind === "read" && reply !== undefined && reply.revision < floor)
          this.violated(`${name} answered with revision ${reply.revision}, ${floor} was seen before it`);
        continue;
      }
      if (error?.mayHaveApplied === false && count > 0)
        this.violated(`${name} was applied and says that it was not: ${error.message}`);
      if (reply !== undefined && count === 0) this.violated(`${name} succeeded and was not applied`);
      if (kind !== "repeatableWrite" && count > 1) this.violated(`${name} was applied ${count} times`);
    }
    for (const [where, count] of cluster.asked) {
      const second = Number(where.split(" ")[1]);
      const calls = (cluster.calls.get(second) ?? 0) + (cluster.calls.get(second - 1) ?? 0);
      if (count > STATUSES_PER_SECOND_MAX + calls)
        this.violated(`${count} Status in a second, ${calls} calls: ${where}`);
    }
    for (const [where, count] of cluster.connects) {
      if (count > CONNECTS_PER_SECOND_MAX) this.violated(`${count} connections in a second: ${where}`);
    }
    if (cluster.runtime.uncaught.length > 0)
      this.violated(`uncaught: ${String(cluster.runtime.uncaught[0])}`);
    for (const error of unhandled.splice(0)) this.violated(`unhandled: ${String(error)}`);
  }
}

test(`keeps its promises in ${RUN_COUNT} random histories of a failing cluster`, async () => {
  const broken: string[] = [];
  for (let seed = FIRST_SEED; seed < FIRST_SEED + RUN_COUNT; seed++) {
    const simulation = new Simulation(seed);
    await simulation.run();
    const { violations } = simulation;
    if (violations.length > 0) broken.push(`seed ${seed}: ${violations.slice(0, 3).join("; ")}`);
    if (process.env["ETCDWIRE_SIMULATION_LOG"] === "1") console.log(simulation.cluster.events.join("\n"));
  }
  expect(broken).toEqual([]);
}, 600_000);
