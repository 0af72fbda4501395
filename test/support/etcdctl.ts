import type { TestContext } from "vitest";
import { findEtcdctl } from "../../src/testing/etcdctl-binary.js";
import { EtcdStartError, type EtcdCluster } from "../../src/testing/index.js";

const known = new Map<string, Promise<string>>();

/**
 * The path of a real etcdctl, of the cluster's line where that can be had. Where there is none at all the test is
 * skipped, and says why; in CI it fails.
 */
export const needEtcdctl = async (
  { skip }: Pick<TestContext, "skip">,
  { version }: EtcdCluster,
): Promise<string> => {
  let search = known.get(version);
  if (search === undefined) known.set(version, (search = findPath(version)));
  try {
    return await search;
  } catch (error) {
    if (process.env["CI"] === "true" || !(error instanceof EtcdStartError)) throw error;
    return skip(error.message);
  }
};

const findPath = async (version: string): Promise<string> => {
  const line = version.split(".").slice(0, 2).join(".");
  try {
    return (await findEtcdctl({ version: line })).path;
  } catch {
    // Locks and elections are the same in all of them.
    return (await findEtcdctl()).path;
  }
};
