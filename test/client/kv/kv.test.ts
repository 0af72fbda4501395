import fc from "fast-check";
import { describe, expect, expectTypeOf, test } from "vitest";
import type { Kv } from "../../../src/client/kv/kv.js";
import { CompactedError, StatusError } from "../../../src/errors.js";
import { PutRequest, RangeRequest } from "../../../src/messages/generated.js";
import { compare, op, param } from "../../../src/txn/shape.js";
import type { Operation, TxnShape } from "../../../src/txn/shape.js";
import type { OperationResult } from "../../../src/txn/result.js";
import type { DeleteResponse, GetResponse, PutResponse } from "../../../src/txn/typed-result.js";
import { KvStore, refusal } from "./kv-store.js";

const keysOf = (kvs: readonly { readonly key: { string(): string } }[]): string[] =>
  kvs.map(({ key }) => key.string());

const collect = async <T>(from: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = [];
  for await (const each of from) all.push(each);
  return all;
};

/** Lets all promise reactions run. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("what calls say of themselves", () => {
  test("a get is a linearizable read at the leader; a serializable one goes to anybody and is not compared with what was seen", async () => {
    const store = new KvStore();
    const kv = store.kv();
    await kv.get("a");
    await kv.get("a", { revision: 1 });
    await kv.get("a", { serializable: true });
    expect(
      store.seen.map(({ policy, route, hasLeader, isLinearizable }) => ({
        policy,
        route,
        hasLeader,
        isLinearizable,
      })),
    ).toEqual([
      { policy: "read", route: "leader", hasLeader: true, isLinearizable: true },
      { policy: "read", route: "leader", hasLeader: true, isLinearizable: true },
      { policy: "read", route: "any", hasLeader: false, isLinearizable: false },
    ]);
  });

  test("writes are not repeatable unless their caller says so; a compaction is", async () => {
    const store = new KvStore();
    const kv = store.kv();
    await kv.put("a", "1");
    await kv.put("a", "1", { repeatable: false });
    await kv.put("a", "1", { repeatable: true });
    await kv.delete("a");
    await kv.delete("a", { repeatable: true });
    await kv.compact(2);
    expect(store.seen.map(({ policy }) => policy)).toEqual([
      "nonRepeatable",
      "nonRepeatable",
      "repeatable",
      "nonRepeatable",
      "repeatable",
      "repeatable",
    ]);
    expect(store.seen.every(({ route, hasLeader }) => route === "leader" && hasLeader)).toBe(true);
  });

  test("a caller's deadline and signal go with the call, and the client's deadline without them", async () => {
    const store = new KvStore();
    const kv = store.kv();
    const { signal } = new AbortController();
    await kv.get("a", { timeoutMs: 5, signal });
    await kv.put("a", "1");
    expect(store.seen[0]!.options).toMatchObject({ timeoutMs: 5, signal });
    expect(store.seen[1]!.options).toMatchObject({ timeoutMs: 10_000 });
  });

  test("options become the fields of the request", async () => {
    const store = new KvStore();
    const kv = store.kv();
    await kv.get("a", {
      rangeEnd: "b",
      limit: 3,
      sort: { target: "modRevision", order: "descend" },
      keysOnly: true,
      minModRevision: 1,
      maxModRevision: 2 ** 40,
      minCreateRevision: 3,
      maxCreateRevision: 4,
    });
    expect(RangeRequest.deserialize(store.seen[0]!.message).toObject()).toMatchObject({
      limit: "3",
      sort_order: RangeRequest.SortOrder.DESCEND,
      sort_target: RangeRequest.SortTarget.MOD,
      keys_only: true,
      count_only: false,
      min_mod_revision: "1",
      max_mod_revision: String(2 ** 40),
      min_create_revision: "3",
      max_create_revision: "4",
    });
    await kv.put("a", undefined, { ignoreValue: true, lease: -1n, prevKv: true });
    expect(PutRequest.deserialize(store.seen[1]!.message).toObject()).toMatchObject({
      lease: "-1",
      ignore_value: true,
      prev_kv: true,
    });
  });
});

describe("results", () => {
  test("a get gives keys, the first of them, the count, and whether there are more", async () => {
    const store = new KvStore();
    const kv = store.kv();
    store.put("a/1", "one");
    store.put("a/2", "two", "7");
    const all = await kv.get("a/", { prefix: true });
    expect(keysOf(all.kvs)).toEqual(["a/1", "a/2"]);
    expect(all.kv).toBe(all.kvs[0]);
    expect(all).toMatchObject({ count: 2, more: false, revision: 3, raftTerm: 5 });
    expect(all.kvs[1]).toMatchObject({ createRevision: 3, modRevision: 3, version: 1, lease: 7n });
    expect(all.kvs[1]!.value.string()).toBe("two");
    expect(await kv.get("a/", { prefix: true, limit: 1 })).toMatchObject({ count: 2, more: true });
    expect(await kv.get("a/", { prefix: true, countOnly: true })).toMatchObject({ count: 2, kvs: [] });
    const none = await kv.get("b");
    expect(none.kv).toBeUndefined();
    expect(none.kvs).toEqual([]);
  });

  test("put and delete say what was there before, if asked to", async () => {
    const kv = new KvStore().kv();
    expect(await kv.put("a", "1", { prevKv: true })).toEqual({
      revision: 2,
      raftTerm: 5,
      previous: undefined,
    });
    const second = await kv.put("a", "2", { prevKv: true });
    expect(second.previous!.value.string()).toBe("1");
    expect((await kv.put("a", "3")).previous).toBeUndefined();
    expect(await kv.delete("a")).toEqual({ deleted: 1, previous: [], revision: 5, raftTerm: 5 });
    expect(await kv.delete("a", { prevKv: true })).toMatchObject({ deleted: 0, revision: 5 });
    await kv.put("b", Uint8Array.of(0, 255));
    const { previous } = await kv.delete("", { prefix: true, prevKv: true });
    expect([...previous[0]!.value]).toEqual([0, 255]);
  });

  test("results go into JSON, with bytes as base64 and leases as text, and no key twice", async () => {
    const store = new KvStore();
    store.put("key", "value", String(2n ** 62n));
    const result = await store.kv().get("key");
    expect(JSON.parse(JSON.stringify(result))).toEqual({
      kvs: [
        {
          key: "a2V5",
          value: "dmFsdWU=",
          createRevision: 2,
          modRevision: 2,
          version: 1,
          lease: "4611686018427387904",
        },
      ],
      count: 1,
      more: false,
      revision: 2,
      raftTerm: 5,
    });
  });

  test("a namespace's keys have its prefix on the wire and nowhere else", async () => {
    const store = new KvStore();
    const kv = store.kv("ns/");
    await kv.put("a", "1");
    store.put("other", "2");
    expect(keysOf((await kv.get("", { prefix: true })).kvs)).toEqual(["a"]);
    expect(keysOf((await kv.get("", { fromKey: true })).kvs)).toEqual(["a"]);
    expect(keysOf((await store.kv().get("", { prefix: true })).kvs)).toEqual(["ns/a", "other"]);
    expect(keysOf(await collect(kv.scan("", { prefix: true, pageSize: 1 })))).toEqual(["a"]);
    expect((await kv.delete("", { prefix: true, prevKv: true })).previous[0]!.key.string()).toBe("a");
    expect((await store.kv().get("", { prefix: true })).count).toBe(1);
  });
});

describe("what cannot work is refused before anything is sent, by name", () => {
  type Bad = readonly [name: string, attempt: (kv: Kv) => unknown];
  const getWith = (options: object) => (kv: Kv) => kv.get("a", options);
  const bad: readonly Bad[] = [
    ["key", (kv) => kv.get("")],
    ["key", (kv) => kv.get(1 as never)],
    ["key", (kv) => kv.put("", "1")],
    ["key", (kv) => kv.delete("")],
    ["lmit", getWith({ lmit: 1 })],
    ["limit", getWith({ limit: -1 })],
    ["limit", getWith({ limit: 1.5 })],
    ["limit", getWith({ limit: null })],
    ["limit", getWith({ limit: Object.create(null) as object })],
    ["revision", getWith({ revision: 2 ** 53 })],
    ["revision", getWith({ revision: 1n })],
    ["minModRevision", getWith({ minModRevision: "1" })],
    ["maxModRevision", getWith({ maxModRevision: Number.NaN })],
    ["minCreateRevision", getWith({ minCreateRevision: -1 })],
    ["maxCreateRevision", getWith({ maxCreateRevision: Infinity })],
    ["keysOnly", getWith({ keysOnly: 1 })],
    ["countOnly", getWith({ countOnly: "yes" })],
    ["serializable", getWith({ serializable: null })],
    ["prefix", getWith({ prefix: 1 })],
    ["rangeEnd", getWith({ rangeEnd: "b", prefix: true })],
    ["rangeEnd", getWith({ rangeEnd: "" })],
    ["sort", getWith({ sort: "key" })],
    ["sort", getWith({ sort: null })],
    ["sort.target", getWith({ sort: { target: "mod", order: "ascend" } })],
    ["sort.target", getWith({ sort: { target: "toString", order: "ascend" } })],
    ["sort.order", getWith({ sort: { target: "key", order: "asc" } })],
    ["sort.order", getWith({ sort: { target: "version" } })],
    ["timeoutMs", getWith({ timeoutMs: 0 })],
    ["signal", getWith({ signal: {} })],
    ["options", (kv) => kv.get("a", null as never)],
    ["value", (kv) => kv.put("a", 1 as never)],
    ["value", (kv) => kv.put("a", undefined as never)],
    ["value", (kv) => kv.put("a", "1", { ignoreValue: true } as never)],
    ["1 GiB", (kv) => kv.put("a", new Uint8Array(2 ** 30))],
    ["lease", (kv) => kv.put("a", "1", { lease: 1 as never })],
    ["lease", (kv) => kv.put("a", "1", { lease: 2n ** 63n })],
    ["ignoreLease", (kv) => kv.put("a", "1", { lease: 1n, ignoreLease: true })],
    ["prevKv", (kv) => kv.put("a", "1", { prevKv: "no" as never })],
    ["repeatable", (kv) => kv.put("a", "1", { repeatable: 1 as never })],
    ["repeatable", (kv) => kv.delete("a", { repeatable: "" as never })],
    ["prevKv", (kv) => kv.delete("a", { prevKv: 0 as never })],
    ["limit", (kv) => kv.delete("a", { limit: 1 } as never)],
    ["revision", (kv) => kv.compact(0)],
    ["revision", (kv) => kv.compact(undefined as never)],
    ["physical", (kv) => kv.compact(1, { physical: 1 as never })],
    ["pageSize", (kv) => kv.pages("a", { pageSize: 0 })],
    ["order", (kv) => kv.pages("a", { order: "desc" as never })],
    ["limit", (kv) => kv.scan("a", { limit: 1 } as never)],
    ["repeatable", (kv) => kv.txn({}, { repeatable: 1 as never })],
  ];
  test.each(bad)("%s", async (name, attempt) => {
    const store = new KvStore();
    const kv = store.kv();
    // `pages` and `scan` throw; whatever returns a promise rejects.
    const outcome: unknown = await Promise.resolve()
      .then(() => attempt(kv))
      .then(
        () => "no error",
        (error: unknown) => error,
      );
    expect(outcome).toMatchObject({ code: "ETCD_INVALID_ARGUMENT", mayHaveApplied: false });
    expect((outcome as Error).message).toContain(name);
    expect(store.seen).toEqual([]);
  });
});

describe("pages", () => {
  const filled = (count: number): KvStore => {
    const store = new KvStore();
    for (let i = 0; i < count; i++) store.put(`k/${String(i).padStart(3, "0")}`, `${i}`);
    return store;
  };

  test("are together what one get at their revision gives, whatever is written meanwhile", async () => {
    const key = fc.uint8Array({ minLength: 1, maxLength: 3, max: 3 }).map((bytes) => Buffer.from(bytes));
    const write = fc.record({ key, value: fc.string({ maxLength: 3 }), isDelete: fc.boolean() });
    const options = fc.record(
      {
        order: fc.constantFrom("ascend" as const, "descend" as const),
        keysOnly: fc.boolean(),
        serializable: fc.boolean(),
        minModRevision: fc.nat(20),
        maxModRevision: fc.integer({ min: 10, max: 40 }),
      },
      { requiredKeys: [] },
    );
    const range = fc.oneof(
      fc.record({ key: fc.oneof(fc.constant(""), key), range: fc.constant({ prefix: true }) }),
      fc.record({ key: fc.oneof(fc.constant(""), key), range: fc.constant({ fromKey: true }) }),
      fc.record({ key, range: key.map((rangeEnd) => ({ rangeEnd })) }),
      fc.record({ key, range: fc.constant({}) }),
    );
    const apply = (
      store: KvStore,
      { key: name, value, isDelete }: { key: Buffer; value: string; isDelete: boolean },
    ) => {
      if (isDelete) store.delete(name, new Uint8Array(0));
      else store.put(name, value);
    };
    let several = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(write, { minLength: 10, maxLength: 40 }),
        fc.array(write, { maxLength: 10 }),
        range,
        options,
        fc.integer({ min: 1, max: 7 }),
        async (before, meanwhile, target, given, pageSize) => {
          const store = new KvStore();
          for (const each of before) apply(store, each);
          const kv = store.kv();
          const kvs = [];
          const revisions = new Set<number>();
          const counts = new Set<number>();
          let pageCount = 0;
          for await (const page of kv.pages(target.key, { ...target.range, ...given, pageSize })) {
            expect(page.kvs.length).toBeLessThanOrEqual(pageSize);
            kvs.push(...page.kvs);
            revisions.add(page.revision);
            counts.add(page.count);
            pageCount++;
            for (const each of meanwhile) apply(store, each);
          }
          const [revision] = revisions;
          const { order = "ascend", ...rest } = given;
          const whole = await kv.get(target.key, {
            ...target.range,
            ...rest,
            revision: revision!,
            sort: { target: "key", order },
          });
          expect(kvs).toEqual(whole.kvs);
          expect([...counts]).toEqual([whole.count]);
          expect(revisions.size).toBe(1);
          if (pageCount > 1) several++;
        },
      ),
    );
    expect(several).toBeGreaterThan(0);
  });

  test("there is one, be it empty, which tells the revision", async () => {
    const pages = await collect(filled(2).kv().pages("none"));
    expect(pages).toEqual([{ kvs: [], revision: 3, count: 0 }]);
    expect(await collect(filled(2).kv().scan("none"))).toEqual([]);
  });

  test("are asked for one ahead and no more, and what is on its way is ended with the loop", async () => {
    const store = filled(10);
    const pages = store.kv().pages("k/", { prefix: true, pageSize: 2 });
    expect(store.seen).toHaveLength(0);
    await pages.next();
    await settle();
    expect(store.seen).toHaveLength(2);
    await pages.next();
    await settle();
    expect(store.seen).toHaveLength(3);
    const { signal } = store.seen[2]!.options;
    expect(signal!.aborted).toBe(false);
    await pages.return!();
    expect(signal!.aborted).toBe(true);
    await settle();
    expect(store.seen).toHaveLength(3);
    expect((await pages.next()).done).toBe(true);
  });

  test("a page over the message limit is asked for again in halves, down to single keys", async () => {
    const store = filled(20);
    store.messageMaxBytes = 200;
    const pages = await collect(store.kv().pages("k/", { prefix: true, pageSize: 16 }));
    expect(pages.flatMap(({ kvs }) => keysOf(kvs))).toHaveLength(20);
    expect(Math.max(...pages.map(({ kvs }) => kvs.length))).toBeLessThan(16);
    store.messageMaxBytes = 10;
    await expect(collect(store.kv().pages("k/", { prefix: true }))).rejects.toMatchObject({
      code: "ETCD_MESSAGE_TOO_LARGE",
    });
  });

  test("of no given size aim at 2 MiB: more keys where they are small, fewer where they are large", async () => {
    const store = new KvStore();
    const limits = () =>
      store.seen.splice(0).map(({ message }) => Number(RangeRequest.deserialize(message).limit));
    for (let i = 0; i < 1_200; i++) store.put(`s/${10_000 + i}`, "");
    await collect(store.kv().pages("s/", { prefix: true }));
    expect(limits()).toEqual([1_000, 10_000]);
    for (let i = 0; i < 1_200; i++) store.put(`l/${10_000 + i}`, Buffer.alloc(8_192));
    await collect(store.kv().pages("l/", { prefix: true }));
    const [first, second] = limits();
    expect(first).toBe(1_000);
    expect(second).toBeGreaterThan(200);
    expect(second).toBeLessThan(256);
  });

  test("a compaction meanwhile is a CompactedError, after the pages that came before it", async () => {
    const store = filled(10);
    const seen: string[] = [];
    const loop = (async () => {
      for await (const { kvs } of store.kv().pages("k/", { prefix: true, pageSize: 2 })) {
        seen.push(...keysOf(kvs));
        store.put("k/000", "again");
        store.compactRevision = store.revision;
      }
    })();
    await expect(loop).rejects.toBeInstanceOf(CompactedError);
    // The second page was on its way when the first one was handed over.
    expect(seen).toHaveLength(4);
  });

  test("a failure of the page on its way comes out when that page is asked for, and is nobody's unhandled rejection", async () => {
    const store = filled(10);
    let calls = 0;
    store.onCall = () => (++calls === 2 ? refusal("ETCD_CONNECTION_LOST") : undefined);
    const pages = store.kv().pages("k/", { prefix: true, pageSize: 2 });
    expect((await pages.next()).value).toMatchObject({ count: 10 });
    await settle();
    await expect(pages.next()).rejects.toMatchObject({ code: "ETCD_CONNECTION_LOST" });
    expect((await pages.next()).done).toBe(true);
  });

  test("a signal ends them, also when the next page is there already", async () => {
    const store = filled(10);
    const controller = new AbortController();
    const pages = store.kv().pages("k/", { prefix: true, pageSize: 2, signal: controller.signal });
    await pages.next();
    await settle();
    controller.abort(new Error("enough"));
    expect(store.seen[1]!.options.signal!.aborted).toBe(true);
    await expect(pages.next()).rejects.toMatchObject({ name: "AbortError" });
  });

  test("serializable pages go on at the leader where a member has not reached their revision", async () => {
    const store = filled(6);
    let calls = 0;
    store.onCall = ({ route }) =>
      ++calls > 2 && route === "any" ? refusal("ETCD_FUTURE_REVISION") : undefined;
    const keys = keysOf(
      await collect(store.kv().scan("k/", { prefix: true, pageSize: 2, serializable: true })),
    );
    expect(keys).toHaveLength(6);
    expect(store.seen.map(({ route }) => route)).toEqual(["any", "any", "any", "leader"]);
    // The first page's revision is the caller's own affair.
    calls = 2;
    await expect(collect(store.kv().scan("k/", { revision: 99, serializable: true }))).rejects.toMatchObject({
      code: "ETCD_FUTURE_REVISION",
    });
  });

  test("keys from outside of the range end them instead of going on for ever", async () => {
    for (const order of ["ascend", "descend"] as const) {
      const store = filled(6);
      store.misread = (request) => {
        request.key = Buffer.from("k/");
        request.range_end = Buffer.from("k0");
      };
      const pages = store.kv().pages("k/", { prefix: true, pageSize: 2, order });
      await expect(collect(pages)).rejects.toMatchObject({ code: "ETCD_PROTOCOL" });
      expect(store.seen).toHaveLength(2);
    }
  });
});

describe("compact", () => {
  test("a refusal after a try that may have done it is success; the first try's is an error", async () => {
    const store = new KvStore();
    store.compactRevision = 5;
    await expect(store.kv().compact(3)).rejects.toBeInstanceOf(CompactedError);
    const afterLostTry = new CompactedError("compacted", undefined, { mayHaveApplied: true, attempts: 2 });
    store.onCall = () => afterLostTry;
    // The refusal does not say the store's revision; what the client has seen is the best there is.
    expect(await store.kv().compact(3)).toEqual({ revision: 77, raftTerm: 7 });
    store.onCall = () => new StatusError("ETCD_FUTURE_REVISION", "future", { mayHaveApplied: true });
    await expect(store.kv().compact(3)).rejects.toMatchObject({ code: "ETCD_FUTURE_REVISION" });
  });
});

describe("transactions", () => {
  const kv = new KvStore().kv();

  test("a builder makes the shape that kv.txn takes, and each step leaves the one before it as it was", () => {
    const begun = kv.if(compare.version("k", "=", 0));
    const put = begun.then(op.put("k", "v"));
    const both = put.else(op.get("k"));
    expect(both.shape).toEqual({
      if: [compare.version("k", "=", 0)],
      then: [op.put("k", "v")],
      else: [op.get("k")],
    });
    expect(put.shape).not.toHaveProperty("else");
    expect(begun.shape).toEqual({ if: [compare.version("k", "=", 0)] });
    expect(begun.else(op.get("k")).shape).toEqual({
      if: [compare.version("k", "=", 0)],
      else: [op.get("k")],
    });
    expect(kv.if().shape).toEqual({ if: [] });
  });

  test("awaiting a transaction instead of committing it fails, and says what to do", async () => {
    await expect(async () => {
      // @ts-expect-error the compiler knows as well
      // eslint-disable-next-line @typescript-eslint/await-thenable
      await kv.if(compare.version("k", "=", 0));
    }).rejects.toThrow("commit()");
    await expect(async () => {
      // @ts-expect-error the compiler knows as well
      // eslint-disable-next-line @typescript-eslint/await-thenable
      await kv.if(compare.version("k", "=", 0)).then(op.put("k", "v"));
    }).rejects.toThrow("commit()");
    await expect(async () => {
      // @ts-expect-error the compiler knows as well
      // eslint-disable-next-line @typescript-eslint/await-thenable
      await kv.if().then(op.put("k", "v")).else(op.get("k"));
    }).rejects.toThrow("commit()");
  });

  test("a refused number is shown as what it is", async () => {
    await expect(kv.get("a", { limit: "5" as never })).rejects.toThrow('limit is "5": not an integer');
    await expect(kv.get("a", { revision: 5n as never })).rejects.toThrow("revision is 5n: not an integer");
    await expect(kv.get("a", { timeoutMs: "5" as never })).rejects.toThrow('timeoutMs is "5": not a number');
    await expect(kv.get("a", { limit: [5] as never })).rejects.toThrow("limit is an object: not an integer");
  });

  test("parameters are refused, by type and at run time", async () => {
    const missing = { code: "ETCD_INVALID_ARGUMENT", message: expect.stringContaining('"name"') as string };
    // @ts-expect-error a shape with parameters is for prepare()
    await expect(kv.txn({ then: [op.get(param.key("name"))] })).rejects.toMatchObject(missing);
    // @ts-expect-error in options too
    await expect(kv.txn({ else: [op.get("a", { limit: param.limit("name") })] })).rejects.toMatchObject(
      missing,
    );
    // @ts-expect-error and in nested ones
    await expect(kv.txn({ then: [op.txn({ then: [op.del(param.key("name"))] })] })).rejects.toMatchObject(
      missing,
    );
    const built = kv.if(compare.value("k", "=", param.value("name"))).then(op.get("k"));
    // @ts-expect-error a shape with parameters is for prepare()
    await expect(built.commit()).rejects.toMatchObject(missing);
    const operations: Operation[] = [op.get(param.key("name"))];
    await expect(kv.txn({ then: operations })).rejects.toMatchObject(missing);
  });

  test("what cannot work is refused with its place", async () => {
    await expect(kv.txn({ then: [op.get("")] })).rejects.toThrow("then[0].key");
    await expect(kv.if(compare.version("", "=", 0)).commit()).rejects.toThrow("if[0].key");
    await expect(kv.txn(null as never)).rejects.toMatchObject({ code: "ETCD_INVALID_ARGUMENT" });
    await expect(kv.txn({}, { retry: true } as never)).rejects.toThrow("retry");
  });

  test("results are typed by the branch that was taken", () => {
    const run = () =>
      kv
        .if(compare.version("k", "=", 0), compare.lease("l", ">", 0n, { prefix: true }))
        .then(op.put("k", "v"), op.get("k", { prefix: true }))
        .else(op.del("k"), op.txn({ then: [op.get("a")], else: [op.put("b", "1")] }))
        .commit();
    expectTypeOf(run).toBeFunction();
    type Result = Awaited<ReturnType<typeof run>>;
    type Succeeded = Extract<Result, { succeeded: true }>;
    type Failed = Extract<Result, { succeeded: false }>;
    expectTypeOf<Succeeded["responses"]>().toEqualTypeOf<readonly [PutResponse, GetResponse]>();
    expectTypeOf<Failed["responses"][0]>().toEqualTypeOf<DeleteResponse>();
    expectTypeOf<Failed["responses"]["length"]>().toEqualTypeOf<2>();
    type Nested = Failed["responses"][1]["result"];
    expectTypeOf<Extract<Nested, { succeeded: true }>["responses"]>().toEqualTypeOf<readonly [GetResponse]>();
    expectTypeOf<Extract<Nested, { succeeded: false }>["responses"]>().toEqualTypeOf<
      readonly [PutResponse]
    >();
    expectTypeOf<Result["revision"]>().toEqualTypeOf<number>();

    const shaped = () => kv.txn({ then: [op.get("a"), op.get("b")] });
    expectTypeOf(shaped).toBeFunction();
    type Shaped = Awaited<ReturnType<typeof shaped>>;
    expectTypeOf<Extract<Shaped, { succeeded: true }>["responses"]>().toEqualTypeOf<
      readonly [GetResponse, GetResponse]
    >();
    expectTypeOf<Extract<Shaped, { succeeded: false }>["responses"]>().toEqualTypeOf<readonly []>();

    const operations: Operation[] = [];
    const unknownList = () => kv.txn({ then: operations });
    expectTypeOf(unknownList).toBeFunction();
    type OfList = Extract<Awaited<ReturnType<typeof unknownList>>, { succeeded: true }>["responses"][number];
    expectTypeOf<OfList>().toExtend<OperationResult>();
    expectTypeOf<OfList["kind"]>().toEqualTypeOf<OperationResult["kind"]>();
    const unknownShape = (shape: TxnShape) => kv.txn(shape);
    expectTypeOf(unknownShape).toBeFunction();
    type OfShape = Awaited<ReturnType<typeof unknownShape>>["responses"][number];
    expectTypeOf<OfShape["kind"]>().toEqualTypeOf<OperationResult["kind"]>();
  });
});
