import { Channel, Metadata, credentials, type CallOptions, type requestCallback } from "@grpc/grpc-js";

import {
  AuthClient,
  AuthEnableRequest,
  AuthRoleAddRequest,
  AuthUserAddRequest,
  AuthUserGrantRoleRequest,
  ClusterClient,
  MaintenanceClient,
  MemberListRequest,
  StatusRequest,
  type MemberListResponse,
  type StatusResponse,
} from "../messages/generated.js";
import { toBigInt } from "../messages/numbers.js";

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

/** A silent server must not hold up the loop that asks again. */
const CALL_TIMEOUT_MS = 2_000;

/**
 * One member's administration, on the stock grpc-js channel: what this package's own wire is tested with must not
 * depend on that wire.
 */
export class AdminConnection {
  private readonly channel: Channel;
  private readonly address: string;

  constructor(endpoint: string, tls: ClientTls | undefined) {
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
    });
  }

  /** Works without a leader, and without credentials where auth is on. */
  async status(): Promise<MemberStatus> {
    const client = new MaintenanceClient(this.address, credentials.createInsecure(), this.options());
    const reply = await call<StatusResponse>((...rest) => client.Status(new StatusRequest(), ...rest));
    return {
      memberId: toBigInt(reply.header?.member_id ?? "0"),
      leaderId: toBigInt(reply.leader),
      version: reply.version,
    };
  }

  /** Member names by id. */
  async memberNames(): Promise<Map<bigint, string>> {
    const client = new ClusterClient(this.address, credentials.createInsecure(), this.options());
    const reply = await call<MemberListResponse>((...rest) =>
      client.MemberList(new MemberListRequest(), ...rest),
    );
    return new Map(reply.members.map((member) => [toBigInt(member.ID), member.name]));
  }

  /** Adds the user, with all rights, and turns auth on. etcd insists on a user and a role called root. */
  async enableAuth(user: string, password: string, rootPassword: string): Promise<void> {
    const client = new AuthClient(this.address, credentials.createInsecure(), this.options());
    await call((...rest) => client.RoleAdd(AuthRoleAddRequest.fromObject({ name: "root" }), ...rest));
    for (const [name, secret] of new Map([
      ["root", rootPassword],
      [user, password],
    ])) {
      const add = AuthUserAddRequest.fromObject({ name, password: secret });
      await call((...rest) => client.UserAdd(add, ...rest));
      const grant = AuthUserGrantRoleRequest.fromObject({ user: name, role: "root" });
      await call((...rest) => client.UserGrantRole(grant, ...rest));
    }
    await call((...rest) => client.AuthEnable(new AuthEnableRequest(), ...rest));
  }

  close(): void {
    this.channel.close();
  }

  private options(): { channelOverride: Channel } {
    return { channelOverride: this.channel };
  }
}

function call<Response>(
  start: (metadata: Metadata, options: CallOptions, callback: requestCallback<Response>) => unknown,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    start(new Metadata(), { deadline: Date.now() + CALL_TIMEOUT_MS }, (error, reply) => {
      if (error !== null) reject(error);
      else resolve(reply!);
    });
  });
}
