import {
  CampaignResponse,
  LeaderResponse,
  LockResponse,
  ProclaimResponse,
  ResignResponse,
  UnlockResponse,
} from "../../messages/generated.js";
import type {
  CampaignRequest,
  LeaderRequest,
  LockRequest,
  ProclaimRequest,
  ResignRequest,
  UnlockRequest,
} from "../../messages/generated.js";
import { leaderHead } from "../../rpc/method.js";
import type { Method } from "../../rpc/method.js";
import { defineMethod } from "../define-method.js";

/**
 * A second Lock or Campaign for the same lease takes over the key of the first. When the server notices that the first
 * one's caller is gone, which may be later, it deletes that key (`Mutex.Lock` and `Election.Campaign` in
 * client/v3/concurrency), and the lock that the second one got with it: so they are not repeated.
 */
export const LOCK: Method<LockRequest, LockResponse> = defineMethod(
  leaderHead("/v3lockpb.Lock/Lock"),
  "nonRepeatable",
  LockResponse,
);
/** The key is of one lease, so nobody else's lock is behind it. */
export const UNLOCK: Method<UnlockRequest, UnlockResponse> = defineMethod(
  leaderHead("/v3lockpb.Lock/Unlock"),
  "repeatable",
  UnlockResponse,
);
export const CAMPAIGN: Method<CampaignRequest, CampaignResponse> = defineMethod(
  leaderHead("/v3electionpb.Election/Campaign"),
  "nonRepeatable",
  CampaignResponse,
);
/** A user's write like any other. */
export const PROCLAIM: Method<ProclaimRequest, ProclaimResponse> = defineMethod(
  leaderHead("/v3electionpb.Election/Proclaim"),
  "nonRepeatable",
  ProclaimResponse,
);
/** Deletes the key if it is still of this revision: a second one finds nothing, and says OK. */
export const RESIGN: Method<ResignRequest, ResignResponse> = defineMethod(
  leaderHead("/v3electionpb.Election/Resign"),
  "repeatable",
  ResignResponse,
);
export const ELECTION_LEADER: Method<LeaderRequest, LeaderResponse> = defineMethod(
  leaderHead("/v3electionpb.Election/Leader"),
  "read",
  LeaderResponse,
);
export const OBSERVE_HEAD = leaderHead("/v3electionpb.Election/Observe");
