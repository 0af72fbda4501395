import type tls from "node:tls";
import { nodeRuntime } from "../../src/connection/runtime.js";
import type { Connection } from "../../src/connection/connection.js";
import type { TlsOptions } from "../../src/options.js";
import { createAuthority } from "../../src/testing/certificates.js";
import { connect } from "./recorded-call.js";
import type { ConnectOptions, RecordingListener } from "./recorded-call.js";
import { ScriptedPeer } from "./scripted-peer.js";
import type { PeerConnection } from "./scripted-peer.js";

export const authority = createAuthority("test authority");
const certificate = authority.issue({ commonName: "server", names: ["127.0.0.1"] });

/** What a server over TLS needs to be taken for an etcd. */
export const serverTls = (options: tls.TlsOptions = {}): tls.TlsOptions => ({
  ...certificate,
  ALPNProtocols: ["h2"],
  ...options,
});

/** etcd's plaintext and TLS ports are two server stacks (grpc-go's own, and net/http): wire tests run on both. */
export const transports = ["TCP", "TLS"] as const;
export type Transport = (typeof transports)[number];

/** A connection over real sockets, and the peer's side of it. */
export interface WireConnection {
  readonly connection: Connection;
  readonly listener: RecordingListener;
  readonly peer: PeerConnection;
  /** Ends both sides and the server. */
  close(): Promise<void>;
}

/** What the client trusts over this transport. */
export const clientTls = (transport: Transport): TlsOptions | undefined =>
  transport === "TLS" ? { ca: authority.cert } : undefined;

/** Connects and does nothing more: neither side has taken a frame. The client's preface and SETTINGS are on their way. */
export const dial = async (transport: Transport, options: ConnectOptions = {}): Promise<WireConnection> => {
  const server = await ScriptedPeer.listen(transport === "TLS" ? serverTls() : undefined);
  const accepted = server.accept();
  const { connection, listener } = connect(nodeRuntime, {
    ...options,
    target: {
      endpoint: server.endpoint,
      host: "127.0.0.1",
      port: server.port,
      tls: clientTls(transport),
      ...options.target,
    },
  });
  const peer = await accepted;
  return {
    connection,
    listener,
    peer,
    close: async () => {
      connection.close();
      await server.close();
    },
  };
};

/** The same with the handshake done: the next frame that the peer reads is the client's first call. */
export const dialOpen = async (
  transport: Transport,
  options: ConnectOptions = {},
  settings: readonly (readonly [id: number, value: number])[] = [],
): Promise<WireConnection> => {
  const wire = await dial(transport, options);
  await wire.peer.handshake(settings);
  await wire.listener.opened;
  return wire;
};
