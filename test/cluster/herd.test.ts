import { describe, expect, test } from "vitest";
import { parseAddress } from "../../src/cluster/address.js";
import { DEFAULT_BACKOFF } from "../../src/cluster/backoff.js";
import { Pool } from "../../src/cluster/pool.js";
import { DEFAULT_CONNECTION_LIMITS } from "../../src/options.js";
import { RequestHead } from "../../src/connection/request-head.js";
import { callUnary } from "../../src/rpc/unary-call.js";
import { settingsFrame } from "../support/frames.js";
import { reply } from "../support/peer-frames.js";
import { ManualRuntime } from "../support/memory-socket.js";
import { settle, status } from "./in-memory-cluster.js";

const HEAD = new RequestHead("/test.Echo/Echo");
const CLIENT_COUNT = 50;
const CALLS_PER_CLIENT = 20;
const OUTAGE_MS = 6_000;
const STEP_MS = 20;

/** The same numbers each time. */
const randomFrom = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
};

/** Many clients of one member that ends every connection at once, each with calls that wait, on one clock. */
const makeHerd = () => {
  const clients = Array.from({ length: CLIENT_COUNT }, (_, i) => {
    const runtime = new ManualRuntime();
    runtime.random = randomFrom(i + 1);
    const pool = new Pool(
      {
        addresses: [parseAddress("a:1")],
        tls: undefined,
        limits: DEFAULT_CONNECTION_LIMITS,
        userAgent: "test",
        authenticate: undefined,
        probe: async (connection, timeoutMs) => {
          await callUnary(connection, HEAD, new Uint8Array(0), timeoutMs);
          return status(1n, 1n);
        },
      },
      runtime,
    );
    const outcomes: string[] = [];
    const call = (): void => {
      pool
        .call("read", "leader", { timeoutMs: 60_000 }, () => Promise.resolve("ok"))
        .then(
          (value) => outcomes.push(value),
          (error: unknown) => outcomes.push(String(error)),
        );
    };
    for (let n = 0; n < CALLS_PER_CLIENT; n++) call();
    return { runtime, pool, outcomes, seen: 0 };
  });
  /** Moves all clocks on; each new connection is answered with `answer`. When connections were begun. */
  const pass = async (
    ms: number,
    answer: (socket: ManualRuntime["sockets"][number]) => void,
  ): Promise<number[][]> => {
    const begunMs: number[][] = clients.map(() => []);
    for (let nowMs = 0; nowMs < ms; nowMs += STEP_MS) {
      await settle();
      clients.forEach((client, i) => {
        for (; client.seen < client.runtime.sockets.length; client.seen++) {
          begunMs[i]!.push(nowMs);
          answer(client.runtime.sockets[client.seen]!);
        }
        client.runtime.advance(STEP_MS);
      });
    }
    await settle();
    return begunMs;
  };
  return { clients, pass };
};

describe("fifty clients with a thousand calls for a member that is down", () => {
  test("make few connections each, spread over time, and all calls go through when it is back", async () => {
    const { clients, pass } = makeHerd();
    const begunMs = await pass(OUTAGE_MS, (socket) => {
      socket.close();
    });
    // Steps double from the first to the longest wait; behind them, one wait takes half of the longest on average.
    const doublings = Math.log2(DEFAULT_BACKOFF.capMs / DEFAULT_BACKOFF.baseMs);
    const steps = doublings + OUTAGE_MS / (DEFAULT_BACKOFF.capMs / 2);
    for (const times of begunMs) {
      expect(times.length).toBeGreaterThan(5);
      expect(times.length).toBeLessThan(2 * steps);
    }
    // Behind the first seconds nobody is in step with the others: 100 ms are a thirtieth of what is left.
    const late = begunMs.flat().filter((ms) => ms >= OUTAGE_MS / 2);
    const perWindow = new Map<number, number>();
    for (const ms of late)
      perWindow.set(Math.floor(ms / 100), (perWindow.get(Math.floor(ms / 100)) ?? 0) + 1);
    expect(perWindow.size).toBeGreaterThan(20);
    expect(Math.max(...perWindow.values())).toBeLessThan(late.length / 6);

    const back = await pass(2_000, (socket) => {
      socket.connected();
      socket.receive(settingsFrame());
      socket.receive(reply(1, ""));
    });
    for (const times of back) expect(times).toHaveLength(1);
    // The thousand calls of the herd did not come in one window of 100 ms either.
    const arrivals = new Map<number, number>();
    for (const [ms = 0] of back)
      arrivals.set(Math.floor(ms / 100), (arrivals.get(Math.floor(ms / 100)) ?? 0) + 1);
    expect(Math.max(...arrivals.values())).toBeLessThan(CLIENT_COUNT / 2);
    for (const { outcomes } of clients) expect(outcomes).toEqual(Array(CALLS_PER_CLIENT).fill("ok"));
    for (const { pool } of clients) pool.close();
  });
});
