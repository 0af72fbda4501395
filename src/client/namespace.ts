import { prepareTxn } from "../txn/prepared-txn.js";
import type { PreparedTxn, PreparedTxnOptions } from "../txn/prepared-txn.js";
import type { TxnResultOf } from "../txn/typed-result.js";
import type { BytesInput, ParametersOf, TxnShape } from "../txn/shape.js";
import type { CallerOptions } from "./calls.js";
import { requireKnown, requireTimeout } from "./client-options.js";
import type { ClientParts } from "./client-parts.js";
import type { KeySpace } from "./key-space.js";
import { Kv } from "./kv/kv.js";
import { Leases } from "./lease/leases.js";
import { Watcher } from "./watch/watcher.js";
import type { WatchOptions } from "./watch/watcher.js";

/** The member that leads, as far as this client knows. */
export interface Leader {
  readonly endpoint: string;
  readonly raftTerm: number;
}

/**
 * What works on keys: all of the store (`Client`), or those under a prefix, which its users neither write nor see.
 * Locks and sessions take either.
 */
export class Namespace {
  /** Reading, writing and deleting keys, and transactions. */
  readonly kv: Kv;
  /** Leases: granting, renewing, ending. */
  readonly lease: Leases;
  /** @internal What everything is built of. */
  readonly parts: ClientParts;
  /** @internal */
  readonly space: KeySpace;

  /** @internal */
  constructor(parts: ClientParts, space: KeySpace) {
    this.parts = parts;
    this.space = space;
    this.kv = new Kv(parts.calls, space);
    this.lease = new Leases(parts, space);
  }

  /** After the client's `close()`. */
  get closed(): boolean {
    return this.parts.closed;
  }

  /** The default deadline of calls, as a length of time. */
  get timeoutMs(): number {
    return this.parts.calls.timeoutMs;
  }

  /** Where calls go, as given to the client, or as the cluster's members are where those are followed. */
  get endpoints(): readonly string[] {
    return this.parts.pool.endpoints.map(({ address }) => address.text);
  }

  /** For logs. */
  toJSON(): object {
    const { prefix } = this.space;
    const { endpoints } = this;
    return prefix.length === 0 ? { endpoints } : { endpoints, prefix: Buffer.from(prefix).toString() };
  }

  /**
   * The same client, seen through a prefix: keys that are given get it, keys that come back lose it, and ranges end
   * with it. Shares the client's connections, and ends with it.
   *
   * @throws ArgumentError for an empty prefix
   */
  namespace(prefix: BytesInput): Namespace {
    return new Namespace(this.parts, this.space.under(prefix));
  }

  /**
   * Watches a key or a range; see `Watcher`.
   *
   * @throws ArgumentError for a key or options that cannot work; everything else comes out of the iteration
   */
  watch(key: BytesInput, options: WatchOptions = {}): Watcher {
    return new Watcher(this.parts, this.space, key, options);
  }

  /**
   * Compiles a transaction's shape once; fill in its parameters and run it many times.
   *
   * @throws ArgumentError that names what is wrong with the shape
   */
  prepare<const Shape extends TxnShape>(
    shape: Shape,
    options: PreparedTxnOptions = {},
  ): PreparedTxn<ParametersOf<Shape>, TxnResultOf<Shape>> {
    requireKnown(options, ["timeoutMs", "repeatable"], "");
    const timeoutMs = options.timeoutMs === undefined ? this.timeoutMs : requireTimeout(options.timeoutMs);
    const { prefix } = this.space;
    return prepareTxn(shape, this.parts.pool, { prefix, timeoutMs, repeatable: options.repeatable });
  }

  /** Waits until the cluster has a leader that this client can reach. */
  async leader(options: CallerOptions = {}): Promise<Leader> {
    const { pool, calls } = this.parts;
    const endpoint = await pool.findLeader(calls.options(options));
    return { endpoint: endpoint.address.text, raftTerm: pool.term };
  }
}
