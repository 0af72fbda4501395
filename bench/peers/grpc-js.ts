/**
 * The stock way to call etcd from Node: classes made by the proto compiler on `@grpc/grpc-js`. One channel, default
 * options, as the grpc-js documentation shows. With another channel it is the `etcdwire-stub` system: same
 * messages, same calls.
 */
import { credentials } from "@grpc/grpc-js";
import type { ChannelCredentials, ClientOptions } from "@grpc/grpc-js";
import { Compare, KVClient, RangeRequest, RequestOp, TxnRequest } from "../../src/raw.js";
import type { TxnResponse } from "../../src/raw.js";
import { isTls, requireNoUser } from "../harness/workload.js";
import type { Target } from "../harness/workload.js";

/** One grpc-js process shares a TCP connection between equal channels unless it is told not to. */
export const OWN_CONNECTION = { "grpc.use_local_subchannel_pool": 1 };

/** For the first endpoint of `target`. */
export const openKv = (target: Target, options: ClientOptions = {}): KVClient => {
  // Its own channel has the credentials.
  if (options.channelOverride === undefined) requireNoUser(target, "grpc-js");
  const isOurs = target.isTls !== true && target.ca !== undefined;
  return new KVClient(
    target.endpoints[0]!,
    credentialsOf(target),
    // By name, where we have made the certificate: for an IP address grpc-js makes Node warn about the SNI.
    isOurs ? { ...options, "grpc.ssl_target_name_override": "localhost" } : options,
  );
};

const credentialsOf = (target: Target): ChannelCredentials => {
  const { ca, cert, key, insecureSkipVerify } = target;
  const pem = (text: string | undefined): Buffer | null => (text === undefined ? null : Buffer.from(text));
  return isTls(target)
    ? credentials.createSsl(pem(ca), pem(key), pem(cert), { rejectUnauthorized: insecureSkipVerify !== true })
    : credentials.createInsecure();
};

/** Settles `done` from a unary call's callback. A reply that is not there is an error too. */
export const settle =
  <T>(done: (error?: unknown) => void, check: (reply: T) => boolean) =>
  (error: unknown, reply?: T): void => {
    if (error !== null) done(error);
    else if (reply === undefined || !check(reply)) done(new Error("the reply is not the one expected"));
    else done();
  };

const KEY = Buffer.from("bench/key");

/**
 * The Txn of `client-limit`: one compare, one get. Made once, as etcdwire's is prepared once; encoded for each call, and
 * its reply decoded and `succeeded` looked at, as a program that uses it must.
 */
const compareAndGet = new TxnRequest({
  compare: [
    new Compare({
      key: KEY,
      target: Compare.CompareTarget.MOD,
      result: Compare.CompareResult.GREATER,
      mod_revision: "0",
    }),
  ],
  success: [new RequestOp({ request_range: new RangeRequest({ key: KEY }) })],
  failure: [],
});

export const submitCompareAndGet = (kv: KVClient, done: (error?: unknown) => void): void => {
  kv.Txn(
    compareAndGet,
    settle(done, (reply: TxnResponse) => reply.succeeded),
  );
};
