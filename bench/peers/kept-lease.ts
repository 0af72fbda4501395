/** A lease of a program on stock grpc-js and generated code: granted, and kept alive for as long as it is wanted. */
import { credentials } from "@grpc/grpc-js";
import type { ClientOptions } from "@grpc/grpc-js";
import { LeaseClient, LeaseGrantRequest, LeaseKeepAliveRequest, LeaseRevokeRequest } from "../../src/raw.js";

export interface KeptLease {
  /** As the messages have it. */
  readonly id: string;
  /** Revokes it, and with it all its keys. */
  close(): Promise<void>;
}

/** Takes a lease, which is renewed at a third of its TTL, as a session's is. */
export const openKeptLease = async (
  endpoint: string,
  ttlSeconds: number,
  options: ClientOptions = {},
): Promise<KeptLease> => {
  const leases = new LeaseClient(endpoint, credentials.createInsecure(), options);
  const id = await new Promise<string>((resolve, reject) => {
    leases.LeaseGrant(new LeaseGrantRequest({ TTL: String(ttlSeconds) }), (error, reply) =>
      error === null ? resolve(reply!.ID) : reject(error),
    );
  });
  const renewals = leases.LeaseKeepAlive();
  renewals.on("data", () => {}).on("error", () => {});
  const renewal = new LeaseKeepAliveRequest({ ID: id });
  const timer = setInterval(() => renewals.write(renewal), (ttlSeconds * 1_000) / 3);
  return {
    id,
    close: async () => {
      clearInterval(timer);
      renewals.cancel();
      await new Promise<void>((resolve) => {
        leases.LeaseRevoke(new LeaseRevokeRequest({ ID: id }), () => resolve());
      });
      leases.close();
    },
  };
};
