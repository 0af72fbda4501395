import { AbortError, EtcdError, ProtocolError } from "../../errors.js";
import { PAGE_FIRST_KEYS, PAGE_MAX_KEYS, PAGE_TARGET_BYTES } from "../../options.js";
import type { KeyValue } from "../../txn/key-value.js";
import type { CallOptions } from "../../cluster/pool.js";
import type { IterationEnd } from "../iteration.js";
import type { KeySpace } from "../key-space.js";
import type { RangeFields, RangeReply } from "./kv-codec.js";
import { pageFields } from "./kv-options.js";
import type { SortOrder } from "./kv-options.js";

/** Some of the keys of a range, in order. */
export interface Page {
  readonly kvs: readonly KeyValue[];
  /** The revision that all pages are read at: a watch from the one behind it misses nothing. */
  readonly revision: number;
  /** All keys in the range, those of other pages included. */
  readonly count: number;
}

/** What is paged through, and how a page is had. */
export interface PageSource {
  readonly fields: RangeFields;
  /** Keys per page; undefined: as many as make a page of `PAGE_TARGET_BYTES`. */
  readonly pageSize: number | undefined;
  readonly order: SortOrder;
  readonly space: KeySpace;
  readonly options: CallOptions;
  readonly read: (fields: RangeFields, options: CallOptions) => Promise<RangeReply>;
}

/** The pages of one range at one revision; the next one is on its way while the consumer has the one before. */
export async function* readPages(source: PageSource, end: IterationEnd): AsyncGenerator<Page, undefined> {
  end.begin();
  try {
    const pager = new Pager(source, end.signal);
    let reply: RangeReply | undefined = await pager.next();
    const { count } = reply;
    while (reply !== undefined) {
      const next: Promise<RangeReply> | undefined = pager.isDone ? undefined : pager.next();
      // Whoever asks for it is told.
      next?.catch(() => {});
      yield { kvs: reply.kvs, revision: pager.revision, count };
      reply = await next;
      if (end.signal.aborted) throw new AbortError(end.signal.reason, false);
    }
    return undefined;
  } catch (error) {
    if (end.hasLeft) return undefined;
    throw error;
  } finally {
    end.release();
  }
}

/** The keys of all pages. */
export async function* readKeys(source: PageSource, end: IterationEnd): AsyncGenerator<KeyValue, undefined> {
  for await (const { kvs } of readPages(source, end)) yield* kvs;
  return undefined;
}

/** Knows what has been read, and asks for what comes next. */
class Pager {
  /** The last page was read. */
  isDone = false;
  /** Of the first page, once that was read. */
  revision = 0;
  readonly #source: PageSource;
  #fields: RangeFields;
  #limit: number;
  /** No more than that fitted into a message. */
  #limitMax = PAGE_MAX_KEYS;
  readonly #signal: AbortSignal;

  constructor(source: PageSource, signal: AbortSignal) {
    this.#source = source;
    this.#fields = source.fields;
    this.#limit = source.pageSize ?? PAGE_FIRST_KEYS;
    this.#signal = signal;
  }

  async next(): Promise<RangeReply> {
    const reply = await this.#read();
    if (this.revision === 0) {
      this.revision = this.#fields.revision === 0 ? reply.header.revision : this.#fields.revision;
    }
    const last = reply.kvs.at(-1);
    if (reply.more && last !== undefined) this.#moveBehind(last);
    else this.isDone = true;
    if (this.#source.pageSize === undefined) this.#limit = Math.min(this.#limitMax, nextLimit(reply.kvs));
    return reply;
  }

  async #read(): Promise<RangeReply> {
    const { order, options, read } = this.#source;
    for (;;) {
      try {
        return await read(pageFields(this.#fields, this.#limit, order), {
          ...options,
          signal: this.#signal,
        });
      } catch (error) {
        if (!(error instanceof EtcdError)) throw error;
        if (error.code === "ETCD_MESSAGE_TOO_LARGE" && this.#limit > 1) {
          // What follows is rather as large than small again.
          this.#limit = Math.ceil(this.#limit / 2);
          this.#limitMax = this.#limit;
        } else if (error.code === "ETCD_FUTURE_REVISION" && this.revision > 0 && this.#fields.serializable) {
          // This member lags behind the one that gave the first page. The leader does not, and says the same.
          this.#fields = { ...this.#fields, serializable: false };
        } else throw error;
      }
    }
  }

  /** The rest of the range, in the direction that the pages go. */
  #moveBehind(last: KeyValue): void {
    const { space, order } = this.#source;
    const { key, rangeEnd } = this.#fields.range;
    const lastKey = space.key(last.key);
    const isWithin =
      order === "ascend"
        ? Buffer.compare(lastKey, key) >= 0
        : isNoEnd(rangeEnd) || Buffer.compare(lastKey, rangeEnd) < 0;
    if (!isWithin) {
      // Going on from there would read the same pages for ever.
      throw new ProtocolError("ETCD_PROTOCOL", "a page holds keys from outside of its range", {
        mayHaveApplied: false,
        attempts: 1,
      });
    }
    const range = order === "ascend" ? { key: keyBehind(lastKey), rangeEnd } : { key, rangeEnd: lastKey };
    this.#fields = { ...this.#fields, range, revision: this.revision };
  }
}

/** What a KeyValue has on the wire besides its key and value. */
const KEY_OVERHEAD_BYTES = 40;

/** How many keys like these make a page. */
const nextLimit = (kvs: readonly KeyValue[]): number => {
  let bytes = 0;
  for (const { key, value } of kvs) bytes += key.length + value.length + KEY_OVERHEAD_BYTES;
  return Math.min(
    PAGE_MAX_KEYS,
    Math.max(1, Math.round((PAGE_TARGET_BYTES * kvs.length) / Math.max(1, bytes))),
  );
};

const ZERO = Uint8Array.of(0);

/** The first of all keys that can be behind `key`. */
export const keyBehind = (key: Uint8Array): Uint8Array => Buffer.concat([key, ZERO]);

const isNoEnd = (rangeEnd: Uint8Array): boolean => rangeEnd.length === 1 && rangeEnd[0] === 0;
