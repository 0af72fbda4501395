import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { Client, EtcdError, op, param } from "../../src/index.js";
import type { ClientOptions } from "../../src/index.js";
import { EtcdCluster } from "../../src/testing/index.js";
import type { EtcdMember } from "../../src/testing/index.js";
import { freePorts } from "../../src/testing/free-port.js";

/** An event loop shared with other tests and three etcd processes on two cores is late now and then. */
const LATE_MS = 1_500;

const clients: Client[] = [];
const unhandled: unknown[] = [];
const note = (error: unknown): void => {
  unhandled.push(error);
};

const connect = (cluster: EtcdCluster, options: Partial<ClientOptions> = {}): Client => {
  const tls = cluster.tls === undefined ? {} : { tls: { ca: cluster.tls.ca } };
  const auth = cluster.auth === undefined ? {} : { auth: cluster.auth };
  const client = new Client({ endpoints: cluster.endpoints, ...tls, ...auth, ...options });
  clients.push(client);
  return client;
};

beforeAll(() => {
  process.on("unhandledRejection", note);
  process.on("uncaughtException", note);
});

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await sleep(20);
  expect(unhandled.splice(0)).toEqual([]);
});

afterAll(() => {
  process.off("unhandledRejection", note);
  process.off("uncaughtException", note);
});

const preparePut = (client: Client) =>
  client.prepare({ then: [op.put(param.key("key"), param.value("value"))] });
const prepareList = (client: Client) =>
  client.prepare({ then: [op.get(param.key("key"), { prefix: true })] });

interface Written {
  readonly acknowledged: string[];
  /** Failed, and provably not applied. */
  readonly refused: string[];
  readonly unknown: string[];
  readonly errors: EtcdError[];
  /** The longest that any write took to settle. */
  slowestMs: number;
}

/** Four writers, each with one write at a time, every one to a key of its own, until `stop` is set. */
const writeUntil = async (client: Client, prefix: string, timeoutMs: number, stop: { now: boolean }) => {
  const put = preparePut(client);
  const written: Written = { acknowledged: [], refused: [], unknown: [], errors: [], slowestMs: 0 };
  let count = 0;
  const writer = async (): Promise<void> => {
    while (!stop.now) {
      const key = `${prefix}${count++}`;
      const startMs = performance.now();
      try {
        await put.run({ key, value: key }, { timeoutMs });
        written.acknowledged.push(key);
      } catch (error) {
        if (!(error instanceof EtcdError)) throw error;
        (error.mayHaveApplied ? written.unknown : written.refused).push(key);
        written.errors.push(error);
      }
      written.slowestMs = Math.max(written.slowestMs, performance.now() - startMs);
      await sleep(1);
    }
  };
  await Promise.all([writer(), writer(), writer(), writer()]);
  return written;
};

const keysUnder = async (client: Client, prefix: string): Promise<Set<string>> => {
  const { responses } = await prepareList(client).run({ key: prefix });
  return new Set(responses[0]!.kvs.map(({ key }) => key.string()));
};

/**
 * Freezes the leader with a write on the way to it. It is sent after the freeze, because all that was sent before may have
 * been answered by then: on a busy machine the client may doubt the leader just then, and all its writers wait.
 */
const freezeUnderWrite = async (
  cluster: EtcdCluster,
  client: Client,
  timeoutMs: number,
): Promise<{
  readonly frozen: EtcdMember;
  readonly failure: Promise<unknown>;
  readonly freezeCount: number;
}> => {
  const put = preparePut(client);
  for (let freezeCount = 1; ; freezeCount++) {
    const frozen = await cluster.leader();
    await frozen.pause();
    if ((await client.leader()).endpoint === frozen.endpoint) {
      // Nothing has come in since the client said so: this goes to the frozen one.
      const failure = put.run({ key: "to-the-frozen", value: "" }, { timeoutMs }).then(
        () => undefined,
        (error: unknown) => error,
      );
      return { frozen, failure, freezeCount };
    }
    frozen.resume();
  }
};

/**
 * Writes until 1.5 s after there is another leader, and checks what every client may rely on.
 *
 * @param disturb returns the leader that was
 */
const writeThrough = async (
  cluster: EtcdCluster,
  prefix: string,
  timeoutMs: number,
  disturb: (client: Client) => Promise<EtcdMember>,
): Promise<Written> => {
  const client = connect(cluster);
  const stop = { now: false };
  const writing = writeUntil(client, prefix, timeoutMs, stop);
  await sleep(200);
  expect((await client.leader()).endpoint).toBe((await cluster.leader()).endpoint);
  const leader = await disturb(client);
  const next = await cluster.leader();
  expect(next.endpoint).not.toBe(leader.endpoint);
  // Past the deadline of what was in flight, where that is what ends it.
  await sleep(1_500);
  const settled = (await client.leader()).endpoint;
  stop.now = true;
  const written = await writing;
  expect(settled).toBe((await cluster.leader()).endpoint);

  expect(written.slowestMs).toBeLessThan(timeoutMs + LATE_MS);
  const stored = await keysUnder(client, prefix);
  expect(written.acknowledged.filter((key) => !stored.has(key))).toEqual([]);
  expect(written.refused.filter((key) => stored.has(key))).toEqual([]);
  // The new leader was found and used: the last key that was acknowledged is one of the last that were tried.
  const tried = written.acknowledged.length + written.refused.length + written.unknown.length;
  const last = Math.max(...written.acknowledged.map((key) => Number(key.slice(prefix.length))));
  expect(last).toBeGreaterThan(tried - 20);
  for (const error of written.errors) expect(error.endpoint ?? error.message).toMatch(/127\.0\.0\.1:\d+/);
  return written;
};

describe.each([{ tls: false }, { tls: true }])("three members, TLS $tls", ({ tls }) => {
  /** What TLS does not change is tried without it only, but in long runs (`ETCDWIRE_LONG=1 npm run test:integration`). */
  const plainTest = test.skipIf(tls && process.env["ETCDWIRE_LONG"] !== "1");
  let cluster: EtcdCluster;

  beforeAll(async () => {
    cluster = await EtcdCluster.start({ members: 3, shortElections: true, tls });
  });

  afterAll(async () => {
    await cluster.close();
  });

  test("writes go on after the leader is killed, none that was acknowledged is lost, and a restarted member is used again", async () => {
    let killed: EtcdMember | undefined;
    const written = await writeThrough(cluster, "killed/", 3_000, async () => {
      killed = await cluster.leader();
      await killed.kill();
      return killed;
    });
    // Those in flight when it died, one per writer at most; all others waited for the new leader.
    expect(written.unknown.length).toBeLessThanOrEqual(4);
    expect(written.refused).toEqual([]);
    await killed!.restart();
    const client = connect(cluster, { endpoints: [killed!.endpoint] });
    const { responses } = await prepareList(client).run({ key: "killed/0" });
    expect(responses[0]).toMatchObject({ kind: "get" });
    expect(await client.leader()).toMatchObject({ endpoint: killed!.endpoint });
  });

  plainTest(
    "writes go on after the leader is frozen: only those sent to it fail, as unknown, once another leads",
    async () => {
      let underWrite: Awaited<ReturnType<typeof freezeUnderWrite>> | undefined;
      const written = await writeThrough(cluster, "frozen/", 1_000, async (client) => {
        underWrite = await freezeUnderWrite(cluster, client, 1_000);
        return underWrite.frozen;
      });
      underWrite!.frozen.resume();
      expect(await underWrite!.failure).toMatchObject({ code: "ETCD_CONNECTION_LOST", mayHaveApplied: true });
      // And one of each writer at most, for each leader that was frozen.
      expect(written.unknown.length).toBeLessThanOrEqual(4 * underWrite!.freezeCount);
      for (const error of written.errors.filter(({ mayHaveApplied }) => mayHaveApplied))
        expect(error.code).toBe("ETCD_CONNECTION_LOST");
    },
  );

  test("a client that knows one follower only reads and writes through it", async () => {
    const leader = await cluster.leader();
    const follower = cluster.members.find((member) => member !== leader)!;
    const client = connect(cluster, { endpoints: follower.endpoint });
    await preparePut(client).run({ key: "follower/a", value: "1" });
    expect(await keysUnder(client, "follower/")).toEqual(new Set(["follower/a"]));
  });

  test("a dead endpoint among three costs nothing but a look elsewhere", async () => {
    const leader = await cluster.leader();
    const [port] = await freePorts(1);
    for (const endpoints of [
      [`127.0.0.1:${port}`, leader.endpoint, cluster.endpoints.find((one) => one !== leader.endpoint)!],
      [cluster.endpoints.find((one) => one !== leader.endpoint)!, leader.endpoint, `127.0.0.1:${port}`],
    ]) {
      const client = connect(cluster, { endpoints });
      const startMs = performance.now();
      await preparePut(client).run({ key: "dead/a", value: "1" });
      expect(performance.now() - startMs).toBeLessThan(LATE_MS);
    }
  });

  test("submit tells its callback once, also while the leader is being looked for", async () => {
    const client = connect(cluster);
    const put = preparePut(client);
    const outcomes: (EtcdError | undefined)[][] = Array.from({ length: 50 }, () => []);
    outcomes.forEach((outcome, i) =>
      put.submit({ key: `submit/${i}`, value: "" }, (error) => outcome.push(error)),
    );
    await put.run({ key: "submit/last", value: "" });
    await sleep(50);
    expect(outcomes).toEqual(outcomes.map(() => [undefined]));
  });
});

test("a client whose token died with the leader gets another one", async () => {
  const cluster = await EtcdCluster.start({ members: 3, shortElections: true, auth: true });
  try {
    const auth = { user: cluster.auth!.user, password: "wrong" };
    const stranger = connect(cluster, { auth });
    await expect(preparePut(stranger).run({ key: "auth", value: "0" })).rejects.toMatchObject({
      code: "ETCD_AUTHENTICATION_FAILED",
      mayHaveApplied: false,
    });
    const anonymous = new Client({ endpoints: cluster.endpoints });
    clients.push(anonymous);
    await expect(preparePut(anonymous).run({ key: "auth", value: "0" })).rejects.toMatchObject({
      code: "ETCD_TOKEN_MISSING",
      mayHaveApplied: false,
    });
    const client = connect(cluster);
    const put = preparePut(client);
    expect(await client.leader()).toMatchObject({ endpoint: (await cluster.leader()).endpoint });
    await put.run({ key: "auth", value: "1" });
    const leader = await cluster.leader();
    await leader.restart();
    await put.run({ key: "auth", value: "2" }, { timeoutMs: 5_000 });
    // Simple tokens live in each member's memory: after all were restarted, none knows the one that we have.
    await Promise.all(cluster.members.map((member) => member.kill()));
    await Promise.all(cluster.members.map((member) => member.restart()));
    await put.run({ key: "auth", value: "3" }, { timeoutMs: 8_000 });
    expect(await client.leader()).toMatchObject({ endpoint: (await cluster.leader()).endpoint });
  } finally {
    await cluster.close();
  }
});
