import { ArgumentError, ProtocolError } from "../../errors.js";
import {
  MemberAddRequest,
  MemberListRequest,
  MemberPromoteRequest,
  MemberRemoveRequest,
  MemberUpdateRequest,
} from "../../messages/generated.js";
import type { Member as MemberMessage } from "../../messages/generated.js";
import { toBigInt, uint64Text } from "../../messages/numbers.js";
import { withJson } from "../../txn/json.js";
import {
  LOCAL_MEMBER_LIST,
  MEMBER_ADD,
  MEMBER_LIST,
  MEMBER_PROMOTE,
  MEMBER_REMOVE,
  MEMBER_UPDATE,
} from "./admin-methods.js";
import type { CallerOptions, Calls } from "../calls.js";
import type { EndpointSync } from "../endpoint-sync.js";
import { FEATURES, requiring } from "./features.js";

/** One member of the cluster. `JSON.stringify` writes its id as decimal text; etcd's own tools show it in hex. */
export interface Member {
  readonly id: bigint;
  /** Empty until the member has started for the first time. */
  readonly name: string;
  /** Where the other members reach it. */
  readonly peerUrls: readonly string[];
  /** Where clients reach it, by its own word; none until it has started for the first time. */
  readonly clientUrls: readonly string[];
  /** Gets all changes and has no vote. */
  readonly isLearner: boolean;
  /** It has started, once at least; it may be down. */
  readonly isStarted: boolean;
}

/** Options of `cluster.list`. */
export interface MemberListOptions extends CallerOptions {
  /**
   * `true`: the list as it is now, which a server older than 3.5 cannot promise: ETCD_UNSUPPORTED. `false`: what some
   * member knows, at once and without a leader too. Default: as it is now, where the server can tell.
   */
  linearizable?: boolean | undefined;
}

/** Options of `cluster.add`. */
export interface MemberAddOptions extends CallerOptions {
  /** Add it without a vote, to be promoted once it has caught up. Default: false. */
  learner?: boolean | undefined;
}

/** What `cluster.add` did. */
export interface MemberAddResult {
  /** The new one: start it now, with `--initial-cluster-state=existing`. */
  readonly member: Member;
  /** All, the new one included. */
  readonly members: readonly Member[];
}

/**
 * The cluster's members. Every change goes through the leader. One that is refused fails with ETCD_MEMBER_EXISTS,
 * ETCD_MEMBER_NOT_FOUND or ETCD_MEMBER_ADMIN, or with ETCD_UNHEALTHY_CLUSTER where it would put the quorum at risk; in a
 * cluster with auth on it takes the root role.
 */
export class Cluster {
  readonly #calls: Calls;
  readonly #endpointSync: EndpointSync;

  /** @internal */
  constructor(calls: Calls, endpointSync: EndpointSync) {
    this.#calls = calls;
    this.#endpointSync = endpointSync;
  }

  /** All members, started or not, in no order. */
  async list(options: MemberListOptions = {}): Promise<readonly Member[]> {
    const { linearizable } = options;
    requireBoolean(linearizable, "linearizable");
    const checked = this.#calls.options(options, ["linearizable"]);
    // An older server skips the field, and answers from what it knows.
    const request = new MemberListRequest({ linearizable: linearizable ?? true });
    const { members } =
      linearizable === false
        ? await this.#calls.unary(LOCAL_MEMBER_LIST, request, checked, "any")
        : await this.#calls.unary(linearizable === true ? INSISTING_LIST : MEMBER_LIST, request, checked);
    return members.map(memberOf);
  }

  /**
   * Re-reads the client's endpoints from the member list, now, as `endpointSyncMs` does it again and again: new members
   * are used from now on, removed ones and learners are not.
   *
   * @returns the endpoints that the client has then
   */
  async sync(options: CallerOptions = {}): Promise<readonly string[]> {
    await this.#endpointSync.sync(this.#calls.options(options));
    return this.#calls.pool.endpoints.map(({ address }) => address.text);
  }

  /**
   * Announces a new member, which can then be started. Not repeated if its outcome is unknown: look with `list`.
   *
   * @param peerUrls where the others will reach it: "http://10.0.0.4:2380"
   */
  async add(peerUrls: string | readonly string[], options: MemberAddOptions = {}): Promise<MemberAddResult> {
    requireBoolean(options.learner, "learner");
    const checked = this.#calls.options(options, ["learner"]);
    const request = new MemberAddRequest({ peerURLs: urlsOf(peerUrls), isLearner: options.learner === true });
    const { member, members } = await this.#calls.unary(MEMBER_ADD, request, checked);
    if (member === undefined) {
      throw new ProtocolError("ETCD_PROTOCOL", "the server's MemberAddResponse names no member", {
        mayHaveApplied: true,
      });
    }
    return { member: memberOf(member), members: members.map(memberOf) };
  }

  /**
   * Gives a learner its vote. Fails with ETCD_LEARNER_NOT_READY until it has caught up with the leader: try again then.
   * Not repeated if its outcome is unknown.
   */
  async promote(id: bigint, options: CallerOptions = {}): Promise<readonly Member[]> {
    const request = new MemberPromoteRequest({ ID: memberIdText(id, "id") });
    return (await this.#calls.unary(MEMBER_PROMOTE, request, this.#calls.options(options))).members.map(
      memberOf,
    );
  }

  /** Takes a member out for ever; its process ends by itself. Not repeated if its outcome is unknown. */
  async remove(id: bigint, options: CallerOptions = {}): Promise<readonly Member[]> {
    const request = new MemberRemoveRequest({ ID: memberIdText(id, "id") });
    return (await this.#calls.unary(MEMBER_REMOVE, request, this.#calls.options(options))).members.map(
      memberOf,
    );
  }

  /** Says where the others reach a member from now on. Repeated if need be: it says what shall be. */
  async update(
    id: bigint,
    peerUrls: string | readonly string[],
    options: CallerOptions = {},
  ): Promise<readonly Member[]> {
    const request = new MemberUpdateRequest({ ID: memberIdText(id, "id"), peerURLs: urlsOf(peerUrls) });
    return (await this.#calls.unary(MEMBER_UPDATE, request, this.#calls.options(options))).members.map(
      memberOf,
    );
  }
}

const INSISTING_LIST = requiring(MEMBER_LIST, FEATURES.linearizableMemberList);

const memberOf = (message: MemberMessage): Member =>
  withJson({
    id: toBigInt(message.ID),
    name: message.name,
    peerUrls: message.peerURLs,
    clientUrls: message.clientURLs,
    isLearner: message.isLearner,
    isStarted: message.name !== "",
  });

/** A member's id as the messages want it. @throws ArgumentError */
export const memberIdText = (id: unknown, name: string): string => {
  if (typeof id !== "bigint" || id === 0n) {
    throw new ArgumentError(`${name} must be a member's id, a bigint such as 0x8e9e05c52164694dn`);
  }
  return uint64Text(id, name);
};

/** From JavaScript anything can arrive. @throws ArgumentError */
export const requireBoolean = (value: unknown, name: string): void => {
  if (value !== undefined && typeof value !== "boolean")
    throw new ArgumentError(`${name} must be true or false`);
};

const urlsOf = (peerUrls: unknown): string[] => {
  const urls: unknown[] = Array.isArray(peerUrls) ? peerUrls : [peerUrls];
  if (urls.length === 0 || !urls.every((url) => typeof url === "string" && /^\w+:\/\/./.test(url))) {
    throw new ArgumentError('peerUrls must be one or more URLs such as "http://10.0.0.4:2380"');
  }
  return urls as string[];
};
