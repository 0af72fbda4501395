import type { Bytes } from "./bytes.js";
import { toJSON } from "./json.js";

/** A key as etcd stores it. `JSON.stringify` writes key and value as base64, the lease as decimal text. */
export interface KeyValue {
  readonly key: Bytes;
  /** Empty if only keys were asked for. */
  readonly value: Bytes;
  /** The revision at which the key came to be. */
  readonly createRevision: number;
  /** The revision of the last put. */
  readonly modRevision: number;
  /** Puts since it was created. */
  readonly version: number;
  /** 0n for none. */
  readonly lease: bigint;
}

type Fields = KeyValue;

/** A class for the sake of its `toJSON`, which costs nothing here, and 250 ns as a property of each object (Node 20). */
export const StoredKeyValue = class KeyValue implements Fields {
  readonly key: Bytes;
  readonly value: Bytes;
  readonly createRevision: number;
  readonly modRevision: number;
  readonly version: number;
  readonly lease: bigint;

  constructor(
    key: Bytes,
    value: Bytes,
    createRevision: number,
    modRevision: number,
    version: number,
    lease: bigint,
  ) {
    this.key = key;
    this.value = value;
    this.createRevision = createRevision;
    this.modRevision = modRevision;
    this.version = version;
    this.lease = lease;
  }

  toJSON(): unknown {
    return toJSON.call(this);
  }
};
