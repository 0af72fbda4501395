import { RequestHead } from "../connection/request-head.js";

/**
 * One RPC method, as the layers below the messages see it: a path, and rules for sending it. What the bytes mean
 * is `encode`'s and `decode`'s business.
 */
export interface Method<Request, Response> {
  readonly head: RequestHead;
  /** `repeatable`: running it twice is as good as once. */
  readonly policy: "repeatable" | "nonRepeatable";
  readonly encode: (request: Request) => Uint8Array;
  readonly decode: (bytes: Uint8Array) => Response;
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
