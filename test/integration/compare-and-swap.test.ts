import { subscribe, unsubscribe } from "node:diagnostics_channel";
import * as fc from "fast-check";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { Client, CompareError, compareAndDelete, compareAndSwap } from "../../src/index.js";
import type { KeyValue, LeaseEvent, Namespace, EtcdError } from "../../src/index.js";
import { EtcdCluster } from "../../src/testing/index.js";
import { MemoryStore, StoreClient } from "../locks/memory-store.js";
import { optionsFor } from "../support/real-cluster.js";
import { forgetFirstTry } from "../support/second-try.js";

let cluster: EtcdCluster;
let client: Client;
beforeAll(async () => {
  cluster = await EtcdCluster.start({ shortElections: true });
  client = new Client(optionsFor(cluster));
});
beforeEach((context) => forgetFirstTry(context, client));
afterAll(async () => {
  await client.close();
  await cluster.close();
});

const failureOf = async (promise: Promise<unknown>): Promise<CompareError> => {
  const error: unknown = await promise.catch((reason: unknown) => reason);
  if (!(error instanceof CompareError)) throw new Error(`not a CompareError: ${String(error)}`);
  return error;
};

test("what is answered is what is stored, and a failure says why and changes nothing", async () => {
  const created = await compareAndSwap(client, "cas", "one", { exists: false });
  expect((await client.kv.get("cas")).kv).toEqual(created.current);
  const swapped = await compareAndSwap(client, "cas", "two", {
    prevValue: "one",
    prevRevision: created.revision,
  });
  expect(swapped.previous).toEqual(created.current);
  const { kv, revision } = await client.kv.get("cas");
  expect(kv).toEqual(swapped.current);
  const failed = await failureOf(compareAndSwap(client, "cas", "three", { prevValue: "one" }));
  expect(failed).toMatchObject({ code: "ETCD_COMPARE_FAILED", cause: "[one != two]", revision });
  expect(failed.current).toEqual(kv);
  expect((await failureOf(compareAndSwap(client, "cas", "x", { exists: false }))).code).toBe(
    "ETCD_KEY_EXISTS",
  );
  const deleted = await compareAndDelete(client, "cas", { prevRevision: swapped.revision });
  expect(deleted.previous).toEqual(kv);
  expect(deleted.revision).toBe(revision + 1);
  expect(await failureOf(compareAndDelete(client, "cas"))).toMatchObject({
    code: "ETCD_KEY_NOT_FOUND",
    revision: revision + 1,
  });
});

test("of many who swap at once, one does", async () => {
  const { revision } = await compareAndSwap(client, "race", "free");
  const outcomes = await Promise.allSettled(
    Array.from({ length: 20 }, (_, i) =>
      compareAndSwap(
        client,
        "race",
        `${i}`,
        i % 2 === 0 ? { prevRevision: revision } : { prevValue: "free" },
      ),
    ),
  );
  expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
});

test("a time to live ends the key, and leaves no lease where nothing was put", async () => {
  const revoked = new Set<bigint>();
  const granted: bigint[] = [];
  const listener = (message: unknown): void => {
    const event = message as LeaseEvent;
    if (event.type === "granted") granted.push(event.leaseId);
    if (event.type === "revoked") revoked.add(event.leaseId);
  };
  subscribe("etcdwire:lease", listener);
  try {
    const { current, ttlSeconds } = await compareAndSwap(client, "ttl", "v", { ttlSeconds: 1 });
    expect(ttlSeconds).toBeGreaterThanOrEqual(1);
    expect((await client.lease.timeToLive(current.lease, { keys: true })).keys.map(String)).toEqual(["ttl"]);
    await failureOf(compareAndSwap(client, "ttl", "w", { exists: false, ttlSeconds: 60 }));
    await expect.poll(() => revoked.size).toBe(1);
    expect(await client.lease.list()).not.toContain(granted[1]);
    await client.lease.revoke(current.lease);
    const after = await failureOf(compareAndSwap(client, "ttl", "w", { exists: true }));
    expect(after.code).toBe("ETCD_KEY_NOT_FOUND");
  } finally {
    unsubscribe("etcdwire:lease", listener);
  }
  await expect(compareAndSwap(client, "ttl", "w", { lease: 12345n })).rejects.toMatchObject({
    code: "ETCD_LEASE_NOT_FOUND",
  });
});

test("any sequence of swaps and deletes goes as it does in the model", async () => {
  const value = fc.oneof(fc.constantFrom("", "a", "b"), fc.uint8Array({ maxLength: 3 }));
  const step = fc.record({
    deletes: fc.boolean(),
    value,
    prevValue: fc.option(value, { nil: undefined }),
    // Back from the store's revision.
    back: fc.option(fc.nat(3), { nil: undefined }),
    exists: fc.constantFrom(undefined, true, false),
  });
  const space = client.namespace("model/");
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
      await space.kv.delete("k");
      const model = new StoreClient(new MemoryStore());
      const zero = (await space.kv.get("k")).revision - model.store.revision;
      const perform = async (
        target: Namespace,
        offset: number,
        { deletes, value, prevValue, back, exists }: typeof step extends fc.Arbitrary<infer T> ? T : never,
      ): Promise<unknown> => {
        const at = model.store.revision - (back ?? 0);
        // 0 is no revision, but means any.
        const prevRevision = back === undefined ? undefined : at > 0 ? at + offset : 0;
        const plain = (kv: KeyValue | undefined) =>
          kv && [kv.value.toJSON(), kv.createRevision - offset, kv.modRevision - offset, kv.version];
        try {
          const result = deletes
            ? await compareAndDelete(target, "k", { prevValue, prevRevision })
            : await compareAndSwap(target, "k", value, { prevValue, prevRevision, exists });
          const current = "current" in result ? plain(result.current) : undefined;
          return { revision: result.revision - offset, previous: plain(result.previous), current };
        } catch (error) {
          if (!(error instanceof CompareError)) return (error as EtcdError).code;
          return { code: error.code, revision: error.revision - offset, current: plain(error.current) };
        }
      };
      for (const each of steps) {
        const real = await perform(space, zero, each);
        expect(real).toEqual(await perform(model.real, 0, each));
      }
    }),
    { numRuns: 60 },
  );
});
