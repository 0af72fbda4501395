import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Client, RpcEvent, ServerStatus, WatchTraceEvent } from "../index.js";
import type { Header } from "./kv-print.js";

/** When a call has ended; see tracing.ts. */
const RPC_END = "tracing:etcdwire:rpc:asyncEnd";
const WATCH = "etcdwire:watch";

/**
 * Who answered. JSON has the ids of cluster and member with every reply, which the client's results leave out: the
 * member that answered is asked for them.
 */
export class ReplySource {
  #endpoint: string | undefined;
  /** By endpoint. */
  readonly #statuses = new Map<string, Promise<ServerStatus>>();

  constructor() {
    subscribe(RPC_END, this.#onRpc);
    subscribe(WATCH, this.#onWatch);
  }

  stop(): void {
    unsubscribe(RPC_END, this.#onRpc);
    unsubscribe(WATCH, this.#onWatch);
  }

  /** The header of the last reply. What its result does not say is the member's present state. */
  async header(client: Client, known: { revision?: number; raftTerm?: number }): Promise<Header> {
    const endpoint = this.#endpoint ?? (await client.leader()).endpoint;
    let asked = this.#statuses.get(endpoint);
    if (asked === undefined) {
      asked = client.maintenance.status(endpoint);
      this.#statuses.set(endpoint, asked);
    }
    const { clusterId, memberId, revision, raftTerm } = await asked;
    return {
      clusterId,
      memberId,
      revision: known.revision ?? revision,
      raftTerm: known.raftTerm ?? raftTerm,
    };
  }

  readonly #onRpc = (message: unknown): void => {
    const { endpoint, error, path } = message as RpcEvent;
    if (error === undefined && endpoint !== undefined && !path.endsWith("/Status")) this.#endpoint = endpoint;
  };

  readonly #onWatch = (message: unknown): void => {
    const event = message as WatchTraceEvent;
    if (event.type !== "created") return;
    this.#endpoint = event.endpoint;
    // A watch is created anew when the leader changes, and with it the term.
    this.#statuses.delete(event.endpoint);
  };
}
