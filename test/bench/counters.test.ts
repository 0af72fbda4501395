import { describe, expect, test } from "vitest";
import {
  Counters,
  judgeCounters,
  MULTI_KEY_COUNT,
  readCounter,
  writeCounter,
} from "../../bench/harness/counters.js";
import type { FinalCounter, GuardedPut, Stored, TxnClient, TxnMix } from "../../bench/harness/counters.js";

/** What one write does: what it should; nothing, with a yes; twice; itself, whatever is there; itself, and then fails. */
type Fault = "none" | "lie" | "twice" | "unguarded" | "unknown";

interface Store {
  readonly client: TxnClient;
  readonly finals: () => Map<string, FinalCounter>;
  /** Of the next writes of counters above 0; of those after them, none. */
  faults: Fault[];
  txnCount: number;
}

/** An etcd with a turn of the event loop before each answer. */
const openStore = (): Store => {
  const kept = new Map<string, Stored & { version: number }>();
  let revision = 1;
  const isUnchanged = ({ key, modRevision }: GuardedPut): boolean =>
    (kept.get(key)?.modRevision ?? 0) === modRevision;
  const write = (puts: readonly GuardedPut[]): number => {
    revision++;
    for (const { key, value } of puts)
      kept.set(key, { modRevision: revision, value, version: (kept.get(key)?.version ?? 0) + 1 });
    return revision;
  };
  const get = (key: string): Promise<Stored> => {
    const found = kept.get(key);
    return found === undefined ? Promise.reject(new Error(`no ${key}`)) : Promise.resolve(found);
  };
  const store: Store = {
    faults: [],
    txnCount: 0,
    finals: () =>
      new Map(
        [...kept].map(([key, { version, value }]) => [
          key,
          { writeCount: version - 1, value: readCounter(value) },
        ]),
      ),
    client: {
      get,
      getIfThere: get,
      putGuarded: async (puts) => {
        await new Promise((resolve) => setImmediate(resolve));
        store.txnCount++;
        const fault = puts[0]!.modRevision === 0 ? "none" : (store.faults.shift() ?? "none");
        if (fault === "lie") return revision;
        if (fault !== "unguarded" && !puts.every(isUnchanged)) return undefined;
        if (fault === "twice") write(puts);
        const written = write(puts);
        if (fault === "unknown") throw new Error("the connection broke");
        return written;
      },
      close: () => Promise.resolve(),
    },
  };
  return store;
};

/** Makes `operationCount` operations in each of `slotCount` slots, side by side. @returns the errors */
const run = async (counters: Counters, slotCount: number, operationCount: number): Promise<unknown[]> => {
  const errors: unknown[] = [];
  await Promise.all(
    Array.from({ length: slotCount }, async (_, slot) => {
      for (let operation = 0; operation < operationCount; operation++) {
        const error = await new Promise((resolve) => counters.operation(slot, resolve));
        if (error !== undefined) errors.push(error);
      }
    }),
  );
  return errors;
};

const open = async (store: Store, mix: TxnMix, { count = 4, valueBytes = 16 } = {}): Promise<Counters> => {
  const counters = new Counters(store.client, "run/", { mix, count, valueBytes });
  await counters.prepare();
  return counters;
};

const verdict = (counters: Counters, store: Store): ReturnType<typeof judgeCounters> =>
  judgeCounters(counters.claims, store.finals());

describe("counters", () => {
  test.each(["cas", "rmw", "multi"] as const)(
    "of %s hold every increment once, and none is taken for lost",
    async (mix) => {
      const store = openStore();
      const counters = await open(store, mix);
      expect(await run(counters, 4, 20)).toEqual([]);
      const finals = [...store.finals().values()];
      expect(finals).toHaveLength(mix === "multi" ? 4 * MULTI_KEY_COUNT : 4);
      for (const final of finals) expect(final).toEqual({ writeCount: 20, value: 20 });
      expect(verdict(counters, store)).toEqual({ lostWrites: 0, repeatedWrites: 0 });
    },
  );

  test.each(["cas", "rmw", "multi"] as const)(
    "of %s that all slots want are tried until they are written",
    async (mix) => {
      const store = openStore();
      const counters = await open(store, mix, { count: 1 });
      expect(await run(counters, 8, 10)).toEqual([]);
      expect(store.finals().get("run/0")).toEqual({ writeCount: 80, value: 80 });
      // Those of 8 whose revision another one has made stale.
      expect(store.txnCount).toBeGreaterThan(81);
      expect(verdict(counters, store)).toEqual({ lostWrites: 0, repeatedWrites: 0 });
    },
  );

  test("that are only read stay as they are, and a value that is not theirs is an error", async () => {
    const store = openStore();
    const counters = await open(store, "read", { valueBytes: 256 });
    expect(await run(counters, 4, 5)).toEqual([]);
    expect(verdict(counters, store)).toEqual({ lostWrites: 0, repeatedWrites: 0 });
    const wrong = await open(openStore(), "read", { valueBytes: 256 });
    const cut = {
      ...store.client,
      getIfThere: () => Promise.resolve({ modRevision: 2, value: Buffer.from("0") }),
    };
    const reader = new Counters(cut, "other/", { mix: "read", count: 1, valueBytes: 256 });
    expect(await run(reader, 1, 1)).toHaveLength(1);
    expect(await run(wrong, 1, 1)).toEqual([]);
  });

  test("that are there before the run are not begun with", async () => {
    const store = openStore();
    await open(store, "cas");
    await expect(open(store, "cas")).rejects.toThrow("run/0 is there before its run");
  });

  test("an increment that is acknowledged and was never made is lost", async () => {
    const store = openStore();
    const counters = await open(store, "cas", { count: 1 });
    store.faults = ["lie"];
    await run(counters, 1, 5);
    expect(verdict(counters, store)).toEqual({ lostWrites: 1, repeatedWrites: 0 });
  });

  test("an increment over one that it had not seen loses that one", async () => {
    const store = openStore();
    const counters = await open(store, "cas", { count: 1 });
    // Both begin with the same number, and the one that comes later is not guarded.
    store.faults = ["none", "unguarded"];
    await run(counters, 2, 1);
    expect(store.finals().get("run/0")).toEqual({ writeCount: 2, value: 1 });
    expect(verdict(counters, store)).toEqual({ lostWrites: 1, repeatedWrites: 0 });
  });

  test("an increment that was written twice is repeated", async () => {
    const store = openStore();
    const counters = await open(store, "cas", { count: 1 });
    store.faults = ["twice"];
    await run(counters, 1, 5);
    expect(verdict(counters, store)).toEqual({ lostWrites: 0, repeatedWrites: 1 });
  });

  test("an increment that ended with an error may have been made or not", async () => {
    const store = openStore();
    const counters = await open(store, "cas", { count: 1 });
    store.faults = ["unknown"];
    expect(await run(counters, 1, 5)).toHaveLength(1);
    // The next one finds the key changed, looks, and goes on from there.
    expect(store.finals().get("run/0")).toEqual({ writeCount: 5, value: 5 });
    expect(verdict(counters, store)).toEqual({ lostWrites: 0, repeatedWrites: 0 });
  });

  test("a key that is gone at the end has lost all of its increments", () => {
    expect(judgeCounters(new Map([["key", { acknowledged: 3, unknown: 0 }]]), new Map())).toEqual({
      lostWrites: 3,
      repeatedWrites: 0,
    });
  });

  test("a value is its number and as many bytes as are asked for", () => {
    expect(writeCounter(42, 16).toString()).toBe("0000000000000042");
    expect(writeCounter(42, 20).toString()).toBe("0000000000000042vvvv");
    expect(readCounter(writeCounter(1_234, 65_536))).toBe(1_234);
    expect(readCounter(Buffer.from("other"))).toBeNaN();
  });
});
