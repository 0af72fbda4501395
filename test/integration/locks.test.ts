import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { AbortError, Client, LockLostError, Mutex, Session, op, param } from "../../src/index.js";
import type { Lock, RpcEvent } from "../../src/index.js";
import { EtcdCluster } from "../../src/testing/index.js";
import { needEtcdctl } from "../support/etcdctl.js";
import { etcdctlFlags, optionsFor } from "../support/real-cluster.js";
import { forgetFirstTry } from "../support/second-try.js";
import { spawnSource } from "../support/source-process.js";

const firstLine = async (output: Readable): Promise<string> => {
  for await (const line of createInterface({ input: output })) return line;
  throw new Error("the process ended without a line");
};

describe.each([{ tls: false }, { tls: true }])("locks on a real etcd, tls: $tls", ({ tls }) => {
  /** What TLS does not change is tried without it only, but in long runs (`ETCDWIRE_LONG=1 npm run test:integration`). */
  const plainTest = test.skipIf(tls && process.env["ETCDWIRE_LONG"] !== "1");

  let cluster: EtcdCluster;
  let client: Client;
  let folder: string;
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    // Leases of 1 s are possible with short elections only: the server's least is 1.5 election timeouts.
    cluster = await EtcdCluster.start({ tls, shortElections: true });
  });
  afterAll(() => cluster.close());
  beforeEach(async (context) => {
    client = new Client(optionsFor(cluster));
    await forgetFirstTry(context, client);
    folder = await mkdtemp(join(tmpdir(), "etcdwire-locks-"));
    await writeFile(join(folder, "options.json"), JSON.stringify(optionsFor(cluster)));
  });
  afterEach(async () => {
    await client.close();
    for (const child of children.splice(0)) child.kill("SIGKILL");
    await rm(folder, { recursive: true, force: true });
  });

  const open = (ttlSeconds = 10): Promise<Session> => Session.create(client, { ttlSeconds });

  /** The keys in the line for a lock, oldest first. */
  const line = async (name: string): Promise<{ key: string; createRevision: number; lease: bigint }[]> => {
    const range = client.prepare({
      then: [op.get(param.key("key"), { prefix: true, sort: { target: "createRevision", order: "ascend" } })],
    });
    const { responses } = await range.run({ key: `${name}/` });
    if (responses[0]?.kind !== "get") throw new Error("not a get");
    return responses[0].kvs.map(({ key, createRevision, lease }) => ({
      key: key.string(),
      createRevision,
      lease,
    }));
  };

  const lineLength = async (name: string, length: number): Promise<void> => {
    while ((await line(name)).length !== length) await sleep(5);
  };

  test("a free lock is taken, looks as in Go, and its release leaves nothing", async () => {
    const session = await open();
    const lock = await new Mutex(session, "free/lock").lock();
    expect(lock.key).toBe(`free/lock/${session.leaseId.toString(16)}`);
    expect(await line("free/lock")).toEqual([
      { key: lock.key, createRevision: lock.token, lease: session.leaseId },
    ]);
    expect(lock.isHeld).toBe(true);
    lock.assertHeld();
    await lock.release();
    await lock.release();
    expect(lock.signal.reason).toMatchObject({ code: "ETCD_LOCK_LOST" });
    expect(() => {
      lock.assertHeld();
    }).toThrow(LockLostError);
    expect(await line("free/lock")).toEqual([]);
    await session.close();
  });

  test("eight contenders with sessions of their own get it in the order of their create revisions", async () => {
    const sessions = await Promise.all(Array.from({ length: 8 }, () => open()));
    const first = await new Mutex(sessions[0]!, "queue").lock();
    const got: Lock[] = [first];
    const waiting = sessions.slice(1).map(async (session) => {
      const lock = await new Mutex(session, "queue").lock();
      got.push(lock);
      expect(await line("queue")).toHaveLength(9 - got.length);
      await lock.release();
    });
    await lineLength("queue", 8);
    const order = await line("queue");
    await first.release();
    await Promise.all(waiting);
    expect(got.map(({ key }) => key)).toEqual(order.map(({ key }) => key));
    expect(got.every(({ token }, i) => i === 0 || token > got[i - 1]!.token)).toBe(true);
    expect(await line("queue")).toEqual([]);
    await Promise.all(sessions.map((session) => session.close()));
  });

  test("hand-over needs one acquire, one release, and neither a read nor another watch", async () => {
    const counts = { acquire: 0, release: 0, look: 0, abandon: 0, watch: 0 };
    const clients = [new Client(optionsFor(cluster)), new Client(optionsFor(cluster))];
    for (const one of clients) {
      const prepare = one.prepare.bind(one) as (...args: unknown[]) => { run(...args: unknown[]): unknown };
      Object.assign(one, {
        prepare: (shape: { if?: unknown; else?: unknown }, ...rest: unknown[]) => {
          const plan = prepare(shape, ...rest);
          const run = plan.run.bind(plan);
          const name = shape.else !== undefined ? "acquire" : shape.if === undefined ? "look" : "release";
          return Object.assign(plan, {
            run: (...args: unknown[]) => {
              counts[name]++;
              return run(...args);
            },
          });
        },
      });
      const watch = one.parts.watches.open.bind(one.parts.watches);
      one.parts.watches.open = (target, events) => {
        counts.watch++;
        // 0, "now": the server serves it at once, and every other watch on a 100 ms tick.
        expect(target.startRevision ?? 0).toBe(0);
        return watch(target, events);
      };
    }
    const sessions = await Promise.all(clients.map((one) => Session.create(one, { ttlSeconds: 10 })));
    const order: number[] = [];
    await Promise.all(
      sessions.map(async (session, i) => {
        const mutex = new Mutex(session, "tick-free");
        for (let n = 0; n < 50; n++) {
          await mutex.withLock(async () => {
            order.push(i);
            // Held until the other one stands in line.
            while (n < 49 && (await line("tick-free")).length < 2) await sleep(1);
          });
        }
      }),
    );
    expect(counts.acquire).toBe(100);
    expect(counts.release).toBe(100);
    // At most one of each per client: when it first had to wait.
    expect(counts.watch).toBeLessThanOrEqual(2);
    expect(counts.look).toBeLessThanOrEqual(2);
    const turns = order.filter((who, i) => i > 0 && who !== order[i - 1]).length;
    expect(turns).toBeGreaterThan(90);
    await Promise.all(sessions.map((session) => session.close()));
    await Promise.all(clients.map((one) => one.close()));
  });

  test("callers of one session take turns in the order in which they asked", async () => {
    const session = await open();
    const order: number[] = [];
    await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        new Mutex(session, "local").withLock((lock) => {
          order.push(lock.token);
          expect(i).toBe(order.length - 1);
        }),
      ),
    );
    expect([...order].sort((a, b) => a - b)).toEqual(order);
    await session.close();
  });

  test("an abort or a time limit while waiting ends the wait and leaves no key behind", async () => {
    const [holder, waiter] = await Promise.all([open(), open()]);
    const lock = await new Mutex(holder, "abort").lock();
    const mutex = new Mutex(waiter, "abort");
    const controller = new AbortController();
    const reason = new Error("changed my mind");
    const aborted = mutex.lock({ signal: controller.signal }).catch((error: unknown) => error);
    await lineLength("abort", 2);
    controller.abort(reason);
    const error = await aborted;
    expect(error).toBeInstanceOf(AbortError);
    expect(error).toMatchObject({ cause: reason });
    await mutex.settled();
    expect((await line("abort")).map(({ key }) => key)).toEqual([lock.key]);

    await expect(mutex.lock({ timeoutMs: 50 })).rejects.toMatchObject({ code: "ETCD_DEADLINE_EXCEEDED" });
    await mutex.settled();
    expect((await line("abort")).map(({ key }) => key)).toEqual([lock.key]);

    const later = mutex.lock();
    await lineLength("abort", 2);
    await lock.release();
    expect((await later).token).toBeGreaterThan(lock.token);
    await Promise.all([holder.close(), waiter.close()]);
    expect(await line("abort")).toEqual([]);
  });

  plainTest("a holder that is killed loses the lock to the next in line when its lease ends", async () => {
    const child = spawnSource("test/support/lock-process.ts", [folder, "0"]);
    children.push(child);
    const [, token] = (await firstLine(child.stdout)).split(" ");
    const session = await open();
    const next = new Mutex(session, "shared").lock();
    await lineLength("shared", 2);
    child.kill("SIGKILL");
    const lock = await next;
    expect(lock.token).toBeGreaterThan(Number(token));
    await session.close();
  });

  plainTest(
    "two processes hand a lock over without an overlap, tokens grow, and both end by themselves",
    async () => {
      const contenders = [0, 1].map(() => spawnSource("test/support/lock-process.ts", [folder, "40"]));
      children.push(...contenders);
      const ends = await Promise.all(
        contenders.map(async (child) => {
          let text = "";
          child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
          child.stderr.on("data", (chunk: Buffer) => (text += chunk.toString()));
          const [code] = (await once(child, "close")) as [number | null];
          return `${text.trim()} ${code}`;
        }),
      );
      expect(ends).toEqual(["done 0", "done 0"]);
      const tokens = (await readFile(join(folder, "tokens"), "utf8")).trim().split("\n").map(Number);
      expect(tokens).toHaveLength(80);
      expect(tokens.every((token, i) => i === 0 || token > tokens[i - 1]!)).toBe(true);
    },
  );

  plainTest(
    "renewals keep a lock past its lease's TTL; revoked behind our back, it is lost and released without an error",
    async () => {
      const session = await open(1);
      const lock = await new Mutex(session, "renewed").lock();
      await sleep(session.ttlSeconds * 1_000 + 1_000);
      lock.assertHeld();
      expect((await line("renewed")).map(({ createRevision }) => createRevision)).toEqual([lock.token]);

      const other = await open();
      const next = new Mutex(other, "renewed").lock();
      await lineLength("renewed", 2);
      await client.parts.renewals.revoke(session.leaseId, { timeoutMs: 5_000 });
      expect((await next).token).toBeGreaterThan(lock.token);
      if (!lock.signal.aborted) await once(lock.signal, "abort");
      expect(lock.signal.reason).toBeInstanceOf(LockLostError);
      await lock.release();
      if (!session.signal.aborted) await once(session.signal, "abort");
      await expect(new Mutex(session, "renewed").lock()).rejects.toBeInstanceOf(LockLostError);
      await other.close();
    },
  );

  test("withLock releases after work that throws, and says so when the lock was lost in the middle", async () => {
    const session = await open();
    const mutex = new Mutex(session, "with");
    await expect(mutex.withLock(() => Promise.reject(new Error("work")))).rejects.toThrow("work");
    expect(await line("with")).toEqual([]);
    expect(await mutex.withLock((lock) => lock.token)).toBeGreaterThan(0);
    const lost = mutex.withLock(async (lock) => {
      void session.close();
      expect(lock.isHeld).toBe(false);
      await sleep(1);
    });
    await expect(lost).rejects.toMatchObject({ code: "ETCD_SESSION_EXPIRED" });
  });

  test("closing the client ends whoever waits and whoever holds, and close() of the session returns", async () => {
    const own = new Client(optionsFor(cluster));
    const [a, b] = await Promise.all([Session.create(own), Session.create(own)]);
    const lock = await new Mutex(a, "closed").lock();
    const waiting = new Mutex(b, "closed").lock().catch((error: unknown) => error);
    await lineLength("closed", 2);
    await own.close();
    expect(await waiting).toMatchObject({ name: "LockLostError" });
    expect(lock.isHeld).toBe(false);
    await lock.release();
    await Promise.all([a.close(), b.close()]);
    await expect(Session.create(own)).rejects.toMatchObject({ code: "ETCD_CLOSED" });
  });

  plainTest("etcdctl lock and we exclude one another, whoever comes first", async (context) => {
    const etcdctl = await needEtcdctl(context, cluster);
    const session = await open();
    const mutex = new Mutex(session, "etcdctl");
    const lock = await mutex.lock();
    const ctl = spawn(etcdctl, [...etcdctlFlags(cluster), "lock", "etcdctl"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    children.push(ctl);
    const theirKey = firstLine(ctl.stdout);
    await lineLength("etcdctl", 2);
    expect(await Promise.race([theirKey, sleep(300, "still waiting")])).toBe("still waiting");
    await lock.release();
    expect((await line("etcdctl")).map(({ key }) => key)).toEqual([await theirKey]);

    const again = mutex.lock();
    await lineLength("etcdctl", 2);
    expect(await Promise.race([again, sleep(300, "still waiting")])).toBe("still waiting");
    ctl.kill("SIGINT");
    expect((await again).token).toBeGreaterThan(lock.token);
    await session.close();
  });
});

/** What a `Mutex` does at etcd, on one cluster without TLS. */
describe("a mutex on a real etcd", () => {
  let cluster: EtcdCluster;
  let client: Client;

  beforeAll(async () => {
    cluster = await EtcdCluster.start({ shortElections: true });
  });
  afterAll(() => cluster.close());
  beforeEach((context) => {
    client = new Client(optionsFor(cluster));
    return forgetFirstTry(context, client);
  });
  afterEach(() => client.close());

  const open = (one = client): Promise<Session> => Session.create(one, { ttlSeconds: 10 });

  const keysOf = async (name: string): Promise<number> => {
    const { kvs } = await client.kv.get(`${name}/`, { prefix: true });
    return kvs.length;
  };

  /** The paths of the RPCs that `work` makes. */
  const rpcsOf = async (work: () => Promise<unknown>): Promise<string[]> => {
    const paths: string[] = [];
    const start = "tracing:etcdwire:rpc:start";
    const note = (event: unknown): void => {
      paths.push((event as RpcEvent).path);
    };
    subscribe(start, note);
    try {
      await work();
    } finally {
      unsubscribe(start, note);
    }
    return paths.filter((path) => path !== "/etcdserverpb.Lease/LeaseKeepAlive");
  };

  test("ten thousand callers of one session get the lock in order", async () => {
    const session = await open();
    const shared = new Mutex(session, "many", {
      localHandover: "shared-token",
      localHandoverMaxCount: 1_000,
    });
    const order: number[] = [];
    let token = 0;
    await Promise.all(
      Array.from({ length: 10_000 }, async (_, i) => {
        const lock = await shared.lock();
        order.push(i);
        expect(lock.token).toBeGreaterThanOrEqual(token);
        token = lock.token;
        await lock.release();
      }),
    );
    expect(order.every((i, at) => i === at)).toBe(true);
    expect(await keysOf("many")).toBe(0);
    await session.close();
  });

  test("two clients with callers of their own take turns, and tokens grow", async () => {
    const other = new Client(optionsFor(cluster));
    const sessions = [await open(), await open(other)];
    const got: { who: number; token: number }[] = [];
    await Promise.all(
      sessions.flatMap((session, who) =>
        Array.from({ length: 100 }, () =>
          new Mutex(session, "fair", { localHandoverMaxCount: 4 }).withLock((lock) => {
            got.push({ who, token: lock.token });
          }),
        ),
      ),
    );
    expect(got).toHaveLength(200);
    expect(got.every(({ token }, i) => i === 0 || token > got[i - 1]!.token)).toBe(true);
    // Without a bound the one would wait for all turns of the other.
    const changes = got.filter(({ who }, i) => i > 0 && who !== got[i - 1]!.who);
    expect(changes.length).toBeGreaterThan(10);
    expect(await keysOf("fair")).toBe(0);
    await Promise.all(sessions.map((session) => session.close()));
    await other.close();
  });

  test("a hand-over that finds others behind gives the lock to them in one request, and needs no compare after a write", async () => {
    const [mine, theirs] = [await open(), await open()];
    const mutex = new Mutex(mine, "bound", { localHandoverMaxCount: 0 });
    const first = await mutex.lock();
    const second = mutex.lock();
    const rpcs = await rpcsOf(() => first.release());
    expect(rpcs).toEqual(["/etcdserverpb.KV/Txn"]);
    const held = await second;
    const third = mutex.lock();
    const remote = new Mutex(theirs, "bound").lock();
    while ((await keysOf("bound")) < 2) await sleep(1);
    await held.release();
    const lock = await remote;
    expect(lock.token).toBeGreaterThan(held.token);
    await lock.release();
    const again = await third;
    expect(again.token).toBeGreaterThan(lock.token);
    await again.release();
    await Promise.all([mine.close(), theirs.close()]);
  });

  test("a tryLock that fails is one request and no revision, and none at all in the holder's process", async () => {
    const [mine, theirs] = [await open(), await open()];
    const mutex = new Mutex(mine, "try", { owner: "a host" });
    const { lock } = await mutex.tryLock();
    const before = (await client.kv.get("none")).revision;
    const rpcs = await rpcsOf(async () => {
      const { holder } = await new Mutex(theirs, "try").tryLock();
      expect(holder).toEqual({ key: lock!.key, createRevision: lock!.token, owner: "a host", isOurs: false });
    });
    expect(rpcs).toEqual(["/etcdserverpb.KV/Txn"]);
    const none = await rpcsOf(async () => {
      expect((await mutex.tryLock()).holder).toMatchObject({ key: lock!.key, isOurs: true });
    });
    expect(none).toEqual([]);
    expect((await client.kv.get("none")).revision).toBe(before);
    await lock!.release();
    const taken = await new Mutex(theirs, "try").tryLock();
    expect(taken.lock!.token).toBeGreaterThan(lock!.token);
    await Promise.all([mine.close(), theirs.close()]);
  });

  test("a guard and a guarded transaction refuse after a hand-over and after a loss", async () => {
    const session = await open();
    const mutex = new Mutex(session, "guard");
    const first = await mutex.lock();
    const second = mutex.lock();
    await first.txn({ then: [op.put("guarded", "1")] });
    await first.release();
    const lock = await second;
    const late = await client.kv.txn({ if: first.guard(), then: [op.put("guarded", "late")] });
    expect(late.succeeded).toBe(false);
    await client.kv.delete(lock.key);
    await expect(lock.txn({ then: [op.put("guarded", "lost")] })).rejects.toBeInstanceOf(LockLostError);
    expect(lock.isHeld).toBe(false);
    expect((await client.kv.get("guarded")).kvs[0]!.value.string()).toBe("1");
    await (await mutex.lock()).release();
    await session.close();
  });

  test("a key that somebody deletes ends a lock that nobody else wants", async () => {
    const session = await open();
    const lock = await new Mutex(session, "deleted").lock();
    const lost = once(lock.signal, "abort");
    await client.kv.delete(lock.key);
    await lost;
    expect(lock.signal.reason).toMatchObject({ code: "ETCD_LOCK_LOST" });
    await lock.release();
    await session.close();
  });

  test("thirty sessions in one line hand over in the order of their keys", async () => {
    const sessions = await Promise.all(Array.from({ length: 30 }, () => open()));
    const got: Lock[] = [];
    const first = await new Mutex(sessions[0]!, "long").lock();
    const waiting = sessions.slice(1).map(async (session) => {
      const lock = await new Mutex(session, "long").lock();
      got.push(lock);
      await lock.release();
    });
    while ((await keysOf("long")) < 30) await sleep(5);
    const { kvs } = await client.kv.get("long/", {
      prefix: true,
      sort: { target: "createRevision", order: "ascend" },
    });
    await first.release();
    await Promise.all(waiting);
    expect(got.map(({ key }) => key)).toEqual(kvs.slice(1).map(({ key }) => key.string()));
    expect(got.every(({ token }, i) => token > (got[i - 1] ?? first).token)).toBe(true);
    await Promise.all(sessions.map((session) => session.close()));
  });

  test("a lock of an orphaned session is adopted where it stands, and has a new token", async () => {
    const former = await open();
    const before = await new Mutex(former, "heir").lock();
    const session = await Session.resume(client, former.orphan());
    const lock = await new Mutex(session, "heir").resume();
    expect(lock!.token).toBeGreaterThan(before.token);
    const [mine, theirs] = await Promise.all(
      [lock!, before].map((each) => client.kv.txn({ if: each.guard(), then: [] })),
    );
    expect([mine!.succeeded, theirs!.succeeded]).toEqual([true, false]);
    await lock!.release();
    expect(await new Mutex(session, "heir").resume()).toBe(undefined);
    await session.close();
  });
});
