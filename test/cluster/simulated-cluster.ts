import type { Connection } from "../../src/connection/connection.js";
import { ConnectionError } from "../../src/errors.js";
import { RequestHead } from "../../src/connection/request-head.js";
import type { MemberStatus } from "../../src/cluster/leader-search.js";
import { ResponseHeader, TxnRequest, TxnResponse } from "../../src/messages/generated.js";
import { leaderHead, memberHead } from "../../src/rpc/method.js";
import type { Method, MethodPolicy } from "../../src/rpc/method.js";
import { callUnary } from "../../src/rpc/unary-call.js";
import { Flag, FrameType, Http2Code, Setting } from "../../src/wire/layout.js";
import {
  goawayFrame,
  pingFrame,
  rstStreamFrame,
  settingsAckFrame,
  settingsFrame,
  windowUpdateFrame,
} from "../support/frames.js";
import { ManualRuntime } from "../support/memory-socket.js";
import type { MemorySocket } from "../support/memory-socket.js";
import { reply, trailersOnly } from "../support/peer-frames.js";
import type { ClientFrame } from "../support/peer-frames.js";

/** All that happens by chance in one run; the same for the same seed (mulberry32). */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  readonly next = (): number => {
    this.#state = (this.#state + 0x6d2b_79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };

  between(least: number, below: number): number {
    return least + (below - least) * this.next();
  }

  /** Whole numbers from 0. */
  below(count: number): number {
    return Math.floor(this.next() * count);
  }

  is(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
}

const countOne = <Key>(counts: Map<Key, number>, key: Key): void => {
  counts.set(key, (counts.get(key) ?? 0) + 1);
};

const CLUSTER_ID = 7;
/** etcd's own request timeout, with default elections. */
const SERVER_TIMEOUT_MS = 7_000;
const RAFT_TICK_MS = 50;
const NOBODY = -1;

const UNAVAILABLE = 14;
const UNKNOWN = 2;

/** What a request asks for, in JSON: the pool does not know what the bytes mean. */
export interface SimulatedRequest {
  readonly id: number;
}

export interface SimulatedReply {
  readonly revision: number;
  readonly term: number;
}

const WRITE = "/simulated/Write";
const READ = "/simulated/Read";
const LOCAL_READ = "/simulated/LocalRead";
const STATUS = "/simulated/Status";
const AUTHENTICATE = "/simulated/Authenticate";
const TXN = "/etcdserverpb.KV/Txn";

const method = (
  head: RequestHead,
  policy: MethodPolicy,
  isLinearizable: boolean,
): Method<SimulatedRequest, SimulatedReply> => ({
  head,
  policy,
  isLinearizable,
  encode: (request) => Buffer.from(JSON.stringify(request)),
  decode: (bytes) => JSON.parse(Buffer.from(bytes).toString()) as SimulatedReply,
  header: ({ revision, term }) => ({ clusterId: String(CLUSTER_ID), revision, raftTerm: term }),
});

export const METHODS = {
  write: method(leaderHead(WRITE), "nonRepeatable", false),
  repeatableWrite: method(leaderHead(WRITE), "repeatable", false),
  read: method(leaderHead(READ), "read", true),
  localRead: method(memberHead(LOCAL_READ), "read", false),
};

const STATUS_HEAD = memberHead(STATUS);
const AUTHENTICATE_HEAD = new RequestHead(AUTHENTICATE, [], false);
const NOTHING = new Uint8Array(0);

/** The `Status` of the member behind a connection, over the wire like everything else. */
export const probe = async (connection: Connection, timeoutMs: number): Promise<MemberStatus> => {
  const bytes = await callUnary(connection, STATUS_HEAD, NOTHING, timeoutMs);
  const status = JSON.parse(Buffer.from(bytes).toString()) as {
    member: number;
    leader: number;
    term: number;
  };
  return {
    clusterId: BigInt(CLUSTER_ID),
    memberId: BigInt(status.member + 1),
    leaderId: BigInt(status.leader + 1),
    raftTerm: status.term,
    isLearner: false,
    serverVersion: "3.6.14",
  };
};

export const authenticate = async (connection: Connection, timeoutMs: number): Promise<string> =>
  Buffer.from(await callUnary(connection, AUTHENTICATE_HEAD, NOTHING, timeoutMs)).toString();

interface OwnTimer {
  readonly atMs: number;
  readonly callback: () => void;
}

/** One connection, seen from the member. */
interface Link {
  readonly socket: MemorySocket;
  readonly member: SimulatedMember;
  state: "connecting" | "open" | "closed";
  seenWrites: number;
  /** A delivery to the member is under way. */
  delivering: boolean;
  readonly requests: Map<number, { fields: readonly string[]; body: Buffer[] }>;
  /** Streams that the client has ended. */
  readonly cancelled: Set<number>;
  lastStreamId: number;
  /** Streams above it are ignored, because GOAWAY said so. */
  goawayStreamId: number;
  /** On their way to the client, in order. */
  readonly answers: Buffer[];
  answering: boolean;
}

type Answer = (message: string | Uint8Array) => void;
type Refusal = (code: number, text: string) => void;

export class SimulatedMember {
  isUp = true;
  /** Reads nothing and answers nothing; its kernel takes connections and bytes. */
  isFrozen = false;
  /** Nothing passes between it and the client; the other members see it. */
  isCut = false;
  /** At most; how long whatever it does takes. */
  slowMs = 0;
  /** At most; how long its disk takes for a write. */
  slowWriteMs = 0;
  /** How likely it is to fail a request for no reason. */
  moodiness = 0;
  refusesStreams = 0;
  /** MAX_CONCURRENT_STREAMS of its next connections. */
  streamsMax = 250;
  leader = NOBODY;
  term = 1;
  /** How far it has applied. */
  revision = 1;
  /** Of its process: what an earlier one had under way is gone. */
  process = 0;
  /** What it does once it runs again. */
  readonly waiting: (() => void)[] = [];

  constructor(readonly index: number) {}

  get isRunning(): boolean {
    return this.isUp && !this.isFrozen;
  }
}

/**
 * Three members that agree by chance and by the clock, behind sockets in memory. What they promise is what etcd
 * promises: a write is applied once at most however the member that took it ends, what is answered with success is
 * applied, and an error that excludes a write's effect is given before it is proposed.
 */
export class SimulatedCluster {
  readonly runtime = new ManualRuntime();
  readonly members = [0, 1, 2].map((index) => new SimulatedMember(index));
  /** How often each write was applied. */
  readonly applied = new Map<number, number>();
  /** How many `Status` were sent to each member in each second: "member second". */
  readonly asked = new Map<string, number>();
  /** How many calls reached any member in each second. */
  readonly calls = new Map<number, number>();
  /** How many connections were tried to each member in each second: "member second". */
  readonly connects = new Map<string, number>();
  readonly events: string[] = [];
  revision = 1;
  leader = 0;
  term = 2;
  wantsToken = false;
  tokenNumber = 1;
  /** No more answers that nothing forces. */
  isCalm = false;
  readonly #timers: OwnTimer[] = [];
  readonly #links: Link[] = [];
  #leaderlessSinceMs = Infinity;
  #electionMs = 0;

  constructor(readonly chance: Chance) {
    this.runtime.random = chance.next;
    for (const member of this.members) Object.assign(member, { leader: 0, term: 2 });
    this.#tickRaft();
  }

  log(text: string): void {
    this.events.push(`${(this.runtime.nowMs - 1_000_000).toFixed(1)} ${text}`);
  }

  /** Not by the runtime's timers, which are the client's: these go on while that is stopped. */
  later(ms: number, callback: () => void): void {
    this.#timers.push({ atMs: this.runtime.nowMs + ms, callback });
  }

  /** The client's timers and its members' in the order of their times, one; false if none is due by `endMs`. */
  fireNext(endMs: number): boolean {
    const own = this.#nextTimer();
    if (this.runtime.fireNext(Math.min(endMs, own?.atMs ?? Infinity))) return true;
    if (own === undefined || own.atMs > endMs) return false;
    this.#timers.splice(this.#timers.indexOf(own), 1);
    // Later than it was due, if the client's process was stopped.
    this.runtime.nowMs = Math.max(this.runtime.nowMs, own.atMs);
    own.callback();
    return true;
  }

  /** The client's process stops: its timers come due, and run before it reads what has arrived meanwhile. */
  stall(ms: number): void {
    const { runtime } = this;
    runtime.nowMs += ms;
    while (runtime.fireNext(runtime.nowMs)) runtime.endTick();
    for (
      let own = this.#nextTimer();
      own !== undefined && own.atMs <= runtime.nowMs;
      own = this.#nextTimer()
    ) {
      this.#timers.splice(this.#timers.indexOf(own), 1);
      own.callback();
    }
  }

  #nextTimer(): OwnTimer | undefined {
    let next: OwnTimer | undefined;
    for (const timer of this.#timers) if (next === undefined || timer.atMs < next.atMs) next = timer;
    return next;
  }

  // ---- Faults ----

  crash(member: SimulatedMember): void {
    if (!member.isUp) return;
    const isReset = this.chance.is(0.5);
    member.isUp = false;
    member.isFrozen = false;
    member.process++;
    member.waiting.length = 0;
    if (this.leader === member.index) this.leader = NOBODY;
    for (const link of this.#linksOf(member)) {
      if (link.state !== "open") continue;
      link.state = "closed";
      // Behind a broken network the client hears nothing of it.
      if (!member.isCut) this.#closeSocket(link, isReset);
    }
  }

  /** As etcd ends: what it has read it answers, what comes later it refuses. */
  stop(member: SimulatedMember): void {
    if (!member.isRunning) return;
    for (const link of this.#linksOf(member)) {
      if (link.state !== "open") continue;
      link.goawayStreamId = link.lastStreamId;
      this.#send(link, goawayFrame(link.lastStreamId, Http2Code.NO_ERROR));
    }
    this.later(this.chance.between(1, 60), () => {
      if (!this.isCalm) this.crash(member);
    });
  }

  restart(member: SimulatedMember): void {
    if (member.isUp) return;
    member.isUp = true;
    member.leader = NOBODY;
    member.term = Math.max(1, this.term - 1);
  }

  freeze(member: SimulatedMember): void {
    if (member.isUp) member.isFrozen = true;
  }

  resume(member: SimulatedMember): void {
    if (!member.isFrozen) return;
    member.isFrozen = false;
    for (const act of member.waiting.splice(0)) act();
  }

  cut(member: SimulatedMember): void {
    member.isCut = true;
  }

  heal(member: SimulatedMember): void {
    if (!member.isCut) return;
    member.isCut = false;
    for (const link of this.#linksOf(member)) {
      if (link.state === "connecting") this.later(this.chance.between(0, 500), () => this.#connect(link));
      // What is sent to a process that has ended meanwhile is answered by a reset.
      else if (link.state === "closed") this.#closeSocket(link, true);
      else {
        this.#deliver(link);
        this.#answer(link);
      }
    }
  }

  /** Something between client and member ends its connections. */
  breakConnections(member: SimulatedMember): void {
    for (const link of this.#linksOf(member)) {
      if (link.state !== "open") continue;
      link.state = "closed";
      this.#closeSocket(link, this.chance.is(0.5));
    }
  }

  /** Another member, if there is one that can. */
  transferLeadership(): void {
    const able = this.members.filter(({ isRunning, index }) => isRunning && index !== this.leader);
    if (able.length > 0 && this.#hasQuorum) this.#elect(this.chance.pick(able));
  }

  /** Nobody fails from now on. */
  calm(): void {
    this.isCalm = true;
    for (const member of this.members) {
      Object.assign(member, { slowMs: 0, slowWriteMs: 0, moodiness: 0, refusesStreams: 0 });
      this.restart(member);
      this.resume(member);
      this.heal(member);
    }
  }

  // ---- Raft, as far as a client sees it ----

  get #hasQuorum(): boolean {
    return this.members.filter(({ isRunning }) => isRunning).length >= 2;
  }

  get #canCommit(): boolean {
    return this.leader !== NOBODY && this.members[this.leader]!.isRunning && this.#hasQuorum;
  }

  #tickRaft(): void {
    const { chance, members } = this;
    const nowMs = this.runtime.now();
    if (this.#canCommit) {
      this.#leaderlessSinceMs = Infinity;
      for (const member of members) {
        if (!member.isRunning) continue;
        member.revision = Math.max(member.revision, this.revision - chance.below(3));
        if (chance.is(0.4)) Object.assign(member, { leader: this.leader, term: this.term });
      }
    } else {
      if (this.#leaderlessSinceMs === Infinity) {
        this.#leaderlessSinceMs = nowMs;
        this.#electionMs = chance.between(200, 1_500);
      }
      const leaderlessMs = nowMs - this.#leaderlessSinceMs;
      if (leaderlessMs > this.#electionMs / 2) {
        for (const member of members) if (member.isRunning) member.leader = NOBODY;
      }
      if (leaderlessMs > this.#electionMs && this.#hasQuorum) {
        this.#elect(chance.pick(members.filter(({ isRunning }) => isRunning)));
      }
    }
    this.later(RAFT_TICK_MS, () => this.#tickRaft());
  }

  #elect(member: SimulatedMember): void {
    this.term++;
    this.leader = member.index;
    Object.assign(member, { leader: member.index, term: this.term, revision: this.revision });
    this.#leaderlessSinceMs = Infinity;
    this.log(`member ${member.index} leads in term ${this.term}`);
  }

  #apply(id: number): void {
    this.revision++;
    countOne(this.applied, id);
    for (const { index, isRunning } of this.members) {
      if (index === this.leader && isRunning) this.members[index]!.revision = this.revision;
    }
  }

  /** By `member`, when it runs; never, if its process ends before that. */
  #whenRunning(member: SimulatedMember, act: () => void, process = member.process): void {
    if (process !== member.process || !member.isUp) return;
    if (member.isFrozen) member.waiting.push(() => this.#whenRunning(member, act, process));
    else act();
  }

  #laterBy(member: SimulatedMember, ms: number, act: () => void): void {
    const { process } = member;
    this.later(ms, () => this.#whenRunning(member, act, process));
  }

  #write(member: SimulatedMember, id: number, answer: (revision: number) => void, refuse: Refusal): void {
    const { leader, term } = member;
    if (leader === NOBODY) {
      refuse(UNAVAILABLE, "etcdserver: no leader");
      return;
    }
    const untilMs = this.runtime.now() + SERVER_TIMEOUT_MS;
    const commit = (): void => {
      if (this.leader === leader && this.term === term) {
        if (this.#canCommit) {
          this.#apply(id);
          const { revision } = this;
          this.#laterBy(member, 0.2, () => answer(revision));
        } else if (this.runtime.now() < untilMs) this.later(30, commit);
        else refuse(UNAVAILABLE, "etcdserver: request timed out");
        return;
      }
      // The next leader has the entry, or has it not.
      if (this.chance.is(0.5)) this.#apply(id);
      this.#laterBy(member, this.chance.between(0, 3_000), () => {
        refuse(UNAVAILABLE, "etcdserver: request timed out, possibly due to previous leader failure");
      });
    };
    const slowMs = this.chance.is(0.5) ? member.slowWriteMs : 0;
    this.later(this.chance.between(0.3, 3) + this.chance.between(0, slowMs), commit);
  }

  #read(member: SimulatedMember, answer: (revision: number) => void, refuse: Refusal): void {
    const { leader, term, process } = member;
    if (leader === NOBODY) {
      refuse(UNAVAILABLE, "etcdserver: no leader");
      return;
    }
    const untilMs = this.runtime.now() + SERVER_TIMEOUT_MS;
    const confirm = (): void => {
      if (this.leader === leader && this.term === term && this.#canCommit) {
        member.revision = this.revision;
        answer(member.revision);
      } else if (this.term === term && this.runtime.now() < untilMs) {
        this.later(30, () => this.#whenRunning(member, confirm, process));
      } else if (leader === member.index && this.chance.is(0.5)) {
        // It believes to be the leader, and has not heard of the others for longer than it knows.
        answer(member.revision);
      } else refuse(UNAVAILABLE, "etcdserver: leader changed");
    };
    this.#laterBy(member, this.chance.between(0.1, 1), confirm);
  }

  // ---- The wire ----

  /** To be called whenever the client has had a turn: takes its new connections and what it has written. */
  attend(): void {
    const { sockets } = this.runtime;
    for (; this.#linkCount < sockets.length; this.#linkCount++) this.#open(sockets[this.#linkCount]!);
    for (const link of this.#links) {
      if (link.state !== "open" || link.delivering || link.seenWrites === link.socket.writes.length) continue;
      link.delivering = true;
      this.later(this.chance.between(0.05, 0.5), () => this.#deliver(link));
    }
  }
  #linkCount = 0;

  #open(socket: MemorySocket): void {
    const member = this.members[socket.target.endpoint.charCodeAt(0) - "a".charCodeAt(0)]!;
    const link: Link = {
      socket,
      member,
      state: "connecting",
      seenWrites: 0,
      delivering: false,
      requests: new Map(),
      cancelled: new Set(),
      lastStreamId: 0,
      goawayStreamId: Infinity,
      answers: [],
      answering: false,
    };
    this.#links.push(link);
    countOne(this.connects, `${member.index} ${Math.floor(this.runtime.nowMs / 1_000)}`);
    this.later(this.chance.between(0.1, 1), () => this.#connect(link));
  }

  #connect(link: Link): void {
    const { socket, member } = link;
    if (link.state !== "connecting" || member.isCut) return;
    if (socket.state !== "open") {
      this.#forget(link);
      return;
    }
    if (!member.isUp) {
      this.#forget(link);
      const { endpoint } = socket.target;
      socket.close(
        new ConnectionError("ETCD_UNREACHABLE", `cannot connect to ${endpoint}: nothing listens there`, {
          mayHaveApplied: false,
          endpoint,
        }),
      );
      return;
    }
    link.state = "open";
    socket.connected();
    this.#whenRunning(member, () => {
      this.#send(
        link,
        Buffer.concat([
          settingsFrame([[Setting.MAX_CONCURRENT_STREAMS, member.streamsMax]]),
          windowUpdateFrame(0, 1 << 24),
        ]),
      );
    });
  }

  #linksOf(member: SimulatedMember): Link[] {
    return this.#links.filter((link) => link.member === member);
  }

  #forget(link: Link): void {
    link.state = "closed";
    const at = this.#links.indexOf(link);
    if (at >= 0) this.#links.splice(at, 1);
  }

  #closeSocket(link: Link, isReset: boolean): void {
    const { socket } = link;
    this.later(this.chance.between(0.1, 1), () => {
      this.#forget(link);
      if (socket.state !== "open") return;
      const { endpoint } = socket.target;
      socket.close(
        isReset
          ? new ConnectionError("ETCD_CONNECTION_LOST", `${endpoint} reset the connection`, {
              mayHaveApplied: true,
              endpoint,
            })
          : undefined,
      );
    });
  }

  /** What the client wrote reaches the member's kernel, and the member once that runs. */
  #deliver(link: Link): void {
    link.delivering = false;
    if (link.state !== "open" || link.member.isCut) return;
    link.delivering = true;
    this.#whenRunning(link.member, () => {
      link.delivering = false;
      if (link.state !== "open") return;
      // A reset may overtake what was sent before it.
      if (link.socket.state === "destroyed" && this.chance.is(0.5)) {
        this.#forget(link);
        return;
      }
      link.seenWrites = link.socket.writes.length;
      for (const frame of link.socket.takeFrames()) this.#onFrame(link, frame);
      if (link.socket.state !== "open") this.#forget(link);
    });
  }

  #onFrame(link: Link, { type, flags, streamId, payload, fields }: ClientFrame): void {
    switch (type) {
      case FrameType.SETTINGS:
        if ((flags & Flag.ACK) === 0) this.#send(link, settingsAckFrame());
        break;
      case FrameType.PING:
        if ((flags & Flag.ACK) === 0) this.#send(link, pingFrame(payload, true));
        break;
      case FrameType.HEADERS:
        if (streamId <= link.goawayStreamId) {
          link.lastStreamId = streamId;
          link.requests.set(streamId, { fields, body: [] });
        }
        break;
      case FrameType.DATA: {
        const request = link.requests.get(streamId);
        request?.body.push(Buffer.from(payload));
        if (request === undefined || (flags & Flag.END_STREAM) === 0) break;
        link.requests.delete(streamId);
        this.#onRequest(link, streamId, request.fields, Buffer.concat(request.body).subarray(5));
        break;
      }
      case FrameType.RST_STREAM:
        link.requests.delete(streamId);
        link.cancelled.add(streamId);
        break;
      default:
    }
  }

  #send(link: Link, bytes: Buffer): void {
    link.answers.push(bytes);
    if (link.answering) return;
    link.answering = true;
    this.later(this.chance.between(0.05, 0.5), () => {
      link.answering = false;
      this.#answer(link);
    });
  }

  #answer(link: Link): void {
    if (link.member.isCut || link.answers.length === 0) return;
    const bytes = Buffer.concat(link.answers.splice(0));
    if (link.socket.state === "open" && link.state === "open") link.socket.receive(bytes);
  }

  #onRequest(link: Link, streamId: number, fields: readonly string[], body: Buffer): void {
    const { member } = link;
    const path = fields.find((field) => field.startsWith(":path: "))!.slice(":path: ".length);
    const { process } = member;
    const send = (bytes: Buffer): void =>
      this.#whenRunning(
        member,
        () => {
          if (!link.cancelled.has(streamId)) this.#send(link, bytes);
        },
        process,
      );
    const refuse: Refusal = (code, text) => send(trailersOnly(streamId, code, text));
    const answer: Answer = (message) => send(reply(streamId, message));
    const tell = (revision: number): void =>
      answer(JSON.stringify({ revision, term: member.term } satisfies SimulatedReply));
    const second = Math.floor(this.runtime.nowMs / 1_000);
    if (path === STATUS) countOne(this.asked, `${member.index} ${second}`);
    else countOne(this.calls, second);
    if (this.chance.is(member.refusesStreams)) {
      send(rstStreamFrame(streamId, Http2Code.REFUSED_STREAM));
      return;
    }
    const isMoody = path !== STATUS && path !== AUTHENTICATE && this.chance.is(member.moodiness);
    this.#laterBy(member, this.chance.between(0.05, 0.3) + this.chance.between(0, member.slowMs), () => {
      if (path === AUTHENTICATE) {
        answer(`token ${this.tokenNumber}`);
        return;
      }
      if (this.wantsToken && !fields.includes(`token: token ${this.tokenNumber}`)) {
        refuse(16, "etcdserver: invalid auth token");
        return;
      }
      switch (path) {
        case STATUS:
          answer(JSON.stringify({ member: member.index, leader: member.leader, term: member.term }));
          break;
        case LOCAL_READ:
          if (isMoody) this.#beMoody(undefined, streamId, send, refuse);
          else tell(member.revision);
          break;
        case READ:
          if (isMoody) this.#beMoody(undefined, streamId, send, refuse);
          else this.#read(member, tell, refuse);
          break;
        case WRITE: {
          const { id } = JSON.parse(body.toString()) as SimulatedRequest;
          if (isMoody) this.#beMoody(id, streamId, send, refuse);
          else this.#write(member, id, tell, refuse);
          break;
        }
        case TXN: {
          const put = TxnRequest.deserialize(body).success[0]!.request_put!;
          const id = Number(Buffer.from(put.key).toString());
          const answerTxn = (revision: number): void => {
            const header = new ResponseHeader({
              cluster_id: String(CLUSTER_ID),
              revision: String(revision),
              raft_term: String(member.term),
            });
            answer(new TxnResponse({ header, succeeded: true }).serialize());
          };
          if (isMoody) this.#beMoody(id, streamId, send, refuse);
          else this.#write(member, id, answerTxn, refuse);
          break;
        }
        default:
          throw new Error(`a call of ${path}`);
      }
    });
  }

  /** Fails a request in a way that etcd has; the write `id` happens all the same where the error does not exclude it. */
  #beMoody(id: number | undefined, streamId: number, send: (bytes: Buffer) => void, refuse: Refusal): void {
    const { chance } = this;
    const way = chance.below(7);
    if (way >= 4 && id !== undefined && this.#canCommit && chance.is(0.5)) this.#apply(id);
    switch (way) {
      case 0:
        refuse(UNAVAILABLE, "etcdserver: no leader");
        break;
      case 1:
        refuse(UNKNOWN, "etcdserver: too many requests");
        break;
      case 2:
        refuse(UNAVAILABLE, "etcdserver: rpc not supported for learner");
        break;
      case 3:
        if (id === undefined) refuse(UNAVAILABLE, "etcdserver: leader changed");
        else refuse(UNAVAILABLE, "etcdserver: no leader");
        break;
      case 4:
        refuse(UNAVAILABLE, "etcdserver: request timed out");
        break;
      case 5:
        send(rstStreamFrame(streamId, Http2Code.INTERNAL_ERROR));
        break;
      default:
      // No answer, ever.
    }
  }
}
