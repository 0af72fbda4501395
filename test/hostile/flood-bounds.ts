import { GIVEN_UP, attacks } from "./attacks.js";
import { failures } from "./flood-run.js";
import type { FloodReport } from "./flood-run.js";
import type { CallReport } from "./victim.js";

/** What an attack may cost at most. */
export const MEMORY_GROWTH_MAX_BYTES = 32 * 1024 * 1024;
export const LOOP_DELAY_P99_MAX_MS = 50;

/**
 * The endpoint is put aside for up to 10 ms, 20, 40 ... 1 s, half of that on average: 7 connections in the first
 * 0.65 s, then two a second. Twice that, and some, is what jitter may make of it.
 */
const connectionsMax = (seconds: number): number => 30 + 4 * Math.ceil(seconds);

/** How a call at the hostile server may end besides: while it is put aside or silent, or its bytes wait for their turn. */
const WAITED_IN_VAIN = ["ETCD_DEADLINE_EXCEEDED", "ETCD_UNREACHABLE", "ETCD_NO_LEADER", GIVEN_UP];

/** What does not hold, in words; empty if all is well. Times only where nothing else runs on the machine. */
export const breaches = (report: FloodReport, seconds: number, timed: boolean): string[] => {
  const attack = attacks[report.name]!;
  const found: string[] = [];
  const check = (holds: boolean, what: string): void => {
    if (!holds) found.push(what);
  };
  const allSucceed = (kind: string, calls: CallReport): void =>
    check(calls.succeeded === calls.started && calls.started > 0, `${kind} calls failed: ${failures(calls)}`);

  // On a busy machine V8 collects later, and what it has grown by meanwhile stays resident for a while: bounded all the same.
  const residentMax = timed ? MEMORY_GROWTH_MAX_BYTES : 2 * MEMORY_GROWTH_MAX_BYTES;
  check(report.rssGrowthBytes < residentMax, `resident memory grew by ${residentMax / 2 ** 20} MiB or more`);
  check(report.heapGrowthBytes < MEMORY_GROWTH_MAX_BYTES, "memory in use grew by 32 MiB or more");
  if (timed) {
    check(report.loopDelayP99Ms < LOOP_DELAY_P99_MAX_MS, "event-loop delay p99 of 50 ms or more");
  }
  allSucceed("the other client's", report.alone);
  if (attack.leaderCodes === undefined) allSucceed("the leader's", report.leader);
  for (const kind of ["alone", "leader", "any", "pinned"] as const)
    check(report[kind].unsettled === 0, `${report[kind].unsettled} ${kind} calls never settled`);
  check(report.connections <= connectionsMax(seconds), `${report.connections} connections: not put aside`);
  if (attack.connection !== "may stay") check(report.endedConnections > 0, "the connection was not ended");
  for (const kind of ["leader", "pinned"] as const) {
    const expected = (kind === "pinned" ? attack.codes : attack.leaderCodes) ?? [];
    const codes = Object.keys(report[kind].failed);
    const unexpected = codes.filter((code) => !expected.includes(code) && !WAITED_IN_VAIN.includes(code));
    check(unexpected.length === 0, `${kind} calls ended with ${unexpected.join(", ")}`);
    if (kind === "pinned" && expected.length > 0)
      check(
        codes.some((code) => expected.includes(code)),
        `no ${kind} call ended with ${expected.join(" or ")} but with ${codes.join(", ")}`,
      );
  }
  return found;
};
