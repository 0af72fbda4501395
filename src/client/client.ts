import type { ChannelInterface } from "@grpc/grpc-js";
import { createChannel } from "../cluster/channel-router.js";
import { Auth } from "./admin/auth.js";
import { checkClientOptions } from "./client-options.js";
import type { ClientOptions } from "./client-options.js";
import { ClientParts } from "./client-parts.js";
import { Cluster } from "./admin/cluster.js";
import { KeySpace } from "./key-space.js";
import { Maintenance } from "./admin/maintenance.js";
import { Namespace } from "./namespace.js";
import { ServerElection } from "./recipes/server-election.js";
import { ServerLock } from "./recipes/server-lock.js";

export type { CallerOptions } from "./calls.js";
export type { Leader } from "./namespace.js";

/**
 * A client of one etcd cluster. Connects when first used; keeps the process alive only while calls are under
 * way; `close()` when done.
 */
export class Client extends Namespace {
  /** The cluster's members. */
  readonly cluster: Cluster;
  /** What operators do with members: status, alarms, snapshots, defragmentation. */
  readonly maintenance: Maintenance;
  /** Users, roles and permissions. */
  readonly auth: Auth;
  /** The server's own lock service (`v3lock`). Slower and weaker than `Mutex`; for sharing locks with those who use it. */
  readonly serverLock: ServerLock;
  /** The server's own election service (`v3election`). */
  readonly serverElection: ServerElection;

  /** @throws ArgumentError for options that cannot work; nothing is sent here */
  constructor(options: ClientOptions) {
    const parts = new ClientParts(checkClientOptions(options));
    super(parts, new KeySpace());
    this.cluster = new Cluster(parts.calls, parts.endpointSync);
    this.maintenance = new Maintenance(parts.calls);
    this.auth = new Auth(parts.calls);
    this.serverLock = new ServerLock(parts.calls);
    this.serverElection = new ServerElection(parts.calls);
  }

  /**
   * A channel for generated grpc-js clients, in place of grpc-js's own:
   * `new KVClient("etcd", credentials.createInsecure(), { channelOverride: client.channel() })`. Calls go to the
   * leader and share this client's connections; closing the channel leaves the client open.
   */
  channel(): ChannelInterface {
    return createChannel(this.parts.pool, { timeoutMs: this.timeoutMs });
  }

  /** Ends every call, watch and connection at once: they fail with ETCD_CLOSED. Leases stay. Idempotent. */
  close(): Promise<void> {
    this.parts.close();
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
