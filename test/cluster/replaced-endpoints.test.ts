import { expect, test } from "vitest";
import { parseAddress } from "../../src/cluster/address.js";
import { Pool } from "../../src/cluster/pool.js";
import { DEFAULT_CONNECTION_LIMITS } from "../../src/options.js";
import { InMemoryCluster, status } from "./in-memory-cluster.js";

const make = (names: readonly string[]) => {
  const cluster = new InMemoryCluster(names);
  const pool = new Pool(
    {
      addresses: names.map(parseAddress),
      tls: undefined,
      limits: DEFAULT_CONNECTION_LIMITS,
      userAgent: "test",
      authenticate: undefined,
      probe: cluster.probe,
    },
    cluster.runtime,
  );
  /** What a caller's search for the leader came to. */
  const find = (timeoutMs: number): { is: string } => {
    const found = { is: "pending" };
    pool.findLeader({ timeoutMs }).then(
      ({ address }) => (found.is = address.text),
      (error: unknown) => (found.is = String(error)),
    );
    return found;
  };
  return { cluster, pool, find };
};

test("a search that callers wait for goes on at the endpoints that took the place of others", async () => {
  const { cluster, pool, find } = make(["a:1", "b:1"]);
  cluster.answers.set("a:1", status(1n, 0n)).set("b:1", status(2n, 0n));
  const found = find(5_000);
  await cluster.pass(300);
  expect(new Set(cluster.asked)).toEqual(new Set(["a:1", "b:1"]));
  cluster.answers.set("c:1", status(3n, 3n));
  pool.replaceEndpoints([], [{ address: parseAddress("c:1") }]);
  await cluster.pass(50);
  expect(found.is).toBe("c:1");
  pool.close();
});

test("a search does not end at an endpoint that was replaced while it was asked", async () => {
  const { cluster, pool, find } = make(["a:1", "b:1"]);
  // Its answer comes a second from now.
  cluster.mute.add("a:1");
  const found = find(5_000);
  await cluster.pass(10);
  const [, b] = pool.endpoints;
  cluster.answers.set("b:1", status(2n, 2n));
  pool.replaceEndpoints([b!], []);
  await cluster.pass(50);
  expect(found.is).toBe("b:1");
  expect(pool.leader).toBe(b);
  pool.close();
});

test("what a replaced endpoint said does not count for the new ones", async () => {
  const { cluster, pool, find } = make(["a:1", "b:1"]);
  // In a later term than the one in which the other leads.
  cluster.answers.set("a:1", status(1n, 2n, { raftTerm: 8 })).set("b:1", status(2n, 0n));
  const found = find(5_000);
  await cluster.pass(300);
  const [, b] = pool.endpoints;
  cluster.answers.set("b:1", status(2n, 2n, { raftTerm: 7 }));
  pool.replaceEndpoints([b!], []);
  await cluster.pass(100);
  expect(found.is).toBe("b:1");
  pool.close();
});
