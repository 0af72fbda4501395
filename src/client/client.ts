import { Pool } from "../cluster/pool.js";
import type { MemberStatus } from "../cluster/leader-tracker.js";
import type { Connection } from "../connection/connection.js";
import { nodeRuntime } from "../connection/runtime.js";
import { EtcdError } from "../errors.js";
import { AuthenticateRequest, StatusRequest } from "../messages/generated.js";
import { toBigInt, toSafeInteger } from "../messages/numbers.js";
import { callUnary } from "../rpc/unary-call.js";
import type { Method } from "../rpc/method.js";
import { compileTxn } from "../txn/plan.js";
import { PreparedTxn, isReadOnly } from "../txn/prepared-txn.js";
import type { PreparedTxnOptions } from "../txn/prepared-txn.js";
import type { ParametersOf, TxnShape } from "../txn/shape.js";
import { checkClientOptions, requireKnown, requireTimeout } from "./client-options.js";
import type { ClientOptions } from "./client-options.js";
import { Leases } from "./lease.js";
import { AUTHENTICATE, STATUS } from "./method-table.js";
import { Watches } from "./watch.js";

/** Sent as user-agent, so that an operator can tell clients apart in traces. */
const USER_AGENT = "etcdwire-node";

/** What one call may say for itself. */
export interface CallerOptions {
  /** Length of time until the call fails with ETCD_DEADLINE_EXCEEDED. Default: the client's `timeoutMs`. */
  timeoutMs?: number | undefined;
  /** Ends the call at once with an AbortError. */
  signal?: AbortSignal | undefined;
}

/** The member that leads, as far as this client knows. */
export interface Leader {
  readonly endpoint: string;
  readonly raftTerm: number;
}

/**
 * A client of one etcd cluster. Connects when first used; keeps the process alive only while calls are under
 * way; `close()` when done.
 */
export class Client {
  readonly #pool: Pool;
  readonly #timeoutMs: number;
  #closed = false;
  /** @internal The parts that locks are built of. */
  readonly leases: Leases;
  /** @internal */
  readonly watches: Watches;

  /** @throws ArgumentError for options that cannot work; nothing is sent here */
  constructor(options: ClientOptions) {
    const checked = checkClientOptions(options);
    const { auth } = checked;
    const runtime = options.runtime ?? nodeRuntime;
    this.#timeoutMs = checked.timeoutMs;
    this.#pool = new Pool(
      {
        addresses: checked.addresses,
        tls: checked.tls,
        limits: checked.limits,
        userAgent: USER_AGENT,
        probe,
        authenticate: auth === undefined ? undefined : (connection, ms) => authenticate(connection, ms, auth),
      },
      runtime,
    );
    this.leases = new Leases(this.#pool);
    this.watches = new Watches(this.#pool, this.#timeoutMs);
  }

  /** @internal */
  get pool(): Pool {
    return this.#pool;
  }

  /** After `close()`. */
  get closed(): boolean {
    return this.#closed;
  }

  /** The default deadline of calls, as a length of time. */
  get timeoutMs(): number {
    return this.#timeoutMs;
  }

  /**
   * Compiles a transaction's shape once; fill in its parameters and run it many times.
   *
   * @throws ArgumentError that names what is wrong with the shape
   */
  prepare<const Shape extends TxnShape>(
    shape: Shape,
    options: PreparedTxnOptions = {},
  ): PreparedTxn<ParametersOf<Shape>> {
    requireKnown(options, ["timeoutMs", "repeatable"], "");
    const timeoutMs = options.timeoutMs === undefined ? this.#timeoutMs : requireTimeout(options.timeoutMs);
    return new PreparedTxn(compileTxn(shape), this.#pool, timeoutMs, options.repeatable ?? isReadOnly(shape));
  }

  /** Waits until the cluster has a leader that this client can reach. */
  async leader(options: CallerOptions = {}): Promise<Leader> {
    const endpoint = await this.#pool.findLeader(this.callOptions(options));
    return { endpoint: endpoint.address.text, raftTerm: this.#pool.term };
  }

  /** Ends every call, watch and connection at once: they fail with ETCD_CLOSED. Leases stay. Idempotent. */
  close(): Promise<void> {
    this.#closed = true;
    this.leases.close();
    this.watches.close();
    this.#pool.close();
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @internal Checked, with the default filled in. */
  callOptions(options: CallerOptions): { timeoutMs: number; signal: AbortSignal | undefined } {
    const timeoutMs = options.timeoutMs === undefined ? this.#timeoutMs : requireTimeout(options.timeoutMs);
    return { timeoutMs, signal: options.signal };
  }
}

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
