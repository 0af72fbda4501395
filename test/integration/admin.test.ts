import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Client } from "../../src/index.js";
import type { ElectionLeader, Member } from "../../src/index.js";
import { EtcdCluster } from "../../src/testing/index.js";
import type { EtcdMember } from "../../src/testing/index.js";
import { optionsFor } from "../support/real-cluster.js";
import { isSince } from "../support/server-version.js";

let cluster: EtcdCluster;
let client: Client;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "etcdwire-admin-"));
  cluster = await EtcdCluster.start({
    members: 3,
    shortElections: true,
    // By default members are added only when all have been connected for 5 s.
    extraArguments: ["--strict-reconfig-check=false"],
  });
});
afterAll(async () => {
  await cluster.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => {
  client = new Client(optionsFor(cluster));
});
afterEach(() => client.close());

const followers = async (): Promise<EtcdMember[]> => {
  const leader = await cluster.leader();
  return cluster.members.filter((member) => member !== leader);
};

describe("client.maintenance", () => {
  test("status tells of the member that was named: by its address, with a scheme too, or by its id", async () => {
    const [follower] = await followers();
    const leader = await cluster.leader();
    const { endpoint, memberId } = follower!;
    for (const name of [endpoint, `http://${endpoint}`, memberId]) {
      const status = await client.maintenance.status(name);
      expect(status).toMatchObject({
        endpoint,
        memberId,
        leaderId: leader.memberId,
        isLeader: false,
        isLearner: false,
        serverVersion: cluster.version,
        errors: [],
      });
      expect(status.dbSizeBytes).toBeGreaterThan(0);
      expect(status.dbSizeInUseBytes).toBeGreaterThan(0);
      expect(status.raftAppliedIndex).toBeGreaterThan(0);
      const knows = isSince(cluster, "3.6");
      expect(status.dbSizeQuotaBytes).toBe(knows ? 2 * 1024 ** 3 : undefined);
      expect(status.downgrade).toEqual(knows ? { isEnabled: false, targetVersion: "" } : undefined);
    }
    expect((await client.maintenance.status(leader.memberId)).isLeader).toBe(true);
    expect(JSON.parse(JSON.stringify(await client.maintenance.status(endpoint)))).toMatchObject({
      memberId: memberId.toString(),
    });
  });

  test("an endpoint that is none of the client's is said to be so, and so is a member", async () => {
    const unknown = { code: "ETCD_INVALID_ARGUMENT" };
    await expect(client.maintenance.status("127.0.0.1:1")).rejects.toMatchObject(unknown);
    await expect(client.maintenance.status("no address at all")).rejects.toMatchObject(unknown);
    await expect(client.maintenance.hashKv(12_345n)).rejects.toMatchObject(unknown);
    await expect(client.maintenance.defragment(7 as unknown as string)).rejects.toMatchObject(unknown);
  });

  test("statuses tells of all, those that are down included", async () => {
    const [follower, other] = await followers();
    await follower!.kill();
    try {
      const outcomes = await client.maintenance.statuses({ timeoutMs: 1_000 });
      expect(outcomes.map(({ endpoint }) => endpoint)).toEqual(cluster.endpoints);
      for (const { endpoint, status, error } of outcomes) {
        if (endpoint === follower!.endpoint) expect(error?.code).toBe("ETCD_UNREACHABLE");
        else expect(status?.endpoint).toBe(endpoint);
      }
      // It may be the one that is down.
      await expect(client.maintenance.status(999n, { timeoutMs: 500 })).rejects.toMatchObject({
        code: "ETCD_UNREACHABLE",
      });
      expect((await client.maintenance.status(other!.memberId)).endpoint).toBe(other!.endpoint);
    } finally {
      await follower!.restart();
    }
    const reached = await client.maintenance.status(follower!.memberId);
    expect(reached.endpoint).toBe(follower!.endpoint);
  });

  test("members with the same keys have the same hash at one revision", async () => {
    const { revision } = await client.kv.put("hash/a", "1");
    await client.kv.put("hash/b", "2");
    const hashes = [];
    for (const endpoint of cluster.endpoints) {
      // A follower may be a moment behind.
      for (;;) {
        try {
          hashes.push(await client.maintenance.hashKv(endpoint, { revision }));
          break;
        } catch (error) {
          expect(error).toMatchObject({ code: "ETCD_FUTURE_REVISION" });
        }
      }
    }
    expect(new Set(hashes.map(({ hash }) => hash)).size).toBe(1);
    expect(hashes[0]!.hashRevision).toBe(isSince(cluster, "3.6") ? revision : undefined);
    await expect(
      client.maintenance.hashKv(cluster.endpoints[0]!, { revision: revision + 1_000 }),
    ).rejects.toMatchObject({ code: "ETCD_FUTURE_REVISION", endpoint: cluster.endpoints[0] });
    const whole = await client.maintenance.hash(cluster.endpoints[1]!);
    expect(whole.hash).toBeGreaterThan(0);
    expect(whole.revision).toBeGreaterThan(0);
  });

  test("an alarm is raised, seen, felt and disarmed", async () => {
    const { memberId } = cluster.members[1]!;
    expect(await client.maintenance.alarms()).toEqual([]);
    await client.maintenance.activate({ memberId, kind: "nospace" });
    expect(await client.maintenance.alarms()).toEqual([{ memberId, kind: "nospace" }]);
    await expect(client.kv.put("alarmed", "1")).rejects.toMatchObject({ code: "ETCD_NO_SPACE" });
    const { errors } = await client.maintenance.status(
      await cluster.leader().then((leader) => leader.memberId),
    );
    expect(errors.join()).toContain("NOSPACE");
    // Of another member than the one that has it: nothing happens.
    const other = cluster.members[2]!.memberId;
    expect(await client.maintenance.disarm({ memberId: other, kind: "nospace" })).toEqual([]);
    expect(await client.maintenance.disarm("all")).toEqual([{ memberId, kind: "nospace" }]);
    expect(await client.maintenance.alarms()).toEqual([]);
    await client.kv.put("alarmed", "2");
  });

  test("a defragmentation gives back the space of one member, and of no other", async () => {
    const value = Buffer.alloc(200_000, 1);
    for (let i = 0; i < 10; i++) await client.kv.put(`bulk/${i}`, value);
    const { revision } = await client.kv.delete("bulk/", { prefix: true });
    await client.kv.compact(revision, { physical: true });
    const [chosen, other] = await followers();
    const sizeOf = async ({ endpoint }: EtcdMember): Promise<number> =>
      (await client.maintenance.status(endpoint)).dbSizeBytes;
    // Followers may be a moment behind.
    for (const member of [chosen!, other!]) while ((await sizeOf(member)) < 2_000_000) await sleep(20);
    await client.maintenance.defragment(chosen!.endpoint);
    expect(await sizeOf(chosen!)).toBeLessThan(500_000);
    expect(await sizeOf(other!)).toBeGreaterThan(1_000_000);
  });

  test("the leader moves where it is told, and the client knows at once", async () => {
    const before = await client.leader();
    const [target] = await followers();
    await client.maintenance.moveLeader(target!.memberId);
    expect((await client.leader()).endpoint).toBe(target!.endpoint);
    expect(target!.endpoint).not.toBe(before.endpoint);
    await client.kv.put("moved", "1");
  });

  test("a client that does not know of the newest leader finds it before it moves it on", async () => {
    const other = new Client(optionsFor(cluster));
    try {
      const old = (await client.leader()).endpoint;
      const [next, third] = cluster.members.filter(({ endpoint }) => endpoint !== old);
      await other.maintenance.moveLeader(next!.memberId);
      await client.maintenance.moveLeader(third!.memberId);
      expect((await cluster.leader()).endpoint).toBe(third!.endpoint);
    } finally {
      await other.close();
    }
  });

  test("the leader is not moved to a stranger", async () => {
    await expect(client.maintenance.moveLeader(4_711n)).rejects.toMatchObject({
      code: "ETCD_MEMBER_ADMIN",
      mayHaveApplied: false,
    });
    await expect(client.maintenance.moveLeader(5 as unknown as bigint)).rejects.toMatchObject({
      code: "ETCD_INVALID_ARGUMENT",
    });
  });

  test("a downgrade can be asked about where there are downgrades, else the error names both versions", async () => {
    const [major, minor] = cluster.version.split(".").map(Number);
    if (!isSince(cluster, "3.5")) {
      for (const call of [
        client.maintenance.downgradeValidate("3.3"),
        client.maintenance.downgradeEnable("3.3"),
        client.maintenance.downgradeCancel(),
      ]) {
        await expect(call).rejects.toMatchObject({
          code: "ETCD_UNSUPPORTED",
          mayHaveApplied: false,
          message: expect.stringMatching(/needs etcd 3\.5 or newer.*3\.4/) as unknown,
        });
      }
      return;
    }
    const { clusterVersion } = await client.maintenance.downgradeValidate(`${major}.${minor! - 1}`);
    expect(clusterVersion).toMatch(new RegExp(`^${major}\\.${minor}`));
    await expect(client.maintenance.downgradeValidate("3.0")).rejects.toMatchObject({
      code: "ETCD_DOWNGRADE",
      mayHaveApplied: false,
    });
    await expect(client.maintenance.downgradeEnable("soon")).rejects.toMatchObject({
      code: "ETCD_INVALID_ARGUMENT",
    });
  });
});

describe("snapshots", () => {
  const value = Buffer.alloc(100_000, 7);

  beforeAll(async () => {
    const filler = new Client(optionsFor(cluster));
    // More than a stream's window, so that the server cannot have sent it all before the first piece is read.
    for (let i = 0; i < 40; i++) await filler.kv.put(`snapshot/${i}`, value);
    await filler.close();
  });

  test("a saved one is whole, checked, and taken by etcd's own tools; progress is told", async () => {
    const path = join(folder, "saved.db");
    await writeFile(path, "an older one");
    const progress: { bytes: number; remainingBytes: number }[] = [];
    const [follower] = await followers();
    const saved = await client.maintenance.saveSnapshot(path, {
      endpoint: follower!.memberId,
      onProgress: (now) => progress.push(now),
    });
    const { size, mode } = await stat(path);
    expect(saved).toMatchObject({ path, bytes: size, endpoint: follower!.endpoint });
    expect(size % 512).toBe(32);
    expect(size).toBeGreaterThan(4_000_000);
    expect(mode & 0o077).toBe(0);
    expect(existsSync(`${path}.part`)).toBe(false);
    expect(progress.at(-1)).toEqual({ bytes: size, remainingBytes: 0 });
    const total = size - 32;
    for (const { bytes, remainingBytes } of progress.slice(0, -1)) expect(bytes + remainingBytes).toBe(total);
    // bbolt's magic number, in the first page's meta.
    expect((await readFile(path)).readUInt32LE(16)).toBe(0xed0cdaed);
    if (!isSince(cluster, "3.6")) expect(saved.storageVersion).toBeUndefined();
    if (cluster.etcdctl !== undefined && !isSince(cluster, "3.6")) {
      const { stdout } = await promisify(execFile)(
        cluster.etcdctl,
        ["snapshot", "status", path, "--write-out=json"],
        { env: { ...process.env, ETCDCTL_API: "3" } },
      );
      expect(JSON.parse(stdout)).toMatchObject({ totalSize: total });
    }
  });

  test("its pieces are the file, in order", async () => {
    const path = join(folder, "whole.db");
    const pieces: Uint8Array[] = [];
    const endpoint = cluster.endpoints[0]!;
    const snapshot = client.maintenance.snapshot({ endpoint });
    for await (const piece of snapshot) pieces.push(piece);
    expect(snapshot.remainingBytes).toBe(0);
    expect(snapshot.endpoint).toBe(endpoint);
    const { bytes } = await client.maintenance.saveSnapshot(path, { endpoint });
    expect(snapshot.bytes).toBe(bytes);
    expect(Buffer.concat(pieces)).toHaveLength(bytes);
    await expect(snapshot[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: "ETCD_INVALID_ARGUMENT",
    });
  });

  test("an abort leaves the file as it was, and no partial one", async () => {
    const path = join(folder, "aborted.db");
    await writeFile(path, "before");
    const abort = new AbortController();
    const saving = client.maintenance.saveSnapshot(path, {
      signal: abort.signal,
      onProgress: () => abort.abort(new Error("enough")),
    });
    await expect(saving).rejects.toMatchObject({ code: "ETCD_ABORTED", mayHaveApplied: false });
    expect(await readFile(path, "utf8")).toBe("before");
    expect(existsSync(`${path}.part`)).toBe(false);
  });

  test("what onProgress throws ends it, and so does a folder that is not there", async () => {
    const path = join(folder, "thrown.db");
    const reason = new Error("stop");
    const onProgress = (): void => {
      throw reason;
    };
    await expect(client.maintenance.saveSnapshot(path, { onProgress })).rejects.toBe(reason);
    expect(existsSync(`${path}.part`)).toBe(false);
    await expect(client.maintenance.saveSnapshot(join(folder, "none", "x.db"))).rejects.toMatchObject({
      code: "ETCD_SNAPSHOT_BROKEN",
      cause: { code: "ENOENT" },
    });
  });

  test("a deadline that the caller gives bounds all of it", async () => {
    const snapshot = client.maintenance.snapshot({ timeoutMs: 200 });
    const pieces = snapshot[Symbol.asyncIterator]();
    expect((await pieces.next()).done).toBe(false);
    await sleep(300);
    await expect(
      (async () => {
        while ((await pieces.next()).done !== true);
      })(),
    ).rejects.toMatchObject({ code: "ETCD_DEADLINE_EXCEEDED" });
  });

  test("one that is left half way ends at the server, and the connection goes on", async () => {
    for await (const piece of client.maintenance.snapshot()) {
      expect(piece.length).toBeGreaterThan(0);
      break;
    }
    const pieces = client.maintenance.snapshot()[Symbol.asyncIterator]();
    // Left while the first piece is waited for.
    const first = pieces.next();
    await pieces.return!();
    expect((await first).done).toBe(true);
    await client.kv.put("after", "1");
  });

  test("a member that dies while it sends breaks it, and nothing is left behind", async () => {
    const path = join(folder, "broken.db");
    const [follower] = await followers();
    let killed: Promise<void> | undefined;
    const saving = client.maintenance.saveSnapshot(path, {
      endpoint: follower!.endpoint,
      onProgress: () => {
        killed ??= follower!.kill();
      },
    });
    await expect(saving).rejects.toMatchObject({ code: "ETCD_CONNECTION_LOST", mayHaveApplied: false });
    expect(existsSync(path)).toBe(false);
    expect(existsSync(`${path}.part`)).toBe(false);
    await killed;
    await follower!.restart();
  });
});

describe("the server's locks", () => {
  test("a lock is waited for past the client's default deadline, and handed over when it is unlocked", async () => {
    const impatient = new Client({ ...optionsFor(cluster), timeoutMs: 2_000 });
    const first = await client.lease.grant(60);
    const second = await client.lease.grant(60);
    const held = await client.serverLock.lock("locks/a", { lease: first.id });
    expect(held.key.string()).toBe(`locks/a/${first.id.toString(16)}`);
    let owner = "first";
    const waiting = impatient.serverLock.lock("locks/a", { lease: second.id }).then((lock) => {
      expect(owner).toBe("nobody");
      return lock;
    });
    await sleep(2_200);
    owner = "nobody";
    await client.serverLock.unlock(held.key);
    const next = await waiting;
    expect(next.revision).toBeGreaterThan(held.revision);
    await impatient.serverLock.unlock(next.key);
    await impatient.close();
  });

  test.each(["abort", "deadline"])("the %s ends the wait at the server too", async (how) => {
    const name = `locks/${how}`;
    const [first, second] = [await client.lease.grant(60), await client.lease.grant(60)];
    await client.serverLock.lock(name, { lease: first.id });
    const abort = new AbortController();
    const waiting = client.serverLock.lock(name, {
      lease: second.id,
      ...(how === "abort" ? { signal: abort.signal } : { timeoutMs: 1_000 }),
    });
    const settled = expect(waiting).rejects.toMatchObject({
      // At the deadline the server, which knows it too, may be the first to say so.
      code:
        how === "abort"
          ? "ETCD_ABORTED"
          : (expect.stringMatching(/DEADLINE_EXCEEDED|REQUEST_TIMED_OUT/) as unknown),
      mayHaveApplied: true,
    });
    const waiters = async (): Promise<number> => (await client.kv.get(`${name}/`, { prefix: true })).count;
    while ((await waiters()) < 2) await sleep(10);
    abort.abort();
    await settled;
    while ((await waiters()) > 1) await sleep(10);
  });

  test("a lock without a lease, or with one that is not there, is refused", async () => {
    await expect(client.serverLock.lock("locks/b", {} as { lease: bigint })).rejects.toMatchObject({
      code: "ETCD_INVALID_ARGUMENT",
    });
    await expect(client.serverLock.lock("locks/b", { lease: 4_711n })).rejects.toMatchObject({
      code: "ETCD_LEASE_NOT_FOUND",
    });
  });
});

describe("the server's elections", () => {
  test("one leads, proclaims and resigns, and the next one leads; an observer is told of all, over a leader's death", async () => {
    const [a, b] = [await client.lease.grant(60), await client.lease.grant(60)];
    expect(await client.serverElection.leader("votes")).toBeUndefined();
    const observer = client.serverElection.observe("votes");
    const told = async (value: string): Promise<ElectionLeader> => {
      for (;;) {
        const { value: leader, done } = await observer.next();
        if (done === true) throw new Error("the observation ended");
        if (leader.kv.value.string() === value) return leader;
      }
    };
    const first = await client.serverElection.campaign("votes", { lease: a.id, value: "a1" });
    expect(JSON.parse(JSON.stringify(first))).toMatchObject({ lease: a.id.toString() });
    expect((await told("a1")).kv.createRevision).toBe(first.createRevision);
    await client.serverElection.proclaim(first, "a2");
    expect((await client.serverElection.leader("votes"))?.kv.value.string()).toBe("a2");
    await told("a2");

    const dead = await cluster.leader();
    await dead.kill();
    while ((await client.leader()).endpoint === dead.endpoint) await sleep(10);
    const second = client.serverElection.campaign("votes", { lease: b.id, value: "b1" });
    await client.serverElection.proclaim(first, "a3");
    await told("a3");
    await dead.restart();

    await client.serverElection.resign(first);
    await client.serverElection.resign(first);
    const { createRevision } = await second;
    expect(createRevision).toBeGreaterThan(first.createRevision);
    expect((await told("b1")).kv.lease).toBe(b.id);
    await expect(client.serverElection.proclaim(first, "late")).rejects.toMatchObject({
      code: "ETCD_LOCK_LOST",
      mayHaveApplied: false,
    });

    const last = observer.next();
    await observer.return!();
    expect((await last).done).toBe(true);
  });

  test("an observer is ended by its signal, and by the client's end", async () => {
    const abort = new AbortController();
    const aborted = client.serverElection.observe("nobody", { signal: abort.signal }).next();
    const closing = new Client(optionsFor(cluster));
    const closed = closing.serverElection.observe("nobody").next();
    const expectations = [
      expect(aborted).rejects.toMatchObject({ code: "ETCD_ABORTED" }),
      expect(closed).rejects.toMatchObject({ code: "ETCD_CLOSED" }),
    ];
    await closing.leader();
    abort.abort();
    await closing.close();
    await Promise.all(expectations);
  });
});

// Last, because it changes the cluster.
describe("client.cluster", () => {
  const idOf = (members: readonly Member[], name: string): bigint =>
    members.find((member) => member.name === name)!.id;

  test("lists the members: as they are now where the server can, and else in its own view", async () => {
    const names = cluster.members.map(({ name }) => name).sort();
    for (const options of [{}, { linearizable: false }]) {
      const members = await client.cluster.list(options);
      expect(members.map(({ name }) => name).sort()).toEqual(names);
      for (const { isLearner, isStarted, clientUrls, peerUrls } of members) {
        expect({ isLearner, isStarted }).toEqual({ isLearner: false, isStarted: true });
        expect(clientUrls).toHaveLength(1);
        expect(peerUrls).toHaveLength(1);
      }
    }
    const insisting = client.cluster.list({ linearizable: true });
    if (isSince(cluster, "3.5")) expect(await insisting).toHaveLength(3);
    else {
      await expect(insisting).rejects.toMatchObject({
        code: "ETCD_UNSUPPORTED",
        endpoint: (await client.leader()).endpoint,
      });
    }
  });

  test("a fourth member is added as a learner, started, promoted, moved to another URL and removed", async () => {
    const prepared = await cluster.prepareMember();
    const { member, members } = await client.cluster.add(prepared.peerUrl, { learner: true });
    expect(member).toMatchObject({ isLearner: true, isStarted: false, peerUrls: [prepared.peerUrl] });
    expect(members).toHaveLength(4);
    await expect(client.cluster.promote(member.id)).rejects.toMatchObject({
      code: "ETCD_LEARNER_NOT_READY",
      mayHaveApplied: false,
    });
    await expect(client.cluster.add(prepared.peerUrl)).rejects.toMatchObject({ code: "ETCD_MEMBER_EXISTS" });
    const started = await prepared.start(member.id);
    const learning = new Client({ endpoints: [prepared.endpoint] });
    expect(await learning.maintenance.status(member.id)).toMatchObject({ isLearner: true });
    await learning.close();
    for (;;) {
      try {
        const promoted = await client.cluster.promote(member.id);
        expect(promoted.find(({ id }) => id === member.id)!.isLearner).toBe(false);
        break;
      } catch (error) {
        // It has not caught up yet.
        expect(error).toMatchObject({ code: "ETCD_LEARNER_NOT_READY" });
        await sleep(50);
      }
    }
    await expect(client.cluster.promote(member.id)).rejects.toMatchObject({ code: "ETCD_MEMBER_ADMIN" });
    expect(idOf(await client.cluster.list(), started.name)).toBe(member.id);
    expect(await client.cluster.sync()).toEqual([
      ...cluster.endpoints.slice(0, 3),
      `${cluster.tls === undefined ? "http" : "https"}://${prepared.endpoint}`,
    ]);
    expect(await client.maintenance.status(member.id)).toMatchObject({ isLearner: false });

    // Where it can still be reached: a cluster of four that waits for one of them answers nobody for a while.
    const elsewhere = prepared.peerUrl.replace("127.0.0.1", "localhost");
    const moved = await client.cluster.update(member.id, [elsewhere]);
    expect(moved.find(({ id }) => id === member.id)!.peerUrls).toEqual([elsewhere]);
    await client.cluster.update(member.id, prepared.peerUrl);
    const left = await client.cluster.remove(member.id);
    expect(left).toHaveLength(3);
    expect(await client.cluster.sync()).toEqual(cluster.endpoints.slice(0, 3));
    await expect(client.cluster.remove(member.id)).rejects.toMatchObject({ code: "ETCD_MEMBER_NOT_FOUND" });
    await started.kill();
  });

  test("what cannot be a member is refused", async () => {
    const invalid = { code: "ETCD_INVALID_ARGUMENT", mayHaveApplied: false };
    await expect(client.cluster.add([])).rejects.toMatchObject(invalid);
    await expect(client.cluster.add("10.0.0.4:2380")).rejects.toMatchObject(invalid);
    await expect(client.cluster.add("http://127.0.0.1:1", { learner: 1 as never })).rejects.toMatchObject(
      invalid,
    );
    await expect(client.cluster.remove(0n)).rejects.toMatchObject(invalid);
    await expect(client.cluster.list({ linear: true } as never)).rejects.toMatchObject(invalid);
    await expect(client.cluster.add("ftp://10.0.0.4:2380")).rejects.toMatchObject({
      code: "ETCD_MEMBER_ADMIN",
    });
  });
});
