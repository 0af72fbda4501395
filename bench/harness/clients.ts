/** What a client must be able to do to be measured by a workload; each peer makes one of it. */
import type { Operation } from "./closed-loop.js";
import type { WriteEnd } from "./write-loop.js";

/** Of `failover`. */
export interface FailoverClient {
  /** Puts one key, and says how that ended; never rejects. */
  write(key: string, value: string, timeoutMs: number): Promise<WriteEnd>;
  /** Grants a lease, puts `key` with it and keeps it alive until `close()`. What it returns tells why it is lost, "" if not. */
  holdLease(key: string, ttlSeconds: number): Promise<() => string>;
  close(): Promise<void>;
}

/** Of `kv`: the four calls, each with its reply looked at. */
export interface KvCalls {
  /** Puts the key that `get` and `txn` ask for. */
  prepare(): Promise<unknown>;
  /** One key that is there. */
  readonly get: Operation;
  readonly put: Operation;
  /** Of a key that is not there, on etcd: it takes a commit all the same. */
  readonly delete: Operation;
  /** If the key is there, get it, else put it: takes a commit, because it might write. */
  readonly txn: Operation;
  close(): Promise<void> | void;
}

/** Is told each put that a watcher sees: the key as text, its version, its value as text. */
export type OnPut = (key: string, version: number, value: string) => void;

/** Of `watch`. */
export interface WatchClient {
  /** Watches a prefix; resolves when etcd has the watch. */
  watch(prefix: string, onPut: OnPut): Promise<void>;
  /** Ends all watches. */
  cancelAll(): Promise<void>;
  put(key: string, value: string): Promise<unknown>;
  close(): Promise<void>;
}

/** etcd's `--max-txn-ops` is 128. */
export const KEYS_PER_TXN = 100;

/** Of `watch`: what writes, from a process of its own, the same for every system. */
export interface Writer {
  /** Puts one value under one key, or under `KEYS_PER_TXN` as one Txn. */
  put(keys: readonly string[], value: string): Promise<unknown>;
  /** Waits until the key is there; returns its value. */
  waitFor(key: string): Promise<string>;
  close(): Promise<void>;
}
