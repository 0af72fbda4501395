import { setTimeout as sleep } from "node:timers/promises";
import { readMetrics } from "./metrics.js";
import type { ServerCounters, Target } from "./workload.js";

/**
 * The counters in the text that etcd serves under `/metrics` (3.4 to 3.7 call them the same). Requests are messages that
 * clients have sent, so a watch that is created on an open stream counts as one, as a unary call does. What etcd's own
 * Lock service does inside the server is no message; its watchers' events are events.
 */
export const parseServerCounters = (metrics: string): ServerCounters => {
  let requests = 0;
  let events = 0;
  let revision = 0;
  for (const line of metrics.split("\n")) {
    const value = (): number => Number(line.slice(line.lastIndexOf(" ")));
    if (line.startsWith("grpc_server_msg_received_total{")) requests += value();
    else if (line.startsWith("etcd_debugging_mvcc_events_total ")) events = value();
    else if (line.startsWith("etcd_debugging_mvcc_current_revision ")) revision = value();
  }
  if (revision === 0) throw new Error("these are not the metrics of an etcd");
  return { requests, events, revision };
};

/** Requests and events of all members together; the highest revision. */
export const addServerCounters = (members: readonly ServerCounters[]): ServerCounters => ({
  requests: members.reduce((sum, { requests }) => sum + requests, 0),
  events: members.reduce((sum, { events }) => sum + events, 0),
  revision: Math.max(...members.map(({ revision }) => revision)),
});

/** Asks all members, outside of gRPC: asking is in no counter. */
export const readServerCounters = async (target: Target): Promise<ServerCounters> =>
  addServerCounters(
    await Promise.all(
      target.endpoints.map(async (endpoint) => parseServerCounters(await readMetrics(target, endpoint))),
    ),
  );

/** So long without requests, and what somebody had started in the background is over. */
const QUIET_MS = 200;
/** A renewal may come at any time. */
const QUIET_MAX_COUNT = 2;
/** On a cluster that others use too it never becomes quiet, and some members do not tell. */
const WAIT_MAX_MS = 5_000;

/** Waits until clients ask the members for nothing more: watches that follow an acquire, say. */
export const untilQuiet = async (target: Target): Promise<void> => {
  const endMs = performance.now() + WAIT_MAX_MS;
  for (let before = -Infinity; performance.now() < endMs;) {
    const counters = await readServerCounters(target).catch(() => undefined);
    if (counters === undefined) return;
    if (counters.requests - before <= QUIET_MAX_COUNT) return;
    before = counters.requests;
    await sleep(QUIET_MS);
  }
};
