import type { CallOptions, Pool, Route } from "../../../src/cluster/pool.js";
import { Calls } from "../../../src/client/calls.js";
import { KeySpace } from "../../../src/client/key-space.js";
import { Kv } from "../../../src/client/kv/kv.js";
import { CompactedError, StatusError } from "../../../src/errors.js";
import {
  CompactionRequest,
  CompactionResponse,
  DeleteRangeRequest,
  DeleteRangeResponse,
  KeyValue,
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
  ResponseHeader,
} from "../../../src/messages/generated.js";
import type { Method, MethodPolicy } from "../../../src/rpc/method.js";

/** A call as it left the client. */
export interface SeenCall {
  readonly path: string;
  readonly policy: MethodPolicy;
  readonly route: Route;
  readonly hasLeader: boolean;
  readonly isLinearizable: boolean;
  readonly message: Uint8Array;
  readonly options: CallOptions;
}

interface Entry {
  readonly key: Buffer;
  /** Undefined for a deletion. */
  readonly kv: KeyValue | undefined;
  readonly revision: number;
}

const compareBytes = (a: Uint8Array, b: Uint8Array): number => Buffer.compare(a, b);

/** Is `key` in [start, end), as etcd reads the two? */
const isWithin = (key: Uint8Array, start: Uint8Array, end: Uint8Array): boolean => {
  if (end.length === 0) return compareBytes(key, start) === 0;
  if (compareBytes(key, start) < 0) return false;
  return (end.length === 1 && end[0] === 0) || compareBytes(key, end) < 0;
};

/** A store with all of its history, which speaks the generated messages, and a `Kv` on it. */
export class KvStore {
  revision = 1;
  compactRevision = 0;
  readonly seen: SeenCall[] = [];
  /** Asked before each call; an error it returns, or throws later, is the call's outcome. */
  onCall: (call: SeenCall) => Error | undefined | Promise<void> = () => undefined;
  /** Looked at for each Range reply: too many bytes are ETCD_MESSAGE_TOO_LARGE. */
  messageMaxBytes = Infinity;
  /** A server that understands a request for another one. */
  misread: (request: RangeRequest) => void = () => {};
  readonly #history: Entry[] = [];

  kv(prefix = ""): Kv {
    const space = prefix === "" ? new KeySpace() : new KeySpace().under(prefix);
    return new Kv(new Calls(this.#pool(), 10_000), space);
  }

  put(key: string | Uint8Array, value: string | Uint8Array, lease = "0"): KeyValue | undefined {
    const bytes = Buffer.from(key as string);
    const [previous] = this.#at(bytes, new Uint8Array(0), this.revision);
    this.revision++;
    const kv = new KeyValue({
      key: bytes,
      value: Buffer.from(value as string),
      create_revision: previous?.create_revision ?? String(this.revision),
      mod_revision: String(this.revision),
      version: String(Number(previous?.version ?? 0) + 1),
      lease,
    });
    this.#history.push({ key: bytes, kv, revision: this.revision });
    return previous;
  }

  delete(key: Uint8Array, rangeEnd: Uint8Array): KeyValue[] {
    const found = this.#at(key, rangeEnd, this.revision);
    if (found.length > 0) this.revision++;
    for (const kv of found)
      this.#history.push({ key: Buffer.from(kv.key), kv: undefined, revision: this.revision });
    return found;
  }

  /** What there was, in order of keys. */
  #at(key: Uint8Array, rangeEnd: Uint8Array, revision: number): KeyValue[] {
    const newest = new Map<string, Entry>();
    for (const entry of this.#history) {
      if (entry.revision <= revision && isWithin(entry.key, key, rangeEnd))
        newest.set(entry.key.toString("hex"), entry);
    }
    return [...newest.values()]
      .filter(({ kv }) => kv !== undefined)
      .sort((a, b) => compareBytes(a.key, b.key))
      .map(({ kv }) => kv!);
  }

  #header(): ResponseHeader {
    return new ResponseHeader({
      cluster_id: "14841639068965178418",
      member_id: "10276657743932975437",
      revision: String(this.revision),
      raft_term: "5",
    });
  }

  #range(request: RangeRequest): RangeResponse {
    this.misread(request);
    const asked = Number(request.revision);
    if (asked > this.revision) throw refusal("ETCD_FUTURE_REVISION");
    if (asked !== 0 && asked < this.compactRevision)
      throw new CompactedError("required revision has been compacted", undefined);
    const all = this.#at(request.key, request.range_end, asked === 0 ? this.revision : asked);
    const { SortOrder } = RangeRequest;
    const kvs = all.filter(
      (kv) =>
        (request.min_mod_revision === "0" || Number(kv.mod_revision) >= Number(request.min_mod_revision)) &&
        (request.max_mod_revision === "0" || Number(kv.mod_revision) <= Number(request.max_mod_revision)),
    );
    if (request.sort_order === SortOrder.DESCEND) kvs.reverse();
    const limit = Number(request.limit);
    const taken = request.count_only ? [] : limit === 0 ? kvs : kvs.slice(0, limit);
    const reply = new RangeResponse({
      header: this.#header(),
      kvs: request.keys_only
        ? taken.map(({ key, mod_revision }) => new KeyValue({ key, mod_revision }))
        : taken,
      more: limit > 0 && kvs.length > limit,
      count: String(all.length),
    });
    if (reply.serialize().length > this.messageMaxBytes) throw refusal("ETCD_MESSAGE_TOO_LARGE");
    return reply;
  }

  /** The reply's bytes. */
  #answer(path: string, message: Uint8Array): Uint8Array {
    const header = this.#header.bind(this);
    switch (path) {
      case "/etcdserverpb.KV/Range":
        return this.#range(RangeRequest.deserialize(message)).serialize();
      case "/etcdserverpb.KV/Put": {
        const { key, value, lease, prev_kv } = PutRequest.deserialize(message);
        const previous = this.put(key, value, lease);
        const reply = new PutResponse({ header: header() });
        if (prev_kv && previous !== undefined) reply.prev_kv = previous;
        return reply.serialize();
      }
      case "/etcdserverpb.KV/DeleteRange": {
        const { key, range_end, prev_kv } = DeleteRangeRequest.deserialize(message);
        const found = this.delete(key, range_end);
        const deleted = String(found.length);
        return new DeleteRangeResponse({
          header: header(),
          deleted,
          prev_kvs: prev_kv ? found : [],
        }).serialize();
      }
      case "/etcdserverpb.KV/Compact": {
        const revision = Number(CompactionRequest.deserialize(message).revision);
        if (revision <= this.compactRevision) throw new CompactedError("compacted", undefined);
        this.compactRevision = revision;
        return new CompactionResponse({ header: header() }).serialize();
      }
      default:
        throw new Error(`no such method: ${path}`);
    }
  }

  #pool(): Pool {
    const unary = async <Request, Response>(
      method: Method<Request, Response>,
      request: Request,
      route: Route,
      options: CallOptions,
    ): Promise<Response> => {
      const { head, policy, isLinearizable } = method;
      const message = method.encode(request);
      const hasLeader = head.fields.some(([name]) => name === "hasleader");
      const call = { path: head.path, policy, route, hasLeader, isLinearizable, message, options };
      this.seen.push(call);
      const outcome = this.onCall(call);
      if (outcome instanceof Error) throw outcome;
      await outcome;
      const reply = method.decode(this.#answer(head.path, message));
      if (method.header(reply)?.clusterId !== "14841639068965178418") throw new Error("no header was read");
      return reply;
    };
    return { unary, revision: 77, term: 7 } as unknown as Pool;
  }
}

export const refusal = (
  code: "ETCD_FUTURE_REVISION" | "ETCD_MESSAGE_TOO_LARGE" | "ETCD_CONNECTION_LOST",
): StatusError => new StatusError(code, code, { mayHaveApplied: false });
