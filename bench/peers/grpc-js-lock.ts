/**
 * A lock as a program without a lock library would write it on generated code: the two Txns that `Mutex` sends when
 * nobody else wants the name (design: `create_revision` over the whole prefix is 0, then put; the key's own
 * `create_revision` is the token, then delete), on a stock grpc-js channel. It waits for nobody: the bench gives it
 * free names only, and a name that is taken is an error.
 */
import { credentials } from "@grpc/grpc-js";
import {
  Compare,
  DeleteRangeRequest,
  KVClient,
  PutRequest,
  RangeRequest,
  RequestOp,
  TxnRequest,
} from "../../src/raw.js";
import type { TxnResponse } from "../../src/raw.js";
import type { Contender } from "../harness/contention.js";
import { openKeptLease } from "./kept-lease.js";

const createRevisionIs = (key: Uint8Array, revision: string, rangeEnd?: Uint8Array): Compare =>
  new Compare({
    key,
    ...(rangeEnd === undefined ? {} : { range_end: rangeEnd }),
    target: Compare.CompareTarget.CREATE,
    result: Compare.CompareResult.EQUAL,
    create_revision: revision,
  });

const commit = (kv: KVClient, request: TxnRequest): Promise<TxnResponse> =>
  new Promise((resolve, reject) => {
    kv.Txn(request, (error, reply) => {
      if (error !== null) reject(error);
      else if (reply?.succeeded !== true) reject(new Error("the Txn's compare did not hold"));
      else resolve(reply);
    });
  });

/** Connects and takes a lease. */
export const openTxnLock = async (endpoint: string, ttlSeconds: number): Promise<Contender> => {
  const kv = new KVClient(endpoint, credentials.createInsecure());
  const lease = await openKeptLease(endpoint, ttlSeconds);
  const suffix = `/${BigInt(lease.id).toString(16)}`;
  let acquireCount = 0;

  return {
    acquire: async (name) => {
      const key = Buffer.from(name + suffix);
      const prefix = Buffer.from(`${name}/`);
      // The end of a prefix range: the last byte, "/", plus one.
      const prefixEnd = Buffer.from(`${name}0`);
      const value = Buffer.from(String(++acquireCount));
      const putMe = new RequestOp({ request_put: new PutRequest({ key, value, lease: lease.id }) });
      const reply = await commit(
        kv,
        new TxnRequest({
          compare: [createRevisionIs(prefix, "0", prefixEnd)],
          success: [putMe],
          failure: [
            new RequestOp({
              request_txn: new TxnRequest({
                compare: [createRevisionIs(key, "0")],
                success: [putMe],
                failure: [new RequestOp({ request_range: new RangeRequest({ key }) })],
              }),
            }),
            new RequestOp({
              request_range: new RangeRequest({ key: prefix, range_end: prefixEnd, keys_only: true }),
            }),
          ],
        }),
      );
      const token = reply.header?.revision;
      if (token === undefined) throw new Error("a reply without a header");
      return {
        token: Number(token),
        release: async () => {
          await commit(
            kv,
            new TxnRequest({
              compare: [createRevisionIs(key, token)],
              success: [new RequestOp({ request_delete_range: new DeleteRangeRequest({ key }) })],
              failure: [],
            }),
          );
        },
      };
    },
    close: async () => {
      await lease.close();
      kv.close();
    },
  };
};
