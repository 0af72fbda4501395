import type { Pool } from "../../cluster/pool.js";
import { StatusError } from "../../errors.js";

/**
 * Does a server that calls itself `version` send the answer to a progress request behind the events that it is about?
 * Before 3.4.25 and 3.5.8 it overtakes them (etcd-io/etcd#15220). One that does not say its version is not trusted.
 */
export const ordersProgress = (version: string): boolean => {
  const parts = /^v?(\d+)\.(\d+)\.(\d+)/.exec(version);
  if (parts === null) return false;
  const [major, minor, patch] = parts.slice(1).map(Number) as [number, number, number];
  if (major !== 3) return major > 3;
  if (minor === 4) return patch >= 25;
  return minor === 5 ? patch >= 8 : minor > 5;
};

/** @throws StatusError ETCD_UNSUPPORTED; or why the server at `text` cannot be asked for its version */
export const requireProgress = async (pool: Pool, text: string): Promise<void> => {
  const endpoint = pool.endpointOf(text);
  if (endpoint !== undefined && endpoint.serverVersion === undefined) await pool.identify(endpoint);
  const version = endpoint?.serverVersion ?? "";
  if (ordersProgress(version)) return;
  const runs = version === "" ? "does not say which etcd it runs" : `runs etcd ${version}`;
  throw new StatusError(
    "ETCD_UNSUPPORTED",
    `requestProgress needs etcd 3.4.25, 3.5.8 or newer, whose answers do not overtake events; ${text} ${runs}`,
    { mayHaveApplied: false, endpoint: text, grpcCode: 12 },
  );
};
