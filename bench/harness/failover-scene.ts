/** What the process that strikes the leader and those that write meanwhile have to agree on. */

/** How long a leader is frozen whose followers hold leases: three times their TTL. */
export const FREEZE_MS = 9_000;
/** TTL of the lease that must outlive it. */
export const LEASE_TTL_SECONDS = 3;
/** From then on a lease that nobody renews is gone: its TTL, and half a second for etcd to delete its keys. */
export const LEASE_END_MS = LEASE_TTL_SECONDS * 1e3 + 500;

/** Where the writes of a run go, and nothing else ever. */
export const writePrefix = (runId: string): string => `bench/failover/${runId}/write/`;
export const writeKey = (runId: string, number: number): string => `${writePrefix(runId)}${number}`;
/** Where the key of the lease is that an agent holds. */
export const leaseKey = (runId: string): string => `bench/failover/${runId}/lease`;
