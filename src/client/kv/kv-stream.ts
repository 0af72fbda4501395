import type { Connection } from "../../connection/connection.js";
import type { CallOptions, Pool } from "../../cluster/pool.js";
import { EtcdError, ProtocolError } from "../../errors.js";
import { leaderHead, memberHead } from "../../rpc/method.js";
import type { KeyValue } from "../../txn/key-value.js";
import { decodeWith } from "../define-method.js";
import { FEATURES } from "../admin/features.js";
import type { IterationEnd } from "../iteration.js";
import type { KeySpace } from "../key-space.js";
import { decodeRangeStream, encodeRange } from "./kv-codec.js";
import type { RangeFields, RangeReply } from "./kv-codec.js";
import { keyBehind } from "./kv-pages.js";
import { StreamReader } from "../stream-reader.js";

const RANGE_STREAM_HEAD = leaderHead("/etcdserverpb.KV/RangeStream");
const SERIALIZABLE_RANGE_STREAM_HEAD = memberHead("/etcdserverpb.KV/RangeStream");

/** Some of the keys of a range, as many as the server sends at a time: some 2 MiB. */
export interface StreamPart {
  readonly kvs: readonly KeyValue[];
  /** The revision that the whole stream is read at. */
  readonly revision: number;
  /** All keys in the range, whatever the limit: in the last part, undefined before. */
  readonly count: number | undefined;
  /** Did the limit leave keys out? In the last part, undefined before. */
  readonly more: boolean | undefined;
}

/** What is streamed, and how its revision is had. */
export interface StreamSource {
  readonly pool: Pool;
  readonly fields: RangeFields;
  readonly space: KeySpace;
  readonly options: CallOptions;
  readonly read: (fields: RangeFields, options: CallOptions) => Promise<RangeReply>;
}

/** The parts of one range at one revision, at the consumer's pace. */
export async function* readStream(
  source: StreamSource,
  end: IterationEnd,
): AsyncGenerator<StreamPart, undefined> {
  end.begin();
  const range = new StreamedRange(source, end.signal);
  try {
    // etcd promises only that all messages merged are the reply to a Range; count and more come with the last in fact.
    let held = await range.open();
    for (let reply = await range.next(); reply !== undefined; reply = await range.next()) {
      if (held.kvs.length > 0)
        yield { kvs: held.kvs, revision: range.revision, count: undefined, more: undefined };
      held = reply;
    }
    yield { kvs: held.kvs, revision: range.revision, count: range.count, more: range.more };
    return undefined;
  } catch (error) {
    if (end.hasLeft) return undefined;
    throw error;
  } finally {
    end.release();
    range.close();
  }
}

/**
 * A RangeStream that goes on behind the last key that it gave when its connection breaks. It can because it reads at a
 * revision that is known: etcd 3.7 tells the one that it read at with the last message only, so one that is not given is
 * asked for first.
 */
class StreamedRange {
  count = 0;
  more = false;
  readonly #source: StreamSource;
  readonly #signal: AbortSignal;
  readonly #deadlineMs: number;
  #fields: RangeFields;
  #reader: StreamReader | undefined;
  /** Keys that came on streams before the present one. */
  #keysBefore = 0;
  /** And all keys. */
  #keyCount = 0;
  #last: KeyValue | undefined;
  /** What comes with the last message was there. */
  #isComplete = false;

  constructor(source: StreamSource, signal: AbortSignal) {
    const { timeoutMs, answerTimeoutMs } = source.options;
    this.#source = source;
    this.#signal = signal;
    this.#fields = source.fields;
    this.#deadlineMs = answerTimeoutMs ?? source.pool.runtime.now() + timeoutMs;
  }

  get revision(): number {
    return this.#fields.revision;
  }

  async open(): Promise<RangeReply> {
    if (this.#fields.revision === 0) {
      // One key, because whoever may read the range may read that.
      const range = { key: this.#fields.range.key, rangeEnd: NO_BYTES };
      const { header } = await this.#source.read(
        { ...this.#fields, range, limit: 0, countOnly: true },
        { timeoutMs: this.#openTimeoutMs, signal: this.#signal },
      );
      this.#fields = { ...this.#fields, revision: header.revision };
    }
    return this.#take(await this.#open(undefined));
  }

  /** Undefined when the server has said all there is. */
  async next(): Promise<RangeReply | undefined> {
    let reply: RangeReply | undefined;
    try {
      reply = await this.#read(this.#reader!);
    } catch (error) {
      if (this.#isComplete) return undefined;
      if (!(error instanceof EtcdError)) throw error;
      this.#moveOn(error);
      reply = await this.#open(error);
    }
    return reply === undefined ? undefined : this.#take(reply);
  }

  close(): void {
    this.#reader?.cancel();
  }

  get #openTimeoutMs(): number {
    const { pool, options } = this.#source;
    if (this.#deadlineMs === Infinity) return options.timeoutMs;
    return Math.max(1, this.#deadlineMs - pool.runtime.now());
  }

  /**
   * Opens the stream, again and again as a read may be, until it brings its first message.
   *
   * @param firstError what ended the stream before this one
   */
  async #open(firstError: EtcdError | undefined): Promise<RangeReply> {
    const { pool, options, fields } = this.#source;
    const { serializable } = this.#fields;
    const bounds = { ...options, timeoutMs: this.#openTimeoutMs, signal: this.#signal };
    try {
      const route = serializable ? "any" : "leader";
      return await pool.call(
        "read",
        route,
        bounds,
        (connection, remainingMs) => this.#tryOpen(connection, remainingMs),
        firstError,
      );
    } catch (error) {
      const lags = error instanceof EtcdError && error.code === "ETCD_FUTURE_REVISION";
      if (!lags || !serializable || fields.revision !== 0) throw error;
      // This member lags behind the one that told the revision. The leader does not, and says the same.
      this.#fields = { ...this.#fields, serializable: false };
      return this.#open(undefined);
    }
  }

  async #tryOpen(connection: Connection, remainingMs: number): Promise<RangeReply> {
    const { pool } = this.#source;
    const signal = this.#signal;
    await pool.requireFeature(connection.endpoint, FEATURES.rangeStream, { timeoutMs: remainingMs, signal });
    const head = this.#fields.serializable ? SERIALIZABLE_RANGE_STREAM_HEAD : RANGE_STREAM_HEAD;
    const timeoutMs = this.#deadlineMs === Infinity ? Infinity : remainingMs;
    const bounds = { timeoutMs, signal };
    const reader = new StreamReader(connection, head, encodeRange(this.#fields), pool.runtime, bounds);
    this.#reader = reader;
    try {
      const reply = await this.#read(reader);
      if (reply !== undefined) return reply;
    } catch (error) {
      reader.cancel();
      throw error;
    }
    throw new ProtocolError("ETCD_PROTOCOL", `${connection.endpoint} answered a RangeStream with nothing`, {
      mayHaveApplied: false,
      endpoint: connection.endpoint,
      attempts: 1,
    });
  }

  async #read(reader: StreamReader): Promise<RangeReply | undefined> {
    const bytes = await reader.next();
    if (bytes === undefined) return undefined;
    const { space, pool } = this.#source;
    const deserializeBinary = (message: Uint8Array): RangeReply => decodeRangeStream(message, space);
    const reply = decodeWith({ name: "RangeStreamResponse", deserializeBinary })(bytes);
    if (reply.header.clusterId !== "0") pool.noteHeader(reply.header, reader.endpoint);
    return reply;
  }

  #take(reply: RangeReply): RangeReply {
    const { kvs, count, more, header } = reply;
    this.#last = kvs.at(-1) ?? this.#last;
    this.#keyCount += kvs.length;
    if (count > 0) this.count = this.#keysBefore + count;
    this.more ||= more;
    this.#isComplete = header.revision !== 0;
    return reply;
  }

  /** The rest of the range is what is asked for from now on. */
  #moveOn(error: EtcdError): void {
    this.#reader!.cancel();
    if (this.#last === undefined) return;
    const { limit, range } = this.#fields;
    const leftCount = limit - (this.#keyCount - this.#keysBefore);
    // Without a key to ask for, count and more could not be asked for either.
    if (limit > 0 && leftCount <= 0) throw error;
    this.#fields = {
      ...this.#fields,
      range: { ...range, key: keyBehind(this.#source.space.key(this.#last.key)) },
      limit: limit > 0 ? leftCount : 0,
    };
    this.#keysBefore = this.#keyCount;
    // Unless the rest holds any, and says so.
    this.count = this.#keysBefore;
  }
}

const NO_BYTES = new Uint8Array(0);
