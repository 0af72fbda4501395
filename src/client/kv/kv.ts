import { ArgumentError, EtcdError } from "../../errors.js";
import type { KeyValue } from "../../txn/key-value.js";
import { prepareTxn } from "../../txn/prepared-txn.js";
import type { BytesInput, Compare, ParametersOf, TxnShape } from "../../txn/shape.js";
import type { TxnResultOf } from "../../txn/typed-result.js";
import type { CallOptions } from "../../cluster/pool.js";
import type { Calls } from "../calls.js";
import { IterationEnd, leavable } from "../iteration.js";
import type { KeySpace } from "../key-space.js";
import { encodeCompaction, encodeDeleteRange, encodePut, encodeRange } from "./kv-codec.js";
import type { RangeFields, RangeReply } from "./kv-codec.js";
import { KvMethods } from "./kv-methods.js";
import {
  COMPACT_OPTIONS,
  DELETE_OPTIONS,
  GET_OPTIONS,
  PAGE_OPTIONS,
  PUT_OPTIONS,
  STREAM_OPTIONS,
  TXN_OPTIONS,
  getFields,
  readFields,
  requireContent,
  requireCount,
  requireFlag,
  requireLease,
  requireOrder,
  requirePositive,
} from "./kv-options.js";
import type {
  KvCompactOptions,
  KvDeleteOptions,
  KvGetOptions,
  KvPageOptions,
  KvPutOptions,
  KvStreamOptions,
} from "./kv-options.js";
import { readKeys, readPages } from "./kv-pages.js";
import type { Page, PageSource } from "./kv-pages.js";
import { readStream } from "./kv-stream.js";
import type { StreamPart, StreamSource } from "./kv-stream.js";
import { patientOptions } from "../recipes/patient-options.js";
import { IfTxn } from "./txn-builder.js";
import type { KvTxnOptions, WithoutParameters } from "./txn-builder.js";

/** What a get found. */
export interface GetResult {
  /** In the order asked for, up to the limit. */
  readonly kvs: readonly KeyValue[];
  /** The first of `kvs`; undefined if there is none. */
  readonly kv: KeyValue | undefined;
  /** All keys in the range, whatever the limit and the bounds on revisions. */
  readonly count: number;
  /** Did the limit leave keys out? */
  readonly more: boolean;
  /** The store's revision when it was read, also if an older one was asked for. */
  readonly revision: number;
  readonly raftTerm: number;
}

/** What a put did. */
export interface PutResult {
  /** The store's revision after it, which is the key's `modRevision`. */
  readonly revision: number;
  readonly raftTerm: number;
  /** What was there before, if there was something and `prevKv` asked for it. */
  readonly previous: KeyValue | undefined;
}

/** What a delete did. */
export interface DeleteResult {
  /** The store's revision after it. */
  readonly revision: number;
  readonly raftTerm: number;
  /** How many keys there were; 0 is no error, and leaves the store's revision as it was. */
  readonly deleted: number;
  /** What was deleted, if `prevKv` asked for it. */
  readonly previous: readonly KeyValue[];
}

/** What a compaction says. */
export interface CompactResult {
  /** The store's revision when it was answered, not the one that was given. */
  readonly revision: number;
  readonly raftTerm: number;
}

/** `kv` is on the prototype, so that no log and no JSON shows the first key twice. */
class FoundKeys implements GetResult {
  readonly kvs: readonly KeyValue[];
  readonly count: number;
  readonly more: boolean;
  readonly revision: number;
  readonly raftTerm: number;

  constructor({ kvs, count, more, header }: RangeReply) {
    this.kvs = kvs;
    this.count = count;
    this.more = more;
    this.revision = header.revision;
    this.raftTerm = header.raftTerm;
  }

  get kv(): KeyValue | undefined {
    return this.kvs[0];
  }
}

/** For the calls without any, which are most. */
const NO_OPTIONS = {};

/**
 * Reading, writing and deleting keys, and transactions.
 *
 * All of these send their calls to the leader, but for serializable reads, and reject: with an ArgumentError before
 * anything is sent, with an AbortError when `signal` fires, with another EtcdError for everything else. Reads are
 * repeated on any failure that another try may mend; writes only where it is certain that they were not applied.
 */
export class Kv {
  readonly #calls: Calls;
  readonly #space: KeySpace;
  readonly #methods: KvMethods;

  /** @internal */
  constructor(calls: Calls, space: KeySpace) {
    this.#calls = calls;
    this.#space = space;
    this.#methods = new KvMethods(space);
  }

  /**
   * Reads a key or a range: the newest state, or as of `revision`. For ranges that may be large there are `pages`,
   * `scan` and `stream`: a reply over the client's `messageMaxBytes` is ETCD_MESSAGE_TOO_LARGE.
   *
   * @throws CompactedError for a revision that is gone; ETCD_FUTURE_REVISION for one that is not there yet
   */
  async get(key: BytesInput, options: KvGetOptions = NO_OPTIONS): Promise<GetResult> {
    const checked = this.#calls.options(options, GET_OPTIONS);
    const fields = getFields(this.#space.range(key, options), options);
    return new FoundKeys(await this.#range(fields, checked));
  }

  /**
   * Reads a range in pages, all at the revision of the first one, or at `revision`. There is at least one page, be it
   * empty. The next one is on its way while the loop's body runs, and no more than that one: memory holds two. Leaving
   * the loop ends what is on its way.
   *
   * @throws ArgumentError at once; everything else comes out of the iteration: a CompactedError if the revision goes
   *   meanwhile
   */
  pages(key: BytesInput, options: KvPageOptions = NO_OPTIONS): AsyncIterableIterator<Page> {
    const source = this.#pageSource(key, options);
    const end = new IterationEnd(options.signal);
    return leavable(readPages(source, end), end);
  }

  /** The keys of all pages, one by one; see `pages`. */
  scan(key: BytesInput, options: KvPageOptions = NO_OPTIONS): AsyncIterableIterator<KeyValue> {
    const source = this.#pageSource(key, options);
    const end = new IterationEnd(options.signal);
    return leavable(readKeys(source, end), end);
  }

  /**
   * Reads a range in one call that the server answers in parts, each sent when there is room for it (RangeStream, etcd 3.7
   * and newer): for very large ranges, since etcd counts all keys behind a page's start for each page. All at one
   * revision, that of the moment when it begins, or `revision`. A stream that breaks goes on elsewhere behind the last key.
   * Without `timeoutMs` it may take as long as it takes once it is open; with it, all of it. There is at least one part, be
   * it empty.
   *
   * @throws ArgumentError at once; everything else comes out of the iteration: ETCD_UNSUPPORTED from older servers, a
   *   CompactedError if the revision goes meanwhile
   */
  stream(key: BytesInput, options: KvStreamOptions = NO_OPTIONS): AsyncIterableIterator<StreamPart> {
    const checked = patientOptions(this.#calls, options, STREAM_OPTIONS, Infinity);
    const fields = readFields(this.#space.range(key, options), options);
    const limit = requireCount(options.limit, "limit");
    const source: StreamSource = {
      pool: this.#calls.pool,
      fields: { ...fields, limit },
      space: this.#space,
      options: checked,
      read: (each, eachOptions) => this.#range(each, eachOptions),
    };
    const end = new IterationEnd(options.signal);
    return leavable(readStream(source, end), end);
  }

  /**
   * Writes a key.
   *
   * @throws ETCD_LEASE_NOT_FOUND; ETCD_KEY_NOT_FOUND with `ignoreValue` or `ignoreLease`, if there is no such key
   */
  put(key: BytesInput, value: BytesInput, options?: KvPutOptions): Promise<PutResult>;
  put(
    key: BytesInput,
    value: undefined,
    options: KvPutOptions & { readonly ignoreValue: true },
  ): Promise<PutResult>;
  async put(
    key: BytesInput,
    value: BytesInput | undefined,
    options: KvPutOptions = NO_OPTIONS,
  ): Promise<PutResult> {
    const checked = this.#calls.options(options, PUT_OPTIONS);
    const ignoreValue = requireFlag(options.ignoreValue, "ignoreValue");
    const ignoreLease = requireFlag(options.ignoreLease, "ignoreLease");
    // etcd refuses both, with "value is provided" and "lease is provided".
    if (ignoreValue && value !== undefined)
      throw new ArgumentError("value must be undefined with ignoreValue");
    if (ignoreLease && options.lease !== undefined)
      throw new ArgumentError("lease and ignoreLease cannot both be given");
    const message = encodePut({
      key: this.#space.key(key),
      value: ignoreValue ? "" : requireContent(value, "value"),
      lease: requireLease(options.lease, "lease"),
      prevKv: requireFlag(options.prevKv, "prevKv"),
      ignoreValue,
      ignoreLease,
    });
    const method = requireFlag(options.repeatable, "repeatable")
      ? this.#methods.repeatablePut
      : this.#methods.put;
    const { header, previous } = await this.#calls.unary(method, message, checked);
    return { revision: header.revision, raftTerm: header.raftTerm, previous };
  }

  /** Deletes a key or a range. */
  async delete(key: BytesInput, options: KvDeleteOptions = NO_OPTIONS): Promise<DeleteResult> {
    const checked = this.#calls.options(options, DELETE_OPTIONS);
    const message = encodeDeleteRange(this.#space.range(key, options), requireFlag(options.prevKv, "prevKv"));
    const method = requireFlag(options.repeatable, "repeatable")
      ? this.#methods.repeatableDeleteRange
      : this.#methods.deleteRange;
    const { header, deleted, previous } = await this.#calls.unary(method, message, checked);
    return { deleted, previous, revision: header.revision, raftTerm: header.raftTerm };
  }

  /**
   * Gives up the history before `revision`: what was deleted or replaced before it can be read and watched no more. The
   * whole store's, whatever the namespace. Repeated when its outcome is unknown; that the history is gone then means
   * that it is done.
   *
   * @throws CompactedError if that history is gone already; ETCD_FUTURE_REVISION for a revision that is not there yet
   */
  async compact(revision: number, options: KvCompactOptions = NO_OPTIONS): Promise<CompactResult> {
    const checked = this.#calls.options(options, COMPACT_OPTIONS);
    const message = encodeCompaction(
      requirePositive(revision, "revision"),
      requireFlag(options.physical, "physical"),
    );
    try {
      const { header } = await this.#calls.unary(this.#methods.compact, message, checked);
      return { revision: header.revision, raftTerm: header.raftTerm };
    } catch (error) {
      // Said of the last try alone it would be "not applied": one before it may have been.
      if (!(error instanceof EtcdError) || error.code !== "ETCD_COMPACTED" || !error.mayHaveApplied)
        throw error;
      const { pool } = this.#calls;
      return { revision: pool.revision, raftTerm: pool.term };
    }
  }

  /**
   * Begins a transaction: `kv.if(compare.version("k", "=", 0)).then(op.put("k", "v")).else(op.get("k")).commit()`.
   * Without conditions, `then` is what is done.
   */
  if<const If extends readonly Compare[]>(...conditions: If): IfTxn<{ readonly if: If }> {
    return new IfTxn((shape, options) => this.#txn(shape, options), { if: conditions });
  }

  /**
   * Runs a transaction once. One that is run often is better prepared: `client.prepare(shape)` compiles it, and takes
   * parameters.
   *
   * @throws ArgumentError (as a rejection) that names what is wrong with the shape
   */
  txn<const Shape extends TxnShape>(
    shape: Shape & WithoutParameters<Shape>,
    options?: KvTxnOptions,
  ): Promise<TxnResultOf<Shape>> {
    return this.#txn(shape, options);
  }

  async #txn<Shape extends TxnShape>(
    shape: Shape,
    options: KvTxnOptions = NO_OPTIONS,
  ): Promise<TxnResultOf<Shape>> {
    const { timeoutMs, signal } = this.#calls.options(options, TXN_OPTIONS);
    const repeatable =
      options.repeatable === undefined ? undefined : requireFlag(options.repeatable, "repeatable");
    const txn = prepareTxn(shape, this.#calls.pool, { prefix: this.#space.prefix, timeoutMs, repeatable });
    // Parameters that the type could not see are missing now, and named.
    return txn.run({} as ParametersOf<Shape>, { signal });
  }

  #pageSource(key: BytesInput, options: KvPageOptions): PageSource {
    const checked = this.#calls.options(options, PAGE_OPTIONS);
    return {
      fields: readFields(this.#space.range(key, options), options),
      pageSize: options.pageSize === undefined ? undefined : requirePositive(options.pageSize, "pageSize"),
      order: requireOrder(options.order, "order"),
      space: this.#space,
      options: checked,
      read: (fields, each) => this.#range(fields, each),
    };
  }

  #range(fields: RangeFields, options: CallOptions): Promise<RangeReply> {
    const message = encodeRange(fields);
    return fields.serializable
      ? this.#calls.unary(this.#methods.serializableRange, message, options, "any")
      : this.#calls.unary(this.#methods.range, message, options);
  }
}
