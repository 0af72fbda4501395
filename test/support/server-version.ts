import type { EtcdCluster } from "../../src/testing/index.js";

/** Is the cluster of this version or newer? "3.5" */
export const isSince = ({ version }: EtcdCluster, since: string): boolean => {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [sinceMajor = 0, sinceMinor = 0] = since.split(".").map(Number);
  return major > sinceMajor || (major === sinceMajor && minor >= sinceMinor);
};
