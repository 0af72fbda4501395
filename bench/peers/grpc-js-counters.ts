/**
 * What the counters of `txn` are at the end, asked in the plainest way: the generated client on a stock channel of its own.
 * It judges what the systems under measurement say of their writes, so it shares nothing with them; except on a cluster with
 * users, where it logs in through our channel.
 */
import { DeleteRangeRequest, RangeRequest } from "../../src/raw.js";
import { readCounter } from "../harness/counters.js";
import type { FinalCounter } from "../harness/counters.js";
import type { Target } from "../harness/workload.js";
import { openClient } from "./etcdwire.js";
import { openKv } from "./grpc-js.js";

/** After a run, of a server that has nothing else to do. */
const CALL_TIMEOUT_MS = 10_000;
const OWN_CHANNEL = {
  "grpc.use_local_subchannel_pool": 1,
  // 64 values of 64 KiB are more than the 4 MiB that it takes by default.
  "grpc.max_receive_message_length": -1,
};

/** A linearizable read of all keys that begin with `prefix`, which are deleted then. */
export const takeCounters = async (
  target: Target,
  prefix: string,
): Promise<ReadonlyMap<string, FinalCounter>> => {
  const loggedIn = target.auth === undefined ? undefined : openClient(target);
  const kv = openKv(target, loggedIn === undefined ? OWN_CHANNEL : { channelOverride: loggedIn.channel() });
  const key = Buffer.from(prefix);
  const rangeEnd = Buffer.from(key);
  // The prefixes asked for end in ASCII, so the last byte has a successor.
  rangeEnd[rangeEnd.length - 1]! += 1;
  const call = { deadline: Date.now() + CALL_TIMEOUT_MS };
  try {
    const finals = await new Promise<ReadonlyMap<string, FinalCounter>>((resolve, reject) => {
      kv.Range(new RangeRequest({ key, range_end: rangeEnd }), call, (error, reply) => {
        if (error !== null) reject(error);
        else {
          resolve(
            new Map(
              reply!.kvs.map((found) => [
                Buffer.from(found.key).toString(),
                // The first put made version 1.
                { writeCount: Number(found.version) - 1, value: readCounter(found.value) },
              ]),
            ),
          );
        }
      });
    });
    await new Promise<void>((resolve, reject) => {
      kv.DeleteRange(new DeleteRangeRequest({ key, range_end: rangeEnd }), call, (error) =>
        error === null ? resolve() : reject(error),
      );
    });
    return finals;
  } finally {
    kv.close();
    await loggedIn?.close();
  }
};
