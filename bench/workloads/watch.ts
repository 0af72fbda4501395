import { setTimeout as sleep } from "node:timers/promises";
import { END_VALUE, EventHistory } from "../harness/event-history.js";
import { KEYS_PER_TXN } from "../harness/clients.js";
import type { OnPut, WatchClient, Writer } from "../harness/clients.js";
import { usedBytes } from "../harness/memory.js";
import { monotonicUs } from "../harness/workload.js";
import type {
  Measurement,
  RatioRule,
  RunRequest,
  System,
  SystemFactory,
  Target,
  WatchCounts,
  Workload,
} from "../harness/workload.js";

/** All of them are watched, each by one watcher: with one watcher 1,000 keys of it, with 1,000 one of each. */
const KEY_COUNT = 1_000;
/** Open at once when etcd is to take all it can: more than this makes queues in etcd, and no more events. */
const TXNS_IN_FLIGHT = 4;
/** 200 puts a second. */
const PACE_MS = 5;
/** What has not arrived so long after the last put is lost. */
const DRAIN_MS = 10_000;
/** For the writer to learn when the run begins. */
const START_DELAY_MS = 50;

const runPrefix = ({ runId }: RunRequest): string => `bench/watch/${runId}/`;
const readyKey = ({ runId }: RunRequest): string => `bench/watch-ready/${runId}`;

/** Each watcher's prefix, and below it the numbers of its keys. */
const watcherPrefix = (request: RunRequest, watcher: number): string => `${runPrefix(request)}${watcher}/`;
const keyOf = (request: RunRequest, key: number): string => {
  const watcherCount = request.params.watchers ?? 1;
  return `${watcherPrefix(request, Math.floor((key * watcherCount) / KEY_COUNT))}${key}`;
};

const sleepUntil = (us: number): Promise<void> => sleep(Math.max(0, (us - monotonicUs()) / 1e3));

const nothingMeasured: Measurement = {
  operationCount: 0,
  elapsedMs: 0,
  latenciesUs: new Float32Array(0),
  cpuUs: 0,
  errorCount: 0,
};

/** Agent 1: writes from the moment that the watching agent has named until the end of the window. */
const write = async (writer: Writer, request: RunRequest): Promise<Measurement> => {
  const startUs = Number(await writer.waitFor(readyKey(request)));
  const endUs = startUs + (request.warmupMs + request.durationMs) * 1e3;
  const keys = Array.from({ length: KEY_COUNT }, (_, key) => keyOf(request, key));
  const groups = Array.from({ length: KEY_COUNT / KEYS_PER_TXN }, (_, group) =>
    keys.slice(group * KEYS_PER_TXN, (group + 1) * KEYS_PER_TXN),
  );
  await sleepUntil(startUs);
  if (request.params.load === "paced") {
    const open: Promise<unknown>[] = [];
    for (let number = 0; ; number++) {
      const dueUs = startUs + number * PACE_MS * 1e3;
      if (dueUs >= endUs) break;
      await sleepUntil(dueUs);
      open.push(writer.put([keys[(number * 7) % KEY_COUNT]!], String(monotonicUs())));
    }
    await Promise.all(open);
  } else {
    let next = 0;
    const writeOn = async (): Promise<void> => {
      while (monotonicUs() < endUs) {
        await writer.put(groups[next++ % groups.length]!, String(monotonicUs()));
      }
    };
    await Promise.all(Array.from({ length: TXNS_IN_FLIGHT }, writeOn));
  }
  for (const group of groups) await writer.put(group, END_VALUE);
  return nothingMeasured;
};

/** Agent 0: watches, says so, and counts what comes. */
const watchPuts = async (client: WatchClient, request: RunRequest): Promise<Measurement> => {
  const history = new EventHistory(KEY_COUNT);
  const onPut: OnPut = (key, version, value) => {
    history.onPut(Number(key.slice(key.lastIndexOf("/") + 1)), version, value);
  };
  await watchAll(client, request, onPut);
  const startUs = monotonicUs() + START_DELAY_MS * 1e3;
  await client.put(readyKey(request), String(startUs));

  await sleepUntil(startUs + request.warmupMs * 1e3);
  const cpuAtStart = process.cpuUsage();
  const windowStartUs = monotonicUs();
  history.isWindowOpen = true;
  await sleepUntil(windowStartUs + request.durationMs * 1e3);
  history.isWindowOpen = false;
  const elapsedMs = (monotonicUs() - windowStartUs) / 1e3;
  const cpu = process.cpuUsage(cpuAtStart);
  const drained = new AbortController();
  await Promise.race([
    history.allEnded,
    sleep(DRAIN_MS, undefined, { signal: drained.signal }).catch(() => {}),
  ]);
  drained.abort();
  await client.cancelAll();
  const { latenciesUs } = history;
  return {
    operationCount: latenciesUs.length,
    elapsedMs,
    latenciesUs,
    cpuUs: cpu.user + cpu.system,
    errorCount: 0,
    watch: history.counts(),
  };
};

/** All at once, as a program does that begins to watch its keys. */
const watchAll = async (client: WatchClient, request: RunRequest, onPut: OnPut): Promise<void> => {
  await Promise.all(
    Array.from({ length: request.params.watchers ?? 1 }, (_, watcher) =>
      client.watch(watcherPrefix(request, watcher), onPut),
    ),
  );
};

/** What a watcher takes that has nothing to do. The first time compiles and grows, and is not counted. */
const watchIdly = async (client: WatchClient, request: RunRequest): Promise<Measurement> => {
  await watchAll(client, request, () => {});
  await client.cancelAll();
  const beforeBytes = usedBytes();
  await watchAll(client, request, () => {});
  const bytesPerWatcher = (usedBytes() - beforeBytes) / (request.params.watchers ?? 1);
  await client.cancelAll();
  const watch: WatchCounts = { lostEvents: 0, repeatedEvents: 0, bytesPerWatcher };
  return { ...nothingMeasured, watch };
};

const open =
  (openClient: (target: Target) => Promise<WatchClient>): SystemFactory =>
  async (target): Promise<System> => {
    // Each agent has one of the two, as soon as it knows which it is.
    let client: WatchClient | undefined;
    let writer: Writer | undefined;
    const { openWriter } = await import("../peers/etcdwire-watch.js");
    return {
      run: async (request) => {
        const isIdle = request.params.load === "idle";
        if (request.agentIndex === 1) {
          return isIdle ? nothingMeasured : write((writer ??= openWriter(target)), request);
        }
        client ??= await openClient(target);
        return isIdle ? watchIdly(client, request) : watchPuts(client, request);
      },
      close: async () => {
        await client?.close();
        await writer?.close();
      },
    };
  };

const COUNTS = [1, 100, 1_000];
const IDLE = { watchers: 1_000, load: "idle" } as const;
const settings = COUNTS.flatMap((watchers) =>
  (["paced", "full"] as const).map((load) => ({ watchers, load })),
);

/** What reaches a watcher, and when. */
export const watch: Workload = {
  name: "watch",
  about: "events delivered to 1, 100 and 1,000 watchers of one client, and what an idle watcher takes",
  onRequest: true,
  server: "etcd",
  agentCount: 2,
  nodeOptions: ["--expose-gc"],
  shows: "events",
  seconds: 1,
  warmupSeconds: 0.25,
  params: [...settings, IDLE],
  smokeParams: [...settings.filter(({ watchers }) => watchers === 100), IDLE],
  systems: {
    etcdwire: open(async (target) => (await import("../peers/etcdwire-watch.js")).openWatchClient(target)),
    etcd3: open(async (target) => (await import("../peers/etcd3-watch.js")).openWatchClient(target)),
  },
  promiseless: ["etcd3"],
  ratios: settings.flatMap((params): RatioRule[] => {
    const rule = { system: "etcdwire", against: "etcd3", params } as const;
    const text = `watch watchers=${params.watchers} load=${params.load}`;
    return params.load === "paced"
      ? [{ ...rule, name: `${text} p50: etcdwire / etcd3`, metric: "p50" as const }]
      : [
          { ...rule, name: `${text} events/s: etcdwire / etcd3`, metric: "opsPerSecond" as const },
          {
            ...rule,
            name: `${text} client CPU per event: etcdwire / etcd3`,
            metric: "clientCpuUsPerOp" as const,
          },
        ];
  }),
  values: ["etcdwire", "etcd3"].map((system) => ({
    name: `watch memory per idle watcher: ${system}`,
    metric: "bytesPerWatcher" as const,
    system,
    params: IDLE,
    unit: "bytes",
  })),
};
