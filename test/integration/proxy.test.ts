import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Client, EtcdError, Session } from "../../src/index.js";
import type { ClientOptions, ErrorCode } from "../../src/index.js";
import { EtcdCluster } from "../../src/testing/index.js";
import { LateLoop } from "../support/late-loop.js";
import { optionsFor } from "../support/real-cluster.js";
import { TcpProxy } from "../support/tcp-proxy.js";

/** What breaks on a path, and what a call that was under way on it may fail with. */
interface Fault {
  readonly begin: (proxy: TcpProxy) => void | Promise<void>;
  /** Nothing tells the client that the path is broken. */
  readonly isSilent?: boolean;
  /** It slows down and breaks nothing. */
  readonly isHarmless?: boolean;
  /** It does not last: the next connection is a good one. */
  readonly isOver?: boolean;
  /** Connections are good at first. */
  readonly isCut?: boolean;
  /** `true`: over TLS only; `false`: over plain TCP only. Default: both, but over TLS not in the short run. */
  readonly overTls?: boolean;
  /** `false`: not in the short run; `"calls"`: in that, under calls only. */
  readonly isShort?: boolean | "calls";
}

const cut = (way: "toServer" | "toClient", bytes: number): Fault => ({
  begin: (proxy) => {
    proxy.cutAfter(way, bytes);
  },
  isCut: true,
});

const faults: Readonly<Record<string, Fault>> = {
  "1-byte slices": {
    begin: (proxy) => {
      proxy.isSliced = true;
    },
    isHarmless: true,
    // Renewals and events need many bytes, and each takes a turn of a loop that others share.
    isShort: "calls",
  },
  "latency of 30 ms each way": {
    begin: (proxy) => {
      proxy.latencyMs = 30;
    },
    isHarmless: true,
    isShort: false,
  },
  "a stall": {
    begin: (proxy) => {
      proxy.stall();
    },
    isSilent: true,
  },
  "a stall towards the server": {
    begin: (proxy) => {
      proxy.stall("toServer");
    },
    isSilent: true,
    isShort: false,
  },
  "a stall towards the client": {
    begin: (proxy) => {
      proxy.stall("toClient");
    },
    isSilent: true,
  },
  "half-open connections": {
    begin: (proxy) => {
      proxy.halfOpen();
    },
    isSilent: true,
    isOver: true,
  },
  "a reset": {
    begin: (proxy) => {
      proxy.reset();
    },
    isOver: true,
  },
  "a reset and a closed port": {
    begin: async (proxy) => {
      proxy.reset();
      await proxy.refuse("close");
    },
  },
  "a reset of every connection, new ones too": {
    begin: async (proxy) => {
      proxy.reset();
      await proxy.refuse("reset");
    },
    isShort: false,
  },
  // Inside the connection preface, behind it, inside an answer and behind one, behind a TLS handshake.
  "a cut towards the server after 5 bytes": { ...cut("toServer", 5), overTls: false, isShort: false },
  "a cut towards the server after 700 bytes": { ...cut("toServer", 700), overTls: false, isShort: false },
  "a cut towards the client after 30 bytes": { ...cut("toClient", 30), overTls: false, isShort: false },
  "a cut towards the client after 300 bytes": { ...cut("toClient", 300), overTls: false },
  "a cut towards the client after 3,000 bytes": { ...cut("toClient", 3_000), overTls: true },
};

/** `npm run test:restarts`: all rows, and more rounds. */
const isLong = process.env["ETCDWIRE_LONG"] === "1";

/** Where the other two paths are good, a call has this long: a leader that is out of reach for us alone takes 3.5 s. */
const PATIENT_MS = 15_000;
/** Where no path is good. */
const HASTY_MS = 700;
/** What a call may take beyond its deadline, this process's own delay taken off. */
const OVERSHOOT_MAX_MS = 50;
const CALL_COUNT = 4;
const TTL_SECONDS = 3;
/** On a path that is only slow, where what counts is that renewals get through. */
const SLOW_TTL_SECONDS = 6;
/** A lease that is not renewed is gone, and one that is has been renewed by more than one stream. */
const OUTLIVE_MS = 4_500;
/** Timers are late by a little. The end is claimed 50 ms before it has come. */
const LATE_END_MAX_MS = 5;
const WATCHED_COUNT = 100;
const WRITE_INTERVAL_MS = 20;
const FAULT_AFTER_WRITES = 20;
const HEALED_AFTER_WRITES = 70;
/** A silent path is found by a PING, which a watch alone would wait 10 s for. */
const WATCH_LIMITS = { pingIntervalMs: 600, pingTimeoutMs: 400 };
const HANG_MS = 25_000;
/** Rows at the same time; more would mostly measure this process. */
const ROWS_MAX = 16;

const late = new LateLoop();
const unhandled: unknown[] = [];
const note = (error: unknown): void => {
  unhandled.push(error);
};
let rowCount = 0;

beforeAll(() => {
  process.on("unhandledRejection", note);
  process.on("uncaughtException", note);
});

afterAll(async () => {
  await sleep(50);
  late.stop();
  process.off("unhandledRejection", note);
  process.off("uncaughtException", note);
  expect(unhandled).toEqual([]);
});

type Kind = "read" | "serializable" | "repeatable" | "write";

/** Three paths to a cluster and one client on them. */
class Row {
  readonly prefix = `${rowCount++}/`;
  readonly acknowledged: string[] = [];
  /** Keys whose writes were said not to have been applied, now and for ever. */
  readonly refused: string[] = [];
  /** Of all calls that failed. */
  readonly errors: EtcdError[] = [];
  #count = 0;

  constructor(
    readonly client: Client,
    /** Not through a proxy: sees what is so. */
    readonly direct: Client,
    readonly proxies: readonly TcpProxy[],
    readonly leaderPath: TcpProxy,
  ) {}

  async begin(fault: Fault, paths: readonly TcpProxy[]): Promise<void> {
    for (const path of paths) await fault.begin(path);
  }

  async heal(): Promise<void> {
    for (const proxy of this.proxies) await proxy.resume();
  }

  /** Some calls of each kind at once; all settle, in time. The errors of each kind. */
  async calls(timeoutMs: number, kinds: readonly Kind[] = KINDS): Promise<Record<Kind, EtcdError[]>> {
    const failed: Record<Kind, EtcdError[]> = { read: [], serializable: [], repeatable: [], write: [] };
    const one = async (kind: Kind): Promise<void> => {
      const key = `${this.prefix}${kind}${this.#count++}`;
      const startMs = performance.now();
      try {
        if (kind === "read") await this.client.kv.get(key, { timeoutMs });
        else if (kind === "serializable") await this.client.kv.get(key, { timeoutMs, serializable: true });
        else {
          await this.client.kv.put(key, "v", { timeoutMs, repeatable: kind === "repeatable" });
          this.acknowledged.push(key);
        }
      } catch (error) {
        if (!(error instanceof EtcdError)) throw error;
        failed[kind].push(error);
        this.errors.push(error);
        if (!error.mayHaveApplied) this.refused.push(key);
      }
      expect(late.overshootMs(startMs, timeoutMs)).toBeLessThan(OVERSHOOT_MAX_MS);
    };
    await Promise.all(kinds.flatMap((kind) => Array.from({ length: CALL_COUNT }, () => one(kind))));
    for (const error of [...failed.read, ...failed.serializable]) expect(error.mayHaveApplied).toBe(false);
    return failed;
  }

  /** Acknowledged means stored; "not applied" means absent; no write was made twice. */
  async checkStore(): Promise<void> {
    const { kvs } = await this.direct.kv.get(this.prefix, { prefix: true });
    const versions = new Map(kvs.map(({ key, version }) => [key.string(), version]));
    expect(this.acknowledged.filter((key) => !versions.has(key))).toEqual([]);
    expect(this.refused.filter((key) => versions.has(key))).toEqual([]);
    expect([...versions].filter(([key, version]) => version > 1 && key.includes("/write"))).toEqual([]);
    for (const error of this.errors) expect(error.endpoint ?? error.message).toMatch(/127\.0\.0\.1:\d+/);
  }
}

const KINDS: readonly Kind[] = ["read", "serializable", "repeatable", "write"];
const NONE: Record<Kind, EtcdError[]> = { read: [], serializable: [], repeatable: [], write: [] };

/**
 * Of calls on a path that is broken. A handshake that is cut off looks like a server that speaks no TLS, and a server
 * whose time for a request is up may say so before we do.
 */
const BROKEN_CODES: readonly ErrorCode[] = [
  "ETCD_CONNECTION_LOST",
  "ETCD_DEADLINE_EXCEEDED",
  "ETCD_NO_LEADER",
  "ETCD_REQUEST_TIMED_OUT",
  "ETCD_TLS",
  "ETCD_UNREACHABLE",
];

const expectBroken = (errors: readonly EtcdError[]): void => {
  for (const { code } of errors) expect(BROKEN_CODES).toContain(code);
};

/** A path that is good for just long enough takes a write with it each time: reported as unknown, never repeated. */
const expectNoneButCut = (fault: Fault, failed: Record<Kind, EtcdError[]>): void => {
  const { write, ...others } = failed;
  expect(others).toEqual({ read: [], serializable: [], repeatable: [] });
  for (const error of write) {
    expect(fault.isCut).toBe(true);
    expect(error).toMatchObject({ code: "ETCD_CONNECTION_LOST", mayHaveApplied: true });
  }
};

/** Well beyond every deadline: something never settled. */
const hang = async (): Promise<never> => {
  await sleep(HANG_MS, undefined, { ref: false });
  throw new Error(`this row is not over after ${HANG_MS} ms`);
};

/** The end of a connection may be on its way while a write is sent on it. */
const expectHealed = ({ write, ...others }: Record<Kind, EtcdError[]>): void => {
  expect(others).toEqual({ read: [], serializable: [], repeatable: [] });
  for (const error of write)
    expect(error).toMatchObject({ code: "ETCD_CONNECTION_LOST", mayHaveApplied: true });
};

interface Scenario {
  readonly run: (row: Row, fault: Fault) => Promise<void>;
  readonly options?: Partial<ClientOptions>;
  /** Of renewals and watches. */
  readonly isStream?: boolean;
  /** Not where each new connection is good for a while again. */
  readonly notCut?: boolean;
}

const watchThrough = async (row: Row, fault: Fault, paths: readonly TcpProxy[]): Promise<void> => {
  const watcher = row.client.watch(row.prefix, { prefix: true, timeoutMs: PATIENT_MS });
  await watcher.ready;
  const written: string[] = [];
  const writing = (async () => {
    for (let i = 0; i < WATCHED_COUNT; i++) {
      if (i === FAULT_AFTER_WRITES) await row.begin(fault, paths);
      if (i === HEALED_AFTER_WRITES && paths.length > 1) await row.heal();
      const key = `${row.prefix}${i}`;
      await row.direct.kv.put(key, "v");
      written.push(key);
      await sleep(WRITE_INTERVAL_MS);
    }
  })();
  const seen: string[] = [];
  for await (const { events } of watcher) {
    seen.push(...events.map(({ kv }) => kv.key.string()));
    if (seen.length >= WATCHED_COUNT) break;
  }
  await writing;
  expect(seen).toEqual(written);
};

/** What is left of a lease at the end of its row, if it was renewed; where bytes crawl, that may take longer. */
const leastLeftMs = (fault: Fault, ttlSeconds: number): number =>
  fault.isShort === "calls" ? 0 : Math.max(0, ttlSeconds * 1_000 - OUTLIVE_MS);

const scenarios: Readonly<Record<string, Scenario>> = {
  "before the first connection, on the leader's path only: calls succeed": {
    run: async (row, fault) => {
      await row.begin(fault, [row.leaderPath]);
      expectNoneButCut(fault, await row.calls(PATIENT_MS));
    },
  },
  "before the first connection, on every path: calls fail in time, and succeed when it is over": {
    run: async (row, fault) => {
      await row.begin(fault, row.proxies);
      if (fault.isHarmless === true) expect(await row.calls(PATIENT_MS)).toEqual(NONE);
      else await row.calls(HASTY_MS);
      expectBroken(row.errors);
      await row.heal();
      expectHealed(await row.calls(PATIENT_MS));
    },
  },
  "under calls, on the leader's path only: reads and repeatable calls succeed, and so do later writes": {
    run: async (row, fault) => {
      expect(await row.calls(PATIENT_MS)).toEqual(NONE);
      const calls = row.calls(PATIENT_MS);
      await row.begin(fault, [row.leaderPath]);
      const { write, ...others } = await calls;
      expect(others).toEqual({ read: [], serializable: [], repeatable: [] });
      if (fault.isHarmless === true) expect(write).toEqual([]);
      expectBroken(write);
      expectNoneButCut(fault, await row.calls(PATIENT_MS));
    },
  },
  "under calls, on every path: calls fail in time and tell the truth, and succeed when it is over": {
    run: async (row, fault) => {
      expect(await row.calls(PATIENT_MS)).toEqual(NONE);
      const calls = row.calls(fault.isHarmless === true ? PATIENT_MS : HASTY_MS);
      await row.begin(fault, row.proxies);
      const failed = await calls;
      if (fault.isHarmless === true) expect(failed).toEqual(NONE);
      expectBroken(row.errors);
      await row.heal();
      expectHealed(await row.calls(PATIENT_MS));
    },
  },
  "under renewals, on the leader's path only: the lease lives": {
    isStream: true,
    run: async (row, fault) => {
      const ttlSeconds = fault.isHarmless === true ? SLOW_TTL_SECONDS : TTL_SECONDS;
      const session = await Session.create(row.client, { ttlSeconds });
      await row.begin(fault, [row.leaderPath]);
      await sleep(OUTLIVE_MS);
      expect(session.remainingMs).toBeGreaterThan(leastLeftMs(fault, ttlSeconds));
      expect(
        (await row.direct.kv.put(`${row.prefix}lease`, "", { lease: session.leaseId })).revision,
      ).toBeGreaterThan(0);
      await session.close();
    },
  },
  "under renewals, on every path: the session lives, or ends before its lease does": {
    isStream: true,
    run: async (row, fault) => {
      const ttlSeconds = fault.isHarmless === true ? SLOW_TTL_SECONDS : TTL_SECONDS;
      const session = await Session.create(row.client, { ttlSeconds });
      const createdMs = performance.now();
      let lateMs = -Infinity;
      const ended = new Promise<void>((resolve) => {
        const onAbort = (): void => {
          lateMs = late.overshootMs(createdMs, ttlSeconds * 1_000);
          resolve();
        };
        session.signal.addEventListener("abort", onAbort, { once: true });
      });
      await row.begin(fault, row.proxies);
      await Promise.race([ended, sleep(OUTLIVE_MS)]);
      if (fault.isHarmless === true || fault.isOver === true)
        expect(session.remainingMs).toBeGreaterThan(leastLeftMs(fault, ttlSeconds));
      else if (fault.isCut !== true || session.signal.aborted)
        expect(session.signal.reason).toMatchObject({ code: "ETCD_SESSION_EXPIRED" });
      // The lease lives for its TTL from when it was granted, and this one was not renewed.
      if (fault.isCut !== true) expect(lateMs).toBeLessThan(LATE_END_MAX_MS);
      await row.heal();
      await session.close();
    },
  },
  "under a watch, on the leader's path only: every event comes once": {
    isStream: true,
    notCut: true,
    options: { limits: WATCH_LIMITS },
    run: (row, fault) => watchThrough(row, fault, [row.leaderPath]),
  },
  "under a watch, on every path for a while: every event comes once": {
    isStream: true,
    options: { limits: WATCH_LIMITS },
    run: (row, fault) => watchThrough(row, fault, row.proxies),
  },
};

/** A cluster and its rows. All rows go on at the same time: most of what they do is to wait. */
class Rows {
  readonly outcomes = new Map<string, Promise<void>>();
  readonly #refused: string[] = [];
  #direct!: Client;
  #cluster!: EtcdCluster;

  constructor(
    readonly tls: boolean,
    readonly chosen: readonly (readonly [fault: string, scenario: string])[],
  ) {}

  async start(): Promise<void> {
    this.#cluster = await EtcdCluster.start({ members: 3, tls: this.tls });
    this.#direct = new Client(optionsFor(this.#cluster));
    for (const [fault, scenario] of this.chosen) {
      const outcome = this.#run(faults[fault]!, scenarios[scenario]!);
      outcome.catch(() => {});
      this.outcomes.set(`${fault} ${scenario}`, outcome);
    }
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.outcomes.values());
    // Nothing that was said not to be applied is applied later.
    const { kvs } = await this.#direct.kv.get("", { prefix: true, keysOnly: true });
    const stored = new Set(kvs.map(({ key }) => key.string()));
    expect(this.#refused.filter((key) => stored.has(key))).toEqual([]);
    await this.#direct.close();
    await this.#cluster.close();
  }

  /** One row: three paths and a client of their own. */
  async #run(fault: Fault, { run, options }: Scenario): Promise<void> {
    const { endpoints, members } = this.#cluster;
    await takeTurn();
    const proxies = await Promise.all(endpoints.map((endpoint) => TcpProxy.start(endpoint)));
    const paths = proxies.map(({ endpoint }) => endpoint);
    const client = new Client({ ...optionsFor(this.#cluster), endpoints: paths, ...options });
    try {
      const leaderAt = members.indexOf(await this.#cluster.leader());
      const row = new Row(client, this.#direct, proxies, proxies[leaderAt]!);
      try {
        await Promise.race([run(row, fault), hang()]);
        await row.checkStore();
      } finally {
        this.#refused.push(...row.refused);
      }
    } finally {
      await client.close();
      await Promise.all(proxies.map((proxy) => proxy.close()));
      turns.shift()?.();
      rowsUnderWay--;
    }
  }
}

let rowsUnderWay = 0;
const turns: (() => void)[] = [];
const takeTurn = async (): Promise<void> => {
  if (rowsUnderWay++ >= ROWS_MAX) await new Promise<void>((go) => turns.push(go));
};

const chosenFor = (tls: boolean): (readonly [string, string])[] =>
  Object.entries(faults).flatMap(([fault, { isCut, isShort, overTls }]) =>
    overTls === !tls || (!isLong && (isShort === false || (tls && overTls === undefined)))
      ? []
      : Object.entries(scenarios)
          .filter(([, { notCut, isStream }]) => {
            if (!isLong && isShort === "calls" && isStream === true) return false;
            return !(notCut === true && isCut === true);
          })
          .map(([scenario]) => [fault, scenario] as const),
  );

const clusters = [new Rows(false, chosenFor(false)), new Rows(true, chosenFor(true))];

beforeAll(async () => {
  await Promise.all(clusters.map((cluster) => cluster.start()));
});

afterAll(async () => {
  await Promise.all(clusters.map((cluster) => cluster.close()));
});

describe.each(clusters)("three members behind proxies, TLS $tls", ({ outcomes, chosen }) => {
  test.each(chosen)("%s %s", async (fault, scenario) => {
    await outcomes.get(`${fault} ${scenario}`);
  });
});
