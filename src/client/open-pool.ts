import type { MemberStatus } from "../cluster/leader-tracker.js";
import { Pool } from "../cluster/pool.js";
import type { Connection } from "../connection/connection.js";
import { EtcdError } from "../errors.js";
import { AuthenticateRequest, StatusRequest } from "../messages/generated.js";
import { toBigInt, toSafeInteger } from "../messages/numbers.js";
import type { Method } from "../rpc/method.js";
import { callUnary } from "../rpc/unary-call.js";
import type { CheckedOptions } from "./client-options.js";
import { AUTHENTICATE, STATUS } from "./method-table.js";

/** Sent as user-agent, so that an operator can tell clients apart in traces. */
const USER_AGENT = "etcdwire-node";

/** A pool with what it needs from the messages: how to ask a member about its leader, and how to get a token. */
export const openPool = (options: CheckedOptions): Pool => {
  const { addresses, tls, auth, limits, runtime, maxRetryDelayMs, retryBudget } = options;
  return new Pool(
    {
      addresses,
      tls,
      limits,
      userAgent: USER_AGENT,
      maxRetryDelayMs,
      retryBudget,
      probe,
      authenticate: auth === undefined ? undefined : (connection, ms) => authenticate(connection, ms, auth),
    },
    runtime,
  );
};

/** One call on a given connection, without the pool's rules: what the pool itself is told by. */
const callOnce = async <Request, Response>(
  connection: Connection,
  method: Method<Request, Response>,
  request: Request,
  timeoutMs: number,
): Promise<Response> =>
  method.decode(await callUnary(connection, method.head, method.encode(request), timeoutMs));

const probe = async (connection: Connection, timeoutMs: number): Promise<MemberStatus> => {
  const reply = await callOnce(connection, STATUS, new StatusRequest(), timeoutMs);
  return {
    clusterId: toBigInt(reply.header?.cluster_id ?? "0"),
    memberId: toBigInt(reply.header?.member_id ?? "0"),
    leaderId: toBigInt(reply.leader),
    raftTerm: toSafeInteger(reply.raftTerm, "raftTerm"),
    isLearner: reply.isLearner,
    serverVersion: reply.version,
  };
};

const authenticate = async (
  connection: Connection,
  timeoutMs: number,
  { user, password }: { user: string; password: string },
): Promise<string> => {
  const request = new AuthenticateRequest({ name: user, password });
  try {
    return (await callOnce(connection, AUTHENTICATE, request, timeoutMs)).token;
  } catch (error) {
    // Credentials for a cluster that wants none: go on without a token.
    if (error instanceof EtcdError && error.code === "ETCD_AUTH_NOT_ENABLED") return "";
    throw error;
  }
};
