/** The Txns by the generated client: on the stock channel, or, given another, on that. */
import type { ClientOptions } from "@grpc/grpc-js";
import { Compare, PutRequest, RangeRequest, RequestOp, TxnRequest } from "../../src/raw.js";
import type { KeyValue, RangeResponse, TxnResponse } from "../../src/raw.js";
import type { Stored, TxnClient } from "../harness/counters.js";
import type { Target } from "../harness/workload.js";
import { openKv } from "./grpc-js.js";
import { oneOf } from "./kv-replies.js";

const storedOf = (kvs: readonly KeyValue[]): Stored => {
  const { mod_revision: modRevision, value } = oneOf(kvs);
  return { modRevision: Number(modRevision), value };
};

const modRevisionIs = (key: Uint8Array, result: Compare.CompareResult, revision: number): Compare =>
  new Compare({ key, target: Compare.CompareTarget.MOD, result, mod_revision: String(revision) });

const { EQUAL, GREATER } = Compare.CompareResult;

export const openTxnClient = (target: Target, options?: ClientOptions): TxnClient => {
  const kv = openKv(target, options);
  const range = (request: RangeRequest): Promise<RangeResponse> =>
    new Promise((resolve, reject) => {
      kv.Range(request, (error, reply) => (error === null ? resolve(reply!) : reject(error)));
    });
  const txn = (request: TxnRequest): Promise<TxnResponse> =>
    new Promise((resolve, reject) => {
      kv.Txn(request, (error, reply) => (error === null ? resolve(reply!) : reject(error)));
    });
  return {
    get: async (name) => storedOf((await range(new RangeRequest({ key: Buffer.from(name) }))).kvs),
    getIfThere: async (name) => {
      const key = Buffer.from(name);
      const reply = await txn(
        new TxnRequest({
          compare: [modRevisionIs(key, GREATER, 0)],
          success: [new RequestOp({ request_range: new RangeRequest({ key }) })],
          failure: [],
        }),
      );
      return storedOf(reply.responses[0]?.response_range?.kvs ?? []);
    },
    putGuarded: async (puts) => {
      const reply = await txn(
        new TxnRequest({
          compare: puts.map(({ key, modRevision }) => modRevisionIs(Buffer.from(key), EQUAL, modRevision)),
          success: puts.map(
            ({ key, value }) =>
              new RequestOp({ request_put: new PutRequest({ key: Buffer.from(key), value }) }),
          ),
          failure: [],
        }),
      );
      return reply.succeeded ? Number(reply.header?.revision) : undefined;
    },
    close: () => {
      kv.close();
      return Promise.resolve();
    },
  };
};
