import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { describe, expect, test } from "vitest";
import { KeySpace } from "../../../src/client/key-space.js";
import { endsWatch } from "../../../src/client/watch/watcher.js";
import type { WatchOptions } from "../../../src/client/watch/watcher.js";
import { ArgumentError, CompactedError, ConnectionError, StatusError } from "../../../src/errors.js";
import type { ErrorCode, EtcdError } from "../../../src/errors.js";
import {
  WATCH_CREATE_TIMEOUT_MS,
  WATCH_PROGRESS_RETRY_MS,
  WATCH_REVISION_MAX_BYTES,
} from "../../../src/options.js";
import { Consumer, FakeWatchServer, eventText, lostConnection, settle } from "./fake-watch-server.js";

const statusError = (code: ErrorCode): StatusError =>
  new StatusError(code, "as the test wants it", { mayHaveApplied: false, endpoint: "a:1" });

/** A server and a watch that is there. */
const watching = async (options: WatchOptions = {}, server = new FakeWatchServer()) => {
  const watcher = server.watch("k", { prefix: true, ...options });
  await settle();
  await server.stream.run();
  return { server, watcher };
};

/** The same, and somebody who takes all that comes. */
const consuming = async (options: WatchOptions = {}) => {
  const { server, watcher } = await watching(options);
  return { server, watcher, consumer: new Consumer(watcher) };
};

describe("delivering", () => {
  test("a watch begins when it is made, and says from which revision on events will come", async () => {
    const server = new FakeWatchServer();
    const watcher = server.watch("k");
    const early = watcher.ready;
    let revision: number | undefined;
    void early.then((value) => (revision = value));
    await settle();
    expect(revision).toBeUndefined();
    await server.stream.run();
    expect(revision).toBe(10);
    expect(await watcher.ready).toBe(10);
  });

  test("events are plain objects in batches of whole revisions", async () => {
    const { server, consumer } = await consuming();
    server.write({ k1: "a", other: "b", k2: "c" });
    server.write({ k1: undefined });
    await server.stream.run();
    const bytes = (text: string): Uint8Array => Buffer.from(text);
    const put = { version: 1, createRevision: 11, modRevision: 11, lease: 0n };
    const deleted = { version: 0, createRevision: 0, modRevision: 12, lease: 0n };
    expect(
      consumer.batches.map((batch) => ({
        ...batch,
        events: batch.events.map((event) => ({
          ...event,
          kv: { ...event.kv, key: Buffer.from(event.kv.key), value: Buffer.from(event.kv.value) },
        })),
      })),
    ).toEqual([
      {
        revision: 11,
        nextRevision: 12,
        events: [
          { type: "put", kv: { key: bytes("k1"), value: bytes("a"), ...put }, previous: undefined },
          { type: "put", kv: { key: bytes("k2"), value: bytes("c"), ...put }, previous: undefined },
        ],
      },
      {
        revision: 12,
        nextRevision: 13,
        events: [
          { type: "delete", kv: { key: bytes("k1"), value: bytes(""), ...deleted }, previous: undefined },
        ],
      },
    ]);
  });

  test("the same events come one by one, until nobody wants more", async () => {
    const { server, watcher } = await watching();
    const seen: string[] = [];
    const reading = (async () => {
      for await (const event of watcher.events()) {
        seen.push(eventText(event));
        if (seen.length === 3) break;
      }
    })();
    server.write({ k1: "a", k2: "b" });
    server.write({ k3: "c", k4: "d" });
    await server.stream.run();
    await reading;
    expect(seen).toEqual(["11:k1=a", "11:k2=b", "12:k3=c"]);
    expect(watcher.closed).toBe(true);
  });

  test("a namespace's keys come without its prefix", async () => {
    const server = new FakeWatchServer();
    const watcher = server.watch("k", { prefix: true }, new KeySpace().under("ns/"));
    await server.pass(10);
    const consumer = new Consumer(watcher);
    server.write({ "ns/k1": "a", k2: "b", "ns/other": "c" });
    await server.pass(10);
    expect(consumer.texts).toEqual(["11:k1=a"]);
  });

  test("what is asked of the server is what the options say", async () => {
    const server = new FakeWatchServer();
    server.watch("k", { rangeEnd: "m", startRevision: 3, prevKv: true, noPut: true, fragment: true });
    server.watch("k", { noDelete: true });
    await settle();
    const [first, second] = server.stream.creates;
    expect(first!.start_revision).toBe("3");
    expect(first!.prev_kv).toBe(true);
    expect(first!.filters).toEqual([0]);
    expect(first!.fragment).toBe(true);
    expect(Buffer.from(first!.range_end).toString()).toBe("m");
    expect(second!.start_revision).toBe("0");
    expect(second!.prev_kv).toBe(false);
    expect(second!.filters).toEqual([1]);
    expect(second!.fragment).toBe(false);
    expect(second!.range_end).toHaveLength(0);
  });

  test("a caller's key may be changed after the call", async () => {
    const server = new FakeWatchServer();
    const key = Buffer.from("k");
    server.watch(key);
    key.write("x");
    await settle();
    server.stream.break();
    await server.pass(100);
    const creates = server.streams.flatMap((stream) => stream.creates);
    expect(creates.map((create) => Buffer.from(create.key).toString())).toEqual(["k", "k"]);
  });

  test("watches share one stream, and one that wants it has its own", async () => {
    const server = new FakeWatchServer();
    const watchers = [server.watch("k"), server.watch("k"), server.watch("k", { stream: "own" })];
    await server.pass(10);
    expect(server.streams.map(({ creates }) => creates.length)).toEqual([2, 1]);
    const consumers = watchers.map((watcher) => new Consumer(watcher));
    server.write({ k: "a" });
    await server.pass(10);
    expect(consumers.map(({ texts }) => texts)).toEqual([["11:k=a"], ["11:k=a"], ["11:k=a"]]);
  });

  test("locks have a stream of their own", async () => {
    const server = new FakeWatchServer();
    server.watch("k");
    const created: number[] = [];
    server.parts.watches.open(
      { key: Buffer.from("k") },
      { onCreated: (revision) => created.push(revision), onEvents: () => {}, onEnd: () => {} },
    );
    await server.pass(10);
    expect(server.open).toHaveLength(2);
    expect(created).toEqual([10]);
  });

  test("a server that gives watches its own ids is understood", async () => {
    const server = new FakeWatchServer();
    server.choosesIds = true;
    const watchers = ["k", "l"].map((key) => server.watch(key));
    await server.pass(10);
    const consumers = watchers.map((watcher) => new Consumer(watcher));
    server.write({ k: "a", l: "b" });
    await server.pass(10);
    expect(consumers.map(({ texts }) => texts)).toEqual([["11:k=a"], ["11:l=b"]]);
    const ids = [...server.stream.watches.keys()];
    expect(ids.every((id) => id > 100)).toBe(true);
    await watchers[0]!.close();
    expect(server.stream.cancels).toEqual([ids[0]]);
  });

  test("a refused create ends the watch that it was for, among others under way", async () => {
    const server = new FakeWatchServer();
    const watchers = [server.watch("k"), server.watch("k"), server.watch("k")];
    await settle();
    server.stream.process();
    server.refusals.push("mvcc: watcher range is empty");
    await server.pass(10);
    const consumers = watchers.map((watcher) => new Consumer(watcher));
    server.write({ k: "a" });
    await server.pass(10);
    expect(consumers.map(({ texts }) => texts.length)).toEqual([1, 0, 1]);
    expect(consumers[1]!.error?.code).toBe("ETCD_BAD_REQUEST");
    await expect(watchers[1]!.ready).rejects.toMatchObject({ code: "ETCD_BAD_REQUEST" });
  });

  test("old events on a watch from a future revision, and repeated ones, are dropped", async () => {
    const { server, consumer } = await consuming({ startRevision: 13 });
    const [watch] = server.stream.watches.values();
    for (const value of "abcd") server.write({ k: value });
    server.stream.replies.length = 0;
    server.stream.send(watch!, 11, 12);
    server.stream.send(watch!, 13, 13);
    server.stream.send(watch!, 12, 14);
    await server.stream.run();
    expect(consumer.texts).toEqual(["13:k=c", "14:k=d"]);
    expect(consumer.batches.map(({ nextRevision }) => nextRevision)).toEqual([14, 15]);
  });

  test("pieces are put together: a revision is never delivered in two", async () => {
    const { server, consumer } = await consuming({ fragment: true });
    server.piecesOf = () => 4;
    server.write({ k1: "a", k2: "b", k3: "c", k4: "d" });
    for (let piece = 0; piece < 3; piece++) server.stream.deliver();
    await settle();
    expect(consumer.batches).toEqual([]);
    server.stream.deliver();
    await settle();
    expect(consumer.batches.map(({ events }) => events.length)).toEqual([4]);
  });

  test("of pieces of several revisions, the revisions that are whole do not wait for the rest", async () => {
    const { server, consumer } = await consuming({ startRevision: 11, fragment: true });
    for (const value of "abc") server.write({ k1: value, k2: value });
    server.stream.replies.length = 0;
    server.piecesOf = () => 2;
    const [watch] = server.stream.watches.values();
    server.stream.send(watch!, 11, 13);
    server.stream.deliver();
    await settle();
    expect(consumer.texts).toEqual(["11:k1=a", "11:k2=a"]);
    expect(consumer.batches[0]!.nextRevision).toBe(12);
    server.stream.deliver();
    await settle();
    expect(consumer.texts.slice(2)).toEqual(["12:k1=b", "12:k2=b", "13:k1=c", "13:k2=c"]);
  });

  test("a break between two pieces has the whole revision sent again", async () => {
    const { server, consumer } = await consuming({ fragment: true });
    server.piecesOf = () => 2;
    server.write({ k1: "a", k2: "b" });
    server.stream.deliver();
    server.stream.break();
    await server.pass(100);
    expect(server.stream.creates[0]!.start_revision).toBe("11");
    expect(consumer.texts).toEqual(["11:k1=a", "11:k2=b"]);
    expect(consumer.batches).toHaveLength(1);
  });

  test("pieces without an end are not held without an end", async () => {
    const { server, consumer } = await consuming({ fragment: true });
    server.write({ k: "x".repeat(8 * 1024 * 1024) });
    server.stream.replies.length = 0;
    const events = server.history.get(11)!;
    const [watch] = server.stream.watches.keys();
    for (let bytes = 0; bytes <= WATCH_REVISION_MAX_BYTES && !consumer.done; bytes += 8 * 1024 * 1024) {
      server.stream.reply({ watch_id: String(watch), fragment: true, events });
      server.stream.deliver();
      await settle();
    }
    expect(consumer.error?.code).toBe("ETCD_MESSAGE_TOO_LARGE");
    expect(consumer.texts).toEqual([]);
  });
});

describe("resuming", () => {
  test("before it was created, a watch begins anew from now", async () => {
    const server = new FakeWatchServer();
    const watcher = server.watch("k");
    await settle();
    server.stream.process();
    server.stream.break();
    server.write({ k: "before" });
    await server.pass(100);
    expect(server.stream.creates[0]!.start_revision).toBe("0");
    expect(await watcher.ready).toBe(11);
  });

  test("created and nothing came: from the revision of its creation on", async () => {
    const { server, consumer } = await consuming();
    server.write({ k: "a" });
    server.stream.break();
    await server.pass(100);
    expect(server.stream.creates[0]!.start_revision).toBe("11");
    expect(consumer.texts).toEqual(["11:k=a"]);
  });

  test("after events: behind the last that came", async () => {
    const { server, consumer } = await consuming();
    server.write({ k: "a" });
    server.write({ k: "b" });
    server.stream.deliver();
    server.stream.break();
    server.write({ k: "c" });
    await server.pass(100);
    expect(server.stream.creates[0]!.start_revision).toBe("12");
    expect(consumer.texts).toEqual(["11:k=a", "12:k=b", "13:k=c"]);
  });

  test("after progress: behind that, though nobody asked for progress", async () => {
    const { server, consumer } = await consuming();
    server.write({ other: "a" });
    server.write({ other: "b" });
    await server.stream.run();
    server.stream.notify();
    await server.stream.run();
    server.stream.break();
    await server.pass(100);
    expect(server.stream.creates[0]!.start_revision).toBe("13");
    expect(consumer.batches).toEqual([]);
  });

  test("progress below the start revision of a watch does not take it back", async () => {
    const { server } = await consuming({ startRevision: 20 });
    server.stream.notify();
    server.stream.reply({ watch_id: "1" });
    await server.stream.run();
    server.stream.break();
    await server.pass(100);
    expect(server.stream.creates[0]!.start_revision).toBe("20");
  });

  test("a watch that the server ended for its own reasons is opened again, alone", async () => {
    const { server, consumer } = await consuming();
    server.stream.watches.clear();
    server.stream.reply({ watch_id: "1", canceled: true });
    server.stream.reply({ watch_id: "1", canceled: true });
    server.write({ k: "a" });
    await server.pass(100);
    expect(server.streams).toHaveLength(2);
    expect(server.open).toHaveLength(1);
    expect(consumer.texts).toEqual(["11:k=a"]);
  });

  test("one that is ended again and again is opened after growing pauses", async () => {
    const server = new FakeWatchServer();
    const other = server.watch("other");
    await server.pass(10);
    await other.ready;
    server.watch("k", { timeoutMs: 100_000 });
    for (let i = 0; i < 1_000; i++) server.refusals.push("etcdserver: not capable");
    await server.pass(20_000);
    const createCount = server.stream.creates.length;
    expect(createCount).toBeGreaterThan(15);
    expect(createCount).toBeLessThan(80);
  });

  test("streams that end at once are opened after growing pauses, for all watches together", async () => {
    const server = new FakeWatchServer();
    for (let i = 0; i < 20; i++) server.watch("k", { timeoutMs: 100_000 });
    await settle();
    for (let ms = 0; ms < 20_000; ms += 10) {
      for (const stream of server.open) stream.break(statusError("ETCD_UNAVAILABLE"));
      server.runtime.advance(10);
      await settle();
    }
    expect(server.streams.length).toBeGreaterThan(15);
    expect(server.streams.length).toBeLessThan(80);
    const consumer = new Consumer(server.watch("k"));
    await server.pass(1_100);
    server.write({ k: "a" });
    await server.pass(10);
    expect(consumer.texts).toEqual(["11:k=a"]);
  });

  test("streams that come to nothing at the leader again and again are opened elsewhere, until one lasts", async () => {
    const server = new FakeWatchServer();
    const consumer = new Consumer(server.watch("k"));
    await server.pass(50);
    for (let i = 0; i < 5; i++) {
      server.stream.break();
      await server.pass(200);
    }
    expect(server.routes).toEqual(["leader", "leader", "leader", "any", "any", "any"]);
    await server.pass(1_000);
    server.stream.break();
    await server.pass(200);
    expect(server.routes.at(-1)).toBe("leader");
    expect(consumer.done).toBe(false);
  });

  test("a cluster that is down for longer than any deadline does not end a watch that was there", async () => {
    const { server, consumer } = await consuming();
    server.isDown = true;
    server.stream.break();
    await server.pass(60_000);
    expect(consumer.done).toBe(false);
    server.isDown = false;
    server.write({ k: "a" });
    await server.pass(2_000);
    expect(consumer.texts).toEqual(["11:k=a"]);
  });

  test("an expired token costs the stream, and the watch goes on with another", async () => {
    const server = new FakeWatchServer();
    server.hasCredentials = true;
    const first = server.watch("k");
    await server.pass(10);
    server.refusals.push("rpc error: code = Unauthenticated desc = etcdserver: invalid auth token");
    const second = server.watch("k");
    await server.pass(100);
    expect(server.streams).toHaveLength(2);
    expect(server.noted.map(({ code }) => code)).toContain("ETCD_INVALID_TOKEN");
    const consumers = [first, second].map((watcher) => new Consumer(watcher));
    server.write({ k: "a" });
    await server.pass(10);
    expect(consumers.map(({ texts }) => texts)).toEqual([["11:k=a"], ["11:k=a"]]);
  });

  test("a token that is wanted of a client without credentials ends the watch", async () => {
    const server = new FakeWatchServer();
    server.refusals.push("rpc error: code = InvalidArgument desc = etcdserver: user name is empty");
    const consumer = new Consumer(server.watch("k"));
    await server.pass(100);
    expect(consumer.error?.code).toBe("ETCD_TOKEN_MISSING");
  });

  test("a create that nobody answers is tried again elsewhere, unless something else comes on the stream", async () => {
    const { server, consumer } = await consuming();
    server.watch("l", { timeoutMs: 100_000 });
    server.runtime.advance(WATCH_CREATE_TIMEOUT_MS - 1);
    server.write({ k: "a" });
    server.stream.deliver();
    server.runtime.advance(WATCH_CREATE_TIMEOUT_MS - 1);
    await settle();
    expect(server.streams).toHaveLength(1);
    server.runtime.advance(2);
    await settle();
    expect(server.open).toHaveLength(0);
    expect(server.noted.at(-1)).toMatchObject({ code: "ETCD_DEADLINE_EXCEEDED", endpoint: "a:1" });
    server.leader = server.endpoints[1]!;
    await server.pass(100);
    expect(server.stream.endpoint).toBe("b:1");
    expect(server.stream.creates.map((create) => create.start_revision).sort()).toEqual(["0", "12"]);
    expect(consumer.texts).toEqual(["11:k=a"]);
  });

  test("a create that waits for its connection is not taken for one that nobody answers", async () => {
    const server = new FakeWatchServer();
    server.connectionState = "connecting";
    server.watch("k", { timeoutMs: 100_000 });
    await settle();
    server.runtime.advance(3 * WATCH_CREATE_TIMEOUT_MS);
    await settle();
    expect(server.open).toHaveLength(1);
  });
});

describe("where the stream is", () => {
  test("another leader has the old one's member asked whether it is still there, and nothing moved", async () => {
    const { server } = await watching();
    for (const onChange of server.changeListeners) onChange();
    expect(server.identified).toEqual([]);
    server.leader = server.endpoints[2]!;
    for (const onChange of server.changeListeners) onChange();
    expect(server.identified).toEqual(["a:1"]);
    expect(server.streams).toHaveLength(1);
  });

  test("a connection that ends has its member asked, so that the pool learns of a frozen one", async () => {
    const { server } = await watching();
    server.stream.break();
    expect(server.identified).toEqual(["a:1"]);
  });

  test("a connection that is being replaced is left, at once and without a gap", async () => {
    const { server, consumer } = await consuming();
    server.connectionState = "draining";
    for (const onChange of server.changeListeners) onChange();
    server.connectionState = "open";
    server.write({ k: "a" });
    await server.pass(10);
    expect(server.streams.map(({ ended }) => ended)).toEqual([true, false]);
    expect(consumer.texts).toEqual(["11:k=a"]);
    expect(server.identified).toEqual([]);
  });

  test("without a stream nobody listens to the pool", async () => {
    const { server, watcher } = await watching();
    expect(server.changeListeners.size).toBe(1);
    await watcher.close();
    expect(server.changeListeners.size).toBe(0);
  });
});

describe("ending", () => {
  test("compaction ends a watch with the revision from which on there is history, behind all that came before", async () => {
    const { server, watcher } = await watching();
    server.write({ k: "a" });
    await server.stream.run();
    server.stream.break();
    for (const value of "bcde") server.write({ k: value });
    server.compactRevision = 14;
    await server.pass(100);
    const consumer = new Consumer(watcher);
    await settle();
    expect(consumer.texts).toEqual(["11:k=a"]);
    expect(consumer.error).toBeInstanceOf(CompactedError);
    expect(consumer.error).toMatchObject({
      code: "ETCD_COMPACTED",
      compactRevision: 14,
      mayHaveApplied: false,
    });
    expect(await watcher.ready).toBe(10);
  });

  test("a start revision that is gone is created first, and compacted then", async () => {
    const server = new FakeWatchServer();
    server.compactRevision = 9;
    const watcher = server.watch("k", { startRevision: 8 });
    const consumer = new Consumer(watcher);
    await server.pass(100);
    expect(await watcher.ready).toBe(10);
    expect(consumer.error).toMatchObject({ compactRevision: 9 });
    expect(server.open).toEqual([]);
  });

  test("a compaction that does not say its revision is one, too", async () => {
    const server = new FakeWatchServer();
    server.refusals.push("etcdserver: mvcc: required revision has been compacted");
    const consumer = new Consumer(server.watch("k", { startRevision: 8 }));
    await server.pass(100);
    expect(consumer.error).toBeInstanceOf(CompactedError);
    expect(consumer.error).toMatchObject({ compactRevision: undefined });
  });

  test("a lack of permission comes as a formatted text", async () => {
    const server = new FakeWatchServer();
    server.refusals.push("rpc error: code = PermissionDenied desc = etcdserver: permission denied");
    const consumer = new Consumer(server.watch("k"));
    await server.pass(10);
    expect(consumer.error).toMatchObject({ code: "ETCD_PERMISSION_DENIED", grpcCode: 7, endpoint: "a:1" });
  });

  test("another cluster's message ends the watches of its stream", async () => {
    const { server, consumer } = await consuming();
    server.write({ k: "a" });
    server.stream.replies.length = 0;
    server.stream.reply({ watch_id: "1", events: server.history.get(11)! }, { clusterId: "7" });
    await server.pass(10);
    expect(consumer.texts).toEqual([]);
    expect(consumer.error?.code).toBe("ETCD_CLUSTER_MISMATCH");
  });

  test("a message that cannot be read costs the stream and no event", async () => {
    const { server, consumer } = await consuming();
    server.write({ k: "a" });
    server.stream.replies[0] = Uint8Array.of(0x5a, 0x7f);
    server.stream.deliver();
    expect(server.open).toEqual([]);
    expect(server.noted.at(-1)?.code).toBe("ETCD_PROTOCOL");
    await server.pass(100);
    expect(consumer.texts).toEqual(["11:k=a"]);
  });

  test("leaving the iteration cancels at the server, and the last watch takes the stream with it", async () => {
    const { server, watcher } = await watching();
    const other = server.watch("l");
    await server.pass(10);
    server.write({ k: "a" });
    await server.pass(10);
    for await (const batch of watcher) {
      expect(batch.revision).toBe(11);
      break;
    }
    expect(server.stream.cancels).toEqual([1]);
    expect(watcher.closed).toBe(true);
    expect(server.open).toHaveLength(1);
    await other[Symbol.asyncDispose]();
    expect(server.open).toEqual([]);
  });

  test("closing ends the iteration without an error, whoever waits, and drops what was not taken", async () => {
    const { server, watcher } = await watching();
    server.write({ k: "a" });
    await server.stream.run();
    await watcher.close();
    await watcher.close();
    const consumer = new Consumer(watcher);
    await settle();
    expect(consumer).toMatchObject({ done: true, error: undefined, batches: [] });
    await expect(server.watch("k").close()).resolves.toBeUndefined();
  });

  test("several who wait for the next batch are served in turn, and end together", async () => {
    const { server, watcher } = await watching();
    const iterator = watcher[Symbol.asyncIterator]();
    const waiting = [iterator.next(), iterator.next(), iterator.next()];
    server.write({ k: "a" });
    await server.stream.run();
    await iterator.return!();
    const results = await Promise.all(waiting);
    expect(results.map(({ done }) => done)).toEqual([false, true, true]);
  });

  test("one that is closed while it is being created is cancelled when it has an id", async () => {
    const { server } = await watching();
    const watcher = server.watch("l");
    await watcher.close();
    expect(server.stream.cancels).toEqual([]);
    await server.stream.run();
    expect(server.stream.cancels).toEqual([2]);
    expect([...server.stream.watches.keys()]).toEqual([1]);
    await expect(watcher.ready).rejects.toMatchObject({ code: "ETCD_CLOSED" });
  });

  test("closing the last one that waits for a connection ends the wait, and the next one begins its own", async () => {
    const server = new FakeWatchServer();
    server.isDown = true;
    const watcher = server.watch("k");
    await settle();
    expect(server.runtime.timerCount).toBeGreaterThan(0);
    await watcher.close();
    await settle();
    expect(server.runtime.timerCount).toBe(0);
    server.isDown = false;
    const next = server.watch("k");
    await server.pass(10);
    expect(await next.ready).toBe(10);
  });

  test("an abort ends the iteration at once, whatever was not taken yet", async () => {
    const controller = new AbortController();
    const { server, watcher } = await watching({ signal: controller.signal });
    server.write({ k: "a" });
    await server.stream.run();
    controller.abort("enough");
    const consumer = new Consumer(watcher);
    await settle();
    expect(consumer).toMatchObject({ batches: [], error: { name: "AbortError", cause: "enough" } });
    expect(server.open).toEqual([]);
  });

  test("a signal that has fired lets nothing begin", async () => {
    const server = new FakeWatchServer();
    const consumer = new Consumer(server.watch("k", { signal: AbortSignal.abort() }));
    await server.pass(10);
    expect(consumer.error?.name).toBe("AbortError");
    expect(server.streams).toEqual([]);
    expect(server.runtime.timerCount).toBe(0);
  });

  test("closing the client ends watches in every state", async () => {
    const { server, watcher: open } = await watching();
    const parked = server.watch("k", { bufferMaxEvents: 1 });
    await server.pass(10);
    server.write({ k1: "a", k2: "b", k: "c" });
    server.write({ k: "d" });
    await server.pass(10);
    server.refusals.push("etcdserver: not capable");
    const waiting = server.watch("l");
    await server.stream.run();
    const opening = server.watch("m");
    await settle();
    server.parts.watches.close();
    const consumers = [open, parked, waiting, opening].map((watcher) => new Consumer(watcher));
    await settle();
    expect(consumers.map(({ error }) => error?.code)).toEqual(Array(4).fill("ETCD_CLOSED"));
    expect(consumers[0]!.texts).toHaveLength(4);
    expect(server.open).toEqual([]);
    expect(server.runtime.timerCount).toBe(0);
  });

  test("a watch that no server had in time fails with what stood in the way", async () => {
    const server = new FakeWatchServer();
    server.isDown = true;
    const watcher = server.watch("k");
    const consumer = new Consumer(watcher);
    await server.pass(9_990);
    expect(consumer.done).toBe(false);
    await server.pass(20);
    expect(consumer.error).toMatchObject({ code: "ETCD_UNREACHABLE", mayHaveApplied: false });
    await expect(watcher.ready).rejects.toBe(consumer.error);
  });

  test("a watch with less time than the search for a leader says what is known by then", async () => {
    const server = new FakeWatchServer();
    server.isDown = true;
    server.endpoints[1]!.lastError = lostConnection("b:1");
    const consumer = new Consumer(server.watch("k", { timeoutMs: 100 }));
    await server.pass(120);
    expect(consumer.error).toMatchObject({
      code: "ETCD_CONNECTION_LOST",
      endpoint: "b:1",
      mayHaveApplied: false,
    });
    expect(consumer.error?.message).toContain("within 100 ms: lost");
  });

  test("if nothing stood in the way but silence, it says so", async () => {
    const server = new FakeWatchServer();
    const consumer = new Consumer(server.watch("k", { timeoutMs: 500 }));
    await settle();
    server.runtime.advance(511);
    await settle();
    expect(consumer.error).toMatchObject({ code: "ETCD_DEADLINE_EXCEEDED", mayHaveApplied: false });
    expect(server.open).toEqual([]);
  });

  test("an error is told once, and a reason that nobody asks for harms nobody", async () => {
    const server = new FakeWatchServer();
    server.refusals.push("etcdserver: permission denied");
    const watcher = server.watch("k");
    const { ready } = watcher;
    await server.pass(10);
    const iterator = watcher[Symbol.asyncIterator]();
    await expect(iterator.next()).rejects.toMatchObject({ code: "ETCD_PERMISSION_DENIED" });
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
    await expect(ready).rejects.toMatchObject({ code: "ETCD_PERMISSION_DENIED" });
  });

  test("after a message that is too large, watches ask for pieces; then each is alone; then the one at fault ends", async () => {
    const tooLarge = (): StatusError => statusError("ETCD_MESSAGE_TOO_LARGE");
    const { server, consumer } = await consuming();
    const whole = new Consumer(server.watch("l", { fragment: false }));
    await server.pass(10);
    server.stream.break(tooLarge());
    await server.pass(100);
    expect(server.open).toHaveLength(1);
    expect(server.stream.creates.map(({ fragment }) => fragment)).toEqual([true, false]);
    server.stream.break(tooLarge());
    await server.pass(100);
    expect(server.open).toHaveLength(2);
    for (let tries = 0; tries < 2; tries++) {
      server.open.find(({ creates }) => Buffer.from(creates[0]!.key).toString() === "k")!.break(tooLarge());
      await server.pass(2_000);
    }
    expect(consumer.error?.code).toBe("ETCD_MESSAGE_TOO_LARGE");
    expect(whole.done).toBe(false);
    server.write({ l: "a" });
    await server.pass(10);
    expect(whole.texts).toEqual(["11:l=a"]);
  });

  test.each([
    ["ETCD_CONNECTION_LOST", "resumes", "resumes"],
    ["ETCD_UNREACHABLE", "resumes", "resumes"],
    ["ETCD_STREAM_RESET", "resumes", "resumes"],
    ["ETCD_REFUSED", "resumes", "resumes"],
    ["ETCD_PROTOCOL", "resumes", "resumes"],
    ["ETCD_NO_LEADER", "resumes", "resumes"],
    ["ETCD_LEADER_CHANGED", "resumes", "resumes"],
    ["ETCD_SERVER_STOPPED", "resumes", "resumes"],
    ["ETCD_REQUEST_CANCELED", "resumes", "resumes"],
    ["ETCD_REQUEST_TIMED_OUT", "resumes", "resumes"],
    ["ETCD_DEADLINE_EXCEEDED", "resumes", "resumes"],
    ["ETCD_NOT_CAPABLE", "resumes", "resumes"],
    ["ETCD_LEARNER", "resumes", "resumes"],
    ["ETCD_UNAVAILABLE", "resumes", "resumes"],
    ["ETCD_TLS", "ends", "resumes"],
    ["ETCD_NOT_ETCD", "ends", "resumes"],
    ["ETCD_COMPACTED", "ends", "ends"],
    ["ETCD_PERMISSION_DENIED", "ends", "ends"],
    ["ETCD_BAD_REQUEST", "ends", "ends"],
    ["ETCD_CLUSTER_MISMATCH", "ends", "ends"],
    ["ETCD_AUTHENTICATION_FAILED", "ends", "ends"],
    ["ETCD_CLOSED", "ends", "ends"],
    ["ETCD_UNIMPLEMENTED", "ends", "ends"],
    ["ETCD_UNKNOWN", "ends", "ends"],
  ] as const)("%s: a watch that was never created %s, one that was %s", (code, never, created) => {
    expect(endsWatch(statusError(code), true, false)).toBe(never === "ends");
    expect(endsWatch(statusError(code), true, true)).toBe(created === "ends");
  });

  test("a token error ends a watch only if there is nothing to get another token with", () => {
    for (const code of ["ETCD_INVALID_TOKEN", "ETCD_AUTH_REVISION_OLD", "ETCD_TOKEN_MISSING"] as const) {
      expect(endsWatch(statusError(code), true, true)).toBe(false);
      expect(endsWatch(statusError(code), false, true)).toBe(true);
    }
  });
});

describe("a slow consumer", () => {
  test("has its watch cancelled at the bound, and opened again when it has caught up with half", async () => {
    const { server, watcher } = await watching({ bufferMaxEvents: 4 });
    const iterator = watcher[Symbol.asyncIterator]();
    const other = new Consumer(server.watch("k", { prefix: true }));
    await server.pass(10);
    for (const value of "abcdefghij") server.write({ k: value });
    await server.pass(10);
    expect(server.stream.cancels).toEqual([1]);
    expect(other.texts).toHaveLength(10);
    const seen: string[] = [];
    const take = async (): Promise<void> => {
      const { value } = await iterator.next();
      for (const event of value!.events) seen.push(eventText(event));
    };
    await take();
    await take();
    await server.pass(10);
    expect(server.stream.creates).toHaveLength(2);
    await take();
    await server.pass(10);
    expect(server.stream.creates).toHaveLength(3);
    expect(server.stream.creates[2]!.start_revision).toBe("16");
    while (seen.length < 10) {
      await take();
      await server.pass(10);
    }
    expect(seen).toEqual(Array.from("abcdefghij", (value, i) => `${11 + i}:k=${value}`));
  });

  test("makes nobody hold more than the bound and the one message that went over it", async () => {
    const { server, watcher } = await watching({ bufferMaxEvents: 4 });
    for (const value of Array.from("abcdefghijklmnopqrstuvwxyz")) server.write({ k: value });
    await server.pass(10);
    server.isDown = true;
    for (const stream of server.open) stream.break();
    const consumer = new Consumer(watcher);
    await server.pass(5_000);
    expect(consumer.texts).toHaveLength(5);
    server.isDown = false;
    await server.pass(2_000);
    expect(consumer.texts).toHaveLength(26);
  });

  test("is measured in bytes as well", async () => {
    const { server, watcher } = await watching({ bufferMaxBytes: 10_000 });
    for (let i = 0; i < 5; i++) server.write({ k: "x".repeat(4_000) });
    await server.pass(10);
    expect(server.stream.cancels).toEqual([1]);
    const consumer = new Consumer(watcher);
    await server.pass(10);
    expect(consumer.texts).toHaveLength(5);
  });

  test("one batch over the bound is delivered, and the next asked for when it is taken", async () => {
    const { server, watcher } = await watching({ bufferMaxEvents: 1 });
    server.write({ k1: "a", k2: "b", k3: "c" });
    server.write({ k1: "d" });
    await server.pass(10);
    const consumer = new Consumer(watcher);
    await server.pass(10);
    expect(consumer.texts).toHaveLength(4);
  });

  test("loses nothing when what it has to catch up with breaks off in the middle of pieces", async () => {
    const { server, watcher } = await watching({ bufferMaxEvents: 2, startRevision: 11, fragment: true });
    for (const value of "abcd") server.write({ k1: value, k2: value });
    server.stream.replies.length = 0;
    server.piecesOf = () => 3;
    const [watch] = server.stream.watches.values();
    server.stream.send(watch!, 11, 14);
    await server.pass(10);
    const consumer = new Consumer(watcher);
    await server.pass(10);
    expect(consumer.texts).toHaveLength(8);
    expect(new Set(consumer.texts).size).toBe(8);
  });

  test("hears of a compaction that happened while its watch was away", async () => {
    const { server, watcher } = await watching({ bufferMaxEvents: 1 });
    for (const value of "abcdef") server.write({ k: value });
    await server.pass(10);
    server.compactRevision = 16;
    const consumer = new Consumer(watcher);
    await server.pass(10);
    expect(consumer.texts).toEqual(["11:k=a", "12:k=b"]);
    expect(consumer.error).toMatchObject({ compactRevision: 16 });
  });
});

describe("progress", () => {
  test("is delivered to those who want it, in its place", async () => {
    const { server, consumer } = await consuming({ progressNotify: true });
    server.write({ k: "a" });
    server.write({ other: "b" });
    await server.stream.run();
    server.stream.notify();
    await server.stream.run();
    expect(
      consumer.batches.map(({ revision, nextRevision, events }) => [revision, nextRevision, events.length]),
    ).toEqual([
      [11, 12, 1],
      [12, 13, 0],
    ]);
  });

  test("that nobody has taken is replaced by newer progress", async () => {
    const { server, watcher } = await watching({ progressNotify: true });
    for (let i = 0; i < 5; i++) {
      server.write({ other: "b" });
      server.stream.notify();
      await server.stream.run();
    }
    const consumer = new Consumer(watcher);
    await settle();
    expect(consumer.batches.map(({ revision }) => revision)).toEqual([15]);
  });

  test("is asked for again until the server answers, and does not move where the watch would resume", async () => {
    const { server, watcher } = await watching();
    const consumer = new Consumer(watcher);
    const asked = watcher.requestProgress();
    server.write({ other: "b" });
    await server.pass(3 * WATCH_PROGRESS_RETRY_MS - 20);
    expect(server.stream.progressRequestCount).toBe(3);
    server.onProgressRequest = (stream) => {
      stream.reply({ watch_id: "-1" });
    };
    await server.pass(WATCH_PROGRESS_RETRY_MS);
    expect(await asked).toBe(11);
    expect(consumer.batches).toEqual([{ revision: 11, nextRevision: 11, events: [] }]);
    await server.pass(2 * WATCH_PROGRESS_RETRY_MS);
    expect(server.stream.progressRequestCount).toBe(4);
  });

  test("an answer to a question from before the watch was created is not about it", async () => {
    const server = new FakeWatchServer();
    server.write({ k: "a" });
    const first = server.watch("l");
    await server.pass(10);
    const early = first.requestProgress();
    await settle();
    const late = server.watch("k", { startRevision: 11 });
    const consumer = new Consumer(late);
    await settle();
    // The server answers the question and then creates; nothing is sent to the second watch yet.
    server.stream.reply({ watch_id: "-1" });
    const answer = server.stream.replies.pop()!;
    server.stream.requests.shift();
    server.stream.process();
    server.stream.deliver();
    const answers: number[] = [];
    const asked = late.requestProgress();
    void asked.then((revision) => answers.push(revision));
    await settle();
    server.stream.replies.unshift(answer);
    server.stream.deliver();
    await settle();
    expect(await early).toBe(11);
    expect(answers).toEqual([]);
    expect(consumer.batches).toEqual([]);
    server.onProgressRequest = (stream) => {
      stream.reply({ watch_id: "-1" });
    };
    server.stream.catchUp();
    await server.pass(2 * WATCH_PROGRESS_RETRY_MS);
    expect(answers).toEqual([11]);
    expect(consumer.batches.map(({ events }) => events.length)).toEqual([1, 0]);
  });

  test("is asked for again on the next stream after a break", async () => {
    const { server, watcher } = await watching();
    const asked = watcher.requestProgress();
    await settle();
    server.stream.break();
    server.onProgressRequest = (stream) => {
      stream.reply({ watch_id: "-1" });
    };
    await server.pass(100);
    expect(await asked).toBe(10);
  });

  test("a question without an answer ends at its deadline, by its signal, and with the watch", async () => {
    const { server, watcher } = await watching();
    const controller = new AbortController();
    const slow = watcher.requestProgress({ timeoutMs: 1_000 });
    const aborted = watcher.requestProgress({ signal: controller.signal });
    const ended = watcher.requestProgress();
    const outcomes = Promise.allSettled([slow, aborted, ended]);
    await settle();
    controller.abort();
    await server.pass(1_010);
    await watcher.close();
    expect(
      (await outcomes).map((outcome) => ((outcome as PromiseRejectedResult).reason as EtcdError).code),
    ).toEqual(["ETCD_DEADLINE_EXCEEDED", "ETCD_ABORTED", "ETCD_CLOSED"]);
    await expect(watcher.requestProgress()).rejects.toMatchObject({ code: "ETCD_CLOSED" });
  });

  test.each(["3.4.24", "3.5.7", "3.3.99", ""])(
    "a server %s, whose answers overtake events, is not asked",
    async (version) => {
      const { server, watcher } = await watching();
      server.endpoints[0]!.serverVersion = version;
      await expect(watcher.requestProgress()).rejects.toMatchObject({
        code: "ETCD_UNSUPPORTED",
        endpoint: "a:1",
      });
      expect(server.stream.progressRequestCount).toBe(0);
    },
  );

  test.each(["3.4.25", "3.5.8", "3.6.0", "3.7.0-rc.0", "4.0.0"])("a server %s is asked", async (version) => {
    const { server, watcher } = await watching();
    server.endpoints[0]!.serverVersion = undefined;
    server.identify = () => {
      server.endpoints[0]!.serverVersion = version;
      return Promise.resolve();
    };
    server.onProgressRequest = (stream) => {
      stream.reply({ watch_id: "-1" });
    };
    const asked = watcher.requestProgress();
    await server.pass(10);
    expect(await asked).toBe(10);
  });

  test("a member that cannot be asked for its version is the reason why", async () => {
    const { server, watcher } = await watching();
    server.endpoints[0]!.serverVersion = undefined;
    server.identify = () => Promise.reject(lostConnection());
    await expect(watcher.requestProgress()).rejects.toBeInstanceOf(ConnectionError);
  });
});

test("what becomes of a watch can be traced", async () => {
  const seen: string[] = [];
  const onEvent = (message: unknown): void => {
    const { type, revision, resumed, error } = message as { type: string } & Record<string, unknown>;
    seen.push([type, revision, resumed, (error as EtcdError | undefined)?.code].join(" ").trimEnd());
  };
  subscribe("etcdwire:watch", onEvent);
  try {
    const { server, watcher } = await watching({ bufferMaxEvents: 2 });
    server.stream.break();
    await server.pass(100);
    for (const value of Array.from("abc")) server.write({ k: value });
    await server.pass(10);
    const consumer = new Consumer(watcher);
    await server.pass(10);
    expect(consumer.texts).toHaveLength(3);
    await watcher.close();
  } finally {
    unsubscribe("etcdwire:watch", onEvent);
  }
  expect(seen).toEqual([
    "created 10 false",
    "interrupted 11  ETCD_CONNECTION_LOST",
    "created 10 true",
    "paused",
    "resumed",
    "created 13 true",
    "ended",
  ]);
});

describe("arguments", () => {
  test.each<[string, WatchOptions]>([
    ["startRevision is -1", { startRevision: -1 }],
    ["startRevision is 1.5", { startRevision: 1.5 }],
    ["startRevision is 9007199254740992", { startRevision: 2 ** 53 }],
    ["leave nothing", { noPut: true, noDelete: true }],
    ["at most one of", { prefix: true, fromKey: true }],
    ["prevKv must be", { prevKv: 1 as unknown as boolean }],
    ["fragment must be", { fragment: "yes" as unknown as boolean }],
    ["stream must be", { stream: "mine" as unknown as "own" }],
    ["bufferMaxEvents is 0", { bufferMaxEvents: 0 }],
    ["bufferMaxBytes is Infinity", { bufferMaxBytes: Infinity }],
    ["timeoutMs is 0", { timeoutMs: 0 }],
    ["signal must be", { signal: {} as AbortSignal }],
    ["unknown option progress", { progress: true } as WatchOptions],
    ["must be an object", null as unknown as WatchOptions],
  ])("%s: refused before anything is sent", async (message, options) => {
    const server = new FakeWatchServer();
    expect(() => server.watch("k", options)).toThrow(ArgumentError);
    expect(() => server.watch("k", options)).toThrow(message);
    await settle();
    expect(server.streams).toEqual([]);
    expect(server.runtime.timerCount).toBe(0);
  });

  test("a second iteration is refused", async () => {
    const { watcher } = await watching();
    watcher[Symbol.asyncIterator]();
    expect(() => watcher[Symbol.asyncIterator]()).toThrow(ArgumentError);
  });
});
