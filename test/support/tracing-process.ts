/** Publishes one event on each channel, for whoever looks at what NODE_DEBUG prints of them. */
import { ConnectionError } from "../../src/errors.js";
import {
  connectionEvents,
  leaderEvents,
  leaseEvents,
  lockEvents,
  traceRpc,
  tracesRpc,
  watchEvents,
} from "../../src/tracing.js";

const error = new ConnectionError("ETCD_UNREACHABLE", 'two\nlines and "quotes"', { mayHaveApplied: false });
const traced = { id: 7, endpoint: "unix:///run/etcd 1.sock", kind: "calls" } as const;

connectionEvents.publish({ type: "open", ...traced, connectMs: 1.23456, tlsProtocol: undefined });
connectionEvents.publish({ type: "closed", ...traced, error, openMs: 0 });
leaderEvents.publish({ type: "search" });
watchEvents.publish({ type: "ended", watchId: 1, error: undefined });
leaseEvents.publish({ type: "revoked", leaseId: 0xabcdefn });
lockEvents.publish({ type: "released", name: "jobs/42", token: 5, heldMs: 1_000 });
const call = (): Promise<void> =>
  traceRpc(
    "/etcdserverpb.KV/Put",
    Infinity,
    () => 0,
    (rpc) => {
      rpc.sent("a:1");
      rpc.event.repeatedAfter.push(error);
      rpc.sent("b:1");
      return Promise.reject(error);
    },
  );
if (tracesRpc()) await call().catch(() => {});
console.log("done");
