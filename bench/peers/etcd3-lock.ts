/** npm's `etcd3`, its locks as its documentation shows them: each with a lease of its own, and without fencing tokens. */
import type { Contender } from "../harness/contention.js";
import type { Target } from "../harness/workload.js";
import { openEtcd3 } from "./etcd3-client.js";

/** A lock that is taken is an error: etcd3 does not wait. */
export const openEtcd3Locker = async (
  target: Target,
  ttlSeconds: number,
): Promise<Pick<Contender, "acquire" | "close">> => {
  const client = openEtcd3(target);
  // Connect before the clock starts.
  await client.get("bench/acquire").string();
  return {
    acquire: async (name) => {
      const lock = client.lock(name).ttl(ttlSeconds);
      await lock.acquire();
      return {
        release: async () => {
          await lock.release();
        },
      };
    },
    close: () => {
      client.close();
      return Promise.resolve();
    },
  };
};
