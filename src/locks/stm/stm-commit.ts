import type { Namespace } from "../../client/namespace.js";
import type { Wait } from "../../cluster/wait.js";
import { EtcdError, LockLostError } from "../../errors.js";
import { OPERATIONS_MAX_COUNT, compare, op } from "../../txn/shape.js";
import type { Compare, Operation } from "../../txn/shape.js";
import type { Lock } from "../lock.js";
import { callOptions, readsOf } from "./stm-attempt.js";
import type { StmAttempt, StmReads } from "./stm-attempt.js";

/** What the transactions of one `stm` see of others, and what they do to one another; see `StmOptions`. */
export type StmIsolation = "serializable-snapshot" | "serializable" | "repeatable-reads" | "read-committed";

/** How an attempt ended. */
export type StmOutcome =
  | { readonly committed: true; readonly revision: number }
  /** Others were faster. `fresh` is what the attempt had read, as it is now, and took so long to come. */
  | { readonly committed: false; readonly fresh: StmReads; readonly roundTripMs: number };

/**
 * Writes what an attempt wants to write, if nothing has changed that it rests on: one transaction, sent once. One that
 * wrote nothing needs it only if its reads may not fit together.
 *
 * @throws LockLostError if it is the guard that does not hold
 */
export const commit = async (
  client: Namespace,
  attempt: StmAttempt,
  isolation: StmIsolation,
  guard: Lock | undefined,
  wait: Wait,
): Promise<StmOutcome> => {
  const writes = Array.from(attempt.writes.values(), ({ key, value, lease }) =>
    value === undefined ? op.del(key) : op.put(key, value, { lease }),
  );
  if (writes.length === 0 && !mayBeTorn(attempt, isolation)) {
    // Nobody can have changed a state of the past.
    return { committed: true, revision: latestRead(attempt) };
  }
  const guards = writes.length === 0 ? [] : (guard?.guard() ?? []);
  const compares = [...conflicts(attempt, isolation), ...guards];
  const keys = isolation === "read-committed" ? [] : Array.from(attempt.reads.values(), ({ key }) => key);
  const gets: Operation[] = keys.map((key) => op.get(key));
  // Which of the conditions has failed: etcd does not say, and decides this one at the same moment.
  if (guards.length > 0) gets.push(op.txn({ if: guards }));
  requireRoom(Math.max(compares.length, writes.length, gets.length) + guards.length, attempt);

  const { runtime } = client.parts.pool;
  const sentAtMs = runtime.now();
  const { succeeded, revision, responses } = await client.kv.txn(
    { if: compares, then: writes, else: gets },
    callOptions(wait),
  );
  if (succeeded) return { committed: true, revision };
  const held = responses[keys.length];
  if (guard !== undefined && held?.kind === "txn" && !held.result.succeeded) {
    const why = `lock "${guard.name}" is held by somebody else, or by nobody`;
    guard.lose(new LockLostError("ETCD_LOCK_LOST", why, { mayHaveApplied: false }));
    guard.assertHeld();
  }
  return {
    committed: false,
    fresh: readsOf(keys, responses, revision),
    roundTripMs: runtime.now() - sentAtMs,
  };
};

/** The conditions under which what the attempt has seen is still so, as far as its isolation asks for that. */
const conflicts = ({ reads, writes, base }: StmAttempt, isolation: StmIsolation): Compare[] => {
  if (isolation === "read-committed") return [];
  const compares: Compare[] = [];
  for (const { key, kv } of reads.values()) {
    compares.push(compare.modRevision(key, "=", kv?.modRevision ?? 0));
  }
  if (isolation === "serializable-snapshot" && base > 0) {
    for (const [id, { key }] of writes) {
      // A key that was read is compared already.
      if (!reads.has(id)) compares.push(compare.modRevision(key, "<", base + 1));
    }
  }
  return compares;
};

/** Reads of several revisions are of one state only if they are all still so. */
const mayBeTorn = ({ reads }: StmAttempt, isolation: StmIsolation): boolean =>
  isolation === "repeatable-reads" &&
  new Set(Array.from(reads.values(), ({ revision }) => revision)).size > 1;

const latestRead = ({ reads }: StmAttempt): number =>
  Math.max(0, ...Array.from(reads.values(), ({ revision }) => revision));

const requireRoom = (count: number, { reads, writes }: StmAttempt): void => {
  if (count <= OPERATIONS_MAX_COUNT) return;
  throw new EtcdError(
    "ETCD_TOO_MANY_OPERATIONS",
    `the transaction has read ${reads.size} keys and written ${writes.size}: etcd takes ${OPERATIONS_MAX_COUNT} conditions and ${OPERATIONS_MAX_COUNT} writes, a guard's included`,
    { mayHaveApplied: false, attempts: 0 },
  );
};
