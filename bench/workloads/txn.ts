import { Counters, judgeCounters, VALUE_MIN_BYTES } from "../harness/counters.js";
import type { TxnClient, TxnMix } from "../harness/counters.js";
import { concurrencyShare, drive } from "../harness/drive.js";
import type {
  Params,
  RatioRule,
  RunRequest,
  System,
  SystemFactory,
  Target,
  Workload,
} from "../harness/workload.js";

type Setting = Params & { readonly mix: TxnMix; readonly valueBytes: number };

/** Counters of an open loop that says no number: more are seldom under way. */
const OPEN_LOOP_COUNTER_COUNT = 64;

/** Of each agent its own, so that each can tell what became of its increments. */
const prefixOf = ({ runId, agentIndex }: Pick<RunRequest, "runId" | "agentIndex">): string =>
  `bench/txn/${runId}/${agentIndex}/`;

const open =
  (openClient: (target: Target) => Promise<TxnClient>): SystemFactory =>
  async (target): Promise<System> => {
    const { takeCounters } = await import("../peers/grpc-js-counters.js");
    const client = await openClient(target);
    let counters: Counters | undefined;
    return {
      prepare: async (setup) => {
        const { mode, mix = "cas", keys, valueBytes = VALUE_MIN_BYTES } = setup.params;
        counters = new Counters(client, prefixOf(setup), {
          mix: mix as TxnMix,
          count: keys ?? (mode === "open" ? OPEN_LOOP_COUNTER_COUNT : concurrencyShare(setup)),
          valueBytes: Math.max(valueBytes, VALUE_MIN_BYTES),
        });
        await counters.prepare();
      },
      run: async (request) => {
        const measurement = await drive(counters!.operation, request);
        const finals = await takeCounters(target, prefixOf(request));
        return { ...measurement, figures: judgeCounters(counters!.claims, finals) };
      },
      close: () => client.close(),
    };
  };

/** The stock generated client of `grpc-js`, on etcdwire's channel. */
const openStub = open(async (target) => {
  const { openClient } = await import("../peers/etcdwire.js");
  const { openTxnClient } = await import("../peers/grpc-js-txn.js");
  const client = openClient(target);
  const stub = openTxnClient(target, { channelOverride: client.channel() });
  return {
    ...stub,
    close: async () => {
      await stub.close();
      await client.close();
    },
  };
});

const both = (mix: TxnMix, valueBytes: number): Setting[] =>
  [1, 64].map((concurrency) => ({ concurrency, mix, valueBytes }));

/** A counter that all want: the others' revisions are stale as soon as one of them has written. */
const HOT: Setting = { concurrency: 16, keys: 1, mix: "cas", valueBytes: 16 };

const params: readonly Setting[] = [
  ...[16, 256, 4_096, 65_536].flatMap((valueBytes) => both("read", valueBytes)),
  ...[16, 256, 4_096].flatMap((valueBytes) => both("cas", valueBytes)),
  ...both("rmw", 256),
  ...both("multi", 256),
  HOT,
];

const ratiosAt = (setting: Setting): RatioRule[] => {
  const { concurrency, mix, valueBytes } = setting;
  const where = `txn c=${concurrency} ${mix} value=${valueBytes}B`;
  return ["grpc-js", "etcd3"].flatMap((against): RatioRule[] => [
    {
      name: `${where} ops/s: etcdwire / ${against}`,
      metric: "opsPerSecond",
      system: "etcdwire",
      against,
      params: setting,
    },
    {
      name: `${where} client CPU per op: ${against} / etcdwire`,
      metric: "clientCpuUsPerOp",
      system: against,
      against: "etcdwire",
      params: setting,
    },
  ]);
};

/** Transactions as programs make them: read what is there, change it if nobody else has. */
export const txn: Workload = {
  name: "txn",
  about: "Txns of compares with gets and puts, of values from 16 bytes to 64 KiB; every increment counted",
  onRequest: true,
  server: "etcd",
  agentCount: ({ processes = 1 }) => processes,
  shows: "calls",
  figures: ["lostWrites", "repeatedWrites"],
  zeroFigures: ["lostWrites", "repeatedWrites"],
  seconds: 0.6,
  warmupSeconds: 0.25,
  params,
  // What is written stays in etcd's log and memory for a while: some gigabytes, of these.
  moreParams: [
    ...both("cas", 65_536),
    ...both("rmw", 65_536),
    ...both("multi", 4_096),
    ...[16, 4_096].flatMap((valueBytes) => both("rmw", valueBytes)),
  ],
  smokeParams: [
    ...(["read", "cas", "rmw", "multi"] as const).map((mix) => ({ concurrency: 64, mix, valueBytes: 256 })),
    HOT,
  ],
  knobs: ["mode", "concurrency", "processes", "keys", "valueBytes"],
  systems: {
    etcdwire: open(async (target) => (await import("../peers/etcdwire-txn.js")).openTxnClient(target)),
    "etcdwire-stub": openStub,
    "grpc-js": open(async (target) => (await import("../peers/grpc-js-txn.js")).openTxnClient(target)),
    etcd3: open(async (target) => (await import("../peers/etcd3-txn.js")).openTxnClient(target)),
  },
  ratios: [...both("read", 256), ...both("cas", 256), ...both("multi", 256)].flatMap(ratiosAt),
};
