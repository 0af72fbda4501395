/** etcdwire under a failing leader: one client with all endpoints, and what it says of each write. */
import { Client, EtcdError, Session } from "../../src/index.js";
import type { WriteEnd } from "../harness/write-loop.js";
import type { Target } from "../harness/workload.js";
import type { FailoverClient } from "../harness/clients.js";

export const openFailoverClient = ({ endpoints }: Target): FailoverClient => {
  const client = new Client({ endpoints });
  const sessions: Session[] = [];
  return {
    write: (key, value, timeoutMs) =>
      client.kv.put(key, value, { timeoutMs }).then(
        () => ({ outcome: "acknowledged" }),
        (error: unknown): WriteEnd => ({
          outcome: error instanceof EtcdError && !error.mayHaveApplied ? "refused" : "unknown",
          reason: error instanceof EtcdError ? error.code : String(error),
        }),
      ),
    holdLease: async (key, ttlSeconds) => {
      const session = await Session.create(client, { ttlSeconds });
      sessions.push(session);
      await client.kv.put(key, "held", { lease: session.leaseId });
      return () => (session.signal.aborted ? String(session.signal.reason) : "");
    },
    close: async () => {
      await Promise.all(sessions.map((session) => session.close()));
      await client.close();
    },
  };
};
