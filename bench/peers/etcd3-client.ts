import { Etcd3 } from "etcd3";
import { PeerMissingError, isTls } from "../harness/workload.js";
import type { Target } from "../harness/workload.js";

const bytes = (pem: string): Buffer => Buffer.from(pem);

/** npm's `etcd3` on a target, with TLS and a user as its documentation says. */
export const openEtcd3 = (target: Target): Etcd3 => {
  const { endpoints, ca, cert, key, auth, insecureSkipVerify } = target;
  if (insecureSkipVerify === true) throw new PeerMissingError("etcd3 has no way to leave servers unchecked");
  if (isTls(target) && ca === undefined) throw new PeerMissingError("etcd3 wants a --cacert for TLS");
  return new Etcd3({
    hosts: [...endpoints],
    ...(ca === undefined
      ? {}
      : {
          credentials: {
            rootCertificate: bytes(ca),
            ...(cert === undefined || key === undefined
              ? {}
              : { certChain: bytes(cert), privateKey: bytes(key) }),
          },
        }),
    ...(auth === undefined ? {} : { auth: { username: auth.user, password: auth.password } }),
  });
};
