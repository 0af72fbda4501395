/** Bulk on a client of etcdwire: requests and replies of megabytes, one after the other. */
import { setTimeout as sleep } from "node:timers/promises";
import { op, param } from "../../src/index.js";
import type { Client, TxnView } from "../../src/index.js";
import { CompactionRequest, credentials, KVClient } from "../../src/raw.js";
import { BULK_KEY_BYTES, BULK_MIB } from "../null-replies.js";

export type BulkKind = "put" | "range";

/** Bulk under way. */
export interface Bulk {
  /** Waits for the one in flight; tells how many bytes of values went by, of requests that succeeded. */
  stop(): Promise<number>;
}

const MIB = 2 ** 20;
/** etcd takes requests up to 1.5 MiB (`--max-request-bytes`), and the key and the rest of the message need some. */
const PUT_VALUE_BYTES = 1.5 * MIB - 8 * 1024;
/**
 * At least so long from one put to the next on etcd, which keeps every one of its last 5,000 entries in memory and in
 * its log: at 20 per second some 30 MiB/s, and a put is under way for about half of the time.
 */
const ETCD_PUT_INTERVAL_MS = 50;
/** 64 MiB of values and their keys are over the default of 64 MiB. */
export const BULK_MESSAGE_MAX_BYTES = (BULK_MIB + 16) * MIB;

/** By the length of this the null server knows what is wanted. */
const PREFIX = `bench/bulk/${"x".repeat(BULK_KEY_BYTES - 12)}/`;

/** A submitted transaction as a promise: what bulk costs in promises does not matter. */
const submit = <Parameters extends object, Result>(
  txn: {
    submit(
      parameters: Parameters,
      callback: (error: Error | undefined, view: TxnView | undefined) => void,
    ): void;
  },
  parameters: Parameters,
  read: (view: TxnView) => Result,
): Promise<Result> =>
  new Promise((resolve, reject) => {
    txn.submit(parameters, (error, view) => {
      if (view === undefined) reject(error!);
      else resolve(read(view));
    });
  });

const preparedPut = (client: Client) =>
  client.prepare({ then: [op.put(param.key("key"), param.value("value"))] }, { repeatable: true });

/** Puts what "range" reads, unless it is there. */
export const putBulkValues = async (client: Client): Promise<void> => {
  const count = client.prepare({ then: [op.get(PREFIX, { prefix: true, countOnly: true })] });
  if ((await submit(count, {}, (view) => view.response(0).count)) === BULK_MIB) return;
  const put = preparedPut(client);
  const value = Buffer.alloc(MIB, "v");
  for (let i = 0; i < BULK_MIB; i++) await put.run({ key: PREFIX + String(i), value });
};

/** Starts bulk of one kind; it goes on until it is stopped, or fails. */
export const startBulk = (client: Client, kind: BulkKind, server: "etcd" | "null"): Bulk => {
  let isStopped = false;
  const stopped = (): boolean => isStopped;
  let movedBytes = 0;

  const put = async (): Promise<void> => {
    const txn = preparedPut(client);
    const parameters = { key: "bench/bulk-put", value: Buffer.alloc(PUT_VALUE_BYTES, "v") };
    let revision = 0;
    while (!stopped()) {
      const pause = server === "etcd" ? sleep(ETCD_PUT_INTERVAL_MS) : undefined;
      revision = await submit(txn, parameters, (view) => view.revision);
      movedBytes += PUT_VALUE_BYTES;
      await pause;
    }
    if (server === "etcd") await compact(client, revision);
  };
  const range = async (): Promise<void> => {
    const txn = client.prepare({ then: [op.get(PREFIX, { prefix: true })] });
    while (!stopped()) {
      const count = await submit(txn, {}, (view) => view.response(0).kvCount);
      if (count !== BULK_MIB) throw new Error(`the range has ${count} values and not ${BULK_MIB}`);
      movedBytes += BULK_MIB * MIB;
    }
  };
  const work = kind === "put" ? put() : range();
  // Told by stop().
  work.catch(() => {});
  return {
    stop: async () => {
      isStopped = true;
      await work;
      return movedBytes;
    },
  };
};

/** What the puts have left is used again by the next ones. */
const compact = (client: Client, revision: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const kv = new KVClient("etcd", credentials.createInsecure(), { channelOverride: client.channel() });
    kv.Compact(new CompactionRequest({ revision: String(revision) }), (error) => {
      kv.close();
      if (error === null) resolve();
      else reject(error);
    });
  });
