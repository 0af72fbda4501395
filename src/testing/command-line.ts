import { parseArgs } from "node:util";

import { ArgumentError } from "../errors.js";
import type { EtcdCluster, EtcdClusterOptions } from "./cluster.js";

/** What `--help` prints. */
export const USAGE = `Usage: npm run etcd -- [options] [-- etcd's own flags]

Starts a private etcd cluster on loopback ports and runs it until SIGINT or SIGTERM; its data is then removed.
Standard output can be evaluated by a shell and sets up etcdctl.

  --members 1|3       default 1
  --tls               clients connect by TLS
  --mutual-tls        and show a certificate
  --auth              a user root with a new password
  --short-elections   a new leader in about 0.3 s instead of 1.6 s
  --version 3.6       a line or one version; default 3.6.14 where it can be had
  --data-dir FOLDER   default /dev/shm, or else the temp folder
  --help
`;

/** The cluster that the arguments ask for, or "help". @throws ArgumentError saying what is wrong. */
export function parseCommandLine(commandLine: readonly string[]): EtcdClusterOptions | "help" {
  const separator = commandLine.indexOf("--");
  const own = separator === -1 ? commandLine : commandLine.slice(0, separator);
  const values = parseOwn(own);
  if (values.help === true) return "help";
  if (values.members !== undefined && values.members !== "1" && values.members !== "3") {
    throw new ArgumentError(`--members must be 1 or 3, not ${JSON.stringify(values.members)}`);
  }
  return {
    members: values.members === "3" ? 3 : 1,
    tls: values["mutual-tls"] === true ? "mutual" : values.tls === true,
    auth: values.auth === true,
    shortElections: values["short-elections"] === true,
    version: values.version,
    dataDir: values["data-dir"],
    extraArguments: separator === -1 ? [] : commandLine.slice(separator + 1),
  };
}

function parseOwn(own: readonly string[]) {
  try {
    return parseArgs({
      args: [...own],
      strict: true,
      options: {
        members: { type: "string" },
        tls: { type: "boolean" },
        "mutual-tls": { type: "boolean" },
        auth: { type: "boolean" },
        "short-elections": { type: "boolean" },
        version: { type: "string" },
        "data-dir": { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    }).values;
  } catch (error) {
    throw new ArgumentError((error as Error).message);
  }
}

/** What a started cluster prints: comments for people, and for shells the variables that etcdctl reads. */
export function describeCluster(cluster: EtcdCluster): string {
  const { tls, auth } = cluster;
  const scheme = tls === undefined ? "http" : "https";
  const variables: [name: string, value: string | undefined][] = [
    ["ETCDCTL_ENDPOINTS", cluster.endpoints.map((endpoint) => `${scheme}://${endpoint}`).join(",")],
    ["ETCDCTL_CACERT", tls?.caFile],
    ["ETCDCTL_CERT", tls?.certFile],
    ["ETCDCTL_KEY", tls?.keyFile],
    ["ETCDCTL_USER", auth === undefined ? undefined : `${auth.user}:${auth.password}`],
  ];
  const lines = [`# etcd ${cluster.version}, data on ${cluster.dataFileSystem}`];
  lines.push(`# endpoints: ${cluster.endpoints.join(",")}`);
  for (const member of cluster.members)
    lines.push(`# ${member.endpoint} pid ${member.pid} ${member.metricsUrl}`);
  if (cluster.etcdctl !== undefined) lines.push(`# etcdctl: ${cluster.etcdctl}`);
  for (const [name, value] of variables)
    if (value !== undefined) lines.push(`export ${name}=${shellQuoted(value)}`);
  return `${lines.join("\n")}\n`;
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
