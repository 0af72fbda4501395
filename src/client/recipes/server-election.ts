import { backoffMs } from "../../cluster/backoff.js";
import type { CallOptions } from "../../cluster/pool.js";
import { decideRetry } from "../../cluster/retry-policy.js";
import { Wait } from "../../cluster/wait.js";
import { ArgumentError, EtcdError, ProtocolError } from "../../errors.js";
import {
  CampaignRequest,
  LeaderKey as LeaderKeyMessage,
  LeaderRequest,
  LeaderResponse,
  ProclaimRequest,
  ResignRequest,
} from "../../messages/generated.js";
import { int64Text, toBigInt, toSafeInteger } from "../../messages/numbers.js";
import { Bytes } from "../../txn/bytes.js";
import { withJson } from "../../txn/json.js";
import type { KeyValue } from "../../txn/key-value.js";
import type { BytesInput } from "../../txn/shape.js";
import type { CallerOptions, Calls } from "../calls.js";
import { decodeWith } from "../define-method.js";
import { KeySpace, toBytes } from "../key-space.js";
import { IterationEnd, leavable } from "../iteration.js";
import { keyValueOf } from "../key-value.js";
import { patientOptions } from "./patient-options.js";
import { CAMPAIGN, ELECTION_LEADER, OBSERVE_HEAD, PROCLAIM, RESIGN } from "./recipe-methods.js";
import { leaseText } from "./server-lock.js";
import { StreamReader } from "../stream-reader.js";

/** Options of `serverElection.campaign`. Without `timeoutMs` it waits for as long as it takes. */
export interface CampaignOptions extends CallerOptions {
  /** The lease that the leadership lives with; keep it alive. */
  lease: bigint;
  /** What the leader proclaims. Default: nothing. */
  value?: BytesInput | undefined;
}

/** An election that was won: what `proclaim` and `resign` take. `JSON.stringify` writes the lease as decimal text. */
export interface LeaderKey {
  readonly name: Bytes;
  /** Exists for as long as the leadership lasts. */
  readonly key: Bytes;
  /** The revision at which `key` came to be: grows from leader to leader. */
  readonly createRevision: number;
  readonly lease: bigint;
}

/** The leader of an election, and what it proclaims. */
export interface ElectionLeader {
  readonly kv: KeyValue;
  /** The store's, when this was found. */
  readonly revision: number;
}

const ALL_KEYS = new KeySpace();
const decodeLeader = decodeWith(LeaderResponse);

/** The server's own election service, for those who use it already. */
export class ServerElection {
  readonly #calls: Calls;

  /** @internal */
  constructor(calls: Calls) {
    this.#calls = calls;
  }

  /**
   * Waits until this lease leads. An abort, or the deadline, ends the wait at the server too. Not repeated if its outcome
   * is unknown: revoke the lease to be sure not to lead then.
   */
  async campaign(name: BytesInput, options: CampaignOptions): Promise<LeaderKey> {
    const lease = leaseText(options);
    const checked = patientOptions(this.#calls, options, ["lease", "value"], Infinity);
    const request = new CampaignRequest({
      name: ALL_KEYS.key(name, "name"),
      lease,
      value: toBytes(options.value ?? "", "value"),
    });
    const { leader } = await this.#calls.unary(CAMPAIGN, request, checked);
    if (leader === undefined) {
      throw new ProtocolError("ETCD_PROTOCOL", "the server's CampaignResponse names no leader", {
        mayHaveApplied: true,
      });
    }
    return withJson({
      name: Bytes.copyOf(leader.name),
      key: Bytes.copyOf(leader.key),
      createRevision: toSafeInteger(leader.rev, "rev"),
      lease: toBigInt(leader.lease),
    });
  }

  /**
   * Says something else as the leader. Not repeated if its outcome is unknown; ETCD_LOCK_LOST if it does not lead any
   * more.
   */
  async proclaim(
    leader: LeaderKey,
    value: BytesInput,
    options: CallerOptions = {},
  ): Promise<{ readonly revision: number }> {
    const request = new ProclaimRequest({ leader: keyMessage(leader), value: toBytes(value, "value") });
    const { header } = await this.#calls.unary(PROCLAIM, request, this.#calls.options(options));
    return { revision: toSafeInteger(header?.revision ?? "0", "revision") };
  }

  /** Stops leading, if it still does. Repeated if need be. */
  async resign(leader: LeaderKey, options: CallerOptions = {}): Promise<{ readonly revision: number }> {
    const request = new ResignRequest({ leader: keyMessage(leader) });
    const { header } = await this.#calls.unary(RESIGN, request, this.#calls.options(options));
    return { revision: toSafeInteger(header?.revision ?? "0", "revision") };
  }

  /** Who leads; undefined while nobody does. */
  async leader(name: BytesInput, options: CallerOptions = {}): Promise<ElectionLeader | undefined> {
    const request = new LeaderRequest({ name: ALL_KEYS.key(name, "name") });
    try {
      return leaderOf(await this.#calls.unary(ELECTION_LEADER, request, this.#calls.options(options)));
    } catch (error) {
      if (error instanceof EtcdError && error.code === "ETCD_KEY_NOT_FOUND") return undefined;
      throw error;
    }
  }

  /**
   * Who leads, from now on: the present leader first, if there is one, then each new one and each new proclamation; of
   * those that follow one another fast, perhaps only the last. A broken stream is opened again, at the leader of then;
   * the iteration fails if that takes longer than `timeoutMs`. There is no other deadline: leaving the iteration, or the
   * signal, ends it.
   */
  observe(name: BytesInput, options: CallerOptions = {}): AsyncIterableIterator<ElectionLeader, undefined> {
    const checked = this.#calls.options(options);
    const request = new LeaderRequest({ name: ALL_KEYS.key(name, "name") }).serializeBinary();
    return observe(this.#calls, request, checked);
  }
}

/** One observation, over as many streams as it takes. */
const observe = (
  calls: Calls,
  request: Uint8Array,
  options: CallOptions,
): AsyncIterableIterator<ElectionLeader, undefined> => {
  const { pool } = calls;
  const { runtime } = pool;
  const end = new IterationEnd(options.signal);
  const { signal } = end;
  const open = (): Promise<StreamReader> =>
    pool.call("read", "leader", { ...options, signal, kind: "streams" }, (connection) =>
      Promise.resolve(
        new StreamReader(connection, OBSERVE_HEAD, request, runtime, { timeoutMs: Infinity, signal }),
      ),
    );

  async function* leaders(): AsyncGenerator<ElectionLeader, undefined> {
    /** The last one told: a new stream begins with the present leader, who may be the same. */
    let toldRevision = 0;
    let failureCount = 0;
    let authenticatedAgain = false;
    let reader: StreamReader | undefined;
    end.begin();
    try {
      for (;;) {
        // Tried again and again by itself, until its deadline: what fails here is for the caller.
        reader = await open();
        try {
          for (let message = await reader.next(); message !== undefined; message = await reader.next()) {
            const leader = leaderOf(decodeLeader(message));
            failureCount = 0;
            authenticatedAgain = false;
            if (leader.kv.modRevision === toldRevision) continue;
            toldRevision = leader.kv.modRevision;
            yield leader;
          }
        } catch (error) {
          if (!(error instanceof EtcdError) || signal.aborted) throw error;
          pool.noteError(error);
          const decision = decideRetry("read", error, {
            repeatedAtOnce: true,
            authenticatedAgain,
            hasCredentials: pool.hasCredentials,
            hasUntriedEndpoint: false,
          });
          if (decision.action === "fail") throw error;
          authenticatedAgain = decision.after === "authenticate";
        }
        const waitMs = backoffMs(++failureCount, () => runtime.random());
        await new Wait(runtime, Infinity, signal).sleep(waitMs);
      }
    } catch (error) {
      if (end.hasLeft) return undefined;
      throw error;
    } finally {
      end.release();
      reader?.cancel();
    }
  }
  return leavable(leaders(), end);
};

const leaderOf = ({ header, kv }: LeaderResponse): ElectionLeader => {
  if (kv === undefined) {
    throw new ProtocolError("ETCD_PROTOCOL", "the server's LeaderResponse has no key", {
      mayHaveApplied: false,
      attempts: 1,
    });
  }
  return {
    kv: keyValueOf(kv, ALL_KEYS),
    revision: toSafeInteger(header?.revision ?? "0", "revision"),
  };
};

const keyMessage = (leader: unknown): LeaderKeyMessage => {
  const { name, key, createRevision, lease } = (leader ?? {}) as Partial<LeaderKey>;
  if (name === undefined || key === undefined || createRevision === undefined) {
    throw new ArgumentError("leader must be what campaign has returned");
  }
  return new LeaderKeyMessage({
    name: toBytes(name, "leader.name"),
    key: toBytes(key, "leader.key"),
    rev: int64Text(createRevision, "leader.createRevision"),
    lease: leaseText({ lease }),
  });
};
