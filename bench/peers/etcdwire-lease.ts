/** Small calls about a lease, through the generated stub on the client's own channel. */
import type { Client } from "../../src/index.js";
import {
  credentials,
  LeaseClient,
  LeaseGrantRequest,
  LeaseKeepAliveRequest,
  LeaseRevokeRequest,
  LeaseTimeToLiveRequest,
} from "../../src/raw.js";
import type { Operation } from "../harness/closed-loop.js";
import { settle } from "./grpc-js.js";

export interface LeaseCalls {
  /** A unary call that etcd answers without a commit. */
  readonly timeToLive: Operation;
  /** A renewal on a stream that stays open, one at a time: until its answer is there. */
  readonly keepAlive: Operation;
  close(): void;
}

export const openLeaseCalls = async (client: Client, ttlSeconds: number): Promise<LeaseCalls> => {
  const leases = new LeaseClient("etcd", credentials.createInsecure(), { channelOverride: client.channel() });
  const lease = await new Promise<string>((resolve, reject) => {
    leases.LeaseGrant(new LeaseGrantRequest({ TTL: String(ttlSeconds) }), (error, reply) =>
      error === null ? resolve(reply!.ID) : reject(error),
    );
  });
  const timeToLive = new LeaseTimeToLiveRequest({ ID: lease });
  const renewal = new LeaseKeepAliveRequest({ ID: lease });
  const renewals = leases.LeaseKeepAlive();
  let renewed: ((error?: unknown) => void) | undefined;
  const onRenewed = (error?: unknown): void => {
    const done = renewed;
    renewed = undefined;
    done?.(error);
  };
  renewals.on("data", () => {
    onRenewed();
  });
  renewals.on("error", onRenewed);
  return {
    timeToLive: (_slot, done) => {
      leases.LeaseTimeToLive(
        timeToLive,
        settle(done, (reply: { ID: string }) => reply.ID === lease),
      );
    },
    keepAlive: (_slot, done) => {
      renewed = done;
      renewals.write(renewal);
    },
    close: () => {
      renewals.cancel();
      leases.LeaseRevoke(new LeaseRevokeRequest({ ID: lease }), () => {
        leases.close();
      });
    },
  };
};
