import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { AbortError, Client, Election, LockLostError, Session, op } from "../../src/index.js";
import type { ElectedLeader, EtcdError } from "../../src/index.js";
import { EtcdCluster } from "../../src/testing/index.js";
import { optionsFor } from "../support/real-cluster.js";
import { forgetFirstTry } from "../support/second-try.js";
import { TcpProxy } from "../support/tcp-proxy.js";

let cluster: EtcdCluster;
let client: Client;

beforeAll(async () => {
  cluster = await EtcdCluster.start({ members: 3, shortElections: true });
});
afterAll(() => cluster.close());
beforeEach((context) => {
  client = new Client(optionsFor(cluster));
  return forgetFirstTry(context, client);
});
afterEach(() => client.close());

const stand = async (name: string, ttlSeconds = 20): Promise<{ session: Session; election: Election }> => {
  const session = await Session.create(client, { ttlSeconds });
  return { session, election: new Election(session, name) };
};

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await sleep(5);
};

/** Collects what is observed until it ends. */
const collect = (
  leaders: AsyncIterable<ElectedLeader>,
): { readonly seen: ElectedLeader[]; readonly ended: Promise<unknown> } => {
  const seen: ElectedLeader[] = [];
  const ended = (async () => {
    for await (const leader of leaders) seen.push(leader);
    return "done";
  })().catch((error: unknown) => error);
  return { seen, ended };
};

const texts = (leaders: readonly ElectedLeader[]): string[] => leaders.map(({ value }) => value.string());

test("any bytes are a proposal and any text a name; the leader is told as etcd has it", async () => {
  const name = "Wahl/für → 選挙";
  const one = await stand(name);
  const two = await stand(name);
  expect(await one.election.leader()).toBeUndefined();
  const value = new Uint8Array([0, 255, 128, 10]);
  const leadership = await one.election.campaign(value);
  const waiting = two.election.campaign("");
  const leader = await two.election.leader();
  expect(leader).toMatchObject({
    key: leadership.key,
    createRevision: leadership.createRevision,
    modRevision: leadership.createRevision,
    lease: one.session.leaseId,
  });
  expect([...leader!.value]).toEqual([...value]);
  expect(JSON.parse(JSON.stringify(leader))).toMatchObject({
    value: "AP+ACg==",
    lease: String(one.session.leaseId),
  });
  await leadership.resign();
  const next = await waiting;
  expect(next.token).toBeGreaterThan(leadership.token);
  expect((await one.election.leader())!.value.length).toBe(0);
  await next.resign();
});

test("what a leader writes under its guard is written only while it leads", async () => {
  const { session, election } = await stand("guard");
  const leadership = await election.campaign("v");
  await leadership.proclaim("w");
  await leadership.txn({ then: [op.put("guarded", "1")] });
  await client.lease.revoke(session.leaseId);
  const other = await (await stand("guard")).election.campaign("x");
  const late = await client.kv.txn({ if: leadership.guard(), then: [op.put("guarded", "late")] });
  expect(late.succeeded).toBe(false);
  const error = await leadership.proclaim("late").catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(LockLostError);
  expect((await client.kv.get("guarded")).kvs[0]?.value.string()).toBe("1");
  expect((await election.leader())?.value.string()).toBe("x");
  await other.resign();
});

test("observing ends at once when it is left or aborted, also while nobody leads", async () => {
  const { election } = await stand("leave");
  const left = election.observe();
  const next = left.next();
  await left.return!();
  expect(await next).toEqual({ done: true, value: undefined });
  const controller = new AbortController();
  const aborted = collect(election.observe({ signal: controller.signal }));
  const leadership = await election.campaign("v");
  await until(() => aborted.seen.length === 1);
  controller.abort("enough");
  const error = await aborted.ended;
  expect(error).toBeInstanceOf(AbortError);
  expect((error as AbortError).cause).toBe("enough");
  // Leaving after a leader was told.
  for await (const { key } of election.observe()) {
    expect(key).toBe(leadership.key);
    break;
  }
  await leadership.resign();
});

test("an observer that was cut off, while what it missed was compacted, goes on with the present leader", async () => {
  const proxies = await Promise.all(cluster.endpoints.map((endpoint) => TcpProxy.start(endpoint)));
  const far = new Client({ endpoints: proxies.map(({ endpoint }) => endpoint) });
  try {
    const { election } = await stand("compacted");
    const leadership = await election.campaign("1");
    // Its session is not needed for observing.
    const farSession = await Session.create(far, { ttlSeconds: 60 });
    const { seen, ended } = collect(new Election(farSession, "compacted").observe());
    await until(() => seen.length === 1);
    for (const proxy of proxies) {
      await proxy.refuse();
      proxy.reset();
    }
    await leadership.proclaim("2");
    const { revision } = await leadership.proclaim("3");
    await client.kv.compact(revision);
    for (const proxy of proxies) await proxy.resume();
    await until(() => seen.length > 1);
    expect(texts(seen)).toEqual(["1", "3"]);
    await leadership.proclaim("4");
    await until(() => seen.length > 2);
    expect(texts(seen)).toEqual(["1", "3", "4"]);
    await leadership.resign();
    await far.close();
    expect(((await ended) as EtcdError).code).toBe("ETCD_CLOSED");
  } finally {
    await far.close();
    for (const proxy of proxies) await proxy.close();
  }
});

test("leaders follow one another, and are observed, over the death of etcd's own leader", async () => {
  const candidates = [await stand("failover"), await stand("failover"), await stand("failover")];
  const { seen } = collect(candidates[0]!.election.observe());
  const tokens: number[] = [];
  const terms = candidates.map(({ election }, i) =>
    election.withLeadership(async (leadership) => {
      tokens.push(leadership.token);
      await until(() => seen.at(-1)?.key === leadership.key);
      if (tokens.length === 2) {
        const member = await cluster.leader();
        await member.kill();
        await leadership.proclaim(`again ${i}`);
        await until(() => seen.at(-1)?.value.string() === `again ${i}`);
        await member.restart();
      }
    }, `value ${i}`),
  );
  await Promise.all(terms);
  expect(tokens).toEqual([...tokens].sort((a, b) => a - b));
  expect(new Set(tokens).size).toBe(3);
  expect(seen).toHaveLength(4);
  expect(new Set(seen.map(({ modRevision }) => modRevision)).size).toBe(4);
});
