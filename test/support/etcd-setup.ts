import { findEtcd } from "../../src/testing/index.js";

/**
 * Runs once before the integration tests: the first search on a machine may build etcd for a minute or more, which
 * must not count against the time limit of whichever test comes first.
 */
export async function setup(): Promise<void> {
  try {
    await findEtcd();
  } catch {
    // Each test that needs etcd fails by itself with the whole story, and the unit tests still run.
  }
}
