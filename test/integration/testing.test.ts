import { execFile, type ExecFileException } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

import { credentials, type ChannelCredentials } from "@grpc/grpc-js";
import { afterEach, expect, test } from "vitest";

import { ArgumentError, Client } from "../../src/index.js";
import { MaintenanceClient, StatusRequest, type StatusResponse } from "../../src/messages/generated.js";
import { EtcdCluster, EtcdStartError, type EtcdClusterOptions } from "../../src/testing/index.js";
import { spawnSource } from "../support/source-process.js";

const open: EtcdCluster[] = [];

async function start(options: EtcdClusterOptions = {}): Promise<EtcdCluster> {
  const cluster = await EtcdCluster.start(options);
  open.push(cluster);
  return cluster;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((cluster) => cluster.close()));
});

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

async function eventually(condition: () => boolean | Promise<boolean>, timeoutMs = 5_000): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > endMs) throw new Error(`not within ${timeoutMs} ms`);
    await sleep(20);
  }
}

/** One call to one member over the stock channel, with its own deadline. */
function status(endpoint: string, timeoutMs: number, security?: ChannelCredentials): Promise<StatusResponse> {
  const client = new MaintenanceClient(endpoint, security ?? credentials.createInsecure(), {
    "grpc.ssl_target_name_override": "localhost",
    "grpc.use_local_subchannel_pool": 1,
  });
  return new Promise<StatusResponse>((resolve, reject) => {
    client.Status(new StatusRequest(), { deadline: Date.now() + timeoutMs }, (error, reply) => {
      if (error === null) resolve(reply!);
      else reject(error);
    });
  }).finally(() => client.close());
}

/** Runs the cluster's own etcdctl; resolves with what it prints, rejects with what it says on stderr. */
function etcdctl(cluster: EtcdCluster, ...args: string[]): Promise<string> {
  const { tls, auth } = cluster;
  const scheme = tls === undefined ? "http" : "https";
  const flags = [`--endpoints=${cluster.endpoints.map((endpoint) => `${scheme}://${endpoint}`).join(",")}`];
  if (tls !== undefined) flags.push(`--cacert=${tls.caFile}`);
  if (tls?.certFile !== undefined) flags.push(`--cert=${tls.certFile}`, `--key=${tls.keyFile!}`);
  if (auth !== undefined) flags.push(`--user=${auth.user}:${auth.password}`);
  return new Promise((resolve, reject) => {
    const done = (error: ExecFileException | null, stdout: string, stderr: string): void => {
      if (error === null) resolve(stdout.trim());
      else reject(new Error(stderr));
    };
    execFile(cluster.etcdctl!, [...flags, ...args], { timeout: 20_000 }, done);
  });
}

test("one plaintext member answers, and close() leaves no process and no file", async () => {
  const cluster = await start();
  const [member] = cluster.members;
  expect(cluster.endpoints).toEqual([member!.endpoint]);
  expect(member!.endpoint).toMatch(/^127\.0\.0\.1:\d+$/);
  expect(cluster.tls).toBeUndefined();
  expect(cluster.auth).toBeUndefined();
  expect(cluster.dataFileSystem).not.toBe("");
  expect(await status(member!.endpoint, 2_000)).toMatchObject({
    version: cluster.version,
    leader: String(member!.memberId),
  });
  expect(await cluster.leader()).toBe(member);
  expect(await (await fetch(cluster.metricsUrl(0))).text()).toContain("etcd_server_has_leader 1");
  expect(() => cluster.metricsUrl(1)).toThrow(ArgumentError);
  expect((await member!.log()).join("\n")).toContain(member!.name);

  const { pid } = member!;
  await Promise.all([cluster.close(), cluster.close()]);
  expect(isAlive(pid)).toBe(false);
  await expect(status(member!.endpoint, 1_000)).rejects.toThrow();
  await expect(member!.restart()).rejects.toThrow("closed");
});

test("three members agree on one leader; a killed one comes back with its data on the same port", async () => {
  const cluster = await start({ members: 3, shortElections: true });
  expect(new Set(cluster.members.map((member) => member.memberId)).size).toBe(3);
  await etcdctl(cluster, "put", "a", "1");

  const leader = await cluster.leader();
  const { pid, memberId } = leader;
  await leader.kill();
  expect(isAlive(pid)).toBe(false);
  expect(leader.state).toBe("stopped");
  expect(await cluster.leader()).not.toBe(leader);

  await leader.restart();
  expect(leader.state).toBe("running");
  expect(leader.pid).not.toBe(pid);
  expect(leader.memberId).toBe(memberId);
  const reply = await status(leader.endpoint, 2_000);
  expect(reply.header!.member_id).toBe(String(memberId));
  expect(await etcdctl(cluster, "get", "a", "--print-value-only")).toBe("1");

  // A majority down, then all of it: members that come back together find one another.
  await Promise.all(cluster.members.map((member) => member.stop()));
  expect(cluster.members.map((member) => member.state)).toEqual(["stopped", "stopped", "stopped"]);
  await Promise.all(cluster.members.map((member) => member.restart()));
  expect(await etcdctl(cluster, "get", "a", "--print-value-only")).toBe("1");
});

test("a paused leader keeps its port and answers nothing; resumed, it follows the new one", async () => {
  const cluster = await start({ members: 3, shortElections: true });
  const leader = await cluster.leader();
  await leader.pause();
  expect(leader.state).toBe("paused");
  await expect(status(leader.endpoint, 300)).rejects.toThrow(/DEADLINE_EXCEEDED/);
  const next = await cluster.leader();
  expect(next).not.toBe(leader);

  leader.resume();
  await eventually(async () => {
    const reply = await status(leader.endpoint, 500).catch(() => undefined);
    return reply?.leader === String((await cluster.leader()).memberId);
  });
  // A paused process is killed like any other, and so is one that close() finds paused.
  await leader.pause();
  await leader.kill();
  expect(isAlive(leader.pid)).toBe(false);
  await expect(leader.pause()).rejects.toThrow("stopped");
  await next.pause();
  await cluster.close();
  expect(isAlive(next.pid)).toBe(false);
});

test("TLS: a client that knows the authority gets in, by address and by name, and plaintext does not", async () => {
  const cluster = await start({ tls: true });
  const { ca, cert, key } = cluster.tls!;
  expect([cert, key]).toEqual([undefined, undefined]);
  const [endpoint] = cluster.endpoints;
  const trusted = credentials.createSsl(Buffer.from(ca));
  expect((await status(endpoint!, 2_000, trusted)).version).toBe(cluster.version);
  expect((await status(endpoint!.replace("127.0.0.1", "localhost"), 2_000, trusted)).version).toBe(
    cluster.version,
  );
  await expect(status(endpoint!, 1_000, credentials.createSsl())).rejects.toThrow();
  await expect(status(endpoint!, 1_000)).rejects.toThrow();
  // etcdctl is Go: another judge of our certificates, IP address included.
  expect(await etcdctl(cluster, "put", "a", "1")).toBe("OK");
});

test("mutual TLS: the server asks for a certificate of the cluster's authority", async () => {
  const cluster = await start({ members: 3, tls: "mutual" });
  const { ca, cert, key } = cluster.tls!;
  const own = credentials.createSsl(Buffer.from(ca), Buffer.from(key!), Buffer.from(cert!));
  for (const endpoint of cluster.endpoints) {
    expect((await status(endpoint, 2_000, own)).version).toBe(cluster.version);
    await expect(status(endpoint, 500, credentials.createSsl(Buffer.from(ca)))).rejects.toThrow();
  }
  expect(await etcdctl(cluster, "put", "a", "1")).toBe("OK");
});

test("a client takes what a cluster says of itself as it is, whatever of it is undefined", async () => {
  for (const options of [{}, { tls: true }, { tls: "mutual", auth: true }] as const) {
    const { endpoints, tls, auth } = await start(options);
    const client = new Client({ endpoints, tls, auth });
    await client.kv.put("a", "1");
    expect((await client.kv.get("a")).kv?.value.string()).toBe("1");
    await client.close();
  }
});

test("auth: the cluster's user may do all, and nobody may do anything", async () => {
  const cluster = await start({ members: 3, auth: true, shortElections: true });
  expect(cluster.auth).toEqual({ user: "root", password: expect.stringMatching(/^[0-9a-f]{24}$/) as string });
  expect(await etcdctl(cluster, "put", "a", "1")).toBe("OK");
  const anonymous = Object.assign(Object.create(cluster) as EtcdCluster, { auth: undefined });
  await expect(etcdctl(anonymous, "put", "a", "2")).rejects.toThrow(/user name is empty/);

  // leader() and restart() log in by themselves.
  const leader = await cluster.leader();
  await leader.kill();
  expect(await cluster.leader()).not.toBe(leader);
  await leader.restart();
});

test("auth with TLS and a user of one's own", async () => {
  const cluster = await start({ tls: true, auth: { user: "alice", password: "it's a secret" } });
  expect(cluster.auth).toEqual({ user: "alice", password: "it's a secret" });
  expect(await etcdctl(cluster, "put", "a", "1")).toBe("OK");
  expect(await etcdctl(cluster, "user", "list")).toBe("alice\nroot");
});

test("a starter that is SIGKILLed leaves no process and no data behind, not even of a paused member", async () => {
  const starter = spawnSource("src/testing/cli.ts", ["--members", "3", "--tls"]);
  const lines: string[] = [];
  for await (const line of createInterface({ input: starter.stdout })) {
    lines.push(line);
    if (line.startsWith("export ETCDCTL_CACERT=")) break;
  }
  const pids = lines.flatMap((line) => /pid (\d+)/.exec(line)?.slice(1).map(Number) ?? []);
  const directory = dirname(dirname(/ETCDCTL_CACERT='(.+)'/.exec(lines.at(-1)!)![1]!));
  expect(pids).toHaveLength(3);
  expect(pids.every(isAlive)).toBe(true);
  expect(await readdir(directory)).toContain("tls");

  process.kill(pids[0]!, "SIGSTOP");
  starter.kill("SIGKILL");
  await eventually(() => !pids.some(isAlive) && !existsSync(directory));
});

test("npm run etcd's program ends in order on SIGTERM, and says what is wrong with its arguments", async () => {
  const good = spawnSource("src/testing/cli.ts", []);
  const lines: string[] = [];
  createInterface({ input: good.stdout }).on("line", (line) => lines.push(line));
  await eventually(() => lines.some((line) => line.startsWith("export ETCDCTL_ENDPOINTS=")), 20_000);
  good.kill("SIGTERM");
  const code = await new Promise((resolve) => good.once("exit", resolve));
  expect(code).toBe(0);
  const pid = Number(/pid (\d+)/.exec(lines.join("\n"))![1]);
  expect(isAlive(pid)).toBe(false);

  const bad = spawnSource("src/testing/cli.ts", ["--members", "5"]);
  let message = "";
  bad.stderr.on("data", (bytes: Buffer) => (message += bytes.toString()));
  expect(await new Promise((resolve) => bad.once("close", resolve))).toBe(64);
  expect(message).toContain('--members must be 1 or 3, not "5"');
});

test("a port that another program holds is an error that names it, with no second try elsewhere", async () => {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, "127.0.0.1", resolve));
  const { port } = holder.address() as AddressInfo;
  try {
    await expect(start({ listenPorts: [port] })).rejects.toThrow(
      new RegExp(`127\\.0\\.0\\.1:${port} is taken`),
    );
  } finally {
    holder.close();
  }
});

test("an etcd that ends at once is an error that shows its log", async () => {
  const failure = await start({ extraArguments: ["--no-such-flag"] }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(EtcdStartError);
  expect((failure as Error).message).toMatch(/it ended \(exit code \d\).*no-such-flag/s);
});

test("a broken $ETCD_BIN is a loud failure", async () => {
  process.env["ETCD_BIN"] = "/no/such/etcd";
  try {
    await expect(start()).rejects.toThrow(/\$ETCD_BIN cannot be used.*ENOENT/);
  } finally {
    delete process.env["ETCD_BIN"];
  }
});

test.each([
  [{ member: 3 }, 'unknown option "member"'],
  [{ members: 2 }, "members must be 1 or 3, not 2"],
  [{ tls: "yes" }, "tls must be"],
  [{ auth: { user: "", password: "x" } }, "auth must be"],
  [{ auth: "root" }, "auth must be"],
  [{ members: 3, listenPorts: [1024] }, "listenPorts must hold"],
  [{ listenPorts: [0] }, "listenPorts must hold"],
  [{ startTimeoutMs: 0 }, "startTimeoutMs must be"],
  [{ version: "newest" }, 'etcd version "newest"'],
])("%j is refused before anything starts", async (options, message) => {
  const failure = await start(options as unknown as EtcdClusterOptions).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(ArgumentError);
  expect((failure as Error).message).toContain(message);
});
