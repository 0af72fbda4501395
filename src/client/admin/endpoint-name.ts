import { parseAddress } from "../../cluster/address.js";
import type { Address } from "../../cluster/address.js";
import type { Endpoint } from "../../cluster/endpoint.js";
import type { CallOptions, Pool } from "../../cluster/pool.js";
import { Wait, deadlineError } from "../../cluster/wait.js";
import { ArgumentError, EtcdError, unsentBecause } from "../../errors.js";

/**
 * Which of the client's endpoints: its address, as it was given to the client or with another scheme, or the id of the
 * member that answers there.
 */
export type EndpointName = string | bigint;

/** An endpoint that was put aside after a failure comes back within a second at most, and most often much sooner. */
const ASK_AGAIN_MS = 50;

/**
 * The endpoint with this name.
 *
 * @throws ArgumentError if the client has none such; at the deadline, if it may be one that could not be asked, why not
 */
export const endpointNamed = async (
  pool: Pool,
  name: EndpointName,
  options: CallOptions,
): Promise<Endpoint> => {
  if (typeof name === "string") {
    const endpoint = pool.endpoints.find(({ address }) => address.text === name) ?? atAddress(pool, name);
    if (endpoint !== undefined) return endpoint;
    throw notOurs(pool, `endpoint "${name}"`);
  }
  if (typeof name !== "bigint") {
    throw new ArgumentError("an endpoint is named by its address, a string, or by its member's id, a bigint");
  }
  const wait = new Wait(pool.runtime, options.timeoutMs, options.signal);
  for (;;) {
    const known = pool.endpoints.find(({ memberId }) => memberId === name);
    if (known !== undefined) return known;
    const strangers = pool.endpoints.filter(({ memberId }) => memberId === undefined);
    if (strangers.length === 0) throw notOurs(pool, `member ${name.toString(16)}`);
    const asked = Promise.allSettled(strangers.map((endpoint) => pool.identify(endpoint)));
    const outcomes = await wait.for(asked, deadlineError);
    if (outcomes.some(({ status }) => status === "fulfilled")) continue;
    // One that cannot be asked now may be the one. Of several reasons, the first will do.
    const { reason } = outcomes[0] as { reason: unknown };
    if (!(reason instanceof EtcdError) || reason.code === "ETCD_CLOSED") throw reason;
    await wait.sleep(ASK_AGAIN_MS);
    if (wait.remainingMs <= 0) throw unsentBecause(reason);
  }
};

const atAddress = (pool: Pool, text: string): Endpoint | undefined => {
  let wanted: Address;
  try {
    wanted = parseAddress(text);
  } catch {
    return undefined;
  }
  return pool.endpoints.find(
    ({ address }) => address.authority === wanted.authority && address.path === wanted.path,
  );
};

const notOurs = (pool: Pool, what: string): ArgumentError =>
  new ArgumentError(
    `${what} is none of this client's: they are ${pool.endpoints.map(({ address }) => address.text).join(", ")}`,
  );
