import { backoffMs } from "../../cluster/backoff.js";
import { mayPass } from "../../cluster/retry-policy.js";
import { Wait } from "../../cluster/wait.js";
import type { CallerOptions } from "../../client/calls.js";
import { IterationEnd, leavable } from "../../client/iteration.js";
import type { Namespace } from "../../client/namespace.js";
import type { Watcher } from "../../client/watch/watcher.js";
import { EtcdError } from "../../errors.js";
import type { Bytes } from "../../txn/bytes.js";
import { withJson } from "../../txn/json.js";
import type { KeyValue } from "../../txn/key-value.js";
import { electionPlans } from "./election-plans.js";

/** Who leads an election, and what it proclaims. `JSON.stringify` writes the value as base64, the lease as decimal text. */
export interface ElectedLeader {
  /** The leader's key: the election's name, a slash, and its lease in hex. */
  readonly key: string;
  /** What it proclaims. */
  readonly value: Bytes;
  /** When it stood for election. */
  readonly createRevision: number;
  /** When it proclaimed this. */
  readonly modRevision: number;
  readonly lease: bigint;
}

/** What one look shows. */
interface Look {
  readonly revision: number;
  readonly leader: ElectedLeader | undefined;
}

/** One linearizable read. */
export const readLeader = async (
  client: Namespace,
  prefix: string,
  options: CallerOptions,
): Promise<ElectedLeader | undefined> =>
  (await look(client, prefix, client.parts.calls.options(options))).leader;

/**
 * Watches all candidates, from now on, and reads who leads once that is so: a watch from a revision that is past waits for a
 * 100 ms tick of the server. From there on the events say what the leader proclaims, and when its key goes one read says who
 * is next, whatever happened meanwhile.
 */
export const observeLeaders = (
  client: Namespace,
  prefix: string,
  options: CallerOptions,
): AsyncIterableIterator<ElectedLeader, undefined> => {
  const { timeoutMs, signal: callers } = client.parts.calls.options(options);
  const end = new IterationEnd(callers);
  const { signal } = end;
  const { pool } = client.parts;

  /** Reads until it is known: once the watch is there, a cluster that is down does not end it. */
  const lookLong = async (): Promise<Look> => {
    for (let failureCount = 1; ; failureCount++) {
      try {
        return await look(client, prefix, { timeoutMs, signal });
      } catch (error) {
        if (!(error instanceof EtcdError) || signal.aborted || !isPassing(client, error)) throw error;
      }
      const delayMs = backoffMs(failureCount, () => pool.runtime.random());
      await new Wait(pool.runtime, Infinity, signal).sleep(delayMs);
    }
  };

  async function* leaders(): AsyncGenerator<ElectedLeader, undefined> {
    let told = 0;
    let watcher: Watcher | undefined;
    end.begin();
    try {
      for (let isFirst = true; ; isFirst = false) {
        watcher = client.watch(prefix, { prefix: true, timeoutMs, signal });
        try {
          await watcher.ready;
          let { revision, leader } = await (isFirst
            ? look(client, prefix, { timeoutMs, signal })
            : lookLong());
          if (leader !== undefined && leader.modRevision !== told) {
            told = leader.modRevision;
            yield leader;
          }
          for await (const { events } of watcher) {
            for (const { type, kv } of events) {
              // The look showed it.
              if (kv.modRevision <= revision) continue;
              const key = kv.key.string();
              if (type === "put") {
                // A line without a leader is empty: whoever comes leads.
                if (leader !== undefined && leader.key !== key) continue;
                leader = leaderOf(kv);
              } else if (leader?.key === key) ({ revision, leader } = await lookLong());
              else continue;
              if (leader === undefined || leader.modRevision === told) continue;
              told = leader.modRevision;
              yield leader;
            }
          }
          return undefined;
        } catch (error) {
          // What it missed is gone, and it is the present that counts; or it took the cluster long to come back.
          if (!(error instanceof EtcdError) || signal.aborted) throw error;
          const passes = error.code === "ETCD_COMPACTED" || (!isFirst && isPassing(client, error));
          if (!passes) throw error;
        } finally {
          await watcher.close();
        }
      }
    } catch (error) {
      if (end.hasLeft) return undefined;
      throw error;
    } finally {
      end.release();
    }
  }
  return leavable(leaders(), end);
};

const look = async (
  client: Namespace,
  prefix: string,
  options: { readonly timeoutMs: number; readonly signal?: AbortSignal | undefined },
): Promise<Look> => {
  const { revision, responses } = await electionPlans(client).leader.run({ prefix }, options);
  const kv = responses[0]?.kvs[0];
  return { revision, leader: kv === undefined ? undefined : leaderOf(kv) };
};

const leaderOf = ({ key, value, createRevision, modRevision, lease }: KeyValue): ElectedLeader =>
  withJson({ key: key.string(), value, createRevision, modRevision, lease });

/** A look that was not answered in time says nothing about the next one. */
const isPassing = ({ parts }: Namespace, error: EtcdError): boolean =>
  error.code === "ETCD_DEADLINE_EXCEEDED" || mayPass(error, parts.pool.hasCredentials);
