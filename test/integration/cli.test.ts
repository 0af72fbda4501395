/** The built command against a real etcd, and beside the real etcdctl. */
import { execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, openSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { TestContext } from "vitest";
import { ordersProgress } from "../../src/client/watch/progress-support.js";
import { Client } from "../../src/index.js";
import { EtcdCluster } from "../../src/testing/index.js";
import { withoutEtcdVariables } from "../../src/testing/command.js";
import { BuiltCli, resultOf } from "../support/built-cli.js";
import type { CliResult } from "../support/built-cli.js";
import { etcdctlFlags, optionsFor } from "../support/real-cluster.js";
import { forgetFirstTry } from "../support/second-try.js";

let cli: BuiltCli;
let cluster: EtcdCluster;
let client: Client;
/** Minor version of the cluster's etcdctl: 4 to 7. */
let etcdctlMinor: number | undefined;

beforeAll(async () => {
  cli = new BuiltCli();
  cluster = await EtcdCluster.start({ shortElections: true });
  client = new Client(optionsFor(cluster));
  if (cluster.etcdctl !== undefined) {
    const { stdout } = await promisify(execFile)(cluster.etcdctl, ["version"], { env: etcdctlEnvironment() });
    etcdctlMinor = Number(/etcdctl version: 3\.(\d+)/.exec(stdout)![1]);
  }
});
beforeEach((context) => forgetFirstTry(context, client));
afterAll(async () => {
  await client.close();
  await cluster.close();
  cli.remove();
});

const environment = (): Record<string, string> => ({ ETCDCTL_ENDPOINTS: cluster.endpoints.join(",") });
/** 3.4 takes this variable for the version of the API; later ones warn of it, on stderr. */
const etcdctlEnvironment = (): Record<string, string> => ({
  ...withoutEtcdVariables(process.env),
  ETCDCTL_API: "3",
});

const run = (args: readonly string[], input?: string | Uint8Array): Promise<CliResult> =>
  cli.run(args, { env: environment(), ...(input === undefined ? {} : { input }) });

/** Runs it, and it must succeed without a word on stderr. */
const output = async (args: readonly string[], input?: string | Uint8Array): Promise<string> => {
  const { code, stdout, stderr } = await run(args, input);
  expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: "" });
  return stdout.toString();
};

const etcdctl = async (args: readonly string[], input = ""): Promise<Buffer> => {
  const running = promisify(execFile)(cluster.etcdctl!, [...etcdctlFlags(cluster), ...args], {
    encoding: "buffer",
    env: etcdctlEnvironment(),
  });
  running.child.stdin!.on("error", () => {}); // it may end without reading
  running.child.stdin!.end(input);
  return (await running).stdout;
};

/** Resolves when a process has written so much to stdout. */
const written = async (
  child: ReturnType<BuiltCli["spawn"]>,
  isEnough: (text: string) => boolean,
): Promise<string> => {
  let text = "";
  for await (const chunk of child.stdout!.iterator({ destroyOnReturn: false })) {
    text += String(chunk);
    if (isEnough(text)) return text;
  }
  throw new Error(`ended with: ${text}`);
};

test("any bytes go in by stdin and come out by --print-value-only", async () => {
  const value = randomBytes(200_000);
  expect(await output(["put", "bytes"], value)).toBe("OK\n");
  const { stdout } = await run(["get", "bytes", "--print-value-only"]);
  expect(Buffer.concat([value, Buffer.from("\n")]).equals(stdout)).toBe(true);
});

test("a value is an argument, be it empty, or all of stdin", async () => {
  await output(["put", "given", "an argument"], "not read");
  await output(["put", "empty", ""]);
  expect((await client.kv.get("given")).kv!.value.string()).toBe("an argument");
  expect((await client.kv.get("empty")).kv!.value.length).toBe(0);
  await output(["put", "given", "--ignore-value", "--prev-kv"], "not read either");
  expect((await client.kv.get("given")).kv!).toMatchObject({ version: 2 });
});

test("an empty stdin is no value: what is there stays", async () => {
  await client.kv.put("kept", "v");
  const { code, stdout, stderr } = await run(["put", "kept"], "");
  expect({ code, stdout: stdout.toString(), stderr }).toEqual({
    code: 64,
    stdout: "",
    stderr: "Error: put has no value, and stdin is empty: for an empty value write put KEY ''\n",
  });
  expect((await client.kv.get("kept")).kv!.value.string()).toBe("v");
});

describe("beside etcdctl", () => {
  const TXN = 'mod("same/a") > "0"\n\nget same/ --prefix\nput same-txn "a b"\ndel same-nothing\n\n\n';

  /** Command lines whose output does not change from one run to the next; and since which etcdctl it is this. */
  const alike: [args: string[], sinceMinor?: number, input?: string][] = [
    [["get", "same/a"]],
    [["get", "same/a", "-w", "json"]],
    [["get", "same/", "--prefix", "--write-out=json"]],
    [["get", "same/", "--prefix", "-w", "fields"]],
    [["get", "same/", "--prefix", "--keys-only"]],
    [["get", "same/", "--prefix", "--hex"]],
    [["get", "same/", "--prefix", "--hex", "-w", "json"]],
    [["get", "same/b", "same/z", "--print-value-only", "--limit", "1"]],
    [["get", "same/", "--prefix", "--order", "DESCEND", "--sort-by", "MODIFY", "--rev", "0"]],
    [["get", "same/b", "--from-key", "--limit=2", "--consistency", "s"]],
    [["get", "same/", "--prefix", "--count-only", "-w", "fields"], 5],
    [["get", "same-nothing", "-w", "json"]],
    [["get", "same-nothing"]],
    [["lease", "timetolive", "1234567890abcdef", "-w", "json"]],
    [["lease", "timetolive", "1234567890abcdef"]],
    [["lease", "list"]],
    [["lease", "list", "-w", "json"]],
    [["endpoint", "status"], 6],
    [["endpoint", "status", "-w", "json"], 6],
    [["txn"], 4, TXN],
    [["txn", "--hex"], 4, 'value("same/a") = "x"\n\n\nget same/a\n\n'],
  ];

  test("prints the same bytes", async (context: TestContext) => {
    if (etcdctlMinor === undefined) context.skip("there is no etcdctl to compare with");
    const binary = Buffer.from([0x22, 0x5c, 0x0a, 0xff, 0xc3, 0xa4, 0x00]);
    await client.kv.put("same/a", "one");
    await client.kv.put("same/b", binary);
    await client.kv.put(Buffer.concat([Buffer.from("same/c"), binary]), "<&>");
    await client.lease.grant(600, { id: 0x77777777777777n });
    await client.kv.put("same/d", "", { lease: 0x77777777777777n });
    const compared = alike.filter(([, since = 4]) => etcdctlMinor! >= since);
    const latin1 = (bytes: Buffer): string => bytes.toString("latin1");
    const compareOutputs = async ([args, , input = ""]: (typeof alike)[number]): Promise<void> => {
      const flags = [...etcdctlFlags(cluster), ...args];
      let [ours, theirs] = await Promise.all([cli.run(flags, { input }), etcdctl(args, input)]);
      // A member's state changes by itself (the database's size, the storage version some seconds after the start):
      // what differs is compared anew, between two runs of etcdctl that print the same.
      for (let i = 0; i < 10 && latin1(ours.stdout) !== latin1(theirs); i++) {
        const before = await etcdctl(args, input);
        ours = await cli.run(flags, { input });
        theirs = await etcdctl(args, input);
        if (latin1(before) === latin1(theirs)) break;
      }
      expect({ args, code: ours.code, stdout: latin1(ours.stdout) }).toEqual({
        args,
        code: 0,
        stdout: latin1(theirs),
      });
    };
    const isTxn = ([args]: (typeof alike)[number]): boolean => args[0] === "txn";
    // Transactions move the indexes that the members' state shows.
    await Promise.all(compared.filter((each) => !isTxn(each)).map(compareOutputs));
    await Promise.all(compared.filter(isTxn).map(compareOutputs));
  });

  test("prints the same of writes, but for revision and key", async (context: TestContext) => {
    if (etcdctlMinor === undefined) context.skip("there is no etcdctl to compare with");
    const scripts: (readonly string[])[] = [
      ["put", "KEY", "one", "-w", "json"],
      ["put", "KEY", "two", "--prev-kv"],
      ["put", "KEY", "two", "--prev-kv", "-w", "fields"],
      ["del", "KEY", "--prev-kv"],
      ["del", "KEY", "-w", "json"],
      ["del", "KEY", "-w", "fields"],
    ];
    const plain = (text: Buffer): string =>
      text.toString().replace(/(revision": ?|Revision" : )\d+/gi, "$1N");
    for (const args of scripts) {
      const named = (key: string): string[] => args.map((each) => (each === "KEY" ? key : each));
      const [ours, theirs] = await Promise.all([run(named("KEYED")), etcdctl(named("write"))]);
      expect(plain(ours.stdout).replaceAll("KEYED", "write")).toBe(plain(theirs));
    }
  });

  test("watches print the same, from a revision on", async (context: TestContext) => {
    if (etcdctlMinor === undefined) context.skip("there is no etcdctl to compare with");
    const { revision } = await client.kv.put("seen", "a b");
    await client.kv.put("seen", "c");
    await client.kv.delete("seen");
    const ends: Record<string, RegExp> = {
      simple: /\nseen\n\n$/,
      fields: /"Value" : ""\n"Lease" : 0\n$/,
      json: /\}\n$/,
    };
    for (const [format, end] of Object.entries(ends)) {
      const args = ["watch", "seen", "--prev-kv", "--rev", String(revision), "-w", format];
      const theirs = execFile(cluster.etcdctl!, [...etcdctlFlags(cluster), ...args], {
        env: etcdctlEnvironment(),
      });
      const expected = await written(theirs, (text) => end.test(text));
      theirs.kill("SIGKILL");
      const ours = cli.spawn(args, { env: environment() });
      // 3.7 says why a watch was cancelled, which it was not.
      const seen = await written(ours, (text) => end.test(text));
      expect(seen).toBe(expected.replace(',"CancelReason":""', ""));
      ours.kill("SIGKILL");
    }
  });
});

test("JSON has the revisions and the whole of 64-bit ids", async () => {
  const { revision } = await client.kv.put("ids", "v");
  const status = await client.maintenance.status(cluster.endpoints[0]!);
  const text = await output(["get", "ids", "-w", "json"]);
  expect(text).toContain(
    `{"header":{"cluster_id":${status.clusterId},"member_id":${status.memberId},"revision":${revision},"raft_term":${status.raftTerm}}`,
  );
});

describe("txn", () => {
  test("does one thing or the other, and says which", async () => {
    const text = 'create("once") = "0"\n\nput once "1st"\n\nget once\n\n';
    expect(await output(["txn"], text)).toBe("SUCCESS\n\nOK\n");
    expect(await output(["txn"], text)).toBe("FAILURE\n\nonce\n1st\n");
    const json = JSON.parse(await output(["txn", "-w", "json"], text)) as object;
    expect(json).toMatchObject({ responses: [{ Response: { response_range: { count: 1 } } }] });
    expect(json).not.toHaveProperty("succeeded");
  });

  test("does nothing when any of its text is wrong, and names the line", async () => {
    const { code, stdout, stderr } = await run(["txn"], "\nput never written\n\nput oops\n\n");
    expect({ code, stdout: stdout.toString(), stderr }).toEqual({
      code: 64,
      stdout: "",
      stderr: "Error: line 4 (failure requests (get, put, del)), put oops: a put has a key and a value\n",
    });
    expect((await client.kv.get("never")).count).toBe(0);
  });

  test("asks for its parts with -i, and not on stdout", async () => {
    const { stdout, stderr } = await run(["txn", "-i"], "\nget nothing\n\n\n");
    expect(stdout.toString()).toBe("SUCCESS\n\n");
    expect(stderr).toBe("compares:\nsuccess requests (get, put, del):\nfailure requests (get, put, del):\n");
  });
});

describe("watch", () => {
  test("runs a command for each event, in order, and ends with it", async () => {
    const { revision } = await client.kv.put("exec/a", 'say "hi"');
    await client.kv.delete("exec/a");
    const script =
      'echo "$ETCD_WATCH_REVISION $ETCD_WATCH_EVENT_TYPE $ETCD_WATCH_KEY $ETCD_WATCH_VALUE $0"; ' +
      '[ "$ETCD_WATCH_EVENT_TYPE" = \'"PUT"\' ]';
    const args = [
      "watch",
      "exec/",
      "--prefix",
      "--rev",
      String(revision),
      "--",
      "sh",
      "-c",
      script,
      "--prev-kv",
    ];
    const { code, stdout, stderr } = await run(args);
    expect(
      stdout
        .toString()
        .split("\n")
        .filter((line) => line.includes("--prev-kv")),
    ).toEqual([
      `${revision + 1} "PUT" "exec/a" "say \\"hi\\"" --prev-kv`,
      `${revision + 1} "DELETE" "exec/a" "" --prev-kv`,
    ]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Error: command \["sh",.*\] ended with exit status 1\n$/);
  });

  test("prints what happens now, and ends well at Ctrl-C", async () => {
    const child = cli.spawn(["watch", "live"], { env: environment() });
    const ended = resultOf(child);
    // There is no word when it has begun: so something happens until it is seen.
    let seen = false;
    child.stdout!.once("data", () => {
      seen = true;
    });
    while (!seen) {
      await client.kv.put("live", "x");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    child.kill("SIGINT");
    const { code, stdout, stderr } = await ended;
    expect({ code, stderr }).toEqual({ code: 130, stderr: "" });
    expect(stdout.toString()).toMatch(/^(PUT\nlive\nx\n)+$/);
  });

  test("reads what to watch with -i, and goes on after a line that is wrong", async () => {
    const { revision } = await client.kv.put("inter/a", "v");
    const child = cli.spawn(["watch", "-i"], { env: environment() });
    const ended = resultOf(child);
    child.stdin!.write(
      `look\nwatch\nwatch "inter/\\x61" --rev ${revision}\nwatch inter/ --prefix --rev=${revision} -- echo ran\n`,
    );
    let stdout = "";
    child.stdout!.on("data", (chunk: Buffer) => {
      stdout += String(chunk);
      if (stdout.includes("ran\n") && stdout.match(/PUT/g)?.length === 2) child.stdin!.end();
    });
    const { code, stderr } = await ended;
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: 'Error: "look" is not watch or progress\nError: watch needs a key\n',
    });
    expect(stdout).toMatch(/^(PUT\ninter\/a\nv\n){2}ran\n$|^PUT\ninter\/a\nv\nran\nPUT\ninter\/a\nv\n$/);
  });

  test("goes on with -i where progress cannot be had, and says why", async () => {
    const { revision } = await client.kv.put("far", "1");
    const args = ["watch", "-i", "--command-timeout", "500ms"];
    const child = cli.spawn(args, { env: environment() });
    const ended = resultOf(child);
    const [stdout, stderr] = [child.stdout!, child.stderr!].map((stream) => {
      let text = "";
      stream.on("data", (chunk: Buffer) => {
        text += String(chunk);
      });
      return { has: (wanted: string) => expect.poll(() => text).toContain(wanted) };
    });
    child.stdin!.write(`watch far --rev ${revision}\n`);
    await stdout!.has("PUT\nfar\n1\n");
    const member = cluster.members[0]!;
    await member.pause();
    child.stdin!.write("progress\n");
    await stderr!.has("Error: progress");
    member.resume();
    await client.kv.put("far", "2");
    await stdout!.has("PUT\nfar\n2\n");
    // Before 3.4.25 there is none in any case.
    child.stdin!.write("progress\nlook\n");
    await stderr!.has('Error: "look" is not watch or progress');
    child.stdin!.end();
    const result = await ended;
    expect(result.code).toBe(0);
    const needed = "progress needs etcd 3.4.25, 3.5.8 or newer, ";
    if (ordersProgress(cluster.version)) expect(result.stdout.toString()).toContain("progress notify: ");
    else expect(result.stderr.split(needed)).toHaveLength(3);
  });

  test("says when the history that it should begin with is gone", async () => {
    const { revision } = await client.kv.put("old", "1");
    await client.kv.compact(revision);
    const { code, stderr } = await run(["watch", "old", "--rev", "1"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Error: .*compacted.*\n$/);
  });
});

describe("lease", () => {
  test("is granted, shown, renewed and revoked by its id in hex", async () => {
    const granted = /^lease ([0-9a-f]{16}) granted with TTL\(60s\)\n$/.exec(
      await output(["lease", "grant", "60"]),
    )!;
    const id = granted[1]!;
    await output(["put", "leased key", "v", "--lease", id]);
    expect(await output(["lease", "timetolive", id, "--keys"])).toMatch(
      /^lease [0-9a-f]{16} granted with TTL\(60s\), remaining\(\d+s\), attached keys\(\[leased key\]\)\n$/,
    );
    expect(await output(["lease", "keep-alive", id, "--once"])).toBe(`lease ${id} keepalived with TTL(60)\n`);
    const json = await output(["lease", "keep-alive", id, "--once", "-w", "json"]);
    expect(json).toContain(`"ID":${BigInt(`0x${id}`)},"TTL":60}`);
    expect(await output(["lease", "revoke", id])).toBe(`lease ${id} revoked\n`);
    expect(await output(["lease", "timetolive", id])).toBe(`lease ${id} already expired\n`);
    const again = await run(["lease", "revoke", id]);
    expect([again.code, again.stderr]).toEqual([1, "Error: etcdserver: requested lease not found\n"]);
  });

  test("is kept alive until it is revoked, or until Ctrl-C", async () => {
    const ids = await Promise.all([60, 60].map(async (ttl) => (await client.lease.grant(ttl)).id));
    const children = ids.map((id) =>
      cli.spawn(["lease", "keep-alive", id.toString(16)], { env: environment() }),
    );
    const ends = children.map(resultOf);
    await Promise.all(children.map((child) => once(child.stdout!, "data")));
    await client.lease.revoke(ids[0]!);
    children[1]!.kill("SIGINT");
    expect((await ends[1]!).code).toBe(130);
    children[0]!.kill("SIGTERM");
    expect((await ends[0]!).code).toBe(143);
    const gone = await run(["lease", "keep-alive", ids[0]!.toString(16)]);
    expect([gone.code, gone.stdout.length]).toEqual([1, 0]);
    expect(gone.stderr).toMatch(/^Error: there is no lease/);
    // One that is nearly over is renewed at once, and then every third of its TTL.
    const short = await client.lease.grant(3);
    const child = cli.spawn(["lease", "keep-alive", short.id.toString(16)], { env: environment() });
    const ended = resultOf(child);
    await once(child.stdout!, "data");
    await client.lease.revoke(short.id);
    const { code, stderr } = await ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Error: lease [0-9a-f]{16} expired or revoked: .*\n$/);
  });
});

describe("what goes wrong", () => {
  const DEAD = "127.0.0.1:1";
  /** A busy machine may not come to hear that the port is closed in so little time. */
  const UNREACHABLE = /^Error: (cannot connect to|127\.0\.0\.1:1 could not be connected to).*\n$/;

  test("is one line on stderr, and a status that says what it was", async () => {
    const cases: [code: number, args: string[], stderr: RegExp][] = [
      [64, [], /^Error: no command: see etcdwire --help\n$/],
      [64, ["frobnicate"], /^Error: unknown command 'frobnicate'.*\n$/],
      [64, ["get"], /^Error: missing required argument 'key'\n$/],
      [64, ["get", "a", "--limit", "x"], /^Error: --limit is "x"/],
      [64, ["get", "a", "-w", "table"], /^Error: --write-out table is not made for this command/],
      [64, ["get", "a", "--endpoints", "nonsense"], /^Error: endpoint "nonsense" has no port/],
      [69, ["get", "a", "--endpoints", DEAD, "--command-timeout=200ms"], UNREACHABLE],
      [69, ["watch", "a", "--endpoints", DEAD, "--command-timeout=200ms"], UNREACHABLE],
      [69, ["lease", "keep-alive", "1", "--endpoints", DEAD, "--command-timeout=200ms"], /^Error: .*\n$/],
      [69, ["get", "a", "--insecure-transport=false", "--command-timeout=1s"], /^Error: TLS with .*\n$/],
      [
        1,
        ["get", "a", "--rev", "99999999"],
        /^Error: etcdserver: mvcc: required revision is a future revision\n$/,
      ],
    ];
    const results = await Promise.all(cases.map(([, args]) => run(args)));
    for (const [i, [code, args, stderr]] of cases.entries()) {
      expect({ args, code: results[i]!.code, stdout: results[i]!.stdout.toString() }).toEqual({
        args,
        code,
        stdout: "",
      });
      expect(results[i]!.stderr).toMatch(stderr);
    }
  });

  test("is one line of JSON with --json-errors, that of the command line too", async () => {
    const [refused, wrong] = await Promise.all([
      run(["get", "a", "--rev", "99999999", "--json-errors"]),
      run(["get", "--json-errors"]),
    ]);
    expect(JSON.parse(refused.stderr)).toMatchObject({
      error: { code: "ETCD_FUTURE_REVISION", mayHaveApplied: false, exitCode: 1 },
    });
    expect(JSON.parse(wrong.stderr)).toEqual({
      error: { name: "UsageError", message: "missing required argument 'key'", exitCode: 64 },
    });
  });

  test("is a server that is no etcd, or one that does not answer", async () => {
    const server = createServer((_, response) => response.end("hello")).listen(0, "127.0.0.1");
    await once(server, "listening");
    const silent = createServer().listen(0, "127.0.0.1");
    silent.removeAllListeners("connection");
    await once(silent, "listening");
    const at = (port: number): string => `127.0.0.1:${port}`;
    const results = await Promise.all(
      [server, silent].map((each) =>
        run(["get", "a", "--endpoints", at((each.address() as AddressInfo).port), "--command-timeout=500ms"]),
      ),
    );
    server.close();
    silent.close();
    expect(results.map(({ code }) => code)).toEqual([69, 69]);
    expect(results[0]!.stderr).toContain("HTTP/1");
  });

  test("does not keep the members that answer from being shown", async () => {
    const endpoints = [...cluster.endpoints, DEAD].join(",");
    const [status, health] = await Promise.all([
      run(["status", "--endpoints", endpoints, "--command-timeout=1s"]),
      run(["endpoint", "health", "--endpoints", endpoints, "--command-timeout=1s"]),
    ]);
    expect([status.code, health.code]).toEqual([69, 69]);
    expect(status.stdout.toString().split("\n")[3]).toContain(`| ${cluster.endpoints[0]!} |`);
    expect(status.stderr).toMatch(
      /^127\.0\.0\.1:1 does not say its status: .*\nError: 1 of 2 endpoints did not answer\n$/,
    );
    expect(health.stdout.toString()).toMatch(/^127\.0\.0\.1:\d+ is healthy: .* took = [\d.]+m?s\n$/);
    expect(health.stderr).toMatch(/^127\.0\.0\.1:1 is unhealthy: .*\nError: unhealthy cluster.*\n$/);
  });

  test("is no error when the reader of the output goes away", async () => {
    const child = cli.spawn(["watch", "gone"], { env: environment() });
    const ended = resultOf(child);
    child.stdout!.once("data", () => child.stdout!.destroy());
    let over = false;
    void ended.then(() => {
      over = true;
    });
    while (!over) {
      await client.kv.put("gone", "x".repeat(1_000));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const { code, stderr } = await ended;
    expect({ code, stderr }).toEqual({ code: 141, stderr: "" });
  });
});

describe("output that cannot be written", () => {
  const FULL = "/dev/full";

  /** Runs it with a shell's redirection of stdout. */
  const redirected = async (script: string, args: readonly string[]): Promise<[number | null, string]> => {
    const shell = ["-c", `${script} exec "$@"`, "sh", process.execPath, cli.path, ...args];
    const child = spawn("sh", shell, {
      env: { ...withoutEtcdVariables(process.env), ...environment() },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const { code, stderr } = await resultOf(child);
    return [code, stderr];
  };
  const toFull = (...args: string[]): Promise<[number | null, string]> => redirected(`exec >${FULL};`, args);

  test("is said, with a status of its own, and what was to be done is done", async ({ skip }) => {
    if (!existsSync(FULL)) skip("this system has no full device");
    const told = [74, "Error: cannot write to stdout: no space left on device\n"];
    const runs = [
      ["put", "full", "v"],
      ["get", "full"],
      ["status"],
      ["endpoint", "health"],
      ["lease", "list"],
    ];
    for (const args of [
      ...runs,
      ["get", "full", "-w", "json"],
      ["--help"],
      ["--version"],
      ["bench", "--list"],
    ])
      expect([args, ...(await toFull(...args))]).toEqual([args, ...told]);
    expect((await client.kv.get("full")).kv!.value.string()).toBe("v");
    const [code, stderr] = await toFull("get", "full", "--json-errors");
    expect([code, JSON.parse(stderr)]).toEqual([
      74,
      {
        error: {
          name: "OutputError",
          message: "cannot write to stdout: no space left on device",
          exitCode: 74,
        },
      },
    ]);
  });

  test("ends a watch, also one with -i", async ({ skip }) => {
    if (!existsSync(FULL)) skip("this system has no full device");
    const { revision } = await client.kv.put("full-watched", "v");
    const told = [74, "Error: cannot write to stdout: no space left on device\n"];
    expect(await toFull("watch", "full-watched", "--rev", String(revision))).toEqual(told);
    const child = spawn(process.execPath, [cli.path, "watch", "-i"], {
      env: { ...withoutEtcdVariables(process.env), ...environment() },
      stdio: ["pipe", openSync(FULL, "w"), "pipe"],
    });
    const ended = once(child, "exit");
    let stderr = "";
    child.stderr!.on("data", (chunk: Buffer) => {
      stderr += String(chunk);
    });
    // More lines could come.
    child.stdin!.write(`watch full-watched --rev ${revision}\n`);
    const [code] = (await ended) as [number];
    expect([code, stderr]).toEqual(told);
  });

  test("is so also when the disk gets full in the middle of it", async () => {
    const folder = mkdtempSync(join(tmpdir(), "etcdwire-full-"));
    try {
      await client.kv.put("large", "x".repeat(200_000));
      const file = join(folder, "out");
      // So many blocks of 512 bytes; in some shells of 1024.
      const ended = await redirected(`ulimit -f 64; exec >${file};`, ["get", "large"]);
      expect(ended).toEqual([74, "Error: cannot write to stdout: file too large\n"]);
      expect(await redirected(`exec >${file};`, ["get", "large", "--print-value-only"])).toEqual([0, ""]);
      expect(statSync(file).size).toBe(200_001);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

test("--debug tells what the client does, on stderr, without the password", async () => {
  const { code, stdout, stderr } = await run(["get", "nothing", "--debug", "--user", "someone:secret"]);
  // A cluster without authentication takes anybody, or says so.
  expect([0, 1]).toContain(code);
  expect(stdout.toString()).toBe("");
  expect(stderr).toMatch(/^DEBUG etcdwire:connection type='open'/m);
  expect(stderr).not.toContain("secret");
});

test("help and version go to stdout, and nothing is asked for them", async () => {
  const env = { ETCDCTL_ENDPOINTS: DEAD_ENDPOINT };
  const [help, get] = await Promise.all([cli.run(["--help"], { env }), cli.run(["help", "get"], { env })]);
  expect([help.code, help.stderr, get.code, get.stderr]).toEqual([0, "", 0, ""]);
  for (const name of ["get", "put", "del", "txn", "watch", "lease", "status", "lock", "elect"])
    expect(help.stdout.toString()).toMatch(new RegExp(`^  ${name} `, "m"));
  expect(help.stdout.toString()).toContain("  69   no answer from etcd");
  expect(get.stdout.toString()).toContain("--command-timeout <duration>");
});

const DEAD_ENDPOINT = "127.0.0.1:1";

describe("a cluster with TLS and authentication", () => {
  let secured: EtcdCluster;
  beforeAll(async () => {
    secured = await EtcdCluster.start({ tls: "mutual", auth: true, shortElections: true });
  });
  afterAll(() => secured.close());

  test("takes certificates, user and password by flags and by variables", async () => {
    const { tls, auth } = secured;
    const endpoints = secured.endpoints.map((each) => `https://${each}`).join(",");
    const files = ["--cacert", tls!.caFile, "--cert", tls!.certFile!, "--key", tls!.keyFile!];
    const byFlags = [...files, "--endpoints", endpoints, "--user", auth!.user, "--password", auth!.password];
    const byVariables = {
      ETCDCTL_CACERT: tls!.caFile,
      ETCDCTL_CERT: tls!.certFile!,
      ETCDCTL_KEY: tls!.keyFile!,
      ETCDCTL_ENDPOINTS: endpoints,
      ETCDCTL_USER: `${auth!.user}:${auth!.password}`,
    };
    expect(await cli.run(["put", "k", "v", ...byFlags])).toMatchObject({ code: 0, stderr: "" });
    const [found, stranger, plain] = await Promise.all([
      cli.run(["get", "k"], { env: byVariables }),
      cli.run(["get", "k", "--user", "root:wrong"], { env: byVariables }),
      cli.run(["get", "k", "--endpoints", secured.endpoints.join(), "--command-timeout=1s"]),
    ]);
    expect({ code: found.code, stdout: found.stdout.toString() }).toEqual({ code: 0, stdout: "k\nv\n" });
    expect([stranger.code, stranger.stderr]).toEqual([
      1,
      "Error: etcdserver: authentication failed, invalid user ID or password\n",
    ]);
    expect([plain.code, plain.stdout.length]).toEqual([69, 0]);
  });
});
