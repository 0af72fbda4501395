/** The Txns by npm's `etcd3`, as its documentation of `client.if` shows them. */
import type { IKeyValue } from "etcd3";
import type { Stored, TxnClient } from "../harness/counters.js";
import type { Target } from "../harness/workload.js";
import { oneOf } from "./kv-replies.js";
import { openEtcd3 } from "./etcd3-client.js";

const storedOf = (kvs: readonly IKeyValue[] | undefined): Stored => {
  const { mod_revision: modRevision, value } = oneOf(kvs ?? []);
  return { modRevision: Number(modRevision), value };
};

export const openTxnClient = (target: Target): TxnClient => {
  const client = openEtcd3(target);
  return {
    get: async (name) => storedOf((await client.get(name).exec()).kvs),
    getIfThere: async (name) => {
      const { responses } = await client.if(name, "Mod", ">", 0).then(client.get(name)).commit();
      return storedOf(responses[0]?.response_range.kvs);
    },
    putGuarded: async (puts) => {
      const [first, ...others] = puts;
      const guarded = others.reduce(
        (builder, { key, modRevision }) => builder.and(key, "Mod", "==", modRevision),
        client.if(first!.key, "Mod", "==", first!.modRevision),
      );
      const { succeeded, header } = await guarded
        .then(...puts.map(({ key, value }) => client.put(key).value(value)))
        .commit();
      return succeeded ? Number(header.revision) : undefined;
    },
    close: () => {
      client.close();
      return Promise.resolve();
    },
  };
};
