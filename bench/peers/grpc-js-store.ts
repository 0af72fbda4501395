/**
 * What is in the store, and who leads, asked in the plainest way: generated clients on stock grpc-js channels, each closed
 * after its one call. It judges what the systems under measurement say of their writes, so it shares nothing with them.
 */
import { credentials } from "@grpc/grpc-js";
import { KVClient, MaintenanceClient, RangeRequest, StatusRequest } from "../../src/raw.js";

/** Asked of members that are said to be well, over loopback. */
const CALL_TIMEOUT_MS = 2_000;
const deadline = (): { deadline: number } => ({ deadline: Date.now() + CALL_TIMEOUT_MS });
/** A channel of its own each time: one that has failed waits before it connects again. */
const OWN_CONNECTION = { "grpc.use_local_subchannel_pool": 1 };

/** The member that `endpoint` follows, "0" when it knows of none. */
export const leaderSeenBy = (endpoint: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const maintenance = new MaintenanceClient(endpoint, credentials.createInsecure(), OWN_CONNECTION);
    maintenance.Status(new StatusRequest(), deadline(), (error, reply) => {
      maintenance.close();
      if (error === null) resolve(reply!.leader);
      else reject(error);
    });
  });

/** A linearizable read: the version of every key that begins with `prefix`, by the number that the rest of the key is. */
export const readVersions = (endpoint: string, prefix: string): Promise<ReadonlyMap<number, number>> =>
  new Promise((resolve, reject) => {
    const kv = new KVClient(endpoint, credentials.createInsecure(), OWN_CONNECTION);
    const key = Buffer.from(prefix);
    const rangeEnd = Buffer.from(key);
    // The prefixes asked for end in ASCII, so the last byte has a successor.
    rangeEnd[rangeEnd.length - 1]! += 1;
    kv.Range(new RangeRequest({ key, range_end: rangeEnd, keys_only: true }), deadline(), (error, reply) => {
      kv.close();
      if (error !== null) reject(error);
      else {
        resolve(
          new Map(
            reply!.kvs.map((keyValue) => [
              Number(Buffer.from(keyValue.key.subarray(key.length)).toString()),
              Number(keyValue.version),
            ]),
          ),
        );
      }
    });
  });
