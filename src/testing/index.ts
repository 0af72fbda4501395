/**
 * Real etcd processes for tests and benchmarks: `const cluster = await EtcdCluster.start({ members: 3 })`.
 * See `EtcdCluster` for the promise that nothing is left running, `findEtcd` for where the binary comes from.
 */
export { EtcdCluster, type ClusterTls, type EtcdClusterOptions, type PreparedMember } from "./cluster.js";
export {
  EtcdStartError,
  findEtcd,
  type EtcdBinary,
  type EtcdStrategy,
  type FindEtcdOptions,
} from "./etcd-binary.js";
export { findEtcdctl, type EtcdctlBinary, type EtcdctlStrategy } from "./etcdctl-binary.js";
export type { EtcdMember, MemberState } from "./member.js";
export {
  createAuthority,
  type Authority,
  type CertificatePair,
  type CertificateRequest,
} from "./certificates.js";
export type { Credentials } from "./admin-connection.js";
