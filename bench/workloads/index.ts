import type { Workload } from "../harness/workload.js";
import { acquire } from "./acquire.js";
import { alloc } from "./alloc.js";
import { clientLimit, inFlight, tls } from "./client-limit.js";
import { election, observe } from "./election.js";
import { failover } from "./failover.js";
import { fairness } from "./fairness.js";
import { handover } from "./handover.js";
import { harness } from "./harness.js";
import { kv } from "./kv.js";
import { leader } from "./leader.js";
import { local } from "./local.js";
import { scale } from "./scale.js";
import { trylock } from "./trylock.js";
import { txn } from "./txn.js";
import { watch } from "./watch.js";

/** In the order in which they run. */
export const workloads: readonly Workload[] = [
  clientLimit,
  acquire,
  handover,
  tls,
  inFlight,
  fairness,
  alloc,
  leader,
  kv,
  txn,
  watch,
  election,
  observe,
  trylock,
  local,
  scale,
  failover,
  harness,
];

export const workloadNamed = (name: string): Workload | undefined =>
  workloads.find((workload) => workload.name === name);

/** All systems of all workloads, each once. */
export const systemNames: readonly string[] = [
  ...new Set(workloads.flatMap((workload) => Object.keys(workload.systems))),
];
