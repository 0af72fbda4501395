import { describe, expect, test } from "vitest";
import { parseAddress } from "../../src/cluster/address.js";
import { Pool } from "../../src/cluster/pool.js";
import { RequestHead } from "../../src/connection/request-head.js";
import type { EtcdError } from "../../src/errors.js";
import { DEFAULT_CONNECTION_LIMITS } from "../../src/options.js";
import type { Method, MethodPolicy } from "../../src/rpc/method.js";
import { reply } from "../support/peer-frames.js";
import { InMemoryCluster, status } from "./in-memory-cluster.js";

/** A reply is `cluster revision term`, all numbers. */
const method = (policy: MethodPolicy, isLinearizable: boolean): Method<string, string> => ({
  head: new RequestHead("/test.Echo/Echo"),
  policy,
  isLinearizable,
  encode: (text) => Buffer.from(text),
  decode: (bytes) => Buffer.from(bytes).toString(),
  header: (text) => {
    const [clusterId, revision, raftTerm] = text.split(" ");
    return { clusterId: clusterId!, revision: Number(revision), raftTerm: Number(raftTerm) };
  },
});
const READ = method("read", true);
const SERIALIZABLE = method("read", false);
const WRITE = method("nonRepeatable", false);

const make = async () => {
  const cluster = new InMemoryCluster();
  cluster.answers.set("a:1", status(1n, 1n)).set("b:1", status(2n, 1n)).set("c:1", status(3n, 1n));
  const pool = new Pool(
    {
      addresses: cluster.names.map(parseAddress),
      tls: undefined,
      limits: DEFAULT_CONNECTION_LIMITS,
      userAgent: "test",
      authenticate: undefined,
      probe: cluster.probe,
    },
    cluster.runtime,
  );
  const nextId = new Map<string, number>();
  /** The oldest call that was not answered on `endpoint` gets `text`. */
  const answer = async (endpoint: string, text: string): Promise<void> => {
    await cluster.pass(0);
    const id = nextId.get(endpoint) ?? 1;
    nextId.set(endpoint, id + 2);
    cluster.socketsOf(endpoint)[0]!.receive(reply(id, text));
    await cluster.pass(0);
  };
  const call = (of: Method<string, string>) => {
    const outcome = { is: "pending", error: undefined as EtcdError | undefined };
    pool.unary(of, "x", "leader", { timeoutMs: 5_000 }).then(
      (text) => (outcome.is = text),
      (error: unknown) => {
        outcome.error = error as EtcdError;
        outcome.is = outcome.error.code;
      },
    );
    return outcome;
  };
  await pool.findLeader({ timeoutMs: 1_000 });
  await cluster.pass(0);
  return { cluster, pool, call, answer };
};

describe("a linearizable read", () => {
  test.each([
    ["revision", "7 9 5"],
    ["raft term", "7 10 4"],
  ])("with a %s that goes back is asked for again", async (_what, stale) => {
    const { cluster, pool, call, answer } = await make();
    const first = call(WRITE);
    await answer("a:1", "7 10 5");
    expect(first.is).toBe("7 10 5");
    const read = call(READ);
    await answer("a:1", stale);
    expect(read.is).toBe("pending");
    // Who answers so may not lead any more.
    expect(pool.hot).toBeUndefined();
    await cluster.pass(300);
    await answer("a:1", "7 10 5");
    expect(read.is).toBe("7 10 5");
  });

  test("that only ever gets stale answers fails at its deadline, and says what it was answered", async () => {
    const { cluster, call, answer } = await make();
    call(WRITE);
    await answer("a:1", "7 10 5");
    const read = call(READ);
    for (let i = 0; i < 200 && read.is === "pending"; i++) {
      await answer("a:1", "7 9 5");
      await cluster.pass(300);
    }
    expect(read.error).toMatchObject({ code: "ETCD_STALE_READ", mayHaveApplied: false, endpoint: "a:1" });
    expect(read.error!.message).toMatch(/a:1 answered as of revision 9, term 5; 10, 5 were seen before/);
  });

  test("may be behind an answer that came while it was under way, and a serializable one behind all", async () => {
    const { call, answer } = await make();
    const read = call(READ);
    const write = call(WRITE);
    const serializable = call(SERIALIZABLE);
    await answer("a:1", "7 10 5");
    await answer("a:1", "7 11 5");
    await answer("a:1", "7 3 5");
    expect([read.is, write.is, serializable.is]).toEqual(["7 10 5", "7 11 5", "7 3 5"]);
  });
});

test("an answer of another cluster is a hard error, which says that the request was taken there", async () => {
  const { call, answer } = await make();
  const write = call(WRITE);
  await answer("a:1", "8 10 5");
  expect(write.error).toMatchObject({ code: "ETCD_CLUSTER_MISMATCH", mayHaveApplied: true, endpoint: "a:1" });
  const read = call(READ);
  await answer("a:1", "8 10 5");
  expect(read.error).toMatchObject({ code: "ETCD_CLUSTER_MISMATCH", mayHaveApplied: false });
});

test("an answer whose term is higher makes the leader prove itself", async () => {
  const { cluster, pool, call, answer } = await make();
  cluster.answers.set("a:1", status(1n, 2n, { raftTerm: 6 })).set("b:1", status(2n, 2n, { raftTerm: 6 }));
  call(WRITE);
  await answer("a:1", "7 10 6");
  expect(pool.term).toBe(6);
  await cluster.pass(300);
  await pool.findLeader({ timeoutMs: 1_000 });
  expect(pool.leader?.address.text).toBe("b:1");
});
