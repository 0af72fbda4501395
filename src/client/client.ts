import type { ChannelInterface } from "@grpc/grpc-js";
import { createChannel } from "../cluster/channel-router.js";
import type { Pool } from "../cluster/pool.js";
import { compileTxn } from "../txn/plan.js";
import { PreparedTxn } from "../txn/prepared-txn.js";
import type { PreparedTxnOptions } from "../txn/prepared-txn.js";
import { isReadOnly } from "../txn/shape.js";
import type { ParametersOf, TxnShape } from "../txn/shape.js";
import { checkClientOptions, requireKnown, requireTimeout } from "./client-options.js";
import type { ClientOptions } from "./client-options.js";
import { Leases } from "./lease.js";
import { openPool } from "./open-pool.js";
import { Watches } from "./watch.js";

/** What one call may say for itself. */
export interface CallerOptions {
  /** Length of time until the call fails: if it was sent, with ETCD_DEADLINE_EXCEEDED. Default: the client's `timeoutMs`. */
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
    this.#timeoutMs = checked.timeoutMs;
    this.#pool = openPool(checked);
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
    requireKnown(options, ["timeoutMs", "signal"], "");
    const endpoint = await this.#pool.findLeader(this.callOptions(options));
    return { endpoint: endpoint.address.text, raftTerm: this.#pool.term };
  }

  /**
   * A channel for generated grpc-js clients, in place of grpc-js's own:
   * `new KVClient("etcd", credentials.createInsecure(), { channelOverride: client.channel() })`. Calls go to the
   * leader and share this client's connections; closing the channel leaves the client open.
   */
  channel(): ChannelInterface {
    return createChannel(this.#pool, { timeoutMs: this.#timeoutMs });
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
