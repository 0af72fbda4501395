import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ArgumentError, LockLostError, StatusError, compare, op, stm } from "../../../src/index.js";
import type { StmIsolation, StmOptions, StmTxn } from "../../../src/index.js";
import { Lock } from "../../../src/locks/lock.js";
import { isReadOnly } from "../../../src/txn/shape.js";
import { MemoryStore, StoreClient } from "../memory-store.js";

const LEVELS: readonly StmIsolation[] = [
  "serializable-snapshot",
  "serializable",
  "repeatable-reads",
  "read-committed",
];
/** What is committed under these is as if one transaction had run after the other. */
const SAFE_LEVELS = LEVELS.slice(0, 3);
const SNAPSHOT_LEVELS = LEVELS.slice(0, 2);

const setUp = (prefix?: string): { store: MemoryStore; client: StoreClient } => {
  const store = new MemoryStore();
  return { store, client: new StoreClient(store, prefix) };
};

/** All that promises and the end of the tick bring forward. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const text = async (value: Promise<Uint8Array | undefined>): Promise<string | undefined> =>
  (await value)?.toString();

/** Lets time pass, and whatever is on its way be answered in an order that `choose` says, until all is done. */
const drive = async <T>(
  clients: readonly StoreClient[],
  work: Promise<T>,
  choose: () => number = () => 0,
): Promise<T> => {
  const progress = { done: false };
  const mark = (): void => {
    progress.done = true;
  };
  work.then(mark, mark);
  for (;;) {
    await settle();
    if (progress.done) return work;
    const underway = clients.flatMap(({ underway }) => [...underway]);
    const next = underway[choose() % Math.max(1, underway.length)];
    if (next !== undefined) next.answer();
    else for (const { runtime } of clients) runtime.advance(1);
  }
};

/** The calls of `next` are a sequence of choices. */
const chooser = fc.infiniteStream(fc.nat(1_000)).map((stream) => (): number => stream.next().value as number);

describe("what the function sees", () => {
  test.each(LEVELS)("is what is stored, and what it has written itself (%s)", async (isolation) => {
    const { store, client } = setUp();
    store.put("a", "one");
    store.put("gone", "x");
    const { value, attempts, revision } = await stm(
      client.real,
      async (txn) => {
        txn.put("b", "new");
        txn.delete("gone");
        const before = await txn.getMany(["a", "b", "gone", "none", "a"]);
        txn.put("a", "two");
        txn.put("a", "three");
        return [...before, await txn.get("a")].map((each) => each?.string());
      },
      { isolation },
    );
    expect(value).toEqual(["one", "new", undefined, undefined, "one", "three"]);
    expect([attempts, revision]).toEqual([1, 4]);
    expect(["a", "b", "gone"].map((key) => store.value(key))).toEqual(["three", "new", undefined]);
  });

  test.each(SNAPSHOT_LEVELS)("is of one revision, that of its first read (%s)", async (isolation) => {
    const { store, client } = setUp();
    store.put("a", "1");
    store.put("b", "1");
    const { value, revision } = await stm(
      client.real,
      async (txn) => {
        const a = await text(txn.get("a"));
        store.put("b", "2");
        return [a, await text(txn.get("b"))];
      },
      { isolation },
    );
    expect(value).toEqual(["1", "1"]);
    expect(revision).toBe(3);
  });

  test.each(LEVELS)("does not change when it looks again (%s)", async (isolation) => {
    const { store, client } = setUp();
    store.put("a", "1");
    const { value } = await stm(
      client.real,
      async (txn) => {
        const first = await text(txn.get("a"));
        store.put("a", "2");
        return [first, await text(txn.get("a")), (await txn.stored("a"))?.value.string()];
      },
      { isolation },
    );
    expect(value).toEqual(["1", "1", "1"]);
  });

  test("has the revisions of what is stored, and not of what it writes", async () => {
    const { store, client } = setUp();
    store.put("a", "1");
    store.put("a", "2");
    await stm(client.real, async (txn) => {
      txn.put("a", "3");
      expect(await txn.stored("a")).toMatchObject({ createRevision: 2, modRevision: 3, version: 2 });
      expect([await txn.revision("a"), await txn.revision("none")]).toEqual([3, 0]);
    });
    expect(store.value("a")).toBe("3");
  });

  test("is its own: bytes that it changes are not those of the store, of another read, or of a put", async () => {
    const { store, client } = setUp();
    store.put("a", "abc");
    await stm(client.real, async (txn) => {
      (await txn.get("a"))!.fill(0);
      expect(await text(txn.get("a"))).toBe("abc");
      const key = Buffer.from("b");
      const value = Buffer.from("xyz");
      txn.put(key, value);
      key.fill(0);
      value.fill(0);
      (await txn.get("b"))!.fill(0);
    });
    expect(store.value("b")).toBe("xyz");
  });

  test("has a namespace's keys", async () => {
    const { store, client } = setUp("space/");
    store.put("space/a", "1");
    await stm(client.real, async (txn) => {
      txn.put("b", (await txn.get("a"))!);
      expect((await txn.stored("a"))?.key.string()).toBe("a");
    });
    expect(store.value("space/b")).toBe("1");
  });
});

describe("what it costs", () => {
  test("reads that are asked for in one go go out as one", async () => {
    const { store, client } = setUp();
    store.put("a", "1");
    await stm(client.real, async (txn) => {
      await Promise.all([txn.get("a"), txn.getMany(["b", "c"]), txn.revision("a"), txn.get("d")]);
      await txn.get("b");
    });
    expect(client.sent.map(({ then }) => then?.map(({ op }) => op))).toEqual([["get", "get", "get", "get"]]);
  });

  test.each(SNAPSHOT_LEVELS)(
    "reads wait for the first one, which says their revision (%s)",
    async (isolation) => {
      const { store, client } = setUp();
      client.holds = true;
      store.put("a", "1");
      store.put("b", "1");
      const work = stm(
        client.real,
        async (txn) => {
          const a = text(txn.get("a"));
          await settle();
          return Promise.all([a, text(txn.get("b"))]);
        },
        { isolation },
      );
      await settle();
      await settle();
      expect(client.underway.size).toBe(1);
      const [first] = client.underway;
      first!.arrive();
      store.put("b", "2");
      first!.answer();
      await settle();
      for (const sent of client.underway) sent.answer();
      expect((await work).value).toEqual(["1", "1"]);
    },
  );

  test.each(LEVELS)("nothing is committed if nothing was written (%s)", async (isolation) => {
    const { store, client } = setUp();
    store.put("a", "1");
    const { revision } = await stm(client.real, (txn) => txn.get("a"), { isolation });
    expect(revision).toBe(2);
    expect(client.sent).toHaveLength(1);
    expect(await stm(client.real, () => 5, { isolation })).toEqual({ value: 5, attempts: 1, revision: 0 });
    expect(client.sent).toHaveLength(1);
  });

  test("repeatable reads of several revisions are compared once more, which is no write", async () => {
    const { store, client } = setUp();
    store.put("a", "1");
    store.put("b", "1");
    let runs = 0;
    const { value } = await stm(
      client.real,
      async (txn) => {
        runs++;
        const a = await text(txn.get("a"));
        if (runs === 1) {
          store.put("a", "2");
          store.put("b", "2");
        }
        return [a, await text(txn.get("b"))];
      },
      { isolation: "repeatable-reads" },
    );
    expect(value).toEqual(["2", "2"]);
    expect([runs, client.writeCount]).toEqual([2, 0]);
  });

  test("a conflict brings what is new: the second attempt reads nothing", async () => {
    const { store, client } = setUp();
    store.put("n", "1");
    let others = 1;
    client.before = (shape) => {
      if (!isReadOnly(shape) && others-- > 0) store.put("n", "10");
    };
    const increment = async (txn: StmTxn): Promise<number> => {
      const n = Number(await text(txn.get("n"))) + 1;
      txn.put("n", String(n));
      return txn.attempt;
    };
    expect(await stm(client.real, increment)).toEqual({ value: 2, attempts: 2, revision: 4 });
    expect(store.value("n")).toBe("11");
    expect(client.sent.map((shape) => (isReadOnly(shape) ? "read" : "commit"))).toEqual([
      "read",
      "commit",
      "commit",
    ]);
  });

  test("what else the second attempt reads is of the same revision as what the conflict brought", async () => {
    const { store, client } = setUp();
    store.put("a", "1");
    store.put("b", "1");
    const both = (value: string): void => {
      void store.txn({ then: [op.put("a", value), op.put("b", value)] });
    };
    let others = 1;
    client.before = (shape) => {
      if (!isReadOnly(shape) && others-- > 0) both("2");
    };
    const seen: unknown[] = [];
    const done = stm(client.real, async (txn) => {
      const a = await text(txn.get("a"));
      if (txn.attempt === 2) both("3");
      if (txn.attempt > 1) seen.push([a, await text(txn.get("b"))]);
      txn.put("c", "x");
    });
    await drive([client], done);
    expect(seen).toEqual([
      ["2", "2"],
      ["3", "3"],
    ]);
  });

  test("a lot of keys is read in parts of 128, at one revision", async () => {
    const { store, client } = setUp();
    const keys = Array.from({ length: 300 }, (_, i) => `k/${i}`);
    for (const key of keys) store.put(key, "1");
    client.before = () => {
      if (client.sent.length === 2) for (const key of keys) store.put(key, "2");
    };
    const { value } = await stm(client.real, (txn) => txn.getMany(keys));
    expect(new Set(value.map((each) => each?.string()))).toEqual(new Set(["1"]));
    expect(client.sent.map(({ then }) => then?.length)).toEqual([128, 128, 44]);
  });
});

describe("conflicts", () => {
  /** Somebody else puts "k" between the first read and the commit, in the first attempt. */
  const run = async (isolation: StmIsolation, work: (txn: StmTxn) => Promise<void>): Promise<number> => {
    const { store, client } = setUp();
    store.put("k", "old");
    store.put("other", "x");
    let others = 1;
    client.before = (shape) => {
      if (!isReadOnly(shape) && others-- > 0) store.put("k", "theirs");
    };
    const { attempts } = await drive([client], stm(client.real, work, { isolation }));
    expect(client.writeCount).toBe(attempts);
    return attempts;
  };

  test("are keys that were read and have changed", async () => {
    const attempts = await Promise.all(
      LEVELS.map((level) =>
        run(level, async (txn) => {
          await txn.get("k");
          txn.put("mine", "x");
        }),
      ),
    );
    expect(attempts).toEqual([2, 2, 2, 1]);
  });

  test("are, in a snapshot, keys too that are only written and have changed since the first read", async () => {
    const attempts = await Promise.all(
      LEVELS.map((level) =>
        run(level, async (txn) => {
          await txn.get("other");
          txn.put("k", "mine");
        }),
      ),
    );
    expect(attempts).toEqual([2, 1, 1, 1]);
  });

  test("are not there where nothing was read", async () => {
    for (const level of LEVELS) {
      expect(
        await run(level, (txn) => {
          txn.put("k", "mine");
          return Promise.resolve();
        }),
      ).toBe(1);
    }
  });

  test("are a key that came to be, and one that was made anew", async () => {
    const { store, client } = setUp();
    store.put("b", "1");
    let others = 2;
    client.before = (shape) => {
      if (isReadOnly(shape)) return;
      if (others === 2) store.put("a", "1");
      if (others === 1) {
        store.delete("b");
        store.put("b", "1");
      }
      others--;
    };
    const done = stm(client.real, async (txn) => {
      await txn.getMany(["a", "b"]);
      txn.put("c", "x");
    });
    expect((await drive([client], done)).attempts).toBe(3);
  });

  test("end with ETCD_CONFLICT after as many attempts as were allowed", async () => {
    const { store, client } = setUp();
    client.before = (shape) => {
      if (!isReadOnly(shape)) store.put("n", "theirs");
    };
    const done = stm(
      client.real,
      async (txn) => {
        await txn.get("n");
        txn.put("n", "mine");
      },
      { maxAttempts: 5 },
    );
    await expect(drive([client], done)).rejects.toMatchObject({
      code: "ETCD_CONFLICT",
      mayHaveApplied: false,
      attempts: 5,
    });
    expect(client.writeCount).toBe(5);
    expect(store.value("n")).toBe("theirs");
  });

  test("are waited out, longer and longer, and never past the deadline", async () => {
    const { store, client } = setUp();
    const { runtime } = client;
    const startedAtMs: number[] = [];
    client.before = (shape) => {
      if (!isReadOnly(shape)) store.put("n", "theirs");
    };
    const done = stm(
      client.real,
      async (txn) => {
        startedAtMs.push(runtime.now());
        await txn.get("n");
        txn.put("n", "mine");
      },
      { timeoutMs: 1_000 },
    );
    const beganAtMs = runtime.now();
    await expect(drive([client], done)).rejects.toMatchObject({
      code: "ETCD_DEADLINE_EXCEEDED",
      mayHaveApplied: false,
    });
    expect(runtime.now() - beganAtMs).toBe(1_000);
    const waits = startedAtMs.slice(1).map((atMs, i) => atMs - startedAtMs[i]!);
    expect(waits[0]).toBe(0);
    expect(Math.min(...waits.slice(1))).toBeGreaterThanOrEqual(1);
    expect(Math.max(...waits)).toBeGreaterThan(10);
    expect(Math.max(...waits)).toBeLessThanOrEqual(32);
    // A state that is older than a round trip is read anew, not tried.
    expect(client.sent.length).toBeGreaterThan(client.writeCount + 2);
    expect(runtime.timerCount).toBe(0);
  });

  test("are a past that was compacted under the reads too, which then begin with a newer one", async () => {
    const { store, client } = setUp();
    store.put("a", "1");
    store.put("b", "1");
    const seen: unknown[] = [];
    const { value, attempts } = await stm(client.real, async (txn) => {
      const a = await text(txn.get("a"));
      seen.push(a);
      if (txn.attempt === 1) {
        store.put("a", "2");
        store.put("b", "2");
        store.compactRevision = store.revision;
      }
      return [a, await text(txn.get("b"))];
    });
    expect([value, attempts, seen]).toEqual([["2", "2"], 2, ["1", "2"]]);
  });
});

describe("failures", () => {
  test("what the function throws comes out, and nothing is written", async () => {
    const { store, client } = setUp();
    const error = new Error("no funds");
    for (const fail of [
      (txn: StmTxn) => {
        txn.put("a", "1");
        throw error;
      },
      async (txn: StmTxn) => {
        txn.put("a", "1");
        await txn.get("a");
        throw error;
      },
    ])
      await expect(stm(client.real, fail)).rejects.toBe(error);
    expect(client.sent).toHaveLength(0);
    expect(store.value("a")).toBeUndefined();
  });

  test("a commit whose outcome is unknown is reported, and not repeated", async () => {
    const { store, client } = setUp();
    client.holds = true;
    const done = stm(client.real, (txn) => {
      txn.put("a", "1");
    });
    await settle();
    const [sent] = client.underway;
    sent!.arrive();
    sent!.lose();
    await expect(done).rejects.toMatchObject({ code: "ETCD_CONNECTION_LOST", mayHaveApplied: true });
    expect(client.sent).toHaveLength(1);
    expect(store.value("a")).toBe("1");
  });

  test("a read that failed is not taken for a key that is not there, whatever the function does with it", async () => {
    const { store, client } = setUp();
    const down = new StatusError("ETCD_PERMISSION_DENIED", "denied", { mayHaveApplied: false });
    const { kv } = client;
    const txn = kv.txn;
    kv.txn = (shape, options) => (isReadOnly(shape) ? Promise.reject(down) : txn(shape, options));
    const done = stm(client.real, async (each) => {
      const value = await each.get("a").catch(() => undefined);
      if (value === undefined) each.put("a", "created");
    });
    await expect(done).rejects.toBe(down);
    expect(store.value("a")).toBeUndefined();
  });

  test("the signal ends it at once: in a read, in the function, in a wait, in the commit", async () => {
    const { store, client } = setUp();
    client.holds = true;
    const begin = (work: (txn: StmTxn) => Promise<void>, options: StmOptions = {}) => {
      const controller = new AbortController();
      const done = stm(client.real, work, { ...options, signal: controller.signal });
      done.catch(() => {});
      return { done, controller };
    };
    const write = async (txn: StmTxn): Promise<void> => {
      await txn.get("a");
      txn.put("a", "1");
    };

    const inRead = begin(write);
    await settle();
    inRead.controller.abort("why");
    await expect(inRead.done).rejects.toMatchObject({
      name: "AbortError",
      cause: "why",
      mayHaveApplied: false,
    });

    const inWork = begin(() => new Promise(() => {}));
    await settle();
    inWork.controller.abort();
    await expect(inWork.done).rejects.toMatchObject({ name: "AbortError", mayHaveApplied: false });

    const inCommit = begin(write);
    await settle();
    for (const sent of client.underway) sent.answer();
    await settle();
    expect([...client.underway].map(({ isWrite }) => isWrite)).toEqual([true]);
    inCommit.controller.abort();
    await expect(inCommit.done).rejects.toMatchObject({ name: "AbortError", mayHaveApplied: true });

    client.holds = false;
    client.before = (shape) => {
      if (!isReadOnly(shape)) store.put("a", "theirs");
    };
    const inWait = begin(write);
    await settle();
    expect(client.runtime.timerCount).toBe(1);
    inWait.controller.abort();
    await expect(inWait.done).rejects.toMatchObject({ name: "AbortError", mayHaveApplied: false });

    const before = begin(write);
    before.controller.abort();
    await expect(before.done).rejects.toMatchObject({ name: "AbortError" });
    expect(client.runtime.timerCount).toBe(0);
  });

  test("a signal that has fired already lets the function not even begin", async () => {
    const { client } = setUp();
    let ran = false;
    const work = (): void => {
      ran = true;
    };
    await expect(stm(client.real, work, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: "AbortError",
    });
    expect(ran).toBe(false);
  });

  test("the deadline holds for the function too", async () => {
    const { client } = setUp();
    const done = stm(client.real, () => new Promise(() => {}), { timeoutMs: 50 });
    await expect(drive([client], done)).rejects.toMatchObject({ code: "ETCD_DEADLINE_EXCEEDED" });
  });

  test("a read that has no answer by then says why", async () => {
    const { client } = setUp();
    const noLeader = new StatusError("ETCD_NO_LEADER", "no leader", { mayHaveApplied: false });
    client.kv.txn = (_shape, { timeoutMs = 0 }) =>
      new Promise((_, reject) => {
        // Deadlines of calls are checked in steps, as those of a connection are.
        client.runtime.setTimer(() => {
          reject(noLeader);
        }, timeoutMs + 10);
      });
    const done = stm(client.real, (txn) => txn.get("a"), { timeoutMs: 50 });
    await expect(drive([client], done)).rejects.toBe(noLeader);
  });

  test("a transaction whose attempt is over refuses everything", async () => {
    const { client } = setUp();
    let late: StmTxn | undefined;
    await stm(client.real, (txn) => {
      late = txn;
    });
    const over = /attempt of the transaction is over/;
    expect(() => {
      late!.put("a", "1");
    }).toThrow(over);
    expect(() => {
      late!.delete("a");
    }).toThrow(over);
    await expect(late!.get("a")).rejects.toThrow(over);
    await expect(late!.getMany(["a"])).rejects.toThrow(over);
    await expect(late!.stored("a")).rejects.toThrow(over);
    await expect(late!.revision("a")).rejects.toThrow(over);
    expect(client.sent).toHaveLength(0);
  });

  test("a transaction with more keys than etcd takes says so, and is not sent", async () => {
    const { client } = setUp();
    const keys = Array.from({ length: 129 }, (_, i) => `k/${i}`);
    const write = (txn: StmTxn): void => {
      for (const key of keys) txn.put(key, "x");
    };
    const read = async (txn: StmTxn): Promise<void> => {
      await txn.getMany(keys);
      txn.put("a", "x");
    };
    for (const [work, isolation] of [
      [write, "serializable"],
      [read, "serializable"],
    ] as const)
      await expect(stm(client.real, work, { isolation })).rejects.toMatchObject({
        code: "ETCD_TOO_MANY_OPERATIONS",
        mayHaveApplied: false,
      });
    expect(client.writeCount).toBe(0);
    const most = await stm(client.real, async (txn) => {
      await txn.getMany(keys.slice(1));
      for (const key of keys.slice(1)) txn.put(key, "x");
    });
    expect(most.attempts).toBe(1);
  });

  test("arguments that cannot work are named", async () => {
    const { client } = setUp();
    const work = (): number => 1;
    for (const [options, message] of [
      [{ isolation: "snapshot" }, /isolation is "snapshot"/],
      [{ maxAttempts: 0 }, /maxAttempts is 0/],
      [{ retries: 3 }, /unknown option retries/],
      [{ guard: {} }, /guard must be a Lock/],
      [{ timeoutMs: -1 }, /timeoutMs is -1/],
    ] as [StmOptions, RegExp][]) {
      await expect(stm(client.real, work, options)).rejects.toThrow(ArgumentError);
      await expect(stm(client.real, work, options)).rejects.toThrow(message);
    }
    await expect(stm(undefined as never, work)).rejects.toThrow(ArgumentError);
    await expect(stm(client.real, undefined as never)).rejects.toThrow(ArgumentError);
    for (const bad of [
      (txn: StmTxn): void => {
        txn.put("", "x");
      },
      (txn: StmTxn): void => {
        txn.put("k", undefined as never);
      },
      (txn: StmTxn): void => {
        txn.put("k", "v", { lease: 5 as never });
      },
      (txn: StmTxn): Promise<unknown> => txn.get(""),
      (txn: StmTxn): Promise<unknown> => txn.getMany("abc"),
    ])
      await expect(stm(client.real, bad)).rejects.toThrow(ArgumentError);
    expect(client.sent).toHaveLength(0);
  });
});

describe("a lock as guard", () => {
  const hold = (
    client: StoreClient,
  ): { lock: Lock; life: { remainingMs: number; endReason?: LockLostError } } => {
    client.store.put("lock/1", "me");
    const life = {
      client: client.real,
      remainingMs: 1_000,
      endReason: undefined as LockLostError | undefined,
      onEnd: () => () => {},
    };
    const createRevision = client.store.revision;
    const guard = [compare.createRevision("lock/1", "=", createRevision), compare.value("lock/1", "=", "me")];
    const giveUp = (): Promise<void> => Promise.resolve();
    const lock = new Lock({ life, name: "lock", key: "lock/1", token: createRevision, guard, giveUp });
    return { lock, life: life as { remainingMs: number; endReason?: LockLostError } };
  };
  const increment = async (txn: StmTxn): Promise<void> => {
    txn.put("n", String(Number((await text(txn.get("n"))) ?? 0) + 1));
  };

  test("lets writes through while it is held, and tells a conflict from a loss", async () => {
    const { store, client } = setUp();
    const { lock } = hold(client);
    let others = 1;
    client.before = (shape) => {
      if (!isReadOnly(shape) && others-- > 0) store.put("n", "10");
    };
    expect((await stm(client.real, increment, { guard: lock })).attempts).toBe(2);
    expect(store.value("n")).toBe("11");
    expect(lock.isHeld).toBe(true);
  });

  test.each(LEVELS)("writes nothing when it was lost, and the lock hears of it (%s)", async (isolation) => {
    const { store, client } = setUp();
    const { lock } = hold(client);
    client.before = (shape) => {
      if (isReadOnly(shape)) return;
      store.delete("lock/1");
      store.put("lock/1", "somebody else");
    };
    const done = stm(client.real, increment, { guard: lock, isolation });
    await expect(done).rejects.toThrow(LockLostError);
    await expect(done).rejects.toMatchObject({ code: "ETCD_LOCK_LOST", mayHaveApplied: false });
    expect(store.value("n")).toBeUndefined();
    expect([lock.isHeld, lock.signal.aborted]).toEqual([false, true]);
    expect(client.writeCount).toBe(1);
  });

  test("that cannot be proved any more sends nothing", async () => {
    const { client } = setUp();
    const { lock } = hold(client);
    const work = async (txn: StmTxn): Promise<void> => {
      await increment(txn);
      lock.lose(new LockLostError("ETCD_SESSION_EXPIRED", "gone", { mayHaveApplied: false }));
    };
    await expect(stm(client.real, work, { guard: lock })).rejects.toMatchObject({
      code: "ETCD_SESSION_EXPIRED",
    });
    await expect(stm(client.real, work, { guard: lock })).rejects.toMatchObject({
      code: "ETCD_SESSION_EXPIRED",
    });
    expect([client.sent.length, client.writeCount]).toEqual([1, 0]);
  });

  test("leaves room for 124 reads, and must be of the same keys", async () => {
    const { client } = setUp();
    const { lock } = hold(client);
    const read = (count: number) => async (txn: StmTxn) => {
      await txn.getMany(Array.from({ length: count }, (_, i) => `k/${i}`));
      txn.put("a", "x");
    };
    await stm(client.real, read(124), { guard: lock, isolation: "serializable" });
    await expect(
      stm(client.real, read(125), { guard: lock, isolation: "serializable" }),
    ).rejects.toMatchObject({ code: "ETCD_TOO_MANY_OPERATIONS" });
    const other = new StoreClient(client.store, "space/");
    await expect(stm(other.real, read(1), { guard: lock })).rejects.toThrow(/same client and namespace/);
  });
});

describe("transactions of several clients, in any order of their messages", () => {
  test.each(SAFE_LEVELS)("transfers keep the sum, and no account below zero (%s)", async (isolation) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(2), fc.nat(2), fc.integer({ min: 1, max: 80 })), {
          minLength: 2,
          maxLength: 6,
        }),
        chooser,
        async (transfers, choose) => {
          const store = new MemoryStore();
          for (const account of [0, 1, 2]) store.put(`account/${account}`, "100");
          const clients = transfers.map(() => new StoreClient(store));
          const work = transfers.map(([from, to, amount], i) => {
            const client = clients[i]!;
            client.holds = true;
            return stm(
              client.real,
              async (txn) => {
                const funds = Number(await text(txn.get(`account/${from}`)));
                if (funds < amount) return;
                txn.put(`account/${from}`, String(funds - amount));
                const other = Number(await text(txn.get(`account/${to}`)));
                txn.put(`account/${to}`, String(other + amount));
              },
              { isolation },
            );
          });
          const results = await drive(clients, Promise.all(work), choose);
          const funds = [0, 1, 2].map((account) => Number(store.value(`account/${account}`)));
          expect(funds.reduce((sum, each) => sum + each)).toBe(300);
          expect(Math.min(...funds)).toBeGreaterThanOrEqual(0);
          for (const [i, { attempts }] of results.entries())
            expect(clients[i]!.writeCount).toBeLessThanOrEqual(attempts);
        },
      ),
      { numRuns: 40 },
    );
  });

  test.each(SAFE_LEVELS)(
    "what is committed is as if they had run one after the other, in the order of their revisions (%s)",
    async (isolation) => {
      const plan = fc.record({
        reads: fc.subarray(["a", "b", "c", "d"]),
        writes: fc.subarray(["a", "b", "c", "d"]),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(plan, { minLength: 2, maxLength: 6 }), chooser, async (plans, choose) => {
          const store = new MemoryStore();
          const clients = plans.map(() => new StoreClient(store));
          const work = plans.map(async ({ reads, writes }, i) => {
            const client = clients[i]!;
            client.holds = true;
            const { value, revision } = await stm(
              client.real,
              async (txn) => {
                const seen: [string, string | undefined][] = [];
                for (const key of reads) seen.push([key, await text(txn.get(key))]);
                for (const key of writes) txn.put(key, `${i}`);
                return seen;
              },
              { isolation },
            );
            return { seen: value, revision, writes, value: `${i}` };
          });
          const done = await drive(clients, Promise.all(work), choose);
          // Readers see the state that the writer of that revision left.
          done.sort((x, y) => x.revision - y.revision || y.writes.length - x.writes.length);
          const model = new Map<string, string>();
          for (const { seen, writes, value } of done) {
            for (const [key, each] of seen) expect([key, each]).toEqual([key, model.get(key)]);
            for (const key of writes) model.set(key, value);
          }
          for (const key of ["a", "b", "c", "d"]) expect(store.value(key)).toBe(model.get(key));
        }),
        { numRuns: 60 },
      );
    },
  );

  /** Two doctors, of whom one must stay: each goes if the other is there. Returns how many are left, in all orders. */
  const onCall = async (isolation: StmIsolation, choose: () => number): Promise<number> => {
    const store = new MemoryStore();
    store.put("alice", "here");
    store.put("bob", "here");
    const clients = ["alice", "bob"].map(() => new StoreClient(store));
    const work = ["alice", "bob"].map((me, i) => {
      clients[i]!.holds = true;
      return stm(
        clients[i]!.real,
        async (txn) => {
          const all = await txn.getMany(["alice", "bob"]);
          if (all.every((each) => each?.string() === "here")) txn.put(me, "gone");
        },
        { isolation },
      );
    });
    await drive(clients, Promise.all(work), choose);
    return ["alice", "bob"].filter((each) => store.value(each) === "here").length;
  };

  /** All sequences of so many choices between two. */
  const allOrders = Array.from({ length: 64 }, (_, bits) => {
    let at = 0;
    return () => (bits >> (at++ % 6)) & 1;
  });

  test.each(LEVELS)(
    "write skew happens where what was read may have changed, and nowhere else (%s)",
    async (level) => {
      const left = new Set<number>();
      for (const choose of allOrders) left.add(await onCall(level, choose));
      expect([...left].sort()).toEqual(level === "read-committed" ? [0, 1] : [1]);
    },
  );

  test.each(LEVELS)(
    "half of another's transaction is seen where each key is read by itself (%s)",
    async (level) => {
      const torn = new Set<boolean>();
      const committedTorn = new Set<boolean>();
      for (const choose of allOrders) {
        const store = new MemoryStore();
        const clients = [new StoreClient(store), new StoreClient(store)] as const;
        for (const client of clients) client.holds = true;
        const writer = stm(clients[0].real, (txn) => {
          txn.put("a", "2");
          txn.put("b", "2");
        });
        const reader = stm(
          clients[1].real,
          async (txn) => {
            const differ = (await text(txn.get("a"))) !== (await text(txn.get("b")));
            torn.add(differ);
            txn.put("seen", String(differ));
          },
          { isolation: level },
        );
        await drive(clients, Promise.all([writer, reader]), choose);
        committedTorn.add(store.value("seen") === "true");
      }
      const isSnapshot = SNAPSHOT_LEVELS.includes(level);
      expect([...torn].sort()).toEqual(isSnapshot ? [false] : [false, true]);
      expect([...committedTorn].sort()).toEqual(level === "read-committed" ? [false, true] : [false]);
    },
  );
});

test("the model store reads as of a revision, as etcd does", () => {
  const store = new MemoryStore();
  store.put("a", "1");
  store.put("a", "2");
  const { responses } = store.txn({ then: [op.get("a", { revision: 2 }), op.get("a")] });
  expect(responses.map((each) => each.kind === "get" && each.kvs[0]?.value.string())).toEqual(["1", "2"]);
});
