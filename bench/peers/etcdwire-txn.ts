/** Txns that are made once and run often, as the README says: prepared, with a promise and a result each. */
import { compare, op, param } from "../../src/index.js";
import type { Client } from "../../src/index.js";
import { MULTI_KEY_COUNT } from "../harness/counters.js";
import type { GuardedPut, TxnClient } from "../harness/counters.js";
import type { Target } from "../harness/workload.js";
import { openClient } from "./etcdwire.js";
import { oneOf } from "./kv-replies.js";

/** As many compares and puts; the parameters of the n-th are `key0`, `revision0` and `value0`. */
const prepareGuarded = (client: Client, count: number) => {
  const numbers = Array.from({ length: count }, (_, number) => number);
  const txn = client.prepare({
    if: numbers.map((number) =>
      compare.modRevision(param.key(`key${number}`), "=", param.revision(`revision${number}`)),
    ),
    then: numbers.map((number) => op.put(param.key(`key${number}`), param.value(`value${number}`))),
  });
  return async (puts: readonly GuardedPut[]): Promise<number | undefined> => {
    const parameters: Record<string, string | number | Buffer> = {};
    puts.forEach(({ key, modRevision, value }, number) => {
      parameters[`key${number}`] = key;
      parameters[`revision${number}`] = modRevision;
      parameters[`value${number}`] = value;
    });
    const { succeeded, revision } = await txn.run(parameters as never);
    return succeeded ? revision : undefined;
  };
};

export const openTxnClient = (target: Target): TxnClient => {
  const client = openClient(target);
  const key = param.key("key");
  const getIfThere = client.prepare({ if: [compare.modRevision(key, ">", 0)], then: [op.get(key)] });
  const putOne = prepareGuarded(client, 1);
  const putMany = prepareGuarded(client, MULTI_KEY_COUNT);
  return {
    get: async (name) => oneOf((await client.kv.get(name)).kvs),
    getIfThere: async (name) => {
      const { responses } = await getIfThere.run({ key: name });
      return oneOf(responses[0]?.kvs ?? []);
    },
    putGuarded: (puts) => (puts.length === 1 ? putOne : putMany)(puts),
    close: () => client.close(),
  };
};
