import { contendingSystem } from "../harness/contention.js";
import type { Contender } from "../harness/contention.js";
import { listenToAll, proclaimAll } from "../harness/proclamations.js";
import type { ElectionClient } from "../harness/proclamations.js";
import { plainEndpoints } from "../harness/workload.js";
import type { Params, RatioRule, RunSetup, SystemFactory, Target, Workload } from "../harness/workload.js";

/** Longer than any bench: no lease is renewed meanwhile, whoever's it is. */
const TTL_SECONDS = 3_600;

const campaigning =
  (openCandidate: (target: Target) => Promise<Contender>): SystemFactory =>
  (target) =>
    Promise.resolve(contendingSystem(() => openCandidate(target)));

const TWO = { contenders: 2, processes: 2, holdMs: 0 } as const;
const candidates: readonly Params[] = [
  TWO,
  { ...TWO, holdMs: 10 },
  { contenders: 8, processes: 4, holdMs: 0 },
];

const handoverRatio = (against: string): RatioRule => ({
  name: `election contenders=2 p50: ${against} / etcdwire`,
  metric: "p50",
  system: against,
  against: "etcdwire",
  params: TWO,
});

/** How long nobody leads between two leaders. */
export const election: Workload = {
  name: "election",
  about:
    "candidates of one election, each its own client and session; from the call of resign to the next leader",
  onRequest: true,
  server: "etcd",
  agentCount: ({ processes = 1 }) => processes,
  shows: "handovers",
  countsRequests: true,
  figures: ["requestsPerOp", "eventsPerOp"],
  seconds: 1,
  warmupSeconds: 0.25,
  params: candidates,
  knobs: ["contenders", "processes", "holdMs"],
  systems: {
    etcdwire: campaigning(async (target) =>
      (await import("../peers/etcdwire-election.js")).openCandidate(target, TTL_SECONDS),
    ),
    "server-election": campaigning(async (target) =>
      (await import("../peers/server-election.js")).openCandidate(
        plainEndpoints(target, "server-election")[0]!,
        TTL_SECONDS,
      ),
    ),
    etcd3: campaigning(async (target) =>
      (await import("../peers/etcd3-election.js")).openCandidate(target, TTL_SECONDS),
    ),
  },
  ratios: ["server-election", "etcd3"].map(handoverRatio),
};

const LEADER = 0;

/** Agent 0 leads and proclaims, agent 1 observes, each with a client of its own for as long as the bench lasts. */
const observing =
  (openClient: (target: Target) => Promise<ElectionClient>): SystemFactory =>
  async (target) => {
    const client = await openClient(target);
    const nameOf = ({ runId }: Pick<RunSetup, "runId">): string => `bench/observe/${runId}`;
    let leadership: Awaited<ReturnType<ElectionClient["lead"]>> | undefined;
    return {
      prepare: async (setup) => {
        if (setup.agentIndex !== LEADER) return;
        // Not sooner: until now somebody may have had to hear the last word.
        await leadership?.resign();
        leadership = await client.lead(nameOf(setup));
      },
      run: async (request) => {
        if (request.agentIndex === LEADER)
          return proclaimAll((value) => leadership!.proclaim(value), request);
        const ends: (() => Promise<unknown>)[] = [];
        const measurement = await listenToAll(
          (onValue) => ends.push(client.observe(nameOf(request), onValue)),
          request.params.watchers ?? 1,
          request,
        );
        await Promise.all(ends.map((end) => end()));
        return measurement;
      },
      close: async () => {
        await leadership?.resign();
        await client.close();
      },
    };
  };

const observers = [1, 100].map((watchers) => ({ watchers }));

/** How soon others know what a leader says. */
export const observe: Workload = {
  name: "observe",
  about: "a leader proclaims every 5 ms; from the call of proclaim to what each observer hears",
  onRequest: true,
  server: "etcd",
  agentCount: 2,
  shows: "proclamations",
  seconds: 1,
  warmupSeconds: 0.25,
  params: observers,
  smokeParams: [{ watchers: 1 }],
  systems: {
    etcdwire: observing(async (target) =>
      (await import("../peers/etcdwire-election.js")).openElectionClient(target, TTL_SECONDS),
    ),
    "server-election": observing(async (target) =>
      (await import("../peers/server-election.js")).openElectionClient(
        plainEndpoints(target, "server-election")[0]!,
        TTL_SECONDS,
      ),
    ),
    etcd3: observing(async (target) =>
      (await import("../peers/etcd3-election.js")).openElectionClient(target, TTL_SECONDS),
    ),
  },
  ratios: ["server-election", "etcd3"].flatMap((against) =>
    observers.map((params): RatioRule => ({
      name: `observe watchers=${params.watchers} p50: ${against} / etcdwire`,
      metric: "p50",
      system: against,
      against: "etcdwire",
      params,
    })),
  ),
};
