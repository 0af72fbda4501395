import type { ClientOptions } from "../../src/index.js";
import type { EtcdCluster } from "../../src/testing/index.js";

/** What a client needs to use the cluster. */
export const optionsFor = (cluster: EtcdCluster): ClientOptions => ({
  endpoints: cluster.endpoints,
  ...(cluster.tls === undefined ? {} : { tls: { ca: cluster.tls.ca } }),
  ...(cluster.auth === undefined ? {} : { auth: cluster.auth }),
});

/** The command line of the cluster's own etcdctl, without the command. */
export const etcdctlFlags = ({ endpoints, tls }: EtcdCluster): string[] => [
  `--endpoints=${endpoints.map((each) => `${tls === undefined ? "http" : "https"}://${each}`).join(",")}`,
  ...(tls === undefined ? [] : [`--cacert=${tls.caFile}`]),
];
