import type { TestContext } from "vitest";
import type { Client } from "../../src/index.js";

/**
 * For `beforeEach` of files whose tests have fixed names and a cluster of their own: before a second try
 * (vitest.config.ts, `retry`) nothing may be left of the first one, and no lock held.
 */
export const forgetFirstTry = async ({ task }: TestContext, client: Client): Promise<void> => {
  if ((task.result?.retryCount ?? 0) === 0) return;
  const leases = await client.lease.list();
  // Some may end by themselves meanwhile.
  await Promise.allSettled(leases.map((id) => client.lease.revoke(id)));
  await client.kv.delete("", { prefix: true });
};
