import type {
  AuthenticateRequest,
  LeaseGrantRequest,
  LeaseRevokeRequest,
  LeaseTimeToLiveRequest,
  StatusRequest,
} from "../messages/generated.js";
import {
  AuthenticateResponse,
  LeaseGrantResponse,
  LeaseRevokeResponse,
  LeaseTimeToLiveResponse,
  StatusResponse,
} from "../messages/generated.js";
import type { RequestHead } from "../connection/request-head.js";
import { RequestHead as Head } from "../connection/request-head.js";
import { leaderHead, memberHead } from "../rpc/method.js";
import type { Method } from "../rpc/method.js";
import { defineMethod } from "./define-method.js";

/** Asks one member about itself: no leader needed, none waited for. */
export const STATUS: Method<StatusRequest, StatusResponse> = defineMethod(
  memberHead("/etcdserverpb.Maintenance/Status"),
  "read",
  StatusResponse,
);

/**
 * Carries a password instead of a token. It goes through raft, and needs a leader: without `hasleader` a member that
 * has lost it would hold the call for 7 s.
 */
export const AUTHENTICATE: Method<AuthenticateRequest, AuthenticateResponse> = defineMethod(
  new Head("/etcdserverpb.Auth/Authenticate", leaderHead("").fields, false),
  "repeatable",
  AuthenticateResponse,
);

/** Repeatable because we choose the id: a second grant of it is refused with "lease already exists". */
export const LEASE_GRANT: Method<LeaseGrantRequest, LeaseGrantResponse> = defineMethod(
  leaderHead("/etcdserverpb.Lease/LeaseGrant"),
  "repeatable",
  LeaseGrantResponse,
);

/** Repeatable: a second revoke of the same id finds nothing. */
export const LEASE_REVOKE: Method<LeaseRevokeRequest, LeaseRevokeResponse> = defineMethod(
  leaderHead("/etcdserverpb.Lease/LeaseRevoke"),
  "repeatable",
  LeaseRevokeResponse,
);

export const LEASE_TIME_TO_LIVE: Method<LeaseTimeToLiveRequest, LeaseTimeToLiveResponse> = defineMethod(
  leaderHead("/etcdserverpb.Lease/LeaseTimeToLive"),
  "read",
  LeaseTimeToLiveResponse,
);

export const LEASE_KEEP_ALIVE_HEAD: RequestHead = leaderHead("/etcdserverpb.Lease/LeaseKeepAlive");

export const WATCH_HEAD: RequestHead = leaderHead("/etcdserverpb.Watch/Watch");
