import os from "node:os";

/** CPU time of the whole machine since it was started, whoever used it. */
export interface MachineTimes {
  readonly busyMs: number;
  readonly idleMs: number;
}

export const readMachineTimes = (): MachineTimes => {
  let busyMs = 0;
  let idleMs = 0;
  for (const { times } of os.cpus()) {
    busyMs += times.user + times.nice + times.sys + times.irq;
    idleMs += times.idle;
  }
  return { busyMs, idleMs };
};

/** The part of all cores that was in use between two moments; 0 when they are too close to tell. */
export const busyShare = (before: MachineTimes, after: MachineTimes): number => {
  const busyMs = after.busyMs - before.busyMs;
  const totalMs = busyMs + after.idleMs - before.idleMs;
  return totalMs > 0 ? busyMs / totalMs : 0;
};
