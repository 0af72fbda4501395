import { describe, expect, test } from "vitest";
import { diagnose } from "../../bench/harness/diagnosis.js";
import type { RunFacts, ServerLoad } from "../../bench/harness/diagnosis.js";
import { busyShare } from "../../bench/harness/machine-load.js";
import { parseMemberCounts, quantileOf, serverLoadBetween } from "../../bench/harness/server-load.js";
import type { Measurement } from "../../bench/harness/workload.js";

/** One client process that used this part of a core for a second. */
const client = (cpuShare: number, more: Partial<Measurement> = {}): Measurement => ({
  operationCount: 100,
  elapsedMs: 1_000,
  latenciesUs: new Float32Array(0),
  cpuUs: cpuShare * 1e6,
  errorCount: 0,
  ...more,
});

const facts = (
  clientShares: readonly number[],
  server: ServerLoad | undefined,
  more: Partial<RunFacts> = {},
) => ({
  parts: clientShares.map((share) => client(share)),
  server,
  p50Us: 1_000,
  holdMs: undefined,
  coreCount: 4,
  machineBusyShare: 0.5,
  sharesMachine: true,
  ...more,
});

describe("the bottleneck of a run", () => {
  const idle: ServerLoad = { cpuCores: 0.3 };
  const slowDisk: ServerLoad = { cpuCores: 0.3, fsyncMeanUs: 400, fsyncP99Us: 2_000 };
  const elsewhere = { sharesMachine: false };
  const rows: [what: string, facts: RunFacts, bottleneck: string, reason: RegExp][] = [
    [
      "etcd on all cores of its machine",
      facts([0.2], { cpuCores: 3.7 }),
      "server",
      /etcd uses 3.7 of 4 cores/,
    ],
    [
      "etcd and a busy client",
      facts([0.95, 0.95], { cpuCores: 1.8 }),
      "machine",
      /all 4 cores are busy: clients 1.9, etcd 1.8$/,
    ],
    [
      "clients on all cores, and no server's word",
      facts([0.9, 0.9, 0.9, 0.9], undefined),
      "machine",
      /all 4 cores/,
    ],
    [
      "others on the machine",
      facts([0.2], idle, { machineBusyShare: 0.97 }),
      "machine",
      /clients 0.2, etcd 0.3, other processes 3.4/,
    ],
    ["one full client", facts([0.9], idle), "client", /90 % of a core/],
    ["one full client of two", facts([0.1, 0.9], idle), "client", /90 % of a core/],
    [
      "one full client of the only core",
      facts([0.9], undefined, { coreCount: 1, machineBusyShare: 1 }),
      "client",
      /90/,
    ],
    ["a full client comes before a slow disk", facts([0.9], slowDisk), "client", /90/],
    ["a slow disk", facts([0.2], slowDisk), "storage", /fsync takes 400 of 1000 µs/],
    [
      "a disk that is quick beside the round trip",
      facts([0.2], { cpuCores: 0.3, fsyncMeanUs: 100 }),
      "waiting",
      /round trips/,
    ],
    ["locks that are held", facts([0.02], idle, { holdMs: 10 }), "waiting", /held for 10 ms/],
    ["nobody busy", facts([0.2], idle), "waiting", /nobody busy.*etcd 0.3 cores/],
    ["nobody busy, and no server's word", facts([0.2], undefined), "unknown", /server's side is not known/],
    [
      "etcd busy on a machine of its own",
      facts([0.2], { cpuCores: 3.9 }, elsewhere),
      "unknown",
      /how many it has/,
    ],
    ["a full client of a machine of its own", facts([0.9], { cpuCores: 3.9 }, elsewhere), "client", /90/],
    ["a slow disk elsewhere", facts([0.2], slowDisk, elsewhere), "storage", /fsync/],
  ];
  test.each(rows)("%s", (_, given, bottleneck, reason) => {
    const diagnosis = diagnose(given);
    expect(diagnosis).toMatchObject({ bottleneck });
    expect(diagnosis!.reason).toMatch(reason);
  });

  test("has what both sides have counted beside it: the worst of some, the sum of others", () => {
    const parts = [
      client(0.5, { eventLoopDelayP99Ms: 3, gcMs: 10, inFlightMax: 32 }),
      client(0.25, { eventLoopDelayP99Ms: 5, gcMs: 20, inFlightMax: 16 }),
      // It only held a lock.
      client(0, { elapsedMs: 0, eventLoopDelayP99Ms: 50 }),
    ];
    const server = { cpuCores: 1.5, fsyncP99Us: 300, fsyncMeanUs: 100 };
    expect(diagnose({ ...facts([], server), parts })).toMatchObject({
      eventLoopDelayP99Ms: 5,
      gcMs: 30,
      inFlightMax: 48,
      clientCpuShare: 0.5,
      serverCpuCores: 1.5,
      fsyncP99Us: 300,
    });
  });

  test("does not make up what was not counted", () => {
    const diagnosis = diagnose(facts([0.5], undefined))!;
    expect(Object.keys(diagnosis).sort()).toEqual(["bottleneck", "clientCpuShare", "reason"]);
    expect(diagnose(facts([], idle))).toBeUndefined();
  });
});

describe("what members say of themselves", () => {
  const metrics = (cpu: number, counts: readonly number[], sum: number): string =>
    [
      "# HELP process_cpu_seconds_total Total user and system CPU time spent in seconds.",
      `process_cpu_seconds_total ${cpu}`,
      ...[0.001, 0.002, 0.004].map(
        (bound, i) => `etcd_disk_wal_fsync_duration_seconds_bucket{le="${bound}"} ${counts[i]}`,
      ),
      `etcd_disk_wal_fsync_duration_seconds_bucket{le="+Inf"} ${counts[3]}`,
      `etcd_disk_wal_fsync_duration_seconds_sum ${sum}`,
      `etcd_disk_wal_fsync_duration_seconds_count ${counts[3]}`,
    ].join("\n");

  test("CPU of all members, the fsync of the slowest, and only what came in between", () => {
    const before = [metrics(10, [1_000, 1_000, 1_000, 1_000], 0.5), metrics(1, [0, 0, 0, 0], 0)];
    const after = [metrics(11, [1_100, 1_100, 1_100, 1_100], 0.55), metrics(1.5, [0, 98, 100, 100], 0.2)];
    const at = (atUs: number, texts: readonly string[]) => ({ atUs, members: texts.map(parseMemberCounts) });
    const load = serverLoadBetween(at(0, before), at(2e6, after))!;
    expect(load.cpuCores).toBeCloseTo(0.75);
    expect(load.fsyncMeanUs).toBeCloseTo(2_000);
    expect(load.fsyncP99Us).toBeCloseTo(3_000);
    expect(serverLoadBetween(at(0, after), at(2e6, before))).toBeUndefined();
  });

  test("without a write there is no fsync to speak of", () => {
    const counts = { atUs: 0, members: [parseMemberCounts(metrics(1, [5, 5, 5, 5], 1))] };
    expect(serverLoadBetween(counts, { ...counts, atUs: 1e6 })).toEqual({ cpuCores: 0 });
  });

  test("what is slower than the last bound is taken for it", () => {
    const { fsync } = parseMemberCounts(metrics(1, [0, 0, 1, 100], 5));
    expect(quantileOf(fsync, 0.99)).toBe(0.004);
  });

  test("refuses what is of no etcd", () => {
    expect(() => parseMemberCounts("go_goroutines 5")).toThrow(/not the metrics/);
  });
});

test("a machine's busy share is of all cores", () => {
  expect(busyShare({ busyMs: 10, idleMs: 90 }, { busyMs: 40, idleMs: 100 })).toBe(0.75);
  expect(busyShare({ busyMs: 10, idleMs: 90 }, { busyMs: 10, idleMs: 90 })).toBe(0);
});
