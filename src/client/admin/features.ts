import type { Feature, Method } from "../../rpc/method.js";

/**
 * All that the supported servers, 3.4 and newer, do not have in common and that a caller can ask for: the "since" marks
 * of etcd's API definition beyond 3.4. Asked of the very server that a call goes to, before it is sent
 * (`Pool.requireFeature`), because a server skips fields that it does not know: a 3.4 member would list its own idea of
 * the members and say nothing. In mixed clusters each endpoint has its own version, read anew after each reconnect.
 *
 * The marks that are not here are on replies, where what an older server leaves out reads `undefined`: Status'
 * storageVersion, dbSizeQuota and downgradeInfo, HashKV's hash_revision and Snapshot's version, all since 3.6, and the
 * header's leader_id, since 3.8.
 */
export const FEATURES = {
  linearizableMemberList: { since: "3.5", what: "cluster.list({ linearizable: true })" },
  authStatus: { since: "3.5", what: "auth.status()" },
  hashedPassword: { since: "3.5", what: "userChangePassword with a hashedPassword" },
  downgrade: { since: "3.5", what: "maintenance.downgrade" },
  rangeStream: { since: "3.7", what: "KV.RangeStream" },
} as const satisfies Record<string, Feature>;

/** A method, or one use of it, that not all servers have. */
export const requiring = <Request, Response>(
  method: Method<Request, Response>,
  feature: Feature,
): Method<Request, Response> => ({ ...method, feature });
