import type { RequestHead } from "../connection/request-head.js";
import { ProtocolError } from "../errors.js";
import { toSafeInteger } from "../messages/numbers.js";
import type { Method, MethodPolicy, ReplyHeader } from "../rpc/method.js";

/** What every generated message class can do. */
interface MessageClass<M> {
  readonly name: string;
  deserializeBinary(bytes: Uint8Array): M;
}
interface Message {
  serializeBinary(): Uint8Array;
}

/** `decode` for a generated class; google-protobuf throws plain Errors on broken bytes. */
export const decodeWith =
  <M>(messageClass: MessageClass<M>) =>
  (bytes: Uint8Array): M => {
    try {
      return messageClass.deserializeBinary(bytes);
    } catch (cause) {
      throw new ProtocolError("ETCD_PROTOCOL", `the server's ${messageClass.name} cannot be decoded`, {
        mayHaveApplied: true,
        cause,
      });
    }
  };

/** What every reply of etcd begins with, as the generated classes have it. */
interface HeaderMessage {
  readonly cluster_id: string;
  readonly revision: string;
  readonly raft_term: string;
}
interface Reply {
  readonly header?: HeaderMessage | undefined;
}

/** The part of a reply's header that the pool looks at. */
export const headerOf = ({ header }: Reply): ReplyHeader | undefined =>
  // Absent submessages read undefined, whatever the generated type says.
  header === undefined
    ? undefined
    : {
        clusterId: header.cluster_id,
        revision: toSafeInteger(header.revision, "revision"),
        raftTerm: toSafeInteger(header.raft_term, "raft_term"),
      };

/** A unary method. `isLinearizable`: the reply is the cluster's present state, whoever gives it. */
export const defineMethod = <Request extends Message, Response extends Reply>(
  head: RequestHead,
  policy: MethodPolicy,
  response: MessageClass<Response>,
  { isLinearizable = false } = {},
): Method<Request, Response> => ({
  head,
  policy,
  isLinearizable,
  encode: (request) => request.serializeBinary(),
  decode: decodeWith(response),
  header: headerOf,
});
