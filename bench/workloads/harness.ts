import type { Operation } from "../harness/closed-loop.js";
import { drive } from "../harness/drive.js";
import type { SystemFactory, Workload } from "../harness/workload.js";
import { clientLimit } from "./client-limit.js";

/**
 * An operation that does nothing and ends in a later turn of the event loop, with all others that were started in this
 * one: as answers come that a client reads from its socket at once.
 */
const nothing = (): Operation => {
  let open: (() => void)[] = [];
  let ended: (() => void)[] = [];
  const endAll = (): void => {
    [ended, open] = [open, ended];
    for (const done of ended) done();
    ended.length = 0;
  };
  return (_slot, done) => {
    if (open.push(done) === 1) setImmediate(endAll);
  };
};

const openNothing: SystemFactory = () => {
  const operation = nothing();
  return Promise.resolve({
    run: (request) => drive(operation, request),
    close: () => Promise.resolve(),
  });
};

const params = { concurrency: 64 } as const;

/** What the bench itself costs, which is inside of every system's numbers. */
export const harness: Workload = {
  name: "harness",
  about: "operations that do nothing, beside the calls of client-limit: what the bench itself costs",
  onRequest: true,
  server: "null",
  agentCount: 1,
  knobs: ["mode", "concurrency"],
  shows: "calls",
  seconds: 0.8,
  warmupSeconds: 0.25,
  params: [params],
  systems: { empty: openNothing, etcdwire: clientLimit.systems["etcdwire"]! },
  ratios: [
    {
      name: "harness c=64 client CPU per call: empty / etcdwire",
      metric: "clientCpuUsPerOp",
      system: "empty",
      against: "etcdwire",
      params,
      bar: { atMost: 0.1 },
    },
  ],
};
