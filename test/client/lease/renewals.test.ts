import { expect, test } from "vitest";
import { Renewals } from "../../../src/client/lease/renewals.js";
import type { LeaseRenewal } from "../../../src/client/lease/renewals.js";
import type { Connection } from "../../../src/connection/connection.js";
import type { Stream, StreamHandler } from "../../../src/connection/stream.js";
import type { Pool, Route } from "../../../src/cluster/pool.js";
import type { ReplyHeader } from "../../../src/rpc/method.js";
import { StatusError } from "../../../src/errors.js";
import type { ErrorCode, EtcdError } from "../../../src/errors.js";
import {
  LeaseGrantResponse,
  LeaseKeepAliveRequest,
  LeaseKeepAliveResponse,
  ResponseHeader,
} from "../../../src/messages/generated.js";
import { ManualRuntime } from "../../support/memory-socket.js";

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** One keepalive stream, as the member at its other end sees it. */
class FakeStream {
  /** Of all requests, in order. */
  readonly requests: bigint[] = [];
  canceled = false;

  constructor(
    readonly endpoint: string,
    readonly handler: StreamHandler,
    readonly context: unknown,
  ) {}

  answer(id: bigint, ttlSeconds: number | string, raftTerm = 5): void {
    const header = new ResponseHeader({ raft_term: String(raftTerm) });
    const reply = new LeaseKeepAliveResponse({ header, ID: String(id), TTL: String(ttlSeconds) });
    const bytes = reply.serializeBinary();
    this.handler.onMessage!({ context: this.context } as unknown as Stream, bytes, 0, bytes.length);
  }

  fail(code: ErrorCode): void {
    const error = new StatusError(code, code, { mayHaveApplied: true, endpoint: this.endpoint });
    this.handler.onError({ context: this.context } as unknown as Stream, error);
  }

  drain(): void {
    this.handler.onDraining?.({ context: this.context } as unknown as Stream);
  }
}

interface FakeEndpoint {
  readonly address: { readonly text: string };
}

/** Three members; "a" leads. */
class FakePool {
  readonly runtime = new ManualRuntime();
  readonly endpoints: FakeEndpoint[] = ["a", "b", "c"].map((text) => ({ address: { text } }));
  leader: FakeEndpoint | undefined = this.endpoints[0];
  term = 5;
  readonly changeListeners = new Set<() => void>();
  readonly errors: EtcdError[] = [];
  readonly streams: FakeStream[] = [];
  /** What the next grants get. */
  readonly grants: (() => LeaseGrantResponse | EtcdError)[] = [];

  noteHeader({ raftTerm }: ReplyHeader): void {
    this.term = Math.max(this.term, raftTerm);
  }

  noteError(error: EtcdError): void {
    this.errors.push(error);
  }

  /** As the pool does: a silent leader is none until another is found. */
  onSilence(endpoint: FakeEndpoint): void {
    if (endpoint === this.leader) this.lead(undefined);
  }

  lead(leader: FakeEndpoint | undefined): void {
    this.leader = leader;
    for (const listener of this.changeListeners) listener();
    if (leader !== undefined) for (const found of this.#searches.splice(0)) found(leader);
  }

  readonly #searches: ((leader: FakeEndpoint) => void)[] = [];

  findLeader(): Promise<FakeEndpoint> {
    if (this.leader !== undefined) return Promise.resolve(this.leader);
    return new Promise((resolve) => {
      this.#searches.push(resolve);
    });
  }

  get open(): FakeStream[] {
    return this.streams.filter(({ canceled }) => !canceled);
  }

  acquire(route: Route): Promise<Connection> {
    const endpoint = route === "leader" ? this.leader! : (route as unknown as { address: { text: string } });
    const { text } = endpoint.address;
    const connection = {
      endpoint: text,
      openStream: (_head: unknown, handler: StreamHandler, context: unknown) => {
        const stream = new FakeStream(text, handler, context);
        this.streams.push(stream);
        return stream;
      },
      send: (stream: FakeStream, message: Uint8Array) => {
        stream.requests.push(BigInt(LeaseKeepAliveRequest.deserializeBinary(message).ID));
      },
      cancel: (stream: FakeStream, error: EtcdError) => {
        stream.canceled = true;
        stream.handler.onError(stream as unknown as Stream, error);
      },
      handedToSocket: () => true,
      callUnary: (_head: unknown, _message: Uint8Array, handler: StreamHandler, context: unknown) => {
        const stream = { context } as unknown as Stream;
        const outcome = this.grants.shift()!();
        if (outcome instanceof LeaseGrantResponse) {
          const bytes = outcome.serializeBinary();
          handler.onSuccess(stream, bytes, 0, bytes.length, "a:1");
        } else handler.onError(stream, outcome);
        return stream;
      },
    };
    return Promise.resolve(connection as unknown as Connection);
  }

  /** As the pool does it for a repeatable call: tries again after a lost connection. */
  async call(
    _policy: string,
    route: Route,
    options: { timeoutMs: number },
    attempt: (connection: Connection, timeoutMs: number) => Promise<Uint8Array>,
  ): Promise<Uint8Array> {
    // An election of 4 s comes first.
    this.runtime.nowMs += 4_000;
    for (;;) {
      try {
        return await attempt(await this.acquire(route), options.timeoutMs);
      } catch (error) {
        if ((error as EtcdError).code !== "ETCD_CONNECTION_LOST") throw error;
      }
    }
  }
}

const make = (): { pool: FakePool; leases: Renewals; release: () => void } => {
  const pool = new FakePool();
  const leases = new Renewals(pool as unknown as Pool);
  return { pool, leases, release: leases.hold(() => {}) };
};

const PATIENCE_MS = 500;
const renew = ({ pool, leases }: ReturnType<typeof make>, id: bigint, forMs = 3_000): Promise<LeaseRenewal> =>
  leases.renew(id, PATIENCE_MS, pool.runtime.now() + forMs);
const failureOf = (renewal: Promise<LeaseRenewal>): Promise<unknown> =>
  renewal.catch((error: unknown) => error);

test("renewals of many leases share one stream, and each gets its own answer", async () => {
  const made = make();
  const renewals = [renew(made, 1n), renew(made, 2n)];
  await settle();
  expect(made.pool.streams).toHaveLength(1);
  made.pool.streams[0]!.answer(2n, 20);
  made.pool.streams[0]!.answer(1n, 10);
  expect((await Promise.all(renewals)).map(({ ttlSeconds }) => ttlSeconds)).toEqual([10, 20]);
  expect(made.pool.runtime.timerCount).toBe(0);
});

test("renewals of one lease at one time are one request", async () => {
  const made = make();
  const renewals = [renew(made, 1n), renew(made, 1n)];
  await settle();
  expect(made.pool.streams[0]!.requests).toEqual([1n]);
  made.pool.streams[0]!.answer(1n, 10);
  expect(await Promise.all(renewals)).toMatchObject([{ ttlSeconds: 10 }, { ttlSeconds: 10 }]);
});

test("what a silent member does not answer goes to all members at once, and stays with the first that answers", async () => {
  const made = make();
  const { pool } = made;
  const renewals = [renew(made, 1n), renew(made, 2n)];
  await settle();
  const startMs = pool.runtime.now();
  pool.runtime.advance(PATIENCE_MS);
  await settle();
  expect(pool.streams[0]!.canceled).toBe(true);
  expect(pool.open.map(({ endpoint }) => endpoint)).toEqual(["a", "b", "c"]);
  for (const { requests } of pool.open) expect(requests).toEqual([1n, 2n]);
  const [, , c] = pool.open;
  c!.answer(1n, 10);
  // From when it was sent there, not from the first try.
  expect(await renewals[0]).toMatchObject({ ttlSeconds: 10, sentAtMs: startMs + PATIENCE_MS });
  expect(pool.open).toEqual([c]);
  c!.answer(2n, 10);
  await renewals[1];
  void renew(made, 3n);
  expect(c!.requests).toEqual([1n, 2n, 3n]);
});

test("a leader that is elected meanwhile is asked at once, on a new stream: the old one hangs on its predecessor", async () => {
  const made = make();
  const { pool } = made;
  const renewal = renew(made, 1n);
  await settle();
  pool.runtime.advance(PATIENCE_MS);
  await settle();
  const before = pool.open;
  pool.runtime.advance(100);
  const nowMs = pool.runtime.now();
  pool.lead(pool.endpoints[2]);
  await settle();
  expect(before.map(({ canceled }) => canceled)).toEqual([false, false, true]);
  const fresh = pool.streams.at(-1)!;
  expect(fresh).toMatchObject({ endpoint: "c", requests: [1n] });
  fresh.answer(1n, 10, 6);
  expect(await renewal).toMatchObject({ sentAtMs: nowMs, raftTerm: 6 });
  expect(pool.open).toEqual([fresh]);
});

test("while nobody answers, all are asked again and again until the deadline", async () => {
  const made = make();
  const { pool } = made;
  const failure = failureOf(renew(made, 1n, 2_200));
  for (let i = 0; i < 5; i++) {
    // Opening takes a moment.
    pool.runtime.advance(1);
    await settle();
    pool.runtime.advance(PATIENCE_MS - 1);
  }
  expect(await failure).toMatchObject({ code: "ETCD_DEADLINE_EXCEEDED" });
  expect(pool.streams).toHaveLength(1 + 4 * 3);
  expect(pool.open).toEqual([]);
  expect(pool.runtime.timerCount).toBe(0);
});

test("a machine that is suspended while a renewal or grant is under way takes this time off it", async () => {
  const made = make();
  const { pool, leases } = made;
  const { runtime } = pool;
  let sleptMs = 0;
  runtime.epochMs = () => 1_700_000_000_000 + runtime.nowMs + sleptMs;
  const startMs = runtime.now();
  const renewal = renew(made, 1n);
  await settle();
  sleptMs += 3_000;
  pool.streams[0]!.answer(1n, 10);
  expect(await renewal).toMatchObject({ sentAtMs: startMs - 3_000 });
  pool.grants.push(() => {
    sleptMs += 4_000;
    return new LeaseGrantResponse({ ID: "7", TTL: "20" });
  });
  const grant = await leases.grant(20, { timeoutMs: 10_000 });
  expect(grant.sentAtMs).toBe(runtime.now() - 4_000);
});

test("one that answers others but not this one keeps its stream until somebody answers this one", async () => {
  const made = make();
  const { pool } = made;
  const slow = renew(made, 1n);
  await settle();
  const [home] = pool.streams;
  for (let i = 2n; i < 7n; i++) {
    const other = renew(made, i);
    pool.runtime.advance(PATIENCE_MS / 5);
    home!.answer(i, 10);
    await other;
  }
  await settle();
  expect(home!.canceled).toBe(false);
  expect(pool.open.map(({ endpoint }) => endpoint)).toEqual(["a", "b", "c"]);
  const other = renew(made, 7n);
  home!.answer(7n, 10);
  await other;
  // Its word counts, and it is not relied on.
  expect(pool.open).toHaveLength(3);
  pool.open[1]!.answer(1n, 10);
  await slow;
  expect(pool.open.map(({ endpoint }) => endpoint)).toEqual(["b"]);
});

test("a stream that breaks is replaced at once, everywhere else first", async () => {
  const made = make();
  const { pool } = made;
  const renewal = renew(made, 1n);
  await settle();
  pool.streams[0]!.fail("ETCD_CONNECTION_LOST");
  await settle();
  expect(pool.streams.slice(1).map(({ endpoint }) => endpoint)).toEqual(["b", "c"]);
  expect(pool.errors).toMatchObject([{ code: "ETCD_CONNECTION_LOST", endpoint: "a" }]);
  // Soon there too: all might have broken.
  pool.runtime.advance(75);
  await settle();
  expect(pool.streams.at(-1)!.endpoint).toBe("a");
  pool.streams.at(-1)!.answer(1n, 10);
  await renewal;
  expect(pool.runtime.timerCount).toBe(0);
});

test("what the server refuses for one lease fails that lease's renewal and no other's", async () => {
  const made = make();
  const { pool } = made;
  const [forbidden, innocent] = [failureOf(renew(made, 1n)), renew(made, 2n)];
  await settle();
  pool.streams[0]!.fail("ETCD_PERMISSION_DENIED");
  expect(await forbidden).toMatchObject({ code: "ETCD_PERMISSION_DENIED" });
  await settle();
  expect(pool.streams[1]!.requests).toEqual([2n]);
  pool.streams[1]!.answer(2n, 10);
  expect(await innocent).toMatchObject({ ttlSeconds: 10 });
});

test("the word of a member of an older term does not count", async () => {
  const made = make();
  const { pool } = made;
  const renewal = renew(made, 1n);
  await settle();
  pool.streams[0]!.answer(1n, 0, 4);
  await settle();
  expect(pool.errors).toMatchObject([{ code: "ETCD_NOT_PRIMARY_LESSOR" }]);
  expect(pool.open.map(({ endpoint }) => endpoint)).toEqual(["b", "c"]);
  pool.open[0]!.answer(1n, 10, 6);
  expect(await renewal).toMatchObject({ ttlSeconds: 10, raftTerm: 6 });
});

test("an answer with an impossible number ends the stream, and throws nothing at the connection", async () => {
  const made = make();
  const renewal = renew(made, 1n);
  await settle();
  made.pool.streams[0]!.answer(1n, "9007199254740993");
  expect(made.pool.errors).toMatchObject([{ code: "ETCD_PROTOCOL" }]);
  expect(made.pool.streams[0]!.canceled).toBe(true);
  await settle();
  made.pool.open[0]!.answer(1n, 10);
  await renewal;
});

test("the stream is closed with the last who renews, without blame for its member", async () => {
  const made = make();
  const { pool, release } = made;
  const renewal = renew(made, 1n);
  await settle();
  pool.streams[0]!.answer(1n, 10);
  await renewal;
  expect(pool.streams[0]!.canceled).toBe(false);
  release();
  expect(pool.streams[0]!.canceled).toBe(true);
  expect(pool.errors).toEqual([]);
  const again = renew(made, 1n);
  await settle();
  expect(pool.streams[1]!.endpoint).toBe("a");
  pool.streams[1]!.answer(1n, 10);
  await again;
  expect(pool.streams[1]!.canceled).toBe(true);
});

test("a stream whose connection drains takes no more renewals, and ends with the answers that it owes", async () => {
  const made = make();
  const { pool } = made;
  const first = renew(made, 1n);
  await settle();
  pool.streams[0]!.drain();
  const second = renew(made, 2n);
  await settle();
  expect(pool.streams[0]!.requests).toEqual([1n]);
  expect(pool.streams[1]!.endpoint).toBe("a");
  pool.streams[1]!.answer(2n, 10);
  await second;
  expect(pool.streams[0]!.canceled).toBe(false);
  pool.streams[0]!.answer(1n, 10);
  await first;
  expect(pool.streams.map(({ canceled }) => canceled)).toEqual([true, false]);
});

test("a signal ends a renewal at once, and the last one for a lease forgets it", async () => {
  const made = make();
  const { pool, leases } = made;
  const controller = new AbortController();
  const [aborted, other] = [
    leases.renew(1n, PATIENCE_MS, pool.runtime.now() + 3_000, controller.signal),
    renew(made, 1n),
  ];
  await settle();
  controller.abort(new Error("enough"));
  await expect(aborted).rejects.toMatchObject({ code: "ETCD_ABORTED" });
  pool.streams[0]!.answer(1n, 10);
  expect(await other).toMatchObject({ ttlSeconds: 10 });
  const second = new AbortController();
  const alone = leases.renew(1n, PATIENCE_MS, pool.runtime.now() + 3_000, second.signal);
  second.abort();
  await expect(alone).rejects.toMatchObject({ code: "ETCD_ABORTED" });
  expect(pool.runtime.timerCount).toBe(0);
});

test("the client's end ends what waits and tells the holders", async () => {
  const made = make();
  const { pool, leases } = made;
  let closed = 0;
  const release = leases.hold(() => {
    closed++;
    release();
  });
  const failure = failureOf(renew(made, 1n));
  await settle();
  leases.close();
  expect(await failure).toMatchObject({ code: "ETCD_CLOSED" });
  expect(closed).toBe(1);
  expect(await failureOf(renew(made, 1n))).toMatchObject({ code: "ETCD_CLOSED" });
  expect(pool.runtime.timerCount).toBe(0);
});

test("a grant's lease runs from when the answered try was sent, not from before an election", async () => {
  const { pool, leases } = make();
  const startMs = pool.runtime.now();
  pool.grants.push(() => new LeaseGrantResponse({ ID: "7", TTL: "2" }));
  const grant = await leases.grant(2, { timeoutMs: 10_000 });
  expect(grant.sentAtMs).toBe(startMs + 4_000);
  expect(grant.ttlSeconds).toBe(2);
});

test("a grant that finds its own lease made by a try whose answer was lost renews it, or says that it has ended", async () => {
  for (const ttlSeconds of [2, 0]) {
    const { pool, leases } = make();
    const exists = new StatusError("ETCD_LEASE_EXISTS", "lease already exists", { mayHaveApplied: false });
    const lost = new StatusError("ETCD_CONNECTION_LOST", "lost", { mayHaveApplied: true });
    pool.grants.push(
      () => lost,
      () => exists,
    );
    const granted = leases.grant(2, { timeoutMs: 10_000 }).catch((error: unknown) => error);
    await settle();
    await settle();
    const [stream] = pool.streams;
    const [id] = stream!.requests;
    stream!.answer(id!, ttlSeconds);
    expect(await granted).toMatchObject(
      ttlSeconds > 0 ? { id, ttlSeconds } : { code: "ETCD_LEASE_NOT_FOUND" },
    );
  }
});
