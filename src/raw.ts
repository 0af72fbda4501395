/**
 * `etcdwire/raw`: etcd's messages and service clients as they are on the wire, and the channel that carries them.
 *
 *     const channel = createChannel({ endpoints: ["127.0.0.1:2379"] });
 *     const kv = new KVClient("etcd", credentials.createInsecure(), { channelOverride: channel });
 */
import type { ChannelInterface } from "@grpc/grpc-js";
import { checkClientOptions } from "./client/client-options.js";
import type { ClientOptions } from "./client/client-options.js";
import { openPool } from "./client/open-pool.js";
import { createChannel as channelOver } from "./cluster/channel-router.js";

export * from "./messages/generated.js";
export type { ClientOptions } from "./client/client-options.js";
// What every user of a generated client needs of grpc-js, of the version that the classes were made for.
export { Metadata, credentials, status } from "@grpc/grpc-js";

/**
 * A channel for generated grpc-js clients with connections of its own, which end when it is closed. TLS and
 * credentials are in `options`; those given to the generated client are not used.
 *
 * @throws ArgumentError for options that cannot work
 */
export const createChannel = (options: ClientOptions): ChannelInterface => {
  const checked = checkClientOptions(options);
  const pool = openPool(checked);
  return channelOver(pool, {
    timeoutMs: checked.timeoutMs,
    onRelease: () => {
      pool.close();
    },
  });
};
