import type { KeyValue } from "../txn/result.js";
import type { Session } from "./session.js";

/** Who has a lock that somebody else wanted. */
export interface LockHolder {
  /** The holder's key. Without the namespace's prefix, which it has in etcd. */
  readonly key: string;
  /** Of that key; 0 if the lock is just being acquired in this process, and nobody holds it yet. */
  readonly createRevision: number;
  /** What the holder's `Mutex` was told of its owner; undefined if nothing, or if another program made the key. */
  readonly owner: string | undefined;
  /** It is of the session that asked: another caller in this process, or who had the session before. */
  readonly isOurs: boolean;
}

/** `Session.uniqueValue`, and behind a space the owner. Go's Mutex leaves its keys' values empty. */
const VALUE = /^[0-9a-f]{1,16}-[0-9a-z]+-[0-9]+(?: (.*))?$/s;

/** A value for one holder's key: no other key has it. */
export const newHolderValue = (session: Session, owner: string | undefined): string => {
  const value = session.uniqueValue();
  return owner === undefined ? value : `${value} ${owner}`;
};

export const ownerIn = (value: string): string | undefined => VALUE.exec(value)?.[1];

/** @param ownKey the key of the session that asks */
export const holderOf = (kv: KeyValue, ownKey: string): LockHolder => {
  const key = kv.key.string();
  return {
    key,
    createRevision: kv.createRevision,
    owner: ownerIn(kv.value.string()),
    isOurs: key === ownKey,
  };
};
