/** The facade's plain calls, as the README shows them: nothing prepared, an object for every reply. */
import { compare, op } from "../../src/index.js";
import { promiseOperation } from "../harness/closed-loop.js";
import type { Target } from "../harness/workload.js";
import { KEY_OF_CALL, KV_VALUE } from "../null-replies.js";
import type { KvCalls } from "../harness/clients.js";
import { openClient } from "./etcdwire.js";
import { expect } from "./kv-replies.js";

export const openKvCalls = (target: Target): KvCalls => {
  const client = openClient(target);
  const { kv } = client;
  return {
    prepare: () => kv.put(KEY_OF_CALL.get, KV_VALUE),
    get: promiseOperation(async () => expect((await kv.get(KEY_OF_CALL.get)).kvs.length === 1)),
    put: promiseOperation(async () => expect((await kv.put(KEY_OF_CALL.put, KV_VALUE)).revision > 0)),
    delete: promiseOperation(async () => expect((await kv.delete(KEY_OF_CALL.delete)).revision > 0)),
    txn: promiseOperation(async () =>
      expect(
        (
          await kv
            .if(compare.modRevision(KEY_OF_CALL.get, ">", 0))
            .then(op.get(KEY_OF_CALL.get))
            .else(op.put(KEY_OF_CALL.get, KV_VALUE))
            .commit()
        ).succeeded,
      ),
    ),
    close: () => client.close(),
  };
};
