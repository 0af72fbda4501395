import { isUint8Array } from "node:util/types";

import { shown } from "../../cluster/wait.js";
import { ArgumentError } from "../../errors.js";
import type { BytesInput, SortTarget } from "../../txn/shape.js";
import { INT64_MAX, INT64_MIN } from "../../wire/protobuf.js";
import type { CallerOptions } from "../calls.js";
import { KEY_RANGE_OPTIONS } from "../key-space.js";
import type { KeyRange, KeyRangeOptions } from "../key-space.js";
import type { RangeFields } from "./kv-codec.js";

/** Leaves out keys with revisions outside of these bounds, ends included; 0, the default, is no bound. */
export interface RevisionBounds {
  minModRevision?: number | undefined;
  maxModRevision?: number | undefined;
  minCreateRevision?: number | undefined;
  maxCreateRevision?: number | undefined;
}

/** What every way to read keys takes. */
export interface ReadOptions extends KeyRangeOptions, CallerOptions {
  /** Read the store as of this revision; 0, the default, is now. */
  revision?: number | undefined;
  /** Leave the values out. */
  keysOnly?: boolean | undefined;
  /**
   * Let any member answer from its own state, which may be old: no round through the leader, and it works without a
   * quorum. Default: false, linearizable.
   */
  serializable?: boolean | undefined;
}

/** What `kv.get` takes besides the key. */
export interface KvGetOptions extends ReadOptions, RevisionBounds {
  /** At most this many keys; 0, the default, is no limit. */
  limit?: number | undefined;
  /** Default: by key, ascending. */
  sort?: { readonly target: SortTarget; readonly order: "ascend" | "descend" } | undefined;
  /** Count the keys, and return none. */
  countOnly?: boolean | undefined;
}

/** What `kv.pages` and `kv.scan` take besides the key. `timeoutMs` holds for each page. */
export interface KvPageOptions extends ReadOptions, RevisionBounds {
  /**
   * Keys per page. Default: 1,000 in the first one, then as many as make 2 MiB, up to 10,000. Pages that turn out over the
   * client's `messageMaxBytes` are asked for again, halved.
   */
  pageSize?: number | undefined;
  /**
   * By key. Default: `ascend`. To descend, etcd reads and sorts all that is left for each page: good for few pages of a
   * large range, or many of a small one.
   */
  order?: "ascend" | "descend" | undefined;
}

/** What `kv.stream` takes besides the key. `timeoutMs` holds for all of it. */
export interface KvStreamOptions extends ReadOptions {
  /** At most this many keys; 0, the default, is no limit. */
  limit?: number | undefined;
}

/** What all writes take. */
export interface WriteOptions extends CallerOptions {
  /**
   * Say that doing it twice, and after other clients' writes too, does no harm: then a try whose outcome is unknown is
   * repeated. Default: false.
   */
  repeatable?: boolean | undefined;
}

/** What `kv.put` takes besides key and value. */
export interface KvPutOptions extends WriteOptions {
  /** The lease that the key dies with; 0n, the default, is none. */
  lease?: bigint | undefined;
  /** Return what was there before. */
  prevKv?: boolean | undefined;
  /** Keep the present value: `value` must be undefined, and the key must exist. */
  ignoreValue?: boolean | undefined;
  /** Keep the present lease: `lease` must be absent, and the key must exist. */
  ignoreLease?: boolean | undefined;
}

/** What `kv.delete` takes besides the key. */
export interface KvDeleteOptions extends KeyRangeOptions, WriteOptions {
  /** Return what was deleted. */
  prevKv?: boolean | undefined;
}

/** What `kv.compact` takes besides the revision. */
export interface KvCompactOptions extends CallerOptions {
  /** Answer once the old revisions are gone from the disk too, not only from sight. Default: false. */
  physical?: boolean | undefined;
}

const READ_OPTIONS = [...KEY_RANGE_OPTIONS, "revision", "keysOnly", "serializable"] as const;
const BOUNDS = ["minModRevision", "maxModRevision", "minCreateRevision", "maxCreateRevision"] as const;

export const GET_OPTIONS = [...READ_OPTIONS, ...BOUNDS, "limit", "sort", "countOnly"] as const;
export const PAGE_OPTIONS = [...READ_OPTIONS, ...BOUNDS, "pageSize", "order"] as const;
export const STREAM_OPTIONS = [...READ_OPTIONS, "limit"] as const;
export const PUT_OPTIONS = ["lease", "prevKv", "ignoreValue", "ignoreLease", "repeatable"] as const;
export const DELETE_OPTIONS = [...KEY_RANGE_OPTIONS, "prevKv", "repeatable"] as const;
export const COMPACT_OPTIONS = ["physical"] as const;
export const TXN_OPTIONS = ["repeatable"] as const;

/** RangeRequest.SortOrder. */
const SORT_ORDERS = { ascend: 1, descend: 2 } as const;
/** RangeRequest.SortTarget. */
const SORT_TARGETS = {
  key: 0,
  version: 1,
  createRevision: 2,
  modRevision: 3,
  value: 4,
} as const satisfies Record<SortTarget, number>;

export type SortOrder = keyof typeof SORT_ORDERS;

export const requireFlag = (value: unknown, name: string): boolean => {
  if (value === undefined) return false;
  // Something else that is taken for true could delete a range instead of a key.
  if (typeof value !== "boolean") throw new ArgumentError(`${name} must be true or false`);
  return value;
};

/** 0 where it is absent. */
export const requireCount = (value: unknown, name: string): number => {
  if (value === undefined) return 0;
  if (!Number.isSafeInteger(value) || (value as number) < 0)
    throw new ArgumentError(`${name} is ${shown(value)}: not an integer within 0 and 2^53 - 1`);
  return value as number;
};

export const requirePositive = (value: unknown, name: string): number => {
  if (!Number.isSafeInteger(value) || (value as number) < 1)
    throw new ArgumentError(`${name} is ${shown(value)}: not an integer within 1 and 2^53 - 1`);
  return value as number;
};

/** 0n where it is absent. */
export const requireLease = (value: unknown, name: string): bigint => {
  if (value === undefined) return 0n;
  if (typeof value !== "bigint" || value < INT64_MIN || value > INT64_MAX)
    throw new ArgumentError(`${name} must be a bigint within 64 bits`);
  return value;
};

/** A string or bytes. */
export const requireContent = (value: unknown, name: string): BytesInput => {
  if (typeof value === "string" || isUint8Array(value)) return value;
  throw new ArgumentError(`${name} must be a string or a Uint8Array`);
};

const oneOf = <Names extends object>(names: Names, name: unknown, where: string): Names[keyof Names] => {
  if (typeof name !== "string" || !Object.hasOwn(names, name))
    throw new ArgumentError(`${where} is ${shown(name)}: not one of ${Object.keys(names).join(", ")}`);
  return names[name as keyof Names];
};

export const requireOrder = (value: unknown, name: string): SortOrder => {
  if (value === undefined) return "ascend";
  oneOf(SORT_ORDERS, value, name);
  return value as SortOrder;
};

/** A read as a request has it. */
export const readFields = (range: KeyRange, options: ReadOptions & RevisionBounds): RangeFields => ({
  range,
  limit: 0,
  revision: requireCount(options.revision, "revision"),
  sortOrder: 0,
  sortTarget: 0,
  serializable: requireFlag(options.serializable, "serializable"),
  keysOnly: requireFlag(options.keysOnly, "keysOnly"),
  countOnly: false,
  minModRevision: requireCount(options.minModRevision, "minModRevision"),
  maxModRevision: requireCount(options.maxModRevision, "maxModRevision"),
  minCreateRevision: requireCount(options.minCreateRevision, "minCreateRevision"),
  maxCreateRevision: requireCount(options.maxCreateRevision, "maxCreateRevision"),
});

/** A get as a request has it. */
export const getFields = (range: KeyRange, options: KvGetOptions): RangeFields => {
  const { sort } = options;
  if (sort !== undefined && (typeof sort !== "object" || (sort as unknown) === null))
    throw new ArgumentError("sort must be an object with a target and an order");
  return {
    ...readFields(range, options),
    limit: requireCount(options.limit, "limit"),
    // Both or none: etcd sorts a target without an order in ascending order, and 3.6 and newer check their names.
    sortOrder: sort === undefined ? 0 : oneOf(SORT_ORDERS, sort.order, "sort.order"),
    sortTarget: sort === undefined ? 0 : oneOf(SORT_TARGETS, sort.target, "sort.target"),
    countOnly: requireFlag(options.countOnly, "countOnly"),
  };
};

/** One page as a request has it. */
export const pageFields = (fields: RangeFields, limit: number, order: SortOrder): RangeFields => ({
  ...fields,
  limit,
  // Keys come in ascending order by themselves, and are sorted if one asks for it.
  sortOrder: order === "ascend" ? 0 : SORT_ORDERS.descend,
});
