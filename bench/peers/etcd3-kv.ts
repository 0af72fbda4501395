/** The plain calls by npm's `etcd3`, as its documentation shows them. */
import { promiseOperation } from "../harness/closed-loop.js";
import type { Target } from "../harness/workload.js";
import { KEY_OF_CALL, KV_VALUE } from "../null-replies.js";
import type { KvCalls } from "../harness/clients.js";
import { expect } from "./kv-replies.js";
import { openEtcd3 } from "./etcd3-client.js";

export const openKvCalls = (target: Target): KvCalls => {
  const client = openEtcd3(target);
  return {
    prepare: () => client.put(KEY_OF_CALL.get).value(KV_VALUE).exec(),
    get: promiseOperation(async () => expect((await client.get(KEY_OF_CALL.get).exec()).kvs.length === 1)),
    put: promiseOperation(async () =>
      expect(Number((await client.put(KEY_OF_CALL.put).value(KV_VALUE).exec()).header.revision) > 0),
    ),
    delete: promiseOperation(async () =>
      expect(Number((await client.delete().key(KEY_OF_CALL.delete).exec()).header.revision) > 0),
    ),
    txn: promiseOperation(async () =>
      expect(
        (
          await client
            .if(KEY_OF_CALL.get, "Mod", ">", 0)
            .then(client.get(KEY_OF_CALL.get))
            .else(client.put(KEY_OF_CALL.get).value(KV_VALUE))
            .commit()
        ).succeeded,
      ),
    ),
    close: () => {
      client.close();
    },
  };
};
