import { existsSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test as anyTest } from "vitest";
import { Client, Election, Mutex, Session } from "../../src/index.js";
import { EtcdCluster } from "../../src/testing/index.js";
import { BuiltCli } from "../support/built-cli.js";
import { needEtcdctl } from "../support/etcdctl.js";
import { GroupProcess } from "../support/group-process.js";
import { etcdctlFlags, optionsFor } from "../support/real-cluster.js";

let nameCount = 0;
/** A name for each try of each test: they run side by side, and a first try (vitest.config.ts) may still hold its own. */
const test = anyTest.extend<{ lockName: string }>({
  // eslint-disable-next-line no-empty-pattern -- vitest reads from the pattern what a fixture needs
  lockName: ({}, use) => use(`lock${nameCount++}`),
});

let cli: BuiltCli;
let cluster: EtcdCluster;
let client: Client;
const processes: GroupProcess[] = [];

beforeAll(async () => {
  cli = new BuiltCli();
  cluster = await EtcdCluster.start({ shortElections: true });
  client = new Client(optionsFor(cluster));
});
afterAll(async () => {
  for (const each of processes) each.killAll();
  cli.remove();
  await client.close();
  await cluster.close();
});

const start = (file: string, args: readonly string[], env: Record<string, string>): GroupProcess => {
  const started = new GroupProcess(file, args, env);
  processes.push(started);
  return started;
};

const environment = (): Record<string, string> => ({ ETCDCTL_ENDPOINTS: cluster.endpoints.join(",") });

const run = (...args: string[]): GroupProcess => start(process.execPath, [cli.path, ...args], environment());

const lock = (...args: string[]): GroupProcess => run("lock", ...args);

/** The keys in the line for a lock, oldest first. */
const line = async (name: string): Promise<string[]> => {
  const { kvs } = await client.kv.get(`${name}/`, {
    prefix: true,
    keysOnly: true,
    sort: { target: "createRevision", order: "ascend" },
  });
  return kvs.map(({ key }) => key.string());
};

const lineLength = async (name: string, length: number): Promise<void> => {
  while ((await line(name)).length !== length) await sleep(10);
};

/** etcdctl 3.3's default is another protocol. */
const API_3 = { ETCDCTL_API: "3" };

/** A shell that says "ready", does `onTerm` at SIGTERM, and otherwise stays; what it starts ends with it. */
const waitingShell = (onTerm: string): string[] => [
  "sh",
  "-c",
  `trap 'kill $!; ${onTerm}' TERM; sleep 600 & echo ready; wait`,
];
/** One that SIGTERM does not end. */
const STUBBORN = ["sh", "-c", "trap '' TERM INT; echo ready; read anything"];

/** The lock of a command that printed it. */
const leaseOf = (name: string, key: string | undefined): bigint => BigInt(`0x${key!.slice(name.length + 1)}`);

describe.concurrent("etcdwire lock with a command", () => {
  test("tells the command its lock, gives it stdin, exits as it does, and leaves nothing", async ({
    lockName: name,
  }) => {
    const ours = lock(name, "sh", "-c", "cat; env | grep ^ETCD_LOCK_ | sort; exit 7");
    ours.child.stdin.end("from stdin\n");
    expect(await ours.ended).toEqual({ code: 7, signal: null });
    const [fromStdin, key, lease, rev, token] = ours.stdout.split("\n");
    expect(fromStdin).toBe("from stdin");
    const leaseHex = lease!.slice("ETCD_LOCK_LEASE=".length);
    expect(key).toBe(`ETCD_LOCK_KEY=${name}/${leaseHex}`);
    expect(rev).toMatch(/^ETCD_LOCK_REV=[1-9]\d*$/);
    expect(token).toBe(rev!.replace("REV", "TOKEN"));
    expect(ours.stderr).toBe("");
    expect(await line(name)).toEqual([]);
    await expect(client.lease.timeToLive(BigInt(`0x${leaseHex}`))).resolves.toMatchObject({ ttlSeconds: -1 });
  });

  test.for([
    ["killed", ["sh", "-c", "kill -9 $$"], 137],
    ["not found", ["/nonexistent/command", "-x"], 127],
    ["not executable", [fileURLToPath(import.meta.url)], 126],
    ["own flags", ["--ttl=5s", "--grace", "1s", "sh", "-c", '[ "$1" = --ttl ] && exit 3', "sh", "--ttl"], 3],
    ["dashes", ["--", "sh", "-c", "exit 4"], 4],
  ] as const)(
    "%s: the status is the command's, or says why there is none; the lock is free",
    async ([, args, code], { lockName: name }) => {
      expect(await lock(name, ...args).ended).toMatchObject({ code });
      expect(await line(name)).toEqual([]);
    },
  );

  test("a wrong command line is a usage error", async ({ lockName: name }) => {
    const ours = lock(name, "--ttl", "soon", "true");
    expect(await ours.ended).toMatchObject({ code: 64 });
    expect(ours.stderr).toMatch(/^Error: --ttl is "soon".+\n$/);
  });

  test.for([
    [["-n"], 1],
    [["-nE", "9"], 9],
    [["-w", "0"], 1],
    [["-w", "3s"], 1],
    [["--timeout", "2.5", "-E", "3"], 3],
    // It is taken, and that is known at once.
    [["-n", "-w", "24h", "-E", "4"], 4],
  ] as const)("%j does not wait longer for a taken lock", async ([flags, code], { lockName: name }) => {
    const session = await Session.create(client);
    const held = await new Mutex(session, name).lock();
    const ours = lock(name, ...flags, "--", "echo", "never");
    expect(await ours.ended).toMatchObject({ code });
    expect(ours.stdout).toBe("");
    expect(ours.stderr).toMatch(
      /^(etcdwire: waiting .*\n)?Error: lock ".*" (is taken: .* has it|was not free in time)\n$/,
    );
    expect(await line(name)).toEqual([held.key]);
    await session.close();
  });

  test("-n and -w take a lock that is free", async ({ lockName: name }) => {
    const runs = [lock(name, "-n", "true"), lock(`${name}-free-w`, "-w", "10s", "true")];
    for (const ours of runs) {
      expect(await ours.ended).toMatchObject({ code: 0 });
      expect(ours.stderr).toBe("");
    }
  });

  test("says how many are ahead, and runs when they are gone", async ({ lockName: name }) => {
    const sessions = await Promise.all([1, 2, 3].map(() => Session.create(client)));
    const [first, ...others] = sessions.map((session) => new Mutex(session, name));
    await first!.lock();
    const waiting = others.map((mutex) => mutex.lock());
    await lineLength(name, 3);
    const ours = lock(name, "echo", "mine");
    await ours.says("waiting behind 3 holders");
    expect(ours.stdout).toBe("");
    await Promise.allSettled([...waiting, ...sessions.map((session) => session.close())]);
    expect(await ours.ended).toMatchObject({ code: 0 });
    expect(ours.stdout).toBe("mine\n");
  });

  test("a command whose lease is revoked gets SIGTERM, and the status says lost", async ({
    lockName: name,
  }) => {
    const ours = lock(name, ...waitingShell("echo ended; exit 0"));
    await ours.says("ready");
    await client.lease.revoke(leaseOf(name, (await line(name))[0]));
    expect(await ours.ended).toMatchObject({ code: 75 });
    await ours.says("ended");
    expect(ours.stderr).toContain("SIGTERM");
    expect(ours.stderr).toMatch(/Error: lock ".*" was lost before the command had ended\n$/);
  });

  test("so does one whose key is deleted; after the grace it gets SIGKILL; nobody hears of it", async ({
    lockName: name,
  }) => {
    const ours = lock(name, "--grace", "50ms", ...STUBBORN);
    await ours.says("ready");
    ours.child.stderr.destroy();
    await client.kv.delete((await line(name))[0]!);
    expect(await ours.ended).toMatchObject({ code: 75 });
  });

  test.for([
    ["read anything", 75],
    ["read anything; exit 4", 4],
  ] as const)("%s: with --on-lost warn the command goes on", async ([script, code], { lockName: name }) => {
    const ours = lock(name, "--on-lost", "warn", "sh", "-c", `echo ready; ${script}`);
    await ours.says("ready");
    await client.kv.delete((await line(name))[0]!);
    await ours.says("goes on without it");
    ours.child.stdin.end("\n");
    expect(await ours.ended).toMatchObject({ code });
  });

  test("a loss that comes together with the command's end is found", async ({ lockName: name }) => {
    const ours = lock(name, "sh", "-c", "echo ready; read anything");
    await ours.says("ready");
    await client.kv.delete((await line(name))[0]!);
    ours.child.stdin.end("\n");
    expect(await ours.ended).toMatchObject({ code: 75 });
  });

  test("a signal is passed on, and the lock released when the command has ended", async ({
    lockName: name,
  }) => {
    const ours = lock(name, ...waitingShell("echo cleaned up; exit 5"));
    await ours.says("ready");
    ours.signal("SIGTERM");
    expect(await ours.ended).toMatchObject({ code: 5 });
    await ours.says("cleaned up");
    expect(await line(name)).toEqual([]);
  });

  test("a second signal ends all at once, and the lock too", async ({ lockName: name }) => {
    const ours = lock(name, "--ttl", "600s", ...STUBBORN);
    await ours.says("ready");
    ours.signal("SIGINT");
    // The first one must have arrived, or the two might be one.
    await sleep(100);
    expect(ours.child.exitCode).toBe(null);
    ours.signal("SIGTERM");
    expect(await ours.ended).toMatchObject({ code: 143 });
    expect(await line(name)).toEqual([]);
  });

  test.for([
    ["SIGTERM", 143],
    ["SIGINT", 130],
    ["SIGHUP", 129],
  ] as const)(
    "%s ends the wait, and leaves no place in the line",
    async ([signal, code], { lockName: name }) => {
      const session = await Session.create(client);
      const held = await new Mutex(session, name).lock();
      const ours = lock(name, "echo", "never");
      await ours.says("waiting behind 1 holder of");
      ours.signal(signal);
      expect(await ours.ended).toMatchObject({ code });
      expect(ours.stdout).toBe("");
      expect(await line(name)).toEqual([held.key]);
      await session.close();
    },
  );

  test("a killed etcdwire leaves a lock that ends with its lease", async ({ lockName: name }) => {
    const ours = lock(name, "--ttl", "1", "sh", "-c", "echo $ETCD_LOCK_TOKEN; read anything");
    await ours.lines(1);
    const session = await Session.create(client);
    const waiting = new Mutex(session, name).lock();
    await lineLength(name, 2);
    ours.signal("SIGKILL");
    expect(await ours.ended).toMatchObject({ signal: "SIGKILL" });
    expect(await line(name)).toHaveLength(2);
    const next = await waiting;
    expect(next.token).toBeGreaterThan(Number(ours.stdout));
    expect(await line(name)).toEqual([next.key]);
    await session.close();
  });

  test("etcdwire and etcdctl exclude and follow one another", async ({ lockName: name, skip }) => {
    const etcdctl = await needEtcdctl({ skip }, cluster);
    const file = join(tmpdir(), `etcdwire-turns-${process.pid}-${name}`);
    const script = `echo in $ETCD_LOCK_REV >> ${file}; echo out $ETCD_LOCK_REV >> ${file}`;
    try {
      const runs = [0, 1, 2, 3].map((i) =>
        i % 2 === 0
          ? lock(name, "sh", "-c", script)
          : start(etcdctl, [...etcdctlFlags(cluster), "lock", name, "--", "sh", "-c", script], API_3),
      );
      for (const ours of runs) expect(await ours.ended).toMatchObject({ code: 0 });
      const turns = (await readFile(file, "utf8")).trim().split("\n");
      expect(turns).toHaveLength(8);
      for (let i = 0; i < turns.length; i += 2) expect(turns[i + 1]).toBe(turns[i]!.replace("in", "out"));
    } finally {
      await rm(file, { force: true });
    }
    // And when one of them dies.
    const etcdctlRun = start(
      etcdctl,
      [...etcdctlFlags(cluster), "lock", `${name}-deaths`, "--ttl", "1"],
      API_3,
    );
    await etcdctlRun.says("-deaths/");
    const ours = lock(`${name}-deaths`, "echo", "mine");
    await ours.says("waiting behind 1 holder of");
    etcdctlRun.killAll();
    expect(await ours.ended).toMatchObject({ code: 0 });
    expect(ours.stdout).toBe("mine\n");
  });
});

describe.concurrent("etcdwire lock without a command", () => {
  test("prints its key, holds until a signal, and releases", async ({ lockName: name }) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      const ours = lock(name);
      await ours.lines(1);
      expect(await line(name)).toEqual([ours.stdout.trim()]);
      ours.signal(signal);
      expect(await ours.ended).toEqual({ code: 0, signal: null });
      expect(ours.stderr).toBe("");
      expect(await line(name)).toEqual([]);
    }
  });

  test("prints JSON on request", async ({ lockName: name }) => {
    const ours = lock(name, "--write-out", "json");
    await ours.lines(1);
    const [key] = await line(name);
    const printed = JSON.parse(ours.stdout) as Record<string, unknown>;
    expect(printed).toMatchObject({ name, key: Buffer.from(key!).toString("base64") });
    expect(printed["token"]).toBe(printed["rev"]);
    ours.signal("SIGTERM");
    await ours.ended;
  });

  test("exits with 75 when it is lost", async ({ lockName: name }) => {
    const ours = lock(name);
    await ours.lines(1);
    await client.kv.delete(ours.stdout.trim());
    expect(await ours.ended).toMatchObject({ code: 75 });
    expect(ours.stderr).toMatch(/^Error: lock ".*" .*\n$/);
  });

  test("releases when nobody reads the key", async ({ lockName: name }) => {
    const session = await Session.create(client);
    const held = await new Mutex(session, name).lock();
    const ours = lock(name);
    await ours.says("waiting");
    ours.child.stdout.destroy();
    await held.release();
    expect(await ours.ended).toMatchObject({ code: 141 });
    expect(await line(name)).toEqual([]);
    await session.close();
  });
});

describe.concurrent("output that cannot be written", () => {
  test.for([["lock"], ["elect", "proposal"]] as const)(
    "%s gives up what it holds, and says why",
    async ([command, ...operands], { lockName: name, skip }) => {
      if (!existsSync("/dev/full")) skip("this system has no full device");
      const args = [process.execPath, cli.path, command, name, ...operands, "--ttl", "600"];
      const ours = start("sh", ["-c", 'exec "$@" >/dev/full', "sh", ...args], environment());
      expect(await ours.ended).toMatchObject({ code: 74 });
      expect(ours.stderr).toBe("Error: cannot write to stdout: no space left on device\n");
      expect(await line(name)).toEqual([]);
    },
  );

  test("is the command's own business, where there is one", async ({ lockName: name, skip }) => {
    if (!existsSync("/dev/full")) skip("this system has no full device");
    const args = [process.execPath, cli.path, "lock", name, "sh", "-c", "echo x || exit 6"];
    const ours = start("sh", ["-c", 'exec "$@" >/dev/full', "sh", ...args], environment());
    expect(await ours.ended).toMatchObject({ code: 6 });
    expect(await line(name)).toEqual([]);
  });
});

describe.concurrent("etcdwire elect", () => {
  const elect = (...args: string[]): GroupProcess => run("elect", ...args);

  test("leads once it is its turn, prints key and proposal, and resigns at a signal", async ({
    lockName: name,
  }) => {
    const first = elect(name, "first");
    const [key] = await first.lines(2);
    expect(await line(name)).toEqual([key]);
    expect(first.stdout).toBe(`${key!}\nfirst\n`);
    const second = elect(name, "second", "--write-out", "json");
    await lineLength(name, 2);
    const [, secondKey] = await line(name);
    first.signal("SIGINT");
    expect(await first.ended).toEqual({ code: 0, signal: null });
    expect(first.stderr).toBe("");
    await second.lines(1);
    expect(JSON.parse(second.stdout)).toMatchObject({
      header: { revision: expect.any(Number) as number },
      kvs: [
        { key: Buffer.from(secondKey!).toString("base64"), value: Buffer.from("second").toString("base64") },
      ],
      count: 1,
    });
    second.signal("SIGTERM");
    expect(await second.ended).toMatchObject({ code: 0 });
    expect(await line(name)).toEqual([]);
  });

  test("a candidate that is interrupted leaves no place in the line", async ({ lockName: name }) => {
    const session = await Session.create(client);
    const leadership = await new Election(session, name).campaign("ours");
    const candidate = elect(name, "theirs");
    await lineLength(name, 2);
    candidate.signal("SIGTERM");
    expect(await candidate.ended).toMatchObject({ code: 143 });
    expect(candidate.stdout).toBe("");
    expect(await line(name)).toEqual([leadership.key]);
    await session.close();
  });

  test("a leadership that is lost ends it", async ({ lockName: name }) => {
    const leader = elect(name, "it");
    const [key] = await leader.lines(2);
    await client.lease.revoke(leaseOf(name, key));
    expect(await leader.ended).toMatchObject({ code: 75 });
    expect(leader.stderr).toMatch(/^Error: .+\n$/);
  });

  test("-l prints leaders and what they proclaim", async ({ lockName: name }) => {
    const session = await Session.create(client);
    const election = new Election(session, name);
    const leadership = await election.campaign("one");
    const plain = elect("-l", name);
    const json = elect(name, "--listen", "-w", "json");
    await Promise.all([plain.lines(2), json.lines(1)]);
    await leadership.proclaim("two");
    expect(await plain.lines(4)).toEqual([leadership.key, "one", leadership.key, "two"]);
    const printed = (await json.lines(2)).map((text) => JSON.parse(text) as { kvs: { value: string }[] });
    expect(printed.map(({ kvs }) => Buffer.from(kvs[0]!.value, "base64").toString())).toEqual(["one", "two"]);
    for (const each of [plain, json]) {
      each.signal("SIGINT");
      expect(await each.ended).toMatchObject({ code: 130 });
      expect(each.stderr).toBe("");
    }
    await session.close();
  });

  test("etcdctl elect and etcdwire elect follow one another", async ({ lockName: name, skip }) => {
    const etcdctl = await needEtcdctl({ skip }, cluster);
    const theirs = start(etcdctl, [...etcdctlFlags(cluster), "elect", name, "theirs"], API_3);
    const printed = await theirs.lines(2);
    const ours = elect(name, "ours");
    await lineLength(name, 2);
    const observer = start(etcdctl, [...etcdctlFlags(cluster), "elect", "-l", name], API_3);
    expect(await observer.lines(2)).toEqual(printed);
    theirs.signal("SIGINT");
    const [key] = await ours.lines(2);
    expect(await observer.lines(4)).toEqual([...printed, key, "ours"]);
    expect(await theirs.ended).toMatchObject({ code: 0 });
    ours.signal("SIGTERM");
    expect(await ours.ended).toMatchObject({ code: 0 });
  });
});

// They stop the member, so they come after all others.
describe("etcdwire lock and a cluster that is gone", () => {
  test("no endpoint answers: unavailable, within the command's timeout", async ({ lockName: name }) => {
    const gone = ["--endpoints", "127.0.0.1:1", "--command-timeout", "300ms"];
    const ours = lock(name, ...gone, "true");
    expect(await ours.ended).toMatchObject({ code: 69 });
    expect(ours.stderr).toMatch(/^Error: .+\n$/);
  });

  test.for([
    [["-w", "300ms", "-E", "9"]],
    [["-n", "-w", "0.3", "-E", "9"]],
    [["-w", "300ms", "--endpoints", "127.0.0.1:1"]],
    [["-w", "300ms", "--endpoints", "127.0.0.1:1", "-n", "true"]],
  ])("%j: time is up, and that is unavailable, not taken", async ([flags], { lockName: name }) => {
    const [member] = cluster.members;
    await member!.pause();
    try {
      // Nothing but -w ends it before the test does.
      const ours = lock(name, "--command-timeout", "1h", ...flags!, "true");
      expect(await ours.ended).toMatchObject({ code: 69 });
      expect(ours.stderr).toMatch(/^Error: .+\n$/);
    } finally {
      member!.resume();
    }
  });

  test("-n has the command's timeout for all that it asks", async ({ lockName: name }) => {
    const args = ["-n", "--endpoints", "127.0.0.1:1", "--command-timeout", "300ms"];
    expect(await lock(name, ...args, "true").ended).toMatchObject({ code: 69 });
  });

  test("-w ends a wait in line in time, though nobody takes us out of it", async ({ lockName: name }) => {
    const session = await Session.create(client, { ttlSeconds: 60 });
    await new Mutex(session, name).lock();
    const args = ["-w", "3s", "-E", "9", "--ttl", "60", "--command-timeout", "1h"];
    const ours = lock(name, ...args, "true");
    await ours.says("waiting");
    const [member] = cluster.members;
    await member!.pause();
    try {
      // Somebody had it when etcd answered last.
      expect(await ours.ended).toMatchObject({ code: 9 });
    } finally {
      member!.resume();
    }
    await session.close();
  });

  test("the command is ended, waiting too; a release that is not confirmed is told of", async ({
    lockName: name,
  }) => {
    const args = ["--ttl", "1", "--command-timeout", "500ms"];
    const session = await Session.create(client, { ttlSeconds: 60 });
    await new Mutex(session, `${name}-taken`).lock();
    const holding = lock(name, ...args, ...waitingShell("echo ended; exit 0"));
    const waiting = lock(`${name}-taken`, ...args, "echo", "never");
    const ending = lock(
      `${name}-ending`,
      "--ttl",
      "60",
      "--command-timeout",
      "500ms",
      "sh",
      "-c",
      "echo ready; read anything; exit 6",
    );
    const silent = lock(`${name}-silent`, ...args);
    await Promise.all([
      holding.says("ready"),
      waiting.says("waiting"),
      ending.says("ready"),
      silent.lines(1),
    ]);
    await cluster.members[0]!.pause();
    try {
      ending.child.stdin.end("\n");
      expect(await ending.ended).toMatchObject({ code: 6 });
      expect(ending.stderr).toContain(`lock "${name}-ending" could not be given up`);
      expect(await holding.ended).toMatchObject({ code: 75 });
      expect(holding.stdout).toContain("ended");
      expect(await waiting.ended).toMatchObject({ code: 69 });
      expect(waiting.stdout).toBe("");
      expect(await silent.ended).toMatchObject({ code: 75 });
    } finally {
      cluster.members[0]!.resume();
    }
    await session.close();
  });
});
