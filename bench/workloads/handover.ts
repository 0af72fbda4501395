import { contend } from "../harness/contention.js";
import type { Contender } from "../harness/contention.js";
import type { System, SystemFactory, Workload } from "../harness/workload.js";

const TTL_SECONDS = 60;
const CONTENDERS_MAX_COUNT = 8;
const AGENT_COUNT = 2;

/** Each agent keeps its share of the largest number of contenders connected, and a run uses as many as it asks for. */
const openContenders = async (open: () => Promise<Contender>): Promise<System> => {
  const contenders = await Promise.all(Array.from({ length: CONTENDERS_MAX_COUNT / AGENT_COUNT }, open));
  return {
    run: (request) =>
      contend(contenders.slice(0, (request.params.contenders ?? AGENT_COUNT) / request.agentCount), request),
    close: async () => {
      await Promise.all(contenders.map((contender) => contender.close()));
    },
  };
};

const openEtcdwire: SystemFactory = async (target) => {
  const { openMutexContender } = await import("../peers/etcdwire.js");
  return openContenders(() => openMutexContender(target, TTL_SECONDS));
};

const openServerLock: SystemFactory = async (target) => {
  const { openServerLockContender } = await import("../peers/server-lock.js");
  return openContenders(() => openServerLockContender(target.endpoints[0]!, TTL_SECONDS));
};

/** How long a lock lies idle between two owners. */
export const handover: Workload = {
  name: "handover",
  about: "contenders for one name, each its own client and session, in two processes",
  server: "etcd",
  agentCount: AGENT_COUNT,
  shows: "handovers",
  seconds: 1.3,
  warmupSeconds: 0.25,
  params: [2, CONTENDERS_MAX_COUNT].flatMap((contenders) =>
    [0, 10].map((holdMs) => ({ contenders, holdMs })),
  ),
  systems: { etcdwire: openEtcdwire, "server-lock": openServerLock },
  ratios: [
    {
      name: "handover contenders=2 hold=0ms rate: etcdwire / server-lock",
      metric: "opsPerSecond",
      system: "etcdwire",
      against: "server-lock",
      params: { contenders: 2, holdMs: 0 },
      bar: { atLeast: 10 },
    },
    {
      name: "handover contenders=2 hold=10ms rate: etcdwire / server-lock",
      metric: "opsPerSecond",
      system: "etcdwire",
      against: "server-lock",
      params: { contenders: 2, holdMs: 10 },
      bar: { atLeast: 4 },
    },
  ],
};
