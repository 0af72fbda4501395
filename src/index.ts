/**
 * etcdwire: an etcd v3 client on its own HTTP/2 and gRPC wire. The generated stubs and the channel that they run
 * on are in `etcdwire/raw`, private clusters for tests in `etcdwire/testing`.
 */
export { Client } from "./client/client.js";
export type { CallerOptions, Leader } from "./client/client.js";
export type { ClientOptions } from "./client/client-options.js";
export type { Namespace } from "./client/namespace.js";
export type { WatchBatch, Watcher, WatchEvent, WatchOptions } from "./client/watch/watcher.js";
export type {
  GrantedLease,
  LeaseGrantOptions,
  Leases,
  LeaseTimeToLive,
  LeaseTimeToLiveOptions,
  RenewedLease,
  RevokedLease,
} from "./client/lease/leases.js";
export type { KeptLease, LeaseRenewed } from "./client/lease/kept-lease.js";
export type {
  Cluster,
  Member,
  MemberAddOptions,
  MemberAddResult,
  MemberListOptions,
} from "./client/admin/cluster.js";
export type {
  Alarm,
  AlarmKind,
  DowngradeResult,
  HashKvOptions,
  HashKvResult,
  HashResult,
  Maintenance,
  SaveSnapshotOptions,
  ServerStatus,
  SnapshotOptions,
  StatusOutcome,
} from "./client/admin/maintenance.js";
export type { EndpointName } from "./client/admin/endpoint-name.js";
export type { SavedSnapshot, Snapshot, SnapshotProgress } from "./client/admin/snapshot.js";
export type {
  Auth,
  AuthResult,
  AuthStatus,
  NewPassword,
  NewPermission,
  NewUser,
  Permission,
  PermissionRange,
  PermissionType,
} from "./client/admin/auth.js";
export type { ServerLock, ServerLockOptions, ServerLockResult } from "./client/recipes/server-lock.js";
export type {
  CampaignOptions,
  ElectionLeader,
  LeaderKey,
  ServerElection,
} from "./client/recipes/server-election.js";
export type { CompactResult, DeleteResult, GetResult, Kv, PutResult } from "./client/kv/kv.js";
export type {
  KvCompactOptions,
  KvDeleteOptions,
  KvGetOptions,
  KvPageOptions,
  KvPutOptions,
  KvStreamOptions,
  ReadOptions,
  RevisionBounds,
  WriteOptions,
} from "./client/kv/kv-options.js";
export type { Page } from "./client/kv/kv-pages.js";
export type { StreamPart } from "./client/kv/kv-stream.js";
export type { CompleteTxn, IfTxn, KvTxnOptions, ThenTxn } from "./client/kv/txn-builder.js";
export type { KeyRangeOptions } from "./client/key-space.js";
export type {
  DeleteResponse,
  GetResponse,
  PutResponse,
  ResponseTo,
  ResponsesTo,
  TxnResultOf,
} from "./txn/typed-result.js";
export { Session } from "./locks/session.js";
export type { SessionOptions } from "./locks/session.js";
export type { Lock } from "./locks/lock.js";
export type { LockHolder } from "./locks/lock-holder.js";
export type { LockOptions, TryLockResult } from "./locks/lock-options.js";
export { Mutex } from "./locks/mutex/mutex.js";
export type { MutexOptions } from "./locks/mutex/mutex.js";
export { KeyLock } from "./locks/key-lock/key-lock.js";
export type { KeyLockAcquireOptions, KeyLockOptions, KeyLockTry } from "./locks/key-lock/key-lock.js";
export { RwLock } from "./locks/groups/rw-lock.js";
export { Semaphore } from "./locks/groups/semaphore.js";
export type { PermitOptions, SemaphoreOptions, TryPermitOptions } from "./locks/groups/semaphore.js";
export { MultiLock } from "./locks/groups/multi-lock.js";
export type { OwnedLockOptions } from "./locks/groups/admissions.js";
export { Election } from "./locks/election/election.js";
export type { ElectedLeader } from "./locks/election/election-observer.js";
export type { Leadership } from "./locks/election/election-leadership.js";
export { compareAndDelete, compareAndSwap } from "./locks/compare-and-swap/compare-and-swap.js";
export type {
  CompareAndDeleteOptions,
  CompareAndDeleteResult,
  CompareAndSwapOptions,
  CompareAndSwapResult,
  CompareConditions,
} from "./locks/compare-and-swap/compare-and-swap.js";
export { CompareError } from "./locks/compare-and-swap/compare-error.js";
export { stm } from "./locks/stm/stm.js";
export type { StmIsolation, StmOptions, StmResult } from "./locks/stm/stm.js";
export type { StmPutOptions, StmTxn } from "./locks/stm/stm-attempt.js";
export { compare, op, param } from "./txn/shape.js";
export type * from "./txn/shape.js";
export type { PreparedTxn, PreparedTxnOptions, RunOptions, TxnCallback } from "./txn/prepared-txn.js";
export type { KeyValue, OperationResult, TxnResult } from "./txn/result.js";
export type { Bytes } from "./txn/bytes.js";
export type { KeyValueView, ResponseView, TxnView } from "./txn/view.js";
export type { ConnectionLimits, Some, TlsOptions } from "./options.js";
export type { Runtime } from "./connection/runtime.js";
export {
  AbortError,
  ArgumentError,
  CompactedError,
  ConnectionError,
  ERROR_CODES,
  EtcdError,
  LockLostError,
  ProtocolError,
  StatusError,
} from "./errors.js";
export type { ErrorCode, ErrorDetails } from "./errors.js";
export type {
  ConnectionEvent,
  LeaderEvent,
  LeaseEvent,
  LockEvent,
  RpcEvent,
  TracedConnection,
  TracingEvents,
  // What a watch delivers has the plain name.
  WatchEvent as WatchTraceEvent,
} from "./tracing.js";
