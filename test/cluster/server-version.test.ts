import { expect, test } from "vitest";
import { parseAddress } from "../../src/cluster/address.js";
import { Pool } from "../../src/cluster/pool.js";
import { isSince } from "../../src/cluster/server-version.js";
import type { EtcdError } from "../../src/errors.js";
import { DEFAULT_CONNECTION_LIMITS } from "../../src/options.js";
import { InMemoryCluster, refused, status } from "./in-memory-cluster.js";

test.each([
  ["3.6.14", "3.6", true],
  ["3.7.0-rc.0", "3.6", true],
  ["3.10.1", "3.9", true],
  ["4.0.0", "3.7", true],
  ["v3.5.1", "3.5", true],
  ["3.5.33", "3.6", false],
  ["3.4.23", "3.5", false],
  ["2.3.8", "3.4", false],
  ["", "3.4", false],
  ["a fork's own", "3.4", false],
])("%j has what came with %s: %s", (version, since, expected) => {
  expect(isSince(version, since)).toBe(expected);
});

const FEATURE = { since: "3.5", what: "a thing" };

const make = () => {
  const cluster = new InMemoryCluster();
  cluster.answers.set("a:1", status(1n, 1n, { serverVersion: "3.4.23" }));
  cluster.answers.set("b:1", status(2n, 1n, { serverVersion: "3.5.33" }));
  cluster.answers.set("c:1", status(3n, 1n, { serverVersion: "" }));
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
  const require = async (endpoint: string, signal?: AbortSignal): Promise<EtcdError | undefined> => {
    const outcome = pool.requireFeature(endpoint, FEATURE, { timeoutMs: 500, signal }).then(
      () => undefined,
      (error: unknown) => error as EtcdError,
    );
    await cluster.pass(600);
    return outcome;
  };
  return { cluster, pool, require };
};

test("each endpoint of a mixed cluster is asked once for its own version", async () => {
  const { cluster, pool, require } = make();
  expect(await require("a:1")).toMatchObject({
    code: "ETCD_UNSUPPORTED",
    message: "a thing needs etcd 3.5 or newer; a:1 runs etcd 3.4.23",
    endpoint: "a:1",
    mayHaveApplied: false,
    attempts: 0,
  });
  expect(await require("b:1")).toBeUndefined();
  expect((await require("c:1"))?.message).toContain("c:1 does not say which etcd it runs");
  await require("a:1");
  await require("b:1");
  expect(cluster.asked).toEqual(["a:1", "b:1", "c:1"]);
  pool.close();
});

test("a version is forgotten with the connection: the next server there may be a newer one", async () => {
  const { cluster, pool, require } = make();
  expect((await require("a:1"))?.code).toBe("ETCD_UNSUPPORTED");
  cluster.answers.set("a:1", status(1n, 1n, { serverVersion: "3.6.14" }));
  for (const socket of cluster.socketsOf("a:1")) socket.close();
  await cluster.pass(2_000);
  expect(await require("a:1")).toBeUndefined();
  pool.close();
});

test("a server that cannot be asked is not taken to be old", async () => {
  const { cluster, pool, require } = make();
  cluster.answers.set("a:1", refused("a:1"));
  expect(await require("a:1")).toMatchObject({ code: "ETCD_UNREACHABLE", mayHaveApplied: false });
  cluster.answers.set("b:1", "silent");
  const aborted = AbortSignal.abort(new Error("enough"));
  expect(await require("b:1", aborted)).toMatchObject({ code: "ETCD_ABORTED", mayHaveApplied: false });
  pool.close();
});
