import { randomBytes } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";

import { ArgumentError } from "../errors.js";
import { AdminConnection, type Credentials } from "./admin-connection.js";
import { createAuthority } from "./certificates.js";
import { makeDataDirectory, type DataDirectory } from "./data-directory.js";
import { EtcdStartError, findEtcd, type EtcdBinary } from "./etcd-binary.js";
import { compareVersions } from "./etcd-version.js";
import { freePorts } from "./free-port.js";
import { EtcdMember, PortTakenError, type MemberSettings } from "./member.js";
import { Supervisor } from "./supervisor.js";

/** What `EtcdCluster.start` makes. */
export interface EtcdClusterOptions {
  /** 1 (the default) or 3. */
  members?: 1 | 3 | undefined;
  /** `true`: clients connect by TLS. `"mutual"`: and must show a certificate. Default: plaintext. */
  tls?: boolean | "mutual" | undefined;
  /** `true`: auth is on, with a user root and a password made up for this cluster. Default: off. */
  auth?: boolean | Credentials | undefined;
  /** Heartbeat 20 ms and election 200 ms instead of 100 and 1000: a new leader in about 0.3 s instead of 1.6 s. */
  shortElections?: boolean | undefined;
  /** "3.6" or "3.6.14". Default: 3.6.14 where it can be had, or else any server from 3.4 on. */
  version?: string | undefined;
  /** Where the data folder is made. Default: in memory (/dev/shm) where there is room, or else the temp folder. */
  dataDir?: string | undefined;
  /** One client port for each member. Default: free ports. */
  listenPorts?: readonly number[] | undefined;
  /** Added to every member's command line, after all else. */
  extraArguments?: readonly string[] | undefined;
  /** How long the members may take until they all answer and know a leader. Default: 30 s. */
  startTimeoutMs?: number | undefined;
  /** Is told which etcd is used and why, one line at a time. */
  log?: ((line: string) => void) | undefined;
}

/** What a client needs for TLS: PEM texts, and the same as files for command-line tools. */
export interface ClusterTls {
  readonly ca: string;
  readonly caFile: string;
  /** The client's certificate and key; only with `tls: "mutual"`. */
  readonly cert: string | undefined;
  readonly certFile: string | undefined;
  readonly key: string | undefined;
  readonly keyFile: string | undefined;
}

/** A place for one more member; see `EtcdCluster.prepareMember`. */
export interface PreparedMember {
  /** `127.0.0.1:port`, for clients. */
  readonly endpoint: string;
  /** What to announce to the cluster: `http://127.0.0.1:port`. */
  readonly peerUrl: string;
  /**
   * Starts its process, waits until it answers and knows the leader, and counts it among the cluster's `members`.
   *
   * @param memberId the id that the cluster gave it when it was announced
   */
  start(memberId: bigint): Promise<EtcdMember>;
}

const OPTION_NAMES: ReadonlySet<string> = new Set<keyof EtcdClusterOptions>([
  "members",
  "tls",
  "auth",
  "shortElections",
  "version",
  "dataDir",
  "listenPorts",
  "extraArguments",
  "startTimeoutMs",
  "log",
]);
const START_TIMEOUT_MS = 30_000;
const LEADER_TIMEOUT_MS = 15_000;
const LEADER_POLL_INTERVAL_MS = 20;
/** Each try draws new ports. Several test processes that start clusters at once do meet now and then. */
const PORT_ATTEMPT_COUNT = 5;

/**
 * A private cluster of real etcd processes on loopback ports, for tests and benchmarks. Nothing of it outlives this
 * process: `close()` ends it, and so does the end of the process, SIGKILL included. Like a listening server, a cluster
 * that is not closed keeps the process alive.
 */
export class EtcdCluster implements AsyncDisposable {
  /** Each member's `127.0.0.1:port`, in the order of `members`. */
  readonly endpoints: readonly string[];
  /** Those that the cluster began with, and those that were added. */
  readonly members: readonly EtcdMember[];
  /** Undefined for a plaintext cluster. */
  readonly tls: ClusterTls | undefined;
  /** Undefined when auth is off. */
  readonly auth: Credentials | undefined;
  /** The binary, how it was found and why. */
  readonly binary: EtcdBinary;
  /** What the data lies on, such as "tmpfs" or "ext4"; say so beside every timing. */
  readonly dataFileSystem: string;
  private readonly supervisor: Supervisor;
  private readonly parts: ClusterParts;
  private readonly allMembers: EtcdMember[];
  private readonly allEndpoints: string[];

  private constructor(parts: ClusterParts, members: readonly EtcdMember[]) {
    this.parts = parts;
    this.members = this.allMembers = [...members];
    this.endpoints = this.allEndpoints = members.map((member) => member.endpoint);
    this.tls = parts.tls?.client;
    this.auth = parts.auth;
    this.binary = parts.binary;
    this.dataFileSystem = parts.directory.fileSystem;
    this.supervisor = parts.supervisor;
  }

  /**
   * Starts a cluster and waits until every member answers, is one of ours and knows a leader. The first start on a
   * machine may fetch or build etcd, which takes a minute or two and is told on stderr.
   * @throws ArgumentError for an option that cannot work; EtcdStartError when no etcd can be had or it does not start.
   */
  static async start(options: EtcdClusterOptions = {}): Promise<EtcdCluster> {
    checkOptions(options);
    const binary = await findEtcd({ version: options.version, log: options.log });
    for (let attempt = 1; ; attempt++) {
      try {
        return await startOnce(options, binary, (parts, members) => new EtcdCluster(parts, members));
      } catch (error) {
        const isLast = attempt === PORT_ATTEMPT_COUNT || options.listenPorts !== undefined;
        if (!(error instanceof PortTakenError) || isLast) throw error;
      }
    }
  }

  /** The server's version: "3.6.14". */
  get version(): string {
    return this.binary.version;
  }

  /** Path of the etcdctl that came with the server, if there is one. */
  get etcdctl(): string | undefined {
    return this.binary.etcdctl;
  }

  /** Where one member's Prometheus metrics are; plain HTTP even if the cluster has TLS. */
  metricsUrl(index: number): string {
    const member = this.members[index];
    if (member === undefined)
      throw new ArgumentError(`member ${index} of ${this.members.length} does not exist`);
    return member.metricsUrl;
  }

  /** The member that is leader by its own word, waiting up to 15 s for one. Paused members are not asked. */
  async leader(): Promise<EtcdMember> {
    const endMs = performance.now() + LEADER_TIMEOUT_MS;
    do {
      try {
        return await Promise.any(this.members.map((member) => member.ifLeader()));
      } catch {
        // None is, so far.
      }
      await sleep(LEADER_POLL_INTERVAL_MS);
    } while (performance.now() < endMs);
    throw new Error(`no leader after ${LEADER_TIMEOUT_MS} ms among ${this.endpoints.join(", ")}`);
  }

  /**
   * Chooses ports and a name for one more member. Announce its `peerUrl` to the cluster, as a member or a learner, then
   * `start` it; `start` fails while it is not announced.
   */
  async prepareMember(): Promise<PreparedMember> {
    const { parts } = this;
    const [client, peer, metrics] = await freePorts(3);
    const plan: MemberPlan = {
      // A port, because a number that counts would come again after a member was removed.
      name: `${parts.token}-${peer!}`,
      endpoint: `127.0.0.1:${client!}`,
      peerUrl: `http://127.0.0.1:${peer!}`,
      metricsBase: `http://127.0.0.1:${metrics!}`,
    };
    const { endpoint, peerUrl } = plan;
    const start = async (memberId: bigint): Promise<EtcdMember> => {
      // etcd compares the URLs with those that the cluster knows; of the names, a new member needs its own only.
      const known = await (await this.leader()).listMembers();
      const initialCluster = known.flatMap(({ id, name, peerUrls }) =>
        peerUrls.map((url) => `${id === memberId ? plan.name : name || id.toString(16)}=${url}`),
      );
      const settings = settingsOf(plan, initialCluster, "existing", parts);
      const member = new EtcdMember(settings, this.supervisor);
      member.identifyAs(memberId);
      if (this.auth !== undefined) member.authenticateAs(this.auth);
      await member.launch();
      await member.waitUntilReady();
      this.allMembers.push(member);
      this.allEndpoints.push(endpoint);
      return member;
    };
    return { endpoint, peerUrl, start };
  }

  /** Kills the members and removes their data. Never rejects; may be called again. */
  close(): Promise<void> {
    return this.supervisor.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** What a member's command line is made of, besides what all have in common. */
interface MemberPlan {
  readonly name: string;
  readonly endpoint: string;
  readonly peerUrl: string;
  readonly metricsBase: string;
}

interface ClusterParts {
  readonly options: EtcdClusterOptions;
  readonly binary: EtcdBinary;
  readonly directory: DataDirectory;
  readonly supervisor: Supervisor;
  /** Unique to this cluster; every member's name begins with it. */
  readonly token: string;
  readonly tls: TlsFiles | undefined;
  readonly auth: Credentials | undefined;
}

interface TlsFiles {
  readonly client: ClusterTls;
  readonly serverArguments: readonly string[];
}

async function startOnce(
  options: EtcdClusterOptions,
  binary: EtcdBinary,
  make: (parts: ClusterParts, members: readonly EtcdMember[]) => EtcdCluster,
): Promise<EtcdCluster> {
  const directory = await makeDataDirectory(options.members ?? 1, options.dataDir);
  const supervisor = new Supervisor(directory.path);
  try {
    const tls =
      options.tls === undefined || options.tls === false ? undefined : await makeTls(directory, options.tls);
    const token = `etcdwire-${randomBytes(8).toString("hex")}`;
    const plans = await memberPlans(options, token);
    const auth = credentialsFrom(options.auth);
    const parts: ClusterParts = { options, binary, directory, supervisor, token, tls, auth };
    const initialCluster = plans.map(({ name, peerUrl }) => `${name}=${peerUrl}`);
    const members = plans.map(
      (plan) => new EtcdMember(settingsOf(plan, initialCluster, "new", parts), supervisor),
    );
    await Promise.all(members.map((member) => member.launch()));
    await Promise.all(members.map((member) => member.waitUntilReady()));
    if (auth !== undefined) {
      await enableAuth(members[0]!.endpoint, tls?.client, auth);
      for (const member of members) member.authenticateAs(auth);
    }
    return make(parts, members);
  } catch (error) {
    await supervisor.close();
    // The supervisor removes the folder; this is for one that could not be started.
    await rm(directory.path, { recursive: true, force: true });
    throw error;
  }
}

async function memberPlans(options: EtcdClusterOptions, token: string): Promise<MemberPlan[]> {
  const count = options.members ?? 1;
  const free = await freePorts(count * 3);
  return Array.from({ length: count }, (_, i) => ({
    name: `${token}-${i}`,
    endpoint: `127.0.0.1:${options.listenPorts?.[i] ?? free[i * 3]!}`,
    peerUrl: `http://127.0.0.1:${free[i * 3 + 1]!}`,
    metricsBase: `http://127.0.0.1:${free[i * 3 + 2]!}`,
  }));
}

/**
 * How to start one member.
 *
 * @param initialCluster all members, this one included: `name=peerUrl`
 * @param state whether the cluster is new with this member
 */
function settingsOf(
  { name, endpoint, peerUrl, metricsBase }: MemberPlan,
  initialCluster: readonly string[],
  state: "new" | "existing",
  { options, binary, directory, token, tls }: ClusterParts,
): MemberSettings {
  const scheme = tls === undefined ? "http" : "https";
  return {
    name,
    endpoint,
    metricsUrl: `${metricsBase}/metrics`,
    file: binary.path,
    arguments: [
      `--name=${name}`,
      `--data-dir=${join(directory.path, name)}`,
      `--listen-client-urls=${scheme}://${endpoint}`,
      `--advertise-client-urls=${scheme}://${endpoint}`,
      `--listen-peer-urls=${peerUrl}`,
      `--initial-advertise-peer-urls=${peerUrl}`,
      `--listen-metrics-urls=${metricsBase}`,
      `--initial-cluster=${initialCluster.join(",")}`,
      `--initial-cluster-token=${token}`,
      `--initial-cluster-state=${state}`,
      // 3.4 still has its older logger as the default, without levels.
      ...(compareVersions(binary.version, "3.5") < 0 ? ["--logger=zap"] : []),
      ...(options.shortElections === true ? ["--heartbeat-interval=20", "--election-timeout=200"] : []),
      ...(tls?.serverArguments ?? []),
      // The least that bcrypt allows: its default takes etcd some 60 ms of CPU for every login.
      ...(options.auth === undefined || options.auth === false ? [] : ["--bcrypt-cost=4"]),
      ...(options.extraArguments ?? []),
    ],
    logFile: join(directory.path, `${name}.log`),
    clusterNames: ["", ...initialCluster.map((each) => each.slice(0, each.indexOf("=")))],
    startTimeoutMs: options.startTimeoutMs ?? START_TIMEOUT_MS,
    tls: tls?.client,
  };
}

async function makeTls(directory: DataDirectory, kind: true | "mutual"): Promise<TlsFiles> {
  const folder = join(directory.path, "tls");
  await mkdir(folder);
  const write = async (name: string, pem: string): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, pem, { mode: 0o600 });
    return path;
  };
  const authority = createAuthority("etcdwire test authority");
  const server = authority.issue({
    commonName: "etcdwire test server",
    names: ["localhost", "127.0.0.1", "::1"],
  });
  const caFile = await write("ca.pem", authority.cert);
  const serverArguments = [
    `--cert-file=${await write("server.pem", server.cert)}`,
    `--key-file=${await write("server-key.pem", server.key)}`,
  ];
  if (kind === true) {
    const none = { cert: undefined, certFile: undefined, key: undefined, keyFile: undefined };
    return { client: { ca: authority.cert, caFile, ...none }, serverArguments };
  }
  const { cert, key } = authority.issue({ commonName: "etcdwire test client", names: [] });
  const [certFile, keyFile] = [await write("client.pem", cert), await write("client-key.pem", key)];
  return {
    client: { ca: authority.cert, caFile, cert, certFile, key, keyFile },
    serverArguments: [...serverArguments, "--client-cert-auth", `--trusted-ca-file=${caFile}`],
  };
}

function credentialsFrom(auth: EtcdClusterOptions["auth"]): Credentials | undefined {
  if (auth === undefined || auth === false) return undefined;
  return auth === true ? { user: "root", password: randomBytes(12).toString("hex") } : auth;
}

async function enableAuth(endpoint: string, tls: ClusterTls | undefined, auth: Credentials): Promise<void> {
  const connection = new AdminConnection(endpoint, tls);
  try {
    await connection.enableAuth(auth.user, auth.password, randomBytes(12).toString("hex"));
  } catch (error) {
    throw new EtcdStartError(`auth could not be enabled: ${(error as Error).message}`, { cause: error });
  } finally {
    connection.close();
  }
}

function checkOptions(options: EtcdClusterOptions): void {
  for (const name of Object.keys(options)) {
    if (!OPTION_NAMES.has(name)) {
      throw new ArgumentError(
        `unknown option ${JSON.stringify(name)}: there are ${[...OPTION_NAMES].join(", ")}`,
      );
    }
  }
  // From JavaScript, or the command line, anything can arrive.
  const { members, tls, auth, listenPorts, startTimeoutMs } = options as Record<
    keyof EtcdClusterOptions,
    unknown
  >;
  if (members !== undefined && members !== 1 && members !== 3) {
    throw new ArgumentError(`members must be 1 or 3, not ${inspect(members)}`);
  }
  if (tls !== undefined && typeof tls !== "boolean" && tls !== "mutual") {
    throw new ArgumentError(`tls must be true, false or "mutual", not ${inspect(tls)}`);
  }
  if (auth !== undefined && typeof auth !== "boolean" && !isCredentials(auth)) {
    throw new ArgumentError("auth must be true, false or { user, password }, both of them not empty");
  }
  if (listenPorts !== undefined && !isPortList(listenPorts, members === 3 ? 3 : 1)) {
    throw new ArgumentError("listenPorts must hold one port (1 to 65535) for each member, all different");
  }
  if (startTimeoutMs !== undefined && !(typeof startTimeoutMs === "number" && startTimeoutMs > 0)) {
    throw new ArgumentError("startTimeoutMs must be a positive number");
  }
  if (process.platform === "win32")
    throw new EtcdStartError("test clusters need the signals of Linux or macOS");
}

function isCredentials(value: unknown): value is Credentials {
  const { user, password } = (value ?? {}) as Partial<Record<keyof Credentials, unknown>>;
  return typeof user === "string" && user !== "" && typeof password === "string" && password !== "";
}

function isPortList(value: unknown, count: number): boolean {
  if (!Array.isArray(value) || new Set(value).size !== count || value.length !== count) return false;
  return value.every((port) => Number.isInteger(port) && (port as number) >= 1 && (port as number) <= 65535);
}
