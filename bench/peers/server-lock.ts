/**
 * etcd's own Lock service (`v3lockpb`), which runs Go's `concurrency.Mutex` inside the server: what jetcd and the Rust
 * client call. Through the generated stub on a stock grpc-js channel, one channel and one lease per contender.
 */
import { credentials } from "@grpc/grpc-js";
import { LockClient, LockRequest, UnlockRequest } from "../../src/raw.js";
import type { Contender } from "../harness/contention.js";
import { OWN_CONNECTION } from "./grpc-js.js";
import { openKeptLease } from "./kept-lease.js";

export const openServerLockContender = async (endpoint: string, ttlSeconds: number): Promise<Contender> => {
  const locks = new LockClient(endpoint, credentials.createInsecure(), OWN_CONNECTION);
  const lease = await openKeptLease(endpoint, ttlSeconds, OWN_CONNECTION);

  return {
    acquire: (name) =>
      new Promise((resolve, reject) => {
        locks.Lock(new LockRequest({ name: Buffer.from(name), lease: lease.id }), (error, reply) => {
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
      await lease.close();
      locks.close();
    },
  };
};
