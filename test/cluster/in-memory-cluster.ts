import { parseAddress } from "../../src/cluster/address.js";
import { Endpoint } from "../../src/cluster/endpoint.js";
import type { MemberStatus } from "../../src/cluster/leader-search.js";
import { ConnectionError } from "../../src/errors.js";
import type { EtcdError } from "../../src/errors.js";
import { DEFAULT_CONNECTION_LIMITS } from "../../src/options.js";
import { settingsFrame } from "../support/frames.js";
import { ManualRuntime } from "../support/memory-socket.js";
import type { MemorySocket } from "../support/memory-socket.js";

/** How a member answers `Status`: an error, a text for a state, or nothing ever. */
export type Answer = MemberStatus | EtcdError | "silent";

export const NAMES = ["a:1", "b:1", "c:1"];
const CLUSTER_ID = 7n;

/** Member ids are 1n, 2n, 3n, in the order of the names. */
export const status = (
  memberId: bigint,
  leaderId: bigint,
  more: Partial<MemberStatus> = {},
): MemberStatus => ({
  clusterId: CLUSTER_ID,
  memberId,
  leaderId,
  raftTerm: 5,
  isLearner: false,
  serverVersion: "3.6.14",
  ...more,
});

export const refused = (endpoint: string): EtcdError =>
  new ConnectionError("ETCD_UNREACHABLE", `cannot connect to ${endpoint}: nothing listens there`, {
    mayHaveApplied: false,
    endpoint,
  });

/** Lets promise reactions run. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Members without processes: sockets in memory that open by themselves, a clock that a test moves. */
export class InMemoryCluster {
  readonly runtime = new ManualRuntime();
  readonly answers = new Map<string, Answer>();
  /** Endpoints whose sockets take the connection and stay silent. */
  readonly mute = new Set<string>();
  /** Every `Status` that was asked for, by endpoint. */
  readonly asked: string[] = [];
  #seen = 0;

  constructor(readonly names: readonly string[] = NAMES) {
    // The search begins with the first endpoint.
    this.runtime.random = () => 0;
  }

  endpoints(listener = { onOpen: () => {}, onUnusable: () => {}, onSilence: () => {} }): Endpoint[] {
    return this.names.map(
      (name) =>
        new Endpoint(
          {
            address: parseAddress(name),
            tls: undefined,
            limits: DEFAULT_CONNECTION_LIMITS,
            userAgent: "test",
          },
          this.runtime,
          listener,
        ),
    );
  }

  readonly probe = ({ endpoint }: { endpoint: string }, timeoutMs: number): Promise<MemberStatus> => {
    this.asked.push(endpoint);
    const answer = this.answers.get(endpoint) ?? "silent";
    return new Promise((resolve, reject) => {
      if (answer === "silent") {
        this.runtime.setTimer(() => reject(deadline(endpoint)), timeoutMs);
      } else if (answer instanceof Error) reject(answer);
      else resolve(answer);
    });
  };

  socketsOf(endpoint: string): MemorySocket[] {
    return this.runtime.sockets.filter(({ target }) => target.endpoint === endpoint);
  }

  /** Moves the clock in small steps, opens what connects, and lets promises settle in between. */
  async pass(ms: number): Promise<void> {
    for (let leftMs = ms; ; leftMs -= 5) {
      await settle();
      for (; this.#seen < this.runtime.sockets.length; this.#seen++) {
        const socket = this.runtime.sockets[this.#seen]!;
        if (this.mute.has(socket.target.endpoint)) continue;
        socket.connected();
        socket.receive(settingsFrame());
      }
      await settle();
      if (leftMs <= 0) return;
      this.runtime.advance(Math.min(5, leftMs));
    }
  }
}

const deadline = (endpoint: string): EtcdError =>
  new ConnectionError("ETCD_DEADLINE_EXCEEDED", `${endpoint} did not answer within the call's deadline`, {
    mayHaveApplied: true,
    endpoint,
  });
