/**
 * etcd's own Election service (`v3electionpb`), which runs Go's `concurrency.Election` inside the server. Through the
 * generated stub on a stock grpc-js channel, one channel and one lease per candidate.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { credentials } from "@grpc/grpc-js";
import {
  CampaignRequest,
  ElectionClient as ElectionStub,
  LeaderRequest,
  ProclaimRequest,
  ResignRequest,
} from "../../src/raw.js";
import type { LeaderKey, LeaderResponse } from "../../src/raw.js";
import type { Contender } from "../harness/contention.js";
import type { ElectionClient } from "../harness/proclamations.js";
import { OWN_CONNECTION } from "./grpc-js.js";
import { openKeptLease } from "./kept-lease.js";

/**
 * Observers are ended one after the other, so far apart. etcd serves them all from one watch stream inside of it, which
 * hangs for good when a hundred are cancelled at once (etcd-io/etcd#18879, #20716; seen with 3.6.14): whoever observes
 * after that hears nothing more, on that member.
 */
const CANCEL_PACE_MS = 5;

/** A stub, and a lease that is kept alive. */
const openStub = async (
  endpoint: string,
  ttlSeconds: number,
): Promise<{
  readonly elections: ElectionStub;
  campaign(name: string): Promise<LeaderKey>;
  resign(leader: LeaderKey): Promise<void>;
  close(): Promise<void>;
}> => {
  const elections = new ElectionStub(endpoint, credentials.createInsecure(), OWN_CONNECTION);
  const lease = await openKeptLease(endpoint, ttlSeconds, OWN_CONNECTION);
  return {
    elections,
    campaign: (name) =>
      new Promise((resolve, reject) => {
        const request = new CampaignRequest({
          name: Buffer.from(name),
          lease: lease.id,
          value: Buffer.from("candidate"),
        });
        elections.Campaign(request, (error, reply) =>
          error === null ? resolve(reply!.leader!) : reject(error),
        );
      }),
    resign: (leader) =>
      new Promise((resolve, reject) => {
        elections.Resign(new ResignRequest({ leader }), (error) =>
          error === null ? resolve() : reject(error),
        );
      }),
    close: async () => {
      await lease.close();
      elections.close();
    },
  };
};

export const openCandidate = async (endpoint: string, ttlSeconds: number): Promise<Contender> => {
  const stub = await openStub(endpoint, ttlSeconds);
  return {
    acquire: async (name) => {
      const leader = await stub.campaign(name);
      return { token: Number(leader.rev), release: () => stub.resign(leader) };
    },
    close: () => stub.close(),
  };
};

export const openElectionClient = async (endpoint: string, ttlSeconds: number): Promise<ElectionClient> => {
  const stub = await openStub(endpoint, ttlSeconds);
  let lastCancelled = Promise.resolve();
  return {
    lead: async (name) => {
      const leader = await stub.campaign(name);
      return {
        proclaim: (value) =>
          new Promise<void>((resolve, reject) => {
            const request = new ProclaimRequest({ leader, value: Buffer.from(value) });
            stub.elections.Proclaim(request, (error) => (error === null ? resolve() : reject(error)));
          }),
        resign: () => stub.resign(leader),
      };
    },
    observe: (name, onValue) => {
      const call = stub.elections.Observe(new LeaderRequest({ name: Buffer.from(name) }));
      call.on("data", ({ kv }: LeaderResponse) => onValue(Buffer.from(kv!.value).toString()));
      // Cancelling it is an error to grpc-js; one that comes earlier shows as a last word that never came.
      call.on("error", () => {});
      return () => {
        lastCancelled = lastCancelled.then(async () => {
          call.cancel();
          await sleep(CANCEL_PACE_MS);
        });
        return lastCancelled;
      };
    },
    close: () => stub.close(),
  };
};
