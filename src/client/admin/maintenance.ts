import type { Endpoint } from "../../cluster/endpoint.js";
import type { CallOptions } from "../../cluster/pool.js";
import { AbortError, ArgumentError, EtcdError, StatusError } from "../../errors.js";
import {
  AlarmRequest,
  AlarmType,
  DefragmentRequest,
  DowngradeRequest,
  HashKVRequest,
  HashRequest,
  MoveLeaderRequest,
  StatusRequest,
} from "../../messages/generated.js";
import type { AlarmMember, StatusResponse } from "../../messages/generated.js";
import { int64Text, toBigInt, toSafeInteger, uint64Text } from "../../messages/numbers.js";
import { DEFRAGMENT_TIMEOUT_MS, STATUSES_TIMEOUT_MS } from "../../options.js";
import { withJson } from "../../txn/json.js";
import {
  ALARM_GET,
  ALARM_SET,
  DEFRAGMENT,
  DOWNGRADE_CHANGE,
  DOWNGRADE_VALIDATE,
  HASH,
  HASH_KV,
  MOVE_LEADER,
} from "./admin-methods.js";
import type { CallerOptions, Calls } from "../calls.js";
import { memberIdText } from "./cluster.js";
import { endpointNamed } from "./endpoint-name.js";
import type { EndpointName } from "./endpoint-name.js";
import { STATUS } from "../method-table.js";
import { patientOptions } from "../recipes/patient-options.js";
import { Snapshot, saveSnapshot } from "./snapshot.js";
import type { SavedSnapshot, SnapshotProgress } from "./snapshot.js";

/** What one member says of itself. `JSON.stringify` writes ids as decimal text. */
export interface ServerStatus {
  /** As the client knows it. */
  readonly endpoint: string;
  readonly clusterId: bigint;
  readonly memberId: bigint;
  /** 0n while it knows none. */
  readonly leaderId: bigint;
  readonly isLeader: boolean;
  readonly isLearner: boolean;
  /** "3.6.14" */
  readonly serverVersion: string;
  /** The revision of its store. */
  readonly revision: number;
  readonly raftTerm: number;
  /** The last entry that is known to be committed, and the last one that it has applied. */
  readonly raftIndex: number;
  readonly raftAppliedIndex: number;
  /** The database file, and what of it is in use: defragmenting gives back the difference. */
  readonly dbSizeBytes: number;
  readonly dbSizeInUseBytes: number;
  /** What the file may grow to before writes are refused. Undefined before 3.6. */
  readonly dbSizeQuotaBytes: number | undefined;
  /** The version of etcd that can read its database: "3.6.0". Undefined before 3.6. */
  readonly storageVersion: string | undefined;
  /** Undefined before 3.6. */
  readonly downgrade: { readonly isEnabled: boolean; readonly targetVersion: string } | undefined;
  /** Alarms and other trouble, in etcd's words. */
  readonly errors: readonly string[];
}

/** One endpoint's answer, or why there is none. */
export type StatusOutcome =
  | { readonly endpoint: string; readonly status: ServerStatus; readonly error?: undefined }
  | { readonly endpoint: string; readonly status?: undefined; readonly error: EtcdError };

/** `nospace`: the database is at its quota, writes are refused. `corrupt`: members disagree, everything is refused. */
export type AlarmKind = "nospace" | "corrupt";

/** An alarm, which all members know and which stays until it is disarmed. */
export interface Alarm {
  readonly memberId: bigint;
  /** `unknown`: of a kind that came with a newer etcd. */
  readonly kind: AlarmKind | "unknown";
}

/** What `maintenance.hash` found. */
export interface HashResult {
  /** CRC-32 of the whole database. */
  readonly hash: number;
  readonly revision: number;
}

/** What `maintenance.hashKv` found. Members agree in all three, or one of them is corrupt. */
export interface HashKvResult {
  /** CRC-32 of the keys' history from `compactRevision` up to `hashRevision`. */
  readonly hash: number;
  readonly compactRevision: number;
  /** The revision up to which was hashed. Undefined before 3.6. */
  readonly hashRevision: number | undefined;
  /** The revision of the member's store. */
  readonly revision: number;
}

/** Options of `maintenance.hashKv`. */
export interface HashKvOptions extends CallerOptions {
  /** Hash up to this revision; 0, the default, is the member's own. */
  revision?: number | undefined;
}

/** Options of `maintenance.snapshot`. `timeoutMs` bounds the whole of it; without it, it takes as long as it takes. */
export interface SnapshotOptions extends CallerOptions {
  /** Whose database. Default: the leader's. */
  endpoint?: EndpointName | undefined;
}

/** Options of `maintenance.saveSnapshot`. */
export interface SaveSnapshotOptions extends SnapshotOptions {
  /** Called after each piece is written. What it throws ends the snapshot. */
  onProgress?: ((progress: SnapshotProgress) => void) | undefined;
}

/** The answer to a question about a downgrade. */
export interface DowngradeResult {
  /** The version that the cluster runs as: "3.6.0". */
  readonly clusterVersion: string;
}

/**
 * What operators do with members. Calls that concern one member take its name: the endpoint's address, or the member's
 * id. They go there and nowhere else. In a cluster with auth on, all but `status` and `alarms` take the root role.
 */
export class Maintenance {
  readonly #calls: Calls;

  /** @internal */
  constructor(calls: Calls) {
    this.#calls = calls;
  }

  /** How one member is. Needs no leader. */
  async status(endpoint: EndpointName, options: CallerOptions = {}): Promise<ServerStatus> {
    const checked = this.#calls.options(options);
    return this.#statusOf(await endpointNamed(this.#calls.pool, endpoint, checked), checked);
  }

  /**
   * How each of the client's endpoints is, in their order; does not fail because some do not answer. Waits 3 s at most,
   * unless `timeoutMs` says otherwise.
   */
  async statuses(options: CallerOptions = {}): Promise<readonly StatusOutcome[]> {
    const checked = this.#calls.options(options);
    const timeoutMs =
      options.timeoutMs === undefined ? Math.min(checked.timeoutMs, STATUSES_TIMEOUT_MS) : checked.timeoutMs;
    return Promise.all(
      this.#calls.pool.endpoints.map(async (endpoint): Promise<StatusOutcome> => {
        const { text } = endpoint.address;
        try {
          return { endpoint: text, status: await this.#statusOf(endpoint, { ...checked, timeoutMs }) };
        } catch (error) {
          if (!(error instanceof EtcdError) || error instanceof AbortError) throw error;
          return { endpoint: text, error };
        }
      }),
    );
  }

  /** All alarms that are on. */
  async alarms(options: CallerOptions = {}): Promise<readonly Alarm[]> {
    const reply = await this.#calls.unary(ALARM_GET, new AlarmRequest(), this.#calls.options(options));
    return reply.alarms.map(alarmOf);
  }

  /**
   * Ends an alarm, or all that are on. After `nospace`, compact and defragment first: it comes back at once otherwise.
   * Repeated if need be.
   *
   * @returns those that were on and are not any more
   */
  async disarm(alarm: Alarm | "all", options: CallerOptions = {}): Promise<readonly Alarm[]> {
    const checked = this.#calls.options(options);
    const all =
      alarm === "all"
        ? (await this.#calls.unary(ALARM_GET, new AlarmRequest(), checked)).alarms
        : [alarmRequest(alarm, AlarmRequest.AlarmAction.DEACTIVATE)];
    const disarmed: Alarm[] = [];
    for (const { memberID, alarm: type } of all) {
      const request = new AlarmRequest({
        action: AlarmRequest.AlarmAction.DEACTIVATE,
        memberID,
        alarm: type,
      });
      const { alarms } = await this.#calls.unary(ALARM_SET, request, checked);
      disarmed.push(...alarms.map(alarmOf));
    }
    return disarmed;
  }

  /** Raises an alarm, as etcd does itself: `nospace` stops writes, `corrupt` stops everything. For drills. */
  async activate(alarm: Alarm, options: CallerOptions = {}): Promise<void> {
    const request = alarmRequest(alarm, AlarmRequest.AlarmAction.ACTIVATE);
    await this.#calls.unary(ALARM_SET, request, this.#calls.options(options));
  }

  /**
   * Gives the free space in a member's database back to its disk. That member stands still meanwhile: do it to one at a
   * time, and the leader last. It may take 10 minutes, unless `timeoutMs` says otherwise; not repeated if its outcome is
   * unknown.
   */
  async defragment(endpoint: EndpointName, options: CallerOptions = {}): Promise<void> {
    const checked = patientOptions(this.#calls, options, [], DEFRAGMENT_TIMEOUT_MS);
    const route = await endpointNamed(this.#calls.pool, endpoint, checked);
    await this.#calls.unary(DEFRAGMENT, new DefragmentRequest(), checked, route);
  }

  /** A checksum of a member's whole database, for etcd's own tests. To compare members, take `hashKv`. */
  async hash(endpoint: EndpointName, options: CallerOptions = {}): Promise<HashResult> {
    const checked = this.#calls.options(options);
    const route = await endpointNamed(this.#calls.pool, endpoint, checked);
    const { header, hash } = await this.#calls.unary(HASH, new HashRequest(), checked, route);
    return { hash, revision: toSafeInteger(header?.revision ?? "0", "revision") };
  }

  /**
   * A checksum of a member's keys and their history. Members that have the same keys give the same at one revision.
   * Fails with ETCD_COMPACTED, or ETCD_FUTURE_REVISION, for a revision that the member does not have.
   */
  async hashKv(endpoint: EndpointName, options: HashKvOptions = {}): Promise<HashKvResult> {
    const checked = this.#calls.options(options, ["revision"]);
    const request = new HashKVRequest({ revision: revisionText(options.revision ?? 0) });
    const route = await endpointNamed(this.#calls.pool, endpoint, checked);
    const reply = await this.#calls.unary(HASH_KV, request, checked, route);
    return {
      hash: reply.hash,
      compactRevision: toSafeInteger(reply.compact_revision, "compact_revision"),
      hashRevision: toSafeInteger(reply.hash_revision, "hash_revision") || undefined,
      revision: toSafeInteger(reply.header?.revision ?? "0", "revision"),
    };
  }

  /**
   * A member's database, piece by piece; see `Snapshot`. Nothing is sent before the first piece is asked for.
   *
   * @throws ArgumentError for options that cannot work; everything else comes out of the iteration
   */
  snapshot(options: SnapshotOptions = {}): Snapshot {
    const { endpoint } = options;
    const checked = patientOptions(this.#calls, options, ["endpoint"], Infinity);
    const { pool } = this.#calls;
    const route = (): Promise<Endpoint | "leader"> =>
      endpoint === undefined ? Promise.resolve("leader") : endpointNamed(pool, endpoint, checked);
    return new Snapshot(pool, route, checked);
  }

  /**
   * Saves a member's database to a file that `etcdutl snapshot restore` takes. The file appears, or replaces an older
   * one, when it is whole, checked and on the disk; until then it is `path`.part, which is gone after a failure. Not
   * begun again after its first piece: ETCD_SNAPSHOT_BROKEN, or what broke the connection.
   */
  async saveSnapshot(path: string, options: SaveSnapshotOptions = {}): Promise<SavedSnapshot> {
    if (typeof path !== "string" || path === "") throw new ArgumentError("path must name a file");
    if (typeof options !== "object" || (options as unknown) === null)
      throw new ArgumentError("options must be an object");
    const { onProgress, ...rest } = options;
    if (onProgress !== undefined && typeof onProgress !== "function") {
      throw new ArgumentError("onProgress must be a function");
    }
    return saveSnapshot(this.snapshot(rest), path, onProgress);
  }

  /**
   * Makes another member the leader, and returns when the old leader follows it. Sent to the leader, whichever that is;
   * repeated if need be. Fails with ETCD_MEMBER_ADMIN for a learner or a stranger.
   */
  async moveLeader(memberId: bigint, options: CallerOptions = {}): Promise<void> {
    const checked = this.#calls.options(options);
    const { pool } = this.#calls;
    const request = new MoveLeaderRequest({ targetID: memberIdText(memberId, "memberId") });
    await this.#calls.unary(MOVE_LEADER, request, checked);
    // The reply has no term that tells, and the next call should not find out by a detour.
    const endpoint = pool.leader;
    if (endpoint === undefined || endpoint.memberId === memberId) return;
    const { text } = endpoint.address;
    pool.noteError(
      new StatusError("ETCD_NOT_LEADER", `${text} has handed over`, { mayHaveApplied: true, endpoint: text }),
    );
  }

  /** Whether the cluster could go down to this version: "3.5". ETCD_DOWNGRADE if not. Needs 3.5. */
  async downgradeValidate(version: string, options: CallerOptions = {}): Promise<DowngradeResult> {
    const { VALIDATE } = DowngradeRequest.DowngradeAction;
    const request = new DowngradeRequest({ action: VALIDATE, version: requireVersionText(version) });
    const reply = await this.#calls.unary(DOWNGRADE_VALIDATE, request, this.#calls.options(options));
    return { clusterVersion: reply.version };
  }

  /** Starts the way down to this version; then replace the members' programs one by one. Not repeated if its outcome is unknown. Needs 3.5. */
  downgradeEnable(version: string, options: CallerOptions = {}): Promise<DowngradeResult> {
    return this.#downgrade(
      DowngradeRequest.DowngradeAction.ENABLE,
      () => requireVersionText(version),
      options,
    );
  }

  /** Calls it off. Not repeated if its outcome is unknown. Needs 3.5. */
  downgradeCancel(options: CallerOptions = {}): Promise<DowngradeResult> {
    return this.#downgrade(DowngradeRequest.DowngradeAction.CANCEL, () => "", options);
  }

  async #downgrade(
    action: DowngradeRequest.DowngradeAction,
    version: () => string,
    options: CallerOptions,
  ): Promise<DowngradeResult> {
    const request = new DowngradeRequest({ action, version: version() });
    const reply = await this.#calls.unary(DOWNGRADE_CHANGE, request, this.#calls.options(options));
    return { clusterVersion: reply.version };
  }

  async #statusOf(endpoint: Endpoint, options: CallOptions): Promise<ServerStatus> {
    const reply = await this.#calls.unary(STATUS, new StatusRequest(), options, endpoint);
    return statusFrom(reply, endpoint.address.text);
  }
}

const statusFrom = (reply: StatusResponse, endpoint: string): ServerStatus => {
  const memberId = toBigInt(reply.header?.member_id ?? "0");
  const leaderId = toBigInt(reply.leader);
  return withJson({
    endpoint,
    clusterId: toBigInt(reply.header?.cluster_id ?? "0"),
    memberId,
    leaderId,
    isLeader: leaderId !== 0n && leaderId === memberId,
    isLearner: reply.isLearner,
    serverVersion: reply.version,
    revision: toSafeInteger(reply.header?.revision ?? "0", "revision"),
    raftTerm: toSafeInteger(reply.raftTerm, "raftTerm"),
    raftIndex: toSafeInteger(reply.raftIndex, "raftIndex"),
    raftAppliedIndex: toSafeInteger(reply.raftAppliedIndex, "raftAppliedIndex"),
    dbSizeBytes: toSafeInteger(reply.dbSize, "dbSize"),
    dbSizeInUseBytes: toSafeInteger(reply.dbSizeInUse, "dbSizeInUse"),
    dbSizeQuotaBytes: toSafeInteger(reply.dbSizeQuota, "dbSizeQuota") || undefined,
    storageVersion: reply.storageVersion || undefined,
    downgrade: downgradeOf(reply),
    errors: reply.errors,
  });
};

const downgradeOf = ({ downgradeInfo: told }: StatusResponse): ServerStatus["downgrade"] =>
  told === undefined ? undefined : { isEnabled: told.enabled, targetVersion: told.targetVersion };

const KINDS = new Map<AlarmType, AlarmKind>([
  [AlarmType.NOSPACE, "nospace"],
  [AlarmType.CORRUPT, "corrupt"],
]);

const alarmOf = ({ memberID, alarm }: AlarmMember): Alarm =>
  withJson({ memberId: toBigInt(memberID), kind: KINDS.get(alarm) ?? "unknown" });

const alarmRequest = (alarm: unknown, action: AlarmRequest.AlarmAction): AlarmRequest => {
  const { memberId, kind } = (alarm ?? {}) as Partial<Alarm>;
  const type = [...KINDS].find(([, name]) => name === kind)?.[0];
  if (type === undefined || typeof memberId !== "bigint") {
    throw new ArgumentError('alarm must be { memberId, kind }, with "nospace" or "corrupt" for its kind');
  }
  return new AlarmRequest({ action, memberID: uint64Text(memberId, "memberId"), alarm: type });
};

const revisionText = (revision: unknown): string => {
  if (typeof revision !== "number" || !(revision >= 0))
    throw new ArgumentError("revision must be a whole number from 0");
  return int64Text(revision, "revision");
};

const requireVersionText = (version: unknown): string => {
  if (typeof version !== "string" || !/^\d+\.\d+(\.\d+)?$/.test(version))
    throw new ArgumentError('version must be a text such as "3.5"');
  return version;
};
