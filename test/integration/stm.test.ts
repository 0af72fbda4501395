import diagnostics_channel from "node:diagnostics_channel";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Client, EtcdError, LockLostError, Mutex, Session, stm } from "../../src/index.js";
import type { RpcEvent, StmIsolation, StmTxn } from "../../src/index.js";
import { EtcdCluster } from "../../src/testing/index.js";
import { optionsFor } from "../support/real-cluster.js";
import { forgetFirstTry } from "../support/second-try.js";

const LEVELS: readonly StmIsolation[] = [
  "serializable-snapshot",
  "serializable",
  "repeatable-reads",
  "read-committed",
];
const SAFE_LEVELS = LEVELS.slice(0, 3);

const TXN = "/etcdserverpb.KV/Txn";
const ignore = (): void => {};

/** The Txns that `work` took, tries that were repeated included. */
const countTxns = async (work: () => Promise<unknown>): Promise<number> => {
  let count = 0;
  const listeners = {
    start: ignore,
    end: ignore,
    asyncStart: ignore,
    error: ignore,
    asyncEnd: (event: RpcEvent): void => {
      if (event.path === TXN) count += event.attempts;
    },
  };
  const rpc = diagnostics_channel.tracingChannel<unknown, RpcEvent>("etcdwire:rpc");
  rpc.subscribe(listeners);
  try {
    await work();
  } finally {
    rpc.unsubscribe(listeners);
  }
  return count;
};

const numberOf = async (value: Promise<Uint8Array | undefined>): Promise<number> =>
  Number((await value)?.toString() ?? 0);

const increment =
  (key: string) =>
  async (txn: StmTxn): Promise<number> => {
    const n = (await numberOf(txn.get(key))) + 1;
    txn.put(key, String(n));
    return n;
  };

describe("on one member", () => {
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
  const value = async (key: string): Promise<string | undefined> =>
    (await client.kv.get(key)).kv?.value.string();

  test.each(SAFE_LEVELS)(
    "transfers of many keep the sum, with one commit per attempt and one read at most (%s)",
    async (isolation) => {
      const space = client.namespace(`bank/${isolation}/`);
      const accounts = ["a", "b", "c", "d"];
      for (const account of accounts) await space.kv.put(account, "100");
      let attemptCount = 0;
      let commitCount = 0;
      const before = (await space.kv.get("a")).revision;
      const teller = async (seed: number): Promise<void> => {
        for (let i = 0; i < 8; i++) {
          const from = accounts[(seed + i) % 4]!;
          const to = accounts[(seed * 3 + i * 5 + 1) % 4]!;
          const done = await stm(
            space,
            async (txn) => {
              const [own, other] = (await txn.getMany([from, to])).map(Number);
              if (own! < 30 || from === to) return false;
              txn.put(from, String(own! - 30));
              txn.put(to, String(other! + 30));
              return true;
            },
            { isolation },
          );
          attemptCount += done.attempts;
          if (done.value) commitCount++;
        }
      };
      const txnCount = await countTxns(() => Promise.all([0, 1, 2, 3, 4, 5].map(teller)));
      const funds = (await space.kv.get("", { prefix: true })).kvs.map(({ value }) => Number(value.string()));
      expect(funds.reduce((sum, each) => sum + each)).toBe(400);
      expect(Math.min(...funds)).toBeGreaterThanOrEqual(0);
      // Only commits move the store's revision, and a commit moves it by one.
      expect((await space.kv.get("a")).revision - before).toBe(commitCount);
      expect(txnCount).toBeLessThanOrEqual(2 * attemptCount);
      expect(commitCount).toBeGreaterThan(0);
    },
  );

  test("a counter that many increment at once counts each of them", async () => {
    const results = await Promise.all(Array.from({ length: 30 }, () => stm(client, increment("counter"))));
    expect(results.map(({ value }) => value).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 30 }, (_, i) => i + 1),
    );
    const { kv } = await client.kv.get("counter");
    expect(kv).toMatchObject({
      version: 30,
      modRevision: Math.max(...results.map(({ revision }) => revision)),
    });
  });

  test.each(LEVELS)("two who read both keys and write one each (%s)", async (isolation) => {
    const space = client.namespace(`skew/${isolation}/`);
    await space.kv.put("a", "here");
    await space.kv.put("b", "here");
    let readers = 0;
    let bothHaveRead!: () => void;
    const both = new Promise<void>((resolve) => (bothHaveRead = resolve));
    const leave = (me: string) =>
      stm(
        space,
        async (txn) => {
          const all = await txn.getMany(["a", "b"]);
          if (++readers === 2) bothHaveRead();
          await both;
          if (all.every((each) => each?.string() === "here")) txn.put(me, "gone");
        },
        { isolation },
      );
    const results = await Promise.all([leave("a"), leave("b")]);
    const here = (await space.kv.get("", { prefix: true })).kvs.filter(
      ({ value }) => value.string() === "here",
    );
    expect(here).toHaveLength(isolation === "read-committed" ? 0 : 1);
    expect(results.map(({ attempts }) => attempts).sort()).toEqual(
      isolation === "read-committed" ? [1, 1] : [1, 2],
    );
  });

  test.each(LEVELS)(
    "a key that is only written, and has changed since the first read (%s)",
    async (isolation) => {
      const space = client.namespace(`blind/${isolation}/`);
      await space.kv.put("read", "x");
      const { attempts } = await stm(
        space,
        async (txn) => {
          await txn.get("read");
          if (txn.attempt === 1) await space.kv.put("written", "theirs");
          txn.put("written", "mine");
        },
        { isolation },
      );
      expect(attempts).toBe(isolation === "serializable-snapshot" ? 2 : 1);
      expect((await space.kv.get("written")).kv?.version).toBe(2);
    },
  );

  test("all reads are of the first one's revision, and begin anew if that was compacted", async () => {
    await client.kv.put("past/a", "1");
    await client.kv.put("past/b", "1");
    const { value: seen, attempts } = await stm(client, async (txn) => {
      const a = await txn.get("past/a");
      if (txn.attempt === 1) {
        await client.kv.put("past/a", "2");
        const { revision } = await client.kv.put("past/b", "2");
        const b = await txn.get("past/b");
        expect([a?.string(), b?.string()]).toEqual(["1", "1"]);
        await client.kv.compact(revision);
      }
      await txn.get("past/c");
      return [a, await txn.get("past/b")].map((each) => each?.string());
    });
    expect([seen, attempts]).toEqual([["2", "2"], 2]);
  });

  test("as many keys as etcd takes in one transaction, leases and deletes included", async () => {
    const keys = Array.from({ length: 128 }, (_, i) => `many/${i}`);
    const { id } = await client.lease.grant(60);
    const { revision } = await stm(client, async (txn) => {
      await txn.getMany(keys);
      for (const key of keys) txn.put(key, "x", { lease: id });
    });
    const { kvs } = await client.kv.get("many/", { prefix: true });
    expect(new Set(kvs.map(({ modRevision, lease }) => `${modRevision} ${lease}`))).toEqual(
      new Set([`${revision} ${id}`]),
    );
    const tooMany = stm(client, (txn) => {
      for (const key of [...keys, "many/more"]) txn.delete(key);
    });
    await expect(tooMany).rejects.toMatchObject({ code: "ETCD_TOO_MANY_OPERATIONS" });
    await stm(client, (txn) => {
      for (const key of keys) txn.delete(key);
    });
    expect((await client.kv.get("many/", { prefix: true })).count).toBe(0);
    await expect(stm(client, (txn) => txn.put("k", "v", { lease: 4711n }))).rejects.toMatchObject({
      code: "ETCD_LEASE_NOT_FOUND",
      mayHaveApplied: false,
    });
  });

  test("a lock as guard lets writes through while it is held, and none after that", async () => {
    const session = await Session.create(client, { ttlSeconds: 10 });
    const lock = await new Mutex(session, "guard").lock();
    const most = await stm(
      client,
      async (txn) => {
        await txn.getMany(Array.from({ length: 123 }, (_, i) => `none/${i}`));
        return increment("guarded")(txn);
      },
      { guard: lock },
    );
    expect(most.value).toBe(1);
    const contended = await stm(
      client,
      async (txn) => {
        const n = await increment("guarded")(txn);
        if (txn.attempt === 1) await client.kv.put("guarded", "10");
        return n;
      },
      { guard: lock },
    );
    expect(contended).toMatchObject({ value: 11, attempts: 2 });
    const lost = stm(
      client,
      async (txn) => {
        await increment("guarded")(txn);
        await client.kv.delete(lock.key);
      },
      { guard: lock },
    );
    await expect(lost).rejects.toThrow(LockLostError);
    expect(lock.isHeld).toBe(false);
    await expect(stm(client, increment("guarded"), { guard: lock })).rejects.toThrow(LockLostError);
    expect(await value("guarded")).toBe("11");
    await session.close();
  });

  test("a client that was closed ends it", async () => {
    const own = new Client(optionsFor(cluster));
    const work = stm(own, async (txn) => {
      await txn.get("closed");
      await own.close();
      txn.put("closed", "x");
    });
    await expect(work).rejects.toMatchObject({ code: "ETCD_CLOSED", mayHaveApplied: false });
    expect(await value("closed")).toBeUndefined();
  });
});

test("when the leader is killed under it, every commit that was acknowledged counts, and none counts twice", async () => {
  const cluster = await EtcdCluster.start({ members: 3, shortElections: true });
  const client = new Client(optionsFor(cluster));
  try {
    let acknowledged = 0;
    let unknown = 0;
    let afterwards = 0;
    let killed = false;
    const worker = async (): Promise<void> => {
      while (afterwards < 20) {
        try {
          await stm(client, increment("n"));
          acknowledged++;
          if (killed) afterwards++;
        } catch (error) {
          if (!(error instanceof EtcdError) || !error.mayHaveApplied) throw error;
          unknown++;
        }
      }
    };
    const workers = Promise.all([worker(), worker(), worker(), worker()]);
    await expect.poll(() => acknowledged).toBeGreaterThan(20);
    await (await cluster.leader()).kill();
    killed = true;
    await workers;
    const count = Number((await client.kv.get("n")).kv?.value.string());
    expect(count).toBeGreaterThanOrEqual(acknowledged);
    expect(count).toBeLessThanOrEqual(acknowledged + unknown);
  } finally {
    await client.close();
    await cluster.close();
  }
});
