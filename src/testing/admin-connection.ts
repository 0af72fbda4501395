import { Channel, Metadata, credentials, type CallOptions, type requestCallback } from "@grpc/grpc-js";

import {
  AuthClient,
  AuthEnableRequest,
  AuthRoleAddRequest,
  AuthUserAddRequest,
  AuthUserGrantRoleRequest,
  AuthenticateRequest,
  ClusterClient,
  MaintenanceClient,
  MemberListRequest,
  StatusRequest,
  type AuthenticateResponse,
  type MemberListResponse,
  type StatusResponse,
} from "../messages/generated.js";
import { toBigInt } from "../messages/numbers.js";

/** A user with all rights. */
export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** PEM texts that a client needs to talk to the cluster. */
export interface ClientTls {
  readonly ca: string;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** What one member says of itself. */
export interface MemberStatus {
  readonly memberId: bigint;
  /** 0 while the member knows no leader. */
  readonly leaderId: bigint;
  readonly version: string;
}

/** What a member says of another one. */
export interface ListedMember {
  readonly id: bigint;
  /** Empty until it has started. */
  readonly name: string;
  readonly peerUrls: readonly string[];
}

/** A silent server must not hold up the loop that asks again. */
const CALL_TIMEOUT_MS = 2_000;

/**
 * One member's administration, on the stock grpc-js channel: what this package's own wire is tested with must not
 * depend on that wire.
 */
export class AdminConnection {
  private readonly channel: Channel;
  private readonly address: string;
  private readonly auth: Credentials | undefined;
  private readonly metadata = new Metadata();

  constructor(endpoint: string, tls: ClientTls | undefined, auth?: Credentials) {
    this.auth = auth;
    this.address = endpoint;
    const pem = (text: string | undefined): Buffer | null => (text === undefined ? null : Buffer.from(text));
    const security =
      tls === undefined
        ? credentials.createInsecure()
        : credentials.createSsl(pem(tls.ca), pem(tls.key), pem(tls.cert));
    this.channel = new Channel(endpoint, security, {
      // A server that was just started refuses at first; grpc-js would wait for a second and more.
      "grpc.initial_reconnect_backoff_ms": 20,
      "grpc.max_reconnect_backoff_ms": 100,
      "grpc.use_local_subchannel_pool": 1,
      "grpc.enable_http_proxy": 0,
      // An IP address is no name for SNI, and Node warns of one (RFC 6066 §3).
      ...(tls === undefined ? {} : { "grpc.ssl_target_name_override": "localhost" }),
    });
  }

  /** Works without a leader, unless auth is on: 3.6 and newer then ask for a token, and a token needs a leader. */
  async status(): Promise<MemberStatus> {
    if (this.auth !== undefined && this.metadata.get("token").length === 0)
      await this.authenticate(this.auth);
    const client = new MaintenanceClient(this.address, credentials.createInsecure(), this.options());
    const reply = await this.call<StatusResponse>((...rest) => client.Status(new StatusRequest(), ...rest));
    return {
      memberId: toBigInt(reply.header?.member_id ?? "0"),
      leaderId: toBigInt(reply.leader),
      version: reply.version,
    };
  }

  /** All members that the cluster knows, started or not. */
  async members(): Promise<ListedMember[]> {
    const client = new ClusterClient(this.address, credentials.createInsecure(), this.options());
    const reply = await this.call<MemberListResponse>((...rest) =>
      client.MemberList(new MemberListRequest(), ...rest),
    );
    return reply.members.map(({ ID, name, peerURLs }) => ({ id: toBigInt(ID), name, peerUrls: peerURLs }));
  }

  /** Adds the user, with all rights, and turns auth on. etcd insists on a user and a role called root. */
  async enableAuth(user: string, password: string, rootPassword: string): Promise<void> {
    const client = new AuthClient(this.address, credentials.createInsecure(), this.options());
    await this.call((...rest) => client.RoleAdd(AuthRoleAddRequest.fromObject({ name: "root" }), ...rest));
    for (const [name, secret] of new Map([
      ["root", rootPassword],
      [user, password],
    ])) {
      const add = AuthUserAddRequest.fromObject({ name, password: secret });
      await this.call((...rest) => client.UserAdd(add, ...rest));
      const grant = AuthUserGrantRoleRequest.fromObject({ user: name, role: "root" });
      await this.call((...rest) => client.UserGrantRole(grant, ...rest));
    }
    await this.call((...rest) => client.AuthEnable(new AuthEnableRequest(), ...rest));
  }

  private async authenticate({ user, password }: Credentials): Promise<void> {
    const client = new AuthClient(this.address, credentials.createInsecure(), this.options());
    const request = AuthenticateRequest.fromObject({ name: user, password });
    const reply = await this.call<AuthenticateResponse>((...rest) => client.Authenticate(request, ...rest));
    this.metadata.set("token", reply.token);
  }

  close(): void {
    this.channel.close();
  }

  private options(): { channelOverride: Channel } {
    return { channelOverride: this.channel };
  }

  private call<Response>(
    start: (metadata: Metadata, options: CallOptions, callback: requestCallback<Response>) => unknown,
  ): Promise<Response> {
    return new Promise((resolve, reject) => {
      start(this.metadata, { deadline: Date.now() + CALL_TIMEOUT_MS }, (error, reply) => {
        if (error !== null) reject(error);
        else resolve(reply!);
      });
    });
  }
}
