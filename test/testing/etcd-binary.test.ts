import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import {
  EtcdStartError,
  findEtcd,
  type EtcdBinary,
  type FindEtcdOptions,
} from "../../src/testing/etcd-binary.js";
import type { EtcdSource } from "../../src/testing/etcd-sources.js";

// Everything here is real but the programs: shell scripts on a PATH of our own take the place of etcd, go and apt-get.
let root: string;
let bin: string;
let cacheDir: string;
let environment: Record<string, string>;
let server: Server | undefined;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "etcdwire-test-"));
  bin = join(root, "bin");
  cacheDir = join(root, "cache");
  await mkdir(bin);
  // A base at which nothing listens: the download step fails at once.
  environment = { PATH: bin, ETCD_CACHE_DIR: cacheDir, HOME: root, ETCD_DOWNLOAD_BASE: "http://127.0.0.1:1" };
});

afterEach(async () => {
  server?.close();
  server = undefined;
  await rm(root, { recursive: true, force: true });
});

async function program(path: string, script: string): Promise<string> {
  await writeFile(path, `#!/bin/sh\nPATH=/usr/bin:/bin\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}

const etcdScript = (version: string): string => `echo "etcd Version: ${version}"`;
const platform = `${process.platform}-${process.arch === "x64" ? "amd64" : process.arch}`;

async function putInCache(version: string): Promise<string> {
  const folder = join(cacheDir, "etcd", `v${version}`, platform);
  await mkdir(folder, { recursive: true });
  return program(join(folder, "etcd"), etcdScript(version));
}

/** A `go` that "builds" what it finds in go.mod. */
const fakeGo = (): Promise<string> =>
  program(
    join(bin, "go"),
    `version=$(sed -n 's|require go.etcd.io/etcd/server/v3 v||p' go.mod)
mkdir -p bin && printf '#!/bin/sh\\necho "etcd Version: %s"\\n' "$version" > bin/etcd && cp bin/etcd bin/etcdctl
chmod +x bin/etcd bin/etcdctl`,
  );

/** An `apt-get` whose package is a text with the version, and the `dpkg-deb` that unpacks it. */
async function fakeApt(version: string): Promise<void> {
  await program(join(bin, "apt-get"), `echo ${version} > etcd-server_1.deb`);
  await program(
    join(bin, "dpkg-deb"),
    `mkdir -p "$3/usr/bin" && printf '#!/bin/sh\\necho "etcd Version: %s"\\n' "$(cat "$2")" > "$3/usr/bin/etcd"
chmod +x "$3/usr/bin/etcd"`,
  );
}

const find = (options: FindEtcdOptions = {}): Promise<EtcdBinary> =>
  findEtcd({ environment, log: () => {}, ...options });

test("$ETCD_BIN comes before everything else", async () => {
  await program(join(bin, "etcd"), etcdScript("3.5.1"));
  await putInCache("3.6.14");
  environment["ETCD_BIN"] = await program(join(root, "mine"), etcdScript("3.6.2"));
  expect(await find()).toMatchObject({ strategy: "ETCD_BIN", version: "3.6.2", path: join(root, "mine") });
});

test.each([
  ["does not exist", undefined, /ENOENT/],
  ["fails", "exit 3", /exit code 3/],
  ["is another program", "echo hello", /does not print an etcd version/],
  ["is too old", etcdScript("3.3.27"), /3\.3\.27.*3\.4 or newer is wanted/],
])("an $ETCD_BIN that %s is a loud failure, with no fallback", async (_, script, message) => {
  await program(join(bin, "etcd"), etcdScript("3.6.14"));
  const path = join(root, "mine");
  if (script !== undefined) await program(path, script);
  environment["ETCD_BIN"] = path;
  const failure = await find().catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(EtcdStartError);
  expect((failure as Error).message).toContain("$ETCD_BIN cannot be used");
  expect((failure as Error).message).toMatch(message);
});

test("an $ETCD_BIN of another version than the one asked for is a loud failure", async () => {
  environment["ETCD_BIN"] = await program(join(root, "mine"), etcdScript("3.6.2"));
  await expect(find({ version: "3.5" })).rejects.toThrow(/etcd 3\.6\.2, and 3\.5\.x is wanted/);
});

test("PATH comes before the cache", async () => {
  await program(join(bin, "etcd"), etcdScript("3.5.1"));
  await program(join(bin, "etcdctl"), "");
  await putInCache("3.6.14");
  expect(await find()).toEqual({
    strategy: "PATH",
    version: "3.5.1",
    path: join(bin, "etcd"),
    etcdctl: join(bin, "etcdctl"),
    reason: "it is on PATH",
  });
});

test("an etcd on PATH that is too old, or not the one asked for, is passed over", async () => {
  await program(join(bin, "etcd"), etcdScript("3.3.27"));
  const cached = await putInCache("3.6.14");
  expect(await find()).toMatchObject({ strategy: "cache", path: cached });
  await program(join(bin, "etcd"), etcdScript("3.5.1"));
  expect(await find({ version: "3.6" })).toMatchObject({ strategy: "cache", path: cached });
});

test("the cache comes before any source, and the sources are asked in their order", async () => {
  const asked: string[] = [];
  const refuse =
    (name: string): EtcdSource =>
    () => {
      asked.push(name);
      return Promise.reject(new Error(`${name} says no`));
    };
  const sources = { download: refuse("download"), go: refuse("go"), apt: refuse("apt") };
  const failure = await find({ sources }).catch((error: unknown) => error);
  expect(asked).toEqual(["download", "go", "apt"]);
  const { message } = failure as Error;
  const positions = [
    "ETCD_BIN: not set",
    "PATH: no",
    "cache: no",
    "download says no",
    "go says no",
    "apt says no",
  ].map((text) => message.indexOf(text));
  expect(positions).toEqual([...positions].sort((a, b) => a - b));
  expect(positions[0]).toBeGreaterThan(0);
  expect(message).toContain("sudo apt-get update");

  asked.length = 0;
  await putInCache("3.6.14");
  expect(await find({ sources })).toMatchObject({ strategy: "cache" });
  expect(asked).toEqual([]);
});

test("a download whose SHA-256 is not the pinned one is refused, and nothing of it is kept", async () => {
  const requests: string[] = [];
  server = createServer((request, response) => {
    requests.push(request.url ?? "");
    response.end("not the archive that was pinned");
  });
  await new Promise<void>((resolve) => server!.listen(0, "127.0.0.1", resolve));
  environment["ETCD_DOWNLOAD_BASE"] = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const failure = await find({ version: "3.6.14" }).catch((error: unknown) => error);
  if (process.platform === "linux") {
    expect(requests).toEqual([`/v3.6.14/etcd-v3.6.14-${platform}.tar.gz`]);
    expect((failure as Error).message).toMatch(
      /SHA-256 is [0-9a-f]{64}, not the pinned [0-9a-f]{64}: refused/,
    );
  }
  expect(await readdir(join(cacheDir, "etcd"))).toEqual([]);
});

test("a version without a pinned checksum is not downloaded", async () => {
  await expect(find({ version: "3.7.1" })).rejects.toThrow(/no checksum is pinned for etcd 3\.7\.1/);
});

test("Go builds the version that was asked for, once", async () => {
  await fakeGo();
  const lines: string[] = [];
  const built = await find({ version: "3.7", log: (line) => lines.push(line) });
  expect(built).toMatchObject({ strategy: "go", version: "3.7.1" });
  expect(built.etcdctl).toBe(join(cacheDir, "etcd", "v3.7.1", platform, "etcdctl"));
  expect(lines.some((line) => line.startsWith("building etcd 3.7.1 with"))).toBe(true);
  await rm(join(bin, "go"));
  expect(await find({ version: "3.7.1" })).toMatchObject({ strategy: "cache", path: built.path });
});

test("searches at the same time build once", async () => {
  let builds = 0;
  const go: EtcdSource = async (_, { cache }) => {
    builds++;
    await new Promise((resolve) => setTimeout(resolve, 50));
    await putInCache("3.6.14");
    return cache.versions().then((versions) => versions[0]!);
  };
  const no: EtcdSource = () => Promise.reject(new Error("no"));
  const all = await Promise.all([1, 2, 3].map(() => find({ sources: { download: no, go, apt: no } })));
  expect(builds).toBe(1);
  expect(all.map((binary) => binary.version)).toEqual(["3.6.14", "3.6.14", "3.6.14"]);
});

test("the distribution's package is the last way, and is remembered as such for a day", async () => {
  await fakeApt("3.4.23");
  expect(await find()).toMatchObject({ strategy: "apt", version: "3.4.23" });
  environment["HOME"] = join(root, "elsewhere"); // Another search, not the remembered answer.
  const again = await find();
  expect(again).toMatchObject({ strategy: "cache", version: "3.4.23" });
  expect(again.reason).toContain("delete");
  expect(await readdir(join(cacheDir, "etcd"))).toEqual([`fallback-${platform}`, "v3.4.23"]);
});

test("3.4 comes from the distribution, because it has no Go modules", async () => {
  await fakeGo();
  await fakeApt("3.4.23");
  expect(await find({ version: "3.4" })).toMatchObject({ strategy: "apt", version: "3.4.23" });
});

test("a package of another version than the one asked for is refused", async () => {
  await fakeApt("3.4.23");
  await expect(find({ version: "3.6" })).rejects.toThrow(/apt: it is etcd 3\.4\.23, and 3\.6\.x is wanted/);
});

test("the same question is answered from memory, and a failure is not remembered", async () => {
  await expect(find()).rejects.toThrow(EtcdStartError);
  const path = await putInCache("3.6.14");
  const first = await find();
  await rm(path);
  expect(await find()).toBe(first);
});
