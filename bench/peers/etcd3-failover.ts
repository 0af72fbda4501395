/** The stock way to survive a failing leader: npm's `etcd3` with all endpoints and its own defaults. */
import type { WriteEnd } from "../harness/write-loop.js";
import type { Target } from "../harness/workload.js";
import type { FailoverClient } from "../harness/clients.js";
import { openEtcd3 } from "./etcd3-client.js";

/**
 * It does not tell what became of a call that failed. One error proves something all the same: when all circuit breakers
 * were open, the call was never sent (had it been, etcd3 would have thrown that try's error).
 */
const endOf = (error: unknown): WriteEnd => {
  const reason = error instanceof Error ? error.constructor.name : String(error);
  return { outcome: reason === "BrokenCircuitError" ? "refused" : "unknown", reason };
};

export const openFailoverClient = (target: Target): FailoverClient => {
  const client = openEtcd3(target);
  return {
    write: (key, value, timeoutMs) =>
      client
        .put(key)
        .value(value)
        .options({ deadline: Date.now() + timeoutMs })
        .exec()
        .then(() => ({ outcome: "acknowledged" }), endOf),
    holdLease: async (key, ttlSeconds) => {
      const lease = client.lease(ttlSeconds);
      let loss = "";
      lease.on("lost", (error) => (loss = String(error)));
      await lease.put(key).value("held").exec();
      return () => loss;
    },
    close: () => {
      client.close();
      return Promise.resolve();
    },
  };
};
