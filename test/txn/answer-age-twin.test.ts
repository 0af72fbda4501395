import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseAddress } from "../../src/cluster/address.js";
import type { RetryBudgetBounds } from "../../src/cluster/backoff.js";
import { Pool } from "../../src/cluster/pool.js";
import type { EtcdError } from "../../src/errors.js";
import { ResponseHeader, TxnResponse } from "../../src/messages/generated.js";
import { DEFAULT_CONNECTION_LIMITS } from "../../src/options.js";
import { prepareTxn } from "../../src/txn/prepared-txn.js";
import { compare, op } from "../../src/txn/shape.js";
import type { TxnShape } from "../../src/txn/shape.js";
import { reply } from "../support/peer-frames.js";
import { InMemoryCluster, status } from "../cluster/in-memory-cluster.js";

const get = op.get("k");
const local = op.get("k", { serializable: true });
const SHAPES = {
  read: { then: [get] },
  "one read of two": { then: [local], else: [op.txn({ then: [local, get] })] },
  "compares only": { if: [compare.version("k", "=", 0)] },
  serializable: { then: [local], else: [op.txn({ then: [local] })] },
  write: { then: [get], else: [op.put("k", "v")] },
} satisfies Record<string, TxnShape>;
type Kind = keyof typeof SHAPES;
const KINDS = Object.keys(SHAPES) as Kind[];
const IS_LINEARIZABLE_READ = new Set<Kind>(["read", "one read of two", "compares only"]);

const TERM = 5;

/** One member that leads, and whose answers a test writes. */
const start = async (retryBudget?: Partial<RetryBudgetBounds>) => {
  const cluster = new InMemoryCluster(["a:1"]);
  cluster.answers.set("a:1", status(1n, 1n, { raftTerm: TERM }));
  const pool = new Pool(
    {
      addresses: cluster.names.map(parseAddress),
      tls: undefined,
      limits: DEFAULT_CONNECTION_LIMITS,
      userAgent: "test",
      authenticate: undefined,
      probe: cluster.probe,
      retryBudget,
    },
    cluster.runtime,
  );
  const leader = pool.findLeader({ timeoutMs: 1_000 });
  await cluster.pass(0);
  await leader;
  const prepare = (shape: TxnShape) => prepareTxn(shape, pool, { prefix: new Uint8Array(0), timeoutMs: 1e9 });
  /** @param call the number of the call on the connection, from 0 */
  const answer = async (call: number, revision: number, raftTerm = TERM, clusterId = 7): Promise<void> => {
    const message = new TxnResponse({
      header: new ResponseHeader({
        cluster_id: String(clusterId),
        revision: String(revision),
        raft_term: String(raftTerm),
      }),
      succeeded: true,
    });
    await cluster.pass(50);
    cluster.runtime.sockets[0]!.receive(reply(2 * call + 1, message.serialize()));
    // Whoever answers so has to prove that it leads.
    await cluster.pass(200);
  };
  return { cluster, pool, prepare, answer };
};

const action = fc.oneof(
  fc.record({ do: fc.constant("send" as const), kind: fc.constantFrom(...KINDS) }),
  fc.record({
    do: fc.constant("answer" as const),
    pick: fc.nat(100),
    newer: fc.integer({ min: -4, max: 3 }),
    raftTerm: fc.constantFrom(TERM, TERM, TERM, TERM - 1),
  }),
);

test("submit refuses what a list of all calls and what was seen before each of them refuses", async () => {
  const refused = { count: 0 };
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 30 }), async (actions) => {
      const { cluster, pool, prepare, answer } = await start();
      const txns = new Map(KINDS.map((kind) => [kind, prepare(SHAPES[kind])]));
      const outcomes: string[] = [];
      // The plain twin.
      let seen = 0;
      const expected: string[] = [];
      const waiting: { call: number; floor: number }[] = [];
      for (const each of actions) {
        if (each.do === "send") {
          const call = outcomes.push("none") - 1;
          expected.push("none");
          txns.get(each.kind)!.submit({}, (error, view) => {
            outcomes[call] = error === undefined ? `revision ${view!.revision}` : error.code;
            if (error !== undefined) expect(error.mayHaveApplied).toBe(false);
          });
          waiting.push({ call, floor: IS_LINEARIZABLE_READ.has(each.kind) ? seen : -1 });
          await cluster.pass(0);
        } else if (waiting.length > 0) {
          const [{ call, floor }] = waiting.splice(each.pick % waiting.length, 1) as [(typeof waiting)[0]];
          const revision = Math.max(1, seen + each.newer);
          const isStale = floor >= 0 && (revision < floor || each.raftTerm < TERM);
          if (isStale) refused.count++;
          else seen = Math.max(seen, revision);
          expected[call] = isStale ? "ETCD_STALE_READ" : `revision ${revision}`;
          await answer(call, revision, each.raftTerm);
        }
        expect(outcomes).toEqual(expected);
        expect(pool.revision).toBe(seen);
      }
      pool.close();
    }),
    { numRuns: 150 },
  );
  expect(refused.count).toBeGreaterThan(0);
});

describe("a run", () => {
  const settled = (promise: Promise<{ revision: number }>) => {
    const outcome = { is: "pending", error: undefined as EtcdError | undefined };
    promise.then(
      ({ revision }) => (outcome.is = `revision ${revision}`),
      (error: unknown) => {
        outcome.error = error as EtcdError;
        outcome.is = outcome.error.code;
      },
    );
    return outcome;
  };

  test.each(["read", "one read of two", "compares only"] as const)(
    "of a linearizable read (%s) that is answered with an older state is repeated, on and off the hot path",
    async (kind) => {
      const { prepare, answer, pool } = await start();
      const first = settled(prepare(SHAPES.write).run({}));
      await answer(0, 10);
      expect(first.is).toBe("revision 10");
      const repeats: number[] = [];
      const read = settled(prepare(SHAPES[kind]).run({}, { onRepeat: () => repeats.push(1) }));
      await answer(1, 9);
      expect(read.is).toBe("pending");
      await answer(2, 10, TERM - 1);
      expect(read.is).toBe("pending");
      await answer(3, 10);
      expect(read.is).toBe("revision 10");
      expect(repeats).toHaveLength(2);
      expect(pool.revision).toBe(10);
    },
  );

  test.each(["serializable", "write"] as const)("of a %s takes any state for an answer", async (kind) => {
    const { prepare, answer } = await start();
    void prepare(SHAPES.write).run({});
    await answer(0, 10);
    const outcome = settled(prepare(SHAPES[kind]).run({}));
    await answer(1, 3);
    expect(outcome.is).toBe("revision 3");
  });

  test("answered by another cluster fails, and a submit too", async () => {
    const { prepare, answer } = await start();
    const txn = prepare(SHAPES.write);
    const outcome = settled(txn.run({}));
    await answer(0, 10, TERM, 8);
    expect(outcome.error).toMatchObject({ code: "ETCD_CLUSTER_MISMATCH", mayHaveApplied: true });
    const good = settled(txn.run({}));
    await answer(1, 10);
    expect(good.is).toBe("revision 10");
    const errors: (EtcdError | undefined)[] = [];
    txn.submit({}, (error) => errors.push(error));
    await answer(2, 10, TERM, 8);
    expect(errors).toMatchObject([{ code: "ETCD_CLUSTER_MISMATCH", mayHaveApplied: true }]);
  });

  test("on the hot path earns its share of a retry, as a submit does", async () => {
    const { cluster, pool, prepare, answer } = await start({
      savedRetryMax: 1,
      callsPerRetry: 5,
      retriesPerSecond: 0,
    });
    const [read, write] = [prepare(SHAPES.read), prepare(SHAPES.write)];
    void write.run({});
    await answer(0, 10);
    const first = settled(read.run({}));
    await answer(1, 9);
    await answer(2, 10);
    expect(first.is).toBe("revision 10");
    // That was the only retry there was, and this call does not earn another one alone.
    const second = settled(read.run({}));
    await answer(3, 9);
    expect(second.error).toMatchObject({ code: "ETCD_STALE_READ", mayHaveApplied: false, attempts: 1 });
    // A call that looks for the leader, and two on the hot path: with those before and after them, five.
    void write.run({});
    await answer(4, 11);
    expect(pool.hot).toBeDefined();
    void write.run({});
    write.submit({}, () => {});
    await answer(5, 12);
    await answer(6, 12);
    const third = settled(read.run({}));
    await answer(7, 11);
    await answer(8, 12);
    expect(third.is).toBe("revision 12");
    expect(cluster.runtime.sockets).toHaveLength(1);
  });
});
