/** The plain calls by the generated client on the stock grpc-js channel, each with a request of its own. */
import {
  Compare,
  DeleteRangeRequest,
  PutRequest,
  RangeRequest,
  RequestOp,
  TxnRequest,
} from "../../src/raw.js";
import type { DeleteRangeResponse, PutResponse, RangeResponse, TxnResponse } from "../../src/raw.js";
import type { Target } from "../harness/workload.js";
import { KEY_OF_CALL, KV_VALUE } from "../null-replies.js";
import type { KvCalls } from "../harness/clients.js";
import { openKv, settle } from "./grpc-js.js";

export const openKvCalls = (target: Target): KvCalls => {
  const kv = openKv(target);
  const putRequest = (key: string): PutRequest =>
    new PutRequest({ key: Buffer.from(key), value: Buffer.from(KV_VALUE) });
  const rangeRequest = (): RangeRequest => new RangeRequest({ key: Buffer.from(KEY_OF_CALL.get) });
  return {
    prepare: () =>
      new Promise<void>((resolve, reject) => {
        kv.Put(putRequest(KEY_OF_CALL.get), (error) => (error === null ? resolve() : reject(error)));
      }),
    get: (_slot, done) => {
      kv.Range(
        rangeRequest(),
        settle(done, (reply: RangeResponse) => reply.kvs.length === 1),
      );
    },
    put: (_slot, done) => {
      kv.Put(
        putRequest(KEY_OF_CALL.put),
        settle(done, (reply: PutResponse) => Number(reply.header?.revision) > 0),
      );
    },
    delete: (_slot, done) => {
      kv.DeleteRange(
        new DeleteRangeRequest({ key: Buffer.from(KEY_OF_CALL.delete) }),
        settle(done, (reply: DeleteRangeResponse) => Number(reply.header?.revision) > 0),
      );
    },
    txn: (_slot, done) => {
      kv.Txn(
        new TxnRequest({
          compare: [
            new Compare({
              key: Buffer.from(KEY_OF_CALL.get),
              target: Compare.CompareTarget.MOD,
              result: Compare.CompareResult.GREATER,
              mod_revision: "0",
            }),
          ],
          success: [new RequestOp({ request_range: rangeRequest() })],
          failure: [new RequestOp({ request_put: putRequest(KEY_OF_CALL.get) })],
        }),
        settle(done, (reply: TxnResponse) => reply.succeeded),
      );
    },
    close: () => kv.close(),
  };
};
