import { expect, test } from "vitest";
import { Renewals } from "../../src/client/renewals.js";
import type { Connection } from "../../src/connection/connection.js";
import type { Stream, StreamHandler } from "../../src/connection/stream.js";
import type { Pool, Route } from "../../src/cluster/pool.js";
import { StatusError } from "../../src/errors.js";
import type { EtcdError } from "../../src/errors.js";
import {
  LeaseGrantResponse,
  LeaseKeepAliveRequest,
  LeaseKeepAliveResponse,
  ResponseHeader,
} from "../../src/messages/generated.js";
import { ManualRuntime } from "../support/memory-socket.js";

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** One keepalive stream, as the member at its other end sees it. */
class FakeStream {
  /** Of the newest request. */
  leaseId = 0n;
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
}

/** Three members with one keepalive stream at a time; "a" leads. */
class FakePool {
  readonly runtime = new ManualRuntime();
  readonly endpoints = ["a", "b", "c"].map((text) => ({
    address: { text },
    opened: () => undefined,
    retryAtMs: 0,
  }));
  leader = this.endpoints[0];
  term = 5;
  readonly streams: FakeStream[] = [];
  /** What the next grants get. */
  readonly grants: (() => LeaseGrantResponse | EtcdError)[] = [];

  noteTerm(term: number): void {
    this.term = Math.max(this.term, term);
  }

  noteError(): void {}

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
        stream.leaseId = BigInt(LeaseKeepAliveRequest.deserializeBinary(message).ID);
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

test("renewals of many leases share one stream, and each gets its own answer", async () => {
  const { pool, leases } = make();
  const renewals = [leases.renew(1n, 1_000), leases.renew(2n, 1_000)];
  await settle();
  expect(pool.streams).toHaveLength(1);
  pool.streams[0]!.answer(2n, 20);
  pool.streams[0]!.answer(1n, 10);
  expect((await Promise.all(renewals)).map(({ ttlSeconds }) => ttlSeconds)).toEqual([10, 20]);
});

test("a silent member is left for each of the others in turn before it is asked again", async () => {
  const { pool, leases } = make();
  for (let i = 0; i < 4; i++) {
    const renewal = leases.renew(1n, 500).catch((error: unknown) => error);
    await settle();
    pool.runtime.advance(500);
    expect(await renewal).toMatchObject({ code: "ETCD_DEADLINE_EXCEEDED" });
    expect(pool.streams[i]!.canceled).toBe(true);
  }
  expect(pool.streams.map(({ endpoint }) => endpoint)).toEqual(["a", "b", "c", "a"]);
  // An answer forgives them all: after that the leader is asked first.
  const renewal = leases.renew(1n, 500);
  await settle();
  expect(pool.streams[4]!.endpoint).toBe("b");
  pool.streams[4]!.answer(1n, 10);
  await renewal;
  const silent = leases.renew(1n, 500).catch(() => {});
  await settle();
  pool.runtime.advance(500);
  await silent;
  void leases.renew(1n, 500).catch(() => {});
  await settle();
  expect(pool.streams[5]!.endpoint).toBe("a");
});

test("a new leader that has not failed is asked first", async () => {
  const { pool, leases } = make();
  const renewal = leases.renew(1n, 500).catch(() => {});
  await settle();
  pool.leader = pool.endpoints[2];
  pool.runtime.advance(500);
  await renewal;
  void leases.renew(1n, 500).catch(() => {});
  await settle();
  expect(pool.streams[1]!.endpoint).toBe("c");
});

test("the word of a member of an older term does not count", async () => {
  const { pool, leases } = make();
  const renewal = leases.renew(1n, 500).catch((error: unknown) => error);
  await settle();
  pool.streams[0]!.answer(1n, 10, 4);
  expect(await renewal).toMatchObject({ code: "ETCD_NOT_PRIMARY_LESSOR" });
  const gone = leases.renew(1n, 500);
  await settle();
  expect(pool.streams[1]!.endpoint).toBe("b");
  pool.streams[1]!.answer(1n, 0, 6);
  expect(await gone).toMatchObject({ ttlSeconds: 0, raftTerm: 6 });
});

test("an answer with an impossible number ends the stream, and throws nothing at the connection", async () => {
  const { pool, leases } = make();
  const renewal = leases.renew(1n, 500).catch((error: unknown) => error);
  await settle();
  pool.streams[0]!.answer(1n, "9007199254740993");
  expect(await renewal).toMatchObject({ code: "ETCD_CLOSED" });
  expect(pool.streams[0]!.canceled).toBe(true);
});

test("the stream is closed with the last who renews, without blame for its member", async () => {
  const { pool, leases, release } = make();
  const renewal = leases.renew(1n, 500);
  await settle();
  pool.streams[0]!.answer(1n, 10);
  await renewal;
  expect(pool.streams[0]!.canceled).toBe(false);
  release();
  expect(pool.streams[0]!.canceled).toBe(true);
  const again = leases.renew(1n, 500);
  await settle();
  expect(pool.streams[1]!.endpoint).toBe("a");
  pool.streams[1]!.answer(1n, 10);
  await again;
  expect(pool.streams[1]!.canceled).toBe(true);
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
    stream!.answer(stream!.leaseId, ttlSeconds);
    expect(await granted).toMatchObject(
      ttlSeconds > 0 ? { id: stream!.leaseId, ttlSeconds } : { code: "ETCD_LEASE_NOT_FOUND" },
    );
  }
});
