import { getEventListeners } from "node:events";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Client, CompactedError, compare, op } from "../../src/index.js";
import type { KeyValue } from "../../src/index.js";
import { EtcdCluster } from "../../src/testing/index.js";
import { TcpProxy } from "../support/tcp-proxy.js";
import { optionsFor } from "../support/real-cluster.js";

const keysOf = (kvs: readonly KeyValue[]): string[] => kvs.map(({ key }) => key.string());

const collect = async <T>(from: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = [];
  for await (const each of from) all.push(each);
  return all;
};

describe.each([{ tls: false }, { tls: true }])("kv on a real etcd, tls: $tls", ({ tls }) => {
  let cluster: EtcdCluster;
  let client: Client;
  /** Has RangeStream. */
  let streams: boolean;

  beforeAll(async () => {
    cluster = await EtcdCluster.start({ tls, shortElections: true });
    const [, major, minor] = /^(\d+)\.(\d+)/.exec(cluster.version)!;
    streams = Number(major) > 3 || Number(minor) >= 7;
  });
  afterAll(() => cluster.close());
  beforeEach(() => {
    client = new Client(optionsFor(cluster));
  });
  afterEach(async () => {
    await client.close();
    const cleaner = new Client(optionsFor(cluster));
    await cleaner.kv.delete("", { prefix: true });
    await cleaner.close();
  });

  test("one signal for many calls under way has one listener, and none afterwards", async () => {
    const { signal } = new AbortController();
    const listenerCount = (): number => getEventListeners(signal, "abort").length;
    const inFlight: number[] = [];
    // The leader is looked for in the first round, and known in the second.
    for (let round = 0; round < 2; round++) {
      const calls = Promise.all(Array.from({ length: 50 }, () => client.kv.get("a", { signal })));
      await new Promise((resolve) => setImmediate(resolve));
      inFlight.push(listenerCount());
      await calls;
      expect(listenerCount()).toBe(0);
    }
    expect(inFlight[0]).toBe(1);
    expect(inFlight[1]).toBeLessThanOrEqual(1);
  });

  test("keys are put, read, counted and deleted, with what was there before", async () => {
    const { kv } = client;
    const first = await kv.put("a/1", "one", { prevKv: true });
    expect(first.previous).toBeUndefined();
    const second = await kv.put("a/1", Uint8Array.of(0, 0xff), { prevKv: true });
    expect(second.revision).toBe(first.revision + 1);
    expect(second.raftTerm).toBeGreaterThan(0);
    expect(second.previous!.value.string()).toBe("one");
    await kv.put("a/2", "");
    const { kv: found, revision } = await kv.get("a/1");
    expect(revision).toBe(second.revision + 1);
    expect([...found!.value]).toEqual([0, 0xff]);
    expect(found).toMatchObject({
      createRevision: first.revision,
      modRevision: second.revision,
      version: 2,
      lease: 0n,
    });
    expect((await kv.get("a/1", { revision: first.revision })).kv!.value.string()).toBe("one");
    expect(await kv.get("a/", { prefix: true, countOnly: true })).toMatchObject({ count: 2, kvs: [] });
    const deleted = await kv.delete("a/", { prefix: true, prevKv: true });
    expect(deleted.deleted).toBe(2);
    expect(keysOf(deleted.previous)).toEqual(["a/1", "a/2"]);
    expect(await kv.delete("a/1")).toMatchObject({ deleted: 0, revision: deleted.revision });
    expect((await kv.get("a/1")).kv).toBeUndefined();
  });

  test("values and leases are kept when a put says so", async () => {
    const { kv } = client;
    const lease = (await client.parts.renewals.grant(60, { timeoutMs: 5_000 })).id;
    await kv.put("k", "1", { lease });
    await kv.put("k", "2", { ignoreLease: true });
    const kept = await kv.put("k", undefined, { ignoreValue: true, prevKv: true });
    expect(kept.previous).toMatchObject({ lease });
    const { kv: found } = await kv.get("k");
    expect(found).toMatchObject({ lease: 0n, version: 3 });
    expect(found!.value.string()).toBe("2");
    await expect(kv.put("none", "", { ignoreLease: true })).rejects.toMatchObject({
      code: "ETCD_KEY_NOT_FOUND",
      mayHaveApplied: false,
    });
    await expect(kv.put("k", "", { lease: 12_345n })).rejects.toMatchObject({ code: "ETCD_LEASE_NOT_FOUND" });
    await client.parts.renewals.revoke(lease, { timeoutMs: 5_000 });
  });

  test("ranges come sorted, bounded, limited, and without values", async () => {
    const { kv } = client;
    const start = (await kv.put("s/b", "3")).revision;
    await kv.put("s/a", "2");
    await kv.put("s/c", "1");
    await kv.put("s/b", "0");
    const sorted = async (target: "key" | "version" | "createRevision" | "modRevision" | "value") => {
      const up = await kv.get("s/", { prefix: true, sort: { target, order: "ascend" } });
      const down = await kv.get("s/", { prefix: true, sort: { target, order: "descend" } });
      return [keysOf(up.kvs).join(""), keysOf(down.kvs).join("")].map((keys) => keys.replaceAll("s/", ""));
    };
    expect(await sorted("key")).toEqual(["abc", "cba"]);
    expect(await sorted("createRevision")).toEqual(["bac", "cab"]);
    expect(await sorted("modRevision")).toEqual(["acb", "bca"]);
    expect(await sorted("value")).toEqual(["bca", "acb"]);
    expect((await sorted("version"))[1]![0]).toBe("b");
    const limited = await kv.get("s/", { prefix: true, limit: 2 });
    expect(limited).toMatchObject({ count: 3, more: true });
    expect(keysOf(limited.kvs)).toEqual(["s/a", "s/b"]);
    expect(keysOf((await kv.get("s/a", { rangeEnd: "s/c" })).kvs)).toEqual(["s/a", "s/b"]);
    expect(keysOf((await kv.get("s/b", { fromKey: true })).kvs)).toEqual(["s/b", "s/c"]);
    expect((await kv.get("s/a", { keysOnly: true })).kv!.value).toHaveLength(0);
    const bounded = async (bounds: object) => keysOf((await kv.get("s/", { prefix: true, ...bounds })).kvs);
    expect(await bounded({ minModRevision: start + 2 })).toEqual(["s/b", "s/c"]);
    expect(await bounded({ maxModRevision: start + 1 })).toEqual(["s/a"]);
    expect(await bounded({ minCreateRevision: start + 1 })).toEqual(["s/a", "s/c"]);
    expect(await bounded({ maxCreateRevision: start })).toEqual(["s/b"]);
  });

  test("pages are what one get at their revision gives, both ways, whatever is written meanwhile", async () => {
    const { kv } = client;
    for (let from = 0; from < 300; from += 100) {
      await kv.txn({
        then: Array.from({ length: 100 }, (_, i) => op.put(`p/${String(from + i).padStart(4, "0")}`, `${i}`)),
      });
    }
    const before = await kv.get("p/", { prefix: true });
    expect(before.count).toBe(300);
    for (const order of ["ascend", "descend"] as const) {
      const kvs: KeyValue[] = [];
      for await (const page of kv.pages("p/", { prefix: true, pageSize: 64, order })) {
        kvs.push(...page.kvs);
        expect(page.count).toBe(300);
        await kv.delete("p/0150");
        await kv.put("p/0150/new", "");
        await kv.put("p/0299", "changed");
        const expected = await kv.get("p/", {
          prefix: true,
          revision: page.revision,
          sort: { target: "key", order },
        });
        expect(expected.kvs.slice(0, kvs.length)).toEqual(kvs);
      }
      expect(kvs).toHaveLength(300);
    }
    expect(await collect(kv.scan("p/", { prefix: true, pageSize: 7, serializable: true }))).toEqual(
      (await kv.get("p/", { prefix: true })).kvs,
    );
  });

  test("pages over the client's message limit come in smaller ones, on the same connection", async () => {
    const small = new Client({ ...optionsFor(cluster), limits: { messageMaxBytes: 64 * 1024 } });
    for (let i = 0; i < 12; i++) await small.kv.put(`big/${10 + i}`, Buffer.alloc(10_000, i));
    await expect(small.kv.get("big/", { prefix: true })).rejects.toMatchObject({
      code: "ETCD_MESSAGE_TOO_LARGE",
    });
    const pages = await collect(small.kv.pages("big/", { prefix: true }));
    expect(pages.flatMap(({ kvs }) => keysOf(kvs))).toHaveLength(12);
    expect(pages.length).toBeGreaterThan(1);
    await small.close();
  });

  test("what was compacted is a CompactedError, to a get, to pages and to a second compaction", async () => {
    const { kv } = client;
    const old = (await kv.put("c/1", "1")).revision;
    await kv.put("c/2", "1");
    const pages = kv.pages("c/", { prefix: true, pageSize: 1 });
    const first = await pages.next();
    expect(first.value).toMatchObject({ count: 2 });
    const newest = (await kv.put("c/1", "2")).revision;
    const compacted = await kv.compact(newest, { physical: true });
    expect(compacted.revision).toBe(newest);
    await expect(kv.get("c/1", { revision: old })).rejects.toBeInstanceOf(CompactedError);
    await expect(collect(kv.pages("c/", { prefix: true, revision: old }))).rejects.toBeInstanceOf(
      CompactedError,
    );
    await expect(kv.compact(newest)).rejects.toBeInstanceOf(CompactedError);
    await expect(kv.compact(newest + 1_000)).rejects.toMatchObject({ code: "ETCD_FUTURE_REVISION" });
    await expect(kv.get("c/1", { revision: newest + 1_000 })).rejects.toMatchObject({
      code: "ETCD_FUTURE_REVISION",
    });
    await expect(kv.txn({ then: [op.get("c/1", { revision: old })] })).rejects.toBeInstanceOf(CompactedError);
    // The second page was on its way before the compaction.
    await pages.return!();
  });

  test("transactions compare, take one branch, and answer by its operations", async () => {
    const { kv } = client;
    const create = () =>
      kv
        .if(compare.version("t/k", "=", 0))
        .then(op.put("t/k", "1"), op.get("t/", { prefix: true }))
        .else(
          op.get("t/k"),
          op.txn({ if: [compare.value("t/k", "=", "1")], then: [op.del("t/k", { prevKv: true })] }),
        )
        .commit();
    const made = await create();
    if (!made.succeeded) throw new Error("it did exist");
    expect(made.responses[0]).toEqual({ kind: "put", previous: undefined });
    expect(keysOf(made.responses[1].kvs)).toEqual(["t/k"]);
    expect(made.responses[1].kvs[0]!.modRevision).toBe(made.revision);
    const taken = await create();
    if (taken.succeeded) throw new Error("it did not exist");
    const [got, nested] = taken.responses;
    expect(got.kvs[0]!.value.string()).toBe("1");
    if (!nested.result.succeeded) throw new Error("its value is 1");
    expect(nested.result.responses[0]).toMatchObject({ deleted: 1 });
    expect(nested.result.responses[0].previous[0]!.createRevision).toBe(made.revision);
    expect(JSON.stringify(taken)).toContain('"value":"MQ=="');

    // Without operations, without conditions, without `then`.
    expect(await kv.if().commit()).toMatchObject({ succeeded: true, responses: [] });
    expect(await kv.if(compare.version("t/k", ">", 0)).commit()).toMatchObject({
      succeeded: false,
      responses: [],
    });
    expect(await kv.txn({})).toMatchObject({ succeeded: true, responses: [] });
    const onlyElse = await kv
      .if(compare.version("t/k", ">", 0))
      .else(op.put("t/e", "1"))
      .commit();
    expect(onlyElse).toMatchObject({ succeeded: false, responses: [{ kind: "put" }] });
    expect(
      await kv
        .if(compare.version("t/e", "=", 1))
        .else(op.del("t/e"))
        .commit(),
    ).toMatchObject({
      succeeded: true,
      responses: [],
    });
    await expect(kv.txn({ then: [op.put("t/k", "1"), op.put("t/k", "2")] })).rejects.toMatchObject({
      code: "ETCD_DUPLICATE_KEY",
      mayHaveApplied: false,
    });
  });

  test("a namespace's transactions, pages and deletes keep to it", async () => {
    const space = client.namespace("ns/");
    await client.kv.put("outside", "1");
    await space.kv
      .if(compare.version("k", "=", 0))
      .then(op.put("k", "1"))
      .commit();
    expect(keysOf((await client.kv.get("ns/", { prefix: true })).kvs)).toEqual(["ns/k"]);
    expect(keysOf(await collect(space.kv.scan("", { prefix: true, pageSize: 1 })))).toEqual(["k"]);
    expect(keysOf((await space.kv.get("", { fromKey: true })).kvs)).toEqual(["k"]);
    expect((await space.kv.delete("", { prefix: true })).deleted).toBe(1);
    expect((await client.kv.get("outside")).count).toBe(1);
  });

  test("a large value goes there and back; one too large is refused, and the client goes on", async () => {
    const { kv } = client;
    const value = Buffer.alloc(1_400_000, "0123456789abcdef");
    await kv.put("large", value);
    expect(value.equals((await kv.get("large")).kv!.value)).toBe(true);
    await expect(kv.put("large", Buffer.alloc(1_700_000))).rejects.toMatchObject({
      code: "ETCD_REQUEST_TOO_LARGE",
      mayHaveApplied: false,
    });
    expect((await kv.get("large")).kv!.version).toBe(1);
  });

  test("an aborted call ends at once, and a deadline is kept", async () => {
    await expect(client.kv.get("a", { signal: AbortSignal.abort("no") })).rejects.toMatchObject({
      code: "ETCD_ABORTED",
      cause: "no",
      mayHaveApplied: false,
    });
    await expect(collect(client.kv.pages("a", { signal: AbortSignal.abort() }))).rejects.toMatchObject({
      code: "ETCD_ABORTED",
    });
    await client.kv.get("a");
    await client.close();
    for (const call of [client.kv.get("a"), client.kv.put("a", "1"), client.kv.txn({})]) {
      await expect(call).rejects.toMatchObject({ code: "ETCD_CLOSED", mayHaveApplied: false });
    }
    await expect(collect(client.kv.scan("a"))).rejects.toMatchObject({ code: "ETCD_CLOSED" });
    await expect(collect(client.kv.stream("a"))).rejects.toMatchObject({ code: "ETCD_CLOSED" });
  });

  test("a stream gives a whole range at one revision, in parts; an older server is named as such", async () => {
    const { kv } = client;
    for (let i = 0; i < 40; i++) await kv.put(`st/${10 + i}`, Buffer.alloc(200_000, i));
    const { revision } = await kv.get("st/", { prefix: true, countOnly: true });
    if (!streams) {
      await expect(collect(kv.stream("st/", { prefix: true }))).rejects.toMatchObject({
        code: "ETCD_UNSUPPORTED",
        message: expect.stringContaining("3.7") as string,
      });
      return;
    }
    const kvs: KeyValue[] = [];
    const parts = [];
    for await (const part of kv.stream("st/", { prefix: true })) {
      await kv.put("st/10", "changed");
      await kv.delete("st/49");
      kvs.push(...part.kvs);
      parts.push(part);
    }
    const whole = (await kv.get("st/", { prefix: true, revision })).kvs;
    // Nobody wants to see the difference of 8 MB.
    const inWords = (all: readonly KeyValue[]) =>
      all.map(({ key, value, ...rest }) => ({
        ...rest,
        key: key.string(),
        first: value[0],
        length: value.length,
      }));
    expect(inWords(kvs)).toEqual(inWords(whole));
    expect(parts.length).toBeGreaterThan(2);
    expect(parts.every((part) => part.revision === revision)).toBe(true);
    expect(parts.at(-1)).toMatchObject({ count: 40, more: false });
    expect(parts.slice(0, -1).every(({ count }) => count === undefined)).toBe(true);

    const some = await collect(kv.stream("st/", { prefix: true, limit: 3, keysOnly: true, revision }));
    expect(some.flatMap((part) => keysOf(part.kvs))).toEqual(["st/10", "st/11", "st/12"]);
    expect(some.at(-1)).toMatchObject({ count: 40, more: true, revision });
    const none = await collect(kv.stream("none", { serializable: true }));
    expect(none).toMatchObject([{ kvs: [], count: 0, more: false }]);
    expect(none[0]!.revision).toBeGreaterThanOrEqual(revision);
    for await (const part of kv.stream("st/", { prefix: true })) {
      expect(part.kvs.length).toBeGreaterThan(0);
      break;
    }
    const controller = new AbortController();
    const aborted = kv.stream("st/", { prefix: true, signal: controller.signal });
    await aborted.next();
    controller.abort();
    await expect(collect(aborted)).rejects.toMatchObject({ code: "ETCD_ABORTED" });
    const compactAt = (await kv.put("st/10", "again")).revision;
    await kv.compact(compactAt);
    await expect(collect(kv.stream("st/", { prefix: true, revision }))).rejects.toBeInstanceOf(
      CompactedError,
    );
    expect((await kv.get("st/10")).count).toBe(1);
  });

  test("pages and streams go on behind a connection that breaks, with nothing lost or twice", async () => {
    for (let i = 0; i < 30; i++) await client.kv.put(`cut/${10 + i}`, Buffer.alloc(200_000, i));
    const expected = Array.from({ length: 30 }, (_, i) => `cut/${10 + i}`);
    const proxy = await TcpProxy.start(cluster.endpoints[0]!);
    const cut = new Client({ ...optionsFor(cluster), endpoints: [proxy.endpoint] });
    const reads = [
      () => cut.kv.pages("cut/", { prefix: true, pageSize: 4 }),
      ...(streams
        ? [
            () => cut.kv.stream("cut/", { prefix: true }),
            () => cut.kv.stream("cut/", { prefix: true, limit: 29 }),
          ]
        : []),
    ];
    for (const read of reads) {
      await cut.kv.get("cut/");
      const keys: string[] = [];
      let count: number | undefined;
      for await (const part of read()) {
        if (keys.length === 0) proxy.reset();
        keys.push(...keysOf(part.kvs));
        count = part.count;
      }
      expect(keys).toEqual(expected.slice(0, keys.length));
      expect(keys.length).toBeGreaterThanOrEqual(29);
      expect(count).toBe(30);
    }
    await cut.close();
    await proxy.close();
  });
});
