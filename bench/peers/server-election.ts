/**
 * etcd's own Election service (`v3electionpb`), which runs Go's `concurrency.Election` inside the server. Through the
 * generated stub on a stock grpc-js channel, one channel and one lease per candidate.
 */
import { credentials } from "@grpc/grpc-js";
import {
  CampaignRequest,
  ElectionClient as ElectionStub,
  LeaderRequest,
  LeaseClient,
  LeaseGrantRequest,
  LeaseKeepAliveRequest,
  LeaseRevokeRequest,
  ProclaimRequest,
  ResignRequest,
} from "../../src/raw.js";
import type { LeaderKey, LeaderResponse } from "../../src/raw.js";
import type { Contender } from "../harness/contention.js";
import type { ElectionClient } from "../harness/proclamations.js";

/** One grpc-js process shares a TCP connection between equal channels unless it is told not to. */
const OWN_CONNECTION = { "grpc.use_local_subchannel_pool": 1 };

/** A stub, and a lease that is renewed at a third of its TTL. */
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
  const leases = new LeaseClient(endpoint, credentials.createInsecure(), OWN_CONNECTION);
  const lease = await new Promise<string>((resolve, reject) => {
    leases.LeaseGrant(new LeaseGrantRequest({ TTL: String(ttlSeconds) }), (error, reply) =>
      error === null ? resolve(reply!.ID) : reject(error),
    );
  });
  const renewals = leases.LeaseKeepAlive();
  renewals.on("data", () => {}).on("error", () => {});
  const renewal = new LeaseKeepAliveRequest({ ID: lease });
  const timer = setInterval(() => renewals.write(renewal), (ttlSeconds * 1000) / 3);
  return {
    elections,
    campaign: (name) =>
      new Promise((resolve, reject) => {
        const request = new CampaignRequest({
          name: Buffer.from(name),
          lease,
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
      clearInterval(timer);
      renewals.cancel();
      await new Promise<void>((resolve) => {
        leases.LeaseRevoke(new LeaseRevokeRequest({ ID: lease }), () => resolve());
      });
      elections.close();
      leases.close();
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
        call.cancel();
        return Promise.resolve();
      };
    },
    close: () => stub.close(),
  };
};
