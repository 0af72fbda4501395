import { RequestHead } from "../connection/request-head.js";

/**
 * `read`: changes nothing. `repeatable`: running the request twice is as good as once (a write of our own that its
 * own success makes harmless to repeat). `nonRepeatable`: everything else, a user's Put and Txn above all.
 */
export type MethodPolicy = "read" | "repeatable" | "nonRepeatable";

/** What every reply says about the cluster that gave it (`ResponseHeader`). */
export interface ReplyHeader {
  /** Decimal text; `"0"` where the server left it out. */
  readonly clusterId: string;
  /** The store's revision when the reply was made. */
  readonly revision: number;
  readonly raftTerm: number;
}

/** Something that not all supported servers have. */
export interface Feature {
  /** The first version that has it: "3.5". */
  readonly since: string;
  /** In the words of the caller: "userAdd with a hashed password". */
  readonly what: string;
}

/**
 * One RPC method, as the layers below the messages see it: a path, and rules for sending it. What the bytes mean
 * is `encode`'s and `decode`'s business.
 */
export interface Method<Request, Response> {
  readonly head: RequestHead;
  readonly policy: MethodPolicy;
  /** A reply must not be older than any reply that was complete when the call began. */
  readonly isLinearizable: boolean;
  /**
   * What the server must know. Asked before each try is sent, because an older server skips fields that it does not
   * know, and would do something else.
   */
  readonly feature?: Feature | undefined;
  readonly encode: (request: Request) => Uint8Array;
  readonly decode: (bytes: Uint8Array) => Response;
  readonly header: (response: Response) => ReplyHeader | undefined;
}

/**
 * etcd refuses a call with this metadata at once when the member knows no leader, before proposing anything
 * (api/v3rpc/interceptor.go). Without it the call blocks for the server's 7 s. It goes on every call but Status
 * and serializable reads, which a member can answer alone.
 */
const HAS_LEADER = ["hasleader", "true"] as const;

/** The request head of a method that needs a leader. */
export const leaderHead = (path: string): RequestHead => new RequestHead(path, [HAS_LEADER]);

/** The request head of a method that any member answers by itself. */
export const memberHead = (path: string): RequestHead => new RequestHead(path);
