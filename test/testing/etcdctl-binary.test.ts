import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { FindEtcdOptions } from "../../src/testing/etcd-binary.js";
import type { EtcdSource } from "../../src/testing/etcd-sources.js";
import { EtcdStartError, findEtcdctl, type EtcdctlBinary } from "../../src/testing/index.js";

// Everything here is real but the programs: shell scripts take the place of etcd and etcdctl.
let root: string;
let cacheDir: string;
let environment: Record<string, string>;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "etcdwire-test-"));
  cacheDir = join(root, "cache");
  environment = { PATH: join(root, "bin"), ETCD_CACHE_DIR: cacheDir, HOME: root };
});

afterEach(() => rm(root, { recursive: true, force: true }));

const program = async (path: string, output: string): Promise<string> => {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `#!/bin/sh\necho "${output}"\n`);
  await chmod(path, 0o755);
  return path;
};
const etcd = (folder: string, version: string): Promise<string> =>
  program(join(folder, "etcd"), `etcd Version: ${version}`);
const etcdctl = (folder: string, version: string): Promise<string> =>
  program(join(folder, "etcdctl"), `etcdctl version: ${version}`);

const platform = `${process.platform}-${process.arch === "x64" ? "amd64" : process.arch}`;
const cached = (version: string): string => join(cacheDir, "etcd", `v${version}`, platform);

const refuse: EtcdSource = () => Promise.reject(new Error("the network is closed"));
const none = { download: refuse, go: refuse, apt: refuse };

const find = (options: FindEtcdOptions = {}): Promise<EtcdctlBinary> =>
  findEtcdctl({ environment, log: () => {}, sources: none, ...options });

test("$ETCDCTL_BIN comes first, and is a loud failure when it cannot be used", async () => {
  await etcd(cached("3.6.14"), "3.6.14");
  await etcdctl(cached("3.6.14"), "3.6.14");
  const mine = (environment["ETCDCTL_BIN"] = await etcdctl(join(root, "mine"), "3.5.1"));
  expect(await find()).toEqual({ path: mine, version: "3.5.1", strategy: "ETCDCTL_BIN" });
  await expect(find({ version: "3.6" })).rejects.toThrow(
    /\$ETCDCTL_BIN cannot be used: .* is etcdctl 3\.5\.1, and 3\.6\.x is wanted/,
  );
  environment["ETCDCTL_BIN"] = join(root, "nothing");
  await expect(find()).rejects.toThrow(EtcdStartError);
});

test("the one beside etcd comes before the one on PATH, and that before the cache", async () => {
  const path = environment["PATH"]!;
  const server = await etcd(join(root, "server"), "3.6.2");
  environment["ETCD_BIN"] = server;
  await etcd(cached("3.6.14"), "3.6.14");
  await etcdctl(cached("3.6.14"), "3.6.14");
  expect(await find()).toMatchObject({ strategy: "cache", version: "3.6.14" });
  await etcdctl(path, "3.6.1");
  expect(await find()).toMatchObject({ strategy: "PATH", version: "3.6.1" });
  await etcdctl(dirname(server), "3.6.2");
  expect(await find()).toMatchObject({ strategy: "etcd", version: "3.6.2" });
  // One of another line is passed over.
  delete environment["ETCD_BIN"];
  await etcd(cached("3.5.33"), "3.5.33");
  await etcdctl(cached("3.5.33"), "3.5.33");
  expect(await find({ version: "3.5" })).toMatchObject({ version: "3.5.33" });
});

test("an etcd without its etcdctl has one fetched, and it is kept", async () => {
  environment["ETCD_BIN"] = await etcd(join(root, "server"), "3.4.23");
  const asked: string[] = [];
  const apt: EtcdSource = async (wanted, { cache }) => {
    asked.push(wanted.text);
    await etcd(cache.folder("3.4.23"), "3.4.23");
    await etcdctl(cache.folder("3.4.23"), "3.4.23");
    return "3.4.23";
  };
  const options = { version: "3.4", sources: { ...none, apt } };
  expect(await find(options)).toMatchObject({ strategy: "apt", version: "3.4.23" });
  expect(await find(options)).toMatchObject({ strategy: "cache", version: "3.4.23" });
  expect(asked).toEqual(["3.4.x"]);
});

test("where there is none, the error names every way that was tried and what to do", async () => {
  environment["ETCD_BIN"] = await etcd(join(root, "server"), "3.6.14");
  await program(join(environment["PATH"]!, "etcdctl"), "hello");
  const { message } = (await find().catch((error: unknown) => error)) as EtcdStartError;
  const ways = ["ETCDCTL_BIN", "etcd: ", "PATH: ", "cache: ", "download: ", "go: ", "apt: "];
  const positions = ways.map((way) => message.indexOf(way));
  expect(positions).toEqual([...positions].sort((a, b) => a - b));
  expect(positions[0]).toBeGreaterThan(0);
  expect(message).toContain("does not print etcdctl's version");
});
