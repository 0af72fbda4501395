import type { ConnectionKind, Endpoint } from "./endpoint.js";

/**
 * Where a call goes. `leader`: writes, locks, linearizable reads, leases: a follower would only pass them on,
 * and loses them when the leader dies. `any`: what a member answers alone. An endpoint: that one and no other.
 */
export type Route = "leader" | "any" | Endpoint;

/** What one call may say for itself. */
export interface CallOptions {
  timeoutMs: number;
  signal?: AbortSignal | undefined;
  /**
   * `streams` for a call whose answer waits for something else, such as somebody's lock: on the connection for calls
   * its silence would look like a frozen server. Default: `calls`.
   */
  kind?: ConnectionKind | undefined;
  /**
   * How long the answer may take once the call is sent, Infinity included; `timeoutMs` then bounds what comes before
   * that. Default: what is left of `timeoutMs`.
   */
  answerTimeoutMs?: number | undefined;
  /** The RPC's, for those who trace calls. Left out where the attempt opens a stream, which is traced as one. */
  path?: string | undefined;
}
