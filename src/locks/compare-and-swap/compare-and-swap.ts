import { requireContent, requireCount, requireFlag, requireLease } from "../../client/kv/kv-options.js";
import type { WriteOptions } from "../../client/kv/kv-options.js";
import { toBytes } from "../../client/key-space.js";
import type { Namespace } from "../../client/namespace.js";
import { deadlineError } from "../../cluster/wait.js";
import { ArgumentError, EtcdError } from "../../errors.js";
import { Bytes } from "../../txn/bytes.js";
import { StoredKeyValue } from "../../txn/key-value.js";
import type { KeyValue } from "../../txn/key-value.js";
import type { PreparedTxn } from "../../txn/prepared-txn.js";
import { compare, op, param } from "../../txn/shape.js";
import type { BytesInput, Compare, TxnShape } from "../../txn/shape.js";
import { preparedOnce } from "../prepared-once.js";
import { CompareError, shownBytes } from "./compare-error.js";

/** What must be so of the key. All that are given must hold; without any, the call is unconditional. */
export interface CompareConditions {
  /** The key is there and has this value. An empty one is a value too. */
  prevValue?: BytesInput | undefined;
  /** The key is there and was last put at this revision (its `modRevision`). 0 always holds, as in etcd v2. */
  prevRevision?: number | undefined;
}

/** What `compareAndDelete` takes besides the key. */
export interface CompareAndDeleteOptions extends CompareConditions, WriteOptions {
  /** It must be there in any case, so this says nothing new. */
  exists?: true | undefined;
}

/** What `compareAndSwap` takes besides key and value. */
export interface CompareAndSwapOptions extends CompareConditions, WriteOptions {
  /** true: only if the key is there (update only). false: only if it is not (create only). */
  exists?: boolean | undefined;
  /** The lease that the key dies with. Default, as of any put: none, also if it had one before. */
  lease?: bigint | undefined;
  /**
   * Gives the key a lease of its own, which nobody renews: it is gone after so many whole seconds, from 1; the server
   * raises small ones to 1.5 election timeouts, 2 s by default.
   */
  ttlSeconds?: number | undefined;
}

/** What a compare-and-swap did. */
export interface CompareAndSwapResult {
  /** The store's revision after it: the `modRevision` of `current`. */
  readonly revision: number;
  /** The key as it was before; undefined if it was created. */
  readonly previous: KeyValue | undefined;
  /** The key as it was put. */
  readonly current: KeyValue;
  /** What the server granted, where `ttlSeconds` was given. */
  readonly ttlSeconds: number | undefined;
}

/** What a compare-and-delete did. */
export interface CompareAndDeleteResult {
  /** The store's revision after it. */
  readonly revision: number;
  /** The key as it was before. */
  readonly previous: KeyValue;
}

interface Checked {
  /** Undefined for a delete. */
  readonly value: Uint8Array | undefined;
  readonly prevValue: Uint8Array | undefined;
  /** 0 for any. */
  readonly prevRevision: number;
  readonly exists: boolean | undefined;
  readonly repeatable: boolean;
}

type Parameters = Readonly<Record<string, BytesInput | number | bigint>>;
type Plan = PreparedTxn<Parameters>;

const plansOf = preparedOnce(() => new Map<string, Plan>());

const CONDITIONS = ["prevValue", "prevRevision", "exists", "repeatable"] as const;

/**
 * Puts a key if it is as the caller believes it to be: compare-and-swap, as etcd v2's `PUT` with `prevValue`, `prevIndex`
 * and `prevExist`. One transaction, with one grant before it if `ttlSeconds` is given.
 *
 * A write whose outcome is unknown fails with an error whose `mayHaveApplied` is true, and is not repeated. With
 * `repeatable: true` it is, and a repeat may then fail because the first copy was done: a CompareError whose
 * `mayHaveApplied` is true.
 *
 * The lease that `ttlSeconds` makes is revoked, in the background, if the key was certainly not put. If that is unknown
 * it stays, and ends by itself with its TTL, and the key with it if there is one.
 *
 * @throws CompareError if a condition does not hold: nothing was written
 * @throws ArgumentError for conditions that can never hold together, such as `exists: false` with a `prevValue`
 * @throws EtcdError ETCD_LEASE_NOT_FOUND for a `lease` that has ended
 */
export const compareAndSwap = async (
  client: Namespace,
  key: BytesInput,
  value: BytesInput,
  options: CompareAndSwapOptions = {},
): Promise<CompareAndSwapResult> => {
  requireClient(client);
  const call = client.parts.calls.options(options, [...CONDITIONS, "lease", "ttlSeconds"]);
  const { lease, ttlSeconds } = options;
  if (lease !== undefined && ttlSeconds !== undefined)
    throw new ArgumentError("at most one of lease and ttlSeconds can be given");
  const checked = check(options, toBytes(requireContent(value, "value"), "value"), options.exists);
  const keyBytes = requireKey(client, key);
  const ownLease = requireLease(lease, "lease");
  if (ttlSeconds === undefined) return swap(client, keyBytes, checked, ownLease, undefined, call);

  const { runtime } = client.parts.pool;
  const deadlineMs = runtime.now() + call.timeoutMs;
  const grant = await client.parts.renewals.grant(ttlSeconds, call);
  try {
    const timeoutMs = deadlineMs - runtime.now();
    if (timeoutMs <= 0) throw deadlineError();
    return await swap(client, keyBytes, checked, grant.id, grant.ttlSeconds, { ...call, timeoutMs });
  } catch (error) {
    // Not waited for: the caller has its answer, and where it does not get through, the lease ends all the same.
    if (error instanceof EtcdError && !error.mayHaveApplied) client.lease.revoke(grant.id).catch(() => {});
    throw error;
  }
};

/**
 * Deletes a key if it is as the caller believes it to be, as etcd v2's `DELETE` with `prevValue` and `prevIndex`. One
 * transaction; what `compareAndSwap` says about unknown outcomes holds here too.
 *
 * @throws CompareError if a condition does not hold, or there is no such key: nothing was deleted
 */
export const compareAndDelete = async (
  client: Namespace,
  key: BytesInput,
  options: CompareAndDeleteOptions = {},
): Promise<CompareAndDeleteResult> => {
  requireClient(client);
  const call = client.parts.calls.options(options, CONDITIONS);
  if ((options.exists as boolean | undefined) === false)
    throw new ArgumentError("a key that is not there cannot be deleted: exists must be true or absent");
  const checked = check(options, undefined, options.exists ?? true);
  const keyBytes = requireKey(client, key);
  const { revision, previous } = await run(client, keyBytes, checked, 0n, call);
  if (previous === undefined) throw unexpected();
  return { revision, previous };
};

const swap = async (
  client: Namespace,
  key: Uint8Array,
  checked: Checked,
  lease: bigint,
  ttlSeconds: number | undefined,
  call: { readonly timeoutMs: number; readonly signal?: AbortSignal | undefined },
): Promise<CompareAndSwapResult> => {
  const { revision, previous } = await run(client, key, checked, lease, call);
  const current = new StoredKeyValue(
    Bytes.copyOf(key),
    Bytes.copyOf(checked.value!),
    previous?.createRevision ?? revision,
    revision,
    (previous?.version ?? 0) + 1,
    lease,
  );
  return { revision, previous, current, ttlSeconds };
};

/** The one transaction. */
const run = async (
  client: Namespace,
  key: Uint8Array,
  checked: Checked,
  lease: bigint,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal?: AbortSignal | undefined },
): Promise<{ revision: number; previous: KeyValue | undefined }> => {
  const { value, prevValue, prevRevision } = checked;
  let repeated = false;
  const result = await planFor(client, checked).run(
    {
      key,
      ...(value === undefined ? {} : { value, lease }),
      ...(prevValue === undefined ? {} : { prevValue }),
      ...(prevRevision === 0 ? {} : { prevRevision }),
    },
    {
      timeoutMs,
      signal,
      onRepeat: () => {
        // Of one that is not repeatable, the copies before are known not to have been done.
        repeated = checked.repeatable;
      },
    },
  );
  const { succeeded, revision } = result;
  const response = result.responses[0];
  if (!succeeded) {
    if (response?.kind !== "get") throw unexpected();
    throw failure(key, checked, response.kvs[0], revision, repeated);
  }
  if (response?.kind === "put") return { revision, previous: response.previous };
  if (response?.kind === "delete") return { revision, previous: response.previous[0] };
  throw unexpected();
};

/** Compiled once per client or namespace and set of conditions. */
const planFor = (
  client: Namespace,
  { value, prevValue, prevRevision, exists, repeatable }: Checked,
): Plan => {
  const hasValue = prevValue !== undefined;
  const hasRevision = prevRevision !== 0;
  const id = [value === undefined, hasValue, hasRevision, exists, repeatable].join();
  const plans = plansOf(client);
  let plan = plans.get(id);
  if (plan === undefined) {
    const key = param.key("key");
    const conditions: Compare[] = [];
    if (hasValue) conditions.push(compare.value(key, "=", param.value("prevValue")));
    if (hasRevision) conditions.push(compare.modRevision(key, "=", param.revision("prevRevision")));
    if (exists !== undefined) conditions.push(compare.createRevision(key, exists ? "!=" : "=", 0));
    const write =
      value === undefined
        ? op.del(key, { prevKv: true })
        : op.put(key, param.value("value"), { lease: param.lease("lease"), prevKv: true });
    const shape: TxnShape = { if: conditions, then: [write], else: [op.get(key)] };
    plan = client.prepare(shape, { repeatable });
    plans.set(id, plan);
  }
  return plan;
};

/** Which of the conditions did not hold. */
const failure = (
  key: Uint8Array,
  { prevValue, prevRevision, exists }: Checked,
  current: KeyValue | undefined,
  revision: number,
  mayHaveApplied: boolean,
): CompareError => {
  const about = { key, current, revision, mayHaveApplied };
  if (current === undefined)
    return new CompareError({ ...about, code: "ETCD_KEY_NOT_FOUND", cause: shownBytes(key) });
  if (exists === false)
    return new CompareError({ ...about, code: "ETCD_KEY_EXISTS", cause: shownBytes(key) });
  const causes: string[] = [];
  if (prevValue !== undefined && Buffer.compare(prevValue, current.value) !== 0)
    causes.push(`[${shownBytes(prevValue)} != ${shownBytes(current.value)}]`);
  if (prevRevision !== 0 && prevRevision !== current.modRevision)
    causes.push(`[${prevRevision} != ${current.modRevision}]`);
  return new CompareError({ ...about, code: "ETCD_COMPARE_FAILED", cause: causes.join(" ") });
};

const check = (
  options: CompareConditions & WriteOptions,
  value: Uint8Array | undefined,
  exists: unknown,
): Checked => {
  const prevValue = options.prevValue === undefined ? undefined : toBytes(options.prevValue, "prevValue");
  const prevRevision = requireCount(options.prevRevision, "prevRevision");
  const mustExist = exists === undefined ? undefined : requireFlag(exists, "exists");
  if (mustExist === false && (prevValue !== undefined || prevRevision !== 0))
    throw new ArgumentError("a key that is not there has no previous value and no revision but 0");
  // Its caller may change it while the grant is under way.
  const copy = value === undefined ? undefined : Uint8Array.from(value);
  const repeatable = requireFlag(options.repeatable, "repeatable");
  return {
    value: copy,
    prevValue: prevValue === undefined ? undefined : Uint8Array.from(prevValue),
    prevRevision,
    exists: mustExist,
    repeatable,
  };
};

const requireClient = (client: unknown): void => {
  if ((client as Partial<Namespace> | undefined)?.parts === undefined)
    throw new ArgumentError("the first argument must be a Client, or a namespace of one");
};

const requireKey = (client: Namespace, key: BytesInput): Uint8Array => {
  client.space.key(key);
  return Uint8Array.from(toBytes(key, "key"));
};

const unexpected = (): Error => new Error("etcdwire: a compare-and-swap was answered with something else");
