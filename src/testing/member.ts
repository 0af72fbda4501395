import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

import { AdminConnection, type ClientTls, type Credentials, type ListedMember } from "./admin-connection.js";
import { EtcdStartError } from "./etcd-binary.js";
import type { SupervisedProcess, Supervisor } from "./supervisor.js";

const POLL_INTERVAL_MS = 15;
const STOP_TIMEOUT_MS = 10_000;
const PAUSE_TIMEOUT_MS = 2_000;
const LOG_LINE_COUNT = 200;
/** Two members may take a moment to let go of a port; a port that is taken for longer is another program's. */
const RESTART_ATTEMPT_COUNT = 3;

/** How one etcd process is started and where it is reached. */
export interface MemberSettings {
  readonly name: string;
  /** `127.0.0.1:port`. */
  readonly endpoint: string;
  readonly metricsUrl: string;
  readonly file: string;
  readonly arguments: readonly string[];
  readonly logFile: string;
  /** The names of all members: what the answering server must report. */
  readonly clusterNames: readonly string[];
  readonly startTimeoutMs: number;
  readonly tls: ClientTls | undefined;
}

/** Is the process there, and does it run? */
export type MemberState = "running" | "paused" | "stopped";

/** One etcd process of a test cluster. Its port and data stay the same over `kill()`, `stop()` and `restart()`. */
export class EtcdMember {
  readonly name: string;
  /** `127.0.0.1:port`. */
  readonly endpoint: string;
  /** Where the server's Prometheus metrics are; plain HTTP even if the cluster has TLS. */
  readonly metricsUrl: string;
  private readonly settings: MemberSettings;
  private readonly supervisor: Supervisor;
  private process: SupervisedProcess | undefined;
  private isPaused = false;
  private id: bigint | undefined;
  private auth: Credentials | undefined;

  /** Made by `EtcdCluster` only. */
  constructor(settings: MemberSettings, supervisor: Supervisor) {
    this.name = settings.name;
    this.endpoint = settings.endpoint;
    this.metricsUrl = settings.metricsUrl;
    this.settings = settings;
    this.supervisor = supervisor;
  }

  /** The process id; that of the last process while the member is stopped. */
  get pid(): number {
    return this.process?.pid ?? 0;
  }

  /** The id that etcd gave this member; it stays the same over restarts. */
  get memberId(): bigint {
    return this.id ?? 0n;
  }

  get state(): MemberState {
    if (this.process === undefined || this.process.exitReason !== undefined) return "stopped";
    return this.isPaused ? "paused" : "running";
  }

  /** SIGKILL: the process is gone when this resolves. Works on a paused member too. */
  async kill(): Promise<void> {
    this.process?.signal("SIGKILL");
    await this.process?.exited;
    this.isPaused = false;
  }

  /** SIGTERM: etcd ends in order, and a leader first hands its leadership over. After 10 s, SIGKILL. */
  async stop(): Promise<void> {
    if (this.isPaused) this.resume();
    this.process?.signal("SIGTERM");
    const timer = setTimeout(() => this.process?.signal("SIGKILL"), STOP_TIMEOUT_MS);
    await this.process?.exited;
    clearTimeout(timer);
  }

  /** SIGSTOP: connections stay open and nothing answers. The process is frozen when this resolves. */
  async pause(): Promise<void> {
    if (this.state === "stopped") throw new Error(`${this.name} is stopped: there is nothing to pause`);
    this.process!.signal("SIGSTOP");
    this.isPaused = true;
    const endMs = performance.now() + PAUSE_TIMEOUT_MS;
    while (!(await isFrozen(this.pid)) && performance.now() < endMs) await sleep(2);
  }

  /** SIGCONT. */
  resume(): void {
    this.process?.signal("SIGCONT");
    this.isPaused = false;
  }

  /**
   * Starts the member again on its old port and data, after `stop()` if it runs, and waits until it answers. A member
   * answers only once a majority runs: bring several back together, with `Promise.all`.
   */
  async restart(): Promise<void> {
    await this.stop();
    for (let attempt = 1; ; attempt++) {
      await this.launch();
      try {
        await this.waitUntilReady();
        return;
      } catch (error) {
        await this.kill();
        if (!(error instanceof PortTakenError) || attempt === RESTART_ATTEMPT_COUNT) throw error;
      }
    }
  }

  /** The last lines that the server wrote, up to 200. */
  async log(): Promise<string[]> {
    const text = await readFile(this.settings.logFile, "utf8").catch(() => "");
    return text.trimEnd().split("\n").slice(-LOG_LINE_COUNT);
  }

  /** What etcd said when the member was added: a learner does not tell other members' names, only its own id. */
  identifyAs(id: bigint): void {
    this.id = id;
  }

  /** Starts the process and does not wait for an answer. */
  async launch(): Promise<void> {
    const { file, arguments: programArguments, logFile } = this.settings;
    this.process = await this.supervisor.start(file, programArguments, logFile);
    this.isPaused = false;
  }

  /**
   * Waits until our own process answers on its port and knows a leader. Another program's etcd on the same port is
   * told apart by the member names, which are unique to this cluster.
   * @throws PortTakenError when etcd could not bind; EtcdStartError for all else, with the server's log.
   */
  async waitUntilReady(): Promise<void> {
    const connection = this.connect();
    const endMs = performance.now() + this.settings.startTimeoutMs;
    let problem = "it did not answer";
    try {
      while (performance.now() < endMs) {
        if (this.state === "stopped") await this.reportExit();
        try {
          const { memberId, leaderId } = await connection.status();
          if (await this.isOurs(connection, memberId)) {
            if (leaderId !== 0n) return;
            problem = "it knows no leader";
          } else problem = "another etcd answers on this port";
        } catch (error) {
          problem = (error as Error).message;
        }
        await sleep(POLL_INTERVAL_MS);
      }
      throw await this.startError(`not ready after ${this.settings.startTimeoutMs} ms: ${problem}`);
    } finally {
      connection.close();
    }
  }

  /** Itself, if it is the leader by its own word; rejects if not. A paused member is not asked: it would not answer. */
  async ifLeader(): Promise<this> {
    if (this.state !== "running") throw new Error(`${this.name} is ${this.state}`);
    const connection = this.connect();
    try {
      const { leaderId, memberId } = await connection.status();
      if (leaderId === 0n || leaderId !== memberId) throw new Error(`${this.name} is not the leader`);
      return this;
    } finally {
      connection.close();
    }
  }

  /** The members of the cluster, as this one knows them. */
  async listMembers(): Promise<ListedMember[]> {
    const connection = this.connect();
    try {
      // Signs in where auth is on.
      await connection.status();
      return await connection.members();
    } finally {
      connection.close();
    }
  }

  /** From now on auth is on. */
  authenticateAs(auth: Credentials): void {
    this.auth = auth;
  }

  private connect(): AdminConnection {
    return new AdminConnection(this.endpoint, this.settings.tls, this.auth);
  }

  private async isOurs(connection: AdminConnection, memberId: bigint): Promise<boolean> {
    // Once checked, the id says it, and auth may meanwhile protect the list.
    if (this.id !== undefined) return memberId === this.id;
    const members = await connection.members();
    // A member that has just been born lists the others before they have told it their names.
    const isOurs =
      members.some(({ id, name }) => id === memberId && name === this.name) &&
      members.every(({ name }) => this.settings.clusterNames.includes(name));
    if (isOurs) this.id = memberId;
    return isOurs;
  }

  private async reportExit(): Promise<never> {
    const log = await this.log();
    if (log.some((line) => line.includes("address already in use"))) {
      throw new PortTakenError(`${this.name}: a port of ${this.endpoint} is taken by another program`);
    }
    const reason = this.process?.exitReason;
    throw await this.startError(`it ended (${reason?.signal ?? `exit code ${reason?.code ?? "unknown"}`})`);
  }

  private async startError(what: string): Promise<EtcdStartError> {
    const log = await this.log();
    return new EtcdStartError(`etcd ${this.name} at ${this.endpoint}: ${what}. Its log:\n${log.join("\n")}`);
  }
}

/** etcd could not bind one of its ports: other ports will do. */
export class PortTakenError extends EtcdStartError {
  override name = "PortTakenError";
}

/** Has SIGSTOP taken effect? Only Linux tells at once; elsewhere it is taken as done. */
async function isFrozen(pid: number): Promise<boolean> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "latin1");
    // The state letter follows the program's name, which is in brackets and may hold anything.
    return stat.slice(stat.lastIndexOf(")") + 2).startsWith("T");
  } catch {
    return true;
  }
}
