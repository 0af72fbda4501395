import { parseAddress } from "../cluster/address.js";
import type { Address } from "../cluster/address.js";
import type { Endpoint } from "../cluster/endpoint.js";
import type { CallOptions, NewEndpoint, Pool } from "../cluster/pool.js";
import { Wait, deadlineError } from "../cluster/wait.js";
import type { Timer } from "../connection/runtime.js";
import { EtcdError } from "../errors.js";
import { MemberListRequest } from "../messages/generated.js";
import type { Member } from "../messages/generated.js";
import { toBigInt } from "../messages/numbers.js";
import { MEMBER_LIST } from "./admin/admin-methods.js";

/** Addresses that a member may advertise and that mean another machine here, or none. */
const UNSPECIFIED = new Set(["0.0.0.0", "::"]);

/** Where clients reach `member`, as far as this client may go there. */
const addressesOf = (member: Member, overTls: boolean): Address[] => {
  const addresses: Address[] = [];
  for (const url of member.clientURLs) {
    let address: Address;
    try {
      address = parseAddress(url);
    } catch {
      // What one member advertises wrongly must not keep the others away.
      continue;
    }
    // A client with TLS sends nothing in the clear, credentials least of all.
    if (UNSPECIFIED.has(address.host) || (overTls && address.tls === false)) continue;
    addresses.push(address);
  }
  return addresses;
};

/**
 * Which endpoints a client should have when the cluster has these members. Learners and members that have not started
 * serve nobody. An endpoint that the user gave and that is a member's stays as it was given: it is known to work from
 * here, which what a member advertises (`localhost`, a name inside of a container network) may not.
 *
 * @param endpoints as they are; one whose member is not known yet has never answered, and stays
 */
export const planEndpoints = (
  endpoints: readonly Endpoint[],
  members: readonly Member[],
  overTls: boolean,
): { kept: Endpoint[]; added: NewEndpoint[] } => {
  const voters = members.filter(({ isLearner, clientURLs }) => !isLearner && clientURLs.length > 0);
  const voterIds = new Set(voters.map(({ ID }) => toBigInt(ID)));
  const kept = endpoints.filter(({ memberId }) => memberId === undefined || voterIds.has(memberId));
  const represented = new Set(kept.map(({ memberId }) => memberId));
  const taken = new Set(kept.map(({ address }) => `${address.host}:${address.port}`));
  const added: NewEndpoint[] = [];
  for (const voter of voters) {
    const memberId = toBigInt(voter.ID);
    if (represented.has(memberId)) continue;
    for (const address of addressesOf(voter, overTls)) {
      const place = `${address.host}:${address.port}`;
      if (taken.has(place)) continue;
      taken.add(place);
      added.push({ address, memberId });
    }
  }
  // A list that leaves nobody cannot be true for us: what answered it, for one, is a member.
  return kept.length + added.length === 0 ? { kept: [...endpoints], added } : { kept, added };
};

/** Keeps a pool's endpoints what the cluster's members are. */
export class EndpointSync {
  readonly #pool: Pool;
  readonly #overTls: boolean;
  #timer: Timer;
  #closed = false;

  /** @param overTls the client's `tls` option is set */
  constructor(pool: Pool, overTls: boolean) {
    this.#pool = pool;
    this.#overTls = overTls;
  }

  /** Once, now. */
  async sync(options: CallOptions): Promise<void> {
    const pool = this.#pool;
    const wait = new Wait(pool.runtime, options.timeoutMs, options.signal);
    const request = new MemberListRequest({ linearizable: true });
    const { members } = await pool.unary(MEMBER_LIST, request, "leader", options);
    const unknown = pool.endpoints.filter(({ memberId }) => memberId === undefined);
    // One that does not answer stays, whoever it is.
    await wait.for(Promise.allSettled(unknown.map((endpoint) => pool.identify(endpoint))), deadlineError);
    if (this.#closed) return;
    const { kept, added } = planEndpoints(pool.endpoints, members, this.#overTls);
    pool.replaceEndpoints(kept, added);
  }

  /** Again and again, each time after about `intervalMs`; does not keep the process alive. */
  start(intervalMs: number, timeoutMs: number): void {
    const { runtime } = this.#pool;
    // A tenth of it is random, so that clients that were started together do not ask together.
    const delayMs = intervalMs * (0.95 + 0.1 * runtime.random());
    this.#timer = runtime.setTimer(() => {
      this.sync({ timeoutMs })
        .catch((error: unknown) => {
          // The endpoints stay as they are until the next time.
          if (!(error instanceof EtcdError)) throw error;
        })
        .finally(() => {
          if (!this.#closed) this.start(intervalMs, timeoutMs);
        });
    }, delayMs);
  }

  close(): void {
    this.#closed = true;
    if (this.#timer !== undefined) this.#pool.runtime.clearTimer(this.#timer);
  }
}
