import { expect, test } from "vitest";
import { parseAddress } from "../../src/cluster/address.js";
import { Pool } from "../../src/cluster/pool.js";
import { ConnectionError, StatusError } from "../../src/errors.js";
import { DEFAULT_CONNECTION_LIMITS } from "../../src/options.js";
import { InMemoryCluster } from "./in-memory-cluster.js";

test("a frozen member that is asked for a token does not hold up calls for longer than a second", async () => {
  const cluster = new InMemoryCluster();
  const asked: string[] = [];
  const frozen = new Set<string>();
  const pool = new Pool(
    {
      addresses: cluster.names.map(parseAddress),
      tls: undefined,
      limits: DEFAULT_CONNECTION_LIMITS,
      userAgent: "test",
      authenticate: ({ endpoint }, timeoutMs) => {
        asked.push(endpoint);
        if (!frozen.has(endpoint)) return Promise.resolve("token");
        return new Promise((_, reject) => {
          cluster.runtime.setTimer(
            () =>
              reject(
                new ConnectionError("ETCD_DEADLINE_EXCEEDED", "no answer", {
                  mayHaveApplied: true,
                  endpoint,
                }),
              ),
            timeoutMs,
          );
        });
      },
      probe: cluster.probe,
    },
    cluster.runtime,
  );
  let outcome = "pending";
  const call = (): void => {
    outcome = "pending";
    pool
      .call("read", "any", { timeoutMs: 3_000 }, () => Promise.resolve("ok"))
      .then(
        (value) => (outcome = value),
        (error: unknown) => (outcome = String(error)),
      );
  };
  call();
  await cluster.pass(10);
  expect(outcome).toBe("ok");
  expect(asked).toEqual(["a:1"]);
  frozen.add("a:1");
  pool.noteError(
    new StatusError("ETCD_INVALID_TOKEN", "expired", { mayHaveApplied: false, endpoint: "a:1" }),
  );
  call();
  await cluster.pass(1_200);
  expect(asked).toEqual(["a:1", "a:1", "b:1"]);
  expect(outcome).toBe("ok");
  pool.close();
});
