import { StatusError } from "../errors.js";
import type { Feature } from "../rpc/method.js";

/** The first two numbers; undefined for a text that does not begin with them. */
const lineOf = (version: string): readonly [number, number] | undefined => {
  const parts = /^v?(\d+)\.(\d+)/.exec(version);
  return parts === null ? undefined : [Number(parts[1]), Number(parts[2])];
};

/**
 * Does a server that calls itself `version` ("3.6.14", "3.7.0-rc.0") know what came with `since` ("3.6")? One that
 * does not say its version, as something in front of etcd may not, is taken to know nothing new.
 */
export const isSince = (version: string, since: string): boolean => {
  const has = lineOf(version);
  const needs = lineOf(since);
  if (has === undefined || needs === undefined) return false;
  return has[0] > needs[0] || (has[0] === needs[0] && has[1] >= needs[1]);
};

/**
 * The server is older than what was asked of it, or does not have it although it is not. Nothing was done.
 *
 * @param attempts how often it was sent, to find out; 0 where the version told
 */
export const unsupportedError = (
  endpoint: string,
  version: string,
  feature: Feature,
  attempts = 0,
): StatusError => {
  const runs = version === "" ? "does not say which etcd it runs" : `runs etcd ${version}`;
  return new StatusError(
    "ETCD_UNSUPPORTED",
    isSince(version, feature.since)
      ? `${feature.what} came with etcd ${feature.since}; ${endpoint} ${runs} and does not have it`
      : `${feature.what} needs etcd ${feature.since} or newer; ${endpoint} ${runs}`,
    { mayHaveApplied: false, endpoint, grpcCode: 12, attempts },
  );
};
