/** The two codecs of the hot path by themselves: what `submit` does before and after the wire. */
import { compileTxn } from "../../src/txn/plan.js";
import { compare, op, param } from "../../src/txn/shape.js";
import { TxnView } from "../../src/txn/view.js";
import { MESSAGE_PREFIX_BYTES } from "../../src/wire/layout.js";
import { cannedReplies } from "../null-replies.js";

export interface Codec {
  /** Writes the Txn of `client-limit`. */
  readonly encode: () => void;
  /** Reads the null server's reply to it. */
  readonly view: () => void;
}

export const openCodec = (): Codec => {
  const key = param.key("key");
  const plan = compileTxn({ if: [compare.modRevision(key, ">", 0)], then: [op.get(key)] });
  const parameters = { key: Buffer.from("bench/key") };
  const output = Buffer.alloc(1024);
  const reply = cannedReplies.txn.subarray(MESSAGE_PREFIX_BYTES);
  const txnView = new TxnView();
  return {
    encode: () => {
      const bytes = plan.measure(parameters);
      if (plan.write(output, 0) !== bytes) throw new Error("the plan wrote another length than it measured");
    },
    view: () => {
      txnView.reset(reply, 0, reply.length);
      const kv = txnView.response(0).kv(0);
      if (!txnView.succeeded || kv.modRevision > txnView.revision || !kv.keyEquals(parameters.key))
        throw new Error("the reply is not the one expected");
      txnView.invalidate();
    },
  };
};
