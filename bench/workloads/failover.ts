import { setTimeout as sleep } from "node:timers/promises";
import type { FailoverClient } from "../harness/clients.js";
import { FREEZE_MS, LEASE_END_MS, LEASE_TTL_SECONDS, leaseKey, writeKey } from "../harness/failover-scene.js";
import { writeOpenLoop } from "../harness/write-loop.js";
import { monotonicUs } from "../harness/workload.js";
import type {
  Measurement,
  Params,
  RunRequest,
  System,
  Target,
  ValueRule,
  Workload,
} from "../harness/workload.js";

/** Deadline of each write: two default failovers and a half. */
const WRITE_TIMEOUT_MS = 5_000;

const measureWrites = async (client: FailoverClient, request: RunRequest): Promise<Measurement> => {
  const cpuAtStart = process.cpuUsage();
  const startedUs = monotonicUs();
  const writes = await writeOpenLoop(
    (number) => client.write(writeKey(request.runId, number), String(number), WRITE_TIMEOUT_MS),
    request,
  );
  const cpu = process.cpuUsage(cpuAtStart);
  const acknowledged = writes.filter(({ outcome }) => outcome === "acknowledged");
  return {
    operationCount: acknowledged.length,
    elapsedMs: (monotonicUs() - startedUs) / 1e3,
    latenciesUs: Float32Array.from(acknowledged, ({ startedUs: fromUs, endedUs }) => endedUs - fromUs),
    cpuUs: cpu.user + cpu.system,
    errorCount: 0,
    writes,
  };
};

/** Waits for as long as the leader is frozen, and after that for as long as a lease may live that nobody renews. */
const measureLease = async (loss: () => string, request: RunRequest): Promise<Measurement> => {
  const freezeAtMs = (request.startAtUs - monotonicUs()) / 1e3 + request.warmupMs;
  await sleep(freezeAtMs + (FREEZE_MS + LEASE_END_MS) * Math.min(1, request.share));
  return {
    operationCount: 0,
    elapsedMs: 0,
    latenciesUs: new Float32Array(0),
    cpuUs: 0,
    errorCount: 0,
    leaseLoss: loss(),
  };
};

/** Each run has a client of its own, which knows nothing of the faults before. */
const open = (openClient: (target: Target) => Promise<FailoverClient>) => (): Promise<System> => {
  let client: FailoverClient | undefined;
  let leaseLoss: (() => string) | undefined;
  return Promise.resolve({
    prepare: async ({ params, runId, target }) => {
      await client?.close();
      client = await openClient(target!);
      leaseLoss =
        params.fault === "freeze" ? await client.holdLease(leaseKey(runId), LEASE_TTL_SECONDS) : undefined;
    },
    run: (request) =>
      leaseLoss === undefined ? measureWrites(client!, request) : measureLease(leaseLoss, request),
    close: async () => {
      await client?.close();
    },
  });
};

const KILL = { fault: "kill", elections: "default" } as const;
const STOP = { fault: "stop", elections: "default" } as const;
const SHORT_KILL = { fault: "kill", elections: "short" } as const;
const SHORT_STOP = { fault: "stop", elections: "short" } as const;
const FREEZE = { fault: "freeze", elections: "default" } as const;

/** Twenty of etcdwire's, where five runs are asked for; each takes a quarter of a minute. */
const FREEZES_PER_RUN = 4;

const bars = (params: Params, recoveryMaxMs: number): ValueRule[] => {
  const text = `fault=${params.fault} elections=${params.elections}`;
  return [
    {
      name: `failover ${text} p50 to next acknowledged write: etcdwire`,
      metric: "recoveryMs",
      system: "etcdwire",
      params,
      unit: "ms",
      bar: { atMost: recoveryMaxMs },
    },
    {
      name: `failover ${text} unknown outcomes in the fault window, mean of runs: etcdwire`,
      metric: "unknownPercent",
      system: "etcdwire",
      params,
      unit: "%",
      over: "mean",
      bar: { atMost: 5 },
    },
  ];
};

/** What a program notices of its leader's death. */
export const failover: Workload = {
  name: "failover",
  about:
    "200 writes/s while the leader of 3 members is killed or frozen; leases under a frozen leader; 12 minutes",
  onRequest: true,
  server: "failing-etcd",
  agentCount: 1,
  shows: "faults",
  seconds: 5,
  warmupSeconds: 1,
  // Connecting is in it.
  warmupMinSeconds: 0.4,
  params: [KILL, STOP, SHORT_KILL, SHORT_STOP, FREEZE],
  smokeParams: [SHORT_KILL, SHORT_STOP, { ...FREEZE, elections: "short" }],
  systems: {
    etcdwire: open(async (target) =>
      (await import("../peers/etcdwire-failover.js")).openFailoverClient(target),
    ),
    etcd3: open(async (target) => (await import("../peers/etcd3-failover.js")).openFailoverClient(target)),
  },
  repeats: (system, params) => (params === FREEZE && system === "etcdwire" ? FREEZES_PER_RUN : 1),
  promiseless: ["etcd3"],
  ratios: [
    ...[KILL, STOP, SHORT_KILL, SHORT_STOP].map((params) => ({
      name: `failover fault=${params.fault} elections=${params.elections} time to next acknowledged write: etcd3 / etcdwire`,
      metric: "recoveryMs" as const,
      system: "etcd3",
      against: "etcdwire",
      params,
    })),
  ],
  values: [
    ...bars(KILL, 1_800),
    ...bars(STOP, 1_800),
    ...bars(SHORT_KILL, 400),
    ...bars(SHORT_STOP, 400),
    {
      name: "failover fault=freeze leases of 3 s lost under a leader that is frozen for 9 s, sum of runs: etcdwire",
      metric: "leasesLost",
      system: "etcdwire",
      params: FREEZE,
      unit: "leases",
      over: "sum",
      bar: { atMost: 0 },
    },
  ],
};
