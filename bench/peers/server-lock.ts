/**
 * etcd's own Lock service (`v3lockpb`), which runs Go's `concurrency.Mutex` inside the server: what jetcd and the Rust
 * client call. Through the generated stub on a stock grpc-js channel, one channel and one lease per contender.
 */
import { credentials } from "@grpc/grpc-js";
import {
  LeaseClient,
  LeaseGrantRequest,
  LeaseKeepAliveRequest,
  LeaseRevokeRequest,
  LockClient,
  LockRequest,
  UnlockRequest,
} from "../../src/raw.js";
import type { Contender } from "../harness/contention.js";

/** One grpc-js process shares a TCP connection between equal channels unless it is told not to. */
const OWN_CONNECTION = { "grpc.use_local_subchannel_pool": 1 };

export const openServerLockContender = async (endpoint: string, ttlSeconds: number): Promise<Contender> => {
  const locks = new LockClient(endpoint, credentials.createInsecure(), OWN_CONNECTION);
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
    acquire: (name) =>
      new Promise((resolve, reject) => {
        locks.Lock(new LockRequest({ name: Buffer.from(name), lease }), (error, reply) => {
          if (error !== null) reject(error);
          else {
            resolve({
              // The service returns no create revision. Its header is that of the read which saw the holder ahead
              // gone, so from one holder to the next it grows by at least the deletion in between.
              token: Number(reply!.header?.revision),
              release: () =>
                new Promise((released, failed) => {
                  locks.Unlock(new UnlockRequest({ key: reply!.key }), (unlockError) =>
                    unlockError === null ? released() : failed(unlockError),
                  );
                }),
            });
          }
        });
      }),
    close: async () => {
      clearInterval(timer);
      renewals.cancel();
      await new Promise<void>((resolve) => {
        leases.LeaseRevoke(new LeaseRevokeRequest({ ID: lease }), () => resolve());
      });
      locks.close();
      leases.close();
    },
  };
};
