import { ProtocolError } from "../errors.js";
import type {
  AuthenticateRequest,
  LeaseGrantRequest,
  LeaseRevokeRequest,
  LeaseTimeToLiveRequest,
  StatusRequest,
} from "../messages/generated.js";
import {
  AuthenticateResponse,
  LeaseGrantResponse,
  LeaseRevokeResponse,
  LeaseTimeToLiveResponse,
  StatusResponse,
} from "../messages/generated.js";
import type { RequestHead } from "../connection/request-head.js";
import { RequestHead as Head } from "../connection/request-head.js";
import { leaderHead, memberHead } from "../rpc/method.js";
import type { Method } from "../rpc/method.js";

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

const method = <Request extends Message, Response>(
  head: RequestHead,
  policy: "repeatable" | "nonRepeatable",
  response: MessageClass<Response>,
): Method<Request, Response> => ({
  head,
  policy,
  encode: (request) => request.serializeBinary(),
  decode: decodeWith(response),
});

/** Asks one member about itself: no leader needed, none waited for. */
export const STATUS: Method<StatusRequest, StatusResponse> = method(
  memberHead("/etcdserverpb.Maintenance/Status"),
  "repeatable",
  StatusResponse,
);

/** Carries a password instead of a token. */
export const AUTHENTICATE: Method<AuthenticateRequest, AuthenticateResponse> = method(
  new Head("/etcdserverpb.Auth/Authenticate", [], false),
  "repeatable",
  AuthenticateResponse,
);

/** Repeatable because we choose the id: a second grant of it is refused with "lease already exists". */
export const LEASE_GRANT: Method<LeaseGrantRequest, LeaseGrantResponse> = method(
  leaderHead("/etcdserverpb.Lease/LeaseGrant"),
  "repeatable",
  LeaseGrantResponse,
);

/** Repeatable: a second revoke of the same id finds nothing. */
export const LEASE_REVOKE: Method<LeaseRevokeRequest, LeaseRevokeResponse> = method(
  leaderHead("/etcdserverpb.Lease/LeaseRevoke"),
  "repeatable",
  LeaseRevokeResponse,
);

export const LEASE_TIME_TO_LIVE: Method<LeaseTimeToLiveRequest, LeaseTimeToLiveResponse> = method(
  leaderHead("/etcdserverpb.Lease/LeaseTimeToLive"),
  "repeatable",
  LeaseTimeToLiveResponse,
);

export const LEASE_KEEP_ALIVE_HEAD: RequestHead = leaderHead("/etcdserverpb.Lease/LeaseKeepAlive");

export const WATCH_HEAD: RequestHead = leaderHead("/etcdserverpb.Watch/Watch");
