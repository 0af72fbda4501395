import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, type TestContext } from "vitest";
import { Client, Election, Mutex, Session } from "../../src/index.js";
import type { ElectedLeader, Namespace } from "../../src/index.js";
import { EtcdCluster } from "../../src/testing/index.js";
import { needEtcdctl } from "../support/etcdctl.js";
import { GoPeer, type GoLeader } from "../support/go-peer.js";
import { etcdctlFlags, optionsFor } from "../support/real-cluster.js";
import { forgetFirstTry } from "../support/second-try.js";

// Our locks and elections beside those of others, on the same names: Go's concurrency package, etcdctl, and the server's
// own services (v3lock, v3election), which are Go's package inside of etcd.

let cluster: EtcdCluster;
let client: Client;
const children: ChildProcess[] = [];
const goPeers: GoPeer[] = [];

beforeAll(async () => {
  // A lease of 1 s needs short elections: the server's least is 1.5 election timeouts.
  cluster = await EtcdCluster.start({ shortElections: true });
  await GoPeer.prepare();
}, 600_000);
afterAll(() => cluster.close());
beforeEach((context) => {
  client = new Client(optionsFor(cluster));
  return forgetFirstTry(context, client);
});
afterEach(async () => {
  await client.close();
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await Promise.all(goPeers.splice(0).map((peer) => peer.kill()));
});

const startGo = async (context: TestContext): Promise<GoPeer> => {
  const peer = await GoPeer.start(context, cluster);
  goPeers.push(peer);
  return peer;
};

/** The keys under a name, oldest first. */
const line = async (name: string): Promise<{ key: string; createRevision: number; lease: bigint }[]> => {
  const sort = { target: "createRevision", order: "ascend" } as const;
  const { kvs } = await client.kv.get(`${name}/`, { prefix: true, sort });
  return kvs.map(({ key, createRevision, lease }) => ({ key: key.string(), createRevision, lease }));
};

const lineLength = async (name: string, length: number): Promise<void> => {
  while ((await line(name)).length !== length) await sleep(5);
};

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await sleep(5);
};

/** A turn at a lock or in an election. */
interface Turn {
  /** In etcd. */
  readonly key: string;
  /** If it tells. */
  readonly token?: number;
  /** Gives it back, in order. */
  end(): Promise<unknown>;
}

/** Somebody who wants a lock, or stands for election with `value`; each time with a session of its own. */
type Party = (name: string, value: string) => Promise<Turn>;

const nextId = (
  (count) => () =>
    ++count
)(0);

const ours: Record<"mutex" | "election", Party> = {
  async mutex(name) {
    const session = await Session.create(client, { ttlSeconds: 20 });
    const lock = await new Mutex(session, name).lock();
    return { key: lock.key, token: lock.token, end: () => lock.release() };
  },
  async election(name, value) {
    const session = await Session.create(client, { ttlSeconds: 20 });
    const leadership = await new Election(session, name).campaign(value);
    return { key: leadership.key, token: leadership.token, end: () => leadership.resign() };
  },
};

const goParty = (go: GoPeer, kind: "mutex" | "election"): Party => {
  const [take, give] = kind === "mutex" ? ["lock", "unlock"] : ["campaign", "resign"];
  return async (name, value) => {
    const session = String(nextId());
    await go.do({ do: "session", session, ttl: 20 });
    const { key } = await go.do({ do: take, session, name, value, handle: session });
    return { key: key!, end: () => go.do({ do: give, handle: session }) };
  };
};

const etcdctlParty =
  (etcdctl: string, kind: "mutex" | "election"): Party =>
  async (name, value) => {
    const command = kind === "mutex" ? ["lock", "--ttl=20", name] : ["elect", name, value];
    const child = spawn(etcdctl, [...etcdctlFlags(cluster), ...command], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    children.push(child);
    const exited = once(child, "exit");
    for await (const key of createInterface({ input: child.stdout })) {
      return {
        key,
        end: () => {
          child.kill("SIGINT");
          return exited;
        },
      };
    }
    throw new Error("etcdctl ended without a word");
  };

const serverParty: Record<"mutex" | "election", Party> = {
  async mutex(name) {
    const { id } = await client.lease.grant(20);
    const { key } = await client.serverLock.lock(name, { lease: id });
    return { key: key.string(), end: () => client.serverLock.unlock(key) };
  },
  async election(name, value) {
    const { id } = await client.lease.grant(20);
    const leader = await client.serverElection.campaign(name, { lease: id, value });
    return { key: leader.key.string(), end: () => client.serverElection.resign(leader) };
  },
};

/** Lines them up, each when the one before it stands, and lets each have its turn: nobody has it before or with another. */
const takeTurns = async (
  name: string,
  parties: readonly Party[],
  onTurn: (value: string, key: string) => Promise<void> = async () => {},
): Promise<void> => {
  const turns: Turn[] = [];
  const got: number[] = [];
  for (const [i, party] of parties.entries()) {
    void party(name, `value ${i}`).then((turn) => {
      turns[i] = turn;
      got.push(i);
    });
    await lineLength(name, i + 1);
  }
  const keys = (await line(name)).map(({ key }) => key);
  let lastToken = 0;
  for (const i of parties.keys()) {
    await until(() => got.length > i);
    expect(got).toEqual([...Array(i + 1).keys()]);
    const { key, token } = turns[i]!;
    expect(key).toBe(keys[i]);
    expect((await line(name))[0]!.key).toBe(key);
    await onTurn(`value ${i}`, key);
    if (token !== undefined) expect(token).toBeGreaterThan(lastToken);
    lastToken = token ?? lastToken;
    expect(got).toHaveLength(i + 1);
    await turns[i]!.end();
  }
  expect(await line(name)).toEqual([]);
};

test("Go's mutex and ours exclude and follow one another", async (context) => {
  const go = goParty(await startGo(context), "mutex");
  const { mutex } = ours;
  await takeTurns("go turns", [mutex, go, mutex, mutex, go, go, mutex]);
});

test("etcdctl lock, the server's lock and ours exclude and follow one another", async (context) => {
  const ctl = etcdctlParty(await needEtcdctl(context, cluster), "mutex");
  const { mutex } = ours;
  const server = serverParty.mutex;
  await takeTurns("turns", [mutex, ctl, mutex, server, mutex, mutex]);
});

/** Each leads in its turn; we see and tell each of them, and `others` check that they do. */
const leadInTurns = async (
  name: string,
  parties: readonly Party[],
  others: (key: string, value: string) => Promise<void>,
): Promise<void> => {
  const election = new Election(await Session.create(client), name);
  const seen: string[] = [];
  const observing = (async () => {
    for await (const { value } of election.observe()) {
      if (seen.push(value.string()) === parties.length) return;
    }
  })();
  await takeTurns(name, parties, async (value, key) => {
    const leader = await election.leader();
    expect(leader).toMatchObject({ key });
    expect(leader!.value.string()).toBe(value);
    await others(key, value);
    // Each is told, since each has been the leader for a while.
    await until(() => seen.at(-1) === value);
  });
  await observing;
  expect(seen).toEqual(parties.map((_, i) => `value ${i}`));
};

test("Go's election and ours follow one another, and see one another's leaders", async (context) => {
  const peer = await startGo(context);
  await peer.do({ do: "session", session: "watch", ttl: 20 });
  const go = goParty(peer, "election");
  const { election } = ours;
  await leadInTurns("go elect", [election, go, election, election, go, go, election], async (key, value) => {
    const { leader } = await peer.do({ do: "leader", session: "watch", name: "go elect" });
    expect(leader).toMatchObject({ key, value });
  });
});

test("etcdctl elect, the server's election and ours follow one another, and see one another's leaders", async (context) => {
  const ctl = etcdctlParty(await needEtcdctl(context, cluster), "election");
  const { election } = ours;
  const server = serverParty.election;
  await leadInTurns("elect", [election, ctl, election, server, election, election], async (key, value) => {
    const leader = await client.serverElection.leader("elect");
    expect([leader?.kv.key.string(), leader?.kv.value.string()]).toEqual([key, value]);
  });
});

test("proclamations of ours are observed by Go, etcdctl and the server, and those of Go by us", async (context) => {
  const go = await startGo(context);
  const etcdctl = await needEtcdctl(context, cluster);
  await go.do({ do: "session", session: "go", ttl: 20 });
  const session = await Session.create(client);
  const election = new Election(session, "proclaim");
  const leadership = await election.campaign("1");

  const byGo: GoLeader[] = [];
  const goObserve = go.start({ do: "observe", session: "go", name: "proclaim" }, (leader) =>
    byGo.push(leader),
  );
  const listener = spawn(etcdctl, [...etcdctlFlags(cluster), "elect", "--listen", "proclaim"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  children.push(listener);
  const byEtcdctl: string[] = [];
  createInterface({ input: listener.stdout }).on("line", (text) => byEtcdctl.push(text));
  const byServer: string[] = [];
  const stop = new AbortController();
  const serverObserve = (async () => {
    for await (const { kv } of client.serverElection.observe("proclaim", { signal: stop.signal }))
      byServer.push(kv.value.string());
  })().catch(() => {});
  const byUs: ElectedLeader[] = [];
  const ourObserve = (async () => {
    for await (const leader of election.observe({ signal: stop.signal })) byUs.push(leader);
  })().catch(() => {});

  const heard = (value: string) => () =>
    byGo.at(-1)?.value === value &&
    byEtcdctl.at(-1) === value &&
    byServer.at(-1) === value &&
    byUs.at(-1)?.value.string() === value;
  await until(heard("1"));
  await leadership.proclaim("2");
  await until(heard("2"));
  const campaign = go.do({ do: "campaign", session: "go", name: "proclaim", handle: "go", value: "3" });
  await lineLength("proclaim", 2);
  await leadership.resign();
  const { key } = await campaign;
  await until(heard("3"));
  await go.do({ do: "proclaim", handle: "go", value: "4" });
  await until(heard("4"));
  expect(byUs.at(-1)!.key).toBe(key);
  expect(byUs.map(({ value }) => value.string())).toEqual(["1", "2", "3", "4"]);
  stop.abort();
  await Promise.all([ourObserve, serverObserve, goObserve.cancel()]);
  await goObserve.done;
});

test("a try of either against the other's lock fails, leaves nothing, and holds nobody up", async (context) => {
  const go = await startGo(context);
  await go.do({ do: "session", session: "go", ttl: 20 });
  const mutex = new Mutex(await Session.create(client), "try");
  const next = new Mutex(await Session.create(client), "try");
  const lock = await mutex.lock();
  const waiting = next.lock();
  await lineLength("try", 2);
  const tryLock = (): Promise<unknown> => go.do({ do: "trylock", session: "go", name: "try", handle: "try" });
  await expect(tryLock()).rejects.toThrow("Locked by another session");
  await lineLength("try", 2);
  await lock.release();
  const second = await waiting;
  expect(second.isHeld).toBe(true);
  await second.release();
  await tryLock();
  const [goKey] = await line("try");
  const { lock: none, holder } = await mutex.tryLock();
  expect(none).toBeUndefined();
  expect(holder).toMatchObject({ key: goKey!.key, createRevision: goKey!.createRevision });
  await lineLength("try", 1);
  await go.do({ do: "unlock", handle: "try" });
  expect((await mutex.tryLock()).lock?.isHeld).toBe(true);
});

test("whoever gives up waiting is passed over, theirs and ours", async (context) => {
  const go = await startGo(context);
  for (const session of ["a", "b"]) await go.do({ do: "session", session, ttl: 20 });
  const mutexes: Mutex[] = [];
  for (let i = 0; i < 3; i++) mutexes.push(new Mutex(await Session.create(client), "give up"));
  const lock = await mutexes[0]!.lock();
  const goFirst = go.start({ do: "lock", session: "a", name: "give up", handle: "a" });
  await lineLength("give up", 2);
  const controller = new AbortController();
  const oursGivenUp = mutexes[1]!.lock({ signal: controller.signal });
  await lineLength("give up", 3);
  const goSecond = go.do({ do: "lock", session: "b", name: "give up", handle: "b" });
  await lineLength("give up", 4);
  const last = mutexes[2]!.lock();
  await lineLength("give up", 5);
  await goFirst.cancel();
  await expect(goFirst.done).rejects.toThrow("context canceled");
  controller.abort();
  await expect(oursGivenUp).rejects.toMatchObject({ code: "ETCD_ABORTED" });
  await lineLength("give up", 3);
  await lock.release();
  await goSecond;
  await go.do({ do: "unlock", handle: "b" });
  expect((await last).isHeld).toBe(true);
});

/** Lets `party` stand behind whoever holds `name`, and resolves when it does; `followed` when it has its turn. */
const standBehind = async (name: string, party: Party): Promise<{ readonly followed: Promise<unknown> }> => {
  const followed = party(name, "follower");
  await lineLength(name, 2);
  return { followed };
};

test("an etcdctl that dies is followed when its lease ends, and one that is revoked at once", async (context) => {
  const etcdctl = await needEtcdctl(context, cluster);
  const run = (...words: string[]): ChildProcess => {
    const child = spawn(etcdctl, [...etcdctlFlags(cluster), ...words], { stdio: "ignore" });
    children.push(child);
    return child;
  };
  const lock = run("lock", "--ttl=1", "killed lock");
  run("elect", "killed elect", "x");
  await lineLength("killed lock", 1);
  await lineLength("killed elect", 1);
  const followers = [
    await standBehind("killed lock", ours.mutex),
    await standBehind("killed elect", ours.election),
  ];
  lock.kill("SIGKILL");
  await client.lease.revoke((await line("killed elect"))[0]!.lease);
  await Promise.all(followers.map(({ followed }) => followed));
});

test("who dies is followed when its lease ends, Go and we", async (context) => {
  const doomed = await startGo(context);
  const go = await startGo(context);
  // Of ours, one that dies: its client is gone, and nobody revokes its lease.
  const dying = new Client(optionsFor(cluster));
  await doomed.do({ do: "session", session: "doomed", ttl: 1 });
  await doomed.do({ do: "lock", session: "doomed", name: "go mutex", handle: "m" });
  await doomed.do({ do: "campaign", session: "doomed", name: "go election", handle: "e", value: "x" });
  const session = await Session.create(dying, { ttlSeconds: 1 });
  const lock = await new Mutex(session, "our mutex").lock();
  const leadership = await new Election(session, "our election").campaign("x");
  const followers = [
    await standBehind("go mutex", ours.mutex),
    await standBehind("go election", ours.election),
    await standBehind("our mutex", goParty(go, "mutex")),
    await standBehind("our election", goParty(go, "election")),
  ];
  await doomed.kill();
  await dying.close();
  expect([lock.isHeld, leadership.isHeld]).toEqual([false, false]);
  await Promise.all(followers.map(({ followed }) => followed));
});

test("who is revoked is followed at once, Go and we, and we hear of it", async (context) => {
  const go = await startGo(context);
  await go.do({ do: "session", session: "go", ttl: 20 });
  await go.do({ do: "lock", session: "go", name: "revoked mutex", handle: "m" });
  const session = await Session.create(client);
  const leadership = await new Election(session, "revoked election").campaign("x");
  const followers = [
    await standBehind("revoked mutex", ours.mutex),
    await standBehind("revoked election", goParty(go, "election")),
  ];
  await client.lease.revoke((await line("revoked mutex"))[0]!.lease);
  await client.lease.revoke(session.leaseId);
  await Promise.all(followers.map(({ followed }) => followed));
  await until(() => leadership.signal.aborted);
  expect(leadership.isHeld).toBe(false);
});

test("in a namespace, Go's namespaces and ours are the same, also seen from outside", async (context) => {
  const go = await startGo(context);
  await go.do({ do: "session", session: "in", ttl: 20, namespace: "space/" });
  const inside = client.namespace("space/");
  const our = async (where: Namespace, name: string): Promise<{ mutex: Mutex; election: Election }> => {
    const session = await Session.create(where);
    return { mutex: new Mutex(session, name), election: new Election(session, name) };
  };
  const first = await our(inside, "ns");
  const last = await our(client, "space/ns");
  const lock = await first.mutex.lock();
  const goLock = go.do({ do: "lock", session: "in", name: "ns", handle: "m" });
  await lineLength("space/ns", 2);
  const lastLock = last.mutex.lock();
  await lineLength("space/ns", 3);
  await lock.release();
  const { key } = await goLock;
  expect(`space/${key}`).toBe((await line("space/ns"))[0]!.key);
  await go.do({ do: "unlock", handle: "m" });
  await (await lastLock).release();

  await go.do({ do: "campaign", session: "in", name: "ns", handle: "e", value: "go" });
  expect((await first.election.leader())?.key).toBe(key);
  expect((await last.election.leader())?.key).toBe(`space/${key}`);
  const campaign = first.election.campaign("ours");
  await lineLength("space/ns", 2);
  await go.do({ do: "resign", handle: "e" });
  const leadership = await campaign;
  const { leader } = await go.do({ do: "leader", session: "in", name: "ns" });
  expect(leader).toMatchObject({ key: leadership.key, value: "ours" });
});

test("a leadership is resumed by its lease: Go's by us, ours by Go", async (context) => {
  const go = await startGo(context);
  const { lease } = await go.do({ do: "session", session: "go", ttl: 20 });
  const won = await go.do({ do: "campaign", session: "go", name: "resume", handle: "e", value: "go" });
  await go.do({ do: "orphan", session: "go" });
  const session = await Session.resume(client, BigInt(`0x${lease!}`));
  const election = new Election(session, "resume");
  const leadership = await election.resume();
  expect(leadership).toMatchObject({ key: won.key, createRevision: won.revision, isHeld: true });
  expect(leadership!.value.string()).toBe("go");
  await leadership!.proclaim("ours");
  const ourKey = leadership!.key;
  session.orphan();
  expect(leadership!.isHeld).toBe(false);

  await go.do({ do: "session", session: "again", ttl: 20, lease: session.leaseId.toString(16) });
  const { createRevision: revision } = leadership!;
  await go.do({ do: "resume", session: "again", name: "resume", handle: "e2", key: ourKey, revision });
  await go.do({ do: "proclaim", handle: "e2", value: "go again" });
  expect((await election.leader())?.value.string()).toBe("go again");
  await go.do({ do: "resign", handle: "e2" });
  expect(await line("resume")).toEqual([]);
});
