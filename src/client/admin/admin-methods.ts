import {
  AlarmResponse,
  AuthDisableResponse,
  AuthEnableResponse,
  AuthRoleAddResponse,
  AuthRoleDeleteResponse,
  AuthRoleGetResponse,
  AuthRoleGrantPermissionResponse,
  AuthRoleListResponse,
  AuthRoleRevokePermissionResponse,
  AuthStatusResponse,
  AuthUserAddResponse,
  AuthUserChangePasswordResponse,
  AuthUserDeleteResponse,
  AuthUserGetResponse,
  AuthUserGrantRoleResponse,
  AuthUserListResponse,
  AuthUserRevokeRoleResponse,
  DefragmentResponse,
  DowngradeResponse,
  HashKVResponse,
  HashResponse,
  MemberAddResponse,
  MemberListResponse,
  MemberPromoteResponse,
  MemberRemoveResponse,
  MemberUpdateResponse,
  MoveLeaderResponse,
} from "../../messages/generated.js";
import type {
  AlarmRequest,
  AuthDisableRequest,
  AuthEnableRequest,
  AuthRoleAddRequest,
  AuthRoleDeleteRequest,
  AuthRoleGetRequest,
  AuthRoleGrantPermissionRequest,
  AuthRoleListRequest,
  AuthRoleRevokePermissionRequest,
  AuthStatusRequest,
  AuthUserAddRequest,
  AuthUserChangePasswordRequest,
  AuthUserDeleteRequest,
  AuthUserGetRequest,
  AuthUserGrantRoleRequest,
  AuthUserListRequest,
  AuthUserRevokeRoleRequest,
  DefragmentRequest,
  DowngradeRequest,
  HashKVRequest,
  HashRequest,
  MemberAddRequest,
  MemberListRequest,
  MemberPromoteRequest,
  MemberRemoveRequest,
  MemberUpdateRequest,
  MoveLeaderRequest,
} from "../../messages/generated.js";
import { leaderHead, memberHead } from "../../rpc/method.js";
import type { Method } from "../../rpc/method.js";
import { defineMethod } from "../define-method.js";
import { FEATURES, requiring } from "./features.js";

/** Of a service's methods, which is how etcd groups them. */
const cluster = (name: string): string => `/etcdserverpb.Cluster/${name}`;
const maintenance = (name: string): string => `/etcdserverpb.Maintenance/${name}`;
const auth = (name: string): string => `/etcdserverpb.Auth/${name}`;

// Members. A second MemberAdd is refused, or adds another member; a second MemberRemove or MemberPromote is refused,
// and the caller would take a success for a failure. MemberUpdate says what the URLs shall be: twice is as good as once.

export const MEMBER_LIST: Method<MemberListRequest, MemberListResponse> = defineMethod(
  leaderHead(cluster("MemberList")),
  "read",
  MemberListResponse,
);
/** What one member has, which it can tell without a leader. */
export const LOCAL_MEMBER_LIST: Method<MemberListRequest, MemberListResponse> = defineMethod(
  memberHead(cluster("MemberList")),
  "read",
  MemberListResponse,
);
export const MEMBER_ADD: Method<MemberAddRequest, MemberAddResponse> = defineMethod(
  leaderHead(cluster("MemberAdd")),
  "nonRepeatable",
  MemberAddResponse,
);
export const MEMBER_REMOVE: Method<MemberRemoveRequest, MemberRemoveResponse> = defineMethod(
  leaderHead(cluster("MemberRemove")),
  "nonRepeatable",
  MemberRemoveResponse,
);
export const MEMBER_UPDATE: Method<MemberUpdateRequest, MemberUpdateResponse> = defineMethod(
  leaderHead(cluster("MemberUpdate")),
  "repeatable",
  MemberUpdateResponse,
);
export const MEMBER_PROMOTE: Method<MemberPromoteRequest, MemberPromoteResponse> = defineMethod(
  leaderHead(cluster("MemberPromote")),
  "nonRepeatable",
  MemberPromoteResponse,
);

// Maintenance. What a member tells or does by itself needs no leader.

/** Goes through raft, also to read: all members know the same alarms. */
export const ALARM_GET: Method<AlarmRequest, AlarmResponse> = defineMethod(
  leaderHead(maintenance("Alarm")),
  "read",
  AlarmResponse,
);
/** An alarm is on or off: twice is as good as once. */
export const ALARM_SET: Method<AlarmRequest, AlarmResponse> = defineMethod(
  leaderHead(maintenance("Alarm")),
  "repeatable",
  AlarmResponse,
);
/** The member stands still meanwhile: it is for the operator to say that it shall do so once more. */
export const DEFRAGMENT: Method<DefragmentRequest, DefragmentResponse> = defineMethod(
  memberHead(maintenance("Defragment")),
  "nonRepeatable",
  DefragmentResponse,
);
export const HASH: Method<HashRequest, HashResponse> = defineMethod(
  memberHead(maintenance("Hash")),
  "read",
  HashResponse,
);
export const HASH_KV: Method<HashKVRequest, HashKVResponse> = defineMethod(
  memberHead(maintenance("HashKV")),
  "read",
  HashKVResponse,
);
export const SNAPSHOT_HEAD = memberHead(maintenance("Snapshot"));
/** Names the leader that shall be; one that is asked to hand over to itself says OK. */
export const MOVE_LEADER: Method<MoveLeaderRequest, MoveLeaderResponse> = defineMethod(
  leaderHead(maintenance("MoveLeader")),
  "repeatable",
  MoveLeaderResponse,
);
export const DOWNGRADE_VALIDATE: Method<DowngradeRequest, DowngradeResponse> = requiring(
  defineMethod(leaderHead(maintenance("Downgrade")), "read", DowngradeResponse),
  FEATURES.downgrade,
);
/** A second one is refused: "in progress", or "no inflight downgrade job". */
export const DOWNGRADE_CHANGE: Method<DowngradeRequest, DowngradeResponse> = requiring(
  defineMethod(leaderHead(maintenance("Downgrade")), "nonRepeatable", DowngradeResponse),
  FEATURES.downgrade,
);

// Users and roles. No change is repeated when its outcome is unknown: a repeat could undo what another administrator
// did in between, such as grant again the role that was just taken away, and a second UserAdd or UserDelete is refused.

export const AUTH_ENABLE: Method<AuthEnableRequest, AuthEnableResponse> = defineMethod(
  leaderHead(auth("AuthEnable")),
  "nonRepeatable",
  AuthEnableResponse,
);
export const AUTH_DISABLE: Method<AuthDisableRequest, AuthDisableResponse> = defineMethod(
  leaderHead(auth("AuthDisable")),
  "nonRepeatable",
  AuthDisableResponse,
);
export const AUTH_STATUS: Method<AuthStatusRequest, AuthStatusResponse> = requiring(
  defineMethod(leaderHead(auth("AuthStatus")), "read", AuthStatusResponse),
  FEATURES.authStatus,
);
export const USER_ADD: Method<AuthUserAddRequest, AuthUserAddResponse> = defineMethod(
  leaderHead(auth("UserAdd")),
  "nonRepeatable",
  AuthUserAddResponse,
);
export const USER_GET: Method<AuthUserGetRequest, AuthUserGetResponse> = defineMethod(
  leaderHead(auth("UserGet")),
  "read",
  AuthUserGetResponse,
);
export const USER_LIST: Method<AuthUserListRequest, AuthUserListResponse> = defineMethod(
  leaderHead(auth("UserList")),
  "read",
  AuthUserListResponse,
);
export const USER_DELETE: Method<AuthUserDeleteRequest, AuthUserDeleteResponse> = defineMethod(
  leaderHead(auth("UserDelete")),
  "nonRepeatable",
  AuthUserDeleteResponse,
);
export const USER_CHANGE_PASSWORD: Method<AuthUserChangePasswordRequest, AuthUserChangePasswordResponse> =
  defineMethod(leaderHead(auth("UserChangePassword")), "nonRepeatable", AuthUserChangePasswordResponse);
export const USER_CHANGE_HASHED_PASSWORD = requiring(USER_CHANGE_PASSWORD, FEATURES.hashedPassword);
export const USER_GRANT_ROLE: Method<AuthUserGrantRoleRequest, AuthUserGrantRoleResponse> = defineMethod(
  leaderHead(auth("UserGrantRole")),
  "nonRepeatable",
  AuthUserGrantRoleResponse,
);
export const USER_REVOKE_ROLE: Method<AuthUserRevokeRoleRequest, AuthUserRevokeRoleResponse> = defineMethod(
  leaderHead(auth("UserRevokeRole")),
  "nonRepeatable",
  AuthUserRevokeRoleResponse,
);
export const ROLE_ADD: Method<AuthRoleAddRequest, AuthRoleAddResponse> = defineMethod(
  leaderHead(auth("RoleAdd")),
  "nonRepeatable",
  AuthRoleAddResponse,
);
export const ROLE_GET: Method<AuthRoleGetRequest, AuthRoleGetResponse> = defineMethod(
  leaderHead(auth("RoleGet")),
  "read",
  AuthRoleGetResponse,
);
export const ROLE_LIST: Method<AuthRoleListRequest, AuthRoleListResponse> = defineMethod(
  leaderHead(auth("RoleList")),
  "read",
  AuthRoleListResponse,
);
export const ROLE_DELETE: Method<AuthRoleDeleteRequest, AuthRoleDeleteResponse> = defineMethod(
  leaderHead(auth("RoleDelete")),
  "nonRepeatable",
  AuthRoleDeleteResponse,
);
export const ROLE_GRANT_PERMISSION: Method<AuthRoleGrantPermissionRequest, AuthRoleGrantPermissionResponse> =
  defineMethod(leaderHead(auth("RoleGrantPermission")), "nonRepeatable", AuthRoleGrantPermissionResponse);
export const ROLE_REVOKE_PERMISSION: Method<
  AuthRoleRevokePermissionRequest,
  AuthRoleRevokePermissionResponse
> = defineMethod(leaderHead(auth("RoleRevokePermission")), "nonRepeatable", AuthRoleRevokePermissionResponse);
