import { parseAddress } from "../cluster/address.js";
import type { Address } from "../cluster/address.js";
import type { Endpoint } from "../cluster/endpoint.js";
import type { CallOptions, Pool } from "../cluster/pool.js";
import { Wait, deadlineError } from "../cluster/wait.js";
import { ArgumentError, EtcdError, unsentBecause } from "../errors.js";

/**
 * Which of the client's endpoints: its address, as it was given to the client or with another scheme, or the id of the
 * member that answers there.
 */
export type EndpointName = string | bigint;

/**
 * The endpoint with this name.
 *
 * @throws ArgumentError if the client has none such; the reason why some could not be asked, if one of those may be it
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
  const known = withId(pool, name);
  if (known !== undefined) return known;
  const unidentified = pool.endpoints.filter(({ memberId }) => memberId === undefined);
  const wait = new Wait(pool.runtime, options.timeoutMs, options.signal);
  const asked = Promise.allSettled(unidentified.map((endpoint) => pool.identify(endpoint)));
  const outcomes = await wait.for(asked, deadlineError);
  const found = withId(pool, name);
  if (found !== undefined) return found;
  for (const outcome of outcomes) {
    if (outcome.status === "fulfilled") continue;
    const reason: unknown = outcome.reason;
    throw reason instanceof EtcdError ? unsentBecause(reason) : reason;
  }
  throw notOurs(pool, `member ${name.toString(16)}`);
};

const withId = (pool: Pool, id: bigint): Endpoint | undefined =>
  pool.endpoints.find(({ memberId }) => memberId === id);

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
